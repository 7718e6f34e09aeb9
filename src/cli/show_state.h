#ifndef BM_CLI_SHOW_STATE_H
#define BM_CLI_SHOW_STATE_H

/* What show.c (time), show_keys.c (keys) and show_record.c (files) share. */
#include "cli/show.h"
#include "watch/recorder.h"
#include "watch/scene.h"

enum { BM_SHOW_WATCHES = 1, BM_SHOW_TRAINS = 2, BM_SHOW_PLAYS = 4, BM_SHOW_HELP_ROWS = 32 };

typedef struct {
    const bm_show_setup *setup;
    unsigned mode;   /* one of the three above */
    bm_stage *stage; /* NULL: nobody looks */
    bm_raster *frame, *record_frame;
    bm_recorder *recorder; /* NULL: not recording */
    bm_scene scene;
    bm_curves curves;
    bm_knob knobs[BM_SCENE_KNOBS];
    bm_scene_key help[BM_SHOW_HELP_ROWS];
    char notice[256], record_path[1200];
    double now; /* seconds; all times below are moments of it */
    double notice_until, surveyed, next_frame, next_record, farewell;
    double speed, owed; /* owed: steps that time has made due */
    double fps, record_fps;
    bool interactive, full_speed, changed, answer, closed, stop_training; /* answer: a key wants to be seen now */
    char recorded[1200];                                                  /* the last file that was completed */
    int64_t record_bytes;
    /* a person's keys */
    bool started, tapped;
    int held, alternate; /* held: an action, or -1 */
    double held_until;
} bm_show_state;

__attribute__((format(printf, 2, 3))) void bm_show_notify(bm_show_state *s, const char *format, ...);

/* show_keys.c */
void bm_show_list_keys(bm_show_state *s);                  /* into s->help */
void bm_show_key(bm_show_state *s, const bm_event *event); /* does what the key means */
int bm_show_held_action(bm_show_state *s);                 /* what a person does now, in real time */

/* show_record.c */
void bm_show_take_picture(bm_show_state *s);
void bm_show_toggle_recording(bm_show_state *s);
void bm_show_take_recorder(bm_show_state *s, bm_recorder *recorder, const char *path, double fps);
bm_status bm_show_record(bm_show_state *s, bm_error *error); /* the frames that are due */
bm_status bm_show_stop_recording(bm_show_state *s, bm_error *error);

#endif
