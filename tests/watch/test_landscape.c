/* Landscapes: every size and state can be drawn, a pixel means the point that is drawn there, and words say what is
 * shown. */
#include "watch/landscape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw/font.h"
#include "draw/raster.h"
#include "draw/svg.h"
#include "support.h"

enum { SIDE = 33, STEPS = 40 };

/* ---- a painter that takes notes ---- */

typedef struct {
    char text[4096]; /* everything written, each between bars */
    int regions, polygons;
    bm_point start; /* where the mark of the start stands */
    bool any_start, all_finite;
} notes;

static void check(notes *taken, bm_point p) {
    taken->all_finite = taken->all_finite && isfinite(p.x) && isfinite(p.y);
}

static void note_clip(void *self, double left, double top, double right, double bottom) {
    check(self, (bm_point){left, top});
    check(self, (bm_point){right, bottom});
}

static void note_polygon(void *self, const bm_point *points, int count, bm_color color) {
    (void)color;
    for (int i = 0; i < count; i++) {
        check(self, points[i]);
    }
    ((notes *)self)->polygons++;
}

static void note_polyline(void *self, const bm_point *points, int count, double width, bm_color color) {
    (void)width, (void)color;
    for (int i = 0; i < count; i++) {
        check(self, points[i]);
    }
}

static void note_circle(void *self, bm_point center, double radius, bm_color color) {
    notes *taken = self;
    (void)radius;
    check(taken, center);
    if (color == BM_INK) { /* the last one: after those of the legend */
        taken->start = center;
        taken->any_start = true;
    }
}

static void note_text(void *self, bm_point at, double size, bm_align align, bm_color color, const char *text) {
    notes *taken = self;
    (void)size, (void)align, (void)color;
    check(taken, at);
    const size_t used = strlen(taken->text);
    snprintf(taken->text + used, sizeof taken->text - used, "|%s|", text);
}

static double note_width(void *self, double size, const char *text) {
    (void)self;
    return bm_font_width(size, text);
}

static void note_region(void *self, const bm_region *region, bm_color color) {
    (void)region, (void)color;
    ((notes *)self)->regions++;
}

static const bm_painter painter = {note_clip, note_polygon, note_polyline, note_circle,
                                   note_text, note_width,   note_region};

static notes take_notes(const bm_landscape *landscape, double width, double height) {
    notes taken = {.all_finite = true};
    bm_canvas canvas;
    bm_canvas_begin(&canvas, &painter, &taken, width, height);
    bm_landscape_draw(landscape, &canvas);
    return taken;
}

/* ---- a landscape: x² + 4 y² or, of one coordinate, x², with two paths ---- */

typedef struct {
    double value[SIDE * SIDE], step[STEPS], good[2 * STEPS], good_value[STEPS], bad[2 * STEPS], bad_value[STEPS];
    double start[2], minimum[2];
    bm_field field;
    bm_contour contour;
    bm_landscape_path paths[2];
    bm_landscape landscape;
    bm_arena arena;
} world;

static world w; /* too large for the stack of a test */

static void walk(world *it, int dims, double lr, double *point, double *value) {
    for (int i = 0; i < STEPS; i++) {
        value[i] = 0;
        for (int k = 0; k < dims; k++) {
            const double curvature = k ? 4 : 1, x = i ? point[(i - 1) * dims + k] : it->start[k];
            point[i * dims + k] = i ? x - lr * 2 * curvature * x : x;
            value[i] += curvature * point[i * dims + k] * point[i * dims + k];
        }
        it->step[i] = i;
    }
}

static void make_world(world *it, int dims) {
    static const char *const names[3] = {"x", "y", "z"};
    bm_error error;
    memset(it, 0, sizeof *it);
    it->field =
        (bm_field){.columns = SIDE, .rows = dims == 1 ? 1 : SIDE, .low = {-3, -1}, .high = {2, 2}, .value = it->value};
    for (int i = 0; i < SIDE * it->field.rows; i++) {
        const double x = -3 + 5.0 * (i % SIDE) / (SIDE - 1), y = dims == 1 ? 0 : -1 + 3.0 * (i / SIDE) / (SIDE - 1);
        it->value[i] = x * x + 4 * y * y;
    }
    ck_assert(bm_field_rank(&it->field, &it->arena));
    if (dims == 2) {
        bm_contour_trace(&it->contour, &it->field, 10, &it->arena);
    }
    ck_assert_int_eq(bm_arena_check(&it->arena, "a landscape", &error), BM_OK);
    it->start[0] = -2.3;
    it->start[1] = 1.4;
    const int known = dims < 2 ? dims : 2;
    walk(it, known, 0.1, it->good, it->good_value);
    walk(it, known, 1e10, it->bad, it->bad_value); /* to infinity, and beyond it to NAN */
    it->paths[0] = (bm_landscape_path){"good", NULL, BM_BLUE, STEPS, it->good, it->step, it->good_value, false};
    it->paths[1] =
        (bm_landscape_path){"bad", "diverged at step 3", BM_GREEN, STEPS, it->bad, it->step, it->bad_value, true};
    it->landscape = (bm_landscape){.title = "a title",
                                   .formula = "a formula",
                                   .dims = dims,
                                   .variables = names,
                                   .field = &it->field,
                                   .contour = dims == 2 ? &it->contour : NULL,
                                   .paths = it->paths,
                                   .path_count = 2,
                                   .start = it->start,
                                   .minimum = it->minimum,
                                   .minima = 1,
                                   .minimum_value = 0,
                                   .steps = NAN,
                                   .view = {-0.6, 0.7}};
}

/* ---- tests ---- */

START_TEST(landscapes_of_every_size_and_state_can_be_drawn) {
    static const int sizes[][2] = {{1, 1},     {3, 700},   {700, 3},   {100, 60},  {240, 160},
                                   {300, 200}, {400, 300}, {560, 800}, {1000, 600}};
    static const bm_overlay_key help[] = {{"h", "show or hide these keys"}, {NULL, NULL}};
    for (int dims = 1; dims <= 3; dims++) {
        make_world(&w, dims);
        for (unsigned state = 0; state < 32; state++) {
            bm_landscape changed = w.landscape;
            changed.surface = state & 1;
            changed.help = state & 2 ? help : NULL;
            changed.notice = state & 4 ? "something happened" : NULL;
            changed.status = state & 4 ? "a line at the bottom" : NULL;
            changed.path_count = state & 8 ? 0 : 2;
            changed.contour = state & 16 ? NULL : changed.contour;
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                const notes taken = take_notes(&changed, sizes[i][0], sizes[i][1]);
                ck_assert_msg(taken.all_finite, "%d dimensions, state %u, %d x %d", dims, state, sizes[i][0],
                              sizes[i][1]);
            }
        }
        bm_arena_free(&w.arena);
    }
}
END_TEST

START_TEST(pictures_on_pixels_and_as_documents_hold_numbers_only) {
    make_world(&w, 2);
    for (int surface = 0; surface < 2; surface++) {
        bm_raster *raster;
        bm_svg *svg;
        bm_canvas canvas;
        bm_error error;
        const char *text;
        size_t bytes;
        w.landscape.surface = surface;
        ck_assert_int_eq(bm_raster_create(&raster, 640, 480, &error), BM_OK);
        bm_raster_begin(raster, BM_PAPER, &canvas);
        bm_landscape_draw(&w.landscape, &canvas);
        bm_raster_destroy(raster);
        ck_assert_int_eq(bm_svg_create(&svg, 1200, 560, &error), BM_OK);
        bm_svg_begin(svg, BM_PAPER, &canvas);
        bm_landscape_draw(&w.landscape, &canvas);
        ck_assert_int_eq(bm_svg_text(svg, &text, &bytes, &error), BM_OK);
        ck_assert(!strstr(text, "nan") && !strstr(text, "inf\""));
        bm_svg_destroy(svg);
    }
    bm_arena_free(&w.arena);
}
END_TEST

START_TEST(a_pixel_means_the_point_that_is_drawn_there) {
    static const int sizes[][2] = {{1200, 560}, {1000, 600}, {560, 800}, {400, 300}, {240, 160}};
    for (int dims = 1; dims <= 2; dims++) {
        make_world(&w, dims);
        w.landscape.path_count = 0;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            for (int k = 0; k < 5; k++) {
                const double width = sizes[i][0], height = sizes[i][1];
                w.start[0] = -2.9 + 1.1 * k;
                w.start[1] = 1.9 - 0.6 * k;
                const notes taken = take_notes(&w.landscape, width, height);
                double xy[2] = {NAN, NAN};
                ck_assert(taken.any_start);
                ck_assert(bm_landscape_at(&w.landscape, width, height, taken.start.x, taken.start.y, xy));
                assert_near(xy[0], w.start[0], 1e-9, "x");
                if (dims == 2) {
                    assert_near(xy[1], w.start[1], 1e-9, "y");
                } else {
                    ck_assert(isnan(xy[1]));
                }
            }
        }
        bm_arena_free(&w.arena);
    }
}
END_TEST

START_TEST(pixels_beside_the_plot_mean_nothing) {
    double xy[2];
    make_world(&w, 2);
    ck_assert(!bm_landscape_at(&w.landscape, 1000, 600, 500, 10, xy));  /* the header */
    ck_assert(!bm_landscape_at(&w.landscape, 1000, 600, 900, 300, xy)); /* the chart */
    ck_assert(!bm_landscape_at(&w.landscape, 1000, 600, 5, 300, xy));
    ck_assert(bm_landscape_at(&w.landscape, 1000, 600, 300, 300, xy));
    w.landscape.surface = true;
    ck_assert(!bm_landscape_at(&w.landscape, 1000, 600, 300, 300, xy));
    w.landscape.surface = false;
    w.landscape.dims = 3;
    ck_assert(!bm_landscape_at(&w.landscape, 1000, 600, 300, 300, xy));
    bm_arena_free(&w.arena);
}
END_TEST

START_TEST(words_say_what_is_shown) {
    make_world(&w, 2);
    w.landscape.status = "step 39";
    w.landscape.paused = true;
    const notes taken = take_notes(&w.landscape, 1000, 600);
    static const char *const words[] = {
        "|a title|", "|a formula|", "|good|", "|bad|",    "|diverged at step 3|", "|start|", "|minimum|",
        "|step 39|", "|x|",         "|y|",    "|paused|", "|gap to the minimum|"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ck_assert_msg(strstr(taken.text, words[i]), "no %s in %s", words[i], taken.text);
    }
    w.landscape.minimum_value = NAN;
    const notes values = take_notes(&w.landscape, 1000, 600);
    ck_assert(strstr(values.text, "|value|") && !strstr(values.text, "gap"));
    ck_assert_int_eq(taken.regions, values.regions);
    ck_assert_str_eq(take_notes(&w.landscape, 240, 160).text, "");
    bm_arena_free(&w.arena);
}
END_TEST

START_TEST(a_window_without_values_says_so_and_shows_the_rest) {
    make_world(&w, 2);
    w.landscape.contour = NULL;
    const notes taken = take_notes(&w.landscape, 1000, 600);
    ck_assert(strstr(taken.text, "|no finite value in this window|"));
    ck_assert(strstr(taken.text, "|gap to the minimum|") && strstr(taken.text, "|good|"));
    ck_assert(taken.any_start && taken.regions == 0);
    bm_arena_free(&w.arena);
}
END_TEST

START_TEST(of_many_dimensions_only_the_values_are_shown) {
    make_world(&w, 2);
    w.landscape.dims = 3;
    const notes taken = take_notes(&w.landscape, 1000, 600);
    ck_assert(strstr(taken.text, "|gap to the minimum|") && strstr(taken.text, "|good|"));
    ck_assert(!strstr(taken.text, "|start|") && taken.regions == 0 && !taken.any_start);
    bm_arena_free(&w.arena);
}
END_TEST

START_TEST(a_legend_that_does_not_fit_says_how_many_are_left_out) {
    bm_landscape_path many[40];
    make_world(&w, 2);
    for (int i = 0; i < 40; i++) {
        many[i] = w.paths[0];
        many[i].name = "an optimizer";
    }
    w.landscape.paths = many;
    w.landscape.path_count = 40;
    const notes taken = take_notes(&w.landscape, 400, 300);
    int shown = 0;
    for (const char *at = taken.text; (at = strstr(at, "|an optimizer|")) != NULL; at++) {
        shown++;
    }
    const char *more = strstr(taken.text, "|+");
    ck_assert(shown > 1 && more);
    const int left_out = (int)strtol(more + 2, NULL, 10);
    ck_assert_int_eq(shown + left_out, 42); /* start and minimum too */
    bm_arena_free(&w.arena);
}
END_TEST

START_TEST(rates_name_optimizer_and_coordinate_and_say_what_is_left_out) {
    static const char *const names[10] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"};
    double step[STEPS], rate[10 * STEPS];
    for (int i = 0; i < 10 * STEPS; i++) {
        step[i % STEPS] = i % STEPS;
        rate[i] = 0.1 / (1 + i);
    }
    const bm_landscape_rate two[2] = {{"adam", BM_BLUE, STEPS, step, rate}, {"sgd", BM_GREEN, STEPS, step, rate}};
    bm_landscape_rates rates = {"sphere", 10, names, two, 2};
    notes taken = {.all_finite = true};
    bm_canvas canvas;
    bm_canvas_begin(&canvas, &painter, &taken, 900, 400);
    bm_landscape_rates_draw(&rates, &canvas);
    ck_assert(taken.all_finite);
    ck_assert_msg(strstr(taken.text, "first 4 of 10 coordinates"), "%s", taken.text);
    ck_assert(strstr(taken.text, "|adam x0|") && strstr(taken.text, "|sgd x3|") && !strstr(taken.text, "x4"));
    taken.text[0] = '\0';
    rates.dims = 2;
    bm_landscape_rates_draw(&rates, &canvas);
    ck_assert(strstr(taken.text, "|sgd x1|") && !strstr(taken.text, "first"));
}
END_TEST

TEST_MAIN("landscape", 60, landscapes_of_every_size_and_state_can_be_drawn,
          pictures_on_pixels_and_as_documents_hold_numbers_only, a_pixel_means_the_point_that_is_drawn_there,
          pixels_beside_the_plot_mean_nothing, words_say_what_is_shown,
          a_window_without_values_says_so_and_shows_the_rest, of_many_dimensions_only_the_values_are_shown,
          a_legend_that_does_not_fit_says_how_many_are_left_out,
          rates_name_optimizer_and_coordinate_and_say_what_is_left_out)
