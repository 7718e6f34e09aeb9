/* Adam, Kingma and Ba 2015, in PyTorch's form: the bias corrections go into the step size and the denominator,
 *
 *     m = beta1 m + (1 - beta1) g                  g = grad + weight_decay w
 *     v = beta2 v + (1 - beta2) g^2
 *     w = w - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 *
 * which is the paper's Algorithm 1 with its m-hat and v-hat written out. weight_decay is the L2 penalty of the loss, so
 * it passes through the moments; AdamW (Loshchilov and Hutter 2019) shrinks the weights instead, w = (1 - lr
 * weight_decay) w, before the step. amsgrad (Reddi, Kale and Kumar 2018) divides by the largest v so far, uncorrected
 * as in PyTorch. eps_in_root has the denominator sqrt(v / (1 - beta2^t) + eps) of many textbooks. */
#ifndef REAL
#include <math.h>

#include "optim/clones.h"
#include "optim/optim.h"
#include "optim/power.h"

typedef struct {
    double beta1, beta2, eps, weight_decay;
    bool amsgrad, eps_in_root, maximize;
} adam_config;

typedef struct {
    double scale, decay, shrink;
    double keep1, take1, keep2, take2;
    double step_size, square_scale, eps_inside, root_scale, eps;
} adam_plan;

/* clang-format off */
#define ROWS(decay_default, decay_help)                                                                                \
    {BM_ROW(adam_config, beta1, 0.9, 0, 0.9999999, BM_LINEAR, "decay of the mean of gradients"),                       \
     .live = true, .tune = "uniform(0.5,0.99)"},                                                                       \
    {BM_ROW(adam_config, beta2, 0.999, 0, 0.9999999, BM_LINEAR, "decay of the mean of squared gradients"),             \
     .live = true, .tune = "uniform(0.9,0.9999)"},                                                                     \
    BM_OPTION_LIVE(adam_config, eps, 1e-8, 0, 1000, BM_LINEAR, "added to the denominator"),                           \
    BM_OPTION_LIVE(adam_config, weight_decay, decay_default, 0, 1000, BM_LINEAR, decay_help),                          \
    BM_OPTION(adam_config, amsgrad, false, 0, 1, BM_LINEAR, "divide by the largest mean of squares so far"),           \
    BM_OPTION(adam_config, eps_in_root, false, 0, 1, BM_LINEAR, "add eps inside the square root"),                     \
    BM_OPTION(adam_config, maximize, false, 0, 1, BM_LINEAR, "go up instead of down")
/* clang-format on */

static const bm_option adam_rows[] = {ROWS(0, "L2 penalty added to the gradient")};
static const bm_option adamw_rows[] = {ROWS(0.01, "share of lr by which the weights shrink")};

static bool uses_largest(const void *config) {
    return ((const adam_config *)config)->amsgrad;
}

static const bm_optim_slot slots[] = {
    {.name = "exp_avg"}, {.name = "exp_avg_sq"}, {.name = "max_exp_avg_sq", .used = uses_largest}, {.name = NULL}};

static adam_plan prepare(const adam_config *c, const bm_optim_moment *now) {
    const double correction1 = 1 - bm_power(c->beta1, now->t), correction2 = 1 - bm_power(c->beta2, now->t);
    return (adam_plan){
        .scale = c->maximize ? -now->grad_scale : now->grad_scale,
        .shrink = 1,
        .keep1 = c->beta1,
        .take1 = 1 - c->beta1,
        .keep2 = c->beta2,
        .take2 = 1 - c->beta2,
        .step_size = now->lr / correction1,
        .square_scale = c->eps_in_root ? 1 / correction2 : 1,
        .eps_inside = c->eps_in_root ? c->eps : 0,
        .root_scale = c->eps_in_root ? 1 : 1 / sqrt(correction2),
        .eps = c->eps_in_root ? 0 : c->eps,
    };
}

static void prepare_adam(const void *config, const bm_optim_moment *now, void *plan) {
    adam_plan *p = plan;
    *p = prepare(config, now);
    p->decay = ((const adam_config *)config)->weight_decay;
}

static void prepare_adamw(const void *config, const bm_optim_moment *now, void *plan) {
    adam_plan *p = plan;
    *p = prepare(config, now);
    p->shrink = 1 - now->lr * ((const adam_config *)config)->weight_decay;
}

static double rate(const void *plan, const double slot[BM_OPTIM_SLOTS]) {
    const adam_plan *p = plan;
    const double square = fmax(slot[1], slot[2]); /* without amsgrad the last is 0 */
    return p->step_size / (sqrt(square * p->square_scale + p->eps_inside) * p->root_scale + p->eps);
}

/* The processor's own prefetching stops at every page, and four arrays meet many: a pass beyond the L2 cache is some 10
 * % sooner when it asks for what comes AHEAD elements later. */
enum { BLOCK = 64, AHEAD = 384, CACHE_LINE = 64 };

BM_ALWAYS_INLINE void fetch(const void *memory, size_t bytes) {
    for (size_t at = 0; at < bytes; at += CACHE_LINE) {
        __builtin_prefetch((const char *)memory + at);
    }
}

#define BM_OPTIM_TEXT "optim/adam.c"
#include "optim/both.h"

const bm_optim_type bm_optim_adam = {
    .name = "adam",
    .summary = "adaptive moments (Kingma and Ba 2015)",
    .options = BM_OPTIONS(adam_rows, adam_config),
    .slots = slots,
    .momentum = "beta1",
    .default_lr = 1e-3,
    .prepare = prepare_adam,
    .pass_f32 = adam_f32,
    .pass_f64 = adam_f64,
    .rate = rate,
};

const bm_optim_type bm_optim_adamw = {
    .name = "adamw",
    .summary = "Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
    .options = BM_OPTIONS(adamw_rows, adam_config),
    .slots = slots,
    .momentum = "beta1",
    .default_lr = 1e-3,
    .prepare = prepare_adamw,
    .pass_f32 = adam_f32,
    .pass_f64 = adam_f64,
    .rate = rate,
};

#else
/* largest may be NULL, which a loop made for that case knows when it is compiled. */
BM_ALWAYS_INLINE void STEP(adam_loop)(const adam_plan *p, size_t n, REAL *restrict param, const REAL *restrict grad,
                                      REAL *restrict mean, REAL *restrict square, REAL *restrict largest) {
    const REAL scale = (REAL)p->scale, decay = (REAL)p->decay, shrink = (REAL)p->shrink;
    const REAL keep1 = (REAL)p->keep1, take1 = (REAL)p->take1, keep2 = (REAL)p->keep2, take2 = (REAL)p->take2;
    const REAL step_size = (REAL)p->step_size, square_scale = (REAL)p->square_scale, root_scale = (REAL)p->root_scale;
    const REAL eps_inside = (REAL)p->eps_inside, eps = (REAL)p->eps;
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        mean[i] = keep1 * mean[i] + take1 * g;
        square[i] = keep2 * square[i] + take2 * (g * g);
        REAL divisor = square[i];
        if (largest) {
            divisor = largest[i] = largest[i] > divisor ? largest[i] : divisor;
        }
        divisor = REAL_SQRT(divisor * square_scale + eps_inside) * root_scale + eps;
        param[i] = shrink * param[i] - step_size * (mean[i] / divisor);
    }
}

PASS(adam) {
    REAL *mean = slot[0], *square = slot[1], *largest = slot[2];
    if (largest) {
        STEP(adam_loop)(plan, n, param, grad, mean, square, largest);
        return;
    }
    size_t i = 0;
    for (; i + BLOCK + AHEAD <= n; i += BLOCK) {
        fetch(param + i + AHEAD, BLOCK * sizeof(REAL));
        fetch(grad + i + AHEAD, BLOCK * sizeof(REAL));
        fetch(mean + i + AHEAD, BLOCK * sizeof(REAL));
        fetch(square + i + AHEAD, BLOCK * sizeof(REAL));
        STEP(adam_loop)(plan, BLOCK, param + i, grad + i, mean + i, square + i, NULL);
    }
    STEP(adam_loop)(plan, n - i, param + i, grad + i, mean + i, square + i, NULL);
}
#endif
