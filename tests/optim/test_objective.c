/* The test functions: against differences, at their minima, and as expressions; and how text
 * becomes an objective. */
#include <math.h>
#include <stdlib.h>

#include "optim/objective.h"
#include "support.h"

enum { MOST_DIMS = 8, POINTS = 40 };

static bm_objective *create(const char *text, int dims) {
    bm_objective *objective;
    bm_error error = {""};
    ck_assert_msg(bm_objective_create(&objective, text, dims, &error) == BM_OK, "%s: %s", text, error.text);
    return objective;
}

/* Calls visit with every function of the registry, in one to MOST_DIMS coordinates where it has a choice. */
static void each_objective(void (*visit)(const bm_objective *objective)) {
    for (size_t i = 0; bm_objective_types[i]; i++) {
        const bm_objective_type *type = bm_objective_types[i];
        for (int dims = type->dims ? type->dims : 1; dims <= (type->dims ? type->dims : MOST_DIMS); dims++) {
            bm_objective *objective;
            if (bm_objective_create(&objective, type->name, dims, NULL) == BM_OK) {
                visit(objective);
                bm_objective_destroy(objective);
            } else {
                ck_assert_msg(dims == 1 && !type->dims, "%s in %d coordinates", type->name, dims);
            }
        }
    }
}

/* Coordinates beyond the second are drawn from the window of the second. */
static void draw_point(const bm_objective *objective, bm_rng *rng, double *x) {
    for (int i = 0; i < objective->dims; i++) {
        const int k = i == 0 ? 0 : 1;
        x[i] = bm_rng_uniform(rng, objective->window_low[k], objective->window_high[k]);
    }
}

/* ---- the functions */

START_TEST(default_starts_are_those_of_the_recorded_trajectories) {
    bm_arena arena = {0};
    const golden_table table = golden_read("tests/golden/optim/traj_sgd_f64.csv", &arena);
    for (int row = 0; row < table.rows; row++) {
        if (golden_number(&table, row, "step") == 0) {
            bm_objective *objective = create(golden_text(&table, row, "objective"), 0);
            ck_assert(objective->start[0] == golden_number(&table, row, "w0"));
            ck_assert(objective->dims == 1 || objective->start[1] == golden_number(&table, row, "w1"));
            bm_objective_destroy(objective);
        }
    }
    bm_arena_free(&arena);
}
END_TEST

/* Central differences of step h err by h^2 times the third derivative, and by rounding of the value over h. */
static void check_slopes(const bm_objective *objective) {
    const double h = 1e-5;
    bm_rng rng = bm_rng_seeded(7);
    for (int k = 0; k < POINTS; k++) {
        double x[MOST_DIMS], gradient[MOST_DIMS], above[MOST_DIMS], below[MOST_DIMS], hessian[MOST_DIMS * MOST_DIMS];
        draw_point(objective, &rng, x);
        const int n = objective->dims;
        const double value = bm_objective_value(objective, x);
        bm_objective_gradient(objective, x, NULL, gradient);
        ck_assert(bm_objective_hessian(objective, x, hessian));
        for (int i = 0; i < n; i++) {
            const double middle = x[i];
            x[i] = middle + h;
            const double value_above = bm_objective_value(objective, x);
            bm_objective_gradient(objective, x, NULL, above);
            x[i] = middle - h;
            const double value_below = bm_objective_value(objective, x);
            bm_objective_gradient(objective, x, NULL, below);
            x[i] = middle;
            const double slope = (value_above - value_below) / (2 * h);
            ck_assert_msg(fabs(gradient[i] - slope) <= 1e-7 * (100 + fabs(value)), "%s: slope %d is %.17g, not %.17g",
                          objective->text, i, slope, gradient[i]);
            for (int j = 0; j < n; j++) {
                const double bend = (above[j] - below[j]) / (2 * h);
                ck_assert_msg(fabs(hessian[i * n + j] - bend) <= 1e-6 * (10 + fabs(bend) + fabs(gradient[j])),
                              "%s: curvature %d %d is %.17g, not %.17g", objective->text, i, j, bend,
                              hessian[i * n + j]);
            }
        }
    }
}

START_TEST(gradients_and_hessians_are_the_slopes_of_values_and_gradients) {
    each_objective(check_slopes);
}
END_TEST

static void check_minima(const bm_objective *objective) {
    const int n = objective->dims;
    for (int k = 0; k < objective->minima; k++) {
        const double *x = objective->minimum + k * n;
        double gradient[MOST_DIMS];
        ck_assert_msg(fabs(bm_objective_value(objective, x) - objective->minimum_value) < 1e-15 * 4, "%s: minimum %d",
                      objective->text, k);
        bm_objective_gradient(objective, x, NULL, gradient);
        for (int i = 0; i < n; i++) {
            ck_assert_msg(fabs(gradient[i]) < 2e-13, "%s: minimum %d has the slope %g", objective->text, k,
                          gradient[i]);
        }
    }
    bm_rng rng = bm_rng_seeded(3);
    for (int k = 0; k < 10 * POINTS && objective->minima > 0; k++) {
        double x[MOST_DIMS];
        draw_point(objective, &rng, x);
        ck_assert_double_gt(bm_objective_value(objective, x), objective->minimum_value);
    }
}

START_TEST(minima_are_level_and_nothing_in_the_window_lies_below_them) {
    each_objective(check_minima);
    bm_objective *himmelblau = create("himmelblau", 0), *saddle = create("saddle", 0), *xsin = create("xsin", 0);
    ck_assert_int_eq(himmelblau->minima, 4);
    ck_assert_int_eq(saddle->minima, 0);
    ck_assert_double_eq(saddle->minimum_value, -INFINITY);
    ck_assert(saddle->unbounded && xsin->unbounded && !himmelblau->unbounded);
    ck_assert_double_lt(bm_objective_value(xsin, (double[]){4.5}), xsin->minimum_value);
    bm_objective_destroy(himmelblau);
    bm_objective_destroy(saddle);
    bm_objective_destroy(xsin);
}
END_TEST

static void check_starts(const bm_objective *objective) {
    ck_assert_int_ge(objective->starts, 1);
    for (int k = 0; k < objective->starts; k++) {
        const double *x = objective->start + k * objective->dims;
        double gradient[MOST_DIMS], steepest = 0;
        bm_objective_gradient(objective, x, NULL, gradient);
        for (int i = 0; i < objective->dims; i++) {
            steepest = fmax(steepest, fabs(gradient[i]));
            if (i < 2) {
                ck_assert(x[i] > objective->window_low[i] && x[i] < objective->window_high[i]);
            }
        }
        ck_assert_msg(steepest > 1e-3, "%s: start %d is level", objective->text, k);
    }
}

START_TEST(starts_lie_in_the_window_and_on_a_slope) {
    each_objective(check_starts);
}
END_TEST

static void assert_same_function(const char *name, int dims, const char *expression) {
    bm_objective *built_in = create(name, dims), *typed = create(expression, dims);
    bm_rng rng = bm_rng_seeded(11);
    const size_t n = (size_t)built_in->dims;
    ck_assert_str_eq(typed->type->name, "expression");
    for (int k = 0; k < POINTS; k++) {
        double x[MOST_DIMS], gradient[2][MOST_DIMS], hessian[2][MOST_DIMS * MOST_DIMS];
        draw_point(built_in, &rng, x);
        const double scale = 1 + fabs(bm_objective_value(built_in, x));
        assert_near(bm_objective_value(typed, x), bm_objective_value(built_in, x), 1e-13 * scale, name);
        bm_objective_gradient(built_in, x, NULL, gradient[0]);
        bm_objective_gradient(typed, x, NULL, gradient[1]);
        ck_assert(bm_objective_hessian(built_in, x, hessian[0]) && bm_objective_hessian(typed, x, hessian[1]));
        for (size_t i = 0; i < n; i++) {
            assert_near(gradient[1][i], gradient[0][i], 1e-13 * scale, name);
        }
        for (size_t i = 0; i < n * n; i++) {
            assert_near(hessian[1][i], hessian[0][i], 1e-12 * scale, name);
        }
    }
    bm_objective_destroy(built_in);
    bm_objective_destroy(typed);
}

START_TEST(formulas_typed_as_expressions_are_the_same_functions) {
    for (size_t i = 0; bm_objective_types[i]; i++) {
        if (bm_objective_types[i]->dims) {
            assert_same_function(bm_objective_types[i]->name, 0, bm_objective_types[i]->formula);
        }
    }
    assert_same_function("sphere", 3, "x^2 + y*y + z**2");
    assert_same_function("rosenbrock", 2, "(1-x)^2+100*(y-x^2)^2");
    assert_same_function("rosenbrock", 3, "(1-x0)^2 + 100*(x1-x0^2)^2 + pow(1-x1, 2) + 100*(x2-x1^2)^2");
    assert_same_function("rastrigin", 2, "20 + x^2 + y^2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)");
    assert_same_function("ackley", 2,
                         "-20*exp(-0.2*sqrt(0.5*(x^2+y^2))) - exp(0.5*(cos(2*pi*x)+cos(2*pi*y))) + e + 20");
}
END_TEST

START_TEST(rosenbrock_at_its_minimum_has_the_curvature_worked_by_hand) {
    bm_objective *objective = create("rosenbrock", 0);
    double hessian[4];
    ck_assert(bm_objective_hessian(objective, objective->minimum, hessian));
    ck_assert_mem_eq(hessian, ((double[]){802, -400, -400, 200}), sizeof hessian);
    bm_objective_destroy(objective);
}
END_TEST

START_TEST(the_tip_of_ackley_is_level_and_infinitely_curved) {
    bm_objective *objective = create("ackley", 2);
    double gradient[2], hessian[4];
    bm_objective_gradient(objective, objective->minimum, NULL, gradient);
    ck_assert(bm_objective_hessian(objective, objective->minimum, hessian));
    ck_assert_mem_eq(gradient, ((double[]){0, 0}), sizeof gradient);
    ck_assert_mem_eq(hessian, ((double[]){INFINITY, 0, 0, INFINITY}), sizeof hessian);
    bm_objective_destroy(objective);
}
END_TEST

/* ---- sparse */

START_TEST(sparse_shows_each_component_with_probability_p) {
    bm_objective *objective = create("sparse:p=0.3:seed=5", 0);
    bm_rng rng = bm_rng_seeded(1);
    double gradient[100];
    int shown = 0;
    ck_assert_int_eq(objective->dims, 100);
    ck_assert(objective->drawn);
    for (int step = 0; step < 200; step++) {
        bm_objective_gradient(objective, objective->start, &rng, gradient);
        for (int i = 0; i < 100; i++) {
            ck_assert(gradient[i] == 0 || gradient[i] == 2 * objective->start[i]);
            shown += gradient[i] != 0;
        }
    }
    ck_assert_int_lt(abs(shown - 6000), 5 * 65); /* five standard deviations of 20,000 draws */
    bm_objective_destroy(objective);
}
END_TEST

START_TEST(sparse_starts_where_its_seed_says) {
    bm_objective *objective = create("sparse:seed=5", 12);
    bm_rng rng = bm_rng_seeded(5);
    for (int i = 0; i < 12; i++) {
        ck_assert_double_eq(objective->start[i], bm_rng_uniform(&rng, -1, 1));
    }
    bm_objective_destroy(objective);
}
END_TEST

/* ---- text */

static void assert_dims(const char *text, int wanted, int dims, const char *first, const char *last) {
    bm_objective *objective = create(text, wanted);
    ck_assert_int_eq(objective->dims, dims);
    ck_assert_str_eq(objective->text, text);
    ck_assert_str_eq(objective->variables[0], first);
    ck_assert_str_eq(objective->variables[dims - 1], last);
    bm_objective_destroy(objective);
}

START_TEST(text_and_caller_choose_the_coordinates) {
    assert_dims("beale", 0, 2, "x", "y");
    assert_dims("beale", 2, 2, "x", "y");
    assert_dims("xsin", 0, 1, "x", "x");
    assert_dims("sphere", 0, 2, "x", "y");
    assert_dims("sphere", 3, 3, "x", "z");
    assert_dims("sphere", 5, 5, "x0", "x4");
    assert_dims("sphere:dims=10000", 0, 10000, "x0", "x9999");
    assert_dims("sphere:dims=3", 3, 3, "x", "z");
    assert_dims("x", 0, 1, "x", "x");
    assert_dims("x3", 0, 4, "x0", "x3");
    assert_dims("y^2", 0, 2, "x", "y");
    assert_dims("x0^2+x5", 6, 6, "x0", "x5");
    assert_dims("x0*x63", 0, 64, "x0", "x63");
}
END_TEST

START_TEST(an_expression_starts_where_it_has_a_slope) {
    const struct {
        const char *text;
        double start[2];
        int starts;
    } cases[] = {
        {"(1-x)^2+100*(y-x^2)^2", {-1.5, 2}, 3}, {"log(x)+y^2", {1.5, 0.5}, 2},
        {"(x+1.5)^2+(y-2)^2", {1.5, 0.5}, 2},    {"asin(x)+asin(y)", {0.5, 0.5}, 1},
        {"sqrt(-1-x^2)*y", {0.5, 0.5}, 1},       {"x*y*0", {0.5, 0.5}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_objective *objective = create(cases[i].text, 2);
        ck_assert_int_eq(objective->starts, cases[i].starts);
        ck_assert_mem_eq(objective->start, cases[i].start, sizeof cases[i].start);
        ck_assert_int_eq(objective->minima, 0);
        ck_assert(isnan(objective->minimum_value));
        ck_assert_double_eq(objective->window_low[1], -5);
        bm_objective_destroy(objective);
    }
}
END_TEST

START_TEST(mistakes_in_names_and_options_are_named) {
    const struct {
        const char *text;
        int dims;
        const char *message;
    } cases[] = {
        {"rosenbrok", 0, "unknown function rosenbrok; did you mean rosenbrock?"},
        {"rastrign:dims=3", 0, "unknown function rastrign; did you mean rastrigin?"},
        {"banana", 0, "unknown function banana (see bellman list functions)"},
        {"pi", 0, "unknown function pi (see bellman list functions)"},
        {"x:dims=2", 0, "unknown function x (see bellman list functions)"},
        {"sphere:dim=3", 0, "sphere: unknown option dim; did you mean dims?"},
        {"sphere:dims=0", 0, "sphere: dims=0 outside [1, 10000]"},
        {"sphere:dims", 0, "sphere: options are written as :key=value, not ':dims'"},
        {"sphere:=3", 0, "sphere: options are written as :key=value, not ':=3'"},
        {"sparse:p=1.5", 0, "sparse: p=1.5 outside [0, 1]"},
        {"sparse:p=nan", 0, "sparse: p=nan outside [0, 1]"},
        {"rosenbrock", 1, "rosenbrock: dims=1 outside [2, 10000]"},
        {"sphere:dims=5", 3, "sphere:dims=5 has 5 coordinates, not 3"},
        {"beale", 3, "beale has 2 coordinates, not 3"},
        {"xsin", 2, "xsin has 1 coordinate, not 2"},
        {"beale:dims=2", 0, "beale has no options; it was given dims"},
        {"x+z", 2, "x+z has 3 coordinates, not 2"},
        {"x^2", 65, "x^2 has 1 coordinate, not 65"},
        {"x^2+y^2", 3, "x^2+y^2 has 2 coordinates, not 3"},
        {"sphere", -1, "-1 coordinates outside [1, 10000]"},
        {"x^2:p=3", 0, "x^2:p=3: unexpected ':' at character 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_objective *objective;
        bm_error error = {""};
        ck_assert_int_eq(bm_objective_create(&objective, cases[i].text, cases[i].dims, &error), BM_INVALID);
        ck_assert_ptr_null(objective);
        ck_assert_str_eq(error.text, cases[i].message);
    }
    bm_objective_destroy(NULL);
}
END_TEST

START_TEST(every_function_says_what_it_is) {
    for (size_t i = 0; bm_objective_types[i]; i++) {
        const bm_objective_type *type = bm_objective_types[i];
        ck_assert(type->name && type->summary && type->formula && type->source);
        ck_assert_msg(type->dims > 0 || bm_options_find(&type->options, NULL, "dims", NULL), "%s has no dims",
                      type->name);
    }
}
END_TEST

TEST_MAIN("objective", 20, default_starts_are_those_of_the_recorded_trajectories,
          gradients_and_hessians_are_the_slopes_of_values_and_gradients,
          minima_are_level_and_nothing_in_the_window_lies_below_them, starts_lie_in_the_window_and_on_a_slope,
          formulas_typed_as_expressions_are_the_same_functions,
          rosenbrock_at_its_minimum_has_the_curvature_worked_by_hand, the_tip_of_ackley_is_level_and_infinitely_curved,
          sparse_shows_each_component_with_probability_p, sparse_starts_where_its_seed_says,
          text_and_caller_choose_the_coordinates, an_expression_starts_where_it_has_a_slope,
          mistakes_in_names_and_options_are_named, every_function_says_what_it_is)
