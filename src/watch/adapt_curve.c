/* A curve to fit: the truth, the points to adapt with, and what the network makes of it before adaptation and after
 * every step. */
#include <math.h>
#include <stdio.h>

#include "draw/chart.h"
#include "draw/font.h"
#include "watch/adapt_parts.h"

enum { TICKS = 11, LABEL = 32, ENTRIES = 4 };

/* Which values lie where in the viewport. */
typedef struct {
    double low[2], high[2];          /* of x and y */
    double left, top, right, bottom; /* pixels */
} plot;

static bm_point place(const plot *p, double x, double y) {
    const double across = (x - p->low[0]) / (p->high[0] - p->low[0]);
    const double up = (y - p->low[1]) / (p->high[1] - p->low[1]);
    return (bm_point){p->left + across * (p->right - p->left), p->bottom - up * (p->bottom - p->top)};
}

/* The truth and what the network made of it before adaptation, which may be far off: of that no more than as much
 * again. It stays while steps are made. */
static void find_window(const bm_adapt *adapt, plot *p) {
    double low = INFINITY, high = -INFINITY, lowest = INFINITY, highest = -INFINITY;
    for (int i = 0; i < BM_ADAPT_GRID; i++) {
        low = fmin(low, adapt->truth[i]);
        high = fmax(high, adapt->truth[i]);
        lowest = fmin(lowest, adapt->prediction[i]);
        highest = fmax(highest, adapt->prediction[i]);
    }
    const double range = fmax(high - low, 1), middle = (low + high) / 2;
    low = fmin(middle - range / 2, fmax(lowest, low - range));
    high = fmax(middle + range / 2, fmin(highest, high + range));
    p->low[0] = adapt->x[0];
    p->high[0] = adapt->x[BM_ADAPT_GRID - 1];
    p->low[1] = low - 0.08 * (high - low);
    p->high[1] = high + 0.08 * (high - low);
}

/* ---- axes ------------------------------------------------------------------------------------------------------- */

static void find_plot(const bm_adapt *adapt, double text, const bm_canvas *canvas, plot *p) {
    find_window(adapt, p);
    p->left = p->top = 0;
    p->right = canvas->right - canvas->left;
    p->bottom = canvas->bottom - canvas->top;
    if (text > 0) {
        p->left = round(3.2 * text);
        p->top = round(2.2 * text);
        p->right -= text;
        p->bottom -= round(2 * text);
    }
}

static double sharp(double position) {
    return floor(position) + 0.5;
}

static void draw_axes(const plot *p, double text, bm_canvas *canvas) {
    const double zero = sharp(fmin(fmax(place(p, 0, 0).y, p->top), p->bottom));
    double tick[TICKS];
    char number[LABEL];
    bm_draw_rectangle(canvas, p->left, p->top, p->right, p->bottom, bm_color_fade(BM_PANEL, 0.6));
    if (text <= 0) {
        bm_draw_line(canvas, p->left, zero, p->right, zero, 1, BM_RULE);
        return;
    }
    for (int axis = 0; axis < 2; axis++) {
        const double length = axis ? p->bottom - p->top : p->right - p->left;
        const int most = (int)fmax(2, fmin(TICKS, length / (axis ? 3 * text : 3.5 * text)));
        const int count = bm_chart_ticks(p->low[axis], p->high[axis], most, tick);
        for (int i = 0; i < count; i++) {
            const bm_point at = place(p, axis ? p->low[0] : tick[i], axis ? tick[i] : p->low[1]);
            const double x = sharp(at.x), y = sharp(at.y);
            bm_chart_number(tick[i], count > 1 ? tick[1] - tick[0] : 0, number, sizeof number);
            if (axis) {
                bm_draw_line(canvas, p->left, y, p->right, y, 1, BM_RULE);
                bm_draw_text(canvas, p->left - 0.5 * text, y, text, BM_ALIGN_RIGHT, BM_GRAY, number);
            } else {
                bm_draw_line(canvas, x, p->bottom, x, p->bottom + 0.35 * text, 1, BM_GRAY);
                bm_draw_text(canvas, x, p->bottom + 1.15 * text, text, BM_ALIGN_CENTER, BM_GRAY, number);
            }
        }
    }
    bm_draw_line(canvas, p->left, sharp(p->bottom), p->right, sharp(p->bottom), 1, BM_GRAY);
}

/* ---- the legend ------------------------------------------------------------------------------------------------- */

typedef struct {
    char name[48];
    bm_color color;
    double width; /* of a line; 0: a dot */
} entry;

static const bm_color truth_color = 0xff8a939c, point_color = BM_VERMILLION;

/* As many as there is room for; what is there now matters most. */
static void draw_legend(const bm_adapt *adapt, const plot *p, double text, bm_canvas *canvas) {
    const double swatch = 1.6 * text, gap = 1.3 * text;
    entry entries[ENTRIES] = {{"", bm_adapt_color(adapt, adapt->made), 3},
                              {"the curve", truth_color, 1.5},
                              {"", point_color, 0},
                              {"before", bm_adapt_color(adapt, 0), 2}};
    snprintf(entries[0].name, sizeof entries[0].name, adapt->made ? "after %d step%s" : "before adaptation",
             adapt->made, adapt->made == 1 ? "" : "s");
    snprintf(entries[2].name, sizeof entries[2].name, "%d point%s to adapt with", adapt->view.support,
             adapt->view.support == 1 ? "" : "s");
    double x = p->left;
    for (int i = 0; i < ENTRIES - (adapt->made == 0); i++) {
        const double wide = swatch + 0.4 * text + bm_font_width(text, entries[i].name), y = 0.9 * text;
        if (x + wide > p->right) {
            return;
        }
        if (entries[i].width > 0) {
            bm_draw_line(canvas, x + 2, y, x + swatch - 2, y, entries[i].width, entries[i].color);
        } else {
            bm_draw_circle(canvas, x + swatch / 2, y, 0.35 * text, entries[i].color);
        }
        bm_draw_text(canvas, x + swatch + 0.4 * text, y, text, BM_ALIGN_LEFT, BM_INK, entries[i].name);
        x += wide + gap;
    }
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

/* What leaves the finite numbers ends the line; far outside is as good as any other place there. */
static void draw_line(const bm_adapt *adapt, const plot *p, const double *y, double width, bm_color color,
                      bm_canvas *canvas) {
    const double far = 50 * (p->high[1] - p->low[1]);
    bm_point points[BM_ADAPT_GRID];
    int count = 0;
    for (int i = 0; i < BM_ADAPT_GRID && isfinite(y[i]); i++) {
        points[count++] = place(p, adapt->x[i], fmin(fmax(y[i], -far), far));
    }
    if (count > 1) {
        bm_draw_polyline(canvas, points, count, width, color);
    }
}

static void draw_points(const bm_adapt *adapt, const plot *p, double radius, bm_canvas *canvas) {
    const bm_real *target = adapt->view.target;
    const int inputs = adapt->learner->tasks->inputs;
    for (int i = 0; i < adapt->view.support; i++) {
        const bm_point at = place(p, (double)adapt->view.input[(long)i * inputs], (double)target[i]);
        bm_draw_circle(canvas, at.x, at.y, radius + 1.5, BM_PAPER);
        bm_draw_circle(canvas, at.x, at.y, radius, point_color);
    }
}

void bm_adapt_draw_curve(const bm_adapt *adapt, double text, bm_canvas *canvas) {
    plot p;
    find_plot(adapt, text, canvas, &p);
    if (p.right - p.left < 8 || p.bottom - p.top < 8) {
        return;
    }
    draw_axes(&p, text, canvas);
    if (text > 0) {
        draw_legend(adapt, &p, text, canvas);
    }
    const double left = canvas->left, top = canvas->top, thick = text > 0 ? 3 : 1.5;
    const double width = canvas->right - left, height = canvas->bottom - top;
    plot inside = p;
    bm_canvas_viewport(canvas, left + p.left, top + p.top, p.right - p.left, p.bottom - p.top);
    inside.left = inside.top = 0;
    inside.right = p.right - p.left;
    inside.bottom = p.bottom - p.top;
    draw_line(adapt, &inside, adapt->truth, thick / 2, truth_color, canvas);
    for (int k = 0; k <= adapt->made; k++) {
        draw_line(adapt, &inside, adapt->prediction + (long)k * BM_ADAPT_GRID, k == adapt->made ? thick : thick / 2,
                  bm_adapt_color(adapt, k), canvas);
    }
    draw_points(adapt, &inside, text > 0 ? 4.5 : 1.5, canvas);
    bm_canvas_viewport(canvas, left, top, width, height);
}
