#ifndef BM_AGENTS_AGENT_H
#define BM_AGENTS_AGENT_H

/* Agents are four verbs: act, observe, update, and state. On-policy and off-policy differ inside update, not in the
 * training loop. What belongs to the rows that an agent acts on belongs to the caller (train/actor.h). */
#include "core/arena.h"
#include "core/option.h"
#include "core/real.h"
#include "core/rng.h"
#include "core/state.h"
#include "envs/env.h"
#include "replay/replay.h"

typedef struct bm_agent bm_agent;

/* Rows to act on; each is a lane of some batch. */
typedef struct {
    int n;
    bool explore;                 /* as in training; otherwise the deterministic policy */
    const void *observation;      /* [n, observation bytes] */
    const uint8_t *action_mask;   /* [n, action_space.n] 1: allowed; NULL: every action is */
    const uint8_t *episode_start; /* [n] 1: the observation begins an episode */
    bm_real *carried;             /* [n, agent->carried] state of a recurrent policy: before act, and after it */
    int carried_width;            /* agent->carried, which bm_agent_check compares */
} bm_agent_input;

/* One step of the training batch, as observe sees it. */
typedef struct {
    bm_agent_input input;    /* what the actions were chosen on; carried as it was before */
    const void *computed;    /* [lanes, agent->computed_bytes] what act wrote beside the actions */
    const bm_env_batch *env; /* after the step: actions, rewards, endings, final and next observations */
} bm_agent_step;

typedef struct {
    const char *name, *summary, *source; /* "dqn", one line, the paper */
    bm_options options;
    size_t self_bytes;               /* of agent->self, which is zero when create is called */
    const char *const *metric_names; /* of agent->metric, NULL at the end; NAN where nothing is known yet */
    /* Checks that the spaces can be served, says why not, sets carried and computed_bytes, and allocates everything
     * from agent->arena. */
    bm_status (*create)(bm_agent *agent, bm_error *error);
    /* Actions for the rows of input: action [n, action_space.size] of action_space.dtype. computed [n, computed_bytes],
     * or NULL: not wanted. Without explore a row does not depend on the other rows, and the agent's state stays as it
     * is. */
    void (*act)(bm_agent *agent, const bm_agent_input *input, void *action, void *computed);
    void (*observe)(bm_agent *agent, const bm_agent_step *step); /* after every step of the training batch */
    void (*update)(bm_agent *agent); /* learns when it is time to; called after every observe */
    void (*state)(bm_agent *agent, bm_state *state);
    bm_replay *(*replay)(bm_agent *agent); /* NULL, or the buffer that is saved in its own file */
    /* What the deterministic policy thinks of n <= max_rows rows, for people: preference [n, action_space.n], larger is
     * better, called preference_name ("Q-value", "probability"), of a discrete space (a box has none: it is not
     * written), NAN where the mask forbids; value [n], NAN where the agent has no estimate. Reads carried and leaves
     * it. */
    void (*inspect)(bm_agent *agent, const bm_agent_input *input, bm_real *preference, bm_real *value);
    const char *preference_name;
} bm_agent_type;

struct bm_agent {
    const bm_agent_type *type;
    void *config;   /* type's config struct; a copy, in which live options may change between two updates */
    bool acts_only; /* cannot learn: has its networks and what acting needs, no more */
    bm_space observation_space, action_space;
    bool masked;  /* environments forbid actions */
    int lanes;    /* of the training batch */
    int max_rows; /* most rows act is called with */
    int max_episode_steps;
    int carried;           /* reals of a recurrent policy's state for a row; 0: none */
    size_t computed_bytes; /* that act computes with an action and observe wants back; 0: none */
    int64_t total_steps;   /* of the whole training, for schedules */
    int64_t steps;         /* environment steps observed so far, over all lanes */
    int64_t updates;       /* optimizer steps so far */
    bm_rng explore_rng, sample_rng, init_rng;
    int metrics;
    double *metric; /* [metrics] */
    bool diverged;  /* an update's loss or gradient was not finite: nothing sensible follows */
    void *self;     /* [self_bytes] the type's own */
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

/* BM_INVALID: a table of options that contradicts itself (bm_options_check), or spaces that the agent cannot serve. */
bm_status bm_agent_create(bm_agent **agent, const bm_agent_setup *setup, bm_error *error);
void bm_agent_destroy(bm_agent *agent); /* NULL is fine */
/* Whether the agent can act on such rows. BM_INVALID: too many, a carried state of another size, or masks where the
 * agent was created for an environment without. A bm_actor's always pass. */
bm_status bm_agent_check(const bm_agent *agent, const bm_agent_input *input, bm_error *error);
void bm_agent_act(bm_agent *agent, const bm_agent_input *input, void *action, void *computed);
void bm_agent_observe(bm_agent *agent, const bm_agent_step *step);
void bm_agent_update(bm_agent *agent);
void bm_agent_state(bm_agent *agent, bm_state *state);
void bm_agent_inspect(bm_agent *agent, const bm_agent_input *input, bm_real *preference, bm_real *value);
bm_replay *bm_agent_replay(bm_agent *agent);      /* NULL: none */
double bm_agent_remaining(const bm_agent *agent); /* share of training still to come, 1 to 0 */

/* The registry: agent_list.h. */
extern const bm_agent_type *const bm_agent_types[];                                       /* NULL at the end */
const char *bm_agent_name(int i);                                                         /* NULL: no more */
bm_status bm_agent_lookup(const char *name, const bm_agent_type **type, bm_error *error); /* with a suggestion */

#endif
