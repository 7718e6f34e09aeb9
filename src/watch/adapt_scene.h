#ifndef BM_WATCH_ADAPT_SCENE_H
#define BM_WATCH_ADAPT_SCENE_H

/* The picture of adaptation (watch/adapt.h): the task and what has become of it so far; beside it scores against steps
 * and, of a run that trains, the curve of training. */
#include "core/canvas.h"
#include "watch/adapt.h"
#include "watch/adapt_feed.h"
#include "watch/overlay.h"

typedef struct {
    const char *title; /* "maml on sinusoid" */
    const bm_adapt *adapt;
    double speed; /* INFINITY: as fast as possible */
    bool paused, recording;
    const char *notice;                /* a passing message, or NULL */
    const bm_overlay_key *help;        /* the keys, while they are shown; a NULL key at the end */
    const bm_adapt_training *training; /* NULL: nothing trains */
} bm_adapt_scene;

void bm_adapt_scene_draw(const bm_adapt_scene *scene, bm_canvas *canvas);      /* the whole picture, at any size */
void bm_adapt_scene_draw_task(const bm_adapt_scene *scene, bm_canvas *canvas); /* the task alone, for small pictures */

enum { BM_ADAPT_LINE = 256 };
void bm_adapt_scene_status(const bm_adapt_scene *scene, char line[BM_ADAPT_LINE]);   /* how it stands, as text */
void bm_adapt_scene_training(const bm_adapt_scene *scene, char line[BM_ADAPT_LINE]); /* of the run; empty without one */

#endif
