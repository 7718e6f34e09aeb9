#ifndef BM_TESTS_DRAW_PICTURES_H
#define BM_TESTS_DRAW_PICTURES_H

/* Pictures of environments for tests: drawn on a raster, kept as PNG files, compared, and looked into. */
#include <png.h>
#include <stdio.h>

#include "draw/raster.h"
#include "envs/build.h"

typedef struct {
    int width, height;
    uint32_t *pixel; /* [height, width] 0xffRRGGBB */
} picture;

typedef struct {
    const char *id, *name, *options;
    double state[4];
    int action; /* discrete, done last; -1: the episode has just begun */
    const bm_env_policy_view *view;
} shown_state;

static picture blank_picture(int width, int height) {
    picture made = {width, height, calloc((size_t)width * (size_t)height, sizeof(uint32_t))};
    ck_assert_ptr_nonnull(made.pixel);
    return made;
}

/* A batch of one lane in that state. */
static bm_env_batch *show(const shown_state *shown) {
    bm_env_batch *batch = build(shown->id, 1, shown->options, 1);
    set_state(batch, 0, shown->state);
    if (shown->action >= 0) {
        batch->elapsed[0] = 1;
        *(int32_t *)batch->action = shown->action;
    }
    return batch;
}

static picture draw_batch(const bm_env_batch *batch, const bm_env_policy_view *view, int width, int height) {
    bm_raster *raster;
    bm_canvas canvas;
    bm_error error;
    ck_assert_msg(bm_raster_create(&raster, width, height, &error) == BM_OK, "%s", error.text);
    bm_raster_begin(raster, BM_PAPER, &canvas);
    batch->type->draw(batch, 0, view, &canvas);
    picture drawn = blank_picture(width, height);
    memcpy(drawn.pixel, bm_raster_pixels(raster), (size_t)width * (size_t)height * sizeof(uint32_t));
    bm_raster_destroy(raster);
    return drawn;
}

static picture draw_picture(const shown_state *shown, int width, int height) {
    bm_env_batch *batch = show(shown);
    const picture drawn = draw_batch(batch, shown->view, width, height);
    bm_env_destroy(batch);
    return drawn;
}

/* ---- files ---- */

static picture read_png(const char *path) {
    png_image png = {.version = PNG_IMAGE_VERSION};
    ck_assert_msg(png_image_begin_read_from_file(&png, path), "%s: %s (make pictures)", path, png.message);
    png.format = PNG_FORMAT_RGB;
    uint8_t *bytes = malloc(PNG_IMAGE_SIZE(png));
    ck_assert_ptr_nonnull(bytes);
    ck_assert_msg(png_image_finish_read(&png, NULL, bytes, 0, NULL), "%s: %s", path, png.message);
    picture stored = blank_picture((int)png.width, (int)png.height);
    for (int i = 0; i < stored.width * stored.height; i++) {
        const uint8_t *rgb = bytes + 3 * i;
        stored.pixel[i] = 0xff000000u | (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    }
    free(bytes);
    return stored;
}

static void write_png(const char *path, const picture *drawn) {
    const int count = drawn->width * drawn->height;
    uint8_t *bytes = malloc((size_t)count * 3);
    ck_assert_ptr_nonnull(bytes);
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < 3; k++) {
            bytes[3 * i + k] = (uint8_t)(drawn->pixel[i] >> (16 - 8 * k));
        }
    }
    png_image png = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    png.width = (png_uint_32)drawn->width;
    png.height = (png_uint_32)drawn->height;
    ck_assert_msg(png_image_write_to_file(&png, path, 0, bytes, 0, NULL), "%s: %s", path, png.message);
    free(bytes);
}

/* ---- comparison ---- */

typedef struct {
    double mean;  /* absolute difference of the colours' parts, as a share of 255 */
    double share; /* of the pixels that differ by more than 25 in one part: sees a small piece that is missing */
} difference;

static difference compare(const picture *one, const picture *two) {
    ck_assert_int_eq(one->width, two->width);
    ck_assert_int_eq(one->height, two->height);
    const int count = one->width * one->height;
    double sum = 0;
    int other = 0;
    for (int i = 0; i < count; i++) {
        int largest = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            const int part = abs((int)(one->pixel[i] >> shift & 0xff) - (int)(two->pixel[i] >> shift & 0xff));
            sum += part;
            largest = part > largest ? part : largest;
        }
        other += largest > 25;
    }
    return (difference){sum / (3.0 * 255 * count), (double)other / count};
}

static bool alike(difference found) {
    return found.mean < 0.01 && found.share < 0.001;
}

/* ---- looking into them ---- */

/* How many pixels are exactly of a colour, where their middle lies, and what rectangle they fill. */
typedef struct {
    int count;
    double x, y;
    int left, top, right, bottom;
} spot;

static void add_to_spot(spot *found, int x, int y) {
    found->left = found->count == 0 || x < found->left ? x : found->left;
    found->top = found->count == 0 || y < found->top ? y : found->top;
    found->right = found->count == 0 || x > found->right ? x : found->right;
    found->bottom = found->count == 0 || y > found->bottom ? y : found->bottom;
    found->x += (x - found->x) / (found->count + 1);
    found->y += (y - found->y) / (found->count + 1);
    found->count++;
}

static spot find_color(const picture *in, bm_color color) {
    spot found = {0};
    for (int i = 0; i < in->width * in->height; i++) {
        if (in->pixel[i] == color) {
            add_to_spot(&found, i % in->width, i / in->width);
        }
    }
    return found;
}

static spot find_changes(const picture *one, const picture *two) {
    spot found = {0};
    for (int i = 0; i < one->width * one->height; i++) {
        if (one->pixel[i] != two->pixel[i]) {
            add_to_spot(&found, i % one->width, i / one->width);
        }
    }
    return found;
}

/* ---- a painter that only takes notes ---- */

typedef struct {
    int shapes;
    double smallest_text; /* pixels */
    char text[4096];      /* everything written, each between bars */
} notes;

static void note_shape(notes *taken) {
    taken->shapes++;
}

static void note_clip(void *self, double left, double top, double right, double bottom) {
    (void)self, (void)left, (void)top, (void)right, (void)bottom;
}

static void note_polygon(void *self, const bm_point *points, int count, bm_color color) {
    (void)points, (void)count, (void)color;
    note_shape(self);
}

static void note_polyline(void *self, const bm_point *points, int count, double width, bm_color color) {
    (void)points, (void)count, (void)width, (void)color;
    note_shape(self);
}

static void note_circle(void *self, bm_point center, double radius, bm_color color) {
    (void)center, (void)radius, (void)color;
    note_shape(self);
}

static void note_text(void *self, bm_point at, double size, bm_align align, bm_color color, const char *text) {
    (void)at, (void)align, (void)color;
    notes *taken = self;
    note_shape(taken);
    taken->smallest_text = size < taken->smallest_text ? size : taken->smallest_text;
    const size_t used = strlen(taken->text);
    snprintf(taken->text + used, sizeof taken->text - used, "|%s|", text);
}

static void note_region(void *self, const bm_region *region, bm_color color) {
    (void)region, (void)color;
    note_shape(self);
}

static double note_width(void *self, double size, const char *text) {
    (void)self;
    return 0.6 * size * (double)strlen(text);
}

static notes take_notes(const shown_state *shown, int width, int height) {
    static const bm_painter painter = {note_clip, note_polygon, note_polyline, note_circle,
                                       note_text, note_width,   note_region};
    notes taken = {.smallest_text = 1e9};
    bm_env_batch *batch = show(shown);
    bm_canvas canvas;
    bm_canvas_begin(&canvas, &painter, &taken, width, height);
    batch->type->draw(batch, 0, shown->view, &canvas);
    bm_env_destroy(batch);
    return taken;
}

#endif
