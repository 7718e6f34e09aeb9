#ifndef BM_OPTIM_STRONG_WOLFE_H
#define BM_OPTIM_STRONG_WOLFE_H

/* A step length t along a direction d that meets the strong Wolfe conditions (Nocedal and Wright, "Numerical
 * Optimization", 2nd ed., eq. 3.7): with phi(t) = f(x + t d),
 *
 *     phi(t) <= phi(0) + c1 t phi'(0)     the value falls enough
 *     |phi'(t)| <= c2 |phi'(0)|           and the slope flattens enough                    c1 = 1e-4, c2 = 0.9
 */
#include "optim/solver.h"

/* A point on the line. */
typedef struct {
    double t, value, slope; /* phi(t), phi'(t) */
    double *gradient;       /* [n] of f there */
} bm_line_point;

typedef struct {
    bm_solver *solver;        /* whose function it is; counts the evaluations */
    double narrowest;         /* give up where the bracket, in the coordinate that moves most, is narrower */
    const double *start;      /* [n] x */
    const double *direction;  /* [n] d */
    double *x;                /* [n] a trial */
    bm_line_point bracket[2]; /* in the order of the algorithm, not of t */
    bm_line_point trial;
} bm_line_search;

/* Allocates the search's arrays from solver->arena. */
void bm_line_search_create(bm_line_search *search, bm_solver *solver);

/* The best point found from start along direction, first_step tried first. origin: what is known at t = 0, with a slope
 * below 0. The point's gradient lies in the search until the next call; its t is 0 where no trial was better. */
bm_line_point bm_strong_wolfe(bm_line_search *search, const bm_line_point *origin, double first_step);

#endif
