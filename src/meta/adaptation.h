#ifndef BM_META_ADAPTATION_H
#define BM_META_ADAPTATION_H

/* What learned parameters are for: adaptation to tasks of a test, as the learner's inner loop has it, with scores on
 * the way. Tasks are independent and shared out to the learner's pool: any number of threads gives the same bits, and a
 * task never depends on how many tasks or steps are asked for. */
#include <stdatomic.h>

#include "meta/learner.h"

typedef struct bm_adaptation bm_adaptation;

/* BM_INVALID, with a sentence about the option called name: numbers of steps that do not rise, or none. */
bm_status bm_adaptation_check_steps(const char *name, const bm_int_list *steps, bm_error *error);

/* Scores after so many steps of adaptation, rising. The learner must outlive it. Destroy it also after failure. */
bm_status bm_adaptation_create(bm_adaptation **adaptation, const bm_learner *learner, const bm_int_list *steps,
                               bm_error *error);
void bm_adaptation_destroy(bm_adaptation *adaptation); /* NULL is fine */

/* Step sizes in place of the learner's inner_lr: rate [count > 0] of step 1, 2, ..., the last for all steps after it
 * too. BM_INVALID: one that inner_lr refuses, or a learner that has learned its own. */
bm_status bm_adaptation_rates(bm_adaptation *adaptation, int count, const double *rate, bm_error *error);

/* A task has diverged when one of its numbers is not finite, or when the loss over its query rows is above 1000 times
 * what it was before adaptation (a step that is too long throws a few tasks to 1e60, which one mean would not survive).
 * Its scores are NAN from then on. */
typedef struct {
    int diverged;          /* so many such tasks */
    int first_task;        /* the first of them; -1: none */
    int first_after;       /* after how many steps of its adaptation */
    const bm_error *fault; /* how an environment failed; NULL: none did */
    bool stopped;          /* on the way: nothing here or in the scores means anything */
} bm_adaptation_result;

/* Adapts outer [learner->parameters] to tasks 0 .. tasks-1, task i being child i of seed. score [tasks, steps,
 * BM_TASK_SCORES]. stop: NULL, or what ends it early by becoming non-zero. */
bm_adaptation_result bm_adaptation_run(bm_adaptation *adaptation, const bm_seed *seed, const bm_real *outer, int tasks,
                                       const atomic_int *stop, double *score);

/* One score after one number of steps, over the tasks that have not diverged. */
typedef struct {
    int tasks;
    double mean, std;  /* over tasks; NAN: too few of them */
    double half_width; /* half of the normal 95 % interval of the mean, as papers give it */
} bm_adaptation_mean;

/* Of steps numbers of steps, number at; score as above. */
bm_adaptation_mean bm_adaptation_summary(const double *score, int tasks, int steps, int at, int which);

#endif
