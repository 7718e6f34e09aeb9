#ifndef BM_AGENTS_RETURNS_H
#define BM_AGENTS_RETURNS_H

/* What actions were worth, from what happened in [steps, lanes], time-major. Cannot fail. */
#include "core/real.h"

/* Generalised advantage estimation, Schulman et al. 2016, equation 16:
 *     advantage_t = delta_t + gamma lambda advantage_(t+1),     delta_t = reward_t + gamma V(s_(t+1)) - V(s_t)
 * A terminated step does not bootstrap; a truncated one does, and both cut the sum. value [steps, lanes]: V(s_t).
 * next_value [steps, lanes]: V of the true successor, read only where an episode was truncated and in the last row;
 * elsewhere that is the next row's value. Both may be NULL: V is 0, and with lambda 1 the advantages are the discounted
 * returns. advantage + value is what V is fitted to. advantage may be reward, but no other input. */
void bm_gae(int steps, int lanes, double gamma, double lambda, const bm_real *reward, const bm_real *value,
            const bm_real *next_value, const uint8_t *terminated, const uint8_t *truncated, bm_real *advantage);

/* x = (x - mean) / (std + 1e-8) for the n elements x[row[i]], or x[i] where row is NULL; std with n in the denominator
 * (numpy's ddof 0). The other elements stay. */
void bm_normalize(size_t n, const int32_t *row, bm_real *x);

#endif
