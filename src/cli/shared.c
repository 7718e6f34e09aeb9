/* What several verbs do alike: environment settings, JSON on the last line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

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
