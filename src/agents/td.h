#ifndef BM_AGENTS_TD_H
#define BM_AGENTS_TD_H

/* Temporal-difference targets and losses of Q-learning, over [n] transitions and [n, actions] values. Nothing here can
 * fail or allocates. Truncation does not cut the bootstrap: only terminated does. */
#include "core/real.h"

/* target[i] = reward + discount q_next[i, a*], discount being gamma^steps, or 0 after a terminated step; a* is the (first) largest of q_next, Mnih et al. 2015, or, when
 * q_next_online is not NULL, of q_next_online (double Q-learning, van Hasselt et al. 2016). */
void bm_td_target(int n, int actions, const bm_real *reward, const bm_real *discount, const bm_real *q_next,
                  const bm_real *q_next_online, bm_real *target);

/* Mean over the batch of weight[i] * loss(q[i, action[i]] - target[i]); weight NULL counts as 1. grad_q [n, actions] gets
 * d loss / d q: zero but for the action taken. Huber: quadratic within delta, then linear. */
double bm_td_loss_mse(int n, int actions, const bm_real *q, const int32_t *action, const bm_real *target,
                      const bm_real *weight, bm_real *grad_q);
double bm_td_loss_huber(int n, int actions, double delta, const bm_real *q, const int32_t *action,
                        const bm_real *target, const bm_real *weight, bm_real *grad_q);

/* The first of the largest of n values. */
int bm_argmax(int n, const bm_real *value);

#endif
