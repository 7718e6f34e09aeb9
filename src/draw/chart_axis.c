/* Axes of charts: round numbers within a range, and how they are written. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/chart.h"

int bm_chart_ticks(double low, double high, int most, double *ticks) {
    static const double multiples[] = {1, 2, 5};
    const double range = high - low;
    if (!(range > 1e-300) || isinf(range) || most < 1) {
        return 0;
    }
    const double slack = 1e-9; /* of a step: ends that are round numbers up to rounding count */
    for (int power = (int)floor(log10(range / most)) - 1;; power++) {
        for (int i = 0; i < 3; i++) {
            const double step = multiples[i] * pow(10, power);
            const double first = ceil(low / step - slack), last = floor(high / step + slack);
            if (last - first + 1 > most) {
                continue;
            }
            int count = 0;
            /* Where neighbours are no longer different numbers, there are none to show. */
            for (double k = first; k <= last && low + step > low && high - step < high; k++) {
                /* Dividing by a whole power of ten gives the double nearest to the round number. */
                ticks[count++] = k == 0 ? 0 : power < 0 ? k * multiples[i] / pow(10, -power) : k * step;
            }
            return count;
        }
    }
}

/* Decimals that show value's neighbour one step away as a different number, and step itself exactly where two digits
 * do. */
static int decimals_for(double step) {
    const int first = step >= 1 ? 0 : (int)-floor(log10(step) + 1e-9);
    for (int more = 0; more < 2; more++) {
        const double scaled = step * pow(10, first + more);
        if (fabs(scaled - round(scaled)) < 1e-6 * scaled) {
            return first + more;
        }
    }
    return first + 1;
}

static void cut_zeros(char *text) {
    char *end = text + strlen(text);
    if (!strchr(text, '.')) {
        return;
    }
    while (end[-1] == '0') {
        end--;
    }
    *(end[-1] == '.' ? end - 1 : end) = '\0';
}

const char *bm_chart_number(double value, double step, char *text, int bytes) {
    static const struct {
        double size;
        const char *sign;
    } units[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
    const double magnitude = fabs(value);
    char digits[400];
    if (!isfinite(value) || magnitude == 0 || magnitude < 1e-9 * step) {
        snprintf(text, (size_t)bytes, "%g", isfinite(value) ? 0.0 : value);
        return text;
    }
    if (!(step > 0) || isinf(step)) {
        step = pow(10, floor(log10(magnitude)) - 2);
    }
    /* The largest unit that needs no more than two decimals. */
    for (size_t i = 0; i < sizeof units / sizeof units[0] && magnitude < 1e15; i++) {
        const int decimals = decimals_for(step / units[i].size);
        if (magnitude >= units[i].size * (1 - 1e-9) && decimals <= 2) {
            snprintf(digits, sizeof digits, "%.*f", decimals, value / units[i].size);
            cut_zeros(digits);
            snprintf(text, (size_t)bytes, "%s%s", digits, units[i].sign);
            return text;
        }
    }
    const int decimals = decimals_for(step);
    if (magnitude >= 1e15 || (decimals > 4 && magnitude < 1e-2)) {
        const int power = (int)floor(log10(magnitude) + 1e-9);
        snprintf(digits, sizeof digits, "%.*f", decimals_for(step / pow(10, power)), value / pow(10, power));
        cut_zeros(digits);
        snprintf(text, (size_t)bytes, "%se%d", digits, power);
        return text;
    }
    snprintf(digits, sizeof digits, "%.*f", decimals < 12 ? decimals : 12, value);
    cut_zeros(digits);
    snprintf(text, (size_t)bytes, "%s", digits);
    return text;
}
