#ifndef BM_TRAIN_SETTINGS_H
#define BM_TRAIN_SETTINGS_H

/* The settings of a run as three tables of options: of the run itself, of who learns, of what it learns in. They come from presets,
 * files and flags, and go to config.yaml and, as a flat object of strings, into every checkpoint, from which they come back. */
#include <cjson/cJSON.h>

#include "core/preset.h"

#define BM_VERSION "0.1.0"

enum { BM_COMMAND_BYTES = 1024 };

typedef struct {
    const char *verb;        /* who makes such runs: "train" or "meta" */
    const char *agent, *env; /* names of who learns and of what it learns in */
    const char *agent_word;  /* what the first is called: "agent", "learner" */
    const char *command;     /* the command line, for people */
    bm_preset_targets table;
} bm_settings;

/* The embedded preset for this agent and environment, if there is one. */
bm_status bm_settings_preset(const bm_settings *settings, bool *found, bm_error *error);
/* Options from a YAML file, in RL Zoo's form or plain. */
bm_status bm_settings_file(const bm_settings *settings, const char *path, bm_error *error);
/* One option of whichever of several tables has it, the first that does; owner: whose options they are, for messages. */
bm_status bm_settings_set(const bm_preset_target *const *table, int tables, const char *owner, const char *key,
                          const char *value, bm_error *error);

/* "agent", "env", "command", "version", "run.steps", "agent.gamma", "env.map", ... as strings; NULL: out of memory. */
cJSON *bm_settings_metadata(const bm_settings *settings);
/* Who learned in what, in metadata of such a run, and by what command. BM_FAILED: it does not say; BM_INVALID: a run of another
 * verb, with what to use instead. */
bm_status bm_settings_names(const cJSON *metadata, const char *verb, const char **agent, const char **env,
                            char command[BM_COMMAND_BYTES], bm_error *error);
/* The options in it. */
bm_status bm_settings_restore(const bm_settings *settings, const cJSON *metadata, bm_error *error);

/* config.yaml: every option as used, the versions, the command line; a file that --config takes back. */
bm_status bm_settings_write(const bm_settings *settings, const char *path, bm_error *error);

#endif
