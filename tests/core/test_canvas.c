/* The canvas: what reaches a painter, in pixels. */
#include "core/canvas.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { POINTS = 8192, CALLS = 16 };

typedef struct {
    int polygons, polylines, circles, texts;
    int calls, call_end[CALLS]; /* points of polygons and polylines, call after call */
    bm_point points[POINTS];
    double width, radius, size; /* of the last */
    bm_point at;
    double clip[4];
    char text[512];
    bm_region region;
} recorder;

static void keep(recorder *r, const bm_point *points, int count) {
    const int begin = r->calls ? r->call_end[r->calls - 1] : 0;
    ck_assert_int_lt(r->calls, CALLS);
    ck_assert_int_le(begin + count, POINTS);
    memcpy(r->points + begin, points, (size_t)count * sizeof *points);
    r->call_end[r->calls++] = begin + count;
}

static void clip(void *self, double left, double top, double right, double bottom) {
    memcpy(((recorder *)self)->clip, (double[4]){left, top, right, bottom}, 4 * sizeof(double));
}

static void polygon(void *self, const bm_point *points, int count, bm_color color) {
    (void)color;
    ((recorder *)self)->polygons++;
    keep(self, points, count);
}

static void polyline(void *self, const bm_point *points, int count, double width, bm_color color) {
    (void)color;
    ((recorder *)self)->polylines++;
    ((recorder *)self)->width = width;
    keep(self, points, count);
}

static void circle(void *self, bm_point center, double radius, bm_color color) {
    (void)color;
    recorder *r = self;
    r->circles++;
    r->at = center;
    r->radius = radius;
}

static void text(void *self, bm_point at, double size, bm_align align, bm_color color, const char *string) {
    (void)align, (void)color;
    recorder *r = self;
    r->texts++;
    r->at = at;
    r->size = size;
    strncpy(r->text, string, sizeof r->text - 1);
}

static double text_width(void *self, double size, const char *string) {
    (void)self;
    return size * (double)strlen(string) / 2;
}

static void region(void *self, const bm_region *shape, bm_color color) {
    (void)color;
    ((recorder *)self)->region = *shape;
}

static const bm_painter painter = {clip, polygon, polyline, circle, text, text_width, region};

static bm_canvas begin(recorder *r, double width, double height) {
    memset(r, 0, sizeof *r);
    bm_canvas canvas;
    bm_canvas_begin(&canvas, &painter, r, width, height);
    return canvas;
}

static void assert_point(bm_point got, double x, double y) {
    assert_near(got.x, x, 1e-9, "x");
    assert_near(got.y, y, 1e-9, "y");
}

static recorder r; /* too large for the stack of a test */

START_TEST(a_fresh_canvas_is_in_pixels_from_the_top_left_corner) {
    bm_canvas canvas = begin(&r, 600, 400);
    ck_assert(r.clip[0] == 0 && r.clip[1] == 0 && r.clip[2] == 600 && r.clip[3] == 400);
    bm_draw_circle(&canvas, 30, 70, 5, BM_INK);
    assert_point(r.at, 30, 70);
    ck_assert(r.radius == 5 && bm_canvas_pixels(&canvas, 3) == 3);
}
END_TEST

START_TEST(a_viewport_moves_the_origin_and_clips) {
    bm_canvas canvas = begin(&r, 600, 400);
    bm_canvas_viewport(&canvas, 100, 50, 200, 300);
    ck_assert(r.clip[0] == 100 && r.clip[1] == 50 && r.clip[2] == 300 && r.clip[3] == 350);
    bm_draw_circle(&canvas, 1, 2, 1, BM_INK);
    assert_point(r.at, 101, 52);
    bm_canvas_viewport(&canvas, 10, 10, 20, 20); /* of the picture, not of the viewport before */
    ck_assert(r.clip[0] == 10 && r.clip[2] == 30);
}
END_TEST

START_TEST(a_world_is_centred_as_large_as_fits_with_y_up) {
    bm_canvas canvas = begin(&r, 600, 400);
    bm_canvas_viewport(&canvas, 100, 50, 200, 300);
    bm_canvas_fit(&canvas, -2, 0, 2, 4); /* 4 x 4 units on 200 x 300 pixels: 50 pixels each, 50 free above and below */
    const struct {
        double x, y, pixel_x, pixel_y;
    } corners[] = {{-2, 0, 100, 300}, {2, 0, 300, 300}, {-2, 4, 100, 100}, {2, 4, 300, 100}, {0, 2, 200, 200}};
    for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++) {
        bm_draw_circle(&canvas, corners[i].x, corners[i].y, 0.5, BM_INK);
        assert_point(r.at, corners[i].pixel_x, corners[i].pixel_y);
        ck_assert(r.radius == 25);
    }
    bm_canvas_fit(&canvas, 0, 0, 30, 10); /* now the width decides: 20 / 3 pixels each */
    bm_draw_circle(&canvas, 0, 10, 3, BM_INK);
    assert_point(r.at, 100, 200 - 5 * 20 / 3.0);
    assert_near(r.radius, 20, 1e-12, "radius");
}
END_TEST

START_TEST(lengths_widths_and_text_follow_the_view) {
    bm_canvas canvas = begin(&r, 100, 100);
    bm_canvas_fit(&canvas, 0, 0, 4, 4);
    bm_draw_line(&canvas, 0, 0, 1, 1, 0.2, BM_INK);
    assert_near(r.width, 5, 1e-12, "line width");
    bm_draw_text(&canvas, 1, 1, 0.5, BM_ALIGN_LEFT, BM_INK, "four");
    assert_near(r.size, 12.5, 1e-12, "text size");
    assert_point(r.at, 25, 75);
    assert_near(bm_text_width(&canvas, 0.5, "four"), 1, 1e-12, "text width in units");
    assert_near(bm_canvas_pixels(&canvas, 50), 2, 1e-12, "50 pixels");
}
END_TEST

START_TEST(a_long_line_comes_in_pieces_that_share_a_point) {
    static bm_point points[3000];
    for (int i = 0; i < 3000; i++) {
        points[i] = (bm_point){i, i % 7};
    }
    const int counts[] = {1, 2, 1023, 1024, 1025, 2047, 2048, 3000};
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        const int count = counts[k];
        bm_canvas canvas = begin(&r, 3000, 10);
        bm_draw_polyline(&canvas, points, count, 1, BM_INK);
        int next = 0;
        for (int call = 0; call < r.calls; call++) {
            const int from = call ? r.call_end[call - 1] : 0;
            ck_assert(r.points[from].x == (call ? next - 1 : 0));
            ck_assert(r.call_end[call] - from >= 2 || count == 1);
            for (int i = from + (call > 0); i < r.call_end[call]; i++) {
                ck_assert(r.points[i].x == next++);
            }
        }
        ck_assert_int_eq(next, count);
    }
    bm_canvas canvas = begin(&r, 10, 10);
    bm_draw_polyline(&canvas, points, 0, 1, BM_INK);
    ck_assert_int_eq(r.calls, 0);
}
END_TEST

START_TEST(a_polygon_of_too_many_points_is_cut_off) {
    static bm_point points[2 * BM_POLYGON_POINTS];
    bm_canvas canvas = begin(&r, 10, 10);
    bm_draw_polygon(&canvas, points, 2 * BM_POLYGON_POINTS, BM_INK);
    ck_assert_int_eq(r.call_end[0], BM_POLYGON_POINTS);
}
END_TEST

START_TEST(a_region_keeps_its_points_and_is_moved_as_a_whole) {
    static const bm_point points[3] = {{0, 0}, {1, 0}, {0, 1}};
    static const int ends[1] = {3};
    const bm_region triangle = {points, ends, 1, .x = 1, .y = 2, .stretch_x = 3, .stretch_y = 0.5};
    bm_canvas canvas = begin(&r, 100, 100);
    bm_canvas_viewport(&canvas, 10, 20, 50, 50);
    bm_canvas_fit(&canvas, 0, 0, 10, 10); /* 5 pixels a unit, y up from pixel 70 */
    bm_draw_region(&canvas, &triangle, BM_INK);
    ck_assert(r.region.points == points && r.region.ends == ends && r.region.contours == 1);
    assert_point((bm_point){r.region.x, r.region.y}, 15, 60);
    assert_point((bm_point){r.region.stretch_x, r.region.stretch_y}, 15, -2.5);
}
END_TEST

START_TEST(rectangles_and_outlines_go_around_their_corners) {
    bm_canvas canvas = begin(&r, 10, 10);
    bm_draw_rectangle(&canvas, 1, 2, 5, 8, BM_INK);
    bm_draw_outline(&canvas, 1, 2, 5, 8, 1, BM_INK);
    ck_assert_int_eq(r.polygons, 1);
    ck_assert_int_eq(r.polylines, 1);
    const double x[] = {1, 5, 5, 1, 1}, y[] = {2, 2, 8, 8, 2};
    for (int i = 0; i < 4; i++) {
        assert_point(r.points[i], x[i], y[i]);
    }
    for (int i = 0; i < 5; i++) { /* closed */
        assert_point(r.points[4 + i], x[i], y[i]);
    }
}
END_TEST

START_TEST(arcs_run_counterclockwise_as_seen_whichever_way_y_points) {
    const double quarter = acos(0);
    for (int world = 0; world < 2; world++) {
        bm_canvas canvas = begin(&r, 100, 100);
        if (world) {
            bm_canvas_fit(&canvas, 0, 0, 100, 100);
        }
        bm_draw_arc(&canvas, 50, 50, 10, 0, quarter, 2, BM_INK);
        assert_point(r.points[0], 60, 50);                 /* to the right */
        assert_point(r.points[r.call_end[0] - 1], 50, 40); /* then up, which is less in pixels */
        for (int i = 0; i < r.call_end[0]; i++) {
            assert_near(hypot(r.points[i].x - 50, r.points[i].y - 50), 10, 1e-9, "distance from the centre");
        }
    }
}
END_TEST

START_TEST(an_arrow_ends_at_its_point) {
    bm_canvas canvas = begin(&r, 100, 100);
    bm_draw_arrow(&canvas, 10, 20, 60, 20, 5, BM_INK);
    ck_assert_int_eq(r.polylines, 1);
    ck_assert_int_eq(r.polygons, 1);
    assert_point(r.points[0], 10, 20);
    const bm_point neck = r.points[1], *head = r.points + 2;
    assert_point(head[0], 60, 20);
    ck_assert(neck.x > 10 && neck.x < 60 && neck.y == 20);
    assert_near((head[1].y + head[2].y) / 2, 20, 1e-12, "the head is symmetric");
    ck_assert(fabs(head[1].y - head[2].y) > 5); /* and wider than the shaft */

    canvas = begin(&r, 100, 100);
    bm_draw_arrow(&canvas, 10, 20, 12, 20, 5, BM_INK); /* shorter than its head: no shaft */
    ck_assert_int_eq(r.polylines, 0);
    assert_point(r.points[0], 12, 20);

    canvas = begin(&r, 100, 100);
    bm_draw_arrow(&canvas, 10, 20, 10, 20, 5, BM_INK); /* points nowhere */
    ck_assert_int_eq(r.calls, 0);
}
END_TEST

START_TEST(formatted_text_is_cut_and_never_overrun) {
    bm_canvas canvas = begin(&r, 100, 100);
    bm_draw_textf(&canvas, 1, 2, 12, BM_ALIGN_LEFT, BM_INK, "return %.1f of %d", 12.25, 500);
    ck_assert_str_eq(r.text, "return 12.2 of 500");
    bm_draw_textf(&canvas, 1, 2, 12, BM_ALIGN_LEFT, BM_INK, "%400d", 1);
    ck_assert_uint_ge(strlen(r.text), 200);
    ck_assert_uint_lt(strlen(r.text), 400);
}
END_TEST

START_TEST(colours_mix_channel_by_channel) {
    ck_assert_uint_eq(bm_color_mix(0xff000000u, 0xffffffffu, 0.5), 0xff808080u);
    ck_assert_uint_eq(bm_color_mix(0x00204060u, 0xff406080u, 0.25), 0x40284868u);
    ck_assert_uint_eq(bm_color_mix(BM_BLUE, BM_ORANGE, 0), BM_BLUE);
    ck_assert_uint_eq(bm_color_mix(BM_BLUE, BM_ORANGE, 1), BM_ORANGE);
    ck_assert_uint_eq(bm_color_mix(BM_BLUE, BM_ORANGE, -3), BM_BLUE);
    ck_assert_uint_eq(bm_color_mix(BM_BLUE, BM_ORANGE, 7), BM_ORANGE);
    ck_assert_uint_eq(bm_color_mix(BM_BLUE, BM_ORANGE, NAN), BM_BLUE);
    ck_assert_uint_eq(bm_color_fade(BM_BLUE, 0), 0x000072b2u);
    ck_assert_uint_eq(bm_color_fade(BM_BLUE, 0.5), 0x800072b2u);
    ck_assert_uint_eq(bm_color_fade(0x100072b2u, 2), BM_BLUE);
}
END_TEST

static double brightness(bm_color color) {
    return 0.2126 * (color >> 16 & 0xff) + 0.7152 * (color >> 8 & 0xff) + 0.0722 * (color & 0xff);
}

START_TEST(higher_values_are_darker_in_even_steps) {
    const double range = brightness(bm_color_of_value(0)) - brightness(bm_color_of_value(1));
    ck_assert(range > 80);
    for (int i = 1; i <= 20; i++) {
        const double step = brightness(bm_color_of_value((i - 1) / 20.0)) - brightness(bm_color_of_value(i / 20.0));
        assert_near(step, range / 20, 0.2, "step of brightness");
    }
    ck_assert_uint_eq(bm_color_of_value(NAN), bm_color_of_value(0));
    ck_assert_uint_eq(bm_color_of_value(9), bm_color_of_value(1));
}
END_TEST

START_TEST(series_have_colours_of_their_own) {
    for (int i = 0; i < BM_SERIES_COLORS; i++) {
        ck_assert_uint_eq(bm_series_colors[i] >> 24, 0xff);
        for (int j = 0; j < i; j++) {
            ck_assert_uint_ne(bm_series_colors[i], bm_series_colors[j]);
        }
    }
}
END_TEST

TEST_MAIN("canvas", 20, a_fresh_canvas_is_in_pixels_from_the_top_left_corner, a_viewport_moves_the_origin_and_clips,
          a_world_is_centred_as_large_as_fits_with_y_up, lengths_widths_and_text_follow_the_view,
          a_long_line_comes_in_pieces_that_share_a_point, a_polygon_of_too_many_points_is_cut_off,
          a_region_keeps_its_points_and_is_moved_as_a_whole, rectangles_and_outlines_go_around_their_corners,
          arcs_run_counterclockwise_as_seen_whichever_way_y_points, an_arrow_ends_at_its_point,
          formatted_text_is_cut_and_never_overrun, colours_mix_channel_by_channel,
          higher_values_are_darker_in_even_steps, series_have_colours_of_their_own)
