/* Hessian-vector products of the policy gradient; see policy_curvature.h. With R{x} as in nets/hvp.h:
 *
 * Categorical, the loss being a cross entropy whose rows have weights: R of its gradient is that of nets/loss.h, times
 * the weight.
 * Gaussian, with z = (action - mean) / std and s = log std: R{z} = -R{mean} / std - z R{s}. Which action was taken
 * moves a gradient, but not how the gradient moves. */
#include "meta/policy_curvature.h"

#include <math.h>

#include "nets/hvp.h"
#include "nets/loss.h"

/* mean, action, r_mean, r_grad_mean [n, size]; log_std, r_log_std, r_grad_log_std [size]. */
static void gaussian_r(int n, int size, const bm_real *mean, const bm_real *log_std, const bm_real *action,
                       const bm_real *weight, const bm_real *r_mean, const bm_real *r_log_std, bm_real *r_grad_mean,
                       bm_real *r_grad_log_std) {
    for (int k = 0; k < size; k++) {
        const double per_std = exp(-(double)log_std[k]), r_s = (double)r_log_std[k];
        double sum = 0;
        for (int i = 0; i < n; i++) {
            const size_t at = (size_t)i * (size_t)size + (size_t)k;
            const double z = ((double)action[at] - (double)mean[at]) * per_std, w = (double)weight[i];
            const double r_z = -(double)r_mean[at] * per_std - z * r_s;
            sum -= 2 * w * z * r_z;
            r_grad_mean[at] = (bm_real)(-w * per_std * (r_z - z * r_s) / n);
        }
        r_grad_log_std[k] = (bm_real)(sum / n);
    }
}

static void categorical_r(int n, int actions, const bm_real *logits, const bm_real *weight, const bm_real *r_logits,
                          bm_real *r_grad) {
    bm_loss_kind_cross_entropy.curvature((size_t)n, actions, logits, NULL, r_logits, r_grad);
    for (int i = 0; i < n * actions; i++) {
        r_grad[i] *= weight[i / actions];
    }
}

void bm_policy_curvature(const bm_policy_net *policy, const bm_real *params, const bm_real *direction,
                         bm_real *workspace, const bm_policy_rows *rows, bm_real *product) {
    const bm_net *net = &policy->net;
    const int n = rows->n, width = net->outputs;
    const size_t first_log_std = net->parameters, outputs = (size_t)n * (size_t)width;
    const bm_real *log_std = params + first_log_std;
    bm_real *output = bm_net_r_forward(net, params, direction, workspace, n, rows->features);
    bm_mask_values(n, width, rows->action_mask, output);
    bm_real *r_grad_output = workspace + bm_net_workspace(net, 2 * n), *grad_output = r_grad_output + outputs;
    bm_real *r_grad_log_std = product + first_log_std; /* where, before it, the gradient may lie */
    if (policy->gaussian) {
        bm_reinforce_gaussian_loss(n, n, width, output, log_std, rows->action, rows->weight, 0, grad_output,
                                   r_grad_log_std);
        gaussian_r(n, width, output, log_std, rows->action, rows->weight, output + outputs, direction + first_log_std,
                   r_grad_output, r_grad_log_std);
    } else {
        bm_reinforce_loss(n, n, width, output, rows->action, rows->weight, 0, grad_output);
        categorical_r(n, width, output, rows->weight, output + outputs, r_grad_output);
    }
    bm_net_r_backward(net, params, direction, workspace, n, rows->features, r_grad_output, NULL, product);
}
