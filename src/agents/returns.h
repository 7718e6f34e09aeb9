#ifndef BM_AGENTS_RETURNS_H
#define BM_AGENTS_RETURNS_H

/* Discounted returns of what happened in [steps, lanes], time-major. Cannot fail. */
#include "core/real.h"

/* out[t, i] = reward[t, i] + gamma * next, where next is 0 after a terminated step; bootstrap[t, i], the value of the
 * true successor, after a truncated one (0 where nothing is known: Spinning Up's finish_path); bootstrap of the last row
 * after the last row; out[t + 1, i] otherwise. bootstrap may be NULL: all zeros. reward and out may be the same. */
void bm_discounted_returns(int steps, int lanes, double gamma, const bm_real *reward, const uint8_t *terminated,
                           const uint8_t *truncated, const bm_real *bootstrap, bm_real *out);

/* x = (x - mean) / (std + 1e-8), std with n in the denominator (numpy's ddof 0). */
void bm_normalize(size_t n, bm_real *x);

#endif
