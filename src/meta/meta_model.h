#ifndef BM_META_META_MODEL_H
#define BM_META_META_MODEL_H

/* What is meta-learned: the outer parameters, with the learner and the tasks that say what they are for. A run of training fills them;
 * whoever wants to see what they are good for loads them from a checkpoint. */
#include "meta/meta_experiment.h"

/* Starts as {0}. */
typedef struct {
    bm_pool *pool;
    bm_tasks *tasks;
    bm_learner *learner;
    bm_real *outer; /* [learner->parameters] */
    bm_arena arena;
} bm_meta_model;

/* outer is zero. The experiment must outlive it. BM_INVALID: settings that do not go together. */
bm_status bm_meta_model_create(bm_meta_model *model, const bm_meta_experiment *experiment, int threads,
                               bm_error *error);
/* Names the parameters: nets.*, and what a policy or a learner keeps beside a network. */
void bm_meta_model_state(const bm_meta_model *model, bm_state *state);
void bm_meta_model_free(bm_meta_model *model);

/* As a run has learned it. Not to be moved: the model looks at the experiment. */
typedef struct {
    bm_meta_experiment experiment;
    bm_meta_model model;
    int64_t iteration; /* of training */
} bm_meta_learned;

/* checkpoint: "last", "best" or an iteration. Free it with bm_meta_learned_free, also after failure. */
bm_status bm_meta_learned_load(bm_meta_learned *learned, const char *folder, const char *checkpoint, int threads,
                               bm_error *error);
void bm_meta_learned_free(bm_meta_learned *learned);

#endif
