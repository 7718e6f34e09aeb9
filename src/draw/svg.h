#ifndef BM_DRAW_SVG_H
#define BM_DRAW_SVG_H

/* A painter that writes SVG 1.1: the same drawing as on a raster, for files that scale. Text stays text. */
#include <stddef.h>

#include "core/canvas.h"
#include "core/error.h"

typedef struct bm_svg bm_svg;

bm_status bm_svg_create(bm_svg **svg, double width, double height, bm_error *error);
void bm_svg_destroy(bm_svg *svg); /* NULL is fine */
void bm_svg_begin(bm_svg *svg, bm_color background, bm_canvas *canvas);
/* The document, from "<svg" to "</svg>\n" (no XML declaration, so that it also stands inside HTML); belongs to svg.
 * BM_FAILED: memory ran out. */
bm_status bm_svg_text(bm_svg *svg, const char **text, size_t *bytes, bm_error *error);

#endif
