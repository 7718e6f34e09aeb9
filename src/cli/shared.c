/* What several verbs do alike: environment settings, folders, JSON on the last line. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

bm_status bm_cli_env_settings(const bm_arguments *arguments, const bm_env_type *type, void *config, bm_error *error) {
    for (int i = 0; i < arguments->settings; i++) {
        const char *text = arguments->setting[i].value;
        if (arguments->setting[i].option || strcmp(arguments->setting[i].name, "env-set") != 0) {
            continue;
        }
        char key[BM_OPTION_KEY_BYTES];
        const size_t length = strcspn(text, "=");
        if (!text[length] || length == 0 || length >= sizeof key) {
            return bm_invalid(error, "--env-set wants key=value, not %s", text);
        }
        snprintf(key, sizeof key, "%.*s", (int)length, text);
        const bm_status status = bm_options_set(&type->options, config, key, text + length + 1, error);
        if (status != BM_OK) {
            return status;
        }
    }
    return BM_OK;
}

bm_status bm_cli_run_folder(const char *path, char *folder, size_t bytes, bm_error *error) {
    static const char ending[] = "/checkpoint";
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    if (length >= sizeof ending && memcmp(path + length - (sizeof ending - 1), ending, sizeof ending - 1) == 0) {
        length -= sizeof ending - 1;
    }
    if (length >= bytes) {
        return bm_invalid(error, "the run folder's name is too long: %.80s...", path);
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    return BM_OK;
}

bm_status bm_cli_check_folder(const char *path, bm_error *error) {
    char folder[1024] = ".";
    const char *slash = strrchr(path, '/');
    if (slash) {
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    }
    return access(folder, W_OK) == 0 ? BM_OK : bm_fail(error, "cannot write %s: %s", path, strerror(errno));
}

typedef struct {
    char *text;
    size_t used, bytes;
} help_text;

static void help_add(void *context, const char *key, const bm_option *row, const void *field) {
    help_text *help = context;
    char range[BM_OPTION_TEXT_BYTES], now[BM_OPTION_TEXT_BYTES];
    bm_option_range(row, range, sizeof range);
    bm_option_format(row, field, now, sizeof now);
    const size_t room = help->bytes - help->used;
    const int n = snprintf(help->text + help->used, room, "  %s=%s (%s)\n      %s\n", key, now, range, row->help);
    help->used += n > 0 && (size_t)n < room ? (size_t)n : 0;
}

void bm_cli_env_help(const bm_env_type *type, const void *config, char *text, size_t bytes) {
    help_text help = {.text = text, .bytes = bytes};
    help.used = (size_t)snprintf(text, bytes, "Options of %s, for --env-set:\n", type->id);
    bm_options_each(&type->options, config, help_add, &help);
}

void bm_cli_examples(const char *examples, const bm_flag *flags, int argc, char **argv, char *text, size_t bytes) {
    static const bm_flag_group no_tables[] = {{NULL, NULL, NULL}};
    const char *id = NULL;
    bm_cli_positionals(flags, no_tables, argc, argv, &id, 1);
    const bm_env_type *type = id ? bm_env_find(id) : NULL;
    const size_t used = (size_t)snprintf(text, bytes, "%s\n%s", examples,
                                         type ? "" : "Name an environment to see its options, for --env-set.");
    if (type) {
        void *config = bm_cli_alloc(1, type->options.config_bytes);
        bm_options_defaults(&type->options, config);
        bm_cli_env_help(type, config, text + used, bytes - used);
        free(config);
    }
}

void bm_cli_json_number(cJSON *object, const char *name, double value) {
    if (isfinite(value)) {
        cJSON_AddNumberToObject(object, name, value);
    } else {
        cJSON_AddNullToObject(object, name);
    }
}

void bm_cli_json_print(cJSON *object) {
    char *text = cJSON_PrintUnformatted(object);
    puts(text ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(object);
}
