/* bellman trace ENV: the transitions of an environment as CSV with 17 significant digits, so that every number is the
 * double it was. Either whole episodes from a seed, as Gymnasium plays them, or single steps from given states. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "envs/env.h"

static const bm_flag flags[] = {
    {"seed", "S", "seeds the environment and, without --actions, the action space (default: 1)"},
    {"steps", "N", "steps to take (default: as many as the file has, or 100)"},
    {"actions", "FILE", "one action a line; several numbers separated by commas where an action has several"},
    {"state", "FILE", "CSV, one row a step: the state to start from, then the action"},
    {"env-set", "KEY=VALUE", "set an option of the environment; may be repeated"},
    {"quiet", NULL, "accepted, as everywhere; a trace shows no progress"},
    {NULL, NULL, NULL},
};

enum { DEFAULT_STEPS = 100, OUTPUT_BUFFER = 1 << 16 };

/* ---- actions ---------------------------------------------------------------------------------------------------- */

/* Discrete actions, the last columns of each row, must be among those there are. */
static bm_status check_actions(const bm_table *rows, const char *path, const bm_space *space, bm_error *error) {
    for (int64_t row = 0; space->kind == BM_DISCRETE && row < rows->rows; row++) {
        const double *action = rows->value + (row + 1) * rows->columns - space->size;
        for (int i = 0; i < space->size; i++) {
            const int n = bm_space_count(space, i);
            if (!(action[i] >= 0 && action[i] < n) || action[i] != floor(action[i])) {
                return bm_invalid(error, "%s:%" PRId64 ": action %g is none of 0 to %d", path, row + rows->first_line,
                                  action[i], n - 1);
            }
        }
    }
    return BM_OK;
}

/* States, the first columns of each row, must be such as the environment can be in. */
static bm_status check_states(bm_env_batch *env, const bm_table *rows, const char *path, bm_error *error) {
    for (int64_t row = 0; row < rows->rows; row++) {
        bm_error why;
        if (bm_env_set_state(env, 0, rows->value + row * rows->columns, &why) != BM_OK) {
            return bm_invalid(error, "%.200s:%" PRId64 ": %.200s", path, row + rows->first_line, why.text);
        }
    }
    return BM_OK;
}

static void take_action(bm_env_batch *env, const double *action) {
    int32_t *choice = env->action;
    float *number = env->action;
    for (int i = 0; i < env->action_space.size; i++) {
        if (env->action_space.kind == BM_DISCRETE) {
            choice[i] = (int32_t)action[i];
        } else {
            number[i] = (float)action[i];
        }
    }
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

/* One element of the space: an observation or an action. */
static void print_element(const bm_space *space, const void *element) {
    for (int i = 0; i < space->size; i++) {
        printf(",%.17g", bm_dtype_get(space->dtype, element, (size_t)i));
    }
}

static void print_header(const bm_env_batch *env) {
    printf("episode,step");
    for (int i = 0; i < env->action_space.size; i++) {
        printf(",action%d", i);
    }
    for (int i = 0; i < env->observation_space.size; i++) {
        printf(",observation%d", i);
    }
    puts(",reward,terminated,truncated");
}

/* An episode's first observation: no action led to it. */
static void print_reset(const bm_env_batch *env, int64_t episode) {
    printf("%" PRId64 ",0", episode);
    for (int i = 0; i < env->action_space.size; i++) {
        putchar(',');
    }
    print_element(&env->observation_space, env->observation);
    puts(",0,0,0");
}

/* After a step: the observation it led to, which is the final one where the episode ended with it. */
static void print_step(const bm_env_batch *env, int64_t episode, int64_t step) {
    printf("%" PRId64 ",%" PRId64, episode, step);
    print_element(&env->action_space, env->action);
    print_element(&env->observation_space, env->ended_count ? env->final_observation : env->observation);
    printf(",%.17g,%d,%d\n", env->reward[0], env->terminated[0], env->truncated[0]);
}

/* ---- the two kinds of trace ------------------------------------------------------------------------------------- */

/* Whole episodes. actions NULL: sampled, by a generator of the action space's own. */
static bm_status trace_episodes(bm_env_batch *env, uint64_t seed, int64_t steps, const bm_table *actions,
                                bm_error *error) {
    bm_rng action_rng = bm_rng_seeded(seed);
    int64_t episode = 0, step = 0;
    bm_env_seed(env, seed);
    bm_env_reset(env);
    print_header(env);
    print_reset(env, episode);
    for (int64_t t = 0; t < steps && bm_env_check(env, NULL) == BM_OK; t++) {
        if (actions) {
            take_action(env, actions->value + t * actions->columns);
        } else {
            bm_env_sample_actions(env, &action_rng);
        }
        bm_env_step(env);
        print_step(env, episode, ++step);
        if (env->ended_count) {
            step = 0;
            print_reset(env, ++episode);
        }
    }
    return bm_env_check(env, error);
}

/* Single steps, each from the state its row gives, at the beginning of an episode. The type itself steps, not the
 * driver, which would start a new episode in place of a state that ends one. */
static void trace_states(bm_env_batch *env, uint64_t seed, int64_t steps, const bm_table *rows) {
    const int size = env->type->fields.count;
    double state[BM_ENV_FIELDS_MAX];
    bm_env_seed(env, seed);
    bm_env_reset(env);
    for (int i = 0; i < size; i++) {
        printf("state%d,", i);
    }
    puts("reward,terminated,truncated");
    for (int64_t t = 0; t < steps; t++) {
        const double *row = rows->value + t * rows->columns;
        (void)bm_env_set_state(env, 0, row, NULL); /* check_states has seen it */
        take_action(env, row + size);
        env->type->step(env);
        bm_env_get_state(env, 0, state);
        for (int i = 0; i < size; i++) {
            printf("%.17g,", state[i]);
        }
        printf("%.17g,%d,%d\n", env->reward[0], env->terminated[0], env->max_episode_steps == 1);
    }
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* Steps asked for, and that the file (NULL: none) has so many. */
static bm_status count_steps(const bm_arguments *arguments, const bm_table *rows, const char *path, int64_t *steps,
                             bm_error *error) {
    *steps = bm_cli_integer(arguments, "steps", rows ? rows->rows : DEFAULT_STEPS, 0, 1000000000000);
    if (rows && *steps > rows->rows) {
        return bm_invalid(error, "%s has %" PRId64 " rows, fewer than the %" PRId64 " steps asked for", path,
                          rows->rows, *steps);
    }
    return BM_OK;
}

static bm_status trace(bm_env_batch *env, const bm_arguments *arguments, bm_table *rows, bm_error *error) {
    const char *actions = bm_cli_value(arguments, "actions"), *states = bm_cli_value(arguments, "state");
    const char *path = states ? states : actions;
    const uint64_t seed = (uint64_t)bm_cli_integer(arguments, "seed", 1, 0, 1LL << 53);
    const int size = states ? env->type->fields.count : 0;
    if (states && size == 0) {
        return bm_invalid(error, "%s cannot be put into a given state", env->type->id);
    }
    bm_status status = BM_OK;
    if (path) {
        status = bm_table_read(rows, path, size + env->action_space.size, states != NULL, error);
    }
    if (status == BM_OK && path) {
        status = check_actions(rows, path, &env->action_space, error);
    }
    if (status == BM_OK && states) {
        status = check_states(env, rows, path, error);
    }
    int64_t steps;
    if (status != BM_OK || (status = count_steps(arguments, path ? rows : NULL, path, &steps, error)) != BM_OK) {
        return status;
    }
    setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
    if (states) {
        trace_states(env, seed, steps, rows);
        return BM_OK; /* whether it could be written, main looks */
    }
    return trace_episodes(env, seed, steps, path ? rows : NULL, error);
}

static int run(int argc, char **argv) {
    char help[8192];
    bm_cli_examples("  bellman trace CartPole-v1 --seed 42 --steps 500\n"
                    "  bellman trace CartPole-v1 --state states.csv\n",
                    flags, argc, argv, help, sizeof help);
    const bm_command command = {
        .verb = "trace",
        .arguments = "ENV",
        .summary =
            "Prints what an environment does as CSV. Episodes are Gymnasium's: the same seed gives the same numbers. "
            "Row step 0 of an episode is its reset; every other row shows an action and the observation after it. "
            "With --state, rows are single steps: the state after each, reward and flags.",
        .examples = help,
        .flags = flags,
    };
    bm_arguments arguments;
    bm_cli_parse(&command, argc, argv, &arguments);
    if (arguments.positionals != 1) {
        bm_cli_usage(arguments.positionals ? "trace takes one environment at a time"
                                           : "trace wants an environment, for example: bellman trace CartPole-v1");
    }
    if (bm_cli_has(&arguments, "actions") && bm_cli_has(&arguments, "state")) {
        bm_cli_usage("--state FILE holds the actions already; leave --actions out");
    }
    bm_error error;
    const bm_env_type *type;
    bm_env_batch *env = NULL;
    void *config = NULL;
    bm_table rows = {0};
    bm_status status = bm_env_lookup(arguments.positional[0], &type, &error);
    if (status == BM_OK) {
        config = bm_cli_alloc(1, type->options.config_bytes);
        bm_options_defaults(&type->options, config);
        status = bm_cli_env_settings(&arguments, type, config, &error);
    }
    if (status == BM_OK) {
        status = bm_env_create(&env, type, config, 1, &error);
    }
    if (status == BM_OK) {
        status = trace(env, &arguments, &rows, &error);
    }
    bm_arena_free(&rows.arena);
    bm_env_destroy(env);
    free(config);
    bm_cli_free(&arguments);
    return status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
}

const bm_verb bm_verb_trace = {"trace", "print the transitions of an environment as CSV", run};
