/* REINFORCE's loss against the references and numerical differences, in double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agents/policy_loss.h"
#include "agents/returns.h"
#include "support.h"

enum { N = 9, ACTIONS = 3 };

static const char path[] = "tests/golden/rl/reinforce_0.csv";

typedef struct {
    bm_real logits[N * ACTIONS], returns[N], baseline[N];
    int32_t action[N];
} golden;

static golden read_golden(void) {
    golden g;
    bm_real action[N];
    golden_values(path, "logits", N * ACTIONS, g.logits);
    golden_values(path, "returns", N, g.returns);
    golden_values(path, "baseline", N, g.baseline);
    golden_values(path, "actions", N, action);
    for (int i = 0; i < N; i++) {
        g.action[i] = (int32_t)action[i];
    }
    return g;
}

static void assert_matches(const golden *g, const bm_real *weight, const char *loss_name, const char *gradient_name) {
    bm_real gradient[N * ACTIONS], want[N * ACTIONS], want_loss;
    const bm_policy_loss loss = bm_reinforce_loss(N, ACTIONS, g->logits, g->action, weight, 0, gradient);
    golden_values(path, loss_name, 1, &want_loss);
    golden_values(path, gradient_name, N * ACTIONS, want);
    assert_near(loss.policy, (double)want_loss, 1e-10, loss_name);
    for (int i = 0; i < N * ACTIONS; i++) {
        assert_near((double)gradient[i], (double)want[i], 1e-10, gradient_name);
    }
}

START_TEST(loss_and_gradient_match_the_reference_for_each_weighting) {
    golden g = read_golden();
    assert_matches(&g, g.returns, "loss_plain", "d_logits_plain");
    bm_real advantage[N];
    for (int i = 0; i < N; i++) {
        advantage[i] = g.returns[i] - g.baseline[i];
    }
    assert_matches(&g, advantage, "loss_baseline", "d_logits_baseline");
    bm_normalize(N, g.returns);
    assert_matches(&g, g.returns, "loss_normalised_ddof0", "d_logits_normalised_ddof0");
}
END_TEST

START_TEST(gradient_with_entropy_matches_central_differences) {
    const double ent_coef = 0.3, h = 1e-6;
    golden g = read_golden();
    bm_real gradient[N * ACTIONS], ignored[N * ACTIONS];
    bm_reinforce_loss(N, ACTIONS, g.logits, g.action, g.returns, ent_coef, gradient);
    for (int i = 0; i < N * ACTIONS; i++) {
        double total[2];
        for (int side = 0; side < 2; side++) {
            golden moved = g;
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
    golden g = read_golden();
    bm_real gradient[N * ACTIONS];
    bm_reinforce_loss(N, ACTIONS, g.logits, g.action, g.returns, 0.1, gradient);
    bm_reinforce_loss(N, ACTIONS, g.logits, g.action, g.returns, 0.1, g.logits);
    ck_assert_mem_eq(gradient, g.logits, sizeof gradient);
}
END_TEST

TEST_MAIN("policy loss", 30, loss_and_gradient_match_the_reference_for_each_weighting,
          gradient_with_entropy_matches_central_differences, entropy_is_the_mean_over_rows,
          the_gradient_may_replace_the_logits)
