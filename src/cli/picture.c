#include "cli/picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "core/io.h"
#include "draw/raster.h"
#include "draw/svg.h"
#include "watch/module.h"

static bool ends_in(const char *path, const char *ending) {
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, ending) == 0;
}

bm_status bm_picture_check(const char *path, bm_error *error) {
    const bm_render_module *module;
    if (!ends_in(path, ".png") && !ends_in(path, ".svg")) {
        return bm_invalid(error, "%s ends in neither .svg nor .png", path);
    }
    const bm_status status = bm_cli_check_folder(path, error);
    if (status != BM_OK) {
        return status;
    }
    return ends_in(path, ".png") ? bm_render_png_module(&module, error) : BM_OK;
}

static bm_status write_svg(const char *path, int width, int height, bm_picture_draw *draw, void *context,
                           bm_error *error) {
    bm_svg *svg;
    bm_canvas canvas;
    const char *text;
    size_t bytes;
    bm_status status = bm_svg_create(&svg, width, height, error);
    if (status == BM_OK) {
        bm_svg_begin(svg, BM_PAPER, &canvas);
        draw(context, &canvas);
        status = bm_svg_text(svg, &text, &bytes, error);
    }
    if (status == BM_OK) {
        status = bm_write_file(path, text, bytes, error);
    }
    bm_svg_destroy(svg);
    return status;
}

static bm_status write_png(const char *path, int width, int height, bm_picture_draw *draw, void *context,
                           bm_error *error) {
    bm_raster *raster = NULL;
    bm_canvas canvas;
    const bm_render_module *module;
    bm_status status = bm_render_png_module(&module, error);
    if (status == BM_OK) {
        status = bm_raster_create(&raster, width, height, error);
    }
    if (status == BM_OK) {
        bm_raster_begin(raster, BM_PAPER, &canvas);
        draw(context, &canvas);
        status = module->png_write(path, bm_raster_pixels(raster), width, height, error);
    }
    bm_raster_destroy(raster);
    return status;
}

bm_status bm_picture_write(const char *path, int width, int height, bm_picture_draw *draw, void *context,
                           bm_error *error) {
    return (ends_in(path, ".png") ? write_png : write_svg)(path, width, height, draw, context, error);
}

void bm_picture_size(const char *text, int least, int *width, int *height) {
    char *end = NULL;
    const double wide = text ? strtod(text, &end) : 0;
    const bool crossed = text && end > text && (*end == 'x' || *end == 'X');
    const double high = crossed ? strtod(end + 1, &end) : 0;
    if (!text) {
        return;
    }
    if (!crossed || *end || !(wide >= least && wide <= BM_RASTER_SIDE && high >= least && high <= BM_RASTER_SIDE)) {
        bm_cli_usage("--size=%s is not WIDTHxHEIGHT, each from %d to %d", text, least, BM_RASTER_SIDE);
    }
    *width = (int)floor(wide);
    *height = (int)floor(high);
}
