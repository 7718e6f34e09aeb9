/* Line charts on the canvas. Everything is laid out anew for each drawing, from the size of the viewport and of the
 * text, and nothing is allocated: a chart in a window is drawn sixty times a second.
 *
 * From top to bottom: title (and the legend beside it, if both fit), the plot, ticks, the axis' name, the legend where
 * it is nowhere else. In a wide chart whose curves all end at the right, names stand there, beside the ends. */
#include "draw/chart.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "draw/chart_curve.h"

enum { TICKS_MAX = 16, LABELS_MAX = 16, NUMBER_BYTES = 32 };

static const double title_size = 1.2, line_height = 1.45, swatch = 1.5, gap = 0.45, spacing = 1.3; /* in texts */

typedef enum { LEGEND_NONE, LEGEND_ENDS, LEGEND_TITLE, LEGEND_BELOW } legend_place;

typedef struct {
    const bm_chart *chart;
    bm_canvas *canvas;
    bm_chart_axis x, y;
    double width, height, line; /* of the viewport, of a line of text */
    legend_place legend;
    double tick_x[TICKS_MAX], tick_y[TICKS_MAX];
    int ticks_x, ticks_y;
    bool empty; /* nothing to show */
} layout;

/* The middle of a pixel of the picture, where lines of one pixel are sharp. */
static double sharp(double position, double origin) {
    return floor(origin + position) + 0.5 - origin;
}

/* ---- ranges ----------------------------------------------------------------------------------------------------- */

static void widen(double value, bool log, double *low, double *high) {
    if (isfinite(value) && (!log || value > 0)) {
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

/* What is given stays; otherwise a little air above and below, and zero where it is near. */
static void settle_y(const bm_chart *chart, double low, double high, bm_chart_axis *y) {
    if (!(low <= high)) {
        low = chart->log_y ? 0.1 : 0;
        high = 1;
    }
    if (chart->log_y) {
        const double air = low < high ? pow(high / low, 0.05) : 2;
        low = fmax(low / air, DBL_MIN);
        high = fmin(high * air, DBL_MAX);
    } else {
        const double range = high > low ? high - low : fmax(1, fabs(high)) * 0.1;
        const bool to_zero = low >= 0 && low < 0.3 * high, from_zero = high <= 0 && high > 0.3 * low;
        low = to_zero ? 0 : low - 0.05 * range;
        high = from_zero && !to_zero ? 0 : high + 0.05 * range;
    }
    y->low = isnan(chart->y_low) ? low : chart->y_low;
    y->high = isnan(chart->y_high) ? high : chart->y_high;
    y->log = chart->log_y && y->low > 0 && y->high > y->low;
    if (!(y->high > y->low)) {
        y->high = y->low + 1;
    }
}

static void settle_ranges(layout *l) {
    const bm_chart *chart = l->chart;
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    for (int s = 0; s < chart->series_count; s++) {
        const bm_series *series = &chart->series[s];
        for (int i = 0; i < series->count; i++) {
            if (isnan(series->y[i])) {
                continue;
            }
            widen(series->x[i], false, &x_low, &x_high);
            widen(series->y[i], chart->log_y, &y_low, &y_high);
            if (series->low && series->high) {
                widen(series->low[i], chart->log_y, &y_low, &y_high);
                widen(series->high[i], chart->log_y, &y_low, &y_high);
            }
        }
    }
    l->empty = !(x_low <= x_high && y_low <= y_high);
    const bool from_zero = !(x_low <= x_high) || (x_low >= 0 && x_low < 0.2 * x_high);
    l->x.low = !isnan(chart->x_low) ? chart->x_low : from_zero ? 0 : x_low;
    l->x.high = !isnan(chart->x_high) ? chart->x_high : x_low <= x_high ? x_high : 1;
    if (!(l->x.high > l->x.low)) {
        l->x.high = l->x.low + 1;
    }
    settle_y(chart, y_low, y_high, &l->y);
}

/* Powers of ten, every stride-th, and in each as many of its multiples 1, 2, 5 as asked for. */
static int multiples_of_powers(double low, double high, int multiples, int stride, double *ticks) {
    static const double multiple[] = {1, 2, 5};
    int count = 0;
    for (int power = (int)floor(log10(low)); power <= DBL_MAX_10_EXP && pow(10, power) <= high * (1 + 1e-9);
         power += stride) {
        for (int i = 0; i < multiples && count < TICKS_MAX; i++) {
            ticks[count] = multiple[i] * pow(10, power);
            count += ticks[count] >= low * (1 - 1e-9) && ticks[count] <= high * (1 + 1e-9);
        }
    }
    return count;
}

/* As many as there is room for; over less than a factor of ten, ordinary ticks may be the only ones. */
static int log_ticks(double low, double high, int most, double *ticks) {
    int count = multiples_of_powers(low, high, 3, 1, ticks);
    for (int stride = 1; count > most + 2; stride++) {
        count = multiples_of_powers(low, high, 1, stride, ticks);
    }
    return count > 1 ? count : bm_chart_ticks(low, high, most, ticks);
}

/* ---- layout ----------------------------------------------------------------------------------------------------- */

static double entry_width(const layout *l, const bm_series *series) {
    const double text = l->chart->text;
    return (swatch + gap) * text + bm_text_width(l->canvas, text, series->name);
}

/* The last point of a series that is one; false: none. */
static bool last_point(const bm_series *series, double *x, double *y) {
    for (int i = series->count - 1; i >= 0; i--) {
        if (isfinite(series->x[i]) && isfinite(series->y[i])) {
            *x = series->x[i];
            *y = series->y[i];
            return true;
        }
    }
    return false;
}

/* Where the names go, and the width that they take at the right. */
static legend_place choose_legend(const layout *l, double *right) {
    const bm_chart *chart = l->chart;
    const double text = chart->text;
    double widest = 0, all = 0;
    int named = 0;
    bool at_the_end = true;
    for (int s = 0; s < chart->series_count; s++) {
        const bm_series *series = &chart->series[s];
        if (!series->name) {
            continue;
        }
        double x, y;
        const double width = entry_width(l, series);
        const bool ends = !series->points && last_point(series, &x, &y);
        at_the_end = at_the_end && ends && x > l->x.high - 0.05 * (l->x.high - l->x.low);
        widest = fmax(widest, width);
        all += width + spacing * text;
        named++;
    }
    if (named == 0) {
        return LEGEND_NONE;
    }
    if (at_the_end && named <= LABELS_MAX && l->width > 40 * text && widest < 0.3 * l->width &&
        (named + 1) * l->line < 0.5 * l->height) {
        *right = widest + gap * text;
        return LEGEND_ENDS;
    }
    const double title = chart->title ? bm_text_width(l->canvas, title_size * text, chart->title) : 0;
    return title + all + spacing * text < l->width ? LEGEND_TITLE : LEGEND_BELOW;
}

/* The legend in rows that begin at left, the first at height y; only with draw is it drawn. Returns the height of all
 * rows. */
static double legend_rows(const layout *l, double left, double y, bool draw) {
    const bm_chart *chart = l->chart;
    const double text = chart->text;
    double x = left, row = 0;
    for (int s = 0; s < chart->series_count; s++) {
        const bm_series *series = &chart->series[s];
        if (!series->name) {
            continue;
        }
        const double width = entry_width(l, series);
        if (x > left && x + width > l->width - 0.5 * text) {
            x = left;
            row += l->line;
        }
        if (draw && series->points) {
            bm_draw_circle(l->canvas, x + swatch / 2 * text, y + row, 0.25 * text, series->color);
        } else if (draw) {
            bm_draw_line(l->canvas, x + 1.5, y + row, x + swatch * text - 1.5, y + row, 3, series->color);
        }
        if (draw) {
            bm_draw_text(l->canvas, x + (swatch + gap) * text, y + row, text, BM_ALIGN_LEFT, BM_INK, series->name);
        }
        x += width + spacing * text;
    }
    return row + l->line;
}

static double legend_width(const layout *l) {
    double all = 0;
    for (int s = 0; s < l->chart->series_count; s++) {
        if (l->chart->series[s].name) {
            all += entry_width(l, &l->chart->series[s]) + spacing * l->chart->text;
        }
    }
    return all - spacing * l->chart->text;
}

static double widest_tick(const layout *l) {
    const double step = l->ticks_y > 1 ? l->tick_y[1] - l->tick_y[0] : 0;
    double widest = 0;
    for (int i = 0; i < l->ticks_y; i++) {
        char number[NUMBER_BYTES];
        bm_chart_number(l->tick_y[i], l->y.log ? l->tick_y[i] : step, number, sizeof number);
        widest = fmax(widest, bm_text_width(l->canvas, l->chart->text, number));
    }
    return widest;
}

/* So many at most, unless that leaves a single one. */
static int ticks_on(const bm_chart_axis *axis, int most, double *ticks) {
    int count = 0;
    for (int n = most; count < 2 && n <= most + 2; n++) {
        count =
            axis->log ? log_ticks(axis->low, axis->high, n, ticks) : bm_chart_ticks(axis->low, axis->high, n, ticks);
    }
    return count;
}

static int at_most(double ticks) {
    return ticks < 2 ? 2 : ticks > TICKS_MAX - 2 ? TICKS_MAX - 2 : (int)ticks;
}

static void arrange(layout *l) {
    const bm_chart *chart = l->chart;
    const double text = chart->text;
    l->width = l->canvas->right - l->canvas->left;
    l->height = l->canvas->bottom - l->canvas->top;
    l->line = line_height * text;
    settle_ranges(l);
    double right = 0;
    l->legend = choose_legend(l, &right);
    const double below = l->legend == LEGEND_BELOW ? legend_rows(l, 0.5 * text, 0, false) + 0.3 * text : 0;
    l->y.to = chart->title || l->legend == LEGEND_TITLE ? (title_size * line_height + 0.7) * text : 0.9 * text;
    l->y.from = l->height - l->line - (chart->x_label ? l->line : 0) - below - 0.4 * text;
    const double rows = (l->y.from - l->y.to) / (2.4 * text), few = 5;
    l->ticks_y = ticks_on(&l->y, at_most(rows < few ? rows : few + 0.45 * (rows - few)), l->tick_y);
    l->x.from = widest_tick(l) + 1.2 * text;
    l->x.to = l->width - fmax(right, 1.8 * text);
    l->ticks_x = ticks_on(&l->x, at_most((l->x.to - l->x.from) / (4.5 * text)), l->tick_x);
}

/* ---- axes ------------------------------------------------------------------------------------------------------- */

static void draw_axes(const layout *l) {
    const bm_chart *chart = l->chart;
    const double text = chart->text;
    char number[NUMBER_BYTES];
    const double step_y = l->ticks_y > 1 ? l->tick_y[1] - l->tick_y[0] : 0;
    for (int i = 0; i < l->ticks_y && !l->empty; i++) {
        const double y = sharp(bm_chart_place(&l->y, l->tick_y[i]), l->canvas->top);
        bm_draw_line(l->canvas, l->x.from, y, l->x.to, y, 1, BM_RULE);
        bm_chart_number(l->tick_y[i], l->y.log ? l->tick_y[i] : step_y, number, sizeof number);
        bm_draw_text(l->canvas, l->x.from - 0.55 * text, y, text, BM_ALIGN_RIGHT, BM_GRAY, number);
    }
    const double base = sharp(l->y.from, l->canvas->top);
    bm_draw_line(l->canvas, l->x.from, base, l->x.to, base, 1, BM_GRAY);
    const double step_x = l->ticks_x > 1 ? l->tick_x[1] - l->tick_x[0] : 0;
    for (int i = 0; i < l->ticks_x && !l->empty; i++) {
        const double x = sharp(bm_chart_place(&l->x, l->tick_x[i]), l->canvas->left);
        bm_draw_line(l->canvas, x, base, x, base + 0.35 * text, 1, BM_GRAY);
        bm_chart_number(l->tick_x[i], step_x, number, sizeof number);
        bm_draw_text(l->canvas, x, base + 1.05 * text, text, BM_ALIGN_CENTER, BM_GRAY, number);
    }
    if (chart->x_label) {
        bm_draw_text(l->canvas, (l->x.from + l->x.to) / 2, base + 1.05 * text + l->line, text, BM_ALIGN_CENTER, BM_GRAY,
                     chart->x_label);
    }
    if (chart->title) {
        const double wide = bm_text_width(l->canvas, title_size * text, chart->title);
        const double size = title_size * text * fmin(1, fmax(0.5, (l->width - text) / fmax(wide, 1)));
        bm_draw_text(l->canvas, 0.5 * text, (0.5 + title_size / 2) * text, size, BM_ALIGN_LEFT, BM_INK, chart->title);
    }
    if (l->empty) {
        bm_draw_text(l->canvas, (l->x.from + l->x.to) / 2, (l->y.from + l->y.to) / 2, text, BM_ALIGN_CENTER, BM_GRAY,
                     "no data yet");
    }
}

static void draw_legend(const layout *l) {
    const double text = l->chart->text;
    if (l->legend == LEGEND_TITLE) {
        legend_rows(l, l->width - legend_width(l) - 0.7 * text, (0.5 + title_size / 2) * text, true);
    } else if (l->legend == LEGEND_BELOW) {
        const double ticks = 1.05 * text + (l->chart->x_label ? l->line : 0);
        legend_rows(l, 0.5 * text, l->y.from + ticks + l->line + 0.3 * text, true);
    }
}

/* Names beside the ends of their curves, in the order of these, moved apart as far as needed. */
static void draw_end_labels(const layout *l) {
    const bm_series *series[LABELS_MAX];
    double at[LABELS_MAX];
    const double text = l->chart->text;
    int count = 0;
    for (int s = 0; s < l->chart->series_count && count < LABELS_MAX; s++) {
        double x, y;
        if (!l->chart->series[s].name || !last_point(&l->chart->series[s], &x, &y)) {
            continue;
        }
        const double height = fmax(l->y.to, fmin(bm_chart_place(&l->y, y), l->y.from));
        int slot = count++;
        for (; slot > 0 && at[slot - 1] > height; slot--) {
            at[slot] = at[slot - 1];
            series[slot] = series[slot - 1];
        }
        at[slot] = height;
        series[slot] = &l->chart->series[s];
    }
    /* Down from the top, then up again from the bottom of the plot. */
    for (int i = 1; i < count; i++) {
        at[i] = fmax(at[i], at[i - 1] + l->line);
    }
    for (int i = count - 1; i >= 0; i--) {
        at[i] = fmin(at[i], i + 1 < count ? at[i + 1] - l->line : l->y.from - 0.4 * text);
    }
    for (int i = 0; i < count; i++) {
        const double x = l->x.to + gap * text;
        bm_draw_line(l->canvas, x + 2, at[i], x + swatch * text - 2, at[i], 3, series[i]->color);
        bm_draw_text(l->canvas, x + (swatch + gap) * text, at[i], text, BM_ALIGN_LEFT, BM_INK, series[i]->name);
    }
}

/* ---- the chart -------------------------------------------------------------------------------------------------- */

static void draw_marks(const layout *l) {
    const double dash = 4;
    for (int i = 0; i < l->chart->mark_count; i++) {
        const double mark = l->chart->marks[i];
        const double x = mark >= l->x.low && mark <= l->x.high ? bm_chart_place(&l->x, mark) : -1;
        for (double y = l->y.to; x >= 0 && y < l->y.from; y += 2 * dash) {
            const double at = sharp(x, l->canvas->left);
            bm_draw_line(l->canvas, at, y, at, fmin(y + dash, l->y.from), 1, BM_GRAY);
        }
    }
}

/* Curves never leave the plot; half a line's width over its edge they may. All bands lie under all curves. */
static void draw_series(const layout *l) {
    enum { EDGE = 3 };
    bm_canvas inside = *l->canvas;
    const double left = l->x.from - EDGE, top = l->y.to - EDGE;
    const double width = l->x.to - l->x.from + 2 * EDGE, height = l->y.from - l->y.to + 2 * EDGE;
    bm_canvas_viewport(&inside, l->canvas->left + left, l->canvas->top + top, width, height);
    bm_chart_axis x = l->x, y = l->y;
    x.from -= left;
    x.to -= left;
    y.from -= top;
    y.to -= top;
    for (int s = 0; s < l->chart->series_count; s++) {
        bm_chart_draw_band(&l->chart->series[s], &x, &y, &inside);
    }
    for (int s = 0; s < l->chart->series_count; s++) {
        bm_chart_draw_curve(&l->chart->series[s], &x, &y, &inside);
    }
}

void bm_chart_draw(const bm_chart *chart, bm_canvas *canvas) {
    layout l = {.chart = chart, .canvas = canvas};
    const double left = canvas->left, top = canvas->top;
    bm_canvas_viewport(canvas, left, top, canvas->right - left, canvas->bottom - top);
    arrange(&l);
    if (l.x.to <= l.x.from || l.y.from <= l.y.to) {
        return; /* no room */
    }
    draw_axes(&l);
    draw_marks(&l);
    draw_series(&l);
    bm_canvas_viewport(canvas, left, top, l.width, l.height);
    if (l.legend == LEGEND_ENDS) {
        draw_end_labels(&l);
    } else {
        draw_legend(&l);
    }
}
