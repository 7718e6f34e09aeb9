#ifndef BM_TRAIN_ACTOR_H
#define BM_TRAIN_ACTOR_H

/* An agent that plays in a batch, with what belongs to the rows: the state it carries and what it computed with its
 * last actions. The training loop, an evaluation and a window each have one, so that none disturbs another. */
#include "agents/agent.h"

typedef struct {
    bm_agent *agent;
    bm_env_batch *env;
    bm_agent_input input; /* of env as it is now; carried belongs to the actor */
    bm_agent_step step;   /* of bm_actor_train: copies of the input before the step */
    void *computed;       /* [lanes, computed_bytes] */
} bm_actor;

/* Allocates from arena. BM_INVALID: env has more lanes than the agent was created to act on. */
bm_status bm_actor_create(bm_actor *actor, bm_agent *agent, bm_env_batch *env, bm_arena *arena, bm_error *error);
void bm_actor_act(bm_actor *actor, bool explore); /* the agent's actions for every lane, into env */
/* One step of training: acts, steps the environment, lets the agent observe and update. */
void bm_actor_train(bm_actor *actor);
void bm_actor_state(bm_actor *actor,
                    bm_state *state); /* what exact resume needs beside the agent's and the environment's */

#endif
