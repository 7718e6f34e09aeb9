#ifndef BM_DRAW_RASTER_H
#define BM_DRAW_RASTER_H

/* A picture in memory, and the painter that draws on it: anti-aliased by exact area coverage, no display needed. The
 * same drawing gives the same pixels everywhere. */
#include <stdint.h>

#include "core/canvas.h"
#include "core/error.h"

enum { BM_RASTER_SIDE = 8192 };

typedef struct bm_raster bm_raster;

/* width, height 1 .. BM_RASTER_SIDE, else BM_INVALID. White. */
bm_status bm_raster_create(bm_raster **raster, int width, int height, bm_error *error);
void bm_raster_destroy(bm_raster *raster); /* NULL is fine */
/* Another size; the picture is white. On failure the old one stays. */
bm_status bm_raster_resize(bm_raster *raster, int width, int height, bm_error *error);

int bm_raster_width(const bm_raster *raster);
int bm_raster_height(const bm_raster *raster);
const uint32_t *bm_raster_pixels(const bm_raster *raster); /* [height, width] 0xffRRGGBB */

/* Fills everything with one colour and begins a drawing that covers it all. Nothing is allocated while drawing. */
void bm_raster_begin(bm_raster *raster, bm_color background, bm_canvas *canvas);

#endif
