#ifndef BM_META_META_EVAL_H
#define BM_META_META_EVAL_H

/* How well the parameters of a run adapt to new tasks, beside parameters that have not learned to. All are adapted to
 * the same tasks, by the run's inner loop (meta/adaptation.h). */
#include "meta/baselines.h"

enum { BM_META_EVAL_RATES = 16, BM_META_EVAL_METHODS = 2 + BM_BASELINES };

/* Where nothing is said, the run's own settings hold: the first method then repeats its final evaluation. */
typedef struct {
    bm_int_list adapt_steps;         /* rising; none: the run's eval_adapt_steps */
    int tasks;                       /* 0: the run's eval_final_tasks */
    int shots;                       /* 0: the run's */
    int64_t seed;                    /* of tasks that are no run's; below 0: those of the final evaluation */
    int rates;                       /* 0: the run's inner_lr */
    double rate[BM_META_EVAL_RATES]; /* of step 1, 2, ...; the last one stays */
    int threads;
} bm_meta_eval_config;

/* One of those that are compared. */
typedef struct {
    const char *key, *name; /* for scripts, for people: "random", "random start" */
    int64_t iterations;     /* that it was trained for */
    bm_int_list steps;      /* of adaptation, before scores */
    bm_adaptation_result result;
    double *score; /* [tasks, steps.count, BM_TASK_SCORES]; NAN once a task has diverged */
} bm_meta_eval_method;

/* Not to be moved. */
typedef struct {
    bm_meta_eval_config config; /* with numbers in place of what was not said */
    bm_trained learned;         /* of the checkpoint that is evaluated, with config's shots as its setting */
    bm_seed seed;               /* of the tasks */
    int methods;
    bm_meta_eval_method method[BM_META_EVAL_METHODS];
    bm_arena arena;
} bm_meta_eval;

/* Reads the checkpoint ("last", "best" or an iteration) and checks what was asked for. Free it also after failure. */
bm_status bm_meta_eval_open(bm_meta_eval *eval, const char *folder, const char *checkpoint,
                            const bm_meta_eval_config *config, bm_error *error);
void bm_meta_eval_free(bm_meta_eval *eval);

/* Each adds a method with its scores. stop: NULL, or what ends it early: then the method's result says so. */
bm_status bm_meta_eval_learned(bm_meta_eval *eval, const atomic_int *stop, bm_error *error);
/* The parameters that the run began with. */
bm_status bm_meta_eval_random_start(bm_meta_eval *eval, const atomic_int *stop, bm_error *error);
/* Trained to its end, in folder (baselines.h). */
bm_status bm_meta_eval_baseline(bm_meta_eval *eval, bm_baseline which, const char *folder, const atomic_int *stop,
                                bm_error *error);

/* Of one score after one number of steps, as bm_adaptation_summary has the mean; NAN: no task. scratch [tasks]. */
double bm_meta_eval_median(const bm_meta_eval *eval, const bm_meta_eval_method *method, int at, int which,
                           double *scratch);

#endif
