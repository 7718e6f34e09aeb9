/* A network with the distribution over actions that its outputs stand for; see policy.h. */
#include "agents/policy.h"

#include <string.h>

#include "agents/td.h"
#include "envs/encode.h"
#include "nets/dist.h"
#include "nets/hvp.h"

static const double output_gain = 0.01;

bm_status bm_policy_net_create(bm_policy_net *policy, const bm_space *observation_space, const bm_space *action_space,
                               int hidden_count, const int *hidden, const bm_activation *activation, bm_error *error) {
    const bool gaussian = action_space->kind == BM_BOX;
    if (!gaussian && action_space->size != 1) {
        return bm_invalid(error, "a policy makes one discrete choice a step; this environment wants %d",
                          action_space->size);
    }
    const int outputs = gaussian ? action_space->size : action_space->n;
    *policy = (bm_policy_net){.gaussian = gaussian};
    const bm_status status = bm_net_mlp(&policy->net, bm_space_features(observation_space, BM_ONE_HOT), hidden_count,
                                        hidden, outputs, activation, NULL, error);
    policy->parameters = policy->net.parameters + (gaussian ? (size_t)outputs : 0);
    policy->action_bytes = gaussian ? (size_t)outputs * sizeof(bm_real) : sizeof(int32_t);
    return status;
}

bm_status bm_policy_net_init(const bm_policy_net *policy, bm_init scheme, double log_std, bm_real *params, bm_rng *rng,
                             bm_error *error) {
    for (size_t i = policy->net.parameters; i < policy->parameters; i++) {
        params[i] = (bm_real)log_std;
    }
    return bm_init_net(scheme, output_gain, &policy->net, params, rng, error);
}

/* The network's, and behind it the gradient of the loss with respect to its outputs. */
size_t bm_policy_net_workspace(const bm_policy_net *policy, int batch) {
    return bm_net_workspace(&policy->net, batch) + (size_t)batch * (size_t)policy->net.outputs;
}

static void choose(int n, int actions, bm_real *logits, bm_rng *rng, int32_t *action) {
    if (rng) {
        bm_log_softmax((size_t)n, actions, logits, logits);
    }
    for (int i = 0; i < n; i++, logits += actions) {
        action[i] = rng ? bm_categorical_sample(actions, logits, rng) : bm_argmax(actions, logits);
    }
}

void bm_policy_net_act(const bm_policy_net *policy, const bm_real *params, bm_real *workspace, int n,
                       const bm_real *features, bm_rng *rng, void *action) {
    const int outputs = policy->net.outputs;
    bm_real *output = bm_net_forward(&policy->net, params, workspace, n, features);
    if (!policy->gaussian) {
        choose(n, outputs, output, rng, action);
        return;
    }
    for (int i = 0; rng && i < n; i++) {
        bm_real *mean = output + (size_t)i * (size_t)outputs;
        bm_gaussian_sample(outputs, mean, params + policy->net.parameters, rng, mean);
    }
    memcpy(action, output, (size_t)n * policy->action_bytes);
}

void bm_policy_net_probabilities(const bm_policy_net *policy, const bm_real *params, bm_real *workspace, int n,
                                 const bm_real *features, bm_real *probability) {
    const bm_real *logits = bm_net_forward(&policy->net, params, workspace, n, features);
    bm_softmax((size_t)n, policy->net.outputs, logits, probability);
}

bm_policy_loss bm_policy_net_gradient(const bm_policy_net *policy, const bm_real *params, bm_real *workspace, int n,
                                      const bm_real *features, const void *action, const bm_real *weight,
                                      double ent_coef, bm_real *grad) {
    const bm_net *net = &policy->net;
    const size_t first_log_std = net->parameters;
    bm_real *grad_output = workspace + bm_net_workspace(net, n);
    const bm_real *output = bm_net_forward(net, params, workspace, n, features);
    const bm_policy_loss loss =
        policy->gaussian ? bm_reinforce_gaussian_loss(n, net->outputs, output, params + first_log_std, action, weight,
                                                      ent_coef, grad_output, grad + first_log_std)
                         : bm_reinforce_loss(n, net->outputs, output, action, weight, ent_coef, grad_output);
    bm_net_backward(net, params, workspace, n, features, grad_output, grad, NULL);
    return loss;
}

void bm_policy_net_state(const bm_policy_net *policy, bm_real *params, bm_state *state) {
    bm_net_state(&policy->net, params, state);
    if (policy->gaussian) {
        bm_state_vector(state, "log_std", BM_REAL_DTYPE, params + policy->net.parameters, (size_t)policy->net.outputs);
    }
}

size_t bm_policy_net_r_workspace(const bm_policy_net *policy, int batch) {
    return bm_net_r_workspace(&policy->net, batch);
}

void bm_policy_net_hvp(const bm_policy_net *policy, const bm_real *params, const bm_real *direction, bm_real *workspace,
                       int n, const bm_real *features, const void *action, const bm_real *weight, bm_real *product) {
    const bm_net *net = &policy->net;
    const size_t first_log_std = net->parameters, outputs = (size_t)n * (size_t)net->outputs;
    const bm_real *log_std = params + first_log_std;
    const bm_real *output = bm_net_r_forward(net, params, direction, workspace, n, features);
    bm_real *r_grad_output = workspace + bm_net_workspace(net, 2 * n), *grad_output = r_grad_output + outputs;
    bm_real *r_grad_log_std = product + first_log_std; /* where, before it, the gradient may lie */
    if (policy->gaussian) {
        bm_reinforce_gaussian_loss(n, net->outputs, output, log_std, action, weight, 0, grad_output, r_grad_log_std);
        bm_reinforce_gaussian_loss_r(n, net->outputs, output, log_std, action, weight, output + outputs,
                                     direction + first_log_std, r_grad_output, r_grad_log_std);
    } else {
        bm_reinforce_loss(n, net->outputs, output, action, weight, 0, grad_output);
        bm_reinforce_loss_r(n, net->outputs, output, weight, 0, output + outputs, r_grad_output);
    }
    bm_net_r_backward(net, params, direction, workspace, n, features, r_grad_output, NULL, product);
}
