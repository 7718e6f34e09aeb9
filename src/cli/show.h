#ifndef BM_CLI_SHOW_H
#define BM_CLI_SHOW_H

/* The loop behind watch, play and train --render: plays episodes at natural speed, draws them, listens to keys,
 * records. */
#include <stdatomic.h>

#include "cli/stage.h"
#include "train/live.h"
#include "watch/curves.h"
#include "watch/player.h"
#include "watch/recorder.h"

enum { BM_SHOW_TRAINED = 1, BM_SHOW_FAILED = 2 };

typedef struct {
    const char *title;
    bm_player *player;
    bool person;           /* a person plays, with the environment's keys */
    bm_stage *stage;       /* NULL: nobody looks */
    int width, height;     /* of a window, and of recordings */
    double fps;            /* frames a second; 0: as suits the stage */
    double speed;          /* of the natural one */
    int episodes;          /* 0: until it is closed */
    const char *record;    /* a file, or NULL */
    bm_recorder *recorder; /* of it, already open (bm_show_open); closed by bm_show */
    double record_fps;
    const char *folder;     /* where pictures and recordings made with keys go */
    const atomic_int *stop; /* a signal's number ends it */
    /* of a run that trains in another thread; NULL otherwise */
    bm_live *live;
    bm_curve_store *curves;
    const atomic_int *trained; /* BM_SHOW_TRAINED or BM_SHOW_FAILED once training has ended */
    const bm_error *failure;   /* why it failed */
} bm_show_setup;

typedef struct {
    int64_t episodes;                                      /* that ended */
    double mean_return, std_return, mean_length, min, max; /* NAN where none ended */
    bool stop_training;                                    /* the viewer asked for it */
    char recorded[1200];                                   /* the last file that was recorded; "": none */
    int64_t record_bytes;
} bm_show_result;

double bm_show_record_fps(const bm_env_type *env, double speed); /* of a recording, where nothing else is said */

bm_status bm_show(const bm_show_setup *setup, bm_show_result *result, bm_error *error);

#endif
