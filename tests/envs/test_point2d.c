/* Point2D-v0: steps worked out by hand, clipping, and where an episode ends. */
#include <math.h>

#include "build.h"

static bm_env_batch *start(int lanes, const char *options) {
    return build("Point2D-v0", lanes, options, 1);
}

static void act(bm_env_batch *batch, int lane, double x, double y) {
    float *action = batch->action;
    action[2 * lane] = (float)x;
    action[2 * lane + 1] = (float)y;
}

static void put(bm_env_batch *batch, int lane, double x, double y) {
    set_state(batch, lane, (const double[]){x, y});
}

/* To (0.3, 0.4): a step of (0.0625, -0.125), clipped to -0.1, leads to the distance sqrt(0.2375^2 + 0.5^2). */
START_TEST(a_step_adds_the_clipped_action_and_costs_the_distance) {
    bm_env_batch *batch = start(1, "");
    double position[2];
    act(batch, 0, 0.0625, -0.125);
    bm_env_step(batch);
    bm_env_get_state(batch, 0, position);
    ck_assert(position[0] == 0.0625 && position[1] == -0.1);
    assert_near(batch->reward[0], -hypot(0.2375, 0.5), 1e-14, "reward");
    const float *observation = batch->observation;
    ck_assert(observation[0] == 0.0625F && observation[1] == -0.1F);
    act(batch, 0, -7, 0.03125);
    bm_env_step(batch);
    bm_env_get_state(batch, 0, position);
    ck_assert(position[0] == 0.0625 - 0.1 && position[1] == -0.1 + 0.03125);
    assert_near(batch->episode_return[0], -hypot(0.2375, 0.5) - hypot(0.3375, 0.46875), 1e-14, "return");
    ck_assert(!batch->terminated[0] && !batch->truncated[0]);
    bm_env_destroy(batch);
}
END_TEST

/* Both coordinates must be nearer than 0.01; the goal lies at 0, so that nothing is rounded. */
START_TEST(an_episode_ends_strictly_within_a_hundredth_in_both_coordinates) {
    const double edge = 0.01, inside = nextafter(0.01, 0);
    const struct {
        double x, y;
        bool over;
    } cases[] = {{inside, -inside, true}, {edge, 0, false},      {0, edge, false}, {-edge, 0, false},
                 {0, -edge, false},       {inside, edge, false}, {0, 0, true},     {-inside, inside, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_env_batch *batch = start(1, "goal_x=0;goal_y=0");
        put(batch, 0, cases[i].x, cases[i].y);
        act(batch, 0, 0, 0);
        bm_env_step(batch);
        ck_assert_msg(batch->terminated[0] == cases[i].over, "at (%.17g, %.17g)", cases[i].x, cases[i].y);
        assert_near(batch->reward[0], -hypot(cases[i].x, cases[i].y), 1e-15, "the last step costs its distance, too");
        bm_env_destroy(batch);
    }
}
END_TEST

/* Straight to the goal at full speed: sqrt(0.13) + sqrt(0.05) + 0.1 + 0, the best return there is, as no position
 * nearer to the goal can be reached in so many steps. */
START_TEST(the_best_episode_takes_four_steps) {
    bm_env_batch *batch = start(1, "");
    for (int t = 0; t < 4; t++) {
        ck_assert(!batch->terminated[0]);
        act(batch, 0, t < 3 ? 0.1 : 0, 0.1);
        bm_env_step(batch);
    }
    ck_assert(batch->terminated[0] && batch->final_length[0] == 4);
    assert_near(batch->final_return[0], -0.6841619252963779, 1e-12, "return");
    const float *last = batch->final_observation, *first = batch->observation;
    assert_near((double)last[0], 0.3, 1e-7, "where it ended");
    assert_near((double)last[1], 0.4, 1e-7, "where it ended");
    ck_assert(first[0] == 0 && first[1] == 0); /* the next episode begins at once, in the middle */
    bm_env_destroy(batch);
}
END_TEST

START_TEST(an_episode_is_cut_after_a_hundred_steps) {
    bm_env_batch *batch = start(1, "goal_x=-10;goal_y=10");
    act(batch, 0, 0, 0);
    for (int t = 1; t <= 100; t++) {
        bm_env_step(batch);
        ck_assert_int_eq(batch->truncated[0], t == 100);
        ck_assert(!batch->terminated[0]);
    }
    assert_near(batch->final_return[0], -100 * sqrt(200), 1e-9, "return");
    bm_env_destroy(batch);
}
END_TEST

/* More lanes than have a trail. */
START_TEST(lanes_walk_apart) {
    enum { LANES = 70 };
    bm_env_batch *batch = start(LANES, "goal_x=5;goal_y=5");
    for (int t = 0; t < 3; t++) {
        for (int i = 0; i < LANES; i++) {
            act(batch, i, i / 1024.0, -i / 1024.0);
        }
        bm_env_step(batch);
    }
    for (int i = 0; i < LANES; i++) {
        double position[2];
        bm_env_get_state(batch, i, position);
        ck_assert(position[0] == 3 * i / 1024.0 && position[1] == -position[0]);
    }
    bm_env_destroy(batch);
}
END_TEST

TEST_MAIN("point2d", 30, a_step_adds_the_clipped_action_and_costs_the_distance,
          an_episode_ends_strictly_within_a_hundredth_in_both_coordinates, the_best_episode_takes_four_steps,
          an_episode_is_cut_after_a_hundred_steps, lanes_walk_apart)
