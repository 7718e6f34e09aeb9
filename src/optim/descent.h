#ifndef BM_OPTIM_DESCENT_H
#define BM_OPTIM_DESCENT_H

/* One method on its way down one function, step by step; or an optimizer that is given recorded gradients. */
#include "optim/lr_schedule.h"
#include "optim/method.h"

typedef struct {
    const bm_method *method;       /* must outlive the descent, as all below */
    const bm_objective *objective; /* NULL: gradients are given, see bm_descent_apply */
    int dims;
    const double *start;           /* [dims]; copied */
    const bm_variant *lr_schedule; /* of bm_lr_schedule_kinds, in place of lin_X; NULL: none */
    int64_t total_steps;           /* what schedules stretch over */
    double clip_norm, clip_value;  /* limits as in torch.nn.utils; 0: none */
    double noise;                  /* standard deviation of what is added to every gradient, normal; 0: nothing */
    uint64_t seed;                 /* of noise and of gradients that are drawn: equal seeds, equal draws */
    bool single;                   /* parameters, slots and gradients are floats */
} bm_descent_setup;

/* Read only. */
typedef struct {
    bm_descent_setup setup;
    int64_t t;           /* steps made */
    double *x;           /* [dims] */
    double value;        /* there; NAN without an objective */
    double lr;           /* of the last step; NAN before */
    int64_t evaluations; /* of gradients so far */
    /* the rest belongs to descent.c */
    double *gradient, *next;
    float *x32, *gradient32;
    bm_optim optim;
    bm_solver solver;
    bm_rng rng;
    bm_arena arena;
} bm_descent;

/* BM_INVALID: a start that is not finite, settings that do not go together. */
bm_status bm_descent_create(bm_descent **descent, const bm_descent_setup *setup, bm_error *error);
void bm_descent_destroy(bm_descent *descent); /* NULL is fine */

/* One step. BM_FAILED: it led to where a coordinate or the value is not finite; the descent stays at the step before
 * and is over. */
bm_status bm_descent_step(bm_descent *descent, bm_error *error);
/* The same with a gradient [dims] from outside. */
bm_status bm_descent_apply(bm_descent *descent, const double *gradient, bm_error *error);

/* What the last step multiplied coordinate i's gradient (or its running mean) with; NAN before the first, and of
 * solvers. */
double bm_descent_rate(const bm_descent *descent, int i);

#endif
