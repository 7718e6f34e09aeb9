/* Exact values of finite models, by hand and against many episodes. */
#include "envs/exact.h"

#include <stdio.h>
#include <stdlib.h>

#include "build.h"

static bm_env_batch *lake(const char *slip, const char *pit_reward, const char *step_cost) {
    char options[128];
    snprintf(options, sizeof options, "map=lake;slip=%s;pit_reward=%s;step_cost=%s", slip, pit_reward, step_cost);
    return build("GridWorld-v0", 1, options, 1);
}

enum { STATES = 16, ACTIONS = 4 };

/* Six moves lead to the goal: five steps are not enough, six bring 1 - 6 * 0.01. */
START_TEST(a_horizon_counts_its_steps) {
    bm_env_batch *batch = lake("0", "-1", "0.01");
    double start;
    bm_error error;
    ck_assert_int_eq(bm_exact_optimal(batch, 1, 5, &start, NULL, &error), BM_OK);
    assert_near(start, -0.05, 1e-15, "five steps");
    ck_assert_int_eq(bm_exact_optimal(batch, 1, 6, &start, NULL, &error), BM_OK);
    assert_near(start, 0.94, 1e-15, "six steps");
    ck_assert_int_eq(bm_exact_optimal(batch, 0.5, 6, &start, NULL, &error), BM_OK);
    /* -0.01 (1 + ... + 1/32) + 1/32 */
    assert_near(start, -0.01 * 63 / 32 + 1.0 / 32, 1e-15, "discounted");
    int32_t into_the_wall[STATES] = {0}; /* left for ever */
    ck_assert_int_eq(bm_exact_policy(batch, into_the_wall, 1, 100, &start, NULL, &error), BM_OK);
    assert_near(start, -1, 1e-12, "100 steps on the spot");
    bm_env_destroy(batch);
}
END_TEST

/* value = reward + gamma P value, of the random policy, whether equations are solved or, with more than 1,024 states,
 * swept. */
START_TEST(values_meet_bellmans_equations_on_small_maps_and_large_ones) {
    static const int sides[] = {5, 32, 33};
    char folder[SCRATCH_BYTES], path[SCRATCH_BYTES + 8], options[2 * SCRATCH_BYTES];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/map", folder);
    snprintf(options, sizeof options, "map=%s;slip=0.2;step_cost=0.01", path);
    for (int i = 0; i < 3; i++) {
        FILE *file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        for (int cell = 0, cells = sides[i] * sides[i]; cell < cells; cell++) {
            fputc(cell == 0 ? 'S' : cell == cells / 2 ? 'G' : '.', file);
            fputs(cell % sides[i] == sides[i] - 1 ? "\n" : "", file);
        }
        ck_assert_int_eq(fclose(file), 0);
        bm_env_batch *batch = build("GridWorld-v0", 1, options, 1);
        const int states = batch->type->model->states(batch);
        ck_assert_int_eq(states, sides[i] * sides[i]);
        double start, *value = calloc((size_t)states, sizeof *value);
        bm_error error;
        ck_assert_ptr_nonnull(value);
        ck_assert_int_eq(bm_exact_policy(batch, NULL, 0.9, 0, &start, value, &error), BM_OK);
        for (int s = 0; s < states; s++) {
            double sum = 0;
            for (int a = 0; a < ACTIONS; a++) {
                bm_outcome outcome[BM_OUTCOMES_MAX];
                const int count = batch->type->model->outcomes(batch, s, a, outcome);
                for (int k = 0; k < count; k++) {
                    const double after = outcome[k].terminated ? 0 : 0.9 * value[outcome[k].next];
                    sum += outcome[k].probability * (outcome[k].reward + after) / ACTIONS;
                }
            }
            assert_near(value[s], sum, 1e-12, "value");
        }
        ck_assert(value[states / 2 + 1] > start && start == value[0]);
        free(value);
        bm_env_destroy(batch);
    }
    const char *const files[] = {"map", NULL};
    scratch_remove(folder, files);
}
END_TEST

/* The mean of many episodes against the horizon's exact value. */
START_TEST(played_episodes_average_to_the_exact_value) {
    enum { EPISODES = 20000 };
    bm_env_batch *batch = lake("0.3", "-1", "0.01");
    double exact, sum = 0, squares = 0;
    bm_error error;
    ck_assert_int_eq(bm_exact_policy(batch, NULL, 1, batch->max_episode_steps, &exact, NULL, &error), BM_OK);
    bm_env_seed(batch, 5);
    bm_env_reset(batch);
    bm_rng rng = bm_rng_seeded(6);
    for (int episodes = 0; episodes < EPISODES;) {
        bm_env_sample_actions(batch, &rng);
        bm_env_step(batch);
        if (batch->ended_count) {
            episodes++;
            sum += batch->final_return[0];
            squares += batch->final_return[0] * batch->final_return[0];
        }
    }
    const double mean = sum / EPISODES, variance = squares / EPISODES - mean * mean;
    ck_assert((mean - exact) * (mean - exact) < 25 * variance / EPISODES);
    bm_env_destroy(batch);
}
END_TEST

START_TEST(what_has_no_exact_value_is_refused) {
    double start;
    bm_error error;
    bm_env_batch *cartpole;
    ck_assert_int_eq(bm_env_create(&cartpole, bm_env_find("CartPole-v1"), NULL, 1, &error), BM_OK);
    ck_assert_int_eq(bm_exact_optimal(cartpole, 0.9, 0, &start, NULL, &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "CartPole-v1"));
    bm_env_destroy(cartpole);

    bm_env_batch *batch = lake("0", "-1", "0.01");
    int32_t policy[STATES] = {0};
    ck_assert_int_eq(bm_exact_optimal(batch, 1.5, 0, &start, NULL, &error), BM_INVALID);
    ck_assert_int_eq(bm_exact_optimal(batch, 0.9, -1, &start, NULL, &error), BM_INVALID);
    ck_assert_int_eq(bm_exact_policy(batch, policy, 1, 0, &start, NULL, &error), BM_FAILED); /* walks for ever */
    ck_assert_ptr_nonnull(strstr(error.text, "choose a smaller gamma or a horizon"));
    bm_env_batch *free_of_cost = lake("0", "-1", "0"); /* this walk is worth 0 */
    ck_assert_int_eq(bm_exact_policy(free_of_cost, policy, 1, 0, &start, NULL, &error), BM_OK);
    ck_assert(start == 0);
    bm_env_destroy(free_of_cost);
    ck_assert_int_eq(bm_exact_optimal(batch, 1, 0, &start, NULL, &error), BM_OK); /* this one ends */
    assert_near(start, 0.94, 1e-12, "undiscounted");
    policy[3] = 4;
    ck_assert_int_eq(bm_exact_policy(batch, policy, 0.9, 0, &start, NULL, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "action 4 of state 3 outside [0, 3]");
    bm_env_destroy(batch);
}
END_TEST

TEST_MAIN("exact", 60, a_horizon_counts_its_steps, values_meet_bellmans_equations_on_small_maps_and_large_ones,
          played_episodes_average_to_the_exact_value, what_has_no_exact_value_is_refused)
