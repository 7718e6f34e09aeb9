/* GridWorld-v0: moves, rewards, observations, maps good and bad. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "envs/grid_map.h"

static bm_env_batch *world(const char *options) {
    return build("GridWorld-v0", 1, options, 1);
}

/* Builds nothing, and says why. */
static bm_status refused(const char *options, bm_error *error) {
    bm_env_batch *batch;
    const bm_status status = try_build(&batch, "GridWorld-v0", 1, options, error);
    ck_assert_ptr_null(batch);
    return status;
}

/* A file that is gone after the test; path must end in XXXXXX. */
static void write_map(char *path, const char *text) {
    const int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (int)strlen(text));
    close(file);
}

static bm_env_batch *drawn_world(const char *text, const char *options) {
    char path[] = "/tmp/bellman-map-XXXXXX", all[256];
    write_map(path, text);
    snprintf(all, sizeof all, "map=%s;%s", path, options);
    bm_env_batch *batch = world(all);
    unlink(path);
    return batch;
}

enum { LEFT, DOWN, RIGHT, UP };

static void move(bm_env_batch *batch, int action) {
    *choices(batch) = action;
    bm_env_step(batch);
}

static int32_t cell(const bm_env_batch *batch) {
    return *(const int32_t *)batch->observation;
}

START_TEST(moves_go_where_they_say_and_stop_at_walls_and_edges) {
    bm_env_batch *batch = drawn_world("S.#\n...\n..G\n", "");
    ck_assert_int_eq(cell(batch), 0);
    move(batch, LEFT);
    ck_assert_int_eq(cell(batch), 0);
    move(batch, UP);
    ck_assert_int_eq(cell(batch), 0);
    move(batch, RIGHT);
    ck_assert_int_eq(cell(batch), 1);
    move(batch, RIGHT); /* wall */
    ck_assert_int_eq(cell(batch), 1);
    move(batch, DOWN);
    ck_assert_int_eq(cell(batch), 4);
    move(batch, DOWN);
    ck_assert_int_eq(cell(batch), 7);
    move(batch, DOWN);
    ck_assert_int_eq(cell(batch), 7);
    move(batch, LEFT);
    ck_assert_int_eq(cell(batch), 6);
    move(batch, UP);
    ck_assert_int_eq(cell(batch), 3);
    bm_env_destroy(batch);
}
END_TEST

START_TEST(goals_digits_and_pits_end_the_episode_with_their_reward) {
    const char *options = "goal_reward=2;pit_reward=-3;step_cost=0.5";
    const struct {
        const char *map;
        double reward;
        int terminated;
    } cases[] = {{"SG\n", 1.5, 1},      {"S3\nG.\n", 0.1, 1},  {"SO\nG.\n", -3.5, 1}, {"SH\nG.\n", -3.5, 1},
                 {"S.\nG.\n", -0.5, 0}, {"SF\nG.\n", -0.5, 0}, {"S#\nG.\n", -0.5, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_env_batch *batch = drawn_world(cases[i].map, options);
        move(batch, RIGHT);
        assert_near(batch->reward[0], cases[i].reward, 1e-15, cases[i].map);
        ck_assert_int_eq(batch->terminated[0], cases[i].terminated);
        ck_assert_int_eq(batch->ended_count, cases[i].terminated);
        if (cases[i].terminated) {
            ck_assert_int_eq(*(const int32_t *)batch->final_observation, 1);
            ck_assert_int_eq(cell(batch), 0);
        }
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(observations_show_the_cell_as_asked_for) {
    const char *map = "...\nS..\n..G\n...\n...\n"; /* start: x 0 of 3, y 1 of 5 */
    bm_env_batch *index = drawn_world(map, "observation=index");
    ck_assert(index->observation_space.kind == BM_DISCRETE && index->observation_space.n == 15);
    ck_assert_int_eq(cell(index), 3);
    bm_env_destroy(index);

    bm_env_batch *onehot = drawn_world(map, "observation=onehot");
    ck_assert_int_eq(onehot->observation_space.dims, 2);
    ck_assert_int_eq(onehot->observation_space.shape[0], 5);
    ck_assert_int_eq(onehot->observation_space.shape[1], 3);
    const uint8_t at_start[15] = {[3] = 1}, after_right[15] = {[4] = 1};
    ck_assert_mem_eq(onehot->observation, at_start, 15);
    move(onehot, RIGHT);
    ck_assert_mem_eq(onehot->observation, after_right, 15);
    bm_env_destroy(onehot);

    bm_env_batch *xy = drawn_world(map, "observation=xy");
    const float *place = xy->observation;
    ck_assert(place[0] == -1 && place[1] == -0.5F);
    move(xy, RIGHT);
    ck_assert(place[0] == 0 && place[1] == -0.5F);
    bm_env_destroy(xy);

    bm_env_batch *line = drawn_world("S.G\n", "observation=xy"); /* one row: nothing to scale */
    place = line->observation;
    ck_assert(place[0] == -1 && place[1] == 0);
    bm_env_destroy(line);
}
END_TEST

/* In the order left, down, right, up. */
static void assert_mask(const bm_env_batch *batch, const char *allowed) {
    for (int a = 0; a < 4; a++) {
        ck_assert_int_eq(batch->action_mask[a], allowed[a] == '1');
    }
}

START_TEST(masks_forbid_walls_and_edges) {
    bm_env_batch *batch = drawn_world("S.#\n...\n..G\n", "mask_walls=true");
    assert_mask(batch, "0110");
    move(batch, RIGHT);
    assert_mask(batch, "1100");
    move(batch, DOWN);
    assert_mask(batch, "1111");
    move(batch, RIGHT);
    assert_mask(batch, "1100"); /* above it the wall, below it the goal */
    move(batch, DOWN);
    ck_assert_int_eq(batch->terminated[0], 1);
    ck_assert_mem_eq(batch->final_action_mask, ((const uint8_t[]){1, 0, 0, 1}), 4);
    assert_mask(batch, "0110");
    bm_env_destroy(batch);
}
END_TEST

/* A slip may still run into a wall: with slip 1 down becomes left or right, and to the left is none. */
START_TEST(masks_look_at_the_chosen_direction_alone) {
    bm_env_batch *batch = drawn_world("S.\n.G\n", "mask_walls=true;slip=1;max_episode_steps=0");
    bool stayed = false;
    for (int t = 0; t < 20; t++) {
        assert_mask(batch, cell(batch) == 0 ? "0110" : cell(batch) == 1 ? "1100" : "0011");
        const int before = cell(batch);
        move(batch, before == 2 ? UP : DOWN);
        stayed |= cell(batch) == before;
    }
    ck_assert(stayed);
    bm_env_destroy(batch);
}
END_TEST

START_TEST(a_start_between_walls_is_a_fault_where_walls_are_forbidden) {
    bm_error error;
    bm_env_batch *batch = drawn_world("S#G\n##.\n", "mask_walls=true");
    ck_assert_int_eq(bm_env_check(batch, &error), BM_FAILED);
    ck_assert_str_eq(error.text, "GridWorld-v0 allows no action in lane 0 at step 0 of its episode");
    bm_env_destroy(batch);
    batch = drawn_world("S#G\n##.\n", "");
    ck_assert_ptr_null(batch->action_mask);
    ck_assert(bm_env_check(batch, &error) == BM_OK);
    bm_env_destroy(batch);
}
END_TEST

/* Slip 1 never goes where it should; the two sides share it. */
START_TEST(slipping_goes_to_both_sides_equally_and_never_back) {
    enum { N = 4000 };
    bm_env_batch *batch = drawn_world("...\n.S.\n..G\n", "slip=0.5;max_episode_steps=0");
    const double middle[] = {1, 1};
    int seen[9] = {0};
    for (int i = 0; i < N; i++) {
        set_state(batch, 0, middle);
        move(batch, RIGHT);
        seen[cell(batch)]++;
    }
    const double deviation = sqrt(0.25 * 0.75 / N);
    ck_assert(fabs((double)seen[1] / N - 0.25) < 5 * deviation); /* up */
    ck_assert(fabs((double)seen[7] / N - 0.25) < 5 * deviation); /* down */
    ck_assert_int_eq(seen[3], 0);                                /* back */
    ck_assert_int_eq(seen[1] + seen[7] + seen[5], N);
    bm_env_destroy(batch);
}
END_TEST

START_TEST(several_starts_are_equally_likely) {
    enum { N = 3000 };
    bm_env_batch *batch = drawn_world("S.S\n.G.\nS..\n", "");
    int seen[9] = {0};
    for (int i = 0; i < N; i++) {
        bm_env_reset(batch);
        seen[cell(batch)]++;
    }
    const double deviation = sqrt(2.0 / 9 / N);
    ck_assert_int_eq(seen[0] + seen[2] + seen[6], N);
    ck_assert(fabs((double)seen[0] / N - 1.0 / 3) < 5 * deviation);
    ck_assert(fabs((double)seen[2] / N - 1.0 / 3) < 5 * deviation);
    bm_env_destroy(batch);
}
END_TEST

/* From every start of every built-in map there is a way to a goal, and the help names every map. */
START_TEST(built_in_maps_load_and_can_be_solved) {
    char names[256] = "";
    for (int m = 0; bm_grid_map_names[m]; m++) {
        bm_arena arena = {0};
        bm_grid_map map;
        bm_error error;
        ck_assert_msg(bm_grid_map_load(&map, bm_grid_map_names[m], &arena, &error) == BM_OK, "%s", error.text);
        ck_assert(map.width <= 11 && map.height <= 11);
        bool solved[13][13] = {{false}}; /* [y + 1][x + 1], with a margin; grows from the goals until nothing changes */
        for (bool grown = true; grown;) {
            grown = false;
            for (int i = 0; i < map.width * map.height; i++) {
                const int y = i / map.width + 1, x = i % map.width + 1;
                const bool walkable = map.cell[i] == '.' || map.cell[i] == 'S';
                const bool beside =
                    walkable && (solved[y][x - 1] || solved[y][x + 1] || solved[y - 1][x] || solved[y + 1][x]);
                if (!solved[y][x] && (map.cell[i] == 'G' || beside)) {
                    solved[y][x] = grown = true;
                }
            }
        }
        for (int i = 0; i < map.start_count; i++) {
            const int y = map.start[i] / map.width + 1, x = map.start[i] % map.width + 1;
            ck_assert_msg(solved[y][x], "map %s: no way from start %d", bm_grid_map_names[m], i);
        }
        bm_arena_free(&arena);
        strncat(names, m ? ", " : "", sizeof names - strlen(names) - 1);
        strncat(names, bm_grid_map_names[m], sizeof names - strlen(names) - 1);
    }
    ck_assert_str_eq(names, BM_GRID_MAP_NAMES);
}
END_TEST

START_TEST(windows_line_ends_and_a_missing_last_one_are_read) {
    bm_env_batch *crlf = drawn_world("S.\r\n.G\r\n\r\n", "");
    ck_assert_int_eq(crlf->observation_space.n, 4);
    bm_env_destroy(crlf);
    bm_env_batch *unended = drawn_world("S.\n.G", "");
    ck_assert_int_eq(unended->observation_space.n, 4);
    bm_env_destroy(unended);
}
END_TEST

static void assert_refused(const char *text, const char *want) {
    char path[] = "/tmp/bellman-map-XXXXXX", options[64];
    bm_error error;
    write_map(path, text);
    snprintf(options, sizeof options, "map=%s", path);
    const bm_status status = refused(options, &error);
    unlink(path);
    ck_assert_msg(status == BM_INVALID, "accepted: %s", text);
    ck_assert_msg(strstr(error.text, path) != NULL, "does not name the file: %s", error.text);
    ck_assert_msg(strstr(error.text, want) != NULL, "'%s' does not say '%s'", error.text, want);
}

START_TEST(a_bad_map_is_refused_naming_file_and_line) {
    assert_refused("S..\n....\n..G\n", "line 2: 4 cells, but 3 in the rows above");
    assert_refused("S..\n.\n..G\n", "line 2: 1 cells, but 3 in the rows above");
    assert_refused("S..\n...\n.xG\n", "line 3: unknown character 'x'");
    assert_refused("S..\n. .\n..G\n", "line 2: unknown character (code 32)");
    assert_refused("S.\n\303\244\n.G\n", "line 2: unknown character (code 195)");
    assert_refused("...\n..G\n", "no start (S) in lines 1 to 2");
    assert_refused("S..\n.O.\n", "no goal (G or 1-9) in lines 1 to 2");
    assert_refused("S..\n\n..G\n", "line 2: an empty row");
    assert_refused("", "is empty");
    assert_refused("\n\n", "is empty");
}
END_TEST

START_TEST(the_largest_map_is_read_and_a_larger_one_refused) {
    static char text[102 * 102 + 1];
    for (int width = 100; width <= 101; width++) {
        for (int height = 100; height <= 101; height++) {
            char *at = text;
            for (int y = 0; y < height; y++) {
                memset(at, '.', (size_t)width);
                at[width] = '\n';
                at += width + 1;
            }
            *at = '\0';
            text[0] = 'S';
            text[1] = 'G';
            if (width == 100 && height == 100) {
                bm_env_batch *batch = drawn_world(text, "");
                ck_assert_int_eq(batch->observation_space.n, 10000);
                bm_env_destroy(batch);
            } else {
                assert_refused(text, width > 100 ? "line 1: larger than 100 x 100" : "line 101: larger than 100 x 100");
            }
        }
    }
}
END_TEST

START_TEST(a_misspelt_map_is_refused_with_the_nearest_name) {
    bm_error error;
    ck_assert_int_eq(refused("map=lak", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "map 'lak' is neither a file nor one of " BM_GRID_MAP_NAMES "; did you mean lake?");
    ck_assert_int_eq(refused("map=/no/such/file", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "map '/no/such/file' is neither a file nor one of " BM_GRID_MAP_NAMES);
    ck_assert_int_ne(refused("map=/", &error), BM_OK); /* a folder */
}
END_TEST

/* Values from outside may not lead outside the map. */
START_TEST(states_beyond_the_map_and_in_walls_are_refused) {
    static const struct {
        double state[2];
        const char *sentence;
    } cases[] = {
        {{3, 0}, "GridWorld-v0: x=3, y=0 is outside the map of 3 x 2 cells"},
        {{0, 2}, "GridWorld-v0: x=0, y=2 is outside the map of 3 x 2 cells"},
        {{1, 0}, "GridWorld-v0: x=1, y=0 is a wall"},
        {{1e30, 0}, "GridWorld-v0: x=1e+30 is outside [0, 99]"},
        {{0, -1}, "GridWorld-v0: y=-1 is outside [0, 99]"},
        {{0, 0.5}, "GridWorld-v0: y=0.5 is no whole number"},
    };
    bm_env_batch *batch = drawn_world("S#G\n...\n", "");
    bm_error error;
    set_state(batch, 0, (const double[]){2, 1});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double values[2];
        ck_assert_int_eq(bm_env_set_state(batch, 0, cases[i].state, &error), BM_INVALID);
        ck_assert_str_eq(error.text, cases[i].sentence);
        bm_env_get_state(batch, 0, values);
        ck_assert(values[0] == 2 && values[1] == 1);
    }
    bm_env_destroy(batch);
}
END_TEST

/* As a damaged checkpoint could leave it: each number is in bounds, the cell is a wall. */
START_TEST(a_restored_lane_in_a_wall_is_told) {
    bm_env_batch *batch = build("GridWorld-v0", 3, "map=rooms", 1);
    bm_state state = {0};
    bm_error error;
    bm_env_state(batch, &state);
    ck_assert(bm_env_check_restored(batch, &error) == BM_OK);
    bm_dtype_set(BM_I32, bm_state_find(&state, "x")->data, 1, 5);
    bm_dtype_set(BM_I32, bm_state_find(&state, "y")->data, 1, 0);
    ck_assert_int_eq(bm_env_check_restored(batch, &error), BM_FAILED);
    ck_assert_str_eq(error.text, "the file is damaged: lane 1 of GridWorld-v0: x=5, y=0 is a wall");
    bm_state_free(&state);
    bm_env_destroy(batch);
}
END_TEST

TEST_MAIN("gridworld", 60, moves_go_where_they_say_and_stop_at_walls_and_edges,
          goals_digits_and_pits_end_the_episode_with_their_reward, observations_show_the_cell_as_asked_for,
          masks_forbid_walls_and_edges, masks_look_at_the_chosen_direction_alone,
          a_start_between_walls_is_a_fault_where_walls_are_forbidden,
          slipping_goes_to_both_sides_equally_and_never_back, several_starts_are_equally_likely,
          built_in_maps_load_and_can_be_solved, windows_line_ends_and_a_missing_last_one_are_read,
          a_bad_map_is_refused_naming_file_and_line, the_largest_map_is_read_and_a_larger_one_refused,
          a_misspelt_map_is_refused_with_the_nearest_name, states_beyond_the_map_and_in_walls_are_refused,
          a_restored_lane_in_a_wall_is_told)
