/* Losses of Q-learning by hand, in double. */

#include "agents/td.h"
#include "support.h"

/* By hand, delta 2: errors 1 and -5 give 0.5 and 2 (5 - 1) = 8. */
START_TEST(huber_is_linear_beyond_its_delta) {
    const bm_real q[4] = {3, 9, 9, -4}, target[2] = {2, 1};
    const int32_t action[2] = {0, 1};
    const bm_real want[4] = {0.5, 0, 0, -1};
    bm_real gradient[4];
    assert_near(bm_td_loss_huber(2, 2, 2, q, action, target, NULL, gradient), 8.5 / 2, 1e-15, "loss");
    ck_assert_mem_eq(gradient, want, sizeof want);
}
END_TEST

START_TEST(weights_scale_each_transitions_mse) {
    const bm_real q[2] = {3, 5}, target[2] = {1, 1}, weight[2] = {0.5, 0.25};
    const int32_t action[2] = {0, 0};
    bm_real gradient[2];
    assert_near(bm_td_loss_mse(2, 1, q, action, target, weight, gradient), (0.5 * 4 + 0.25 * 16) / 2, 1e-15, "loss");
    ck_assert(gradient[0] == 1 && gradient[1] == 1);
}
END_TEST

START_TEST(argmax_takes_the_first_of_equals) {
    ck_assert_int_eq(bm_argmax(4, (const bm_real[]){-3, 2, 2, 1}), 1);
    ck_assert_int_eq(bm_argmax(1, (const bm_real[]){-3}), 0);
    ck_assert_int_eq(bm_argmax(3, (const bm_real[]){-3, -2, -1}), 2);
}
END_TEST

TEST_MAIN("td", 30, huber_is_linear_beyond_its_delta, weights_scale_each_transitions_mse,
          argmax_takes_the_first_of_equals)
