#ifndef BM_TUNE_TRIAL_H
#define BM_TUNE_TRIAL_H

/* A trial of a study and what came of it, under Optuna's names. */
#include <stdint.h>

#include "tune/search_space.h"

typedef enum { BM_TRIAL_RUNNING, BM_TRIAL_COMPLETE, BM_TRIAL_PRUNED, BM_TRIAL_FAIL, BM_TRIAL_WAITING } bm_trial_state;

typedef struct {
    int64_t number; /* 0, 1, ... in the order they were begun */
    bm_trial_state state;
    double value;   /* NAN: none */
    double *param;  /* [parameters of the space] */
    int reports;    /* intermediate values so far, by rising step */
    int64_t *step;  /* [reports] */
    double *report; /* [reports] */
} bm_trial;

/* All trials of a study that have begun, by number. */
typedef struct {
    int count;
    const bm_trial *trial;
    bool maximize;
} bm_trials;

/* Whether it came to an end that says something of its parameters: COMPLETE with a number, or PRUNED. */
bool bm_trial_judged(const bm_trial *trial);
/* Below 0: a is the better one of two judged trials, above 0: b. The complete ones by value, then, as in Optuna's TPE,
 * the pruned ones by how far they came, then by their last report. Equals by number, so that 0 is a trial beside itself
 * only. */
int bm_trial_compare(const bm_trials *trials, const bm_trial *a, const bm_trial *b);
/* The trial of that number, the last of several (what others wrote may repeat one); NULL: there is none. */
const bm_trial *bm_trials_find(const bm_trials *trials, int64_t number);
/* The complete trial with the best value, the first of equals; NULL: there is none. */
const bm_trial *bm_trials_best(const bm_trials *trials);

#endif
