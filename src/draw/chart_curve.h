#ifndef BM_DRAW_CHART_CURVE_H
#define BM_DRAW_CHART_CURVE_H

/* Curves and bands of a chart, thinned to what the pixels can show; part of chart.c. */
#include "draw/chart.h"

/* One direction of a chart: which values lie where. */
typedef struct {
    double low, high; /* values */
    double from, to;  /* where these lie, pixels of the viewport */
    bool log;
} bm_chart_axis;

double bm_chart_place(const bm_chart_axis *axis, double value);

/* Between low and high, where the series has these. */
void bm_chart_draw_band(const bm_series *series, const bm_chart_axis *x, const bm_chart_axis *y, bm_canvas *canvas);
/* The curve itself, or its points. */
void bm_chart_draw_curve(const bm_series *series, const bm_chart_axis *x, const bm_chart_axis *y, bm_canvas *canvas);

#endif
