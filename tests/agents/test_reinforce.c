/* REINFORCE with the numbers of a box: what is remembered, what is learned, and what belongs to its state. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "train/actor.h"

enum { LANES = 3, SIZE = 2, MOST_BYTES = 4096 };

typedef struct {
    bm_env_batch *env;
    bm_agent *agent;
    bm_actor actor;
    bm_arena arena;
    bm_state state; /* of the agent */
} trainee;

static trainee begin(const char *env, const char *const (*settings)[2]) {
    trainee it = {.state = {0}};
    const bm_agent_type *type;
    _Alignas(16) unsigned char config[MOST_BYTES];
    bm_error error;
    ck_assert(bm_agent_lookup("reinforce", &type, &error) == BM_OK);
    ck_assert_uint_le(type->options.config_bytes, sizeof config);
    bm_options_defaults(&type->options, config);
    for (; (*settings)[0]; settings++) {
        ck_assert_msg(bm_options_set(&type->options, config, (*settings)[0], (*settings)[1], &error) == BM_OK, "%s",
                      error.text);
    }
    ck_assert(bm_env_create(&it.env, bm_env_find(env), NULL, LANES, &error) == BM_OK);
    bm_env_seed(it.env, 1);
    bm_env_reset(it.env);
    const bm_agent_setup setup = {
        .type = type, .config = config, .batch = it.env, .total_steps = 100000, .seed = bm_seed_of(1)};
    ck_assert_msg(bm_agent_create(&it.agent, &setup, &error) == BM_OK, "%s", error.text);
    ck_assert(bm_actor_create(&it.actor, it.agent, it.env, &it.arena, NULL) == BM_OK);
    bm_agent_state(it.agent, &it.state);
    ck_assert(bm_state_check(&it.state, &error) == BM_OK);
    return it;
}

static void end(trainee *it) {
    bm_state_free(&it->state);
    bm_arena_free(&it->arena);
    bm_agent_destroy(it->agent);
    bm_env_destroy(it->env);
}

static const void *listed(const trainee *it, const char *name) {
    const bm_array *array = bm_state_find(&it->state, name);
    ck_assert_msg(array != NULL, "no %s", name);
    return array->data;
}

static void step(trainee *it) {
    bm_actor_train(&it->actor);
}

/* With a deviation of e^2 of a box's half width most draws lie outside of it. */
START_TEST(what_was_drawn_is_remembered_and_its_clipped_image_acted) {
    static const char *const settings[][2] = {{"log_std_init", "2"}, {NULL, NULL}};
    trainee it = begin("Point2D-v0", settings);
    const bm_real *remembered = listed(&it, "rollout.action");
    int outside = 0;
    for (int t = 0; t < 5; t++) {
        step(&it);
        const bm_real *row = remembered + t * LANES * SIZE;
        for (int i = 0; i < LANES * SIZE; i++) {
            const double u = (double)row[i];
            assert_near((double)((const float *)it.env->action)[i], 0.1 * fmax(-1, fmin(1, u)), 1e-7, "the action");
            outside += fabs(u) > 1;
        }
    }
    ck_assert_int_gt(outside, 10);
    end(&it);
}
END_TEST

START_TEST(the_deviation_starts_as_asked_and_is_learned) {
    static const char *const settings[][2] = {{"log_std_init", "-0.75"}, {"batch_episodes", "3"}, {NULL, NULL}};
    trainee it = begin("Point2D-v0", settings);
    const bm_real *log_std = listed(&it, "nets.policy.log_std");
    ck_assert(log_std[0] == (bm_real)-0.75 && log_std[1] == (bm_real)-0.75);
    while (it.agent->updates == 0) {
        step(&it);
    }
    ck_assert(log_std[0] != (bm_real)-0.75 && log_std[1] != (bm_real)-0.75);
    const bm_array *moments = bm_state_find(&it.state, "optimizer.policy.exp_avg");
    const bm_array *kernel = bm_state_find(&it.state, "nets.policy.dense0.kernel");
    ck_assert(moments && kernel && moments->shape[0] > kernel->shape[0] * kernel->shape[1]);
    end(&it);
}
END_TEST

START_TEST(the_deterministic_action_does_not_depend_on_the_deviation) {
    static const char *const settings[][2] = {{NULL, NULL}};
    trainee it = begin("Point2D-v0", settings);
    bm_real *log_std = bm_state_find(&it.state, "nets.policy.log_std")->data;
    const bm_rng untouched = it.agent->explore_rng;
    float first[LANES * SIZE], second[LANES * SIZE];
    bm_agent_act(it.agent, &it.actor.input, first, NULL);
    log_std[0] = log_std[1] = 1;
    bm_agent_act(it.agent, &it.actor.input, second, NULL);
    ck_assert_mem_eq(first, second, sizeof first);
    ck_assert_mem_eq(&untouched, &it.agent->explore_rng, sizeof untouched);
    end(&it);
}
END_TEST

START_TEST(a_box_has_values_to_inspect_but_no_preferences) {
    static const char *const settings[][2] = {{"baseline", "true"}, {NULL, NULL}};
    trainee it = begin("Point2D-v0", settings);
    bm_real value[LANES] = {NAN, NAN, NAN};
    bm_agent_inspect(it.agent, &it.actor.input, NULL, value);
    for (int i = 0; i < LANES; i++) {
        ck_assert(isfinite((double)value[i]));
    }
    end(&it);
}
END_TEST

START_TEST(discrete_actions_have_no_deviation) {
    static const char *const settings[][2] = {{"log_std_init", "-3"}, {NULL, NULL}};
    trainee it = begin("CartPole-v1", settings);
    ck_assert_ptr_null(bm_state_find(&it.state, "nets.policy.log_std"));
    ck_assert_int_eq(bm_state_find(&it.state, "rollout.action")->dtype, BM_I32);
    end(&it);
}
END_TEST

TEST_MAIN("reinforce", 30, what_was_drawn_is_remembered_and_its_clipped_image_acted,
          the_deviation_starts_as_asked_and_is_learned, the_deterministic_action_does_not_depend_on_the_deviation,
          a_box_has_values_to_inspect_but_no_preferences, discrete_actions_have_no_deviation)
