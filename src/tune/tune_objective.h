#ifndef BM_TUNE_TUNE_OBJECTIVE_H
#define BM_TUNE_TUNE_OBJECTIVE_H

/* What a study optimises: a function from settings and a seed to a score, with values on the way. */
#include <stdint.h>

#include "core/error.h"
#include "optim/descent.h"
#include "train/experiment.h"

typedef struct {
    const char *key, *value;
} bm_setting;

/* step: how far the evaluation is; value: the score so far, NAN where it only says that it goes on. False: end now. */
typedef bool bm_tune_visitor(void *context, int64_t step, double value);

typedef struct bm_tune_objective {
    bool maximize;
    int64_t steps; /* of an evaluation */
    /* Whether these settings can be applied at all. Allocates nothing that stays. */
    bm_status (*check)(const struct bm_tune_objective *objective, const bm_setting *settings, int count,
                       bm_error *error);
    /* BM_OK with *value NAN: it was ended by the visitor. BM_FAILED: it diverged, or the machine refused. */
    bm_status (*evaluate)(const struct bm_tune_objective *objective, const bm_setting *settings, int count,
                          uint64_t seed, bm_tune_visitor *visit, void *context, double *value, bm_error *error);
    const void *self;
} bm_tune_objective;

/* Trains as experiment says, without a run folder; the score is the last policy's mean return over eval_episodes, the
 * values on the way those of evaluations. experiment must outlive the objective. */
bm_tune_objective bm_tune_training(const bm_experiment *experiment);

/* Runs a method on a function for so many steps; the score is the least value found, to be minimised. A seed draws the
 * start, in the function's window, and noise. */
typedef struct {
    bm_objective *function;
    bm_method method;
    bm_descent_setup base;
    int64_t steps;
    uint64_t own_seed; /* this one takes the function's own start */
} bm_tune_function;
bm_tune_objective bm_tune_descent(const bm_tune_function *function);

#endif
