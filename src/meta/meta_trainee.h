#ifndef BM_META_META_TRAINEE_H
#define BM_META_META_TRAINEE_H

/* A meta-learner that learns from a family of tasks, as a run trains it: bellman meta. A turn is one iteration of the
 * outer loop. Threads share the tasks of a batch, and never matter for the bits. */
#include "meta/adaptation.h"
#include "optim/optim.h"
#include "train/trainee.h"

/* The settings of the outer loop and of what all learners share. */
typedef struct {
    bm_run_settings common;
    int meta_batch_size;
    bm_schedule outer_lr;
    bm_variant outer_optimizer, lr_schedule;
    double max_grad_norm;
    bm_int_list net;
    int activation, init;
    int eval_tasks, eval_final_tasks;
    bm_int_list eval_adapt_steps;
} bm_meta_run;

/* Scores after each of the numbers of steps in eval_adapt_steps. */
typedef struct {
    int tasks;
    bm_adaptation_result adaptation;
    bm_adaptation_mean mean[BM_LIST_MAX][BM_TASK_SCORES];
} bm_meta_evaluation;

enum { BM_SCORE_COLUMN = 64 };

typedef struct {
    bm_trainee common; /* training: the loss of the last batch, after adaptation */
    bm_meta_run *run;  /* a copy, in which live options change */
    bm_pool *pool;
    bm_tasks *tasks;
    bm_learner *learner;
    bm_real *outer;            /* [learner->parameters] what is learned */
    bm_adaptation *adaptation; /* where it only acts: whoever wants one creates it */
    /* none of these where it only acts: */
    bm_optim optim;
    bm_real *grad;  /* [learner->parameters] */
    double *score;  /* [most tasks of an evaluation, numbers of steps, BM_TASK_SCORES] */
    int64_t losses; /* since the last row of metrics */
    double loss_sum, learning_rate, grad_norm;
    bm_meta_evaluation evaluation;   /* what common.evaluation points to */
    char (*column)[BM_SCORE_COLUMN]; /* [scores, numbers of steps] names of metrics */
} bm_meta_trainee;

extern const bm_trainee_type bm_meta_trainee_type;

/* Of a trainee, and of an experiment, of this type. */
static inline bm_meta_trainee *bm_meta_trainee_of(const bm_trainee *trainee) {
    return (bm_meta_trainee *)(void *)trainee;
}
static inline bm_meta_run *bm_meta_run_of(const bm_experiment *experiment) {
    return (bm_meta_run *)(void *)experiment->run;
}
static inline const bm_tasks_type *bm_meta_tasks_of(const bm_experiment *experiment) {
    return experiment->problem.type;
}

enum { BM_META_STREAM_OTHER_TASKS = 4 }; /* of a seed that bellman meta eval is given */

/* The parameters that a run begins with, into outer. BM_FAILED: not enough memory. */
bm_status bm_meta_begin(bm_trainee *trainee, bm_error *error);

/* A column of progress.csv for one score after so many steps of adaptation, "eval/mse_after_5", in words: "mse after 5
 * steps of adaptation". False, and no text: it is another column. */
bool bm_meta_score_words(const char *column, char *text, size_t bytes);

#endif
