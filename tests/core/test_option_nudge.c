/* Turning a knob moves every kind of option one step a person expects, and never out of its range. */
#include <stdio.h>
#include <string.h>

#include "agents/agent.h"
#include "support.h"

typedef struct {
    double learning_rate, epsilon, gamma, entropy;
    int train_freq;
    bool double_q;
    bm_schedule falling;
    int loss;
    bm_text title;
} config;

static const char *const losses[] = {"mse", "huber", "l1", NULL};
static const bm_option rows[] = {
    BM_OPTION(config, learning_rate, 0.001, 1e-8, 1, BM_LOG, "step size"),
    BM_OPTION(config, epsilon, 0.05, 0, 1, BM_LINEAR, "exploration"),
    BM_OPTION(config, gamma, 0.99, 0, 1, BM_LINEAR, "discount"),
    BM_OPTION(config, entropy, 0, 0, 10, BM_LINEAR, "bonus"),
    BM_OPTION(config, train_freq, 4, 1, 1000, BM_LOG, "steps between"),
    BM_OPTION_STRING(config, double_q, "false", 0, 1, "double"),
    BM_OPTION_STRING(config, falling, "lin_0.001", 1e-8, 1, "step size"),
    BM_OPTION_CHOICE(config, loss, "mse", losses, "loss"),
    BM_OPTION_STRING(config, title, "", 0, 0, "for people"),
};
static const bm_options options = BM_OPTIONS(rows, config);

static void assert_turns(const char *key, const char *from, int direction, const char *to) {
    config c;
    char text[BM_OPTION_TEXT_BYTES];
    const void *field;
    bm_error error;
    bm_options_defaults(&options, &c);
    ck_assert_msg(bm_options_set(&options, &c, key, from, &error) == BM_OK, "%s", error.text);
    const bm_option *row = bm_options_find(&options, &c, key, &field);
    ck_assert(bm_option_nudge(row, field, direction, text, sizeof text));
    ck_assert_msg(strcmp(text, to) == 0, "%s %s %+d gives %s, not %s", key, from, direction, text, to);
    ck_assert_msg(bm_options_set(&options, &c, key, text, &error) == BM_OK, "%s", error.text);
}

START_TEST(rates_move_by_a_quarter_and_keep_two_digits) {
    assert_turns("learning_rate", "0.001", 1, "0.0013");
    assert_turns("learning_rate", "0.001", -1, "0.0008");
    assert_turns("falling", "lin_0.001", -1, "lin_0.0008");
    assert_turns("learning_rate", "0.0001", -1, "8e-05");
    assert_turns("learning_rate", "1e-08", -1, "1e-08");
}
END_TEST

START_TEST(shares_move_by_a_hundredth_and_close_to_one_by_their_distance_to_it) {
    assert_turns("epsilon", "0.05", 1, "0.06");
    assert_turns("epsilon", "0.05", -1, "0.04");
    assert_turns("gamma", "0.99", 1, "0.992");
    assert_turns("gamma", "0.99", -1, "0.987");
    assert_turns("gamma", "1", -1, "0.99");
}
END_TEST

START_TEST(what_is_zero_can_be_turned_up_and_back) {
    assert_turns("entropy", "0", 1, "0.0001");
    assert_turns("entropy", "0.0001", -1, "0");
}
END_TEST

START_TEST(ranges_hold) {
    assert_turns("epsilon", "0", -1, "0");
    assert_turns("epsilon", "1", 1, "1");
    assert_turns("train_freq", "1", -1, "1");
    assert_turns("train_freq", "1000", 1, "1000");
    assert_turns("entropy", "0", -1, "0");
}
END_TEST

START_TEST(whole_numbers_stay_whole_and_always_move) {
    assert_turns("train_freq", "1", 1, "2");
    assert_turns("train_freq", "2", 1, "3");
    assert_turns("train_freq", "4", 1, "5");
    assert_turns("train_freq", "4", -1, "3");
    assert_turns("train_freq", "100", 1, "130");
}
END_TEST

START_TEST(switches_flip_and_choices_go_round) {
    assert_turns("double_q", "false", 1, "true");
    assert_turns("double_q", "true", 1, "false");
    assert_turns("loss", "mse", 1, "huber");
    assert_turns("loss", "l1", 1, "mse");
    assert_turns("loss", "mse", -1, "l1");
}
END_TEST

START_TEST(texts_have_no_knob) {
    config c;
    char text[BM_OPTION_TEXT_BYTES];
    bm_options_defaults(&options, &c);
    ck_assert(!bm_option_nudge(&rows[8], &c.title, 1, text, sizeof text));
}
END_TEST

static void turn_both_ways(void *context, const char *key, const bm_option *row, const void *field) {
    bm_agent *agent = context;
    char text[BM_OPTION_TEXT_BYTES];
    bm_error error;
    if (row->live) {
        for (int turns = 0; turns < 600; turns++) { /* to the upper end, to the lower one, and half the way back */
            const int direction = turns < 200 || turns >= 500 ? 1 : -1;
            ck_assert_msg(bm_option_nudge(row, field, direction, text, sizeof text), "%s has no knob", key);
            ck_assert_msg(bm_options_set_live(&agent->type->options, agent->config, key, text, &error) == BM_OK,
                          "%s=%s: %s", key, text, error.text);
        }
    }
}

START_TEST(every_live_option_of_every_agent_takes_what_its_knob_gives) {
    bm_env_batch *env;
    bm_error error;
    ck_assert(bm_env_create(&env, bm_env_find("CartPole-v1"), NULL, 1, &error) == BM_OK);
    for (const bm_agent_type *const *type = bm_agent_types; *type; type++) {
        const bm_agent_setup setup = {.type = *type, .batch = env, .total_steps = 100, .acts_only = true};
        bm_agent *agent;
        ck_assert_msg(bm_agent_create(&agent, &setup, &error) == BM_OK, "%s", error.text);
        bm_options_each(&(*type)->options, agent->config, turn_both_ways, agent);
        bm_agent_destroy(agent);
    }
    bm_env_destroy(env);
}
END_TEST

TEST_MAIN("option_nudge", 60, rates_move_by_a_quarter_and_keep_two_digits,
          shares_move_by_a_hundredth_and_close_to_one_by_their_distance_to_it, what_is_zero_can_be_turned_up_and_back,
          ranges_hold, whole_numbers_stay_whole_and_always_move, switches_flip_and_choices_go_round, texts_have_no_knob,
          every_live_option_of_every_agent_takes_what_its_knob_gives)
