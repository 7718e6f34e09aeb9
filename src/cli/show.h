#ifndef BM_CLI_SHOW_H
#define BM_CLI_SHOW_H

/* The loop behind watch, play and train --render: plays episodes at natural speed, draws them, listens to keys, records. */
#include <stdatomic.h>

#include "cli/stage.h"
#include "train/live.h"
#include "watch/curves.h"
#include "watch/player.h"

typedef struct {
    const char *title;
    bm_player *player;
    bool person;            /* a person plays, with the environment's keys */
    bm_stage *stage;        /* NULL: nobody looks */
    int width, height;      /* of a window, and of recordings */
    double fps;             /* frames a second; 0: as suits the stage */
    double speed;           /* of the natural one */
    int episodes;           /* 0: until it is closed */
    const char *record;     /* a file, or NULL */
    const char *folder;     /* where pictures and recordings made with keys go */
    const atomic_int *stop; /* a signal's number ends it */
    /* of a run that trains in another thread; NULL otherwise */
    bm_live *live;
    bm_curve_store *curves;
    const atomic_int *trained; /* non-zero once training has ended */
} bm_show_setup;

typedef struct {
    int64_t episodes; /* that ended */
    double mean_return, std_return;
    bool stop_training; /* the viewer asked for it */
    bool recorded;
    int64_t record_bytes;
} bm_show_result;

bm_status bm_show(const bm_show_setup *setup, bm_show_result *result, bm_error *error);

#endif
