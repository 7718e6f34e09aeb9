#ifndef BM_AGENTS_POLICY_LOSS_H
#define BM_AGENTS_POLICY_LOSS_H

#include "core/real.h"

typedef struct {
    double policy;  /* -mean(weight log pi(action)) */
    double entropy; /* mean entropy, nats */
} bm_policy_loss;

/* REINFORCE's loss, Williams 1992: policy - ent_coef * entropy, means over n. logits [n, actions]; action, weight [n]. grad gets
 * d loss / d logits [n, actions] and may be logits. Cannot fail. */
bm_policy_loss bm_reinforce_loss(int n, int actions, const bm_real *logits, const int32_t *action,
                                 const bm_real *weight, double ent_coef, bm_real *grad);

#endif
