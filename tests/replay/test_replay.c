/* The uniform replay buffer: what comes in, what is held, what is drawn. */
#include <string.h>

#include "replay/replay.h"
#include "support.h"

enum { FEATURES = 3 };

static const bm_space observation_space = {
    .kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {FEATURES}, .size = FEATURES};
static const bm_space image_space = {.kind = BM_BOX, .dtype = BM_U8, .dims = 1, .shape = {7}, .size = 7};
static const bm_space discrete = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {1}, .size = 1, .n = 5};
static const bm_space box = {.kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {2}, .size = 2};

/* Transition number k, recognisable in every part. */
static void add_numbered(bm_replay *replay, int k) {
    const float observation[FEATURES] = {(float)k, (float)k + 0.25f, -(float)k};
    const float next[FEATURES] = {(float)k + 1, (float)k + 1.25f, -(float)k - 1};
    const int32_t action = k % 5;
    bm_replay_add(replay, &(bm_transition){.observation = observation,
                                           .action = &action,
                                           .reward = (float)k * 0.5f,
                                           .next_observation = next,
                                           .ending = k % 3 == 0 ? BM_TERMINATED : BM_CONTINUES});
}

static void check_numbered(const bm_replay_batch *batch, int i) {
    const float *observation = (const float *)(const void *)batch->observation + i * FEATURES;
    const float *next = (const float *)(const void *)batch->next_observation + i * FEATURES;
    const int k = (int)observation[0];
    ck_assert(observation[1] == (float)k + 0.25f && observation[2] == -(float)k);
    ck_assert(next[0] == (float)k + 1 && next[1] == (float)k + 1.25f && next[2] == -(float)k - 1);
    ck_assert_int_eq(batch->action[i], k % 5);
    ck_assert(batch->reward[i] == (bm_real)k * (bm_real)0.5);
    ck_assert(batch->discount[i] == (k % 3 == 0 ? 0 : 1));
}

static bm_replay new_replay(bm_arena *arena, int64_t capacity) {
    bm_replay replay;
    bm_error error;
    const bm_status status = bm_replay_create(&replay, &observation_space, &discrete, false, capacity, arena, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
    return replay;
}

START_TEST(a_batch_row_is_one_whole_transition) {
    bm_arena arena = {0};
    bm_replay replay = new_replay(&arena, 50);
    bm_replay_batch batch;
    bm_replay_batch_create(&batch, &replay, 64, &arena);
    bm_rng rng = bm_rng_seeded(3);
    for (int k = 0; k < 30; k++) {
        add_numbered(&replay, k);
    }
    ck_assert_int_eq(bm_replay_size(&replay), 30);
    bm_replay_sample(&replay, &rng, 1, 1, 1, &batch);
    for (int i = 0; i < batch.size; i++) {
        check_numbered(&batch, i);
        ck_assert_int_lt(batch.index[i], 30);
    }
    bm_arena_free(&arena);
}
END_TEST

START_TEST(a_full_ring_forgets_the_oldest) {
    bm_arena arena = {0};
    bm_replay replay = new_replay(&arena, 8);
    bm_replay_batch batch;
    bm_replay_batch_create(&batch, &replay, 400, &arena);
    bm_rng rng = bm_rng_seeded(4);
    for (int k = 0; k < 21; k++) {
        add_numbered(&replay, k);
    }
    ck_assert_int_eq(bm_replay_size(&replay), 8);
    bm_replay_sample(&replay, &rng, 1, 1, 1, &batch);
    bool seen[21] = {false};
    for (int i = 0; i < batch.size; i++) {
        check_numbered(&batch, i);
        seen[(int)((const float *)(const void *)batch.observation)[i * FEATURES]] = true;
    }
    for (int k = 0; k < 21; k++) {
        ck_assert_msg(seen[k] == (k >= 13), "transition %d", k);
    }
    bm_arena_free(&arena);
}
END_TEST

/* Chi-square over 100 cells with 200,000 draws: 99 degrees of freedom, 99.99% below 160. */
START_TEST(draws_are_uniform_over_what_is_held) {
    bm_arena arena = {0};
    bm_replay replay = new_replay(&arena, 1000);
    bm_replay_batch batch;
    bm_replay_batch_create(&batch, &replay, 2000, &arena);
    bm_rng rng = bm_rng_seeded(5);
    for (int k = 0; k < 100; k++) {
        add_numbered(&replay, k);
    }
    double count[100] = {0}, chi_square = 0;
    for (int draw = 0; draw < 100; draw++) {
        bm_replay_sample(&replay, &rng, 1, 1, 1, &batch);
        for (int i = 0; i < batch.size; i++) {
            count[batch.index[i]]++;
        }
    }
    for (int k = 0; k < 100; k++) {
        chi_square += (count[k] - 2000) * (count[k] - 2000) / 2000;
    }
    ck_assert_msg(chi_square < 160, "chi-square %g", chi_square);
    ck_assert_msg(chi_square > 50, "chi-square %g is too even for chance", chi_square);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(draws_are_the_generators_integers_in_order) {
    bm_arena arena = {0};
    bm_replay replay = new_replay(&arena, 1000);
    bm_replay_batch batch;
    bm_replay_batch_create(&batch, &replay, 33, &arena);
    bm_rng rng = bm_rng_seeded(7), same = rng;
    for (int k = 0; k < 777; k++) {
        add_numbered(&replay, k);
    }
    bm_replay_sample(&replay, &rng, 1, 1, 1, &batch);
    for (int i = 0; i < 33; i++) {
        ck_assert_int_eq(batch.index[i], bm_rng_integers(&same, 0, 777));
    }
    ck_assert_mem_eq(&rng, &same, sizeof rng);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(images_stay_bytes_and_box_actions_keep_their_bits) {
    bm_arena arena = {0};
    bm_replay replay;
    bm_replay_batch batch;
    bm_error error;
    ck_assert_int_eq(bm_replay_create(&replay, &image_space, &box, false, 5, &arena, &error), BM_OK);
    bm_replay_batch_create(&batch, &replay, 16, &arena);
    const float action[2] = {-0.75f, 3.5f};
    bm_replay_add(&replay, &(bm_transition){.observation = "abcdefg",
                                            .action = action,
                                            .reward = 1,
                                            .next_observation = "hijklmn",
                                            .ending = BM_CONTINUES});
    bm_rng rng = bm_rng_seeded(1);
    bm_replay_sample(&replay, &rng, 1, 1, 1, &batch);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_mem_eq(batch.observation + 7 * i, "abcdefg", 7);
        ck_assert_mem_eq(batch.next_observation + 7 * i, "hijklmn", 7);
        ck_assert_mem_eq(batch.action + 2 * i, action, sizeof action);
    }
    ck_assert_uint_eq(bm_replay_bytes(&replay), 5 * (7 + 7 + 8 + 4 + 1));
    bm_arena_free(&arena);
}
END_TEST

START_TEST(the_hash_sees_every_part_and_only_what_is_held) {
    bm_arena arena = {0};
    bm_replay replay = new_replay(&arena, 6);
    for (int k = 0; k < 4; k++) {
        add_numbered(&replay, k);
    }
    const uint64_t hash = bm_replay_hash(&replay, 9);
    unsigned char *const parts[] = {replay.observation + 13, replay.next_observation + 47, replay.action + 12,
                                    (unsigned char *)(replay.reward + 3), replay.ending + 1};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *parts[i] ^= 1;
        ck_assert_uint_ne(bm_replay_hash(&replay, 9), hash);
        *parts[i] ^= 1;
    }
    replay.reward[5] = 77; /* an empty place */
    ck_assert_uint_eq(bm_replay_hash(&replay, 9), hash);
    ck_assert_uint_ne(bm_replay_hash(&replay, 10), hash);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(a_buffer_larger_than_memory_is_refused_by_name) {
    static const bm_space huge = {.kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {1 << 28}, .size = 1 << 28};
    bm_arena arena = {0};
    bm_replay replay;
    bm_error error = {{0}};
    ck_assert_int_eq(bm_replay_create(&replay, &huge, &discrete, false, 10000000, &arena, &error), BM_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "buffer_size=10000000"));
    ck_assert_uint_eq(arena.bytes, 0);
    ck_assert_int_eq(bm_replay_create(&replay, &observation_space, &discrete, false, 0, &arena, &error), BM_INVALID);
    ck_assert_int_eq(bm_replay_create(&replay, &observation_space, &discrete, false, 10000001, &arena, &error),
                     BM_INVALID);
    bm_arena_free(&arena);
}
END_TEST

TEST_MAIN("replay", 60, a_batch_row_is_one_whole_transition, a_full_ring_forgets_the_oldest,
          draws_are_uniform_over_what_is_held, draws_are_the_generators_integers_in_order,
          images_stay_bytes_and_box_actions_keep_their_bits, the_hash_sees_every_part_and_only_what_is_held,
          a_buffer_larger_than_memory_is_refused_by_name)
