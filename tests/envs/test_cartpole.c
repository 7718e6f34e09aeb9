/* CartPole-v1 beyond what golden files hold (tests/golden_files): other physics, batches, starts, spaces. */
#include <math.h>

#include "build.h"

static bm_env_batch *cartpole(int lanes, const char *options) {
    return build("CartPole-v1", lanes, options, 1);
}

START_TEST(the_semi_implicit_integrator_moves_with_the_new_velocity) {
    bm_env_batch *batch = cartpole(1, "kinematics_integrator=semi_implicit");
    const double values[4] = {1, 0.5, 0, 0};
    double moved[4];
    set_state(batch, 0, values);
    choices(batch)[0] = 1;
    batch->type->step(batch);
    bm_env_get_state(batch, 0, moved);
    /* upright and at rest: push = 10/1.1, pole = -push / (0.5 (4/3 - 0.1/1.1)), cart = push - 0.05 pole / 1.1 */
    const double push = 10 / 1.1, pole = -push / (0.5 * (4.0 / 3 - 0.1 / 1.1)), cart = push - 0.05 * pole / 1.1;
    assert_near(moved[1], 0.5 + 0.02 * cart, 1e-12, "velocity");
    assert_near(moved[0], 1 + 0.02 * moved[1], 1e-12, "position");
    assert_near(moved[3], 0.02 * pole, 1e-12, "angular velocity");
    assert_near(moved[2], 0.02 * moved[3], 1e-12, "angle");
    bm_env_destroy(batch);
}
END_TEST

/* The two equations of motion (Florian 2007, 13 and 14 without friction), solved as a linear system:
 *   (M + m) x'' + m l cos(a) a'' = F + m l a'^2 sin(a),   cos(a) x'' + 4/3 l a'' = g sin(a) */
START_TEST(another_pole_on_another_planet_obeys_the_equations_of_motion) {
    const double g = 3.7, cart = 2.5, pole = 0.3, l = 0.8, push = 4;
    bm_env_batch *batch = cartpole(1, "gravity=3.7;masscart=2.5;masspole=0.3;length=0.8;force_mag=4");
    for (int way = 0; way < 2; way++) {
        const double before_step[4] = {0.3, -0.7, 0.15, 1.1};
        const double sine = sin(before_step[2]), cosine = cos(before_step[2]), turn = before_step[3];
        const double a = cart + pole, b = pole * l * cosine, c = cosine, d = 4.0 / 3 * l;
        const double right = (way ? push : -push) + pole * l * turn * turn * sine, fall = g * sine;
        const double determinant = a * d - b * c;
        double values[4];
        set_state(batch, 0, before_step);
        choices(batch)[0] = way;
        batch->type->step(batch);
        bm_env_get_state(batch, 0, values);
        assert_near(values[0], before_step[0] + 0.02 * before_step[1], 1e-14, "position");
        assert_near(values[1], before_step[1] + 0.02 * (right * d - b * fall) / determinant, 1e-14, "velocity");
        assert_near(values[2], before_step[2] + 0.02 * turn, 1e-14, "angle");
        assert_near(values[3], turn + 0.02 * (a * fall - c * right) / determinant, 1e-14, "angular velocity");
    }
    bm_env_destroy(batch);
}
END_TEST

/* More lanes than a block of the step, and not a multiple of it. */
START_TEST(large_batches_step_every_lane_alike) {
    enum { LANES = 301 };
    bm_env_batch *batch = cartpole(LANES, "");
    bm_env_batch *single = cartpole(1, "");
    bm_rng rng = bm_rng_seeded(3);
    for (int t = 0; t < 50; t++) {
        double from[LANES][4], to[4], want[4];
        for (int i = 0; i < LANES; i++) {
            bm_env_get_state(batch, i, from[i]);
        }
        bm_env_sample_actions(batch, &rng);
        batch->type->step(batch);
        for (int i = 0; i < LANES; i++) {
            set_state(single, 0, from[i]);
            choices(single)[0] = choices(batch)[i];
            single->type->step(single);
            bm_env_get_state(single, 0, want);
            bm_env_get_state(batch, i, to);
            ck_assert_mem_eq(to, want, sizeof to);
            ck_assert_int_eq(batch->terminated[i], single->terminated[0]);
        }
    }
    bm_env_destroy(batch);
    bm_env_destroy(single);
}
END_TEST

START_TEST(starting_values_fill_the_reset_bounds) {
    enum { LANES = 4000 };
    bm_env_batch *batch = cartpole(LANES, "reset_low=-0.01");
    double low[4] = {1, 1, 1, 1}, high[4] = {-1, -1, -1, -1};
    for (int i = 0; i < LANES; i++) {
        double values[4];
        bm_env_get_state(batch, i, values);
        for (int k = 0; k < 4; k++) {
            low[k] = fmin(low[k], values[k]);
            high[k] = fmax(high[k], values[k]);
        }
    }
    for (int k = 0; k < 4; k++) {
        ck_assert(low[k] >= -0.01 && low[k] < -0.0099 && high[k] < 0.05 && high[k] > 0.0499);
    }
    bm_env_destroy(batch);
}
END_TEST

START_TEST(crossed_reset_bounds_are_refused) {
    bm_env_batch *batch;
    bm_error error;
    ck_assert_int_eq(try_build(&batch, "CartPole-v1", 1, "reset_low=0.2", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "reset_low=0.2 is above reset_high=0.05");
}
END_TEST

/* Space, limit and threshold of Gymnasium's registration. */
START_TEST(spaces_limit_and_threshold_are_gymnasiums) {
    bm_env_batch *batch = cartpole(1, "");
    const bm_space *space = &batch->observation_space;
    ck_assert(space->kind == BM_BOX && space->dtype == BM_F32 && space->size == 4);
    ck_assert(space->high[0] == 4.800000190734863 && space->high[2] == 0.41887903213500977);
    ck_assert(isinf(space->high[1]) && isinf(space->high[3]));
    for (int i = 0; i < 4; i++) {
        ck_assert(space->low[i] == -space->high[i]);
    }
    ck_assert(batch->action_space.kind == BM_DISCRETE && batch->action_space.n == 2);
    ck_assert_int_eq(batch->max_episode_steps, 500);
    ck_assert(batch->type->reward_threshold == 475);
    bm_env_destroy(batch);
}
END_TEST

TEST_MAIN("cartpole", 60, the_semi_implicit_integrator_moves_with_the_new_velocity,
          another_pole_on_another_planet_obeys_the_equations_of_motion, large_batches_step_every_lane_alike,
          starting_values_fill_the_reset_bounds, crossed_reset_bounds_are_refused,
          spaces_limit_and_threshold_are_gymnasiums)
