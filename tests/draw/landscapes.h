#ifndef BM_TESTS_DRAW_LANDSCAPES_H
#define BM_TESTS_DRAW_LANDSCAPES_H

/* Pictures of functions with the paths of plain gradient descent. */
#include <math.h>

#include "pictures.h"
#include "watch/landscape.h"

enum { LANDSCAPE_SIDE = 81, LANDSCAPE_STEPS = 60 };

typedef struct {
    const char *name, *formula;
    int dims;
    double (*value)(const double *x);
    double low[2], high[2], start[2], minimum[2], minimum_value;
    double rate[2]; /* of the two paths */
    bool surface;
    bm_surface_view view;
} shown_landscape;

/* Down the gradient by central differences. */
static void descend(const shown_landscape *shown, double rate, double *point, double *value) {
    const int dims = shown->dims;
    const double h = 1e-6;
    for (int i = 0; i < LANDSCAPE_STEPS; i++) {
        double *at = point + i * dims;
        for (int k = 0; k < dims; k++) {
            double beside[2] = {0, 0};
            const double *last = i ? at - dims : shown->start;
            memcpy(beside, last, (size_t)dims * sizeof *last);
            beside[k] += h;
            const double above = shown->value(beside);
            beside[k] -= 2 * h;
            at[k] = i ? last[k] - rate * (above - shown->value(beside)) / (2 * h) : shown->start[k];
        }
        value[i] = shown->value(at);
    }
}

static picture draw_landscape(const shown_landscape *shown, int width, int height) {
    static const char *const variables[2] = {"x", "y"}, *const names[2] = {"slow", "fast"};
    static double grid[LANDSCAPE_SIDE * LANDSCAPE_SIDE], step[LANDSCAPE_STEPS];
    static double point[2][2 * LANDSCAPE_STEPS], value[2][LANDSCAPE_STEPS];
    const int rows = shown->dims == 2 ? LANDSCAPE_SIDE : 1;
    bm_field field = {.columns = LANDSCAPE_SIDE, .rows = rows, .value = grid};
    for (int k = 0; k < 2; k++) {
        field.low[k] = shown->low[k];
        field.high[k] = shown->high[k];
    }
    for (int i = 0; i < LANDSCAPE_SIDE * rows; i++) {
        const double share[2] = {(double)(i % LANDSCAPE_SIDE) / (LANDSCAPE_SIDE - 1),
                                 (double)(i / LANDSCAPE_SIDE) / (LANDSCAPE_SIDE - 1)};
        grid[i] = shown->value((const double[2]){field.low[0] + share[0] * (field.high[0] - field.low[0]),
                                                 field.low[1] + share[1] * (field.high[1] - field.low[1])});
    }
    bm_arena arena = {0};
    bm_contour contour;
    ck_assert(bm_field_rank(&field, &arena));
    if (shown->dims == 2) {
        bm_contour_trace(&contour, &field, 15, &arena);
    }
    bm_landscape_path paths[2];
    for (int k = 0; k < 2; k++) {
        descend(shown, shown->rate[k], point[k], value[k]);
        paths[k] = (bm_landscape_path){.name = names[k],
                                       .color = bm_series_colors[k],
                                       .count = LANDSCAPE_STEPS,
                                       .point = point[k],
                                       .step = step,
                                       .value = value[k]};
    }
    for (int i = 0; i < LANDSCAPE_STEPS; i++) {
        step[i] = i;
    }
    const bm_landscape landscape = {.title = shown->name,
                                    .formula = shown->formula,
                                    .dims = shown->dims,
                                    .variables = variables,
                                    .field = &field,
                                    .contour = shown->dims == 2 ? &contour : NULL,
                                    .paths = paths,
                                    .path_count = 2,
                                    .start = shown->start,
                                    .minimum = shown->minimum,
                                    .minima = isnan(shown->minimum_value) ? 0 : 1,
                                    .minimum_value = shown->minimum_value,
                                    .steps = NAN,
                                    .surface = shown->surface,
                                    .view = shown->view};
    bm_raster *raster;
    bm_canvas canvas;
    bm_error error;
    ck_assert_msg(bm_raster_create(&raster, width, height, &error) == BM_OK, "%s", error.text);
    bm_raster_begin(raster, BM_PAPER, &canvas);
    bm_landscape_draw(&landscape, &canvas);
    picture drawn = blank_picture(width, height);
    memcpy(drawn.pixel, bm_raster_pixels(raster), (size_t)width * (size_t)height * sizeof(uint32_t));
    bm_raster_destroy(raster);
    bm_arena_free(&arena);
    return drawn;
}

#endif
