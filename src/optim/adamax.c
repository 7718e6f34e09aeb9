/* AdaMax, Kingma and Ba 2015, algorithm 2: Adam with the largest gradient, slowly forgotten, as its scale,
 *
 *     m = beta1 m + (1 - beta1) g                  g = grad + weight_decay w
 *     u = max(beta2 u, |g| + eps)                  eps as in PyTorch; the paper has none
 *     w = w - lr / (1 - beta1^t) m / u */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"
#include "optim/power.h"

typedef struct {
    double beta1, beta2, eps, weight_decay;
    bool maximize;
} adamax_config;

typedef struct {
    double scale, decay, keep1, take1, keep2, eps, step_size;
} adamax_plan;

static const bm_option rows[] = {
    BM_OPTION_LIVE(adamax_config, beta1, 0.9, 0, 0.9999999, BM_LINEAR, "decay of the mean of gradients"),
    BM_OPTION_LIVE(adamax_config, beta2, 0.999, 0, 0.9999999, BM_LINEAR, "decay of the largest gradient"),
    BM_OPTION_LIVE(adamax_config, eps, 1e-8, 0, 1000, BM_LINEAR, "added to the gradient's size"),
    BM_OPTION_LIVE(adamax_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION(adamax_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static const bm_optim_slot slots[] = {{.name = "exp_avg"}, {.name = "exp_inf"}, {.name = NULL}};

static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const adamax_config *c = config;
    *(adamax_plan *)plan = (adamax_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .keep1 = c->beta1,
        .take1 = 1 - c->beta1,
        .keep2 = c->beta2,
        .eps = c->eps,
        .step_size = now->lr / (1 - bm_power(c->beta1, now->t)),
    };
}

static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    return ((const adamax_plan *)plan)->step_size / slot[1];
}

#define BM_OPTIM_TEXT "optim/adamax.c"
#include "optim/both.h"

const bm_optim_type bm_optim_adamax = {
    .name = "adamax",
    .summary = "Adam scaled by the largest gradient (Kingma and Ba 2015)",
    .options = BM_OPTIONS(rows, adamax_config),
    .slots = slots,
    .momentum = "beta1",
    .default_lr = 2e-3,
    .prepare = prepare,
    .pass_f32 = adamax_f32,
    .pass_f64 = adamax_f64,
    .rate = rate,
};

#else
PASS(adamax) {
    const adamax_plan *p = plan;
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, step_size = (REAL)p->step_size;
    const REAL keep1 = (REAL)p->keep1, take1 = (REAL)p->take1, keep2 = (REAL)p->keep2, eps = (REAL)p->eps;
    REAL *restrict mean = slot[0], *restrict largest = slot[1];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        mean[i] = keep1 * mean[i] + take1 * g;
        const REAL faded = keep2 * largest[i], size = REAL_ABS(g) + eps;
        largest[i] = faded > size ? faded : size;
        param[i] -= step_size * (mean[i] / largest[i]);
    }
}
#endif
