/* Playing and weighing, step by step; see episode_player.h.
 *
 * Weights are generalised advantages (Schulman et al. 2016):
 *     A_t = d_t + gamma lambda A_{t+1},    d_t = r_t + gamma V(s_{t+1}) - V(s_t)
 * V is a linear function fitted to the returns of these very episodes (meta/linear_baseline.h), or 0. After the last
 * step of an episode it is 0, also where the time limit ended it: it is part of the task, and V knows the time. */
#include "meta/episode_player.h"

#include <math.h>
#include <string.h>

#include "agents/returns.h"
#include "envs/encode.h"

void bm_episodes_create(bm_episodes *episodes, const bm_policy_net *policy, bool masked, size_t rows_most,
                        bm_arena *arena) {
    episodes->action_mask = masked ? BM_NEW(arena, uint8_t, rows_most * (size_t)policy->net.outputs) : NULL;
    episodes->features = BM_NEW(arena, bm_real, rows_most * (size_t)policy->net.inputs);
    episodes->action = bm_arena_alloc(arena, rows_most, policy->action_bytes);
    episodes->weight = BM_NEW(arena, bm_real, rows_most);
}

bm_policy_rows bm_episodes_rows(const bm_episodes *episodes) {
    return (bm_policy_rows){episodes->rows, episodes->features, episodes->action_mask, episodes->action,
                            episodes->weight};
}

void bm_episode_player_create(bm_episode_player *player, const bm_policy_net *policy, int shown_count, int lanes,
                              size_t rows_most, bm_arena *arena) {
    *player = (bm_episode_player){.policy = policy, .shown_count = shown_count};
    player->shown = BM_NEW(arena, bm_real, shown_count);
    player->live = BM_NEW(arena, int32_t, lanes);
    player->rest = BM_NEW(arena, bm_rest_of_episode, lanes);
    player->lane = BM_NEW(arena, int32_t, rows_most);
    player->time = BM_NEW(arena, int32_t, rows_most);
    player->reward = BM_NEW(arena, double, rows_most);
    player->value = BM_NEW(arena, double, rows_most);
    bm_linear_baseline_create(&player->baseline, policy->net.inputs - shown_count, arena);
    player->workspace = BM_NEW(arena, bm_real, bm_policy_net_workspace(policy, (int)rows_most));
}

/* ---- playing ---- */

/* Network inputs for lanes [n] of env. */
static void look(const bm_episode_player *player, const bm_env_batch *env, int n, const int32_t *lanes,
                 bm_real *features) {
    const bm_space *space = &env->observation_space;
    const size_t bytes = bm_space_bytes(space);
    const int inputs = player->policy->net.inputs, seen = inputs - player->shown_count;
    for (int i = 0; i < n; i++, features += inputs) {
        bm_encode(space, BM_ONE_HOT, 1, (const char *)env->observation + (size_t)lanes[i] * bytes, features);
        for (int k = 0; k < player->shown_count; k++) {
            features[seen + k] = player->shown[k];
        }
    }
}

/* Hands over what was chosen for lanes [n] of env. */
static void hand_over(const bm_episode_player *player, bm_env_batch *env, int n, const int32_t *lanes,
                      const unsigned char *chosen) {
    for (int i = 0; i < n; i++, chosen += player->policy->action_bytes) {
        char *action = (char *)env->action + (size_t)lanes[i] * bm_space_bytes(&env->action_space);
        bm_decode_actions(&env->action_space, 1, chosen, action);
    }
}

void bm_episode_player_act(const bm_episode_player *player, bm_env_batch *env, int n, const int32_t *lanes,
                           const bm_real *params, bm_rng *rng, bm_episodes *rows) {
    const bm_policy_net *policy = player->policy;
    bm_real *features = rows->features + (size_t)rows->rows * (size_t)policy->net.inputs;
    unsigned char *action = rows->action + (size_t)rows->rows * policy->action_bytes;
    uint8_t *mask = rows->action_mask ? rows->action_mask + (size_t)rows->rows * (size_t)policy->net.outputs : NULL;
    look(player, env, n, lanes, features);
    for (int i = 0; mask && i < n; i++) {
        const size_t choices = (size_t)policy->net.outputs;
        if (env->action_mask) {
            memcpy(mask + (size_t)i * choices, env->action_mask + (size_t)lanes[i] * choices, choices);
        } else {
            memset(mask + (size_t)i * choices, 1, choices); /* other tasks forbid actions, this one does not */
        }
    }
    const bm_policy_rows asked = {.n = n, .features = features, .action_mask = mask};
    bm_policy_net_act(policy, params, player->workspace, &asked, rng, action);
    hand_over(player, env, n, lanes, action);
}

/* Takes down what a step brought to lanes live [n]. Returns how many go on. */
static int take_down(bm_episode_player *player, const bm_env_batch *env, int n, int time, int row) {
    int going_on = 0;
    for (int i = 0; i < n; i++) {
        const int lane = player->live[i];
        player->lane[row + i] = lane;
        player->time[row + i] = time;
        player->reward[row + i] = env->reward[lane];
        player->live[going_on] = lane;
        going_on += !(env->terminated[lane] | env->truncated[lane]);
    }
    return going_on;
}

double bm_episode_player_play(bm_episode_player *player, bm_env_batch *env, const bm_seed *seed, int count,
                              const bm_real *params, bm_episodes *played) {
    const bm_seed of_lanes = bm_seed_child(seed, 0), of_actions = bm_seed_child(seed, 1);
    bm_rng rng = bm_rng_from(&of_actions);
    bm_env_seed_children(env, &of_lanes);
    bm_env_reset(env);
    for (int lane = 0; lane < count; lane++) {
        player->live[lane] = lane;
    }
    played->rows = 0;
    for (int live = count, time = 0, going_on; live > 0 && bm_env_check(env, NULL) == BM_OK; live = going_on, time++) {
        bm_episode_player_act(player, env, live, player->live, params, &rng, played);
        bm_env_step(env);
        going_on = take_down(player, env, live, time, played->rows);
        played->rows += live;
    }
    double total = 0;
    for (int r = 0; r < played->rows; r++) {
        total += player->reward[r];
    }
    return bm_env_check(env, NULL) == BM_OK ? total / count : NAN;
}

/* ---- weighing ---- */

/* V of every row, from its returns. */
static void estimate(bm_episode_player *player, double gamma, const bm_episodes *played) {
    const bm_baseline_rows rows = {played->rows, (size_t)player->policy->net.inputs, played->features, player->time};
    for (int r = rows.n - 1; r >= 0; r--) {
        double *rest = &player->rest[player->lane[r]].sum;
        player->value[r] = *rest = player->reward[r] + gamma * *rest;
    }
    bm_linear_baseline_fit(&player->baseline, &rows, player->value);
    bm_linear_baseline_expect(&player->baseline, &rows, player->value);
}

void bm_episode_player_weigh(bm_episode_player *player, const bm_advantages *advantages, bm_episodes *played) {
    const double gamma = advantages->gamma;
    const int n = played->rows;
    for (int r = 0; r < n; r++) {
        player->rest[player->lane[r]] = (bm_rest_of_episode){0};
        player->value[r] = 0;
    }
    if (advantages->baseline) {
        estimate(player, gamma, played);
    }
    for (int r = n - 1; r >= 0; r--) {
        bm_rest_of_episode *rest = &player->rest[player->lane[r]];
        const double surprise = player->reward[r] + gamma * rest->value - player->value[r];
        rest->advantage = surprise + gamma * advantages->gae_lambda * rest->advantage;
        rest->value = player->value[r];
        played->weight[r] = (bm_real)rest->advantage;
    }
    if (advantages->normalize) {
        bm_normalize((size_t)n, NULL, played->weight);
    }
    for (int r = 0; r < n && advantages->scale != 1; r++) {
        played->weight[r] *= (bm_real)advantages->scale;
    }
}
