/* REINFORCE's loss and its gradient through the softmax. With p = softmax(z) and H the entropy of a row,
 *
 *     d (-log p_a) / d z_j = p_j - [j = a]          d (-H) / d z_j = p_j (log p_j + H) */
#include "agents/policy_loss.h"

#include <math.h>

#include "nets/dist.h"

bm_policy_loss bm_reinforce_loss(int n, int actions, const bm_real *logits, const int32_t *action,
                                 const bm_real *weight, double ent_coef, bm_real *grad) {
    bm_policy_loss loss = {0};
    bm_log_softmax((size_t)n, actions, logits, grad);
    for (int i = 0; i < n; i++) {
        bm_real *row = grad + (size_t)i * (size_t)actions; /* log-probabilities, until the gradient replaces them */
        const double w = (double)weight[i];
        bm_real entropy;
        bm_categorical_entropy(1, actions, row, &entropy);
        loss.policy -= w * (double)row[action[i]];
        loss.entropy += (double)entropy;
        for (int j = 0; j < actions; j++) {
            const double log_p = (double)row[j], p = exp(log_p);
            const double toward_action = w * (p - (j == action[i]));
            const double toward_order = p > 0 ? ent_coef * p * (log_p + (double)entropy) : 0;
            row[j] = (bm_real)((toward_action + toward_order) / n);
        }
    }
    loss.policy /= n;
    loss.entropy /= n;
    return loss;
}
