/* Losses of agents; see losses.h. REINFORCE's derivatives go through the distribution.
 *
 * Categorical, with p = softmax(z) and H the entropy of a row:
 *
 *     d (-log p_a) / d z_j = p_j - [j = a]          d (-H) / d z_j = p_j (log p_j + H)
 *
 * Gaussian, with z = (action - mean) / std and s = log std:
 *
 *     d (-log pi) / d mean = -z / std     d (-log pi) / d s = 1 - z^2     d (-H) / d s = -1 */
#include "agents/losses.h"

#include <math.h>
#include <string.h>

#include "nets/dist.h"

void bm_mask_values(int n, int actions, const uint8_t *mask, bm_real *value) {
    const size_t count = mask ? (size_t)n * (size_t)actions : 0;
    for (size_t i = 0; i < count; i++) {
        value[i] = mask[i] ? value[i] : -(bm_real)INFINITY;
    }
}

int bm_argmax(int n, const bm_real *value) {
    int best = 0;
    for (int i = 1; i < n; i++) {
        best = value[i] > value[best] ? i : best;
    }
    return best;
}

void bm_td_target(int n, int actions, const bm_real *reward, const bm_real *discount, const bm_real *q_next,
                  const bm_real *q_next_online, bm_real *target) {
    const bm_real *chooser = q_next_online ? q_next_online : q_next;
    for (int i = 0; i < n; i++) {
        const size_t row = (size_t)i * (size_t)actions;
        const bm_real next = q_next[row + (size_t)bm_argmax(actions, chooser + row)];
        target[i] = discount[i] == 0 ? reward[i] : reward[i] + discount[i] * next; /* next: -inf without actions */
    }
}

double bm_td_loss(int n, int actions, double delta, const bm_real *q, const int32_t *action, const bm_real *target,
                  const bm_real *weight, bm_real *grad_q) {
    const double factor = isinf(delta) ? 2 : 1;
    double sum = 0;
    memset(grad_q, 0, (size_t)n * (size_t)actions * sizeof *grad_q);
    for (int i = 0; i < n; i++) {
        const size_t taken = (size_t)i * (size_t)actions + (size_t)action[i];
        const double w = factor * (weight ? (double)weight[i] : 1);
        const double error = (double)q[taken] - (double)target[i], size = fabs(error);
        sum += w * (size > delta ? delta * (size - 0.5 * delta) : 0.5 * error * error);
        grad_q[taken] = (bm_real)(w * (size > delta ? copysign(delta, error) : error) / n);
    }
    return sum / n;
}

bm_policy_loss bm_reinforce_loss(int n, int of, int actions, const bm_real *logits, const int32_t *action,
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
            row[j] = (bm_real)((toward_action + toward_order) / of);
        }
    }
    loss.policy /= of;
    loss.entropy /= of;
    return loss;
}

bm_policy_loss bm_reinforce_gaussian_loss(int n, int of, int size, const bm_real *mean, const bm_real *log_std,
                                          const bm_real *action, const bm_real *weight, double ent_coef,
                                          bm_real *grad_mean, bm_real *grad_log_std) {
    bm_policy_loss loss = {.entropy = (double)bm_gaussian_entropy(size, log_std) * n / of};
    for (int i = 0; i < n; i++) {
        const size_t row = (size_t)i * (size_t)size;
        bm_real log_prob;
        bm_gaussian_log_prob(1, size, mean + row, log_std, action + row, &log_prob);
        loss.policy -= (double)weight[i] * (double)log_prob;
    }
    loss.policy /= of;
    for (int k = 0; k < size; k++) {
        const double per_std = exp(-(double)log_std[k]);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            const size_t at = (size_t)i * (size_t)size + (size_t)k;
            const double z = ((double)action[at] - (double)mean[at]) * per_std, w = (double)weight[i];
            sum += w * (1 - z * z);
            grad_mean[at] = (bm_real)(-w * z * per_std / of);
        }
        grad_log_std[k] = (bm_real)((sum - ent_coef * n) / of);
    }
    return loss;
}
