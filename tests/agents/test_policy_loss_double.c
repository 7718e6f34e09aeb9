/* REINFORCE's loss of both distributions, its gradients and how these move, against numerical differences and PyTorch, in double. */
#include <math.h>
#include <string.h>

#include "agents/policy_loss.h"
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
    bm_reinforce_loss(N, ACTIONS, g.logits, g.action, g.returns, ent_coef, gradient);
    for (int i = 0; i < N * ACTIONS; i++) {
        double total[2];
        for (int side = 0; side < 2; side++) {
            batch moved = g;
            moved.logits[i] += (bm_real)(side ? h : -h);
            const bm_policy_loss loss =
                bm_reinforce_loss(N, ACTIONS, moved.logits, g.action, g.returns, ent_coef, ignored);
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
    const bm_policy_loss loss = bm_reinforce_loss(2, 2, logits, action, weight, 1, gradient);
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
    bm_reinforce_loss(N, ACTIONS, g.logits, g.action, g.returns, 0.1, gradient);
    bm_reinforce_loss(N, ACTIONS, g.logits, g.action, g.returns, 0.1, g.logits);
    ck_assert_mem_eq(gradient, g.logits, sizeof gradient);
}
END_TEST

/* Every R is d grad(outputs + e direction) / d e: (g(h) - g(-h)) / 2h, up to h^2. */
static const double shift = 1e-5;

START_TEST(categorical_gradients_move_as_central_differences_say) {
    const double ent_coef = 0.3;
    batch g = draw_batch();
    bm_rng rng = bm_rng_seeded(1);
    bm_real direction[N * ACTIONS], moved[N * ACTIONS], gradient[2][N * ACTIONS], r[N * ACTIONS];
    for (int i = 0; i < N * ACTIONS; i++) {
        direction[i] = (bm_real)bm_rng_normal(&rng);
    }
    bm_reinforce_loss_r(N, ACTIONS, g.logits, g.returns, ent_coef, direction, r);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < N * ACTIONS; i++) {
            moved[i] = g.logits[i] + (bm_real)(side ? shift : -shift) * direction[i];
        }
        bm_reinforce_loss(N, ACTIONS, moved, g.action, g.returns, ent_coef, gradient[side]);
    }
    for (int i = 0; i < N * ACTIONS; i++) {
        assert_near((double)r[i], (double)(gradient[1][i] - gradient[0][i]) / (2 * shift), 1e-9, "R of a gradient");
        ck_assert(fabs((double)r[i]) > 1e-6);
    }
    bm_reinforce_loss_r(N, ACTIONS, g.logits, g.returns, ent_coef, direction, g.logits);
    ck_assert_mem_eq(g.logits, r, sizeof r);
}
END_TEST

/* One choice that is impossible, up to rounding, moves nothing. */
START_TEST(an_impossible_action_has_finite_derivatives) {
    const bm_real logits[3] = {0, (bm_real)-1e4, 0}, weight = 1, direction[3] = {1, 1, -1};
    const int32_t action = 0;
    bm_real gradient[3], r[3];
    bm_reinforce_loss(1, 3, logits, &action, &weight, 0.5, gradient);
    bm_reinforce_loss_r(1, 3, logits, &weight, 0.5, direction, r);
    ck_assert(gradient[1] == 0 && r[1] == 0);
    assert_near((double)r[0], 0.5 + 0.25, 1e-12, "of the weight, p r, and of the bonus, where log p + H = 0");
    assert_near((double)r[2], -0.75, 1e-12, "the other one");
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
        bm_reinforce_gaussian_loss(ROWS, SIZE, mean, log_std, drawn, row_weight, 0.3, grad_mean, grad_log_std);
    assert_near(loss.policy, 2.888437332074499, 1e-12, "policy");
    assert_near(loss.entropy, 3.087877066409346, 1e-12, "entropy");
    assert_all(NUMBERS, grad_mean, want_mean, "d loss / d mean");
    assert_all(SIZE, grad_log_std, want_log_std, "d loss / d log_std");
    bm_real replaced[NUMBERS];
    memcpy(replaced, mean, sizeof replaced);
    bm_reinforce_gaussian_loss(ROWS, SIZE, replaced, log_std, drawn, row_weight, 0.3, replaced, grad_log_std);
    ck_assert_mem_eq(replaced, grad_mean, sizeof replaced);
}
END_TEST

START_TEST(gaussian_gradients_match_central_differences) {
    const double ent_coef = 0.3, h = 1e-6;
    bm_real grad_mean[NUMBERS], grad_log_std[SIZE], ignored_mean[NUMBERS], ignored_log_std[SIZE];
    bm_reinforce_gaussian_loss(ROWS, SIZE, mean, log_std, drawn, row_weight, ent_coef, grad_mean, grad_log_std);
    for (int i = 0; i < NUMBERS + SIZE; i++) {
        double total[2];
        for (int side = 0; side < 2; side++) {
            bm_real moved_mean[NUMBERS], moved_log_std[SIZE];
            memcpy(moved_mean, mean, sizeof mean);
            memcpy(moved_log_std, log_std, sizeof log_std);
            *(i < NUMBERS ? &moved_mean[i] : &moved_log_std[i - NUMBERS]) += (bm_real)(side ? h : -h);
            const bm_policy_loss loss = bm_reinforce_gaussian_loss(ROWS, SIZE, moved_mean, moved_log_std, drawn,
                                                                   row_weight, ent_coef, ignored_mean, ignored_log_std);
            total[side] = loss.policy - ent_coef * loss.entropy;
        }
        const bm_real got = i < NUMBERS ? grad_mean[i] : grad_log_std[i - NUMBERS];
        assert_near((double)got, (total[1] - total[0]) / (2 * h), 1e-8, "a gradient");
    }
}
END_TEST

START_TEST(gaussian_gradients_move_as_autograd_and_central_differences_say) {
    const bm_real r_mean[NUMBERS] = {0.2, -0.4, 1, 0.6, -0.8, 0.1}, r_log_std[SIZE] = {0.3, -0.7};
    const double want_mean[NUMBERS] = {0.6795704571147613,   -0.08367381005566117, -0.45304697140984085,
                                       -0.23056783215337745, -0.36243757712787295, 0.11900275207916255};
    const double want_log_std[SIZE] = {-1.336488565659031, 0.9125093841070159};
    bm_real got_mean[NUMBERS], got_log_std[SIZE];
    bm_reinforce_gaussian_loss_r(ROWS, SIZE, mean, log_std, drawn, row_weight, r_mean, r_log_std, got_mean,
                                 got_log_std);
    assert_all(NUMBERS, got_mean, want_mean, "R{d loss / d mean}");
    assert_all(SIZE, got_log_std, want_log_std, "R{d loss / d log_std}");

    bm_real grad_mean[2][NUMBERS], grad_log_std[2][SIZE], moved_mean[NUMBERS], moved_log_std[SIZE];
    for (int side = 0; side < 2; side++) {
        const bm_real by = (bm_real)(side ? shift : -shift);
        for (int i = 0; i < NUMBERS; i++) {
            moved_mean[i] = mean[i] + by * r_mean[i];
        }
        for (int k = 0; k < SIZE; k++) {
            moved_log_std[k] = log_std[k] + by * r_log_std[k];
        }
        bm_reinforce_gaussian_loss(ROWS, SIZE, moved_mean, moved_log_std, drawn, row_weight, 0.3, grad_mean[side],
                                   grad_log_std[side]);
    }
    for (int i = 0; i < NUMBERS; i++) {
        assert_near((double)got_mean[i], (double)(grad_mean[1][i] - grad_mean[0][i]) / (2 * shift), 1e-9, "R, mean");
    }
    for (int k = 0; k < SIZE; k++) {
        assert_near((double)got_log_std[k], (double)(grad_log_std[1][k] - grad_log_std[0][k]) / (2 * shift), 1e-9,
                    "R, log_std");
    }
}
END_TEST

TEST_MAIN("policy loss", 30, gradient_with_entropy_matches_central_differences, entropy_is_the_mean_over_rows,
          the_gradient_may_replace_the_logits, categorical_gradients_move_as_central_differences_say,
          an_impossible_action_has_finite_derivatives, gaussian_loss_and_gradients_are_autograd_s,
          gaussian_gradients_match_central_differences, gaussian_gradients_move_as_autograd_and_central_differences_say)
