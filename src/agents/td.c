/* Q-learning's targets and losses, Mnih et al. 2015; double Q-learning, van Hasselt et al. 2016. */
#include "agents/td.h"

#include <math.h>
#include <string.h>

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
        target[i] = reward[i] + discount[i] * next;
    }
}

double bm_td_loss_mse(int n, int actions, const bm_real *q, const int32_t *action, const bm_real *target,
                      const bm_real *weight, bm_real *grad_q) {
    double sum = 0;
    memset(grad_q, 0, (size_t)n * (size_t)actions * sizeof *grad_q);
    for (int i = 0; i < n; i++) {
        const size_t taken = (size_t)i * (size_t)actions + (size_t)action[i];
        const double w = weight ? (double)weight[i] : 1;
        const double error = (double)q[taken] - (double)target[i];
        sum += w * error * error;
        grad_q[taken] = (bm_real)(2 * w * error / n);
    }
    return sum / n;
}

double bm_td_loss_huber(int n, int actions, double delta, const bm_real *q, const int32_t *action,
                        const bm_real *target, const bm_real *weight, bm_real *grad_q) {
    double sum = 0;
    memset(grad_q, 0, (size_t)n * (size_t)actions * sizeof *grad_q);
    for (int i = 0; i < n; i++) {
        const size_t taken = (size_t)i * (size_t)actions + (size_t)action[i];
        const double w = weight ? (double)weight[i] : 1;
        const double error = (double)q[taken] - (double)target[i];
        const double size = fabs(error);
        const bool small = size <= delta;
        sum += w * (small ? 0.5 * error * error : delta * (size - 0.5 * delta));
        grad_q[taken] = (bm_real)(w * (small ? error : copysign(delta, error)) / n);
    }
    return sum / n;
}
