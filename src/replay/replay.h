#ifndef BM_REPLAY_REPLAY_H
#define BM_REPLAY_REPLAY_H

/* A uniform replay buffer (Lin 1992; Mnih et al. 2015): a ring over struct-of-arrays that keeps the observations'
 * own dtype. capacity 1 .. 10^7 transitions. */
#include <stdint.h>

#include "core/arena.h"
#include "core/real.h"
#include "core/rng.h"
#include "envs/env.h"

typedef struct {
    int64_t capacity;
    int64_t added;                                 /* transitions ever added; the next goes to added % capacity */
    size_t observation_bytes;                      /* of one */
    size_t mask_bytes;                             /* of one action mask; 0: every action is always allowed */
    int action_size;                               /* numbers per action, 4 bytes each (int32 or float) */
    unsigned char *observation, *next_observation; /* [capacity, observation_bytes] */
    uint8_t *action_mask, *next_action_mask;       /* [capacity, mask_bytes] */
    unsigned char *action;                         /* [capacity, action_size * 4] */
    bm_real *reward;                               /* [capacity] */
    uint8_t *ending;                               /* [capacity] a bm_ending */
} bm_replay;

/* Allocates from the arena. masked: transitions have action masks. BM_FAILED with one sentence naming buffer_size and
 * the bytes when they exceed the memory this machine has available now (MemAvailable), or the allocation is refused;
 * BM_INVALID for a bad capacity. */
bm_status bm_replay_create(bm_replay *replay, const bm_space *observation_space, const bm_space *action_space,
                           bool masked, int64_t capacity, bm_arena *arena, bm_error *error);

/* Whether and how an episode ended with a transition; a step that did both counts as terminated. */
typedef enum { BM_CONTINUES = 0, BM_TERMINATED = 1, BM_TRUNCATED = 2 } bm_ending;

typedef struct {
    const void *observation, *action;
    bm_real reward;
    const void *next_observation; /* the true successor, also at the end of an episode */
    bm_ending ending;
    const uint8_t *action_mask, *next_action_mask; /* [mask_bytes]; not read where that is 0 */
} bm_transition;

void bm_replay_add(bm_replay *replay, const bm_transition *transition);
/* One transition of every lane of env, right after bm_env_step. observation and action_mask [lanes, ...]: what the
 * actions were chosen on; action_mask NULL where env has none. */
void bm_replay_add_step(bm_replay *replay, const void *observation, const uint8_t *action_mask,
                        const bm_env_batch *env);

int64_t bm_replay_size(const bm_replay *replay); /* transitions held now */
size_t bm_replay_bytes(const bm_replay *replay); /* of memory, for all transitions it can hold */

/* A contiguous batch, in arrays allocated once. */
typedef struct {
    int size;
    int64_t *index;                                /* [size] positions in the ring, after sampling */
    unsigned char *observation, *next_observation; /* [size, observation_bytes] */
    uint8_t *action_mask, *next_action_mask;       /* [size, mask_bytes]; NULL where that is 0 */
    int32_t *action;                               /* [size, action_size]; float bits for box actions */
    bm_real *reward;                               /* [size] summed over n_steps */
    bm_real *discount;                             /* [size] of the value of next_observation; 0 after terminated */
} bm_replay_batch;

void bm_replay_batch_create(bm_replay_batch *batch, const bm_replay *replay, int size, bm_arena *arena);

/* size draws with replacement, uniform over what is held (must not be empty). With n_steps > 1, multi-step returns
 * (Sutton and Barto 2018, section 7.1) from each transition on, as far as its episode goes and as the buffer knows it,
 * m <= n_steps:
 *     reward = sum_{i < m} gamma^i r_i,   next_observation = the m-th successor,
 *     discount = gamma^m, 0 if it terminated.
 * lanes: transitions were added one of every lane in turn, so that a lane's next is that many further. */
void bm_replay_sample(const bm_replay *replay, bm_rng *rng, double gamma, int n_steps, int lanes,
                      bm_replay_batch *batch);

/* The buffer's own file. Records are fixed-size rows in the order they were added; a save appends the rows since the
 * last one (or writes a new file under the other of two names when more than two capacities would be in it), so that
 * the file a checkpoint describes stays whole while the next is being written. */
typedef struct {
    char name[64]; /* file name within its folder: "replay-0.bin"; "" before the first save */
    int64_t first; /* number (since the start of training) of the first transition in the file */
    int64_t end;   /* one past the last */
    uint32_t crc;  /* CRC-32C over the rows */
} bm_replay_file;

/* Appends and fsyncs; *file is updated only on success. A file that has shrunk or vanished is begun anew. The old file,
 * when a new one was begun, is not removed (it belongs to the previous checkpoint until the next is in place). */
bm_status bm_replay_save(const bm_replay *replay, const char *folder, bm_replay_file *file, bm_error *error);
/* Checks the CRC of the described rows, fills the buffer, and cuts off what came after (it belongs to no checkpoint).
 * On failure the buffer is empty and the file untouched. */
bm_status bm_replay_load(bm_replay *replay, const char *folder, const bm_replay_file *file, bm_error *error);

uint64_t bm_replay_hash(const bm_replay *replay, uint64_t seed);

#endif
