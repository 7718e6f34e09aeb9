#ifndef BM_TRAIN_EXPERIMENT_H
#define BM_TRAIN_EXPERIMENT_H

/* What a run is: which agent, in which environment, with which settings. Everything here is options; it is written to
 * config.yaml and into every checkpoint, from which a run is rebuilt. */
#include <cjson/cJSON.h>

#include "agents/agent.h"
#include "core/arena.h"
#include "envs/env.h"
#include "train/folder.h"

/* The settings of the training loop itself. */
typedef struct {
    int seed, steps, num_envs;
    int eval_every, eval_episodes, log_every, checkpoint_every, keep;
    double stop_at_return, max_seconds;
} bm_run_config;

extern const bm_options bm_run_options;

typedef struct {
    const bm_agent_type *agent;
    const bm_env_type *env;
    void *agent_config, *env_config; /* the types' config structs, in the arena */
    bm_run_config run;
    char command[BM_COMMAND_BYTES]; /* the command line, for people */
    bm_arena arena;
} bm_experiment;

/* Looks both names up (with suggestions) and fills in the defaults. Free it with bm_experiment_free, also after failure. */
bm_status bm_experiment_create(bm_experiment *experiment, const char *agent, const char *env, bm_error *error);
void bm_experiment_free(bm_experiment *experiment);

/* The embedded preset for this agent and environment, if there is one. */
bm_status bm_experiment_preset(bm_experiment *experiment, bool *found, bm_error *error);
/* Options from a YAML file, in RL Zoo's form or plain. */
bm_status bm_experiment_file(bm_experiment *experiment, const char *path, bm_error *error);
/* One option of the loop or of the agent, whichever has that name. */
bm_status bm_experiment_set(bm_experiment *experiment, const char *key, const char *value, bm_error *error);
bm_status bm_experiment_set_env(bm_experiment *experiment, const char *key, const char *value, bm_error *error);
/* Puts numbers where 0 means "choose for me" (eval_every, log_every, ...), given the length of the run. */
void bm_experiment_settle(bm_experiment *experiment);

/* As a flat object of strings: "agent", "env", "command", "version", "run.steps", "agent.gamma", "env.map", ... and back. */
cJSON *bm_experiment_metadata(const bm_experiment *experiment); /* NULL: out of memory */
bm_status bm_experiment_from_metadata(bm_experiment *experiment, const cJSON *metadata, bm_error *error);

/* config.yaml: every option as used, the versions, the command line; a file that --config takes back. */
bm_status bm_experiment_write(const bm_experiment *experiment, const char *path, bm_error *error);
/* The folder of a new run (train/folder.h). */
bm_status bm_experiment_folder(const bm_experiment *experiment, bm_folder *folder, const char *runs, const char *name,
                               bm_error *error);

#endif
