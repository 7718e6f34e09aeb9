#ifndef BM_CORE_METRICS_H
#define BM_CORE_METRICS_H

/* Named scalars over time, to the files people's tools read: progress.csv, TensorBoard's event file, and
 * Stable-Baselines3's monitor.csv for single episodes. All three are append-only, so that a resumed run can cut them
 * back to a checkpoint by length. */
#include <stdint.h>

#include "core/error.h"

/* progress.csv: "step,seconds,NAME,..." then a row per call; NAN is left empty. NULL: metrics that go nowhere. */
typedef struct bm_metrics bm_metrics;

/* Byte lengths of the three files, as a checkpoint remembers them. */
typedef struct {
    int64_t progress, monitor, events;
} bm_metrics_length;

/* Opens (creating, or cutting to *length when not NULL and appending) progress.csv, monitor.csv and
 * events.out.tfevents.* in folder. names [count] must live as long as the metrics. env_id goes to monitor.csv's header
 * line; start, seconds since 1970, is when the run began: a resumed run passes the same again, and its files become
 * those of a run never interrupted. BM_FAILED, and nothing is cut, when a file is missing, shorter than *length, or has
 * other columns. */
bm_status bm_metrics_open(bm_metrics **metrics, const char *folder, const char *const *names, int count,
                          const char *env_id, double start, const bm_metrics_length *length, bm_error *error);
/* values [count]; seconds since the start of training (for a resumed run, training seconds so far). Rows wait in a
 * buffer; one is written whole or, when the disk refuses and the buffer is full, not at all. */
void bm_metrics_row(bm_metrics *metrics, int64_t step, double seconds, const double *values);
void bm_metrics_episode(bm_metrics *metrics, double episode_return, int64_t length, double seconds);
/* Pushes buffers to the files. With length not NULL also flushes them to the disk, for a checkpoint to rely on, and
 * gives their lengths. BM_FAILED, and *length unchanged, when any write since the last call failed; what is still in
 * the buffers is tried again next time. */
bm_status bm_metrics_flush(bm_metrics *metrics, bm_metrics_length *length, bm_error *error);
bm_status bm_metrics_close(bm_metrics *metrics, bm_error *error); /* flushes; NULL is fine */

#endif
