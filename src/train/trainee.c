/* Trainees, made from an experiment or from a checkpoint; see trainee.h. */
#include "train/trainee.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/changes.h"
#include "train/run.h"

bm_status bm_trainee_create(bm_trainee **result, const bm_experiment *experiment, bool acts_only, bm_error *error) {
    bm_trainee *trainee = calloc(1, experiment->type->bytes);
    if (!trainee) {
        return bm_fail(error, "not enough memory for %s", experiment->learner.name);
    }
    trainee->type = experiment->type;
    trainee->experiment = experiment;
    trainee->acts_only = acts_only;
    trainee->seed = bm_seed_of((uint64_t)experiment->run->seed);
    trainee->stride = 1;
    trainee->training = trainee->score = trainee->goal = NAN;
    trainee->eligible = trainee->larger_is_better = true;
    bm_status status = trainee->type->create(trainee, error);
    if (status == BM_OK) {
        status = bm_arena_check(&trainee->arena, experiment->learner.name, error);
    }
    if (status != BM_OK) {
        bm_trainee_destroy(trainee);
        return status;
    }
    *result = trainee;
    return BM_OK;
}

void bm_trainee_destroy(bm_trainee *trainee) {
    if (trainee) {
        trainee->type->destroy(trainee);
        bm_arena_free(&trainee->arena);
        free(trainee);
    }
}

/* ---- from a checkpoint ------------------------------------------------------------------------------------------ */

static bm_status restore(bm_trainee *trainee, const bm_safetensors *file, bm_error *error) {
    double count;
    bm_state state = {0};
    trainee->type->state(trainee, &state);
    bm_status status = bm_state_check(&state, error);
    if (status == BM_OK) {
        status = bm_safetensors_restore(file, &state, error);
    }
    bm_state_free(&state);
    BM_TRY(status);
    BM_TRY(bm_checkpoint_number(file, "step", &count, error));
    trainee->count = (int64_t)count;
    return BM_OK;
}

/* Options changed while it trained, up to the checkpoint: exploration may be among them. */
static bm_status recall_changes(bm_trainee *trainee, const char *folder, bm_error *error) {
    bm_changes changes = {0};
    bm_status status = bm_changes_recall(&changes, folder, error);
    if (status == BM_OK) {
        status = bm_changes_apply(&changes, trainee->count, &trainee->live, error);
    }
    bm_changes_free(&changes);
    return status;
}

bm_status bm_trained_load(bm_trained *trained, const bm_trainee_type *type, const char *folder, const char *checkpoint,
                          bm_error *error) {
    bm_safetensors file;
    memset(trained, 0, sizeof *trained);
    BM_TRY(bm_folder_checkpoint(folder, checkpoint, &file, error));
    bm_status status = bm_experiment_from_metadata(&trained->experiment, type, file.metadata, error);
    if (status == BM_OK) {
        status = bm_trainee_create(&trained->trainee, &trained->experiment, true, error);
    }
    if (status == BM_OK) {
        status = restore(trained->trainee, &file, error);
    }
    bm_safetensors_free(&file);
    return status == BM_OK ? recall_changes(trained->trainee, folder, error) : status;
}

void bm_trained_free(bm_trained *trained) {
    bm_trainee_destroy(trained->trainee);
    bm_experiment_free(&trained->experiment);
    trained->trainee = NULL;
}
