#ifndef BM_META_META_RUN_H
#define BM_META_META_RUN_H

/* One run of meta-training in a folder of its own. It can be stopped at any moment, even by kill -9, and continued from its last
 * checkpoint: it then ends with the same bits as if it had never stopped. Threads share the tasks of a batch, and never matter for
 * the bits either. */
#include <stdatomic.h>

#include "meta/adaptation.h"
#include "meta/meta_model.h"

typedef struct bm_meta_run bm_meta_run;

/* Children of the run's seed, by purpose. Numbers are part of what "same seed, same run" means: never reuse one. */
enum {
    BM_META_STREAM_INIT,
    BM_META_STREAM_TASKS,
    BM_META_STREAM_SELECTION,
    BM_META_STREAM_EVALUATION,
    BM_META_STREAM_OTHER_TASKS, /* of a seed that bellman meta eval is given */
};

/* Scores after each of the numbers of steps in eval_adapt_steps; .tasks 0: not evaluated yet. */
typedef struct {
    int tasks;
    bm_adaptation_result adaptation;
    bm_adaptation_mean mean[BM_LIST_MAX][BM_TASK_SCORES];
} bm_meta_evaluation;

/* What a progress line shows. NAN where nothing is known yet. */
typedef struct {
    int64_t iteration, total;
    double seconds, iterations_per_second; /* of training, evaluation not counted in the speed */
    double loss;                           /* after adaptation, of the latest batch */
    double score; /* the first one, after the last of eval_adapt_steps, of the latest evaluation */
} bm_meta_progress;

typedef void bm_meta_visitor(void *context, const bm_meta_progress *progress);

/* Who watches a run train. */
typedef struct {
    const atomic_int *stop; /* NULL: nothing stops it; non-zero, a signal's number: it saves and returns */
    bm_meta_visitor *visit; /* NULL, or called a few times a second and after evaluations, from the training thread */
    void *context;
} bm_meta_watch;

typedef struct {
    int64_t iterations;
    double seconds, iterations_per_second;
    double loss;                   /* of the last batch */
    bm_meta_evaluation evaluation; /* on tasks never used for anything else */
    uint64_t hash;                 /* over all state */
    int interrupted;               /* the signal that stopped the run (saved, not evaluated), or 0 */
} bm_meta_result;

/* A fresh run in RUNS/TASKS/LEARNER/NAME (train/folder.h), with config.yaml and a checkpoint of step 0. Nothing is created when
 * anything is wrong with the experiment, which must be settled and outlive the run. runs NULL: nothing is written anywhere. */
bm_status bm_meta_run_create(bm_meta_run **run, const bm_meta_experiment *experiment, int threads, const char *runs,
                             const char *name, bm_error *error);
/* The same in exactly this folder, in place of a run that may be in it. */
bm_status bm_meta_run_create_at(bm_meta_run **run, const bm_meta_experiment *experiment, int threads,
                                const char *folder, bm_error *error);
/* Continues from FOLDER/checkpoint/last; experiment must come from there (bm_meta_run_experiment), possibly with other
 * meta_iterations, max_seconds, checkpoint_every or keep. BM_INVALID: meta_iterations below what has been made. */
bm_status bm_meta_run_resume(bm_meta_run **run, const bm_meta_experiment *experiment, int threads, const char *folder,
                             bm_error *error);
void bm_meta_run_destroy(bm_meta_run *run); /* NULL is fine */
const char *bm_meta_run_folder(const bm_meta_run *run);
const bm_meta_model *bm_meta_run_model(const bm_meta_run *run); /* its outer parameters change between two visits */
int64_t bm_meta_run_iteration(const bm_meta_run *run);

/* Trains to the end, or until it is stopped, then saves. BM_FAILED too when it diverges: nothing is saved then. */
bm_status bm_meta_run_train(bm_meta_run *run, const bm_meta_watch *watch, bm_meta_result *result, bm_error *error);

/* The parameters that a run of this experiment begins with, into the model. */
bm_status bm_meta_run_initial(const bm_meta_model *model, const bm_meta_experiment *experiment, bm_error *error);

/* The experiment stored in a run's checkpoint: "last", "best" or an iteration. */
bm_status bm_meta_run_experiment(const char *folder, const char *checkpoint, bm_meta_experiment *experiment,
                                 bm_error *error);

#endif
