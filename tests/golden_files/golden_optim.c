/* optim/: every optimizer against PyTorch's trajectories; L-BFGS, schedules and clipping; the updates that textbooks
 * print. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/io.h"
#include "golden_files/golden.h"
#include "optim/lr_schedule.h"
#include "optim/objective.h"
#include "optim/optim_twin.h"
#include "optim/solver.h"

enum { DIMS = 16 }; /* of an objective, at most */

/* ---- settings --------------------------------------------------------------------------------------------------- */

/* PyTorch gives some settings as pairs. */
static const char *const pairs[][3] = {
    {"betas", "beta1", "beta2"}, {"etas", "eta_minus", "eta_plus"}, {"step_sizes", "step_min", "step_max"}};

static void set_number(bm_variant *choice, const char *key, const cJSON *value) {
    char text[64];
    if (cJSON_IsBool(value)) {
        snprintf(text, sizeof text, "%s", cJSON_IsTrue(value) ? "true" : "false");
    } else {
        ck_assert_msg(cJSON_IsNumber(value), "configs.json: %s is not a number", key);
        snprintf(text, sizeof text, "%.17g", value->valuedouble);
    }
    optim_set(choice, key, text);
}

/* The optimizer of that name in configs.json: PyTorch's class with all its settings. */
static bm_variant configured(const golden_case *file, const char *name) {
    char *text, kind[32] = "";
    size_t bytes;
    bm_error error;
    ck_assert_msg(bm_read_file(golden_beside(file, "configs.json"), 1 << 20, file->arena, &text, &bytes, &error) ==
                      BM_OK,
                  "%s", error.text);
    cJSON *all = cJSON_ParseWithLength(text, bytes);
    const cJSON *config = cJSON_GetObjectItem(all, name), *setting;
    const char *class_name = cJSON_GetStringValue(cJSON_GetObjectItem(config, "class"));
    ck_assert_msg(class_name != NULL, "configs.json has no class for %s", name);
    for (size_t i = 0; class_name[i] && i + 1 < sizeof kind; i++) {
        kind[i] = class_name[i] >= 'A' && class_name[i] <= 'Z' ? (char)(class_name[i] - 'A' + 'a') : class_name[i];
    }
    bm_variant choice = optim_defaults(kind);
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
    cJSON_Delete(all);
    return choice;
}

/* Options from a row's cells: the columns keys name, where they are not empty. */
static void set_from_row(bm_variant *choice, const golden_table *table, int row, const char *const *keys) {
    for (; *keys; keys++) {
        if (*golden_text(table, row, *keys)) {
            optim_set(choice, *keys, golden_text(table, row, *keys));
        }
    }
}

/* ---- one optimizer over n parameters in one precision
 * ------------------------------------------------------------- */

typedef struct {
    bm_variant choice;
    bm_optim optim;
    size_t n;
    double *param; /* [n] what it is at now */
    void *own;     /* [n] of the optimizer's dtype: its parameters and their gradient */
    void *own_grad;
} run;

/* Copies between doubles and the optimizer's dtype. */
static void into(bm_dtype dtype, size_t n, const double *from, void *to) {
    for (size_t i = 0; i < n; i++) {
        if (dtype == BM_F32) {
            ((float *)to)[i] = (float)from[i];
        } else {
            ((double *)to)[i] = from[i];
        }
    }
}

static run *start(bm_arena *arena, const bm_variant *choice, bm_dtype dtype, size_t n, const double *param) {
    run *r = GOLDEN_NEW(arena, run, 1);
    bm_error error;
    *r = (run){.choice = *choice,
               .n = n,
               .param = GOLDEN_NEW(arena, double, n),
               .own = GOLDEN_NEW(arena, double, n),
               .own_grad = GOLDEN_NEW(arena, double, n)};
    ck_assert_msg(bm_optim_create(&r->optim, &r->choice, dtype, n, arena, &error) == BM_OK, "%s", error.text);
    ck_assert_msg(bm_arena_check(arena, "an optimizer", &error) == BM_OK, "%s", error.text);
    memcpy(r->param, param, n * sizeof *param);
    into(dtype, n, param, r->own);
    return r;
}

static void step(run *r, double lr, const double *grad) {
    into(r->optim.dtype, r->n, grad, r->own_grad);
    bm_optim_step(&r->optim, lr, 1, r->own, r->own_grad);
    for (size_t i = 0; i < r->n; i++) {
        r->param[i] = r->optim.dtype == BM_F32 ? (double)((float *)r->own)[i] : ((double *)r->own)[i];
    }
}

/* Steps with the objective's gradients until at steps are made. */
static void descend(run *r, const bm_objective *objective, double lr, int at) {
    double grad[DIMS];
    ck_assert_msg(r && at >= r->optim.t, "step %d comes too late, or before step 0", at);
    while (r->optim.t < at) {
        bm_objective_gradient(objective, r->param, NULL, grad);
        step(r, lr, grad);
    }
}

/* columns: how many coordinates the file has. */
static bm_objective *objective_named(const char *name, size_t columns) {
    bm_objective *objective;
    bm_error error;
    ck_assert_msg(bm_objective_create(&objective, name, 0, &error) == BM_OK, "%s", error.text);
    ck_assert_msg(objective->dims <= DIMS && (size_t)objective->dims <= columns, "%s has %d coordinates", name,
                  objective->dims);
    return objective;
}

/* Columns letter0, letter1... of a row; returns how many the table has. */
static size_t read_row(const golden_table *table, int row, char letter, double **value) {
    char column[24];
    size_t n = 0;
    while (snprintf(column, sizeof column, "%c%zu", letter, n), golden_has(table, column)) {
        n++;
    }
    *value = GOLDEN_NEW(table->arena, double, n);
    for (size_t i = 0; i < n; i++) {
        snprintf(column, sizeof column, "%c%zu", letter, i);
        (*value)[i] = golden_number(table, row, column);
    }
    return n;
}

static void compare_params(const run *r, const double *want, double tolerance, const char *what, int row) {
    for (size_t i = 0; i < r->n; i++) {
        golden_near(r->param[i], want[i], tolerance, "%s, row %d: w%zu", what, row + 1, i);
    }
}

/* ---- trajectories ----------------------------------------------------------------------------------------------- */

/* Twice over: with the recorded gradients as long as the record has no gap, and with the objective's own all the
 * way. */
static void compare_trajectory(const golden_case *file, bm_dtype dtype, double recorded_tolerance,
                               double own_tolerance) {
    const golden_table table = golden_read(file->path, file->arena);
    const bm_variant choice = configured(file, file->word[0]);
    run *recorded = NULL, *own = NULL;
    bm_objective *objective = NULL;
    int next = 0;
    for (int row = 0; row < table.rows; row++) {
        const int at = golden_count(&table, row, "step");
        const double lr = golden_number(&table, row, "lr");
        double *w, *g, gradient[DIMS];
        const size_t columns = read_row(&table, row, 'w', &w);
        ck_assert_msg(read_row(&table, row, 'g', &g) == columns, "there are more w than g, or fewer");
        const char *name = golden_text(&table, row, "objective");
        if (at == 0) {
            bm_objective_destroy(objective);
            objective = objective_named(name, columns);
            recorded = start(file->arena, &choice, dtype, (size_t)objective->dims, w);
            own = start(file->arena, &choice, dtype, (size_t)objective->dims, w);
            next = 0;
        }
        descend(own, objective, lr, at);
        bm_objective_gradient(objective, w, NULL, gradient);
        for (int i = 0; i < objective->dims && dtype == BM_F64; i++) {
            golden_near(gradient[i], g[i], recorded_tolerance, "%s, row %d: g%d", name, row + 1, i);
        }
        compare_params(own, w, own_tolerance, name, row);
        if (at == next) {
            compare_params(recorded, w, recorded_tolerance, name, row);
            step(recorded, lr, g);
            next++;
        }
    }
    bm_objective_destroy(objective);
}

static void compare_trajectory_f64(const golden_case *file) {
    compare_trajectory(file, BM_F64, 1e-12, 1e-9);
}

static void compare_trajectory_f32(const golden_case *file) {
    compare_trajectory(file, BM_F32, 5e-6, 5e-3);
}

/* ---- recorded gradients ------------------------------------------------------------------------------------------ */

/* The gradient [n] of a step, counted from 0, at w [n]. */
typedef void step_gradient(const golden_table *input, int step, const double *w, double *grad, size_t n);

/* A file over all optimizers, all from first [n], each with a row for some of its steps. */
static void compare_recorded(const golden_case *file, bm_dtype dtype, size_t n, const double *first,
                             step_gradient *gradient, const golden_table *input) {
    const golden_table want = golden_read(file->path, file->arena);
    double *grad = GOLDEN_NEW(file->arena, double, n), *w;
    run *r = NULL;
    for (int row = 0; row < want.rows; row++) {
        const char *name = golden_text(&want, row, "optimizer");
        const int at = golden_count(&want, row, "step");
        ck_assert_msg(read_row(&want, row, 'w', &w) == n, "there are not %zu columns w", n);
        if (row == 0 || strcmp(name, golden_text(&want, row - 1, "optimizer")) != 0) {
            const bm_variant choice = configured(file, name);
            r = start(file->arena, &choice, dtype, n, first);
        }
        ck_assert_msg(at >= r->optim.t, "row %d: step %d comes too late", row + 1, at);
        while (r->optim.t < at) {
            gradient(input, (int)r->optim.t, r->param, grad, n);
            step(r, golden_number(&want, row, "lr"), grad);
        }
        compare_params(r, w, file->tolerance, name, row);
    }
}

static void fed_gradient(const golden_table *grads, int at, const double *w, double *grad, size_t n) {
    (void)w;
    double *g;
    ck_assert_msg(read_row(grads, at, 'g', &g) == n, "there are not %zu columns g", n);
    memcpy(grad, g, n * sizeof *grad);
}

static void compare_feed(const golden_case *file, bm_dtype dtype) {
    const golden_table grads = golden_read(golden_beside(file, "feed_grads.csv"), file->arena);
    const golden_table table = golden_read(golden_beside(file, "feed_start.csv"), file->arena);
    double *first;
    const size_t n = read_row(&table, 0, 'w', &first);
    compare_recorded(file, dtype, n, first, fed_gradient, &grads);
}

static void compare_feed_f64(const golden_case *file) {
    compare_feed(file, BM_F64);
}

static void compare_feed_f32(const golden_case *file) {
    compare_feed(file, BM_F32);
}

/* a (w - c) where the mask's list has the index, exactly 0 elsewhere. input: the problem, then the mask. */
static void sparse_gradient(const golden_table *input, int at, const double *w, double *grad, size_t n) {
    memset(grad, 0, n * sizeof *grad);
    char *end;
    for (const char *text = golden_text(&input[1], at, "active"); *text; text = end + strspn(end, " ")) {
        const long i = strtol(text, &end, 10);
        ck_assert_msg(end > text && i >= 0 && (size_t)i < n, "there is no dimension %s", text);
        grad[i] = golden_number(&input[0], (int)i, "a") * (w[i] - golden_number(&input[0], (int)i, "c"));
    }
}

static void compare_sparse(const golden_case *file) {
    const golden_table input[2] = {golden_read(golden_beside(file, "sparse_problem.csv"), file->arena),
                                   golden_read(golden_beside(file, "sparse_mask.csv"), file->arena)};
    double *first = GOLDEN_NEW(file->arena, double, input[0].rows);
    for (int i = 0; i < input[0].rows; i++) {
        first[i] = golden_number(&input[0], i, "w0");
    }
    compare_recorded(file, BM_F64, (size_t)input[0].rows, first, sparse_gradient, input);
}

/* ---- L-BFGS ----------------------------------------------------------------------------------------------------- */

static const bm_variant_kind *kind_named(const bm_variant_kind *kinds, const char *name, bm_variant *choice) {
    for (int i = 0; kinds[i].name; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *choice = (bm_variant){.kind = i};
            bm_options_defaults(kinds[i].options, choice->config);
            return &kinds[i];
        }
    }
    ck_abort_msg("the library has no %s", name);
    return NULL;
}

static void set_option(const bm_variant_kind *kind, bm_variant *choice, const char *key, const char *text) {
    bm_error error;
    ck_assert_msg(bm_options_set(kind->options, choice->config, key, text, &error) == BM_OK, "%s", error.text);
}

/* Rounding grows from step to step: after the eighth only the value is compared, and not below 1e-8. */
static void compare_lbfgs(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_objective *objective = NULL;
    bm_variant choice;
    bm_solver solver;
    double x[DIMS];
    int made = 0;
    for (int row = 0; row < table.rows; row++) {
        const int at = golden_count(&table, row, "step");
        const char *name = golden_text(&table, row, "objective");
        double *w;
        const size_t columns = read_row(&table, row, 'w', &w);
        if (at == 0) {
            const bm_variant_kind *kind = kind_named(bm_solver_kinds, "lbfgs", &choice);
            set_option(kind, &choice, "max_iter", golden_text(&table, row, "max_iter"));
            set_option(kind, &choice, "history_size", golden_text(&table, row, "history_size"));
            set_option(kind, &choice, "line_search_fn", golden_text(&table, row, "line_search"));
            bm_objective_destroy(objective);
            objective = objective_named(name, columns);
            bm_solver_create(&solver, &choice, objective, file->arena);
            memcpy(x, w, (size_t)objective->dims * sizeof *x);
            made = 0;
        }
        ck_assert_msg(objective && at >= made, "row %d: step %d", row + 1, at);
        for (; made < at; made++) {
            bm_solver_step(&solver, golden_number(&table, row, "lr"), x);
        }
        const double f = bm_objective_value(objective, x), want = golden_number(&table, row, "f");
        if (at <= 8) {
            for (int i = 0; i < objective->dims; i++) {
                golden_within(fabs(x[i] - w[i]), file->tolerance, "%s, row %d: w%d is %.17g", name, row + 1, i, x[i]);
            }
            golden_near((double)solver.evaluations, golden_number(&table, row, "func_evals"), 0,
                        "%s, row %d: func_evals", name, row + 1);
            golden_near((double)solver.iterations, golden_number(&table, row, "n_iter"), 0, "%s, row %d: n_iter", name,
                        row + 1);
        }
        if (!(f < 1e-8 && want < 1e-8)) {
            golden_within(fabs(f - want), file->tolerance, "%s, row %d: f is %.17g", name, row + 1, f);
        }
    }
    bm_objective_destroy(objective);
}

/* ---- schedules -------------------------------------------------------------------------------------------------- */

/* A column "StepLR_step10_gamma0.5" is PyTorch's class and what it was made with, a word and its number each. */
static const struct {
    const char *class_name, *name;
    const char *words[10][3]; /* word of the file, option, value; NULL: the number behind the word */
} schedules[] = {
    {"StepLR", "step", {{"step", "step_size"}, {"gamma", "gamma"}}},
    {"ExponentialLR", "exponential", {{"gamma", "gamma"}}},
    {"CosineAnnealingLR", "cosine", {{"T", "T_max"}, {"min", "eta_min"}}},
    {"LinearLR", "linear", {{"from", "start_factor"}, {"to", "end_factor"}, {"over", "total_iters"}}},
    {"OneCycleLR",
     "one_cycle",
     {{"max", "max_lr"},
      {"total", "total_steps"},
      {"cos", "anneal_strategy", "cos"},
      {"linear", "anneal_strategy", "linear"},
      {"pct", "pct_start"},
      {"div", "div_factor"},
      {"finaldiv", "final_div_factor"},
      {"low", "base_momentum"},
      {"high", "max_momentum"},
      {"threephase", "three_phase", "true"}}},
};

enum {
    SCHEDULES = sizeof schedules / sizeof schedules[0],
    SETTINGS = sizeof schedules[0].words / sizeof schedules[0].words[0]
};

static void set_word(const char *column, int schedule, const bm_variant_kind *kind, bm_variant *choice, char *word) {
    const char *number = word + strcspn(word, "0123456789.");
    for (int i = 0; i < SETTINGS && schedules[schedule].words[i][0]; i++) {
        const char *const *setting = schedules[schedule].words[i];
        if (strlen(setting[0]) == (size_t)(number - word) && strncmp(word, setting[0], (size_t)(number - word)) == 0) {
            set_option(kind, choice, setting[1], setting[2] ? setting[2] : number);
            return;
        }
    }
    ck_abort_msg("%s: %s is not understood", column, word);
}

static void compare_schedule(const golden_case *file, const golden_table *table, const char *column) {
    char words[128], momentum_column[160], *rest = words;
    snprintf(words, sizeof words, "%s", column);
    snprintf(momentum_column, sizeof momentum_column, "%s_momentum", column);
    const char *class_name = strtok_r(rest, "_", &rest);
    int schedule = 0;
    while (schedule < SCHEDULES && strcmp(class_name, schedules[schedule].class_name) != 0) {
        schedule++;
    }
    ck_assert_msg(schedule < SCHEDULES, "there is no schedule %s", class_name);
    bm_variant choice;
    const bm_variant_kind *kind = kind_named(bm_lr_schedule_kinds, schedules[schedule].name, &choice);
    for (char *word; (word = strtok_r(rest, "_", &rest)) != NULL;) {
        set_word(column, schedule, kind, &choice, word);
    }
    const double base = strtod(file->word[0], NULL); /* "0.1", or "0.1_one_cycle" */
    for (int row = 0; row < table->rows; row++) {
        double momentum;
        const double got = bm_lr_schedule_at(&choice, base, golden_count(table, row, "step"), table->rows, &momentum);
        golden_near(got, golden_number(table, row, column), file->tolerance, "%s, row %d", column, row + 1);
        if (golden_has(table, momentum_column)) {
            golden_near(momentum, golden_number(table, row, momentum_column), file->tolerance, "%s, row %d",
                        momentum_column, row + 1);
        }
    }
}

static void compare_schedules(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    for (int i = 0; i < table.columns; i++) {
        const char *end = strrchr(table.header[i], '_');
        if (strcmp(table.header[i], "step") != 0 && !(end && strcmp(end, "_momentum") == 0)) {
            compare_schedule(file, &table, table.header[i]);
        }
    }
}

/* ---- clipping --------------------------------------------------------------------------------------------------- */

/* The tensors name0, name1... of one case, one after another, as they lie in a flat buffer. */
static size_t flat_tensors(const golden_table *table, const char *name, double **value) {
    size_t n = 0;
    for (int i = 0; golden_has_tensor(table, "%s%d", name, i); i++) {
        n += golden_get(table, "%s%d", name, i).n;
    }
    *value = GOLDEN_NEW(table->arena, double, n);
    n = 0;
    for (int i = 0; golden_has_tensor(table, "%s%d", name, i); i++) {
        const golden_tensor tensor = golden_get(table, "%s%d", name, i);
        memcpy(*value + n, tensor.value, tensor.n * sizeof **value);
        n += tensor.n;
    }
    return n;
}

/* prefix: "c0_norm_f64". */
static void compare_clipping(const golden_table *table, const char *prefix) {
    char name[96];
    double *in, *want, norm, scale = 1;
    snprintf(name, sizeof name, "%s_in", prefix);
    const size_t n = flat_tensors(table, name, &in);
    snprintf(name, sizeof name, "%s_out", prefix);
    ck_assert_msg(n > 0 && flat_tensors(table, name, &want) == n, "%s has not as many outputs as inputs", prefix);
    const bool single = strstr(prefix, "_f32") != NULL;
    const bm_dtype dtype = single ? BM_F32 : BM_F64;
    const double tolerance = single ? 5e-6 : 1e-12, limit = golden_scalar(table, "%s_limit", prefix);
    double *grad = GOLDEN_NEW(table->arena, double, n);
    into(dtype, n, in, grad);
    if (strstr(prefix, "_value_")) {
        bm_clip_value(dtype, n, grad, limit);
    } else {
        scale = bm_clip_norm_scale(dtype, n, grad, golden_scalar(table, "%s_norm_type", prefix), limit, &norm);
        golden_near(norm, golden_scalar(table, "%s_total_norm", prefix), tolerance, "%s_total_norm", prefix);
    }
    for (size_t i = 0; i < n; i++) {
        const double got = scale * (single ? (double)((const float *)(const void *)grad)[i] : grad[i]);
        golden_near(got, want[i], tolerance, "%s_out, number %zu", prefix, i);
    }
}

static void compare_clip(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    for (int row = 0; row < table.rows; row++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "%s", golden_text(&table, row, "name"));
        char *precision = strstr(prefix, "_f");
        ck_assert_msg(precision && strlen(precision) > 4, "%s belongs to no case", prefix);
        precision[4] = '\0';
        if (row == 0 || strncmp(prefix, golden_text(&table, row - 1, "name"), strlen(prefix)) != 0) {
            compare_clipping(&table, prefix);
        }
    }
}

/* ---- textbooks -------------------------------------------------------------------------------------------------- */

/* SGDMomentum (v = m v - lr g, w += v) and Adam with an L2 penalty, written as classes. */
static void compare_classes(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    static const char *const keys[] = {"momentum", "beta1", "beta2", "eps", "weight_decay", NULL};
    run *r = NULL;
    bm_objective *objective = NULL;
    for (int row = 0; row < table.rows; row++) {
        const int at = golden_count(&table, row, "step");
        const char *class_name = golden_text(&table, row, "class");
        double *w;
        const size_t columns = read_row(&table, row, 'w', &w);
        if (at == 0) {
            const bool adam = strcmp(class_name, "Adam") == 0;
            ck_assert_msg(adam || strcmp(class_name, "SGDMomentum") == 0, "there is no class %s", class_name);
            bm_variant choice = optim_defaults(adam ? "adam" : "sgd");
            set_from_row(&choice, &table, row, keys);
            if (!adam) {
                optim_set(&choice, "lr_in_velocity", "true");
            }
            bm_objective_destroy(objective);
            objective = objective_named(golden_text(&table, row, "objective"), columns);
            r = start(file->arena, &choice, BM_F64, (size_t)objective->dims, w);
        }
        descend(r, objective, golden_number(&table, row, "lr"), at);
        compare_params(r, w, file->tolerance, class_name, row);
    }
    bm_objective_destroy(objective);
}

/* A notebook's functions, executed: momentum as a running mean, and eps inside the root of RMSprop and Adam, whose own
 * function ignores what it is given and takes the usual numbers. */
static run *start_notebook(const golden_case *file, const golden_table *runs, const char *name) {
    const int row = golden_row(runs, "run", name);
    ck_assert_msg(row >= 0, "notebook_runs.csv has no run %s", name);
    const double w[2] = {golden_number(runs, row, "w1"), golden_number(runs, row, "w2")};
    const bool momentum = strcmp(name, "momentum") == 0, rmsprop = strcmp(name, "rmsprop") == 0;
    bm_variant choice = optim_defaults(momentum ? "sgd" : name);
    if (momentum) {
        optim_set(&choice, "momentum", golden_text(runs, row, "beta"));
        optim_set(&choice, "dampening", golden_text(runs, row, "beta"));
        optim_set(&choice, "start_at_zero", "true");
    } else if (rmsprop) {
        optim_set(&choice, "alpha", golden_text(runs, row, "beta"));
        optim_set(&choice, "eps", golden_text(runs, row, "epsilon_passed"));
        optim_set(&choice, "eps_in_root", "true");
    } else if (strcmp(name, "adam") == 0) {
        optim_set(&choice, "eps_in_root", "true");
    }
    return start(file->arena, &choice, BM_F64, 2, w);
}

static void compare_notebook(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const golden_table runs = golden_read(golden_beside(file, "notebook_runs.csv"), file->arena);
    bm_objective *objective = objective_named("quadratic", 2);
    run *r = NULL;
    for (int row = 0; row < table.rows; row++) {
        const char *name = golden_text(&table, row, "run");
        const int at = golden_count(&table, row, "step");
        const double w[2] = {golden_number(&table, row, "w1"), golden_number(&table, row, "w2")};
        if (at == 0) {
            r = start_notebook(file, &runs, name);
        }
        descend(r, objective, golden_number(&runs, golden_row(&runs, "run", name), "lr"), at);
        compare_params(r, w, file->tolerance, name, row);
    }
    bm_objective_destroy(objective);
}

/* Where each run ends. */
static void compare_notebook_runs(const golden_case *file) {
    const golden_table runs = golden_read(file->path, file->arena);
    bm_objective *objective = objective_named("quadratic", 2);
    for (int row = 0; row < runs.rows; row++) {
        const char *name = golden_text(&runs, row, "run");
        run *r = start_notebook(file, &runs, name);
        descend(r, objective, golden_number(&runs, row, "lr"), golden_count(&runs, row, "epochs"));
        golden_near(bm_objective_value(objective, r->param), golden_number(&runs, row, "f_last"), file->tolerance,
                    "%s: f_last", name);
    }
    bm_objective_destroy(objective);
}

const golden_family golden_optim_families[] = {
    {"optim/traj_*_f64.csv", compare_trajectory_f64, 1e-12, 0, NULL},
    {"optim/traj_*_f32.csv", compare_trajectory_f32, 5e-6, 0, NULL},
    {"optim/feed_f64.csv", compare_feed_f64, 1e-12, 0, NULL},
    {"optim/feed_f32.csv", compare_feed_f32, 5e-6, 0, NULL},
    {"optim/feed_grads.csv", NULL, 0, 0, NULL},
    {"optim/feed_start.csv", NULL, 0, 0, NULL},
    {"optim/sparse_f64.csv", compare_sparse, 1e-12, 0, NULL},
    {"optim/sparse_problem.csv", NULL, 0, 0, NULL},
    {"optim/sparse_mask.csv", NULL, 0, 0, NULL},
    {"optim/lbfgs*.csv", compare_lbfgs, 1e-6, 0, NULL},
    {"optim/schedules_base*.csv", compare_schedules, 1e-12, 0, NULL},
    {"optim/grad_clip.csv", compare_clip, 1e-12, 0, NULL},
    {"optim/seed_classes.csv", compare_classes, 1e-12, 0, NULL},
    {"optim/notebook_traj.csv", compare_notebook, 1e-12, 0, NULL},
    {"optim/notebook_runs.csv", compare_notebook_runs, 1e-12, 0, NULL},
    {0},
};
