/* Terminal pictures, seen through a small terminal: what the bytes of the frames put on its screen is compared with the
 * pixels. */
#include "draw/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "draw/palette.h"
#include "draw/raster.h"
#include "screen.h"
#include "support.h"

/* ---- fixture ---- */

typedef struct {
    int columns, rows, lines;
    bm_terminal *terminal;
    screen *screen;
    uint32_t *pixels; /* [2 * rows, columns] */
} setup;

static setup begin(int columns, int rows, int lines, bm_terminal_colors colors) {
    setup s = {.columns = columns, .rows = rows, .lines = lines};
    bm_error error;
    ck_assert_msg(bm_terminal_create(&s.terminal, columns, rows, colors, &error) == BM_OK, "%s", error.text);
    s.screen = malloc(sizeof *s.screen);
    s.pixels = calloc((size_t)(2 * rows * columns), sizeof *s.pixels);
    ck_assert(s.screen && s.pixels);
    start(s.screen, columns, rows + lines);
    return s;
}

static void finish(setup *s) {
    bm_terminal_destroy(s->terminal);
    free(s->screen);
    free(s->pixels);
}

static size_t show(setup *s, const uint32_t *pixels, const char *const *text, int lines) {
    const char *bytes;
    size_t count;
    bm_terminal_frame(s->terminal, pixels, text, lines, &bytes, &count);
    receive(s->screen, bytes, count);
    return count;
}

static void scribble(setup *s, bm_rng *rng) {
    for (int i = 0; i < 2 * s->rows * s->columns; i++) {
        s->pixels[i] = 0xff000000u | (uint32_t)bm_rng_integers(rng, 0, 1 << 24);
    }
}

static bm_rng generator(uint64_t seed) {
    const bm_seed root = bm_seed_of(seed);
    return bm_rng_from(&root);
}

/* A still picture, until nothing more comes: small differences wait for up to 10 frames. */
static void settle(setup *s, const uint32_t *pixels) {
    for (int frames = 0, silent = 0; silent <= 10; frames++) {
        ck_assert_int_lt(frames, 2000);
        silent = show(s, pixels, NULL, 0) ? 0 : silent + 1;
    }
}

/* ---- colours ---- */

START_TEST(nearest_entry_is_the_nearest_of_all) {
    bm_rng rng = generator(1);
    uint32_t colors[256];
    for (int entry = 16; entry < 256; entry++) {
        colors[entry] = entry_color(entry);
    }
    for (int i = 0; i < 5000; i++) {
        const uint32_t color = i < 256 ? (uint32_t)i * 0x010101u : (uint32_t)bm_rng_integers(&rng, 0, 1 << 24);
        long best = -1;
        for (int entry = 16; entry < 256; entry++) {
            long sum = 0;
            for (int shift = 0; shift < 24; shift += 8) {
                const long d = (long)(color >> shift & 0xff) - (long)(colors[entry] >> shift & 0xff);
                sum += d * d;
            }
            best = best < 0 || sum < best ? sum : best;
        }
        uint32_t looks;
        ck_assert_uint_eq(colors[bm_palette_nearest(color, &looks)], looks);
        long sum = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            const long d = (long)(color >> shift & 0xff) - (long)(looks >> shift & 0xff);
            sum += d * d;
        }
        ck_assert_msg(sum == best, "%06x became %06x", color, looks);
    }
}
END_TEST

START_TEST(reduced_colors_stay_near) {
    bm_rng rng = generator(2);
    for (int i = 0; i < 100000; i++) {
        const uint32_t color = (uint32_t)bm_rng_integers(&rng, 0, 1 << 24), reduced = bm_palette_reduce(color);
        ck_assert_int_le(bm_palette_difference(color, reduced), BM_PALETTE_ERROR);
    }
}
END_TEST

/* ---- pictures ---- */

START_TEST(first_frame_shows_every_pixel) {
    bm_rng rng = generator(3);
    for (int columns = 1; columns < 60; columns += 7) {
        setup s = begin(columns, 1 + columns / 2, 1, BM_COLORS_TRUE);
        scribble(&s, &rng);
        show(&s, s.pixels, NULL, 0);
        ck_assert_int_le(worst(s.screen, s.pixels, s.columns, s.rows), BM_PALETTE_ERROR);
        finish(&s);
    }
}
END_TEST

START_TEST(with_256_colors_every_pixel_is_its_nearest_entry) {
    bm_rng rng = generator(4);
    setup s = begin(30, 12, 0, BM_COLORS_256);
    scribble(&s, &rng);
    show(&s, s.pixels, NULL, 0);
    for (int i = 0; i < 2 * s.rows * s.columns; i++) {
        uint32_t looks;
        bm_palette_nearest(s.pixels[i] & 0xffffffu, &looks);
        ck_assert_uint_eq(pixel_of(s.screen, i % s.columns, i / s.columns), looks);
    }
    finish(&s);
}
END_TEST

START_TEST(an_unchanged_frame_sends_nothing) {
    bm_rng rng = generator(5);
    setup s = begin(20, 10, 2, BM_COLORS_TRUE);
    const char *const text[] = {"return 12", "space: pause"};
    scribble(&s, &rng);
    ck_assert_uint_gt(show(&s, s.pixels, text, 2), 0);
    ck_assert_uint_eq(show(&s, s.pixels, text, 2), 0);
    finish(&s);
}
END_TEST

/* One cell: both synchronisation marks, a move, two colours and a block. */
START_TEST(one_changed_pixel_sends_one_cell) {
    setup s = begin(100, 40, 0, BM_COLORS_TRUE);
    show(&s, s.pixels, NULL, 0);
    s.pixels[37 * 100 + 50] = 0xff123456u;
    ck_assert_uint_le(show(&s, s.pixels, NULL, 0), 16 + 9 + 36 + 3);
    ck_assert_int_le(worst(s.screen, s.pixels, s.columns, s.rows), BM_PALETTE_ERROR);
    finish(&s);
}
END_TEST

/* Large differences are shown in the same frame, whatever changes beside them. */
START_TEST(random_changes_are_shown_at_once_where_they_are_large) {
    bm_rng rng = generator(6);
    for (int colors = BM_COLORS_TRUE; colors <= BM_COLORS_256; colors++) {
        static const uint32_t apart[] = {0xffffffff, 0xff000000, 0xffff0000, 0xff00ff00, 0xff0000ff, 0xff878787};
        setup s = begin(33, 11, 3, (bm_terminal_colors)colors);
        for (int frame = 0; frame < 300; frame++) {
            const int changes = (int)bm_rng_integers(&rng, 0, frame % 10 ? 12 : 700);
            for (int i = 0; i < changes; i++) {
                s.pixels[bm_rng_integers(&rng, 0, 2 * 33 * 11)] = apart[bm_rng_integers(&rng, 0, 6)];
            }
            show(&s, s.pixels, NULL, 0);
            ck_assert_int_le(worst(s.screen, s.pixels, s.columns, s.rows), BM_PALETTE_ERROR);
        }
        finish(&s);
    }
}
END_TEST

START_TEST(a_small_difference_is_shown_within_moments_once_it_rests) {
    setup s = begin(8, 4, 0, BM_COLORS_TRUE);
    for (int i = 0; i < 64; i++) {
        s.pixels[i] = 0xff808080u;
    }
    show(&s, s.pixels, NULL, 0);
    s.pixels[20] = 0xff8c8c8cu;
    ck_assert_uint_eq(show(&s, s.pixels, NULL, 0), 0);
    for (int frame = 0; frame < 10; frame++) {
        show(&s, s.pixels, NULL, 0);
    }
    ck_assert_int_le(worst(s.screen, s.pixels, s.columns, s.rows), BM_PALETTE_ERROR);
    finish(&s);
}
END_TEST

START_TEST(after_forget_everything_is_drawn_again) {
    bm_rng rng = generator(7);
    setup s = begin(25, 9, 1, BM_COLORS_TRUE);
    const char *const text[] = {"below"};
    char line[SIDE * 4];
    scribble(&s, &rng);
    const size_t first = show(&s, s.pixels, text, 1);
    bm_terminal_limit(s.terminal, 200); /* does not hold here */
    start(s.screen, s.columns, s.rows + s.lines);
    bm_terminal_forget(s.terminal);
    ck_assert_uint_eq(show(&s, s.pixels, text, 1), first);
    ck_assert_int_le(worst(s.screen, s.pixels, s.columns, s.rows), BM_PALETTE_ERROR);
    ck_assert_str_eq(line_of(s.screen, s.rows, line), "below");
    finish(&s);
}
END_TEST

START_TEST(sides_beyond_the_limits_are_refused) {
    static const int sides[][2] = {{0, 10}, {10, 0}, {-1, 5}, {BM_TERMINAL_SIDE + 1, 5}, {5, BM_TERMINAL_SIDE + 1}};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        bm_terminal *terminal;
        bm_error error;
        ck_assert_int_eq(bm_terminal_create(&terminal, sides[i][0], sides[i][1], BM_COLORS_TRUE, &error), BM_INVALID);
    }
    bm_terminal_destroy(NULL);
}
END_TEST

/* ---- the limit ---- */

START_TEST(no_frame_exceeds_the_limit_and_a_still_picture_becomes_exact) {
    bm_rng rng = generator(8);
    static const size_t limits[] = {1, BM_TERMINAL_LIMIT, 300, 1000, 5000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const size_t limit = limits[i] < BM_TERMINAL_LIMIT ? BM_TERMINAL_LIMIT : limits[i];
        setup s = begin(40, 10, 2, i % 2 ? BM_COLORS_TRUE : BM_COLORS_256),
              fresh = begin(40, 10, 2, i % 2 ? BM_COLORS_TRUE : BM_COLORS_256);
        bm_terminal_limit(s.terminal, limits[i]);
        show(&s, s.pixels, NULL, 0);
        for (int frame = 0; frame < 50; frame++) {
            char text[64];
            snprintf(text, sizeof text, "step %d of a long, long line that changes %x", frame, frame * 7919);
            scribble(&s, &rng);
            ck_assert_uint_le(show(&s, s.pixels, &(const char *){text}, 1), limit);
        }
        settle(&s, s.pixels);
        show(&fresh, s.pixels, NULL, 0);
        for (int p = 0; p < 2 * s.rows * s.columns; p++) {
            ck_assert_uint_eq(pixel_of(s.screen, p % 40, p / 40), pixel_of(fresh.screen, p % 40, p / 40));
        }
        finish(&s);
        finish(&fresh);
    }
}
END_TEST

START_TEST(under_the_limit_large_differences_come_first) {
    setup s = begin(60, 20, 0, BM_COLORS_TRUE);
    bm_terminal_limit(s.terminal, 500);
    for (int i = 0; i < 60 * 40; i++) {
        s.pixels[i] = 0xffffffffu;
    }
    show(&s, s.pixels, NULL, 0);
    for (int i = 0; i < 60 * 30; i++) { /* many pale pixels above, a few dark ones below */
        s.pixels[i] = i % 3 ? 0xffc0e0ffu : 0xffffd0b0u;
    }
    for (int x = 20; x < 26; x++) {
        s.pixels[35 * 60 + x] = 0xff101010u;
    }
    ck_assert_uint_le(show(&s, s.pixels, NULL, 0), 500);
    for (int x = 20; x < 26; x++) {
        ck_assert_int_le(bm_palette_difference(pixel_of(s.screen, x, 35), 0x101010), BM_PALETTE_ERROR);
    }
    finish(&s);
}
END_TEST

/* The upper part of the picture flickers in full contrast and would use up the limit in every frame. */
START_TEST(what_waits_is_shown_in_the_end_though_there_is_always_something_else) {
    setup s = begin(60, 20, 0, BM_COLORS_TRUE);
    bm_terminal_limit(s.terminal, 300);
    show(&s, s.pixels, NULL, 0);
    for (int frame = 0; frame < 400; frame++) {
        for (int i = 0; i < 60 * 20; i++) {
            s.pixels[i] = (i * 7 + frame) % 3 ? 0xffffffffu : 0xff000000u;
        }
        s.pixels[60 * 39] = 0xff303030u;
        show(&s, s.pixels, NULL, 0);
    }
    ck_assert_int_le(bm_palette_difference(pixel_of(s.screen, 0, 39), 0x303030), BM_PALETTE_ERROR);
    finish(&s);
}
END_TEST

/* ---- text ---- */

START_TEST(text_is_cut_by_characters_and_the_rest_of_a_line_cleared) {
    static const struct {
        const char *text, *shown;
    } lines[] = {
        {"return −12.5 → −3", "return −12"},
        {"αβγ", "αβγ"},
        {"", ""},
        {"exactly 10", "exactly 10"},
        {"a\033[2Jb\tc\x7f!", "a [2Jb c !"}, /* nothing steers the terminal */
        {"x\xc2\x9b"
         "2Jy",
         "x 2Jy"},                 /* nor does C1's control sequence introducer */
        {"x\xe0\x82\x9b!", "x?!"}, /* nor longer than it must be */
        {"bad \xff\xc3", "bad ??"},
        {"e\xcc\x81t\xcc\x81", "et"}, /* combining marks */
        {"\xe6\xbc\xa2\xe5\xad\x97 ab", "\xe6\xbc\xa2\xe5\xad\x97 ab"},
        {"123456789\xe6\xbc\xa2", "123456789"}, /* half of a wide one does not fit */
        {"\xe6\xbc\xa2 3456789X", "\xe6\xbc\xa2 3456789"},
    };
    enum { LINES = sizeof lines / sizeof lines[0] };
    char line[SIDE * 4];
    setup s = begin(10, 2, 1, BM_COLORS_TRUE);
    for (int i = 0; i < LINES * LINES; i++) { /* each after each other */
        show(&s, s.pixels, &lines[i / LINES].text, 1);
        ck_assert_str_eq(line_of(s.screen, 2, line), lines[i / LINES].shown);
        show(&s, s.pixels, &lines[i % LINES].text, 1);
        ck_assert_str_eq(line_of(s.screen, 2, line), lines[i % LINES].shown);
    }
    show(&s, s.pixels, NULL, 0);
    ck_assert_str_eq(line_of(s.screen, 2, line), "");
    finish(&s);
}
END_TEST

START_TEST(only_what_changed_in_a_line_is_sent) {
    setup s = begin(80, 2, 2, BM_COLORS_TRUE);
    const char *before[] = {"CartPole-v1  episode 3  step 128  return 128.0", "space: pause  q: quit"};
    const char *after[] = {"CartPole-v1  episode 3  step 129  return 129.0", "space: pause  q: quit"};
    char line[SIDE * 4];
    show(&s, s.pixels, before, 2);
    ck_assert_uint_le(show(&s, s.pixels, after, 2),
                      16 + 3 + 7 + 1 + 5 + 1); /* marks, colours, move, digit, move, digit */
    ck_assert_str_eq(line_of(s.screen, 2, line), after[0]);
    ck_assert_str_eq(line_of(s.screen, 3, line), after[1]);
    finish(&s);
}
END_TEST

START_TEST(random_lines_are_shown_as_they_are) {
    static const char *const pieces[] = {"a", "b", " ", "   ", "é", "→", "\xe6\xbc\xa2", "0.5", "\xf0\x9f\x99\x82"};
    bm_rng rng = generator(9);
    setup s = begin(37, 3, 4, BM_COLORS_TRUE);
    for (int frame = 0; frame < 300; frame++) {
        char texts[4][256] = {{0}}, line[SIDE * 4];
        const char *lines[4];
        for (int i = 0; i < 4; i++) {
            lines[i] = texts[i];
            for (int64_t n = bm_rng_integers(&rng, 0, 16); n > 0; n--) { /* at most 16 * 3 columns */
                strncat(texts[i], pieces[bm_rng_integers(&rng, 0, 9)], sizeof texts[i] - 1 - strlen(texts[i]));
            }
        }
        const int count = (int)bm_rng_integers(&rng, 0, 5);
        s.pixels[frame % (37 * 6)] ^= 0xffffffu;
        show(&s, s.pixels, lines, count);
        setup fresh = begin(37, 3, 4, BM_COLORS_TRUE);
        show(&fresh, s.pixels, lines, count);
        for (int i = 0; i < 4; i++) {
            char wanted[SIDE * 4];
            ck_assert_str_eq(line_of(s.screen, 3 + i, line), line_of(fresh.screen, 3 + i, wanted));
        }
        finish(&fresh);
    }
    finish(&s);
}
END_TEST

/* ---- a moving picture ---- */

enum { WIDE = 120, HIGH = 40, FPS = 30, BYTES_A_SECOND = 64000 };

/* A cart with a pole, both moving by fractions of pixels, as large as the terminal shows them. */
static void draw_cart(bm_raster *raster, int frame) {
    const double t = (double)frame / FPS, x = 60 + 25 * sin(0.9 * t), angle = 0.35 * sin(2.1 * t) + 0.1 * sin(7 * t);
    bm_canvas canvas;
    bm_raster_begin(raster, BM_PAPER, &canvas);
    bm_draw_rectangle(&canvas, 0, 66, 120, 80, BM_PANEL);
    bm_draw_line(&canvas, 10, 66, 110, 66, 1.2, BM_INK);
    bm_draw_rectangle(&canvas, x - 10, 56, x + 10, 66, BM_BLUE);
    bm_draw_line(&canvas, x, 57, x + 40 * sin(angle), 57 - 40 * cos(angle), 3, BM_ORANGE);
    bm_draw_circle(&canvas, x, 57, 2, BM_INK);
}

/* Plays 20 seconds, limited or not; returns the mean bytes of a frame after the first, and how many pixels are visibly
 * off. */
static double play_cart(bm_terminal_colors colors, size_t limit, double *visibly_off) {
    enum { FRAMES = 20 * FPS };
    const int reduction = colors == BM_COLORS_TRUE ? BM_PALETTE_ERROR : 48, visible = 20 + reduction;
    setup s = begin(WIDE, HIGH, 1, colors);
    bm_terminal_limit(s.terminal, limit);
    bm_raster *raster;
    bm_error error;
    ck_assert_int_eq(bm_raster_create(&raster, WIDE, 2 * HIGH, &error), BM_OK);
    const uint32_t *pixels = bm_raster_pixels(raster);
    size_t total = 0;
    long off = 0;
    for (int frame = 0; frame <= FRAMES; frame++) {
        char text[64];
        snprintf(text, sizeof text, "episode 1  step %d  return %d", frame, frame);
        draw_cart(raster, frame);
        const size_t count = show(&s, pixels, &(const char *){text}, 1);
        total += frame ? count : 0;
        ck_assert(!frame || !limit || count <= limit);
        for (int i = 0; i < 2 * WIDE * HIGH; i++) {
            off += bm_palette_difference(pixel_of(s.screen, i % WIDE, i / WIDE), pixels[i] & 0xffffffu) > visible;
        }
    }
    settle(&s, pixels);
    ck_assert_int_le(worst(s.screen, pixels, WIDE, HIGH), reduction);
    bm_raster_destroy(raster);
    finish(&s);
    *visibly_off = (double)off / FRAMES;
    return (double)total / FRAMES;
}

START_TEST(a_moving_pole_stays_below_the_rate_and_looks_right) {
    double off;
    for (int colors = BM_COLORS_TRUE; colors <= BM_COLORS_256; colors++) {
        const double bytes = play_cart((bm_terminal_colors)colors, 0, &off);
        ck_assert_msg(bytes * FPS < BYTES_A_SECOND, "%g bytes a frame", bytes);
        ck_assert_msg(off <= 0, "%g pixels visibly off", off);
        play_cart((bm_terminal_colors)colors, BYTES_A_SECOND / FPS, &off);
        ck_assert_msg(off < 5, "%g pixels visibly off in a frame under the limit", off);
    }
}
END_TEST

/* Half the rate: things lag, but most of the picture is there. */
START_TEST(a_moving_pole_lags_a_little_at_half_the_rate) {
    double off;
    play_cart(BM_COLORS_TRUE, BYTES_A_SECOND / FPS / 2, &off);
    ck_assert_msg(off < 300, "%g pixels visibly off in a frame", off);
}
END_TEST

START_TEST(an_agent_that_walks_a_grid_stays_far_below_the_rate) {
    setup s = begin(WIDE, HIGH, 0, BM_COLORS_TRUE);
    bm_rng rng = generator(10);
    size_t total = 0;
    for (int frame = 0, cell_x = 4, cell_y = 4; frame <= 300; frame++) {
        cell_x = (cell_x + (int)bm_rng_integers(&rng, -1, 2) + 8) % 8;
        cell_y = (cell_y + (int)bm_rng_integers(&rng, -1, 2) + 8) % 8;
        for (int y = 0; y < 80; y++) {
            for (int x = 0; x < WIDE; x++) { /* squares of 10 x 10 in shades, a disc in one of them */
                const int dx = x - 20 - cell_x * 10 - 5, dy = y - cell_y * 10 - 5;
                const uint32_t shade = (uint32_t)(0xff - (x / 10 * 7 + y / 10 * 3) % 32);
                s.pixels[y * WIDE + x] = 0xff000000u | (dx * dx + dy * dy < 16 ? 0xe69f00u : shade * 0x010101u);
            }
        }
        const size_t count = show(&s, s.pixels, NULL, 0);
        total += frame ? count : 0;
        ck_assert_int_le(worst(s.screen, s.pixels, s.columns, s.rows), 20 + BM_PALETTE_ERROR);
    }
    ck_assert_msg(total / 300 < 800, "%zu bytes a frame", total / 300);
    finish(&s);
}
END_TEST

TEST_MAIN("terminal", 60, nearest_entry_is_the_nearest_of_all, reduced_colors_stay_near, first_frame_shows_every_pixel,
          with_256_colors_every_pixel_is_its_nearest_entry, an_unchanged_frame_sends_nothing,
          one_changed_pixel_sends_one_cell, random_changes_are_shown_at_once_where_they_are_large,
          a_small_difference_is_shown_within_moments_once_it_rests, after_forget_everything_is_drawn_again,
          sides_beyond_the_limits_are_refused, no_frame_exceeds_the_limit_and_a_still_picture_becomes_exact,
          under_the_limit_large_differences_come_first,
          what_waits_is_shown_in_the_end_though_there_is_always_something_else,
          text_is_cut_by_characters_and_the_rest_of_a_line_cleared, only_what_changed_in_a_line_is_sent,
          random_lines_are_shown_as_they_are, a_moving_pole_stays_below_the_rate_and_looks_right,
          a_moving_pole_lags_a_little_at_half_the_rate, an_agent_that_walks_a_grid_stays_far_below_the_rate)
