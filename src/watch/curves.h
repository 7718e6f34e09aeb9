#ifndef BM_WATCH_CURVES_H
#define BM_WATCH_CURVES_H

/* The curves of a run as it trains, written by the training thread and drawn by another. Memory is bounded: when a
 * curve is full, every second point is dropped. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "agents/agent.h"
#include "train/history.h"
#include "train/run.h"

enum { BM_CURVE_POINTS = 1024, BM_CURVE_MARKS = 64 };

typedef struct {
    int count, stride, skipped; /* every stride-th point is kept */
    double x[BM_CURVE_POINTS], y[BM_CURVE_POINTS];
} bm_curve;

typedef struct {
    bm_curve episode_return, evaluation, loss, exploration;
    const char *loss_name, *exploration_name; /* titles; NULL: the agent has no such metric */
    double marks[BM_CURVE_MARKS];             /* steps at which something was changed */
    int mark_count;
    bm_progress progress; /* the latest; its pointers are not valid */
    uint64_t version;     /* grows with every change */
} bm_curves;

typedef struct {
    bm_curves curves;
    int loss_metric, exploration_metric; /* index into the agent's metrics, or -1 */
    double exploration_sign;
    pthread_mutex_t lock;
} bm_curve_store;

void bm_curve_store_init(bm_curve_store *store, const bm_agent_type *agent);
void bm_curve_store_free(bm_curve_store *store);
/* What went before, of a run that is resumed; before training begins. */
void bm_curve_store_recall(bm_curve_store *store, const bm_agent_type *agent, const bm_history *history);
void bm_curve_store_add(bm_curve_store *store, const bm_progress *progress); /* from the training thread */
bool bm_curve_store_read(bm_curve_store *store, bm_curves *copy);            /* false: copy is up to date */
void bm_curve_add(bm_curve *curve, double x, double y);                      /* a NAN y is left out */

#endif
