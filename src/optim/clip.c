/* Gradient clipping by the global norm (Pascanu et al. 2013), as torch.nn.utils.clip_grad_norm_ has it: the factor is
 * max_norm / (norm + 1e-6), so a norm just below max_norm shrinks a little too. The caller hands the factor to the
 * optimizer, which reads the gradient anyway. */
#include <math.h>

#include "optim/clones.h"
#include "optim/optim.h"

/* Element i always adds to partial sum i % LANES: a fixed order that vector registers can follow. */
enum { LANES = 32 };

BM_CLONES
static double sum_of_squares(size_t n, const bm_real *grad) {
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

double bm_clip_norm_scale(size_t n, const bm_real *grad, double max_norm, double *norm_out) {
    if (max_norm <= 0 && !norm_out) {
        return 1;
    }
    const double norm = sqrt(sum_of_squares(n, grad));
    if (norm_out) {
        *norm_out = norm;
    }
    if (max_norm <= 0) {
        return 1;
    }
    const double factor = max_norm / (norm + 1e-6);
    return factor > 1 ? 1 : factor; /* NAN stays NAN: a broken gradient must show */
}
