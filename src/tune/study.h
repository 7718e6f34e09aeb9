#ifndef BM_TUNE_STUDY_H
#define BM_TUNE_STUDY_H

/* A study from the first trial to the number that is reported. Three sets of seeds, none of which another uses: every
 * trial is scored over the folds; the best few are scored again over validation seeds, which choose one; and that one
 * over test seeds, whose mean is reported. Everything that is known stands in the store, so that a study goes on
 * wherever it was stopped.
 *
 * Several processes may work on one study. Each begins trials of its own, and takes up those of processes that are
 * gone; none chooses finalists before the others' trials have ended. They then all validate and test the same, with the
 * same seeds and scores. */
#include <stdatomic.h>

#include "tune/pruner.h"
#include "tune/sampler.h"
#include "tune/store.h"
#include "tune/workers.h"

enum { BM_STUDY_FOLD_SEED = 101, BM_STUDY_VALIDATION_SEED = 1001, BM_STUDY_TEST_SEED = 5001, BM_STUDY_FINALISTS = 16 };

typedef enum { BM_STUDY_SEARCHES, BM_STUDY_VALIDATES, BM_STUDY_TESTS, BM_STUDY_ENDED } bm_study_phase;

/* A trial, or a part of the validation or test, that is being worked on. */
typedef struct {
    int64_t number, step; /* step: of all its folds together */
    double value;         /* the latest known; NAN: none */
} bm_study_running;

/* Scores of one configuration over several seeds. */
typedef struct {
    int64_t number;
    int seeds;
    double mean, std; /* over seeds; std: of the population */
} bm_study_score;

/* How a study stands. */
typedef struct {
    bm_study_phase phase;
    bm_trials trials;
    int64_t wanted, complete, pruned, failed; /* trials */
    int64_t ended_before;                     /* of them, when this process began */
    int elsewhere;                            /* that other processes work on, as far as this one waits for them */
    int64_t steps;                            /* of a whole trial */
    int64_t steps_made;                       /* by trials that have ended, since this process began */
    int running;
    bm_study_running run[BM_WORKERS];
    int finalists;
    bm_study_score finalist[BM_STUDY_FINALISTS]; /* validated, seeds 0: not yet */
    bm_study_score test;                         /* of the chosen one (number -1: none yet); seeds 0: not yet */
    char failure[640];                           /* the last of validation and test, in words; "": none */
    double seconds;                              /* since this process began */
} bm_study_view;

typedef void bm_study_visitor(void *context, const bm_study_view *view);

typedef struct {
    const bm_tune_objective *objective;
    const bm_search_space *space;
    bm_variant sampler, pruner; /* of bm_sampler_kinds, bm_pruner_kinds */
    uint64_t seed;              /* of the sampler */
    int64_t trials;             /* how many there are to be in all, those that are there already among them */
    int folds, jobs;
    int finalists, validations, tests; /* configurations; seeds each. finalists 0: the search alone */
    bm_store *store;                   /* with its study open */
    const atomic_int *stop;            /* non-zero: end, with everything saved */
    bm_study_visitor *visit;           /* a few times a second, and when something has happened; or NULL */
    void *context;
} bm_study_setup;

/* BM_OK also when it was stopped. view: how it ended; its trials belong to the store. */
bm_status bm_study_run(const bm_study_setup *setup, bm_study_view *view, bm_error *error);

#endif
