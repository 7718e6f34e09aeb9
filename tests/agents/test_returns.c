/* Discounted returns and their normalisation: against numpy, and by hand where episodes end or are cut. */

#include "agents/returns.h"
#include "support.h"

#ifdef BM_DOUBLE
#define PRECISION "f64"
#define TOLERANCE 1e-10
#else
#define PRECISION "f32"
#define TOLERANCE 2e-6
#endif

static const uint8_t never[3];

START_TEST(equal_returns_normalise_to_zero) {
    bm_real value[3] = {5, 5, 5};
    bm_normalize(3, NULL, value);
    ck_assert(value[0] == 0 && value[1] == 0 && value[2] == 0);
    bm_normalize(0, NULL, value);
}
END_TEST

/* gamma 1/2, exact in binary. Lane 0 terminates at t = 1; lane 1 is truncated at t = 1; both are cut after t = 3.
 * bootstrap counts at lane 1's truncation and in the last row only; the 1000s must not be read. */
START_TEST(a_truncated_step_and_the_cut_bootstrap_and_a_terminated_step_does_not) {
    const bm_real reward[4][2] = {{1, 1}, {2, 2}, {4, 4}, {8, 8}};
    const uint8_t terminated[4][2] = {{0, 0}, {1, 0}, {0, 0}, {0, 0}};
    const uint8_t truncated[4][2] = {{0, 0}, {0, 1}, {0, 0}, {0, 0}};
    const bm_real bootstrap[4][2] = {{1000, 1000}, {1000, 6}, {1000, 1000}, {2, 4}};
    const bm_real want[4][2] = {{2, 3.5}, {2, 5}, {8.5, 9}, {9, 10}};
    bm_real out[4][2];
    bm_gae(4, 2, 0.5, 1, reward[0], NULL, bootstrap[0], terminated[0], truncated[0], out[0]);
    ck_assert_mem_eq(out, want, sizeof want);
}
END_TEST

START_TEST(terminated_wins_over_truncated_also_in_the_last_row) {
    const bm_real reward[2] = {1, 3}, bootstrap[2] = {50, 70};
    const uint8_t both[2] = {1, 1};
    bm_real out[2];
    bm_gae(2, 1, 0.9, 1, reward, NULL, bootstrap, both, both, out);
    ck_assert(out[0] == 1 && out[1] == 3);
}
END_TEST

START_TEST(returns_may_replace_rewards) {
    bm_real value[3] = {1, 2, 4};
    bm_gae(3, 1, 0.5, 1, value, NULL, NULL, never, never, value);
    ck_assert(value[0] == 3 && value[1] == 4 && value[2] == 4);
}
END_TEST

TEST_MAIN("returns " PRECISION, 30, equal_returns_normalise_to_zero,
          a_truncated_step_and_the_cut_bootstrap_and_a_terminated_step_does_not,
          terminated_wins_over_truncated_also_in_the_last_row, returns_may_replace_rewards)
