/* Search spaces as text, their conditions, and the way between values and numbers in [0, 1]; expected values worked by
 * hand. */
#include "tune/search_space.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io.h"
#include "support.h"

static bm_search_space space_of(const char *text) {
    bm_search_space space = {0};
    bm_error error = {.text = ""};
    const bm_status status = bm_search_space_parse(&space, text, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
    return space;
}

static const bm_parameter *named(const bm_search_space *space, const char *name) {
    const int i = bm_search_space_find(space, name);
    ck_assert_msg(i >= 0, "no parameter %s", name);
    return &space->parameter[i];
}

static void assert_range(const bm_parameter *p, bm_parameter_kind kind, double low, double high, double step,
                         bool log) {
    ck_assert_int_eq(p->kind, kind);
    ck_assert_double_eq(p->low, low);
    ck_assert_double_eq(p->high, high);
    ck_assert_double_eq(p->step, step);
    ck_assert_int_eq(p->log, log);
    ck_assert_int_eq(p->parent, -1);
}

START_TEST(every_distribution_is_read) {
    bm_search_space space = space_of("learning_rate=log(1e-5, 1e-2), tau=uniform(0,1),share=uniform(0,0.35,0.1),\n"
                                     " batch-size = int_log(16,256), n_steps=int(1,10), width=int(64,1_000,64),");
    ck_assert_int_eq(space.count, 6);
    assert_range(named(&space, "learning_rate"), BM_PARAMETER_FLOAT, 1e-5, 1e-2, 0, true);
    assert_range(named(&space, "tau"), BM_PARAMETER_FLOAT, 0, 1, 0, false);
    assert_range(named(&space, "batch_size"), BM_PARAMETER_INT, 16, 256, 1, true);
    assert_range(named(&space, "n_steps"), BM_PARAMETER_INT, 1, 10, 1, false);
    /* The last step ends before the range does. */
    assert_range(named(&space, "width"), BM_PARAMETER_INT, 64, 960, 64, false);
    ck_assert_int_eq(bm_parameter_values(named(&space, "width")), 15);
    ck_assert_int_eq(bm_parameter_values(named(&space, "share")), 4);
    assert_near(named(&space, "share")->high, 0.3, 1e-15, "end of 0, 0.1, 0.2, 0.3");
    ck_assert_int_eq(bm_parameter_values(named(&space, "batch_size")), 241);
    ck_assert_int_eq(bm_parameter_values(named(&space, "tau")), 0);
    bm_search_space_free(&space);
}
END_TEST

START_TEST(choices_may_hold_commas_in_brackets_or_quotes) {
    bm_search_space space = space_of("net_arch={[64,64], [256,256,256] , \"128,64\",'a b'}, gamma={0.95,0.99}");
    const bm_parameter *net = named(&space, "net_arch");
    assert_range(net, BM_PARAMETER_CATEGORICAL, 0, 3, 1, false);
    ck_assert_int_eq(net->choices, 4);
    ck_assert_str_eq(net->choice[0], "[64,64]");
    ck_assert_str_eq(net->choice[1], "[256,256,256]");
    ck_assert_str_eq(net->choice[2], "128,64");
    ck_assert_str_eq(net->choice[3], "a b");
    ck_assert_int_eq(named(&space, "gamma")->choices, 2);
    bm_search_space_free(&space);
}
END_TEST

START_TEST(a_parameter_exists_where_its_condition_holds) {
    bm_search_space space =
        space_of("optimizer={adam,sgd,lion}, momentum=uniform(0,0.99) if optimizer=sgd, "
                 "beta1=log(0.5,0.99) if optimizer={adam,lion}, nesterov={no,yes} if optimizer=sgd, "
                 "tail=int(1,3) if nesterov = yes");
    enum { MOMENTUM = 1, BETA1, NESTEROV, TAIL };
    const struct {
        double value[5];
        bool exists[5];
    } cases[] = {{{0, 0, 0, NAN, 0}, {true, false, true, false, false}},
                 {{1, 0, 0, 0, 0}, {true, true, false, true, false}},
                 {{1, 0, 0, 1, 0}, {true, true, false, true, true}},
                 /* nesterov has a value here, but does not exist: what depends on it does not either. */
                 {{2, 0, 0, 1, 0}, {true, false, true, false, false}}};
    ck_assert_int_eq(space.count, 5);
    ck_assert_uint_eq(space.parameter[BETA1].when, 5);
    ck_assert_int_eq(space.parameter[TAIL].parent, NESTEROV);
    ck_assert_uint_eq(space.parameter[MOMENTUM].when, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int j = 0; j < space.count; j++) {
            ck_assert_int_eq(bm_parameter_exists(&space, j, cases[i].value), cases[i].exists[j]);
        }
    }
    bm_search_space_free(&space);
}
END_TEST

START_TEST(a_parameter_named_again_replaces_the_first) {
    bm_search_space space =
        space_of("lr=log(1e-5,1e-2), optimizer={adam,sgd,lion}, momentum=uniform(0,1) if "
                 "optimizer=sgd, nesterov={no,yes} if optimizer=sgd, tail=int(1,3) if nesterov=yes, "
                 "beta=uniform(0,1) if optimizer={adam,lion}");
    bm_error error;
    ck_assert_int_eq(bm_search_space_parse(&space, "lr=uniform(0,1)", &error), BM_OK);
    ck_assert_int_eq(space.count, 6);
    assert_range(&space.parameter[0], BM_PARAMETER_FLOAT, 0, 1, 0, false);
    /* Conditions follow the names of the choices; what can no longer exist goes, and what depends on it. */
    ck_assert_int_eq(bm_search_space_parse(&space, "optimizer={lion,rmsprop}", &error), BM_OK);
    ck_assert_int_eq(space.count, 3);
    ck_assert_str_eq(space.parameter[2].name, "beta");
    ck_assert_int_eq(space.parameter[2].parent, 1);
    ck_assert_uint_eq(space.parameter[2].when, 1);
    /* It cannot become a range while something depends on it; then nothing changes. */
    ck_assert_int_eq(bm_search_space_parse(&space, "optimizer=int(1,3)", &error), BM_INVALID);
    ck_assert_int_eq(named(&space, "optimizer")->kind, BM_PARAMETER_CATEGORICAL);
    /* Nor can it depend on what comes after it. */
    ck_assert_int_eq(bm_search_space_parse(&space, "last={a,b}, lr=uniform(0,1) if last=a", &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "last comes after it"));
    bm_search_space_free(&space);
}
END_TEST

START_TEST(mistakes_are_named) {
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"lr", "no = in 'lr'"},
        {"=log(1,2)", "a parameter's name"},
        {"l r=log(1,2)", "l r is no name"},
        {"lr=lgo(1,2)", "lr: lgo(1,2) is no distribution; did you mean log?"},
        {"lr=0.1", "lr: 0.1 is no distribution; there are uniform(a,b)"},
        {"lr=log(1e-2,1e-5)", "lr: the range 0.01..1e-05 is reversed"},
        {"lr=uniform(3,3)", "lr: the range 3..3 is empty; to hold it at one value write {3}"},
        {"lr=log(0,1)", "lr: the range 0..1 of a logarithm must lie above 0"},
        {"n=int_log(-1,10)", "n: the range -1..10 of a logarithm must lie above 0"},
        {"lr=log(1,x)", "lr: x is not a number; write log(a,b)"},
        {"lr=uniform(0,inf)", "lr: inf is not a number"},
        {"lr=log(1,2,3)", "lr: log needs two ends; write log(a,b)"},
        {"lr=uniform(1)", "lr: uniform needs two ends, or two ends and a step"},
        {"n=int(1,2.5)", "n: 2.5 is not a whole number"},
        {"n=int(1,10,0)", "n: the step 0 must lie above 0 and within the range's length 9"},
        {"lr=uniform(0,1,2)", "lr: the step 2 must lie above 0"},
        {"n=int(0,1e17)", "n: integers beyond 2^53"},
        {"a={}", "a: a choice has 1 to 255 characters"},
        {"a={x,y,x}", "a: the choice x is there twice"},
        {"a={x,y", "a: a bracket or quote does not close in {x,y"},
        {"a=uniform(0,1))", "a: a bracket or quote does not close"},
        {"a={x,y}, b=uniform(0,1) if c=x", "b: its condition needs c, which is not in the space; name it before"},
        {"optimizer={x,y}, b=uniform(0,1) if optimiser=x", "did you mean optimizer?"},
        {"a={x,yes}, b=uniform(0,1) if a=yse", "b: a is never yse; did you mean yes?"},
        {"a=int(1,3), b=uniform(0,1) if a=1", "b: its condition needs a to have choices"},
        {"a={x,y}, b=uniform(0,1) if a", "b: a condition reads 'if parameter=choice', not 'if a'"},
        {"a={x,y}, a={x,y} if a=x", "a: its condition needs a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_search_space space = {0};
        bm_error error = {.text = "nothing"};
        ck_assert_int_eq(bm_search_space_parse(&space, cases[i].text, &error), BM_INVALID);
        ck_assert_msg(strstr(error.text, cases[i].says), "%s: '%s' does not say '%s'", cases[i].text, error.text,
                      cases[i].says);
        bm_search_space_free(&space);
    }
}
END_TEST

START_TEST(spaces_and_choices_have_a_limit) {
    bm_search_space space = {0};
    bm_error error;
    char text[1024] = "{0", name[8];
    for (int i = 0; i < BM_PARAMETERS; i++) {
        snprintf(name, sizeof name, "p%d", i);
        ck_assert_int_eq(bm_search_space_add(&space, name, "uniform(0,1)", &error), BM_OK);
        snprintf(text + strlen(text), sizeof text - strlen(text), ",%d", i + 1);
    }
    ck_assert_int_eq(bm_search_space_add(&space, "one_more", "uniform(0,1)", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "one_more: a space holds up to 64 parameters");
    snprintf(text + strlen(text), sizeof text - strlen(text), "}");
    ck_assert_int_eq(bm_search_space_add(&space, "p0", text, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "p0: more than 64 choices");
    bm_search_space_free(&space);
}
END_TEST

START_TEST(numbers_in_0_to_1_become_values) {
    bm_search_space space = space_of("u=uniform(-1,3), l=log(1e-4,1), s=uniform(0,1,0.1), i=int(1,10), j=int(0,10,5), "
                                     "k=int_log(1,4), c={x,y,z}");
    const struct {
        const char *name;
        double unit, value;
    } cases[] = {{"u", 0, -1},
                 {"u", 0.25, 0},
                 {"u", 1, 3},
                 {"l", 0, 1e-4},
                 {"l", 0.5, 1e-2},
                 {"l", 1, 1},
                 /* eleven cells; and the text of each value is short */
                 {"s", 0, 0},
                 {"s", 0.29, 0.3},
                 {"s", 0.99, 1},
                 {"i", 0, 1},
                 {"i", 0.099, 1},
                 {"i", 0.1, 2},
                 {"i", 1, 10},
                 {"j", 0.3, 0},
                 {"j", 0.34, 5},
                 {"j", 0.67, 10},
                 /* ln 0.5 .. ln 4.5, in which 1 ends at ln 3 / ln 9 = 0.5 */
                 {"k", 0, 1},
                 {"k", 0.499, 1},
                 {"k", 0.501, 2},
                 {"k", 0.99, 4},
                 {"c", 0.33, 0},
                 {"c", 0.34, 1},
                 {"c", 1, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_near(bm_parameter_from_unit(named(&space, cases[i].name), cases[i].unit), cases[i].value, 1e-15,
                    cases[i].name);
    }
    ck_assert_double_eq(bm_parameter_from_unit(named(&space, "s"), 0.29), 0.3); /* and not 0.30000000000000004 */
    ck_assert_double_eq(bm_parameter_to_unit(named(&space, "i"), 3), 0.25);
    ck_assert_double_eq(bm_parameter_to_unit(named(&space, "u"), 2), 0.75);
    for (int i = 0; i < space.count; i++) {
        for (double unit = 0; unit <= 1; unit += 0.01) {
            const bm_parameter *p = &space.parameter[i];
            const double value = bm_parameter_from_unit(p, unit);
            ck_assert_double_ge(value, p->low);
            ck_assert_double_le(value, p->high);
            assert_near(bm_parameter_from_unit(p, bm_parameter_to_unit(p, value)), value, 1e-14, p->name);
        }
    }
    bm_search_space_free(&space);
}
END_TEST

START_TEST(values_are_written_as_options_take_them) {
    bm_search_space space = space_of("l=log(1e-5,1), n=int(1,100000,3), c={adam,0.0001,[64,64]}, s=uniform(0,1,0.1)");
    char text[64];
    double value;
    bm_parameter_format(named(&space, "l"), 0.0003, text, sizeof text);
    ck_assert_str_eq(text, "0.0003");
    bm_parameter_format(named(&space, "n"), 100000, text, sizeof text);
    ck_assert_str_eq(text, "100000");
    bm_parameter_format(named(&space, "c"), 2, text, sizeof text);
    ck_assert_str_eq(text, "[64,64]");
    ck_assert(bm_parameter_parse(named(&space, "c"), "1e-4", &value));
    ck_assert_double_eq(value, 1);
    ck_assert(bm_parameter_parse(named(&space, "n"), "1_000", &value));
    ck_assert_double_eq(value, 1000);
    ck_assert(bm_parameter_parse(named(&space, "s"), "0.3", &value));
    ck_assert(!bm_parameter_parse(named(&space, "n"), "2", &value)); /* between its steps */
    ck_assert(!bm_parameter_parse(named(&space, "l"), "2", &value)); /* beyond its end */
    ck_assert(!bm_parameter_parse(named(&space, "l"), "nan", &value));
    ck_assert(!bm_parameter_parse(named(&space, "c"), "sgd", &value));
    bm_search_space_free(&space);
}
END_TEST

static bm_status read_file(bm_search_space *space, const char *text, bm_error *error) {
    char folder[SCRATCH_BYTES], path[SCRATCH_BYTES + 16];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/space.yaml", folder);
    ck_assert_int_eq(bm_write_file(path, text, strlen(text), error), BM_OK);
    const bm_status status = bm_search_space_file(space, path, error);
    scratch_remove(folder, NULL);
    return status;
}

START_TEST(a_file_holds_lines_of_name_and_distribution) {
    bm_search_space space = {0};
    bm_error error;
    ck_assert_int_eq(read_file(&space,
                               "# what to try\n"
                               "learning_rate: log(1e-5, 1e-2)\n"
                               "gamma: {0.95, 0.99}\n"
                               "net_arch: [[64, 64], [256, 256]]\n"
                               "optimizer: [adam, sgd]\n"
                               "optimizer.momentum: uniform(0, 0.99) if optimizer=sgd\n",
                               &error),
                     BM_OK);
    ck_assert_int_eq(space.count, 5);
    assert_range(named(&space, "learning_rate"), BM_PARAMETER_FLOAT, 1e-5, 1e-2, 0, true);
    ck_assert_str_eq(named(&space, "gamma")->choice[1], "0.99");
    ck_assert_str_eq(named(&space, "net_arch")->choice[1], "[256,256]");
    ck_assert_int_eq(named(&space, "optimizer.momentum")->parent, 3);
    ck_assert_uint_eq(named(&space, "optimizer.momentum")->when, 2);
    bm_search_space_free(&space);
}
END_TEST

START_TEST(a_mistake_in_a_file_is_found_by_its_line) {
    static const struct {
        const char *text, *says;
    } cases[] = {{"a: log(1, 2)\nb: log(2, 1)\n", "space.yaml:2: b: the range 2..1 is reversed"},
                 {"a: {x: 1, y: 2}\n", "space.yaml:1: a: choices are a list, [one, two]"},
                 {"a: []\n", "space.yaml:1: a: a list without choices"},
                 {"a: [{x: 1}]\n", "space.yaml:1: a: a choice is a word, a number, or a list of these"},
                 {"[a, b]\n", "has lines of 'name: distribution'"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_search_space space = {0};
        bm_error error;
        ck_assert_int_eq(read_file(&space, cases[i].text, &error), BM_INVALID);
        ck_assert_msg(strstr(error.text, cases[i].says), "'%s' does not say '%s'", error.text, cases[i].says);
        bm_search_space_free(&space);
    }
    bm_search_space space = {0};
    bm_error error;
    ck_assert_int_eq(bm_search_space_file(&space, "no/such/file.yaml", &error), BM_FAILED);
}
END_TEST

TEST_MAIN("search space", 20, every_distribution_is_read, choices_may_hold_commas_in_brackets_or_quotes,
          a_parameter_exists_where_its_condition_holds, a_parameter_named_again_replaces_the_first, mistakes_are_named,
          spaces_and_choices_have_a_limit, numbers_in_0_to_1_become_values, values_are_written_as_options_take_them,
          a_file_holds_lines_of_name_and_distribution, a_mistake_in_a_file_is_found_by_its_line)
