#ifndef BM_REPLAY_ROLLOUT_H
#define BM_REPLAY_ROLLOUT_H

/* On-policy experience: up to capacity steps of n lanes in order, used once and cleared. Arrays are [capacity, n, ...],
 * time-major; the first `steps` rows are valid. */
#include "core/arena.h"
#include "core/real.h"
#include "core/state.h"
#include "envs/env.h"

typedef struct {
    int capacity, lanes, steps;
    size_t observation_bytes;
    bm_space observation_space;
    bm_space action_space;            /* with the dtype in which a policy chooses: int32_t, of a box bm_real */
    unsigned char *observation;       /* [capacity, lanes, observation_bytes] what was acted on */
    unsigned char *final_observation; /* same shape; the true successor, only where terminated or truncated */
    unsigned char *action;            /* [capacity, lanes, action_space.size] */
    bm_real *reward;                  /* [capacity, lanes] */
    uint8_t *terminated, *truncated;  /* [capacity, lanes] */
} bm_rollout;

void bm_rollout_create(bm_rollout *rollout, const bm_space *observation_space, const bm_space *action_space,
                       int capacity, int lanes, bm_arena *arena); /* check the arena afterwards */
/* Appends one step of every lane: observation [lanes, ...] is what the actions were chosen on; action [lanes, size] the
 * actions as the policy chose them, which for a box is before bm_decode_actions; the rest is read from the batch right
 * after bm_env_step. steps must be below capacity. */
void bm_rollout_add(bm_rollout *rollout, const void *observation, const void *action, const bm_env_batch *batch);
void bm_rollout_clear(bm_rollout *rollout);
size_t bm_rollout_action_bytes(const bm_rollout *rollout); /* of one row */
void bm_rollout_state(bm_rollout *rollout, bm_state *state);

#endif
