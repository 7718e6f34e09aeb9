/* See chart_curve.h. Of the points within one column of pixels a curve goes through the lowest and the highest, in the
 * order in which they come: at most two points a pixel, and no peak is lost (the idea of M4, Jugel et al. 2014). */
#include "draw/chart_curve.h"

#include <math.h>

static const double curve_width = 2, point_radius = 2.6, band_opacity = 0.2; /* pixels; share */

double bm_chart_place(const bm_chart_axis *axis, double value) {
    const double share = axis->log ? log(value / axis->low) / log(axis->high / axis->low)
                                   : (value - axis->low) / (axis->high - axis->low);
    return axis->from + (axis->to - axis->from) * share;
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

/* A line being drawn: points are handed on in pieces that share one. */
typedef struct {
    bm_canvas *canvas;
    bm_color color;
    bm_point point[BM_POLYGON_POINTS];
    int count;
} pen;

static void move_to(pen *p, bm_point point) {
    if (p->count == BM_POLYGON_POINTS) {
        bm_draw_polyline(p->canvas, p->point, p->count, curve_width, p->color);
        p->point[0] = p->point[p->count - 1];
        p->count = 1;
    }
    p->point[p->count++] = point;
}

static void lift(pen *p) {
    if (p->count) {
        bm_draw_polyline(p->canvas, p->point, p->count, curve_width, p->color);
    }
    p->count = 0;
}

/* The points of a column of pixels seen so far. */
typedef struct {
    double number; /* of the column */
    bm_point first, last, top, bottom;
    int count;
    bool top_first;
} column;

static void extend(column *c, bm_point point) {
    if (c->count++ == 0) {
        c->first = c->top = c->bottom = point;
    } else if (point.y < c->top.y) {
        c->top = point;
        c->top_first = false;
    } else if (point.y > c->bottom.y) {
        c->bottom = point;
        c->top_first = true;
    }
    c->last = point;
}

static void leave(column *c, pen *p) {
    if (c->count > 2) {
        move_to(p, c->top_first ? c->top : c->bottom);
        move_to(p, c->top_first ? c->bottom : c->top);
    } else if (c->count) {
        move_to(p, c->first);
        if (c->count == 2) {
            move_to(p, c->last);
        }
    }
    c->count = 0;
}

static bool shown(const bm_series *series, int i, const bm_chart_axis *y) {
    return isfinite(series->x[i]) && isfinite(series->y[i]) && (!y->log || series->y[i] > 0);
}

static void draw_line(const bm_series *series, const bm_chart_axis *x, const bm_chart_axis *y, bm_canvas *canvas) {
    pen p = {.canvas = canvas, .color = series->color};
    column c = {.count = 0};
    for (int i = 0; i < series->count; i++) {
        if (!shown(series, i, y)) {
            leave(&c, &p);
            lift(&p);
            continue;
        }
        const bm_point point = {bm_chart_place(x, series->x[i]), bm_chart_place(y, series->y[i])};
        if (c.count && floor(point.x) != c.number) {
            leave(&c, &p);
        }
        c.number = floor(point.x);
        extend(&c, point);
    }
    leave(&c, &p);
    lift(&p);
}

static void draw_points(const bm_series *series, const bm_chart_axis *x, const bm_chart_axis *y, bm_canvas *canvas) {
    for (int i = 0; i < series->count; i++) {
        if (shown(series, i, y)) {
            bm_draw_circle(canvas, bm_chart_place(x, series->x[i]), bm_chart_place(y, series->y[i]), point_radius,
                           series->color);
        }
    }
}

void bm_chart_draw_curve(const bm_series *series, const bm_chart_axis *x, const bm_chart_axis *y, bm_canvas *canvas) {
    if (series->points) {
        draw_points(series, x, y, canvas);
    } else {
        draw_line(series, x, y, canvas);
    }
}

/* ---- bands ------------------------------------------------------------------------------------------------------ */

enum { BAND_COLUMNS = BM_POLYGON_POINTS / 2 };

/* The outline of a band: upper edge from the left, lower edge from the right. */
typedef struct {
    bm_canvas *canvas;
    bm_color color;
    bm_point upper[BAND_COLUMNS], lower[BAND_COLUMNS];
    int count;
} band;

static void close_band(band *b) {
    bm_point outline[BM_POLYGON_POINTS];
    for (int i = 0; i < b->count; i++) {
        outline[i] = b->upper[i];
        outline[2 * b->count - 1 - i] = b->lower[i];
    }
    if (b->count > 1) {
        bm_draw_polygon(b->canvas, outline, 2 * b->count, b->color);
    }
    b->count = 0;
}

static void extend_band(band *b, bm_point upper, bm_point lower) {
    if (b->count == BAND_COLUMNS) {
        const bm_point last_upper = b->upper[b->count - 1], last_lower = b->lower[b->count - 1];
        close_band(b);
        b->upper[0] = last_upper;
        b->lower[0] = last_lower;
        b->count = 1;
    }
    b->upper[b->count] = upper;
    b->lower[b->count++] = lower;
}

/* All points of a band that share a column are one corner above and one below. */
void bm_chart_draw_band(const bm_series *series, const bm_chart_axis *x, const bm_chart_axis *y, bm_canvas *canvas) {
    band b = {.canvas = canvas, .color = bm_color_fade(series->color, band_opacity)};
    const double wide = fmax(1, fabs(x->to - x->from) / (BAND_COLUMNS - 8)); /* so that it is one polygon */
    double number = 0;
    if (!series->low || !series->high) {
        return;
    }
    for (int i = 0; i < series->count; i++) {
        const double low = y->log ? fmax(series->low[i], y->low) : series->low[i];
        if (!shown(series, i, y) || !isfinite(low) || !isfinite(series->high[i])) {
            close_band(&b);
            continue;
        }
        const double at = bm_chart_place(x, series->x[i]);
        const bm_point upper = {at, bm_chart_place(y, series->high[i])}, lower = {at, bm_chart_place(y, low)};
        const bool same = b.count && floor(at / wide) == number;
        number = floor(at / wide);
        if (same) {
            bm_point *top = &b.upper[b.count - 1], *bottom = &b.lower[b.count - 1];
            *top = (bm_point){at, fmin(top->y, upper.y)};
            *bottom = (bm_point){at, fmax(bottom->y, lower.y)};
        } else {
            extend_band(&b, upper, lower);
        }
    }
    close_band(&b);
}
