/* Races: the way that is kept, however long; a restart is a fresh race; what is reached, and how far it is; the look at
 * the window. */
#include "watch/race.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/svg.h"
#include "support.h"

static bm_error error;

static void enter(bm_race *race, const char *optimizer, const char *lr) {
    bm_racer *racer = &race->racer[race->racers++];
    ck_assert_msg(bm_method_find(&racer->method, optimizer, &error) == BM_OK, "%s", error.text);
    ck_assert_int_eq(bm_method_set(&racer->method, "lr", lr, &error), BM_OK);
    strncpy(racer->label, optimizer, sizeof racer->label - 1);
    racer->color = BM_INK;
}

static bm_race *new_race(const char *function) {
    bm_race *race = calloc(1, sizeof *race);
    ck_assert_ptr_nonnull(race);
    ck_assert_msg(bm_objective_create(&race->objective, function, 0, &error) == BM_OK, "%s", error.text);
    race->base = (bm_descent_setup){.seed = 1, .total_steps = 100};
    race->tolerance = 1e-6;
    race->keeps_rates = true;
    for (int axis = 0; axis < 2; axis++) {
        race->low[axis] = race->objective->window_low[axis];
        race->high[axis] = race->objective->window_high[axis];
    }
    return race;
}

static void create_from(bm_race *race, const double *start) {
    ck_assert_msg(bm_race_create(race, start, &error) == BM_OK, "%s", error.text);
}

static void end(bm_race *race) {
    bm_race_free(race);
    bm_objective_destroy(race->objective);
    free(race);
}

/* ---- the way ---- */

/* After so many steps every stride-th is kept, and the last; the stride is the least power of two with which these
 * fit. */
static void assert_way(const bm_racer *racer, int64_t steps) {
    int64_t stride = 1;
    while (steps > stride * (BM_RACE_POINTS - 1)) {
        stride *= 2;
    }
    ck_assert_msg(racer->stride == stride, "after %lld steps stride %lld instead of %lld", (long long)steps,
                  (long long)racer->stride, (long long)stride);
    const int whole = (int)(steps / stride) + 1, count = whole + (steps % stride != 0);
    ck_assert_msg(racer->count == count, "after %lld steps %d points instead of %d", (long long)steps, racer->count,
                  count);
    ck_assert_int_le(racer->count, BM_RACE_POINTS);
    for (int i = 0; i < racer->count; i++) {
        const double at = i < whole ? (double)(i * stride) : (double)steps;
        ck_assert_msg(racer->step[i] == at, "point %d is step %g instead of %g", i, racer->step[i], at);
    }
}

START_TEST(the_way_is_kept_in_bounded_memory) {
    enum { STEPS = 40000 };
    bm_race *race = new_race("sphere:dims=1");
    const double start = 1, lr = 1e-5;
    enter(race, "sgd", "1e-5");
    create_from(race, &start);
    const bm_racer *racer = &race->racer[0];
    double *value = calloc(STEPS + 1, sizeof *value), *x = calloc(STEPS + 1, sizeof *x); /* all of the way */
    ck_assert(value && x);
    x[0] = start;
    value[0] = 1;
    assert_way(racer, 0);
    for (int t = 1; t <= STEPS; t++) {
        x[t] = x[t - 1] - lr * (2 * x[t - 1]);
        value[t] = x[t] * x[t];
        ck_assert(bm_race_step(race, 0));
        if (t < 10 || t % 997 == 0 || (t & (t - 1)) == 0 || t % (BM_RACE_POINTS - 1) < 3) {
            assert_way(racer, t);
        }
    }
    assert_way(racer, STEPS);
    for (int i = 0; i < racer->count; i++) { /* each point is what was there at that step */
        const int t = (int)racer->step[i];
        ck_assert_msg(racer->value[i] == value[t] && racer->point[i] == x[t], "point %d, step %d", i, t);
        ck_assert(t ? racer->rate[i] == lr : isnan(racer->rate[i]));
    }
    free(value);
    free(x);
    end(race);
}
END_TEST

START_TEST(points_have_two_coordinates_rates_have_more) {
    bm_race *race = new_race("sphere:dims=5");
    const double start[5] = {1, 2, 3, 4, 5};
    enter(race, "adagrad", "0.1");
    create_from(race, start);
    ck_assert(bm_race_step(race, 0) && bm_race_step(race, 0));
    ck_assert_int_eq(race->rates, 5);
    for (int i = 0; i < 5; i++) { /* Adagrad divides the rate by the size of the gradients so far: 2 x at first */
        assert_near(race->racer[0].rate[5 + i], 0.1 / (2 * start[i] + 1e-10), 1e-14, "rate");
        ck_assert(race->racer[0].rate[10 + i] == bm_descent_rate(race->racer[0].descent, i));
    }
    end(race);

    race = new_race("sphere:dims=100");
    enter(race, "sgd", "0.1");
    create_from(race, race->objective->start);
    for (int t = 0; t < 5000; t++) {
        ck_assert(bm_race_step(race, 0));
    }
    ck_assert_int_eq(race->rates, BM_RACE_RATES);
    assert_way(&race->racer[0], 5000);
    end(race);

    race = new_race("quadratic");
    enter(race, "sgd", "0.1");
    create_from(race, race->objective->start);
    ck_assert(bm_race_step(race, 0));
    const double want[4] = {-5, -2, -4.9, -1.2};
    for (int i = 0; i < 4; i++) {
        assert_near(race->racer[0].point[i], want[i], 1e-15, "x and y of both points");
    }
    end(race);
}
END_TEST

START_TEST(who_leaves_the_numbers_is_over_and_the_others_go_on) {
    bm_race *race = new_race("quadratic");
    enter(race, "sgd", "10");
    enter(race, "adam", "0.1");
    create_from(race, race->objective->start);
    int steps = 0;
    while (bm_race_step(race, 0)) {
        ck_assert_int_lt(++steps, 1000);
        ck_assert(bm_race_step(race, 1));
    }
    const bm_racer *lost = &race->racer[0];
    ck_assert_int_eq(steps, 96); /* as in test_descent.c */
    ck_assert(lost->over && !race->racer[1].over);
    ck_assert_ptr_nonnull(strstr(lost->failure.text, "at step 97"));
    ck_assert_int_eq(lost->count, 97);
    ck_assert_double_eq(lost->step[96], 96);
    ck_assert_double_eq(lost->best_value, 10.5); /* where it began */
    ck_assert(!bm_race_step(race, 0));           /* and stays so */
    ck_assert_int_eq(lost->descent->t, 96);
    bm_landscape landscape = {0};
    ck_assert_int_eq(bm_race_survey(race, &error), BM_OK);
    bm_race_landscape(race, &landscape);
    ck_assert_str_eq(landscape.paths[0].note, "diverged at step 97");
    ck_assert(landscape.paths[0].diverged);
    ck_assert_ptr_null(landscape.paths[1].note);
    end(race);
}
END_TEST

/* ---- starting again ---- */

enum { LONG = 9000 };

static bm_race *noisy_race(const double *start) {
    bm_race *race = new_race("rosenbrock");
    race->base.noise = 0.5;
    race->base.seed = 11;
    enter(race, "adam", "0.01");
    enter(race, "rmsprop", "0.001");
    enter(race, "sgd", "1"); /* diverges */
    create_from(race, start);
    return race;
}

static void run_all(bm_race *race, int steps) {
    for (int t = 0; t < steps; t++) {
        for (int i = 0; i < race->racers; i++) {
            bm_race_step(race, i);
        }
    }
}

static void assert_same_race(const bm_race *a, const bm_race *b) {
    ck_assert_mem_eq(a->start, b->start, (size_t)a->dims * sizeof(double));
    for (int i = 0; i < a->racers; i++) {
        const bm_racer *p = &a->racer[i], *q = &b->racer[i];
        const size_t count = (size_t)p->count, dims = 2;
        ck_assert_int_eq(p->count, q->count);
        ck_assert_mem_eq(p->step, q->step, count * sizeof(double));
        ck_assert_mem_eq(p->value, q->value, count * sizeof(double));
        ck_assert_mem_eq(p->point, q->point, count * dims * sizeof(double));
        ck_assert_mem_eq(p->rate + dims, q->rate + dims, (count - 1) * dims * sizeof(double)); /* the first is NAN */
        ck_assert_mem_eq(p->descent->x, q->descent->x, dims * sizeof(double));
        ck_assert(p->over == q->over && p->stride == q->stride && p->reached == q->reached);
        ck_assert_double_eq(p->best_value, q->best_value);
        ck_assert_int_eq(p->descent->t, q->descent->t);
        ck_assert_int_eq(p->descent->evaluations, q->descent->evaluations);
    }
}

START_TEST(a_restart_is_a_fresh_race) {
    const double here[2] = {-1.5, 2}, there[2] = {1.5, -0.5};
    bm_race *fresh = noisy_race(here), *used = noisy_race(there);
    run_all(used, 1234);
    ck_assert_int_eq(bm_race_restart(used, here, &error), BM_OK);
    ck_assert_int_eq(used->racer[0].count, 1);
    ck_assert(!used->racer[2].over);
    run_all(fresh, LONG);
    run_all(used, LONG);
    ck_assert(fresh->racer[2].over);
    assert_same_race(used, fresh);
    ck_assert_int_eq(bm_race_restart(used, used->start, &error), BM_OK); /* at its own start */
    run_all(used, LONG);
    assert_same_race(used, fresh);
    end(fresh);
    end(used);
}
END_TEST

START_TEST(a_start_without_a_value_changes_nothing) {
    const double here[2] = {-1.5, 2}, nowhere[2] = {1e200, 0}, none[2] = {NAN, 0};
    bm_race *race = noisy_race(here), *other = noisy_race(here);
    run_all(race, 100);
    run_all(other, 100);
    ck_assert_int_eq(bm_race_restart(race, nowhere, &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "rosenbrock"));
    assert_same_race(race, other);
    ck_assert_int_eq(bm_race_restart(race, none, &error), BM_INVALID);
    run_all(race, 100);
    run_all(other, 100);
    assert_same_race(race, other);
    end(race);
    end(other);
}
END_TEST

START_TEST(a_race_that_cannot_begin_leaves_nothing_behind) {
    bm_race *race = new_race("quadratic");
    race->base.noise = 1;
    enter(race, "adam", "0.1");
    enter(race, "lbfgs", "1"); /* does not work with noise */
    ck_assert_int_eq(bm_race_create(race, race->objective->start, &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "lbfgs"));
    ck_assert_ptr_null(race->racer[0].descent);
    end(race);
}
END_TEST

/* ---- how far ---- */

START_TEST(the_first_step_within_the_tolerance_is_reached) {
    bm_race *race = new_race("sphere:dims=1");
    const double start = 1;
    race->tolerance = 0.01; /* x halves every step: 4^-4 is the first below */
    enter(race, "sgd", "0.25");
    create_from(race, &start);
    for (int t = 1; t <= 6; t++) {
        ck_assert_int_eq(race->racer[0].reached, t <= 4 ? -1 : 4);
        ck_assert(bm_race_step(race, 0));
        assert_near(race->racer[0].best_value, pow(0.25, t), 0, "the least value");
        assert_near(bm_race_distance(race, 0), pow(0.5, t), 0, "the distance");
    }
    const double near = 0.05;
    ck_assert_int_eq(bm_race_restart(race, &near, &error), BM_OK);
    ck_assert_int_eq(race->racer[0].reached, 0); /* it begins there */
    end(race);
}
END_TEST

START_TEST(best_is_the_least_value_not_the_last) {
    bm_race *race = new_race("sphere:dims=1");
    const double start = 0.5;
    race->tolerance = 1e-3;
    enter(race, "sgd", "1.5"); /* x doubles, with another sign */
    create_from(race, &start);
    run_all(race, 3);
    assert_near(race->racer[0].descent->x[0], -4, 0, "where it is");
    assert_near(race->racer[0].best_value, 0.25, 0, "the least");
    ck_assert_int_eq(race->racer[0].reached, -1);
    end(race);
}
END_TEST

START_TEST(distance_is_to_the_nearest_minimum) {
    bm_race *race = new_race("himmelblau");
    const double first[2] = {3, 5}, last[2] = {3.5844283403304917, -1.9481265269644036};
    enter(race, "sgd", "0.001");
    create_from(race, first);
    assert_near(bm_race_distance(race, 0), 3, 1e-15, "to (3, 2)");
    ck_assert_int_eq(bm_race_restart(race, last, &error), BM_OK);
    assert_near(bm_race_distance(race, 0), 0.1, 1e-14, "to the fourth");
    end(race);

    const char *const without[] = {"saddle", "x^2+y^2"}; /* no least value; none that is known */
    for (int i = 0; i < 2; i++) {
        race = new_race(without[i]);
        enter(race, "sgd", "0.1");
        create_from(race, race->objective->start);
        run_all(race, 50);
        ck_assert_double_nan(bm_race_distance(race, 0));
        ck_assert_int_eq(race->racer[0].reached, -1);
        end(race);
    }
}
END_TEST

/* ---- the picture ---- */

static bool draws(bm_race *race, const char *word) {
    bm_landscape landscape = {.title = "race", .view = bm_race_view};
    bm_svg *svg;
    bm_canvas canvas;
    const char *text;
    size_t bytes;
    bm_race_landscape(race, &landscape);
    ck_assert_int_eq(bm_svg_create(&svg, 800, 400, &error), BM_OK);
    bm_svg_begin(svg, BM_PAPER, &canvas);
    bm_landscape_draw(&landscape, &canvas);
    ck_assert_int_eq(bm_svg_text(svg, &text, &bytes, &error), BM_OK);
    ck_assert_ptr_null(strstr(text, "\"nan"));
    ck_assert_ptr_null(strstr(text, "nan,"));
    ck_assert_ptr_null(strstr(text, "inf,"));
    const bool found = strstr(text, word) != NULL;
    bm_svg_destroy(svg);
    return found;
}

START_TEST(a_survey_sees_the_function_where_it_is_finite) {
    const struct {
        const char *function;
        double low[2], high[2];
        bool seen;
    } rows[] = {
        {"quadratic", {-6, -3}, {6, 3}, true},
        {"sqrt(x)+y^2", {-1, -1}, {3, 1}, true},   /* half of it */
        {"1/x+y", {-1, -1}, {1, 1}, true},         /* all but a line */
        {"sqrt(x)+y^2", {-3, -1}, {-1, 1}, false}, /* nothing */
        {"quadratic", {-1e308, -1e308}, {1e308, 1e308}, false},
        {"sqrt(x)", {-1, 0}, {3, 0}, true},
        {"sqrt(x)", {-3, 0}, {-1, 0}, false},
    };
    const double start[2] = {1, 1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_race *race = new_race(rows[i].function);
        enter(race, "adam", "0.01");
        create_from(race, start);
        run_all(race, 10);
        memcpy(race->low, rows[i].low, sizeof race->low);
        memcpy(race->high, rows[i].high, sizeof race->high);
        for (int again = 0; again < 2; again++) { /* as often as one likes */
            ck_assert_int_eq(bm_race_survey(race, &error), BM_OK);
            ck_assert_msg(race->seen == rows[i].seen, "%s, row %zu", rows[i].function, i);
        }
        const bm_field *field = &race->field;
        for (int k = 0; k < field->columns * field->rows; k++) {
            const int column = k % field->columns, row = k / field->columns;
            const double x[2] = {
                field->low[0] + (field->high[0] - field->low[0]) * column / (field->columns - 1),
                field->rows > 1 ? field->low[1] + (field->high[1] - field->low[1]) * row / (field->rows - 1) : 0};
            const double want = bm_objective_value(race->objective, x);
            ck_assert(isfinite(want) ? field->value[k] == want : !isfinite(field->value[k]));
        }
        bm_landscape landscape = {0};
        bm_race_landscape(race, &landscape);
        ck_assert((landscape.contour != NULL) == (rows[i].seen && race->dims == 2));
        ck_assert_msg(draws(race, ">adam<"), "row %zu", i); /* the rest is there */
        end(race);
    }
}
END_TEST

START_TEST(of_many_coordinates_only_values_are_shown) {
    bm_race *race = new_race("sphere:dims=3");
    enter(race, "adam", "0.1");
    create_from(race, race->objective->start);
    run_all(race, 20);
    ck_assert_int_eq(bm_race_survey(race, &error), BM_OK);
    ck_assert(!race->seen);
    ck_assert(draws(race, ">adam<"));
    end(race);
}
END_TEST

START_TEST(the_picture_knows_what_the_race_knows) {
    bm_race *race = new_race("himmelblau");
    enter(race, "adam", "0.1");
    enter(race, "lbfgs", "1");
    create_from(race, race->objective->start);
    run_all(race, 7);
    ck_assert_int_eq(bm_race_survey(race, &error), BM_OK);
    bm_landscape landscape = {0};
    bm_race_landscape(race, &landscape);
    ck_assert_int_eq(landscape.path_count, 2);
    ck_assert_int_eq(landscape.paths[1].count, 8);
    ck_assert_str_eq(landscape.paths[1].name, "lbfgs");
    ck_assert_int_eq(landscape.minima, 4);
    ck_assert_double_eq(landscape.steps, 100);
    ck_assert_double_eq(landscape.minimum_value, 0);
    ck_assert_mem_eq(landscape.start, race->objective->start, 2 * sizeof(double));
    end(race);

    race = new_race("saddle"); /* that nothing lies below is no number to draw */
    enter(race, "adam", "0.1");
    create_from(race, race->objective->start);
    ck_assert_int_eq(bm_race_survey(race, &error), BM_OK);
    bm_race_landscape(race, &landscape);
    ck_assert_double_nan(landscape.minimum_value);
    end(race);
}
END_TEST

TEST_MAIN("race", 60, the_way_is_kept_in_bounded_memory, points_have_two_coordinates_rates_have_more,
          who_leaves_the_numbers_is_over_and_the_others_go_on, a_restart_is_a_fresh_race,
          a_start_without_a_value_changes_nothing, a_race_that_cannot_begin_leaves_nothing_behind,
          the_first_step_within_the_tolerance_is_reached, best_is_the_least_value_not_the_last,
          distance_is_to_the_nearest_minimum, a_survey_sees_the_function_where_it_is_finite,
          of_many_coordinates_only_values_are_shown, the_picture_knows_what_the_race_knows)
