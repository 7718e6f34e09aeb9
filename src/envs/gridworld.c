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

/* Cells as the outside numbers them: row by row, without the walls around. */
static int cell_number(const bm_grid_map *map, int position) {
    return (position / map->stride - 1) * map->width + position % map->stride - 1;
}

static int cell_position(const bm_grid_map *map, int number) {
    return (number / map->width + 1) * map->stride + number % map->width + 1;
}

static int neighbour(const gridworld_state *s, int position, int action) {
    const int next = position + s->move[action];
    return s->map.cell[next] == '#' ? position : next;
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
    const int size = observation == OBSERVE_ONEHOT ? cells : 2;
    double *low = BM_NEW(&batch->arena, double, size), *high = BM_NEW(&batch->arena, double, size);
    for (int i = 0; low && high && i < size; i++) {
        low[i] = observation == OBSERVE_XY ? -1 : 0;
        high[i] = 1;
    }
    if (observation == OBSERVE_XY) {
        return bm_space_box(BM_F32, size, low, high);
    }
    return (bm_space){.kind = BM_BOX,
                      .dtype = BM_U8,
                      .dims = 2,
                      .shape = {map->height, map->width},
                      .size = size,
                      .low = low,
                      .high = high};
}

static bm_status create(bm_env_batch *batch, bm_error *error) {
    const gridworld_config *config = BM_ENV_CONFIG(batch, gridworld_config);
    gridworld_state *s = BM_NEW(&batch->arena, gridworld_state, 1);
    if (!s) {
        return bm_arena_check(&batch->arena, "GridWorld-v0", error);
    }
    const bm_status loaded = bm_grid_map_load(&s->map, config->map.text, &batch->arena, error);
    if (loaded != BM_OK) {
        return loaded;
    }
    const int move[ACTIONS] = {-1, s->map.stride, 1, -s->map.stride};
    for (int action = 0; action < ACTIONS; action++) {
        s->move[action] = move[action];
    }
    fill_rewards(s, config);
    s->position = BM_NEW(&batch->arena, int32_t, batch->lanes);
    batch->state = s;
    batch->observation_space = observation_space(batch, &s->map, config->observation);
    batch->action_space = bm_space_discrete(ACTIONS);
    batch->masked = config->mask_walls;
    return bm_arena_check(&batch->arena, "GridWorld-v0", error);
}

/* ---- dynamics ---- */

static void reset(bm_env_batch *batch, int lane) {
    gridworld_state *s = batch->state;
    const int which = (int)(bm_rng_double(&batch->rng[lane]) * s->map.start_count);
    s->position[lane] = s->map.start[which];
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
        s->position[i] = neighbour(s, s->position[i], action);
        const uint8_t cell = s->map.cell[s->position[i]];
        batch->reward[i] = s->reward[cell];
        batch->terminated[i] = s->ends[cell];
    }
}

/* ---- observations ---- */

static float scaled(int at, int cells) {
    return cells > 1 ? (float)(2 * at - (cells - 1)) / (float)(cells - 1) : 0.0F;
}

static void observe_index(const gridworld_state *s, int first, int count, int32_t *observation) {
    for (int i = first; i < first + count; i++) {
        observation[i] = cell_number(&s->map, s->position[i]);
    }
}

static void observe_onehot(const gridworld_state *s, int first, int count, uint8_t *observation) {
    const size_t cells = (size_t)s->map.width * (size_t)s->map.height;
    for (int i = first; i < first + count; i++) {
        uint8_t *row = observation + (size_t)i * cells;
        for (size_t k = 0; k < cells; k++) {
            row[k] = 0;
        }
        row[cell_number(&s->map, s->position[i])] = 1;
    }
}

static void observe_xy(const gridworld_state *s, int first, int count, float *observation) {
    for (int i = first; i < first + count; i++) {
        const int number = cell_number(&s->map, s->position[i]);
        observation[2 * i + 0] = scaled(number % s->map.width, s->map.width);
        observation[2 * i + 1] = scaled(number / s->map.width, s->map.height);
    }
}

static void observe(bm_env_batch *batch, int first, int count) {
    const gridworld_state *s = batch->state;
    const int observation = BM_ENV_CONFIG(batch, gridworld_config)->observation;
    if (observation == OBSERVE_INDEX) {
        observe_index(s, first, count, batch->observation);
    } else if (observation == OBSERVE_ONEHOT) {
        observe_onehot(s, first, count, batch->observation);
    } else {
        observe_xy(s, first, count, batch->observation);
    }
}

/* Of the chosen direction alone: slipping may still run into a wall. */
static void mask(bm_env_batch *batch, int first, int count) {
    const gridworld_state *s = batch->state;
    for (int i = first; i < first + count; i++) {
        for (int action = 0; action < ACTIONS; action++) {
            batch->action_mask[ACTIONS * (ptrdiff_t)i + action] =
                neighbour(s, s->position[i], action) != s->position[i];
        }
    }
}

/* ---- state ---- */

static void list_state(bm_env_batch *batch, bm_state *state) {
    gridworld_state *s = batch->state;
    bm_state_vector(state, "position", BM_I32, s->position, (size_t)batch->lanes);
    bm_state_matrix(state, "map", BM_U8, s->map.cell, (size_t)s->map.height + 2, (size_t)s->map.stride);
    bm_state_vector(state, "start", BM_I32, s->map.start, (size_t)s->map.start_count);
}

static const char *const state_names[] = {"x", "y", NULL};

static void get_state(const bm_env_batch *batch, int lane, double *values) {
    const gridworld_state *s = batch->state;
    const int number = cell_number(&s->map, s->position[lane]);
    values[0] = number % s->map.width;
    values[1] = number / s->map.width;
}

static int clamped(double value, int cells) {
    return (int)fmax(0, fmin(value, cells - 1));
}

/* Numbers beyond the map mean its nearest cell. */
static void set_state(bm_env_batch *batch, int lane, const double *values) {
    gridworld_state *s = batch->state;
    const int x = clamped(values[0], s->map.width);
    const int y = clamped(values[1], s->map.height);
    s->position[lane] = cell_position(&s->map, y * s->map.width + x);
}

/* ---- the finite model ---- */

static int model_states(const bm_env_batch *batch) {
    const gridworld_state *s = batch->state;
    return s->map.width * s->map.height;
}

static double model_start(const bm_env_batch *batch, int state) {
    const gridworld_state *s = batch->state;
    return s->map.cell[cell_position(&s->map, state)] == 'S' ? 1.0 / s->map.start_count : 0.0;
}

static int model_outcomes(const bm_env_batch *batch, int state, int action, bm_outcome *outcome) {
    const gridworld_state *s = batch->state;
    const double slip = BM_ENV_CONFIG(batch, gridworld_config)->slip;
    const int position = cell_position(&s->map, state);
    if (s->ends[s->map.cell[position]] || s->map.cell[position] == '#') {
        return 0;
    }
    const double probability[3] = {slip / 2, 1 - slip, slip / 2};
    int count = 0;
    for (int k = 0; k < 3; k++) {
        if (probability[k] > 0) {
            const int next = neighbour(s, position, (action + 3 + k) % 4);
            const uint8_t cell = s->map.cell[next];
            outcome[count++] = (bm_outcome){probability[k], cell_number(&s->map, next), s->reward[cell], s->ends[cell]};
        }
    }
    return count;
}

static void model_place(bm_env_batch *batch, int lane, int state) {
    gridworld_state *s = batch->state;
    s->position[lane] = cell_position(&s->map, state);
}

static const bm_env_model model = {
    .states = model_states, .start = model_start, .outcomes = model_outcomes, .place = model_place};

static const bm_env_action actions[] = {
    {"left", "left"}, {"down", "down"}, {"right", "right"}, {"up", "up"}, {NULL, NULL}};

const bm_env_type bm_env_gridworld = {
    .id = "GridWorld-v0",
    .summary = "walk over a map, past walls and pits, to a goal",
    .source = "after Sutton and Barto 2018 and Gymnasium's FrozenLake-v1; maps of its own or from text files",
    .options = BM_OPTIONS(rows, gridworld_config),
    .max_episode_steps = 100,
    .reward_threshold = NAN,
    .create = create,
    .reset = reset,
    .step = step,
    .observe = observe,
    .mask = mask,
    .state = list_state,
    .state_names = state_names,
    .get_state = get_state,
    .set_state = set_state,
    .model = &model,
    .draw = bm_gridworld_draw,
    .steps_per_second = 4,
    .turn_based = true,
    .actions = actions,
};
