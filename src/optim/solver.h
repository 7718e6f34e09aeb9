#ifndef BM_OPTIM_SOLVER_H
#define BM_OPTIM_SOLVER_H

/* Methods that look at a function more closely than by one gradient a step: they try several points along a line, or
 * ask for second derivatives. For plain functions of few coordinates, in double. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/option.h"
#include "optim/objective.h"

typedef struct bm_solver bm_solver;

typedef struct {
    const char *name, *summary;
    bm_options options; /* without the learning rate */
    double default_lr;
    bool needs_hessian;
    size_t memory_bytes;               /* of the solver's own struct, solver->memory, zeroed */
    void (*create)(bm_solver *solver); /* allocates from solver->arena; NULL: nothing to do */
    /* One step from x [n], in place. May leave x where it is when it is done; may leave it infinite where the function
     * is. */
    void (*step)(bm_solver *solver, double lr, double *x);
} bm_solver_type;

extern const bm_solver_type *const bm_solver_types[]; /* solver_list.h, NULL at the end */
extern const bm_variant_kind bm_solver_kinds[];       /* the same order */

struct bm_solver {
    const bm_solver_type *type;
    const void *config;
    const bm_objective *objective;
    int n;
    int64_t evaluations; /* points at which the function was asked for, with its gradient or without, so far */
    int64_t iterations;  /* of the method, so far */
    void *memory;
    bm_arena *arena;
};

/* choice: of bm_solver_kinds, must outlive the solver, as must the objective. Check the arena afterwards. */
void bm_solver_create(bm_solver *solver, const bm_variant *choice, const bm_objective *objective, bm_arena *arena);
void bm_solver_step(bm_solver *solver, double lr, double *x);

/* For the methods themselves. The value at x [n], and the gradient [n] unless that is NULL; counts. */
double bm_solver_evaluate(bm_solver *solver, const double *x, double *gradient);
double bm_solver_dot(int n, const double *a, const double *b);
double bm_solver_largest(int n, const double *v); /* size of the largest element; NAN where one is */

#endif
