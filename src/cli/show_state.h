#ifndef BM_CLI_SHOW_STATE_H
#define BM_CLI_SHOW_STATE_H

/* What show.c (time) and show_keys.c (keys) share. */
#include "cli/live_picture.h"
#include "cli/show.h"
#include "watch/scene.h"

enum { BM_SHOW_WATCHES = 1, BM_SHOW_TRAINS = 2, BM_SHOW_PLAYS = 4 };

typedef struct {
    const bm_show_setup *setup;
    unsigned mode; /* one of the three above */
    bm_live_picture picture;
    bm_scene scene;
    bm_curves curves;
    bm_knob knobs[BM_SCENE_KNOBS];
    double surveyed, farewell; /* moments of picture.now */
    double speed, owed;        /* owed: steps that time has made due */
    bool full_speed, stop_training;
    /* a person's keys */
    bool started, tapped;
    int held, alternate; /* held: an action, or -1 */
    double held_until;
} bm_show_state;

/* show_keys.c */
void bm_show_list_keys(bm_show_state *s);                  /* into s->picture.keys */
void bm_show_key(bm_show_state *s, const bm_event *event); /* does what the key means */
int bm_show_held_action(bm_show_state *s);                 /* what a person does now, in real time */

#endif
