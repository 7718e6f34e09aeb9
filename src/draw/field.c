/* The values behind contours and surfaces: their scale, their colours, and what lies between the points of the grid. */
#include <math.h>
#include <stdlib.h>

#include "draw/contour.h"

/* ---- the scale -------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool bm_field_rank(bm_field *field, bm_arena *scratch) {
    const int all = field->columns * field->rows;
    double *sorted = BM_NEW(scratch, double, all);
    int count = 0;
    for (int i = 0; sorted && i < all; i++) {
        if (isfinite(field->value[i])) {
            sorted[count++] = field->value[i];
        }
    }
    if (!count) {
        return false;
    }
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    for (int k = 0; k <= BM_FIELD_SHARES; k++) {
        const double root = (double)k / BM_FIELD_SHARES, rank = root * root * (count - 1);
        const int below = (int)rank, above = below + 1 < count ? below + 1 : below;
        const double share = rank - below;
        field->scale[k] = sorted[below] * (1 - share) + sorted[above] * share;
    }
    return true;
}

double bm_field_share(const bm_field *field, double value) {
    if (isnan(value)) {
        return NAN;
    }
    int low = 0, high = BM_FIELD_SHARES;
    if (value <= field->scale[low] || value >= field->scale[high]) {
        return value > field->scale[low];
    }
    while (high - low > 1) { /* scale[low] <= value < scale[high] */
        const int middle = (low + high) / 2;
        if (field->scale[middle] <= value) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const double from = field->scale[low] / 2, to = field->scale[high] / 2; /* halves: their difference is finite */
    return (low + (value / 2 - from) / (to - from)) / BM_FIELD_SHARES;
}

bm_color bm_field_color(double share) {
    return bm_color_mix(0xfff8fafbu, 0xff86a3bbu, share);
}

/* ---- between the points ----------------------------------------------------------------------------------------- */

/* The cell that x lies in and how far into it; false: outside. */
static bool find_cell(double x, double low, double high, int points, int *cell, double *share) {
    const double at = (x - low) / (high - low) * (points - 1);
    if (!(at >= 0 && at <= points - 1)) {
        return false;
    }
    *cell = at < points - 2 ? (int)at : points - 2;
    *share = at - *cell;
    return true;
}

double bm_field_at(const bm_field *field, double x, double y) {
    int column, row = 0;
    double share_x, share_y = 0;
    if (!find_cell(x, field->low[0], field->high[0], field->columns, &column, &share_x)) {
        return NAN;
    }
    if (field->rows > 1 && !find_cell(y, field->low[1], field->high[1], field->rows, &row, &share_y)) {
        return NAN;
    }
    double sum = 0;
    for (int i = 0; i < (field->rows > 1 ? 4 : 2); i++) {
        const double value = field->value[(row + i / 2) * field->columns + column + i % 2];
        if (!isfinite(value)) {
            return NAN;
        }
        sum += value * (i % 2 ? share_x : 1 - share_x) * (i / 2 ? share_y : 1 - share_y);
    }
    return sum;
}
