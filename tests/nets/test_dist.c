/* The categorical distribution against PyTorch, at the edges of float, and its draws against their probabilities. */
#include <math.h>
#include <stdlib.h>

#include "nets/dist.h"
#include "support.h"

static const double tolerance = sizeof(bm_real) == 4 ? 2e-6 : 1e-10;
static const char *const path = "tests/golden/nets/losses.csv";

START_TEST(probabilities_and_entropy_are_torch_s) {
    golden_tensor logits = golden_tensor_read(path, "pred"), want = golden_tensor_read(path, "softmax");
    golden_tensor want_log = golden_tensor_read(path, "log_softmax"),
                  want_entropy = golden_tensor_read(path, "entropy");
    const size_t rows = (size_t)logits.shape[0];
    const int classes = logits.shape[1];
    bm_real x[32], probability[32], entropy[32];
    for (size_t i = 0; i < logits.n; i++) {
        x[i] = (bm_real)logits.value[i];
    }
    bm_softmax(rows, classes, x, probability);
    bm_log_softmax(rows, classes, x, x);
    bm_categorical_entropy(rows, classes, x, entropy);
    for (size_t i = 0; i < logits.n; i++) {
        assert_near((double)probability[i], want.value[i], tolerance, "softmax");
        assert_near((double)x[i], want_log.value[i], tolerance, "log_softmax");
    }
    for (size_t i = 0; i < rows; i++) {
        assert_near((double)entropy[i], want_entropy.value[i], tolerance, "entropy");
    }
    free(logits.value);
    free(want.value);
    free(want_log.value);
    free(want_entropy.value);
}
END_TEST

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

#ifdef BM_DOUBLE
#define NAME "dist_double"
#else
#define NAME "dist"
#endif
TEST_MAIN(NAME, 60, probabilities_and_entropy_are_torch_s, logits_of_ten_thousand_stay_finite,
          an_impossible_class_is_never_drawn_and_has_no_entropy, draws_follow_the_cumulative_sum)
