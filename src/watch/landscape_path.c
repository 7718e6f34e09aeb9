/* Paths over a function, and the marks of where they start, where they stand, and where they should arrive. */
#include <math.h>

#include "watch/landscape_parts.h"

static const double line_width = 2, casing = 1.6; /* pixels; white around a line: it can be read on any colour */
static const double nearest[2] = {0.4, 1.5};      /* pixels: points closer to the last one are left out; on a surface */
static const double dot_distance = 6; /* pixels: where steps are as long as this, dots show where they end */
static const double behind = 0.3;     /* opacity of what the surface hides */

static double placed(double value, double low, double high, double length) {
    return length * (value - low) / (high - low);
}

static bool is_surface(const bm_landscape_stage *stage) {
    return stage->landscape->surface && stage->landscape->dims == 2;
}

static bool is_seen(bm_point p) {
    return isfinite(p.x) && isfinite(p.y);
}

bm_point bm_landscape_place(const bm_landscape_stage *stage, const double *point) {
    const bm_landscape *landscape = stage->landscape;
    const bm_landscape_layout *l = stage->layout;
    const bm_point nowhere = {NAN, NAN};
    const double x = point[0];
    if (is_surface(stage)) {
        const double value = bm_field_at(landscape->field, x, point[1]);
        const bm_point none = {NAN, NAN};
        return isnan(value)
                   ? none
                   : bm_surface_place(landscape->field, landscape->view, l->text, stage->canvas, x, point[1], value);
    }
    const double y = landscape->dims == 1 ? bm_field_at(landscape->field, x, 0) : point[1];
    const bm_point at = {placed(x, l->low[0], l->high[0], l->plot.width),
                         placed(y, l->high[1], l->low[1], l->plot.height)};
    return is_seen(at) ? at : nowhere;
}

bool bm_landscape_hides(const bm_landscape_stage *stage, const double *point) {
    const bm_landscape *landscape = stage->landscape;
    return is_surface(stage) && bm_surface_hides(landscape->field, landscape->view, point[0], point[1]);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

typedef struct {
    bm_canvas *canvas;
    bm_color color, color_hidden;
    double width;
    bool hidden; /* what the line runs behind now */
    int count;
    bm_point point[256];
} pen;

static void lift(pen *p) {
    if (p->count > 1) {
        bm_draw_polyline(p->canvas, p->point, p->count, p->width, p->hidden ? p->color_hidden : p->color);
    }
    p->count = 0;
}

static void move_to(pen *p, bm_point to, bool hidden) {
    const int most = sizeof p->point / sizeof p->point[0];
    const bm_point last = p->count ? p->point[p->count - 1] : to;
    if (p->count == most || (p->count && hidden != p->hidden)) {
        lift(p);
        p->point[p->count++] = last;
    }
    p->hidden = hidden;
    p->point[p->count++] = to;
}

/* Over a surface a step follows the relief, in pieces of some pixels. */
static void climb(const bm_landscape_stage *stage, const double *from, const double *to, double length, pen *p) {
    const int pieces = (int)fmax(1, fmin(ceil(length / 5), 64));
    for (int i = 1; i <= pieces; i++) {
        const double share = (double)i / pieces;
        const double at[2] = {from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share};
        const bm_point seen = bm_landscape_place(stage, at);
        if (is_seen(seen)) {
            move_to(p, seen, bm_landscape_hides(stage, at));
        } else {
            lift(p);
        }
    }
}

static void draw_line(const bm_landscape_stage *stage, const bm_landscape_path *path, pen *p) {
    const int dims = stage->landscape->dims;
    bm_point last = {NAN, NAN};
    const double *from = NULL;
    for (int i = 0; i < path->count; i++) {
        const double *to = path->point + (long)i * dims;
        const bm_point seen = bm_landscape_place(stage, to);
        const double length = hypot(seen.x - last.x, seen.y - last.y); /* NAN: one of them is not seen */
        if (length < nearest[is_surface(stage)] && i < path->count - 1) {
            continue;
        }
        if (!is_seen(seen)) {
            lift(p);
        } else if (from && is_surface(stage) && !isnan(length)) {
            climb(stage, from, to, length, p);
        } else {
            move_to(p, seen, false);
        }
        last = seen;
        from = to;
    }
    lift(p);
}

static void draw_dots(const bm_landscape_stage *stage, const bm_landscape_path *path) {
    const int dims = stage->landscape->dims;
    bm_point last = {NAN, NAN};
    for (int i = 0; i < path->count - 1; i++) {
        const double *at = path->point + (long)i * dims;
        const bm_point seen = bm_landscape_place(stage, at);
        if (hypot(seen.x - last.x, seen.y - last.y) >= dot_distance && !bm_landscape_hides(stage, at)) {
            bm_draw_circle(stage->canvas, seen.x, seen.y, 2.6 * stage->layout->marks, path->color);
        }
        last = seen;
    }
}

void bm_landscape_trail(const bm_landscape_stage *stage, const bm_landscape_path *path) {
    const double marks = stage->layout->marks;
    const bool chords = stage->landscape->dims == 1; /* which leave the curve: only a hint */
    pen around = {.canvas = stage->canvas, .color = bm_color_fade(BM_PAPER, 0.75)};
    around.width = (line_width + 2 * casing) * marks;
    pen line = {.canvas = stage->canvas, .color = bm_color_fade(path->color, chords ? 0.45 : 1)};
    line.color_hidden = bm_color_fade(path->color, behind);
    line.width = (chords ? 1 : line_width) * marks;
    if (!chords) {
        draw_line(stage, path, &around);
    }
    draw_line(stage, path, &line);
    draw_dots(stage, path);
}

/* ---- marks ------------------------------------------------------------------------------------------------------ */

static bool place_mark(const bm_landscape_stage *stage, const double *point, bm_point *at, double *opacity) {
    *at = bm_landscape_place(stage, point);
    *opacity = bm_landscape_hides(stage, point) ? behind : 1;
    return is_seen(*at);
}

static void draw_cross(bm_canvas *canvas, bm_point at, double arm, double width, bm_color color) {
    bm_draw_line(canvas, at.x - arm, at.y - arm, at.x + arm, at.y + arm, width, color);
    bm_draw_line(canvas, at.x - arm, at.y + arm, at.x + arm, at.y - arm, width, color);
}

void bm_landscape_position(const bm_landscape_stage *stage, const bm_landscape_path *path) {
    const double size = stage->layout->marks;
    double opacity = 1;
    bm_point at = {NAN, NAN};
    int i = path->count - 1;
    while (i >= 0 && !place_mark(stage, path->point + (long)i * stage->landscape->dims, &at, &opacity) &&
           path->diverged) {
        i--; /* to where it was last seen */
    }
    if (!is_seen(at)) {
        return;
    }
    if (path->diverged) {
        draw_cross(stage->canvas, at, 5 * size, 5.5 * size, bm_color_fade(BM_PAPER, opacity));
        draw_cross(stage->canvas, at, 5 * size, 2.6 * size, bm_color_fade(path->color, opacity));
        return;
    }
    bm_draw_circle(stage->canvas, at.x, at.y, 8 * size, bm_color_fade(BM_INK, 0.25 * opacity));
    bm_draw_circle(stage->canvas, at.x, at.y, 7.3 * size, bm_color_fade(BM_PAPER, opacity));
    bm_draw_circle(stage->canvas, at.x, at.y, 5.2 * size, bm_color_fade(path->color, opacity));
}

void bm_landscape_draw_start(bm_canvas *canvas, bm_point at, double size, double opacity) {
    bm_draw_circle(canvas, at.x, at.y, 6.2 * size, bm_color_fade(BM_PAPER, opacity));
    bm_draw_circle(canvas, at.x, at.y, 5 * size, bm_color_fade(BM_INK, opacity));
    bm_draw_circle(canvas, at.x, at.y, 2.8 * size, bm_color_fade(BM_PAPER, opacity));
}

static void draw_star(bm_canvas *canvas, bm_point at, double radius, bm_color color) {
    enum { POINTS = 10 };
    bm_point star[POINTS];
    for (int i = 0; i < POINTS; i++) {
        const double angle = acos(-1) * (0.2 * i - 0.5), length = i % 2 ? 0.44 * radius : radius;
        star[i] = (bm_point){at.x + length * cos(angle), at.y + length * sin(angle)};
    }
    bm_draw_polygon(canvas, star, POINTS, color);
}

void bm_landscape_draw_minimum(bm_canvas *canvas, bm_point at, double size, double opacity) {
    draw_star(canvas, at, 10 * size, bm_color_fade(BM_PAPER, opacity));
    draw_star(canvas, at, 7.6 * size, bm_color_fade(BM_INK, opacity));
}

void bm_landscape_mark(const bm_landscape_stage *stage, const double *point, bm_landscape_mark_drawer *draw) {
    double opacity;
    bm_point at;
    if (place_mark(stage, point, &at, &opacity)) {
        draw(stage->canvas, at, stage->layout->marks, opacity);
    }
}
