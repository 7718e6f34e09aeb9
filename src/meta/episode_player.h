#ifndef BM_META_EPISODE_PLAYER_H
#define BM_META_EPISODE_PLAYER_H

/* Episodes of one task as a policy plays them, side by side, one in each lane of a batch; and the weights that their
 * steps have in REINFORCE's loss. Only lanes whose episode goes on are shown to the policy. */
#include "agents/policy.h"
#include "envs/env.h"
#include "meta/linear_baseline.h"

/* Episodes as the loss reads them: a row is a step of one of them, in order of time, then of lanes. */
typedef struct {
    int rows;
    bm_real *features;     /* [rows, net.inputs] */
    uint8_t *action_mask;  /* [rows, net.outputs]; NULL: every action is always allowed */
    unsigned char *action; /* [rows, action_bytes] */
    bm_real *weight;       /* [rows] */
} bm_episodes;

/* masked: the environment has action masks. Check the arena afterwards. */
void bm_episodes_create(bm_episodes *episodes, const bm_policy_net *policy, bool masked, size_t rows_most,
                        bm_arena *arena);
bm_policy_rows bm_episodes_rows(const bm_episodes *episodes); /* to learn from */

/* What weights are made of. */
typedef struct {
    double gamma, gae_lambda;
    bool baseline, normalize;
    double scale; /* of all weights, at the end */
} bm_advantages;

/* Of the rest of a lane's episode, when it is gone through from its end. */
typedef struct {
    double sum; /* the discounted return */
    double value, advantage;
} bm_rest_of_episode;

typedef struct {
    const bm_policy_net *policy;
    int shown_count;
    bm_real *shown;           /* [shown_count] what the policy sees behind every observation; the caller fills it */
    int32_t *live;            /* [lanes] whose episode goes on */
    bm_rest_of_episode *rest; /* [lanes] */
    int32_t *lane, *time;     /* [rows] of the episodes played last */
    double *reward, *value;   /* [rows] the same */
    bm_linear_baseline baseline;
    bm_real *workspace; /* the policy's, for rows_most */
} bm_episode_player;

void bm_episode_player_create(bm_episode_player *player, const bm_policy_net *policy, int shown_count, int lanes,
                              size_t rows_most, bm_arena *arena); /* check the arena afterwards */
/* Draws actions for lanes [n] of env, at most as many as the player has, and notes down what they were chosen on and
 * what was chosen behind the rows that are there already, without counting it in. */
void bm_episode_player_act(const bm_episode_player *player, bm_env_batch *env, int n, const int32_t *lanes,
                           const bm_real *params, bm_rng *rng, bm_episodes *rows);
/* Plays one episode in each of the first count lanes; everything random comes from seed. Returns their mean
 * undiscounted return; NAN where the environment failed on the way (bm_env_check). */
double bm_episode_player_play(bm_episode_player *player, bm_env_batch *env, const bm_seed *seed, int count,
                              const bm_real *params, bm_episodes *played);
/* Weighs the episodes just played. */
void bm_episode_player_weigh(bm_episode_player *player, const bm_advantages *advantages, bm_episodes *played);

#endif
