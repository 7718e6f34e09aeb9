#ifndef BM_TRAIN_FOLDER_H
#define BM_TRAIN_FOLDER_H

/* The folder of a run, for as long as a process trains in it: its files, the lock that keeps others out, checkpoints,
 * metrics, and since when it trains. A resumed run finds all of it as its last checkpoint says.
 *
 * A checkpoint is one safetensors file: the tensors of a state list, and metadata with options, versions and counters.
 * The replay buffer lies beside it in a file of its own, which is appended to; the checkpoint says how much of it is
 * its own. */
#include "core/metrics.h"
#include "core/safetensors.h"
#include "core/state.h"
#include "replay/replay.h"
#include "train/experiment.h"

enum { BM_PATH_MAX = 1024 };

/* Starts as {.lock = -1}. Without a path nothing is written anywhere. */
typedef struct {
    char path[BM_PATH_MAX], checkpoints[BM_PATH_MAX + 16];
    int lock; /* descriptor; -1: none */
    bm_metrics *metrics;
    double started;               /* seconds since 1970 */
    double seconds, eval_seconds; /* before this process's start of training; spent in evaluations */
    double clock_start;
} bm_folder;

double bm_folder_seconds(const bm_folder *folder); /* of training, in all processes so far */

/* Creates RUNS/ENV/AGENT/NAME, or with -2, -3, ... where that exists; NAME, when NULL, is seedS-DATE-TIME; GROUP/NAME
 * puts it into a folder of several. Locks it and writes config.yaml. */
bm_status bm_folder_create(bm_folder *folder, const bm_experiment *experiment, const char *runs, const char *name,
                           bm_error *error);
/* Exactly this folder. Of a run that is in it nothing is left, so that one of these settings can begin. */
bm_status bm_folder_create_at(bm_folder *folder, const bm_experiment *experiment, const char *path, bm_error *error);
/* Locks one that exists. BM_FAILED: another process trains in it. */
bm_status bm_folder_open(bm_folder *folder, const char *path, bm_error *error);
/* Begins the files of metrics or, with a checkpoint, cuts them back to it and takes over its clocks. names [count] must
 * last as long as the folder. env: for the header of monitor.csv. */
bm_status bm_folder_metrics(bm_folder *folder, const char *const *names, int count, const char *env,
                            const bm_safetensors *checkpoint, bm_error *error);

void bm_folder_put_number(cJSON *metadata, const char *key, double number); /* as bm_checkpoint_number reads it */
/* NAME.safetensors among the checkpoints; name is "last", "best" or a numbered one. Saves all metrics and the replay
 * rows that are new (replay may be NULL) before it; the previous version of each file stays whole until the new one is
 * on the disk. metadata is completed. *replay_file is the replay's file so far. */
bm_status bm_folder_save(bm_folder *folder, const char *name, const bm_state *state, cJSON *metadata,
                         const bm_replay *replay, bm_replay_file *replay_file, bm_error *error);
enum { BM_CHECKPOINT_NAME = 48 };
void bm_folder_numbered(char name[BM_CHECKPOINT_NAME], int64_t step); /* "step-000012345" */
void bm_folder_prune(const bm_folder *folder, int keep); /* of the numbered checkpoints, all but the newest */

void bm_folder_close(bm_folder *folder);

/* Opens and checks a checkpoint of the run at path: "last", "best" or a step number. BM_FAILED says what is wrong. */
bm_status bm_folder_checkpoint(const char *path, const char *checkpoint, bm_safetensors *file, bm_error *error);
/* Copies it into state, and the replay buffer, when not NULL, from its file. */
bm_status bm_folder_restore(const bm_folder *folder, const bm_safetensors *checkpoint, const bm_state *state,
                            bm_replay *replay, bm_replay_file *replay_file, bm_error *error);
/* A number kept as text in the metadata. */
bm_status bm_checkpoint_number(const bm_safetensors *checkpoint, const char *key, double *number, bm_error *error);

#endif
