/* Agents where the environment forbids actions: GridWorld whose walls cannot be walked into. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "envs/exact.h"
#include "support.h"
#include "train/actor.h"

enum { LANES = 4, ACTIONS = 4, STATES = 16 };

typedef struct {
    bm_env_batch *env;
    bm_agent *agent;
    bm_actor actor;
    bm_arena arena;
} trial;

static void set_all(const bm_options *options, void *config, const char *const (*settings)[2]) {
    bm_error error;
    bm_options_defaults(options, config);
    for (; (*settings)[0]; settings++) {
        ck_assert_msg(bm_options_set(options, config, (*settings)[0], (*settings)[1], &error) == BM_OK, "%s",
                      error.text);
    }
}

static trial begin(const char *agent, int lanes, int64_t total, const char *const (*settings)[2]) {
    static const char *const world[][2] = {{"map", "lake"}, {"mask_walls", "true"}, {NULL, NULL}};
    _Alignas(16) unsigned char agent_config[4096], env_config[4096];
    trial t = {.arena = {0}};
    bm_error error;
    const bm_agent_type *type;
    const bm_env_type *env = bm_env_find("GridWorld-v0");
    ck_assert(bm_agent_lookup(agent, &type, &error) == BM_OK);
    ck_assert_uint_le(type->options.config_bytes, sizeof agent_config);
    set_all(&type->options, agent_config, settings);
    set_all(&env->options, env_config, world);
    ck_assert_msg(bm_env_create(&t.env, env, env_config, lanes, &error) == BM_OK, "%s", error.text);
    bm_env_seed(t.env, 3);
    bm_env_reset(t.env);
    const bm_agent_setup setup = {
        .type = type, .config = agent_config, .batch = t.env, .total_steps = total, .seed = bm_seed_of(7)};
    ck_assert_msg(bm_agent_create(&t.agent, &setup, &error) == BM_OK, "%s", error.text);
    bm_actor_create(&t.actor, t.agent, t.env, &t.arena);
    return t;
}

static void end(trial *t) {
    bm_arena_free(&t->arena);
    bm_agent_destroy(t->agent);
    bm_env_destroy(t->env);
}

static void assert_allowed(const trial *t, const uint8_t *mask, const int32_t *action) {
    for (int lane = 0; lane < t->env->lanes; lane++) {
        ck_assert_int_eq(mask[lane * ACTIONS + action[lane]], 1);
    }
}

static const char *const learns_much[][2] = {
    {"learning_starts", "50"}, {"train_freq", "1"}, {"exploration_fraction", "1"}, {NULL, NULL}};
static const char *const plain[][2] = {{"batch_episodes", "4"}, {"baseline", "true"}, {NULL, NULL}};
static const struct {
    const char *agent;
    const char *const (*settings)[2];
} agents[] = {{"dqn", learns_much}, {"reinforce", plain}};

START_TEST(no_forbidden_action_is_ever_chosen) {
    for (size_t k = 0; k < sizeof agents / sizeof agents[0]; k++) {
        trial t = begin(agents[k].agent, LANES, 4000, agents[k].settings);
        int forbidden = 0;
        for (int i = 0; i < 1000; i++) {
            uint8_t mask[LANES * ACTIONS];
            int32_t greedy[LANES];
            memcpy(mask, t.env->action_mask, sizeof mask);
            bm_agent_input input = t.actor.input;
            input.explore = false;
            bm_agent_act(t.agent, &input, greedy, NULL);
            assert_allowed(&t, mask, greedy);
            bm_actor_train(&t.actor);
            assert_allowed(&t, mask, t.env->action);
            for (int m = 0; m < LANES * ACTIONS; m++) {
                forbidden += !mask[m];
            }
        }
        ck_assert_int_gt(forbidden, 100);
        ck_assert_int_gt(t.agent->updates, 10);
        end(&t);
    }
}
END_TEST

START_TEST(what_is_forbidden_has_no_preference_and_no_probability) {
    for (size_t k = 0; k < sizeof agents / sizeof agents[0]; k++) {
        trial t = begin(agents[k].agent, LANES, 4000, agents[k].settings);
        bm_real preference[LANES * ACTIONS], value[LANES];
        bm_agent_inspect(t.agent, &t.actor.input, preference, value);
        for (int lane = 0; lane < LANES; lane++) { /* the start is the corner at the top left: no left, no up */
            const bm_real *p = preference + lane * ACTIONS;
            ck_assert(isnan(p[0]) && isnan(p[3]) && isfinite(p[1]) && isfinite(p[2]));
            if (k == 1) {
                assert_near((double)(p[1] + p[2]), 1, 1e-6, "probabilities of what is allowed");
            }
        }
        end(&t);
    }
}
END_TEST

/* A target that could take the value of a forbidden move would be the same: the lake's walls only keep you where you
 * are. So values are compared, in a network that has not learned, with those of the best allowed action. */
START_TEST(the_value_of_a_state_is_that_of_its_best_allowed_action) {
    trial t = begin("dqn", 1, 1000, learns_much);
    bm_real preference[ACTIONS], value;
    for (int state = 0; state < STATES; state++) {
        bm_real best = -(bm_real)INFINITY;
        t.env->type->model->place(t.env, 0, state);
        bm_env_observe(t.env, 0, 1);
        bm_agent_inspect(t.agent, &t.actor.input, preference, &value);
        for (int a = 0; a < ACTIONS; a++) {
            ck_assert_int_eq(isnan(preference[a]), !t.env->action_mask[a]);
            best = preference[a] > best ? preference[a] : best;
        }
        ck_assert(value == best);
    }
    end(&t);
}
END_TEST

START_TEST(an_agent_learns_the_best_path_where_walls_are_forbidden) {
    static const char *const quick[][2] = {{"learning_rate", "lin_0.002"},
                                           {"batch_size", "64"},
                                           {"learning_starts", "200"},
                                           {"train_freq", "2"},
                                           {"exploration_fraction", "0.6"},
                                           {"target_update_interval", "100"},
                                           {"double_q", "true"},
                                           {"loss", "mse"},
                                           {NULL, NULL}};
    enum { STEPS = 12000 };
    trial t = begin("dqn", 1, STEPS, quick);
    for (int i = 0; i < STEPS; i++) {
        bm_actor_train(&t.actor);
    }
    int32_t policy[STATES];
    bm_agent_input input = t.actor.input;
    input.explore = false;
    for (int state = 0; state < STATES; state++) {
        t.env->type->model->place(t.env, 0, state);
        bm_env_observe(t.env, 0, 1);
        bm_agent_act(t.agent, &input, &policy[state], NULL);
    }
    double learned, best;
    bm_error error;
    ck_assert(bm_exact_policy(t.env, policy, 1, 100, &learned, NULL, &error) == BM_OK);
    ck_assert(bm_exact_optimal(t.env, 1, 100, &best, NULL, &error) == BM_OK);
    assert_near(learned, best, 1e-9, "return of the learned policy");
    end(&t);
}
END_TEST

TEST_MAIN("masks", 60, no_forbidden_action_is_ever_chosen, what_is_forbidden_has_no_preference_and_no_probability,
          the_value_of_a_state_is_that_of_its_best_allowed_action,
          an_agent_learns_the_best_path_where_walls_are_forbidden)
