/* RMSprop, Tieleman and Hinton 2012 (Coursera, lecture 6.5): divide by a running root mean square,
 *
 *     s = alpha s + (1 - alpha) g^2                g = grad + weight_decay w
 *     a = alpha a + (1 - alpha) g                  centered (Graves 2013): s - a^2 takes the place of s below
 *     b = momentum b + g / (sqrt(s) + eps)
 *     w = w - lr b
 *
 * eps is outside of the root, as in PyTorch; eps_in_root has sqrt(s + eps), as many textbooks and TensorFlow do. */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"

typedef struct {
    double alpha, eps, weight_decay, momentum;
    bool centered, eps_in_root, maximize;
} rmsprop_config;

typedef struct {
    double scale, decay, lr, keep, take, eps_inside, eps, momentum;
} rmsprop_plan;

static const bm_option rows[] = {
    {BM_ROW(rmsprop_config, alpha, 0.99, 0, 0.9999999, BM_LINEAR, "decay of the mean of squared gradients"),
     .live = true, .tune = "uniform(0.8,0.999)"},
    BM_OPTION_LIVE(rmsprop_config, eps, 1e-8, 0, 1000, BM_LINEAR, "added to the denominator"),
    BM_OPTION_LIVE(rmsprop_config, weight_decay, 0, 0, 1000, BM_LINEAR, "L2 penalty added to the gradient"),
    BM_OPTION_LIVE(rmsprop_config, momentum, 0, 0, 1, BM_LINEAR, "share of the last step that is kept"),
    BM_OPTION(rmsprop_config, centered, false, 0, 1, BM_LINEAR, "divide by the standard deviation of gradients"),
    BM_OPTION(rmsprop_config, eps_in_root, false, 0, 1, BM_LINEAR, "add eps inside the square root"),
    BM_OPTION(rmsprop_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down"),
};

static bool uses_mean(const void *config) {
    return ((const rmsprop_config *)config)->centered;
}

static const bm_optim_slot slots[] = {
    {.name = "square_avg"}, {.name = "momentum_buffer"}, {.name = "grad_avg", .used = uses_mean}, {.name = NULL}};

static void prepare(const void *config, const bm_optim_moment *now, void *plan) {
    const rmsprop_config *c = config;
    *(rmsprop_plan *)plan = (rmsprop_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .decay = c->weight_decay,
        .lr = now->lr,
        .keep = c->alpha,
        .take = 1 - c->alpha,
        .eps_inside = c->eps_in_root ? c->eps : 0,
        .eps = c->eps_in_root ? 0 : c->eps,
        .momentum = c->momentum,
    };
}

static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    const rmsprop_plan *p = plan;
    return p->lr / (sqrt(fmax(slot[0] - slot[2] * slot[2], 0) + p->eps_inside) + p->eps);
}

#define BM_OPTIM_TEXT "optim/rmsprop.c"
#include "optim/both.h"

const bm_optim_type bm_optim_rmsprop = {
    .name = "rmsprop",
    .summary = "root mean square scaling (Tieleman and Hinton 2012)",
    .options = BM_OPTIONS(rows, rmsprop_config),
    .slots = slots,
    .momentum = "momentum",
    .default_lr = 1e-2,
    .prepare = prepare,
    .pass_f32 = rmsprop_f32,
    .pass_f64 = rmsprop_f64,
    .rate = rate,
};

#else
/* mean and buffer may be NULL, which a loop made for that case knows when it is compiled. */
BM_ALWAYS_INLINE void STEP(rmsprop_loop)(const rmsprop_plan *p, size_t n, REAL *restrict param,
                                         const REAL *restrict grad, REAL *restrict square, REAL *restrict buffer,
                                         REAL *restrict mean) {
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, lr = (REAL)p->lr, momentum = (REAL)p->momentum;
    const REAL keep = (REAL)p->keep, take = (REAL)p->take, eps_inside = (REAL)p->eps_inside, eps = (REAL)p->eps;
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        square[i] = keep * square[i] + take * (g * g);
        REAL variance = square[i];
        if (mean) {
            mean[i] = keep * mean[i] + take * g;
            variance -= mean[i] * mean[i];
            variance = variance < 0 ? 0 : variance; /* by rounding, where gradients hardly vary */
        }
        REAL step = g / (REAL_SQRT(variance + eps_inside) + eps);
        if (buffer) {
            step = buffer[i] = momentum * buffer[i] + step;
        }
        param[i] -= lr * step;
    }
}

PASS(rmsprop) {
    const bool moves = ((const rmsprop_plan *)plan)->momentum > 0;
    if (moves && slot[2]) {
        STEP(rmsprop_loop)(plan, n, param, grad, slot[0], slot[1], slot[2]);
    } else if (moves) {
        STEP(rmsprop_loop)(plan, n, param, grad, slot[0], slot[1], NULL);
    } else if (slot[2]) {
        STEP(rmsprop_loop)(plan, n, param, grad, slot[0], NULL, slot[2]);
    } else {
        STEP(rmsprop_loop)(plan, n, param, grad, slot[0], NULL, NULL);
    }
}
#endif
