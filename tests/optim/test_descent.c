/* One method going down a function: what each flag does to a step, worked by hand on 0.1 x^2 + 2 y^2, whose gradient at
 * (-5, -2) is (-1, -8); where it ends when it leaves the numbers; and what does not go together. */
#include "optim/descent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static bm_error error;

static void assert_says(const char *text) {
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' lacks '%s'", error.text, text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
}

static bm_objective *objective_of(const char *text) {
    bm_objective *objective;
    ck_assert_msg(bm_objective_create(&objective, text, 0, &error) == BM_OK, "%s", error.text);
    return objective;
}

static bm_method method_of(const char *name, const char *lr) {
    bm_method method;
    ck_assert_msg(bm_method_find(&method, name, &error) == BM_OK, "%s", error.text);
    ck_assert_msg(!lr || bm_method_set(&method, "lr", lr, &error) == BM_OK, "%s", error.text);
    return method;
}

static bm_descent_setup setup_of(const bm_method *method, const bm_objective *objective) {
    return (bm_descent_setup){
        .method = method,
        .objective = objective,
        .dims = objective->dims,
        .start = objective->start,
        .total_steps = 4,
        .seed = 1,
    };
}

static bm_descent *begin(const bm_descent_setup *setup) {
    bm_descent *descent;
    ck_assert_msg(bm_descent_create(&descent, setup, &error) == BM_OK, "%s", error.text);
    return descent;
}

static void step(bm_descent *descent) {
    ck_assert_msg(bm_descent_step(descent, &error) == BM_OK, "%s", error.text);
}

static void assert_at(const bm_descent *descent, double x, double y, const char *what) {
    assert_near(descent->x[0], x, 1e-15, what);
    assert_near(descent->x[1], y, 1e-15, what);
}

/* ---- steps ---- */

START_TEST(it_begins_at_the_start) {
    const bm_method method = method_of("sgd", "0.1");
    bm_objective *f = objective_of("quadratic");
    const bm_descent_setup setup = setup_of(&method, f);
    bm_descent *descent = begin(&setup);
    ck_assert_int_eq(descent->t, 0);
    ck_assert_int_eq(descent->evaluations, 0);
    ck_assert_double_nan(descent->lr);
    ck_assert_double_nan(bm_descent_rate(descent, 0));
    assert_at(descent, -5, -2, "the start");
    assert_near(descent->value, 10.5, 1e-15, "its value");
    step(descent);
    assert_at(descent, -4.9, -1.2, "one step");
    assert_near(descent->value, 5.281, 1e-15, "its value");
    ck_assert_int_eq(descent->t, 1);
    ck_assert_int_eq(descent->evaluations, 1);
    assert_near(descent->lr, 0.1, 0, "the rate of the step");
    assert_near(bm_descent_rate(descent, 1), 0.1, 0, "of each coordinate");
    bm_descent_destroy(descent);
    bm_objective_destroy(f);
}
END_TEST

START_TEST(floats_round_every_number_and_doubles_none) {
    const bm_method method = method_of("sgd", "0.1");
    bm_objective *f = objective_of("quadratic");
    const double start[2] = {0.1, -0.7};
    bm_descent_setup setup = setup_of(&method, f);
    setup.start = start;
    bm_descent *doubles = begin(&setup);
    setup.single = true;
    bm_descent *floats = begin(&setup);
    float x = 0.1f, y = -0.7f;
    ck_assert(floats->x[0] == (double)x && floats->x[1] == (double)y);
    for (int t = 0; t < 50; t++) {
        step(doubles);
        step(floats);
        x -= 0.1f * (float)(0.2 * (double)x);
        y -= 0.1f * (float)(4 * (double)y);
        ck_assert_msg(floats->x[0] == (double)x && floats->x[1] == (double)y, "step %d", t + 1);
        ck_assert_double_eq(floats->value, bm_objective_value(f, floats->x));
    }
    assert_near(doubles->x[0], 0.1 * pow(0.98, 50), 1e-15, "doubles");
    ck_assert(fabs(floats->x[0] - doubles->x[0]) > 1e-12);
    assert_near(floats->x[0], doubles->x[0], 1e-6, "floats");
    bm_descent_destroy(doubles);
    bm_descent_destroy(floats);
    bm_objective_destroy(f);
}
END_TEST

START_TEST(gradients_may_come_from_outside) {
    const bm_method method = method_of("sgd", "0.5");
    const double start[3] = {1, 2, 3}, gradient[2][3] = {{2, 0, -2}, {0, 1, 0}};
    const bm_descent_setup setup = {.method = &method, .dims = 3, .start = start};
    bm_descent *descent = begin(&setup);
    ck_assert_double_nan(descent->value);
    ck_assert_int_eq(bm_descent_apply(descent, gradient[0], &error), BM_OK);
    ck_assert_int_eq(bm_descent_apply(descent, gradient[1], &error), BM_OK);
    assert_at(descent, 0, 1.5, "two given gradients");
    assert_near(descent->x[2], 4, 0, "the third");
    ck_assert_double_nan(descent->value);
    ck_assert_int_eq(descent->t, 2);
    bm_descent_destroy(descent);
}
END_TEST

START_TEST(limits_of_the_gradient_hold) {
    const bm_method method = method_of("sgd", "0.1");
    bm_objective *f = objective_of("quadratic");
    const struct {
        double norm, value, x, y;
    } rows[] = {
        {0, 2, -4.9, -1.8},
        {0, 0.5, -4.95, -1.95},
        {1, 0, -5 + 0.1 / (sqrt(65) + 1e-6), -2 + 0.8 / (sqrt(65) + 1e-6)},
        {1, 1, -5 + 0.1 / (sqrt(2) + 1e-6), -2 + 0.1 / (sqrt(2) + 1e-6)}, /* first each, then all */
        {100, 100, -4.9, -1.2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_descent_setup setup = setup_of(&method, f);
        setup.clip_norm = rows[i].norm;
        setup.clip_value = rows[i].value;
        bm_descent *descent = begin(&setup);
        step(descent);
        assert_at(descent, rows[i].x, rows[i].y, "a limited step");
        bm_descent_destroy(descent);
    }
    bm_objective_destroy(f);
}
END_TEST

START_TEST(the_rate_follows_its_schedule) {
    bm_objective *f = objective_of("quadratic");
    bm_variant halves = {0}, cosine = {0};
    while (strcmp(bm_lr_schedule_kinds[halves.kind].name, "step") != 0) {
        halves.kind++;
    }
    while (strcmp(bm_lr_schedule_kinds[cosine.kind].name, "cosine") != 0) {
        cosine.kind++;
    }
    const bm_options *options = bm_lr_schedule_kinds[halves.kind].options;
    bm_options_defaults(options, halves.config);
    bm_options_defaults(bm_lr_schedule_kinds[cosine.kind].options, cosine.config);
    ck_assert_int_eq(bm_options_set(options, halves.config, "step_size", "2", &error), BM_OK);
    ck_assert_int_eq(bm_options_set(options, halves.config, "gamma", "0.5", &error), BM_OK);
    const double half = 0.5, quarter = sqrt(0.5); /* cosines of a third and a quarter of a half turn */
    const struct {
        const char *lr;
        const bm_variant *schedule;
        double rate[4]; /* in a run of four steps */
    } rows[] = {
        {"0.1", NULL, {0.1, 0.1, 0.1, 0.1}},
        {"lin_0.1", NULL, {0.1, 0.075, 0.05, 0.025}},
        {"0.1", &halves, {0.1, 0.1, 0.05, 0.05}},
        {"lin_0.1", &halves, {0.1, 0.1, 0.05, 0.05}}, /* in its place */
        {"0.1", &cosine, {0.1, 0.1 * (1 + quarter) * half, 0.05, 0.1 * (1 - quarter) * half}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const bm_method method = method_of("sgd", rows[i].lr);
        bm_descent_setup setup = setup_of(&method, f);
        setup.lr_schedule = rows[i].schedule;
        bm_descent *descent = begin(&setup);
        for (int t = 0; t < 4; t++) {
            const double before = descent->x[0];
            step(descent);
            assert_near(descent->lr, rows[i].rate[t], 1e-15, rows[i].lr);
            assert_near(descent->x[0], before * (1 - 0.2 * rows[i].rate[t]), 1e-15, "and moves by it");
        }
        bm_descent_destroy(descent);
    }
    bm_objective_destroy(f);
}
END_TEST

/* ---- randomness ---- */

enum { MANY = 10000 };

START_TEST(noise_has_the_deviation_asked_for) {
    const bm_method method = method_of("sgd", "1");
    double *zeros = calloc(MANY, sizeof *zeros);
    ck_assert_ptr_nonnull(zeros);
    const bm_descent_setup setup = {.method = &method, .dims = MANY, .start = zeros, .noise = 3, .seed = 5};
    bm_descent *descent = begin(&setup);
    ck_assert_int_eq(bm_descent_apply(descent, zeros, &error), BM_OK);
    double sum = 0, squares = 0;
    int within = 0;
    for (int i = 0; i < MANY; i++) {
        sum += descent->x[i];
        squares += descent->x[i] * descent->x[i];
        within += fabs(descent->x[i]) < 3;
    }
    const double mean = sum / MANY, deviation = sqrt(squares / MANY - mean * mean);
    ck_assert_msg(fabs(mean) < 5 * 3 / sqrt(MANY), "mean %g", mean);
    ck_assert_msg(fabs(deviation - 3) < 5 * 3 / sqrt(2.0 * MANY), "deviation %g", deviation);
    ck_assert_msg(fabs((double)within / MANY - 0.6827) < 0.025, "%d within one deviation", within);
    bm_descent_destroy(descent);
    free(zeros);
}
END_TEST

static void walk(uint64_t seed, const char *function, const char *optimizer, double noise, int steps, double end[2]) {
    const bm_method method = method_of(optimizer, "0.01");
    bm_objective *f = objective_of(function);
    bm_descent_setup setup = setup_of(&method, f);
    setup.noise = noise;
    setup.seed = seed;
    bm_descent *descent = begin(&setup);
    for (int t = 0; t < steps; t++) {
        step(descent);
    }
    memcpy(end, descent->x, 2 * sizeof *end);
    bm_descent_destroy(descent);
    bm_objective_destroy(f);
}

START_TEST(equal_seeds_draw_the_same_others_do_not) {
    const struct {
        const char *function;
        double noise;
    } rows[] = {{"quadratic", 1}, {"sparse:dims=2:p=0.5", 0}};
    for (int i = 0; i < 2; i++) {
        double a[2], b[2], c[2];
        walk(3, rows[i].function, "adam", rows[i].noise, 30, a);
        walk(3, rows[i].function, "adam", rows[i].noise, 30, b);
        walk(4, rows[i].function, "adam", rows[i].noise, 30, c);
        ck_assert_mem_eq(a, b, sizeof a);
        ck_assert_mem_ne(a, c, sizeof a);
    }
}
END_TEST

START_TEST(all_methods_meet_the_same_noise) {
    double calm[2], sgd[2], signs[2];
    walk(9, "quadratic", "sgd", 0, 1, calm);
    walk(9, "quadratic", "sgd", 40, 1, sgd);
    walk(9, "quadratic", "rprop", 40, 1, signs); /* moves by the gradient's sign alone */
    for (int i = 0; i < 2; i++) {
        const double start = i ? -2 : -5;
        ck_assert(calm[i] != sgd[i]);
        ck_assert_msg((sgd[i] > start) == (signs[i] > start), "coordinate %d", i);
    }
}
END_TEST

/* ---- the end ---- */

START_TEST(divergence_leaves_it_at_the_step_before) {
    const bm_method method = method_of("sgd", "10");
    bm_objective *f = objective_of("quadratic");
    const bm_descent_setup setup = setup_of(&method, f);
    bm_descent *descent = begin(&setup);
    double before[2] = {0}, value = 0;
    bm_status status = BM_OK;
    int64_t steps = 0;
    for (; status == BM_OK && steps < 1000; steps++) {
        memcpy(before, descent->x, sizeof before);
        value = descent->value;
        status = bm_descent_step(descent, &error);
    }
    ck_assert_int_eq(status, BM_FAILED);
    ck_assert_int_eq(steps, 97); /* y grows by 39 a step: 2 (2 39^97)^2 is the first that is no double */
    assert_says("sgd diverged at step 97: the value is no longer finite");
    ck_assert_int_eq(descent->t, 96);
    ck_assert_mem_eq(descent->x, before, sizeof before);
    ck_assert(isfinite(value) && descent->value == value);
    bm_descent_destroy(descent);
    bm_objective_destroy(f);
}
END_TEST

START_TEST(a_coordinate_that_is_lost_ends_it_too) {
    for (int single = 0; single < 2; single++) {
        const bm_method method = method_of("sgd", "1");
        const double start[2] = {1, 2}, gradient[2][2] = {{1, 1}, {1, NAN}}, steep[2] = {-1e39, 0};
        const bm_descent_setup setup = {.method = &method, .dims = 2, .start = start, .single = single == 1};
        bm_descent *descent = begin(&setup);
        ck_assert_int_eq(bm_descent_apply(descent, gradient[0], &error), BM_OK);
        ck_assert_int_eq(bm_descent_apply(descent, gradient[1], &error), BM_FAILED);
        assert_says("sgd diverged at step 2: a coordinate is no longer finite");
        assert_at(descent, 0, 1, "the step before");
        bm_descent_destroy(descent);

        descent = begin(&setup);
        ck_assert_int_eq(bm_descent_apply(descent, steep, &error), single ? BM_FAILED : BM_OK);
        ck_assert_double_eq(descent->x[0], single ? 1 : 1e39);
        bm_descent_destroy(descent);
    }
}
END_TEST

/* ---- what does not go together ---- */

static void assert_refused(const bm_descent_setup *setup, const char *says) {
    bm_descent *descent = (bm_descent *)&error; /* anything but NULL */
    ck_assert_int_eq(bm_descent_create(&descent, setup, &error), BM_INVALID);
    ck_assert_ptr_null(descent);
    assert_says(says);
}

START_TEST(solvers_refuse_what_they_cannot_do) {
    const char *const names[] = {"lbfgs", "newton"};
    for (int i = 0; i < 2; i++) {
        const bm_method method = method_of(names[i], NULL);
        bm_objective *f = objective_of("quadratic");
        bm_descent_setup setup = setup_of(&method, f);
        setup.noise = 1;
        assert_refused(&setup, "cannot work with noise");
        assert_says(names[i]);
        setup = setup_of(&method, f);
        setup.clip_norm = 1;
        assert_refused(&setup, "cannot work with clipping");
        setup = setup_of(&method, f);
        setup.clip_value = 1;
        assert_refused(&setup, "cannot work with clipping");
        setup = setup_of(&method, f);
        setup.single = true;
        assert_refused(&setup, "cannot work with floats");
        setup = setup_of(&method, f);
        setup.objective = NULL;
        assert_refused(&setup, "cannot work with recorded gradients");
        bm_objective_type flat = *f->type;
        flat.hessian = NULL;
        f->type = &flat;
        setup = setup_of(&method, f);
        bm_descent *descent;
        ck_assert_int_eq(bm_descent_create(&descent, &setup, &error), i == 0 ? BM_OK : BM_INVALID);
        if (i == 1) {
            assert_says("newton needs second derivatives, which quadratic does not have");
        }
        bm_descent_destroy(descent);
        bm_objective_destroy(f);
    }
}
END_TEST

START_TEST(solvers_solve) {
    const char *const names[] = {"lbfgs", "newton"};
    for (int i = 0; i < 2; i++) {
        const bm_method method = method_of(names[i], NULL);
        bm_objective *f = objective_of("quadratic");
        const bm_descent_setup setup = setup_of(&method, f);
        bm_descent *descent = begin(&setup);
        const int steps = i ? 1 : 10; /* Newton's first step is the last */
        for (int t = 0; t < steps; t++) {
            step(descent);
        }
        ck_assert_msg(descent->value < 1e-9, "%s: %g", names[i], descent->value);
        ck_assert_int_ge(descent->evaluations, steps);
        ck_assert_double_nan(bm_descent_rate(descent, 0));
        bm_descent_destroy(descent);
        bm_objective_destroy(f);
    }
}
END_TEST

START_TEST(a_start_must_be_a_place) {
    const bm_method method = method_of("adam", NULL);
    bm_objective *f = objective_of("quadratic"), *logarithm = objective_of("log(x)");
    const struct {
        double start[2];
        bool single;
        const char *says;
    } rows[] = {
        {{1, NAN}, false, "coordinate 1 of the start is not a finite number"},
        {{-INFINITY, 1}, false, "coordinate 0 of the start is not a finite number"},
        {{1e39, 1}, true, "coordinate 0 of the start is not a finite number"},
        {{1e200, 1}, false, "quadratic is inf at the start"},
    };
    bm_descent_setup setup = setup_of(&method, f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setup.start = rows[i].start;
        setup.single = rows[i].single;
        assert_refused(&setup, rows[i].says);
    }
    const double below = -1;
    setup = setup_of(&method, logarithm);
    setup.start = &below;
    assert_refused(&setup, "log(x) has no value at the start");
    bm_objective_destroy(f);
    bm_objective_destroy(logarithm);
}
END_TEST

/* ---- methods by name ---- */

START_TEST(methods_are_found_by_name) {
    for (int i = 0; bm_optim_types[i]; i++) {
        const bm_method method = method_of(bm_optim_types[i]->name, NULL);
        ck_assert_ptr_eq(method.optim, bm_optim_types[i]);
        ck_assert_ptr_null(method.solver);
        ck_assert_double_eq(method.lr.initial, bm_optim_types[i]->default_lr);
        ck_assert_str_eq(bm_method_name(&method), bm_optim_types[i]->name);
    }
    for (int i = 0; bm_solver_types[i]; i++) {
        const bm_method method = method_of(bm_solver_types[i]->name, NULL);
        ck_assert_ptr_eq(method.solver, bm_solver_types[i]);
        ck_assert_ptr_null(method.optim);
        ck_assert_str_eq(bm_method_name(&method), bm_solver_types[i]->name);
    }
}
END_TEST

START_TEST(other_names_get_a_suggestion) {
    const char *const rows[][2] = {{"adaam", "did you mean adam?"},
                                   {"rmsprob", "did you mean rmsprop?"},
                                   {"lbgfs", "did you mean lbfgs?"},
                                   {"newtn", "did you mean newton?"},
                                   {"simulated_annealing", "bellman list optimizers"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_method method;
        ck_assert_int_eq(bm_method_find(&method, rows[i][0], &error), BM_INVALID);
        assert_says(rows[i][0]);
        assert_says(rows[i][1]);
    }
}
END_TEST

START_TEST(settings_are_read_or_refused) {
    bm_method method = method_of("adam", "lin_0.5");
    ck_assert(method.lr.linear && method.lr.initial == 0.5);
    ck_assert_int_eq(bm_method_set(&method, "beta1", "0.8", &error), BM_OK);
    ck_assert_int_eq(bm_method_set(&method, "lr", "1e-3", &error), BM_OK);
    ck_assert(!method.lr.linear && method.lr.initial == 1e-3);
    const char *const rows[][3] = {{"lr", "0", "adam's learning rate 0 is not"},
                                   {"lr", "-1", "learning rate -1 is not"},
                                   {"lr", "nan", "learning rate nan is not"},
                                   {"lr", "lin_0", "learning rate lin_0 is not"},
                                   {"lr", "", "learning rate  is not"},
                                   {"beta1", "1", "adam: beta1=1 outside"},
                                   {"beat1", "0.9", "did you mean beta1?"},
                                   {"momentum", "0.9", "adam: unknown option momentum"},
                                   {"amsgrad", "perhaps", "adam: amsgrad=perhaps"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_msg(bm_method_set(&method, rows[i][0], rows[i][1], &error) == BM_INVALID, "%s=%s is taken",
                      rows[i][0], rows[i][1]);
        assert_says(rows[i][2]);
    }
    ck_assert(method.lr.initial == 1e-3); /* what is refused changes nothing */
}
END_TEST

TEST_MAIN("descent", 20, it_begins_at_the_start, floats_round_every_number_and_doubles_none,
          gradients_may_come_from_outside, limits_of_the_gradient_hold, the_rate_follows_its_schedule,
          noise_has_the_deviation_asked_for, equal_seeds_draw_the_same_others_do_not, all_methods_meet_the_same_noise,
          divergence_leaves_it_at_the_step_before, a_coordinate_that_is_lost_ends_it_too,
          solvers_refuse_what_they_cannot_do, solvers_solve, a_start_must_be_a_place, methods_are_found_by_name,
          other_names_get_a_suggestion, settings_are_read_or_refused)
