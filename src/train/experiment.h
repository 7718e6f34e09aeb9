#ifndef BM_TRAIN_EXPERIMENT_H
#define BM_TRAIN_EXPERIMENT_H

/* What a run is: what learns, what it learns in, with which settings. All of it is options, in three tables. They come
 * from defaults, presets, files and flags, and go to config.yaml and, as a flat object of strings, into every
 * checkpoint, from which a run is rebuilt. */
#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/arena.h"
#include "core/option.h"

#define BM_VERSION "0.1.0"

enum { BM_COMMAND_BYTES = 1024 };

typedef struct bm_trainee_type bm_trainee_type;

/* The settings that every run has. A type's struct of run options begins with them. */
typedef struct {
    int seed, total; /* total: steps or iterations of the run; the type names and describes it */
    int eval_every, log_every, checkpoint_every, keep;
    double max_seconds;
} bm_run_settings;

extern const bm_options bm_run_settings_options; /* a group, without total */

/* What learns, or what it learns in. */
typedef struct {
    const char *name;          /* "dqn", "CartPole-v1" */
    const void *type;          /* of its registry: a bm_agent_type, a bm_env_type */
    const bm_options *options; /* of config, which is in the experiment's arena */
    void *config;
} bm_subject;

typedef struct {
    const bm_trainee_type *type;
    bm_subject learner, problem;    /* an agent and its environment; a meta-learner and its family of tasks */
    bm_run_settings *run;           /* the beginning of the type's own struct, in the arena */
    int threads;                    /* that a run may use; changes no result and is not written down; 0: one */
    char command[BM_COMMAND_BYTES]; /* the command line, for people */
    bm_arena arena;
} bm_experiment;

/* Looks both names up (with suggestions) and fills in the defaults. Free it also after failure. */
bm_status bm_experiment_create(bm_experiment *experiment, const bm_trainee_type *type, const char *learner,
                               const char *problem, bm_error *error);
/* The same settings, in memory of their own. */
bm_status bm_experiment_copy(bm_experiment *experiment, const bm_experiment *from, bm_error *error);
void bm_experiment_free(bm_experiment *experiment);

/* The embedded preset for this learner and problem, if there is one. */
bm_status bm_experiment_preset(bm_experiment *experiment, bool *found, bm_error *error);
/* Options from a YAML file, in RL Zoo's form or plain; the problem's stand under "env". */
bm_status bm_experiment_file(bm_experiment *experiment, const char *path, bm_error *error);
/* One option of the run, of the learner or, where the type has it so, of the problem: the first that has that name. */
bm_status bm_experiment_set(bm_experiment *experiment, const char *key, const char *value, bm_error *error);
/* Puts numbers where 0 means "choose for me" (eval_every, log_every, ...), given the length of the run. BM_INVALID:
 * options that do not go together. */
bm_status bm_experiment_settle(bm_experiment *experiment, bm_error *error);

/* As a flat object of strings: "agent", "env", "command", "version", "run.seed", "agent.gamma", "env.map", ... and
 * back. "agent" is the learner and "env" the problem, of whatever type. */
cJSON *bm_experiment_metadata(const bm_experiment *experiment); /* NULL: out of memory */
/* BM_FAILED: what it says makes no experiment; BM_INVALID: a run of another type, with what to use instead. */
bm_status bm_experiment_from_metadata(bm_experiment *experiment, const bm_trainee_type *type, const cJSON *metadata,
                                      bm_error *error);

/* config.yaml: every option as used, the versions, the command line; a file that bm_experiment_file takes back. */
bm_status bm_experiment_write(const bm_experiment *experiment, const char *path, bm_error *error);

#endif
