/* Environments draw themselves: fixed states look like the pictures in tests/golden/pictures, which make pictures
 * renews (BM_PICTURES=renew; look at each before it is stored), and what changes in the state changes in the picture.
 * Functions with the paths of optimizers are kept there, too. */
#include <math.h>

#include "landscapes.h"
#include "pictures.h"

enum { WIDTH = 300, HEIGHT = 200, SIDE = 100, LAKE = 16 };

/* The lake's cells are worth more to the right and below; one is never reached. */
static const double lake_value[LAKE] = {-0.2, -0.1, 0, NAN, 0.1, 0, 0.2, 0, 0.3, 0.4, 0.5, 0, 0, 0.6, 0.7, 0};
static const int32_t lake_action[LAKE] = {1, 2, 1, 0, 1, 0, 1, 0, 2, 1, 1, 0, 0, 2, 2, 0};
static const bm_env_policy_view lake_view = {lake_value, lake_action};

static const shown_state stored[] = {
    {"CartPole-v1", "start", "", {0.02, 0, -0.03, 0}, -1, NULL},
    {"CartPole-v1", "leaning", "", {0.9, 0, 0.12, 0}, 1, NULL},
    {"CartPole-v1", "fallen", "", {-1.3, 0, -0.23, 0}, 0, NULL},
    {"CartPole-v1", "off_track", "", {2.43, 0, 0.05, 0}, 1, NULL},
    {"GridWorld-v0", "lake_start", "", {0, 0}, -1, NULL},
    {"GridWorld-v0", "lake_policy", "slip=0.2", {2, 1}, 2, &lake_view},
    {"GridWorld-v0", "treasure", "map=treasure", {1, 2}, 3, NULL},
    {"GridWorld-v0", "rooms_slip", "map=rooms;slip=0.1", {8, 7}, 1, NULL},
    {"GridWorld-v0", "cliff_fallen", "map=cliff", {2, 3}, 1, NULL},
    {"GridWorld-v0", "maze_arrived", "map=maze", {6, 6}, 1, NULL},
    {"Point2D-v0", "start", "", {0, 0}, -1, NULL},
    {"Point2D-v0", "arrived", "", {0.3, 0.4}, -1, NULL},
    {"Point2D-v0", "far", "goal_x=-2;goal_y=0.5", {0.4, -0.9}, -1, NULL},
};
enum { STORED = sizeof stored / sizeof stored[0] };

static picture golden_named(const char *kind, const char *name, const picture *renewed) {
    char path[256];
    snprintf(path, sizeof path, "tests/golden/pictures/%s_%s.png", kind, name);
    const char *wish = getenv("BM_PICTURES");
    if (renewed && wish && strcmp(wish, "renew") == 0) {
        write_png(path, renewed);
    }
    return read_png(path);
}

static picture golden(const shown_state *shown, const picture *renewed) {
    return golden_named(shown->id, shown->name, renewed);
}

START_TEST(every_environment_looks_like_its_stored_pictures) {
    for (int k = 0; k < STORED; k++) {
        const picture drawn = draw_picture(&stored[k], WIDTH, HEIGHT);
        const picture want = golden(&stored[k], &drawn);
        const difference found = compare(&drawn, &want);
        ck_assert_msg(alike(found), "%s, %s: differs by %.3g %% in the mean, and clearly in %.3g %% of the pixels",
                      stored[k].id, stored[k].name, 100 * found.mean, 100 * found.share);
        free(drawn.pixel);
        free(want.pixel);
    }
}
END_TEST

START_TEST(every_environment_has_three_stored_pictures) {
    for (const bm_env_type *const *type = bm_env_types; *type; type++) {
        int count = 0;
        for (int k = 0; k < STORED; k++) {
            count += strcmp(stored[k].id, (*type)->id) == 0;
        }
        ck_assert_msg(count >= 3, "%s has %d stored pictures", (*type)->id, count);
    }
}
END_TEST

START_TEST(the_comparison_notices_a_small_piece_that_is_missing) {
    shown_state shown = stored[1];
    const picture want = golden(&shown, NULL);
    shown.action = -1; /* no arrow beside the cart */
    const picture drawn = draw_picture(&shown, WIDTH, HEIGHT);
    ck_assert(!alike(compare(&drawn, &want)));
    free(drawn.pixel);
    free(want.pixel);
}
END_TEST

/* ---- all environments ---- */

START_TEST(nothing_is_drawn_outside_of_the_viewport) {
    enum { LEFT = 60, TOP = 40, RIGHT = 230, BOTTOM = 150 };
    for (int k = 0; k < STORED; k++) {
        bm_env_batch *batch = show(&stored[k]);
        bm_raster *raster;
        bm_canvas canvas;
        bm_error error;
        ck_assert_int_eq(bm_raster_create(&raster, WIDTH, HEIGHT, &error), BM_OK);
        bm_raster_begin(raster, BM_YELLOW, &canvas);
        bm_canvas_viewport(&canvas, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
        batch->type->draw(batch, 0, stored[k].view, &canvas);
        ck_assert(canvas.left == LEFT && canvas.top == TOP && canvas.right == RIGHT && canvas.bottom == BOTTOM);
        int inside = 0;
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            const int x = i % WIDTH, y = i / WIDTH;
            const bool within = x >= LEFT && x < RIGHT && y >= TOP && y < BOTTOM;
            const bool touched = bm_raster_pixels(raster)[i] != BM_YELLOW;
            ck_assert_msg(within || !touched, "%s, %s: (%d, %d)", stored[k].id, stored[k].name, x, y);
            inside += touched;
        }
        ck_assert_int_gt(inside, (RIGHT - LEFT) * (BOTTOM - TOP) / 4);
        bm_raster_destroy(raster);
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(text_too_small_to_read_is_left_out) {
    static const int size[][2] = {{1200, 800}, {600, 400}, {300, 200}, {240, 160}, {200, 130},
                                  {160, 100},  {120, 76},  {60, 40},   {8, 8},     {1, 1}};
    for (int k = 0; k < STORED; k++) {
        for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
            const notes taken = take_notes(&stored[k], size[i][0], size[i][1]);
            ck_assert_msg(taken.smallest_text >= 6 - 1e-9, "%s, %s: text of %g pixels at %d x %d", stored[k].id,
                          stored[k].name, taken.smallest_text, size[i][0], size[i][1]);
        }
        ck_assert_msg(take_notes(&stored[k], 300, 200).text[0], "%s, %s: no text", stored[k].id, stored[k].name);
    }
}
END_TEST

/* ---- CartPole ---- */

static const double metre = WIDTH / 5.6; /* pixels */

static picture cartpole(double x, double angle, int action) {
    const shown_state shown = {"CartPole-v1", "", "", {x, 0, angle, 0}, action, NULL};
    return draw_picture(&shown, WIDTH, HEIGHT);
}

START_TEST(the_cart_stands_where_its_position_says) {
    const picture middle = cartpole(0, 0, -1), right = cartpole(1, 0, -1), left = cartpole(-1.5, 0, -1);
    const double zero = find_color(&middle, BM_BLUE).x;
    assert_near(zero, (WIDTH - 1) / 2.0, 0.01, "the middle");
    assert_near(find_color(&right, BM_BLUE).x - zero, metre, 0.02, "one metre");
    assert_near(find_color(&left, BM_BLUE).x - zero, -1.5 * metre, 0.02, "one and a half metres to the left");
    free(middle.pixel);
    free(right.pixel);
    free(left.pixel);
}
END_TEST

/* The middle of the pole is half a metre from the axle, clockwise from upright. */
START_TEST(the_pole_leans_as_its_angle_says) {
    for (int k = -1; k <= 1; k++) {
        const double angle = 0.2 * k;
        const picture drawn = cartpole(0.5, angle, -1);
        const double cart = find_color(&drawn, BM_BLUE).x;
        const double off = find_color(&drawn, BM_ORANGE).x - cart;
        ck_assert_msg(fabs(off - 0.5 * sin(angle) * metre) < 1, "angle %g: %g pixels", angle, off);
        free(drawn.pixel);
    }
}
END_TEST

START_TEST(the_last_push_is_an_arrow_behind_the_cart) {
    const picture none = cartpole(0, 0, -1), right = cartpole(0, 0, 1), left = cartpole(0, 0, 0);
    const spot from_left = find_changes(&none, &right), from_right = find_changes(&none, &left);
    ck_assert_int_gt(from_left.count, 20);
    ck_assert_int_gt(from_right.count, 20);
    ck_assert_int_lt(from_left.right, WIDTH / 2);
    ck_assert_int_gt(from_right.left, WIDTH / 2);
    free(none.pixel);
    free(right.pixel);
    free(left.pixel);
}
END_TEST

START_TEST(what_ended_the_episode_takes_the_colour_of_warnings) {
    const picture standing = cartpole(0, 0.209, -1), fallen = cartpole(0, 0.210, -1), off = cartpole(-2.401, 0, -1);
    ck_assert_int_gt(find_color(&standing, BM_ORANGE).count, 60);
    ck_assert_int_gt(find_color(&standing, BM_BLUE).count, 60);
    ck_assert_int_eq(find_color(&fallen, BM_ORANGE).count, 0);
    ck_assert_int_gt(find_color(&fallen, BM_BLUE).count, 60);
    ck_assert_int_gt(find_color(&fallen, BM_VERMILLION).count, find_color(&standing, BM_VERMILLION).count + 60);
    ck_assert_int_eq(find_color(&off, BM_BLUE).count, 0);
    ck_assert_int_gt(find_color(&off, BM_ORANGE).count, 60);
    free(standing.pixel);
    free(fallen.pixel);
    free(off.pixel);
}
END_TEST

/* ---- GridWorld ---- */

static shown_state grid(const char *options, int x, int y, const bm_env_policy_view *view) {
    return (shown_state){"GridWorld-v0", "", options, {x, y}, 1, view};
}

static picture draw_grid(const char *options, int x, int y, const bm_env_policy_view *view) {
    const shown_state shown = grid(options, x, y, view);
    return draw_picture(&shown, WIDTH, HEIGHT);
}

START_TEST(the_walker_moves_by_cells_of_one_size) {
    const picture corner = draw_grid("", 0, 0, NULL), right = draw_grid("", 2, 0, NULL),
                  below = draw_grid("", 0, 2, NULL);
    const spot from = find_color(&corner, BM_BLUE), x = find_color(&right, BM_BLUE), y = find_color(&below, BM_BLUE);
    ck_assert_int_gt(from.count, 100);
    ck_assert(x.x - from.x > 60 && fabs(x.y - from.y) < 0.5);
    ck_assert(fabs((x.x - from.x) - (y.y - from.y)) < 1 && fabs(y.x - from.x) < 0.5);
    free(corner.pixel);
    free(right.pixel);
    free(below.pixel);
}
END_TEST

START_TEST(the_walker_looks_where_he_last_wanted_to_go) {
    shown_state shown = grid("", 2, 2, NULL);
    double x[4], y[4]; /* where the dark of his eyes is */
    for (int action = 0; action < 4; action++) {
        shown.action = action;
        const picture drawn = draw_picture(&shown, WIDTH, HEIGHT);
        const spot walker = find_color(&drawn, BM_BLUE);
        spot pupils = {0};
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            const int column = i % WIDTH, row = i / WIDTH;
            const bool on_walker =
                column > walker.left && column < walker.right && row > walker.top && row < walker.bottom;
            if (on_walker && (drawn.pixel[i] & 0xff) < 0x40) {
                add_to_spot(&pupils, column, row);
            }
        }
        ck_assert_int_gt(pupils.count, 0);
        x[action] = pupils.x;
        y[action] = pupils.y;
        free(drawn.pixel);
    }
    ck_assert(x[0] < x[1] - 1 && x[1] < x[2] - 1 && fabs(x[1] - x[3]) < 0.5); /* left, down and up, right */
    ck_assert(y[3] < y[0] - 1 && y[0] < y[1] - 1 && fabs(y[0] - y[2]) < 0.5); /* up, left and right, down */
}
END_TEST

/* Only the cell whose preference changed looks different, and not where there is no value. */
START_TEST(a_preferred_action_is_an_arrow_in_its_cell) {
    int32_t other_action[LAKE];
    memcpy(other_action, lake_action, sizeof other_action);
    other_action[9] = 0; /* third row, second column */
    other_action[3] = 2; /* no value */
    other_action[5] = 2; /* a pit */
    const bm_env_policy_view other = {lake_value, other_action};
    const picture one = draw_grid("", 2, 1, &lake_view), two = draw_grid("", 2, 1, &other);
    const spot changed = find_changes(&one, &two);
    ck_assert_int_gt(changed.count, 30);
    ck_assert(changed.right - changed.left < 42 && changed.bottom - changed.top < 42);
    ck_assert(changed.x > 105 && changed.x < 148 && changed.y > 95 && changed.y < 140);
    free(one.pixel);
    free(two.pixel);
}
END_TEST

START_TEST(values_are_shades_from_the_lowest_to_the_highest) {
    const picture plain = draw_grid("", 2, 1, NULL), viewed = draw_grid("", 2, 1, &lake_view);
    for (int k = 0; k <= 1; k++) {
        ck_assert_int_eq(find_color(&plain, bm_color_of_value(k)).count, 0);
        ck_assert_int_gt(find_color(&viewed, bm_color_of_value(k)).count, 400);
    }
    ck_assert(find_color(&viewed, bm_color_of_value(1)).x > find_color(&viewed, bm_color_of_value(0)).x + 60);
    free(plain.pixel);
    free(viewed.pixel);
}
END_TEST

START_TEST(numbers_appear_in_cells_with_room_for_them) {
    const shown_state shown = grid("", 2, 1, &lake_view);
    const notes large = take_notes(&shown, 600, 400), small = take_notes(&shown, 240, 160);
    ck_assert_ptr_nonnull(strstr(large.text, "|−0.20|"));
    ck_assert_ptr_nonnull(strstr(large.text, "|0.70|"));
    ck_assert_ptr_null(strstr(large.text, "nan"));
    ck_assert_ptr_null(strstr(small.text, "0.70"));
}
END_TEST

START_TEST(how_an_episode_ended_is_written_and_framed) {
    const picture walking = draw_grid("map=cliff", 2, 2, NULL), fallen = draw_grid("map=cliff", 2, 3, NULL),
                  arrived = draw_grid("map=cliff", 5, 3, NULL);
    ck_assert_int_eq(find_color(&walking, BM_VERMILLION).count, 0);
    ck_assert_int_gt(find_color(&fallen, BM_VERMILLION).count, 100);
    ck_assert_int_gt(find_color(&arrived, BM_GREEN).count, find_color(&walking, BM_GREEN).count + 100);
    const shown_state pit = grid("map=cliff;pit_reward=-100", 2, 3, NULL), goal = grid("map=treasure", 0, 0, NULL);
    ck_assert_ptr_nonnull(strstr(take_notes(&pit, 600, 400).text, "|fell into a pit: −100|"));
    ck_assert_ptr_nonnull(strstr(take_notes(&goal, 600, 400).text, "|reached a goal: +0.3|"));
    free(walking.pixel);
    free(fallen.pixel);
    free(arrived.pixel);
}
END_TEST

START_TEST(the_map_says_what_its_cells_and_steps_are_worth) {
    const shown_state shown = grid("map=treasure;slip=0.2;step_cost=0.05", 1, 1, NULL);
    const notes taken = take_notes(&shown, 600, 400);
    ck_assert_ptr_nonnull(strstr(taken.text, "|+0.3|"));
    ck_assert_ptr_nonnull(strstr(taken.text, "|+1|"));
    ck_assert_ptr_nonnull(strstr(taken.text, "|−1|"));
    ck_assert_ptr_nonnull(strstr(taken.text, "|S|"));
    ck_assert_ptr_nonnull(strstr(taken.text, "|slip 0.2: moves sideways with probability 0.2 · −0.05 a step|"));
}
END_TEST

/* Of a hundred times a hundred free cells, values rising from left to right. */
START_TEST(a_large_map_is_drawn_with_few_shapes) {
    char folder[SCRATCH_BYTES], path[SCRATCH_BYTES + 16], options[SCRATCH_BYTES + 32];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/map.txt", folder);
    snprintf(options, sizeof options, "map=%s", path);
    double *value = calloc(SIDE * SIDE, sizeof *value);
    int32_t *action = calloc(SIDE * SIDE, sizeof *action);
    FILE *file = fopen(path, "w");
    ck_assert(value && action && file);
    for (int i = 0; i < SIDE * SIDE; i++) {
        value[i] = i % SIDE;
        fputc(i == 0 ? 'S' : i == SIDE * SIDE - 1 ? 'G' : '.', file);
        if (i % SIDE == SIDE - 1) {
            fputc('\n', file);
        }
    }
    ck_assert_int_eq(fclose(file), 0);
    const bm_env_policy_view view = {value, action};
    const shown_state plain = grid(options, 0, 0, NULL), viewed = grid(options, 0, 0, &view);
    ck_assert_int_lt(take_notes(&plain, 600, 400).shapes, 200);
    ck_assert_int_lt(take_notes(&viewed, 600, 400).shapes, 100 * 34 + 100);
    const picture drawn = draw_picture(&plain, WIDTH, HEIGHT);
    ck_assert_msg(find_color(&drawn, BM_BLUE).count >= 20, "the walker cannot be found");
    free(drawn.pixel);
    free(value);
    free(action);
    scratch_remove(folder, (const char *const[]){"map.txt", NULL});
}
END_TEST

/* ---- Point2D ---- */

static const double tenth = 0.1 * HEIGHT / (2.25 * 0.6); /* pixels */

static picture point2d(double x, double y) {
    return draw_picture(&(shown_state){"Point2D-v0", "", "", {x, y}, -1, NULL}, WIDTH, HEIGHT);
}

START_TEST(the_point_stands_where_its_position_says) {
    const picture start = point2d(0, 0), moved = point2d(0.2, -0.3), there = point2d(0.3, 0.4);
    const spot from = find_color(&start, BM_BLUE), to = find_color(&moved, BM_BLUE);
    assert_near(to.x - from.x, 2 * tenth, 0.02, "to the right");
    assert_near(to.y - from.y, 3 * tenth, 0.02, "and down");
    ck_assert_int_eq(find_color(&there, BM_BLUE).count, 0);
    ck_assert_int_gt(find_color(&there, BM_GREEN).count, find_color(&start, BM_GREEN).count);
    free(start.pixel);
    free(moved.pixel);
    free(there.pixel);
}
END_TEST

/* Three steps to the left and two down; then at rest for longer than positions are kept; then the next episode. */
START_TEST(the_trail_shows_this_episode_and_no_other) {
    bm_env_batch *batch = build("Point2D-v0", 1, "max_episode_steps=200", 1);
    const picture start = draw_batch(batch, NULL, WIDTH, HEIGHT);
    const spot middle = find_color(&start, BM_BLUE);
    float *action = batch->action;
    for (int t = 0; t < 5; t++) {
        action[0] = t < 3 ? -0.1F : 0;
        action[1] = t < 3 ? 0 : -0.1F;
        bm_env_step(batch);
    }
    const picture walked = draw_batch(batch, NULL, WIDTH, HEIGHT);
    const spot trail = find_color(&walked, BM_SKY);
    ck_assert(fabs(trail.left - (middle.x - 3 * tenth)) < 4 && fabs(trail.right - middle.x) < 4);
    ck_assert(fabs(trail.top - middle.y) < 4 && fabs(trail.bottom - (middle.y + 2 * tenth)) < 4);
    action[0] = action[1] = 0;
    for (int t = 5; t < 140; t++) {
        bm_env_step(batch);
    }
    const picture rested = draw_batch(batch, NULL, WIDTH, HEIGHT);
    ck_assert_int_gt(trail.count, 10 * find_color(&rested, BM_SKY).count);
    for (int t = 140; t < 200; t++) {
        bm_env_step(batch);
    }
    const picture next = draw_batch(batch, NULL, WIDTH, HEIGHT);
    ck_assert_int_eq(find_changes(&start, &next).count, 0);
    free(start.pixel);
    free(walked.pixel);
    free(rested.pixel);
    free(next.pixel);
    bm_env_destroy(batch);
}
END_TEST

/* As after a checkpoint: the lane is somewhere else than its last steps led. */
START_TEST(a_trail_begins_anew_where_a_lane_was_put) {
    bm_env_batch *batch = build("Point2D-v0", 1, "", 1);
    float *action = batch->action;
    const picture start = draw_batch(batch, NULL, WIDTH, HEIGHT);
    const spot middle = find_color(&start, BM_BLUE);
    action[0] = -0.1F;
    action[1] = 0;
    bm_env_step(batch);
    bm_env_step(batch);
    set_state(batch, 0, (const double[]){0.3, 0});
    const picture put = draw_batch(batch, NULL, WIDTH, HEIGHT);
    ck_assert_int_eq(find_color(&put, BM_SKY).count, 0);
    action[0] = 0.1F;
    bm_env_step(batch);
    const picture walked = draw_batch(batch, NULL, WIDTH, HEIGHT);
    const spot trail = find_color(&walked, BM_SKY);
    ck_assert_int_gt(trail.count, 0);
    ck_assert(trail.left > middle.x + 2 * tenth && trail.right < middle.x + 4 * tenth);
    free(start.pixel);
    free(put.pixel);
    free(walked.pixel);
    bm_env_destroy(batch);
}
END_TEST

/* ---- functions ---- */

static double rosenbrock(const double *x) {
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];
    return a * a + 100 * b * b;
}

static double himmelblau(const double *x) {
    const double a = x[0] * x[0] + x[1] - 11, b = x[0] + x[1] * x[1] - 7;
    return a * a + b * b;
}

static double barrier(const double *x) { /* no value outside of a disc */
    return x[0] + 0.5 * x[1] - log(1 - x[0] * x[0] - x[1] * x[1]);
}

static double wave(const double *x) {
    return x[0] * sin(-acos(-1) * x[0]);
}

START_TEST(functions_look_like_their_stored_pictures) {
    static const shown_landscape landscapes[] = {
        {.name = "rosenbrock",
         .formula = "(1 − x)² + 100 (y − x²)²",
         .dims = 2,
         .value = rosenbrock,
         .low = {-2, -1},
         .high = {2, 3},
         .start = {-1.6, 2.2},
         .minimum = {1, 1},
         .rate = {0.0004, 0.0013}},
        {.name = "himmelblau",
         .formula = "(x² + y − 11)² + (x + y² − 7)²",
         .dims = 2,
         .value = himmelblau,
         .low = {-5, -5},
         .high = {5, 5},
         .start = {0, -0.5},
         .minimum = {3, 2},
         .rate = {0.002, 0.01},
         .surface = true,
         .view = {-0.6, 0.9}},
        {.name = "barrier",
         .dims = 2,
         .value = barrier,
         .low = {-1.2, -1.2},
         .high = {1.2, 1.2},
         .start = {0.3, 0.8},
         .minimum_value = NAN,
         .rate = {0.02, 0.1}},
        {.name = "wave",
         .formula = "x sin(−πx)",
         .dims = 1,
         .value = wave,
         .low = {-1},
         .high = {3.2},
         .start = {1.7},
         .minimum = {2.53969},
         .minimum_value = -2.519973,
         .rate = {0.005, 0.06}},
    };
    for (size_t k = 0; k < sizeof landscapes / sizeof landscapes[0]; k++) {
        const picture drawn = draw_landscape(&landscapes[k], 640, 320);
        const picture want = golden_named("function", landscapes[k].name, &drawn);
        const difference found = compare(&drawn, &want);
        ck_assert_msg(alike(found), "%s: differs by %.3g %% in the mean, and clearly in %.3g %% of the pixels",
                      landscapes[k].name, 100 * found.mean, 100 * found.share);
        free(drawn.pixel);
        free(want.pixel);
    }
}
END_TEST

TEST_MAIN("pictures", 60, functions_look_like_their_stored_pictures, every_environment_looks_like_its_stored_pictures,
          every_environment_has_three_stored_pictures, the_comparison_notices_a_small_piece_that_is_missing,
          nothing_is_drawn_outside_of_the_viewport, text_too_small_to_read_is_left_out,
          the_cart_stands_where_its_position_says, the_pole_leans_as_its_angle_says,
          the_last_push_is_an_arrow_behind_the_cart, what_ended_the_episode_takes_the_colour_of_warnings,
          the_walker_moves_by_cells_of_one_size, the_walker_looks_where_he_last_wanted_to_go,
          a_preferred_action_is_an_arrow_in_its_cell, values_are_shades_from_the_lowest_to_the_highest,
          numbers_appear_in_cells_with_room_for_them, how_an_episode_ended_is_written_and_framed,
          the_map_says_what_its_cells_and_steps_are_worth, a_large_map_is_drawn_with_few_shapes,
          the_point_stands_where_its_position_says, the_trail_shows_this_episode_and_no_other,
          a_trail_begins_anew_where_a_lane_was_put)
