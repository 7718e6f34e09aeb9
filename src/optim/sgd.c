/* Stochastic gradient descent with momentum, in PyTorch's form (Sutskever et al. 2013, with the learning rate outside),
 *
 *     v = momentum v + (1 - dampening) g           g = grad + weight_decay w; at first v = g whatever the dampening
 *     w = w - lr v                                 nesterov: w = w - lr (g + momentum v)
 *
 * momentum 0 is plain gradient descent. Two variants of textbooks differ: start_at_zero dampens the first gradient too
 * (with dampening = momentum, v is the running mean of gradients), and lr_in_velocity is Polyak's heavy ball, v =
 * momentum v - lr g, w = w + v, where past steps keep the rate they were made with when a schedule lowers it. */
#ifndef REAL
#include "optim/optim.h"

typedef struct {
    double momentum, dampening, weight_decay;
    bool nesterov, start_at_zero, lr_in_velocity, maximize;
} sgd_config;

typedef struct {
    double scale, decay, lr;
    double keep, take;        /* v = keep v + take g */
    double from_v, from_grad; /* w = w + from_v v + from_grad g */
    bool moves;               /* there is a velocity */
} sgd_plan;

static const bm_option rows[] = {
    {BM_ROW(sgd_config, momentum, 0, 0, 1, BM_LINEAR, "share of the velocity that is kept"), .live = true,
     .tune = "uniform(0,0.99)"},
    BM_OPTION(sgd_config, dampening, 0, 0, 1, BM_LINEAR, "share of the gradient that is kept from the velocity"),
    BM_OPTION_LIVE(sgd_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION(sgd_config, nesterov, false, 0, 1, BM_LINEAR, "look ahead (needs momentum, and dampening 0)"),
    BM_OPTION(sgd_config, start_at_zero, false, 0, 1, BM_LINEAR, "dampen the first gradient too"),
    BM_OPTION(sgd_config, lr_in_velocity, false, 0, 1, BM_LINEAR, "past steps keep their learning rate"),
    BM_OPTION(sgd_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static const bm_optim_slot slots[] = {{.name = "momentum_buffer"}, {.name = NULL}};

static bm_status check(const void *config, bm_error *error) {
    const sgd_config *c = config;
    if (c->nesterov && (c->momentum <= 0 || c->dampening > 0)) {
        return bm_invalid(error, "sgd's nesterov needs a momentum above 0 and dampening 0");
    }
    return BM_OK;
}

/* The memory is 1 once there is a velocity. */
static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const sgd_config *c = config;
    sgd_plan *p = plan;
    const double damp = *now->memory > 0 || c->start_at_zero ? 1 - c->dampening : 1;
    *p = (sgd_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .lr = now->lr,
        .keep = c->momentum,
        .take = c->lr_in_velocity ? -now->lr * damp : damp,
        .from_v = (c->lr_in_velocity ? 1 : -now->lr) * (c->nesterov ? c->momentum : 1),
        .from_grad = c->nesterov ? -now->lr : 0,
        .moves = c->momentum > 0,
    };
    *now->memory = p->moves ? 1 : *now->memory;
}

#define BM_OPTIM_TEXT "optim/sgd.c"
#include "optim/both.h"

const bm_optim_type bm_optim_sgd = {
    .name = "sgd",
    .summary = "gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013)",
    .options = BM_OPTIONS(rows, sgd_config),
    .slots = slots,
    .memory_name = "has_velocity",
    .momentum = "momentum",
    .default_lr = 1e-2,
    .check = check,
    .prepare = prepare,
    .pass_f32 = sgd_f32,
    .pass_f64 = sgd_f64,
};

#else
PASS(sgd) {
    const sgd_plan *p = plan;
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, lr = (REAL)p->lr;
    const REAL keep = (REAL)p->keep, take = (REAL)p->take, from_v = (REAL)p->from_v, from_grad = (REAL)p->from_grad;
    const bool moves = p->moves;
    REAL *restrict velocity = slot[0];
    for (size_t i = 0; !moves && i < n; i++) {
        param[i] -= lr * (scale * grad[i] + decay * param[i]);
    }
    for (size_t i = 0; moves && i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        velocity[i] = keep * velocity[i] + take * g;
        param[i] += from_v * velocity[i] + from_grad * g;
    }
}
#endif
