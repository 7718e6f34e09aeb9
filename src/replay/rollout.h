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
    bm_space observation_space;
    size_t observation_bytes, mask_bytes, computed_bytes; /* of a row; no masks, nothing computed: 0 */
    unsigned char *observation; /* [capacity + 1, lanes, observation_bytes] what was acted on; row `steps` comes next */
    uint8_t *action_mask;       /* [capacity + 1, lanes, mask_bytes] */
    unsigned char *computed;    /* [capacity, lanes, computed_bytes] what the agent's act wrote, the action among it */
    bm_real *reward;            /* [capacity, lanes] */
    uint8_t *terminated, *truncated; /* [capacity, lanes] */
} bm_rollout;

/* Check the arena afterwards. masked: the environment has action masks. */
void bm_rollout_create(bm_rollout *rollout, const bm_space *observation_space, const bm_space *action_space,
                       bool masked, size_t computed_bytes, int capacity, int lanes, bm_arena *arena);
/* Appends one step of every lane, right after bm_env_step; steps must be below capacity. observation and action_mask
 * [lanes, ...]: what the actions were chosen on; only the first step of a rollout reads them, since every step stores
 * what comes next. */
void bm_rollout_add(bm_rollout *rollout, const void *observation, const uint8_t *action_mask, const void *computed,
                    const bm_env_batch *env);
void bm_rollout_clear(bm_rollout *rollout);
void bm_rollout_state(bm_rollout *rollout,
                      bm_state *state); /* all but computed, which the agent knows how to describe */

#endif
