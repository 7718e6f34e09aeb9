/* Contours and surfaces: regions cover the areas they should, and points stand where they are drawn. */
#include "draw/contour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/raster.h"
#include "draw/svg.h"
#include "support.h"

enum { SIDE = 161, WIDTH = 200, HEIGHT = 100 };

static double values[SIDE * SIDE]; /* of the field of a test */
static const double pi = 3.14159265358979323846;

typedef double function(double x, double y);

static bm_field make_field(function *f, int columns, int rows, double half_side) {
    bm_field field = {.columns = columns,
                      .rows = rows,
                      .low = {-half_side, -half_side},
                      .high = {half_side, half_side},
                      .value = values};
    for (int i = 0; i < columns * rows; i++) {
        const double x = 2.0 * (i % columns) / (columns - 1) - 1, y = 2.0 * (i / columns) / (rows - 1) - 1;
        values[i] = f(half_side * x, half_side * y);
    }
    return field;
}

static double sphere(double x, double y) {
    return x * x + y * y;
}

static double ring(double x, double y) {
    return -fabs(hypot(x, y) - 0.5);
}

static double rastrigin(double x, double y) {
    return 20 + x * x - 10 * cos(2 * pi * x) + y * y - 10 * cos(2 * pi * y);
}

static double nothing(double x, double y) {
    return x > y ? NAN : INFINITY;
}

/* Inside, by the sum of all oriented contours, in cells. */
static double area_of(const bm_region *region) {
    double twice = 0;
    for (int c = 0, begin = 0; c < region->contours; begin = region->ends[c++]) {
        for (int i = begin; i < region->ends[c]; i++) {
            const bm_point a = region->points[i], b = region->points[i + 1 < region->ends[c] ? i + 1 : begin];
            twice += a.x * b.y - a.y * b.x;
        }
    }
    return twice / 2;
}

static bm_contour trace(const bm_field *field, int levels, const double *level, bm_arena *arena) {
    bm_contour contour = {.levels = levels};
    bm_error error;
    memcpy(contour.level, level, (size_t)levels * sizeof *level);
    bm_contour_trace_levels(&contour, field, arena);
    ck_assert_int_eq(bm_arena_check(arena, "contours", &error), BM_OK);
    return contour;
}

/* ---- regions ---- */

START_TEST(the_levels_of_a_sphere_enclose_discs) {
    const double radius[3] = {0.2, 0.5, 0.9}, level[3] = {0.04, 0.25, 0.81};
    const double cell = 4.0 / ((SIDE - 1) * (SIDE - 1));
    bm_arena arena = {0};
    const bm_field field = make_field(sphere, SIDE, SIDE, 1);
    const bm_contour contour = trace(&field, 3, level, &arena);
    assert_near(cell * area_of(&contour.above[0]), 4, 1e-12, "the window");
    for (int k = 0; k < 3; k++) {
        const double disc = 4 - cell * area_of(&contour.above[k + 1]), want = pi * radius[k] * radius[k];
        ck_assert_msg(fabs(disc - want) < 0.01 * want, "radius %g: area %g, not %g", radius[k], disc, want);
    }
    bm_arena_free(&arena);
}
END_TEST

START_TEST(a_ring_is_an_outline_and_a_hole_of_opposite_sense) {
    const double level = -0.1;
    bm_arena arena = {0};
    const bm_field field = make_field(ring, SIDE, SIDE, 1);
    const bm_contour contour = trace(&field, 1, &level, &arena);
    const bm_region *above = &contour.above[1];
    ck_assert_int_eq(above->contours, 2);
    const int first_end = above->ends[0], second_end = above->ends[1] - first_end;
    const double first = area_of(&(bm_region){above->points, &first_end, 1, 0, 0, 0, 0});
    const double second = area_of(&(bm_region){above->points + first_end, &second_end, 1, 0, 0, 0, 0});
    ck_assert_msg(first * second < 0, "%g and %g", first, second);
    const double cell = 4.0 / ((SIDE - 1) * (SIDE - 1)), want = pi * (0.36 - 0.16);
    assert_near(cell * (first + second) / want, 1, 0.01, "area of the ring");
    bm_arena_free(&arena);
}
END_TEST

/* Corners 1, 0, 1, 0 around a cell whose centre is 0.5. */
START_TEST(the_centre_of_a_saddle_decides_what_is_joined) {
    const double level[2] = {0.4, 0.6}, corner[4] = {1, 0, 0, 1};
    bm_arena arena = {0};
    const bm_field field = {.columns = 2, .rows = 2, .high = {1, 1}, .value = corner};
    const bm_contour contour = trace(&field, 2, level, &arena);
    ck_assert_int_eq(contour.above[1].contours, 1);
    assert_near(area_of(&contour.above[1]), 1 - 2 * 0.4 * 0.4 / 2, 1e-12, "joined: two corners cut off");
    ck_assert_int_eq(contour.above[2].contours, 2);
    assert_near(area_of(&contour.above[2]), 2 * 0.4 * 0.4 / 2, 1e-12, "apart: two corners left");
    bm_arena_free(&arena);
}
END_TEST

START_TEST(cells_beside_what_is_no_value_are_left_out) {
    enum { N = 9 };
    const double level = -1;
    const struct {
        int at[2];
        double value[2];
        int cells;
    } cases[] = {
        {{4 * N + 4, 4 * N + 4}, {NAN, NAN}, 4},       /* in the middle */
        {{0, 0}, {INFINITY, INFINITY}, 1},             /* in a corner */
        {{2 * N + 2, 4 * N + 4}, {NAN, -INFINITY}, 8}, /* two holes that touch at a point */
        {{4 * N + 2, 2 * N + 4}, {INFINITY, NAN}, 8},  /* the other way */
        {{4 * N, 4 * N + 1}, {NAN, NAN}, 4},           /* at the edge */
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        bm_arena arena = {0};
        const bm_field field = make_field(sphere, N, N, 1);
        values[cases[k].at[0]] = cases[k].value[0];
        values[cases[k].at[1]] = cases[k].value[1];
        const bm_contour contour = trace(&field, 1, &level, &arena);
        for (int i = 0; i < 2; i++) { /* all values reach the level */
            assert_near(area_of(&contour.above[i]), (N - 1) * (N - 1) - cases[k].cells, 1e-12, "cells with values");
        }
        bm_arena_free(&arena);
    }
}
END_TEST

START_TEST(huge_values_leave_contours_within_the_window) {
    const double level[2] = {-1e308, 1e308}, corner[4] = {-1.7e308, 1.7e308, -1.7e308, 1.7e308};
    bm_arena arena = {0};
    const bm_field field = {.columns = 2, .rows = 2, .high = {1, 1}, .value = corner};
    const bm_contour contour = trace(&field, 2, level, &arena);
    assert_near(area_of(&contour.above[1]), 1 - (1 - 1 / 1.7) / 2, 1e-12, "left of it");
    assert_near(area_of(&contour.above[2]), (1 - 1 / 1.7) / 2, 1e-12, "right of it");
    bm_arena_free(&arena);
}
END_TEST

/* ---- the scale ---- */

START_TEST(the_scale_rises_from_the_least_value_to_the_largest) {
    bm_arena arena = {0};
    bm_field field = make_field(rastrigin, SIDE, SIDE, 5.12);
    ck_assert(bm_field_rank(&field, &arena));
    ck_assert(bm_field_share(&field, 0) == 0 && bm_field_share(&field, -1) == 0);
    ck_assert(bm_field_share(&field, 1e300) == 1 && bm_field_share(&field, INFINITY) == 1);
    ck_assert(isnan(bm_field_share(&field, NAN)));
    double before = 0;
    for (double value = 0.1; value < 80; value += 0.1) {
        const double share = bm_field_share(&field, value);
        ck_assert_msg(share > before && share < 1, "%g: %g after %g", value, share, before);
        before = share;
    }
    bm_arena_free(&arena);
}
END_TEST

/* The share of the window below a value grows as the square of the distance, so the scale grows as the distance. */
START_TEST(a_square_gets_contours_at_equal_distances) {
    bm_arena arena = {0};
    bm_field field = make_field(sphere, SIDE, SIDE, 1);
    ck_assert(bm_field_rank(&field, &arena));
    const double at = bm_field_share(&field, 0.2 * 0.2) / 0.2;
    assert_near(bm_field_share(&field, 0.5 * 0.5) / 0.5, at, 0.02, "share at 0.5");
    assert_near(bm_field_share(&field, 0.9 * 0.9) / 0.9, at, 0.02, "share at 0.9");
    bm_contour contour;
    bm_contour_trace(&contour, &field, 12, &arena);
    ck_assert_int_eq(contour.levels, 12);
    for (int k = 1; k < 10; k++) { /* until the edge of the window cuts them off */
        const double step = sqrt(contour.level[k]) - sqrt(contour.level[k - 1]);
        assert_near(step, sqrt(contour.level[0]), 0.01, "distance of contours");
    }
    bm_arena_free(&arena);
}
END_TEST

START_TEST(without_a_finite_value_there_is_no_scale) {
    bm_arena arena = {0};
    bm_field field = make_field(nothing, 8, 8, 1);
    ck_assert(!bm_field_rank(&field, &arena));
    values[5] = 3;
    ck_assert(bm_field_rank(&field, &arena));
    bm_arena_free(&arena);
}
END_TEST

static double flat(double x, double y) {
    (void)x, (void)y;
    return 7;
}

START_TEST(a_constant_has_no_levels_and_one_colour) {
    bm_arena arena = {0};
    bm_field field = make_field(flat, 8, 8, 1);
    bm_contour contour;
    bm_raster *raster;
    bm_canvas canvas;
    bm_error error;
    ck_assert(bm_field_rank(&field, &arena));
    bm_contour_trace(&contour, &field, 12, &arena);
    ck_assert_int_eq(contour.levels, 0);
    ck_assert_int_eq(bm_raster_create(&raster, WIDTH, HEIGHT, &error), BM_OK);
    bm_raster_begin(raster, BM_YELLOW, &canvas);
    bm_contour_draw(&contour, &canvas);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        ck_assert_uint_eq(bm_raster_pixels(raster)[i], bm_field_color(0));
    }
    bm_raster_destroy(raster);
    bm_arena_free(&arena);
}
END_TEST

static double plane(double x, double y) {
    return 3 * x - 2 * y + 1;
}

START_TEST(values_between_points_lie_on_the_plane_through_them) {
    const bm_field field = make_field(plane, 9, 5, 2);
    for (int i = 0; i <= 20; i++) {
        const double x = -2 + 0.2 * i, y = 2 - 0.17 * i;
        assert_near(bm_field_at(&field, x, y), plane(x, y), 1e-12, "value");
    }
    ck_assert(isnan(bm_field_at(&field, 2.01, 0)) && isnan(bm_field_at(&field, 0, -2.01)));
    ck_assert(isnan(bm_field_at(&field, NAN, 0)));
    const bm_field line = {.columns = 3, .rows = 1, .high = {4, 0}, .value = (const double[3]){1, 5, NAN}};
    assert_near(bm_field_at(&line, 1, 99), 3, 1e-12, "of x alone");
    ck_assert(isnan(bm_field_at(&line, 3, 0)));
}
END_TEST

/* ---- pictures ---- */

START_TEST(bands_have_their_colours_and_holes_show_the_paper) {
    const double level[2] = {0.25, 0.81};
    bm_arena arena = {0};
    bm_raster *raster;
    bm_canvas canvas;
    bm_error error;
    const bm_field field = make_field(sphere, SIDE, SIDE, 1);
    for (int row = 0; row < 40; row++) { /* lower left: nothing */
        memset(values + row * SIDE, 0xff, 40 * sizeof *values);
    }
    const bm_contour contour = trace(&field, 2, level, &arena);
    ck_assert_int_eq(bm_raster_create(&raster, WIDTH, HEIGHT, &error), BM_OK);
    bm_raster_begin(raster, BM_YELLOW, &canvas);
    bm_contour_draw(&contour, &canvas);
    const struct {
        double x, y;
        bm_color color;
    } spots[] = {{0, 0, bm_field_color(0)},      {0.4, -0.2, bm_field_color(0)}, {0.6, 0, bm_field_color(0.5)},
                 {0, -0.8, bm_field_color(0.5)}, {0.95, 0, bm_field_color(1)},   {-0.9, 0.9, bm_field_color(1)},
                 {-0.8, -0.8, BM_YELLOW},        {-0.55, -0.55, BM_YELLOW}};
    for (size_t i = 0; i < sizeof spots / sizeof spots[0]; i++) {
        const bm_point at = bm_contour_place(&field, &canvas, spots[i].x, spots[i].y);
        const bm_color found = bm_raster_pixels(raster)[(int)at.y * WIDTH + (int)at.x];
        ck_assert_msg(found == spots[i].color, "(%g, %g): %08x", spots[i].x, spots[i].y, found);
    }
    bm_raster_destroy(raster);
    bm_arena_free(&arena);
}
END_TEST

/* A hole drawn over a colour leaves it, and lies beside an edge that pixels cover in part. */
START_TEST(a_region_on_pixels_covers_what_its_contours_enclose) {
    static const bm_point points[8] = {{1, 1}, {9, 1}, {9, 9}, {1, 9}, {3, 3}, {3, 7.5}, {7, 7.5}, {7, 3}};
    static const int ends[2] = {4, 8};
    bm_raster *raster;
    bm_canvas canvas;
    bm_error error;
    ck_assert_int_eq(bm_raster_create(&raster, 20, 10, &error), BM_OK);
    bm_raster_begin(raster, BM_PAPER, &canvas);
    bm_draw_region(&canvas, &(bm_region){points, ends, 2, .stretch_x = 2, .stretch_y = 1}, 0xff000000u);
    const uint32_t *pixel = bm_raster_pixels(raster);
    for (int i = 0; i < 200; i++) {
        const int x = i % 20, y = i / 20;
        const bool outside = x < 2 || x >= 18 || y < 1 || y >= 9, hole = x >= 6 && x < 14 && y >= 3 && y < 7;
        const bool half = x >= 6 && x < 14 && y == 7;
        const unsigned want = outside || hole ? 0xff : half ? 0x80 : 0;
        ck_assert_msg(abs((int)(pixel[i] & 0xff) - (int)want) <= 1, "(%d, %d): %02x", x, y, pixel[i] & 0xff);
    }
    bm_raster_destroy(raster);
}
END_TEST

START_TEST(documents_are_small_and_hold_numbers_only) {
    static const char *const names[2] = {"x", "y"};
    bm_arena arena = {0};
    bm_field field = make_field(rastrigin, 160, 160, 5.12);
    for (int way = 0; way < 2; way++) {
        bm_svg *svg;
        bm_canvas canvas;
        bm_contour contour;
        bm_error error;
        const char *text;
        size_t bytes;
        ck_assert(bm_field_rank(&field, &arena));
        bm_contour_trace(&contour, &field, 15, &arena);
        for (int surface = 0; surface < 2; surface++) {
            ck_assert_int_eq(bm_svg_create(&svg, 900, 600, &error), BM_OK);
            bm_svg_begin(svg, BM_PAPER, &canvas);
            if (surface) {
                bm_surface_draw(&field, (bm_surface_view){-0.6, 0.7}, names, 11, &canvas);
            } else {
                bm_contour_draw(&contour, &canvas);
            }
            ck_assert_int_eq(bm_svg_text(svg, &text, &bytes, &error), BM_OK);
            ck_assert_msg(bytes > 10000 && bytes < 400000, "%zu bytes", bytes);
            ck_assert(!strstr(text, "nan") && !strstr(text, "inf"));
            bm_svg_destroy(svg);
        }
        for (int i = 0; i < 160 * 160; i += 97) { /* and again with what is no value */
            values[i] = i % 3 ? NAN : i % 2 ? INFINITY : 1e308;
        }
    }
    bm_arena_free(&arena);
}
END_TEST

/* ---- the surface ---- */

START_TEST(higher_values_are_seen_higher_from_any_side) {
    bm_arena arena = {0};
    bm_canvas canvas = {.right = 900, .bottom = 600};
    bm_field field = make_field(rastrigin, SIDE, SIDE, 5.12);
    ck_assert(bm_field_rank(&field, &arena));
    for (double turn = -3; turn < 3; turn += 0.7) {
        for (double tilt = 0; tilt < 1.5; tilt += 0.3) {
            const bm_surface_view view = {turn, tilt};
            bm_point before = bm_surface_place(&field, view, 11, &canvas, 1, -2, 0);
            for (double value = 4; value < 80; value += 4) {
                const bm_point at = bm_surface_place(&field, view, 11, &canvas, 1, -2, value);
                assert_near(at.x, before.x, 1e-12, "x");
                ck_assert_msg(at.y < before.y, "value %g at turn %g, tilt %g", value, turn, tilt);
                before = at;
            }
        }
    }
    bm_arena_free(&arena);
}
END_TEST

START_TEST(every_view_of_the_surface_fits_the_viewport) {
    bm_arena arena = {0};
    bm_canvas canvas = {.right = 500, .bottom = 400};
    bm_field field = make_field(rastrigin, SIDE, SIDE, 5.12);
    ck_assert(bm_field_rank(&field, &arena));
    for (double turn = -3; turn < 3; turn += 0.2) {
        for (double tilt = 0; tilt < 1.6; tilt += 0.2) {
            for (int corner = 0; corner < 8; corner++) {
                const double x = corner & 1 ? 5.12 : -5.12, y = corner & 2 ? 5.12 : -5.12;
                const bm_point at =
                    bm_surface_place(&field, (bm_surface_view){turn, tilt}, 11, &canvas, x, y, corner & 4 ? 1e3 : 0);
                ck_assert_msg(at.x >= 0 && at.x <= 500 && at.y >= 0 && at.y <= 400, "turn %g, tilt %g: (%g, %g)", turn,
                              tilt, at.x, at.y);
            }
        }
    }
    bm_arena_free(&arena);
}
END_TEST

static double ridge(double x, double y) {
    (void)x;
    return exp(-20 * y * y);
}

/* A wall along y = 0, seen from the side of small y. */
START_TEST(a_ridge_hides_what_lies_behind_it) {
    const bm_surface_view low = {0, 0.3}, above = {0, 1.5}, other_side = {pi, 0.3};
    bm_arena arena = {0};
    bm_field field = make_field(ridge, SIDE, SIDE, 1);
    ck_assert(bm_field_rank(&field, &arena));
    ck_assert(bm_surface_hides(&field, low, 0, 0.6));
    ck_assert(!bm_surface_hides(&field, low, 0, -0.6));
    ck_assert(!bm_surface_hides(&field, low, 0, 0)); /* the crest itself */
    ck_assert(!bm_surface_hides(&field, above, 0, 0.6));
    ck_assert(!bm_surface_hides(&field, other_side, 0, 0.6));
    ck_assert(bm_surface_hides(&field, other_side, 0, -0.6));
    bm_arena_free(&arena);
}
END_TEST

TEST_MAIN("contour", 30, the_levels_of_a_sphere_enclose_discs, a_ring_is_an_outline_and_a_hole_of_opposite_sense,
          the_centre_of_a_saddle_decides_what_is_joined, cells_beside_what_is_no_value_are_left_out,
          huge_values_leave_contours_within_the_window, the_scale_rises_from_the_least_value_to_the_largest,
          a_square_gets_contours_at_equal_distances, without_a_finite_value_there_is_no_scale,
          a_constant_has_no_levels_and_one_colour, values_between_points_lie_on_the_plane_through_them,
          bands_have_their_colours_and_holes_show_the_paper, a_region_on_pixels_covers_what_its_contours_enclose,
          documents_are_small_and_hold_numbers_only, higher_values_are_seen_higher_from_any_side,
          every_view_of_the_surface_fits_the_viewport, a_ridge_hides_what_lies_behind_it)
