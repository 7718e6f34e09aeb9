/* See run_finder.h. */
#include "cli/run_finder.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/result.h"
#include "core/io.h"
#include "train/history.h"

/* How deep run folders may lie: RUNS/ENV/AGENT/SWEEP/NAME, and one more for an ENV with a slash in its name. */
enum { DEPTH_MAX = 5 };

/* ---- reading one run -------------------------------------------------------------------------------------------- */

const char *bm_run_metric(const bm_run_entry *run) {
    const char *metric = bm_run_setting(run, "metric");
    return metric ? metric : "rollout/ep_rew_mean";
}

/* The final evaluation of a run that has ended; of one that has not, and of meta-training, the latest in progress.csv.
 * Without either, or with a damaged one, a run just has no scores: the checkpoint is what counts. */
static void read_scores(bm_run_entry *run) {
    const bool meta = bm_run_setting(run, "metric") != NULL;
    bm_history history;
    if (bm_history_read(&history, run->path, NULL) == BM_OK) {
        run->eval_return = bm_history_last(&history, meta ? bm_run_metric(run) : "eval/mean_reward");
        run->train_return = bm_history_last(&history, meta ? "train/loss" : bm_run_metric(run));
        bm_history_free(&history);
    }
    cJSON *result = bm_result_read(run->path);
    const double score = bm_result_number(result, "eval_return");
    if (isfinite(score) && bm_result_number(result, "steps") == (double)run->steps) {
        run->eval_return = score;
    }
    cJSON_Delete(result);
}

/* What the folder's place says, for runs whose checkpoint cannot: .../ENV/AGENT/NAME. */
static void name_by_path(bm_run_entry *run) {
    char *const field[] = {run->name, run->agent, run->env};
    const char *end = run->path + strlen(run->path);
    for (int i = 0; i < 3; i++) {
        const char *start = end;
        while (start > run->path && start[-1] != '/') {
            start--;
        }
        snprintf(field[i], BM_RUN_NAME_BYTES, "%.*s", (int)(end - start), start);
        end = start > run->path ? start - 1 : run->path;
    }
}

/* How long the run is to be, in steps or in iterations of meta-training. */
static bm_status read_total(const bm_safetensors *checkpoint, double *total, bm_error *error) {
    const bool meta = cJSON_HasObjectItem(checkpoint->metadata, "run.meta_iterations");
    return bm_checkpoint_number(checkpoint, meta ? "run.meta_iterations" : "run.steps", total, error);
}

static bm_status read_metadata(bm_run_entry *run, bm_safetensors *checkpoint) {
    double steps, total;
    bm_status status = bm_checkpoint_number(checkpoint, "step", &steps, &run->error);
    if (status == BM_OK) {
        status = read_total(checkpoint, &total, &run->error);
    }
    if (status == BM_OK) {
        status = bm_checkpoint_number(checkpoint, "seconds", &run->seconds, &run->error);
    }
    const char *env = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, "env"));
    const char *agent = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, "agent"));
    if (status != BM_OK || !env || !agent) {
        return status != BM_OK ? status : bm_fail(&run->error, "the checkpoint does not name agent and environment");
    }
    run->steps = (int64_t)steps;
    run->total_steps = (int64_t)total;
    snprintf(run->env, sizeof run->env, "%s", env);
    snprintf(run->agent, sizeof run->agent, "%s", agent);
    run->metadata = checkpoint->metadata;
    checkpoint->metadata = NULL; /* taken over */
    return BM_OK;
}

bm_status bm_run_entry_read(bm_run_entry *run, const char *path) {
    memset(run, 0, sizeof *run);
    snprintf(run->path, sizeof run->path, "%s", path);
    run->eval_return = run->train_return = run->seconds = NAN;
    name_by_path(run);
    bm_safetensors checkpoint;
    bm_status status = bm_folder_checkpoint(path, "last", &checkpoint, &run->error);
    if (status == BM_OK) {
        status = read_metadata(run, &checkpoint);
        bm_safetensors_free(&checkpoint);
        read_scores(run);
    }
    return status;
}

bm_status bm_run_damaged(const bm_run_entry *run, bm_error *error) {
    return bm_fail(error, "the run %s is damaged: %s", run->path, run->error.text);
}

/* ---- finding runs ----------------------------------------------------------------------------------------------- */

bool bm_is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Unless it is there already, by whatever path. */
static void add_run(bm_run_list *list, const char *path) {
    struct stat status = {0};
    stat(path, &status);
    for (size_t i = 0; i < list->count; i++) {
        if (list->entry[i].device == status.st_dev && list->entry[i].inode == status.st_ino) {
            return;
        }
    }
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 16;
        bm_run_entry *entry = bm_cli_alloc(capacity, sizeof *entry);
        for (size_t i = 0; i < list->count; i++) {
            entry[i] = list->entry[i];
        }
        free(list->entry);
        list->entry = entry;
        list->capacity = capacity;
    }
    bm_run_entry *run = &list->entry[list->count++];
    bm_run_entry_read(run, path);
    run->device = status.st_dev;
    run->inode = status.st_ino;
}

/* A folder with a folder checkpoint is a run; others are looked into. */
static size_t find_runs(bm_run_list *list, const char *path, int depth) {
    char inside[BM_PATH_MAX];
    int n = snprintf(inside, sizeof inside, "%s/checkpoint", path);
    if (n < (int)sizeof inside && bm_is_folder(inside)) {
        add_run(list, path);
        return 1;
    }
    DIR *folder = depth < DEPTH_MAX ? opendir(path) : NULL;
    size_t found = 0;
    if (!folder) {
        return 0;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        n = snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && n < (int)sizeof inside && bm_is_folder(inside)) {
            found += find_runs(list, inside, depth + 1);
        }
    }
    closedir(folder);
    return found;
}

size_t bm_run_list_find(bm_run_list *list, const char *path) {
    char folder[BM_PATH_MAX];
    return bm_cli_run_folder(path, folder, sizeof folder, NULL) == BM_OK ? find_runs(list, folder, 0) : 0;
}

static int by_env_agent_name(const void *a, const void *b) {
    const bm_run_entry *x = a, *y = b;
    int order = strcmp(x->env, y->env);
    order = order ? order : strcmp(x->agent, y->agent);
    order = order ? order : strcmp(x->name, y->name);
    return order ? order : strcmp(x->path, y->path);
}

void bm_run_list_sort(bm_run_list *list) {
    if (list->count) {
        qsort(list->entry, list->count, sizeof *list->entry, by_env_agent_name);
    }
}

void bm_run_list_free(bm_run_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        cJSON_Delete(list->entry[i].metadata);
    }
    free(list->entry);
    *list = (bm_run_list){0};
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

bool bm_run_is_setting(const char *key) {
    static const char *const beginnings[] = {"run.", "agent.", "env."};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (strncmp(key, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return strcmp(key, "agent") == 0 || strcmp(key, "env") == 0 || strcmp(key, "version") == 0;
}

const char *bm_run_setting(const bm_run_entry *run, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run->metadata, key));
}

/* ---- live changes ----------------------------------------------------------------------------------------------- */

bm_status bm_run_changes_read(bm_changes *changes, const bm_run_entry *run, bm_error *error) {
    char path[BM_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/changes.csv", run->path);
    const bm_status status = bm_path_exists(path) ? bm_changes_read(changes, path, error) : BM_OK;
    return status == BM_INVALID ? BM_FAILED : status; /* what is wrong is a file, not the command */
}

bool bm_run_changes_same(const bm_changes *a, const bm_changes *b) {
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++) {
        const bm_change *x = &a->items[i], *y = &b->items[i];
        same = x->step == y->step && strcmp(x->option, y->option) == 0 && strcmp(x->value, y->value) == 0;
    }
    return same;
}

char *bm_run_changes_text(const bm_changes *changes) {
    const size_t most = BM_OPTION_KEY_BYTES + BM_CHANGE_VALUE_BYTES + 40; /* of one */
    const size_t bytes = most * (size_t)(changes->count + 1);
    char *text = bm_cli_alloc(bytes, 1);
    snprintf(text, bytes, "none");
    for (int i = 0, used = 0; i < changes->count; i++) {
        const bm_change *change = &changes->items[i];
        used += snprintf(text + used, bytes - (size_t)used, "%s%s=%s from step %" PRId64, i ? ", " : "", change->option,
                         change->value, change->step);
    }
    return text;
}
