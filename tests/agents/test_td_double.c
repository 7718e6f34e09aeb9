/* Targets and losses of Q-learning against the references, in double. */
#include <stdlib.h>
#include <string.h>

#include "agents/td.h"
#include "support.h"

enum { N = 8, ACTIONS = 4 };

static const char path[] = "tests/golden/rl/dqn_0.csv";

static void assert_array(const char *name, size_t n, const bm_real *got) {
    bm_real want[N * ACTIONS];
    golden_values(path, name, n, want);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)got[i], (double)want[i], 1e-10, name);
    }
}

typedef struct {
    bm_real q[N * ACTIONS], q_next_online[N * ACTIONS], q_next_target[N * ACTIONS], reward[N], terminated[N],
        discount[N];
    bm_real weight[N], gamma, delta;
    int32_t action[N];
} golden;

static golden read_golden(void) {
    golden g;
    bm_real action[N];
    golden_values(path, "q", N * ACTIONS, g.q);
    golden_values(path, "q_next_online", N * ACTIONS, g.q_next_online);
    golden_values(path, "q_next_target", N * ACTIONS, g.q_next_target);
    golden_values(path, "rewards", N, g.reward);
    golden_values(path, "terminated", N, g.terminated);
    golden_values(path, "weights", N, g.weight);
    golden_values(path, "gamma", 1, &g.gamma);
    golden_values(path, "huber_delta", 1, &g.delta);
    golden_values(path, "actions", N, action);
    for (int i = 0; i < N; i++) {
        g.action[i] = (int32_t)action[i];
        g.discount[i] = g.gamma * (1 - g.terminated[i]);
    }
    return g;
}

static void assert_loss(const char *name, const char *gradient_name, double loss, const bm_real *gradient) {
    const bm_real value = (bm_real)loss;
    assert_array(name, 1, &value);
    assert_array(gradient_name, N * ACTIONS, gradient);
}

/* The batch has a terminated row, a truncated one, and one that is both. */
START_TEST(dqn_targets_and_losses_match_the_reference) {
    const golden g = read_golden();
    bm_real target[N], gradient[N * ACTIONS];
    memset(gradient, 0x55, sizeof gradient); /* every element must be written */
    bm_td_target(N, ACTIONS, g.reward, g.discount, g.q_next_target, NULL, target);
    assert_array("target_dqn", N, target);
    double loss = bm_td_loss_mse(N, ACTIONS, g.q, g.action, target, NULL, gradient);
    assert_loss("mse_dqn", "d_q_mse_dqn", loss, gradient);
    memset(gradient, 0x55, sizeof gradient);
    loss = bm_td_loss_huber(N, ACTIONS, (double)g.delta, g.q, g.action, target, NULL, gradient);
    assert_loss("huber_dqn", "d_q_huber_dqn", loss, gradient);
    loss = bm_td_loss_huber(N, ACTIONS, (double)g.delta, g.q, g.action, target, g.weight, gradient);
    assert_loss("weighted_huber_dqn", "d_q_weighted_huber_dqn", loss, gradient);
}
END_TEST

START_TEST(double_dqn_targets_and_losses_match_the_reference) {
    const golden g = read_golden();
    bm_real target[N], gradient[N * ACTIONS];
    bm_td_target(N, ACTIONS, g.reward, g.discount, g.q_next_target, g.q_next_online, target);
    assert_array("target_double", N, target);
    double loss = bm_td_loss_mse(N, ACTIONS, g.q, g.action, target, NULL, gradient);
    assert_loss("mse_double", "d_q_mse_double", loss, gradient);
    loss = bm_td_loss_huber(N, ACTIONS, (double)g.delta, g.q, g.action, target, NULL, gradient);
    assert_loss("huber_double", "d_q_huber_double", loss, gradient);
    loss = bm_td_loss_huber(N, ACTIONS, (double)g.delta, g.q, g.action, target, g.weight, gradient);
    assert_loss("weighted_huber_double", "d_q_weighted_huber_double", loss, gradient);
}
END_TEST

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

TEST_MAIN("td", 30, dqn_targets_and_losses_match_the_reference, double_dqn_targets_and_losses_match_the_reference,
          huber_is_linear_beyond_its_delta, weights_scale_each_transitions_mse, argmax_takes_the_first_of_equals)
