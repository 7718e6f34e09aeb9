/* Recordings: the ending decides, what cannot work is told at once, time stays right, and nothing half-written is left.
 * Films are tried with programs of our own in ffmpeg's place. */
#include "watch/recorder.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "core/io.h"
#include "decode.h"
#include "watch/module.h"

enum { W = 33, H = 21 }; /* odd */

static bm_error error;
static uint32_t picture[W * H];
static gif_film film;

typedef struct {
    char folder[SCRATCH_BYTES], path[128];
} scratch;

static scratch scratch_new(const char *name) {
    scratch s;
    use_built_module();
    scratch_make(s.folder);
    snprintf(s.path, sizeof s.path, "%s/%s", s.folder, name);
    return s;
}

static void assert_says(const char *text) {
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' lacks '%s'", error.text, text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
}

static bool built_with(bm_status (*find)(const bm_render_module **, bm_error *)) {
    const bm_render_module *module;
    use_built_module();
    return find(&module, &error) == BM_OK;
}
#define NEEDS_PNG                                                                                                      \
    if (!built_with(bm_render_png_module))                                                                             \
    return
#define NEEDS_GIF                                                                                                      \
    if (!built_with(bm_render_gif_module))                                                                             \
    return

static const uint32_t *picture_of(int number) { /* a block that moves on with the number */
    for (int i = 0; i < W * H; i++) {
        picture[i] = i / 4 == number ? 0xff0072b2 : 0xffffffff;
    }
    return picture;
}

static bm_recorder *open_recorder(const char *path, double frames_per_second) {
    bm_recorder *recorder;
    const bm_status status = bm_recorder_open(&recorder, path, W, H, frames_per_second, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
    return recorder;
}

static bm_status try_open(const char *path) { /* where nothing can be opened */
    bm_recorder *recorder;
    const bm_status status = bm_recorder_open(&recorder, path, W, H, 30, &error);
    ck_assert_ptr_null(recorder);
    return status;
}

static int64_t record(const char *path, double frames_per_second, int count) { /* gives the bytes */
    bm_recorder *recorder = open_recorder(path, frames_per_second);
    for (int i = 0; i < count; i++) {
        ck_assert_msg(bm_recorder_frame(recorder, picture_of(i), &error) == BM_OK, "%s", error.text);
    }
    int64_t bytes;
    ck_assert_msg(bm_recorder_close(recorder, &bytes, &error) == BM_OK, "%s", error.text);
    return bytes;
}

static int64_t size_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

START_TEST(unknown_ending_is_wrong_usage) {
    static const char *const names[] = {"x.avi", "x", "gif", ".gif", "folder/.png", "x.GIF.txt", "x.png/", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(try_open(names[i]), BM_INVALID);
        assert_says("endings are .gif, .png and .mp4");
    }
    try_open("x.avi");
    ck_assert_str_eq(error.text, "record=x.avi: endings are .gif, .png and .mp4");
}
END_TEST

START_TEST(numbered_names_have_exactly_one_integer_conversion) {
    static const char *const wrong[] = {"%s.png",  "%n.png",   "%d%d.png",   "%05d-%d.png", "%%.png",   "%5d.png",
                                        "%0d.png", "%-5d.png", "%.5d.png",   "%ld.png",     "%x.png",   "a%.png",
                                        "%",       "%00d.png", "%021d.png",  "%0005d.png",  "%%%d.png", "%*d.png",
                                        "%i.png",  "%+d.png",  "%0999d.png", "%05u.png",    "%d.png%"};
    const scratch s = scratch_new("");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", s.path, wrong[i]);
        ck_assert_msg(try_open(path) == BM_INVALID, "%s is taken", wrong[i]);
    }
    try_open("a%s.png");
    ck_assert_str_eq(error.text, "record=a%s.png: numbered pictures have one %d or %05d in their name");
    scratch_remove(s.folder, (const char *const[]){NULL});
}
END_TEST

START_TEST(sizes_and_rates_are_checked) {
    bm_recorder *recorder;
    ck_assert_int_eq(bm_recorder_open(&recorder, "a.gif", 0, 1, 30, &error), BM_INVALID);
    ck_assert_int_eq(bm_recorder_open(&recorder, "a.gif", 1, 100000, 30, &error), BM_INVALID);
    static const double rates[] = {0, -1, 1e9, (double)NAN};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        ck_assert_int_eq(bm_recorder_open(&recorder, "a.gif", 1, 1, rates[i], &error), BM_INVALID);
        assert_says("frames per second");
    }
}
END_TEST

START_TEST(folder_that_cannot_be_written_is_told_at_once) {
    NEEDS_PNG;
    NEEDS_GIF;
    static const char *const names[] = {"none/a.gif", "none/a.png", "none/%d.png", "none/a.mp4"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const scratch s = scratch_new(names[i]);
        ck_assert_int_eq(try_open(s.path), BM_FAILED);
        assert_says("cannot write");
        assert_says("No such file or directory");
        scratch_remove(s.folder, (const char *const[]){NULL});
    }
    static const char *const folders[] = {"a.gif", "a.png", "0.png", "a.mp4"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const scratch s = scratch_new(folders[i]);
        ck_assert_int_eq(mkdir(s.path, 0777), 0);
        char path[128];
        snprintf(path, sizeof path, "%s/%%d.png", s.folder);
        ck_assert_int_eq(try_open(i == 2 ? path : s.path), BM_FAILED);
        assert_says(strerror(EISDIR));
        scratch_remove(s.folder, (const char *const[]){folders[i], NULL});
    }
}
END_TEST

START_TEST(recording_without_pictures_leaves_nothing) {
    NEEDS_PNG;
    NEEDS_GIF;
    static const char *const names[] = {"a.gif", "a.png", "%d.png"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const scratch s = scratch_new(names[i]);
        int64_t bytes = 7;
        ck_assert_int_eq(bm_recorder_close(open_recorder(s.path, 30), &bytes, &error), BM_FAILED);
        assert_says("no picture");
        assert_says(s.path);
        ck_assert_int_eq(bytes, 0);
        scratch_remove(s.folder, (const char *const[]){NULL});
    }
}
END_TEST

/* ---- PNG -------------------------------------------------------------------------------------------------------- */

START_TEST(plain_png_is_the_last_picture) {
    NEEDS_PNG;
    const scratch s = scratch_new("a.png");
    const int64_t bytes = record(s.path, 30, 5);
    ck_assert_int_eq(bytes, size_of(s.path));
    uint32_t *back = png_read(s.path, W, H);
    ck_assert_mem_eq(back, picture_of(4), sizeof picture);
    free(back);
    scratch_remove(s.folder, (const char *const[]){"a.png", NULL});
}
END_TEST

START_TEST(numbered_png_is_every_picture_from_0) {
    NEEDS_PNG;
    const scratch s = scratch_new("a%03d.png");
    int64_t sum = 0;
    const int64_t bytes = record(s.path, 30, 3);
    for (int i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/a00%d.png", s.folder, i);
        sum += size_of(path);
        uint32_t *back = png_read(path, W, H);
        ck_assert_mem_eq(back, picture_of(i), sizeof picture);
        free(back);
    }
    ck_assert_int_eq(bytes, sum);
    scratch_remove(s.folder, (const char *const[]){"a000.png", "a001.png", "a002.png", NULL});

    const scratch plain = scratch_new("%d-x.png");
    record(plain.path, 30, 11);
    char path[128];
    snprintf(path, sizeof path, "%s/10-x.png", plain.folder);
    ck_assert(bm_path_exists(path));
    scratch_remove(plain.folder, NULL);
}
END_TEST

/* ---- GIF -------------------------------------------------------------------------------------------------------- */

START_TEST(gif_lasts_as_long_as_what_was_recorded) {
    NEEDS_GIF;
    static const struct {
        double rate;
        int count, time, frames; /* hundredths of a second; pictures that remain */
    } cases[] = {{50, 100, 200, 100}, {30, 31, 103, 31},   {24, 100, 417, 100}, {60, 120, 200, 80}, {100, 100, 100, 50},
                 {15, 10, 67, 10},    {144, 144, 100, 50}, {0.5, 3, 600, 3},    {50, 1, 2, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const scratch s = scratch_new("a.gif");
        const int64_t bytes = record(s.path, cases[i].rate, cases[i].count);
        gif_read(&film, s.path);
        ck_assert_uint_eq(film.bytes, (size_t)bytes);
        int sum = 0;
        for (int k = 0; k < film.frames; k++) {
            ck_assert_int_ge(film.delay[k], 2);
            sum += film.delay[k];
        }
        ck_assert_msg(sum == cases[i].time, "%g a second: %d instead of %d", cases[i].rate, sum, cases[i].time);
        ck_assert_msg(film.frames == cases[i].frames, "%g a second: %d frames", cases[i].rate, film.frames);
        ck_assert_mem_eq(film.pixels[film.frames - 1], picture_of(cases[i].count - 1), sizeof picture);
        gif_free(&film);
        scratch_remove(s.folder, (const char *const[]){"a.gif", NULL});
    }
}
END_TEST

START_TEST(gif_shows_each_picture_at_its_time) {
    NEEDS_GIF;
    const scratch s = scratch_new("a.gif");
    record(s.path, 30, 40);
    gif_read(&film, s.path);
    ck_assert_int_eq(film.frames, 40);
    for (int i = 0, time = 0; i < 40; time += film.delay[i++]) {
        ck_assert_mem_eq(film.pixels[i], picture_of(i), sizeof picture);
        ck_assert_int_le(abs(3 * time - 10 * i), 2); /* within half a hundredth of i / 30 seconds */
    }
    gif_free(&film);
    scratch_remove(s.folder, (const char *const[]){"a.gif", NULL});
}
END_TEST

START_TEST(full_disk_is_told_and_leaves_nothing) {
    NEEDS_PNG;
    NEEDS_GIF;
    static const char *const names[] = {"a.gif", "a.png", "%d.png"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const scratch s = scratch_new(names[i]);
        bm_recorder *recorder = open_recorder(s.path, 30);
        limit_file_size(50);
        const bm_status drawn = bm_recorder_frame(recorder, picture_of(0), &error);
        const bm_status again = bm_recorder_frame(recorder, picture_of(1), &error);
        const bm_status closed = bm_recorder_close(recorder, NULL, &error);
        limit_file_size(-1);
        ck_assert_int_eq(drawn, i == 2 ? BM_FAILED : BM_OK);
        ck_assert_int_eq(again, drawn);
        ck_assert_int_eq(closed, BM_FAILED);
        assert_says(strerror(EFBIG));
        scratch_remove(s.folder, (const char *const[]){NULL});
    }
}
END_TEST

/* ---- films ------------------------------------------------------------------------------------------------------ */

/* Puts a shell script in ffmpeg's place; its folder is removed with the scratch. */
static void pretend_ffmpeg(const scratch *s, const char *script) {
    char path[128], text[1024], search[4096];
    const char *others = getenv("PATH");
    snprintf(path, sizeof path, "%s/ffmpeg", s->folder);
    snprintf(text, sizeof text, "#!/bin/sh\nfor last; do :; done\nfile=${last#file:}\n%s\n", script);
    ck_assert_int_eq(bm_write_file(path, text, strlen(text), &error), BM_OK);
    ck_assert_int_eq(chmod(path, 0755), 0);
    snprintf(search, sizeof search, "%s:%s", s->folder, others ? others : "/bin:/usr/bin");
    setenv("PATH", search, 1);
}

START_TEST(film_is_what_ffmpeg_made_of_the_pictures) {
    const scratch s = scratch_new("a.mp4");
    pretend_ffmpeg(&s, "echo \"$@\" > \"$0.said\"; cat > \"$file\"");
    const int64_t bytes = record(s.path, 12.5, 3);
    ck_assert_int_eq(bytes, 3 * (int64_t)sizeof picture);
    size_t count;
    uint8_t *back = read_bytes(s.path, &count);
    ck_assert_uint_eq(count, 3 * sizeof picture);
    for (int i = 0; i < 3; i++) {
        ck_assert_mem_eq(back + (size_t)i * sizeof picture, picture_of(i), sizeof picture);
    }
    free(back);
    char path[128];
    snprintf(path, sizeof path, "%s/ffmpeg.said", s.folder);
    char *said = (char *)read_bytes(path, &count);
    said[count] = '\0';
    static const char *const arguments[] = {"-f rawvideo", "-video_size 33x21", "-framerate 12.5", "format=yuv420p",
                                            "-f mp4 file:"};
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        ck_assert_msg(strstr(said, arguments[i]) != NULL, "'%s' lacks '%s'", said, arguments[i]);
    }
    free(said);
    scratch_remove(s.folder, (const char *const[]){"a.mp4", "ffmpeg", "ffmpeg.said", NULL});
}
END_TEST

START_TEST(film_needs_ffmpeg) {
    const scratch s = scratch_new("a.mp4");
    setenv("PATH", s.folder, 1);
    ck_assert_int_eq(try_open(s.path), BM_FAILED);
    ck_assert_str_eq(error.text, "recording .mp4 needs the program ffmpeg, which is not here; .gif works without");
    scratch_remove(s.folder, (const char *const[]){NULL});
}
END_TEST

START_TEST(what_ffmpeg_complains_about_is_told_and_nothing_is_left) {
    const scratch s = scratch_new("a.mp4");
    pretend_ffmpeg(&s, "cat > \"$file\"; echo 'no such codec' >&2; echo more >&2; exit 3");
    bm_recorder *recorder = open_recorder(s.path, 30);
    ck_assert_int_eq(bm_recorder_frame(recorder, picture_of(0), &error), BM_OK);
    int64_t bytes;
    ck_assert_int_eq(bm_recorder_close(recorder, &bytes, &error), BM_FAILED);
    assert_says("ffmpeg could not record");
    assert_says("a.mp4: no such codec");
    ck_assert_int_eq(bytes, 0);
    scratch_remove(s.folder, (const char *const[]){"ffmpeg", NULL});
}
END_TEST

START_TEST(ffmpeg_that_dies_does_not_take_us_along) {
    const scratch s = scratch_new("a.mp4");
    pretend_ffmpeg(&s, "echo begun > \"$file\"; exec 0<&-; kill -9 $$");
    bm_recorder *recorder = open_recorder(s.path, 30);
    bm_status status = BM_OK;
    for (int i = 0; i < 1000 && status == BM_OK; i++) { /* more than a socket holds */
        status = bm_recorder_frame(recorder, picture_of(0), &error);
    }
    ck_assert_int_eq(status, BM_FAILED); /* and no SIGPIPE */
    assert_says("it ended without saying why");
    error.text[0] = '\0';
    ck_assert_int_eq(bm_recorder_frame(recorder, picture_of(0), &error), BM_FAILED);
    ck_assert_int_eq(bm_recorder_close(recorder, NULL, &error), BM_FAILED);
    assert_says("it ended without saying why");
    scratch_remove(s.folder, (const char *const[]){"ffmpeg", NULL});
}
END_TEST

START_TEST(film_without_pictures_keeps_the_old_one) {
    const scratch s = scratch_new("a.mp4");
    ck_assert_int_eq(bm_write_file(s.path, "old", 3, &error), BM_OK);
    pretend_ffmpeg(&s, "cat > \"$file\"");
    ck_assert_int_eq(bm_recorder_close(open_recorder(s.path, 30), NULL, &error), BM_FAILED);
    assert_says("no picture");
    ck_assert_int_eq(size_of(s.path), 3);
    scratch_remove(s.folder, (const char *const[]){"a.mp4", "ffmpeg", NULL});
}
END_TEST

TEST_MAIN("recorder", 60, unknown_ending_is_wrong_usage, numbered_names_have_exactly_one_integer_conversion,
          sizes_and_rates_are_checked, folder_that_cannot_be_written_is_told_at_once,
          recording_without_pictures_leaves_nothing, plain_png_is_the_last_picture,
          numbered_png_is_every_picture_from_0, gif_lasts_as_long_as_what_was_recorded,
          gif_shows_each_picture_at_its_time, full_disk_is_told_and_leaves_nothing,
          film_is_what_ffmpeg_made_of_the_pictures, film_needs_ffmpeg,
          what_ffmpeg_complains_about_is_told_and_nothing_is_left, ffmpeg_that_dies_does_not_take_us_along,
          film_without_pictures_keeps_the_old_one)
