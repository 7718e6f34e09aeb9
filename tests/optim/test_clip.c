/* Clipping by the global norm and by value against torch.nn.utils, in both precisions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "optim/optim.h"
#include "support.h"

enum { MOST = 64, TENSORS = 3 };

static const char path[] = "tests/golden/optim/grad_clip.csv";

static double scalar(const char *name, const char *suffix) {
    char full[96];
    snprintf(full, sizeof full, "%s_%s", name, suffix);
    golden_tensor read = golden_tensor_read(path, full);
    const double value = read.value[0];
    free(read.value);
    return value;
}

/* The tensors of one case, one after another, as they lie in a flat buffer. */
static size_t tensors(const char *name, const char *suffix, double value[MOST]) {
    size_t n = 0;
    for (int i = 0; i < TENSORS; i++) {
        char full[96];
        snprintf(full, sizeof full, "%s_%s%d", name, suffix, i);
        golden_tensor read = golden_tensor_read(path, full);
        for (size_t k = 0; k < read.n; k++) {
            value[n++] = read.value[k];
        }
        free(read.value);
    }
    return n;
}

/* c0's norm is above the limit, c1's below, c2's is the largest size, c3 is by value. */
static void compare(const char *name, bool by_value, bm_dtype dtype, double tolerance) {
    double grad[MOST], want[MOST], norm;
    float single[MOST];
    const size_t n = tensors(name, "in", grad);
    ck_assert_uint_eq(tensors(name, "out", want), n);
    for (size_t i = 0; i < n; i++) {
        single[i] = (float)grad[i];
    }
    void *flat = dtype == BM_F32 ? (void *)single : (void *)grad;
    double scale = 1;
    if (by_value) {
        bm_clip_value(dtype, n, flat, scalar(name, "limit"));
    } else {
        scale = bm_clip_norm_scale(dtype, n, flat, scalar(name, "norm_type"), scalar(name, "limit"), &norm);
        assert_near(norm, scalar(name, "total_norm"), tolerance, "norm");
    }
    for (size_t i = 0; i < n; i++) {
        assert_near(scale * (dtype == BM_F32 ? (double)single[i] : grad[i]), want[i], tolerance, name);
    }
}

START_TEST(norms_and_clipped_gradients_match_pytorch) {
    for (int number = 0; number < 4; number++) {
        for (int single = 0; single < 2; single++) {
            char name[32];
            snprintf(name, sizeof name, "c%d_%s_%s", number, number == 3 ? "value" : "norm", single ? "f32" : "f64");
            compare(name, number == 3, single ? BM_F32 : BM_F64, single ? 1e-6 : 1e-12);
        }
    }
}
END_TEST

/* 3, 4 and zeros: the norm is 5 wherever they stand, also in the part that fills no vector. */
START_TEST(norm_counts_every_element) {
    for (size_t at = 0; at + 1 < 101; at++) {
        float grad[101] = {0};
        double norm;
        grad[at] = 3;
        grad[at + 1] = -4;
        assert_near(bm_clip_norm_scale(BM_F32, 101, grad, 2, 2.5, &norm), 2.5 / (5 + 1e-6), 1e-15, "scale");
        ck_assert(norm == 5);
        bm_clip_norm_scale(BM_F32, 101, grad, 1, 1, &norm);
        assert_near(norm, 7, 1e-12, "sum of sizes");
        bm_clip_norm_scale(BM_F32, 101, grad, INFINITY, 1, &norm);
        ck_assert(norm == 4);
        bm_clip_value(BM_F32, 101, grad, 3.5);
        ck_assert(grad[at] == 3 && grad[at + 1] == -3.5f);
    }
}
END_TEST

START_TEST(no_limit_means_no_clipping) {
    const double grad[2] = {300, 400};
    double norm = 0;
    ck_assert(bm_clip_norm_scale(BM_F64, 2, grad, 2, 0, &norm) == 1);
    ck_assert(norm == 500);
    ck_assert(bm_clip_norm_scale(BM_F64, 2, grad, 2, -1, NULL) == 1);
}
END_TEST

START_TEST(a_broken_gradient_is_not_hidden) {
    double grad[2] = {NAN, 1};
    ck_assert(isnan(bm_clip_norm_scale(BM_F64, 2, grad, 2, 1, NULL)));
    ck_assert(isnan(bm_clip_norm_scale(BM_F64, 2, grad, INFINITY, 1, NULL)));
    bm_clip_value(BM_F64, 2, grad, 0.5);
    ck_assert(isnan(grad[0]) && grad[1] == 0.5);
}
END_TEST

TEST_MAIN("clip", 30, norms_and_clipped_gradients_match_pytorch, norm_counts_every_element, no_limit_means_no_clipping,
          a_broken_gradient_is_not_hidden)
