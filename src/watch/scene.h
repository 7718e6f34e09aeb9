#ifndef BM_WATCH_SCENE_H
#define BM_WATCH_SCENE_H

/* What a viewer sees: the environment as it draws itself, what the policy thinks, and, of a run that trains, its curves
 * and the hyperparameters that can be turned. Scenes are drawn from plain values, so that a picture is a function of
 * them. */
#include "core/canvas.h"
#include "watch/curves.h"
#include "watch/overlay.h"
#include "watch/player.h"

enum { BM_SCENE_KNOBS = 32, BM_SCENE_VALUE = 48, BM_SCENE_LINE = 256 };

/* A hyperparameter that may change while training. */
typedef struct {
    char key[BM_OPTION_KEY_BYTES], value[BM_SCENE_VALUE];
    bool schedule;
} bm_knob;

typedef bm_overlay_key bm_scene_key;

typedef struct {
    const char *title; /* "dqn on CartPole-v1" */
    const bm_player *player;
    const char *person; /* NULL, or what a person who plays is told now; "": nothing */
    double speed;       /* of the natural one; INFINITY: as fast as possible */
    bool paused, recording;
    const char *notice;       /* a passing message, or NULL */
    const bm_scene_key *help; /* the keys, while they are shown; a NULL key at the end */
    /* of a run that trains; curves NULL: none */
    const bm_curves *curves;
    const bm_knob *knobs;
    int knob_count, knob; /* which one is chosen */
    bool trained;         /* it has ended */
} bm_scene;

void bm_scene_draw(const bm_scene *scene, bm_canvas *canvas);             /* the whole picture */
void bm_scene_draw_environment(const bm_scene *scene, bm_canvas *canvas); /* only that, for small pictures */
void bm_scene_status(const bm_scene *scene, char line[BM_SCENE_LINE]);    /* how it stands, as text */
void bm_scene_training(const bm_scene *scene, char line[BM_SCENE_LINE]);  /* of the run, as text; empty without one */

/* The agent's options that may change while it trains, as knobs; returns how many. */
int bm_scene_list_knobs(const bm_agent *agent, bm_knob knobs[BM_SCENE_KNOBS]);

#endif
