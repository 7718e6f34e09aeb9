/* When DQN does what: learning_starts, train_freq, gradient_steps, the target network's interval and epsilon count
 * environment steps, with several lanes too, as in Stable-Baselines3. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "train/actor.h"

enum { SETTINGS = 12, TOTAL = 400 };

typedef struct {
    bm_env_batch *env;
    bm_agent *agent;
    bm_actor actor;
    bm_arena arena;
    bm_state state;
} trial;

static trial begin(int lanes, const char *const settings[SETTINGS][2]) {
    static const char *const quick[][2] = {{"net_arch", "8"}, {"batch_size", "4"}, {"buffer_size", "1000"}};
    const bm_agent_type *type;
    bm_error error;
    trial t = {0};
    ck_assert(bm_agent_lookup("dqn", &type, &error) == BM_OK);
    _Alignas(16) unsigned char config[4096];
    ck_assert_uint_le(type->options.config_bytes, sizeof config);
    bm_options_defaults(&type->options, config);
    for (size_t i = 0; i < sizeof quick / sizeof quick[0]; i++) {
        ck_assert(bm_options_set(&type->options, config, quick[i][0], quick[i][1], &error) == BM_OK);
    }
    for (int i = 0; i < SETTINGS && settings[i][0]; i++) {
        const bm_status status = bm_options_set(&type->options, config, settings[i][0], settings[i][1], &error);
        ck_assert_msg(status == BM_OK, "%s", error.text);
    }
    ck_assert(bm_env_create(&t.env, bm_env_find("CartPole-v1"), NULL, lanes, &error) == BM_OK);
    bm_env_seed(t.env, 1);
    bm_env_reset(t.env);
    const bm_agent_setup setup = {
        .type = type, .config = config, .batch = t.env, .total_steps = TOTAL, .seed = bm_seed_of(1)};
    ck_assert_msg(bm_agent_create(&t.agent, &setup, &error) == BM_OK, "%s", error.text);
    bm_actor_create(&t.actor, t.agent, t.env, &t.arena);
    bm_agent_state(t.agent, &t.state);
    return t;
}

static void step(trial *t) {
    bm_actor_train(&t->actor);
}

static void end(trial *t) {
    bm_state_free(&t->state);
    bm_arena_free(&t->arena);
    bm_agent_destroy(t->agent);
    bm_env_destroy(t->env);
}

static const bm_real *kernel(const trial *t, const char *name) {
    const bm_array *array = bm_state_find(&t->state, name);
    ck_assert_ptr_nonnull(array);
    return array->data;
}

START_TEST(learning_begins_after_learning_starts_and_comes_every_train_freq_steps) {
    static const char *const settings[SETTINGS][2] = {
        {"learning_starts", "20"}, {"train_freq", "4"}, {"gradient_steps", "3"}};
    trial t = begin(1, settings);
    for (int i = 1; i <= 60; i++) {
        step(&t);
        const int blocks = i > 20 ? i / 4 - 5 : 0; /* the block at step 20 is not after it */
        ck_assert_int_eq(t.agent->updates, 3 * blocks);
    }
    end(&t);
}
END_TEST

START_TEST(minus_one_takes_as_many_gradient_steps_as_there_are_new_steps) {
    static const char *const settings[SETTINGS][2] = {
        {"learning_starts", "0"}, {"train_freq", "5"}, {"gradient_steps", "-1"}};
    trial t = begin(3, settings);
    for (int i = 1; i <= 20; i++) {
        step(&t);
        ck_assert_int_eq(t.agent->updates, i / 5 * 15);
    }
    end(&t);
}
END_TEST

START_TEST(the_target_network_is_copied_when_its_interval_of_environment_steps_is_over) {
    static const char *const settings[SETTINGS][2] = {
        {"learning_starts", "0"}, {"train_freq", "1"}, {"target_update_interval", "12"}, {"learning_rate", "0.01"}};
    trial t = begin(2, settings); /* 12 steps are 6 of both lanes */
    const bm_real *online = kernel(&t, "nets.q.dense0.kernel"), *target = kernel(&t, "nets.q_target.dense0.kernel");
    bm_real before[4 * 8], copied[4 * 8];
    memcpy(copied, target, sizeof copied);
    for (int i = 1; i <= 30; i++) {
        memcpy(before, online, sizeof before);
        step(&t);
        if (i % 6 == 0) { /* the target moves before the step's learning */
            memcpy(copied, before, sizeof copied);
        }
        ck_assert_mem_eq(target, copied, sizeof copied);
        ck_assert_mem_ne(online, before, sizeof before);
    }
    end(&t);
}
END_TEST

START_TEST(tau_blends_the_target_network) {
    static const char *const settings[SETTINGS][2] = {{"learning_starts", "0"},
                                                      {"train_freq", "1"},
                                                      {"target_update_interval", "1"},
                                                      {"tau", "0.25"},
                                                      {"learning_rate", "0.01"}};
    trial t = begin(1, settings);
    const bm_real *online = kernel(&t, "nets.q.dense0.kernel"), *target = kernel(&t, "nets.q_target.dense0.kernel");
    for (int i = 1; i <= 10; i++) {
        const double o = (double)online[5], previous = (double)target[5];
        step(&t);
        assert_near((double)target[5], previous + 0.25 * (o - previous), 1e-7, "blended weight");
    }
    end(&t);
}
END_TEST

START_TEST(epsilon_falls_linearly_over_its_share_of_training) {
    static const char *const settings[SETTINGS][2] = {{"exploration_fraction", "0.5"},
                                                      {"exploration_initial_eps", "0.9"},
                                                      {"exploration_final_eps", "0.1"},
                                                      {"learning_starts", "1000"}};
    trial t = begin(2, settings);
    for (int steps = 2; steps <= TOTAL; steps += 2) {
        step(&t);
        const double want = steps >= TOTAL / 2 ? 0.1 : 0.9 - 0.8 * steps / (TOTAL / 2.0);
        assert_near(t.agent->metric[0], want, 1e-12, "exploration rate");
    }
    end(&t);
}
END_TEST

START_TEST(the_deterministic_policy_draws_no_random_numbers_and_takes_the_largest_value) {
    static const char *const settings[SETTINGS][2] = {{"learning_starts", "0"}, {"train_freq", "1"}};
    trial t = begin(4, settings);
    for (int i = 0; i < 20; i++) {
        step(&t);
    }
    const uint64_t hash = bm_state_hash(&t.state, 0);
    int32_t first[4], again[4], single;
    bm_agent_input input = t.actor.input;
    input.explore = false;
    bm_agent_act(t.agent, &input, first, NULL);
    bm_agent_act(t.agent, &input, again, NULL);
    ck_assert_mem_eq(first, again, sizeof first);
    input.n = 1;
    for (int lane = 0; lane < 4; lane++) {
        input.observation = (const float *)t.env->observation + 4 * lane;
        bm_agent_act(t.agent, &input, &single, NULL);
        ck_assert_int_eq(single, first[lane]);
    }
    ck_assert(bm_state_hash(&t.state, 0) == hash);
    end(&t);
}
END_TEST

TEST_MAIN("dqn", 30, learning_begins_after_learning_starts_and_comes_every_train_freq_steps,
          minus_one_takes_as_many_gradient_steps_as_there_are_new_steps,
          the_target_network_is_copied_when_its_interval_of_environment_steps_is_over, tau_blends_the_target_network,
          epsilon_falls_linearly_over_its_share_of_training,
          the_deterministic_policy_draws_no_random_numbers_and_takes_the_largest_value)
