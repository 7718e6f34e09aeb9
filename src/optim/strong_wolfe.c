/* The line search of torch.optim.LBFGS 1.13, which is that of Mark Schmidt's minFunc: Nocedal and Wright, algorithms
 * 3.5 (lengthen the step until a minimum is enclosed) and 3.6 (zoom in), with cubic interpolation. What differs from
 * the book, for the same numbers as PyTorch: a rise against the point before counts from the third point on only, and a
 * trial that comes close to an end of the bracket twice running is moved inwards. A point where value or slope is not a
 * number counts as infinitely high. */
#include "optim/strong_wolfe.h"

#include <math.h>
#include <string.h>

enum { MOST_ROUNDS = 25 };

static const double decrease = 1e-4, flatness = 0.9;       /* c1, c2 */
static const double least_growth = 0.01, most_growth = 10; /* of a step that is lengthened */
static const double margin_share = 0.1;                    /* of the bracket: what is close to its ends */

void bm_line_search_create(bm_line_search *search, bm_solver *solver) {
    search->solver = solver;
    search->x = BM_NEW(solver->arena, double, solver->n);
    search->bracket[0].gradient = BM_NEW(solver->arena, double, solver->n);
    search->bracket[1].gradient = BM_NEW(solver->arena, double, solver->n);
    search->trial.gradient = BM_NEW(solver->arena, double, solver->n);
}

static void evaluate(bm_line_search *search, double t, bm_line_point *point) {
    const int n = search->solver->n;
    for (int i = 0; i < n; i++) {
        search->x[i] = search->start[i] + t * search->direction[i];
    }
    point->t = t;
    point->value = bm_solver_evaluate(search->solver, search->x, point->gradient);
    point->slope = bm_solver_dot(n, point->gradient, search->direction);
    if (isnan(point->value) || isnan(point->slope)) {
        point->value = INFINITY;
    }
}

/* Copies a point with its gradient. */
static void keep(const bm_line_search *search, const bm_line_point *point, bm_line_point *place) {
    double *gradient = place->gradient;
    memcpy(gradient, point->gradient, (size_t)search->solver->n * sizeof *gradient);
    *place = *point;
    place->gradient = gradient;
}

static bool too_high(const bm_line_point *origin, const bm_line_point *point) {
    return !(point->value <= origin->value + decrease * point->t * origin->slope);
}

static bool flat(const bm_line_point *origin, const bm_line_point *point) {
    return fabs(point->slope) <= -flatness * origin->slope;
}

/* The minimum of the cubic that has both points' values and slopes (eq. 3.59), at least low and at most high; their
 * middle where that cubic has none. */
static double cubic_minimum(const bm_line_point *a, const bm_line_point *b, double low, double high) {
    if (a->t > b->t) {
        const bm_line_point *left = b;
        b = a;
        a = left;
    }
    const double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->t - b->t);
    const double square = d1 * d1 - a->slope * b->slope;
    if (!(square >= 0 && isfinite(square))) {
        return (low + high) / 2;
    }
    const double d2 = sqrt(square);
    const double t = b->t - (b->t - a->t) * ((b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2));
    return isnan(t) ? (low + high) / 2 : fmin(fmax(t, low), high);
}

typedef enum { ENCLOSED, MET, EXHAUSTED } outcome;

/* Lengthens the step. ENCLOSED: between the points of the bracket lies a step that meets both conditions; MET: the
 * second does. */
static outcome enclose(bm_line_search *search, const bm_line_point *origin, double first_step, int *rounds) {
    bm_line_point *before = &search->bracket[0], *now = &search->bracket[1];
    keep(search, origin, before);
    evaluate(search, first_step, now);
    for (; *rounds < MOST_ROUNDS; ++*rounds) {
        if (too_high(origin, now) || (*rounds > 1 && now->value >= before->value)) {
            return ENCLOSED;
        }
        if (flat(origin, now)) {
            return MET;
        }
        if (now->slope >= 0) {
            return ENCLOSED;
        }
        const double least = now->t + least_growth * (now->t - before->t);
        const double t = cubic_minimum(before, now, least, now->t * most_growth);
        keep(search, now, before);
        evaluate(search, t, now);
    }
    keep(search, origin, before);
    return EXHAUSTED;
}

/* A trial too close to an end tells little about the rest: the second running, or one at the very end, moves
 * inwards. */
static double keep_inside(double t, double left, double right, bool *was_close) {
    const double margin = margin_share * (right - left);
    if (!(fmin(right - t, t - left) < margin)) {
        *was_close = false;
        return t;
    }
    if (!*was_close && t > left && t < right) {
        *was_close = true;
        return t;
    }
    *was_close = false;
    return fabs(t - right) < fabs(t - left) ? right - margin : left + margin;
}

static int lower_of(const bm_line_point bracket[2]) {
    return bracket[0].value <= bracket[1].value ? 0 : 1;
}

/* Narrows the bracket down to a point that meets both conditions, or to where numbers end. Returns which of the two is
 * lower. */
static int zoom(bm_line_search *search, const bm_line_point *origin, int rounds) {
    bm_line_point *bracket = search->bracket, *trial = &search->trial;
    const double reach = bm_solver_largest(search->solver->n, search->direction);
    int low = lower_of(bracket);
    bool was_close = false;
    for (; rounds < MOST_ROUNDS; rounds++) {
        const double left = fmin(bracket[0].t, bracket[1].t), right = fmax(bracket[0].t, bracket[1].t);
        if ((right - left) * reach < search->narrowest) {
            return low;
        }
        const double t = cubic_minimum(&bracket[0], &bracket[1], left, right);
        evaluate(search, keep_inside(t, left, right, &was_close), trial);
        if (too_high(origin, trial) || trial->value >= bracket[low].value) {
            keep(search, trial, &bracket[1 - low]);
            low = lower_of(bracket);
            continue;
        }
        const bool met = flat(origin, trial);
        if (!met && trial->slope * (bracket[1 - low].t - bracket[low].t) >= 0) {
            keep(search, &bracket[low], &bracket[1 - low]); /* the minimum lies on the other side of the trial */
        }
        keep(search, trial, &bracket[low]);
        if (met) {
            return low;
        }
    }
    return low;
}

bm_line_point bm_strong_wolfe(bm_line_search *search, const bm_line_point *origin, double first_step) {
    int rounds = 0;
    switch (enclose(search, origin, first_step, &rounds)) {
    case MET:
        return search->bracket[1];
    case ENCLOSED:
        return search->bracket[zoom(search, origin, rounds)];
    default:
        return search->bracket[lower_of(search->bracket)];
    }
}
