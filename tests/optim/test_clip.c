/* Clipping by the global norm and by value, by hand. */
#include <math.h>

#include "optim/optim.h"
#include "support.h"

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

TEST_MAIN("clip", 30, norm_counts_every_element, no_limit_means_no_clipping, a_broken_gradient_is_not_hidden)
