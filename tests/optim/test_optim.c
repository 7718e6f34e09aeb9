/* Every optimizer against PyTorch 1.13's trajectories, on recorded gradients, and against the updates that textbooks print. The
 * settings are read from the reference's own configs.json. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/io.h"
#include "optim/optim_twin.h"

enum { FEED = 16, FEED_STEPS = 200, SPARSE = 100, CONFIGS = 19 };

/* ---- the reference's settings ----------------------------------------------------------------------------------- */

typedef struct {
    cJSON *all;
    const cJSON *at; /* the config being looked at */
} reference;

static reference references_read(void) {
    bm_arena arena = {0};
    char *text;
    size_t bytes;
    bm_error error;
    ck_assert(bm_read_file("tests/golden/optim/configs.json", 1 << 20, &arena, &text, &bytes, &error) == BM_OK);
    const reference r = {.all = cJSON_ParseWithLength(text, bytes)};
    bm_arena_free(&arena);
    ck_assert_ptr_nonnull(r.all);
    return r;
}

/* The next named configuration; NULL behind the last. */
static const char *next_reference(reference *r) {
    for (r->at = r->at ? r->at->next : r->all->child; r->at && r->at->string[0] == '_'; r->at = r->at->next) {
    }
    return r->at ? r->at->string : NULL;
}

/* PyTorch gives some settings as pairs. */
static const char *const pairs[][3] = {
    {"betas", "beta1", "beta2"}, {"etas", "eta_minus", "eta_plus"}, {"step_sizes", "step_min", "step_max"}};

static void set_number(bm_variant *choice, const char *key, const cJSON *value) {
    char text[64];
    if (cJSON_IsBool(value)) {
        snprintf(text, sizeof text, "%s", cJSON_IsTrue(value) ? "true" : "false");
    } else {
        snprintf(text, sizeof text, "%.17g", value->valuedouble);
    }
    optim_set(choice, key, text);
}

static bm_variant choice_of(const cJSON *config) {
    char kind[32] = "";
    const char *class_name = cJSON_GetStringValue(cJSON_GetObjectItem(config, "class"));
    for (size_t i = 0; class_name[i] && i + 1 < sizeof kind; i++) {
        kind[i] = class_name[i] >= 'A' && class_name[i] <= 'Z' ? (char)(class_name[i] - 'A' + 'a') : class_name[i];
    }
    bm_variant choice = optim_defaults(kind);
    const cJSON *setting;
    cJSON_ArrayForEach(setting, cJSON_GetObjectItem(config, "all")) {
        if (!cJSON_IsArray(setting)) {
            set_number(&choice, setting->string, setting);
            continue;
        }
        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
            if (strcmp(setting->string, pairs[i][0]) == 0) {
                set_number(&choice, pairs[i][1], cJSON_GetArrayItem(setting, 0));
                set_number(&choice, pairs[i][2], cJSON_GetArrayItem(setting, 1));
            }
        }
    }
    return choice;
}

/* ---- PyTorch's trajectories ------------------------------------------------------------------------------------- */

/* Follows one trajectory file: steps with the recorded gradients as long as the record has no gap. */
static int follow(const char *name, const bm_variant *choice, const char *precision, double tolerance) {
    char path[128], what[160];
    snprintf(path, sizeof path, "tests/golden/optim/traj_%s_%s.csv", name, precision);
    golden_table table = golden_read(path);
    const bool single = strcmp(precision, "f32") == 0;
    optim_twin o = {0};
    int compared = 0;
    int64_t next = 0;
    for (int row = 0; row < table.rows; row++) {
        const int64_t step = (int64_t)golden_number(&table, row, "step");
        const double w[2] = {golden_number(&table, row, "w0"), golden_number(&table, row, "w1")};
        const double g[2] = {golden_number(&table, row, "g0"), golden_number(&table, row, "g1")};
        const size_t n = isnan(w[1]) ? 1 : 2;
        if (step == 0) {
            twin_stop(&o);
            twin_start(&o, choice, n, w);
            next = 0;
        }
        for (size_t i = 0; i < n && step == next; i++) {
            snprintf(what, sizeof what, "%s row %d", path, row);
            assert_near(single ? (double)o.param32[i] : o.param[i], w[i], tolerance, what);
            compared++;
        }
        if (step == next) {
            next++;
            twin_step(&o, golden_number(&table, row, "lr"), g);
        }
    }
    twin_stop(&o);
    golden_free(&table);
    return compared;
}

START_TEST(trajectories_with_recorded_gradients_match_pytorch) {
    reference r = references_read();
    int configs = 0;
    for (const char *name; (name = next_reference(&r)) != NULL; configs++) {
        const bm_variant choice = choice_of(r.at);
        ck_assert_int_gt(follow(name, &choice, "f64", 1e-12), 400);
        ck_assert_int_gt(follow(name, &choice, "f32", 5e-6), 200);
    }
    ck_assert_int_eq(configs, CONFIGS);
    cJSON_Delete(r.all);
}
END_TEST

static void read_row(const golden_table *table, int row, char letter, int n, double *value) {
    for (int i = 0; i < n; i++) {
        char column[24];
        snprintf(column, sizeof column, "%c%d", letter, i);
        value[i] = golden_number(table, row, column);
    }
}

/* The row of a file over all optimizers for this one at this step; -1: it has none. */
static int row_of(const golden_table *table, const char *name, int step) {
    for (int row = 0; row < table->rows; row++) {
        if (strcmp(golden_text(table, row, "optimizer"), name) == 0 && golden_number(table, row, "step") == step) {
            return row;
        }
    }
    return -1;
}

START_TEST(two_hundred_recorded_gradients_with_exact_zeros_match_pytorch) {
    golden_table grads = golden_read("tests/golden/optim/feed_grads.csv");
    golden_table start = golden_read("tests/golden/optim/feed_start.csv");
    golden_table want[2] = {golden_read("tests/golden/optim/feed_f64.csv"),
                            golden_read("tests/golden/optim/feed_f32.csv")};
    ck_assert_int_eq(grads.rows, FEED_STEPS);
    reference r = references_read();
    int compared = 0;
    for (const char *name; (name = next_reference(&r)) != NULL;) {
        double g[FEED], w[FEED];
        optim_twin o;
        const bm_variant choice = choice_of(r.at);
        const double lr = golden_number(&want[0], row_of(&want[0], name, 1), "lr");
        read_row(&start, 0, 'w', FEED, w);
        twin_start(&o, &choice, FEED, w);
        for (int t = 1; t <= FEED_STEPS; t++) {
            read_row(&grads, t - 1, 'g', FEED, g);
            twin_step(&o, lr, g);
            for (int single = 0; single < 2; single++) {
                const int row = row_of(&want[single], name, t);
                for (int i = 0; i < FEED && row >= 0; i++) {
                    read_row(&want[single], row, 'w', FEED, w);
                    assert_near(single ? (double)o.param32[i] : o.param[i], w[i], single ? 5e-6 : 1e-12, name);
                    compared++;
                }
            }
        }
        twin_stop(&o);
    }
    ck_assert_int_eq(compared, (want[0].rows + want[1].rows) * FEED);
    cJSON_Delete(r.all);
    golden_free(&grads);
    golden_free(&start);
    golden_free(&want[0]);
    golden_free(&want[1]);
}
END_TEST

/* The gradient of a step: a (w - c) where the step's list has the index, exactly 0 elsewhere. */
static void sparse_gradient(const char *active, const double *a, const double *c, const double *w, double *g) {
    memset(g, 0, SPARSE * sizeof *g);
    char *end;
    for (const char *at = active; *at; at = end) {
        const long i = strtol(at, &end, 10);
        ck_assert(end > at && i >= 0 && i < SPARSE);
        g[i] = a[i] * (w[i] - c[i]);
        end += strspn(end, " ");
    }
}

START_TEST(sparse_gradients_match_pytorch) {
    golden_table problem = golden_read("tests/golden/optim/sparse_problem.csv");
    golden_table mask = golden_read("tests/golden/optim/sparse_mask.csv");
    golden_table want = golden_read("tests/golden/optim/sparse_f64.csv");
    double a[SPARSE], c[SPARSE], w0[SPARSE], g[SPARSE], w[SPARSE];
    for (int i = 0; i < SPARSE; i++) {
        a[i] = golden_number(&problem, i, "a");
        c[i] = golden_number(&problem, i, "c");
        w0[i] = golden_number(&problem, i, "w0");
    }
    reference r = references_read();
    int compared = 0;
    for (const char *name; (name = next_reference(&r)) != NULL;) {
        const bm_variant choice = choice_of(r.at);
        optim_twin o;
        twin_start(&o, &choice, SPARSE, w0);
        for (int t = 1; t <= mask.rows && row_of(&want, name, 10) >= 0; t++) {
            sparse_gradient(golden_text(&mask, t - 1, "active"), a, c, o.param, g);
            twin_step(&o, golden_number(&want, row_of(&want, name, 10), "lr"), g);
            const int row = row_of(&want, name, t);
            for (int i = 0; i < SPARSE && row >= 0; i++) {
                read_row(&want, row, 'w', SPARSE, w);
                assert_near(o.param[i], w[i], 1e-12, name);
                compared++;
            }
        }
        twin_stop(&o);
    }
    ck_assert_int_eq(compared, want.rows * SPARSE);
    cJSON_Delete(r.all);
    golden_free(&problem);
    golden_free(&mask);
    golden_free(&want);
}
END_TEST

/* ---- textbooks -------------------------------------------------------------------------------------------------- */

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

static void descend(optim_twin *o, const char *objective, double lr, int steps) {
    double g[2];
    for (int i = 0; i < steps; i++) {
        gradient(objective, o->param, g);
        twin_step(o, lr, g);
    }
}

/* SGDMomentum (v = m v - lr g, w += v) and Adam with an L2 penalty, written as classes. */
START_TEST(descent_on_a_function_matches_the_textbook_classes) {
    golden_table table = golden_read("tests/golden/optim/seed_classes.csv");
    static const char *const keys[] = {"momentum", "beta1", "beta2", "eps", "weight_decay"};
    optim_twin o = {0};
    for (int row = 0; row < table.rows; row++) {
        const int step = (int)golden_number(&table, row, "step");
        const double w[2] = {golden_number(&table, row, "w0"), golden_number(&table, row, "w1")};
        if (step == 0) {
            const bool adam = strcmp(golden_text(&table, row, "class"), "Adam") == 0;
            bm_variant choice = optim_defaults(adam ? "adam" : "sgd");
            for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
                if (*golden_text(&table, row, keys[i])) {
                    optim_set(&choice, keys[i], golden_text(&table, row, keys[i]));
                }
            }
            if (!adam) {
                optim_set(&choice, "lr_in_velocity", "true");
            }
            twin_stop(&o);
            twin_start(&o, &choice, 2, w);
        } else {
            descend(&o, golden_text(&table, row, "objective"), golden_number(&table, row, "lr"),
                    step - (int)golden_number(&table, row - 1, "step"));
        }
        assert_near(o.param[0], w[0], 1e-12, "w0");
        assert_near(o.param[1], w[1], 1e-12, "w1");
    }
    twin_stop(&o);
    golden_free(&table);
}
END_TEST

/* Momentum as a running mean, and eps inside the root of RMSprop and Adam: a notebook's functions, executed. */
START_TEST(notebook_variants_match_the_notebook) {
    static const struct {
        const char *run, *kind, *settings[4][2];
        double lr;
    } variants[] = {
        {"sgd", "sgd", {{0}}, 0.4},
        {"momentum", "sgd", {{"momentum", "0.5"}, {"dampening", "0.5"}, {"start_at_zero", "true"}}, 0.6},
        {"rmsprop", "rmsprop", {{"alpha", "0.9"}, {"eps", "1e-6"}, {"eps_in_root", "true"}}, 0.3},
        {"adam", "adam", {{"eps_in_root", "true"}}, 0.2},
    };
    golden_table table = golden_read("tests/golden/optim/notebook_traj.csv");
    int compared = 0;
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        bm_variant choice = optim_defaults(variants[v].kind);
        for (int i = 0; variants[v].settings[i][0]; i++) {
            optim_set(&choice, variants[v].settings[i][0], variants[v].settings[i][1]);
        }
        optim_twin o;
        twin_start(&o, &choice, 2, (const double[]){-5, -2});
        for (int row = 0; row < table.rows; row++) {
            if (strcmp(golden_text(&table, row, "run"), variants[v].run) == 0) {
                assert_near(o.param[0], golden_number(&table, row, "w1"), 1e-12, variants[v].run);
                assert_near(o.param[1], golden_number(&table, row, "w2"), 1e-12, variants[v].run);
                descend(&o, "quadratic", variants[v].lr, 1);
                compared++;
            }
        }
        twin_stop(&o);
    }
    ck_assert_int_eq(compared, table.rows);
    golden_free(&table);
}
END_TEST

TEST_MAIN("optim", 60, trajectories_with_recorded_gradients_match_pytorch,
          two_hundred_recorded_gradients_with_exact_zeros_match_pytorch, sparse_gradients_match_pytorch,
          descent_on_a_function_matches_the_textbook_classes, notebook_variants_match_the_notebook)
