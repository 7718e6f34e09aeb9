/* GridWorld-v0 as a picture: the map, the walker with his eyes on where he last wanted to go, and a line below that
 * says what moving is like or how the episode ended. With a policy's view, every free cell shows its value as shade
 * (and number, where there is room) and the preferred action as an arrow.
 *
 * A cell is one unit wide; (0, 0) is the lower left corner of the map. What would be too small to read is left out. */
#include <math.h>
#include <stdio.h>

#include "envs/gridworld.h"

/* The smallest cells, in pixels, in which these can be made out. */
static const double lines_from = 6, flags_from = 13, arrows_from = 8, ice_from = 18, numbers_from = 46;
static const double smallest_text = 6; /* pixels */
static const double raised = 0.61;     /* the middle of what stands above a number, in cells */

enum { CAPTION_BYTES = 160, SHADES = 32 };

static const bm_point heading_of[ACTIONS] = {{-1, 0}, {0, -1}, {1, 0}, {0, 1}};

typedef struct {
    bm_canvas *canvas;
    const gridworld_state *s;
    const gridworld_config *config;
    const bm_env_policy_view *view;
    double low, high; /* of the values shown */
    double cell;      /* size of a cell in pixels */
    double thin;      /* one pixel in cells */
    int walker;       /* number of his cell */
} grid_scene;

typedef struct {
    int number;  /* of the cell */
    double x, y; /* its lower left corner */
    uint8_t kind;
} place;

static place place_at(const grid_scene *scene, int column, int row) {
    const bm_grid_map *map = &scene->s->map;
    const int number = row * map->width + column;
    return (place){number, column, map->height - 1 - row, map->cell[number]};
}

static bool is_pit(uint8_t kind) {
    return kind == 'O';
}

static bool is_goal(uint8_t kind) {
    return kind == 'G' || (kind >= '1' && kind <= '9');
}

/* Share of goal_reward that a goal is worth. */
static double worth(uint8_t kind) {
    return kind == 'G' ? 1 : (kind - '0') / 10.0;
}

static bm_color goal_green(uint8_t kind) {
    return bm_color_mix(BM_PAPER, BM_GREEN, 0.4 + 0.6 * worth(kind));
}

static bool has_view(const grid_scene *scene, const place *at) {
    const bool stands = at->kind == '.' || at->kind == 'S';
    return scene->view && stands && isfinite(scene->view->value[at->number]);
}

/* Centred, and smaller where it would be wider than room. */
static void write_text(const grid_scene *scene, double x, double y, double size, double room, bm_color color,
                       const char *text) {
    const double width = bm_text_width(scene->canvas, size, text);
    const double fitting = width > room ? size * room / width : size;
    if (fitting >= smallest_text * scene->thin) {
        bm_draw_text(scene->canvas, x, y, fitting, BM_ALIGN_CENTER, color, text);
    }
}

/* With its sign, as people write it. */
static const char *signed_number(char text[32], double number) {
    snprintf(text, 32, "%s%g", number < 0 ? "−" : "+", fabs(number));
    return text;
}

/* ---- floor ---- */

static void find_range(grid_scene *scene) {
    const bm_grid_map *map = &scene->s->map;
    scene->low = INFINITY;
    scene->high = -INFINITY;
    for (int i = 0; i < map->width * map->height; i++) {
        const place at = place_at(scene, i % map->width, i / map->width);
        if (has_view(scene, &at)) {
            scene->low = fmin(scene->low, scene->view->value[i]);
            scene->high = fmax(scene->high, scene->view->value[i]);
        }
    }
}

static bm_color floor_color(const grid_scene *scene, const place *at) {
    if (at->kind == '#') {
        return bm_color_mix(BM_INK, BM_GRAY, 0.35);
    }
    if (is_goal(at->kind)) {
        return scene->cell < flags_from ? goal_green(at->kind) : bm_color_mix(BM_PAPER, BM_GREEN, 0.16);
    }
    if (has_view(scene, at)) {
        const double span = scene->high - scene->low;
        const double share = span > 0 ? (scene->view->value[at->number] - scene->low) / span : 0;
        return bm_color_of_value(round(share * SHADES) / SHADES); /* in steps, so that neighbours can be one shape */
    }
    return scene->config->slip > 0 ? bm_color_mix(BM_PAPER, BM_SKY, 0.22) : BM_PAPER;
}

/* Neighbours of one colour are one shape. Shapes reach one pixel under what is drawn after them, so that no seam shines
 * through where an edge falls between two pixels. */
static void draw_floor(const grid_scene *scene) {
    const bm_grid_map *map = &scene->s->map;
    for (int row = 0; row < map->height; row++) {
        const double top = map->height - row, bottom = fmax(0, top - 1 - scene->thin);
        for (int column = 0, first = 0; column < map->width; first = column) {
            const place at = place_at(scene, first, row);
            const bm_color color = floor_color(scene, &at);
            for (column = first + 1; column < map->width; column++) {
                const place next = place_at(scene, column, row);
                if (floor_color(scene, &next) != color) {
                    break;
                }
            }
            bm_draw_rectangle(scene->canvas, first, bottom, fmin(map->width, column + scene->thin), top, color);
        }
    }
}

static void draw_lines(const grid_scene *scene) {
    const bm_grid_map *map = &scene->s->map;
    if (scene->cell >= lines_from) {
        const bm_color color = bm_color_fade(BM_INK, 0.16);
        for (int column = 1; column < map->width; column++) {
            bm_draw_line(scene->canvas, column, 0, column, map->height, scene->thin, color);
        }
        for (int row = 1; row < map->height; row++) {
            bm_draw_line(scene->canvas, 0, row, map->width, row, scene->thin, color);
        }
    }
    bm_draw_outline(scene->canvas, 0, 0, map->width, map->height, fmax(0.04, 1.5 * scene->thin),
                    bm_color_mix(BM_INK, BM_GRAY, 0.35));
}

/* ---- cells ---- */

static void draw_ellipse(const grid_scene *scene, double x, double y, double radius_x, double radius_y,
                         bm_color color) {
    enum { CORNERS = 40 };
    bm_point points[CORNERS];
    for (int i = 0; i < CORNERS; i++) {
        const double angle = 2 * 3.141592653589793 * i / CORNERS;
        points[i] = (bm_point){x + radius_x * cos(angle), y + radius_y * sin(angle)};
    }
    bm_draw_polygon(scene->canvas, points, CORNERS, color);
}

/* A hole seen from the front: its lit far wall, and the dark below. */
static void draw_pit(const grid_scene *scene, const place *at) {
    const double x = at->x + 0.5, y = at->y + 0.5;
    if (scene->cell < flags_from) {
        bm_draw_circle(scene->canvas, x, y, 0.36, BM_INK);
        return;
    }
    char reward[32];
    draw_ellipse(scene, x, y, 0.42, 0.34, bm_color_mix(BM_GRAY, BM_RULE, 0.3));
    draw_ellipse(scene, x, y - 0.015, 0.39, 0.305, bm_color_mix(BM_INK, BM_GRAY, 0.6));
    draw_ellipse(scene, x, y - 0.075, 0.36, 0.245, BM_INK);
    if (scene->config->pit_reward != 0 && at->number != scene->walker) {
        write_text(scene, x, y - 0.09, 0.24, 0.6, bm_color_mix(BM_INK, BM_PAPER, 0.75),
                   signed_number(reward, scene->config->pit_reward));
    }
}

/* A flag, and what it is worth. */
static void draw_goal(const grid_scene *scene, const place *at) {
    if (scene->cell < flags_from) { /* the cell itself is green; what is smaller still gets a dot that can be found */
        if (scene->cell < lines_from) {
            bm_draw_circle(scene->canvas, at->x + 0.5, at->y + 0.5, 4.5 * scene->thin, BM_PAPER);
            bm_draw_circle(scene->canvas, at->x + 0.5, at->y + 0.5, 3.5 * scene->thin, goal_green(at->kind));
        }
        return;
    }
    char reward[32];
    const double pole = at->x + 0.24, top = at->y + 0.88;
    const bm_point flag[3] = {{pole, top}, {pole + 0.5, top - 0.19}, {pole, top - 0.38}};
    bm_draw_polygon(scene->canvas, flag, 3, goal_green(at->kind));
    bm_draw_line(scene->canvas, pole, at->y + 0.12, pole, top, fmax(0.045, scene->thin), BM_INK);
    if (at->number != scene->walker) {
        write_text(scene, at->x + 0.63, at->y + 0.25, 0.25, 0.6, BM_INK,
                   signed_number(reward, worth(at->kind) * scene->config->goal_reward));
    }
}

static void draw_ice(const grid_scene *scene, const place *at) {
    const double width = fmax(0.03, scene->thin);
    bm_draw_line(scene->canvas, at->x + 0.7, at->y + 0.84, at->x + 0.84, at->y + 0.7, width, BM_PAPER);
    bm_draw_line(scene->canvas, at->x + 0.78, at->y + 0.88, at->x + 0.88, at->y + 0.78, width, BM_PAPER);
}

/* The preferred action. Under the walker it begins at his middle and reaches out, so that its head shows. */
static void draw_preference(const grid_scene *scene, const place *at, bool numbered) {
    const int32_t action = scene->view->action[at->number];
    if (scene->cell < arrows_from || action < 0 || action >= ACTIONS) {
        return;
    }
    const bool covered = at->number == scene->walker;
    const double x = at->x + 0.5, y = at->y + (numbered ? raised : 0.5);
    const double back = covered ? 0 : 0.24, ahead = covered ? (numbered ? 0.36 : 0.48) : 0.24;
    const double dx = heading_of[action].x, dy = heading_of[action].y;
    bm_draw_arrow(scene->canvas, x - back * dx, y - back * dy, x + ahead * dx, y + ahead * dy, fmax(0.07, scene->thin),
                  bm_color_mix(BM_INK, BM_GRAY, 0.15));
}

static void draw_value(const grid_scene *scene, const place *at) {
    char text[32];
    const double value = scene->view->value[at->number], size = fabs(value);
    const char *sign = value < 0 ? "−" : "";
    if (size >= 1e5) {
        snprintf(text, sizeof text, "%s%.0e", sign, size);
    } else {
        snprintf(text, sizeof text, "%s%.*f", sign, size < 10 ? 2 : size < 100 ? 1 : 0, size);
    }
    write_text(scene, at->x + 0.5, at->y + 0.16, 0.2, 0.9, BM_INK, text);
}

static void draw_free(const grid_scene *scene, const place *at) {
    const bool viewed = has_view(scene, at), numbered = viewed && scene->cell >= numbers_from;
    if (scene->config->slip > 0 && scene->cell >= ice_from) {
        draw_ice(scene, at);
    }
    if (at->kind == 'S' && viewed) {
        write_text(scene, at->x + 0.15, at->y + 0.84, 0.24, 1, bm_color_fade(BM_INK, 0.65), "S");
    } else if (at->kind == 'S' && at->number != scene->walker) {
        write_text(scene, at->x + 0.5, at->y + 0.5, 0.5, 1, bm_color_fade(BM_GRAY, 0.7), "S");
    }
    if (viewed) {
        draw_preference(scene, at, numbered);
    }
    if (numbered) {
        draw_value(scene, at);
    }
}

static void draw_cells(const grid_scene *scene) {
    const bm_grid_map *map = &scene->s->map;
    for (int i = 0; i < map->width * map->height; i++) {
        const place at = place_at(scene, i % map->width, i / map->width);
        if (is_pit(at.kind)) {
            draw_pit(scene, &at);
        } else if (is_goal(at.kind)) {
            draw_goal(scene, &at);
        } else if (at.kind != '#') {
            draw_free(scene, &at);
        }
    }
}

/* ---- the walker ---- */

static void draw_eye(const grid_scene *scene, double x, double y, double size, bm_point look, bool open) {
    if (!open) {
        const double half = 0.7 * size, width = fmax(0.035, scene->thin);
        bm_draw_line(scene->canvas, x - half, y - half, x + half, y + half, width, BM_PAPER);
        bm_draw_line(scene->canvas, x - half, y + half, x + half, y - half, width, BM_PAPER);
        return;
    }
    bm_draw_circle(scene->canvas, x, y, size, BM_PAPER);
    bm_draw_circle(scene->canvas, x + 0.45 * size * look.x, y + 0.45 * size * look.y, 0.55 * size, BM_INK);
}

/* Where he stands in his cell, and how large he is: beside a flag, above a number, and never too small to be found. */
static double walker_radius(const grid_scene *scene, const place *at, double *x, double *y) {
    const bool beside = is_goal(at->kind) && scene->cell >= flags_from;
    const bool above = has_view(scene, at) && scene->cell >= numbers_from;
    *x = at->x + (beside ? 0.62 : 0.5);
    *y = at->y + (beside ? 0.3 : above ? raised : 0.5);
    const double radius = beside || is_pit(at->kind) ? 0.22 : above ? 0.23 : 0.32;
    return fmax(radius, (scene->cell < lines_from ? 4.5 : 2.5) * scene->thin);
}

static void draw_walker(const grid_scene *scene, const place *at, bm_point look) {
    const bool fallen = is_pit(at->kind), arrived = is_goal(at->kind);
    double x, y;
    const double radius = walker_radius(scene, at, &x, &y);
    if (fallen || arrived) {
        const double width = fmax(0.07, 1.5 * scene->thin);
        bm_draw_outline(scene->canvas, at->x, at->y, at->x + 1, at->y + 1, width, arrived ? BM_GREEN : BM_VERMILLION);
    }
    bm_draw_circle(scene->canvas, x, y, radius + fmax(0.035, scene->thin), BM_PAPER);
    bm_draw_circle(scene->canvas, x, y, radius, fallen ? bm_color_mix(BM_BLUE, BM_INK, 0.4) : BM_BLUE);
    if (radius >= 4 * scene->thin) {
        const double apart = (look.x != 0 ? 0.36 : 0.42) * radius; /* closer when seen from the side */
        const double eye_x = x + 0.25 * radius * look.x, eye_y = y + radius * (0.15 + 0.3 * look.y);
        draw_eye(scene, eye_x - apart, eye_y, 0.26 * radius, look, !fallen);
        draw_eye(scene, eye_x + apart, eye_y, 0.26 * radius, look, !fallen);
    }
}

/* ---- the line below ---- */

static bm_color write_caption(const grid_scene *scene, uint8_t kind, char caption[CAPTION_BYTES]) {
    char number[32];
    const gridworld_config *config = scene->config;
    if (is_goal(kind)) {
        snprintf(caption, CAPTION_BYTES, "reached a goal: %s",
                 signed_number(number, worth(kind) * config->goal_reward));
        return BM_GREEN;
    }
    if (is_pit(kind)) {
        snprintf(caption, CAPTION_BYTES, "fell into a pit: %s", signed_number(number, config->pit_reward));
        return BM_VERMILLION;
    }
    int used = 0;
    if (config->slip > 0) {
        used =
            snprintf(caption, CAPTION_BYTES, "slip %g: moves sideways with probability %g", config->slip, config->slip);
    }
    if (config->step_cost != 0) {
        snprintf(caption + used, CAPTION_BYTES - (size_t)used, "%s%s a step", used ? " · " : "",
                 signed_number(number, -config->step_cost));
    }
    return BM_GRAY;
}

/* height: of the band it stands in. */
static void draw_caption(const grid_scene *scene, uint8_t kind, double height) {
    char caption[CAPTION_BYTES] = "";
    const bm_color color = write_caption(scene, kind, caption);
    const double room = bm_canvas_pixels(scene->canvas, scene->canvas->right - scene->canvas->left) * 0.96;
    write_text(scene, scene->s->map.width / 2.0, -0.56 * height, 0.62 * height, room, color, caption);
}

void bm_gridworld_draw(const bm_env_batch *batch, int lane, const bm_env_policy_view *view, bm_canvas *canvas) {
    const gridworld_state *s = batch->state;
    const bm_grid_map *map = &s->map;
    const double width = canvas->right - canvas->left, height = canvas->bottom - canvas->top;
    /* A margin of 6 pixels at most, and a band for the caption, both in cells. */
    const double margin = fmin(6, 0.02 * height), wanted = fmin(36, 0.075 * height);
    const double band = 0.62 * wanted >= smallest_text ? wanted : margin;
    const double cell = fmin((width - 2 * margin) / map->width, (height - margin - band) / map->height);
    bm_canvas_fit(canvas, -margin / cell, -band / cell, map->width + margin / cell, map->height + margin / cell);

    grid_scene scene = {.canvas = canvas, .s = s, .config = batch->config, .view = view, .cell = cell};
    scene.thin = 1 / cell;
    scene.walker = s->y[lane] * map->width + s->x[lane];
    find_range(&scene);
    draw_floor(&scene);
    draw_lines(&scene);
    draw_cells(&scene);
    const place at = place_at(&scene, s->x[lane], s->y[lane]);
    const int32_t *taken = batch->action, action = batch->elapsed[lane] > 0 ? taken[lane] : 1;
    draw_walker(&scene, &at, heading_of[action >= 0 && action < ACTIONS ? action : 1]);
    draw_caption(&scene, at.kind, band / cell);
}
