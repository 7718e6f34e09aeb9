#ifndef BM_META_META_RUN_STATE_H
#define BM_META_META_RUN_STATE_H

/* What meta_run.c (creation, checkpoints) and meta_loop.c (the outer loop) share: the inside of a bm_meta_run. */
#include "meta/meta_run.h"
#include "optim/optim.h"

/* Metrics that every run has, before the scores of evaluations. */
enum {
    BM_META_LOSS,
    BM_META_LEARNING_RATE,
    BM_META_GRAD_NORM,
    BM_META_FPS,
    BM_META_DIVERGED_TASKS,
    BM_META_SHARED_METRICS
};
enum {
    BM_META_SCORES_MAX = BM_LIST_MAX * BM_TASK_SCORES,
    BM_META_METRICS_MAX = BM_META_SHARED_METRICS + BM_META_SCORES_MAX,
};

typedef struct {
    int64_t iteration, evaluations;
    int64_t losses; /* since the last row of metrics */
    double loss_sum;
    double loss, learning_rate, grad_norm; /* of the last iteration */
    double best, latest;                   /* scores of selection evaluations */
} bm_meta_counters;

struct bm_meta_run {
    const bm_meta_experiment *experiment;
    bm_folder folder;
    bm_seed seed;
    bm_meta_model model;
    bm_adaptation *adaptation;
    bm_optim optim;
    bm_real *grad; /* [outer parameters] */
    double *score; /* [most tasks of an evaluation, numbers of steps, BM_TASK_SCORES] */
    bm_meta_counters counters;
    bm_state state;
    char column[BM_META_SCORES_MAX][BM_SCORE_COLUMN];
    const char *metric_name[BM_META_METRICS_MAX];
    int metrics;
    double log_seconds; /* at the last row, for time/fps */
    int64_t log_iteration;
    bm_arena arena;
};

/* NAME.safetensors in the run's checkpoint folder, with all metrics on the disk before it. */
bm_status bm_meta_run_save(bm_meta_run *run, const char *name, bm_error *error);
/* The checkpoint to continue from, and, with keep, a numbered one in place of the oldest kept. */
bm_status bm_meta_run_save_last(bm_meta_run *run, bm_error *error);

#endif
