/* The painter on pixels: areas known by hand, blending, clipping, lines without seams, and coordinates that are no
 * coordinates. */
#include "draw/raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/font.h"
#include "support.h"

#define BLACK 0xff000000u
enum { SIDE = 64 };
static const double PI = 3.14159265358979323846;

typedef struct {
    bm_raster *raster;
    bm_canvas canvas;
    int width, height;
} picture;

static picture open_picture(int width, int height) {
    picture p = {.width = width, .height = height};
    bm_error error;
    ck_assert_msg(bm_raster_create(&p.raster, width, height, &error) == BM_OK, "%s", error.text);
    bm_raster_begin(p.raster, BM_PAPER, &p.canvas);
    return p;
}

static uint32_t pixel(const picture *p, int x, int y) {
    return bm_raster_pixels(p->raster)[y * p->width + x];
}

static int darkness(const picture *p, int x, int y) { /* 255: black */
    return 255 - (int)(pixel(p, x, y) & 0xff);
}

static double ink(const picture *p) { /* pixels' worth of black */
    double sum = 0;
    for (int y = 0; y < p->height; y++) {
        for (int x = 0; x < p->width; x++) {
            sum += darkness(p, x, y);
        }
    }
    return sum / 255;
}

static void assert_same_picture(const picture *a, const picture *b) {
    ck_assert_mem_eq(bm_raster_pixels(a->raster), bm_raster_pixels(b->raster),
                     (size_t)(a->width * a->height) * sizeof(uint32_t));
}

static void start_again(picture *p) {
    bm_raster_begin(p->raster, BM_PAPER, &p->canvas);
}

/* ---- areas ---- */

START_TEST(pixels_half_covered_are_half_blended) {
    picture p = open_picture(10, 8);
    bm_draw_rectangle(&p.canvas, 2.5, 1, 5, 3.5, BLACK);
    const int want[5][6] = {{0, 0, 0, 0, 0, 0},
                            {0, 0, 128, 255, 255, 0},
                            {0, 0, 128, 255, 255, 0},
                            {0, 0, 64, 128, 128, 0},
                            {0, 0, 0, 0, 0, 0}};
    for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 6; x++) {
            ck_assert_int_le(abs(darkness(&p, x, y) - want[y][x]), 1);
        }
    }
    ck_assert_uint_eq(pixel(&p, 2, 1), 0xff808080u);

    /* The same shape with five corners takes the general path, to the same pixels; so does the other winding. */
    picture general = open_picture(10, 8);
    bm_draw_polygon(&general.canvas, (const bm_point[5]){{2.5, 1}, {4, 1}, {5, 1}, {5, 3.5}, {2.5, 3.5}}, 5, BLACK);
    assert_same_picture(&p, &general);
    start_again(&general);
    bm_draw_polygon(&general.canvas, (const bm_point[5]){{2.5, 3.5}, {5, 3.5}, {5, 1}, {4, 1}, {2.5, 1}}, 5, BLACK);
    assert_same_picture(&p, &general);
    bm_raster_destroy(p.raster);
    bm_raster_destroy(general.raster);
}
END_TEST

START_TEST(rectangles_within_one_pixel_count_by_their_area) {
    picture p = open_picture(4, 4);
    bm_draw_rectangle(&p.canvas, 1.25, 1.25, 1.75, 1.75, BLACK);
    ck_assert_uint_eq(pixel(&p, 1, 1), 0xffbfbfbfu); /* 255 * 3 / 4 */
    bm_draw_rectangle(&p.canvas, 3, 0, 3.5, 1, BLACK);
    ck_assert_uint_eq(pixel(&p, 3, 0), 0xff808080u);
    ck_assert_int_eq(darkness(&p, 0, 1) + darkness(&p, 2, 1) + darkness(&p, 1, 0) + darkness(&p, 1, 2), 0);
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(a_triangle_on_the_diagonal_halves_the_pixels_on_it) {
    picture p = open_picture(6, 6);
    bm_draw_polygon(&p.canvas, (const bm_point[3]){{0, 0}, {0, 6}, {6, 6}}, 3, BLACK);
    for (int y = 0; y < 6; y++) {
        for (int x = 0; x < 6; x++) {
            ck_assert_uint_eq(pixel(&p, x, y), x < y ? BLACK : x == y ? 0xff808080u : 0xffffffffu);
        }
    }
    /* Slope 1 : 4: one row with an eighth, three, five, seven eighths. */
    start_again(&p);
    bm_draw_polygon(&p.canvas, (const bm_point[3]){{1, 1}, {5, 1}, {5, 2}}, 3, BLACK);
    for (int x = 0; x < 4; x++) {
        ck_assert_int_le(abs(darkness(&p, 1 + x, 1) - (2 * x + 1) * 255 / 8), 1);
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(a_turned_square_covers_its_area) {
    picture p = open_picture(SIDE, SIDE);
    for (int step = 0; step < 40; step++) {
        const double angle = 0.013 + step * PI / 80, half = 20.25;
        bm_point corner[4];
        for (int i = 0; i < 4; i++) {
            const double direction = angle + i * PI / 2;
            corner[i] = (bm_point){31.7 + half * cos(direction), 32.2 + half * sin(direction)};
        }
        start_again(&p);
        bm_draw_polygon(&p.canvas, corner, 4, BLACK);
        assert_near(ink(&p) / (2 * half * half), 1, 1e-3, "area of a turned square");
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(circles_cover_their_area_and_look_alike_from_all_sides) {
    picture p = open_picture(SIDE, SIDE);
    for (double radius = 0.6; radius < 31; radius *= 1.7) {
        start_again(&p);
        bm_draw_circle(&p.canvas, 32, 32, radius, BLACK);
        assert_near(ink(&p) / (PI * radius * radius), 1, radius < 3 ? 1e-2 : 1e-3, "area of a circle");
        for (int y = 0; y < SIDE / 2; y++) {
            for (int x = 0; x < SIDE / 2; x++) {
                ck_assert_int_le(abs(darkness(&p, x, y) - darkness(&p, SIDE - 1 - x, SIDE - 1 - y)), 12);
                ck_assert_int_le(abs(darkness(&p, x, y) - darkness(&p, y, x)), 12);
            }
        }
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(lines_have_round_ends_and_narrow_ones_fade) {
    picture p = open_picture(SIDE, SIDE);
    for (double width = 1; width < 12; width *= 1.5) {
        start_again(&p);
        bm_draw_line(&p.canvas, 15.3, 20.1, 50.7, 44.9, width, BLACK);
        const double area = hypot(50.7 - 15.3, 44.9 - 20.1) * width + PI * width * width / 4;
        assert_near(ink(&p) / area, 1, 1e-2, "area of a line");
    }
    start_again(&p);
    bm_draw_line(&p.canvas, 10, 20.5, 50, 20.5, 0.25, BLACK);
    ck_assert_int_le(abs(darkness(&p, 30, 20) - 64), 1);
    ck_assert_int_eq(darkness(&p, 30, 19) + darkness(&p, 30, 21), 0);
    start_again(&p);
    bm_draw_polyline(&p.canvas, (const bm_point[1]){{30, 30}}, 1, 8, BLACK);
    assert_near(ink(&p) / (16 * PI), 1, 1e-2, "a line of one point is a dot");
    bm_raster_destroy(p.raster);
}
END_TEST

/* ---- lines and translucency ---- */

START_TEST(a_translucent_line_is_as_dark_at_its_bends_and_crossings_as_elsewhere) {
    picture p = open_picture(SIDE, SIDE);
    const bm_point zigzag[7] = {{8, 8}, {56, 12}, {10, 50}, {54, 55}, {30, 6}, {30, 58}, {33, 20}};
    bm_draw_polyline(&p.canvas, zigzag, 7, 6, bm_color_fade(BLACK, 0.5));
    const int line = darkness(&p, 20, 9);
    ck_assert_int_le(abs(line - 128), 1);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            ck_assert_int_le(darkness(&p, x, y), line);
        }
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(lines_bend_roundly_to_either_side) {
    picture p = open_picture(SIDE, SIDE);
    for (int side = -1; side <= 1; side += 2) {
        start_again(&p);
        const double width = 10, length = 20;
        bm_draw_polyline(&p.canvas, (const bm_point[3]){{12, 32}, {32, 32}, {32, 32 + side * length}}, 3, width, BLACK);
        /* two rectangles less what they share, a disc's halves at the ends and its quarter at the bend */
        const double want = 2 * length * width - width * width / 4 + PI * width * width / 4 * 1.25;
        assert_near(ink(&p) / want, 1, 4e-3, "area of a bent line");
        /* there and back again: a line with a half turn */
        start_again(&p);
        bm_draw_polyline(&p.canvas, (const bm_point[3]){{12, 32}, {42, 32}, {22, 32 + side * 1e-9}}, 3, width, BLACK);
        assert_near(ink(&p) / (30 * width + PI * width * width / 4), 1, 4e-2, "area of a line that turns back");
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(the_inside_of_a_shape_with_very_many_corners_is_full) {
    picture p = open_picture(10, 10);
    bm_point jagged[BM_POLYGON_POINTS];
    for (int i = 0; i < BM_POLYGON_POINTS - 2; i++) { /* down the left side by steps that are no multiple of anything */
        jagged[i] = (bm_point){2 + i % 2 * 0.7, 1 + i * 0.0030007};
    }
    jagged[BM_POLYGON_POINTS - 2] = (bm_point){8, 9};
    jagged[BM_POLYGON_POINTS - 1] = (bm_point){8, 1};
    bm_draw_polygon(&p.canvas, jagged, BM_POLYGON_POINTS, BLACK);
    for (int x = 3; x < 10; x++) {
        for (int y = 1; y < 4; y++) {
            ck_assert_int_eq(darkness(&p, x, y), x < 8 ? 255 : 0);
        }
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(a_curve_of_many_short_pieces_has_no_seams) {
    picture p = open_picture(SIDE, SIDE);
    bm_point ring[400];
    for (int i = 0; i < 400; i++) {
        ring[i] = (bm_point){32 + 20 * cos(i * PI / 200 * 0.75), 32 + 20 * sin(i * PI / 200 * 0.75)};
    }
    bm_draw_polyline(&p.canvas, ring, 400, 5, BLACK);
    for (int i = 0; i < 400; i++) {
        ck_assert_int_eq(darkness(&p, (int)ring[i].x, (int)ring[i].y), 255);
    }
    const double length = 20 * 399 * PI / 200 * 0.75;
    assert_near(ink(&p) / (length * 5 + PI * 25 / 4), 1, 2e-3, "area of three quarters of a ring");
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(a_turn_tighter_than_the_line_is_wide_leaves_no_hole) {
    picture p = open_picture(SIDE, SIDE);
    for (double radius = 0.1; radius < 8; radius += 0.3) {
        for (int sense = 0; sense < 2; sense++) {
            start_again(&p);
            bm_draw_arc(&p.canvas, 32, 32, radius, sense * 2 * PI, (1 - sense) * 2 * PI, 16, BLACK);
            const double want = PI * (8 + radius) * (8 + radius);
            assert_near(ink(&p) / want, 1, 1e-2, "a disc");
            ck_assert_int_eq(darkness(&p, 32, 32), 255);
        }
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(the_corners_of_an_outline_are_all_the_same) {
    picture p = open_picture(SIDE, SIDE);
    bm_draw_outline(&p.canvas, 12, 12, 52, 52, 7, BLACK);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            ck_assert_int_le(abs(darkness(&p, x, y) - darkness(&p, SIDE - 1 - x, y)), 2);
            ck_assert_int_le(abs(darkness(&p, x, y) - darkness(&p, x, SIDE - 1 - y)), 2);
            ck_assert_int_le(abs(darkness(&p, x, y) - darkness(&p, y, x)), 2);
        }
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(colours_are_blended_by_their_alpha) {
    picture p = open_picture(4, 4);
    const bm_color under = 0xff2080f0u;
    for (uint32_t alpha = 0; alpha < 256; alpha++) {
        bm_raster_begin(p.raster, under, &p.canvas);
        const bm_color over = alpha << 24 | 0x00e69f00u;
        bm_draw_rectangle(&p.canvas, 0, 0, 4, 2, over);
        bm_draw_polygon(&p.canvas, (const bm_point[5]){{0, 2}, {2, 2}, {4, 2}, {4, 4}, {0, 4}}, 5, over);
        for (int shift = 0; shift < 24; shift += 8) {
            const double a = alpha / 255.0;
            const double want = (over >> shift & 0xff) * a + (under >> shift & 0xff) * (1 - a);
            assert_near(pixel(&p, 1, 1) >> shift & 0xff, want, 1.2 / fmax(1, want), "blended channel");
        }
        ck_assert_uint_eq(pixel(&p, 1, 1), pixel(&p, 1, 3));
        ck_assert_uint_eq(pixel(&p, 1, 1) >> 24, 0xff);
        if (alpha == 0 || alpha == 255) {
            ck_assert_uint_eq(pixel(&p, 1, 1), alpha ? over : under);
        }
    }
    bm_raster_destroy(p.raster);
}
END_TEST

/* ---- clip ---- */

static void draw_everything(bm_canvas *canvas, double dx, double dy) {
    bm_point star[7];
    for (int i = 0; i < 7; i++) {
        star[i] = (bm_point){dx + 32 + 30 * cos(i * 6 * PI / 7), dy + 30 + 30 * sin(i * 6 * PI / 7)};
    }
    bm_draw_rectangle(canvas, dx + 3.3, dy + 40.5, dx + 60, dy + 47.2, BM_SKY);
    bm_draw_polygon(canvas, star, 7, BM_GREEN);
    bm_draw_circle(canvas, dx + 20, dy + 20, 25, bm_color_fade(BM_ORANGE, 0.6));
    bm_draw_polyline(canvas, star, 7, 3, BM_INK);
    bm_draw_text(canvas, dx + 32, dy + 32, 30, BM_ALIGN_CENTER, BM_BLUE, "Qgj");
}

START_TEST(a_viewport_shows_its_part_of_the_drawing_and_nothing_around_it) {
    picture whole = open_picture(SIDE, SIDE), part = open_picture(SIDE, SIDE);
    draw_everything(&whole.canvas, 0, 0);
    bm_canvas_viewport(&part.canvas, 17, 11, 26, 33);
    draw_everything(&part.canvas, -17, -11);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const bool inside = x >= 17 && x < 43 && y >= 11 && y < 44;
            for (int shift = 0; shift < 24; shift += 8) {
                const int got = (int)(pixel(&part, x, y) >> shift & 0xff);
                const int want = inside ? (int)(pixel(&whole, x, y) >> shift & 0xff) : 0xff;
                ck_assert_int_le(abs(got - want), inside ? 2 : 0); /* edges are cut to 1/16384 of a pixel */
            }
        }
    }
    bm_raster_destroy(whole.raster);
    bm_raster_destroy(part.raster);
}
END_TEST

START_TEST(clips_are_rounded_to_pixels_and_may_be_empty_or_outside) {
    picture p = open_picture(10, 10);
    bm_canvas_viewport(&p.canvas, 2.4, 2.6, 3, 3); /* 2.4 .. 5.4, 2.6 .. 5.6: pixels 2 .. 4, 3 .. 5 */
    bm_draw_rectangle(&p.canvas, -20, -20, 20, 20, BLACK);
    for (int y = 0; y < 10; y++) {
        for (int x = 0; x < 10; x++) {
            ck_assert_int_eq(darkness(&p, x, y), x >= 2 && x < 5 && y >= 3 && y < 6 ? 255 : 0);
        }
    }
    const double odd[][4] = {{5, 5, 0, 0}, {8, 8, -6, -6}, {20, 20, 9, 9}, {-9, -9, 5, 5}, {NAN, 0, NAN, 9}};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        start_again(&p);
        bm_canvas_viewport(&p.canvas, odd[i][0], odd[i][1], odd[i][2], odd[i][3]);
        draw_everything(&p.canvas, -20, -20);
        ck_assert(ink(&p) == 0);
    }
    bm_raster_destroy(p.raster);
}
END_TEST

/* ---- what is no coordinate ---- */

START_TEST(coordinates_that_are_no_numbers_or_huge_do_no_harm) {
    const double odd[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300, 1e9, -1e9, 1e-300, 5e-324, 0, 20, 63.99999999, 64};
    enum { ODD = sizeof odd / sizeof odd[0] };
    picture p = open_picture(SIDE, SIDE), fresh = open_picture(SIDE, SIDE);
    for (int a = 0; a < ODD; a++) {
        for (int b = 0; b < ODD; b++) {
            const bm_point points[6] = {{10, 10}, {odd[a], odd[b]}, {40, 12}, {odd[b], 50}, {3, odd[a]}, {20, 20}};
            bm_draw_polygon(&p.canvas, points, 6, BM_BLUE);
            bm_draw_polyline(&p.canvas, points, 6, 3, BM_INK);
            bm_draw_polyline(&p.canvas, points, 3, odd[a], BM_INK);
            bm_draw_polyline(&p.canvas, points + 1, 1, odd[b], BM_INK);
            bm_draw_rectangle(&p.canvas, odd[a], odd[b], 30, 30, BM_SKY);
            bm_draw_circle(&p.canvas, odd[a], odd[b], 10, BM_GREEN);
            bm_draw_circle(&p.canvas, 20, odd[a], odd[b], BM_GREEN);
            bm_draw_arc(&p.canvas, 20, odd[a], 4, odd[b], 1, 2, BM_INK);
            bm_draw_arrow(&p.canvas, 20, odd[a], odd[b], 1, 2, BM_INK);
            bm_draw_text(&p.canvas, odd[a], odd[b], 12, BM_ALIGN_CENTER, BM_INK, "text");
            bm_draw_text(&p.canvas, 20, odd[b], odd[a], BM_ALIGN_RIGHT, BM_INK, "text");
        }
    }
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        ck_assert_uint_eq(bm_raster_pixels(p.raster)[i] >> 24, 0xff);
    }
    /* No trace is left in the sums: the next drawing is as on a new raster. */
    start_again(&p);
    draw_everything(&p.canvas, 0, 0);
    draw_everything(&fresh.canvas, 0, 0);
    assert_same_picture(&p, &fresh);
    bm_raster_destroy(p.raster);
    bm_raster_destroy(fresh.raster);
}
END_TEST

START_TEST(points_without_a_number_are_left_out_and_far_ones_keep_their_direction) {
    picture p = open_picture(SIDE, SIDE), want = open_picture(SIDE, SIDE);
    bm_draw_polyline(&p.canvas, (const bm_point[4]){{5, 5}, {NAN, 9}, {30, NAN}, {50, 30}}, 4, 2, BLACK);
    bm_draw_polygon(&p.canvas, (const bm_point[4]){{NAN, 9}, {5, 50}, {50, 50}, {20, 60}}, 4, BLACK);
    bm_draw_line(&want.canvas, 5, 5, 50, 30, 2, BLACK);
    bm_draw_polygon(&want.canvas, (const bm_point[3]){{5, 50}, {50, 50}, {20, 60}}, 3, BLACK);
    assert_same_picture(&p, &want);

    start_again(&p);
    bm_draw_line(&p.canvas, -9e8, -9e8, 9e8, 9e8, 2 * sqrt(0.5), BLACK); /* covers |x - y| < 1 */
    for (int i = 1; i < SIDE - 1; i++) {
        ck_assert_int_eq(darkness(&p, i, i), 255);
        ck_assert_int_le(abs(darkness(&p, i, i + 1) - 128), 1);
        ck_assert_int_le(abs(darkness(&p, i + 1, i) - 128), 1);
    }
    bm_raster_destroy(p.raster);
    bm_raster_destroy(want.raster);
}
END_TEST

START_TEST(a_line_of_very_many_points_on_one_spot_is_drawn) {
    enum { POINTS = 300000 };
    bm_point *points = malloc(POINTS * sizeof *points);
    ck_assert_ptr_nonnull(points);
    for (int i = 0; i < POINTS; i++) {
        points[i] = (bm_point){4.5 + i % 2 * 0.5, 4 + i % 3 * 0.3};
    }
    picture p = open_picture(10, 10);
    p.canvas.painter->polyline(p.canvas.self, points, POINTS, 2, BLACK);
    ck_assert_int_eq(darkness(&p, 0, 0), 0);
    ck_assert_int_eq(darkness(&p, 9, 4), 0);
    bm_raster_destroy(p.raster);
    free(points);
}
END_TEST

/* ---- text ---- */

START_TEST(the_hole_of_a_letter_is_empty) {
    picture p = open_picture(SIDE, SIDE);
    bm_draw_text(&p.canvas, 32, 32, 60, BM_ALIGN_CENTER, BLACK, "O");
    ck_assert_int_eq(darkness(&p, 32, 32), 0);
    int ring = 0;
    for (int x = 0; x < 32; x++) {
        ring |= darkness(&p, x, 32) == 255;
    }
    ck_assert_int_eq(ring, 1);
    /* 785709.58 square units of 1 / 2048, by fontTools' area pen */
    assert_near(ink(&p) / (785709.58 * 60 * 60 / (2048.0 * 2048)), 1, 2e-3, "area of an O");
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(capitals_stand_centred_on_a_whole_pixel) {
    picture p = open_picture(SIDE, SIDE);
    for (double size = 10; size <= 40; size += 1.5) {
        start_again(&p);
        bm_draw_text(&p.canvas, 4, 30.3, size, BM_ALIGN_LEFT, BLACK, "H");
        const int foot = (int)floor(30.3 + bm_font_capital(size) / 2 + 0.5); /* below the baseline */
        int stem = 0;
        for (int x = 1; x < SIDE; x++) {
            stem = darkness(&p, x, foot - 2) > darkness(&p, stem, foot - 2) ? x : stem;
        }
        ck_assert_int_eq(darkness(&p, stem, foot), 0);
        ck_assert_int_eq(darkness(&p, stem, foot - 1), darkness(&p, stem, foot - 2)); /* no blur */
        assert_near(foot - bm_font_capital(size) / 2, 30.3, 0.51 / 30.3, "middle of the capitals");
    }
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(text_is_aligned_left_centre_and_right) {
    picture p = open_picture(200, 20);
    const double width = bm_text_width(&p.canvas, 12, "episode 12");
    ck_assert(width == bm_font_width(12, "episode 12"));
    const bm_align align[3] = {BM_ALIGN_LEFT, BM_ALIGN_CENTER, BM_ALIGN_RIGHT};
    for (int i = 0; i < 3; i++) {
        start_again(&p);
        bm_draw_text(&p.canvas, 100, 10, 12, align[i], BLACK, "episode 12");
        int first = 200, last = 0;
        for (int x = 0; x < 200; x++) {
            for (int y = 0; y < 20; y++) {
                if (darkness(&p, x, y)) {
                    first = x < first ? x : first;
                    last = x;
                }
            }
        }
        const double left = 100 - i * width / 2;
        ck_assert(first >= left - 1 && first <= left + 2);
        ck_assert(last <= left + width + 1 && last >= left + width - 3);
    }
    bm_raster_destroy(p.raster);
}
END_TEST

/* ---- the raster ---- */

START_TEST(the_same_drawing_gives_the_same_pixels) {
    picture a = open_picture(SIDE, SIDE), b = open_picture(SIDE, SIDE);
    for (int i = 0; i < 5; i++) {
        start_again(&a);
        draw_everything(&a.canvas, 0.37, 0.11);
    }
    draw_everything(&b.canvas, 0.37, 0.11);
    assert_same_picture(&a, &b);
    bm_raster_destroy(a.raster);
    bm_raster_destroy(b.raster);
}
END_TEST

START_TEST(a_raster_is_white_and_takes_another_size) {
    picture p = open_picture(7, 3);
    draw_everything(&p.canvas, 0, 0);
    bm_error error;
    ck_assert_int_eq(bm_raster_resize(p.raster, 20, 30, &error), BM_OK);
    ck_assert_int_eq(bm_raster_width(p.raster), 20);
    ck_assert_int_eq(bm_raster_height(p.raster), 30);
    for (int i = 0; i < 20 * 30; i++) {
        ck_assert_uint_eq(bm_raster_pixels(p.raster)[i], 0xffffffffu);
    }
    bm_raster_begin(p.raster, 0x00123456u, &p.canvas); /* a background is opaque */
    ck_assert_uint_eq(bm_raster_pixels(p.raster)[20 * 30 - 1], 0xff123456u);
    draw_everything(&p.canvas, 0, 0);
    bm_raster_destroy(p.raster);
}
END_TEST

START_TEST(impossible_sizes_are_refused_and_the_old_picture_stays) {
    const int bad[][2] = {{0, 5}, {5, 0}, {-1, 5}, {5, -1}, {BM_RASTER_SIDE + 1, 5}, {5, BM_RASTER_SIDE + 1}};
    picture p = open_picture(7, 3);
    bm_draw_rectangle(&p.canvas, 0, 0, 7, 3, BM_BLUE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bm_error error = {{0}};
        bm_raster *raster;
        ck_assert_int_eq(bm_raster_create(&raster, bad[i][0], bad[i][1], &error), BM_INVALID);
        ck_assert_ptr_null(raster);
        ck_assert_ptr_nonnull(strstr(error.text, "8192"));
        ck_assert_int_eq(bm_raster_resize(p.raster, bad[i][0], bad[i][1], &error), BM_INVALID);
    }
    ck_assert_int_eq(bm_raster_width(p.raster), 7);
    ck_assert_uint_eq(pixel(&p, 6, 2), BM_BLUE);
    bm_raster_destroy(p.raster);
    bm_raster_destroy(NULL);
}
END_TEST

TEST_MAIN("raster", 60, pixels_half_covered_are_half_blended, rectangles_within_one_pixel_count_by_their_area,
          a_triangle_on_the_diagonal_halves_the_pixels_on_it, a_turned_square_covers_its_area,
          circles_cover_their_area_and_look_alike_from_all_sides, lines_have_round_ends_and_narrow_ones_fade,
          a_translucent_line_is_as_dark_at_its_bends_and_crossings_as_elsewhere, lines_bend_roundly_to_either_side,
          the_inside_of_a_shape_with_very_many_corners_is_full, a_curve_of_many_short_pieces_has_no_seams,
          a_turn_tighter_than_the_line_is_wide_leaves_no_hole, the_corners_of_an_outline_are_all_the_same,
          colours_are_blended_by_their_alpha, a_viewport_shows_its_part_of_the_drawing_and_nothing_around_it,
          clips_are_rounded_to_pixels_and_may_be_empty_or_outside, coordinates_that_are_no_numbers_or_huge_do_no_harm,
          points_without_a_number_are_left_out_and_far_ones_keep_their_direction,
          a_line_of_very_many_points_on_one_spot_is_drawn, the_hole_of_a_letter_is_empty,
          capitals_stand_centred_on_a_whole_pixel, text_is_aligned_left_centre_and_right,
          the_same_drawing_gives_the_same_pixels, a_raster_is_white_and_takes_another_size,
          impossible_sizes_are_refused_and_the_old_picture_stays)
