#ifndef BM_TRAIN_EVAL_H
#define BM_TRAIN_EVAL_H

/* Evaluation: whole episodes of an agent's policy in an environment of its own, apart from training. */
#include <stdatomic.h>

#include "envs/env.h"
#include "train/actor.h"

typedef struct {
    bm_actor actor;         /* the agent in env: what it carries there is apart from training */
    bm_env_batch *env;      /* its own batch; episodes run side by side in its lanes */
    const atomic_int *stop; /* when not NULL and non-zero, evaluations end at once, unfinished */
} bm_evaluator;

typedef struct {
    int episodes;                   /* 0: stopped, or bm_env_check(evaluator->env) fails; the rest means nothing */
    double mean_return, std_return; /* population standard deviation, as numpy.std */
    double mean_length, min, max;   /* length in steps; smallest and largest return */
} bm_evaluation;

enum { BM_EVAL_LANES = 128, BM_EVAL_STEPS_MAX = 100000 };

/* The agent must have been created with max_rows >= min(episodes, BM_EVAL_LANES). */
bm_status bm_evaluator_create(bm_evaluator *evaluator, bm_agent *agent, const bm_env_type *type, const void *config,
                              int episodes, bm_error *error);
void bm_evaluator_free(bm_evaluator *evaluator);

/* Plays episodes 0 .. episodes-1; episode i starts from child i of seeds, or, when seeds is NULL, from
 * default_rng(first_seed + i). The deterministic policy, or as in training when explore is true. An episode without end
 * (no time limit) is cut after BM_EVAL_STEPS_MAX steps. Allocates nothing. bm_env_check(evaluator->env) says whether
 * the environment failed. */
bm_evaluation bm_evaluate(bm_evaluator *evaluator, int episodes, const bm_seed *seeds, uint64_t first_seed,
                          bool explore);

#endif
