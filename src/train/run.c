/* Creating and continuing a run: its objects, its folder, and the checkpoints between. The loop is in loop.c. */
#include "train/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/io.h"
#include "train/run_state.h"

static const char *const shared_metric_names[BM_SHARED_METRICS] = {
    "rollout/ep_rew_mean",  "rollout/ep_len_mean", "eval/mean_reward", "eval/mean_ep_length", "time/fps",
    "time/total_timesteps",
};

/* ---- creation --------------------------------------------------------------------------------------------------- */

static void list_state(bm_run *run) {
    bm_run_counters *c = &run->counters;
    bm_state *state = &run->state;
    bm_state_enter(state, "run");
    bm_state_count(state, "step", &c->step);
    bm_state_count(state, "episodes", &c->episodes);
    bm_state_count(state, "evaluations", &c->evaluations);
    bm_state_vector(state, "window_return", BM_F64, c->window_return, BM_RUN_WINDOW);
    bm_state_vector(state, "window_length", BM_F64, c->window_length, BM_RUN_WINDOW);
    bm_state_scalar(state, "best", BM_F64, &c->best);
    bm_state_scalar(state, "latest", BM_F64, &c->latest);
    bm_state_leave(state);
    bm_state_enter(state, "env");
    bm_env_state(run->env, state);
    bm_state_leave(state);
    bm_state_enter(state, "agent");
    bm_agent_state(run->agent, state);
    bm_actor_state(&run->actor, state);
    bm_state_leave(state);
}

static bm_status create_objects(bm_run *run, bm_error *error) {
    const bm_experiment *experiment = run->experiment;
    const bm_run_config *config = &experiment->run;
    bm_status status = bm_env_create(&run->env, experiment->env, experiment->env_config, config->num_envs, error);
    if (status != BM_OK) {
        return status;
    }
    const bm_agent_setup setup = {
        .type = experiment->agent,
        .config = experiment->agent_config,
        .batch = run->env,
        .max_rows = config->eval_episodes < BM_EVAL_LANES ? config->eval_episodes : BM_EVAL_LANES,
        .total_steps = config->steps,
        .seed = bm_seed_child(&run->seed, BM_STREAM_AGENT),
    };
    if ((status = bm_agent_create(&run->agent, &setup, error)) != BM_OK) {
        return status;
    }
    status = bm_evaluator_create(&run->evaluator, run->agent, experiment->env, experiment->env_config,
                                 config->eval_episodes, error);
    if (status != BM_OK) {
        return status;
    }
    bm_actor_create(&run->actor, run->agent, run->env, &run->arena);
    for (int i = 0; i < BM_SHARED_METRICS; i++) {
        run->metric_names[run->metric_count++] = shared_metric_names[i];
    }
    for (int i = 0; i < run->agent->metrics && run->metric_count < BM_RUN_METRICS_MAX; i++) {
        run->metric_names[run->metric_count++] = experiment->agent->metric_names[i];
    }
    list_state(run);
    if ((status = bm_arena_check(&run->arena, "the run", error)) == BM_OK) {
        status = bm_state_check(&run->state, error);
    }
    return status;
}

static bm_status new_run(bm_run **result, const bm_experiment *experiment, bm_error *error) {
    bm_run *run = calloc(1, sizeof *run);
    if (!run) {
        return bm_fail(error, "not enough memory for the run");
    }
    *result = run;
    run->experiment = experiment;
    run->folder.lock = -1;
    run->seed = bm_seed_of((uint64_t)experiment->run.seed);
    run->counters.best = -INFINITY;
    run->counters.latest = NAN;
    run->folder.clock_start = bm_clock();
    return create_objects(run, error);
}

void bm_run_changes_path(const bm_run *run, char *path, size_t bytes) {
    snprintf(path, bytes, "%s/changes.csv", run->folder.path);
}

static bm_status open_metrics(bm_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    return bm_folder_metrics(&run->folder, run->metric_names, run->metric_count, run->experiment->env->id, checkpoint,
                             error);
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------ */

bm_status bm_run_save(bm_run *run, const char *name, bool with_replay, bm_error *error) {
    if (!run->folder.path[0]) {
        return BM_OK;
    }
    cJSON *metadata = bm_experiment_metadata(run->experiment);
    if (metadata) {
        bm_folder_put_number(metadata, "step", (double)run->counters.step);
        bm_folder_put_number(metadata, "episodes", (double)run->counters.episodes);
        bm_folder_put_number(metadata, "updates", (double)run->agent->updates);
    }
    bm_replay_file none = {.name = ""};
    return bm_folder_save(&run->folder, name, &run->state, metadata, with_replay ? bm_agent_replay(run->agent) : NULL,
                          with_replay ? &run->replay_file : &none, error);
}

bm_status bm_run_save_last(bm_run *run, bm_error *error) {
    bm_status status = bm_run_save(run, "last", true, error);
    if (status == BM_OK && run->experiment->run.keep > 0 && run->counters.step > 0 && run->folder.path[0]) {
        char name[BM_CHECKPOINT_NAME];
        bm_folder_numbered(name, run->counters.step);
        status = bm_run_save(run, name, false, error);
        bm_folder_prune(&run->folder, run->experiment->run.keep);
    }
    return status;
}

/* Copies the networks' weights ("agent.nets.*") of another run; what it does not have (an average, a baseline) starts fresh. */
static bm_status take_weights(bm_run *run, const char *other, bm_error *error) {
    char folder[BM_PATH_MAX + 16];
    if (!bm_path_exists(other)) {
        return bm_fail(error, "no run folder %s", other);
    }
    snprintf(folder, sizeof folder, "%s/checkpoint", other);
    bm_safetensors checkpoint;
    bm_status status = bm_checkpoint_open(folder, "last", &checkpoint, error);
    if (status != BM_OK) {
        return status;
    }
    static const char prefix[] = "agent.nets.";
    bm_state weights = {0};
    for (size_t i = 0; i < run->state.count; i++) {
        const bm_array *array = &run->state.items[i];
        const bool theirs = bm_state_find(&checkpoint.state, array->name) != NULL;
        if (theirs && strncmp(array->name, prefix, sizeof prefix - 1) == 0) {
            bm_state_add(&weights, array->name, array->dtype, array->data, array->dims, array->shape);
        }
    }
    status = weights.count ? bm_state_check(&weights, error)
                           : bm_fail(error, "%s has no network that %s has", other, run->experiment->agent->name);
    if (status == BM_OK) {
        status = bm_safetensors_restore(&checkpoint, &weights, error);
    }
    bm_state_free(&weights);
    bm_safetensors_free(&checkpoint);
    return status;
}

/* Every lane's first episode. */
static bm_status begin(bm_run *run, bm_error *error) {
    const bm_seed lanes = bm_seed_child(&run->seed, BM_STREAM_LANES);
    bm_env_seed_children(run->env, &lanes);
    bm_env_reset(run->env);
    return bm_env_check(run->env, error);
}

/* The folder, and the files that say so. */
static bm_status write_beginning(bm_run *run, const char *runs, const char *name, bm_error *error) {
    bm_status status = bm_experiment_folder(run->experiment, &run->folder, runs, name, error);
    if (status == BM_OK && run->changes.count > 0) {
        char path[BM_PATH_MAX + 16];
        bm_run_changes_path(run, path, sizeof path);
        status = bm_changes_write(&run->changes, path, error);
    }
    if (status == BM_OK) {
        status = open_metrics(run, NULL, error);
    }
    return status == BM_OK ? bm_run_save_last(run, error) : status;
}

bm_status bm_run_create(bm_run **result, const bm_experiment *experiment, const char *runs, const char *name,
                        const char *init_from, const char *changes, bm_error *error) {
    bm_run *run = NULL;
    bm_status status = new_run(&run, experiment, error);
    if (status == BM_OK && changes) {
        status = bm_changes_read(&run->changes, changes, error);
    }
    if (status == BM_OK) {
        status = bm_changes_check(&run->changes, run->agent, error);
    }
    if (status == BM_OK && init_from) {
        status = take_weights(run, init_from, error);
    }
    if (status == BM_OK) {
        status = begin(run, error);
    }
    if (status == BM_OK && runs) {
        status = write_beginning(run, runs, name, error);
    }
    if (status != BM_OK) {
        bm_run_destroy(run);
        return status;
    }
    *result = run;
    return BM_OK;
}

static bm_status restore(bm_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    bm_status status = bm_checkpoint_restore(checkpoint, run->folder.checkpoints, &run->state,
                                             bm_agent_replay(run->agent), &run->replay_file, error);
    if (status == BM_OK) {
        status = bm_env_check_restored(run->env, error);
    }
    if (status == BM_OK) {
        status = open_metrics(run, checkpoint, error);
    }
    run->log_seconds = run->folder.seconds;
    run->log_step = run->counters.step;
    return status;
}

/* Those up to the checkpoint are made at the first step, later ones when their step comes. */
static bm_status recall_changes(bm_run *run, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    bm_run_changes_path(run, path, sizeof path);
    if (!bm_path_exists(path)) {
        return BM_OK;
    }
    const bm_status status = bm_changes_read(&run->changes, path, error);
    return status == BM_OK ? bm_changes_check(&run->changes, run->agent, error) : BM_FAILED;
}

bm_status bm_run_resume(bm_run **result, const bm_experiment *experiment, const char *folder, bm_error *error) {
    bm_run *run = NULL;
    bm_safetensors checkpoint;
    bm_status status = new_run(&run, experiment, error);
    if (status == BM_OK) {
        status = bm_folder_open(&run->folder, folder, error);
    }
    if (status == BM_OK) {
        status = recall_changes(run, error);
    }
    if (status == BM_OK) {
        status = bm_checkpoint_open(run->folder.checkpoints, "last", &checkpoint, error);
        if (status == BM_OK) {
            status = restore(run, &checkpoint, error);
            bm_safetensors_free(&checkpoint);
        }
    }
    if (status != BM_OK) {
        bm_run_destroy(run);
        return status;
    }
    *result = run;
    return BM_OK;
}

const char *bm_run_folder(const bm_run *run) {
    return run->folder.path;
}

const bm_replay *bm_run_replay(const bm_run *run) {
    return bm_agent_replay(run->agent);
}

void bm_run_destroy(bm_run *run) {
    if (run) {
        bm_folder_close(&run->folder);
        bm_evaluator_free(&run->evaluator);
        bm_agent_destroy(run->agent);
        bm_env_destroy(run->env);
        bm_state_free(&run->state);
        bm_changes_free(&run->changes);
        bm_arena_free(&run->arena);
        free(run);
    }
}
