/* Uniform replay: a ring over struct-of-arrays. Sampling draws all indices first and then gathers array by array: the
 * copies do not wait for one another, so that the processor has many of them under way at once. (Prefetching by hand
 * was measured and gained nothing.) */
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MAX = 10000000, ACTION_BYTES = 4 };

size_t bm_replay_bytes(const bm_replay *replay) {
    return (size_t)replay->capacity * (2 * (replay->observation_bytes + replay->mask_bytes) +
                                       (size_t)replay->action_size * ACTION_BYTES + sizeof(bm_real) + 1);
}

/* MemAvailable of /proc/meminfo: what can be had without swapping. SIZE_MAX where the system does not tell. */
static size_t available_memory(void) {
    FILE *file = fopen("/proc/meminfo", "r");
    if (!file) {
        return SIZE_MAX;
    }
    static const char key[] = "MemAvailable:";
    size_t bytes = SIZE_MAX;
    char line[128];
    while (bytes == SIZE_MAX && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, sizeof key - 1) == 0) {
            bytes = (size_t)strtoull(line + sizeof key - 1, NULL, 10) * 1024;
        }
    }
    fclose(file);
    return bytes;
}

bm_status bm_replay_create(bm_replay *replay, const bm_space *observation_space, const bm_space *action_space,
                           bool masked, int64_t capacity, bm_arena *arena, bm_error *error) {
    if (capacity < 1 || capacity > CAPACITY_MAX) {
        return bm_invalid(error, "buffer_size=%lld outside [1, %d]", (long long)capacity, CAPACITY_MAX);
    }
    *replay = (bm_replay){
        .capacity = capacity,
        .observation_bytes = bm_space_bytes(observation_space),
        .mask_bytes = masked ? (size_t)action_space->n : 0,
        .action_size = action_space->size,
    };
    const size_t rows = (size_t)capacity, bytes = bm_replay_bytes(replay), available = available_memory();
    if (bytes > available) {
        return bm_fail(error, "buffer_size=%lld needs %zu bytes and %zu are available; choose a smaller buffer_size",
                       (long long)capacity, bytes, available);
    }
    replay->observation = bm_arena_alloc(arena, rows, replay->observation_bytes);
    replay->next_observation = bm_arena_alloc(arena, rows, replay->observation_bytes);
    replay->action_mask = bm_arena_alloc(arena, rows, replay->mask_bytes);
    replay->next_action_mask = bm_arena_alloc(arena, rows, replay->mask_bytes);
    replay->action = bm_arena_alloc(arena, rows, (size_t)action_space->size * ACTION_BYTES);
    replay->reward = BM_NEW(arena, bm_real, rows);
    replay->ending = BM_NEW(arena, uint8_t, rows);
    if (arena->refused) {
        return bm_fail(error, "not enough memory for buffer_size=%lld (%zu bytes); choose a smaller buffer_size",
                       (long long)capacity, bytes);
    }
    return BM_OK;
}

void bm_replay_add(bm_replay *replay, const bm_transition *transition) {
    const size_t at = (size_t)(replay->added % replay->capacity);
    const size_t observation_bytes = replay->observation_bytes, mask_bytes = replay->mask_bytes;
    const size_t action_bytes = (size_t)replay->action_size * ACTION_BYTES;
    memcpy(replay->observation + at * observation_bytes, transition->observation, observation_bytes);
    memcpy(replay->next_observation + at * observation_bytes, transition->next_observation, observation_bytes);
    memcpy(replay->action + at * action_bytes, transition->action, action_bytes);
    if (mask_bytes > 0) {
        memcpy(replay->action_mask + at * mask_bytes, transition->action_mask, mask_bytes);
        memcpy(replay->next_action_mask + at * mask_bytes, transition->next_action_mask, mask_bytes);
    }
    replay->reward[at] = transition->reward;
    replay->ending[at] = (uint8_t)transition->ending;
    replay->added++;
}

/* Lanes first .. first + count - 1, which go to the places at .. at + count - 1 of the ring: as if no episode had
 * ended, then those that have. */
static void add_lanes(bm_replay *replay, size_t at, size_t first, size_t count, const void *observation,
                      const uint8_t *action_mask, const bm_env_batch *env) {
    const size_t bytes = replay->observation_bytes, masks = replay->mask_bytes;
    const size_t action_bytes = (size_t)replay->action_size * ACTION_BYTES;
    memcpy(replay->observation + at * bytes, (const char *)observation + first * bytes, count * bytes);
    memcpy(replay->next_observation + at * bytes, (const char *)env->observation + first * bytes, count * bytes);
    memcpy(replay->action + at * action_bytes, (const char *)env->action + first * action_bytes, count * action_bytes);
    if (masks > 0) {
        memcpy(replay->action_mask + at * masks, action_mask + first * masks, count * masks);
        memcpy(replay->next_action_mask + at * masks, env->action_mask + first * masks, count * masks);
    }
    for (size_t i = 0; i < count; i++) {
        replay->reward[at + i] = (bm_real)env->reward[first + i];
        replay->ending[at + i] = BM_CONTINUES;
    }
    for (int e = 0; e < env->ended_count; e++) {
        const size_t lane = (size_t)env->ended[e], row = at + lane - first;
        if (lane < first || lane >= first + count) {
            continue;
        }
        replay->ending[row] = env->terminated[lane] ? BM_TERMINATED : BM_TRUNCATED;
        memcpy(replay->next_observation + row * bytes, (const char *)env->final_observation + lane * bytes, bytes);
        if (masks > 0) {
            memcpy(replay->next_action_mask + row * masks, env->final_action_mask + lane * masks, masks);
        }
    }
}

void bm_replay_add_step(bm_replay *replay, const void *observation, const uint8_t *action_mask,
                        const bm_env_batch *env) {
    const size_t lanes = (size_t)env->lanes, capacity = (size_t)replay->capacity;
    for (size_t first = 0, count; first < lanes; first += count) {
        const size_t at = (size_t)replay->added % capacity;
        count = lanes - first < capacity - at ? lanes - first : capacity - at;
        add_lanes(replay, at, first, count, observation, action_mask, env);
        replay->added += (int64_t)count;
    }
}

int64_t bm_replay_size(const bm_replay *replay) {
    return replay->added < replay->capacity ? replay->added : replay->capacity;
}

void bm_replay_batch_create(bm_replay_batch *batch, const bm_replay *replay, int size, bm_arena *arena) {
    *batch = (bm_replay_batch){
        .size = size,
        .index = BM_NEW(arena, int64_t, size),
        .observation = bm_arena_alloc(arena, (size_t)size, replay->observation_bytes),
        .next_observation = bm_arena_alloc(arena, (size_t)size, replay->observation_bytes),
        .next_action_mask = replay->mask_bytes ? bm_arena_alloc(arena, (size_t)size, replay->mask_bytes) : NULL,
        .action = BM_NEW(arena, int32_t, (size_t)size * (size_t)replay->action_size),
        .reward = BM_NEW(arena, bm_real, size),
        .discount = BM_NEW(arena, bm_real, size),
    };
}

/* to[i] = from[index[i]], rows of bytes. Inlined into callers that know bytes, where a row is one register. */
static inline void gather_rows(int n, const int64_t *index, size_t bytes, const unsigned char *from,
                               unsigned char *to) {
    for (int i = 0; i < n; i++) {
        memcpy(to + (size_t)i * bytes, from + (size_t)index[i] * bytes, bytes);
    }
}

static void gather(int n, const int64_t *index, size_t bytes, const void *from, void *to) {
    switch (bytes) {
    case 4:
        gather_rows(n, index, 4, from, to);
        break;
    case 8:
        gather_rows(n, index, 8, from, to);
        break;
    case 16:
        gather_rows(n, index, 16, from, to);
        break;
    case 32:
        gather_rows(n, index, 32, from, to);
        break;
    default:
        gather_rows(n, index, bytes, from, to);
    }
}

/* Follows the episode of batch->index[i] and leaves the index of the last transition that counts there. */
static void look_ahead(const bm_replay *replay, double gamma, int n_steps, int lanes, int i, bm_replay_batch *batch) {
    const int64_t newest = replay->added - 1;
    int64_t at = batch->index[i];
    const int64_t age = (newest - at) % replay->capacity; /* transitions added after this one */
    double reward = replay->reward[at], discount = gamma;
    for (int m = 1; m < n_steps && !replay->ending[at] && (int64_t)m * lanes <= age; m++) {
        at = (at + lanes) % replay->capacity;
        reward += discount * replay->reward[at];
        discount *= gamma;
    }
    batch->index[i] = at;
    batch->reward[i] = (bm_real)reward;
    batch->discount[i] = replay->ending[at] == BM_TERMINATED ? 0 : (bm_real)discount;
}

void bm_replay_sample(const bm_replay *replay, bm_rng *rng, double gamma, int n_steps, int lanes,
                      bm_replay_batch *batch) {
    const int n = batch->size;
    const int64_t held = bm_replay_size(replay);
    for (int i = 0; i < n; i++) {
        batch->index[i] = bm_rng_integers(rng, 0, held);
    }
    gather(n, batch->index, replay->observation_bytes, replay->observation, batch->observation);
    gather(n, batch->index, (size_t)replay->action_size * ACTION_BYTES, replay->action, batch->action);
    if (n_steps > 1) {
        for (int i = 0; i < n; i++) {
            look_ahead(replay, gamma, n_steps, lanes, i, batch);
        }
    } else {
        for (int i = 0; i < n; i++) {
            const int64_t at = batch->index[i];
            batch->reward[i] = replay->reward[at];
            batch->discount[i] = replay->ending[at] == BM_TERMINATED ? 0 : (bm_real)gamma;
        }
    }
    gather(n, batch->index, replay->observation_bytes, replay->next_observation, batch->next_observation);
    if (batch->next_action_mask) {
        gather(n, batch->index, replay->mask_bytes, replay->next_action_mask, batch->next_action_mask);
    }
}

uint64_t bm_replay_hash(const bm_replay *replay, uint64_t seed) {
    const size_t held = (size_t)bm_replay_size(replay);
    const size_t observation_bytes = held * replay->observation_bytes;
    seed = bm_hash_bytes(&replay->added, sizeof replay->added, seed);
    seed = bm_hash_bytes(replay->observation, observation_bytes, seed);
    seed = bm_hash_bytes(replay->next_observation, observation_bytes, seed);
    seed = bm_hash_bytes(replay->action_mask, held * replay->mask_bytes, seed);
    seed = bm_hash_bytes(replay->next_action_mask, held * replay->mask_bytes, seed);
    seed = bm_hash_bytes(replay->action, held * (size_t)replay->action_size * ACTION_BYTES, seed);
    seed = bm_hash_bytes(replay->reward, held * sizeof *replay->reward, seed);
    return bm_hash_bytes(replay->ending, held, seed);
}
