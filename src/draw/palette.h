#ifndef BM_DRAW_PALETTE_H
#define BM_DRAW_PALETTE_H

/* Colours (0xRRGGBB) as terminals take them: true ones, or xterm's entries 16 .. 255, a cube of 6 levels a channel and
 * 24 grays. */
#include <stdint.h>

/* The largest difference of a channel. */
int bm_palette_difference(uint32_t a, uint32_t b);

/* The entry nearest to a colour (least squares), and what it looks like. */
int bm_palette_nearest(uint32_t color, uint32_t *looks);

/* A colour that takes few bytes and is at most BM_PALETTE_ERROR off in each channel: an entry's, or one of 5 bits a
 * channel. */
enum { BM_PALETTE_ERROR = 4 };
uint32_t bm_palette_reduce(uint32_t color);

/* Writes the parameter of "select graphic rendition", by entry where that is exact: "38;5;231", "48;2;10;20;30"; layer
 * 38 is the foreground, 48 the background. Returns the end; at most BM_PALETTE_BYTES, no final zero. */
enum { BM_PALETTE_BYTES = 16 };
char *bm_palette_write(char *at, int layer, uint32_t color);

char *bm_palette_number(char *at, int number); /* not negative, in decimal; returns the end */

#endif
