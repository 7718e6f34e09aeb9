/* Averaged stochastic gradient descent, Polyak and Juditsky 1992, with Xu's (2011) rates as in PyTorch,
 *
 *     w = (1 - lambd eta) w - eta g                g = grad + weight_decay w; eta is lr in the first step
 *     average = average + mu (w - average)         mu = 1 / max(1, t - 1 - t0), 1 in the first step
 *     eta = lr / (1 + lambd lr t)^alpha            for the next step
 *
 * The average, which is what the method is for, is the slot "ax": it equals w until step t0 + 2. */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"
#include "optim/power.h"

typedef struct {
    double lambd, alpha, t0, weight_decay;
    bool maximize;
} asgd_config;

typedef struct {
    double scale, decay, eta, shrink, mu;
} asgd_plan;

static const bm_option rows[] = {
    BM_OPTION_LIVE(asgd_config, lambd, 1e-4, 0, 1000, BM_LINEAR, "decay term: eta falls, weights shrink"),
    BM_OPTION_LIVE(asgd_config, alpha, 0.75, 0, 10, BM_LINEAR, "power by which eta falls"),
    BM_OPTION_LIVE(asgd_config, t0, 1e6, 0, 1e15, BM_LINEAR, "step at which averaging begins"),
    BM_OPTION_LIVE(asgd_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION(asgd_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static const bm_optim_slot slots[] = {{.name = "ax"}, {.name = NULL}};

/* The memory is eta. */
static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const asgd_config *c = config;
    const double eta = now->t == 1 ? now->lr : *now->memory;
    *now->memory = now->lr / bm_real_power(1 + c->lambd * now->lr * (double)now->t, c->alpha);
    *(asgd_plan *)plan = (asgd_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .eta = eta,
        .shrink = 1 - c->lambd * eta,
        .mu = now->t == 1 ? 1 : 1 / fmax(1, (double)(now->t - 1) - c->t0),
    };
}

static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    (void)slot;
    return ((const asgd_plan *)plan)->eta;
}

#define BM_OPTIM_TEXT "optim/asgd.c"
#include "optim/both.h"

const bm_optim_type bm_optim_asgd = {
    .name = "asgd",
    .summary = "gradient descent that averages its path (Polyak and Juditsky 1992)",
    .options = BM_OPTIONS(rows, asgd_config),
    .slots = slots,
    .memory_name = "eta",
    .default_lr = 1e-2,
    .prepare = prepare,
    .pass_f32 = asgd_f32,
    .pass_f64 = asgd_f64,
    .rate = rate,
};

#else
PASS(asgd) {
    const asgd_plan *p = plan;
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, eta = (REAL)p->eta, shrink = (REAL)p->shrink;
    const REAL mu = (REAL)p->mu;
    REAL *restrict average = slot[0];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        param[i] = shrink * param[i] - eta * g;
        average[i] = mu == 1 ? param[i] : average[i] + mu * (param[i] - average[i]);
    }
}
#endif
