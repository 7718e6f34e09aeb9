/* Resilient backpropagation, Riedmiller and Braun 1993, the variant iRprop- (Igel and Huesken 2000) as in PyTorch: only
 * the gradient's sign counts, and every parameter has a step of its own, which grows while the sign stays and shrinks
 * when it changes:
 *
 *     same sign as before:  step = min(eta_plus step, step_max)
 *     another sign:         step = max(eta_minus step, step_min), and the gradient counts as 0 now
 *     w = w - sign(grad) step                      the first step is lr
 *
 * For whole gradients: with sampled ones the signs say little. */
#ifndef REAL
#include "optim/optim.h"

typedef struct {
    double eta_minus, eta_plus, step_min, step_max;
    bool maximize;
} rprop_config;

typedef struct {
    double scale, shrink, grow, least, most;
} rprop_plan;

static const bm_option rows[] = {
    BM_OPTION_LIVE(rprop_config, eta_minus, 0.5, 1e-6, 0.999999, BM_LINEAR, "factor of a step after a change of sign"),
    BM_OPTION_LIVE(rprop_config, eta_plus, 1.2, 1.000001, 100, BM_LINEAR, "factor of a step while the sign stays"),
    BM_OPTION_LIVE(rprop_config, step_min, 1e-6, 0, 1e6, BM_LINEAR, "least step"),
    BM_OPTION_LIVE(rprop_config, step_max, 50, 1e-30, 1e6, BM_LOG, "largest step"),
    BM_OPTION(rprop_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static double initial_step(const void *config, double lr) {
    (void)config;
    return lr;
}

static const bm_optim_slot slots[] = {{.name = "step_size", .initial = initial_step}, {.name = "prev"}, {.name = NULL}};

static bm_status check(const void *config, bm_error *error) {
    const rprop_config *c = config;
    if (c->step_min > c->step_max) {
        return bm_invalid(error, "rprop's step_min %g is above its step_max %g", c->step_min, c->step_max);
    }
    return BM_OK;
}

static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const rprop_config *c = config;
    *(rprop_plan *)plan = (rprop_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .shrink = c->eta_minus,
        .grow = c->eta_plus,
        .least = c->step_min,
        .most = c->step_max,
    };
}

/* The step itself: it is what the sign is multiplied with. */
static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    (void)plan;
    return slot[0];
}

#define BM_OPTIM_TEXT "optim/rprop.c"
#include "optim/both.h"

const bm_optim_type bm_optim_rprop = {
    .name = "rprop",
    .summary = "resilient steps by the gradient's sign (Riedmiller and Braun 1993)",
    .options = BM_OPTIONS(rows, rprop_config),
    .slots = slots,
    .default_lr = 1e-2,
    .check = check,
    .prepare = prepare,
    .pass_f32 = rprop_f32,
    .pass_f64 = rprop_f64,
    .rate = rate,
};

#else
PASS(rprop) {
    const rprop_plan *p = plan;
    const REAL scale = (REAL)p->scale, shrink = (REAL)p->shrink, grow = (REAL)p->grow;
    const REAL least = (REAL)p->least, most = (REAL)p->most;
    REAL *restrict step = slot[0], *restrict before = slot[1];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i], agreement = g * before[i];
        const REAL factor = agreement > 0 ? grow : agreement < 0 ? shrink : 1;
        REAL size = step[i] * factor;
        size = size < least ? least : size;
        size = size > most ? most : size;
        const REAL counted = agreement < 0 ? 0 : g;
        const REAL move = counted > 0 ? size : counted < 0 ? -size : counted; /* NAN stays */
        step[i] = size;
        before[i] = counted;
        param[i] -= move;
    }
}
#endif
