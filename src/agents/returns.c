/* Advantages and returns, from the last step backwards. Sums run in double whatever bm_real is. */
#include "agents/returns.h"

#include <math.h>

void bm_gae(int steps, int lanes, double gamma, double lambda, const bm_real *reward, const bm_real *value,
            const bm_real *next_value, const uint8_t *terminated, const uint8_t *truncated, bm_real *advantage) {
    for (int lane = 0; lane < lanes; lane++) {
        double later = 0, successor = 0; /* the next step's advantage; V(s_(t+1)) */
        for (int t = steps - 1; t >= 0; t--) {
            const size_t at = (size_t)t * (size_t)lanes + (size_t)lane;
            if (terminated[at] || truncated[at] || t == steps - 1) {
                later = 0;
                successor = terminated[at] || !next_value ? 0 : (double)next_value[at];
            }
            const double here = value ? (double)value[at] : 0;
            later = (double)reward[at] + gamma * successor - here + gamma * lambda * later;
            successor = here;
            advantage[at] = (bm_real)later;
        }
    }
}

void bm_normalize(size_t n, const int32_t *row, bm_real *x) {
    double mean = 0, variance = 0;
    if (n == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        mean += (double)x[row ? (size_t)row[i] : i];
    }
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) {
        const double deviation = (double)x[row ? (size_t)row[i] : i] - mean;
        variance += deviation * deviation;
    }
    const double scale = 1 / (sqrt(variance / (double)n) + 1e-8);
    for (size_t i = 0; i < n; i++) {
        bm_real *at = &x[row ? (size_t)row[i] : i];
        *at = (bm_real)(((double)*at - mean) * scale);
    }
}
