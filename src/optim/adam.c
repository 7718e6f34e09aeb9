/* Adam, Kingma and Ba 2015, in PyTorch's form: the bias corrections go into the step size and the denominator,
 *
 *     m = beta1 m + (1 - beta1) g                  g = grad + weight_decay w
 *     v = beta2 v + (1 - beta2) g^2
 *     w = w - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 *
 * which is the paper's Algorithm 1 with its m-hat and v-hat written out. weight_decay is the L2 penalty of the loss,
 * so it passes through the moments. */
#ifndef REAL
#include <math.h>

#include "optim/clones.h"
#include "optim/optim.h"

typedef struct {
    double beta1, beta2, eps, weight_decay;
} adam_config;

static const bm_option rows[] = {
    BM_OPTION_LIVE(adam_config, beta1, 0.9, 0, 0.99999, BM_LINEAR, "decay of the mean of gradients"),
    BM_OPTION_LIVE(adam_config, beta2, 0.999, 0, 0.9999999, BM_LINEAR, "decay of the mean of squared gradients"),
    BM_OPTION_LIVE(adam_config, eps, 1e-8, 1e-16, 1, BM_LOG, "added to the denominator"),
    BM_OPTION_LIVE(adam_config, weight_decay, 0, 0, 1, BM_LINEAR, "L2 penalty added to the gradient"),
};

static const char *const slot_names[] = {"exp_avg", "exp_avg_sq", NULL};

#define BM_OPTIM_TEXT "optim/adam.c"
#include "optim/both.h"

const bm_optim_type bm_optim_adam = {
    .name = "adam",
    .summary = "adaptive moments (Kingma and Ba 2015)",
    .options = BM_OPTIONS(rows, adam_config),
    .slot_names = slot_names,
    .default_lr = 1e-3,
    .step_f32 = adam_f32,
    .step_f64 = adam_f64,
};

#else
BM_CLONES
static void STEP(adam)(const void *config, int64_t t, double lr, double grad_scale, size_t n, REAL *restrict param,
                       const REAL *restrict grad, REAL *const slot[BM_OPTIM_SLOTS]) {
    const adam_config *c = config;
    const double correction1 = 1 - pow(c->beta1, (double)t);
    const double correction2 = 1 - pow(c->beta2, (double)t);
    const REAL step_size = (REAL)(lr / correction1), root_scale = (REAL)(1 / sqrt(correction2));
    const REAL keep1 = (REAL)c->beta1, take1 = (REAL)(1 - c->beta1);
    const REAL keep2 = (REAL)c->beta2, take2 = (REAL)(1 - c->beta2);
    const REAL eps = (REAL)c->eps, decay = (REAL)c->weight_decay, scale = (REAL)grad_scale;
    REAL *restrict mean = slot[0];
    REAL *restrict square = slot[1];
    for (size_t i = 0; i < n; i++) {
        const REAL g = scale * grad[i] + decay * param[i];
        mean[i] = keep1 * mean[i] + take1 * g;
        square[i] = keep2 * square[i] + take2 * (g * g);
        param[i] -= step_size * (mean[i] / (REAL_SQRT(square[i]) * root_scale + eps));
    }
}
#endif
