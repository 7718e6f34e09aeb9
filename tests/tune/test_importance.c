/* Importances of functions whose variance can be worked out by hand, from samples of them. */
#include "tune/importance.h"

#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "support.h"

enum { SAMPLES = 600 };

typedef struct {
    double value[SAMPLES][BM_PARAMETERS], score[SAMPLES];
    const double *row[SAMPLES];
    bm_search_space space;
} study;

typedef double scorer(const double *value);

static void make_space(study *s, const char *text) {
    bm_error error;
    memset(s, 0, sizeof *s);
    ck_assert_msg(bm_search_space_parse(&s->space, text, &error) == BM_OK, "%s", error.text);
}

/* shape: of the first parameter; NULL: uniform as the others. */
static void draw(study *s, double (*shape)(double unit), scorer *score) {
    bm_rng rng = bm_rng_seeded(7);
    for (int i = 0; i < SAMPLES; i++) {
        s->row[i] = s->value[i];
        for (int j = 0; j < s->space.count; j++) {
            const double unit = bm_rng_double(&rng);
            s->value[i][j] = bm_parameter_from_unit(&s->space.parameter[j], shape && j == 0 ? shape(unit) : unit);
        }
        s->score[i] = score(s->value[i]);
    }
}

static bm_importance find(const study *s, int n) {
    bm_importance importance;
    bm_error error;
    ck_assert_int_eq(bm_importance_find(&importance, &s->space, n, s->row, s->score, 1, &error), BM_OK);
    return importance;
}

static double slopes(const double *x) {
    return 2 * x[0] + x[1];
}

/* The variance of a x is a^2 / 12: 4 parts to 1. */
START_TEST(shares_are_those_of_a_plane) {
    study s;
    make_space(&s, "a=uniform(0,1), b=uniform(0,1), c=uniform(0,1)");
    draw(&s, NULL, slopes);
    const bm_importance importance = find(&s, SAMPLES);
    ck_assert(importance.known);
    assert_near(importance.share[0], 0.8, 0.03, "the steep one");
    assert_near(importance.share[1], 0.2, 0.03, "the gentle one");
    assert_near(importance.share[2], 0, 0.01, "the one that does nothing");
    assert_near(importance.together, 0, 0.03, "no interaction");
    bm_search_space_free(&s.space);
}
END_TEST

static double crowd(double unit) { /* nine of ten in the last fifth */
    return unit < 0.1 ? 8 * unit : 0.8 + (unit - 0.1) * 2 / 9;
}

/* A sampler that has found the best corner looks there. Over the samples the first slope explains 0.6; over the space
 * still 0.8. */
START_TEST(shares_do_not_depend_on_where_the_sampler_looked) {
    study s;
    make_space(&s, "a=uniform(0,1), b=uniform(0,1)");
    draw(&s, crowd, slopes);
    const bm_importance importance = find(&s, SAMPLES);
    assert_near(importance.share[0], 0.8, 0.06, "the steep one");
    assert_near(importance.share[1], 0.2, 0.06, "the gentle one");
    bm_search_space_free(&s.space);
}
END_TEST

static double decades(const double *x) {
    return log10(x[0]) + 0.5 * x[1];
}

/* log10 of a is uniform over [-4, 0], variance 16 / 12; b over 0 .. 8, variance (81 - 1) / 12, times a quarter: 16 to
 * 20. */
START_TEST(parameters_are_uniform_on_their_own_scale) {
    study s;
    make_space(&s, "a=log(1e-4,1), b=int(0,8)");
    draw(&s, NULL, decades);
    const bm_importance importance = find(&s, SAMPLES);
    assert_near(importance.share[0], 16.0 / 36, 0.04, "the logarithm");
    assert_near(importance.share[1], 20.0 / 36, 0.04, "the integer");
    bm_search_space_free(&s.space);
}
END_TEST

static double by_choice(const double *x) {
    static const double height[] = {5, 0, 5, 0, 5};
    return height[(int)x[0]] + 5 * x[1];
}

/* Heights 5, 0, 5, 0, 5: variance 25 * 6 / 25 = 6; the slope's is 25 / 12. */
START_TEST(choices_count_without_an_order) {
    study s;
    make_space(&s, "kind={one,two,three,four,five}, x=uniform(0,1)");
    draw(&s, NULL, by_choice);
    const bm_importance importance = find(&s, SAMPLES);
    assert_near(importance.share[0], 6 / (6 + 25.0 / 12), 0.03, "the choice");
    assert_near(importance.share[1], 25.0 / 12 / (6 + 25.0 / 12), 0.03, "the slope");
    bm_search_space_free(&s.space);
}
END_TEST

static double either(const double *x) {
    return x[0] == x[1] ? 1 : 0;
}

/* Whether two coins agree: neither says anything alone. */
START_TEST(what_parameters_do_together_is_the_rest) {
    study s;
    make_space(&s, "a={no,yes}, b={no,yes}");
    draw(&s, NULL, either);
    const bm_importance importance = find(&s, SAMPLES);
    assert_near(importance.share[0], 0, 1e-9, "alone");
    assert_near(importance.share[1], 0, 1e-9, "alone");
    assert_near(importance.together, 1, 1e-9, "together");
    bm_search_space_free(&s.space);
}
END_TEST

/* The momentum of a choice that has none is the middle of the range: a step of heights 0 and 3, and on one half a slope
 * of 2. */
START_TEST(a_parameter_that_does_not_exist_counts_as_its_middle) {
    study s;
    make_space(&s, "kind={plain,heavy}, momentum=uniform(0,1) if kind={heavy}");
    draw(&s, NULL, slopes);
    for (int i = 0; i < SAMPLES; i++) {
        const bool heavy = s.value[i][0] > 0;
        s.score[i] = heavy ? 3 + 2 * s.value[i][1] : 0;
        s.value[i][1] = heavy ? s.value[i][1] : NAN;
    }
    const bm_importance importance = find(&s, SAMPLES);
    /* over the filled space, mean of heavy 4, of plain 0: 4; momentum: x + const, 1 / 12; together as much again */
    assert_near(importance.share[0], 4 / (4 + 2.0 / 12), 0.02, "the kind");
    assert_near(importance.share[1], 1.0 / 12 / (4 + 2.0 / 12), 0.01, "the momentum");
    bm_search_space_free(&s.space);
}
END_TEST

START_TEST(nothing_is_known_of_scores_that_are_the_same_or_few) {
    study s;
    make_space(&s, "a=uniform(0,1), b=uniform(0,1)");
    draw(&s, NULL, slopes);
    ck_assert(find(&s, BM_IMPORTANCE_LEAST).known);
    ck_assert(!find(&s, BM_IMPORTANCE_LEAST - 1).known);
    for (int i = 0; i < SAMPLES; i++) {
        s.score[i] = 0.1;
    }
    const bm_importance importance = find(&s, SAMPLES);
    ck_assert(!importance.known);
    ck_assert_double_eq(importance.share[0], 0);
    bm_search_space_free(&s.space);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_shares) {
    study s;
    make_space(&s, "a=uniform(0,1), b=uniform(0,1)");
    draw(&s, NULL, slopes);
    const bm_importance once = find(&s, SAMPLES), again = find(&s, SAMPLES);
    ck_assert_int_eq(memcmp(once.share, again.share, sizeof once.share), 0);
    bm_search_space_free(&s.space);
}
END_TEST

TEST_MAIN("importance", 60, shares_are_those_of_a_plane, shares_do_not_depend_on_where_the_sampler_looked,
          parameters_are_uniform_on_their_own_scale, choices_count_without_an_order,
          what_parameters_do_together_is_the_rest, a_parameter_that_does_not_exist_counts_as_its_middle,
          nothing_is_known_of_scores_that_are_the_same_or_few, the_same_seed_gives_the_same_shares)
