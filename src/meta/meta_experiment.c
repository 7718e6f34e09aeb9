/* The settings of meta-training: three tables, and where they come from and go to. */
#include "meta/meta_experiment.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "envs/env.h"
#include "meta/adaptation.h"
#include "optim/lr_schedule.h"
#include "optim/optim.h"

static const char verb[] = "meta";

/* Initial weights are PyTorch's small ones for linear layers: larger ones, as Glorot's, make a few tasks diverge in adaptation, and the
 * paper's, normal with a deviation of 0.01, take long to leave where they start. */
static const bm_option rows[] = {
    BM_OPTION(bm_meta_config, seed, 1, 0, INT_MAX, BM_LINEAR, "everything random in the run follows from it"),
    BM_OPTION(bm_meta_config, meta_iterations, 10000, 1, INT_MAX, BM_LOG, "steps of the outer optimizer"),
    BM_OPTION(bm_meta_config, meta_batch_size, 25, 1, 100000, BM_LOG, "tasks of one of them"),
    {BM_ROW(bm_meta_config, outer_lr, 0.001, 1e-8, 10, BM_LOG, "step size of the outer optimizer; lin_X falls to 0"),
     .tune = "log(1e-4,1e-2)"},
    BM_OPTION_VARIANT(bm_meta_config, outer_optimizer, "adam", bm_optim_kinds, "with settings of its own"),
    BM_OPTION_VARIANT(bm_meta_config, lr_schedule, "constant", bm_lr_schedule_kinds,
                      "in place of lin_X: outer_lr over the run, in hundredths of it"),
    BM_OPTION(bm_meta_config, max_grad_norm, 0, 0, 1e9, BM_LINEAR,
              "longer outer gradients are scaled to this norm; 0: never"),
    BM_OPTION_STRING(bm_meta_config, net, "[40, 40]", 1, 65536, "widths of the hidden layers"),
    BM_OPTION_CHOICE(bm_meta_config, activation, "relu", bm_activation_names, "of the hidden layers"),
    BM_OPTION_CHOICE(bm_meta_config, init, "torch", bm_init_names, "initial weights"),
    BM_OPTION(bm_meta_config, eval_every, 0, 0, INT_MAX, BM_LINEAR, "iterations between evaluations; 0: ten in a run"),
    BM_OPTION(bm_meta_config, eval_tasks, 100, 1, 1000000, BM_LOG, "tasks of an evaluation, the same every time"),
    BM_OPTION(bm_meta_config, eval_final_tasks, 600, 1, 1000000, BM_LOG,
              "tasks of the evaluation at the end, used for nothing else"),
    BM_OPTION_STRING(bm_meta_config, eval_adapt_steps, "[0, 1, 5, 10]", 0, 100000,
                     "steps of adaptation after which evaluations score; the last decides which checkpoint is best"),
    BM_OPTION(bm_meta_config, log_every, 0, 0, INT_MAX, BM_LINEAR,
              "iterations between rows of progress.csv; 0: 200 in a run"),
    BM_OPTION(bm_meta_config, checkpoint_every, 0, 0, INT_MAX, BM_LINEAR,
              "iterations between checkpoints; 0: ten in a run"),
    BM_OPTION(bm_meta_config, keep, 0, 0, 100000, BM_LINEAR, "numbered checkpoints to keep beside last and best"),
    BM_OPTION(bm_meta_config, max_seconds, inf, 0, INFINITY, BM_LINEAR, "end early after so many seconds of training"),
};

const bm_options bm_meta_options = BM_OPTIONS(rows, bm_meta_config);

bm_status bm_meta_experiment_create(bm_meta_experiment *experiment, const char *learner, const char *tasks,
                                    bm_error *error) {
    memset(experiment, 0, sizeof *experiment);
    bm_status status = bm_learner_lookup(learner, &experiment->learner, error);
    if (status == BM_OK) {
        status = bm_tasks_lookup(tasks, &experiment->tasks, error);
    }
    if (status != BM_OK) {
        return status;
    }
    const bm_options *of_learner = &experiment->learner->options, *of_tasks = &experiment->tasks->options;
    experiment->learner_config = bm_arena_alloc(&experiment->arena, 1, of_learner->config_bytes);
    experiment->tasks_config = bm_arena_alloc(&experiment->arena, 1, of_tasks->config_bytes);
    status = bm_arena_check(&experiment->arena, "the options", error);
    if (status == BM_OK) {
        bm_options_defaults(of_learner, experiment->learner_config);
        bm_options_defaults(of_tasks, experiment->tasks_config);
        bm_options_defaults(&bm_meta_options, &experiment->run);
    }
    const bm_env_type *env = bm_env_find(tasks);
    experiment->tasks_name = env ? env->id : experiment->tasks->name;
    return status == BM_OK && env ? bm_options_set(of_tasks, experiment->tasks_config, "env", env->id, error) : status;
}

void bm_meta_experiment_free(bm_meta_experiment *experiment) {
    bm_arena_free(&experiment->arena);
}

/* Whoever is handed const settings only reads them. */
static bm_settings settings_of(const bm_meta_experiment *experiment) {
    return (bm_settings){
        .verb = verb,
        .agent = experiment->learner->name,
        .env = experiment->tasks_name,
        .agent_word = "learner",
        .command = experiment->command,
        .table = {.agent = {&experiment->learner->options, experiment->learner_config},
                  .run = {&bm_meta_options, (void *)&experiment->run},
                  .env = {&experiment->tasks->options, experiment->tasks_config}},
    };
}

bm_status bm_meta_experiment_preset(bm_meta_experiment *experiment, bool *found, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_settings_preset(&settings, found, error);
}

bm_status bm_meta_experiment_file(bm_meta_experiment *experiment, const char *path, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_settings_file(&settings, path, error);
}

bm_status bm_meta_experiment_set(bm_meta_experiment *experiment, const char *key, const char *value, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    const bm_preset_target *const table[] = {&settings.table.run, &settings.table.agent, &settings.table.env};
    char owner[128];
    snprintf(owner, sizeof owner, "%s on %s", settings.agent, settings.env);
    return bm_settings_set(table, 3, owner, key, value, error);
}

static void settle(int *every, int iterations, int times) {
    if (*every == 0) {
        *every = iterations / times > 0 ? iterations / times : 1;
    }
}

/* Whether its step is minus the rate times the gradient. */
static bool plain_descent(const bm_meta_config *run) {
    static const char *const more[] = {"outer_optimizer.momentum", "outer_optimizer.weight_decay"};
    if (strcmp(bm_optim_kinds[run->outer_optimizer.kind].name, "sgd") != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        const void *field;
        if (bm_options_find(&bm_meta_options, run, more[i], &field) && *(const double *)field != 0) {
            return false;
        }
    }
    return run->max_grad_norm == 0;
}

bm_status bm_meta_experiment_settle(bm_meta_experiment *experiment, bm_error *error) {
    bm_meta_config *run = &experiment->run;
    const bm_env_type *env = bm_env_find(experiment->tasks_name);
    const void *field;
    if (bm_adaptation_check_steps("eval_adapt_steps", &run->eval_adapt_steps, error) != BM_OK) {
        return BM_INVALID;
    }
    if (env && bm_options_find(&experiment->tasks->options, experiment->tasks_config, "env", &field) &&
        strcmp(((const bm_text *)field)->text, env->id) != 0) {
        return bm_invalid(error, "env=%s is not the %s that the tasks are named after", ((const bm_text *)field)->text,
                          env->id);
    }
    const bm_learner_type *learner = experiment->learner;
    if (learner->serial && learner->serial(experiment->learner_config) && !plain_descent(run)) {
        return bm_invalid(error, "serial=true goes from task to task by plain gradient descent; it needs "
                                 "outer_optimizer=sgd without momentum and weight_decay, and max_grad_norm=0");
    }
    settle(&run->eval_every, run->meta_iterations, 10);
    settle(&run->log_every, run->meta_iterations, 200);
    settle(&run->checkpoint_every, run->meta_iterations, 10);
    return BM_OK;
}

void bm_meta_score_column(const char *score_name, int steps, char column[BM_SCORE_COLUMN]) {
    snprintf(column, BM_SCORE_COLUMN, "eval/%s_after_%d", score_name, steps);
}

bool bm_meta_score_words(const char *column, char *text, size_t bytes) {
    static const char before[] = "eval/", between[] = "_after_";
    const char *name = column + sizeof before - 1, *end = strstr(column, between);
    if (strncmp(column, before, sizeof before - 1) != 0 || !end || end <= name) {
        return false;
    }
    const char *steps = end + sizeof between - 1;
    if (!*steps || steps[strspn(steps, "0123456789")]) {
        return false;
    }
    snprintf(text, bytes, "%.*s after %s step%s of adaptation", (int)(end - name), name, steps,
             strcmp(steps, "1") == 0 ? "" : "s");
    return true;
}

/* ---- metadata --------------------------------------------------------------------------------------------------- */

cJSON *bm_meta_experiment_metadata(const bm_meta_experiment *experiment) {
    const bm_settings settings = settings_of(experiment);
    return bm_settings_metadata(&settings);
}

bm_status bm_meta_experiment_from_metadata(bm_meta_experiment *experiment, const cJSON *metadata, bm_error *error) {
    char command[BM_COMMAND_BYTES];
    const char *learner, *tasks;
    memset(experiment, 0, sizeof *experiment);
    const bm_status status = bm_settings_names(metadata, verb, &learner, &tasks, command, error);
    if (status != BM_OK) {
        return status;
    }
    if (bm_meta_experiment_create(experiment, learner, tasks, error) != BM_OK) {
        return BM_FAILED;
    }
    memcpy(experiment->command, command, sizeof command);
    const bm_settings settings = settings_of(experiment);
    return bm_settings_restore(&settings, metadata, error);
}

bm_status bm_meta_experiment_folder(const bm_meta_experiment *experiment, bm_folder *folder, const char *runs,
                                    const char *name, bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_folder_create(folder, &settings, experiment->run.seed, runs, name, error);
}

bm_status bm_meta_experiment_folder_at(const bm_meta_experiment *experiment, bm_folder *folder, const char *path,
                                       bm_error *error) {
    const bm_settings settings = settings_of(experiment);
    return bm_folder_create_at(folder, &settings, path, error);
}
