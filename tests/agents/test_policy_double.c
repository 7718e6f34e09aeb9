/* A network and its distribution over one flat buffer, for one discrete choice and for a box, in double. */
#include <math.h>
#include <string.h>

#include "agents/policy.h"
#include "support.h"

enum { ROWS = 5, FEATURES = 3, OUTPUTS = 2, HIDDEN = 4, MOST = 64, WORKSPACE = 1024 };

static const bm_space observation_space = {
    .kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {FEATURES}, .size = FEATURES};
static const bm_space choice = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {1}, .size = 1, .n = OUTPUTS};
static const bm_space box = {.kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {OUTPUTS}, .size = OUTPUTS};

typedef struct {
    bm_policy_net net;
    bm_real params[MOST], workspace[WORKSPACE], features[ROWS * FEATURES];
} subject;

/* With outputs that differ, unlike those that a policy starts from. */
static subject create(const bm_space *action_space) {
    const bm_int_list hidden = {1, {HIDDEN}};
    subject it;
    bm_error error;
    bm_rng rng = bm_rng_seeded(3);
    ck_assert_msg(
        bm_policy_net_create(&it.net, &observation_space, action_space, &hidden, &bm_activation_tanh, &error) == BM_OK,
        "%s", error.text);
    ck_assert_uint_le(it.net.parameters, MOST);
    ck_assert_uint_le(bm_policy_net_workspace(&it.net, ROWS), WORKSPACE);
    for (size_t i = 0; i < it.net.parameters; i++) {
        it.params[i] = (bm_real)(0.7 * bm_rng_normal(&rng));
    }
    for (int i = 0; i < ROWS * FEATURES; i++) {
        it.features[i] = (bm_real)bm_rng_normal(&rng);
    }
    return it;
}

START_TEST(a_box_adds_a_log_std_for_every_number_behind_the_network) {
    const size_t net = (FEATURES + 1) * HIDDEN + (HIDDEN + 1) * OUTPUTS;
    subject discrete = create(&choice), gaussian = create(&box);
    ck_assert_uint_eq(discrete.net.parameters, net);
    ck_assert_uint_eq(gaussian.net.parameters, net + OUTPUTS);
    ck_assert_uint_eq(discrete.net.action_bytes, sizeof(int32_t));
    ck_assert_uint_eq(gaussian.net.action_bytes, OUTPUTS * sizeof(bm_real));
}
END_TEST

START_TEST(several_discrete_choices_are_refused) {
    bm_space several = choice;
    several.shape[0] = several.size = 2;
    bm_policy_net net;
    bm_error error;
    ck_assert_int_eq(
        bm_policy_net_create(&net, &observation_space, &several, &(bm_int_list){0}, &bm_activation_tanh, &error),
        BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "wants 2"));
}
END_TEST

START_TEST(without_a_generator_the_most_probable_action_is_taken) {
    subject discrete = create(&choice), gaussian = create(&box);
    int32_t index[ROWS];
    bm_real number[ROWS * OUTPUTS], alone[OUTPUTS], probability[ROWS * OUTPUTS];
    bm_policy_net_act(&discrete.net, discrete.params, discrete.workspace,
                      &(bm_policy_rows){.n = ROWS, .features = discrete.features}, NULL, index);
    bm_policy_net_probabilities(&discrete.net, discrete.params, discrete.workspace,
                                &(bm_policy_rows){.n = ROWS, .features = discrete.features}, probability);
    for (int i = 0; i < ROWS; i++) {
        const bm_real *p = probability + i * OUTPUTS;
        ck_assert_int_eq(index[i], p[1] > p[0]);
        assert_near((double)(p[0] + p[1]), 1, 1e-15, "probabilities");
    }
    bm_policy_net_act(&gaussian.net, gaussian.params, gaussian.workspace,
                      &(bm_policy_rows){.n = ROWS, .features = gaussian.features}, NULL, number);
    for (int i = 0; i < ROWS; i++) {
        const bm_real *mean =
            bm_net_forward(&gaussian.net.net, gaussian.params, gaussian.workspace, 1, gaussian.features + i * FEATURES);
        ck_assert_mem_eq(mean, number + i * OUTPUTS, sizeof alone);
        bm_policy_net_act(&gaussian.net, gaussian.params, gaussian.workspace,
                          &(bm_policy_rows){.n = 1, .features = gaussian.features + i * FEATURES}, NULL, alone);
        ck_assert_mem_eq(alone, number + i * OUTPUTS, sizeof alone);
    }
}
END_TEST

START_TEST(numbers_are_drawn_around_the_mean_row_after_row) {
    subject it = create(&box);
    bm_real mean[ROWS * OUTPUTS], number[ROWS * OUTPUTS];
    bm_rng rng = bm_rng_seeded(8), normals = rng;
    bm_policy_net_act(&it.net, it.params, it.workspace, &(bm_policy_rows){.n = ROWS, .features = it.features}, NULL,
                      mean);
    bm_policy_net_act(&it.net, it.params, it.workspace, &(bm_policy_rows){.n = ROWS, .features = it.features}, &rng,
                      number);
    for (int i = 0; i < ROWS * OUTPUTS; i++) {
        const double log_std = (double)it.params[it.net.net.parameters + (size_t)(i % OUTPUTS)];
        assert_near((double)number[i], (double)mean[i] + exp(log_std) * bm_rng_normal(&normals), 1e-15, "a number");
    }
}
END_TEST

START_TEST(choices_are_drawn_as_often_as_they_are_probable) {
    enum { DRAWS = 20000 };
    subject it = create(&choice);
    bm_real probability[OUTPUTS];
    bm_rng rng = bm_rng_seeded(9);
    bm_policy_net_probabilities(&it.net, it.params, it.workspace, &(bm_policy_rows){.n = 1, .features = it.features},
                                probability);
    int ones = 0;
    for (int i = 0; i < DRAWS; i++) {
        int32_t index;
        bm_policy_net_act(&it.net, it.params, it.workspace, &(bm_policy_rows){.n = 1, .features = it.features}, &rng,
                          &index);
        ones += index;
    }
    const double p = (double)probability[1];
    ck_assert(p > 0.05 && p < 0.95 && fabs(ones - DRAWS * p) < 5 * sqrt(DRAWS * p * (1 - p)));
}
END_TEST

static double loss_at(subject *it, const bm_real *params, const void *action, double ent_coef) {
    const bm_real weight[ROWS] = {1, -0.5, 2, 0.25, -1.5};
    bm_real ignored[MOST];
    const bm_policy_rows rows = {.n = ROWS, .features = it->features, .action = action, .weight = weight};
    const bm_policy_loss loss = bm_policy_net_gradient(&it->net, params, it->workspace, &rows, ROWS, ent_coef, ignored);
    return loss.policy - ent_coef * loss.entropy;
}

static void assert_gradient(subject *it, const void *action) {
    const bm_real weight[ROWS] = {1, -0.5, 2, 0.25, -1.5};
    const double ent_coef = 0.2, h = 1e-6;
    bm_real gradient[MOST];
    const bm_policy_rows rows = {.n = ROWS, .features = it->features, .action = action, .weight = weight};
    bm_policy_net_gradient(&it->net, it->params, it->workspace, &rows, ROWS, ent_coef, gradient);
    for (size_t i = 0; i < it->net.parameters; i++) {
        double loss[2];
        for (int side = 0; side < 2; side++) {
            bm_real moved[MOST];
            memcpy(moved, it->params, sizeof moved);
            moved[i] += (bm_real)(side ? h : -h);
            loss[side] = loss_at(it, moved, action, ent_coef);
        }
        assert_near((double)gradient[i], (loss[1] - loss[0]) / (2 * h), 1e-8, "d loss / d parameter");
    }
}

START_TEST(gradients_over_all_parameters_match_central_differences) {
    subject discrete = create(&choice), gaussian = create(&box);
    const int32_t index[ROWS] = {0, 1, 1, 0, 1};
    const bm_real number[ROWS * OUTPUTS] = {0.5, -1, 2, 0.3, -0.7, 1.1, 0, 0.2, -1.5, 0.9};
    assert_gradient(&discrete, index);
    assert_gradient(&gaussian, number);
}
END_TEST

TEST_MAIN("policy", 30, a_box_adds_a_log_std_for_every_number_behind_the_network, several_discrete_choices_are_refused,
          without_a_generator_the_most_probable_action_is_taken, numbers_are_drawn_around_the_mean_row_after_row,
          choices_are_drawn_as_often_as_they_are_probable, gradients_over_all_parameters_match_central_differences)
