/* PNG files, 8 bits of red, green and blue, by libpng. Written through bm_writer, so that a file appears whole or not
 * at all.
 *
 * libpng reports an error by longjmp: write_image, which it may leave that way, owns nothing and changes no local
 * variable after setjmp; bm_png_write owns everything. */
#include "render/parts.h"

#ifdef BM_PNG

#include <limits.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/io.h"

/* Drawings are flat: rows repeat exactly, which prediction from neighbours hides from zlib, and a search that gives up
 * late gains little. */
enum { COMPRESSION = 6 };

typedef struct {
    bm_writer *writer;
    char reason[128]; /* what libpng said */
} output;

static void on_error(png_structp png, png_const_charp message) {
    output *out = png_get_error_ptr(png);
    snprintf(out->reason, sizeof out->reason, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void put(png_structp png, png_bytep bytes, size_t count) {
    output *out = png_get_io_ptr(png);
    bm_writer_put(out->writer, bytes, count); /* a failure is told by commit */
}

static void flush(png_structp png) {
    (void)png;
}

static bool write_image(png_structp png, png_infop info, png_bytep row, const uint32_t *pixels, int width, int height) {
    if (setjmp(png_jmpbuf(png))) {
        return false;
    }
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_compression_level(png, COMPRESSION);
    png_write_info(png, info);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const uint32_t pixel = pixels[(size_t)y * (size_t)width + (size_t)x];
            row[3 * x] = (png_byte)(pixel >> 16 & 255);
            row[3 * x + 1] = (png_byte)(pixel >> 8 & 255);
            row[3 * x + 2] = (png_byte)(pixel & 255);
        }
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    return true;
}

bm_status bm_png_write(const char *path, const uint32_t *pixels, int width, int height, bm_error *error) {
    if (width < 1 || height < 1 || width > INT_MAX / 3) {
        return bm_invalid(error, "cannot write %s: a picture of %d x %d pixels", path, width, height);
    }
    output out = {0};
    const bm_status opened = bm_writer_open(&out.writer, path, error);
    if (opened != BM_OK) {
        return opened;
    }
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &out, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    png_bytep row = malloc(3 * (size_t)width);
    bool written = false;
    if (png && info && row) {
        png_set_write_fn(png, &out, put, flush);
        written = write_image(png, info, row, pixels, width, height);
    } else {
        snprintf(out.reason, sizeof out.reason, "not enough memory");
    }
    free(row);
    png_destroy_write_struct(&png, &info);
    if (!written) {
        bm_writer_abandon(out.writer);
        return bm_fail(error, "cannot write %s: %s", path, out.reason);
    }
    return bm_writer_commit(out.writer, error);
}

#endif
