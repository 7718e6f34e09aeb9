/* L-BFGS's line search against the conditions it promises, Newton's method against values worked out independently, and
 * both where functions are unkind. The functions are written here: the tests owe nothing to objective.c but its three
 * calls. */
#include <math.h>
#include <string.h>

#include "optim/solver.h"
#include "optim/strong_wolfe.h"
#include "support.h"

enum { MOST_DIMS = 100 };

static double square(double x) {
    return x * x;
}

static double quadratic(const bm_objective *f, const double *x) {
    (void)f;
    return 0.1 * x[0] * x[0] + 2 * x[1] * x[1];
}
static void quadratic_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)rng;
    g[0] = 0.2 * x[0];
    g[1] = 4 * x[1];
}
static void quadratic_hessian(const bm_objective *f, const double *x, double *h) {
    (void)f;
    (void)x;
    h[0] = 0.2;
    h[1] = h[2] = 0;
    h[3] = 4;
}

static double rosenbrock(const bm_objective *f, const double *x) {
    double sum = 0;
    for (int i = 0; i + 1 < f->dims; i++) {
        sum += square(1 - x[i]) + 100 * square(x[i + 1] - x[i] * x[i]);
    }
    return sum;
}
static void rosenbrock_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)rng;
    memset(g, 0, (size_t)f->dims * sizeof *g);
    for (int i = 0; i + 1 < f->dims; i++) {
        const double bend = x[i + 1] - x[i] * x[i];
        g[i] += -2 * (1 - x[i]) - 400 * x[i] * bend;
        g[i + 1] += 200 * bend;
    }
}
static void rosenbrock_hessian(const bm_objective *f, const double *x, double *h) {
    const int n = f->dims;
    memset(h, 0, (size_t)n * (size_t)n * sizeof *h);
    for (int i = 0; i + 1 < n; i++) {
        h[i * n + i] += 2 - 400 * (x[i + 1] - x[i] * x[i]) + 800 * x[i] * x[i];
        h[i * n + i + 1] = h[(i + 1) * n + i] = -400 * x[i];
        h[(i + 1) * n + i + 1] += 200;
    }
}

static double beale(const bm_objective *f, const double *x) {
    (void)f;
    return square(1.5 - x[0] + x[0] * x[1]) + square(2.25 - x[0] + x[0] * x[1] * x[1]) +
           square(2.625 - x[0] + x[0] * x[1] * x[1] * x[1]);
}
static void beale_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)rng;
    const double target[3] = {1.5, 2.25, 2.625};
    g[0] = g[1] = 0;
    for (int i = 0; i < 3; i++) {
        const double power = pow(x[1], i + 1), miss = target[i] - x[0] + x[0] * power;
        g[0] += 2 * miss * (power - 1);
        g[1] += 2 * miss * x[0] * (i + 1) * pow(x[1], i);
    }
}

static const double pi = 3.14159265358979323846;

static double xsin(const bm_objective *f, const double *x) {
    (void)f;
    return x[0] * sin(-pi * x[0]);
}
static void xsin_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)rng;
    g[0] = sin(-pi * x[0]) - pi * x[0] * cos(-pi * x[0]);
}

static double himmelblau(const bm_objective *f, const double *x) {
    (void)f;
    return square(x[0] * x[0] + x[1] - 11) + square(x[0] + x[1] * x[1] - 7);
}
static void himmelblau_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)rng;
    const double a = x[0] * x[0] + x[1] - 11, b = x[0] + x[1] * x[1] - 7;
    g[0] = 4 * x[0] * a + 2 * b;
    g[1] = 2 * a + 4 * x[1] * b;
}

/* x^4 / 4 - x^2 / 2 + y^2 / 2: a saddle at 0, minima of -1/4 at (1, 0) and (-1, 0). */
static double double_well(const bm_objective *f, const double *x) {
    (void)f;
    return square(square(x[0])) / 4 - square(x[0]) / 2 + square(x[1]) / 2;
}
static void double_well_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)rng;
    g[0] = x[0] * x[0] * x[0] - x[0];
    g[1] = x[1];
}
static void double_well_hessian(const bm_objective *f, const double *x, double *h) {
    (void)f;
    h[0] = 3 * x[0] * x[0] - 1;
    h[1] = h[2] = 0;
    h[3] = 1;
}

/* (x + y)^2: a valley without end, whose Hessian is singular everywhere. */
static double valley(const bm_objective *f, const double *x) {
    (void)f;
    return square(x[0] + x[1]);
}
static void valley_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)rng;
    g[0] = g[1] = 2 * (x[0] + x[1]);
}
static void valley_hessian(const bm_objective *f, const double *x, double *h) {
    (void)f;
    (void)x;
    h[0] = h[1] = h[2] = h[3] = 2;
}

/* x: no minimum, and a Hessian of zeros. */
static double slope(const bm_objective *f, const double *x) {
    (void)f;
    return x[0];
}
static void slope_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)x;
    (void)rng;
    g[0] = 1;
}
static void slope_hessian(const bm_objective *f, const double *x, double *h) {
    (void)f;
    (void)x;
    h[0] = 0;
}

/* x - log x: a minimum of 1 at 1, and not a number below 0. */
static double barrier(const bm_objective *f, const double *x) {
    (void)f;
    return x[0] - log(x[0]);
}
static void barrier_gradient(const bm_objective *f, const double *x, bm_rng *rng, double *g) {
    (void)f;
    (void)rng;
    g[0] = x[0] < 0 ? NAN : 1 - 1 / x[0];
}
static void barrier_hessian(const bm_objective *f, const double *x, double *h) {
    (void)f;
    h[0] = 1 / square(x[0]);
}

#define FUNCTION(name_, dims_, hessian_)                                                                               \
    { .name = #name_, .dims = (dims_), .value = name_, .gradient = name_##_gradient, .hessian = hessian_ }
static const bm_objective_type functions[] = {
    FUNCTION(quadratic, 2, quadratic_hessian),
    FUNCTION(rosenbrock, 0, rosenbrock_hessian),
    FUNCTION(beale, 2, NULL),
    FUNCTION(xsin, 1, NULL),
    FUNCTION(himmelblau, 2, NULL),
    FUNCTION(double_well, 2, double_well_hessian),
    FUNCTION(valley, 2, valley_hessian),
    FUNCTION(slope, 1, slope_hessian),
    FUNCTION(barrier, 1, barrier_hessian),
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

/* A solver at work on a function. */
typedef struct {
    bm_objective objective;
    bm_variant choice;
    bm_solver solver;
    bm_arena arena;
    double x[MOST_DIMS];
} run;

static int kind_of(const char *name) {
    for (int i = 0; bm_solver_kinds[i].name; i++) {
        if (strcmp(bm_solver_kinds[i].name, name) == 0) {
            return i;
        }
    }
    ck_abort_msg("no solver %s", name);
    return -1;
}

/* settings: pairs of key and text, NULL at the end. start [dims]. */
static void begin(run *r, const char *solver, const char *const *settings, const char *function, int dims,
                  const double *start) {
    memset(r, 0, sizeof *r);
    for (int i = 0; i < FUNCTIONS; i++) {
        if (strcmp(functions[i].name, function) == 0) {
            r->objective = (bm_objective){.type = &functions[i], .dims = dims};
        }
    }
    ck_assert_msg(r->objective.type, "no function %s", function);
    r->choice.kind = kind_of(solver);
    const bm_options *options = bm_solver_kinds[r->choice.kind].options;
    bm_options_defaults(options, r->choice.config);
    bm_error error;
    for (; settings && settings[0]; settings += 2) {
        ck_assert_msg(bm_options_set(options, r->choice.config, settings[0], settings[1], &error) == BM_OK, "%s",
                      error.text);
    }
    memcpy(r->x, start, (size_t)dims * sizeof *start);
    bm_solver_create(&r->solver, &r->choice, &r->objective, &r->arena);
    ck_assert(bm_arena_check(&r->arena, "solver", &error) == BM_OK);
}

static void end(run *r) {
    bm_arena_free(&r->arena);
}

static void steps(run *r, int count, double lr) {
    for (int i = 0; i < count; i++) {
        bm_solver_step(&r->solver, lr, r->x);
    }
}

static double value(run *r) {
    return r->objective.type->value(&r->objective, r->x);
}

/* Both conditions, from first steps much too short to much too long. */
START_TEST(line_search_meets_both_conditions) {
    const double start[2] = {-1.5, 2}, first_steps[] = {1e-6, 1e-3, 1, 1e3};
    for (int i = 0; i < 4; i++) {
        run r;
        double gradient[2], direction[2];
        begin(&r, "lbfgs", NULL, "rosenbrock", 2, start);
        const double before = bm_solver_evaluate(&r.solver, r.x, gradient);
        direction[0] = -gradient[0];
        direction[1] = -gradient[1];
        bm_line_search search = {.start = r.x, .direction = direction, .narrowest = 1e-9};
        bm_line_search_create(&search, &r.solver);
        const bm_line_point origin = {
            .value = before, .slope = bm_solver_dot(2, gradient, direction), .gradient = gradient};
        const bm_line_point found = bm_strong_wolfe(&search, &origin, first_steps[i]);
        ck_assert(found.t > 0);
        ck_assert(found.value <= before + 1e-4 * found.t * origin.slope);
        ck_assert(fabs(found.slope) <= 0.9 * fabs(origin.slope));
        for (int k = 0; k < 2; k++) {
            r.x[k] += found.t * direction[k];
        }
        assert_near(found.value, value(&r), 1e-15, "value");
        end(&r);
    }
}
END_TEST

/* diag(0.2, 4): the minimum in one step; with 1 on the diagonal 1 - 0.2/1.2 and 1 - 4/5 of the way is left. */
START_TEST(newton_solves_a_quadratic_in_one_step) {
    const double start[2] = {-5, -2};
    const char *damped[] = {"damping", "1", NULL};
    run r;
    begin(&r, "newton", NULL, "quadratic", 2, start);
    steps(&r, 1, 1);
    assert_near(r.x[0], 0, 1e-15, "x");
    assert_near(r.x[1], 0, 1e-15, "y");
    end(&r);

    begin(&r, "newton", NULL, "quadratic", 2, start);
    steps(&r, 1, 0.5);
    assert_near(r.x[0], -2.5, 1e-15, "x, half a step");
    assert_near(r.x[1], -1, 1e-15, "y, half a step");
    end(&r);

    begin(&r, "newton", damped, "quadratic", 2, start);
    steps(&r, 1, 1);
    assert_near(r.x[0], -5 / 1.2, 1e-15, "x, damped");
    assert_near(r.x[1], -2 / 5.0, 1e-15, "y, damped");
    end(&r);
}
END_TEST

/* Without a line search: the six steps from (-1.2, 1) that textbooks show, here from numpy.linalg.solve. */
START_TEST(newton_takes_the_known_steps_on_rosenbrock) {
    const double start[2] = {-1.2, 1};
    const double want[][2] = {{-1.1752808988764043, 1.3806741573033705}, {0.763114871176745, -3.1750338547488415},
                              {0.7634296788843487, 0.5828247754975662},  {0.9999953110849514, 0.9440273238534179},
                              {0.9999956956536327, 0.999991391325645},   {0.9999999999999999, 0.9999999999814724}};
    const char *settings[] = {"line_search", "false", NULL};
    run r;
    begin(&r, "newton", settings, "rosenbrock", 2, start);
    for (int i = 0; i < 6; i++) {
        steps(&r, 1, 1);
        assert_near(r.x[0], want[i][0], 1e-11, "x");
        assert_near(r.x[1], want[i][1], 1e-11, "y");
    }
    end(&r);
}
END_TEST

/* Once near: the error of a step is at most a constant times the square of the error before, down to the last digit. */
START_TEST(newton_converges_quadratically) {
    const double start[2] = {-1.2, 1};
    run r;
    begin(&r, "newton", NULL, "rosenbrock", 2, start);
    double error = INFINITY;
    int near_steps = 0;
    for (int i = 0; i < 25; i++) {
        const double before = error;
        steps(&r, 1, 1);
        error = hypot(r.x[0] - 1, r.x[1] - 1);
        if (before < 0.05) {
            near_steps++;
            ck_assert_msg(error <= 20 * before * before + 1e-15, "%g after %g", error, before);
        }
    }
    ck_assert_int_ge(near_steps, 4);
    ck_assert(error < 1e-14);
    end(&r);
}
END_TEST

/* The least value is 1: the fall of the last steps is below its rounding. */
START_TEST(newton_reaches_the_last_digit_where_the_value_cannot_show_it) {
    for (double start = 0.05; start < 2; start += 0.01) {
        run r;
        begin(&r, "newton", NULL, "barrier", 1, &start);
        steps(&r, 30, 1);
        assert_near(r.x[0], 1, 1e-15, "x");
        end(&r);
    }
}
END_TEST

START_TEST(newton_finds_the_minimum_in_a_hundred_dimensions) {
    double start[MOST_DIMS];
    for (int i = 0; i < MOST_DIMS; i++) {
        start[i] = i % 2 ? 1 : 1.2;
    }
    run r;
    begin(&r, "newton", NULL, "rosenbrock", MOST_DIMS, start);
    steps(&r, 60, 1);
    for (int i = 0; i < MOST_DIMS; i++) {
        assert_near(r.x[i], 1, 1e-12, "x");
    }
    end(&r);
}
END_TEST

/* Undamped Newton would jump onto the saddle at 0, where the gradient vanishes; the ridge is x = 0. L-BFGS starts
 * further off it: its own tests take so gentle a slope for the end. */
START_TEST(solvers_leave_a_saddle_to_the_side_they_started_on) {
    const char *const names[] = {"newton", "lbfgs"};
    const double offset[] = {1e-6, 1e-2};
    for (int i = 0; i < 2; i++) {
        for (int side = -1; side <= 1; side += 2) {
            const double start[2] = {side * offset[i], 0.5};
            run r;
            begin(&r, names[i], NULL, "double_well", 2, start);
            steps(&r, 60, 1);
            assert_near(r.x[0], side, 1e-4, names[i]);
            assert_near(r.x[1], 0, 1e-4, names[i]);
            end(&r);
        }
    }
}
END_TEST

/* At (0.1, 0) the curvature is -c = 3 * 0.01 - 1 and the slope 0.001 - 0.1: downhill, by slope / (3 c) to slope / c. */
START_TEST(newton_steps_with_measure_where_the_curvature_is_negative) {
    const double start[2] = {0.1, 0};
    run r;
    begin(&r, "newton", NULL, "double_well", 2, start);
    steps(&r, 1, 1);
    ck_assert_msg(r.x[0] - 0.1 >= 0.099 / (3 * 0.97) && r.x[0] - 0.1 <= 0.099 / 0.97, "to %g", r.x[0]);
    ck_assert(r.x[1] == 0);
    end(&r);
}
END_TEST

START_TEST(newton_copes_with_a_singular_hessian) {
    const double start[2] = {3, 5}, zero[1] = {0};
    run r;
    begin(&r, "newton", NULL, "valley", 2, start);
    steps(&r, 20, 1);
    assert_near(r.x[0] + r.x[1], 0, 1e-12, "valley's floor");
    assert_near(r.x[0] - r.x[1], -2, 1e-12, "no drift along the floor");
    end(&r);

    begin(&r, "newton", NULL, "slope", 1, zero);
    steps(&r, 10, 0.5);
    assert_near(r.x[0], -5, 1e-15, "steepest descent where the Hessian says nothing");
    end(&r);
}
END_TEST

/* From 30 a Newton step leads to 30 - 29 * 30 = -840, and lr 1000 sends L-BFGS as far beyond 0: there log is not a
 * number. */
START_TEST(a_step_out_of_the_domain_is_taken_back) {
    const double start[1] = {30};
    run r;
    begin(&r, "newton", NULL, "barrier", 1, start);
    steps(&r, 40, 1);
    assert_near(r.x[0], 1, 1e-12, "newton");
    end(&r);
    begin(&r, "lbfgs", NULL, "barrier", 1, start);
    steps(&r, 40, 1000);
    assert_near(r.x[0], 1, 1e-4, "lbfgs");
    end(&r);
}
END_TEST

START_TEST(a_start_without_a_value_stays_where_it_is) {
    const double start[1] = {-1};
    for (int i = 0; bm_solver_types[i]; i++) {
        run r;
        begin(&r, bm_solver_types[i]->name, NULL, "barrier", 1, start);
        steps(&r, 3, 1);
        ck_assert(r.x[0] == -1);
        end(&r);
    }
}
END_TEST

/* Every solver, on every function that has a minimum and what it needs: when no digit changes any more, none changes in
 * many steps. */
START_TEST(a_solver_stays_at_the_minimum) {
    for (int s = 0; bm_solver_types[s]; s++) {
        for (int i = 0; i < FUNCTIONS; i++) {
            const bool unbounded = strcmp(functions[i].name, "slope") == 0;
            if (unbounded || (bm_solver_types[s]->needs_hessian && !functions[i].hessian)) {
                continue;
            }
            const double start[2] = {0.6, 0.8};
            double there[2];
            run r;
            begin(&r, bm_solver_types[s]->name, NULL, functions[i].name, functions[i].dims ? functions[i].dims : 2,
                  start);
            steps(&r, 200, 1);
            memcpy(there, r.x, sizeof there);
            steps(&r, 200000, 1);
            for (int k = 0; k < r.objective.dims; k++) {
                assert_near(r.x[k], there[k], 1e-12, functions[i].name);
            }
            end(&r);
        }
    }
}
END_TEST

START_TEST(registry_rows_are_complete) {
    for (int i = 0; bm_solver_types[i]; i++) {
        ck_assert_str_eq(bm_solver_types[i]->name, bm_solver_kinds[i].name);
        ck_assert(bm_solver_types[i]->summary && bm_solver_types[i]->default_lr > 0 && bm_solver_types[i]->step);
        ck_assert(bm_solver_kinds[i].options->config_bytes <= BM_VARIANT_BYTES);
    }
    ck_assert(!bm_solver_kinds[2].name);
}
END_TEST

TEST_MAIN("solver", 120, line_search_meets_both_conditions, newton_solves_a_quadratic_in_one_step,
          newton_takes_the_known_steps_on_rosenbrock, newton_converges_quadratically,
          newton_reaches_the_last_digit_where_the_value_cannot_show_it,
          newton_finds_the_minimum_in_a_hundred_dimensions, solvers_leave_a_saddle_to_the_side_they_started_on,
          newton_steps_with_measure_where_the_curvature_is_negative, newton_copes_with_a_singular_hessian,
          a_step_out_of_the_domain_is_taken_back, a_start_without_a_value_stays_where_it_is,
          a_solver_stays_at_the_minimum, registry_rows_are_complete)
