/* NAdam, Dozat 2016: Adam with Nesterov's look ahead, in PyTorch's form,
 *
 *     mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), P_t = mu_1 mu_2 ... mu_t
 *     m, v as in Adam                              g = grad + weight_decay w
 *     w = w - lr ((1 - mu_t) / (1 - P_t) g + mu_(t+1) / (1 - P_(t+1)) m) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * (PyTorch 1.13 has one factor mu_t too many in P_(t+1) where it does not use foreach; that is not copied.) */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"
#include "optim/power.h"

typedef struct {
    double beta1, beta2, eps, weight_decay, momentum_decay;
    bool maximize;
} nadam_config;

typedef struct {
    double scale, decay, keep1, take1, keep2, take2, root_scale, eps, from_grad, from_mean;
} nadam_plan;

static const bm_option rows[] = {
    BM_OPTION_LIVE(nadam_config, beta1, 0.9, 0, 0.9999999, BM_LINEAR, "decay of the mean of gradients"),
    BM_OPTION_LIVE(nadam_config, beta2, 0.999, 0, 0.9999999, BM_LINEAR, "decay of the mean of squared gradients"),
    BM_OPTION_LIVE(nadam_config, eps, 1e-8, 0, 1000, BM_LINEAR, "added to the denominator"),
    BM_OPTION_LIVE(nadam_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION_LIVE(nadam_config, momentum_decay, 0.004, 0, 1000, BM_LINEAR, "how soon the momentum reaches beta1"),
    BM_OPTION(nadam_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static const bm_optim_slot slots[] = {{.name = "exp_avg"}, {.name = "exp_avg_sq"}, {.name = NULL}};

/* The memory is 1 - P_(t-1), which begins at 0. */
static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const nadam_config *c = config;
    const double warm = bm_real_power(0.96, c->momentum_decay);
    const double mu = c->beta1 * (1 - 0.5 * bm_power(warm, now->t));
    const double mu_next = c->beta1 * (1 - 0.5 * bm_power(warm, now->t + 1));
    const double product = (1 - *now->memory) * mu;
    *now->memory = 1 - product;
    *(nadam_plan *)plan = (nadam_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .keep1 = c->beta1,
        .take1 = 1 - c->beta1,
        .keep2 = c->beta2,
        .take2 = 1 - c->beta2,
        .root_scale = 1 / sqrt(1 - bm_power(c->beta2, now->t)),
        .eps = c->eps,
        .from_grad = now->lr * (1 - mu) / (1 - product),
        .from_mean = now->lr * mu_next / (1 - product * mu_next),
    };
}

/* What gradient and mean are multiplied with together: for a steady gradient. */
static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    const nadam_plan *p = plan;
    return (p->from_grad + p->from_mean) / (sqrt(slot[1]) * p->root_scale + p->eps);
}

#define BM_OPTIM_TEXT "optim/nadam.c"
#include "optim/both.h"

const bm_optim_type bm_optim_nadam = {
    .name = "nadam",
    .summary = "Adam with Nesterov momentum (Dozat 2016)",
    .options = BM_OPTIONS(rows, nadam_config),
    .slots = slots,
    .memory_name = "mu_taken",
    .momentum = "beta1",
    .default_lr = 2e-3,
    .prepare = prepare,
    .pass_f32 = nadam_f32,
    .pass_f64 = nadam_f64,
    .rate = rate,
};

#else
PASS(nadam) {
    const nadam_plan *p = plan;
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, root_scale = (REAL)p->root_scale, eps = (REAL)p->eps;
    const REAL keep1 = (REAL)p->keep1, take1 = (REAL)p->take1, keep2 = (REAL)p->keep2, take2 = (REAL)p->take2;
    const REAL from_grad = (REAL)p->from_grad, from_mean = (REAL)p->from_mean;
    REAL *restrict mean = slot[0], *restrict square = slot[1];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        mean[i] = keep1 * mean[i] + take1 * g;
        square[i] = keep2 * square[i] + take2 * (g * g);
        param[i] -= (from_grad * g + from_mean * mean[i]) / (REAL_SQRT(square[i]) * root_scale + eps);
    }
}
#endif
