#ifndef BM_WATCH_LANDSCAPE_H
#define BM_WATCH_LANDSCAPE_H

/* A function and the paths of what looks for its minimum: from above as contours, as a surface, or, of one coordinate,
 * as a curve; beside it how the values fall. Drawn from plain values, so that a picture is a function of them; who
 * found them is all the same. */
#include "core/canvas.h"
#include "draw/contour.h"
#include "watch/overlay.h"

typedef struct {
    const char *name, *note; /* for the legend; note: "diverged at step 12", or NULL */
    bm_color color;
    int count;                  /* points so far, the start among them */
    const double *point;        /* [count, dims]; of more than two dimensions: not looked at */
    const double *step, *value; /* [count] */
    bool diverged;              /* the last point is not where it stands, but where it was lost */
} bm_landscape_path;

typedef struct {
    const char *title, *formula;  /* formula: or NULL */
    int dims;                     /* more than two: only the values are shown */
    const char *const *variables; /* [dims] names of the coordinates */
    const bm_field *field;        /* the window; of one coordinate it has one row */
    const bm_contour
        *contour; /* of a field of two coordinates. NULL: no value there is finite, and the picture says so */
    const bm_landscape_path *paths;
    int path_count;
    const double *start;   /* [dims], or NULL */
    const double *minimum; /* [minima, dims] */
    int minima;
    double minimum_value; /* the chart shows how far values are above it; NAN: the values themselves */
    double steps;         /* where the chart ends; NAN: as far as the paths go */
    bool surface;         /* of two coordinates: from the side */
    bm_surface_view view;
    /* in a window */
    const char *status, *notice; /* a line at the bottom, a passing message; or NULL */
    const bm_overlay_key *help;  /* the keys, while they are shown; or NULL */
    bool paused, recording;
} bm_landscape;

/* The whole picture, at any size: what does not fit is left out, the function last. */
void bm_landscape_draw(const bm_landscape *landscape, bm_canvas *canvas);
/* Which point of the function a pixel of a picture of that size shows; of one coordinate only xy[0] is set. False:
 * none. */
bool bm_landscape_at(const bm_landscape *landscape, double width, double height, double pixel_x, double pixel_y,
                     double xy[2]);

/* The learning rate that an optimizer in effect gives each coordinate: what a step moves it, over its gradient. */
typedef struct {
    const char *name;
    bm_color color;
    int count;
    const double *step; /* [count] */
    const double *rate; /* [count, dims] */
} bm_landscape_rate;

typedef struct {
    const char *title;
    int dims;
    const char *const *variables; /* [dims] */
    const bm_landscape_rate *rates;
    int rate_count;
} bm_landscape_rates;

enum { BM_LANDSCAPE_RATES = 8 }; /* curves that can be told apart: the first coordinates of each */
void bm_landscape_rates_draw(const bm_landscape_rates *rates, bm_canvas *canvas);

#endif
