/* On-policy experience, appended step by step and used once. */
#include "replay/rollout.h"

#include <string.h>

void bm_rollout_create(bm_rollout *rollout, const bm_space *observation_space, const bm_space *action_space,
                       int capacity, int lanes, bm_arena *arena) {
    const size_t rows = (size_t)capacity * (size_t)lanes;
    const size_t observation_bytes = bm_space_bytes(observation_space);
    *rollout = (bm_rollout){
        .capacity = capacity,
        .lanes = lanes,
        .observation_bytes = observation_bytes,
        .observation_space = *observation_space,
        .action_space = *action_space,
        .observation = bm_arena_alloc(arena, rows, observation_bytes),
        .final_observation = bm_arena_alloc(arena, rows, observation_bytes),
        .reward = BM_NEW(arena, bm_real, rows),
        .terminated = BM_NEW(arena, uint8_t, rows),
        .truncated = BM_NEW(arena, uint8_t, rows),
    };
    rollout->action_space.dtype = action_space->kind == BM_DISCRETE ? BM_I32 : BM_REAL_DTYPE;
    rollout->action = bm_arena_alloc(arena, rows, bm_rollout_action_bytes(rollout));
}

size_t bm_rollout_action_bytes(const bm_rollout *rollout) {
    return bm_space_bytes(&rollout->action_space);
}

void bm_rollout_add(bm_rollout *rollout, const void *observation, const void *action, const bm_env_batch *batch) {
    const size_t lanes = (size_t)rollout->lanes;
    const size_t row = (size_t)rollout->steps * lanes;
    const size_t bytes = rollout->observation_bytes;
    const size_t action_bytes = bm_rollout_action_bytes(rollout);
    memcpy(rollout->observation + row * bytes, observation, lanes * bytes);
    memcpy(rollout->action + row * action_bytes, action, lanes * action_bytes);
    memcpy(rollout->terminated + row, batch->terminated, lanes);
    memcpy(rollout->truncated + row, batch->truncated, lanes);
    for (size_t lane = 0; lane < lanes; lane++) {
        rollout->reward[row + lane] = (bm_real)batch->reward[lane];
    }
    for (int i = 0; i < batch->ended_count; i++) {
        const size_t lane = (size_t)batch->ended[i];
        memcpy(rollout->final_observation + (row + lane) * bytes,
               (const unsigned char *)batch->final_observation + lane * bytes, bytes);
    }
    rollout->steps++;
}

void bm_rollout_clear(bm_rollout *rollout) {
    rollout->steps = 0;
}

void bm_rollout_state(bm_rollout *rollout, bm_state *state) {
    const size_t rows = (size_t)rollout->capacity * (size_t)rollout->lanes;
    bm_state_scalar(state, "steps", BM_I32, &rollout->steps);
    bm_state_bound(state, 0, rollout->capacity - 1); /* a full one is used before anything is saved */
    bm_space_state(&rollout->observation_space, state, "observation", rollout->observation, rows);
    bm_space_state(&rollout->observation_space, state, "final_observation", rollout->final_observation, rows);
    bm_space_state(&rollout->action_space, state, "action", rollout->action, rows);
    bm_state_vector(state, "reward", BM_REAL_DTYPE, rollout->reward, rows);
    bm_state_vector(state, "terminated", BM_U8, rollout->terminated, rows);
    bm_state_bound(state, 0, 1);
    bm_state_vector(state, "truncated", BM_U8, rollout->truncated, rows);
    bm_state_bound(state, 0, 1);
}
