/* Point2D-v0: find a goal in the plane that is not seen.
 *
 * Action       0, 1 the step in x and y, each within +-0.1; larger ones are clipped, as the authors' wrapper of
 * environments does Observation  0, 1 the position Reward       minus the distance to the goal, after the step Start
 * (0, 0) End          |x - goal_x| < 0.01 and |y - goal_y| < 0.01 Time limit   100 steps
 *
 * The two-dimensional navigation of Finn, Abbeel and Levine 2017 (Model-Agnostic Meta-Learning, section 5.3), where the
 * goal is drawn for every task; as in the authors' code, which ends an episode at the goal. Nothing here is random. */
#include <math.h>
#include <stdio.h>

#include "envs/env.h"

static const double longest_step = 0.1, arrived_within = 0.01;

typedef struct {
    double goal_x, goal_y;
    int max_episode_steps;
} point2d_config;

static const bm_option rows[] = {
    BM_OPTION(point2d_config, goal_x, 0.3, -10, 10, BM_LINEAR, "x of the goal"),
    BM_OPTION(point2d_config, goal_y, 0.4, -10, 10, BM_LINEAR, "y of the goal"),
    BM_ENV_TIME_LIMIT(point2d_config),
};

/* The last positions of a lane in its episode, for drawing alone and therefore no part of its fields: only the first
 * lanes keep them. */
enum { TRAIL = 128, TRAIL_LANES = 64 };

typedef struct {
    bm_point at[TRAIL]; /* position k in k % TRAIL */
    int64_t count;      /* since the start, which counts */
} trail;

typedef struct {
    double *x, *y; /* [lanes] */
    trail *trails; /* [trail_lanes] */
    int trail_lanes;
} point2d_state;

static const bm_env_field fields[] = {
    BM_FIELD(point2d_state, x, -INFINITY, INFINITY),
    BM_FIELD(point2d_state, y, -INFINITY, INFINITY),
};

static bm_status create(bm_env_batch *batch, bm_error *error) {
    static const double everywhere[2] = {INFINITY, INFINITY}, nowhere[2] = {-INFINITY, -INFINITY};
    static const double high[2] = {0.1, 0.1}, low[2] = {-0.1, -0.1};
    point2d_state *s = batch->state;
    batch->observation_space = bm_space_box(BM_F32, 2, nowhere, everywhere);
    batch->action_space = bm_space_box(BM_F32, 2, low, high);
    s->trail_lanes = batch->lanes < TRAIL_LANES ? batch->lanes : TRAIL_LANES;
    s->trails = BM_NEW(&batch->arena, trail, s->trail_lanes);
    return bm_arena_check(&batch->arena, "Point2D-v0", error);
}

static void extend_trail(point2d_state *s, int lane) {
    trail *t = &s->trails[lane];
    t->at[t->count % TRAIL] = (bm_point){s->x[lane], s->y[lane]};
    t->count++;
}

/* NULL: the lane keeps none, its episode has just begun, or it was put somewhere else since. */
static const trail *trail_of(const bm_env_batch *batch, int lane) {
    const point2d_state *s = batch->state;
    if (lane >= s->trail_lanes || s->trails[lane].count == 0 || batch->elapsed[lane] == 0) {
        return NULL;
    }
    const trail *t = &s->trails[lane];
    const bm_point last = t->at[(t->count - 1) % TRAIL];
    return last.x == s->x[lane] && last.y == s->y[lane] ? t : NULL;
}

static void reset(bm_env_batch *batch, int lane) {
    point2d_state *s = batch->state;
    s->x[lane] = s->y[lane] = 0;
}

static double clip(double step) {
    return step < -longest_step ? -longest_step : step > longest_step ? longest_step : step;
}

static bool arrived(double x, double y) {
    return fabs(x) < arrived_within && fabs(y) < arrived_within;
}

static void step(bm_env_batch *batch) {
    const point2d_config *config = BM_ENV_CONFIG(batch, point2d_config);
    point2d_state *s = batch->state;
    const float *action = batch->action; /* [lanes, 2] */
    for (int i = 0; i < s->trail_lanes; i++) {
        if (!trail_of(batch, i)) {
            s->trails[i].count = 0;
            extend_trail(s, i);
        }
    }
    for (int i = 0; i < batch->lanes; i++) {
        s->x[i] += clip((double)action[2 * (ptrdiff_t)i]);
        s->y[i] += clip((double)action[2 * (ptrdiff_t)i + 1]);
        const double x = s->x[i] - config->goal_x, y = s->y[i] - config->goal_y;
        batch->reward[i] = -sqrt(x * x + y * y);
        batch->terminated[i] = arrived(x, y);
    }
    for (int i = 0; i < s->trail_lanes; i++) {
        extend_trail(s, i);
    }
}

static void observe(bm_env_batch *batch, int first, int count) {
    const point2d_state *s = batch->state;
    float *observation = (float *)batch->observation + (size_t)first * 2;
    for (int i = 0; i < count; i++) {
        observation[2 * i] = (float)s->x[first + i];
        observation[2 * i + 1] = (float)s->y[first + i];
    }
}

/* ---- drawing ---- */

static const double least_reach = 0.6; /* half the side of what is shown, unless the goal or the trail lies beyond it */

/* Position k of those kept, the oldest first. */
static bm_point trail_at(const trail *t, int k) {
    return t->at[(t->count <= TRAIL ? k : t->count + k) % TRAIL];
}

static int trail_length(const trail *t) {
    return t->count < TRAIL ? (int)t->count : TRAIL;
}

static double reach_of(double reach, double x, double y) {
    while (reach < 1e6 && fmax(fabs(x), fabs(y)) > 0.95 * reach) { /* who diverged is not looked for */
        reach *= 2;
    }
    return reach;
}

static double reach_of_all(const point2d_config *config, const trail *t, double x, double y) {
    double reach = reach_of(reach_of(least_reach, config->goal_x, config->goal_y), x, y);
    for (int k = 0; t && k < trail_length(t); k++) {
        reach = reach_of(reach, trail_at(t, k).x, trail_at(t, k).y);
    }
    return reach;
}

/* Squares as wide as the longest step, or ten times that until they can be told apart, and the axes. */
static void draw_ground(bm_canvas *canvas, double reach, double thin) {
    bm_draw_rectangle(canvas, -reach, -reach, reach, reach, BM_PANEL);
    double width = longest_step;
    while (width < 6 * thin) {
        width *= 10;
    }
    const int lines = (int)(reach / width + 1e-9);
    for (int i = -lines; i <= lines; i++) {
        const double at = i * width;
        const bm_color color = i == 0 ? bm_color_mix(BM_RULE, BM_GRAY, 0.5) : BM_RULE;
        bm_draw_line(canvas, at, -reach, at, reach, thin, color);
        bm_draw_line(canvas, -reach, at, reach, at, thin, color);
    }
}

/* What counts as arrived is a square, and what can be seen from afar a disc around it. */
static void draw_goal(bm_canvas *canvas, double x, double y, double reach, double thin) {
    const double half = fmax(arrived_within, thin);
    bm_draw_circle(canvas, x, y, 0.06 * reach, bm_color_fade(BM_GREEN, 0.35));
    bm_draw_rectangle(canvas, x - half, y - half, x + half, y + half, BM_GREEN);
}

static void draw_trail(bm_canvas *canvas, const trail *t, double reach, double thin) {
    bm_point points[TRAIL];
    const int count = trail_length(t);
    for (int k = 0; k < count; k++) {
        points[k] = trail_at(t, k);
    }
    if (count > 1) {
        bm_draw_polyline(canvas, points, count, fmax(0.012 * reach, 1.5 * thin), BM_SKY);
    }
    for (int k = 0; k + 1 < count; k++) {
        bm_draw_circle(canvas, points[k].x, points[k].y, fmax(0.014 * reach, 1.5 * thin), BM_SKY);
    }
}

static const char *with_minus(char text[32], double value) {
    snprintf(text, 32, "%s%.3f", value < -0.0005 ? "−" : "", fabs(value));
    return text;
}

static void say(const bm_env_batch *batch, int lane, bm_canvas *canvas, double x, double y, double reach, double thin) {
    const point2d_config *config = BM_ENV_CONFIG(batch, point2d_config);
    const double size = fmin(0.11 * reach, 15 * thin);
    const double from_goal_x = x - config->goal_x, from_goal_y = y - config->goal_y;
    char reward[32], at_x[32], at_y[32];
    if (size < 6 * thin) {
        return;
    }
    if (arrived(from_goal_x, from_goal_y)) {
        bm_draw_text(canvas, 0, -1.1 * reach, size, BM_ALIGN_CENTER, BM_GREEN, "reached the goal");
    } else if (batch->elapsed[lane] == 0) {
        bm_draw_textf(canvas, 0, -1.1 * reach, size, BM_ALIGN_CENTER, BM_GRAY, "%.3f from the goal",
                      sqrt(from_goal_x * from_goal_x + from_goal_y * from_goal_y));
    } else {
        bm_draw_textf(canvas, 0, -1.1 * reach, size, BM_ALIGN_CENTER, BM_GRAY, "reward %s at (%s, %s)",
                      with_minus(reward, batch->reward[lane]), with_minus(at_x, x), with_minus(at_y, y));
    }
}

/* The line ends in a dot, green at the goal. */
static void draw_path(const point2d_config *config, const bm_env_path *path, double thin, bm_canvas *canvas) {
    const double width = path->width * thin;
    for (int first = 0; first + 1 < path->count; first += TRAIL - 1) {
        const int count = path->count - first < TRAIL ? path->count - first : TRAIL;
        bm_point points[TRAIL];
        for (int i = 0; i < count; i++) {
            const double *at = path->state + 2 * (ptrdiff_t)(first + i);
            points[i] = (bm_point){at[0], at[1]};
        }
        bm_draw_polyline(canvas, points, count, width, path->color);
    }
    const double *end = path->state + 2 * (ptrdiff_t)(path->count - 1);
    const bool at_goal = arrived(end[0] - config->goal_x, end[1] - config->goal_y);
    bm_draw_circle(canvas, end[0], end[1], 2 * width, at_goal ? BM_GREEN : path->color);
}

static void draw_paths(const bm_env_batch *batch, const bm_env_path *paths, int count, bm_canvas *canvas) {
    const point2d_config *config = BM_ENV_CONFIG(batch, point2d_config);
    double reach = reach_of(least_reach, config->goal_x, config->goal_y);
    for (int p = 0; p < count; p++) {
        for (int i = 0; i < paths[p].count; i++) {
            reach = reach_of(reach, paths[p].state[2 * i], paths[p].state[2 * i + 1]);
        }
    }
    bm_canvas_fit(canvas, -1.05 * reach, -1.05 * reach, 1.05 * reach, 1.05 * reach);
    const double thin = bm_canvas_pixels(canvas, 1);
    draw_ground(canvas, reach, thin);
    draw_goal(canvas, config->goal_x, config->goal_y, reach, thin);
    for (int p = 0; p < count; p++) {
        draw_path(config, &paths[p], thin, canvas);
    }
    bm_draw_arc(canvas, 0, 0, 0.03 * reach, 0, 2 * acos(-1), 2 * thin, BM_INK);
}

static void draw(const bm_env_batch *batch, int lane, const bm_env_policy_view *view, bm_canvas *canvas) {
    (void)view; /* not a finite table */
    const point2d_config *config = BM_ENV_CONFIG(batch, point2d_config);
    const point2d_state *s = batch->state;
    const trail *t = trail_of(batch, lane);
    const double x = s->x[lane], y = s->y[lane], reach = reach_of_all(config, t, x, y);
    const bool at_goal = arrived(x - config->goal_x, y - config->goal_y);
    bm_canvas_fit(canvas, -1.05 * reach, -1.2 * reach, 1.05 * reach, 1.05 * reach);
    const double thin = bm_canvas_pixels(canvas, 1);
    draw_ground(canvas, reach, thin);
    bm_draw_arc(canvas, 0, 0, 0.03 * reach, 0, 2 * acos(-1), 1.5 * thin, BM_GRAY);
    draw_goal(canvas, config->goal_x, config->goal_y, reach, thin);
    if (t) {
        draw_trail(canvas, t, reach, thin);
    }
    bm_draw_circle(canvas, x, y, fmax(0.03 * reach, 2.5 * thin), at_goal ? BM_GREEN : BM_BLUE);
    say(batch, lane, canvas, x, y, reach, thin);
}

const bm_env_type bm_env_point2d = {
    .id = "Point2D-v0",
    .summary = "walk to a goal in the plane that is not seen",
    .source = "Finn, Abbeel and Levine 2017, section 5.3, and the authors' code",
    .options = BM_OPTIONS(rows, point2d_config),
    .fields = BM_ENV_FIELDS(fields, point2d_state),
    .max_episode_steps = 100,
    .reward_threshold = NAN,
    .create = create,
    .reset = reset,
    .step = step,
    .observe = observe,
    .draw = draw,
    .draw_paths = draw_paths,
    .steps_per_second = 10,
    .turn_based = true,
};
