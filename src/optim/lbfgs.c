/* L-BFGS (Nocedal 1980; Nocedal and Wright, "Numerical Optimization", 2nd ed., algorithms 7.4 and 7.5): Newton's
 * direction with a Hessian that is guessed from the last steps s = x' - x and the changes of the gradient y = g' - g
 * that they made. Options, the first step, what stops it and the line search are those of torch.optim.LBFGS 1.13; but
 * one call makes one iteration unless max_iter says otherwise (PyTorch: 20), so that a trajectory shows them all. A
 * step that can do no more leaves x where it is. */
#include <math.h>
#include <string.h>

#include "optim/solver.h"
#include "optim/strong_wolfe.h"

enum { STRONG_WOLFE, NONE };
static const char *const line_searches[] = {"strong_wolfe", "none", NULL};

typedef struct {
    int max_iter, max_eval;
    double tolerance_grad, tolerance_change;
    int history_size, line_search_fn;
} lbfgs_config;

typedef struct {
    double *gradient, *previous_gradient, *direction; /* [n] */
    double step_length;                               /* of the last iteration, along direction */
    /* The pairs (s, y), a ring of history_size. */
    int pairs, oldest;
    double *s, *y; /* [history_size, n] */
    double *rho;   /* [history_size] 1 / (y . s) */
    double *alpha; /* [history_size] scratch of the recursion, oldest first */
    double scale;  /* the guessed inverse Hessian before any pair is applied: scale times the identity */
    bm_line_search search;
} lbfgs_memory;

static const bm_option rows[] = {
    BM_OPTION(lbfgs_config, max_iter, 1, 1, 100000, BM_LOG, "iterations a step"),
    BM_OPTION(lbfgs_config, max_eval, 0, 0, 1000000, BM_LINEAR,
              "evaluations after which a step ends; 0: 5/4 of max_iter"),
    BM_OPTION(lbfgs_config, tolerance_grad, 1e-7, 0, 1, BM_LOG, "done where no derivative is larger"),
    BM_OPTION(lbfgs_config, tolerance_change, 1e-9, 0, 1, BM_LOG, "done where value or coordinates change by less"),
    BM_OPTION(lbfgs_config, history_size, 100, 1, 1000, BM_LOG, "steps remembered"),
    BM_OPTION_CHOICE(lbfgs_config, line_search_fn, "strong_wolfe", line_searches, "how far to go along a direction"),
};

static const double least_curvature = 1e-10; /* y . s of a pair worth keeping: the guess stays positive definite */

static void create(bm_solver *solver) {
    const lbfgs_config *c = solver->config;
    lbfgs_memory *m = solver->memory;
    const size_t n = (size_t)solver->n, history = (size_t)c->history_size;
    m->gradient = BM_NEW(solver->arena, double, n);
    m->previous_gradient = BM_NEW(solver->arena, double, n);
    m->direction = BM_NEW(solver->arena, double, n);
    m->s = BM_NEW(solver->arena, double, history *n);
    m->y = BM_NEW(solver->arena, double, history *n);
    m->rho = BM_NEW(solver->arena, double, history);
    m->alpha = BM_NEW(solver->arena, double, history);
    m->scale = 1;
    bm_line_search_create(&m->search, solver);
}

/* Remembers the last iteration's step and what it did to the gradient. */
static void remember(const bm_solver *solver, lbfgs_memory *m) {
    const int n = solver->n, history = ((const lbfgs_config *)solver->config)->history_size;
    double ys = 0, yy = 0;
    for (int i = 0; i < n; i++) {
        const double y = m->gradient[i] - m->previous_gradient[i];
        ys += y * (m->direction[i] * m->step_length);
        yy += y * y;
    }
    if (!(ys > least_curvature)) {
        return;
    }
    const int slot = (m->oldest + m->pairs) % history;
    if (m->pairs < history) {
        m->pairs++;
    } else {
        m->oldest = (m->oldest + 1) % history;
    }
    double *s = m->s + (size_t)slot * (size_t)n, *y = m->y + (size_t)slot * (size_t)n;
    for (int i = 0; i < n; i++) {
        s[i] = m->direction[i] * m->step_length;
        y[i] = m->gradient[i] - m->previous_gradient[i];
    }
    m->rho[slot] = 1 / ys;
    m->scale = ys / yy;
}

/* direction = - (guessed inverse Hessian) gradient, by the two loops over the pairs: newest to oldest, and back. */
static void find_direction(const bm_solver *solver, lbfgs_memory *m) {
    const int n = solver->n, history = ((const lbfgs_config *)solver->config)->history_size;
    double *d = m->direction;
    for (int i = 0; i < n; i++) {
        d[i] = -m->gradient[i];
    }
    for (int pair = m->pairs - 1; pair >= 0; pair--) {
        const int slot = (m->oldest + pair) % history;
        const double *s = m->s + (size_t)slot * (size_t)n, *y = m->y + (size_t)slot * (size_t)n;
        m->alpha[pair] = bm_solver_dot(n, s, d) * m->rho[slot];
        for (int i = 0; i < n; i++) {
            d[i] -= m->alpha[pair] * y[i];
        }
    }
    for (int i = 0; i < n; i++) {
        d[i] *= m->scale;
    }
    for (int pair = 0; pair < m->pairs; pair++) {
        const int slot = (m->oldest + pair) % history;
        const double *s = m->s + (size_t)slot * (size_t)n, *y = m->y + (size_t)slot * (size_t)n;
        const double beta = bm_solver_dot(n, y, d) * m->rho[slot];
        for (int i = 0; i < n; i++) {
            d[i] += s[i] * (m->alpha[pair] - beta);
        }
    }
}

/* The very first step has no curvature to go by: its coordinates sum up to lr at most. */
static double first_length(const bm_solver *solver, const lbfgs_memory *m, double lr) {
    if (solver->iterations > 1) {
        return lr;
    }
    double sum = 0;
    for (int i = 0; i < solver->n; i++) {
        sum += fabs(m->gradient[i]);
    }
    return fmin(1, 1 / sum) * lr;
}

/* Moves x along direction, whose slope is below 0; value and gradient become those there. last: nobody will look at
 * them. */
static void move(bm_solver *solver, lbfgs_memory *m, double slope, bool last, double *value, double *x) {
    const lbfgs_config *c = solver->config;
    const int n = solver->n;
    const bool search = c->line_search_fn == STRONG_WOLFE;
    if (search) {
        const bm_line_point origin = {.value = *value, .slope = slope, .gradient = m->gradient};
        m->search.narrowest = c->tolerance_change;
        m->search.start = x;
        m->search.direction = m->direction;
        const bm_line_point found = bm_strong_wolfe(&m->search, &origin, m->step_length);
        m->step_length = found.t;
        *value = found.value;
        memcpy(m->gradient, found.gradient, (size_t)n * sizeof *m->gradient);
    }
    for (int i = 0; i < n; i++) {
        x[i] += m->step_length * m->direction[i];
    }
    if (!search && !last) {
        *value = bm_solver_evaluate(solver, x, m->gradient);
    }
}

static void step(bm_solver *solver, double lr, double *x) {
    const lbfgs_config *c = solver->config;
    lbfgs_memory *m = solver->memory;
    const int n = solver->n, max_eval = c->max_eval ? c->max_eval : c->max_iter + c->max_iter / 4;
    const int64_t evaluations = solver->evaluations;
    double value = bm_solver_evaluate(solver, x, m->gradient);
    double steepest = bm_solver_largest(n, m->gradient);
    if (!isfinite(value) || !isfinite(steepest) || steepest <= c->tolerance_grad) {
        return;
    }
    for (int iteration = 1; iteration <= c->max_iter; iteration++) {
        if (solver->iterations++ > 0) {
            remember(solver, m);
        }
        find_direction(solver, m);
        memcpy(m->previous_gradient, m->gradient, (size_t)n * sizeof *m->gradient);
        m->step_length = first_length(solver, m, lr);
        const double slope = bm_solver_dot(n, m->gradient, m->direction);
        if (!(slope <= -c->tolerance_change && isfinite(slope))) {
            return;
        }
        const double value_before = value;
        move(solver, m, slope, iteration == c->max_iter, &value, x);
        steepest = bm_solver_largest(n, m->gradient);
        if (solver->evaluations - evaluations >= max_eval || steepest <= c->tolerance_grad ||
            fabs(m->step_length) * bm_solver_largest(n, m->direction) <= c->tolerance_change ||
            fabs(value - value_before) < c->tolerance_change) {
            return;
        }
    }
}

const bm_solver_type bm_solver_lbfgs = {
    .name = "lbfgs",
    .summary = "limited-memory quasi-Newton with a strong Wolfe line search (Nocedal 1980)",
    .options = BM_OPTIONS(rows, lbfgs_config),
    .default_lr = 1,
    .memory_bytes = sizeof(lbfgs_memory),
    .create = create,
    .step = step,
};
