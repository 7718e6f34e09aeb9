/* Newton's method with the exact Hessian H and gradient g, safe away from a minimum (Nocedal and Wright, "Numerical
 * Optimization", 2nd ed., ch. 3):
 *
 *     (H + mu I) d = -g,   x = x + t d
 *
 * mu is the damping asked for, raised until a Cholesky factorisation exists (ch. 3.4, algorithm 3.3), so that d leads
 * down and no saddle attracts; t is lr, halved until the value falls by c1 of what the slope promises (algorithm 3.1).
 * Near a minimum with a positive definite Hessian mu is 0 and t is lr: with lr 1 the number of right digits doubles
 * every step. */
#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "optim/solver.h"

enum { MOST_HALVINGS = 60 };

typedef struct {
    double damping;
    bool line_search;
} newton_config;

typedef struct {
    double *gradient, *direction, *trial; /* [n] */
    double *hessian, *factor;             /* [n, n] */
} newton_memory;

static const bm_option rows[] = {
    BM_OPTION(newton_config, damping, 0, 0, 1e12, BM_LINEAR, "added to the Hessian's diagonal; more where it must be"),
    BM_OPTION_STRING(newton_config, line_search, "true", 0, 0, "shorten steps that do not lead down far enough"),
};

static const double decrease = 1e-4;    /* c1 */
static const double first_shift = 1e-3; /* the first mu that is tried beyond the damping, relative to the Hessian */

static void create(bm_solver *solver) {
    newton_memory *m = solver->memory;
    const size_t n = (size_t)solver->n;
    m->gradient = BM_NEW(solver->arena, double, n);
    m->direction = BM_NEW(solver->arena, double, n);
    m->trial = BM_NEW(solver->arena, double, n);
    m->hessian = BM_NEW(solver->arena, double, n *n);
    m->factor = BM_NEW(solver->arena, double, n *n);
}

/* direction = -(H + mu I)^-1 gradient; false where H + mu I is not positive definite. */
static bool solve(int n, double mu, newton_memory *m) {
    memcpy(m->factor, m->hessian, (size_t)n * (size_t)n * sizeof *m->factor);
    for (int i = 0; i < n; i++) {
        m->factor[(size_t)i * (size_t)n + (size_t)i] += mu;
        m->direction[i] = -m->gradient[i];
    }
    return bm_linalg_solve_positive(n, m->factor, m->direction, NULL) == BM_OK;
}

/* Where H + damping I is not positive definite: mu is doubled until H + mu I is, and then once more. So the most
 * negative curvature -c ends up between c and 3 c: the step along it is about as long as if the curvature were c, where
 * the bare minimum of mu would throw x anywhere. */
static bool solve_shifted(int n, double damping, newton_memory *m) {
    const double size = bm_solver_largest(n * n, m->hessian);
    if (!isfinite(size)) {
        return false;
    }
    double lowest = INFINITY;
    for (int i = 0; i < n; i++) {
        lowest = fmin(lowest, m->hessian[(size_t)i * (size_t)n + (size_t)i]);
    }
    if (solve(n, damping, m)) {
        return true;
    }
    /* A Hessian of zeros says nothing: plain steepest descent, mu = 1. */
    double mu = fmax(damping, first_shift * size + fmax(0, -lowest));
    mu = mu > 0 ? mu : 0.5; /* also where the product is too small for a number */
    while (!solve(n, mu, m)) {
        mu *= 2;
        if (!isfinite(mu)) {
            return false;
        }
    }
    return solve(n, 2 * mu, m);
}

/* point = x + t direction; false where that is x again. */
static bool point_at(const bm_solver *solver, const double *x, double t, const double *direction, double *point) {
    bool moved = false;
    for (int i = 0; i < solver->n; i++) {
        const double there = x[i] + t * direction[i];
        moved |= there != x[i];
        point[i] = there;
    }
    return moved;
}

/* How far along direction the value falls far enough; 0: nowhere. */
static double backtrack(bm_solver *solver, double lr, double value, const double *x) {
    newton_memory *m = solver->memory;
    const double slope = bm_solver_dot(solver->n, m->gradient, m->direction);
    double t = lr;
    for (int i = 0; i < MOST_HALVINGS && point_at(solver, x, t, m->direction, m->trial); i++, t /= 2) {
        if (bm_solver_evaluate(solver, m->trial, NULL) <= value + decrease * t * slope) {
            return t;
        }
    }
    return 0;
}

static void step(bm_solver *solver, double lr, double *x) {
    const newton_config *c = solver->config;
    newton_memory *m = solver->memory;
    const int n = solver->n;
    const double value = bm_solver_evaluate(solver, x, m->gradient);
    const double steepest = bm_solver_largest(n, m->gradient);
    if (!isfinite(value) || !isfinite(steepest) || steepest == 0 ||
        !bm_objective_hessian(solver->objective, x, m->hessian) || !solve_shifted(n, c->damping, m) ||
        !isfinite(bm_solver_largest(n, m->direction))) {
        return;
    }
    solver->iterations++;
    const double t = c->line_search ? backtrack(solver, lr, value, x) : lr;
    (void)point_at(solver, x, t, m->direction, x);
}

const bm_solver_type bm_solver_newton = {
    .name = "newton",
    .summary = "Newton's method with the exact Hessian, damped where it is not positive definite",
    .options = BM_OPTIONS(rows, newton_config),
    .default_lr = 1,
    .needs_hessian = true,
    .memory_bytes = sizeof(newton_memory),
    .create = create,
    .step = step,
};
