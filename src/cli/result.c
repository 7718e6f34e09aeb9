#include "cli/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/io.h"
#include "meta/meta_trainee.h"
#include "train/agent_trainee.h"

enum { RESULT_BYTES_MAX = 1 << 20 };

static cJSON *begin(const bm_run *run, const char *folder, const char *problem_key) {
    const bm_trainee *trainee = bm_run_trainee(run);
    const bm_experiment *experiment = trainee->experiment;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "run", folder);
    cJSON_AddStringToObject(object, trainee->type->learner_word, experiment->learner.name);
    cJSON_AddStringToObject(object, problem_key, experiment->problem.name);
    cJSON_AddNumberToObject(object, "seed", experiment->run->seed);
    cJSON_AddNumberToObject(object, trainee->type->unit, (double)trainee->count);
    return object;
}

static cJSON *end(cJSON *object, const bm_run_result *result) {
    char hash[20];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)result->hash);
    cJSON_AddStringToObject(object, "hash", hash);
    return object;
}

cJSON *bm_result_of_agent(const bm_run *run, const char *folder, const bm_run_result *result) {
    const bm_agent_trainee *trainee = bm_agent_trainee_of(bm_run_trainee(run));
    cJSON *object = begin(run, folder, "env");
    cJSON_AddNumberToObject(object, "episodes", (double)trainee->episodes);
    cJSON_AddNumberToObject(object, "updates", (double)trainee->agent->updates);
    bm_cli_json_number(object, "seconds", result->seconds);
    bm_cli_json_number(object, "steps_per_second", result->steps_per_second);
    bm_cli_json_number(object, "train_return", result->training);
    bm_cli_json_number(object, "eval_return", result->score);
    bm_cli_json_number(object, "eval_std", result->evaluation ? trainee->evaluation.std_return : NAN);
    return end(object, result);
}

void bm_result_add_steps(cJSON *object, const bm_int_list *steps) {
    cJSON_AddItemToObject(object, "adapt_steps", cJSON_CreateIntArray(steps->value, steps->count));
}

void bm_result_add_number(cJSON *array, double value) {
    cJSON_AddItemToArray(array, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static void add_scores(cJSON *object, const bm_meta_trainee *trainee) {
    const bm_meta_evaluation *evaluation = &trainee->evaluation;
    const bm_int_list *steps = &trainee->run->eval_adapt_steps;
    const char *const *name = trainee->tasks->type->score_names;
    cJSON *item = cJSON_AddObjectToObject(object, "evaluation");
    cJSON_AddNumberToObject(item, "tasks", evaluation->tasks);
    cJSON_AddNumberToObject(item, "diverged_tasks", evaluation->adaptation.diverged);
    if (evaluation->adaptation.diverged) {
        cJSON_AddNumberToObject(item, "first_diverged_task", evaluation->adaptation.first_task);
        cJSON_AddNumberToObject(item, "first_diverged_after", evaluation->adaptation.first_after);
    }
    bm_result_add_steps(item, steps);
    for (int which = 0; name[which]; which++) {
        cJSON *score = cJSON_AddObjectToObject(item, name[which]);
        cJSON *mean = cJSON_AddArrayToObject(score, "mean"), *half_width = cJSON_AddArrayToObject(score, "half_width");
        for (int at = 0; at < steps->count; at++) {
            bm_result_add_number(mean, evaluation->mean[at][which].mean);
            bm_result_add_number(half_width, evaluation->mean[at][which].half_width);
        }
    }
}

cJSON *bm_result_of_meta(const bm_run *run, const char *folder, const bm_run_result *result) {
    cJSON *object = begin(run, folder, "tasks");
    bm_cli_json_number(object, "seconds", result->seconds);
    bm_cli_json_number(object, "iterations_per_second", result->steps_per_second);
    bm_cli_json_number(object, "loss", result->training);
    add_scores(object, bm_meta_trainee_of(bm_run_trainee(run)));
    return end(object, result);
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
