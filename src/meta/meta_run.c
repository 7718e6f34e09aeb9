/* Creating and continuing a run of meta-training: its objects, its folder, and the checkpoints between. The loop is in meta_loop.c. */
#include "meta/meta_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "meta/meta_run_state.h"
#include "optim/lr_schedule.h"

static const char *const shared_metric_names[BM_META_SHARED_METRICS] = {
    "train/loss", "train/learning_rate", "train/grad_norm", "time/fps", "eval/diverged_tasks",
};
/* ---- creation --------------------------------------------------------------------------------------------------- */

static void list_state(bm_meta_run *run) {
    bm_meta_counters *c = &run->counters;
    bm_state *state = &run->state;
    bm_state_enter(state, "meta");
    bm_state_count(state, "iteration", &c->iteration);
    bm_state_count(state, "evaluations", &c->evaluations);
    bm_state_count(state, "losses", &c->losses);
    bm_state_scalar(state, "loss_sum", BM_F64, &c->loss_sum);
    bm_state_scalar(state, "loss", BM_F64, &c->loss);
    bm_state_scalar(state, "learning_rate", BM_F64, &c->learning_rate);
    bm_state_scalar(state, "grad_norm", BM_F64, &c->grad_norm);
    bm_state_scalar(state, "best", BM_F64, &c->best);
    bm_state_scalar(state, "latest", BM_F64, &c->latest);
    bm_meta_model_state(&run->model, state);
    bm_state_enter(state, "outer_optimizer");
    bm_optim_state(&run->optim, state);
    bm_state_leave(state);
    bm_state_leave(state);
}

static void name_metrics(bm_meta_run *run) {
    const bm_int_list *steps = &run->experiment->run.eval_adapt_steps;
    const char *const *score_name = run->experiment->tasks->score_names;
    for (int i = 0; i < BM_META_SHARED_METRICS; i++) {
        run->metric_name[run->metrics++] = shared_metric_names[i];
    }
    for (int which = 0; score_name[which]; which++) {
        for (int at = 0; at < steps->count; at++) {
            char *column = run->column[run->metrics - BM_META_SHARED_METRICS];
            bm_meta_score_column(score_name[which], steps->value[at], column);
            run->metric_name[run->metrics++] = column;
        }
    }
}

static bm_status create_objects(bm_meta_run *run, int threads, bm_error *error) {
    const bm_meta_config *config = &run->experiment->run;
    bm_status status = bm_meta_model_create(&run->model, run->experiment, threads, error);
    if (status == BM_OK) {
        status = bm_adaptation_create(&run->adaptation, run->model.learner, &config->eval_adapt_steps, error);
    }
    if (status != BM_OK) {
        return status;
    }
    const size_t n = run->model.learner->parameters;
    const int tasks = config->eval_tasks > config->eval_final_tasks ? config->eval_tasks : config->eval_final_tasks;
    run->grad = BM_NEW(&run->arena, bm_real, n);
    run->score = BM_NEW(&run->arena, double, (size_t)tasks *(size_t)config->eval_adapt_steps.count *BM_TASK_SCORES);
    status = bm_optim_create(&run->optim, &config->outer_optimizer, BM_REAL_DTYPE, n, &run->arena, error);
    if (status == BM_OK) {
        status = bm_lr_schedule_check(&config->lr_schedule, run->optim.type, error);
    }
    if (status == BM_OK) {
        status = bm_arena_check(&run->arena, "the run", error);
    }
    if (status == BM_OK) {
        name_metrics(run);
        list_state(run);
        status = bm_state_check(&run->state, error);
    }
    return status;
}

static bm_status new_run(bm_meta_run **result, const bm_meta_experiment *experiment, int threads, bm_error *error) {
    bm_meta_run *run = calloc(1, sizeof *run);
    if (!run) {
        return bm_fail(error, "not enough memory for the run");
    }
    *result = run;
    run->experiment = experiment;
    run->folder.lock = -1;
    run->folder.clock_start = bm_clock();
    run->seed = bm_seed_of((uint64_t)experiment->run.seed);
    run->counters.loss = run->counters.best = run->counters.latest = NAN;
    return create_objects(run, threads, error);
}

bm_status bm_meta_run_initial(const bm_meta_model *model, const bm_meta_experiment *experiment, bm_error *error) {
    const bm_seed seed = bm_seed_of((uint64_t)experiment->run.seed), own = bm_seed_child(&seed, BM_META_STREAM_INIT);
    bm_rng rng = bm_rng_from(&own);
    return bm_learner_init(model->learner, (bm_init)experiment->run.init, model->outer, &rng, error);
}

static bm_status open_metrics(bm_meta_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    return bm_folder_metrics(&run->folder, run->metric_name, run->metrics, run->experiment->tasks_name, checkpoint,
                             error);
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------ */

/* The column by which runs are compared: the first score, after the last number of steps. */
static const char *headline(const bm_meta_run *run) {
    return run->column[run->experiment->run.eval_adapt_steps.count - 1];
}

bm_status bm_meta_run_save(bm_meta_run *run, const char *name, bm_error *error) {
    if (!run->folder.path[0]) {
        return BM_OK;
    }
    cJSON *metadata = bm_meta_experiment_metadata(run->experiment);
    if (metadata) {
        bm_folder_put_number(metadata, "step", (double)run->counters.iteration);
        cJSON_AddStringToObject(metadata, "metric", headline(run));
    }
    bm_replay_file none = {.name = ""};
    return bm_folder_save(&run->folder, name, &run->state, metadata, NULL, &none, error);
}

bm_status bm_meta_run_save_last(bm_meta_run *run, bm_error *error) {
    const int keep = run->experiment->run.keep;
    bm_status status = bm_meta_run_save(run, "last", error);
    if (status == BM_OK && keep > 0 && run->counters.iteration > 0 && run->folder.path[0]) {
        char name[BM_CHECKPOINT_NAME];
        bm_folder_numbered(name, run->counters.iteration);
        status = bm_meta_run_save(run, name, error);
        bm_folder_prune(&run->folder, keep);
    }
    return status;
}

/* A run of which nothing is written yet. */
static bm_status fresh_run(bm_meta_run **run, const bm_meta_experiment *experiment, int threads, bm_error *error) {
    const bm_status status = new_run(run, experiment, threads, error);
    return status == BM_OK ? bm_meta_run_initial(&(*run)->model, experiment, error) : status;
}

static bm_status begin_files(bm_meta_run *run, bm_error *error) {
    const bm_status status = open_metrics(run, NULL, error);
    return status == BM_OK ? bm_meta_run_save_last(run, error) : status;
}

/* Hands a run over, unless something is wrong with it. */
static bm_status hand_over(bm_meta_run **result, bm_meta_run *run, bm_status status) {
    if (status == BM_OK) {
        *result = run;
    } else {
        bm_meta_run_destroy(run);
    }
    return status;
}

bm_status bm_meta_run_create(bm_meta_run **result, const bm_meta_experiment *experiment, int threads, const char *runs,
                             const char *name, bm_error *error) {
    bm_meta_run *run = NULL;
    bm_status status = fresh_run(&run, experiment, threads, error);
    if (status == BM_OK && runs) {
        status = bm_meta_experiment_folder(experiment, &run->folder, runs, name, error);
        status = status == BM_OK ? begin_files(run, error) : status;
    }
    return hand_over(result, run, status);
}

bm_status bm_meta_run_create_at(bm_meta_run **result, const bm_meta_experiment *experiment, int threads,
                                const char *folder, bm_error *error) {
    bm_meta_run *run = NULL;
    bm_status status = fresh_run(&run, experiment, threads, error);
    if (status == BM_OK) {
        status = bm_meta_experiment_folder_at(experiment, &run->folder, folder, error);
        status = status == BM_OK ? begin_files(run, error) : status;
    }
    return hand_over(result, run, status);
}

static bm_status restore(bm_meta_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    const bm_meta_counters *c = &run->counters;
    bm_status status = bm_safetensors_restore(checkpoint, &run->state, error);
    if (status == BM_OK && c->iteration > run->experiment->run.meta_iterations) {
        status = bm_invalid(error, "the run has made %" PRId64 " iterations already, more than meta_iterations=%d",
                            c->iteration, run->experiment->run.meta_iterations);
    }
    if (status == BM_OK) {
        status = open_metrics(run, checkpoint, error);
    }
    run->log_seconds = run->folder.seconds;
    run->log_iteration = c->iteration;
    return status;
}

bm_status bm_meta_run_resume(bm_meta_run **result, const bm_meta_experiment *experiment, int threads,
                             const char *folder, bm_error *error) {
    bm_meta_run *run = NULL;
    bm_safetensors checkpoint;
    bm_status status = new_run(&run, experiment, threads, error);
    if (status == BM_OK) {
        status = bm_folder_open(&run->folder, folder, error);
    }
    if (status == BM_OK) {
        status = bm_checkpoint_open(run->folder.checkpoints, "last", &checkpoint, error);
        if (status == BM_OK) {
            status = restore(run, &checkpoint, error);
            bm_safetensors_free(&checkpoint);
        }
    }
    return hand_over(result, run, status);
}

void bm_meta_run_destroy(bm_meta_run *run) {
    if (run) {
        bm_folder_close(&run->folder);
        bm_adaptation_destroy(run->adaptation);
        bm_meta_model_free(&run->model);
        bm_state_free(&run->state);
        bm_arena_free(&run->arena);
        free(run);
    }
}

const char *bm_meta_run_folder(const bm_meta_run *run) {
    return run->folder.path;
}

const bm_meta_model *bm_meta_run_model(const bm_meta_run *run) {
    return &run->model;
}

int64_t bm_meta_run_iteration(const bm_meta_run *run) {
    return run->counters.iteration;
}

bm_status bm_meta_run_experiment(const char *folder, const char *checkpoint, bm_meta_experiment *experiment,
                                 bm_error *error) {
    memset(experiment, 0, sizeof *experiment);
    bm_safetensors file;
    bm_status status = bm_folder_checkpoint(folder, checkpoint, &file, error);
    if (status == BM_OK) {
        status = bm_meta_experiment_from_metadata(experiment, file.metadata, error);
        bm_safetensors_free(&file);
    }
    return status;
}
