#ifndef BM_TRAIN_CHANGES_H
#define BM_TRAIN_CHANGES_H

/* Hyperparameters changed while a run trains, as a file that replays them: CSV with the header "step,option,value"; the
 * option has the value from the turn that begins with so many steps, or iterations, done. live: the options that
 * change, with the config in force. */
#include <stdint.h>

#include "core/preset.h"

enum { BM_CHANGE_VALUE_BYTES = 64 };

typedef struct {
    int64_t step;
    char option[BM_OPTION_KEY_BYTES], value[BM_CHANGE_VALUE_BYTES];
} bm_change;

/* Starts as {0}. */
typedef struct {
    bm_change *items; /* by step; those of one step in the order in which they were made */
    int count, next;  /* items before next have been made */
} bm_changes;

/* Adds what the file says. BM_FAILED: cannot be read; BM_INVALID: names the line that is wrong. */
bm_status bm_changes_read(bm_changes *changes, const char *path, bm_error *error);
/* The same of a run's own file, FOLDER/changes.csv, where there is one. */
bm_status bm_changes_recall(bm_changes *changes, const char *folder, bm_error *error);
/* Whether all of them can be made; leaves the settings as they are. */
bm_status bm_changes_check(const bm_changes *changes, const bm_preset_target *live, bm_error *error);
/* Makes those that are due by now. */
bm_status bm_changes_apply(bm_changes *changes, int64_t step, const bm_preset_target *live, bm_error *error);
/* Makes one now, adds it to the list and writes the file in folder ("": none). Nothing changes when anything fails. */
bm_status bm_changes_make(bm_changes *changes, const bm_change *change, const char *folder,
                          const bm_preset_target *live, bm_error *error);
bm_status bm_changes_write(const bm_changes *changes, const char *folder, bm_error *error); /* all of them */
void bm_changes_free(bm_changes *changes);

#endif
