/* The categorical distribution and the Gaussian against PyTorch, at the edges of float, and their draws against their
 * probabilities. */
#include <math.h>

#include "nets/dist.h"
#include "support.h"

static const double tolerance = sizeof(bm_real) == 4 ? 2e-6 : 1e-10;

START_TEST(logits_of_ten_thousand_stay_finite) {
    bm_real x[6] = {(bm_real)1e4, (bm_real)-1e4, 0, (bm_real)-1e4, (bm_real)-1e4, (bm_real)-1e4}, p[6], entropy[2];
    bm_softmax(2, 3, x, p);
    ck_assert(p[0] == 1 && p[1] == 0 && p[2] == 0);
    assert_near((double)p[3], 1.0 / 3, tolerance, "equal logits");
    bm_log_softmax(2, 3, x, x);
    ck_assert(x[0] == 0 && x[1] == (bm_real)-2e4 && x[2] == (bm_real)-1e4);
    assert_near((double)x[5], -log(3), tolerance, "equal logits");
    bm_categorical_entropy(2, 3, x, entropy);
    ck_assert(entropy[0] == 0);
    assert_near((double)entropy[1], log(3), tolerance, "entropy of equal logits");
}
END_TEST

START_TEST(an_impossible_class_is_never_drawn_and_has_no_entropy) {
    bm_real x[3] = {0, -(bm_real)INFINITY, 0}, entropy;
    bm_log_softmax(1, 3, x, x);
    bm_categorical_entropy(1, 3, x, &entropy);
    assert_near((double)entropy, log(2), tolerance, "entropy");
    bm_rng rng = bm_rng_seeded(5);
    for (int i = 0; i < 10000; i++) {
        if (bm_categorical_sample(3, x, &rng) == 1) {
            ck_abort_msg("drew a class of probability 0");
        }
    }
}
END_TEST

START_TEST(draws_follow_the_cumulative_sum) {
    const bm_real p[4] = {(bm_real)0.1, (bm_real)0.2, (bm_real)0.3, (bm_real)0.4};
    bm_real log_prob[4];
    for (int c = 0; c < 4; c++) {
        log_prob[c] = (bm_real)log((double)p[c]);
    }
    bm_rng rng = bm_rng_seeded(7), uniform = rng;
    int count[4] = {0};
    for (int i = 0; i < 100000; i++) {
        const double u = bm_rng_double(&uniform);
        const int drawn = bm_categorical_sample(4, log_prob, &rng);
        const int want = u < 0.1 ? 0 : u < 0.3 ? 1 : u < 0.6 ? 2 : 3;
        const bool at_an_edge = fabs(u - 0.1) < 1e-6 || fabs(u - 0.3) < 1e-6 || fabs(u - 0.6) < 1e-6;
        if (drawn != want && !at_an_edge) {
            ck_abort_msg("u = %.9g drew %d", u, drawn);
        }
        count[drawn]++;
    }
    for (int c = 0; c < 4; c++) { /* five standard deviations */
        const double mean = 1e5 * (double)p[c], std = sqrt(mean * (1 - (double)p[c]));
        ck_assert(fabs(count[c] - mean) < 5 * std);
    }
}
END_TEST

/* torch.distributions.Normal(mean, exp(log_std)) of PyTorch 1.13 in float64: log_prob and entropy summed over the
 * numbers. */
static const bm_real mean[6] = {0.5, -1.25, 2, 0, -0.75, 3.5}, log_std[2] = {-0.5, 0.75};

START_TEST(gaussian_densities_and_entropy_are_torch_s) {
    const bm_real action[6] = {1, -1, 2, -4, 0.25, 3};
    const double want[3] = {-2.4346351124713643, -3.8729183475967837, -3.4749092506574217};
    bm_real log_prob[3], alone;
    bm_gaussian_log_prob(3, 2, mean, log_std, action, log_prob);
    for (int i = 0; i < 3; i++) {
        assert_near((double)log_prob[i], want[i], tolerance, "log_prob");
        bm_gaussian_log_prob(1, 2, mean + 2 * i, log_std, action + 2 * i, &alone);
        ck_assert(alone == log_prob[i]);
    }
    assert_near((double)bm_gaussian_entropy(2, log_std), 3.0878770664093453, tolerance, "entropy");
}
END_TEST

/* At the mean, with deviation 1, the density is 1 / sqrt(2 pi); ten thousand deviations away it is finite still. */
START_TEST(gaussian_densities_far_away_stay_finite) {
    const bm_real zero = 0, far = (bm_real)1e4;
    bm_real log_prob;
    bm_gaussian_log_prob(1, 1, &zero, &zero, &zero, &log_prob);
    assert_near((double)log_prob, log(1 / sqrt(2 * 3.14159265358979323846)), tolerance, "at the mean");
    bm_gaussian_log_prob(1, 1, &zero, &zero, &far, &log_prob);
    assert_near((double)log_prob, -0.5e8 - 0.91893853320467274, tolerance, "far away");
}
END_TEST

START_TEST(gaussian_draws_are_the_mean_plus_deviations_times_normals) {
    enum { DRAWS = 100000 };
    bm_rng rng = bm_rng_seeded(11), normals = rng;
    double sum[2] = {0}, squares[2] = {0};
    for (int i = 0; i < DRAWS; i++) {
        bm_real action[2] = {mean[0], mean[1]};
        bm_gaussian_sample(2, action, log_std, &rng, action);
        for (int k = 0; k < 2; k++) {
            const double want = (double)mean[k] + exp((double)log_std[k]) * bm_rng_normal(&normals);
            if (action[k] != (bm_real)want) {
                ck_abort_msg("draw %d is %.9g instead of %.9g", i, (double)action[k], want);
            }
            const double off = (double)action[k] - (double)mean[k];
            sum[k] += off;
            squares[k] += off * off;
        }
    }
    for (int k = 0; k < 2; k++) { /* five standard deviations of a mean and of a variance */
        const double std = exp((double)log_std[k]);
        ck_assert(fabs(sum[k] / DRAWS) < 5 * std / sqrt(DRAWS));
        ck_assert(fabs(squares[k] / DRAWS / (std * std) - 1) < 5 * sqrt(2.0 / DRAWS));
    }
}
END_TEST

#ifdef BM_DOUBLE
#define NAME "dist_double"
#else
#define NAME "dist"
#endif
TEST_MAIN(NAME, 60, logits_of_ten_thousand_stay_finite, an_impossible_class_is_never_drawn_and_has_no_entropy,
          draws_follow_the_cumulative_sum, gaussian_densities_and_entropy_are_torch_s,
          gaussian_densities_far_away_stay_finite, gaussian_draws_are_the_mean_plus_deviations_times_normals)
