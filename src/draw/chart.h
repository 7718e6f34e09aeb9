#ifndef BM_DRAW_CHART_H
#define BM_DRAW_CHART_H

/* Line charts: axes with ticks at round numbers, curves with a band, points, vertical marks, a legend. */
#include <stdbool.h>

#include "core/canvas.h"

typedef struct {
    const char *name; /* for the legend; NULL: not in it */
    bm_color color;
    int count;
    const double *x, *y;      /* [count]; where y is NAN the curve has a gap */
    const double *low, *high; /* [count] the band around it, or NULL */
    bool points;              /* separate dots instead of a curve */
} bm_series;

typedef struct {
    const char *title, *x_label; /* NULL: none. The title says what y is, with its unit */
    const bm_series *series;
    int series_count;
    const double *marks; /* [mark_count] x of vertical dashed lines */
    int mark_count;
    double x_low, x_high, y_low, y_high; /* NAN: from the series */
    bool log_y;
    double text; /* size of the text in pixels; the title is larger */
} bm_chart;

/* Fills the current viewport (bm_canvas_viewport). Series of thousands of points are thinned to what the pixels can
 * show. */
void bm_chart_draw(const bm_chart *chart, bm_canvas *canvas);

/* Round numbers (1, 2 or 5 times a power of ten) within [low, high], at most `most`; returns how many. */
int bm_chart_ticks(double low, double high, int most, double *ticks);
/* 1500000 -> "1.5M", 200000 -> "200k", 0.25 -> "0.25"; step: distance of neighbouring ticks, which decides the
 * digits. */
const char *bm_chart_number(double value, double step, char *text, int bytes);

#endif
