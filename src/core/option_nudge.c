/* Turning a knob: the next value up or down. */
#include <math.h>
#include <stdio.h>

#include "core/option.h"

/* Two significant digits, as a person would set a value. */
static double rounded(double value) {
    if (value == 0 || !isfinite(value)) {
        return value;
    }
    const double unit = pow(10, floor(log10(fabs(value))) - 1);
    return round(value / unit) * unit;
}

/* By a quarter, the same way back; away from 0 by a small first step, and back to it (smallest 0: never). */
static double scaled(double value, int direction, double smallest) {
    if (value == 0) {
        return direction * smallest;
    }
    const bool grows = (value > 0) == (direction > 0);
    return fabs(value) <= smallest && !grows ? 0 : rounded(grows ? value * 1.25 : value / 1.25);
}

static double turned(const bm_option *row, double value, int direction) {
    double next;
    if (row->type == BM_INTEGER) {
        next = round(scaled(value, direction, 1));
        next = next == value ? value + direction : next;
    } else if (row->scale == BM_LINEAR && row->max <= 1 && (value == 0 || value >= 0.01)) {
        const bool near_one = value >= 0.9 && value < 1; /* 0.99, 0.999: what counts is the distance to 1 */
        next = near_one ? 1 - scaled(1 - value, -direction, 1e-6) : round((value + 0.01 * direction) * 100) / 100;
    } else {
        next = scaled(value, direction, row->min > 0 ? 0 : 1e-4);
    }
    return fmin(row->max, fmax(row->min, next));
}

bool bm_option_nudge(const bm_option *row, const void *field, int direction, char *text, size_t bytes) {
    if (row->type == BM_REAL) {
        snprintf(text, bytes, "%.9g", turned(row, *(const double *)field, direction));
    } else if (row->type == BM_SCHEDULE) {
        const bm_schedule *schedule = field;
        snprintf(text, bytes, "%s%.9g", schedule->linear ? "lin_" : "", turned(row, schedule->initial, direction));
    } else if (row->type == BM_INTEGER) {
        snprintf(text, bytes, "%.0f", turned(row, *(const int *)field, direction));
    } else if (row->type == BM_SWITCH) {
        snprintf(text, bytes, "%s", *(const bool *)field ? "false" : "true");
    } else if (row->type == BM_CHOICE) {
        int count = 0;
        while (row->choices[count]) {
            count++;
        }
        snprintf(text, bytes, "%s", row->choices[(*(const int *)field + direction + count) % count]);
    } else {
        return false;
    }
    return true;
}
