#ifndef BM_DRAW_FONT_DATA_H
#define BM_DRAW_FONT_DATA_H

/* The outlines in font_data.c, written by tools/make_font.py, in units of 1 / BM_FONT_EM of the em, y up. */
#include <stdint.h>

enum {
    BM_FONT_EM = 2048,
    BM_FONT_CAPITAL = 1493, /* height of H */
    BM_FONT_CONTOUR = 80,   /* no contour has more points */
};

/* A glyph's contours are its points up to where the next glyph's begin. Of each contour the first point is on the curve; one off the
 * curve controls a quadratic piece; between two of those lies one on the curve, in the middle. */
typedef struct {
    uint16_t character, advance, first_point;
} bm_glyph;

/* Last of its contour; on the curve; how many values both have. */
enum { BM_FONT_LAST = 1, BM_FONT_ON_CURVE = 2, BM_FONT_FLAGS = 4 };

extern const int bm_font_glyphs;
extern const bm_glyph bm_font_glyph[]; /* [bm_font_glyphs + 1] by character: first the empty box, last a bound */
extern const int16_t bm_font_point[];  /* x * BM_FONT_FLAGS + flags, y; and so on */

#endif
