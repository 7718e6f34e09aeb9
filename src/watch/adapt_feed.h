#ifndef BM_WATCH_ADAPT_FEED_H
#define BM_WATCH_ADAPT_FEED_H

/* From a run of meta-training in one thread to somebody who watches adaptation in another: copies of the outer parameters, and the curve
 * of training so far. The trainer never waits: it copies on its visits, a few times a second, and only where nobody is reading. */
#include <pthread.h>

#include "meta/meta_run.h"
#include "watch/adapt.h"
#include "watch/curves.h"

/* Over iterations, in the unit of the first score where loss and score have the same, else of the loss. */
typedef struct {
    const char *title;
    char tests_name[32]; /* "tests, after 10 steps" */
    bm_curve batches;    /* running mean over batches of training tasks */
    bm_curve tests;      /* evaluations */
    bm_meta_progress progress;
} bm_adapt_training;

typedef struct {
    bm_adapt_training training;
    const bm_meta_model *model;
    bool same_unit;
    double sign, running, weight; /* of the loss: -1 where it is minus the score */
    bm_real *outer;               /* as it was at the last visit */
    bool newer;                   /* than what was read */
    pthread_mutex_t lock;
    bm_arena arena;
} bm_adapt_feed;

/* The run must outlive it. What the run wrote down before is part of the curve. Free it with bm_adapt_feed_free, also after failure. */
bm_status bm_adapt_feed_create(bm_adapt_feed *feed, const bm_meta_run *run, const bm_meta_experiment *experiment,
                               bm_error *error);
void bm_adapt_feed_free(bm_adapt_feed *feed);
void bm_adapt_feed_visit(void *feed, const bm_meta_progress *progress); /* bm_meta_visitor: in the training thread */
/* What is newer than the last time; false: nothing. adapt gets the parameters. */
bool bm_adapt_feed_read(bm_adapt_feed *feed, bm_adapt_training *training, bm_adapt *adapt);

#endif
