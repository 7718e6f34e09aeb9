/* Optimizers against PyTorch 1.13's trajectories, on recorded gradients and on functions of their own, and what every
 * registered optimizer must keep. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "optim/optim.h"
#include "support.h"

enum { FEED = 16, FEED_STEPS = 200 };

/* The named settings of the reference's configs.json. */
typedef struct {
    const char *name, *kind;
    const char *setting[2][2];
} reference;

static const reference references[] = {
    {"sgd", "sgd", {{0}}},
    {"sgd_momentum", "sgd", {{"momentum", "0.9"}}},
    {"sgd_wd", "sgd", {{"weight_decay", "0.1"}}},
    {"adam", "adam", {{0}}},
    {"adam_l2", "adam", {{"weight_decay", "0.05"}}},
};
enum { REFERENCES = sizeof references / sizeof references[0] };

static int kind_of(const char *name) {
    for (int i = 0; bm_optim_kinds[i].name; i++) {
        if (strcmp(bm_optim_kinds[i].name, name) == 0) {
            return i;
        }
    }
    ck_abort_msg("no optimizer %s", name);
    return -1;
}

static bm_variant defaults(const char *kind) {
    bm_variant choice = {.kind = kind_of(kind)};
    bm_options_defaults(bm_optim_kinds[choice.kind].options, choice.config);
    return choice;
}

static void set(bm_variant *choice, const char *key, const char *text) {
    bm_error error;
    const bm_status status = bm_options_set(bm_optim_kinds[choice->kind].options, choice->config, key, text, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
}

static bm_variant choice_of(const reference *r) {
    bm_variant choice = defaults(r->kind);
    for (int i = 0; i < 2 && r->setting[i][0]; i++) {
        set(&choice, r->setting[i][0], r->setting[i][1]);
    }
    return choice;
}

/* An optimizer over at most FEED parameters, in both precisions at once: each follows its own reference. */
typedef struct {
    bm_variant choice;
    double param[FEED], slots[BM_OPTIM_SLOTS][FEED];
    float param32[FEED], slots32[BM_OPTIM_SLOTS][FEED];
} twin;

static void twin_step(twin *o, int64_t t, double lr, size_t n, const double *grad, const float *grad32) {
    const bm_optim_type *type = bm_optim_types[o->choice.kind];
    double *slot[BM_OPTIM_SLOTS];
    float *slot32[BM_OPTIM_SLOTS];
    for (int i = 0; i < BM_OPTIM_SLOTS; i++) {
        slot[i] = o->slots[i];
        slot32[i] = o->slots32[i];
    }
    type->step_f64(o->choice.config, t, lr, 1, n, o->param, grad, slot);
    type->step_f32(o->choice.config, t, lr, 1, n, o->param32, grad32, slot32);
}

/* Follows one trajectory file: steps with the recorded gradients as long as the record has no gap. */
static int follow(const reference *r, const char *precision, double tolerance) {
    char path[128], what[160];
    snprintf(path, sizeof path, "tests/golden/optim/traj_%s_%s.csv", r->name, precision);
    golden_table table = golden_read(path);
    const bool single = strcmp(precision, "f32") == 0;
    twin o = {.choice = choice_of(r)};
    int compared = 0;
    int64_t next = 0;
    for (int row = 0; row < table.rows; row++) {
        const int64_t step = (int64_t)golden_number(&table, row, "step");
        const double w[2] = {golden_number(&table, row, "w0"), golden_number(&table, row, "w1")};
        const double g[2] = {golden_number(&table, row, "g0"), golden_number(&table, row, "g1")};
        const float g32[2] = {(float)g[0], (float)g[1]};
        if (step == 0) {
            o = (twin){.choice = choice_of(r)};
            next = 0;
        }
        const size_t n = isnan(w[1]) ? 1 : 2;
        for (size_t i = 0; i < n && step == next; i++) {
            if (step == 0) {
                o.param[i] = w[i];
                o.param32[i] = (float)w[i];
            }
            snprintf(what, sizeof what, "%s row %d", path, row);
            assert_near(single ? (double)o.param32[i] : o.param[i], w[i], tolerance, what);
            compared++;
        }
        if (step == next) {
            twin_step(&o, ++next, golden_number(&table, row, "lr"), n, g, g32);
        }
    }
    golden_free(&table);
    return compared;
}

START_TEST(trajectories_with_recorded_gradients_match_pytorch_in_double) {
    for (int i = 0; i < REFERENCES; i++) {
        ck_assert_int_gt(follow(&references[i], "f64", 1e-12), 400);
    }
}
END_TEST

START_TEST(trajectories_with_recorded_gradients_match_pytorch_in_float) {
    for (int i = 0; i < REFERENCES; i++) {
        ck_assert_int_gt(follow(&references[i], "f32", 5e-6), 200);
    }
}
END_TEST

static void read_row(const golden_table *table, int row, char letter, double value[FEED]) {
    for (int i = 0; i < FEED; i++) {
        char column[24];
        snprintf(column, sizeof column, "%c%d", letter, i);
        value[i] = golden_number(table, row, column);
    }
}

static void compare_feed(const golden_table *want, const char *name, double step, const double *got, double tolerance) {
    for (int row = 0; row < want->rows; row++) {
        if (strcmp(golden_text(want, row, "optimizer"), name) == 0 && golden_number(want, row, "step") == step) {
            double w[FEED];
            read_row(want, row, 'w', w);
            for (int i = 0; i < FEED; i++) {
                assert_near(got[i], w[i], tolerance, name);
            }
        }
    }
}

START_TEST(two_hundred_recorded_gradients_with_exact_zeros_match_pytorch) {
    golden_table grads = golden_read("tests/golden/optim/feed_grads.csv");
    golden_table start = golden_read("tests/golden/optim/feed_start.csv");
    golden_table want = golden_read("tests/golden/optim/feed_f64.csv");
    golden_table want32 = golden_read("tests/golden/optim/feed_f32.csv");
    ck_assert_int_eq(grads.rows, FEED_STEPS);
    for (int r = 0; r < REFERENCES; r++) {
        twin o = {.choice = choice_of(&references[r])};
        read_row(&start, 0, 'w', o.param);
        for (int i = 0; i < FEED; i++) {
            o.param32[i] = (float)o.param[i];
        }
        for (int t = 1; t <= FEED_STEPS; t++) {
            double g[FEED], single[FEED];
            float g32[FEED];
            read_row(&grads, t - 1, 'g', g);
            for (int i = 0; i < FEED; i++) {
                g32[i] = (float)g[i];
            }
            twin_step(&o, t, 0.01, FEED, g, g32);
            for (int i = 0; i < FEED; i++) {
                single[i] = (double)o.param32[i];
            }
            compare_feed(&want, references[r].name, t, o.param, 1e-12);
            compare_feed(&want32, references[r].name, t, single, 5e-6);
        }
    }
    golden_free(&grads);
    golden_free(&start);
    golden_free(&want);
    golden_free(&want32);
}
END_TEST

static void gradient(const char *objective, const double w[2], double g[2]) {
    if (strcmp(objective, "quadratic") == 0) { /* 0.1 x^2 + 2 y^2 */
        g[0] = 0.2 * w[0];
        g[1] = 4 * w[1];
    } else { /* Rosenbrock: (1 - x)^2 + 100 (y - x^2)^2 */
        ck_assert_str_eq(objective, "rosenbrock");
        g[0] = -2 * (1 - w[0]) - 400 * w[0] * (w[1] - w[0] * w[0]);
        g[1] = 200 * (w[1] - w[0] * w[0]);
    }
}

START_TEST(descent_on_a_function_matches_the_textbook_classes) {
    golden_table table = golden_read("tests/golden/optim/seed_classes.csv");
    static const char *const keys[] = {"momentum", "beta1", "beta2", "eps", "weight_decay"};
    twin o = {0};
    for (int row = 0; row < table.rows; row++) {
        const int64_t step = (int64_t)golden_number(&table, row, "step");
        if (step == 0) {
            o = (twin){.choice = defaults(strcmp(golden_text(&table, row, "class"), "Adam") == 0 ? "adam" : "sgd")};
            o.param[0] = golden_number(&table, row, "w0");
            o.param[1] = golden_number(&table, row, "w1");
            for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
                if (*golden_text(&table, row, keys[i])) {
                    set(&o.choice, keys[i], golden_text(&table, row, keys[i]));
                }
            }
        } else {
            const double lr = golden_number(&table, row, "lr");
            double g[2];
            const double last = golden_number(&table, row - 1, "step");
            for (int64_t t = (int64_t)last + 1; t <= step; t++) {
                gradient(golden_text(&table, row, "objective"), o.param, g);
                twin_step(&o, t, lr, 2, g, (const float[2]){0});
            }
        }
        assert_near(o.param[0], golden_number(&table, row, "w0"), 1e-9, "w0");
        assert_near(o.param[1], golden_number(&table, row, "w1"), 1e-9, "w1");
    }
    golden_free(&table);
}
END_TEST

/* Worked by hand: v = -0.1, then -0.9*0.1 - 0.05 = -0.14; a rate outside the velocity would give 0.9 - 0.05*1.9. */
START_TEST(sgd_keeps_the_learning_rate_of_past_steps_in_its_velocity) {
    twin o = {.choice = defaults("sgd"), .param = {1}};
    set(&o.choice, "momentum", "0.9");
    twin_step(&o, 1, 0.1, 1, (const double[1]){1}, (const float[1]){1});
    assert_near(o.param[0], 0.9, 1e-15, "first step");
    twin_step(&o, 2, 0.05, 1, (const double[1]){1}, (const float[1]){1});
    assert_near(o.param[0], 0.9 - 0.14, 1e-15, "second step");
}
END_TEST

enum { MANY = 1003 };

/* n bm_reals with every optimizer of the registry, three steps. parts: the buffer is stepped in that many pieces. */
static void three_steps(int kind, int parts, double grad_scale, double grad_factor, float param[MANY]) {
    bm_variant choice = {.kind = kind};
    static float grad[MANY];
    float slots[BM_OPTIM_SLOTS][MANY] = {{0}};
    bm_options_defaults(bm_optim_kinds[kind].options, choice.config);
    for (int i = 0; i < MANY; i++) {
        param[i] = (float)(i % 17) - 8;
        grad[i] = (float)grad_factor * (float)((i * 7919) % 1000 - 500) / 256;
    }
    for (int64_t t = 1; t <= 3; t++) {
        for (int part = 0; part < parts; part++) {
            const int first = MANY * part / parts, end = MANY * (part + 1) / parts;
            float *slot[BM_OPTIM_SLOTS];
            for (int i = 0; i < BM_OPTIM_SLOTS; i++) {
                slot[i] = slots[i] + first;
            }
            bm_optim_types[kind]->step_f32(choice.config, t, 0.01, grad_scale, (size_t)(end - first), param + first,
                                           grad + first, slot);
        }
    }
}

START_TEST(splitting_the_buffer_changes_no_bit) {
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        float whole[MANY], pieces[MANY];
        three_steps(kind, 1, 1, 1, whole);
        three_steps(kind, 7, 1, 1, pieces);
        ck_assert_mem_eq(whole, pieces, sizeof whole);
        ck_assert_msg(whole[0] != -8.0f, "%s did not move", bm_optim_types[kind]->name);
    }
}
END_TEST

START_TEST(grad_scale_is_the_gradient_scaled) {
    for (int kind = 0; bm_optim_types[kind]; kind++) {
        float fused[MANY], separate[MANY], unscaled[MANY];
        three_steps(kind, 1, 0.25, 1, fused);
        three_steps(kind, 1, 1, 0.25, separate);
        three_steps(kind, 1, 1, 1, unscaled);
        ck_assert_mem_eq(fused, separate, sizeof fused);
        ck_assert_mem_ne(fused, unscaled, sizeof fused);
    }
}
END_TEST

START_TEST(registry_and_kinds_agree) {
    int count = 0;
    for (; bm_optim_types[count]; count++) {
        ck_assert_str_eq(bm_optim_kinds[count].name, bm_optim_types[count]->name);
        ck_assert_ptr_eq(bm_optim_kinds[count].options, &bm_optim_types[count]->options);
        ck_assert_uint_le(bm_optim_types[count]->options.config_bytes, BM_VARIANT_BYTES);
        ck_assert(bm_optim_types[count]->default_lr > 0);
    }
    ck_assert_int_ge(count, 2);
    ck_assert_ptr_null(bm_optim_kinds[count].name);
}
END_TEST

START_TEST(bound_optimizer_counts_steps_and_lists_its_state) {
    bm_arena arena = {0};
    bm_state state = {0};
    bm_optim optim;
    const bm_variant choice = defaults("adam");
    bm_optim_create(&optim, &choice, 3, &arena);
    bm_real param[3] = {1, 1, 1};
    const bm_real grad[3] = {2, -2, 0};
    bm_optim_step(&optim, 0.1, 1, param, grad);
    assert_near((double)param[0], 0.9, 1e-6, "Adam's first step is the learning rate, against the gradient's sign");
    assert_near((double)param[1], 1.1, 1e-6, "Adam's first step is the learning rate, against the gradient's sign");
    ck_assert(param[2] == 1);
    bm_optim_state(&optim, &state);
    ck_assert_uint_eq(state.count, 3);
    ck_assert_int_eq(*(const int64_t *)bm_state_find(&state, "t")->data, 1);
    assert_near((double)((const bm_real *)bm_state_find(&state, "exp_avg")->data)[1], -0.2, 1e-7, "exp_avg");
    assert_near((double)((const bm_real *)bm_state_find(&state, "exp_avg_sq")->data)[0], 0.004, 1e-7, "exp_avg_sq");
    bm_state_free(&state);
    bm_arena_free(&arena);
}
END_TEST

TEST_MAIN("optim", 60, trajectories_with_recorded_gradients_match_pytorch_in_double,
          trajectories_with_recorded_gradients_match_pytorch_in_float,
          two_hundred_recorded_gradients_with_exact_zeros_match_pytorch,
          descent_on_a_function_matches_the_textbook_classes, sgd_keeps_the_learning_rate_of_past_steps_in_its_velocity,
          splitting_the_buffer_changes_no_bit, grad_scale_is_the_gradient_scaled, registry_and_kinds_agree,
          bound_optimizer_counts_steps_and_lists_its_state)
