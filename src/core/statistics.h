#ifndef BM_CORE_STATISTICS_H
#define BM_CORE_STATISTICS_H

/* What several runs say together. After Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the
 * Statistical Precipice": an interquartile mean with a bootstrap interval over runs, besides mean and standard
 * deviation. */
#include <stddef.h>
#include <stdint.h>

/* All of x [n]; NAN where n is 0. */
double bm_mean(const double *x, size_t n);
double bm_standard_deviation(const double *x, size_t n); /* of the population, as numpy.std */
double bm_interquartile_mean(double *x, size_t n);       /* as scipy.stats.trim_mean(x, 0.25); sorts x */
double bm_median(double *x, size_t n);                   /* sorts x; NAN where n is 0 */
double bm_percentile(const double *sorted, size_t n,
                     double rank); /* 0 .. 1, between neighbours linear, as numpy.percentile */

typedef struct {
    double low, high;
} bm_interval;

/* Percentile bootstrap (Efron 1979): the middle `share` of the statistic over so many samples of n drawn from x with
 * replacement. Draws come from default_rng(seed), a sample at a time, so that intervals of several x of the same n
 * resample alike. scratch [samples + n]. */
bm_interval bm_bootstrap(const double *x, size_t n, double (*statistic)(double *x, size_t n), double share,
                         size_t samples, uint64_t seed, double *scratch);

/* The straight line between neighbours of a curve: y at `at`. x [n] ascending; of equal x, the last. NAN outside of
 * it. */
double bm_interpolate(const double *x, const double *y, size_t n, double at);

#endif
