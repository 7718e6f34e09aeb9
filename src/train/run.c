/* Creating and continuing a run: its trainee, its folder, and the checkpoints between. The loop is in loop.c. */
#include "train/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/io.h"
#include "train/run_state.h"

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status new_run(bm_run **result, const bm_experiment *experiment, bm_error *error) {
    bm_run *run = calloc(1, sizeof *run);
    if (!run) {
        return bm_fail(error, "not enough memory for the run");
    }
    *result = run;
    run->experiment = experiment;
    run->folder.lock = -1;
    run->folder.clock_start = bm_clock();
    run->best = run->latest = NAN;
    BM_TRY(bm_trainee_create(&run->trainee, experiment, false, error));
    run->trainee->folder = &run->folder;
    run->row = BM_NEW(&run->arena, double, run->trainee->metrics);
    BM_TRY(bm_arena_check(&run->arena, "the run", error));
    bm_state *state = &run->trainee->state;
    bm_state_enter(state, "run");
    bm_state_scalar(state, "evaluations", BM_I64, &run->evaluations);
    bm_state_scalar(state, "best", BM_F64, &run->best);
    bm_state_scalar(state, "latest", BM_F64, &run->latest);
    bm_state_leave(state);
    return bm_state_check(state, error);
}

static bm_status open_metrics(bm_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    return bm_folder_metrics(&run->folder, run->trainee->metric_name, run->trainee->metrics,
                             run->experiment->problem.name, checkpoint, error);
}

/* Hands a run over, unless something is wrong with it. */
static bm_status hand_over(bm_run **result, bm_run *run, bm_status status) {
    if (status == BM_OK) {
        *result = run;
    } else {
        bm_run_destroy(run);
    }
    return status;
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------ */

bm_replay *bm_run_replay(const bm_run *run) {
    return run->trainee->type->replay ? run->trainee->type->replay(run->trainee) : NULL;
}

bm_status bm_run_save(bm_run *run, const char *name, bool with_replay, bm_error *error) {
    if (!run->folder.path[0]) {
        return BM_OK;
    }
    cJSON *metadata = bm_experiment_metadata(run->experiment);
    if (metadata) {
        bm_folder_put_number(metadata, "step", (double)run->trainee->count);
        run->trainee->type->describe(run->trainee, metadata);
    }
    bm_replay_file none = {.name = ""};
    return bm_folder_save(&run->folder, name, &run->trainee->state, metadata, with_replay ? bm_run_replay(run) : NULL,
                          with_replay ? &run->replay_file : &none, error);
}

bm_status bm_run_save_last(bm_run *run, bm_error *error) {
    const int keep = run->experiment->run->keep;
    bm_status status = bm_run_save(run, "last", true, error);
    if (status == BM_OK && keep > 0 && run->trainee->count > 0 && run->folder.path[0]) {
        char name[BM_CHECKPOINT_NAME];
        bm_folder_numbered(name, run->trainee->count);
        status = bm_run_save(run, name, false, error);
        bm_folder_prune(&run->folder, keep);
    }
    return status;
}

/* Copies the arrays of the other run that are weights of this one too; what else there is (an average, a baseline) starts fresh. */
static bm_status restore_weights(bm_run *run, const bm_safetensors *checkpoint, const char *other, bm_error *error) {
    const char *prefix = run->trainee->type->weights;
    bm_state weights = {0};
    const bm_state *own = &run->trainee->state;
    for (size_t i = 0; i < own->count; i++) {
        const bm_array *array = &own->items[i];
        if (bm_state_find(&checkpoint->state, array->name) && strncmp(array->name, prefix, strlen(prefix)) == 0) {
            bm_state_add(&weights, array->name, array->dtype, array->data, array->dims, array->shape);
        }
    }
    bm_status status = weights.count
                           ? bm_state_check(&weights, error)
                           : bm_fail(error, "%s has no network that %s has", other, run->experiment->learner.name);
    if (status == BM_OK) {
        status = bm_safetensors_restore(checkpoint, &weights, error);
    }
    bm_state_free(&weights);
    return status;
}

static bm_status take_weights(bm_run *run, const char *other, bm_error *error) {
    bm_safetensors checkpoint;
    BM_TRY(bm_folder_checkpoint(other, "last", &checkpoint, error));
    const bm_status status = restore_weights(run, &checkpoint, other, error);
    bm_safetensors_free(&checkpoint);
    return status;
}

/* ---- a fresh run ------------------------------------------------------------------------------------------------ */

/* The folder, and the files that say so. */
static bm_status write_beginning(bm_run *run, const bm_run_start *start, bm_error *error) {
    bm_folder *folder = &run->folder;
    BM_TRY(start->folder ? bm_folder_create_at(folder, run->experiment, start->folder, error)
                         : bm_folder_create(folder, run->experiment, start->runs, start->name, error));
    if (run->changes.count > 0) {
        BM_TRY(bm_changes_write(&run->changes, folder->path, error));
    }
    BM_TRY(open_metrics(run, NULL, error));
    return bm_run_save_last(run, error);
}

static bm_status begin(bm_run *run, const bm_run_start *start, bm_error *error) {
    if (start->changes) {
        BM_TRY(bm_changes_read(&run->changes, start->changes, error));
        BM_TRY(bm_changes_check(&run->changes, &run->trainee->live, error));
    }
    BM_TRY(run->trainee->type->begin(run->trainee, error));
    if (start->init_from) {
        BM_TRY(take_weights(run, start->init_from, error));
    }
    return start->runs || start->folder ? write_beginning(run, start, error) : BM_OK;
}

bm_status bm_run_create(bm_run **result, const bm_experiment *experiment, const bm_run_start *start, bm_error *error) {
    bm_run *run = NULL;
    bm_status status = new_run(&run, experiment, error);
    if (status == BM_OK) {
        status = begin(run, start, error);
    }
    return hand_over(result, run, status);
}

/* ---- a run that goes on ----------------------------------------------------------------------------------------- */

static bm_status restore(bm_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    const bm_trainee *trainee = run->trainee;
    const int total = run->experiment->run->total;
    BM_TRY(bm_folder_restore(&run->folder, checkpoint, &run->trainee->state, bm_run_replay(run), &run->replay_file,
                             error));
    if (trainee->count < 0 || run->evaluations < 0) {
        return bm_fail(error, "the checkpoint in %s counts below zero: it is damaged", run->folder.checkpoints);
    }
    if (trainee->count - trainee->stride >= total) {
        return bm_invalid(error, "the run has made %" PRId64 " %s already, more than %s=%d", trainee->count,
                          trainee->type->unit, trainee->type->total_name, total);
    }
    run->log_count = trainee->count;
    BM_TRY(open_metrics(run, checkpoint, error));
    run->log_seconds = run->folder.seconds;
    return BM_OK;
}

/* Changes up to the checkpoint are made at the first turn, later ones when their turn comes. */
static bm_status go_on(bm_run *run, const char *folder, bm_error *error) {
    bm_safetensors checkpoint;
    BM_TRY(bm_folder_open(&run->folder, folder, error));
    BM_TRY(bm_changes_recall(&run->changes, folder, error));
    if (bm_changes_check(&run->changes, &run->trainee->live, error) != BM_OK) {
        return BM_FAILED;
    }
    BM_TRY(bm_folder_checkpoint(folder, "last", &checkpoint, error));
    const bm_status status = restore(run, &checkpoint, error);
    bm_safetensors_free(&checkpoint);
    return status;
}

bm_status bm_run_resume(bm_run **result, const bm_experiment *experiment, const char *folder, bm_error *error) {
    bm_run *run = NULL;
    bm_status status = new_run(&run, experiment, error);
    if (status == BM_OK) {
        status = go_on(run, folder, error);
    }
    return hand_over(result, run, status);
}

/* ---- for others ------------------------------------------------------------------------------------------------- */

void bm_run_destroy(bm_run *run) {
    if (run) {
        bm_folder_close(&run->folder);
        bm_trainee_destroy(run->trainee);
        bm_changes_free(&run->changes);
        bm_arena_free(&run->arena);
        free(run);
    }
}

const char *bm_run_folder(const bm_run *run) {
    return run->folder.path;
}

bm_trainee *bm_run_trainee(const bm_run *run) {
    return run->trainee;
}

bm_status bm_run_experiment(bm_experiment *experiment, const bm_trainee_type *type, const char *folder,
                            const char *checkpoint, bm_error *error) {
    bm_safetensors file;
    memset(experiment, 0, sizeof *experiment);
    BM_TRY(bm_folder_checkpoint(folder, checkpoint, &file, error));
    const bm_status status = bm_experiment_from_metadata(experiment, type, file.metadata, error);
    bm_safetensors_free(&file);
    return status;
}
