#include "cli/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/io.h"

enum { RESULT_BYTES_MAX = 1 << 20 };

cJSON *bm_result_json(const bm_experiment *experiment, const char *folder, const bm_run_result *result) {
    char hash[20];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)result->hash);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "run", folder);
    cJSON_AddStringToObject(object, "agent", experiment->agent->name);
    cJSON_AddStringToObject(object, "env", experiment->env->id);
    cJSON_AddNumberToObject(object, "seed", experiment->run.seed);
    cJSON_AddNumberToObject(object, "steps", (double)result->steps);
    cJSON_AddNumberToObject(object, "episodes", (double)result->episodes);
    cJSON_AddNumberToObject(object, "updates", (double)result->updates);
    bm_cli_json_number(object, "seconds", result->seconds);
    bm_cli_json_number(object, "steps_per_second", result->steps_per_second);
    bm_cli_json_number(object, "train_return", result->train_return);
    bm_cli_json_number(object, "eval_return", result->eval.episodes ? result->eval.mean_return : NAN);
    bm_cli_json_number(object, "eval_std", result->eval.episodes ? result->eval.std_return : NAN);
    cJSON_AddStringToObject(object, "hash", hash);
    return object;
}

static void path_of(const char *folder, char path[BM_PATH_MAX + 16]) {
    snprintf(path, BM_PATH_MAX + 16, "%s/result.json", folder);
}

bm_status bm_result_write(const cJSON *object, const char *folder, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    path_of(folder, path);
    char *text = cJSON_Print(object);
    const bm_status status =
        text ? bm_write_file(path, text, strlen(text), error) : bm_fail(error, "not enough memory for %s", path);
    cJSON_free(text);
    return status;
}

cJSON *bm_result_read(const char *folder) {
    char path[BM_PATH_MAX + 16];
    path_of(folder, path);
    bm_arena arena = {0};
    char *text;
    size_t bytes;
    const bm_status status = bm_read_file(path, RESULT_BYTES_MAX, &arena, &text, &bytes, NULL);
    cJSON *object = status == BM_OK ? cJSON_ParseWithLength(text, bytes) : NULL;
    bm_arena_free(&arena);
    return object;
}

double bm_result_number(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

int bm_result_decimals(double mean) {
    return fabs(mean) < 10 ? 3 : 1;
}
