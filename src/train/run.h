#ifndef BM_TRAIN_RUN_H
#define BM_TRAIN_RUN_H

/* One training run: the loop that drives environment and agent, and everything that watches it (metrics, evaluation,
 * checkpoints) in a run folder. A run can be stopped at any moment, even by kill -9, and continued from its last checkpoint: it
 * then ends with the same bits as if it had never stopped. */
#include <stdatomic.h>
#include <stdint.h>

#include "train/changes.h"
#include "train/eval.h"
#include "train/experiment.h"
#include "train/folder.h"

typedef struct bm_run bm_run;

/* What a progress line shows. NAN where nothing is known yet. */
typedef struct {
    int64_t step, total;
    double seconds, steps_per_second; /* of training, evaluation not counted in the speed */
    double train_return;              /* mean over the last 100 training episodes */
    double eval_return;               /* of the latest evaluation */
    bool evaluated;                   /* just now: eval_return is new */
    int64_t episodes;
    /* valid while the visitor runs */
    const double *metric;      /* the agent's (bm_agent_type.metric_names) */
    const bm_changes *changes; /* of hyperparameters */
} bm_progress;

typedef void bm_progress_visitor(void *context, const bm_progress *progress);

typedef struct {
    int64_t steps, episodes, updates;
    double seconds, steps_per_second;
    double train_return; /* mean of the last 100 training episodes; NAN: none ended */
    bm_evaluation eval;  /* the last policy, on episodes never used for anything else */
    uint64_t hash;       /* over all state, replay buffer included */
    int interrupted;     /* the signal that stopped the run (saved, not evaluated), or 0 */
} bm_run_result;

/* Who watches a run train. */
typedef struct bm_live bm_live;
typedef struct {
    const atomic_int *stop; /* NULL: nothing stops it; non-zero, a signal's number: it saves and returns */
    bm_progress_visitor
        *visit; /* NULL, or called a few times a second, and after evaluations, from the training thread */
    void *context;
    bm_live *live; /* NULL, or train/live.h */
} bm_run_watch;

/* A fresh run. Its folder is RUNS/ENV/AGENT/NAME, NAME (when NULL) being seedS-DATE-TIME, with -2, -3... when that exists; runs that
 * belong together may be called GROUP/NAME. It gets config.yaml and a checkpoint of step 0. Nothing is created when anything is
 * wrong with the experiment. init_from (may be NULL): a run folder whose networks' weights are taken over. changes (may be NULL): a
 * file of hyperparameters that change while it trains (train/changes.h). The experiment must be settled and outlive the run. runs
 * NULL: nothing is written anywhere; the run has no folder ("") and cannot be continued. */
bm_status bm_run_create(bm_run **run, const bm_experiment *experiment, const char *runs, const char *name,
                        const char *init_from, const char *changes, bm_error *error);
/* Continues from FOLDER/checkpoint/last; experiment must come from that checkpoint (bm_run_experiment), possibly with other
 * steps, stop_at_return or max_seconds. Cuts the metric files back to the checkpoint; changes recorded after it are made again. */
bm_status bm_run_resume(bm_run **run, const bm_experiment *experiment, const char *folder, bm_error *error);
void bm_run_destroy(bm_run *run); /* NULL is fine */

/* What a caller may want to tell about: the folder and the replay buffer (NULL: none). */
const char *bm_run_folder(const bm_run *run);
const bm_replay *bm_run_replay(const bm_run *run);

/* Trains to the end, or until it is stopped, then saves. */
bm_status bm_run_train(bm_run *run, const bm_run_watch *watch, bm_run_result *result, bm_error *error);

/* The experiment stored in a run's checkpoint: "last", "best" or a step number. */
bm_status bm_run_experiment(const char *folder, const char *checkpoint, bm_experiment *experiment, bm_error *error);

/* A trained policy to play with: the agent of a checkpoint, restored, and a batch of its environment. */
typedef struct {
    bm_experiment experiment;
    bm_env_batch *env; /* one lane */
    bm_agent *agent;   /* acts only; max_rows = BM_EVAL_LANES */
    int64_t step;      /* of training */
} bm_policy;

bm_status bm_policy_load(bm_policy *policy, const char *folder, const char *checkpoint, bm_error *error);
void bm_policy_free(bm_policy *policy);

#endif
