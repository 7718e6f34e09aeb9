/* Newton's method with the exact Hessian H and gradient g, safe away from a minimum (Nocedal and Wright, "Numerical Optimization",
 * 2nd ed., ch. 3):
 *
 *     (H + mu I) d = -g,   x = x + t d
 *
 * mu is the damping asked for, raised until a Cholesky factorisation exists (ch. 3.4, algorithm 3.3), so that d leads down and no
 * saddle attracts; t is lr, halved until the value falls by c1 of what the slope promises (algorithm 3.1).
 * Near a minimum with a positive definite Hessian mu is 0 and t is lr: with lr 1 the number of right digits doubles every step. */
#include <float.h>
#include <math.h>

#include "optim/solver.h"

enum { MOST_HALVINGS = 60 };

typedef struct {
    double damping;
    bool line_search;
} newton_config;

typedef struct {
    double *gradient, *direction, *trial; /* [n] */
    double *matrix;                       /* [n, n] H in the upper triangle with the diagonal, L below the diagonal */
    double *diagonal;                     /* [n] of L */
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
    m->matrix = BM_NEW(solver->arena, double, n *n);
    m->diagonal = BM_NEW(solver->arena, double, n);
}

/* H + mu I = L L'. False where a pivot is lost in rounding or below 0: the matrix is not positive definite. */
static bool factorise(int n, double mu, newton_memory *m) {
    for (int column = 0; column < n; column++) {
        const double *above = m->matrix + (size_t)column * (size_t)n; /* L before the diagonal, H from it on */
        const double pivot = above[column] + mu - bm_solver_dot(column, above, above);
        if (!(pivot > n * DBL_EPSILON * (above[column] + mu))) {
            return false;
        }
        m->diagonal[column] = sqrt(pivot);
        for (int row = column + 1; row < n; row++) {
            double *entry = m->matrix + (size_t)row * (size_t)n;
            entry[column] = (above[row] - bm_solver_dot(column, entry, above)) / m->diagonal[column];
        }
    }
    return true;
}

/* Where H + damping I is not positive definite: mu is doubled until H + mu I is, and then once more. So the most negative curvature
 * -c ends up between c and 3 c: the step along it is about as long as if the curvature were c, where the bare minimum of mu
 * would throw x anywhere. */
static bool factorise_shifted(int n, double damping, newton_memory *m) {
    const double size = bm_solver_largest(n * n, m->matrix);
    if (!isfinite(size)) {
        return false;
    }
    double lowest = INFINITY;
    for (int i = 0; i < n; i++) {
        lowest = fmin(lowest, m->matrix[(size_t)i * (size_t)n + (size_t)i]);
    }
    if (lowest + damping > 0 && factorise(n, damping, m)) {
        return true;
    }
    /* A Hessian of zeros says nothing: plain steepest descent, mu = 1. */
    double mu = fmax(damping, first_shift * size + fmax(0, -lowest));
    mu = mu > 0 ? mu : 0.5; /* also where the product is too small for a number */
    while (!factorise(n, mu, m)) {
        mu *= 2;
        if (!isfinite(mu)) {
            return false;
        }
    }
    return factorise(n, 2 * mu, m);
}

/* direction = -(L L')^-1 gradient, by two triangular solves. */
static void solve(int n, newton_memory *m) {
    double *d = m->direction;
    for (int row = 0; row < n; row++) {
        const double *lower = m->matrix + (size_t)row * (size_t)n;
        d[row] = (-m->gradient[row] - bm_solver_dot(row, lower, d)) / m->diagonal[row];
    }
    for (int row = n - 1; row >= 0; row--) {
        double sum = d[row];
        for (int below = row + 1; below < n; below++) {
            sum -= m->matrix[(size_t)below * (size_t)n + (size_t)row] * d[below];
        }
        d[row] = sum / m->diagonal[row];
    }
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
        !bm_objective_hessian(solver->objective, x, m->matrix) || !factorise_shifted(n, c->damping, m)) {
        return;
    }
    solve(n, m);
    if (!isfinite(bm_solver_largest(n, m->direction))) {
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
