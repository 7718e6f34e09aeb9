/* On-policy experience, appended step by step and used once. */
#include "replay/rollout.h"

#include <string.h>

void bm_rollout_create(bm_rollout *rollout, const bm_space *observation_space, const bm_space *action_space,
                       bool masked, size_t computed_bytes, int capacity, int lanes, bm_arena *arena) {
    const size_t rows = (size_t)capacity * (size_t)lanes, and_next = rows + (size_t)lanes;
    *rollout = (bm_rollout){
        .capacity = capacity,
        .lanes = lanes,
        .observation_space = *observation_space,
        .observation_bytes = bm_space_bytes(observation_space),
        .mask_bytes = masked ? (size_t)action_space->n : 0,
        .computed_bytes = computed_bytes,
    };
    rollout->observation = bm_arena_alloc(arena, and_next, rollout->observation_bytes);
    rollout->action_mask = bm_arena_alloc(arena, and_next, rollout->mask_bytes);
    rollout->computed = bm_arena_alloc(arena, rows, computed_bytes);
    rollout->reward = BM_NEW(arena, bm_real, rows);
    rollout->terminated = BM_NEW(arena, uint8_t, rows);
    rollout->truncated = BM_NEW(arena, uint8_t, rows);
}

/* What is seen before a step. */
static void see(bm_rollout *rollout, int step, const void *observation, const uint8_t *action_mask) {
    const size_t lanes = (size_t)rollout->lanes, row = (size_t)step * lanes;
    const size_t bytes = rollout->observation_bytes, mask_bytes = rollout->mask_bytes;
    memcpy(rollout->observation + row * bytes, observation, lanes * bytes);
    if (mask_bytes > 0) {
        memcpy(rollout->action_mask + row * mask_bytes, action_mask, lanes * mask_bytes);
    }
}

void bm_rollout_add(bm_rollout *rollout, const void *observation, const uint8_t *action_mask, const void *computed,
                    const bm_env_batch *env) {
    const size_t lanes = (size_t)rollout->lanes, row = (size_t)rollout->steps * lanes;
    const size_t bytes = rollout->computed_bytes;
    if (rollout->steps == 0) {
        see(rollout, 0, observation, action_mask);
    }
    if (bytes > 0) {
        memcpy(rollout->computed + row * bytes, computed, lanes * bytes);
    }
    memcpy(rollout->terminated + row, env->terminated, lanes);
    memcpy(rollout->truncated + row, env->truncated, lanes);
    for (size_t lane = 0; lane < lanes; lane++) {
        rollout->reward[row + lane] = (bm_real)env->reward[lane];
    }
    rollout->steps++;
    see(rollout, rollout->steps, env->observation, env->action_mask);
}

void bm_rollout_clear(bm_rollout *rollout) {
    rollout->steps = 0;
}

void bm_rollout_state(bm_rollout *rollout, bm_state *state) {
    const size_t lanes = (size_t)rollout->lanes, rows = (size_t)rollout->capacity * lanes;
    bm_state_scalar(state, "steps", BM_I32, &rollout->steps);
    bm_state_bound(state, 0, rollout->capacity - 1); /* a full one is used before anything is saved */
    bm_space_state(&rollout->observation_space, state, "observation", rollout->observation, rows + lanes);
    bm_state_matrix(state, "action_mask", BM_U8, rollout->action_mask, rows + lanes, rollout->mask_bytes);
    bm_state_vector(state, "reward", BM_REAL_DTYPE, rollout->reward, rows);
    bm_state_vector(state, "terminated", BM_U8, rollout->terminated, rows);
    bm_state_bound(state, 0, 1);
    bm_state_vector(state, "truncated", BM_U8, rollout->truncated, rows);
    bm_state_bound(state, 0, 1);
}
