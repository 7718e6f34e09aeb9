#ifndef BM_AGENTS_LOSSES_H
#define BM_AGENTS_LOSSES_H

/* What agents descend, with its gradients: temporal-difference errors of action values, and the policy gradient. Losses
 * of supervised fitting are in nets/loss.h. Nothing here can fail or allocates. */
#include "core/real.h"

/* ---- masks and choices ---- */

/* Sets value [n, actions] to -infinity where mask [n, actions] is 0: as a logit it has probability 0, as a value it is
 * never the largest. mask NULL: every action is allowed. */
void bm_mask_values(int n, int actions, const uint8_t *mask, bm_real *value);
/* The first of the largest of n values. */
int bm_argmax(int n, const bm_real *value);

/* ---- action values: Mnih et al. 2015; double Q-learning, van Hasselt et al. 2016 ---- */

/* target[i] = reward + discount q_next[i, a*], discount being gamma^steps, or 0 after a terminated step (truncation
 * does not cut the bootstrap); a* is the (first) largest of q_next or, when it is not NULL, of q_next_online (double
 * Q-learning). [n, actions], masked. */
void bm_td_target(int n, int actions, const bm_real *reward, const bm_real *discount, const bm_real *q_next,
                  const bm_real *q_next_online, bm_real *target);
/* Mean over the batch of weight[i] * loss(q[i, action[i]] - target[i]); weight NULL counts as 1. The loss is Huber's,
 * quadratic within delta and then linear, or, with delta INFINITY, the square. grad_q [n, actions] gets d loss / d q:
 * zero but for the action taken. */
double bm_td_loss(int n, int actions, double delta, const bm_real *q, const int32_t *action, const bm_real *target,
                  const bm_real *weight, bm_real *grad_q);

/* ---- the policy gradient: Williams 1992 ---- */

/* -mean(weight log pi(action)) - ent_coef * mean(entropy), the means being over a batch of `of` rows; n of them are at
 * hand, and what the functions return and write are their parts of the batch's sums. */
typedef struct {
    double policy;  /* -mean(weight log pi(action)) */
    double entropy; /* mean entropy, nats */
} bm_policy_loss;

/* The categorical policy: logits [n, actions], masked; action, weight [n]. grad gets d loss / d logits [n, actions] and
 * may be logits. */
bm_policy_loss bm_reinforce_loss(int n, int of, int actions, const bm_real *logits, const int32_t *action,
                                 const bm_real *weight, double ent_coef, bm_real *grad);
/* The Gaussian policy (nets/dist.h): mean, action [n, size], log_std [size]. grad_mean gets d loss / d mean [n, size]
 * and may be mean, grad_log_std d loss / d log_std [size]. */
bm_policy_loss bm_reinforce_gaussian_loss(int n, int of, int size, const bm_real *mean, const bm_real *log_std,
                                          const bm_real *action, const bm_real *weight, double ent_coef,
                                          bm_real *grad_mean, bm_real *grad_log_std);

#endif
