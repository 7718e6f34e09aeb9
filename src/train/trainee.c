/* Trainees, made from an experiment or from a checkpoint; see trainee.h. */
#include "train/trainee.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/changes.h"
#include "train/run.h"

bm_status bm_trainee_create(bm_trainee **result, const bm_experiment *experiment, bool acts_only, bm_error *error) {
    bm_trainee *trainee = *result = calloc(1, experiment->type->bytes);
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
    BM_TRY(trainee->type->create(trainee, error));
    BM_TRY(bm_arena_check(&trainee->arena, experiment->learner.name, error));
    bm_state_enter(&trainee->state, "run");
    bm_state_count(&trainee->state, "step", &trainee->count);
    bm_state_scalar(&trainee->state, "training", BM_F64, &trainee->training);
    bm_state_leave(&trainee->state);
    trainee->type->state(trainee, &trainee->state);
    return bm_state_check(&trainee->state, error);
}

void bm_trainee_destroy(bm_trainee *trainee) {
    if (trainee) {
        trainee->type->destroy(trainee);
        bm_state_free(&trainee->state);
        bm_arena_free(&trainee->arena);
        free(trainee);
    }
}

/* ---- from a checkpoint ------------------------------------------------------------------------------------------ */

/* With options as changed while it trained, up to the checkpoint: exploration may be among them. */
static bm_status restore(bm_trainee *trainee, const bm_safetensors *file, const char *folder, bm_error *error) {
    bm_changes changes = {0};
    BM_TRY(bm_safetensors_restore(file, &trainee->state, error));
    bm_status status = bm_changes_recall(&changes, folder, error);
    if (status == BM_OK) {
        status = bm_changes_apply(&changes, trainee->count, &trainee->live, error);
    }
    bm_changes_free(&changes);
    return status;
}

bm_status bm_trained_load(bm_trained *trained, const bm_trainee_type *type, const char *folder, const char *checkpoint,
                          bm_error *error) {
    bm_experiment *experiment = &trained->experiment;
    bm_safetensors file;
    memset(trained, 0, sizeof *trained);
    BM_TRY(bm_folder_checkpoint(folder, checkpoint, &file, error));
    bm_status status = bm_experiment_from_metadata(experiment, type, file.metadata, error);
    if (status == BM_OK && (status = bm_trainee_create(&trained->trainee, experiment, true, error)) == BM_OK) {
        status = restore(trained->trainee, &file, folder, error);
    }
    bm_safetensors_free(&file);
    return status;
}

void bm_trained_free(bm_trained *trained) {
    bm_trainee_destroy(trained->trainee);
    bm_experiment_free(&trained->experiment);
    trained->trainee = NULL;
}
