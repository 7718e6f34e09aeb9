/* Adagrad, Duchi, Hazan and Singer 2011: a learning rate of its own for every parameter, falling with the gradients it
 * has seen,
 *
 *     s = s + g^2                                  g = grad + weight_decay w; at first s = initial_accumulator_value
 *     w = w - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps) */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"

typedef struct {
    double lr_decay, eps, weight_decay, initial_accumulator_value;
    bool maximize;
} adagrad_config;

typedef struct {
    double scale, decay, lr, eps;
} adagrad_plan;

static const bm_option rows[] = {
    BM_OPTION_LIVE(adagrad_config, lr_decay, 0, 0, 1000, BM_LINEAR, "lr falls as 1 / (1 + steps lr_decay)"),
    BM_OPTION_LIVE(adagrad_config, eps, 1e-10, 0, 1000, BM_LINEAR, "added to the denominator"),
    BM_OPTION_LIVE(adagrad_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION(adagrad_config, initial_accumulator_value, 0, 0, 1e6, BM_LINEAR, "where the sum of squares begins"),
    BM_OPTION(adagrad_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static double initial_sum(const void *config, double lr) {
    (void)lr;
    return ((const adagrad_config *)config)->initial_accumulator_value;
}

static const bm_optim_slot slots[] = {{.name = "sum", .initial = initial_sum}, {.name = NULL}};

static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const adagrad_config *c = config;
    *(adagrad_plan *)plan = (adagrad_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .lr = now->lr / (1 + (double)(now->t - 1) * c->lr_decay),
        .eps = c->eps,
    };
}

static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    const adagrad_plan *p = plan;
    return p->lr / (sqrt(slot[0]) + p->eps);
}

#define BM_OPTIM_TEXT "optim/adagrad.c"
#include "optim/both.h"

const bm_optim_type bm_optim_adagrad = {
    .name = "adagrad",
    .summary = "adaptive subgradients (Duchi, Hazan and Singer 2011)",
    .options = BM_OPTIONS(rows, adagrad_config),
    .slots = slots,
    .default_lr = 1e-2,
    .prepare = prepare,
    .pass_f32 = adagrad_f32,
    .pass_f64 = adagrad_f64,
    .rate = rate,
};

#else
PASS(adagrad) {
    const adagrad_plan *p = plan;
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, lr = (REAL)p->lr, eps = (REAL)p->eps;
    REAL *restrict sum = slot[0];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        sum[i] += g * g;
        param[i] -= lr * (g / (REAL_SQRT(sum[i]) + eps));
    }
}
#endif
