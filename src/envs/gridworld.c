/* GridWorld-v0: walk over a map to a goal.
 *
 * Action       0 left, 1 down, 2 right, 3 up; into a wall or off the map means staying. With probability slip the
 *              move goes to one of the two perpendicular directions instead, half each (FrozenLake slips with 2/3).
 *              With mask_walls such moves are forbidden; a slip may still make one.
 * Observation  index  the cell's number, row by row from the top left
 *              onehot [height, width] bytes, 1 where the walker is
 *              xy     column and row, each from -1 (left, top) to 1 (right, bottom)
 * Reward       -step_cost every step, and on entering a goal goal_reward (digit d: d tenths of it), a pit pit_reward
 * End          on a goal or in a pit
 * Time limit   100 steps
 *
 * Maps: grid_map.h. With map lake, slip 2/3, pit_reward 0 and step_cost 0 it is Gymnasium's FrozenLake-v1, episode by
 * episode: one uniform number at a reset, and one a step where walkers slip, both used as Gymnasium uses them. */
#include "envs/gridworld.h"

#include <math.h>
#include <string.h>

enum { OBSERVE_INDEX, OBSERVE_ONEHOT, OBSERVE_XY };
static const char *const observations[] = {"index", "onehot", "xy", NULL};

static const bm_option rows[] = {
    BM_OPTION_STRING(gridworld_config, map, "lake", 0, 0, BM_GRID_MAP_NAMES ", or the path of a text file"),
    BM_OPTION(gridworld_config, slip, 0, 0, 1, BM_LINEAR, "probability of moving sideways instead"),
    BM_OPTION(gridworld_config, goal_reward, 1, -1e6, 1e6, BM_LINEAR, "reward on reaching a goal"),
    BM_OPTION(gridworld_config, pit_reward, -1, -1e6, 1e6, BM_LINEAR, "reward on falling into a pit"),
    BM_OPTION(gridworld_config, step_cost, 0.01, -1e6, 1e6, BM_LINEAR, "subtracted from the reward of every step"),
    BM_OPTION_STRING(gridworld_config, mask_walls, "false", 0, 1, "forbid moves into walls and off the map"),
    BM_OPTION_CHOICE(gridworld_config, observation, "index", observations, "what the agent sees of its place"),
    BM_ENV_TIME_LIMIT(gridworld_config),
};

static const bm_env_field fields[] = {
    BM_FIELD(gridworld_state, x, 0, BM_GRID_SIDE - 1),
    BM_FIELD(gridworld_state, y, 0, BM_GRID_SIDE - 1),
};

typedef struct {
    int x, y;
} place;

static place place_of(const bm_grid_map *map, int number) {
    return (place){number % map->width, number / map->width};
}

static int number_of(const bm_grid_map *map, place at) {
    return at.y * map->width + at.x;
}

static int kept_inside(int at, int cells) {
    const int high = at < cells ? at : cells - 1;
    return high > 0 ? high : 0;
}

static place moved(const bm_grid_map *map, place from, int action) {
    static const int step_x[ACTIONS] = {-1, 0, 1, 0}, step_y[ACTIONS] = {0, 1, 0, -1};
    const place to = {kept_inside(from.x + step_x[action], map->width),
                      kept_inside(from.y + step_y[action], map->height)};
    return map->cell[number_of(map, to)] == '#' ? from : to;
}

/* ---- create ---- */

static void fill_rewards(gridworld_state *s, const gridworld_config *config) {
    for (int i = 0; i < CELL_KINDS; i++) {
        s->reward[i] = -config->step_cost;
    }
    s->reward['O'] += config->pit_reward;
    s->reward['G'] += config->goal_reward;
    s->ends['O'] = s->ends['G'] = true;
    for (int digit = 1; digit <= 9; digit++) {
        s->reward['0' + digit] += digit * config->goal_reward / 10;
        s->ends['0' + digit] = true;
    }
}

static bm_space observation_space(bm_env_batch *batch, const bm_grid_map *map, int observation) {
    const int cells = map->width * map->height;
    if (observation == OBSERVE_INDEX) {
        return bm_space_discrete(cells);
    }
    const bool xy = observation == OBSERVE_XY;
    const int size = xy ? 2 : cells;
    double *low = BM_NEW(&batch->arena, double, size), *high = BM_NEW(&batch->arena, double, size);
    for (int i = 0; low && high && i < size; i++) {
        low[i] = xy ? -1 : 0;
        high[i] = 1;
    }
    bm_space space = bm_space_box(xy ? BM_F32 : BM_U8, size, low, high);
    if (!xy) {
        space.dims = 2;
        space.shape[0] = map->height;
        space.shape[1] = map->width;
    }
    return space;
}

static bm_status create(bm_env_batch *batch, bm_error *error) {
    const gridworld_config *config = BM_ENV_CONFIG(batch, gridworld_config);
    gridworld_state *s = batch->state;
    const bm_status loaded = bm_grid_map_load(&s->map, config->map.text, &batch->arena, error);
    if (loaded != BM_OK) {
        return loaded;
    }
    fill_rewards(s, config);
    batch->observation_space = observation_space(batch, &s->map, config->observation);
    batch->action_space = bm_space_discrete(ACTIONS);
    batch->masked = config->mask_walls;
    return bm_arena_check(&batch->arena, "GridWorld-v0", error);
}

/* ---- dynamics ---- */

static place lane_place(const gridworld_state *s, int lane) {
    return (place){s->x[lane], s->y[lane]};
}

static void put(gridworld_state *s, int lane, place at) {
    s->x[lane] = at.x;
    s->y[lane] = at.y;
}

static void reset(bm_env_batch *batch, int lane) {
    gridworld_state *s = batch->state;
    const int which = (int)(bm_rng_double(&batch->rng[lane]) * s->map.start_count);
    put(s, lane, place_of(&s->map, s->map.start[which]));
}

/* The direction taken: of 0..3, action - 1 and action + 1 are the two perpendicular to it. */
static int slipped(int action, double slip, double uniform) {
    if (uniform < slip / 2) {
        return (action + 3) % 4;
    }
    return uniform < slip / 2 + (1 - slip) ? action : (action + 1) % 4;
}

static void step(bm_env_batch *batch) {
    const double slip = BM_ENV_CONFIG(batch, gridworld_config)->slip;
    gridworld_state *s = batch->state;
    const int32_t *chosen = batch->action;
    for (int i = 0; i < batch->lanes; i++) {
        int action = chosen[i];
        if (slip > 0) {
            action = slipped(action, slip, bm_rng_double(&batch->rng[i]));
        }
        const place at = moved(&s->map, lane_place(s, i), action);
        const uint8_t cell = s->map.cell[number_of(&s->map, at)];
        put(s, i, at);
        batch->reward[i] = s->reward[cell];
        batch->terminated[i] = s->ends[cell];
    }
}

/* ---- observations ---- */

static float scaled(int at, int cells) {
    return cells > 1 ? (float)(2 * at - (cells - 1)) / (float)(cells - 1) : 0.0F;
}

static void observe(bm_env_batch *batch, int first, int count) {
    const gridworld_state *s = batch->state;
    const int observation = BM_ENV_CONFIG(batch, gridworld_config)->observation;
    const size_t cells = (size_t)s->map.width * (size_t)s->map.height;
    int32_t *index = batch->observation;
    float *xy = batch->observation;
    uint8_t *onehot = batch->observation;
    for (int i = first; i < first + count; i++) {
        const int number = number_of(&s->map, lane_place(s, i));
        if (observation == OBSERVE_INDEX) {
            index[i] = number;
        } else if (observation == OBSERVE_XY) {
            xy[2 * i] = scaled(s->x[i], s->map.width);
            xy[2 * i + 1] = scaled(s->y[i], s->map.height);
        } else {
            memset(onehot + (size_t)i * cells, 0, cells);
            onehot[(size_t)i * cells + (size_t)number] = 1;
        }
    }
}

/* Of the chosen direction alone: slipping may still run into a wall. */
static bool leads_on(const bm_grid_map *map, place from, int action) {
    const place to = moved(map, from, action);
    return to.x != from.x || to.y != from.y;
}

static void mask(bm_env_batch *batch, int first, int count) {
    const gridworld_state *s = batch->state;
    for (int i = first; i < first + count; i++) {
        for (int action = 0; action < ACTIONS; action++) {
            batch->action_mask[ACTIONS * (ptrdiff_t)i + action] = leads_on(&s->map, lane_place(s, i), action);
        }
    }
}

/* ---- state ---- */

static void list_map(bm_env_batch *batch, bm_state *state) {
    bm_grid_map *map = &((gridworld_state *)batch->state)->map;
    bm_state_matrix(state, "map", BM_U8, map->cell, (size_t)map->height, (size_t)map->width);
    bm_state_vector(state, "start", BM_I32, map->start, (size_t)map->start_count);
    bm_state_bound(state, 0, map->width * map->height - 1);
}

static bm_status check(const bm_env_batch *batch, const double *values, bm_error *error) {
    const bm_grid_map *map = &((const gridworld_state *)batch->state)->map;
    const place at = {(int)values[0], (int)values[1]};
    if (at.x >= map->width || at.y >= map->height) {
        return bm_invalid(error, "GridWorld-v0: x=%d, y=%d is outside the map of %d x %d cells", at.x, at.y, map->width,
                          map->height);
    }
    if (map->cell[number_of(map, at)] == '#') {
        return bm_invalid(error, "GridWorld-v0: x=%d, y=%d is a wall", at.x, at.y);
    }
    return BM_OK;
}

/* ---- the finite model ---- */

static int model_states(const bm_env_batch *batch) {
    const gridworld_state *s = batch->state;
    return s->map.width * s->map.height;
}

static double model_start(const bm_env_batch *batch, int state) {
    const gridworld_state *s = batch->state;
    return s->map.cell[state] == 'S' ? 1.0 / s->map.start_count : 0.0;
}

static int model_outcomes(const bm_env_batch *batch, int state, int action, bm_outcome *outcome) {
    const gridworld_state *s = batch->state;
    const double slip = BM_ENV_CONFIG(batch, gridworld_config)->slip;
    if (s->ends[s->map.cell[state]] || s->map.cell[state] == '#') {
        return 0;
    }
    const double probability[3] = {slip / 2, 1 - slip, slip / 2};
    int count = 0;
    for (int k = 0; k < 3; k++) {
        if (probability[k] > 0) {
            const int next = number_of(&s->map, moved(&s->map, place_of(&s->map, state), (action + 3 + k) % 4));
            const uint8_t cell = s->map.cell[next];
            outcome[count++] = (bm_outcome){probability[k], next, s->reward[cell], s->ends[cell]};
        }
    }
    return count;
}

static bool model_allowed(const bm_env_batch *batch, int state, int action) {
    const gridworld_state *s = batch->state;
    return leads_on(&s->map, place_of(&s->map, state), action);
}

static void model_place(bm_env_batch *batch, int lane, int state) {
    gridworld_state *s = batch->state;
    put(s, lane, place_of(&s->map, state));
}

static const bm_env_model model = {
    .states = model_states,
    .start = model_start,
    .outcomes = model_outcomes,
    .allowed = model_allowed,
    .place = model_place,
};

static const bm_env_action actions[] = {
    {"left", "left"}, {"down", "down"}, {"right", "right"}, {"up", "up"}, {NULL, NULL}};

const bm_env_type bm_env_gridworld = {
    .id = "GridWorld-v0",
    .summary = "walk over a map, past walls and pits, to a goal",
    .source = "after Sutton and Barto 2018 and Gymnasium's FrozenLake-v1; maps of its own or from text files",
    .options = BM_OPTIONS(rows, gridworld_config),
    .fields = BM_ENV_FIELDS(fields, gridworld_state),
    .max_episode_steps = 100,
    .reward_threshold = NAN,
    .create = create,
    .reset = reset,
    .step = step,
    .observe = observe,
    .mask = mask,
    .state = list_map,
    .check = check,
    .model = &model,
    .draw = bm_gridworld_draw,
    .steps_per_second = 4,
    .turn_based = true,
    .actions = actions,
};
