#ifndef BM_TRAIN_RUN_STATE_H
#define BM_TRAIN_RUN_STATE_H

/* What run.c (creation, checkpoints) and loop.c (the loop) share: the inside of a bm_run. */
#include "train/actor.h"
#include "train/changes.h"
#include "train/folder.h"
#include "train/run.h"

enum { BM_RUN_WINDOW = 100, BM_RUN_METRICS_MAX = 6 + 64 };

/* Children of the run's seed, by purpose. Numbers are part of what "same seed, same run" means: never reuse one. */
enum { BM_STREAM_LANES, BM_STREAM_AGENT, BM_STREAM_SELECTION, BM_STREAM_EVALUATION };

/* Metrics that every run has, before the agent's own. */
enum {
    BM_EP_REW_MEAN,
    BM_EP_LEN_MEAN,
    BM_EVAL_MEAN_REWARD,
    BM_EVAL_MEAN_EP_LENGTH,
    BM_FPS,
    BM_TOTAL_TIMESTEPS,
    BM_SHARED_METRICS
};

typedef struct {
    int64_t step, episodes, evaluations;
    double window_return[BM_RUN_WINDOW], window_length[BM_RUN_WINDOW]; /* of the last episodes; a ring by episodes */
    double best, latest;                                               /* mean returns of selection evaluations */
} bm_run_counters;

struct bm_run {
    const bm_experiment *experiment;
    bm_folder folder;
    bm_seed seed;
    bm_env_batch *env;
    bm_agent *agent;
    bm_evaluator evaluator;
    bm_actor actor;
    bm_run_counters counters;
    bm_state state;
    const char *metric_names[BM_RUN_METRICS_MAX];
    int metric_count;
    bm_replay_file replay_file;
    bm_changes changes; /* of hyperparameters, while training */
    double log_seconds; /* at the last row, for time/fps */
    int64_t log_step;
    bm_arena arena;
};

/* NAME.safetensors in the run's checkpoint folder, with all metrics on the disk before it. */
bm_status bm_run_save(bm_run *run, const char *name, bool with_replay, bm_error *error);
/* The checkpoint to continue from, and, with --keep, a numbered one in place of the oldest kept. */
bm_status bm_run_save_last(bm_run *run, bm_error *error);

/* The file of changes in the run folder. */
void bm_run_changes_path(const bm_run *run, char *path, size_t bytes);

#endif
