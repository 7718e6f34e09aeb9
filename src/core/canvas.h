#ifndef BM_CORE_CANVAS_H
#define BM_CORE_CANVAS_H

/* The canvas everything is drawn on: shapes and text in the caller's own units, whoever paints them (draw/raster.h:
 * pixels, draw/svg.h: vector files). All lengths, line widths and text sizes too, are in the units of the current
 * view. */
#include <stdbool.h>
#include <stdint.h>

typedef uint32_t bm_color; /* 0xAARRGGBB, alpha straight */

typedef struct {
    double x, y;
} bm_point;

typedef enum { BM_ALIGN_LEFT, BM_ALIGN_CENTER, BM_ALIGN_RIGHT } bm_align;

/* Colours that colour-blind people tell apart too: Okabe and Ito 2008, "Color Universal Design". */
#define BM_ORANGE     0xffe69f00u
#define BM_SKY        0xff56b4e9u
#define BM_GREEN      0xff009e73u
#define BM_YELLOW     0xfff0e442u
#define BM_BLUE       0xff0072b2u
#define BM_VERMILLION 0xffd55e00u
#define BM_PURPLE     0xffcc79a7u
/* And what goes around them. */
#define BM_INK   0xff1d2329u /* text and outlines */
#define BM_GRAY  0xff6b747eu /* secondary text, axes */
#define BM_RULE  0xffd4d9deu /* grid lines, borders */
#define BM_PANEL 0xfff3f5f7u /* behind panels */
#define BM_PAPER 0xffffffffu /* behind everything */

enum { BM_SERIES_COLORS = 8 };
extern const bm_color bm_series_colors[BM_SERIES_COLORS]; /* for curves and bars side by side, in this order */

bm_color bm_color_mix(bm_color from, bm_color to, double share); /* share 0: from, 1: to; clamped */
bm_color bm_color_fade(bm_color color, double alpha);            /* alpha 0 .. 1 in place of the colour's own */
bm_color bm_color_of_value(double t); /* 0 (pale) .. 1 (deep): one hue, evenly lighter to darker; NAN as 0 */

/* A shape of many closed contours, holes running the other way round than what they are cut from. Its points have a
 * scale of their own: p stands at (x + stretch_x * p.x, y + stretch_y * p.y), so that a shape is made once and drawn at
 * any size. */
typedef struct {
    const bm_point *points;
    const int *ends; /* [contours] index behind the last point of each */
    int contours;
    double x, y, stretch_x, stretch_y;
} bm_region;

/* Who paints: works in pixels, y down. Coordinates may lie outside of the picture. */
typedef struct {
    void (*clip)(void *self, double left, double top, double right, double bottom); /* until the next clip */
    void (*polygon)(void *self, const bm_point *points, int count, bm_color color); /* simple, either winding */
    void (*polyline)(void *self, const bm_point *points, int count, double width,
                     bm_color color); /* round ends, joins */
    void (*circle)(void *self, bm_point center, double radius, bm_color color);
    /* at: the text's left end, centre or right end, at half the height of its capitals. UTF-8; size: of the em. */
    void (*text)(void *self, bm_point at, double size, bm_align align, bm_color color, const char *text);
    double (*text_width)(void *self, double size, const char *text);
    void (*region)(void *self, const bm_region *region, bm_color color); /* filled by the non-zero rule */
} bm_painter;

typedef struct {
    const bm_painter *painter;
    void *self;
    double width, height;            /* of the picture, pixels */
    double left, top, right, bottom; /* the viewport: the part being drawn on, pixels */
    double scale, flip;              /* pixels per unit; -1 when y points up, 1 when down */
    double origin_x, origin_y;       /* where (0, 0) lies, pixels */
} bm_canvas;

/* The whole picture as viewport, clipped to, units are pixels from its top left corner, y down. */
void bm_canvas_begin(bm_canvas *canvas, const bm_painter *painter, void *self, double width, double height);
/* Goes on drawing in a part of the picture (pixels from its top left corner); units as above, but from the viewport's
 * corner. */
void bm_canvas_viewport(bm_canvas *canvas, double left, double top, double width, double height);
/* World units from now on, y up: the rectangle is centred in the viewport, as large as fits. */
void bm_canvas_fit(bm_canvas *canvas, double left, double bottom, double right, double top);
double bm_canvas_pixels(const bm_canvas *canvas, double pixels); /* so many pixels as a length in current units */

enum { BM_POLYGON_POINTS = 1024 };
void bm_draw_polygon(bm_canvas *canvas, const bm_point *points, int count, bm_color color); /* more points: cut off */
void bm_draw_region(bm_canvas *canvas, const bm_region *region, bm_color color);
void bm_draw_rectangle(bm_canvas *canvas, double x0, double y0, double x1, double y1, bm_color color);
void bm_draw_line(bm_canvas *canvas, double x0, double y0, double x1, double y1, double width, bm_color color);
void bm_draw_polyline(bm_canvas *canvas, const bm_point *points, int count, double width, bm_color color);
void bm_draw_outline(bm_canvas *canvas, double x0, double y0, double x1, double y1, double width, bm_color color);
void bm_draw_circle(bm_canvas *canvas, double x, double y, double radius, bm_color color);
/* Part of a circle's line; angles in radians, counterclockwise as seen. */
void bm_draw_arc(bm_canvas *canvas, double x, double y, double radius, double from, double to, double width,
                 bm_color color);
void bm_draw_arrow(bm_canvas *canvas, double x0, double y0, double x1, double y1, double width, bm_color color);
void bm_draw_text(bm_canvas *canvas, double x, double y, double size, bm_align align, bm_color color, const char *text);
__attribute__((format(printf, 7, 8))) void bm_draw_textf(bm_canvas *canvas, double x, double y, double size,
                                                         bm_align align, bm_color color, const char *format, ...);
double bm_text_width(bm_canvas *canvas, double size, const char *text);

#endif
