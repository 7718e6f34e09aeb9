#ifndef BM_TRAIN_RUN_H
#define BM_TRAIN_RUN_H

/* One run: the loop that trains something (train/trainee.h), and everything that watches it (metrics, evaluation,
 * checkpoints) in a run folder. A run can be stopped at any moment, even by kill -9, and continued from its last
 * checkpoint: it then ends with the same bits as if it had never stopped. */
#include "train/changes.h"
#include "train/trainee.h"

typedef struct bm_run bm_run;
typedef struct bm_live bm_live; /* train/live.h */

/* What a progress line shows. NAN where nothing is known yet. */
typedef struct {
    int64_t step, total;              /* or iterations */
    double seconds, steps_per_second; /* of training, evaluation not counted in the speed */
    double training; /* how training goes: mean return over the last 100 episodes, loss of the last batch */
    double score;    /* of the latest evaluation */
    bool evaluated;  /* just now: score is new */
    /* valid while the visitor runs */
    const bm_trainee *trainee;
    const bm_changes *changes; /* of hyperparameters */
} bm_progress;

typedef void bm_progress_visitor(void *context, const bm_progress *progress);

typedef struct {
    int64_t steps; /* or iterations */
    double seconds, steps_per_second;
    double training; /* as in bm_progress */
    double score;    /* of the final evaluation, on what was never used for anything else; NAN: stopped before it */
    const void *evaluation; /* the whole of it, of the trainee's own type, until the run is destroyed; NULL: stopped */
    uint64_t hash;          /* over all state, replay buffer included */
    int interrupted;        /* the signal that stopped the run (saved, not evaluated), or 0 */
} bm_run_result;

/* Who watches a run train. */
typedef struct {
    const atomic_int *stop; /* NULL: nothing stops it; non-zero, a signal's number: it saves and returns */
    bm_progress_visitor
        *visit; /* NULL, or called a few times a second, and after evaluations, from the training thread */
    void *context;
    bm_live *live; /* NULL, or who watches and turns knobs in another thread */
} bm_run_watch;

/* Where a fresh run lies and what it begins with. All may be NULL. */
typedef struct {
    const char *runs, *name; /* its folder is RUNS/PROBLEM/LEARNER/NAME (train/folder.h) */
    const char *folder;      /* exactly this one, in place of a run that may be in it */
    const char *init_from;   /* a run folder whose networks' weights are taken over */
    const char *changes;     /* a file of hyperparameters that change while it trains (train/changes.h) */
} bm_run_start;

/* A fresh run, with config.yaml and a checkpoint of step 0 in its folder. Nothing is created when anything is wrong
 * with the experiment, which must be settled and outlive the run. Neither runs nor folder: nothing is written anywhere;
 * the run has no folder ("") and cannot be continued. Destroy the run also after failure, as one that is resumed. */
bm_status bm_run_create(bm_run **created, const bm_experiment *experiment, const bm_run_start *start, bm_error *error);
/* Continues from FOLDER/checkpoint/last; experiment must come from that checkpoint (bm_run_experiment), possibly with
 * another total, goal, max_seconds, checkpoint_every or keep. Cuts the metric files back to the checkpoint; changes
 * recorded after it are made again. BM_INVALID: a total below what has been made. */
bm_status bm_run_resume(bm_run **created, const bm_experiment *experiment, const char *folder, bm_error *error);
void bm_run_destroy(bm_run *run); /* NULL is fine */

const char *bm_run_folder(const bm_run *run);
bm_trainee *bm_run_trainee(const bm_run *run); /* it changes while the run trains, between two visits */

/* Trains to the end, or until it is stopped, then saves. BM_FAILED too when it diverges: nothing is saved then. */
bm_status bm_run_train(bm_run *run, const bm_run_watch *watch, bm_run_result *result, bm_error *error);

/* The experiment stored in a run's checkpoint: "last", "best" or a number. */
bm_status bm_run_experiment(bm_experiment *experiment, const bm_trainee_type *type, const char *folder,
                            const char *checkpoint, bm_error *error);

#endif
