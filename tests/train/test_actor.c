/* What belongs to the rows that an agent acts on belongs to the caller: shown with a small agent that carries a counter
 * from step to step and hands what it computed to observe. */
#include "train/actor.h"

#include <string.h>

#include "support.h"
#include "train/eval.h"

enum { LANES = 3, STEPS = 40 };

typedef struct {
    int unused;
} counter_config;

static const bm_option rows[] = {BM_OPTION(counter_config, unused, 0, 0, 1, BM_LINEAR, "nothing")};

/* Counts the steps of each episode; pushes right on every third of them. */
typedef struct {
    int64_t observed, wrong; /* steps whose computed number was not the count that was carried into the step */
} counter;

static bm_status create(bm_agent *agent, bm_error *error) {
    (void)error;
    agent->carried = 1;
    agent->computed_bytes = sizeof(bm_real);
    return BM_OK;
}

static void act(bm_agent *agent, const bm_agent_input *input, void *action, void *computed) {
    (void)agent;
    for (int i = 0; i < input->n; i++) {
        input->carried[i] = input->episode_start[i] ? 0 : input->carried[i] + 1;
        ((int32_t *)action)[i] = (int)input->carried[i] % 3 == 0;
        if (computed) {
            ((bm_real *)computed)[i] = input->carried[i];
        }
    }
}

static void observe(bm_agent *agent, const bm_agent_step *step) {
    counter *self = agent->self;
    const bm_real *computed = step->computed;
    for (int i = 0; i < step->input.n; i++) {
        const bm_real before = step->input.episode_start[i] ? -1 : step->input.carried[i];
        self->observed++;
        self->wrong += computed[i] != before + 1;
    }
}

static void update(bm_agent *agent) {
    agent->updates++;
}

static void state(bm_agent *agent, bm_state *list) {
    counter *self = agent->self;
    bm_state_scalar(list, "observed", BM_I64, &self->observed);
}

static const char *const metric_names[] = {NULL};

static const bm_agent_type counting = {
    .name = "counting",
    .summary = "counts",
    .options = BM_OPTIONS(rows, counter_config),
    .self_bytes = sizeof(counter),
    .metric_names = metric_names,
    .create = create,
    .act = act,
    .observe = observe,
    .update = update,
    .state = state,
};

typedef struct {
    bm_env_batch *env;
    bm_agent *agent;
    bm_actor actor;
    bm_arena arena;
} trial;

static trial begin(void) {
    trial t = {.arena = {0}};
    bm_error error;
    ck_assert(bm_env_create(&t.env, bm_env_find("CartPole-v1"), NULL, LANES, &error) == BM_OK);
    bm_env_seed(t.env, 5);
    bm_env_reset(t.env);
    const bm_agent_setup setup = {.type = &counting, .batch = t.env, .max_rows = 8, .total_steps = 1000};
    ck_assert_msg(bm_agent_create(&t.agent, &setup, &error) == BM_OK, "%s", error.text);
    bm_actor_create(&t.actor, t.agent, t.env, &t.arena);
    return t;
}

static void end(trial *t) {
    bm_arena_free(&t->arena);
    bm_agent_destroy(t->agent);
    bm_env_destroy(t->env);
}

/* Everything the training loop remembers. */
static uint64_t hash_of(trial *t) {
    bm_state list = {0};
    bm_env_state(t->env, &list);
    bm_state_enter(&list, "agent");
    bm_agent_state(t->agent, &list);
    bm_actor_state(&t->actor, &list);
    bm_state_leave(&list);
    const uint64_t hash = bm_state_hash(&list, 0);
    bm_state_free(&list);
    return hash;
}

START_TEST(the_carried_state_begins_anew_with_every_episode) {
    trial t = begin();
    int episodes = 0;
    for (int i = 0; i < STEPS; i++) {
        bm_actor_train(&t.actor);
        for (int lane = 0; lane < LANES; lane++) {
            const int steps_before = t.env->episode_start[lane] ? t.env->final_length[lane] : t.env->elapsed[lane];
            ck_assert_int_eq((int)t.actor.input.carried[lane], steps_before - 1);
            episodes += t.env->episode_start[lane];
        }
    }
    ck_assert_int_gt(episodes, LANES);
    end(&t);
}
END_TEST

START_TEST(what_act_computed_comes_back_with_what_it_was_computed_from) {
    trial t = begin();
    for (int i = 0; i < STEPS; i++) {
        bm_actor_train(&t.actor);
    }
    const counter *self = t.agent->self;
    ck_assert_int_eq(self->observed, STEPS * LANES);
    ck_assert_int_eq(self->wrong, 0);
    end(&t);
}
END_TEST

START_TEST(an_evaluation_in_the_middle_of_training_disturbs_nothing_that_is_carried) {
    trial evaluated = begin(), left_alone = begin();
    bm_evaluator evaluator;
    bm_error error;
    ck_assert(bm_evaluator_create(&evaluator, evaluated.agent, evaluated.env->type, NULL, 8, &error) == BM_OK);
    for (int i = 0; i < STEPS; i++) {
        bm_actor_train(&evaluated.actor);
        bm_actor_train(&left_alone.actor);
        if (i % 7 == 3) {
            ck_assert_int_eq(bm_evaluate(&evaluator, 8, NULL, 1, false).episodes, 8);
        }
        ck_assert(hash_of(&evaluated) == hash_of(&left_alone));
    }
    ck_assert_mem_ne(evaluator.actor.input.carried, evaluated.actor.input.carried, LANES * sizeof(bm_real));
    bm_evaluator_free(&evaluator);
    end(&evaluated);
    end(&left_alone);
}
END_TEST

START_TEST(rows_that_an_agent_cannot_act_on_are_told_in_one_sentence) {
    trial t = begin();
    bm_error error;
    bm_agent_input input = t.actor.input;
    const uint8_t mask[2 * LANES] = {1};
    ck_assert_int_eq(bm_agent_check(t.agent, &input, &error), BM_OK);
    input.carried_width = 2;
    ck_assert_int_eq(bm_agent_check(t.agent, &input, &error), BM_INVALID);
    ck_assert_str_eq(error.text,
                     "counting carries 1 numbers for each row from step to step; the state it is given has 2");
    input = t.actor.input;
    input.carried = NULL;
    ck_assert_int_eq(bm_agent_check(t.agent, &input, &error), BM_INVALID);
    ck_assert_str_eq(error.text,
                     "counting carries 1 numbers for each row from step to step; the state it is given has 0");
    input = t.actor.input;
    input.n = 9;
    ck_assert_int_eq(bm_agent_check(t.agent, &input, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "counting was created to act on at most 8 rows, not on 9");
    input = t.actor.input;
    input.action_mask = mask;
    ck_assert_int_eq(bm_agent_check(t.agent, &input, &error), BM_INVALID);
    ck_assert_str_eq(error.text,
                     "counting was created for an environment that allows every action, and is given a mask");
    end(&t);
}
END_TEST

START_TEST(an_agent_whose_options_clash_is_refused) {
    typedef struct {
        counter_config one, other;
    } twice;
    static const bm_options group = BM_OPTIONS(rows, counter_config);
    static const bm_option clash[] = {BM_OPTION_GROUP(twice, one, "", &group, ""),
                                      BM_OPTION_GROUP(twice, other, "", &group, "")};
    bm_agent_type clashing = counting;
    clashing.options = (bm_options)BM_OPTIONS(clash, twice);
    trial t = begin();
    bm_agent *agent = NULL;
    bm_error error;
    const bm_agent_setup setup = {.type = &clashing, .batch = t.env, .total_steps = 1};
    ck_assert_int_eq(bm_agent_create(&agent, &setup, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "two rows of one option table are called unused; give a group a prefix");
    end(&t);
}
END_TEST

TEST_MAIN("actor", 30, the_carried_state_begins_anew_with_every_episode,
          what_act_computed_comes_back_with_what_it_was_computed_from,
          an_evaluation_in_the_middle_of_training_disturbs_nothing_that_is_carried,
          rows_that_an_agent_cannot_act_on_are_told_in_one_sentence, an_agent_whose_options_clash_is_refused)
