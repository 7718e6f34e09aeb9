#ifndef BM_ENVS_EXACT_H
#define BM_ENVS_EXACT_H

/* Exact values of environments that are a finite table (type->model): what no sampling can say better.
 *
 * horizon > 0: the return of that many steps, with nothing after (an environment's time limit), by backward induction;
 * the optimal policy may then depend on the time left. horizon 0: without end. A policy's values are then the solution
 * of Bellman's equations, up to 1,024 states; others, and the optimal ones, come from value iteration until successive
 * sweeps differ by rounding only. gamma 1 is refused where episodes need not end, unless that costs nothing. */
#include <stdint.h>

#include "core/error.h"
#include "envs/env.h"

/* *start becomes the expected discounted return from the start distribution; value, if not NULL, [states] the
 * return from each state. BM_INVALID: no model, or gamma outside [0, 1]; BM_FAILED: no convergence, or memory. */
bm_status bm_exact_optimal(const bm_env_batch *batch, double gamma, int horizon, double *start, double *value,
                           bm_error *error);

/* Of the policy that takes policy[state], or, where policy is NULL, each action equally often. */
bm_status bm_exact_policy(const bm_env_batch *batch, const int32_t *policy, double gamma, int horizon, double *start,
                          double *value, bm_error *error);

#endif
