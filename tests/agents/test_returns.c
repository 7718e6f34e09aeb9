/* Discounted returns and their normalisation: against numpy, and by hand where episodes end or are cut. */
#include <stdio.h>
#include <stdlib.h>

#include "agents/returns.h"
#include "support.h"

#ifdef BM_DOUBLE
#define PRECISION "f64"
#define TOLERANCE 1e-10
#else
#define PRECISION "f32"
#define TOLERANCE 2e-6
#endif

enum { STEPS_MAX = 64 };

static const char path[] = "tests/golden/rl/discounted_returns.csv";
static const uint8_t never[STEPS_MAX];

static bool read_case(int number, const char *suffix, bm_real value[STEPS_MAX], int *n) {
    char name[64];
    snprintf(name, sizeof name, "c%d_%s", number, suffix);
    if (!golden_tensor_exists(path, name)) {
        return false;
    }
    golden_tensor tensor = golden_tensor_read(path, name);
    ck_assert_uint_le(tensor.n, STEPS_MAX);
    *n = (int)tensor.n;
    for (int i = 0; i < *n; i++) {
        value[i] = (bm_real)tensor.value[i];
    }
    free(tensor.value);
    return true;
}

static void assert_case(int number, const char *suffix, const bm_real *got) {
    bm_real want[STEPS_MAX];
    int n;
    ck_assert_msg(read_case(number, suffix, want, &n), "no %s", suffix);
    for (int i = 0; i < n; i++) {
        assert_near((double)got[i], (double)want[i], TOLERANCE, suffix);
    }
}

START_TEST(returns_match_numpy) {
    int cases = 0, n;
    bm_real reward[STEPS_MAX], gamma[STEPS_MAX], flags[STEPS_MAX], out[STEPS_MAX];
    for (; read_case(cases, "gamma", gamma, &n); cases++) {
        uint8_t ended[STEPS_MAX];
        ck_assert(read_case(cases, "done", flags, &n));
        for (int i = 0; i < n; i++) {
            ended[i] = flags[i] == 1;
        }
        ck_assert(read_case(cases, "rewards", reward, &n));
        bm_discounted_returns(n, 1, (double)gamma[0], reward, ended, never, NULL, out);
        assert_case(cases, "returns_with_done", out);
        bm_discounted_returns(n, 1, (double)gamma[0], reward, never, ended, NULL, out); /* nothing known: the same */
        assert_case(cases, "returns_with_done", out);
        bm_discounted_returns(n, 1, (double)gamma[0], reward, never, never, NULL, out);
        assert_case(cases, "returns", out);
    }
    ck_assert_int_ge(cases, 3);
}
END_TEST

START_TEST(normalised_returns_match_numpy_with_ddof_0) {
    int compared = 0, n;
    bm_real value[STEPS_MAX], want[STEPS_MAX];
    for (int number = 0; read_case(number, "returns", value, &n); number++) {
        bm_normalize((size_t)n, value);
        if (read_case(number, "normalised_ddof0", want, &n)) {
            assert_case(number, "normalised_ddof0", value);
            compared++;
        }
    }
    ck_assert_int_ge(compared, 2);
}
END_TEST

START_TEST(equal_returns_normalise_to_zero) {
    bm_real value[3] = {5, 5, 5};
    bm_normalize(3, value);
    ck_assert(value[0] == 0 && value[1] == 0 && value[2] == 0);
    bm_normalize(0, value);
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
    bm_discounted_returns(4, 2, 0.5, reward[0], terminated[0], truncated[0], bootstrap[0], out[0]);
    ck_assert_mem_eq(out, want, sizeof want);
}
END_TEST

START_TEST(terminated_wins_over_truncated_also_in_the_last_row) {
    const bm_real reward[2] = {1, 3}, bootstrap[2] = {50, 70};
    const uint8_t both[2] = {1, 1};
    bm_real out[2];
    bm_discounted_returns(2, 1, 0.9, reward, both, both, bootstrap, out);
    ck_assert(out[0] == 1 && out[1] == 3);
}
END_TEST

START_TEST(returns_may_replace_rewards) {
    bm_real value[3] = {1, 2, 4};
    bm_discounted_returns(3, 1, 0.5, value, never, never, NULL, value);
    ck_assert(value[0] == 3 && value[1] == 4 && value[2] == 4);
}
END_TEST

TEST_MAIN("returns " PRECISION, 30, returns_match_numpy, normalised_returns_match_numpy_with_ddof_0,
          equal_returns_normalise_to_zero, a_truncated_step_and_the_cut_bootstrap_and_a_terminated_step_does_not,
          terminated_wins_over_truncated_also_in_the_last_row, returns_may_replace_rewards)
