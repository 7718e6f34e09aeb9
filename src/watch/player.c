/* See player.h. Steps without autoreset, so that the last state of an episode can be seen. */
#include "watch/player.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "envs/exact.h"

enum { SURVEY_STATES = 10000, EXACT_STATES = 1024 };

static void start_episode(bm_player *player) {
    const bm_seed seed = bm_seed_of(player->first_seed + (uint64_t)player->episode);
    player->env->rng[0] = bm_rng_from(&seed);
    bm_env_reset(player->env);
    bm_player_think(player);
}

static bm_status create_probe(bm_player *player, bm_error *error) {
    const bm_env_batch *env = player->env;
    const int states = env->type->model ? env->type->model->states(env) : 0;
    if (states == 0 || states > SURVEY_STATES || env->action_space.kind != BM_DISCRETE) {
        return BM_OK;
    }
    player->states = states;
    player->state_value = BM_NEW(&player->arena, double, states);
    player->state_action = BM_NEW(&player->arena, int32_t, states);
    player->probe_preference = BM_NEW(&player->arena, bm_real, BM_PLAYER_ROWS * env->action_space.n);
    player->probe_value = BM_NEW(&player->arena, bm_real, BM_PLAYER_ROWS);
    BM_TRY(bm_env_create(&player->probe, env->type, env->config, BM_PLAYER_ROWS, error));
    memset(player->probe->episode_start, 1, BM_PLAYER_ROWS);
    return bm_actor_create(&player->prober, player->agent, player->probe, &player->arena, error);
}

bm_status bm_player_create(bm_player **result, const bm_env_type *type, const void *config, bm_agent *agent,
                           uint64_t first_seed, bm_error *error) {
    bm_player *player = calloc(1, sizeof *player);
    if (!player) {
        return bm_fail(error, "not enough memory to play");
    }
    player->agent = agent;
    player->first_seed = first_seed;
    player->least = INFINITY;
    player->best = -INFINITY;
    player->rng = bm_rng_seeded(first_seed);
    bm_status status = bm_env_create(&player->env, type, config, 1, error);
    if (status == BM_OK && agent) {
        status = bm_actor_create(&player->actor, agent, player->env, &player->arena, error);
    }
    if (status == BM_OK && agent) {
        status = create_probe(player, error);
    }
    if (status != BM_OK) {
        bm_player_destroy(player);
        return status;
    }
    const bm_space *actions = &player->env->action_space;
    const bool few = actions->kind == BM_DISCRETE && actions->size == 1 && actions->n <= BM_PLAYER_ACTIONS;
    player->preferences = agent && few ? actions->n : 0;
    start_episode(player);
    bm_player_survey(player);
    *result = player;
    return BM_OK;
}

void bm_player_destroy(bm_player *player) {
    if (player) {
        bm_env_destroy(player->env);
        bm_env_destroy(player->probe);
        bm_arena_free(&player->arena);
        free(player);
    }
}

double bm_player_return(const bm_player *player) {
    return player->env->episode_return[0];
}

int bm_player_length(const bm_player *player) {
    return player->env->elapsed[0];
}

/* The action is in the batch. */
static void advance(bm_player *player) {
    bm_env_batch *env = player->env;
    player->action = env->action_space.kind == BM_DISCRETE ? *(const int32_t *)env->action : 0;
    bm_env_advance(env);
    if (env->ended_count > 0) {
        const double score = bm_player_return(player);
        player->at_end = true;
        player->ended++;
        player->returns += score;
        player->squares += score * score;
        player->lengths += bm_player_length(player);
        player->least = fmin(player->least, score);
        player->best = fmax(player->best, score);
    }
    bm_player_think(player);
}

void bm_player_step(bm_player *player) {
    bm_env_batch *env = player->env;
    if (player->at_end) {
        bm_player_next(player);
    } else {
        if (player->agent) {
            bm_actor_act(&player->actor, player->explore);
        } else {
            bm_env_sample_actions(env, &player->rng);
        }
        advance(player);
    }
}

void bm_player_take(bm_player *player, int32_t action) {
    if (player->at_end) {
        bm_player_next(player);
    } else if (!player->env->action_mask || player->env->action_mask[action]) {
        *(int32_t *)player->env->action = action;
        advance(player);
    }
}

void bm_player_next(bm_player *player) {
    player->episode++;
    player->at_end = false;
    start_episode(player);
}

void bm_player_think(bm_player *player) {
    bm_real value;
    if (player->preferences > 0) {
        bm_agent_inspect(player->agent, &player->actor.input, player->preference, &value);
    }
}

/* Where nothing happens any more there is nothing to value. */
static bool lives(const bm_player *player, int state) {
    bm_outcome outcomes[BM_OUTCOMES_MAX];
    return player->env->type->model->outcomes(player->env, state, 0, outcomes) > 0;
}

static int32_t preferred(const bm_real *preference, int actions) {
    int32_t best = 0;
    for (int a = 1; a < actions; a++) {
        best = preference[a] > preference[best] || isnan(preference[best]) ? a : best; /* NAN: not allowed */
    }
    return best;
}

void bm_player_survey(bm_player *player) {
    bm_env_batch *probe = player->probe;
    if (!probe) {
        return;
    }
    const int actions = probe->action_space.n;
    bool estimates = true;
    for (int first = 0; first < player->states; first += BM_PLAYER_ROWS) {
        const int count = player->states - first < BM_PLAYER_ROWS ? player->states - first : BM_PLAYER_ROWS;
        for (int i = 0; i < count; i++) {
            probe->type->model->place(probe, i, first + i);
        }
        bm_env_observe(probe, 0, count);
        bm_agent_input input = player->prober.input;
        input.n = count;
        bm_agent_inspect(player->agent, &input, player->probe_preference, player->probe_value);
        for (int i = 0; i < count; i++) {
            player->state_action[first + i] = preferred(player->probe_preference + (ptrdiff_t)i * actions, actions);
            player->state_value[first + i] = (double)player->probe_value[i];
            estimates &= !isnan(player->probe_value[i]);
        }
    }
    if (!estimates && player->states <= EXACT_STATES) {
        double start;
        bm_exact_policy(player->env, player->state_action, 0.99, 0, &start, player->state_value, NULL);
    }
    for (int s = 0; s < player->states; s++) {
        player->state_value[s] = lives(player, s) ? player->state_value[s] : NAN;
    }
}

const bm_env_policy_view *bm_player_view(const bm_player *player, bm_env_policy_view *view) {
    *view = (bm_env_policy_view){.value = player->state_value, .action = player->state_action};
    return player->probe ? view : NULL;
}
