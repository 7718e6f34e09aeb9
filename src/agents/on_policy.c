/* The on-policy skeleton; see on_policy.h. */
#include "agents/on_policy.h"

#include <string.h>

#include "agents/returns.h"
#include "envs/encode.h"

enum { MOST_ROWS = 1 << 28 };

bm_status bm_on_policy_create(bm_on_policy *on, bm_agent *agent, int capacity, int minibatch, bm_error *error) {
    bm_arena *arena = &agent->arena;
    const int64_t all = (int64_t)capacity * agent->lanes;
    if (all > MOST_ROWS) {
        return bm_invalid(error, "a rollout of %d steps in %d environments is larger than %d steps", capacity,
                          agent->lanes, MOST_ROWS);
    }
    const size_t rows = (size_t)all, n = (size_t)minibatch;
    bm_rollout_create(&on->rollout, &agent->observation_space, &agent->action_space, agent->masked,
                      agent->computed_bytes, capacity, agent->lanes, arena);
    on->value = BM_NEW(arena, bm_real, rows);
    on->next_value = BM_NEW(arena, bm_real, rows);
    on->advantage = BM_NEW(arena, bm_real, rows);
    on->target = BM_NEW(arena, bm_real, rows);
    on->row = BM_NEW(arena, int32_t, rows);
    on->minibatch = minibatch;
    on->features = bm_space_features(&agent->observation_space, BM_ONE_HOT);
    on->input = BM_NEW(arena, bm_real, n * (size_t)on->features);
    on->action_mask = agent->masked ? BM_NEW(arena, uint8_t, n * (size_t)agent->action_space.n) : NULL;
    on->computed = bm_arena_alloc(arena, n, agent->computed_bytes);
    on->weight = BM_NEW(arena, bm_real, n);
    on->wanted = BM_NEW(arena, bm_real, n);
    return BM_OK;
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* The critic's value [rows] of observations that lie one after another. */
static void estimate(bm_on_policy *on, const bm_agent *agent, bm_trainable *critic, int rows,
                     const unsigned char *observation, bm_real *value) {
    for (int first = 0; first < rows; first += on->minibatch) {
        const int n = smaller(on->minibatch, rows - first);
        bm_encode(&agent->observation_space, BM_ONE_HOT, n, observation + (size_t)first * on->rollout.observation_bytes,
                  on->input);
        memcpy(value + first, bm_trainable_forward(critic, critic->params, n, on->input), (size_t)n * sizeof *value);
    }
}

void bm_on_policy_observe(bm_on_policy *on, const bm_agent *agent, const bm_agent_step *step, bm_trainable *critic) {
    const bm_env_batch *env = step->env;
    const size_t row = (size_t)on->rollout.steps * (size_t)env->lanes, bytes = on->rollout.observation_bytes;
    bm_rollout_add(&on->rollout, step->input.observation, step->input.action_mask, step->computed, env);
    for (int e = 0; critic && e < env->ended_count; e++) {
        const size_t lane = (size_t)env->ended[e];
        if (!env->terminated[lane]) {
            const unsigned char *successor = (const unsigned char *)env->final_observation + lane * bytes;
            estimate(on, agent, critic, 1, successor, &on->next_value[row + lane]);
        }
    }
}

void bm_on_policy_weigh(bm_on_policy *on, const bm_agent *agent, bm_trainable *critic, double gamma, double lambda) {
    const bm_rollout *rollout = &on->rollout;
    const int rows = rollout->steps * rollout->lanes;
    if (critic) {
        estimate(on, agent, critic, rows, rollout->observation, on->value);
    }
    for (int row = rows - rollout->lanes; critic && row < rows; row++) { /* what follows the last step */
        if (!rollout->terminated[row] && !rollout->truncated[row]) {
            const size_t next = (size_t)(row + rollout->lanes) * rollout->observation_bytes;
            estimate(on, agent, critic, 1, rollout->observation + next, &on->next_value[row]);
        }
    }
    bm_gae(rollout->steps, rollout->lanes, gamma, lambda, rollout->reward, critic ? on->value : NULL,
           critic ? on->next_value : NULL, rollout->terminated, rollout->truncated, on->advantage);
    for (int i = 0; i < rows; i++) {
        on->target[i] = on->advantage[i] + (critic ? on->value[i] : 0);
    }
}

int bm_on_policy_take(bm_on_policy *on, const bm_agent *agent, int first) {
    const bm_rollout *rollout = &on->rollout;
    on->n = smaller(on->minibatch, on->rows - first);
    for (int i = 0; i < on->n; i++) {
        const size_t row = (size_t)on->row[first + i], at = (size_t)i;
        bm_encode(&agent->observation_space, BM_ONE_HOT, 1, rollout->observation + row * rollout->observation_bytes,
                  on->input + at * (size_t)on->features);
        memcpy(on->computed + at * rollout->computed_bytes, rollout->computed + row * rollout->computed_bytes,
               rollout->computed_bytes);
        if (on->action_mask) {
            memcpy(on->action_mask + at * rollout->mask_bytes, rollout->action_mask + row * rollout->mask_bytes,
                   rollout->mask_bytes);
        }
        on->weight[i] = on->advantage[row];
        on->wanted[i] = on->target[row];
    }
    return first + on->n;
}

void bm_on_policy_state(bm_on_policy *on, bm_state *state) {
    const bm_rollout *rollout = &on->rollout;
    bm_rollout_state(&on->rollout, state);
    bm_state_vector(state, "next_value", BM_REAL_DTYPE, on->next_value,
                    (size_t)rollout->capacity * (size_t)rollout->lanes);
}
