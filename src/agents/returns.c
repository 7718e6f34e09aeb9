/* Discounted returns, from the last step backwards. The sum runs in double whatever bm_real is. */
#include "agents/returns.h"

#include <math.h>

void bm_discounted_returns(int steps, int lanes, double gamma, const bm_real *reward, const uint8_t *terminated,
                           const uint8_t *truncated, const bm_real *bootstrap, bm_real *out) {
    for (int lane = 0; lane < lanes; lane++) {
        double next = 0;
        for (int t = steps - 1; t >= 0; t--) {
            const size_t at = (size_t)t * (size_t)lanes + (size_t)lane;
            if (terminated[at]) {
                next = 0;
            } else if (truncated[at] || t == steps - 1) {
                next = bootstrap ? (double)bootstrap[at] : 0;
            }
            next = (double)reward[at] + gamma * next;
            out[at] = (bm_real)next;
        }
    }
}

void bm_normalize(size_t n, bm_real *x) {
    if (n == 0) {
        return;
    }
    double mean = 0, variance = 0;
    for (size_t i = 0; i < n; i++) {
        mean += (double)x[i];
    }
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) {
        variance += ((double)x[i] - mean) * ((double)x[i] - mean);
    }
    variance /= (double)n;
    const double scale = 1 / (sqrt(variance) + 1e-8);
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)(((double)x[i] - mean) * scale);
    }
}
