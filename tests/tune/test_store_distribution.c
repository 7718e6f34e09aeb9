/* Distributions are Optuna's letter for letter, and a space survives as JSON. What Optuna 3.1 writes was written by
 * it. */
#include <cjson/cJSON.h>
#include <math.h>

#include "store_support.h"
#include "tune/store_distribution.h"

static const char *json_of(const bm_parameter *parameter, bm_arena *arena) {
    const char *json = bm_distribution_json(parameter, arena);
    ck_assert_ptr_nonnull(json);
    return json;
}

START_TEST(distributions_are_written_as_optuna_writes_them) {
    static const char *choice[] = {"adam", "sgd", "true", "null", "3", "0.5"};
    static const struct {
        bm_parameter parameter;
        const char *json;
    } cases[] = {
        {{"x", BM_PARAMETER_FLOAT, 1e-5, 0.1, .log = true},
         "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 1e-05, \"high\": 0.1, \"log\": "
         "true}}"},
        {{"y", BM_PARAMETER_FLOAT, 0, 1, .step = 0.25},
         "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": 0.25, \"low\": 0.0, \"high\": 1.0, \"log\": "
         "false}}"},
        {{"n", BM_PARAMETER_INT, 1, 10, .step = 3},
         "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 3, \"low\": 1, \"high\": 10}}"},
        {{"k", BM_PARAMETER_INT, 1, 256, .log = true},
         "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": true, \"step\": 1, \"low\": 1, \"high\": 256}}"},
        {{"c", BM_PARAMETER_CATEGORICAL, 0, 5, .choices = 6, .choice = choice},
         "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"adam\", \"sgd\", true, null, 3, "
         "0.5]}}"},
        /* A range that its steps do not fill ends where they do: Optuna would end it there, and warn. */
        {{"z", BM_PARAMETER_FLOAT, 0, 1, .step = 0.3},
         "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": 0.3, \"low\": 0.0, \"high\": 0.9, \"log\": "
         "false}}"},
        {{"m", BM_PARAMETER_INT, 1, 12, .step = 4},
         "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 4, \"low\": 1, \"high\": 9}}"},
        {{"big", BM_PARAMETER_FLOAT, -1e16, 1.5e300, .step = 0},
         "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": -1e+16, \"high\": 1.5e+300, "
         "\"log\": false}}"},
        {{"third", BM_PARAMETER_FLOAT, 1.0 / 3, 123456.5, .step = 0},
         "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 0.3333333333333333, \"high\": "
         "123456.5, "
         "\"log\": false}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_arena arena = {0};
        bm_error error;
        bm_parameter read = {.name = "read"};
        ck_assert_str_eq(json_of(&cases[i].parameter, &arena), cases[i].json);
        MUST(bm_distribution_read(cases[i].json, &read, &arena, &error));
        ck_assert_str_eq(read.name, "read");
        ck_assert_msg(bm_distribution_same(&cases[i].parameter, &read), "%s", cases[i].json);
        ck_assert_str_eq(json_of(&read, &arena), cases[i].json);
        bm_arena_free(&arena);
    }
}
END_TEST

START_TEST(choices_that_json_knows_get_its_types) {
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"64", "64"},
        {"1e-3", "0.001"},
        {"0.10", "0.1"},
        {"1.0", "1.0"},
        {"-2.5E+3", "-2500.0"},
        {"true", "true"},
        {"false", "false"},
        {"null", "null"},
        {"True", "\"True\""},
        {"007", "\"007\""},
        {"1_000", "\"1_000\""},
        {".5", "\".5\""},
        {"5.", "\"5.\""},
        {"0x10", "\"0x10\""},
        {"inf", "\"inf\""},
        {"1e999", "\"1e999\""},
        {"nan", "\"nan\""},
        {"[64,64]", "\"[64,64]\""},
        {"lin_0.001", "\"lin_0.001\""},
        {"a \"b\"\\\n", "\"a \\\"b\\\"\\\\\\u000a\""},
        {"1e", "\"1e\""},
        {"-", "\"-\""},
        {"", "\"\""},
        {"2 ", "\"2 \""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *choice[] = {cases[i].text};
        const bm_parameter p = {"p", BM_PARAMETER_CATEGORICAL, 0, 0, .choices = 1, .choice = choice, .parent = -1};
        bm_arena arena = {0};
        bm_error error;
        bm_parameter read = {.name = "p"};
        char json[128];
        snprintf(json, sizeof json, "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [%s]}}",
                 cases[i].json);
        ck_assert_str_eq(json_of(&p, &arena), json);
        MUST(bm_distribution_read(json, &read, &arena, &error));
        ck_assert_msg(bm_distribution_same(&p, &read), "'%s' comes back as '%s'", cases[i].text, read.choice[0]);
        bm_arena_free(&arena);
    }
}
END_TEST

START_TEST(distributions_that_differ_are_told_apart) {
    static const char *two[] = {"a", "b"}, *swapped[] = {"b", "a"}, *more[] = {"a", "b", "c"};
    static const bm_parameter all[] = {
        {"p", BM_PARAMETER_FLOAT, 0, 1, .step = 0},
        {"p", BM_PARAMETER_FLOAT, 0, 2, .step = 0},
        {"p", BM_PARAMETER_FLOAT, 0.5, 1, .step = 0},
        {"p", BM_PARAMETER_FLOAT, 0.5, 1, .log = true},
        {"p", BM_PARAMETER_FLOAT, 0, 1, .step = 0.5},
        {"p", BM_PARAMETER_INT, 0, 1, .step = 1},
        {"p", BM_PARAMETER_CATEGORICAL, 0, 1, .choices = 2, .choice = two},
        {"p", BM_PARAMETER_CATEGORICAL, 0, 1, .choices = 2, .choice = swapped},
        {"p", BM_PARAMETER_CATEGORICAL, 0, 2, .choices = 3, .choice = more},
    };
    const size_t n = sizeof all / sizeof all[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            ck_assert_msg(bm_distribution_same(&all[i], &all[j]) == (i == j), "%zu and %zu", i, j);
        }
    }
}
END_TEST

START_TEST(what_is_no_distribution_is_refused) {
    static const char *const wrong[] = {
        "",
        "{}",
        "[1]",
        "{\"name\": \"FloatDistribution\"}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 2, \"high\": 1}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0, \"high\": 1, \"log\": true}}",
        "{\"name\": \"UniformDistribution\", \"attributes\": {\"low\": 0, \"high\": 1}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": []}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": \"ab\"}}",
        "{\"name\": 7, \"attributes\": {\"choices\": [1]}}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bm_arena arena = {0};
        bm_error error = {""};
        bm_parameter read = {.name = "gamma"};
        ck_assert_msg(bm_distribution_read(wrong[i], &read, &arena, &error) == BM_FAILED, "%s", wrong[i]);
        ck_assert_msg(strstr(error.text, "gamma") != NULL, "%s", error.text);
        bm_arena_free(&arena);
    }
}
END_TEST

START_TEST(values_written_for_people_find_their_parameter) {
    const bm_search_space space = hand_made_space();
    static const struct {
        int parameter;
        const char *json;
        double value;
    } cases[] = {
        {RATE, "0.001", 0.001}, {RATE, "1", NAN},          {RATE, "\"0.001\"", NAN}, {LAYERS, "3", 3},
        {LAYERS, "2.5", NAN},   {BATCH, "64", 1},          {BATCH, "100.0", 2},      {BATCH, "65", NAN},
        {BATCH, "\"32\"", 0},   {OPTIMIZER, "\"sgd\"", 1}, {OPTIMIZER, "1", NAN},    {DUELLING, "false", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *item = cJSON_Parse(cases[i].json);
        const double value = bm_distribution_value(&space.parameter[cases[i].parameter], item);
        cJSON_Delete(item);
        ck_assert_msg(value == cases[i].value || (isnan(value) && isnan(cases[i].value)), "%s: %g instead of %g",
                      cases[i].json, value, cases[i].value);
    }
}
END_TEST

START_TEST(a_space_survives_with_conditions_and_spellings) {
    const bm_search_space space = hand_made_space();
    bm_arena arena = {0};
    bm_error error;
    bm_search_space read;
    const char *json = bm_space_json(&space, &arena);
    ck_assert_ptr_nonnull(json);
    MUST(bm_space_read(json, &read, &error));
    ck_assert_int_eq(read.count, space.count);
    for (int i = 0; i < space.count; i++) {
        const bm_parameter *a = &space.parameter[i], *b = &read.parameter[i];
        ck_assert_str_eq(a->name, b->name);
        ck_assert(bm_distribution_same(a, b));
        ck_assert_int_eq(a->parent, b->parent);
        ck_assert_uint_eq(a->when, b->when);
        for (int k = 0; k < a->choices; k++) {
            ck_assert_str_eq(a->choice[k], b->choice[k]);
        }
    }
    bm_search_space_free(&read);

    static const char *const wrong[] = {"", "{}", "[7]", "[{\"name\": \"x\"}]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(bm_space_read(wrong[i], &read, &error), BM_FAILED);
        ck_assert_int_eq(read.count, 0);
    }
    bm_arena_free(&arena);
}
END_TEST

TEST_MAIN("store_distribution", 20, distributions_are_written_as_optuna_writes_them,
          choices_that_json_knows_get_its_types, distributions_that_differ_are_told_apart,
          what_is_no_distribution_is_refused, values_written_for_people_find_their_parameter,
          a_space_survives_with_conditions_and_spellings)
