/* Where the parts of a landscape stand: a header; the legend; the function and, beside or below it, the chart of its
 * values; a line at the bottom. Only the size of the picture and the texts decide, so that a pixel can be asked what it
 * shows. */
#include <math.h>

#include "draw/chart.h"
#include "draw/font.h"
#include "watch/landscape_parts.h"

enum { MARGIN = 14, STATUS = 26, TEXT = 12, SMALL_TEXT = 11 };

/* ---- the plot --------------------------------------------------------------------------------------------------- */

/* A little air above and below a curve. */
static void find_window(const bm_landscape *landscape, bm_landscape_layout *l) {
    const bm_field *field = landscape->field;
    for (int axis = 0; axis < 2; axis++) {
        l->low[axis] = field->low[axis];
        l->high[axis] = field->high[axis];
    }
    if (landscape->dims == 1) {
        const double low = field->scale[0], high = field->scale[BM_FIELD_SHARES];
        const double air = high > low ? 0.07 * (high - low) : 1;
        l->low[1] = low - air;
        l->high[1] = high + air;
    }
}

static double widest_number(const bm_landscape_layout *l, int axis) {
    const double step = l->ticks[axis] > 1 ? l->tick[axis][1] - l->tick[axis][0] : 0;
    double widest = 0;
    for (int i = 0; i < l->ticks[axis]; i++) {
        char number[32];
        bm_chart_number(l->tick[axis][i], step, number, sizeof number);
        widest = fmax(widest, bm_font_width(l->text, number));
    }
    return widest;
}

static int find_ticks(bm_landscape_layout *l, int axis, double length, double room) {
    const int most = (int)fmax(2, fmin(length / room, BM_LANDSCAPE_TICKS));
    return bm_chart_ticks(l->low[axis], l->high[axis], most, l->tick[axis]);
}

/* As a chart of the same height stands, so that the axes of both are in line. */
static void place_plot(const bm_landscape *landscape, bm_landscape_layout *l) {
    const bm_box panel = l->panel;
    const double text = l->text;
    find_window(landscape, l);
    l->plot = panel;
    if (text <= 0 || (landscape->surface && landscape->dims == 2)) {
        return;
    }
    const double above = round(2.44 * text), below = round(3.3 * text);
    l->ticks[1] = find_ticks(l, 1, panel.height - above - below, 3 * text);
    const double left = round(widest_number(l, 1) + 1.2 * text);
    l->ticks[0] = find_ticks(l, 0, panel.width - left, 5 * text);
    l->plot = (bm_box){panel.left + left, panel.top + above, panel.width - left - text, panel.height - above - below};
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

/* Takes a strip off the top or the bottom of what is left. */
static bm_box cut_top(bm_box *rest, double height) {
    const bm_box strip = {rest->left, rest->top, rest->width, height};
    rest->top += height;
    rest->height -= height;
    return strip;
}

static bm_box cut_bottom(bm_box *rest, double height) {
    rest->height -= height;
    return (bm_box){rest->left, rest->top + rest->height, rest->width, height};
}

static void share_room(const bm_landscape *landscape, bm_box rest, bm_landscape_layout *l) {
    const double side_by_side = 600, stacked = 430; /* the least width, height */
    if (landscape->dims > 2 || !landscape->field) {
        l->chart = rest;
        return;
    }
    l->panel = rest;
    if (rest.width >= side_by_side) {
        l->panel.width = round((rest.width - MARGIN) * 0.56);
        l->chart = rest;
        l->chart.left += l->panel.width + MARGIN;
        l->chart.width -= l->panel.width + MARGIN;
    } else if (rest.height >= stacked) {
        l->chart = cut_bottom(&l->panel, round(0.36 * rest.height));
    }
}

bm_landscape_layout bm_landscape_arrange(const bm_landscape *landscape, double width, double height) {
    bm_landscape_layout l = {.marks = 1};
    bm_box rest = {0, 0, width, height};
    if (width < 300 || height < 200) {
        l.marks = fmax(0.4, fmin(1, fmin(width / 360, height / 240)));
        share_room(landscape, rest, &l);
    } else {
        l.text = width < 600 || height < 400 ? SMALL_TEXT : TEXT;
        l.header = cut_top(&rest, BM_OVERLAY_HEADER);
        l.status = landscape->status ? cut_bottom(&rest, STATUS) : l.status;
        rest.left = width < 600 ? 4 : MARGIN;
        rest.width -= 2 * rest.left;
        const int most = height < 400 ? 2 : 3;
        const int rows = bm_landscape_legend(landscape, rest.width, l.text, most, NULL);
        cut_top(&rest, rows > 0 ? 6 : 0);
        l.legend = cut_top(&rest, BM_LANDSCAPE_ROW * rows);
        cut_top(&rest, 4);
        cut_bottom(&rest, l.status.height > 0 ? 2 : 6);
        share_room(landscape, rest, &l);
    }
    if (l.panel.width > 0) {
        place_plot(landscape, &l);
    }
    return l;
}

bool bm_landscape_at(const bm_landscape *landscape, double width, double height, double pixel_x, double pixel_y,
                     double xy[2]) {
    const bm_landscape_layout l = bm_landscape_arrange(landscape, width, height);
    const double x = (pixel_x - l.plot.left) / l.plot.width, y = (pixel_y - l.plot.top) / l.plot.height;
    if ((landscape->surface && landscape->dims == 2) || !(x >= 0 && x <= 1 && y >= 0 && y <= 1)) {
        return false;
    }
    xy[0] = l.low[0] + (l.high[0] - l.low[0]) * x;
    if (landscape->dims == 2) {
        xy[1] = l.high[1] - (l.high[1] - l.low[1]) * y;
    }
    return true;
}
