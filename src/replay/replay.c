/* Uniform replay: a ring over struct-of-arrays. Sampling draws all indices first and then gathers array by array: the
 * copies do not wait for one another, so that the processor has many of them under way at once. (Prefetching by hand
 * was measured and gained nothing.) */
#include "replay/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MAX = 10000000, ACTION_BYTES = 4 };

static size_t transition_bytes(const bm_space *observation_space, const bm_space *action_space) {
    return 2 * bm_space_bytes(observation_space) + (size_t)action_space->size * ACTION_BYTES + sizeof(bm_real) + 1;
}

size_t bm_replay_bytes(const bm_space *observation_space, const bm_space *action_space, int64_t capacity) {
    return (size_t)capacity * transition_bytes(observation_space, action_space);
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
                           int64_t capacity, bm_arena *arena, bm_error *error) {
    if (capacity < 1 || capacity > CAPACITY_MAX) {
        return bm_invalid(error, "buffer_size=%lld outside [1, %d]", (long long)capacity, CAPACITY_MAX);
    }
    const size_t bytes = bm_replay_bytes(observation_space, action_space, capacity);
    const size_t available = available_memory();
    if (bytes > available) {
        return bm_fail(error, "buffer_size=%lld needs %zu bytes and %zu are available; choose a smaller buffer_size",
                       (long long)capacity, bytes, available);
    }
    const size_t observation_bytes = bm_space_bytes(observation_space);
    const size_t rows = (size_t)capacity;
    *replay = (bm_replay){
        .capacity = capacity,
        .observation_bytes = observation_bytes,
        .action_size = action_space->size,
        .observation = bm_arena_alloc(arena, rows, observation_bytes),
        .next_observation = bm_arena_alloc(arena, rows, observation_bytes),
        .action = bm_arena_alloc(arena, rows, (size_t)action_space->size * ACTION_BYTES),
        .reward = BM_NEW(arena, bm_real, rows),
        .ending = BM_NEW(arena, uint8_t, rows),
    };
    if (arena->refused) {
        return bm_fail(error, "not enough memory for buffer_size=%lld (%zu bytes); choose a smaller buffer_size",
                       (long long)capacity, bytes);
    }
    return BM_OK;
}

void bm_replay_add(bm_replay *replay, const void *observation, const void *action, bm_real reward,
                   const void *next_observation, bm_ending ending) {
    const size_t at = (size_t)(replay->added % replay->capacity);
    const size_t observation_bytes = replay->observation_bytes;
    const size_t action_bytes = (size_t)replay->action_size * ACTION_BYTES;
    memcpy(replay->observation + at * observation_bytes, observation, observation_bytes);
    memcpy(replay->next_observation + at * observation_bytes, next_observation, observation_bytes);
    memcpy(replay->action + at * action_bytes, action, action_bytes);
    replay->reward[at] = reward;
    replay->ending[at] = (uint8_t)ending;
    replay->added++;
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
            batch->reward[i] = (bm_real)replay->reward[at];
            batch->discount[i] = replay->ending[at] == BM_TERMINATED ? 0 : (bm_real)gamma;
        }
    }
    gather(n, batch->index, replay->observation_bytes, replay->next_observation, batch->next_observation);
}

uint64_t bm_replay_hash(const bm_replay *replay, uint64_t seed) {
    const size_t held = (size_t)bm_replay_size(replay);
    const size_t observation_bytes = held * replay->observation_bytes;
    seed = bm_hash_bytes(&replay->added, sizeof replay->added, seed);
    seed = bm_hash_bytes(replay->observation, observation_bytes, seed);
    seed = bm_hash_bytes(replay->next_observation, observation_bytes, seed);
    seed = bm_hash_bytes(replay->action, held * (size_t)replay->action_size * ACTION_BYTES, seed);
    seed = bm_hash_bytes(replay->reward, held * sizeof *replay->reward, seed);
    return bm_hash_bytes(replay->ending, held, seed);
}
