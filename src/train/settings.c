/* Options of three tables, to and from metadata, presets and YAML; see settings.h. */
#include "train/settings.h"

#include <stdio.h>
#include <string.h>

#include "core/io.h"
#include "core/suggest.h"
#include "core/yaml.h"

/* ---- presets and files ------------------------------------------------------------------------------------------ */

bm_status bm_settings_preset(const bm_settings *settings, bool *found, bm_error *error) {
    *found = false;
    const bm_embedded_preset *preset = bm_preset_find(settings->agent);
    if (!preset) {
        return BM_OK;
    }
    char name[80];
    snprintf(name, sizeof name, "preset %s.yaml", preset->name);
    return bm_preset_apply(name, (const char *)preset->text, preset->bytes, settings->env, &settings->table, found,
                           error);
}

bm_status bm_settings_file(const bm_settings *settings, const char *path, bm_error *error) {
    bm_arena arena = {0};
    char *text;
    size_t bytes;
    bool found = false;
    bm_status status = bm_read_file(path, 1 << 20, &arena, &text, &bytes, error);
    if (status == BM_OK) {
        status = bm_preset_apply(path, text, bytes, settings->env, &settings->table, &found, error);
    }
    if (status == BM_OK && !found) {
        status = bm_invalid(error, "%s has no section for %s", path, settings->env);
    }
    bm_arena_free(&arena);
    return status;
}

/* ---- one option ------------------------------------------------------------------------------------------------- */

bm_status bm_settings_set(const bm_preset_target *const *table, int tables, const char *owner, const char *key,
                          const char *value, bm_error *error) {
    bm_option_names names;
    names.count = 0;
    for (int i = 0; i < tables; i++) {
        if (bm_options_find(table[i]->options, table[i]->config, key, NULL)) {
            return bm_options_set(table[i]->options, table[i]->config, key, value, error);
        }
        bm_option_names_add(&names, table[i]->options, table[i]->config);
    }
    return bm_invalid(error, "unknown option %s of %s%s", key, owner,
                      bm_did_you_mean(key, names.name, names.count, "").text);
}

/* ---- metadata --------------------------------------------------------------------------------------------------- */

/* The tables in the order in which they are written, and what stands before the names of their options. */
enum { TABLES = 3 };
typedef struct {
    const char *prefix;
    const bm_preset_target *target;
} named_table;

static void name_tables(const bm_settings *settings, named_table table[TABLES]) {
    table[0] = (named_table){"run", &settings->table.run};
    table[1] = (named_table){"agent", &settings->table.agent};
    table[2] = (named_table){"env", &settings->table.env};
}

/* Runs of training, which were there first, do not say so. */
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

cJSON *bm_settings_metadata(const bm_settings *settings) {
    metadata_writer writer = {.object = cJSON_CreateObject()};
    cJSON *object = writer.object;
    named_table table[TABLES];
    name_tables(settings, table);
    writer.failed =
        !cJSON_AddStringToObject(object, "version", BM_VERSION) ||
        !cJSON_AddStringToObject(object, "command", settings->command) ||
        !cJSON_AddStringToObject(object, "agent", settings->agent) ||
        !cJSON_AddStringToObject(object, "env", settings->env) ||
        (strcmp(settings->verb, first_verb) != 0 && !cJSON_AddStringToObject(object, "verb", settings->verb));
    for (int i = 0; i < TABLES; i++) {
        writer.prefix = table[i].prefix;
        bm_options_each(table[i].target->options, table[i].target->config, write_metadata, &writer);
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

bm_status bm_settings_names(const cJSON *metadata, const char *verb, const char **agent, const char **env,
                            char command[BM_COMMAND_BYTES], bm_error *error) {
    const char *stated = text_of(metadata, "verb"), *words = text_of(metadata, "command");
    const char *theirs = stated ? stated : first_verb;
    *agent = text_of(metadata, "agent");
    *env = text_of(metadata, "env");
    if (!*agent || !*env) {
        return bm_fail(error, "the checkpoint does not say which agent and environment it belongs to");
    }
    if (strcmp(theirs, verb) != 0) {
        return bm_invalid(
            error,
            "this is a run of bellman %s (%s, %s): bellman %s RUN scores it, bellman %s --resume RUN continues it",
            theirs, *agent, *env, strcmp(theirs, first_verb) == 0 ? "eval" : "meta eval", theirs);
    }
    snprintf(command, BM_COMMAND_BYTES, "%s", words ? words : "");
    return BM_OK;
}

bm_status bm_settings_restore(const bm_settings *settings, const cJSON *metadata, bm_error *error) {
    named_table table[TABLES];
    name_tables(settings, table);
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata) {
        const char *value = cJSON_GetStringValue(item);
        for (int i = 0; i < TABLES && value; i++) {
            const size_t length = strlen(table[i].prefix);
            const bm_preset_target *target = table[i].target;
            if (strncmp(item->string, table[i].prefix, length) == 0 && item->string[length] == '.' &&
                bm_options_set(target->options, target->config, item->string + length + 1, value, error) != BM_OK) {
                return BM_FAILED;
            }
        }
    }
    return BM_OK;
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

static void put_text(bm_writer *file, const char *text) {
    bm_writer_put(file, text, strlen(text));
}

bm_status bm_settings_write(const bm_settings *settings, const char *path, bm_error *error) {
    const bm_preset_targets *table = &settings->table;
    bm_writer *file;
    const bm_status status = bm_writer_open(&file, path, error);
    if (status != BM_OK) {
        return status;
    }
    char line[256];
    put_text(file, "# ");
    put_text(file, settings->command);
    snprintf(line, sizeof line, "\n# bellman %s, built with %s; --config takes this file\n# %s: %s\n%s:\n", BM_VERSION,
             __VERSION__, settings->agent_word, settings->agent, settings->env);
    put_text(file, line);
    yaml_writer writer = {file, "  "};
    bm_options_each(table->run.options, table->run.config, write_yaml, &writer);
    bm_options_each(table->agent.options, table->agent.config, write_yaml, &writer);
    if (table->env.options->count) {
        put_text(file, "  env:\n");
        writer.indent = "    ";
        bm_options_each(table->env.options, table->env.config, write_yaml, &writer);
    }
    return bm_writer_commit(file, error);
}
