#ifndef BM_TRAIN_CHECKPOINT_H
#define BM_TRAIN_CHECKPOINT_H

/* A checkpoint is one safetensors file: the tensors of a state list, and metadata with options, versions and counters.
 * The replay buffer lies beside it in a file of its own, which is appended to; the checkpoint says how much of it is its own. */
#include <cjson/cJSON.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "core/state.h"
#include "replay/replay.h"

/* FOLDER/NAME.safetensors; name is "last", "best" or "step-000012345". */
void bm_checkpoint_path(const char *folder, const char *name, char *path, size_t bytes);

/* Saves the replay rows that are new (replay may be NULL), then the checkpoint; the previous version of either stays whole
 * until the new one is on the disk. metadata is completed with where the replay is. *file is the replay's file so far. */
bm_status bm_checkpoint_save(const char *folder, const char *name, const bm_state *state, cJSON *metadata,
                             const bm_replay *replay, bm_replay_file *file, bm_error *error);

/* Reads and checks a checkpoint of ours; BM_FAILED says what is wrong with it. */
bm_status bm_checkpoint_open(const char *folder, const char *name, bm_safetensors *checkpoint, bm_error *error);

/* Copies the checkpoint into state, and the replay buffer, when not NULL, from its file. */
bm_status bm_checkpoint_restore(const bm_safetensors *checkpoint, const char *folder, const bm_state *state,
                                bm_replay *replay, bm_replay_file *file, bm_error *error);

/* A number kept as text in the metadata. */
bm_status bm_checkpoint_number(const bm_safetensors *checkpoint, const char *key, double *number, bm_error *error);

#endif
