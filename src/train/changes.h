#ifndef BM_TRAIN_CHANGES_H
#define BM_TRAIN_CHANGES_H

/* Hyperparameters changed while a run trains, as a file that replays them: CSV with the header "step,option,value"; the option has
 * the value from the step that begins with so many environment steps done. */
#include <stdint.h>

#include "agents/agent.h"

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
/* Whether the agent takes all of them; leaves its settings as they are. */
bm_status bm_changes_check(const bm_changes *changes, const bm_agent *agent, bm_error *error);
/* Makes those that are due by now. */
bm_status bm_changes_apply(bm_changes *changes, int64_t step, bm_agent *agent, bm_error *error);
/* Makes one now, adds it to the list and to the file (which it begins, if need be). Nothing changes when anything fails. */
bm_status bm_changes_make(bm_changes *changes, const bm_change *change, const char *path, bm_agent *agent,
                          bm_error *error);
bm_status bm_changes_write(const bm_changes *changes, const char *path, bm_error *error); /* all of them */
void bm_changes_free(bm_changes *changes);

#endif
