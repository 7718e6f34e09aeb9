/* Stochastic gradient descent with momentum (Polyak 1964),
 *
 *     v = momentum v - lr (grad + weight_decay w)
 *     w = w + v
 *
 * The learning rate is inside the velocity: when a schedule lowers it, past steps keep the rate they were made with.
 * PyTorch keeps it outside; at a constant rate the two agree. momentum 0 is plain gradient descent. */
#ifndef REAL
#include "optim/clones.h"
#include "optim/optim.h"

typedef struct {
    double momentum, weight_decay;
} sgd_config;

static const bm_option rows[] = {
    BM_OPTION_LIVE(sgd_config, momentum, 0, 0, 0.99999, BM_LINEAR, "share of the last step that is kept"),
    BM_OPTION_LIVE(sgd_config, weight_decay, 0, 0, 1, BM_LINEAR, "L2 penalty added to the gradient"),
};

static const char *const slot_names[] = {"velocity", NULL};

#define BM_OPTIM_TEXT "optim/sgd.c"
#include "optim/both.h"

const bm_optim_type bm_optim_sgd = {
    .name = "sgd",
    .summary = "gradient descent with momentum",
    .options = BM_OPTIONS(rows, sgd_config),
    .slot_names = slot_names,
    .default_lr = 1e-2,
    .step_f32 = sgd_f32,
    .step_f64 = sgd_f64,
};

#else
BM_CLONES
static void STEP(sgd)(const void *config, int64_t t, double lr, double grad_scale, size_t n, REAL *restrict param,
                      const REAL *restrict grad, REAL *const slot[BM_OPTIM_SLOTS]) {
    const sgd_config *c = config;
    const REAL momentum = (REAL)c->momentum, decay = (REAL)c->weight_decay;
    const REAL rate = (REAL)lr, scale = (REAL)grad_scale;
    REAL *restrict velocity = slot[0];
    (void)t;
    for (size_t i = 0; i < n; i++) {
        velocity[i] = momentum * velocity[i] - rate * (scale * grad[i] + decay * param[i]);
        param[i] += velocity[i];
    }
}
#endif
