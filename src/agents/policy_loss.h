#ifndef BM_AGENTS_POLICY_LOSS_H
#define BM_AGENTS_POLICY_LOSS_H

/* REINFORCE's loss over a policy's outputs, Williams 1992: -mean(weight log pi(action)) - ent_coef * mean(entropy), and its
 * derivatives. n rows; weight [n]. Nothing here can fail. */
#include "core/real.h"

typedef struct {
    double policy;  /* -mean(weight log pi(action)) */
    double entropy; /* mean entropy, nats */
} bm_policy_loss;

/* The categorical policy: logits [n, actions]; action [n]. grad gets d loss / d logits [n, actions] and may be logits. */
bm_policy_loss bm_reinforce_loss(int n, int actions, const bm_real *logits, const int32_t *action,
                                 const bm_real *weight, double ent_coef, bm_real *grad);

/* The Gaussian policy (nets/dist.h): mean, action [n, size], log_std [size]. grad_mean gets d loss / d mean [n, size] and may be
 * mean, grad_log_std d loss / d log_std [size]. */
bm_policy_loss bm_reinforce_gaussian_loss(int n, int size, const bm_real *mean, const bm_real *log_std,
                                          const bm_real *action, const bm_real *weight, double ent_coef,
                                          bm_real *grad_mean, bm_real *grad_log_std);

/* Pearlmutter's R of the gradients above (nets/hvp.h): how they move when the outputs move. r_x is d x / d epsilon; shapes as
 * of x. Which action was taken moves a gradient, but not how the gradient moves. r_grad may be logits, but not r_logits. */
void bm_reinforce_loss_r(int n, int actions, const bm_real *logits, const bm_real *weight, double ent_coef,
                         const bm_real *r_logits, bm_real *r_grad);
/* No ent_coef: the entropy is linear in log_std, so that the bonus never changes its gradient. r_grad_mean may be mean or r_mean,
 * r_grad_log_std may not be r_log_std. */
void bm_reinforce_gaussian_loss_r(int n, int size, const bm_real *mean, const bm_real *log_std, const bm_real *action,
                                  const bm_real *weight, const bm_real *r_mean, const bm_real *r_log_std,
                                  bm_real *r_grad_mean, bm_real *r_grad_log_std);

#endif
