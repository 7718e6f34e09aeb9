#ifndef BM_CORE_PRESET_H
#define BM_CORE_PRESET_H

/* Hyperparameters from YAML files in the form of RL Zoo (Raffin 2020), one file per agent:
 *
 *     CartPole-v1:                                       # a section per environment ...
 *       n_timesteps: !!float 5e4                         # (RL Zoo's name; "steps" means the same)
 *       learning_rate: lin_0.001
 *       optimizer: {name: adam, beta1: 0.8}              # a variant; or optimizer: adam and optimizer.beta1: 0.8
 *       policy_kwargs: "dict(net_arch=[256, 256])"       # or net_arch: [256, 256]
 *       env: {goal_velocity: 0.1}                        # the environment's own options
 *
 * or, for --config, the options alone, without sections. */
#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/option.h"

/* A table and the config it describes. */
typedef struct {
    const bm_options *options;
    void *config;
} bm_preset_target;

/* Where keys go: to the agent, or else to the run; what stands under "env" to env. Any may be {NULL, NULL}; without
 * env, that part of a preset is passed over. */
typedef struct {
    bm_preset_target agent, run, env;
} bm_preset_targets;

/* Applies text [bytes], of the file called name, over what the configs hold. *found: whether the text is about env_id
 * (always, when it has no sections); a file without a section for env_id is no error and changes nothing. BM_INVALID
 * names file, line, key and, for a misspelt one, what was probably meant; then nothing has changed. */
bm_status bm_preset_apply(const char *name, const char *text, size_t bytes, const char *env_id,
                          const bm_preset_targets *targets, bool *found, bm_error *error);

/* The environments that text has sections for: (*environments) [*count], in the arena. Sections whose name starts with
 * '_' are there to be merged by others, and are left out. */
bm_status bm_preset_environments(const char *name, const char *text, size_t bytes, bm_arena *arena,
                                 const char ***environments, size_t *count, bm_error *error);

/* The files of presets/, which travel inside the library; tools/embed_presets.sh writes this array. */
typedef struct {
    const char *name;          /* the agent's: the file's name without .yaml */
    const unsigned char *text; /* [bytes] */
    size_t bytes;
} bm_embedded_preset;

extern const bm_embedded_preset bm_embedded_presets[]; /* ends with a NULL name */

const bm_embedded_preset *bm_preset_find(const char *agent); /* or NULL */

#endif
