#ifndef BM_WATCH_ADAPT_FEED_H
#define BM_WATCH_ADAPT_FEED_H

/* The curves of a run of meta-training in one thread, for somebody who watches adaptation in another (train/live.h has
 * the parameters). The trainer never waits: where somebody is reading, a visit is left out. */
#include <pthread.h>

#include "meta/meta_trainee.h"
#include "watch/adapt.h"
#include "watch/curves.h"

/* Over iterations, in the unit of the first score where loss and score have the same, else of the loss. */
typedef struct {
    const char *title;
    char tests_name[32]; /* "tests, after 10 steps" */
    bm_curve batches;    /* running mean over batches of training tasks */
    bm_curve tests;      /* evaluations */
    bm_progress progress;
} bm_adapt_training;

typedef struct {
    bm_adapt_training training;
    bool same_unit;
    double sign, running, weight; /* of the loss: -1 where it is minus the score */
    bool newer;                   /* than what was read */
    pthread_mutex_t lock;
} bm_adapt_feed;

/* What the run wrote down before is part of the curve. */
void bm_adapt_feed_init(bm_adapt_feed *feed, const bm_run *run);
void bm_adapt_feed_free(bm_adapt_feed *feed);
void bm_adapt_feed_visit(void *feed, const bm_progress *progress); /* bm_progress_visitor: in the training thread */
/* What is newer than the last time; false: nothing. */
bool bm_adapt_feed_read(bm_adapt_feed *feed, bm_adapt_training *training);

#endif
