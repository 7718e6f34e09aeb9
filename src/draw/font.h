#ifndef BM_DRAW_FONT_H
#define BM_DRAW_FONT_H

/* The one typeface, DejaVu Sans, as outlines that travel in the program: text looks the same on every machine, at every
 * size, and no font file has to be found. Latin-1 and some signs (dashes, arrows, mathematics, Greek letters of the
 * field); any other character is drawn as an empty box. */
#include "core/canvas.h"

double bm_font_width(double size, const char *text); /* of UTF-8 text; size: of the em, in any unit */
double bm_font_capital(double size);                 /* height of the capitals */

/* Visits the contours of a text whose baseline begins at (0, 0), y down: closed lines of points, curves flattened
 * finely enough for size in pixels; holes wind the other way round. */
typedef void bm_contour_visitor(void *context, const bm_point *points, int count);
void bm_font_outline(double size, const char *text, bm_contour_visitor *visit, void *context);

#endif
