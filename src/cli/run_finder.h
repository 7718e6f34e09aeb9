#ifndef BM_CLI_RUN_FINDER_H
#define BM_CLI_RUN_FINDER_H

/* The run folders there are: where they lie, what they were told and how well they did. From the metadata of the last
 * checkpoint, progress.csv and result.json; nothing is built or trained. */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <sys/types.h>

#include "train/changes.h"
#include "train/run.h"

enum { BM_RUN_NAME_BYTES = 128 };

typedef struct {
    char path[BM_PATH_MAX], env[BM_RUN_NAME_BYTES], agent[BM_RUN_NAME_BYTES], name[BM_RUN_NAME_BYTES];
    int64_t steps, total_steps;
    double eval_return, train_return, seconds; /* NAN: none yet. Of meta-training: score and loss */
    cJSON *metadata; /* settings as text, "agent.gamma": "0.99" (train/experiment.h); NULL: damaged, see error */
    bm_error error;
    dev_t device; /* these two say which folder it is */
    ino_t inode;
} bm_run_entry;

typedef struct {
    bm_run_entry *entry; /* [count] */
    size_t count, capacity;
} bm_run_list;

bool bm_is_folder(const char *path);
/* One run; the failure is also in run->error. cJSON_Delete(run->metadata) when done. */
bm_status bm_run_entry_read(bm_run_entry *run, const char *path);
/* For a verb that can do nothing without it: says that the run is damaged, and why. */
bm_status bm_run_damaged(const bm_run_entry *run, bm_error *error);
/* Adds the runs at and below path that are not in the list yet, damaged ones too; returns how many lie there. A folder
 * with a folder checkpoint in it is a run. */
size_t bm_run_list_find(bm_run_list *list, const char *path);
void bm_run_list_sort(bm_run_list *list); /* by environment, agent and name */
void bm_run_list_free(bm_run_list *list);

/* Whether a key of the metadata is a setting, as opposed to how far the run came. */
bool bm_run_is_setting(const char *key);
/* Its value; NULL: the run has no such setting. */
const char *bm_run_setting(const bm_run_entry *run, const char *key);

/* The column of progress.csv that says how well it does. */
const char *bm_run_metric(const bm_run_entry *run);

/* The hyperparameters that were changed while the run trained; changes starts as {0} and stays so if there were
 * none. */
bm_status bm_run_changes_read(bm_changes *changes, const bm_run_entry *run, bm_error *error);
bool bm_run_changes_same(const bm_changes *a, const bm_changes *b);
/* "learning_rate=0.05 from step 500, gamma=0.9 from step 800", or "none"; free it. */
char *bm_run_changes_text(const bm_changes *changes);

#endif
