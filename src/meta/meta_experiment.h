#ifndef BM_META_META_EXPERIMENT_H
#define BM_META_META_EXPERIMENT_H

/* What a run of meta-training is: which learner, on which family of tasks, with which settings. Written to config.yaml and into every
 * checkpoint, from which a run is rebuilt, as train/experiment.h does for agents. */
#include "meta/learner.h"
#include "meta/tasks.h"
#include "train/folder.h"

/* The settings of the outer loop and of what all learners share. */
typedef struct {
    int seed, meta_iterations, meta_batch_size;
    bm_schedule outer_lr;
    bm_variant outer_optimizer, lr_schedule;
    double max_grad_norm;
    bm_int_list net;
    int activation, init;
    int eval_every, eval_tasks, eval_final_tasks;
    bm_int_list eval_adapt_steps;
    int log_every, checkpoint_every, keep;
    double max_seconds;
} bm_meta_config;

extern const bm_options bm_meta_options;

typedef struct {
    const bm_learner_type *learner;
    const bm_tasks_type *tasks;
    const char *tasks_name; /* the type's, or the id of the environment whose options differ between tasks */
    void *learner_config, *tasks_config; /* the types' config structs, in the arena */
    bm_meta_config run;
    char command[BM_COMMAND_BYTES]; /* the command line, for people */
    bm_arena arena;
} bm_meta_experiment;

/* Looks both names up (with suggestions; tasks may be an environment's id) and fills in the defaults. Free it with
 * bm_meta_experiment_free, also after failure. */
bm_status bm_meta_experiment_create(bm_meta_experiment *experiment, const char *learner, const char *tasks,
                                    bm_error *error);
void bm_meta_experiment_free(bm_meta_experiment *experiment);

/* The embedded preset for this learner and these tasks, if there is one. */
bm_status bm_meta_experiment_preset(bm_meta_experiment *experiment, bool *found, bm_error *error);
/* Options from a YAML file; those of the tasks stand under "env". */
bm_status bm_meta_experiment_file(bm_meta_experiment *experiment, const char *path, bm_error *error);
/* One option of the run, of the learner or of the tasks, whichever has that name. */
bm_status bm_meta_experiment_set(bm_meta_experiment *experiment, const char *key, const char *value, bm_error *error);
/* Puts numbers where 0 means "choose for me" (eval_every, log_every, ...), given the length of the run. BM_INVALID: options
 * that do not go together. */
bm_status bm_meta_experiment_settle(bm_meta_experiment *experiment, bm_error *error);

/* As a training run has them (train/settings.h): the learner is the agent, the tasks are the environment. */
cJSON *bm_meta_experiment_metadata(const bm_meta_experiment *experiment); /* NULL: out of memory */
bm_status bm_meta_experiment_from_metadata(bm_meta_experiment *experiment, const cJSON *metadata, bm_error *error);
/* The folder of a new run (train/folder.h). */
bm_status bm_meta_experiment_folder(const bm_meta_experiment *experiment, bm_folder *folder, const char *runs,
                                    const char *name, bm_error *error);
bm_status bm_meta_experiment_folder_at(const bm_meta_experiment *experiment, bm_folder *folder, const char *path,
                                       bm_error *error);

/* The column of progress.csv for one score after so many steps of adaptation: "eval/mse_after_5". */
enum { BM_SCORE_COLUMN = 64 };
void bm_meta_score_column(const char *score_name, int steps, char column[BM_SCORE_COLUMN]);
/* The same in words: "mse after 5 steps of adaptation". False, and no text: it is another column. */
bool bm_meta_score_words(const char *column, char *text, size_t bytes);

#endif
