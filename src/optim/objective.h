#ifndef BM_OPTIM_OBJECTIVE_H
#define BM_OPTIM_OBJECTIVE_H

/* Functions to minimise: known test functions by name, and whatever expression a user types. All in double. */
#include <stdbool.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/option.h"
#include "core/rng.h"

enum { BM_OBJECTIVE_DIMS = 10000 };

typedef struct bm_objective bm_objective;

/* A test function of the registry (objective_list.h), an array that ends with NULL. */
typedef struct {
    const char *name, *summary;
    const char *formula; /* as text; of a fixed number of coordinates: an expression in x, y that means the same */
    const char *source;  /* where it comes from */
    bm_options options;  /* "dims", where they may be chosen; "p", "seed"...; rows may be NULL */
    int dims;            /* the only number of coordinates; 0: as many as the option dims says */
    /* Fills window, starts and minima of an objective whose dims are set. Memory from objective->arena. */
    void (*describe)(bm_objective *objective);
    double (*value)(const bm_objective *objective, const double *x);
    void (*gradient)(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient);
    void (*hessian)(const bm_objective *objective, const double *x, double *hessian); /* [dims, dims]; NULL: none */
} bm_objective_type;

extern const bm_objective_type *const bm_objective_types[];

struct bm_objective {
    const bm_objective_type *type; /* of an expression: one that is in no registry, named "expression" */
    const void *config;            /* of type->options */
    int dims;
    const char *text;             /* as it was given: "rosenbrock", "x^2+y^2" */
    const char *const *variables; /* [dims] names of the coordinates: "x", "y"; "x0", "x1"... */
    double window_low[2],
        window_high[2];    /* worth looking at, of the first two coordinates; of one: the second is 0, 0 */
    int starts, minima;    /* how many of each */
    const double *start;   /* [starts, dims]; the first is the default */
    const double *minimum; /* [minima, dims] global minima; none known: minima is 0 */
    double minimum_value;  /* of all of these; NAN: not known; -INFINITY: there is no least value */
    bool unbounded; /* the function falls without end, so that minima, if there are any, are the lowest of the window */
    bool drawn;     /* the gradient is drawn from rng: on average it is the exact one, or a positive multiple of it */
    void *program;  /* of an expression */
    bm_arena arena;
};

/* text: "rosenbrock", "sparse:p=0.1:seed=3", "sphere:dims=10", or an expression as optim/expression.h reads it. dims:
 * how many coordinates the caller wants, 0: as many as the function has by itself (an expression: as many as it names).
 * BM_INVALID with a suggestion, or with the place of the character that could not be read. Of an expression nothing is
 * known but its text: the window is -5..5, and it starts where it has a slope, at (-1.5, 2), (1.5, 0.5) or (0.5,
 * 0.5). */
bm_status bm_objective_create(bm_objective **objective, const char *text, int dims, bm_error *error);
void bm_objective_destroy(bm_objective *objective); /* NULL is fine */

/* x [dims]. Nothing is allocated; an expression works in memory of its own, so that one objective serves one thread at
 * a time. */
double bm_objective_value(const bm_objective *objective, const double *x);
/* rng: draws the gradient of an objective that is `drawn`; NULL there: the exact gradient. */
void bm_objective_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient);
/* hessian [dims, dims]; infinite where the curvature is. False: it has none. */
bool bm_objective_hessian(const bm_objective *objective, const double *x, double *hessian);

#endif
