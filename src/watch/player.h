#ifndef BM_WATCH_PLAYER_H
#define BM_WATCH_PLAYER_H

/* Somebody plays episodes to be looked at: an agent, chance, or a person, in an environment apart from any training. */
#include <stdbool.h>

#include "envs/env.h"
#include "train/actor.h"

enum { BM_PLAYER_ACTIONS = 16 }; /* most whose preference is kept for bars */

typedef struct {
    bm_env_batch *env;   /* one lane */
    bm_actor actor;      /* of agent in env */
    bm_agent *agent;     /* NULL: uniformly random actions; belongs to the caller */
    bool explore;        /* the agent acts as in training */
    uint64_t first_seed; /* episode i starts from default_rng(first_seed + i), as in bm_evaluate */
    int64_t episode;     /* the one being played, from 0 */
    bool at_end;         /* it has ended, and its last state shows */
    int64_t ended;       /* episodes that came to their end; those given up do not count */
    double returns, squares, lengths, least, best; /* over ended episodes: sums, the smallest and the largest return */
    int preferences;                               /* actions in preference; 0: none */
    bm_real preference[BM_PLAYER_ACTIONS];
    int32_t action; /* the last one, discrete */

    bm_actor prober;     /* of agent in probe, where it always begins an episode */
    bm_env_batch *probe; /* lanes for asking about many states at once; NULL: no model */
    int states;
    double *state_value;   /* [states] */
    int32_t *state_action; /* [states] */
    bm_real *probe_preference, *probe_value;
    bm_rng rng;
    bm_arena arena;
} bm_player;

/* agent (NULL, or acts for this environment with max_rows >= BM_PLAYER_ROWS) must outlive the player. Starts the first
 * episode. */
enum { BM_PLAYER_ROWS = 64 };
bm_status bm_player_create(bm_player **player, const bm_env_type *type, const void *config, bm_agent *agent,
                           uint64_t first_seed, bm_error *error);
void bm_player_destroy(bm_player *player); /* NULL is fine */

double bm_player_return(const bm_player *player);
int bm_player_length(const bm_player *player);

void bm_player_step(bm_player *player);                 /* the next step or, at the end, the next episode's start */
void bm_player_take(bm_player *player, int32_t action); /* the same with a person's action */
void bm_player_next(bm_player *player);                 /* gives the episode up and starts the next */
void bm_player_think(bm_player *player);                /* preference for what is seen now */
/* Values and preferred actions over the environment's states, where it is a finite table: the agent's own estimates or,
 * where it makes none, the exact values of its deterministic policy with discount 0.99. */
void bm_player_survey(bm_player *player);
const bm_env_policy_view *bm_player_view(const bm_player *player, bm_env_policy_view *view); /* NULL: none */

#endif
