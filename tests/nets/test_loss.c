/* Losses and their curvatures by hand. */
#include <math.h>
#include <string.h>

#include "nets/loss.h"
#include "support.h"

/* By hand, of differences 1/2 and -4. Huber, delta 2: 1/8 and 2 (4 - 1), mean 49/16; smooth_l1 is that / 2. */
START_TEST(huber_with_delta_two) {
    const bm_real prediction[2] = {1, -3}, target[2] = {(bm_real)0.5, 1};
    bm_real grad[2];
    assert_near(bm_loss_huber(2, 2, prediction, target, grad), 49.0 / 16, 1e-15, "huber");
    assert_near((double)grad[0], 0.25, 1e-15, "inside");
    assert_near((double)grad[1], -1, 1e-15, "outside");
    assert_near(bm_loss_smooth_l1(2, 2, prediction, target, grad), 49.0 / 32, 1e-15, "smooth_l1");
    assert_near((double)grad[0], 0.125, 1e-15, "inside");
    assert_near((double)grad[1], -0.5, 1e-15, "outside");
}
END_TEST

START_TEST(gradients_are_optional) {
    const bm_real prediction[2] = {1, 3}, target[2] = {0, 1};
    const int32_t label[1] = {1};
    assert_near(bm_loss_mse(2, prediction, target, NULL), 2.5, 1e-15, "mse");
    assert_near(bm_loss_huber(2, 1, prediction, target, NULL), 1, 1e-15, "huber");
    assert_near(bm_loss_bce_logits(2, prediction, target, NULL), (1 + log1p(exp(-1)) + log1p(exp(-3))) / 2, 1e-15,
                "bce");
    assert_near(bm_loss_cross_entropy(1, 2, prediction, label, NULL), log1p(exp(-2)), 1e-15, "cross entropy");
}
END_TEST

START_TEST(huge_logits_give_finite_losses) {
    const bm_real logits[4] = {(bm_real)1e4, (bm_real)-1e4, (bm_real)-1e4, (bm_real)1e4}, target[4] = {1, 0, 1, 0};
    const int32_t label[2] = {0, 0};
    bm_real grad[4];
    assert_near(bm_loss_cross_entropy(2, 2, logits, label, grad), 1e4, 1e-12, "cross entropy");
    assert_near((double)grad[2], -0.5, 1e-12, "the wrong row pulls with its whole weight");
    assert_near(bm_loss_bce_logits(4, logits, target, grad), 5e3, 1e-12, "bce");
}
END_TEST

/* Rows (0, log 3) and (0, 0) of logits have softmax (1/4, 3/4) and (1/2, 1/2). Moved by (1, 0) and (2, -2) the first
 * gives p (r - p.r) = (1/4 3/4, 3/4 -1/4), the second (1, -1), over two rows. */
START_TEST(curvatures_worked_by_hand) {
    const bm_real prediction[4] = {0, (bm_real)log(3), 0, 0},
                  target[4] = {(bm_real)-1.5, (bm_real)0.5, 0, (bm_real)0.5};
    const bm_real r[4] = {1, 0, 2, -2};
    const int32_t label[2] = {1, 0};
    static const double mse[4] = {0.5, 0, 1, -1}, huber[4] = {0, 0, 0.5, -0.5}, /* the first is outside delta */
        bce[4] = {1.0 / 16, 0, 1.0 / 8, -1.0 / 8}, cross_entropy[4] = {3.0 / 32, -3.0 / 32, 0.5, -0.5};
    const struct {
        const bm_loss *loss;
        const char *name;
        const double *want;
    } cases[] = {{&bm_loss_kind_mse, "mse", mse},
                 {&bm_loss_kind_huber, "huber", huber},
                 {&bm_loss_kind_bce_logits, "bce_logits", bce},
                 {&bm_loss_kind_cross_entropy, "cross_entropy", cross_entropy}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const bm_loss *loss = cases[k].loss;
        bm_real got[4], in_place[4];
        memcpy(in_place, r, sizeof r);
        ck_assert_str_eq(loss->name, cases[k].name);
        ck_assert_int_eq(loss->takes_labels, loss == &bm_loss_kind_cross_entropy);
        const void *wanted = loss->takes_labels ? (const void *)label : target;
        loss->curvature(2, 2, prediction, wanted, r, got);
        loss->curvature(2, 2, prediction, wanted, in_place, in_place);
        for (int i = 0; i < 4; i++) {
            assert_near((double)got[i], cases[k].want[i], sizeof(bm_real) == 4 ? 1e-7 : 1e-15, loss->name);
        }
        ck_assert_int_eq(memcmp(got, in_place, sizeof got), 0);
    }
}
END_TEST

/* The named losses are the functions over all n outputs, or n rows. */
START_TEST(losses_by_name_are_the_functions) {
    const bm_real prediction[4] = {1, -3, 2, 0}, target[4] = {0, 1, (bm_real)0.5, 1};
    const int32_t label[2] = {1, 0};
    bm_real got[4], want[4];
    ck_assert(bm_loss_kind_mse.gradient(2, 2, prediction, target, got) == bm_loss_mse(4, prediction, target, want));
    ck_assert_int_eq(memcmp(got, want, sizeof got), 0);
    ck_assert(bm_loss_kind_huber.gradient(2, 2, prediction, target, got) ==
              bm_loss_huber(4, 1, prediction, target, want));
    ck_assert_int_eq(memcmp(got, want, sizeof got), 0);
    ck_assert(bm_loss_kind_bce_logits.gradient(2, 2, prediction, target, got) ==
              bm_loss_bce_logits(4, prediction, target, want));
    ck_assert_int_eq(memcmp(got, want, sizeof got), 0);
    ck_assert(bm_loss_kind_cross_entropy.gradient(2, 2, prediction, label, got) ==
              bm_loss_cross_entropy(2, 2, prediction, label, want));
    ck_assert_int_eq(memcmp(got, want, sizeof got), 0);
}
END_TEST

START_TEST(huge_logits_have_no_curvature) {
    const bm_real logits[2] = {(bm_real)1e4, (bm_real)-1e4}, target[2] = {1, 0}, r[2] = {1, 2};
    const int32_t label[1] = {0};
    bm_real got[2];
    bm_loss_kind_bce_logits.curvature(1, 2, logits, target, r, got);
    ck_assert(got[0] == 0 && got[1] == 0);
    bm_loss_kind_cross_entropy.curvature(1, 2, logits, label, r, got);
    ck_assert(got[0] == 0 && got[1] == 0);
}
END_TEST

#ifdef BM_DOUBLE
#define NAME "loss_double"
#else
#define NAME "loss"
#endif
TEST_MAIN(NAME, 60, huber_with_delta_two, gradients_are_optional, huge_logits_give_finite_losses,
          curvatures_worked_by_hand, losses_by_name_are_the_functions, huge_logits_have_no_curvature)
