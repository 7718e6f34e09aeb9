/* Against numpy 1.24 and scipy 1.10, and values worked by hand. */
#include "core/statistics.h"

#include <math.h>

#include "support.h"

START_TEST(mean_and_deviation_are_of_the_population) {
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    assert_near(bm_mean(x, 8), 5, 0, "mean");
    assert_near(bm_standard_deviation(x, 8), 2, 1e-15, "standard deviation"); /* divided by 7 it would be 2.138 */
    assert_near(bm_standard_deviation(x, 1), 0, 0, "of one number");
    ck_assert(isnan(bm_mean(x, 0)));
    ck_assert(isnan(bm_standard_deviation(x, 0)));
}
END_TEST

/* A quarter, rounded down to whole observations, goes from each end. */
START_TEST(interquartile_mean_leaves_the_outer_quarters_out) {
    assert_near(bm_interquartile_mean((double[]){1000, 3, 1, 2}, 4), 2.5, 0, "of four");
    assert_near(bm_interquartile_mean((double[]){9, 1, 5}, 3), 5, 0, "of three: the mean");
    assert_near(bm_interquartile_mean((double[]){1, 2, 3, 4, 50}, 5), 3, 0, "of five");
    assert_near(bm_interquartile_mean((double[]){8, 7, 6, 5, 4, 3, 2, 100}, 8), 5.5, 0, "of eight");
    assert_near(bm_interquartile_mean((double[]){7}, 1), 7, 0, "of one");
    ck_assert(isnan(bm_interquartile_mean((double[]){7}, 0)));
}
END_TEST

START_TEST(percentiles_lie_between_neighbours) {
    const double x[] = {1, 2, 4, 8};
    assert_near(bm_percentile(x, 4, 0), 1, 0, "0");
    assert_near(bm_percentile(x, 4, 0.5), 3, 0, "median");
    assert_near(bm_percentile(x, 4, 0.9), 6.8, 1e-15, "0.9"); /* 0.7 of the way from the third to the fourth */
    assert_near(bm_percentile(x, 4, 1), 8, 0, "1");
    assert_near(bm_percentile(x, 1, 0.3), 1, 0, "of one");
    ck_assert(isnan(bm_percentile(x, 0, 0.5)));
}
END_TEST

static double plain_mean(double *x, size_t n) {
    return bm_mean(x, n);
}

/* import numpy, scipy.stats
 * x = numpy.array([450.02, 409.78, 418.71, 391.5, 500, 123.25, 477.125, 466.0])
 * rng = numpy.random.default_rng(7)
 * e = [scipy.stats.trim_mean(x[[rng.integers(0, 8) for _ in range(8)]], 0.25) for _ in range(2000)]
 * numpy.percentile(e, [2.5, 97.5]), and the same with numpy.mean */
START_TEST(bootstrap_is_that_of_numpy) {
    const double x[] = {450.02, 409.78, 418.71, 391.5, 500, 123.25, 477.125, 466.0};
    double scratch[2008];
    bm_interval interval = bm_bootstrap(x, 8, bm_interquartile_mean, 0.95, 2000, 7, scratch);
    assert_near(interval.low, 335.81, 1e-12, "interquartile mean, low");
    assert_near(interval.high, 471.60559374999974, 1e-12, "interquartile mean, high");
    interval = bm_bootstrap(x, 8, plain_mean, 0.95, 2000, 7, scratch);
    assert_near(interval.low, 315.8380625, 1e-12, "mean, low");
    assert_near(interval.high, 463.12671875, 1e-12, "mean, high");
}
END_TEST

START_TEST(bootstrap_of_equal_numbers_and_of_none) {
    double scratch[103];
    const bm_interval same = bm_bootstrap((const double[]){3, 3, 3}, 3, plain_mean, 0.95, 100, 0, scratch);
    assert_near(same.low, 3, 0, "low");
    assert_near(same.high, 3, 0, "high");
    const bm_interval none = bm_bootstrap(NULL, 0, plain_mean, 0.95, 100, 0, scratch);
    ck_assert(isnan(none.low) && isnan(none.high));
}
END_TEST

START_TEST(interpolation_is_a_straight_line_and_ends_where_the_curve_does) {
    const double x[] = {0, 10, 10, 30}, y[] = {1, 2, 5, -5};
    assert_near(bm_interpolate(x, y, 4, 0), 1, 0, "first");
    assert_near(bm_interpolate(x, y, 4, 5), 1.5, 0, "halfway");
    assert_near(bm_interpolate(x, y, 4, 10), 5, 0, "the last of equal x");
    assert_near(bm_interpolate(x, y, 4, 25), -2.5, 0, "three quarters");
    assert_near(bm_interpolate(x, y, 4, 30), -5, 0, "last");
    ck_assert(isnan(bm_interpolate(x, y, 4, -0.1)));
    ck_assert(isnan(bm_interpolate(x, y, 4, 30.1)));
    ck_assert(isnan(bm_interpolate(x, y, 4, NAN)));
    ck_assert(isnan(bm_interpolate(x, y, 0, 0)));
    assert_near(bm_interpolate(x, y, 1, 0), 1, 0, "of one point");
}
END_TEST

TEST_MAIN("statistics", 10, mean_and_deviation_are_of_the_population, interquartile_mean_leaves_the_outer_quarters_out,
          percentiles_lie_between_neighbours, bootstrap_is_that_of_numpy, bootstrap_of_equal_numbers_and_of_none,
          interpolation_is_a_straight_line_and_ends_where_the_curve_does)
