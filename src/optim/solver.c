/* The registry of solvers, a solver bound to one function, and the little that the methods share. */
#include "optim/solver.h"

#include <math.h>

#define SOLVER(name) extern const bm_solver_type bm_solver_##name;
#include "optim/solver_list.h"
#undef SOLVER

const bm_solver_type *const bm_solver_types[] = {
#define SOLVER(name) &bm_solver_##name,
#include "optim/solver_list.h"
#undef SOLVER
    NULL,
};

const bm_variant_kind bm_solver_kinds[] = {
#define SOLVER(name) {#name, &bm_solver_##name.options},
#include "optim/solver_list.h"
#undef SOLVER
    {NULL, NULL},
};

void bm_solver_create(bm_solver *solver, const bm_variant *choice, const bm_objective *objective, bm_arena *arena) {
    const bm_solver_type *type = bm_solver_types[choice->kind];
    *solver = (bm_solver){.type = type,
                          .config = choice->config,
                          .objective = objective,
                          .n = objective->dims,
                          .memory = bm_arena_alloc(arena, 1, type->memory_bytes),
                          .arena = arena};
    if (solver->memory && type->create) {
        type->create(solver);
    }
}

void bm_solver_step(bm_solver *solver, double lr, double *x) {
    solver->type->step(solver, lr, x);
}

double bm_solver_evaluate(bm_solver *solver, const double *x, double *gradient) {
    solver->evaluations++;
    if (gradient) {
        bm_objective_gradient(solver->objective, x, NULL, gradient);
    }
    return bm_objective_value(solver->objective, x);
}

double bm_solver_dot(int n, const double *a, const double *b) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

double bm_solver_largest(int n, const double *v) {
    double largest = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(v[i])) {
            return v[i];
        }
        largest = fmax(largest, fabs(v[i]));
    }
    return largest;
}
