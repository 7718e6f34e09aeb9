/* Option tables: what is accepted, what is refused with which sentence, and that values survive as text. */
#include "core/option.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

typedef struct {
    double beta1, beta2;
    bool amsgrad;
} adam_config;

static const bm_option adam_rows[] = {
    BM_OPTION(adam_config, beta1, 0.9, 0, 0.999999, BM_LINEAR, "decay of the mean"),
    BM_OPTION(adam_config, beta2, 0.999, 0, 0.999999, BM_LINEAR, "decay of the square"),
    BM_OPTION_STRING(adam_config, amsgrad, "false", 0, 0, "keep the maximum"),
};
static const bm_options adam = BM_OPTIONS(adam_rows, adam_config);

typedef struct {
    double momentum;
} sgd_config;

static const bm_option sgd_rows[] = {
    BM_OPTION(sgd_config, momentum, 0, 0, 1, BM_LINEAR, "share of the last step"),
};
static const bm_options sgd = BM_OPTIONS(sgd_rows, sgd_config);

typedef struct {
    double many[BM_VARIANT_BYTES]; /* eight times too large */
} huge_config;

static const bm_options huge = {.rows = NULL, .count = 0, .config_bytes = sizeof(huge_config)};
static const bm_variant_kind optimizers[] = {{"adam", &adam}, {"sgd", &sgd}, {"huge", &huge}, {NULL, NULL}};
static const char *const losses[] = {"mse", "smooth_l1", "huber", NULL};

typedef struct {
    int batch_size;
    double gamma, unbounded;
    bool double_q;
    bm_schedule learning_rate;
    int loss;
    bm_text title;
    bm_int_list net_arch;
    bm_variant optimizer;
} config;

static const bm_option rows[] = {
    BM_OPTION(config, batch_size, 128, 1, 65536, BM_LOG, "transitions per update"),
    BM_OPTION(config, gamma, 0.99, 0, 1, BM_LINEAR, "discount per step"),
    BM_OPTION(config, unbounded, -2.5, -INFINITY, INFINITY, BM_LINEAR, "any number"),
    BM_OPTION_STRING(config, double_q, "true", 0, 0, "double Q-learning"),
    BM_OPTION_STRING(config, learning_rate, "lin_0.001", 1e-8, 1, "step size"),
    BM_OPTION_CHOICE(config, loss, "huber", losses, "of the temporal difference"),
    BM_OPTION_STRING(config, title, "", 0, 0, "for people"),
    BM_OPTION_STRING(config, net_arch, "[64, 64]", 1, 4096, "units of the hidden layers"),
    BM_OPTION_VARIANT(config, optimizer, "adam", optimizers, "how the parameters follow the gradient"),
};
static const bm_options table = BM_OPTIONS(rows, config);

static const adam_config *adam_of(const config *c) {
    ck_assert_int_eq(c->optimizer.kind, 0);
    return (const adam_config *)c->optimizer.config;
}

static void accept(config *c, const char *key, const char *text) {
    bm_error error = {""};
    const bm_status status = bm_options_set(&table, c, key, text, &error);
    ck_assert_msg(status == BM_OK, "%s=%s: %s", key, text, error.text);
}

static void refuse(const char *key, const char *text, const char *message) {
    config c, before;
    bm_options_defaults(&table, &c);
    memcpy(&before, &c, sizeof c);
    bm_error error = {""};
    ck_assert_int_eq(bm_options_set(&table, &c, key, text, &error), BM_INVALID);
    ck_assert_str_eq(error.text, message);
    ck_assert_mem_eq(&c, &before, sizeof c);
}

static void assert_format(const config *c, const char *key, const char *want) {
    const void *field;
    const bm_option *row = bm_options_find(&table, c, key, &field);
    ck_assert_ptr_nonnull(row);
    char text[BM_OPTION_TEXT_BYTES];
    bm_option_format(row, field, text, sizeof text);
    ck_assert_str_eq(text, want);
}

START_TEST(defaults_fill_every_field) {
    config c;
    memset(&c, 0xff, sizeof c);
    bm_options_defaults(&table, &c);
    ck_assert_int_eq(c.batch_size, 128);
    ck_assert(c.gamma == 0.99 && c.unbounded == -2.5 && c.double_q);
    ck_assert(c.learning_rate.initial == 0.001 && c.learning_rate.linear);
    ck_assert_int_eq(c.loss, 2);
    ck_assert_str_eq(c.title.text, "");
    ck_assert_int_eq(c.net_arch.count, 2);
    ck_assert_int_eq(c.net_arch.value[1], 64);
    ck_assert(adam_of(&c)->beta1 == 0.9 && adam_of(&c)->beta2 == 0.999 && !adam_of(&c)->amsgrad);
}
END_TEST

START_TEST(integers_accept_whole_numbers_however_written) {
    static const char *const texts[] = {"50000", "5e4", "50000.0", "50_000", "+50000", "0.5e5"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        config c = {0};
        accept(&c, "batch_size", texts[i]);
        ck_assert_int_eq(c.batch_size, 50000);
    }
}
END_TEST

START_TEST(integers_refuse_everything_else) {
    refuse("batch_size", "abc", "batch_size=abc is not a whole number (1..65536)");
    refuse("batch_size", "1.5", "batch_size=1.5 is not a whole number (1..65536)");
    refuse("batch_size", "", "batch_size= is not a whole number (1..65536)");
    refuse("batch_size", "64 ", "batch_size=64  is not a whole number (1..65536)");
    refuse("batch_size", " 64", "batch_size= 64 is not a whole number (1..65536)");
    refuse("batch_size", "64x", "batch_size=64x is not a whole number (1..65536)");
    refuse("batch_size", "_64", "batch_size=_64 is not a whole number (1..65536)");
    refuse("batch_size", "6__4", "batch_size=6__4 is not a whole number (1..65536)");
    refuse("batch_size", "nan", "batch_size=nan is not a whole number (1..65536)");
    refuse("batch_size", "0", "batch_size=0 outside [1, 65536]");
    refuse("batch_size", "65537", "batch_size=65537 outside [1, 65536]");
    refuse("batch_size", "1e300", "batch_size=1e300 outside [1, 65536]");
    refuse("batch_size", "inf", "batch_size=inf outside [1, 65536]");
}
END_TEST

START_TEST(an_integer_option_with_a_wider_range_than_int_stays_in_int) {
    typedef struct {
        int steps;
    } wide_config;
    static const bm_option wide_rows[] = {BM_OPTION(wide_config, steps, 1, 0, 1e12, BM_LOG, "steps")};
    static const bm_options wide = BM_OPTIONS(wide_rows, wide_config);
    wide_config c = {7};
    ck_assert_int_eq(bm_options_set(&wide, &c, "steps", "2147483648", NULL), BM_INVALID);
    ck_assert_int_eq(c.steps, 7);
    ck_assert_int_eq(bm_options_set(&wide, &c, "steps", "2147483647", NULL), BM_OK);
    ck_assert_int_eq(c.steps, 2147483647);
}
END_TEST

START_TEST(reals_stay_within_their_range) {
    config c = {0};
    accept(&c, "gamma", "1");
    ck_assert(c.gamma == 1.0);
    accept(&c, "gamma", ".5");
    ck_assert(c.gamma == 0.5);
    accept(&c, "unbounded", "-inf");
    ck_assert(isinf(c.unbounded));
    refuse("gamma", "nan", "gamma=nan outside [0, 1]");
    refuse("gamma", "inf", "gamma=inf outside [0, 1]");
    refuse("gamma", "1.0000000000000002", "gamma=1.0000000000000002 outside [0, 1]");
    refuse("gamma", "-1e-300", "gamma=-1e-300 outside [0, 1]");
    refuse("gamma", "0.9,", "gamma=0.9, is not a number (0..1)");
    refuse("gamma", "0.9 0.8", "gamma=0.9 0.8 is not a number (0..1)");
    refuse("unbounded", "nan", "unbounded=nan outside [-inf, inf]");
}
END_TEST

START_TEST(overlong_texts_are_refused_and_shown_cut) {
    char digits[2000];
    memset(digits, '1', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    config c = {0};
    bm_error error;
    ck_assert_int_eq(bm_options_set(&table, &c, "gamma", digits, &error), BM_INVALID);
    ck_assert_uint_lt(strlen(error.text), 150);
    ck_assert_int_eq(bm_options_set(&table, &c, "net_arch", digits, &error), BM_INVALID);
    ck_assert_int_eq(bm_options_set(&table, &c, digits, "1", &error), BM_INVALID);
    ck_assert_uint_lt(strlen(error.text), 150);
    ck_assert_int_eq(bm_options_set(&table, &c, "title", digits, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "title is 1999 bytes long; at most 255 are kept");
    digits[255] = '\0';
    ck_assert_int_eq(bm_options_set(&table, &c, "title", digits, &error), BM_OK);
    ck_assert_str_eq(c.title.text, digits);
}
END_TEST

START_TEST(reals_are_written_with_the_fewest_digits_that_read_back) {
    static const double values[] = {
        0.1,     1.0 / 3.0, 1e-8,     7.77e-05,          1e23,     9007199254740993.0, DBL_MIN,
        DBL_MAX, 5e-324,    -DBL_MAX, 3.141592653589793, 0.1 + 0.2};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        config c = {.unbounded = values[i]}, back = {0};
        const void *field;
        const bm_option *row = bm_options_find(&table, &c, "unbounded", &field);
        char text[BM_OPTION_TEXT_BYTES];
        bm_option_format(row, field, text, sizeof text);
        accept(&back, "unbounded", text);
        ck_assert_mem_eq(&back.unbounded, &c.unbounded, sizeof(double));
    }
    config c = {.unbounded = 0.1 + 0.2, .gamma = 0.1};
    assert_format(&c, "unbounded", "0.30000000000000004");
    assert_format(&c, "gamma", "0.1");
    c.unbounded = 1e-8;
    assert_format(&c, "unbounded", "1e-08");
    c.unbounded = -0.0;
    assert_format(&c, "unbounded", "-0");
}
END_TEST

START_TEST(schedules_are_constant_or_linear) {
    config c = {0};
    accept(&c, "learning_rate", "1e-3");
    ck_assert(!c.learning_rate.linear && bm_schedule_at(c.learning_rate, 0.25) == 0.001);
    assert_format(&c, "learning_rate", "0.001");
    accept(&c, "learning_rate", "lin_0.002");
    ck_assert(c.learning_rate.linear && bm_schedule_at(c.learning_rate, 0.25) == 0.0005);
    assert_format(&c, "learning_rate", "lin_0.002");
    refuse("learning_rate", "-1", "learning_rate=-1 outside [1e-08, 1]");
    refuse("learning_rate", "lin_2", "learning_rate=lin_2 outside [1e-08, 1]");
    refuse("learning_rate", "lin_",
           "learning_rate=lin_ is not a number, or lin_ and a number "
           "(1e-08..1, or lin_X, falling from X to 0)");
}
END_TEST

START_TEST(switches_accept_the_usual_words) {
    static const char *const yes[] = {"true", "True", "yes", "on", "1"}, *const no[] = {"false", "NO", "off", "0"};
    config c = {0};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        c.double_q = false;
        accept(&c, "double_q", yes[i]);
        ck_assert(c.double_q);
    }
    assert_format(&c, "double_q", "true");
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        c.double_q = true;
        accept(&c, "double_q", no[i]);
        ck_assert(!c.double_q);
    }
    assert_format(&c, "double_q", "false");
    refuse("double_q", "maybe", "double_q=maybe is not a switch (true or false)");
    refuse("double_q", "", "double_q= is not a switch (true or false)");
}
END_TEST

START_TEST(choices_are_one_of_their_names) {
    config c = {0};
    accept(&c, "loss", "smooth-l1");
    ck_assert_int_eq(c.loss, 1);
    assert_format(&c, "loss", "smooth_l1");
    refuse("loss", "hubber", "loss=hubber is not one of mse, smooth_l1, huber; did you mean huber?");
    refuse("loss", "quantile", "loss=quantile is not one of mse, smooth_l1, huber");
    refuse("loss", "", "loss= is not one of mse, smooth_l1, huber");
}
END_TEST

START_TEST(lists_are_read_with_and_without_brackets) {
    static const char *const texts[] = {"[400, 300]", "400,300", "[400,300]", " 4e2 , 300 ", "[ 400, 300 ]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        config c = {0};
        accept(&c, "net_arch", texts[i]);
        ck_assert_int_eq(c.net_arch.count, 2);
        ck_assert_int_eq(c.net_arch.value[0], 400);
        ck_assert_int_eq(c.net_arch.value[1], 300);
        assert_format(&c, "net_arch", "[400, 300]");
    }
    config c = {0};
    accept(&c, "net_arch", "8");
    assert_format(&c, "net_arch", "[8]");
    accept(&c, "net_arch", "[ ]");
    assert_format(&c, "net_arch", "[]");
    accept(&c, "net_arch", "1,2,3,4,5,6,7,8");
    assert_format(&c, "net_arch", "[1, 2, 3, 4, 5, 6, 7, 8]");
}
END_TEST

START_TEST(lists_refuse_what_is_no_list) {
    static const char *const texts[] = {"", ",", "64,", "[64", "64]", "[", "[64,,64]", "64 64", "[64, x]", "[1.5]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char message[200];
        snprintf(message, sizeof message, "net_arch=%s is not a list of whole numbers (64,64 with each 1..4096)",
                 texts[i]);
        refuse("net_arch", texts[i], message);
    }
    refuse("net_arch", "[64, 0]", "net_arch=[64, 0] outside [1, 4096]");
    refuse("net_arch", "1,2,3,4,5,6,7,8,9", "net_arch=1,2,3,4,5,6,7,8,9 has more than 8 items");
}
END_TEST

START_TEST(a_hyphen_in_a_key_is_an_underscore) {
    config c = {0};
    accept(&c, "batch-size", "64");
    ck_assert_int_eq(c.batch_size, 64);
    refuse("batch-size", "x", "batch_size=x is not a whole number (1..65536)");
}
END_TEST

START_TEST(unknown_keys_are_refused_with_a_suggestion) {
    refuse("batchsize", "1", "unknown option batchsize; did you mean batch_size?");
    refuse("frame_stack", "1", "unknown option frame_stack");
    refuse("", "1", "unknown option ");
    refuse("gamma.x", "1", "unknown option gamma.x: gamma has no options of its own");
    refuse("optimizer.beta3", "1", "unknown option optimizer.beta3 of adam; did you mean optimizer.beta1?");
    refuse("optimizer.momentum", "1", "unknown option optimizer.momentum of adam");
    refuse("optimizer.", "1", "unknown option optimizer. of adam");
    refuse("gamm", "1", "unknown option gamm; did you mean gamma?");
}
END_TEST

START_TEST(a_dotted_key_reaches_into_the_variant_chosen) {
    config c;
    bm_options_defaults(&table, &c);
    accept(&c, "optimizer.beta1", "0.5");
    ck_assert(adam_of(&c)->beta1 == 0.5 && adam_of(&c)->beta2 == 0.999);
    refuse("optimizer.beta1", "1", "optimizer.beta1=1 outside [0, 0.999999]");
    accept(&c, "optimizer", "sgd");
    assert_format(&c, "optimizer", "sgd");
    accept(&c, "optimizer.momentum", "0.9");
    assert_format(&c, "optimizer.momentum", "0.9");
    ck_assert_ptr_null(bm_options_find(&table, &c, "optimizer.beta1", NULL));
}
END_TEST

START_TEST(setting_a_variant_resets_its_rows) {
    config c, fresh;
    bm_options_defaults(&table, &c);
    bm_options_defaults(&table, &fresh);
    accept(&c, "optimizer.beta1", "0.5");
    accept(&c, "optimizer", "adam");
    ck_assert_mem_eq(&c, &fresh, sizeof c);
}
END_TEST

START_TEST(variants_refuse_unknown_and_oversized_kinds) {
    refuse("optimizer", "adan", "optimizer=adan is not one of adam, sgd, huge; did you mean adam?");
    refuse("optimizer", "huge", "optimizer=huge needs 1024 bytes of settings; BM_VARIANT_BYTES is 128");
}
END_TEST

START_TEST(ranges_read_well) {
    static const char *const want[] = {"1..65536",
                                       "0..1",
                                       "-inf..inf",
                                       "true or false",
                                       "1e-08..1, or lin_X, falling from X to 0",
                                       "one of mse, smooth_l1, huber",
                                       "any text",
                                       "64,64 with each 1..4096",
                                       "one of adam, sgd, huge"};
    for (size_t i = 0; i < table.count; i++) {
        char text[BM_OPTION_TEXT_BYTES];
        bm_option_range(&table.rows[i], text, sizeof text);
        ck_assert_str_eq(text, want[i]);
    }
}
END_TEST

typedef struct {
    char keys[512];
    config *copy;
} visit_log;

static void copy_option(void *context, const char *key, const bm_option *row, const void *field) {
    visit_log *log = context;
    snprintf(log->keys + strlen(log->keys), sizeof log->keys - strlen(log->keys), "%s ", key);
    char text[BM_OPTION_TEXT_BYTES];
    bm_option_format(row, field, text, sizeof text);
    accept(log->copy, key, text);
}

START_TEST(visiting_every_option_copies_a_config_through_text) {
    config c, copy;
    bm_options_defaults(&table, &c);
    accept(&c, "gamma", "0.123456789012345678");
    accept(&c, "title", "a, b: 'c' \"d\"");
    accept(&c, "net_arch", "[]");
    accept(&c, "learning_rate", "lin_7.77e-5");
    accept(&c, "optimizer.amsgrad", "on");
    bm_options_defaults(&table, &copy);
    visit_log log = {.keys = "", .copy = &copy};
    bm_options_each(&table, &c, copy_option, &log);
    ck_assert_str_eq(log.keys, "batch_size gamma unbounded double_q learning_rate loss title net_arch optimizer "
                               "optimizer.beta1 optimizer.beta2 optimizer.amsgrad ");
    ck_assert_mem_eq(&copy, &c, sizeof c);
}
END_TEST

/* ---- groups */

typedef struct {
    bm_schedule learning_rate;
    bm_variant optimizer;
} learner_config;

static const bm_option learner_rows[] = {
    BM_OPTION(learner_config, learning_rate, 0.001, 1e-8, 1, BM_LOG, "step size"),
    BM_OPTION_VARIANT(learner_config, optimizer, "adam", optimizers, "how the parameters follow the gradient"),
};
static const bm_options learner = BM_OPTIONS(learner_rows, learner_config);

typedef struct {
    learner_config actor, critic;
    double gamma;
} agent_config;

static const bm_option agent_rows[] = {
    BM_OPTION_GROUP(agent_config, actor, "", &learner, "learning_rate=0.01"),
    BM_OPTION(agent_config, gamma, 0.99, 0, 1, BM_LINEAR, "discount per step"),
    BM_OPTION_GROUP(agent_config, critic, "critic_", &learner, "optimizer=sgd optimizer.momentum=0.5"),
};
static const bm_options agent_table = BM_OPTIONS(agent_rows, agent_config);

START_TEST(a_group_takes_the_defaults_of_the_table_that_embeds_it) {
    agent_config c;
    bm_options_defaults(&agent_table, &c);
    ck_assert(c.actor.learning_rate.initial == 0.01 && c.critic.learning_rate.initial == 0.001);
    ck_assert_int_eq(c.actor.optimizer.kind, 0);
    ck_assert_int_eq(c.critic.optimizer.kind, 1);
    ck_assert(((const sgd_config *)c.critic.optimizer.config)->momentum == 0.5);
}
END_TEST

START_TEST(a_prefix_tells_rows_of_two_groups_apart) {
    agent_config c;
    bm_error error = {""};
    const void *field;
    bm_options_defaults(&agent_table, &c);
    ck_assert_int_eq(bm_options_set(&agent_table, &c, "critic-learning-rate", "0.25", &error), BM_OK);
    ck_assert_int_eq(bm_options_set(&agent_table, &c, "critic_optimizer.momentum", "0.75", &error), BM_OK);
    ck_assert_int_eq(bm_options_set(&agent_table, &c, "optimizer.beta1", "0.5", &error), BM_OK);
    ck_assert(c.actor.learning_rate.initial == 0.01 && c.critic.learning_rate.initial == 0.25);
    ck_assert(((const sgd_config *)c.critic.optimizer.config)->momentum == 0.75);
    ck_assert(((const adam_config *)c.actor.optimizer.config)->beta1 == 0.5);
    ck_assert_ptr_eq(bm_options_find(&agent_table, &c, "critic_learning_rate", &field), &learner_rows[0]);
    ck_assert_ptr_eq(field, &c.critic.learning_rate);
    ck_assert_ptr_null(bm_options_find(&agent_table, &c, "critic_gamma", NULL));
    ck_assert_int_eq(bm_options_set(&agent_table, &c, "critic-learning-rate", "2", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "critic_learning_rate=2 outside [1e-08, 1]");
    ck_assert_int_eq(bm_options_set(&agent_table, &c, "critic_learning_rat", "2", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "unknown option critic_learning_rat; did you mean critic_learning_rate?");
}
END_TEST

enum { KEYS_BYTES = 256 };

static void note_key(void *context, const char *key, const bm_option *row, const void *field) {
    (void)row;
    (void)field;
    char *keys = context;
    const size_t used = strlen(keys);
    snprintf(keys + used, KEYS_BYTES - used, "%s ", key);
}

START_TEST(rows_of_groups_are_visited_in_their_place) {
    agent_config c;
    char keys[KEYS_BYTES] = "";
    bm_options_defaults(&agent_table, &c);
    bm_options_each(&agent_table, &c, note_key, keys);
    ck_assert_str_eq(keys, "learning_rate optimizer optimizer.beta1 optimizer.beta2 optimizer.amsgrad gamma "
                           "critic_learning_rate critic_optimizer critic_optimizer.momentum ");
    keys[0] = '\0';
    bm_options_each(&agent_table, NULL, note_key, keys);
    ck_assert_str_eq(keys, "learning_rate optimizer gamma critic_learning_rate critic_optimizer ");
}
END_TEST

START_TEST(a_group_whose_row_clashes_is_named) {
    static const bm_option clashing[] = {
        BM_OPTION_GROUP(agent_config, actor, "", &learner, ""),
        BM_OPTION_GROUP(agent_config, critic, "", &learner, ""),
    };
    static const bm_options clash = BM_OPTIONS(clashing, agent_config);
    bm_error error = {""};
    ck_assert_int_eq(bm_options_check(&agent_table, &error), BM_OK);
    ck_assert_int_eq(bm_options_check(&table, &error), BM_OK);
    ck_assert_int_eq(bm_options_check(&clash, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "two rows of one option table are called learning_rate; give a group a prefix");
}
END_TEST

START_TEST(a_default_that_is_none_is_named) {
    static const bm_option beyond[] = {BM_OPTION_GROUP(agent_config, actor, "", &learner, "learning_rate=2")};
    static const bm_option unknown[] = {BM_OPTION_GROUP(agent_config, actor, "", &learner, "rate=2")};
    static const bm_option bare[] = {BM_OPTION_GROUP(agent_config, actor, "", &learner, "learning_rate")};
    static const struct {
        bm_options options;
        const char *message;
    } wrong[] = {
        {BM_OPTIONS(beyond, agent_config), "learning_rate=2 outside [1e-08, 1]"},
        {BM_OPTIONS(unknown, agent_config), "unknown option rate"},
        {BM_OPTIONS(bare, agent_config), "the default learning_rate of a group of options is not key=value"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bm_error error = {""};
        ck_assert_int_eq(bm_options_check(&wrong[i].options, &error), BM_INVALID);
        ck_assert_str_eq(error.text, wrong[i].message);
    }
}
END_TEST

START_TEST(numbers_and_names_are_read_without_knowing_the_struct_and_only_live_options_change_on_the_way) {
    typedef struct {
        int steps;
        double rate;
        bool fast;
        bm_text title;
    } known_config;
    const bm_option known_rows[] = {
        BM_OPTION(known_config, steps, 7, 0, 9, BM_LINEAR, "how many"),
        BM_OPTION_LIVE(known_config, rate, 0.5, 0, 1, BM_LINEAR, "how fast"),
        BM_OPTION_STRING(known_config, fast, "true", 0, 1, "whether"),
        BM_OPTION_STRING(known_config, title, "", 0, 0, "what it is called"),
    };
    const bm_options known = BM_OPTIONS(known_rows, known_config);
    known_config c;
    char names[64];
    bm_error error = {""};
    bm_options_defaults(&known, &c);
    ck_assert(bm_options_number(&known, &c, "steps") == 7 && bm_options_number(&known, &c, "rate") == 0.5);
    ck_assert(bm_options_number(&known, &c, "fast") == 1);
    ck_assert(isnan(bm_options_number(&known, &c, "title")) && isnan(bm_options_number(&known, &c, "none")));
    bm_options_list(&known, &c, false, names, sizeof names);
    ck_assert_str_eq(names, "steps, rate, fast, title");
    bm_options_list(&known, &c, false, names, 15); /* what does not fit is left out */
    ck_assert_str_eq(names, "steps, rate");
    ck_assert_int_eq(bm_options_set_live(&known, &c, "rate", "0.25", &error), BM_OK);
    ck_assert(c.rate == 0.25);
    ck_assert_int_eq(bm_options_set_live(&known, &c, "rate", "2", &error), BM_INVALID);
    ck_assert_int_eq(bm_options_set_live(&known, &c, "steps", "8", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "steps cannot change while training; these can: rate");
    ck_assert(c.steps == 7 && c.rate == 0.25);
}
END_TEST

TEST_MAIN("option", 10, defaults_fill_every_field, integers_accept_whole_numbers_however_written,
          integers_refuse_everything_else, an_integer_option_with_a_wider_range_than_int_stays_in_int,
          reals_stay_within_their_range, overlong_texts_are_refused_and_shown_cut,
          reals_are_written_with_the_fewest_digits_that_read_back, schedules_are_constant_or_linear,
          switches_accept_the_usual_words, choices_are_one_of_their_names, lists_are_read_with_and_without_brackets,
          lists_refuse_what_is_no_list, a_hyphen_in_a_key_is_an_underscore, unknown_keys_are_refused_with_a_suggestion,
          a_dotted_key_reaches_into_the_variant_chosen, setting_a_variant_resets_its_rows,
          variants_refuse_unknown_and_oversized_kinds, ranges_read_well,
          visiting_every_option_copies_a_config_through_text, a_group_takes_the_defaults_of_the_table_that_embeds_it,
          a_prefix_tells_rows_of_two_groups_apart, rows_of_groups_are_visited_in_their_place,
          a_group_whose_row_clashes_is_named, a_default_that_is_none_is_named,
          numbers_and_names_are_read_without_knowing_the_struct_and_only_live_options_change_on_the_way)
