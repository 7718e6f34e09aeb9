#ifndef BM_TRAIN_HISTORY_H
#define BM_TRAIN_HISTORY_H

/* How a run went: its progress.csv (core/metrics.h writes it), by columns. Also of a run that is still training: a last
 * line that is half written is left out. */
#include "core/arena.h"
#include "core/error.h"

/* Starts as {0}. */
typedef struct {
    int rows, columns;
    const char *const *names;     /* [columns] "step", "seconds", and the metrics */
    const double *const *values;  /* [columns][rows]; NAN where nothing was known yet */
    const double *step, *seconds; /* [rows] of these, ascending */
    bm_arena arena;
} bm_history;

/* folder: of the run. BM_FAILED: no such folder, no progress.csv in it, or one that is none. */
bm_status bm_history_read(bm_history *history, const char *folder, bm_error *error);
void bm_history_free(bm_history *history);

const double *bm_history_column(const bm_history *history, const char *name); /* [rows]; NULL: no such metric */
double bm_history_last(const bm_history *history, const char *name);          /* the last known value; NAN: none */

#endif
