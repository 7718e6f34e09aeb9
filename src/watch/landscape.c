/* The whole picture of a landscape: what stands around the function (landscape_function.c), by the layout
 * (landscape_layout.c). */
#include "watch/landscape.h"

#include <math.h>
#include <stddef.h>

#include "draw/chart.h"
#include "draw/font.h"
#include "watch/landscape_parts.h"

enum { MARGIN = 14 };

/* ---- the legend ------------------------------------------------------------------------------------------------- */

typedef enum { LINE, START, MINIMUM } legend_kind;

typedef struct {
    legend_kind kind;
    bm_color color;
    const char *name, *note;
} legend_entry;

static legend_entry entry_at(const bm_landscape *landscape, int i) {
    if (i < landscape->path_count) {
        const bm_landscape_path *path = &landscape->paths[i];
        return (legend_entry){LINE, path->color, path->name, path->note};
    }
    const bool start = landscape->start && i == landscape->path_count;
    return start ? (legend_entry){.kind = START, .name = "start"}
                 : (legend_entry){.kind = MINIMUM, .name = landscape->minima > 1 ? "minima" : "minimum"};
}

static int entry_count(const bm_landscape *landscape) {
    const bool marks = landscape->dims <= 2 && landscape->field;
    return landscape->path_count + (marks && landscape->start) + (marks && landscape->minima > 0);
}

static void draw_entry(const legend_entry *entry, double x, double y, double swatch, double text, bm_canvas *canvas) {
    if (entry->kind == LINE) {
        bm_draw_line(canvas, x + 1.5, y, x + swatch - 1.5, y, 3, entry->color);
    } else if (entry->kind == START) {
        bm_landscape_draw_start(canvas, (bm_point){x + swatch / 2, y}, 0.85, 1);
    } else {
        bm_landscape_draw_minimum(canvas, (bm_point){x + swatch / 2, y}, 0.85, 1);
    }
    const double at = x + swatch + 0.45 * text;
    bm_draw_text(canvas, at, y, text, BM_ALIGN_LEFT, BM_INK, entry->name);
    if (entry->note) {
        bm_draw_text(canvas, at + bm_font_width(text, entry->name) + 0.5 * text, y, text, BM_ALIGN_LEFT, BM_GRAY,
                     entry->note);
    }
}

int bm_landscape_legend(const bm_landscape *landscape, double width, double text, int most_rows, bm_canvas *canvas) {
    const double swatch = 1.5 * text, gap = 1.4 * text, more_width = 5 * text;
    const int entries = entry_count(landscape);
    double x = 0;
    int row = 0;
    for (int i = 0; i < entries; i++) {
        const legend_entry entry = entry_at(landscape, i);
        const double note = entry.note ? bm_font_width(text, entry.note) + 0.5 * text : 0;
        const double wide = swatch + 0.45 * text + bm_font_width(text, entry.name) + note;
        const bool last_row = row == most_rows - 1;
        const double room = width - x - (last_row && i < entries - 1 ? more_width : 0);
        if (x > 0 && wide > room && last_row) {
            if (canvas) {
                bm_draw_textf(canvas, x, BM_LANDSCAPE_ROW * (row + 0.5), text, BM_ALIGN_LEFT, BM_GRAY, "+%d more",
                              entries - i);
            }
            return row + 1;
        }
        if (x > 0 && wide > room) {
            x = 0;
            row++;
        }
        if (canvas) {
            draw_entry(&entry, x, BM_LANDSCAPE_ROW * (row + 0.5), swatch, text, canvas);
        }
        x += wide + gap;
    }
    return entries > 0 ? row + 1 : 0;
}

/* ---- the chart of values ---------------------------------------------------------------------------------------- */

/* What the curves span, and where they begin. */
typedef struct {
    double least, least_positive, most, first;
    bool positive; /* all of them */
} span;

static double bounded(double value, double low, double high) { /* NAN stays */
    return value < low ? low : value > high ? high : value;
}

/* Infinite ones stay, too; all others leave room to compute with them. */
static double shown_value(const bm_landscape *landscape, double value) {
    const double shown = isnan(landscape->minimum_value) ? value : value - landscape->minimum_value;
    return isinf(shown) ? shown : bounded(shown, -1e300, 1e300);
}

static span find_span(const bm_landscape *landscape) {
    span s = {.least = INFINITY, .least_positive = INFINITY, .most = -INFINITY, .first = -INFINITY, .positive = true};
    for (int p = 0; p < landscape->path_count; p++) {
        const bm_landscape_path *path = &landscape->paths[p];
        for (int i = 0; i < path->count; i++) {
            const double value = shown_value(landscape, path->value[i]);
            if (!isfinite(value)) {
                continue;
            }
            s.least = fmin(s.least, value);
            s.most = fmax(s.most, value);
            s.first = i == 0 ? fmax(s.first, value) : s.first;
            s.positive = s.positive && value > 0;
            s.least_positive = value > 0 ? fmin(s.least_positive, value) : s.least_positive;
        }
    }
    return s;
}

/* Keeps one that diverges, or arrives exactly, from squeezing all the others into a line. */
static void limit_chart(const bm_landscape *landscape, const span *s, bm_chart *chart) {
    const double soar = 1e3, sink = 1e-20; /* times where they begin; times the highest */
    if (chart->log_y) {
        const double top = fmin(s->most, soar * fmax(s->first, s->least_positive));
        const double bottom = fmax(s->least_positive, sink * top);
        const double air = top > bottom ? pow(top / bottom, 0.05) : 2;
        chart->y_low = bottom / air;
        chart->y_high = top * air;
        return;
    }
    const bm_field *field = landscape->dims <= 2 ? landscape->field : NULL;
    if (!field || !(field->scale[0] < field->scale[BM_FIELD_SHARES]) || !(s->least <= s->most)) {
        return; /* the window says nothing of values */
    }
    const double low = shown_value(landscape, field->scale[0]);
    const double high = shown_value(landscape, field->scale[BM_FIELD_SHARES]), beyond = 0.1 * (high - low);
    if (s->least < low - beyond || s->most > high + beyond) {
        chart->y_low = fmax(s->least, low) - beyond;
        chart->y_high = fmin(s->most, high) + beyond;
    }
}

/* Far above what is shown is as good as any other value there; below, it lies on the edge, where a logarithm has
 * none. */
static const double *copy_values(const bm_landscape *landscape, const bm_landscape_path *path, const bm_chart *chart,
                                 bm_arena *scratch) {
    double *y = BM_NEW(scratch, double, path->count);
    for (int i = 0; y && i < path->count; i++) {
        const double value = shown_value(landscape, path->value[i]);
        if (chart->log_y && isfinite(value)) {
            y[i] = bounded(value, chart->y_low, 1e3 * chart->y_high);
        } else if (isfinite(value) && !isnan(chart->y_low)) {
            const double far = 100 * (chart->y_high - chart->y_low);
            y[i] = bounded(value, chart->y_low - far, chart->y_high + far);
        } else {
            y[i] = value;
        }
    }
    return y;
}

static void draw_chart(const bm_landscape *landscape, const bm_landscape_layout *l, bm_canvas *canvas) {
    bm_arena scratch = {0};
    const span s = find_span(landscape);
    const bool gap = !isnan(landscape->minimum_value);
    bm_series *series = BM_NEW(&scratch, bm_series, landscape->path_count);
    bm_chart chart = {
        .title = gap ? "gap to the minimum" : "value",
        .x_label = "step",
        .series = series,
        .x_low = 0,
        .x_high = landscape->steps,
        .y_low = NAN,
        .y_high = NAN,
        .log_y = (gap || s.positive) && s.most >= 10 * s.least_positive,
        .text = l->text > 0 ? l->text : 8,
    };
    limit_chart(landscape, &s, &chart);
    for (int i = 0; series && i < landscape->path_count; i++) {
        const bm_landscape_path *path = &landscape->paths[i];
        const double *y = copy_values(landscape, path, &chart, &scratch);
        if (y) {
            series[chart.series_count++] =
                (bm_series){.color = path->color, .count = path->count, .x = path->step, .y = y};
        }
    }
    bm_canvas_viewport(canvas, l->chart.left, l->chart.top, l->chart.width, l->chart.height);
    bm_chart_draw(&chart, canvas);
    bm_arena_free(&scratch);
}

/* ---- around them ------------------------------------------------------------------------------------------------ */

static void draw_header(const bm_landscape *landscape, const bm_box *box, bm_canvas *canvas) {
    const double y = box->height / 2, title = bm_font_width(15, landscape->title);
    double right = box->width - MARGIN;
    bm_draw_rectangle(canvas, 0, 0, box->width, box->height, BM_PANEL);
    bm_draw_text(canvas, MARGIN, y, 15, BM_ALIGN_LEFT, BM_INK, landscape->title);
    if (landscape->recording) {
        bm_draw_circle(canvas, right - 6, y, 6, BM_VERMILLION);
        right -= 22;
    }
    if (landscape->paused) {
        bm_draw_text(canvas, right, y, 13, BM_ALIGN_RIGHT, BM_INK, "paused");
        right -= bm_font_width(13, "paused") + 16;
    }
    const double left = MARGIN + title + 16;
    if (landscape->formula && left + bm_font_width(13, landscape->formula) <= right) {
        bm_draw_text(canvas, left, y + 0.5, 13, BM_ALIGN_LEFT, BM_GRAY, landscape->formula);
    }
}

static void draw_status(const bm_landscape *landscape, const bm_box *box, bm_canvas *canvas) {
    const double room = box->width - 2 * MARGIN, wide = bm_font_width(13, landscape->status);
    const double size = 13 * fmin(1, fmax(0.7, room / fmax(wide, 1)));
    bm_canvas_viewport(canvas, MARGIN, box->top, room, box->height);
    bm_draw_text(canvas, 0, box->height / 2 - 1, size, BM_ALIGN_LEFT, BM_INK, landscape->status);
}

void bm_landscape_draw(const bm_landscape *landscape, bm_canvas *canvas) {
    const double width = canvas->width, height = canvas->height;
    const bm_landscape_layout l = bm_landscape_arrange(landscape, width, height);
    bm_canvas_viewport(canvas, 0, 0, width, height);
    if (l.header.height > 0) {
        draw_header(landscape, &l.header, canvas);
    }
    if (l.legend.height > 0) {
        const int rows = (int)l.legend.height / BM_LANDSCAPE_ROW;
        bm_canvas_viewport(canvas, l.legend.left, l.legend.top, l.legend.width, l.legend.height);
        bm_landscape_legend(landscape, l.legend.width, l.text, rows, canvas);
    }
    if (l.panel.width > 0) {
        bm_landscape_function(landscape, &l, canvas);
    }
    if (l.chart.width > 0) {
        draw_chart(landscape, &l, canvas);
    }
    if (l.status.height > 0) {
        draw_status(landscape, &l.status, canvas);
    }
    bm_canvas_viewport(canvas, 0, 0, width, height);
    if (landscape->help) {
        bm_overlay_keys(canvas, landscape->help);
    }
    if (landscape->notice) {
        bm_overlay_message(canvas, width, height - l.status.height - 22, landscape->notice);
    }
}
