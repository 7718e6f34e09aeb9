#ifndef BM_AGENTS_AGENT_H
#define BM_AGENTS_AGENT_H

/* Agents are four verbs: act, observe, update, and state. On-policy and off-policy differ inside update, not in the
 * training loop. */
#include "core/arena.h"
#include "core/option.h"
#include "core/real.h"
#include "core/rng.h"
#include "core/state.h"
#include "envs/env.h"
#include "optim/lr_schedule.h"
#include "optim/optim.h"
#include "replay/replay.h"

typedef struct bm_agent bm_agent;

enum { BM_AGENT_METRICS = 12 };

typedef struct {
    const char *name, *summary, *source; /* "dqn", one line, the paper */
    bm_options options;
    const char *const *metric_names; /* of agent->metric, NULL at the end; NAN where nothing is known yet */
    /* Checks that the spaces can be served, says why not, and allocates everything from agent->arena. */
    bm_status (*create)(bm_agent *agent, bm_error *error);
    /* Actions for n rows of observations into index [n] or, for box spaces, action [n, size]. explore: as in training; otherwise
     * the deterministic policy. A greedy row does not depend on the other rows and leaves the agent's state alone. */
    void (*act)(bm_agent *agent, int n, const void *observation, bool explore, int32_t *index, float *action);
    /* After every step of the training batch: observation is what the actions were chosen on. */
    void (*observe)(bm_agent *agent, const void *observation, const bm_env_batch *batch);
    /* Learns when it is time to; called after every observe. */
    void (*update)(bm_agent *agent);
    void (*state)(bm_agent *agent, bm_state *state);
    bm_replay *(*replay)(bm_agent *agent); /* NULL, or the buffer that is saved in its own file */
    /* What the policy thinks of n <= max_rows observations, for people: preference [n, actions], larger is better, called
     * preference_name ("Q-value", "probability"), of a discrete space (a box has none: it is not written); value
     * [n], NAN where the agent has no estimate. Of the deterministic policy. */
    void (*inspect)(bm_agent *agent, int n, const void *observation, bm_real *preference, bm_real *value);
    const char *preference_name;
} bm_agent_type;

struct bm_agent {
    const bm_agent_type *type;
    void *config;   /* type's config struct; a copy, in which bm_agent_set changes live options */
    bool acts_only; /* cannot learn: has its networks and what acting needs, no more */
    bm_space observation_space, action_space;
    int lanes;    /* of the training batch */
    int max_rows; /* most rows act is called with */
    int max_episode_steps;
    int64_t total_steps; /* of the whole training, for schedules */
    int64_t steps;       /* environment steps observed so far, over all lanes */
    int64_t updates;     /* optimizer steps so far */
    bm_rng explore_rng, sample_rng, init_rng;
    double metric[BM_AGENT_METRICS];
    bool diverged; /* an update's loss or gradient was not finite: nothing sensible follows */
    void *self;    /* the type's own */
    bm_arena arena;
};

typedef struct {
    const bm_agent_type *type;
    const void *config;        /* NULL: the defaults */
    const bm_env_batch *batch; /* spaces and lanes are taken from it */
    int max_rows;              /* 0: the batch's lanes */
    int64_t total_steps;
    bm_seed seed;   /* parent of the agent's own streams */
    bool acts_only; /* to play with trained networks: no optimizer, no buffers; observe and update must not be called */
} bm_agent_setup;

bm_status bm_agent_create(bm_agent **agent, const bm_agent_setup *setup, bm_error *error);
void bm_agent_destroy(bm_agent *agent); /* NULL is fine */
void bm_agent_act(bm_agent *agent, int n, const void *observation, bool explore, void *action);
void bm_agent_observe(bm_agent *agent, const void *observation, const bm_env_batch *batch);
void bm_agent_update(bm_agent *agent);
void bm_agent_state(bm_agent *agent, bm_state *state);
void bm_agent_inspect(bm_agent *agent, int n, const void *observation, bm_real *preference, bm_real *value);
/* Changes a hyperparameter between two updates. BM_INVALID: unknown, not one that may change while training, out of range. */
bm_status bm_agent_set(bm_agent *agent, const char *key, const char *value, bm_error *error);
bm_replay *bm_agent_replay(bm_agent *agent);      /* NULL: none */
double bm_agent_remaining(const bm_agent *agent); /* share of training still to come, 1 to 0 */
/* The learning rate in force: rate, or, by a schedule other than constant (of bm_lr_schedule_kinds), rate's first value as after so many
 * epochs of a hundred. Hands the momentum that the schedule wants to optim. */
double bm_agent_learning_rate(const bm_agent *agent, bm_schedule rate, const bm_variant *schedule, bm_optim *optim);

/* The registry: agent_list.h. */
extern const bm_agent_type *const bm_agent_types[];                                       /* NULL at the end */
bm_status bm_agent_lookup(const char *name, const bm_agent_type **type, bm_error *error); /* with a suggestion */

#endif
