#ifndef BM_WATCH_RACE_H
#define BM_WATCH_RACE_H

/* Several methods on one function from one start: what each has done so far, kept in bounded memory, and as a
 * picture. */
#include "optim/descent.h"
#include "watch/landscape.h"

enum { BM_RACERS = 16, BM_RACE_POINTS = 4096, BM_RACE_LABEL = 96, BM_RACE_RATES = 64 };

typedef struct {
    bm_method method;
    char label[BM_RACE_LABEL]; /* unlike the others' */
    bm_color color;
    bm_descent *descent;
    bool over; /* it diverged, failure says where */
    bm_error failure;
    double best_value; /* least so far */
    int64_t reached;   /* first step within the tolerance; -1: none yet, or there is nothing to reach */
    /* Its way: every stride-th step, and the last one. */
    int64_t stride;
    int count;
    double *step, *value; /* [count] */
    double *point;        /* [count, dims], of at most two dimensions */
    double *rate;         /* [count, rates] effective learning rates; NAN at the start */
} bm_racer;

typedef struct {
    bm_objective *objective;
    int dims, rates;       /* rates: of how many coordinates the effective rate is kept */
    bm_descent_setup base; /* all but method and start */
    bool keeps_rates;      /* effective learning rates are wanted */
    double tolerance;      /* how near to the least value counts as there */
    double *start;         /* [dims] */
    bm_racer racer[BM_RACERS];
    int racers;
    bm_landscape_path path[BM_RACERS]; /* of the picture */
    char note[BM_RACERS][64];
    /* the function in its window; contour is NULL and field too where there is nothing to see */
    double low[2], high[2];
    bm_field field;
    bm_contour contour;
    bool seen;
    bm_arena arena, window_arena;
} bm_race;

/* Everything in race but objective, base, keeps_rates, tolerance, low, high and racer[0 .. racers-1].{method, label,
 * color} is filled in. start [dims] is copied. */
bm_status bm_race_create(bm_race *race, const double *start, bm_error *error);
void bm_race_free(bm_race *race); /* not the objective */

/* All back to a start [dims], for another race. BM_INVALID: the function is not finite there; then nothing changes. */
bm_status bm_race_restart(bm_race *race, const double *start, bm_error *error);

/* One step; false: it is over. */
bool bm_race_step(bm_race *race, int racer);

double bm_race_distance(const bm_race *race, int racer); /* to the nearest minimum; NAN: none is known */

extern const bm_surface_view bm_race_view; /* from where a surface shows well */

/* Looks at the function in the window from low to high. BM_FAILED: memory ran out. Where no value is finite, seen stays
 * false. */
bm_status bm_race_survey(bm_race *race, bm_error *error);
/* Fills in what a race knows; valid until the next step. */
void bm_race_landscape(bm_race *race, bm_landscape *landscape);

#endif
