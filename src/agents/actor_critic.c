/* The networks of policy-gradient agents; see actor_critic.h. */
#include "agents/actor_critic.h"

#include <math.h>

#include "envs/encode.h"

bm_status bm_actor_critic_create(bm_actor_critic *networks, bm_agent *agent, const bm_actor_critic_setup *setup,
                                 bm_error *error) {
    const bm_network_config *network = setup->network;
    bm_policy_net *policy = &networks->net;
    BM_TRY(bm_policy_net_create(policy, &agent->observation_space, &agent->action_space, &network->net_arch,
                                bm_activations[network->activation], error));
    agent->computed_bytes = policy->action_bytes;
    networks->input = BM_NEW(&agent->arena, bm_real, (size_t)agent->max_rows * (size_t)policy->net.inputs);
    bm_trainable_setup trainable = {
        .net = &policy->net,
        .network = network,
        .output_gain = bm_policy_output_gain,
        .more = policy->parameters - policy->net.parameters,
        .more_name = "log_std",
        .more_initial = setup->log_std_init,
        .parts = true,
        .rows = agent->acts_only || setup->rows < agent->max_rows ? agent->max_rows : setup->rows,
        .learning = setup->learning,
    };
    BM_TRY(bm_trainable_create(&networks->policy, agent, &trainable, error));
    if (!setup->value_rate) {
        return BM_OK;
    }
    bm_net value;
    trainable.net = &value;
    trainable.output_gain = 1;
    trainable.more = 0;
    trainable.rate = setup->value_rate;
    networks->critic = &networks->value;
    BM_TRY(bm_network_create(&value, network, policy->net.inputs, 1, error));
    return bm_trainable_create(&networks->value, agent, &trainable, error);
}

static bm_policy_rows rows_of(bm_actor_critic *networks, const bm_agent *agent, const bm_agent_input *input) {
    bm_encode(&agent->observation_space, BM_ONE_HOT, input->n, input->observation, networks->input);
    return (bm_policy_rows){.n = input->n, .features = networks->input, .action_mask = input->action_mask};
}

void bm_actor_critic_act(bm_actor_critic *networks, bm_agent *agent, const bm_agent_input *input, void *action,
                         void *computed) {
    const bm_policy_rows rows = rows_of(networks, agent, input);
    void *chosen = computed ? computed : networks->policy.grad_output;
    bm_policy_net_act(&networks->net, networks->policy.params, networks->policy.workspace, &rows,
                      input->explore ? &agent->explore_rng : NULL, chosen);
    bm_decode_actions(&agent->action_space, input->n, chosen, action);
}

void bm_actor_critic_inspect(bm_actor_critic *networks, const bm_agent *agent, const bm_agent_input *input,
                             bm_real *preference, bm_real *value) {
    const bm_policy_rows rows = rows_of(networks, agent, input);
    const int choices = networks->net.gaussian ? 0 : input->n * agent->action_space.n;
    if (choices > 0) {
        bm_policy_net_probabilities(&networks->net, networks->policy.params, networks->policy.workspace, &rows,
                                    preference);
    }
    for (int i = 0; input->action_mask && i < choices; i++) {
        preference[i] = input->action_mask[i] ? preference[i] : (bm_real)NAN;
    }
    bm_trainable *critic = networks->critic;
    const bm_real *estimated = critic ? bm_trainable_forward(critic, critic->params, rows.n, rows.features) : NULL;
    for (int i = 0; i < input->n; i++) {
        value[i] = estimated ? estimated[i] : (bm_real)NAN;
    }
}

void bm_actor_critic_state(bm_actor_critic *networks, const bm_agent *agent, bm_state *state) {
    bm_trainable_state(&networks->policy, agent, "policy", state);
    if (networks->critic) {
        bm_trainable_state(networks->critic, agent, "value", state);
    }
}
