/* The settings of a run: from defaults, presets, files and flags, and back to metadata and YAML. */
#include "train/experiment.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io.h"
#include "core/preset.h"
#include "core/suggest.h"
#include "core/yaml.h"

static const bm_option rows[] = {
    BM_OPTION(bm_run_config, seed, 1, 0, INT_MAX, BM_LINEAR, "everything random in the run follows from it"),
    BM_OPTION(bm_run_config, steps, 100000, 1, INT_MAX, BM_LOG, "environment steps to train for, over all lanes"),
    BM_OPTION(bm_run_config, num_envs, 1, 1, 65536, BM_LOG, "environments stepped at once"),
    BM_OPTION(bm_run_config, eval_every, 0, 0, INT_MAX, BM_LINEAR, "steps between evaluations; 0: ten in a run"),
    BM_OPTION(bm_run_config, eval_episodes, 100, 1, 100000, BM_LOG, "episodes of an evaluation"),
    BM_OPTION(bm_run_config, log_every, 0, 0, INT_MAX, BM_LINEAR,
              "steps between rows of progress.csv; 0: 200 in a run"),
    BM_OPTION(bm_run_config, checkpoint_every, 0, 0, INT_MAX, BM_LINEAR, "steps between checkpoints; 0: ten in a run"),
    BM_OPTION(bm_run_config, keep, 0, 0, 100000, BM_LINEAR, "numbered checkpoints to keep beside last and best"),
    BM_OPTION(bm_run_config, stop_at_return, inf, -INFINITY, INFINITY, BM_LINEAR,
              "end early once an evaluation reaches this mean return"),
    BM_OPTION(bm_run_config, max_seconds, inf, 0, INFINITY, BM_LINEAR, "end early after so many seconds of training"),
};

const bm_options bm_run_options = BM_OPTIONS(rows, bm_run_config);

bm_status bm_experiment_create(bm_experiment *experiment, const char *agent, const char *env, bm_error *error) {
    memset(experiment, 0, sizeof *experiment);
    bm_status status = bm_agent_lookup(agent, &experiment->agent, error);
    if (status == BM_OK) {
        status = bm_env_lookup(env, &experiment->env, error);
    }
    if (status != BM_OK) {
        return status;
    }
    experiment->agent_config = bm_arena_alloc(&experiment->arena, 1, experiment->agent->options.config_bytes);
    experiment->env_config = bm_arena_alloc(&experiment->arena, 1, experiment->env->options.config_bytes);
    status = bm_arena_check(&experiment->arena, "the options", error);
    if (status == BM_OK) {
        bm_options_defaults(&experiment->agent->options, experiment->agent_config);
        bm_options_defaults(&experiment->env->options, experiment->env_config);
        bm_options_defaults(&bm_run_options, &experiment->run);
    }
    return status;
}

void bm_experiment_free(bm_experiment *experiment) {
    bm_arena_free(&experiment->arena);
}

static bm_status apply(bm_experiment *experiment, const char *name, const char *text, size_t bytes, bool *found,
                       bm_error *error) {
    const bm_preset_targets targets = {
        .agent = {&experiment->agent->options, experiment->agent_config},
        .run = {&bm_run_options, &experiment->run},
        .env = {&experiment->env->options, experiment->env_config},
    };
    return bm_preset_apply(name, text, bytes, experiment->env->id, &targets, found, error);
}

bm_status bm_experiment_preset(bm_experiment *experiment, bool *found, bm_error *error) {
    *found = false;
    const bm_embedded_preset *preset = bm_preset_find(experiment->agent->name);
    if (!preset) {
        return BM_OK;
    }
    char name[80];
    snprintf(name, sizeof name, "preset %s.yaml", preset->name);
    return apply(experiment, name, (const char *)preset->text, preset->bytes, found, error);
}

bm_status bm_experiment_file(bm_experiment *experiment, const char *path, bm_error *error) {
    bm_arena arena = {0};
    char *text;
    size_t bytes;
    bool found = false;
    bm_status status = bm_read_file(path, 1 << 20, &arena, &text, &bytes, error);
    if (status == BM_OK) {
        status = apply(experiment, path, text, bytes, &found, error);
    }
    if (status == BM_OK && !found) {
        status = bm_invalid(error, "%s has no section for %s", path, experiment->env->id);
    }
    bm_arena_free(&arena);
    return status;
}

enum { MOST_NAMES = 256 };

typedef struct {
    const char *name[MOST_NAMES];
    char text[MOST_NAMES][64];
    size_t count;
} name_list;

static void collect_name(void *context, const char *key, const bm_option *row, const void *field) {
    (void)row;
    (void)field;
    name_list *names = context;
    if (names->count < MOST_NAMES) {
        snprintf(names->text[names->count], sizeof names->text[0], "%s", key);
        names->name[names->count] = names->text[names->count];
        names->count++;
    }
}

static bm_status unknown_option(const bm_experiment *experiment, const char *key, bm_error *error) {
    name_list names;
    names.count = 0;
    bm_options_each(&bm_run_options, &experiment->run, collect_name, &names);
    bm_options_each(&experiment->agent->options, experiment->agent_config, collect_name, &names);
    return bm_invalid(error, "unknown option %s of %s%s", key, experiment->agent->name,
                      bm_did_you_mean(key, names.name, names.count, "").text);
}

bm_status bm_experiment_set(bm_experiment *experiment, const char *key, const char *value, bm_error *error) {
    if (bm_options_find(&bm_run_options, &experiment->run, key, NULL)) {
        return bm_options_set(&bm_run_options, &experiment->run, key, value, error);
    }
    if (bm_options_find(&experiment->agent->options, experiment->agent_config, key, NULL)) {
        return bm_options_set(&experiment->agent->options, experiment->agent_config, key, value, error);
    }
    return unknown_option(experiment, key, error);
}

bm_status bm_experiment_set_env(bm_experiment *experiment, const char *key, const char *value, bm_error *error) {
    return bm_options_set(&experiment->env->options, experiment->env_config, key, value, error);
}

static void settle(int *every, int steps, int times) {
    if (*every == 0) {
        *every = steps / times > 0 ? steps / times : 1;
    }
}

void bm_experiment_settle(bm_experiment *experiment) {
    bm_run_config *run = &experiment->run;
    settle(&run->eval_every, run->steps, 10);
    settle(&run->log_every, run->steps, 200);
    settle(&run->checkpoint_every, run->steps, 10);
}

/* ---- metadata --------------------------------------------------------------------------------------------------- */

typedef struct {
    cJSON *object;
    const char *prefix;
    bool failed;
} metadata_writer;

static void write_metadata(void *context, const char *key, const bm_option *row, const void *field) {
    metadata_writer *writer = context;
    char name[128], text[BM_OPTION_TEXT_BYTES];
    snprintf(name, sizeof name, "%s.%s", writer->prefix, key);
    bm_option_format(row, field, text, sizeof text);
    writer->failed |= !cJSON_AddStringToObject(writer->object, name, text);
}

cJSON *bm_experiment_metadata(const bm_experiment *experiment) {
    metadata_writer writer = {.object = cJSON_CreateObject()};
    cJSON *object = writer.object;
    writer.failed = !cJSON_AddStringToObject(object, "version", BM_VERSION) ||
                    !cJSON_AddStringToObject(object, "command", experiment->command) ||
                    !cJSON_AddStringToObject(object, "agent", experiment->agent->name) ||
                    !cJSON_AddStringToObject(object, "env", experiment->env->id);
    writer.prefix = "run";
    bm_options_each(&bm_run_options, &experiment->run, write_metadata, &writer);
    writer.prefix = "agent";
    bm_options_each(&experiment->agent->options, experiment->agent_config, write_metadata, &writer);
    writer.prefix = "env";
    bm_options_each(&experiment->env->options, experiment->env_config, write_metadata, &writer);
    if (writer.failed) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static bm_status set_from_metadata(bm_experiment *experiment, const char *name, const char *value, bm_error *error) {
    if (strncmp(name, "run.", 4) == 0) {
        return bm_options_set(&bm_run_options, &experiment->run, name + 4, value, error);
    }
    if (strncmp(name, "agent.", 6) == 0) {
        return bm_options_set(&experiment->agent->options, experiment->agent_config, name + 6, value, error);
    }
    if (strncmp(name, "env.", 4) == 0) {
        return bm_experiment_set_env(experiment, name + 4, value, error);
    }
    return BM_OK;
}

bm_status bm_experiment_from_metadata(bm_experiment *experiment, const cJSON *metadata, bm_error *error) {
    memset(experiment, 0, sizeof *experiment);
    const char *agent = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "agent"));
    const char *env = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "env"));
    const char *command = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "command"));
    if (!agent || !env) {
        return bm_fail(error, "the checkpoint does not say which agent and environment it belongs to");
    }
    bm_status status = bm_experiment_create(experiment, agent, env, error);
    if (status != BM_OK) {
        return BM_FAILED;
    }
    snprintf(experiment->command, sizeof experiment->command, "%s", command ? command : "");
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata) {
        const char *value = cJSON_GetStringValue(item);
        if (value && set_from_metadata(experiment, item->string, value, error) != BM_OK) {
            return BM_FAILED;
        }
    }
    return BM_OK;
}

/* ---- config.yaml ------------------------------------------------------------------------------------------------ */

typedef struct {
    bm_writer *file;
    const char *indent;
} yaml_writer;

static void put_line(const yaml_writer *writer, const char *key, const char *value) {
    char quoted[2 * sizeof((bm_experiment *)0)->command];
    char line[sizeof quoted + 128];
    bm_yaml_quote(value, quoted, sizeof quoted);
    const int n = snprintf(line, sizeof line, "%s%s: %s\n", writer->indent, key, quoted);
    bm_writer_put(writer->file, line, (size_t)n);
}

static void write_yaml(void *context, const char *key, const bm_option *row, const void *field) {
    char text[BM_OPTION_TEXT_BYTES];
    bm_option_format(row, field, text, sizeof text);
    put_line(context, key, text);
}

static void put_text(bm_writer *file, const char *text) {
    bm_writer_put(file, text, strlen(text));
}

bm_status bm_experiment_write(const bm_experiment *experiment, const char *path, bm_error *error) {
    bm_writer *file;
    const bm_status status = bm_writer_open(&file, path, error);
    if (status != BM_OK) {
        return status;
    }
    char line[256];
    put_text(file, "# ");
    put_text(file, experiment->command);
    snprintf(line, sizeof line, "\n# bellman %s, built with %s; --config takes this file\n# agent: %s\n%s:\n",
             BM_VERSION, __VERSION__, experiment->agent->name, experiment->env->id);
    put_text(file, line);
    yaml_writer writer = {file, "  "};
    bm_options_each(&bm_run_options, &experiment->run, write_yaml, &writer);
    bm_options_each(&experiment->agent->options, experiment->agent_config, write_yaml, &writer);
    if (experiment->env->options.count) {
        put_text(file, "  env:\n");
        writer.indent = "    ";
        bm_options_each(&experiment->env->options, experiment->env_config, write_yaml, &writer);
    }
    return bm_writer_commit(file, error);
}
