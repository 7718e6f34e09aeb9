/* RAdam, Liu et al. 2020, algorithm 2: Adam that begins as momentum alone, until the mean of squares has seen enough to
 * be divided by,
 *
 *     rho_inf = 2 / (1 - beta2) - 1, rho_t = rho_inf - 2 t beta2^t / (1 - beta2^t)
 *     m, v as in Adam                              g = grad + weight_decay w
 *     r = sqrt((rho_t - 4) (rho_t - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho_t))
 *     w = w - lr m / (1 - beta1^t) * (rho_t > 5: r sqrt(1 - beta2^t) / (sqrt(v) + eps); else: 1)
 *
 * PyTorch's threshold is 5 (the paper's is 4). */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"
#include "optim/power.h"

typedef struct {
    double beta1, beta2, eps, weight_decay;
    bool maximize;
} radam_config;

typedef struct {
    double scale, decay, keep1, take1, keep2, take2, eps, step_size;
    bool rectified;
} radam_plan;

static const bm_option rows[] = {
    BM_OPTION_LIVE(radam_config, beta1, 0.9, 0, 0.9999999, BM_LINEAR, "decay of the mean of gradients"),
    BM_OPTION_LIVE(radam_config, beta2, 0.999, 0, 0.9999999, BM_LINEAR, "decay of the mean of squared gradients"),
    BM_OPTION_LIVE(radam_config, eps, 1e-8, 0, 1000, BM_LINEAR, "added to the denominator"),
    BM_OPTION_LIVE(radam_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION(radam_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static const bm_optim_slot slots[] = {{.name = "exp_avg"}, {.name = "exp_avg_sq"}, {.name = NULL}};

static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const radam_config *c = config;
    const double power2 = bm_power(c->beta2, now->t), correction2 = 1 - power2;
    const double rho_inf = 2 / (1 - c->beta2) - 1, rho = rho_inf - 2 * (double)now->t * power2 / correction2;
    const bool rectified = rho > 5;
    const double rectify = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho));
    *(radam_plan *)plan = (radam_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .keep1 = c->beta1,
        .take1 = 1 - c->beta1,
        .keep2 = c->beta2,
        .take2 = 1 - c->beta2,
        .eps = c->eps,
        .step_size = now->lr / (1 - bm_power(c->beta1, now->t)) * (rectified ? rectify * sqrt(correction2) : 1),
        .rectified = rectified,
    };
}

static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    const radam_plan *p = plan;
    return p->rectified ? p->step_size / (sqrt(slot[1]) + p->eps) : p->step_size;
}

#define BM_OPTIM_TEXT "optim/radam.c"
#include "optim/both.h"

const bm_optim_type bm_optim_radam = {
    .name = "radam",
    .summary = "rectified Adam, with a warm-up of its own (Liu et al. 2020)",
    .options = BM_OPTIONS(rows, radam_config),
    .slots = slots,
    .momentum = "beta1",
    .default_lr = 1e-3,
    .prepare = prepare,
    .pass_f32 = radam_f32,
    .pass_f64 = radam_f64,
    .rate = rate,
};

#else
PASS(radam) {
    const radam_plan *p = plan;
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, step_size = (REAL)p->step_size, eps = (REAL)p->eps;
    const REAL keep1 = (REAL)p->keep1, take1 = (REAL)p->take1, keep2 = (REAL)p->keep2, take2 = (REAL)p->take2;
    const bool rectified = p->rectified;
    REAL *restrict mean = slot[0], *restrict square = slot[1];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        mean[i] = keep1 * mean[i] + take1 * g;
        square[i] = keep2 * square[i] + take2 * (g * g);
        param[i] -= step_size * (rectified ? mean[i] / (REAL_SQRT(square[i]) + eps) : mean[i]);
    }
}
#endif
