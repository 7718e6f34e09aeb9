/* env/: single steps of Gymnasium's environments from recorded states. */
#include "golden_files/golden_env.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/io.h"
#include "envs/build.h"
#include "golden_files/golden.h"

/* ---- environments by Gymnasium's id ------------------------------------------------------------------------------ */

/* Gymnasium's FrozenLake is a GridWorld. */
static const struct {
    const char *id, *stands_in, *options;
} stand_ins[] = {
    {"FrozenLake-v1", "GridWorld-v0", "map=lake;slip=0.6666666666666666;pit_reward=0;step_cost=0"},
    {"FrozenLake8x8-v1", "GridWorld-v0",
     "map=tests/golden_files/lake8x8.txt;slip=0.6666666666666666;pit_reward=0;step_cost=0;max_episode_steps=200"},
};

enum { STAND_INS = sizeof stand_ins / sizeof stand_ins[0] };

static int stand_in(const char *id) {
    int i = bm_env_find(id) ? STAND_INS : 0;
    while (i < STAND_INS && strcmp(stand_ins[i].id, id) != 0) {
        i++;
    }
    return i;
}

bool golden_env_exists(const char *id) {
    return stand_in(id) < STAND_INS || bm_env_find(id) != NULL;
}

bm_env_batch *golden_env_build(const char *id, const char *options) {
    const int i = stand_in(id);
    char all[512];
    snprintf(all, sizeof all, "%s;%s", i < STAND_INS ? stand_ins[i].options : "", options);
    return build(i < STAND_INS ? stand_ins[i].stands_in : id, 1, all, 1);
}

void golden_env_place(bm_env_batch *batch, const double *state, int elapsed) {
    bm_error error;
    ck_assert_msg(bm_env_set_state(batch, 0, state, &error) == BM_OK, "%s", error.text);
    batch->elapsed[0] = elapsed;
}

void golden_env_act(bm_env_batch *batch, const double *action) {
    for (int i = 0; i < batch->action_space.size; i++) {
        if (batch->action_space.kind == BM_DISCRETE) {
            ck_assert_msg(action[i] >= 0 && action[i] < batch->action_space.n && action[i] == floor(action[i]),
                          "there is no action %g", action[i]);
            ((int32_t *)batch->action)[i] = (int32_t)action[i];
        } else {
            ((float *)batch->action)[i] = (float)action[i];
        }
    }
}

double golden_env_action(const bm_env_batch *batch, int i) {
    return batch->action_space.kind == BM_DISCRETE ? ((const int32_t *)batch->action)[i]
                                                   : (double)((const float *)batch->action)[i];
}

const void *golden_env_shown(const bm_env_batch *batch) {
    return batch->ended_count ? batch->final_observation : batch->observation;
}

double golden_env_number(const bm_env_batch *batch, const void *observation, int i) {
    return batch->observation_space.dtype == BM_F32 ? (double)((const float *)observation)[i]
                                                    : (double)((const int32_t *)observation)[i];
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

/* By the names of the files. Where the library steps in float, so did Gymnasium. */
static const struct {
    const char *name, *id;
    double tolerance;
} environments[] = {
    {"cartpole", "CartPole-v1", 1e-12},
    {"mountaincar", "MountainCar-v0", 1e-12},
    {"mountaincar_cont", "MountainCarContinuous-v0", 1.5e-7},
    {"acrobot", "Acrobot-v1", 1e-12},
    {"pendulum", "Pendulum-v1", 1e-12},
};

enum { ENVIRONMENTS = sizeof environments / sizeof environments[0], COLUMNS_MOST = 16 };

static int environment_named(const char *name) {
    int i = 0;
    while (i < ENVIRONMENTS && strcmp(environments[i].name, name) != 0) {
        i++;
    }
    return i;
}

static bool environment_exists(const char *const *word) {
    const int i = environment_named(word[0]);
    return i < ENVIRONMENTS && bm_env_find(environments[i].id) != NULL;
}

/* The option column: Gymnasium's argument "goal_velocity=0.02" is an option of that name, and some have names of their
 * own. */
static bm_env_batch *with_option(const char *id, const char *option) {
    static const char *const named[][2] = {{"default", ""},
                                           {"sutton_barto", "sutton_barto_reward=true"},
                                           {"semi_implicit", "kinematics_integrator=semi-implicit euler"},
                                           {"nips", "book_or_nips=nips"}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strcmp(named[i][0], option) == 0) {
            return golden_env_build(id, named[i][1]);
        }
    }
    return golden_env_build(id, option);
}

/* The numbers of a row in the columns whose names begin with prefix. */
static int read_columns(const golden_table *table, int row, const char *prefix, double value[COLUMNS_MOST]) {
    int count = 0;
    for (int i = 0; i < table->columns; i++) {
        if (strncmp(table->header[i], prefix, strlen(prefix)) == 0) {
            ck_assert_int_lt(count, COLUMNS_MOST);
            value[count++] = golden_number(table, row, table->header[i]);
        }
    }
    return count;
}

static void compare_state(const bm_env_batch *batch, const golden_table *table, int row, double tolerance) {
    double got[COLUMNS_MOST], want[COLUMNS_MOST];
    const int n = read_columns(table, row, "n_", want);
    bm_env_get_state(batch, 0, got);
    for (int i = 0; i < n; i++) {
        golden_near(got[i], want[i], tolerance, "row %d: %s", row + 1, batch->type->fields.rows[i].name);
    }
}

static void place(bm_env_batch *batch, const golden_table *table, int row, int elapsed) {
    double state[COLUMNS_MOST], action[COLUMNS_MOST];
    ck_assert_int_eq(read_columns(table, row, "s_", state), batch->type->fields.count);
    action[0] = golden_number(table, row, "a");
    golden_env_place(batch, state, elapsed);
    golden_env_act(batch, action);
}

static void compare_flags(const bm_env_batch *batch, const golden_table *table, int row) {
    golden_near(batch->terminated[0], golden_number(table, row, "terminated"), 0, "row %d: terminated", row + 1);
    golden_near(batch->truncated[0], golden_number(table, row, "truncated"), 0, "row %d: truncated", row + 1);
}

/* The dynamics by the type alone, which does not reset; flags, reward and observation through the driver. */
static void compare_row(bm_env_batch *batch, const golden_table *table, int row, int elapsed, double tolerance) {
    double next[COLUMNS_MOST];
    place(batch, table, row, elapsed);
    batch->type->step(batch);
    compare_state(batch, table, row, tolerance);
    place(batch, table, row, elapsed);
    bm_env_step(batch);
    golden_near(batch->reward[0], golden_number(table, row, "r"), 1e-12, "row %d: reward", row + 1);
    compare_flags(batch, table, row);
    read_columns(table, row, "n_", next);
    for (int i = 0; i < batch->observation_space.size; i++) {
        char column[16];
        snprintf(column, sizeof column, "o%d", i);
        /* where the file has no observations they are the state */
        const double want = golden_has(table, "o0") ? golden_number(table, row, column) : next[i];
        golden_near(golden_env_number(batch, golden_env_shown(batch), i), want, 1.5e-7, "row %d: %s", row + 1, column);
    }
}

static void compare_rollout(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const int environment = environment_named(file->word[0]);
    bm_env_batch *batch = golden_env_build(environments[environment].id, "");
    for (int row = 0; row < table.rows; row++) {
        compare_row(batch, &table, row, golden_count(&table, row, "t"), environments[environment].tolerance);
    }
    bm_env_destroy(batch);
}

static void compare_edge(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const int environment = environment_named(file->word[0]);
    for (int row = 0; row < table.rows; row++) {
        bm_env_batch *batch = with_option(environments[environment].id, golden_text(&table, row, "option"));
        compare_row(batch, &table, row, golden_count(&table, row, "elapsed_before"),
                    environments[environment].tolerance);
        bm_env_destroy(batch);
    }
}

/* The driver never steps a fallen pole, for which Gymnasium gives no reward; the dynamics still are Gymnasium's
 * there. */
static void compare_beyond_termination(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const int environment = environment_named(file->word[0]);
    for (int row = 0; row < table.rows; row++) {
        const bool sutton_barto = golden_number(&table, row, "sutton_barto") == 1;
        const double reward = golden_number(&table, row, "r");
        bm_env_batch *batch = with_option(environments[environment].id, sutton_barto ? "sutton_barto" : "default");
        place(batch, &table, row, 0);
        batch->type->step(batch);
        compare_state(batch, &table, row, environments[environment].tolerance);
        golden_near(batch->terminated[0], golden_number(&table, row, "terminated"), 0, "row %d: terminated", row + 1);
        const bool fallen = row > 0 && golden_count(&table, row, "t") > golden_count(&table, row - 1, "t") &&
                            golden_number(&table, row - 1, "terminated") == 1;
        if (sutton_barto || !fallen) {
            golden_near(batch->reward[0], reward, 1e-12, "row %d: reward", row + 1);
        }
        bm_env_destroy(batch);
    }
}

/* ---- files over all environments: rows of those that exist ------------------------------------------------------- */

/* An action 0 never ends an episode in a step from the start. */
static void compare_time_limits(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const double nothing[COLUMNS_MOST] = {0};
    for (int row = 0; row < table.rows; row++) {
        if (!golden_env_exists(golden_text(&table, row, "env"))) {
            continue;
        }
        bm_env_batch *batch = golden_env_build(golden_text(&table, row, "env"), "");
        batch->elapsed[0] = golden_count(&table, row, "elapsed_after") - 1;
        golden_env_act(batch, nothing);
        bm_env_step(batch);
        compare_flags(batch, &table, row);
        if (*golden_text(&table, row, "r")) {
            golden_near(batch->reward[0], golden_number(&table, row, "r"), 1e-12, "row %d: reward", row + 1);
        }
        bm_env_destroy(batch);
    }
}

/* The range from which specs.json says that component i of the initial state is drawn. */
static void read_range(const golden_case *file, const char *id, int i, double range[2]) {
    char *text;
    size_t bytes;
    bm_error error;
    ck_assert_msg(bm_read_file(golden_beside(file, "specs.json"), 1 << 20, file->arena, &text, &bytes, &error) == BM_OK,
                  "%s", error.text);
    cJSON *specs = cJSON_ParseWithLength(text, bytes);
    const cJSON *initial = cJSON_GetObjectItem(cJSON_GetObjectItem(specs, id), "initial_state");
    const cJSON *low = cJSON_GetArrayItem(cJSON_GetObjectItem(initial, "low"), i);
    const cJSON *high = cJSON_GetArrayItem(cJSON_GetObjectItem(initial, "high"), i);
    ck_assert_msg(cJSON_IsNumber(low) && cJSON_IsNumber(high), "specs.json has no initial_state %d of %s", i, id);
    range[0] = low->valuedouble;
    range[1] = high->valuedouble;
    cJSON_Delete(specs);
}

/* Samples of n differ by a few standard errors, sqrt(2) times their own: mean std / sqrt(n), std std / sqrt(2 n). */
static void compare_starts(const golden_case *file) {
    enum { RESETS = 20000 };
    const golden_table table = golden_read(file->path, file->arena);
    for (int row = 0, component = 0; row < table.rows; row++) {
        const char *id = golden_text(&table, row, "env");
        component = row > 0 && strcmp(id, golden_text(&table, row - 1, "env")) == 0 ? component + 1 : 0;
        if (!bm_env_find(id)) {
            continue;
        }
        bm_env_batch *batch = build(id, RESETS, "", 123);
        double sum = 0, squares = 0, low = INFINITY, high = -INFINITY, range[2], state[COLUMNS_MOST];
        for (int i = 0; i < RESETS; i++) {
            bm_env_get_state(batch, i, state);
            sum += state[component];
            squares += state[component] * state[component];
            low = fmin(low, state[component]);
            high = fmax(high, state[component]);
        }
        const double mean = sum / RESETS, std = sqrt(fmax(0, squares / RESETS - mean * mean));
        const double want = golden_number(&table, row, "std");
        const char *name = golden_text(&table, row, "component");
        read_range(file, id, component, range);
        golden_within(fabs(mean - golden_number(&table, row, "mean")), 5 * want * sqrt(2.0 / RESETS), "%s %s: mean %g",
                      id, name, mean);
        golden_within(fabs(std - want), 5 * want / sqrt(RESETS), "%s %s: std %g", id, name, std);
        golden_within(fmax(0, fmax(range[0] - low, high - range[1])), 0, "%s %s: from %g to %g", id, name, low, high);
        bm_env_destroy(batch);
    }
}

const golden_family golden_env_families[] = {
    {"env/*_rollout.csv", compare_rollout, 1e-12, 0, environment_exists},
    {"env/*_edge.csv", compare_edge, 1e-12, 0, environment_exists},
    {"env/*_beyond_termination.csv", compare_beyond_termination, 1e-12, 0, environment_exists},
    {"env/timelimit_flags.csv", compare_time_limits, 1e-12, 0, NULL},
    {"env/reset_statistics.csv", compare_starts, 0, 0, NULL},
    {0},
};
