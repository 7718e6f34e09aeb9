/* The learning rate that each coordinate gets, against the step: an optimizer keeps its colour, its coordinates get
 * paler. */
#include <math.h>
#include <stdio.h>

#include "core/arena.h"
#include "draw/chart.h"
#include "watch/landscape.h"

enum { NAME = 64 };

static bm_series draw_from(const bm_landscape_rates *rates, const bm_landscape_rate *rate, int coordinate, int shown,
                           char name[NAME], bm_arena *scratch) {
    double *y = BM_NEW(scratch, double, rate->count);
    for (int i = 0; y && i < rate->count; i++) {
        y[i] = rate->rate[(long)i * rates->dims + coordinate];
    }
    snprintf(name, NAME, "%s %s", rate->name, rates->variables[coordinate]);
    const double pale = shown > 1 ? 0.6 * coordinate / (shown - 1) : 0;
    return (bm_series){.name = name,
                       .color = bm_color_mix(rate->color, BM_PAPER, pale),
                       .count = y ? rate->count : 0,
                       .x = rate->step,
                       .y = y};
}

void bm_landscape_rates_draw(const bm_landscape_rates *rates, bm_canvas *canvas) {
    bm_arena scratch = {0};
    bm_series series[BM_LANDSCAPE_RATES];
    char names[BM_LANDSCAPE_RATES][NAME], title[160];
    const int optimizers = rates->rate_count < BM_LANDSCAPE_RATES ? rates->rate_count : BM_LANDSCAPE_RATES;
    const int room = BM_LANDSCAPE_RATES / (optimizers > 0 ? optimizers : 1);
    const int shown = rates->dims < room ? rates->dims : room;
    bm_chart chart = {.title = title,
                      .x_label = "step",
                      .series = series,
                      .x_low = 0,
                      .x_high = NAN,
                      .y_low = NAN,
                      .y_high = NAN,
                      .log_y = true,
                      .text = canvas->right - canvas->left < 600 ? 11 : 12};
    for (int i = 0; i < optimizers; i++) {
        for (int k = 0; k < shown; k++) {
            char *name = names[chart.series_count];
            series[chart.series_count++] = draw_from(rates, &rates->rates[i], k, shown, name, &scratch);
        }
    }
    int used = snprintf(title, sizeof title, "%s: effective learning rate", rates->title);
    if (shown < rates->dims && used < (int)sizeof title) {
        used += snprintf(title + used, sizeof title - (size_t)used, ", first %d of %d coordinates", shown, rates->dims);
    }
    if (optimizers < rates->rate_count && used < (int)sizeof title) {
        snprintf(title + used, sizeof title - (size_t)used, ", first %d of %d optimizers", optimizers,
                 rates->rate_count);
    }
    bm_chart_draw(&chart, canvas);
    bm_arena_free(&scratch);
}
