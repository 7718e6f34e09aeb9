/* bellman tune --show: what a file of studies holds, for people and for scripts. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/tune.h"

enum { NUMBERS_SHOWN = 5 };

/* One study as it is read: its trials belong to the store. */
typedef struct {
    const bm_store_summary *summary;
    bm_search_space space;
    bm_trials trials;
    const char **why; /* [trials.count] what is known of a failure, as text; NULL: it did not fail */
    bm_arena arena;
} shown_study;

static const char *copy_of(const char *text, bm_arena *arena) {
    const size_t bytes = strlen(text) + 1;
    char *copy = BM_NEW(arena, char, bytes);
    return copy ? memcpy(copy, text, bytes) : "";
}

static bm_status read_failures(bm_store *store, shown_study *shown, bm_error *error) {
    bm_status status = BM_OK;
    shown->why = BM_NEW(&shown->arena, const char *, shown->trials.count);
    for (int i = 0; i < shown->trials.count && !shown->arena.refused && status == BM_OK; i++) {
        const bm_trial *trial = &shown->trials.trial[i];
        const char *json = NULL;
        shown->why[i] = NULL;
        if (trial->state == BM_TRIAL_FAIL) {
            status = bm_store_read_attribute(store, trial->number, "bellman:error", &shown->arena, &json, error);
            cJSON *item = json ? cJSON_Parse(json) : NULL;
            shown->why[i] = copy_of(cJSON_IsString(item) ? item->valuestring : "nothing is known of it", &shown->arena);
            cJSON_Delete(item);
        }
    }
    return status == BM_OK ? bm_arena_check(&shown->arena, "the failures", error) : status;
}

static bm_status read_study(bm_store *store, shown_study *shown, bm_error *error) {
    bool maximize;
    bm_status status = bm_store_load(store, shown->summary->name, &shown->space, &maximize, error);
    if (status == BM_OK) {
        status = bm_store_trials(store, &shown->trials, error);
    }
    return status == BM_OK ? read_failures(store, shown, error) : status;
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

/* Each reason once, with the first trials that failed for it. */
static void print_failures(const shown_study *shown) {
    for (int i = 0; i < shown->trials.count; i++) {
        int count = 0;
        for (int j = 0; shown->why[i] && j < shown->trials.count; j++) {
            if (!shown->why[j] || strcmp(shown->why[i], shown->why[j]) != 0) {
                continue;
            }
            if (j < i) {
                count = 0;
                break; /* told already */
            }
            if (count++ < NUMBERS_SHOWN) {
                printf(count == 1 ? "  failed: trial %" PRId64 : ", %" PRId64, shown->trials.trial[j].number);
            }
        }
        if (count > NUMBERS_SHOWN) {
            printf(" and %d more", count - NUMBERS_SHOWN);
        }
        if (count) {
            printf(": %s\n", shown->why[i]);
        }
    }
}

static void print_study(const shown_study *shown) {
    const bm_store_summary *s = shown->summary;
    const bm_trial *best = bm_trials_best(&shown->trials);
    printf("%s (%s): %" PRId64 " trials, %" PRId64 " complete, %" PRId64 " pruned, %" PRId64 " failed, %" PRId64
           " running\n",
           s->name, s->maximize ? "maximize" : "minimize", s->trials, s->complete, s->pruned, s->failed, s->running);
    if (best) {
        printf("  best: %.6g, trial %" PRId64 ":", best->value, best->number);
        bm_tune_print_flags(stdout, &shown->space, best);
        putchar('\n');
    }
    print_failures(shown);
}

/* ---- for scripts ------------------------------------------------------------------------------------------------ */

static cJSON *study_json(const shown_study *shown) {
    const bm_store_summary *s = shown->summary;
    const bm_trial *best = bm_trials_best(&shown->trials);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "study", s->name);
    cJSON_AddStringToObject(object, "direction", s->maximize ? "maximize" : "minimize");
    cJSON_AddNumberToObject(object, "trials", (double)s->trials);
    cJSON_AddNumberToObject(object, "complete", (double)s->complete);
    cJSON_AddNumberToObject(object, "pruned", (double)s->pruned);
    cJSON_AddNumberToObject(object, "failed", (double)s->failed);
    cJSON_AddNumberToObject(object, "running", (double)s->running);
    cJSON_AddNumberToObject(object, "waiting", (double)s->waiting);
    bm_cli_json_number(object, "best_trial", best ? (double)best->number : NAN);
    bm_cli_json_number(object, "best_value", best ? best->value : NAN);
    cJSON_AddItemToObject(object, "best_params", bm_tune_params_json(&shown->space, best));
    cJSON *failures = cJSON_AddArrayToObject(object, "failures");
    for (int i = 0; i < shown->trials.count; i++) {
        if (shown->why[i]) {
            cJSON *failure = cJSON_CreateObject();
            cJSON_AddNumberToObject(failure, "trial", (double)shown->trials.trial[i].number);
            cJSON_AddStringToObject(failure, "error", shown->why[i]);
            cJSON_AddItemToArray(failures, failure);
        }
    }
    return object;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* A study that cannot be shown (of several objectives) is no reason not to show the others. */
static bm_status show_one(bm_store *store, const bm_store_summary *summary, bool only, cJSON *studies,
                          bm_error *error) {
    shown_study shown = {.summary = summary};
    bm_status status = read_study(store, &shown, error);
    if (status == BM_OK && studies) {
        cJSON_AddItemToArray(studies, study_json(&shown));
    } else if (status == BM_OK) {
        print_study(&shown);
    } else if (status == BM_INVALID && !only) {
        fprintf(stderr, "left out: %s\n", error->text);
        status = BM_OK;
    }
    bm_arena_free(&shown.arena);
    bm_search_space_free(&shown.space);
    return status;
}

static bm_status show_all(const char *path, const char *study, cJSON *studies, bm_error *error) {
    bm_store *store;
    bm_arena arena = {0};
    bm_store_summary *list = NULL;
    int count = 0;
    bool found = false;
    bm_status status = bm_store_open(&store, path, BM_STORE_READ, error);
    if (status == BM_OK) {
        status = bm_store_studies(store, &arena, &list, &count, error);
    }
    for (int i = 0; i < count && status == BM_OK; i++) {
        if (!study || strcmp(study, list[i].name) == 0) {
            found = true;
            status = show_one(store, &list[i], study != NULL, studies, error);
        }
    }
    if (status == BM_OK && !found) {
        status = study ? bm_fail(error, "%.200s has no study %.200s", path, study)
                       : bm_fail(error, "there is no study in %.200s yet", path);
    }
    bm_store_close(store);
    bm_arena_free(&arena);
    return status;
}

const char *bm_tune_path(const char *storage) {
    static const char url[] = "sqlite:///";
    return storage + (strncmp(storage, url, sizeof url - 1) == 0 ? sizeof url - 1 : 0);
}

int bm_tune_list(const char *path, const char *study, bool json) {
    bm_error error;
    path = bm_tune_path(path);
    cJSON *object = json ? cJSON_CreateObject() : NULL;
    cJSON *studies = NULL;
    if (json) {
        cJSON_AddStringToObject(object, "storage", path);
        studies = cJSON_AddArrayToObject(object, "studies");
    }
    const bm_status status = show_all(path, study, studies, &error);
    if (json && status == BM_OK) {
        bm_cli_json_print(object);
    } else {
        cJSON_Delete(object);
    }
    return status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
}
