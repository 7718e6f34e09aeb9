/* rl/: returns, targets and losses of the agents. */
#include <math.h>
#include <string.h>

#include "agents/losses.h"
#include "agents/returns.h"
#include "golden_files/golden.h"
#include "nets/dist.h"
#include "replay/replay.h"

/* ---- returns ---------------------------------------------------------------------------------------------------- */

/* ddof 1 is not offered. */
static void compare_returns(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    for (int c = 0; c <= golden_highest(&table, "c"); c++) {
        const double gamma = golden_scalar(&table, "c%d_gamma", c);
        const size_t n = golden_get(&table, "c%d_rewards", c).n;
        const bm_real *reward = golden_reals(&table, n, "c%d_rewards", c);
        const uint8_t *done = golden_flags(&table, n, "c%d_done", c), *never = GOLDEN_NEW(file->arena, uint8_t, n);
        bm_real *out = GOLDEN_NEW(file->arena, bm_real, n);
        bm_gae((int)n, 1, gamma, 1, reward, NULL, NULL, done, never, out);
        golden_near_tensor(&table, n, out, "c%d_returns_with_done", c);
        bm_gae((int)n, 1, gamma, 1, reward, NULL, NULL, never, done, out); /* nothing known: the same */
        golden_near_tensor(&table, n, out, "c%d_returns_with_done", c);
        bm_gae((int)n, 1, gamma, 1, reward, NULL, NULL, never, never, out);
        golden_near_tensor(&table, n, out, "c%d_returns", c);
        if (n > 1) {
            bm_normalize(n, NULL, out);
            golden_near_tensor(&table, n, out, "c%d_normalised_ddof0", c);
        }
    }
}

/* Of [steps, lanes], with truncation that bootstraps and, where it counts as an end, without. */
static void compare_gae(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const golden_tensor shape = golden_get(&table, "rewards");
    ck_assert_msg(shape.dims == 2, "rewards is no matrix");
    const size_t n = shape.n;
    const double gamma = golden_scalar(&table, "gamma"), lambda = golden_scalar(&table, "lambda");
    const bm_real *reward = golden_reals(&table, n, "rewards"), *value = golden_reals(&table, n, "values");
    const bm_real *next_value = golden_reals(&table, n, "next_values");
    const uint8_t *terminated = golden_flags(&table, n, "terminated"),
                  *truncated = golden_flags(&table, n, "truncated");
    uint8_t *done = GOLDEN_NEW(file->arena, uint8_t, n), *never = GOLDEN_NEW(file->arena, uint8_t, n);
    bm_real *advantage = GOLDEN_NEW(file->arena, bm_real, n);
    for (size_t i = 0; i < n; i++) {
        done[i] = terminated[i] | truncated[i];
    }
    for (int as_terminal = 0; as_terminal < 2; as_terminal++) {
        const char *name = as_terminal ? "done_as_terminal" : "bootstrap";
        bm_gae(shape.shape[0], shape.shape[1], gamma, lambda, reward, value, next_value,
               as_terminal ? done : terminated, as_terminal ? never : truncated, advantage);
        golden_near_tensor(&table, n, advantage, "adv_%s", name);
        for (size_t i = 0; i < n; i++) {
            advantage[i] += value[i];
        }
        golden_near_tensor(&table, n, advantage, "returns_%s", name);
    }
}

/* The trajectory as transitions of lane 1 of 2 in a ring that has wrapped, lane 0 holding other numbers. An observation
 * is the step's number. */
static void fill(bm_replay *replay, const golden_table *table, int count) {
    const bm_real *reward = golden_reals(table, (size_t)count, "rewards");
    const uint8_t *terminated = golden_flags(table, (size_t)count, "terminated");
    const uint8_t *truncated = golden_flags(table, (size_t)count, "truncated");
    for (int k = -5; k < 2 * count; k++) { /* the first few are overwritten */
        const bool other = k < 0 || k % 2 == 0;
        const int t = k / 2;
        const float observation = other ? -1.0f : (float)t, next = (float)t + 1;
        const int32_t action = 0;
        const bm_ending ending = other           ? BM_CONTINUES
                                 : terminated[t] ? BM_TERMINATED
                                 : truncated[t]  ? BM_TRUNCATED
                                                 : BM_CONTINUES;
        bm_replay_add(replay, &(bm_transition){.observation = &observation,
                                               .action = &action,
                                               .reward = other ? (bm_real)1e6 : reward[t],
                                               .next_observation = &next,
                                               .ending = ending});
    }
}

static void compare_nstep(const golden_case *file) {
    enum { DRAWS_EACH = 40 };
    static const double low[1] = {-1e9}, high[1] = {1e9};
    const bm_space observations = {
        .kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {1}, .size = 1, .low = low, .high = high};
    const bm_space actions = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {1}, .size = 1, .n = 2};
    const golden_table table = golden_read(file->path, file->arena);
    const double gamma = golden_scalar(&table, "gamma");
    const int count = (int)golden_get(&table, "rewards").n;
    const golden_tensor next_value = golden_get(&table, "next_values");
    ck_assert_msg(next_value.n == (size_t)count, "next_values does not fit");
    bm_replay replay;
    bm_replay_batch batch;
    bm_error error;
    ck_assert_msg(bm_replay_create(&replay, &observations, &actions, false, 2 * count, file->arena, &error) == BM_OK,
                  "%s", error.text);
    bm_replay_batch_create(&batch, &replay, 2 * count * DRAWS_EACH, file->arena);
    ck_assert_msg(bm_arena_check(file->arena, "a batch", &error) == BM_OK, "%s", error.text);
    fill(&replay, &table, count);
    bm_rng rng = bm_rng_seeded(4);
    for (int n = 1; n <= golden_highest(&table, "n"); n++) {
        if (!golden_has_number(&table, "n", n)) {
            continue;
        }
        bool *drawn = GOLDEN_NEW(file->arena, bool, count);
        const golden_tensor sum = golden_get(&table, "n%d_reward_sum", n), steps = golden_get(&table, "n%d_steps", n),
                            factor = golden_get(&table, "n%d_bootstrap_factor", n),
                            target = golden_get(&table, "n%d_target", n);
        ck_assert_msg(sum.n == (size_t)count && steps.n == sum.n && factor.n == sum.n && target.n == sum.n,
                      "the tensors of n%d do not fit", n);
        bm_replay_sample(&replay, &rng, gamma, n, 2, &batch);
        for (int i = 0; i < batch.size; i++) {
            const int t = (int)((const float *)(const void *)batch.observation)[i];
            const int successor = (int)((const float *)(const void *)batch.next_observation)[i];
            if (t < 0 || drawn[t]) {
                continue;
            }
            drawn[t] = true;
            const double reward = (double)batch.reward[i], discount = (double)batch.discount[i];
            golden_near(successor - t, steps.value[t], 0, "n%d_steps[%d]", n, t);
            golden_near(reward, sum.value[t], file->tolerance, "n%d_reward_sum[%d]", n, t);
            golden_near(discount, factor.value[t], file->tolerance, "n%d_bootstrap_factor[%d]", n, t);
            golden_near(reward + discount * next_value.value[successor - 1], target.value[t], file->tolerance,
                        "n%d_target[%d]", n, t);
        }
        for (int t = 0; t < count; t++) {
            ck_assert_msg(drawn[t], "step %d was not drawn", t);
        }
    }
}

/* ---- Q-learning ------------------------------------------------------------------------------------------------- */

/* The batch of a file; dueling tensors wait for the network that makes them. */
static void compare_q_learning(const golden_table *table, bool is_double) {
    const char *name = is_double ? "double" : "dqn";
    const golden_tensor shape = golden_get(table, "q");
    ck_assert_msg(shape.dims == 2, "q is no matrix");
    const int n = shape.shape[0], actions = shape.shape[1];
    const size_t rows = (size_t)n, all = shape.n;
    const bm_real *q = golden_reals(table, all, "q");
    const int32_t *action = golden_integers(table, rows, actions, "actions");
    const uint8_t *terminated = golden_flags(table, rows, "terminated");
    const double gamma = golden_scalar(table, "gamma"), delta = golden_scalar(table, "huber_delta");
    bm_real *discount = GOLDEN_NEW(table->arena, bm_real, rows), *target = GOLDEN_NEW(table->arena, bm_real, rows);
    bm_real *grad = GOLDEN_NEW(table->arena, bm_real, all);
    for (size_t i = 0; i < rows; i++) {
        discount[i] = terminated[i] ? 0 : (bm_real)gamma;
    }
    memset(grad, 0x55, all * sizeof *grad); /* every element must be written */
    bm_td_target(n, actions, golden_reals(table, rows, "rewards"), discount, golden_reals(table, all, "q_next_target"),
                 is_double ? golden_reals(table, all, "q_next_online") : NULL, target);
    golden_near_tensor(table, rows, target, "target_%s", name);
    golden_near_scalar(table, bm_td_loss(n, actions, INFINITY, q, action, target, NULL, grad), "mse_%s", name);
    golden_near_tensor(table, all, grad, "d_q_mse_%s", name);
    golden_near_scalar(table, bm_td_loss(n, actions, delta, q, action, target, NULL, grad), "huber_%s", name);
    golden_near_tensor(table, all, grad, "d_q_huber_%s", name);
    const bm_real *weight = golden_reals(table, rows, "weights");
    golden_near_scalar(table, bm_td_loss(n, actions, delta, q, action, target, weight, grad), "weighted_huber_%s",
                       name);
    golden_near_tensor(table, all, grad, "d_q_weighted_huber_%s", name);
    for (size_t i = 0; i < rows; i++) {
        target[i] -= q[i * (size_t)actions + (size_t)action[i]];
    }
    golden_near_tensor(table, rows, target, "td_error_%s", name);
}

static void compare_dqn(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    compare_q_learning(&table, false);
    compare_q_learning(&table, true);
}

/* ---- REINFORCE -------------------------------------------------------------------------------------------------- */

static void compare_reinforce(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const golden_tensor shape = golden_get(&table, "logits");
    ck_assert_msg(shape.dims == 2, "logits is no matrix");
    const int n = shape.shape[0], actions = shape.shape[1];
    const size_t rows = (size_t)n;
    const bm_real *logits = golden_reals(&table, shape.n, "logits");
    const int32_t *action = golden_integers(&table, rows, actions, "actions");
    bm_real *grad = GOLDEN_NEW(file->arena, bm_real, shape.n), *log_prob = GOLDEN_NEW(file->arena, bm_real, shape.n);
    bm_log_softmax(rows, actions, logits, log_prob);
    for (size_t i = 0; i < rows; i++) {
        log_prob[i] = log_prob[i * (size_t)actions + (size_t)action[i]];
    }
    golden_near_tensor(&table, rows, log_prob, "logp");
    static const char *const weightings[] = {"plain", "baseline", "normalised_ddof0"};
    for (int w = 0; w < 3; w++) {
        bm_real *weight = golden_reals(&table, rows, "returns");
        const bm_real *baseline = golden_reals(&table, rows, "baseline");
        for (size_t i = 0; i < rows && w == 1; i++) {
            weight[i] -= baseline[i];
        }
        if (w == 2) {
            bm_normalize(rows, NULL, weight);
        }
        golden_near_scalar(&table, bm_reinforce_loss(n, n, actions, logits, action, weight, 0, grad).policy, "loss_%s",
                           weightings[w]);
        golden_near_tensor(&table, shape.n, grad, "d_logits_%s", weightings[w]);
    }
}

/* ---- masks ------------------------------------------------------------------------------------------------------ */

static void compare_masked(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const golden_tensor shape = golden_get(&table, "logits");
    ck_assert_msg(shape.dims == 2, "logits is no matrix");
    const int n = shape.shape[0], actions = shape.shape[1];
    const size_t rows = (size_t)n, all = shape.n, width = (size_t)actions;
    bm_real *logits = golden_reals(&table, all, "logits"), *weight = golden_reals(&table, rows, "weights");
    const int32_t *action = golden_integers(&table, rows, actions, "actions");
    bm_real *out = GOLDEN_NEW(file->arena, bm_real, all), *taken = GOLDEN_NEW(file->arena, bm_real, rows);
    bm_mask_values(n, actions, golden_flags(&table, all, "mask"), logits);
    const golden_tensor greedy = golden_get(&table, "greedy_action");
    for (size_t i = 0; i < rows; i++) {
        golden_near(bm_argmax(actions, logits + i * width), greedy.value[i], 0, "greedy_action[%zu]", i);
    }
    bm_softmax(rows, actions, logits, out);
    golden_near_tensor(&table, all, out, "probs");
    bm_log_softmax(rows, actions, logits, out);
    for (size_t i = 0; i < rows; i++) {
        taken[i] = out[i * width + (size_t)action[i]];
    }
    golden_near_tensor(&table, rows, taken, "log_prob");
    bm_categorical_entropy(rows, actions, out, taken);
    golden_near_tensor(&table, rows, taken, "entropy");
    bm_policy_loss loss = bm_reinforce_loss(n, n, actions, logits, action, weight, 0, out);
    golden_near_scalar(&table, loss.policy, "policy_loss");
    golden_near_scalar(&table, loss.entropy, "entropy_mean");
    golden_near_tensor(&table, all, out, "d_policy_loss_d_logits");
    memset(weight, 0, rows * sizeof *weight);
    bm_reinforce_loss(n, n, actions, logits, action, weight, -1, out); /* the gradient of the mean entropy alone */
    golden_near_tensor(&table, all, out, "d_entropy_mean_d_logits");
}

const golden_family golden_rl_families[] = {
    {"rl/gae_*.csv", compare_gae, 1e-10, 2e-6, NULL},
    {"rl/masked_categorical_*.csv", compare_masked, 1e-10, 2e-6, NULL},
    {"rl/discounted_returns.csv", compare_returns, 1e-10, 2e-6, NULL},
    {"rl/nstep.csv", compare_nstep, 1e-10, 2e-6, NULL},
    {"rl/dqn_*.csv", compare_dqn, 1e-10, 2e-6, NULL},
    {"rl/reinforce_*.csv", compare_reinforce, 1e-10, 2e-6, NULL},
    {0},
};
