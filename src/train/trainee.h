#ifndef BM_TRAIN_TRAINEE_H
#define BM_TRAIN_TRAINEE_H

/* What a run trains (train/run.h): anything that can take a turn, be evaluated, list its state and name its metrics. An
 * agent in its environment is one (train/agent_trainee.h), a meta-learner on its tasks another. */
#include <stdatomic.h>

#include "core/preset.h"
#include "core/rng.h"
#include "core/state.h"
#include "train/experiment.h"
#include "train/folder.h"

typedef struct bm_trainee bm_trainee;

/* Children of the run's seed, by purpose. Numbers are part of what "same seed, same run" means: never reuse one. 0 and
 * 1 are the type's own. */
enum { BM_STREAM_SELECTION = 2, BM_STREAM_EVALUATION = 3 };
enum { BM_FINAL_EVALUATION = 0 }; /* in place of the number of a selection */

struct bm_trainee_type {
    const char *verb;         /* of the command that trains such: "train" */
    const char *learner_word; /* what its learners are called: "agent" */
    const char *unit;         /* what is counted: "steps" */
    const char *total_name;   /* the option that is run->total: "steps" */
    const char *weights; /* arrays that --init-from takes from another run have names that begin so: "agent.nets." */
    bool problem_flags;  /* the problem's options are set by plain flags too */
    int clock_every;     /* turns between two looks at the clock */
    size_t bytes;        /* of its struct, which begins with a bm_trainee */
    const bm_options *run_options;
    const char *(*learner_name)(int i); /* the registry's, from 0; NULL: there are no more */
    const char *(*problem_name)(int i);
    /* Sets the names, types and options of learner and problem. */
    bm_status (*lookup)(bm_experiment *experiment, const char *learner, const char *problem, bm_error *error);
    bm_status (*settle)(bm_experiment *experiment, bm_error *error); /* checks what goes together; NULL: everything */
    /* Builds what trainee->experiment says, no more than acting takes where acts_only; and fills in the fields below.
     * What it has made is destroyed by destroy, also after failure. */
    bm_status (*create)(bm_trainee *trainee, bm_error *error);
    void (*destroy)(bm_trainee *trainee);
    bm_status (*begin)(bm_trainee *trainee, bm_error *error); /* of a run that is not resumed */
    /* One turn: count grows by stride. BM_FAILED: it diverged; the sentence says how and what to try. */
    bm_status (*advance)(bm_trainee *trainee, bm_error *error);
    /* Scores what has been learned, for the selection of that number (1, 2, ...) or as BM_FINAL_EVALUATION, and says in
     * trainee->scored whether it came to its end; stop ends it early. BM_FAILED: an environment failed. */
    bm_status (*evaluate)(bm_trainee *trainee, int64_t selection, const atomic_int *stop, bm_error *error);
    /* values [metrics]: a row for progress.csv; fps: counts a second since the last. Evaluations have values where one
     * was just made. */
    void (*measure)(bm_trainee *trainee, bool evaluated, double fps, double *values);
    /* Checks what a checkpoint has put into the state, beyond its bounds; NULL: there is nothing to check. */
    bm_status (*restored)(const bm_trainee *trainee, bm_error *error);
    void (*state)(bm_trainee *trainee, bm_state *state); /* where acts_only, of what acts alone */
};

struct bm_trainee {
    const bm_trainee_type *type;
    const bm_experiment *experiment;
    bool acts_only;
    bm_seed seed;
    bm_folder *folder; /* of the run; NULL for what only acts */
    int64_t count;     /* steps or iterations so far */
    int stride;        /* of one turn */
    double training;   /* how training goes: mean return of the last episodes, or loss; NAN: not known yet */
    /* of the last evaluation: */
    bool scored;            /* it was not stopped on the way */
    double score;           /* by which runs are compared */
    bool eligible;          /* what was evaluated may be the best */
    const void *evaluation; /* all of it, of the type's own */
    bool larger_is_better;
    double goal;           /* a score that ends the run; NAN: none */
    const char *metric;    /* the column by which runs are compared, which checkpoints name; NULL: the usual one */
    bm_replay *replay;     /* NULL, or a buffer that is saved in its own file */
    bm_preset_target live; /* options that may change meanwhile, with the config that is in force */
    int metrics;
    const char **metric_name; /* [metrics] */
    bm_state state;           /* count and training, then what the type lists; a run adds its own */
    bm_arena arena;
};

/* The experiment must outlive the trainee, and be settled where it is to learn. Destroy it also after failure. */
bm_status bm_trainee_create(bm_trainee **trainee, const bm_experiment *experiment, bool acts_only, bm_error *error);
void bm_trainee_destroy(bm_trainee *trainee); /* NULL is fine */

/* What a run has learned, to act with. Not to be moved: the trainee looks at the experiment. */
typedef struct {
    bm_experiment experiment;
    bm_trainee *trainee; /* its count: how long it was trained */
} bm_trained;

/* checkpoint: "last", "best" or a number. Free it with bm_trained_free, also after failure. */
bm_status bm_trained_load(bm_trained *trained, const bm_trainee_type *type, const char *folder, const char *checkpoint,
                          bm_error *error);
void bm_trained_free(bm_trained *trained);

#endif
