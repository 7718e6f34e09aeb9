#ifndef BM_DRAW_CONTOUR_H
#define BM_DRAW_CONTOUR_H

/* A function of two coordinates as filled contours, seen from above, or as a surface that can be turned. */
#include <stdbool.h>

#include "core/arena.h"
#include "core/canvas.h"

enum { BM_FIELD_SHARES = 128, BM_CONTOUR_LEVELS = 20 };

/* Values on a regular grid. One that is infinite or NAN is no value: nothing is drawn there. */
typedef struct {
    int columns, rows;      /* at least 2 each; 1 row: a function of x alone, which has a scale but no contours */
    double low[2], high[2]; /* x and y of the corners */
    const double *value;    /* [rows, columns], row 0 at low[1] */
    /* The scale of heights and colours, rising: of all values, the share (k / BM_FIELD_SHARES)^2 lies below the k-th. A
     * function that grows as a square thus gets contours at equal distances, and of any other the floor of its valleys
     * shows. */
    double scale[BM_FIELD_SHARES + 1];
} bm_field;

/* Fills in the scale. False: no value is finite, so there is nothing to draw (or memory ran out, which scratch
 * knows). */
bool bm_field_rank(bm_field *field, bm_arena *scratch);
/* Where a value stands on the scale: 0 .. 1, NAN where it is no number. */
double bm_field_share(const bm_field *field, double value);
bm_color bm_field_color(double share); /* pale in the valleys: what is drawn on them can be read */
/* Between the points of the grid; NAN outside, and beside what is no value. y means nothing where there is one row. */
double bm_field_at(const bm_field *field, double x, double y);

/* ---- from above ---- */

/* Contours at rising levels, traced once and drawn often, at any size. */
typedef struct {
    const bm_field *field;
    int levels;
    double level[BM_CONTOUR_LEVELS];
    bm_region above[BM_CONTOUR_LEVELS + 1]; /* [0]: where there is a value; [k]: where it is at least level[k - 1] */
} bm_contour;

/* At so many levels, evenly spread on the scale; fewer where values coincide. Memory, in the arena: check that
 * afterwards. */
void bm_contour_trace(bm_contour *contour, const bm_field *field, int levels, bm_arena *arena);
/* At the levels that contour holds already. */
void bm_contour_trace_levels(bm_contour *contour, const bm_field *field, bm_arena *arena);
/* Fills the current viewport, which the field's rectangle is stretched to. */
void bm_contour_draw(const bm_contour *contour, bm_canvas *canvas);
/* Where (x, y) lies there, in pixels from the viewport's corner. */
bm_point bm_contour_place(const bm_field *field, const bm_canvas *canvas, double x, double y);

/* ---- from the side ---- */

/* A view of the surface: turn and tilt in radians; tilt 0 looks from the side, pi/2 from above. Turn 0: x runs to the
 * right, y away. */
typedef struct {
    double turn, tilt;
} bm_surface_view;

/* Fills the current viewport. names: of the coordinates, for the axes; text: size of their numbers in pixels, 0:
 * none. */
void bm_surface_draw(const bm_field *field, bm_surface_view view, const char *const names[2], double text,
                     bm_canvas *canvas);
/* Where (x, y, value) is seen, in pixels from the viewport's corner. */
bm_point bm_surface_place(const bm_field *field, bm_surface_view view, double text, const bm_canvas *canvas, double x,
                          double y, double value);
/* Whether the surface stands between the viewer and its own point above (x, y). */
bool bm_surface_hides(const bm_field *field, bm_surface_view view, double x, double y);

#endif
