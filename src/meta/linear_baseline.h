#ifndef BM_META_LINEAR_BASELINE_H
#define BM_META_LINEAR_BASELINE_H

/* What returns are expected from a state at a time of an episode, by least squares: the linear feature baseline of Duan
 * et al. 2016 (Benchmarking deep reinforcement learning for continuous control). The features of observation o at step
 * t are
 *
 *     o, o^2, t/100, (t/100)^2, (t/100)^3, 1
 *
 * A small ridge keeps the solution unique where they depend on each other, as a one-hot o and its square do. */
#include "core/arena.h"
#include "core/real.h"

typedef struct {
    int size;       /* of an observation */
    int features;   /* of a row */
    double *row;    /* [features] scratch */
    double *gram;   /* [features, features] the lower triangle: of X'X + ridge, then of its Cholesky factor */
    double *weight; /* [features] */
} bm_linear_baseline;

/* Rows of observations: size numbers each, stride apart, with the step of its episode that each was seen at. */
typedef struct {
    int n;
    size_t stride;
    const bm_real *observation;
    const int32_t *step; /* [n] */
} bm_baseline_rows;

void bm_linear_baseline_create(bm_linear_baseline *baseline, int size,
                               bm_arena *arena); /* check the arena afterwards */
/* To target [n]. Numbers that are not finite make expectations that are not. Call bm_linalg_open before. */
void bm_linear_baseline_fit(bm_linear_baseline *baseline, const bm_baseline_rows *rows, const double *target);
void bm_linear_baseline_expect(const bm_linear_baseline *baseline, const bm_baseline_rows *rows, double *expected);

#endif
