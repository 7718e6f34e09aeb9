/* A network with the distribution over actions that its outputs stand for; see policy.h. */
#include "agents/policy.h"

#include <string.h>

#include "envs/encode.h"
#include "nets/dist.h"

const double bm_policy_output_gain = 0.01;

bm_status bm_policy_net_create(bm_policy_net *policy, const bm_space *observation_space, const bm_space *action_space,
                               const bm_int_list *hidden, const bm_activation *activation, bm_error *error) {
    const bool gaussian = action_space->kind == BM_BOX;
    if (!gaussian && action_space->size != 1) {
        return bm_invalid(error, "a policy makes one discrete choice a step; this environment wants %d",
                          action_space->size);
    }
    const int outputs = gaussian ? action_space->size : action_space->n;
    *policy = (bm_policy_net){.gaussian = gaussian, .chosen = *action_space};
    policy->chosen.dtype = gaussian ? BM_REAL_DTYPE : BM_I32;
    const bm_status status = bm_net_mlp(&policy->net, bm_space_features(observation_space, BM_ONE_HOT), hidden->count,
                                        hidden->value, outputs, activation, NULL, error);
    policy->parameters = policy->net.parameters + (gaussian ? (size_t)outputs : 0);
    policy->action_bytes = bm_space_bytes(&policy->chosen);
    return status;
}

/* The network's, and behind it the gradient of the loss with respect to its outputs. */
size_t bm_policy_net_workspace(const bm_policy_net *policy, int batch) {
    return bm_net_workspace(&policy->net, batch) + (size_t)batch * (size_t)policy->net.outputs;
}

/* The network's outputs, the logits of forbidden actions at minus infinity. */
static bm_real *forward(const bm_policy_net *policy, const bm_real *params, bm_real *workspace,
                        const bm_policy_rows *rows) {
    bm_real *output = bm_net_forward(&policy->net, params, workspace, rows->n, rows->features);
    bm_mask_values(rows->n, policy->net.outputs, rows->action_mask, output);
    return output;
}

static void choose(int n, int actions, bm_real *logits, bm_rng *rng, int32_t *action) {
    if (rng) {
        bm_log_softmax((size_t)n, actions, logits, logits);
    }
    for (int i = 0; i < n; i++, logits += actions) {
        action[i] = rng ? bm_categorical_sample(actions, logits, rng) : bm_argmax(actions, logits);
    }
}

void bm_policy_net_act(const bm_policy_net *policy, const bm_real *params, bm_real *workspace,
                       const bm_policy_rows *rows, bm_rng *rng, void *action) {
    const int outputs = policy->net.outputs;
    bm_real *output = forward(policy, params, workspace, rows);
    if (!policy->gaussian) {
        choose(rows->n, outputs, output, rng, action);
        return;
    }
    for (int i = 0; rng && i < rows->n; i++) {
        bm_real *mean = output + (size_t)i * (size_t)outputs;
        bm_gaussian_sample(outputs, mean, params + policy->net.parameters, rng, mean);
    }
    memcpy(action, output, (size_t)rows->n * policy->action_bytes);
}

void bm_policy_net_probabilities(const bm_policy_net *policy, const bm_real *params, bm_real *workspace,
                                 const bm_policy_rows *rows, bm_real *probability) {
    bm_softmax((size_t)rows->n, policy->net.outputs, forward(policy, params, workspace, rows), probability);
}

bm_policy_loss bm_policy_net_gradient(const bm_policy_net *policy, const bm_real *params, bm_real *workspace,
                                      const bm_policy_rows *rows, int of, double ent_coef, bm_real *grad) {
    const bm_net *net = &policy->net;
    const size_t first_log_std = net->parameters;
    bm_real *grad_output = workspace + bm_net_workspace(net, rows->n);
    const bm_real *output = forward(policy, params, workspace, rows);
    const bm_policy_loss loss =
        policy->gaussian
            ? bm_reinforce_gaussian_loss(rows->n, of, net->outputs, output, params + first_log_std, rows->action,
                                         rows->weight, ent_coef, grad_output, grad + first_log_std)
            : bm_reinforce_loss(rows->n, of, net->outputs, output, rows->action, rows->weight, ent_coef, grad_output);
    bm_net_backward(net, params, workspace, rows->n, rows->features, grad_output, grad, NULL);
    return loss;
}
