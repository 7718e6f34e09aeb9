#ifndef BM_DRAW_AREA_H
#define BM_DRAW_AREA_H

/* How much of every pixel a shape covers, exactly: the edges of its closed contours are added up, then it is
 * painted. */
#include "core/arena.h"
#include "core/canvas.h"

typedef struct {
    int width, height;
    int left, top, right, bottom; /* clip */
    uint32_t *cells;              /* [height, width + 2] sums of edges modulo 2^32; all zero between shapes */
    int *first, *last;            /* [height] cells in use; none: first > last */
    int first_row, last_row;
} bm_area;

enum { BM_OPAQUE = 256 }; /* alpha when it multiplies */

/* Sides in [1, 8192]. A refused allocation is found by bm_arena_check; the area may be used only if there was none. */
void bm_area_create(bm_area *area, bm_arena *arena, int width, int height);
/* Rounded to pixels and to the picture; whatever is not a number is 0. */
void bm_area_clip(bm_area *area, double left, double top, double right, double bottom);

/* One edge of a shape: coordinates finite and at most 1e9 in size. The edges of a shape must form closed contours, in
 * any order. */
void bm_area_add(bm_area *area, bm_point from, bm_point to);
/* Paints what the edges enclose onto pixels [height, width], and forgets them. Contours that overlap in the same sense
 * count once. opacity: 0 .. BM_OPAQUE, in place of the colour's alpha. */
void bm_area_paint(bm_area *area, uint32_t *pixels, bm_color color, uint32_t opacity);

/* share of color over an opaque pixel, 0 .. BM_OPAQUE. Red and blue, and green alone, are blended side by side in one
 * integer. */
static inline uint32_t bm_blend(uint32_t pixel, bm_color color, uint32_t share) {
    const uint32_t outer = pixel & 0xff00ffu, inner = pixel >> 8 & 0xffu;
    const uint32_t mixed_outer = (outer << 8) + ((color & 0xff00ffu) - outer) * share + 0x800080u;
    const uint32_t mixed_inner = (inner << 8) + ((color >> 8 & 0xffu) - inner) * share + 0x80u;
    return 0xff000000u | (mixed_outer >> 8 & 0xff00ffu) | (mixed_inner & 0xff00u);
}

static inline double bm_clamp(double x, double low, double high) { /* NAN: low */
    return x > low ? x < high ? x : high : low;
}

#endif
