/* Adadelta, Zeiler 2012, algorithm 1: steps in units of the parameters, from the sizes of past steps,
 *
 *     s = rho s + (1 - rho) g^2                    g = grad + weight_decay w
 *     d = sqrt(u + eps) / sqrt(s + eps) g
 *     u = rho u + (1 - rho) d^2
 *     w = w - lr d */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"

typedef struct {
    double rho, eps, weight_decay;
    bool maximize;
} adadelta_config;

typedef struct {
    double scale, decay, lr, keep, take, eps;
} adadelta_plan;

static const bm_option rows[] = {
    BM_OPTION_LIVE(adadelta_config, rho, 0.9, 0, 0.9999999, BM_LINEAR, "decay of the means of squares"),
    BM_OPTION_LIVE(adadelta_config, eps, 1e-6, 0, 1000, BM_LINEAR, "added inside the square roots"),
    BM_OPTION_LIVE(adadelta_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION(adadelta_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static const bm_optim_slot slots[] = {{.name = "square_avg"}, {.name = "acc_delta"}, {.name = NULL}};

static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const adadelta_config *c = config;
    *(adadelta_plan *)plan = (adadelta_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .lr = now->lr,
        .keep = c->rho,
        .take = 1 - c->rho,
        .eps = c->eps,
    };
}

/* With the steps' mean as it is after the step. */
static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    const adadelta_plan *p = plan;
    return p->lr * sqrt(slot[1] + p->eps) / sqrt(slot[0] + p->eps);
}

#define BM_OPTIM_TEXT "optim/adadelta.c"
#include "optim/both.h"

const bm_optim_type bm_optim_adadelta = {
    .name = "adadelta",
    .summary = "steps in the parameters' own units (Zeiler 2012)",
    .options = BM_OPTIONS(rows, adadelta_config),
    .slots = slots,
    .default_lr = 1,
    .prepare = prepare,
    .pass_f32 = adadelta_f32,
    .pass_f64 = adadelta_f64,
    .rate = rate,
};

#else
PASS(adadelta) {
    const adadelta_plan *p = plan;
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, lr = (REAL)p->lr;
    const REAL keep = (REAL)p->keep, take = (REAL)p->take, eps = (REAL)p->eps;
    REAL *restrict square = slot[0], *restrict moved = slot[1];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        square[i] = keep * square[i] + take * (g * g);
        const REAL delta = REAL_SQRT(moved[i] + eps) / REAL_SQRT(square[i] + eps) * g;
        moved[i] = keep * moved[i] + take * (delta * delta);
        param[i] -= lr * delta;
    }
}
#endif
