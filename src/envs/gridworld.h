#ifndef BM_ENVS_GRIDWORLD_H
#define BM_ENVS_GRIDWORLD_H

/* What the two files of GridWorld-v0 share, and nobody else: its dynamics (gridworld.c) and its drawing
 * (gridworld_draw.c). */
#include "envs/env.h"
#include "envs/grid_map.h"

typedef struct {
    int max_episode_steps;
    bm_text map;
    double slip, goal_reward, pit_reward, step_cost;
    int observation;
    bool mask_walls;
} gridworld_config;

enum { ACTIONS = 4, CELL_KINDS = 256 };

/* The map is part of the saved state: a resumed run walks the map it began with, even if the file has changed. */
typedef struct {
    bm_grid_map map;
    double reward[CELL_KINDS]; /* of entering a cell, by its character */
    bool ends[CELL_KINDS];     /* whether entering it ends the episode */
    int32_t *x, *y;            /* [lanes] column and row */
} gridworld_state;

void bm_gridworld_draw(const bm_env_batch *batch, int lane, const bm_env_policy_view *view, bm_canvas *canvas);

#endif
