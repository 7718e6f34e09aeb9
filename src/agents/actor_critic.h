#ifndef BM_AGENTS_ACTOR_CRITIC_H
#define BM_AGENTS_ACTOR_CRITIC_H

/* The networks of policy-gradient agents: a policy and, where it is wanted, a critic V(s) of the same shape. */
#include "agents/policy.h"
#include "agents/trainable.h"

typedef struct {
    bm_policy_net net; /* the policy's distribution; its parameters are policy.params */
    bm_trainable policy;
    bm_trainable value;   /* only where there is a critic */
    bm_trainable *critic; /* &value, or NULL */
    bm_real *input;       /* [max_rows, features] of act */
} bm_actor_critic;

typedef struct {
    const bm_network_config *network;
    const bm_learning_config *learning;
    const bm_schedule *value_rate; /* learning rate of the critic; NULL: no critic */
    double log_std_init;           /* of a box */
    int rows;                      /* most rows that are learned from at once */
} bm_actor_critic_setup;

/* Sets agent->computed_bytes to the bytes of an action as the policy chose it, which act hands to observe: the density
 * is that of what was drawn, not of what the box made of it. BM_INVALID: an action space that no policy serves. */
bm_status bm_actor_critic_create(bm_actor_critic *networks, bm_agent *agent, const bm_actor_critic_setup *setup,
                                 bm_error *error);
/* As an agent's verbs of the same names. */
void bm_actor_critic_act(bm_actor_critic *networks, bm_agent *agent, const bm_agent_input *input, void *action,
                         void *computed);
void bm_actor_critic_inspect(bm_actor_critic *networks, const bm_agent *agent, const bm_agent_input *input,
                             bm_real *preference, bm_real *value);
void bm_actor_critic_state(bm_actor_critic *networks, const bm_agent *agent, bm_state *state);

#endif
