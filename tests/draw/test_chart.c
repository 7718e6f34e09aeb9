/* Charts, by what they ask a painter to paint. */
#include "draw/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

/* ---- ticks and numbers ------------------------------------------------------------------------------------------ */

static void assert_ticks(double low, double high, int most, int count, const double *wanted) {
    double ticks[32];
    ck_assert_int_eq(bm_chart_ticks(low, high, most, ticks), count);
    for (int i = 0; i < count; i++) {
        ck_assert_double_eq(ticks[i], wanted[i]); /* the very double that a person would type */
    }
}

START_TEST(ticks_are_round_numbers) {
    assert_ticks(0, 1, 5, 3, (const double[]){0, 0.5, 1});
    assert_ticks(0, 0.5, 6, 6, (const double[]){0, 0.1, 0.2, 0.3, 0.4, 0.5});
    assert_ticks(-21, 525, 6, 6, (const double[]){0, 100, 200, 300, 400, 500});
    assert_ticks(-1.3, 1.3, 5, 5, (const double[]){-1, -0.5, 0, 0.5, 1});
    assert_ticks(250, 1.5e6, 4, 3, (const double[]){5e5, 1e6, 1.5e6});
    assert_ticks(3.1e-5, 6.2e-5, 4, 3, (const double[]){4e-5, 5e-5, 6e-5});
    assert_ticks(12, 18, 1, 1, (const double[]){15});
}
END_TEST

START_TEST(ticks_lie_within_and_are_no_more_than_asked_for) {
    double ticks[16];
    for (double range = 1e-12; range < 1e12; range *= 1.7) {
        for (int most = 1; most <= 16; most++) {
            const double low = -0.37 * range, high = low + range;
            const int count = bm_chart_ticks(low, high, most, ticks);
            ck_assert_int_ge(count, most == 1 ? 0 : 1);
            ck_assert_int_le(count, most);
            for (int i = 0; i < count; i++) {
                ck_assert(ticks[i] >= low - 1e-8 * range && ticks[i] <= high + 1e-8 * range);
                ck_assert(i == 0 || ticks[i] > ticks[i - 1]);
            }
        }
    }
}
END_TEST

START_TEST(a_range_that_is_none_has_no_ticks) {
    double ticks[8];
    ck_assert_int_eq(bm_chart_ticks(1, 1, 5, ticks), 0);
    ck_assert_int_eq(bm_chart_ticks(2, 1, 5, ticks), 0);
    ck_assert_int_eq(bm_chart_ticks(NAN, 1, 5, ticks), 0);
    ck_assert_int_eq(bm_chart_ticks(0, INFINITY, 5, ticks), 0);
    ck_assert_int_eq(bm_chart_ticks(-1e308, 1e308, 5, ticks), 0); /* its length is no double */
    ck_assert_int_eq(bm_chart_ticks(0, 1, 0, ticks), 0);
    ck_assert_int_eq(bm_chart_ticks(1e16, 1e16 + 2, 5, ticks), 0); /* neighbours are the same double */
}
END_TEST

START_TEST(numbers_read_well) {
    static const struct {
        double value, step;
        const char *text;
    } cases[] = {
        {1500000, 500000, "1.5M"}, {1000000, 500000, "1M"}, {200000, 100000, "200k"},  {50000, 10000, "50k"},
        {0.25, 0.05, "0.25"},      {0.25, 0.25, "0.25"},    {0.5, 0.5, "0.5"},         {1, 0.5, "1"},
        {-0.8, 0.2, "-0.8"},       {0, 0.2, "0"},           {1e-17, 0.2, "0"},         {-1e-17, 0.2, "0"},
        {2500, 500, "2.5k"},       {-20000, 5000, "-20k"},  {1000050, 10, "1000.05k"}, {1234567, 1, "1234567"},
        {2e9, 1e9, "2G"},          {3e12, 1e12, "3T"},      {100, 50, "100"},          {999, 1, "999"},
        {2.5e-5, 5e-6, "2.5e-5"},  {0.002, 0.001, "0.002"}, {3e-8, 1e-8, "3e-8"},      {2e15, 1e15, "2e15"},
        {495.33, 0, "495"},        {0.73643, 0, "0.736"},   {NAN, 1, "nan"},           {-INFINITY, 1, "-inf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        ck_assert_str_eq(bm_chart_number(cases[i].value, cases[i].step, text, sizeof text), cases[i].text);
    }
    char small[4];
    ck_assert_str_eq(bm_chart_number(123456, 1, small, sizeof small), "123");
}
END_TEST

/* ---- a painter that takes notes --------------------------------------------------------------------------------- */

enum { NOTES = 4096, LABELS = 64 };

typedef struct {
    bm_point point[NOTES]; /* of all lines two pixels wide: curves */
    int points, curves, dashes, dots, polygons, corners, strange;
    bm_color band;
    struct {
        char text[64];
        bm_point at;
        bm_align align;
    } label[LABELS];
    int labels;
    double left, top, right, bottom; /* what is clipped to while curves are drawn */
    double clip[4];
} notes;

static void check_point(notes *n, bm_point point) {
    n->strange += !isfinite(point.x) || !isfinite(point.y);
}

static void note_clip(void *self, double left, double top, double right, double bottom) {
    notes *n = self;
    const double clip[4] = {left, top, right, bottom};
    memcpy(n->clip, clip, sizeof clip);
}

static void note_polygon(void *self, const bm_point *points, int count, bm_color color) {
    notes *n = self;
    for (int i = 0; i < count; i++) {
        check_point(n, points[i]);
    }
    n->polygons++;
    n->corners += count;
    n->band = color;
}

static void note_polyline(void *self, const bm_point *points, int count, double width, bm_color color) {
    notes *n = self;
    for (int i = 0; i < count; i++) {
        check_point(n, points[i]);
    }
    n->dashes +=
        width == 1 && color == BM_GRAY && count == 2 && points[0].x == points[1].x && points[1].y - points[0].y <= 4;
    if (width != 2) {
        return;
    }
    n->curves++;
    n->left = n->clip[0];
    n->top = n->clip[1];
    n->right = n->clip[2];
    n->bottom = n->clip[3];
    for (int i = 0; i < count && n->points < NOTES; i++) {
        n->point[n->points++] = points[i];
    }
}

static void note_circle(void *self, bm_point center, double radius, bm_color color) {
    notes *n = self;
    (void)radius;
    (void)color;
    check_point(n, center);
    n->dots++;
}

static void note_text(void *self, bm_point at, double size, bm_align align, bm_color color, const char *text) {
    notes *n = self;
    (void)size;
    (void)color;
    check_point(n, at);
    ck_assert_int_lt(n->labels, LABELS);
    snprintf(n->label[n->labels].text, sizeof n->label[0].text, "%s", text);
    n->label[n->labels].at = at;
    n->label[n->labels++].align = align;
}

static double note_width(void *self, double size, const char *text) {
    (void)self;
    return 0.6 * size * (double)strlen(text);
}

static void note_region(void *self, const bm_region *region, bm_color color) {
    (void)self, (void)region, (void)color;
}

static const bm_painter painter = {note_clip, note_polygon, note_polyline, note_circle,
                                   note_text, note_width,   note_region};

static void draw(notes *n, bm_chart chart, double width, double height) {
    bm_canvas canvas;
    memset(n, 0, sizeof *n);
    chart.x_low = chart.x_low == 0 ? NAN : chart.x_low;
    chart.x_high = chart.x_high == 0 ? NAN : chart.x_high;
    chart.y_low = chart.y_low == 0 ? NAN : chart.y_low;
    chart.y_high = chart.y_high == 0 ? NAN : chart.y_high;
    chart.text = chart.text > 0 ? chart.text : 11;
    bm_canvas_begin(&canvas, &painter, n, width, height);
    bm_chart_draw(&chart, &canvas);
    ck_assert_int_eq(n->strange, 0);
}

static int find(const notes *n, const char *text) {
    for (int i = 0; i < n->labels; i++) {
        if (strcmp(n->label[i].text, text) == 0) {
            return i;
        }
    }
    return -1;
}

static bm_point where(const notes *n, const char *text) {
    const int i = find(n, text);
    ck_assert_msg(i >= 0, "'%s' is not drawn", text);
    return n->label[i].at;
}

/* ---- what is drawn ---------------------------------------------------------------------------------------------- */

START_TEST(points_lie_where_the_ticks_say) {
    const double x[] = {0, 20000, 100000}, y[] = {0, 100, 400};
    const bm_series series = {.color = BM_BLUE, .count = 3, .x = x, .y = y};
    notes n;
    draw(&n, (bm_chart){.title = "return", .series = &series, .series_count = 1}, 300, 150);
    ck_assert_int_eq(n.curves, 1);
    ck_assert_int_eq(n.points, 3);
    /* Tick lines are moved to the middle of a pixel. */
    assert_near(n.point[0].y, where(&n, "0").y, 1, "y of 0");
    ck_assert(fabs(n.point[2].y - where(&n, "400").y) <= 0.51);
    ck_assert(fabs(n.point[2].x - where(&n, "100k").x) <= 0.51);
    ck_assert_double_lt(n.point[2].y, n.point[1].y); /* up is more */
    assert_near(n.point[1].x, n.point[0].x + 0.2 * (n.point[2].x - n.point[0].x), 1e-12, "x of 20000");
    assert_near(n.point[1].y, n.point[0].y + 0.25 * (n.point[2].y - n.point[0].y), 1e-12, "y of 100");
    ck_assert_int_ge(find(&n, "return"), 0);
    ck_assert_double_ge(n.left, 0);
    ck_assert_double_le(n.right, 300);
    ck_assert_double_le(n.bottom, 150);
}
END_TEST

START_TEST(many_points_are_thinned_and_no_peak_is_lost) {
    enum { COUNT = 200000 };
    static double x[COUNT], y[COUNT];
    for (int i = 0; i < COUNT; i++) {
        x[i] = i;
        y[i] = i == 77777 ? 900 : i == 123456 ? -300 : sin(i * 0.7);
    }
    const bm_series series = {.color = BM_BLUE, .count = COUNT, .x = x, .y = y, .low = y, .high = y};
    notes n;
    draw(&n, (bm_chart){.series = &series, .series_count = 1, .y_low = -300, .y_high = 900}, 300, 150);
    ck_assert_int_le(n.points, 2 * 300 + 4);
    ck_assert_int_ge(n.points, 2 * 200);
    ck_assert_int_le(n.corners, 1024);
    double top = INFINITY, bottom = -INFINITY, before = -INFINITY;
    for (int i = 0; i < n.points; i++) {
        top = fmin(top, n.point[i].y);
        bottom = fmax(bottom, n.point[i].y);
        ck_assert_double_ge(n.point[i].x, before); /* never back */
        before = n.point[i].x;
    }
    ck_assert(fabs(top - (n.top + 3)) < 1e-9); /* three pixels of room around the plot */
    ck_assert(fabs(bottom - (n.bottom - 3)) < 1e-9);
}
END_TEST

START_TEST(a_gap_ends_a_curve_and_a_band) {
    const double x[] = {0, 1, 2, 3, 4, 5, 6}, y[] = {1, 2, NAN, 3, 4, NAN, 5};
    const bm_series series = {.color = BM_BLUE, .count = 7, .x = x, .y = y, .low = y, .high = y};
    notes n;
    draw(&n, (bm_chart){.series = &series, .series_count = 1}, 300, 150);
    ck_assert_int_eq(n.curves, 3); /* the last is one point */
    ck_assert_int_eq(n.points, 5);
    ck_assert_int_eq(n.polygons, 2);
    ck_assert_int_eq(n.corners, 8);
    ck_assert_uint_eq(n.band, bm_color_fade(BM_BLUE, 0.2));
}
END_TEST

START_TEST(separate_dots_are_dots) {
    const double x[] = {0, 1, 2}, y[] = {1, NAN, 3};
    const bm_series series = {.color = BM_BLUE, .count = 3, .x = x, .y = y, .points = true};
    notes n;
    draw(&n, (bm_chart){.series = &series, .series_count = 1}, 300, 150);
    ck_assert_int_eq(n.curves, 0);
    ck_assert_int_eq(n.dots, 2);
}
END_TEST

START_TEST(names_stand_beside_the_ends_where_there_is_room) {
    const double x[] = {0, 100}, high[] = {0, 10}, near_high[] = {0, 9.9}, low[] = {0, 1};
    const bm_series series[] = {
        {.name = "low", .color = BM_BLUE, .count = 2, .x = x, .y = low},
        {.name = "high", .color = BM_GREEN, .count = 2, .x = x, .y = high},
        {.name = "near", .color = BM_ORANGE, .count = 2, .x = x, .y = near_high},
        {.color = BM_INK, .count = 2, .x = x, .y = low},
    };
    notes n;
    draw(&n, (bm_chart){.series = series, .series_count = 4}, 900, 500);
    ck_assert_double_gt(where(&n, "high").x, n.point[1].x);
    ck_assert_double_lt(where(&n, "high").y, where(&n, "near").y - 11); /* apart, in the curves' order */
    ck_assert_double_lt(where(&n, "near").y, where(&n, "low").y);
    ck_assert(fabs(where(&n, "low").y - n.point[1].y) < 1);
    /* In a small chart they stand beside the title. */
    draw(&n, (bm_chart){.title = "t", .series = series, .series_count = 4}, 300, 150);
    assert_near(where(&n, "low").y, where(&n, "t").y, 1e-12, "on the title's line");
    /* And below, where they do not fit there. */
    draw(&n, (bm_chart){.title = "a title as long as all of it", .series = series, .series_count = 4}, 300, 150);
    ck_assert_double_gt(where(&n, "low").y, n.bottom);
    ck_assert_double_lt(where(&n, "low").y, 150);
}
END_TEST

START_TEST(a_curve_that_ends_early_has_its_name_in_the_legend) {
    const double x[] = {0, 100}, half[] = {0, 50}, y[] = {0, 10};
    const bm_series series[] = {
        {.name = "long", .color = BM_BLUE, .count = 2, .x = x, .y = y},
        {.name = "short", .color = BM_GREEN, .count = 2, .x = half, .y = y},
    };
    notes n;
    draw(&n, (bm_chart){.title = "t", .series = series, .series_count = 2}, 900, 500);
    assert_near(where(&n, "short").y, where(&n, "t").y, 1e-12, "on the title's line");
}
END_TEST

START_TEST(marks_are_dashed_and_only_within_the_plot) {
    const double x[] = {0, 100}, y[] = {0, 10}, marks[] = {50, 1000};
    const bm_series series = {.color = BM_BLUE, .count = 2, .x = x, .y = y};
    notes n;
    draw(&n, (bm_chart){.series = &series, .series_count = 1}, 300, 150);
    const int without = n.dashes; /* the ticks below the axis */
    draw(&n, (bm_chart){.series = &series, .series_count = 1, .marks = marks, .mark_count = 1}, 300, 150);
    const int one = n.dashes;
    ck_assert_int_gt(one, without + 8);
    draw(&n, (bm_chart){.series = &series, .series_count = 1, .marks = marks, .mark_count = 2}, 300, 150);
    ck_assert_int_eq(n.dashes, one);
}
END_TEST

START_TEST(a_logarithmic_axis_has_decades_and_leaves_out_what_it_cannot_show) {
    const double x[] = {0, 1, 2, 3}, y[] = {0.001, 0, 1, 1000};
    const bm_series series = {.color = BM_BLUE, .count = 4, .x = x, .y = y};
    notes n;
    draw(&n, (bm_chart){.series = &series, .series_count = 1, .log_y = true}, 400, 300);
    ck_assert_int_eq(n.points, 3);
    ck_assert_int_ge(find(&n, "0.01"), 0);
    const double step = where(&n, "1").y - where(&n, "10").y;
    ck_assert(fabs(where(&n, "10").y - where(&n, "100").y - step) <= 1.01); /* equal factors, equal distances */
}
END_TEST

START_TEST(without_data_it_says_so) {
    const double x[] = {0}, y[] = {NAN};
    const bm_series series = {.name = "return", .color = BM_BLUE, .count = 1, .x = x, .y = y};
    notes n;
    draw(&n, (bm_chart){.series = &series, .series_count = 1}, 300, 150);
    ck_assert_int_ge(find(&n, "no data yet"), 0);
    draw(&n, (bm_chart){.title = "t"}, 300, 150);
    ck_assert_int_ge(find(&n, "no data yet"), 0);
}
END_TEST

START_TEST(odd_data_and_odd_sizes_do_no_harm) {
    const double x[] = {0, 1, 2, INFINITY}, y[] = {5, 5, INFINITY, 5}, same[] = {3, 3, 3, 3};
    const bm_series series[] = {
        {.name = "a", .color = BM_BLUE, .count = 4, .x = x, .y = y, .low = y, .high = y},
        {.name = "b", .color = BM_BLUE, .count = 4, .x = same, .y = same},
        {.name = "c", .color = BM_BLUE},
    };
    static const double sizes[][2] = {{300, 150}, {60, 40}, {1, 1}, {0, 0}, {2000, 30}, {30, 2000}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        notes n;
        draw(&n, (bm_chart){.title = "t", .x_label = "x", .series = series, .series_count = 3}, sizes[i][0],
             sizes[i][1]);
        draw(&n, (bm_chart){.series = &series[1], .series_count = 1, .log_y = true}, sizes[i][0], sizes[i][1]);
    }
}
END_TEST

TEST_MAIN("chart", 20, ticks_are_round_numbers, ticks_lie_within_and_are_no_more_than_asked_for,
          a_range_that_is_none_has_no_ticks, numbers_read_well, points_lie_where_the_ticks_say,
          many_points_are_thinned_and_no_peak_is_lost, a_gap_ends_a_curve_and_a_band, separate_dots_are_dots,
          names_stand_beside_the_ends_where_there_is_room, a_curve_that_ends_early_has_its_name_in_the_legend,
          marks_are_dashed_and_only_within_the_plot, a_logarithmic_axis_has_decades_and_leaves_out_what_it_cannot_show,
          without_data_it_says_so, odd_data_and_odd_sizes_do_no_harm)
