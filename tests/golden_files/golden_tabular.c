/* tabular/: transition tables, start distributions and exact values of Gymnasium's finite environments. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envs/exact.h"
#include "golden_files/golden.h"
#include "golden_files/golden_env.h"

/* By the names of the files. */
static const struct {
    const char *name, *id, *options;
} models[] = {
    {"frozenlake4x4", "FrozenLake-v1", "slip=0"},    {"frozenlake4x4_slippery", "FrozenLake-v1", ""},
    {"frozenlake8x8", "FrozenLake8x8-v1", "slip=0"}, {"frozenlake8x8_slippery", "FrozenLake8x8-v1", ""},
    {"cliffwalking", "CliffWalking-v1", ""},         {"taxi", "Taxi-v4", ""},
};

enum { MODELS = sizeof models / sizeof models[0] };

static int model_named(const char *name) {
    int i = 0;
    while (i < MODELS && strcmp(models[i].name, name) != 0) {
        i++;
    }
    return i;
}

static bool exists(const char *const *word) {
    const int i = model_named(word[0]);
    return i < MODELS && golden_env_exists(models[i].id);
}

static bm_env_batch *build_model(const golden_case *file) {
    const int i = model_named(file->word[0]);
    return golden_env_build(models[i].id, models[i].options);
}

static int state_of(const golden_table *table, int row, const char *column, int states) {
    const double s = golden_number(table, row, column);
    ck_assert_msg(s >= 0 && s < states && s == floor(s), "row %d: there is no state %g", row + 1, s);
    return (int)s;
}

/* Gymnasium gives terminal states loops of their own; ours are left by nothing. */
static void compare_transitions(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_env_batch *batch = build_model(file);
    const bm_env_model *model = batch->type->model;
    const int states = model->states(batch), actions = batch->action_space.n;
    int *listed = GOLDEN_NEW(file->arena, int, states *actions);
    for (int row = 0; row < table.rows; row++) {
        bm_outcome outcome[BM_OUTCOMES_MAX];
        const int s = state_of(&table, row, "s", states), a = state_of(&table, row, "a", actions);
        const int count = model->outcomes(batch, s, a, outcome), next = state_of(&table, row, "next", states);
        const double reward = golden_number(&table, row, "reward"),
                     terminated = golden_number(&table, row, "terminated");
        if (count == 0) {
            golden_near(next, s, 0, "row %d: next of a terminal state", row + 1);
            golden_near(reward, 0, 0, "row %d: reward of a terminal state", row + 1);
            golden_near(terminated, 1, 0, "row %d: terminated of a terminal state", row + 1);
            continue;
        }
        const int k = state_of(&table, row, "k", count);
        golden_near(outcome[k].probability, golden_number(&table, row, "prob"), 1e-15, "row %d: probability", row + 1);
        golden_near(outcome[k].next, next, 0, "row %d: next", row + 1);
        golden_near(outcome[k].reward, reward, 0, "row %d: reward", row + 1);
        golden_near(outcome[k].terminated, terminated, 0, "row %d: terminated", row + 1);
        listed[s * actions + a]++;
    }
    for (int i = 0; i < states * actions; i++) {
        bm_outcome outcome[BM_OUTCOMES_MAX];
        golden_near(model->outcomes(batch, i / actions, i % actions, outcome), listed[i], 0,
                    "outcomes of state %d, action %d", i / actions, i % actions);
    }
    bm_env_destroy(batch);
}

static void compare_starts(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_env_batch *batch = build_model(file);
    const int states = batch->type->model->states(batch);
    double *want = GOLDEN_NEW(file->arena, double, states);
    for (int row = 0; row < table.rows; row++) {
        want[state_of(&table, row, "s", states)] = golden_number(&table, row, "prob");
    }
    for (int s = 0; s < states; s++) {
        golden_near(batch->type->model->start(batch, s), want[s], 1e-15, "start in state %d", s);
    }
    bm_env_destroy(batch);
}

static double action_value(const bm_env_batch *batch, int state, int action, double gamma, const double *value) {
    bm_outcome outcome[BM_OUTCOMES_MAX];
    const int count = batch->type->model->outcomes(batch, state, action, outcome);
    double sum = 0;
    for (int k = 0; k < count; k++) {
        const double next = outcome[k].terminated ? 0 : gamma * value[outcome[k].next];
        sum += outcome[k].probability * (outcome[k].reward + next);
    }
    return sum;
}

/* gamma as it stands behind "v_star_". The greedy policy of the table is worth as much as its optimal values. */
static void compare_optimal(const golden_case *file, const golden_table *table, bm_env_batch *batch,
                            const char *gamma_text) {
    const int states = batch->type->model->states(batch), actions = batch->action_space.n;
    const double gamma = strtod(gamma_text, NULL);
    double start, *value = GOLDEN_NEW(file->arena, double, states),
                  *greedy_value = GOLDEN_NEW(file->arena, double, states);
    int32_t *greedy = GOLDEN_NEW(file->arena, int32_t, states);
    char column[64], q_column[64];
    bm_error error;
    ck_assert_msg(bm_exact_optimal(batch, gamma, 0, &start, value, &error) == BM_OK, "%s", error.text);
    snprintf(column, sizeof column, "v_star_%s", gamma_text);
    snprintf(q_column, sizeof q_column, "q_star_%s_a0", gamma_text);
    const bool has_q = golden_has(table, q_column);
    double want_start = 0;
    for (int row = 0; row < table->rows; row++) {
        const int s = state_of(table, row, "s", states);
        double best = -INFINITY;
        golden_near(value[s], golden_number(table, row, column), file->tolerance, "%s of state %d", column, s);
        want_start += batch->type->model->start(batch, s) * golden_number(table, row, column);
        for (int a = 0; a < actions && has_q; a++) {
            snprintf(q_column, sizeof q_column, "q_star_%s_a%d", gamma_text, a);
            const double want = golden_number(table, row, q_column);
            golden_near(action_value(batch, s, a, gamma, value), want, file->tolerance, "%s of state %d", q_column, s);
            greedy[s] = want > best ? a : greedy[s];
            best = fmax(want, best);
        }
    }
    golden_near(start, want_start, file->tolerance, "%s at the start", column);
    if (!has_q) {
        return;
    }
    ck_assert_msg(bm_exact_policy(batch, greedy, gamma, 0, &start, greedy_value, &error) == BM_OK, "%s", error.text);
    for (int row = 0; row < table->rows; row++) {
        const int s = state_of(table, row, "s", states);
        golden_near(greedy_value[s], golden_number(table, row, column), file->tolerance, "greedy %s of state %d",
                    column, s);
    }
}

static void compare_values(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_env_batch *batch = build_model(file);
    const int states = batch->type->model->states(batch);
    double start, *value = GOLDEN_NEW(file->arena, double, states);
    bm_error error;
    for (int i = 0; i < table.columns; i++) {
        const char *column = table.header[i];
        if (strncmp(column, "v_star_", 7) == 0) {
            compare_optimal(file, &table, batch, column + 7);
        } else if (strncmp(column, "v_uniform_", 10) == 0) {
            ck_assert_msg(bm_exact_policy(batch, NULL, strtod(column + 10, NULL), 0, &start, value, &error) == BM_OK,
                          "%s", error.text);
            for (int row = 0; row < table.rows; row++) {
                const int s = state_of(&table, row, "s", states);
                golden_near(value[s], golden_number(&table, row, column), file->tolerance, "%s of state %d", column, s);
            }
        }
    }
    bm_env_destroy(batch);
}

const golden_family golden_tabular_families[] = {
    {"tabular/*_P.csv", compare_transitions, 1e-15, 0, exists},
    {"tabular/*_init.csv", compare_starts, 1e-15, 0, exists},
    {"tabular/*_V.csv", compare_values, 1e-9, 0, exists},
    {0},
};
