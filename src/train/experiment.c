/* The settings of a run: from defaults, presets, files and flags, and back to metadata and YAML. */
#include "train/experiment.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const char verb[] = "train";

static const bm_option rows[] = {
    BM_OPTION(bm_run_config, seed, 1, 0, INT_MAX, BM_LINEAR, "everything random in the run follows from it"),
    BM_OPTION(bm_run_config, steps, 100000, 1, INT_MAX, BM_LOG, "environment steps to train for, over all lanes"),
    BM_OPTION(bm_run_config, num_envs, 1, 1, 65536, BM_LOG, "environments stepped at once"),
    BM_OPTION(bm_run_config, eval_every, 0, 0, INT_MAX, BM_LINEAR, "steps between evaluations; 0: ten in a run"),
    BM_OPTION(bm_run_config, eval_episodes, 100, 1, 100000, BM_LOG, "episodes of an evaluation"),
    BM_OPTION(bm_run_config, log_every, 0, 0, INT_MAX, BM_LINEAR,
              "steps between rows of progress.csv; 0: 200 in a run"),
    BM_OPTION(bm_run_config, checkpoint_every, 0, 0, INT_MAX, BM_LINEAR, "steps between checkpoints; 0: ten in a run"),
    BM_OPTION(bm_run_config, keep, 0, 0, 100000, BM_LINEAR, "numbered checkpoints to keep beside last and best"),
    BM_OPTION(bm_run_config, stop_at_return, inf, -INFINITY, INFINITY, BM_LINEAR,
              "end early once an evaluation reaches this mean return"),
    BM_OPTION(bm_run_config, max_seconds, inf, 0, INFINITY, BM_LINEAR, "end early after so many seconds of training"),
};

const bm_options bm_run_options = BM_OPTIONS(rows, bm_run_config);

bm_status bm_experiment_create(bm_experiment *experiment, const char *agent, const char *env, bm_error *error) {
    memset(experiment, 0, sizeof *experiment);
    bm_status status = bm_agent_lookup(agent, &experiment->agent, error);
    if (status == BM_OK) {
        status = bm_env_lookup(env, &experiment->env, error);
    }
    if (status != BM_OK) {
        return status;
    }
    experiment->agent_config = bm_arena_alloc(&experiment->arena, 1, experiment->agent->options.config_bytes);
    experiment->env_config = bm_arena_alloc(&experiment->arena, 1, experiment->env->options.config_bytes);
    status = bm_arena_check(&experiment->arena, "the options", error);
    if (status == BM_OK) {
        bm_options_defaults(&experiment->agent->options, experiment->agent_config);
        bm_options_defaults(&experiment->env->options, experiment->env_config);
        bm_options_defaults(&bm_run_options, &experiment->run);
    }
    return status;
}

void bm_experiment_free(bm_experiment *experiment) {
    bm_arena_free(&experiment->arena);
}

/* Whoever is handed const settings only reads them. */
static bm_settings settings_of(const bm_experiment *experiment) {
    return (bm_settings){
        .verb = verb,
        .agent = experiment->agent->name,
        .env = experiment->env->id,
        .agent_word = "agent",
        .command = experiment->command,
        .table = {.agent = {&experiment->agent->options, experiment->agent_config},
                  .run = {&bm_run_options, (void *)&experiment->run},
                  .env = {&experiment->env->options, experiment->env_config}},
    };
}

bm_status bm_experiment_preset(bm_experiment *experiment, bool *found, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_settings_preset(&settings, found, error);
}

bm_status bm_experiment_file(bm_experiment *experiment, const char *path, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_settings_file(&settings, path, error);
}

bm_status bm_experiment_set(bm_experiment *experiment, const char *key, const char *value, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    const bm_preset_target *const table[] = {&settings.table.run, &settings.table.agent};
    return bm_settings_set(table, 2, settings.agent, key, value, error);
}

bm_status bm_experiment_set_env(bm_experiment *experiment, const char *key, const char *value, bm_error *error) {
    return bm_options_set(&experiment->env->options, experiment->env_config, key, value, error);
}

static void settle(int *every, int steps, int times) {
    if (*every == 0) {
        *every = steps / times > 0 ? steps / times : 1;
    }
}

void bm_experiment_settle(bm_experiment *experiment) {
    bm_run_config *run = &experiment->run;
    settle(&run->eval_every, run->steps, 10);
    settle(&run->log_every, run->steps, 200);
    settle(&run->checkpoint_every, run->steps, 10);
}

cJSON *bm_experiment_metadata(const bm_experiment *experiment) {
    const bm_settings settings = settings_of(experiment);
    return bm_settings_metadata(&settings);
}

bm_status bm_experiment_from_metadata(bm_experiment *experiment, const cJSON *metadata, bm_error *error) {
    char command[BM_COMMAND_BYTES];
    const char *agent, *env;
    memset(experiment, 0, sizeof *experiment);
    const bm_status status = bm_settings_names(metadata, verb, &agent, &env, command, error);
    if (status != BM_OK) {
        return status;
    }
    if (bm_experiment_create(experiment, agent, env, error) != BM_OK) {
        return BM_FAILED;
    }
    memcpy(experiment->command, command, sizeof command);
    const bm_settings settings = settings_of(experiment);
    return bm_settings_restore(&settings, metadata, error);
}

bm_status bm_experiment_write(const bm_experiment *experiment, const char *path, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_settings_write(&settings, path, error);
}

bm_status bm_experiment_folder(const bm_experiment *experiment, bm_folder *folder, const char *runs, const char *name,
                               bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_folder_create(folder, &settings, experiment->run.seed, runs, name, error);
}
