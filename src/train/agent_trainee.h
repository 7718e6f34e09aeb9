#ifndef BM_TRAIN_AGENT_TRAINEE_H
#define BM_TRAIN_AGENT_TRAINEE_H

/* An agent that learns in a batch of its environment, as bellman train has it. A turn is one step of every lane. */
#include "train/eval.h"
#include "train/trainee.h"

typedef struct {
    bm_run_settings common;
    int num_envs, eval_episodes;
    double stop_at_return;
} bm_agent_run;

enum { BM_EPISODE_WINDOW = 100 };

typedef struct {
    bm_trainee common;
    bm_env_batch *env; /* one lane where it only acts */
    bm_agent *agent;   /* max_rows: BM_EVAL_LANES where it only acts */
    bm_evaluator evaluator;
    bm_actor actor; /* of agent in env */
    int64_t episodes;
    double window_return[BM_EPISODE_WINDOW], window_length[BM_EPISODE_WINDOW]; /* of the last episodes; a ring */
    bm_evaluation evaluation;                                                  /* what common.evaluation points to */
} bm_agent_trainee;

extern const bm_trainee_type bm_agent_trainee_type;

/* Of a trainee, and of an experiment, of this type. */
static inline bm_agent_trainee *bm_agent_trainee_of(const bm_trainee *trainee) {
    return (bm_agent_trainee *)(void *)trainee;
}
static inline const bm_agent_run *bm_agent_run_of(const bm_experiment *experiment) {
    return (const bm_agent_run *)(const void *)experiment->run;
}

#endif
