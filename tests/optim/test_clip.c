/* Clipping by the global norm against torch.nn.utils.clip_grad_norm_, in the precision the library is built with. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "optim/optim.h"
#include "support.h"

#ifdef BM_DOUBLE
#define PRECISION "f64"
#define TOLERANCE 1e-12
#else
#define PRECISION "f32"
#define TOLERANCE 1e-6
#endif

static const char path[] = "tests/golden/optim/grad_clip.csv";

static golden_tensor tensor(int number, const char *suffix) {
    char name[64];
    snprintf(name, sizeof name, "c%d_norm_" PRECISION "_%s", number, suffix);
    return golden_tensor_read(path, name);
}

static double scalar(int number, const char *suffix) {
    golden_tensor read = tensor(number, suffix);
    const double value = read.value[0];
    free(read.value);
    return value;
}

/* Three tensors lie one after another in the flat buffer; c0's norm is above the limit, c1's below. */
START_TEST(norm_and_scaled_gradients_match_pytorch) {
    for (int number = 0; number < 2; number++) {
        bm_real grad[64];
        double want[64];
        size_t n = 0;
        for (int i = 0; i < 3; i++) {
            char suffix[24];
            snprintf(suffix, sizeof suffix, "in%d", i);
            golden_tensor in = tensor(number, suffix);
            snprintf(suffix, sizeof suffix, "out%d", i);
            golden_tensor out = tensor(number, suffix);
            for (size_t k = 0; k < in.n; k++, n++) {
                grad[n] = (bm_real)in.value[k];
                want[n] = out.value[k];
            }
            free(in.value);
            free(out.value);
        }
        double norm;
        const double scale = bm_clip_norm_scale(n, grad, scalar(number, "limit"), &norm);
        assert_near(norm, scalar(number, "total_norm"), TOLERANCE, "norm");
        for (size_t k = 0; k < n; k++) {
            assert_near(scale * (double)grad[k], want[k], TOLERANCE, "gradient");
        }
    }
}
END_TEST

/* 3, 4 and zeros: the norm is 5 wherever they stand, also in the part that fills no vector. */
START_TEST(norm_counts_every_element) {
    for (size_t at = 0; at + 1 < 101; at++) {
        bm_real grad[101] = {0};
        double norm;
        grad[at] = 3;
        grad[at + 1] = -4;
        assert_near(bm_clip_norm_scale(101, grad, 2.5, &norm), 2.5 / (5 + 1e-6), 1e-15, "scale");
        ck_assert(norm == 5);
    }
}
END_TEST

START_TEST(no_limit_means_no_clipping) {
    const bm_real grad[2] = {300, 400};
    double norm = 0;
    ck_assert(bm_clip_norm_scale(2, grad, 0, &norm) == 1);
    ck_assert(norm == 500);
    ck_assert(bm_clip_norm_scale(2, grad, -1, NULL) == 1);
}
END_TEST

START_TEST(a_broken_gradient_is_not_hidden) {
    const bm_real grad[2] = {(bm_real)NAN, 1};
    ck_assert(isnan(bm_clip_norm_scale(2, grad, 1, NULL)));
}
END_TEST

TEST_MAIN("clip " PRECISION, 30, norm_and_scaled_gradients_match_pytorch, norm_counts_every_element,
          no_limit_means_no_clipping, a_broken_gradient_is_not_hidden)
