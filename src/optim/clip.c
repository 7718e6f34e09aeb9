/* Gradient clipping by the global norm (Pascanu et al. 2013) and by value, as torch.nn.utils has them. The factor of
 * the norm is max_norm / (norm + 1e-6), so a norm just below max_norm shrinks a little too; the caller hands it to the
 * optimizer, which reads the gradient anyway. */
#ifndef REAL
#include <math.h>

#include "optim/optim.h"

/* Element i always adds to partial sum i % LANES: a fixed order that vector registers can follow. */
enum { LANES = 32 };

#define BM_OPTIM_TEXT "optim/clip.c"
#include "optim/both.h"

double bm_clip_norm_scale(bm_dtype dtype, size_t n, const void *grad, double order, double max_norm, double *norm_out) {
    if (max_norm <= 0 && !norm_out) {
        return 1;
    }
    const double norm = dtype == BM_F32 ? norm_f32(n, grad, order) : norm_f64(n, grad, order);
    if (norm_out) {
        *norm_out = norm;
    }
    if (max_norm <= 0) {
        return 1;
    }
    const double factor = max_norm / (norm + 1e-6);
    return factor > 1 ? 1 : factor; /* NAN stays NAN: a broken gradient must show */
}

void bm_clip_value(bm_dtype dtype, size_t n, void *grad, double limit) {
    if (dtype == BM_F32) {
        limit_f32(n, grad, limit);
    } else {
        limit_f64(n, grad, limit);
    }
}

#else
BM_CLONES
static double STEP(sum_of_squares)(size_t n, const REAL *grad) {
    double partial[LANES] = {0};
    const size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            const double g = (double)grad[i + lane];
            partial[lane] += g * g;
        }
    }
    for (size_t i = whole; i < n; i++) {
        const double g = (double)grad[i];
        partial[i - whole] += g * g;
    }
    double sum = 0;
    for (size_t lane = 0; lane < LANES; lane++) {
        sum += partial[lane];
    }
    return sum;
}

static double STEP(norm)(size_t n, const REAL *grad, double order) {
    if (order == 2) {
        return sqrt(STEP(sum_of_squares)(n, grad));
    }
    double sum = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double size = fabs((double)grad[i]);
        largest = size <= largest || isnan(largest) ? largest : size; /* NAN shows */
        sum += isinf(order) ? 0 : pow(size, order);
    }
    return isinf(order) ? largest : pow(sum, 1 / order);
}

BM_CLONES
static void STEP(limit)(size_t n, REAL *grad, double limit) {
    const REAL most = (REAL)limit;
    for (size_t i = 0; i < n; i++) {
        REAL g = grad[i];
        g = g > most ? most : g;
        grad[i] = g < -most ? -most : g;
    }
}
#endif
