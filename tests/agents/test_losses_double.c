/* Losses of agents: Q-learning and the policy gradient, with masks, against hand-worked numbers, differences and
 * autograd. */
#include <math.h>
#include <string.h>

#include "agents/losses.h"
#include "core/rng.h"
#include "support.h"

enum { N = 9, ACTIONS = 3 };

typedef struct {
    bm_real logits[N * ACTIONS], returns[N];
    int32_t action[N];
} batch;

static batch draw_batch(void) {
    batch b;
    bm_rng rng = bm_rng_seeded(12);
    for (int i = 0; i < N * ACTIONS; i++) {
        b.logits[i] = (bm_real)bm_rng_normal(&rng);
    }
    for (int i = 0; i < N; i++) {
        b.returns[i] = (bm_real)(2 * bm_rng_normal(&rng));
        b.action[i] = (int32_t)bm_rng_integers(&rng, 0, ACTIONS);
    }
    return b;
}

START_TEST(gradient_with_entropy_matches_central_differences) {
    const double ent_coef = 0.3, h = 1e-6;
    batch g = draw_batch();
    bm_real gradient[N * ACTIONS], ignored[N * ACTIONS];
    bm_reinforce_loss(N, N, ACTIONS, g.logits, g.action, g.returns, ent_coef, gradient);
    for (int i = 0; i < N * ACTIONS; i++) {
        double total[2];
        for (int side = 0; side < 2; side++) {
            batch moved = g;
            moved.logits[i] += (bm_real)(side ? h : -h);
            const bm_policy_loss loss =
                bm_reinforce_loss(N, N, ACTIONS, moved.logits, g.action, g.returns, ent_coef, ignored);
            total[side] = loss.policy - ent_coef * loss.entropy;
        }
        assert_near((double)gradient[i], (total[1] - total[0]) / (2 * h), 1e-8, "d loss / d logit");
    }
}
END_TEST

/* Two equal logits have entropy ln 2; a certain row has none. Their mean is reported. */
START_TEST(entropy_is_the_mean_over_rows) {
    const bm_real logits[4] = {3, 3, 0, -1e4}, weight[2] = {0, 0};
    const int32_t action[2] = {0, 0};
    bm_real gradient[4];
    const bm_policy_loss loss = bm_reinforce_loss(2, 2, 2, logits, action, weight, 1, gradient);
    assert_near(loss.entropy, log(2.0) / 2, 1e-15, "entropy");
    ck_assert(loss.policy == 0);
    for (int i = 0; i < 4; i++) {
        ck_assert(fabs((double)gradient[i]) < 1e-15); /* both rows are at a stationary point of the entropy */
    }
}
END_TEST

START_TEST(the_gradient_may_replace_the_logits) {
    batch g = draw_batch();
    bm_real gradient[N * ACTIONS];
    bm_reinforce_loss(N, N, ACTIONS, g.logits, g.action, g.returns, 0.1, gradient);
    bm_reinforce_loss(N, N, ACTIONS, g.logits, g.action, g.returns, 0.1, g.logits);
    ck_assert_mem_eq(gradient, g.logits, sizeof gradient);
}
END_TEST

/* One choice that is impossible, up to rounding, moves nothing. */
START_TEST(an_impossible_action_has_no_gradient) {
    const bm_real logits[3] = {0, (bm_real)-1e4, 0}, weight = 1;
    const int32_t action = 0;
    bm_real gradient[3];
    bm_reinforce_loss(1, 1, 3, logits, &action, &weight, 0.5, gradient);
    ck_assert(gradient[1] == 0);
    assert_near((double)gradient[0], -0.5, 1e-12, "of the weight; of the bonus, where log p + H = 0, nothing");
    assert_near((double)gradient[2], 0.5, 1e-12, "the other one");
}
END_TEST

START_TEST(parts_of_a_batch_add_up_to_its_loss_and_gradient) {
    batch g = draw_batch();
    enum { FIRST = N / 3 };
    bm_real whole[N * ACTIONS], parts[N * ACTIONS];
    const bm_policy_loss all = bm_reinforce_loss(N, N, ACTIONS, g.logits, g.action, g.returns, 0.1, whole);
    const bm_policy_loss one = bm_reinforce_loss(FIRST, N, ACTIONS, g.logits, g.action, g.returns, 0.1, parts);
    const bm_policy_loss two = bm_reinforce_loss(N - FIRST, N, ACTIONS, g.logits + FIRST * ACTIONS, g.action + FIRST,
                                                 g.returns + FIRST, 0.1, parts + FIRST * ACTIONS);
    assert_near(one.policy + two.policy, all.policy, 1e-14, "policy");
    assert_near(one.entropy + two.entropy, all.entropy, 1e-14, "entropy");
    ck_assert_mem_eq(parts, whole, sizeof whole);
}
END_TEST

/* Worked out by PyTorch 1.13's autograd in float64, from torch.distributions.Normal, with ent_coef 0.3. */
enum { ROWS = 3, SIZE = 2, NUMBERS = ROWS * SIZE };
static const bm_real mean[NUMBERS] = {0.5, -1.25, 2, 0, -0.75, 3.5}, log_std[SIZE] = {-0.5, 0.75};
static const bm_real drawn[NUMBERS] = {1, -1, 2, -4, 0.25, 3}, row_weight[ROWS] = {1.5, -0.5, 2};

static void assert_all(size_t n, const bm_real *got, const double *want, const char *what) {
    for (size_t i = 0; i < n; i++) {
        assert_near((double)got[i], want[i], 1e-12, what);
    }
}

START_TEST(gaussian_loss_and_gradients_are_autograd_s) {
    const double want_mean[NUMBERS] = {-0.6795704571147613, -0.027891270018553724, 0,
                                       -0.1487534400989532, -1.8121878856393634,   0.0743767200494766};
    const double want_log_std[SIZE] = {-1.4519731141967436, 1.250852582866436};
    bm_real grad_mean[NUMBERS], grad_log_std[SIZE];
    const bm_policy_loss loss =
        bm_reinforce_gaussian_loss(ROWS, ROWS, SIZE, mean, log_std, drawn, row_weight, 0.3, grad_mean, grad_log_std);
    assert_near(loss.policy, 2.888437332074499, 1e-12, "policy");
    assert_near(loss.entropy, 3.087877066409346, 1e-12, "entropy");
    assert_all(NUMBERS, grad_mean, want_mean, "d loss / d mean");
    assert_all(SIZE, grad_log_std, want_log_std, "d loss / d log_std");
    bm_real replaced[NUMBERS];
    memcpy(replaced, mean, sizeof replaced);
    bm_reinforce_gaussian_loss(ROWS, ROWS, SIZE, replaced, log_std, drawn, row_weight, 0.3, replaced, grad_log_std);
    ck_assert_mem_eq(replaced, grad_mean, sizeof replaced);
}
END_TEST

START_TEST(gaussian_gradients_match_central_differences) {
    const double ent_coef = 0.3, h = 1e-6;
    bm_real grad_mean[NUMBERS], grad_log_std[SIZE], ignored_mean[NUMBERS], ignored_log_std[SIZE];
    bm_reinforce_gaussian_loss(ROWS, ROWS, SIZE, mean, log_std, drawn, row_weight, ent_coef, grad_mean, grad_log_std);
    for (int i = 0; i < NUMBERS + SIZE; i++) {
        double total[2];
        for (int side = 0; side < 2; side++) {
            bm_real moved_mean[NUMBERS], moved_log_std[SIZE];
            memcpy(moved_mean, mean, sizeof mean);
            memcpy(moved_log_std, log_std, sizeof log_std);
            *(i < NUMBERS ? &moved_mean[i] : &moved_log_std[i - NUMBERS]) += (bm_real)(side ? h : -h);
            const bm_policy_loss loss = bm_reinforce_gaussian_loss(ROWS, ROWS, SIZE, moved_mean, moved_log_std, drawn,
                                                                   row_weight, ent_coef, ignored_mean, ignored_log_std);
            total[side] = loss.policy - ent_coef * loss.entropy;
        }
        const bm_real got = i < NUMBERS ? grad_mean[i] : grad_log_std[i - NUMBERS];
        assert_near((double)got, (total[1] - total[0]) / (2 * h), 1e-8, "a gradient");
    }
}
END_TEST

/* ---- temporal differences */

START_TEST(huber_is_linear_beyond_its_delta) {
    const bm_real q[4] = {3, 9, 9, -4}, target[2] = {2, 1};
    const int32_t action[2] = {0, 1};
    const bm_real want[4] = {0.5, 0, 0, -1};
    bm_real gradient[4];
    assert_near(bm_td_loss(2, 2, 2, q, action, target, NULL, gradient), 8.5 / 2, 1e-15, "loss");
    ck_assert_mem_eq(gradient, want, sizeof want);
}
END_TEST

START_TEST(weights_scale_each_transitions_mse) {
    const bm_real q[2] = {3, 5}, target[2] = {1, 1}, weight[2] = {0.5, 0.25};
    const int32_t action[2] = {0, 0};
    bm_real gradient[2];
    assert_near(bm_td_loss(2, 1, INFINITY, q, action, target, weight, gradient), (0.5 * 4 + 0.25 * 16) / 2, 1e-15,
                "loss");
    ck_assert(gradient[0] == 1 && gradient[1] == 1);
}
END_TEST

START_TEST(argmax_takes_the_first_of_equals) {
    ck_assert_int_eq(bm_argmax(4, (const bm_real[]){-3, 2, 2, 1}), 1);
    ck_assert_int_eq(bm_argmax(1, (const bm_real[]){-3}), 0);
    ck_assert_int_eq(bm_argmax(3, (const bm_real[]){-3, -2, -1}), 2);
}
END_TEST

/* ---- masks */

START_TEST(forbidden_values_are_never_the_largest) {
    bm_real value[6] = {5, 1, 2, 3, 9, -1};
    const uint8_t mask[6] = {0, 1, 1, 1, 0, 1};
    bm_mask_values(2, 3, mask, value);
    ck_assert_int_eq(bm_argmax(3, value), 2);
    ck_assert_int_eq(bm_argmax(3, value + 3), 0);
    bm_mask_values(2, 3, NULL, value);
    ck_assert(value[1] == 1 && value[5] == -1);
}
END_TEST

START_TEST(a_target_takes_the_largest_allowed_value) {
    bm_real q_next[3] = {4, 7, 1}, target;
    const bm_real reward = 1, discount = 0.5;
    const uint8_t mask[3] = {1, 0, 1};
    bm_mask_values(1, 3, mask, q_next);
    bm_td_target(1, 3, &reward, &discount, q_next, NULL, &target);
    ck_assert(target == 3);
}
END_TEST

START_TEST(a_single_allowed_action_is_certain_and_moves_nothing) {
    bm_real logits[3] = {100, -3, 2}, gradient[3];
    const uint8_t mask[3] = {0, 1, 0};
    const int32_t action = 1;
    const bm_real weight = 2;
    bm_mask_values(1, 3, mask, logits);
    const bm_policy_loss loss = bm_reinforce_loss(1, 1, 3, logits, &action, &weight, 0.5, gradient);
    ck_assert(loss.policy == 0 && loss.entropy == 0);
    ck_assert(gradient[0] == 0 && gradient[1] == 0 && gradient[2] == 0);
}
END_TEST

TEST_MAIN("losses", 30, gradient_with_entropy_matches_central_differences, entropy_is_the_mean_over_rows,
          the_gradient_may_replace_the_logits, an_impossible_action_has_no_gradient,
          parts_of_a_batch_add_up_to_its_loss_and_gradient, gaussian_loss_and_gradients_are_autograd_s,
          gaussian_gradients_match_central_differences, huber_is_linear_beyond_its_delta,
          weights_scale_each_transitions_mse, argmax_takes_the_first_of_equals, forbidden_values_are_never_the_largest,
          a_target_takes_the_largest_allowed_value, a_single_allowed_action_is_certain_and_moves_nothing)
