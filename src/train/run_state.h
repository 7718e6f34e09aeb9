#ifndef BM_TRAIN_RUN_STATE_H
#define BM_TRAIN_RUN_STATE_H

/* The inside of a bm_run, for run.c and live.c. */
#include "train/run.h"

struct bm_run {
    const bm_experiment *experiment;
    bm_folder folder;
    bm_trainee *trainee;
    int64_t evaluations; /* the number of the last selection */
    double best, latest; /* scores of selections; NAN: none yet */
    bm_replay_file replay_file;
    bm_changes changes; /* of hyperparameters, while training */
    double *row;        /* [trainee->metrics] */
    double log_seconds; /* at the last row, for the speed since */
    int64_t log_count;
    bm_arena arena;
};

/* The checkpoint to continue from, and, with keep, a numbered one in place of the oldest kept. */
bm_status bm_run_save_last(bm_run *run, bm_error *error);

#endif
