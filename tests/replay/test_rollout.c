/* On-policy storage: rows in order, the final observation only where an episode ended. */
#include <string.h>

#include "replay/rollout.h"
#include "support.h"

enum { LANES = 2, FEATURES = 2 };

/* A hand-made batch, as it looks after a step. */
typedef struct {
    float observation[LANES][FEATURES], final_observation[LANES][FEATURES], number[LANES];
    int32_t choice[LANES], ended[LANES];
    double reward[LANES];
    uint8_t terminated[LANES], truncated[LANES];
} step;

static const bm_space observation_space = {
    .kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {FEATURES}, .size = FEATURES};
static const bm_space discrete = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {1}, .size = 1, .n = 3};
static const bm_space box = {.kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {1}, .size = 1};

static bm_env_batch batch_of(step *s, const bm_space *action_space, int ended_count) {
    return (bm_env_batch){.lanes = LANES,
                          .observation_space = observation_space,
                          .action_space = *action_space,
                          .action = action_space->kind == BM_DISCRETE ? (void *)s->choice : s->number,
                          .observation = s->observation,
                          .final_observation = s->final_observation,
                          .reward = s->reward,
                          .terminated = s->terminated,
                          .truncated = s->truncated,
                          .ended = s->ended,
                          .ended_count = ended_count};
}

static step first = {.final_observation = {{91, 92}, {93, 94}}, .choice = {2, 0}, .reward = {0.5, -1}};
static step second = {
    .final_observation = {{11, 12}, {13, 14}}, .choice = {1, 2}, .reward = {3, 4}, .ended = {1}, .truncated = {0, 1}};

START_TEST(steps_are_kept_in_order_with_final_observations_of_ended_lanes) {
    bm_arena arena = {0};
    bm_rollout rollout;
    bm_rollout_create(&rollout, &observation_space, &discrete, 4, LANES, &arena);
    const float seen[2][LANES][FEATURES] = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
    bm_env_batch batch = batch_of(&first, &discrete, 0);
    bm_rollout_add(&rollout, seen[0], first.choice, &batch);
    batch = batch_of(&second, &discrete, 1);
    bm_rollout_add(&rollout, seen[1], second.choice, &batch);

    ck_assert_int_eq(rollout.steps, 2);
    ck_assert_mem_eq(rollout.observation, seen, sizeof seen);
    ck_assert_mem_eq(rollout.action, ((const int32_t[]){2, 0, 1, 2}), 4 * sizeof(int32_t));
    ck_assert_mem_eq(rollout.truncated, ((const uint8_t[]){0, 0, 0, 1}), 4);
    ck_assert_mem_eq(rollout.terminated, ((const uint8_t[]){0, 0, 0, 0}), 4);
    ck_assert(rollout.reward[0] == (bm_real)0.5 && rollout.reward[1] == -1 && rollout.reward[3] == 4);
    const float *final = (const float *)(const void *)rollout.final_observation;
    for (int i = 0; i < 6; i++) {
        ck_assert(final[i] == 0);
    }
    ck_assert(final[6] == 13 && final[7] == 14);

    bm_rollout_clear(&rollout);
    ck_assert_int_eq(rollout.steps, 0);
    bm_rollout_add(&rollout, seen[1], second.choice, &batch);
    ck_assert_mem_eq(rollout.observation, seen[1], sizeof seen[1]);
    bm_arena_free(&arena);
}
END_TEST

/* What the policy drew, which the environment may have clipped. */
START_TEST(box_actions_are_kept_as_the_policy_chose_them) {
    bm_arena arena = {0};
    bm_rollout rollout;
    bm_state state = {0};
    step s = {.number = {-0.5f, 1}};
    const bm_real chosen[LANES] = {(bm_real)-0.5, (bm_real)2.2};
    const bm_env_batch batch = batch_of(&s, &box, 0);
    bm_rollout_create(&rollout, &observation_space, &box, 1, LANES, &arena);
    bm_rollout_add(&rollout, s.observation, chosen, &batch);
    ck_assert_uint_eq(bm_rollout_action_bytes(&rollout), sizeof(bm_real));
    ck_assert_mem_eq(rollout.action, chosen, sizeof chosen);
    bm_rollout_state(&rollout, &state);
    const bm_array *listed = bm_state_find(&state, "action");
    ck_assert(listed && listed->dtype == BM_REAL_DTYPE);
    bm_state_free(&state);
    bm_arena_free(&arena);
}
END_TEST

START_TEST(what_is_on_the_state_list_restores_the_rollout) {
    bm_arena arena = {0};
    bm_rollout original, copy;
    bm_state from = {0}, to = {0};
    bm_rollout_create(&original, &observation_space, &discrete, 3, LANES, &arena);
    bm_rollout_create(&copy, &observation_space, &discrete, 3, LANES, &arena);
    const bm_env_batch batch = batch_of(&second, &discrete, 1);
    bm_rollout_add(&original, second.observation, second.choice, &batch);
    bm_rollout_state(&original, &from);
    bm_rollout_state(&copy, &to);
    ck_assert_uint_eq(from.count, to.count);
    for (size_t i = 0; i < from.count; i++) {
        memcpy(to.items[i].data, from.items[i].data, bm_array_bytes(&from.items[i]));
    }
    ck_assert_int_eq(copy.steps, 1);
    ck_assert_mem_eq(copy.final_observation, original.final_observation, LANES * FEATURES * sizeof(float));
    ck_assert_mem_eq(copy.action, second.choice, sizeof second.choice);
    ck_assert(copy.reward[1] == 4);
    ck_assert_int_eq(copy.truncated[1], 1);
    bm_state_free(&from);
    bm_state_free(&to);
    bm_arena_free(&arena);
}
END_TEST

TEST_MAIN("rollout", 30, steps_are_kept_in_order_with_final_observations_of_ended_lanes,
          box_actions_are_kept_as_the_policy_chose_them, what_is_on_the_state_list_restores_the_rollout)
