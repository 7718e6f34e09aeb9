#ifndef BM_AGENTS_ON_POLICY_H
#define BM_AGENTS_ON_POLICY_H

/* What on-policy agents share: a rollout, advantages, and minibatches of its rows. Observations are stored once, as the
 * environment gave them, and become network inputs minibatch by minibatch, so that networks need workspace for a
 * minibatch alone. */
#include "agents/trainable.h"
#include "replay/rollout.h"

typedef struct {
    bm_rollout rollout;
    bm_real *value, *next_value; /* [capacity, lanes] as bm_gae takes them; with a critic */
    bm_real *advantage, *target; /* [capacity, lanes]; what a critic is fitted to is advantage + value */
    int32_t *row; /* [rows] those to learn from, in the order of the minibatches; the agent chooses them */
    int rows;
    int minibatch; /* most rows of one */
    /* the minibatch being worked on */
    int n, features;
    bm_real *input;           /* [n, features] */
    uint8_t *action_mask;     /* [n, action_space.n], or NULL */
    unsigned char *computed;  /* [n, computed_bytes] */
    bm_real *weight, *wanted; /* [n] advantage and target of the rows */
} bm_on_policy;

/* For up to capacity steps of every lane; agent->computed_bytes is known. BM_INVALID: more rows than can be
 * numbered. */
bm_status bm_on_policy_create(bm_on_policy *on, bm_agent *agent, int capacity, int minibatch, bm_error *error);
/* Appends a step. critic: NULL, or the network whose value of the true successor is needed where an episode was
 * truncated. */
void bm_on_policy_observe(bm_on_policy *on, const bm_agent *agent, const bm_agent_step *step, bm_trainable *critic);
/* Values by the critic, advantages and targets of all steps; without a critic values are 0. */
void bm_on_policy_weigh(bm_on_policy *on, const bm_agent *agent, bm_trainable *critic, double gamma, double lambda);
/* What exact resume needs: the rollout, and the values that were found on the way. */
void bm_on_policy_state(bm_on_policy *on, bm_state *state);
/* Gathers the minibatch that begins at row[first]; the next begins at the number returned. */
int bm_on_policy_take(bm_on_policy *on, const bm_agent *agent, int first);

#endif
