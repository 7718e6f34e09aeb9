/* The render module: found or missed in one sentence; PNG files come back exactly, GIFs within what a palette can do,
 * small, and whole or not at all; windows nobody sees open and close. */
#include "watch/module.h"

#include <math.h>

#include "core/io.h"
#include "decode.h"

static bm_error error;
static const bm_render_module *module;
static gif_film film;

static void assert_says(const char *text) {
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' lacks '%s'", error.text, text);
}

/* Whether the module can do it; where it was built without, it must say so. */
static bool built_with(bm_status (*find)(const bm_render_module **, bm_error *), const char *library) {
    use_built_module();
    if (find(&module, &error) == BM_OK) {
        return true;
    }
    assert_says("this build");
    assert_says(library);
    return false;
}
#define NEEDS_PNG                                                                                                      \
    if (!built_with(bm_render_png_module, "libpng"))                                                                   \
    return
#define NEEDS_GIF                                                                                                      \
    if (!built_with(bm_render_gif_module, "giflib"))                                                                   \
    return
#define NEEDS_WINDOW                                                                                                   \
    if (!built_with(bm_render_window_module, "SDL2"))                                                                  \
    return

static void *pixels_of(int width, int height) {
    uint32_t *pixels = calloc((size_t)width * (size_t)height, sizeof *pixels);
    ck_assert_ptr_nonnull(pixels);
    return pixels;
}

static void fill(uint32_t *pixels, int width, int left, int top, int right, int bottom, uint32_t color) {
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            pixels[y * width + x] = color;
        }
    }
}

static void noise(uint32_t *pixels, size_t count, uint32_t seed) {
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        pixels[i] = 0xff000000u | seed >> 8;
    }
}

/* ---- the module ------------------------------------------------------------------------------------------------- */

START_TEST(module_that_is_missing_or_damaged_is_told_in_one_sentence) {
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/bellman-render.so", folder);
    setenv("BELLMAN_RENDER", path, 1);
    ck_assert_int_eq(bm_render_load(&module, &error), BM_FAILED);
    ck_assert_ptr_null(module);
    assert_says("not there");
    assert_says(path);
    ck_assert_int_eq(bm_write_file(path, "no library", 10, &error), BM_OK);
    ck_assert_int_eq(bm_render_gif_module(&module, &error), BM_FAILED);
    assert_says("does not load");
    unsetenv("BELLMAN_RENDER"); /* the tests' own folder has none */
    ck_assert_int_eq(bm_render_load(&module, &error), BM_FAILED);
    assert_says("windows and pictures need bellman-render.so beside the program");
    ck_assert_ptr_null(strchr(error.text, '\n'));
    scratch_remove(folder, (const char *const[]){"bellman-render.so", NULL});
}
END_TEST

START_TEST(library_of_something_else_is_no_module) {
    setenv("BELLMAN_RENDER", "/proc/self/exe", 1);
    ck_assert_int_eq(bm_render_load(&module, &error), BM_FAILED);
    ck_assert_ptr_null(module);
    assert_says("does not load");
}
END_TEST

START_TEST(module_is_the_same_however_often_it_is_loaded) {
    use_built_module();
    const bm_render_module *again;
    ck_assert_msg(bm_render_load(&module, &error) == BM_OK, "%s", error.text);
    ck_assert_int_eq(bm_render_load(&again, &error), BM_OK);
    ck_assert_ptr_eq(module, again);
    ck_assert_int_eq(module->version, BM_RENDER_VERSION);
}
END_TEST

/* ---- PNG -------------------------------------------------------------------------------------------------------- */

START_TEST(png_comes_back_exactly) {
    NEEDS_PNG;
    static const int sizes[][2] = {{1, 1}, {37, 23}, {300, 2}};
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.png", folder);
    for (int i = 0; i < 3; i++) {
        const int width = sizes[i][0], height = sizes[i][1];
        uint32_t *pixels = pixels_of(width, height);
        noise(pixels, (size_t)(width * height), (uint32_t)i);
        ck_assert_msg(module->png_write(path, pixels, width, height, &error) == BM_OK, "%s", error.text);
        uint32_t *back = png_read(path, width, height);
        ck_assert_mem_eq(back, pixels, (size_t)(width * height) * sizeof *pixels);
        free(back);
        free(pixels);
    }
    scratch_remove(folder, (const char *const[]){"a.png", NULL});
}
END_TEST

START_TEST(flat_drawing_makes_a_small_png) {
    NEEDS_PNG;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.png", folder);
    uint32_t *pixels = pixels_of(600, 400);
    fill(pixels, 600, 0, 0, 600, 400, 0xffffffff);
    fill(pixels, 600, 250, 250, 350, 300, 0xff0072b2);
    ck_assert_int_eq(module->png_write(path, pixels, 600, 400, &error), BM_OK);
    size_t bytes;
    free(read_bytes(path, &bytes));
    ck_assert_uint_lt(bytes, 3000); /* of 720000 */
    free(pixels);
    scratch_remove(folder, (const char *const[]){"a.png", NULL});
}
END_TEST

START_TEST(png_that_cannot_be_written_leaves_nothing) {
    NEEDS_PNG;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/none/a.png", folder);
    static uint32_t pixels[64 * 64];
    noise(pixels, 64 * 64, 1);
    ck_assert_int_eq(module->png_write(path, pixels, 64, 64, &error), BM_FAILED);
    assert_says(path);
    assert_says("No such file");
    snprintf(path, sizeof path, "%s/a.png", folder);
    limit_file_size(1000);
    const bm_status full = module->png_write(path, pixels, 64, 64, &error);
    limit_file_size(-1);
    ck_assert_int_eq(full, BM_FAILED);
    assert_says("File too large");
    ck_assert_int_eq(module->png_write(path, pixels, 0, 64, &error), BM_INVALID);
    ck_assert_int_eq(module->png_write(path, pixels, 1000000000, 1, &error), BM_INVALID);
    assert_says("1000000000 x 1 pixels");
    scratch_remove(folder, (const char *const[]){NULL});
}
END_TEST

/* ---- GIF -------------------------------------------------------------------------------------------------------- */

static void gif_write(const char *path, const uint32_t *const *frames, const int *delays, int count, int width,
                      int height) {
    bm_gif *gif;
    ck_assert_msg(module->gif_open(&gif, path, width, height, &error) == BM_OK, "%s", error.text);
    for (int i = 0; i < count; i++) {
        ck_assert_msg(module->gif_frame(gif, frames[i], delays[i], &error) == BM_OK, "%s", error.text);
    }
    ck_assert(!bm_path_exists(path)); /* not before it is closed */
    ck_assert_msg(module->gif_close(gif, &error) == BM_OK, "%s", error.text);
}

START_TEST(flat_gif_comes_back_exactly_and_equal_frames_become_one) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    enum { W = 50, H = 31 };
    static uint32_t a[W * H], b[W * H], c[W * H];
    fill(a, W, 0, 0, W, H, 0xfffefefe); /* near white, yet not white: flat colours stay exact */
    fill(a, W, 10, 5, 20, 9, 0xff0072b2);
    memcpy(b, a, sizeof a);
    fill(b, W, 10, 5, 20, 9, 0xfffefefe);
    fill(b, W, 12, 6, 22, 10, 0xff0072b2);
    fill(c, W, 0, 0, W, H, 0xff0072b2);
    gif_write(path, (const uint32_t *const[]){a, a, b, b, b, c, a}, (const int[]){2, 3, 4, 5, 6, 7, 8}, 7, W, H);
    gif_read(&film, path);
    ck_assert_int_eq(film.width, W);
    ck_assert_int_eq(film.height, H);
    ck_assert(film.loops);
    ck_assert_int_eq(film.frames, 4);
    const uint32_t *const wanted[] = {a, b, c, a};
    const int delays[] = {5, 15, 7, 8};
    for (int i = 0; i < 4; i++) {
        ck_assert_mem_eq(film.pixels[i], wanted[i], sizeof a);
        ck_assert_int_eq(film.delay[i], delays[i]);
    }
    ck_assert_int_eq(film.area[1], 12 * 5); /* what changed, and no more */
    gif_free(&film);
    scratch_remove(folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

START_TEST(gif_of_one_pixel_and_one_color) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    const uint32_t pixel = 0xff123456, other = 0xffd55e00;
    gif_write(path, (const uint32_t *const[]){&pixel, &other}, (const int[]){1, 1}, 2, 1, 1);
    gif_read(&film, path);
    ck_assert_uint_eq(film.pixels[0][0], pixel);
    gif_free(&film);
    scratch_remove(folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

/* 4096 colours of a smooth square: 255 spread over it leave none further than about 2 / sqrt(255) of a side. */
START_TEST(gif_of_many_colors_stays_near_them) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    enum { N = 64 };
    static uint32_t a[N * N], b[N * N];
    for (int i = 0; i < N * N; i++) {
        a[i] = 0xff800000u | (uint32_t)(i % N * 4) << 8 | (uint32_t)(i / N * 4);
        b[i] = 0xff000080u | (uint32_t)(i % N * 4) << 16 |
               (uint32_t)(i / N * 4) << 8; /* other colours: their own palette */
    }
    gif_write(path, (const uint32_t *const[]){a, b}, (const int[]){5, 5}, 2, N, N);
    gif_read(&film, path);
    ck_assert_int_eq(film.frames, 2);
    ck_assert_int_eq(film.own_palettes, 1);
    ck_assert_int_le(worst_difference(film.pixels[0], a, N * N), 20);
    ck_assert_int_le(worst_difference(film.pixels[1], b, N * N), 20);
    gif_free(&film);
    scratch_remove(folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

START_TEST(color_that_comes_later_is_shown_and_does_not_fade) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    enum { N = 40 };
    static uint32_t frames[4][N * N];
    const uint32_t *order[4];
    for (int i = 0; i < 4; i++) {
        fill(frames[i], N, 0, 0, N, N, 0xffffffff);
        fill(frames[i], N, 5 * i, 20, 5 * i + 6, 26, 0xff1d2329);
        if (i > 0) {
            fill(frames[i], N, 4, 4, 9, 9, 0xffd55e00); /* not in the first frame, nor in the changes of the third */
        }
        order[i] = frames[i];
    }
    gif_write(path, order, (const int[]){5, 5, 5, 5}, 4, N, N);
    gif_read(&film, path);
    ck_assert_int_eq(film.frames, 4);
    ck_assert_int_eq(film.own_palettes, 1);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_le(worst_difference(film.pixels[i], frames[i], N * N), 0);
    }
    gif_free(&film);
    scratch_remove(folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

/* A grey level that creeps by 1 a frame: each step is too small to see, their sum is not. */
START_TEST(invisible_changes_do_not_add_up) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    enum { N = 8, FRAMES = 120 };
    static uint32_t frame[N * N];
    bm_gif *gif;
    ck_assert_int_eq(module->gif_open(&gif, path, N, N, &error), BM_OK);
    for (uint32_t i = 0; i < FRAMES; i++) {
        fill(frame, N, 0, 0, N, N, 0xff000000u | (100 + i) * 0x010101u);
        ck_assert_int_eq(module->gif_frame(gif, frame, 4, &error), BM_OK);
    }
    ck_assert_int_eq(module->gif_close(gif, &error), BM_OK);
    gif_read(&film, path);
    int time = 0;
    for (int i = 0; i < film.frames; i++) {
        fill(frame, N, 0, 0, N, N, 0xff000000u | (uint32_t)(100 + time / 4) * 0x010101u);
        ck_assert_int_le(worst_difference(film.pixels[i], frame, N * N), 20);
        time += film.delay[i];
    }
    ck_assert_int_eq(time, 4 * FRAMES);
    ck_assert_int_le(worst_difference(film.pixels[film.frames - 1], frame, N * N), 20);
    gif_free(&film);
    scratch_remove(folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

START_TEST(long_delays_are_split) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    static uint32_t a[9], b[9];
    fill(a, 3, 0, 0, 3, 3, 0xffe69f00);
    fill(b, 3, 0, 0, 3, 3, 0xff56b4e9);
    gif_write(path, (const uint32_t *const[]){a, a, a, b}, (const int[]){65535, 60000, 60000, 70000}, 4, 3, 3);
    gif_read(&film, path);
    int64_t sum = 0;
    for (int i = 0; i < film.frames; i++) {
        sum += film.delay[i];
        ck_assert_int_le(worst_difference(film.pixels[i], i < 3 ? a : b, 9), 0);
    }
    ck_assert_int_eq(film.frames, 5);
    ck_assert_int_eq(sum, 65535 + 120000 + 70000);
    gif_free(&film);
    scratch_remove(folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

/* A cart with soft edges and a pole, 500 frames, as CartPole draws them. */
START_TEST(long_animation_of_a_drawing_is_a_small_file) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    enum { W = 400, H = 267 };
    uint32_t *frame = pixels_of(W, H);
    bm_gif *gif;
    ck_assert_int_eq(module->gif_open(&gif, path, W, H, &error), BM_OK);
    int worst = 0;
    for (int i = 0; i < 500; i++) {
        fill(frame, W, 0, 0, W, H, 0xffffffff);
        fill(frame, W, 0, 200, W, 202, 0xff1d2329);
        const double middle = 200 + 60 * sin(i * 0.02), lean = 0.15 * sin(i * 0.13);
        for (int y = 85; y < 200; y++) { /* pole above, cart below; half a pixel's shade at both ends of each row */
            const double x = y < 185 ? middle + lean * (185 - y) : middle, half = y < 185 ? 4 : 25;
            const uint32_t channel = y < 185 ? 0xe6 : 0x20;
            for (int k = (int)(x - half) - 1; k <= (int)(x + half) + 1; k++) {
                const double share = fmin(1, fmax(0, half + 0.5 - fabs(k + 0.5 - x)));
                const uint32_t level = (uint32_t)(255 - share * (255 - channel));
                frame[y * W + k] =
                    0xff000000u | level << 16 | (uint32_t)(255 - share * 100) << 8 | (uint32_t)(255 - share * 200);
            }
        }
        ck_assert_int_eq(module->gif_frame(gif, frame, 2, &error), BM_OK);
    }
    ck_assert_int_eq(module->gif_close(gif, &error), BM_OK);
    gif_read(&film, path);
    ck_assert_int_eq(film.frames, 500);
    worst = worst_difference(film.pixels[499], frame, W * H);
    ck_assert_int_le(worst, 40);
    ck_assert_uint_lt(film.bytes, 350000);
    gif_free(&film);
    free(frame);
    scratch_remove(folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

START_TEST(gif_that_cannot_be_written_leaves_nothing) {
    NEEDS_GIF;
    char folder[SCRATCH_BYTES], path[96];
    scratch_make(folder);
    bm_gif *gif;
    snprintf(path, sizeof path, "%s/none/a.gif", folder);
    ck_assert_int_eq(module->gif_open(&gif, path, 8, 8, &error), BM_FAILED);
    ck_assert_ptr_null(gif);
    assert_says(path);
    snprintf(path, sizeof path, "%s/a.gif", folder);
    ck_assert_int_eq(module->gif_open(&gif, path, 70000, 8, &error), BM_INVALID);
    ck_assert_int_eq(module->gif_open(&gif, path, 8, 8, &error), BM_OK);
    ck_assert_int_eq(module->gif_close(gif, &error), BM_FAILED);
    assert_says("no frame");
    static uint32_t pixels[64 * 64];
    ck_assert_int_eq(module->gif_open(&gif, path, 64, 64, &error), BM_OK);
    limit_file_size(1000);
    for (uint32_t i = 0; i < 8; i++) {
        noise(pixels, 64 * 64, i);
        module->gif_frame(gif, pixels, 2, &error);
    }
    const bm_status full = module->gif_close(gif, &error);
    limit_file_size(-1);
    ck_assert_int_eq(full, BM_FAILED);
    assert_says(path);
    assert_says("File too large");
    scratch_remove(folder, (const char *const[]){NULL});
}
END_TEST

/* ---- windows ---------------------------------------------------------------------------------------------------- */

START_TEST(no_display_is_told) {
    NEEDS_WINDOW;
    bm_window *window;
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
    ck_assert_int_eq(module->window_open(&window, "test", 60, 40, &error), BM_FAILED);
    ck_assert_ptr_null(window);
    assert_says("cannot open a window: neither DISPLAY nor WAYLAND_DISPLAY is set");
    setenv("SDL_VIDEODRIVER", "nonsense", 1);
    ck_assert_int_eq(module->window_open(&window, "test", 60, 40, &error), BM_FAILED);
    assert_says("nonsense");
}
END_TEST

START_TEST(window_nobody_sees_opens_shows_and_closes) {
    NEEDS_WINDOW;
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    static uint32_t pixels[80 * 80];
    noise(pixels, 80 * 80, 1);
    for (int round = 0; round < 2; round++) {
        bm_window *window, *second;
        ck_assert_msg(module->window_open(&window, "test", 60, 40, &error) == BM_OK, "%s", error.text);
        ck_assert(!module->window_interactive(window));
        ck_assert_int_eq(module->window_open(&second, "test", 60, 40, &error), BM_FAILED);
        ck_assert_ptr_null(second);
        int width, height;
        module->window_size(window, &width, &height);
        ck_assert_int_eq(width, 60);
        ck_assert_int_eq(height, 40);
        module->window_title(window, "another");
        ck_assert_int_eq(module->window_show(window, pixels, 60, 40, &error), BM_OK);
        ck_assert_int_eq(module->window_show(window, pixels, 80, 80, &error), BM_OK); /* larger than the window */
        ck_assert_int_eq(module->window_show(window, pixels, 1, 1, &error), BM_OK);
        bm_event event;
        int events = 0;
        while (events < 100 && module->window_event(window, 0, &event)) {
            ck_assert_int_eq(event.kind, BM_EVENT_REDRAW);
            events++;
        }
        ck_assert_int_lt(events, 100);
        ck_assert(!module->window_event(window, 5, &event));
        module->window_close(window);
    }
    module->window_close(NULL);
}
END_TEST

TEST_MAIN("module", 60, module_that_is_missing_or_damaged_is_told_in_one_sentence,
          library_of_something_else_is_no_module, module_is_the_same_however_often_it_is_loaded, png_comes_back_exactly,
          flat_drawing_makes_a_small_png, png_that_cannot_be_written_leaves_nothing,
          flat_gif_comes_back_exactly_and_equal_frames_become_one, gif_of_one_pixel_and_one_color,
          gif_of_many_colors_stays_near_them, color_that_comes_later_is_shown_and_does_not_fade,
          invisible_changes_do_not_add_up, long_delays_are_split, long_animation_of_a_drawing_is_a_small_file,
          gif_that_cannot_be_written_leaves_nothing, no_display_is_told, window_nobody_sees_opens_shows_and_closes)
