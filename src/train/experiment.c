/* The settings of a run: from defaults, presets, files and flags, and back to metadata and YAML; see experiment.h. */
#include "train/experiment.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io.h"
#include "core/preset.h"
#include "core/suggest.h"
#include "core/yaml.h"
#include "train/trainee.h"

static const bm_option rows[] = {
    BM_OPTION(bm_run_settings, seed, 1, 0, INT_MAX, BM_LINEAR, "everything random in the run follows from it"),
    BM_OPTION(bm_run_settings, eval_every, 0, 0, INT_MAX, BM_LINEAR,
              "steps (of meta: iterations) between evaluations; 0: ten in a run"),
    BM_OPTION(bm_run_settings, log_every, 0, 0, INT_MAX, BM_LINEAR,
              "steps (iterations) between rows of progress.csv; 0: 200 in a run"),
    BM_OPTION(bm_run_settings, checkpoint_every, 0, 0, INT_MAX, BM_LINEAR,
              "steps (iterations) between checkpoints; 0: ten in a run"),
    BM_OPTION(bm_run_settings, keep, 0, 0, 100000, BM_LINEAR, "numbered checkpoints to keep beside last and best"),
    BM_OPTION(bm_run_settings, max_seconds, inf, 0, INFINITY, BM_LINEAR, "end early after so many seconds of training"),
};

const bm_options bm_run_settings_options = BM_OPTIONS(rows, bm_run_settings);

/* The three tables, in the order of metadata, and what stands before the names of their options there. */
enum { RUN, LEARNER, PROBLEM, TABLES };
static const char *const prefixes[TABLES] = {"run", "agent", "env"};

static bm_preset_target table_of(const bm_experiment *experiment, int which) {
    const bm_subject *subject = which == LEARNER ? &experiment->learner : &experiment->problem;
    return which == RUN ? (bm_preset_target){experiment->type->run_options, experiment->run}
                        : (bm_preset_target){subject->options, subject->config};
}

/* ---- creation --------------------------------------------------------------------------------------------------- */

static void *new_config(bm_arena *arena, const bm_options *options) {
    void *config = bm_arena_alloc(arena, 1, options->config_bytes);
    if (config) {
        bm_options_defaults(options, config);
    }
    return config;
}

bm_status bm_experiment_create(bm_experiment *experiment, const bm_trainee_type *type, const char *learner,
                               const char *problem, bm_error *error) {
    memset(experiment, 0, sizeof *experiment);
    experiment->type = type;
    BM_TRY(type->lookup(experiment, learner, problem, error));
    experiment->run = new_config(&experiment->arena, type->run_options);
    experiment->learner.config = new_config(&experiment->arena, experiment->learner.options);
    experiment->problem.config = new_config(&experiment->arena, experiment->problem.options);
    return bm_arena_check(&experiment->arena, "the options", error);
}

bm_status bm_experiment_copy(bm_experiment *experiment, const bm_experiment *from, bm_error *error) {
    BM_TRY(bm_experiment_create(experiment, from->type, from->learner.name, from->problem.name, error));
    for (int i = 0; i < TABLES; i++) {
        const bm_preset_target to = table_of(experiment, i), other = table_of(from, i);
        memcpy(to.config, other.config, to.options->config_bytes);
    }
    experiment->threads = from->threads;
    memcpy(experiment->command, from->command, sizeof from->command);
    return BM_OK;
}

void bm_experiment_free(bm_experiment *experiment) {
    bm_arena_free(&experiment->arena);
}

/* ---- presets, files, single options ----------------------------------------------------------------------------- */

static bm_status apply(bm_experiment *experiment, const char *name, const char *text, size_t bytes, bool *found,
                       bm_error *error) {
    const bm_preset_targets targets = {
        .run = table_of(experiment, RUN), .agent = table_of(experiment, LEARNER), .env = table_of(experiment, PROBLEM)};
    return bm_preset_apply(name, text, bytes, experiment->problem.name, &targets, found, error);
}

bm_status bm_experiment_preset(bm_experiment *experiment, bool *found, bm_error *error) {
    const bm_embedded_preset *preset = bm_preset_find(experiment->learner.name);
    char name[80];
    *found = false;
    if (!preset) {
        return BM_OK;
    }
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
    bm_arena_free(&arena);
    return status == BM_OK && !found ? bm_invalid(error, "%s has no section for %s", path, experiment->problem.name)
                                     : status;
}

bm_status bm_experiment_set(bm_experiment *experiment, const char *key, const char *value, bm_error *error) {
    const bool all = experiment->type->problem_flags;
    bm_option_names names;
    names.count = 0;
    for (int i = 0; i < (all ? TABLES : PROBLEM); i++) {
        const bm_preset_target table = table_of(experiment, i);
        if (bm_options_find(table.options, table.config, key, NULL)) {
            return bm_options_set(table.options, table.config, key, value, error);
        }
        bm_option_names_add(&names, table.options, table.config);
    }
    return bm_invalid(error, "unknown option %s of %s%s%s%s", key, experiment->learner.name, all ? " on " : "",
                      all ? experiment->problem.name : "", bm_did_you_mean(key, names.name, names.count, "").text);
}

static void settle(int *every, int total, int times) {
    if (*every == 0) {
        *every = total / times > 0 ? total / times : 1;
    }
}

bm_status bm_experiment_settle(bm_experiment *experiment, bm_error *error) {
    bm_run_settings *run = experiment->run;
    settle(&run->eval_every, run->total, 10);
    settle(&run->log_every, run->total, 200);
    settle(&run->checkpoint_every, run->total, 10);
    return experiment->type->settle ? experiment->type->settle(experiment, error) : BM_OK;
}

/* ---- metadata --------------------------------------------------------------------------------------------------- */

/* Runs of agents, which were there first, do not name their verb. */
static const char first_verb[] = "train";

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
    const char *verb = experiment->type->verb;
    metadata_writer writer = {.object = cJSON_CreateObject()};
    cJSON *object = writer.object;
    writer.failed = !cJSON_AddStringToObject(object, "version", BM_VERSION) ||
                    !cJSON_AddStringToObject(object, "command", experiment->command) ||
                    !cJSON_AddStringToObject(object, "agent", experiment->learner.name) ||
                    !cJSON_AddStringToObject(object, "env", experiment->problem.name) ||
                    (strcmp(verb, first_verb) != 0 && !cJSON_AddStringToObject(object, "verb", verb));
    for (int i = 0; i < TABLES; i++) {
        const bm_preset_target table = table_of(experiment, i);
        writer.prefix = prefixes[i];
        bm_options_each(table.options, table.config, write_metadata, &writer);
    }
    if (writer.failed) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static const char *text_of(const cJSON *metadata, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
}

static bm_status restore(bm_experiment *experiment, const cJSON *metadata, bm_error *error) {
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata) {
        const char *value = cJSON_GetStringValue(item);
        for (int i = 0; i < TABLES && value; i++) {
            const size_t length = strlen(prefixes[i]);
            const bm_preset_target table = table_of(experiment, i);
            if (strncmp(item->string, prefixes[i], length) == 0 && item->string[length] == '.' &&
                bm_options_set(table.options, table.config, item->string + length + 1, value, error) != BM_OK) {
                return BM_FAILED;
            }
        }
    }
    return BM_OK;
}

bm_status bm_experiment_from_metadata(bm_experiment *experiment, const bm_trainee_type *type, const cJSON *metadata,
                                      bm_error *error) {
    const char *learner = text_of(metadata, "agent"), *problem = text_of(metadata, "env");
    const char *verb = text_of(metadata, "verb"), *command = text_of(metadata, "command");
    verb = verb ? verb : first_verb;
    memset(experiment, 0, sizeof *experiment);
    if (!learner || !problem) {
        return bm_fail(error, "the checkpoint does not say which agent and environment it belongs to");
    }
    if (strcmp(verb, type->verb) != 0) {
        return bm_invalid(error,
                          "this is a run of bellman %s (%s, %s): bellman %s RUN scores it, bellman %s --resume RUN "
                          "continues it",
                          verb, learner, problem, strcmp(verb, first_verb) == 0 ? "eval" : "meta eval", verb);
    }
    if (bm_experiment_create(experiment, type, learner, problem, error) != BM_OK) {
        return BM_FAILED;
    }
    snprintf(experiment->command, BM_COMMAND_BYTES, "%s", command ? command : "");
    return restore(experiment, metadata, error);
}

/* ---- config.yaml ------------------------------------------------------------------------------------------------ */

typedef struct {
    bm_writer *file;
    const char *indent;
} yaml_writer;

static void write_yaml(void *context, const char *key, const bm_option *row, const void *field) {
    const yaml_writer *writer = context;
    char text[BM_OPTION_TEXT_BYTES], quoted[4 * sizeof text + 3];
    char line[sizeof quoted + 128];
    bm_option_format(row, field, text, sizeof text);
    bm_yaml_quote(text, quoted, sizeof quoted);
    const int n = snprintf(line, sizeof line, "%s%s: %s\n", writer->indent, key, quoted);
    bm_writer_put(writer->file, line, (size_t)n);
}

bm_status bm_experiment_write(const bm_experiment *experiment, const char *path, bm_error *error) {
    bm_writer *file;
    BM_TRY(bm_writer_open(&file, path, error));
    char text[BM_COMMAND_BYTES + 512];
    const int n =
        snprintf(text, sizeof text, "# %s\n# bellman %s, built with %s; --config takes this file\n# %s: %s\n%s:\n",
                 experiment->command, BM_VERSION, __VERSION__, experiment->type->learner_word, experiment->learner.name,
                 experiment->problem.name);
    bm_writer_put(file, text, (size_t)n);
    yaml_writer writer = {file, "  "};
    for (int i = 0; i < TABLES; i++) {
        const bm_preset_target table = table_of(experiment, i);
        if (i == PROBLEM && table.options->count) {
            static const char heading[] = "  env:\n";
            bm_writer_put(file, heading, sizeof heading - 1);
            writer.indent = "    ";
        }
        bm_options_each(table.options, table.config, write_yaml, &writer);
    }
    return bm_writer_commit(file, error);
}
