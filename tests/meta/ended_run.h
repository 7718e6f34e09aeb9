#ifndef BM_TESTS_META_ENDED_RUN_H
#define BM_TESTS_META_ENDED_RUN_H

/* Runs of meta-training, trained to their end. */
#include "meta/meta_trainee.h"
#include "support.h"
#include "train/run.h"

typedef struct {
    int64_t iterations;
    uint64_t hash;
    double score;
    bm_meta_evaluation evaluation;
} ended_run;

static inline void set(bm_experiment *experiment, const char *key, const char *value) {
    bm_error error;
    ck_assert_msg(bm_experiment_set(experiment, key, value, &error) == BM_OK, "%s", error.text);
}

/* Destroys the run. */
static inline ended_run train_to_the_end(bm_run *run) {
    bm_run_result result;
    bm_error error;
    ck_assert_msg(bm_run_train(run, &(bm_run_watch){0}, &result, &error) == BM_OK, "%s", error.text);
    ck_assert_ptr_nonnull(result.evaluation);
    const ended_run ended = {result.steps, result.hash, result.score, *(const bm_meta_evaluation *)result.evaluation};
    bm_run_destroy(run);
    return ended;
}

#endif
