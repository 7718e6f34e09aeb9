#ifndef BM_WATCH_LANDSCAPE_PARTS_H
#define BM_WATCH_LANDSCAPE_PARTS_H

/* What the files that draw a landscape share. */
#include "watch/landscape.h"

typedef struct {
    double left, top, width, height; /* pixels of the picture; no width or no height: left out */
} bm_box;

enum { BM_LANDSCAPE_TICKS = 8 };

/* Where everything stands. */
typedef struct {
    double text;                                       /* size of ordinary text; 0: there is no room for any */
    double marks;                                      /* of lines and marks: 1, less in small pictures */
    bm_box header, legend, panel, plot, chart, status; /* panel: the function with its axes; plot: within them */
    double low[2], high[2];                            /* what the plot shows, from corner to corner */
    int ticks[2];
    double tick[2][BM_LANDSCAPE_TICKS];
} bm_landscape_layout;

bm_landscape_layout bm_landscape_arrange(const bm_landscape *landscape, double width, double height);

/* The legend within a width, from the top left corner of the viewport; canvas NULL: only measured. Returns its rows. */
enum { BM_LANDSCAPE_ROW = 20 };
int bm_landscape_legend(const bm_landscape *landscape, double width, double text, int most_rows, bm_canvas *canvas);

/* The function in its panel, with paths and marks. */
void bm_landscape_function(const bm_landscape *landscape, const bm_landscape_layout *layout, bm_canvas *canvas);

/* What paths and marks are drawn on. */
typedef struct {
    const bm_landscape *landscape;
    const bm_landscape_layout *layout;
    bm_canvas *canvas; /* the plot is its viewport */
} bm_landscape_stage;

bm_point bm_landscape_place(const bm_landscape_stage *stage, const double *point); /* NAN: nowhere */
bool bm_landscape_hides(const bm_landscape_stage *stage, const double *point);     /* the surface stands before it */
void bm_landscape_trail(const bm_landscape_stage *stage, const bm_landscape_path *path);
void bm_landscape_position(const bm_landscape_stage *stage, const bm_landscape_path *path);

typedef void bm_landscape_mark_drawer(bm_canvas *canvas, bm_point at, double size, double opacity);
void bm_landscape_draw_start(bm_canvas *canvas, bm_point at, double size, double opacity);
void bm_landscape_draw_minimum(bm_canvas *canvas, bm_point at, double size, double opacity);
void bm_landscape_mark(const bm_landscape_stage *stage, const double *point, bm_landscape_mark_drawer *draw);

#endif
