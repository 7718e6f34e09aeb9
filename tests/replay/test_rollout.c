/* On-policy experience: what is kept of a step, in which order, and what a resumed run finds. */
#include "replay/rollout.h"

#include <string.h>

#include "support.h"

enum { LANES = 2, FEATURES = 2, CHOICES = 3, CAPACITY = 4 };

static const bm_space observation_space = {
    .kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {FEATURES}, .size = FEATURES};

/* What a batch shows before step t: numbers that say t, lane and feature. */
typedef struct {
    float observation[LANES][FEATURES];
    uint8_t mask[LANES][CHOICES];
} sight;

static sight seen_at(int t) {
    sight s;
    for (int lane = 0; lane < LANES; lane++) {
        for (int k = 0; k < FEATURES; k++) {
            s.observation[lane][k] = (float)(100 * t + 10 * lane + k);
        }
        for (int k = 0; k < CHOICES; k++) {
            s.mask[lane][k] = (t + lane + k) % 2 == 0;
        }
    }
    return s;
}

/* A step of both lanes from sight t to sight t + 1. */
static void add(bm_rollout *rollout, int t, uint8_t truncated) {
    sight before = seen_at(t), after = seen_at(t + 1);
    const int32_t computed[LANES] = {t, -t};
    double reward[LANES] = {t, t + 0.5};
    uint8_t ended[LANES] = {0, truncated}, never[LANES] = {0, 0};
    const bm_env_batch env = {.lanes = LANES,
                              .observation = after.observation,
                              .action_mask = after.mask[0],
                              .reward = reward,
                              .terminated = never,
                              .truncated = ended};
    bm_rollout_add(rollout, before.observation, before.mask[0], computed, &env);
}

static bm_rollout create(bool masked, bm_arena *arena) {
    const bm_space action_space = bm_space_discrete(CHOICES);
    bm_rollout rollout;
    bm_error error;
    bm_rollout_create(&rollout, &observation_space, &action_space, masked, sizeof(int32_t), CAPACITY, LANES, arena);
    ck_assert(bm_arena_check(arena, "rollout", &error) == BM_OK);
    return rollout;
}

START_TEST(a_step_is_kept_with_what_it_was_acted_on_and_what_comes_next) {
    bm_arena arena = {0};
    bm_rollout rollout = create(true, &arena);
    add(&rollout, 0, 0);
    add(&rollout, 1, 1);
    ck_assert_int_eq(rollout.steps, 2);
    for (int t = 0; t <= 2; t++) {
        const sight want = seen_at(t);
        ck_assert_mem_eq(rollout.observation + (size_t)t * sizeof want.observation, want.observation,
                         sizeof want.observation);
        ck_assert_mem_eq(rollout.action_mask + (size_t)t * sizeof want.mask, want.mask, sizeof want.mask);
    }
    ck_assert_mem_eq(rollout.computed, ((const int32_t[]){0, 0, 1, -1}), 4 * sizeof(int32_t));
    ck_assert_mem_eq(rollout.truncated, ((const uint8_t[]){0, 0, 0, 1}), 4);
    ck_assert_mem_eq(rollout.terminated, ((const uint8_t[]){0, 0, 0, 0}), 4);
    ck_assert(rollout.reward[0] == 0 && rollout.reward[1] == (bm_real)0.5 && rollout.reward[3] == (bm_real)1.5);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(a_cleared_rollout_begins_with_what_is_acted_on_then) {
    bm_arena arena = {0};
    bm_rollout rollout = create(false, &arena);
    for (int t = 0; t < CAPACITY; t++) {
        add(&rollout, t, 0);
    }
    bm_rollout_clear(&rollout);
    ck_assert_int_eq(rollout.steps, 0);
    add(&rollout, 7, 0);
    const sight first = seen_at(7), next = seen_at(8);
    ck_assert_mem_eq(rollout.observation, first.observation, sizeof first.observation);
    ck_assert_mem_eq(rollout.observation + sizeof first.observation, next.observation, sizeof next.observation);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(what_is_on_the_state_list_restores_the_rollout) {
    bm_arena arena = {0};
    bm_state from = {0}, to = {0};
    bm_rollout original = create(true, &arena), copy = create(true, &arena);
    add(&original, 3, 1);
    bm_rollout_state(&original, &from);
    bm_rollout_state(&copy, &to);
    ck_assert_uint_eq(from.count, to.count);
    for (size_t i = 0; i < from.count; i++) {
        memcpy(to.items[i].data, from.items[i].data, bm_array_bytes(&from.items[i]));
    }
    ck_assert(bm_state_hash(&from, 0) == bm_state_hash(&to, 0));
    ck_assert_int_eq(copy.steps, 1);
    ck_assert_mem_eq(copy.observation, original.observation, 2 * LANES * FEATURES * sizeof(float));
    ck_assert_mem_eq(copy.action_mask, original.action_mask, 2 * LANES * CHOICES);
    bm_state_free(&from);
    bm_state_free(&to);
    bm_arena_free(&arena);
}
END_TEST

TEST_MAIN("rollout", 30, a_step_is_kept_with_what_it_was_acted_on_and_what_comes_next,
          a_cleared_rollout_begins_with_what_is_acted_on_then, what_is_on_the_state_list_restores_the_rollout)
