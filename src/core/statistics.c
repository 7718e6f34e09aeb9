/* See statistics.h. */
#include "core/statistics.h"

#include <math.h>
#include <stdlib.h>

#include "core/rng.h"

double bm_mean(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / (double)n; /* 0 / 0 is NAN */
}

double bm_standard_deviation(const double *x, size_t n) {
    const double mean = bm_mean(x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (x[i] - mean) * (x[i] - mean);
    }
    return sqrt(sum / (double)n);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bm_interquartile_mean(double *x, size_t n) {
    const size_t cut = n / 4; /* whole observations from each end */
    qsort(x, n, sizeof *x, ascending);
    return bm_mean(x + cut, n - 2 * cut);
}

double bm_median(double *x, size_t n) {
    qsort(x, n, sizeof *x, ascending);
    return bm_percentile(x, n, 0.5);
}

double bm_percentile(const double *sorted, size_t n, double rank) {
    if (n == 0) {
        return NAN;
    }
    const double at = fmax(0, fmin(rank, 1)) * (double)(n - 1);
    const size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (at - (double)below);
}

bm_interval bm_bootstrap(const double *x, size_t n, double (*statistic)(double *x, size_t n), double share,
                         size_t samples, uint64_t seed, double *scratch) {
    double *estimate = scratch, *sample = scratch + samples;
    bm_rng rng = bm_rng_seeded(seed);
    for (size_t s = 0; s < samples && n > 0; s++) {
        for (size_t i = 0; i < n; i++) {
            sample[i] = x[bm_rng_integers(&rng, 0, (int64_t)n)];
        }
        estimate[s] = statistic(sample, n);
    }
    if (n == 0) {
        return (bm_interval){NAN, NAN};
    }
    qsort(estimate, samples, sizeof *estimate, ascending);
    return (bm_interval){bm_percentile(estimate, samples, (1 - share) / 2),
                         bm_percentile(estimate, samples, (1 + share) / 2)};
}

double bm_interpolate(const double *x, const double *y, size_t n, double at) {
    if (n == 0 || !(at >= x[0] && at <= x[n - 1])) {
        return NAN;
    }
    size_t low = 0, high = n; /* x[low] <= at, and at < x[high] where there is one */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (x[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return x[low] == at ? y[low] : y[low] + (y[high] - y[low]) * (at - x[low]) / (x[high] - x[low]);
}
