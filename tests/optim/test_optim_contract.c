/* What every registered optimizer must keep, whatever it computes; and what the options of each promise beyond
 * PyTorch's trajectories, by hand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "optim/optim_twin.h"

enum { MANY = 20011 }; /* no multiple of any vector */

/* ---- every optimizer -------------------------------------------------------------------------------------------- */

typedef struct {
    bm_optim optim;
    bm_variant choice;
    float param[MANY], grad[MANY];
    bm_arena arena;
} problem;

static bool has_option(int kind, const char *name) {
    const bm_options *options = &bm_optim_types[kind]->options;
    for (size_t i = 0; i < options->count; i++) {
        if (strcmp(options->rows[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Every slot and number in use. */
static problem *start(int kind) {
    problem *p = calloc(1, sizeof *p);
    bm_error error;
    p->choice = optim_defaults(bm_optim_types[kind]->name);
    static const char *const settings[][2] = {
        {"momentum", "0.9"}, {"amsgrad", "true"}, {"centered", "true"}, {"t0", "1"}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (has_option(kind, settings[i][0])) {
            optim_set(&p->choice, settings[i][0], settings[i][1]);
        }
    }
    ck_assert(bm_optim_create(&p->optim, &p->choice, BM_F32, MANY, &p->arena, &error) == BM_OK);
    for (int i = 0; i < MANY; i++) {
        p->param[i] = (float)(i % 17) - 8.5f;
    }
    return p;
}

static void stop(problem *p) {
    bm_arena_free(&p->arena);
    free(p);
}

/* Steps first .. last; the gradients depend on nothing but the step. */
static void steps(problem *p, int first, int last, double grad_scale, float factor) {
    for (int t = first; t <= last; t++) {
        for (int i = 0; i < MANY; i++) {
            p->grad[i] = factor * (float)((i * 7919 + t * 104729) % 1000 - 500) / 256;
        }
        bm_optim_step(&p->optim, 0.01, grad_scale, p->param, p->grad);
    }
}

START_TEST(threads_change_no_bit) {
    bm_error error;
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        problem *alone = start(kind);
        steps(alone, 1, 5, 1, 1);
        ck_assert_msg(alone->param[0] != -8.5f, "%s did not move", bm_optim_types[kind]->name);
        for (int threads = 1; threads <= 3; threads++) {
            problem *shared = start(kind);
            ck_assert(bm_pool_create(&shared->optim.pool, threads, &error) == BM_OK);
            steps(shared, 1, 5, 1, 1);
            ck_assert_mem_eq(alone->param, shared->param, sizeof alone->param);
            bm_pool_destroy(shared->optim.pool);
            stop(shared);
        }
        stop(alone);
    }
}
END_TEST

START_TEST(grad_scale_is_the_gradient_scaled) {
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        problem *fused = start(kind), *separate = start(kind), *unscaled = start(kind);
        steps(fused, 1, 3, 0.25, 1);
        steps(separate, 1, 3, 1, 0.25f);
        steps(unscaled, 1, 3, 1, 1);
        ck_assert_mem_eq(fused->param, separate->param, sizeof fused->param);
        if (strcmp(bm_optim_types[kind]->name, "sgd") == 0) { /* some look at nothing but the gradients' proportions */
            ck_assert_mem_ne(fused->param, unscaled->param, sizeof fused->param);
        }
        stop(fused);
        stop(separate);
        stop(unscaled);
    }
}
END_TEST

START_TEST(maximize_turns_the_gradient_round) {
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        problem *up = start(kind), *down = start(kind);
        optim_set(&up->choice, "maximize", "true");
        steps(up, 1, 4, 1, 1);
        steps(down, 1, 4, 1, -1);
        ck_assert_mem_eq(up->param, down->param, sizeof up->param);
        stop(up);
        stop(down);
    }
}
END_TEST

START_TEST(what_the_state_lists_is_all_there_is) {
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        problem *whole = start(kind), *first = start(kind), *second = start(kind);
        steps(whole, 1, 6, 1, 1);
        steps(first, 1, 3, 1, 1);
        bm_state from = {0}, to = {0};
        bm_error error;
        bm_optim_state(&first->optim, &from);
        bm_optim_state(&second->optim, &to);
        ck_assert(bm_state_check(&from, &error) == BM_OK && from.count == to.count);
        for (size_t i = 0; i < from.count; i++) {
            memcpy(to.items[i].data, from.items[i].data, bm_array_bytes(&from.items[i]));
        }
        memcpy(second->param, first->param, sizeof first->param);
        steps(second, 4, 6, 1, 1);
        ck_assert_mem_eq(whole->param, second->param, sizeof whole->param);
        bm_state_free(&from);
        bm_state_free(&to);
        stop(whole);
        stop(first);
        stop(second);
    }
}
END_TEST

START_TEST(registry_and_kinds_agree) {
    int count = 0;
    for (; bm_optim_types[count]; count++) {
        const bm_optim_type *type = bm_optim_types[count];
        ck_assert_str_eq(bm_optim_kinds[count].name, type->name);
        ck_assert_ptr_eq(bm_optim_kinds[count].options, &type->options);
        ck_assert_uint_le(type->options.config_bytes, BM_VARIANT_BYTES);
        ck_assert(type->default_lr > 0);
        ck_assert_msg(!type->momentum || has_option(count, type->momentum), "%s lacks %s", type->name, type->momentum);
        ck_assert_msg(has_option(count, "maximize"), "%s", type->name);
    }
    ck_assert_int_eq(count, 11);
    ck_assert_ptr_null(bm_optim_kinds[count].name);
}
END_TEST

/* Where gradients are as steady, or as absent, as they can be, for long: nothing divides 0 by 0. */
START_TEST(steady_and_missing_gradients_leave_numbers) {
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        problem *p = start(kind);
        double param[2] = {1, 1};
        bm_optim optim;
        bm_error error;
        ck_assert(bm_optim_create(&optim, &p->choice, BM_F64, 2, &p->arena, &error) == BM_OK);
        const double steady[2] = {0.3, 0}, missing[2] = {0, 0};
        for (int t = 0; t < 200000; t++) {
            bm_optim_step(&optim, 1e-3, 1, param, t < 100000 ? steady : missing);
            ck_assert_msg(isfinite(param[0]) && isfinite(param[1]), "%s, step %d", bm_optim_types[kind]->name, t);
        }
        ck_assert_msg(param[0] < 1, "%s went up", bm_optim_types[kind]->name);
        stop(p);
    }
}
END_TEST

/* A schedule turns the momentum as if the option had that value. */
START_TEST(momentum_can_be_turned_from_outside) {
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        if (!bm_optim_types[kind]->momentum) {
            continue;
        }
        problem *turned = start(kind), *set = start(kind), *neither = start(kind);
        turned->optim.momentum = 0.5;
        optim_set(&set->choice, bm_optim_types[kind]->momentum, "0.5");
        steps(turned, 1, 3, 1, 1);
        steps(set, 1, 3, 1, 1);
        steps(neither, 1, 3, 1, 1);
        ck_assert_mem_eq(turned->param, set->param, sizeof set->param);
        ck_assert_mem_ne(turned->param, neither->param, sizeof set->param);
        stop(turned);
        stop(set);
        stop(neither);
    }
}
END_TEST

/* ---- single ones, by hand --------------------------------------------------------------------------------------- */

static bm_status create(const char *kind, const char *const settings[][2]) {
    bm_variant choice = optim_defaults(kind);
    for (int i = 0; settings[i][0]; i++) {
        optim_set(&choice, settings[i][0], settings[i][1]);
    }
    bm_optim optim;
    bm_arena arena = {0};
    bm_error error;
    const bm_status status = bm_optim_create(&optim, &choice, BM_F64, 1, &arena, &error);
    bm_arena_free(&arena);
    return status;
}

START_TEST(options_that_do_not_go_together_are_refused) {
    ck_assert(create("sgd", (const char *const[][2]){{"nesterov", "true"}, {0}}) == BM_INVALID);
    ck_assert(create("sgd", (const char *const[][2]){{"nesterov", "true"}, {"momentum", "0.9"}, {0}}) == BM_OK);
    ck_assert(create("sgd", (const char *const[][2]){
                                {"nesterov", "true"}, {"momentum", "0.9"}, {"dampening", "0.1"}, {0}}) == BM_INVALID);
    ck_assert(create("rprop", (const char *const[][2]){{"step_min", "2"}, {"step_max", "1"}, {0}}) == BM_INVALID);
}
END_TEST

START_TEST(betas_below_one_only) {
    bm_variant choice = optim_defaults("adam");
    bm_error error;
    ck_assert(bm_options_set(bm_optim_kinds[choice.kind].options, choice.config, "beta1", "1", &error) == BM_INVALID);
    ck_assert(bm_options_set(bm_optim_kinds[choice.kind].options, choice.config, "beta2", "-0.1", &error) ==
              BM_INVALID);
}
END_TEST

/* v = -0.1, then -0.9 0.1 - 0.05 = -0.14; a rate outside the velocity gives 0.9 - 0.05 1.9. */
START_TEST(sgd_can_keep_the_learning_rate_of_past_steps) {
    for (int inside = 0; inside < 2; inside++) {
        optim_twin o;
        bm_variant choice = optim_defaults("sgd");
        optim_set(&choice, "momentum", "0.9");
        optim_set(&choice, "lr_in_velocity", inside ? "true" : "false");
        twin_start(&o, &choice, 1, (const double[]){1});
        twin_step(&o, 0.1, (const double[]){1});
        assert_near(o.param[0], 0.9, 1e-15, "first step");
        twin_step(&o, 0.05, (const double[]){1});
        assert_near(o.param[0], inside ? 0.9 - 0.14 : 0.9 - 0.05 * 1.9, 1e-15, "second step");
        twin_stop(&o);
    }
}
END_TEST

/* At a steady rate the two forms of Nesterov's step are one. */
START_TEST(nesterov_agrees_in_both_forms_at_a_steady_rate) {
    double end[2];
    for (int inside = 0; inside < 2; inside++) {
        optim_twin o;
        bm_variant choice = optim_defaults("sgd");
        optim_set(&choice, "momentum", "0.9");
        optim_set(&choice, "nesterov", "true");
        optim_set(&choice, "lr_in_velocity", inside ? "true" : "false");
        twin_start(&o, &choice, 1, (const double[]){1});
        for (int t = 0; t < 20; t++) {
            twin_step(&o, 0.05, (const double[]){o.param[0]});
        }
        end[inside] = o.param[0];
        twin_stop(&o);
    }
    assert_near(end[0], end[1], 1e-15, "velocity with and without the rate");
}
END_TEST

START_TEST(adagrad_begins_at_its_initial_value) {
    optim_twin o;
    bm_variant choice = optim_defaults("adagrad");
    optim_set(&choice, "initial_accumulator_value", "3");
    twin_start(&o, &choice, 1, (const double[]){1});
    twin_step(&o, 0.5, (const double[]){1}); /* 0.5 * 1 / sqrt(3 + 1) */
    assert_near(o.param[0], 0.75, 1e-9, "first step");
    twin_stop(&o);
}
END_TEST

/* lambd 0 and t0 1: eta stays lr; w is 0.9, 0.8, 0.7, 0.6; the average starts over with mu = 1 until step 3, then
 * 1/2. */
START_TEST(asgd_averages_from_t0_on) {
    optim_twin o;
    bm_variant choice = optim_defaults("asgd");
    optim_set(&choice, "lambd", "0");
    optim_set(&choice, "t0", "1");
    twin_start(&o, &choice, 1, (const double[]){1});
    const double average[4] = {0.9, 0.8, 0.7, 0.65};
    for (int t = 0; t < 4; t++) {
        twin_step(&o, 0.1, (const double[]){1});
        assert_near(o.param[0], 0.9 - 0.1 * t, 1e-12, "w");
        assert_near(((const double *)o.f64.slot[0])[0], average[t], 1e-12, "ax");
    }
    twin_stop(&o);
}
END_TEST

/* sqrt((s - a^2) + eps) of a steady gradient: by rounding below 0 now and then. */
START_TEST(centered_rmsprop_survives_a_steady_gradient) {
    optim_twin o;
    bm_variant choice = optim_defaults("rmsprop");
    optim_set(&choice, "centered", "true");
    optim_set(&choice, "alpha", "0.5");
    twin_start(&o, &choice, 1, (const double[]){1});
    for (int t = 0; t < 1000; t++) {
        twin_step(&o, 1e-9, (const double[]){0.1});
        ck_assert(isfinite(o.param[0]) && isfinite(o.param32[0]));
    }
    twin_stop(&o);
}
END_TEST

/* Adam's first step has the rate lr / |g|, after bias correction; sgd's is lr. */
START_TEST(effective_rates) {
    optim_twin o;
    bm_variant choice = optim_defaults("adam");
    twin_start(&o, &choice, 2, (const double[]){1, 1});
    ck_assert(isnan(bm_optim_rate(&o.f64, 0)));
    twin_step(&o, 0.1, (const double[]){4, 0.5});
    assert_near(o.param[0], 1 - bm_optim_rate(&o.f64, 0) * (1 - 0.9) * 4, 1e-12, "rate times the mean is the step");
    assert_near(o.param[1], 1 - bm_optim_rate(&o.f64, 1) * (1 - 0.9) * 0.5, 1e-12, "rate times the mean is the step");
    assert_near(bm_optim_rate(&o.f32, 1), bm_optim_rate(&o.f64, 1), 1e-6, "float");
    twin_stop(&o);
    choice = optim_defaults("sgd");
    twin_start(&o, &choice, 1, (const double[]){1});
    twin_step(&o, 0.1, (const double[]){4});
    ck_assert(bm_optim_rate(&o.f64, 0) == 0.1);
    twin_stop(&o);
}
END_TEST

TEST_MAIN("optim contract", 60, threads_change_no_bit, grad_scale_is_the_gradient_scaled,
          maximize_turns_the_gradient_round, what_the_state_lists_is_all_there_is, registry_and_kinds_agree,
          steady_and_missing_gradients_leave_numbers, momentum_can_be_turned_from_outside,
          options_that_do_not_go_together_are_refused, betas_below_one_only,
          sgd_can_keep_the_learning_rate_of_past_steps, nesterov_agrees_in_both_forms_at_a_steady_rate,
          adagrad_begins_at_its_initial_value, asgd_averages_from_t0_on, centered_rmsprop_survives_a_steady_gradient,
          effective_rates)
