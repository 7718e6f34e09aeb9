/* Action masks: written by an environment, kept by the driver, obeyed by sampling. The environment here chooses two
 * numbers, of 3 and of 2 values; its mask is read from its options, digit by digit, and an episode ends with the second
 * step. */
#include <string.h>

#include "envs/env.h"
#include "support.h"

enum { LANES = 3, WIDTH = 5 };

typedef struct {
    bool masked;
    int max_episode_steps;
    uint8_t allowed[3][WIDTH]; /* by steps done in the episode */
} pair_config;

static const bm_option rows[] = {BM_ENV_TIME_LIMIT(pair_config)};

typedef struct {
    int32_t *steps; /* [lanes] done in the episode */
} pair_state;

static const bm_env_field fields[] = {BM_FIELD(pair_state, steps, 0, 2)};

static bm_status create(bm_env_batch *batch, bm_error *error) {
    static const int counts[] = {3, 2};
    (void)error;
    batch->observation_space = bm_space_discrete(3);
    batch->action_space = (bm_space){
        .kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {2}, .size = 2, .n = WIDTH, .counts = counts};
    batch->masked = BM_ENV_CONFIG(batch, pair_config)->masked;
    return BM_OK;
}

static void reset(bm_env_batch *batch, int lane) {
    int32_t *steps = ((pair_state *)batch->state)->steps;
    steps[lane] = 0;
}

static void step(bm_env_batch *batch) {
    int32_t *steps = ((pair_state *)batch->state)->steps;
    for (int i = 0; i < batch->lanes; i++) {
        batch->terminated[i] = ++steps[i] == 2;
        batch->reward[i] = 0;
    }
}

static void observe(bm_env_batch *batch, int first, int count) {
    const int32_t *steps = ((const pair_state *)batch->state)->steps;
    memcpy((int32_t *)batch->observation + first, steps + first, (size_t)count * sizeof(int32_t));
}

static void mask(bm_env_batch *batch, int first, int count) {
    const int32_t *steps = ((const pair_state *)batch->state)->steps;
    for (int i = first; i < first + count; i++) {
        memcpy(batch->action_mask + (ptrdiff_t)i * WIDTH, BM_ENV_CONFIG(batch, pair_config)->allowed[steps[i]], WIDTH);
    }
}

static const bm_env_type pair = {
    .id = "Pair-v0",
    .options = BM_OPTIONS(rows, pair_config),
    .fields = BM_ENV_FIELDS(fields, pair_state),
    .create = create,
    .reset = reset,
    .step = step,
    .observe = observe,
    .mask = mask,
};

static bm_env_batch *batch_of(const pair_config *config) {
    bm_env_batch *batch;
    bm_error error;
    ck_assert_msg(bm_env_create(&batch, &pair, config, LANES, &error) == BM_OK, "%s", error.text);
    bm_env_seed(batch, 1);
    bm_env_reset(batch);
    return batch;
}

static const pair_config usual = {
    .masked = true, .max_episode_steps = -1, .allowed = {{1, 0, 1, 1, 1}, {0, 0, 1, 0, 1}, {1, 1, 0, 1, 0}}};

START_TEST(a_mask_belongs_to_the_observation_and_the_final_one_to_the_final_observation) {
    bm_env_batch *batch = batch_of(&usual);
    ck_assert_mem_eq(batch->action_mask + WIDTH, usual.allowed[0], WIDTH);
    bm_env_step(batch);
    ck_assert_mem_eq(batch->action_mask + WIDTH, usual.allowed[1], WIDTH);
    bm_env_step(batch);
    ck_assert_int_eq(batch->ended_count, LANES);
    for (int i = 0; i < LANES; i++) {
        ck_assert_mem_eq(batch->action_mask + (ptrdiff_t)i * WIDTH, usual.allowed[0], WIDTH);
        ck_assert_mem_eq(batch->final_action_mask + (ptrdiff_t)i * WIDTH, usual.allowed[2], WIDTH);
    }
    bm_env_destroy(batch);
}
END_TEST

START_TEST(without_masks_there_is_no_array_of_them) {
    pair_config config = usual;
    config.masked = false;
    bm_env_batch *batch = batch_of(&config);
    bm_state state = {0};
    bm_env_state(batch, &state);
    ck_assert_ptr_null(batch->action_mask);
    ck_assert_ptr_null(batch->final_action_mask);
    ck_assert_ptr_null(bm_state_find(&state, "action_mask"));
    bm_state_free(&state);
    bm_env_destroy(batch);
}
END_TEST

START_TEST(a_mask_is_on_the_state_list) {
    bm_env_batch *batch = batch_of(&usual);
    bm_state state = {0};
    bm_env_state(batch, &state);
    ck_assert_ptr_eq(bm_state_find(&state, "action_mask")->data, batch->action_mask);
    ck_assert_ptr_eq(bm_state_find(&state, "episode_start")->data, batch->episode_start);
    bm_state_free(&state);
    bm_env_destroy(batch);
}
END_TEST

START_TEST(episode_start_marks_first_observations_only) {
    bm_env_batch *batch = batch_of(&usual);
    for (int t = 0; t < 7; t++) {
        for (int i = 0; i < LANES; i++) {
            ck_assert_int_eq(batch->episode_start[i], t % 2 == 0);
        }
        bm_env_step(batch);
    }
    bm_env_destroy(batch);
}
END_TEST

static void assert_fault(const pair_config *config, int steps, const char *sentence) {
    bm_env_batch *batch = batch_of(config);
    bm_error error = {.text = ""};
    for (int t = 0; t < steps; t++) {
        ck_assert(bm_env_check(batch, &error) == BM_OK);
        bm_env_step(batch);
    }
    ck_assert_int_eq(bm_env_check(batch, &error), BM_FAILED);
    ck_assert_str_eq(error.text, sentence);
    bm_env_step(batch);
    ck_assert_int_eq(bm_env_check(batch, &error), BM_FAILED); /* the first fault stays */
    ck_assert_str_eq(error.text, sentence);
    bm_env_destroy(batch);
}

START_TEST(a_number_without_an_allowed_value_is_a_fault) {
    pair_config config = usual;
    config.allowed[1][4] = 0;
    assert_fault(&config, 1, "Pair-v0 allows no action in lane 0 at step 1 of its episode");
    config = usual;
    memset(config.allowed[0], 0, 3);
    assert_fault(&config, 0, "Pair-v0 allows no action in lane 0 at step 0 of its episode");
}
END_TEST

START_TEST(an_episode_that_terminated_needs_no_action_but_one_that_was_cut_does) {
    pair_config config = usual;
    memset(config.allowed[2], 0, WIDTH);
    bm_env_batch *batch = batch_of(&config);
    for (int t = 0; t < 6; t++) {
        bm_env_step(batch);
        ck_assert(bm_env_check(batch, NULL) == BM_OK);
    }
    bm_env_destroy(batch);
    config.max_episode_steps = 1;
    memset(config.allowed[1], 0, WIDTH);
    assert_fault(&config, 1, "Pair-v0 allows no action in lane 0 at step 1 of its episode");
}
END_TEST

START_TEST(a_reset_forgives) {
    pair_config config = usual;
    memset(config.allowed[1], 0, WIDTH);
    bm_env_batch *batch = batch_of(&config);
    bm_env_step(batch);
    ck_assert(bm_env_check(batch, NULL) == BM_FAILED);
    bm_env_reset(batch);
    ck_assert(bm_env_check(batch, NULL) == BM_OK);
    bm_env_destroy(batch);
}
END_TEST

/* MultiDiscrete.sample: (random(shape) * nvec).astype(dtype). */
START_TEST(several_numbers_are_sampled_as_gymnasiums_multidiscrete) {
    pair_config config = usual;
    config.masked = false;
    bm_env_batch *batch = batch_of(&config);
    bm_rng rng = bm_rng_seeded(5), reference = rng;
    const int32_t *action = batch->action;
    for (int round = 0; round < 100; round++) {
        bm_env_sample_actions(batch, &rng);
        for (int i = 0; i < 2 * LANES; i++) {
            ck_assert_int_eq(action[i], (int)(bm_rng_double(&reference) * (i % 2 ? 2 : 3)));
        }
    }
    bm_env_destroy(batch);
}
END_TEST

/* MultiDiscrete.sample(mask): choice(where(mask)) of each number, which draws integers(0, allowed) and nothing where
 * one is allowed. */
START_TEST(sampling_draws_among_the_allowed_as_gymnasium_does) {
    bm_env_batch *batch = batch_of(&usual);
    bm_rng rng = bm_rng_seeded(6), reference = rng;
    const int32_t *action = batch->action;
    static const int32_t first[] = {0, 2};
    for (int round = 0; round < 100; round++) {
        bm_env_sample_actions(batch, &rng); /* of 1 0 1 and 1 1 */
        for (int i = 0; i < LANES; i++) {
            ck_assert_int_eq(action[2 * i], first[bm_rng_integers(&reference, 0, 2)]);
            ck_assert_int_eq(action[2 * i + 1], (int)bm_rng_integers(&reference, 0, 2));
        }
        bm_env_step(batch);
        bm_env_sample_actions(batch, &rng); /* of 0 0 1 and 0 1 */
        for (int i = 0; i < LANES; i++) {
            ck_assert(action[2 * i] == 2 && action[2 * i + 1] == 1);
        }
        bm_env_step(batch);
    }
    ck_assert_uint_eq(bm_rng_uint64(&rng), bm_rng_uint64(&reference));
    bm_env_destroy(batch);
}
END_TEST

TEST_MAIN("masks", 10, a_mask_belongs_to_the_observation_and_the_final_one_to_the_final_observation,
          without_masks_there_is_no_array_of_them, a_mask_is_on_the_state_list,
          episode_start_marks_first_observations_only, a_number_without_an_allowed_value_is_a_fault,
          an_episode_that_terminated_needs_no_action_but_one_that_was_cut_does, a_reset_forgives,
          several_numbers_are_sampled_as_gymnasiums_multidiscrete, sampling_draws_among_the_allowed_as_gymnasium_does)
