/* Derivatives through a policy and through inner steps of reinforcement learning, against central differences in
 * double; the linear baseline against least squares by hand. */
#include <math.h>

#include "episodes.h"
#include "meta/linear_baseline.h"
#include "meta/policy_curvature.h"
#include "nets/hvp.h"

/* ---- the policy's Hessian --------------------------------------------------------------------------------------- */

enum { N = 7, FEATURES = 3, ACTIONS = 4, SIZE = 2 };

static void fill(bm_rng *rng, size_t n, double scale, bm_real *x) {
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)(scale * bm_rng_normal(rng));
    }
}

static void check_hvp(const bm_space *action_space, const bm_activation *activation) {
    static const bm_int_list hidden = {2, {6, 5}};
    const bm_space seen = {.kind = BM_BOX, .size = FEATURES};
    const double h = 1e-5;
    bm_policy_net policy;
    bm_error error = {""};
    ck_assert_msg(bm_policy_net_create(&policy, &seen, action_space, &hidden, activation, &error) == BM_OK, "%s",
                  error.text);
    const size_t n = policy.parameters;
    bm_rng rng = bm_rng_seeded(3);
    bm_real features[N * FEATURES], weight[N], boxes[N * SIZE];
    int32_t choices[N];
    bm_real *params = numbers(n), *direction = numbers(n), *product = numbers(n), *moved = numbers(n);
    bm_real *grad[2] = {numbers(n), numbers(n)};
    bm_real *workspace = numbers(bm_policy_net_workspace(&policy, N));
    bm_real *r_workspace = numbers(bm_net_r_workspace(&policy.net, N));
    fill(&rng, N * FEATURES, 1, features);
    fill(&rng, N, 1, weight);
    fill(&rng, N * SIZE, 1, boxes);
    fill(&rng, n, 0.5, params);
    fill(&rng, n, 1, direction);
    for (int i = 0; i < N; i++) {
        choices[i] = (int32_t)bm_rng_integers(&rng, 0, ACTIONS);
    }
    const void *action = policy.gaussian ? (const void *)boxes : choices;
    const bm_policy_rows rows = {.n = N, .features = features, .action = action, .weight = weight};
    bm_policy_curvature(&policy, params, direction, r_workspace, &rows, product);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++) {
            moved[i] = params[i] + (side ? h : -h) * direction[i];
        }
        bm_policy_net_gradient(&policy, moved, workspace, &rows, N, 0, grad[side]);
    }
    for (size_t i = 0; i < n; i++) {
        assert_near(product[i], (grad[1][i] - grad[0][i]) / (2 * h), 1e-7, activation->name);
    }
    free(params);
    free(direction);
    free(product);
    free(moved);
    free(grad[0]);
    free(grad[1]);
    free(workspace);
    free(r_workspace);
}

START_TEST(the_hessian_of_a_policys_loss_matches_central_differences) {
    const bm_space choice = {.kind = BM_DISCRETE, .size = 1, .n = ACTIONS}, box = {.kind = BM_BOX, .size = SIZE};
    check_hvp(&choice, &bm_activation_tanh);
    check_hvp(&choice, &bm_activation_relu);
    check_hvp(&box, &bm_activation_tanh);
    check_hvp(&box, &bm_activation_silu);
}
END_TEST

/* ---- through inner steps ---------------------------------------------------------------------------------------- */

typedef struct {
    acting family;
    void *config;
    bm_pool *pool;
    bm_learner *learner;
} meta;

static meta meta_make(const char *tasks, const setting *settings, const char *learner, const char *inner_steps,
                      int batch, int threads) {
    meta m = {.family = acting_make(tasks, settings, 8)};
    const bm_learner_type *type;
    bm_error error = {""};
    ck_assert_int_eq(bm_learner_lookup(learner, &type, &error), BM_OK);
    m.config = malloc(type->options.config_bytes);
    bm_options_defaults(&type->options, m.config);
    ck_assert_int_eq(bm_options_set(&type->options, m.config, "inner_lr", "0.3", &error), BM_OK);
    ck_assert_int_eq(bm_options_set(&type->options, m.config, "inner_steps", inner_steps, &error), BM_OK);
    ck_assert_int_eq(bm_pool_create(&m.pool, threads, &error), BM_OK);
    ck_assert_int_eq(bm_learner_create(&m.learner, type, m.config, m.family.tasks, batch, m.pool, &error), BM_OK);
    return m;
}

static void meta_free(meta *m) {
    bm_learner_destroy(m->learner);
    bm_pool_destroy(m->pool);
    acting_free(&m->family);
    free(m->config);
}

static const setting short_cartpole[] = {{"env", "CartPole-v1"},
                                         {"task_range", "reset_high=0.04:0.05"},
                                         {"env_set", "max_episode_steps=30"},
                                         {"later_step_scale", "0.5"},
                                         {"shots", "6"},
                                         {"queries", "6"},
                                         {0}};

/* Adapted parameters [n], from outer moved by amount along direction. */
static const bm_real *adapt_from(meta *m, const bm_real *outer, const bm_real *direction, double amount) {
    bm_learner_room *room = &m->learner->room[0];
    const size_t n = m->learner->tasks->parameters;
    for (size_t i = 0; i < n; i++) {
        room->params[i] = outer[i] + amount * direction[i];
    }
    ck_assert_int_eq(bm_learner_adapt(m->learner, room, outer), -1);
    return room->params + (size_t)m->learner->inner_steps * n;
}

/* Discrete actions are drawn by comparing a probability with a number that does not depend on the parameters: within a
 * small enough neighbourhood the same episodes are played. There the parameters after adaptation are a smooth function
 * of those before it, and the meta-gradient along a direction is the outer gradient times how they move. */
static void check_way_back(const char *inner_steps) {
    const double h = 1e-6;
    meta m = meta_make("CartPole-v1", short_cartpole, "maml", inner_steps, 1, 1);
    bm_learner_room *room = &m.learner->room[0];
    const size_t n = m.learner->parameters;
    bm_real *outer = numbers(n), *grad = numbers(n), *last = numbers(n), *direction = numbers(n), *below = numbers(n);
    bm_rng rng = bm_rng_seeded(5);
    double second_order = 0;
    fill(&rng, n, 0.5, outer);
    acting_begin(&room->task, 11);
    memcpy(room->params, outer, n * sizeof *outer);
    ck_assert_int_eq(bm_learner_adapt(m.learner, room, outer), -1);
    ck_assert(isfinite(m.learner->type->contribute(m.learner, room, outer, grad)));
    m.family.tasks->type->methods->outer(&room->task, room->params + (size_t)m.learner->inner_steps * n, last);
    for (int trial = 0; trial < 10; trial++) {
        double want = 0, got = 0, first_order = 0;
        fill(&rng, n, 1, direction);
        memcpy(below, adapt_from(&m, outer, direction, -h), n * sizeof *below);
        const bm_real *above = adapt_from(&m, outer, direction, h);
        for (size_t i = 0; i < n; i++) {
            want += last[i] * (above[i] - below[i]) / (2 * h);
            got += grad[i] * direction[i];
            first_order += last[i] * direction[i];
        }
        assert_near(got, want, 1e-7, "along a direction");
        second_order = fmax(second_order, fabs(want - first_order));
    }
    ck_assert_msg(second_order > 1e-3, "there is nothing to go back through: %g", second_order);
    free(outer);
    free(grad);
    free(last);
    free(direction);
    free(below);
    meta_free(&m);
}

START_TEST(the_way_back_through_inner_steps_matches_central_differences) {
    check_way_back("1");
    check_way_back("2");
    check_way_back("3");
}
END_TEST

static void check_threads(const char *tasks, const setting *settings, const char *learner) {
    bm_real *grad[2];
    for (int i = 0; i < 2; i++) {
        meta m = meta_make(tasks, settings, learner, "2", 5, i + 1);
        const size_t n = m.learner->parameters;
        const bm_seed seed = bm_seed_of(1);
        bm_real *outer = numbers(n);
        bm_rng rng = bm_rng_seeded(5);
        bm_error error;
        grad[i] = numbers(n);
        ck_assert_int_eq(bm_learner_init(m.learner, BM_INIT_XAVIER_UNIFORM, outer, &rng, &error), BM_OK);
        ck_assert_int_eq(bm_learner_gradient(m.learner, &seed, 1, outer, grad[i]).failed_task, -1);
        ck_assert(i == 0 || memcmp(grad[0], grad[1], n * sizeof **grad) == 0);
        free(outer);
        meta_free(&m);
    }
    free(grad[0]);
    free(grad[1]);
}

START_TEST(any_number_of_threads_gives_the_same_bits) {
    static const setting short_walks[] = {{"env_set", "max_episode_steps=10"}, {"shots", "5"}, {"queries", "3"}, {0}};
    check_threads("point2d", short_walks, "maml");
    check_threads("point2d", short_walks, "reptile");
    check_threads("CartPole-v1", short_cartpole, "maml");
}
END_TEST

/* ---- the baseline ----------------------------------------------------------------------------------------------- */

START_TEST(the_baseline_is_the_least_squares_fit) {
    const bm_real nothing[5] = {0}, sides[4] = {-1, -1, 1, 1};
    const int32_t hundreds[5] = {0, 100, 200, 300, 400}, start[4] = {0};
    const double squares[4] = {1, 2, 5, 10}, values[4] = {0, 2, 4, 8}, endless[4] = {0, 2, INFINITY, 8};
    double expected[5];
    bm_arena arena = {0};
    bm_linear_baseline baseline;
    bm_linear_baseline_create(&baseline, 1, &arena);
    ck_assert_int_eq(bm_arena_check(&arena, "baseline", NULL), BM_OK);

    bm_linear_baseline_fit(&baseline, &(bm_baseline_rows){4, 1, nothing, hundreds}, squares);
    bm_linear_baseline_expect(&baseline, &(bm_baseline_rows){5, 1, nothing, hundreds}, expected);
    for (int t = 0; t < 5; t++) {
        assert_near(expected[t], 1.0 + t * t, 1e-3, "the cubic through four points");
    }
    bm_linear_baseline_fit(&baseline, &(bm_baseline_rows){4, 1, sides, start}, values);
    bm_linear_baseline_expect(&baseline, &(bm_baseline_rows){4, 1, sides, start}, expected);
    assert_near(expected[0], 1, 1e-4, "the mean of 0 and 2");
    assert_near(expected[3], 6, 1e-4, "the mean of 4 and 8");
    bm_linear_baseline_fit(&baseline, &(bm_baseline_rows){4, 1, sides, start}, endless);
    bm_linear_baseline_expect(&baseline, &(bm_baseline_rows){1, 1, sides, start}, expected);
    ck_assert(!isfinite(expected[0]));
    bm_arena_free(&arena);
}
END_TEST

START_TEST(the_baseline_reads_the_first_numbers_of_a_row) {
    /* y = 3 a - b^2 + 2, and a column that it must not see */
    const bm_real rows[6][3] = {{1, 0, 9}, {0, 1, -3}, {2, 2, 5}, {-1, 1, 0}, {1, -2, 8}, {3, 1, 1}};
    const int32_t start[6] = {0};
    double value[6], expected[6];
    bm_arena arena = {0};
    bm_linear_baseline baseline;
    bm_linear_baseline_create(&baseline, 2, &arena);
    for (int i = 0; i < 6; i++) {
        value[i] = 3 * rows[i][0] - rows[i][1] * rows[i][1] + 2;
    }
    const bm_baseline_rows seen = {6, 3, rows[0], start};
    bm_linear_baseline_fit(&baseline, &seen, value);
    bm_linear_baseline_expect(&baseline, &seen, expected);
    for (int i = 0; i < 6; i++) {
        assert_near(expected[i], value[i], 1e-3, "a value that is linear in the features");
    }
    bm_arena_free(&arena);
}
END_TEST

TEST_MAIN("episodes in double", 60, the_hessian_of_a_policys_loss_matches_central_differences,
          the_way_back_through_inner_steps_matches_central_differences, any_number_of_threads_gives_the_same_bits,
          the_baseline_is_the_least_squares_fit, the_baseline_reads_the_first_numbers_of_a_row)
