#include "optim/descent.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/linalg.h"

/* ---- creation --------------------------------------------------------------------------------------------------- */

enum { HESSIAN_DIMS = 1000 };

/* A line search compares values: it needs the function as it is. */
static bm_status check_solver(const bm_descent_setup *setup, bm_error *error) {
    const char *name = bm_method_name(setup->method);
    const char *what = !setup->objective                               ? "recorded gradients"
                       : setup->noise > 0                              ? "noise"
                       : setup->clip_norm > 0 || setup->clip_value > 0 ? "clipping"
                       : setup->single                                 ? "floats"
                                                                       : NULL;
    if (what) {
        return bm_invalid(error, "%s compares values of the function: it cannot work with %s", name, what);
    }
    if (setup->method->solver->needs_hessian && !setup->objective->type->hessian) {
        return bm_invalid(error, "%s needs second derivatives, which %.64s does not have", name,
                          setup->objective->text);
    }
    if (setup->method->solver->needs_hessian && setup->dims > HESSIAN_DIMS) {
        return bm_invalid(error, "%s takes at most %d coordinates: its time grows with their cube", name, HESSIAN_DIMS);
    }
    return setup->method->solver->needs_hessian ? bm_linalg_open(error) : BM_OK;
}

static bm_status check_start(const bm_descent *descent, bm_error *error) {
    for (int i = 0; i < descent->setup.dims; i++) {
        if (!isfinite(descent->x[i])) {
            return bm_invalid(error, "coordinate %d of the start is not a finite number", i);
        }
    }
    if (descent->setup.objective && !isfinite(descent->value)) {
        return isnan(descent->value)
                   ? bm_invalid(error, "%.64s has no value at the start; choose another",
                                descent->setup.objective->text)
                   : bm_invalid(error, "%.64s is %g at the start", descent->setup.objective->text, descent->value);
    }
    return BM_OK;
}

static void allocate(bm_descent *descent) {
    const size_t n = (size_t)descent->setup.dims;
    descent->x = BM_NEW(&descent->arena, double, n);
    descent->gradient = BM_NEW(&descent->arena, double, n);
    descent->next = BM_NEW(&descent->arena, double, n);
    descent->x32 = BM_NEW(&descent->arena, float, n);
    descent->gradient32 = BM_NEW(&descent->arena, float, n);
}

static bm_status create_method(bm_descent *descent, bm_error *error) {
    const bm_descent_setup *setup = &descent->setup;
    const bm_method *method = setup->method;
    bm_status status = method->solver       ? check_solver(setup, error)
                       : setup->lr_schedule ? bm_lr_schedule_check(setup->lr_schedule, method->optim, error)
                                            : BM_OK;
    if (status != BM_OK) {
        return status;
    }
    if (method->solver) {
        bm_solver_create(&descent->solver, &method->choice, setup->objective, &descent->arena);
    } else {
        status = bm_optim_create(&descent->optim, &method->choice, setup->single ? BM_F32 : BM_F64, (size_t)setup->dims,
                                 &descent->arena, error);
    }
    return status == BM_OK ? bm_arena_check(&descent->arena, "the descent", error) : status;
}

bm_status bm_descent_create(bm_descent **out, const bm_descent_setup *setup, bm_error *error) {
    bm_descent *descent = calloc(1, sizeof *descent);
    *out = NULL;
    if (!descent) {
        return bm_fail(error, "not enough memory for the descent");
    }
    descent->setup = *setup;
    descent->rng = bm_rng_seeded(setup->seed);
    descent->lr = NAN;
    allocate(descent);
    bm_status status = create_method(descent, error);
    if (status == BM_OK) {
        for (int i = 0; i < setup->dims; i++) {
            descent->x32[i] = (float)setup->start[i];
            descent->x[i] = setup->single ? (double)descent->x32[i] : setup->start[i];
        }
        descent->value = setup->objective ? bm_objective_value(setup->objective, descent->x) : NAN;
        status = check_start(descent, error);
    }
    if (status != BM_OK) {
        bm_descent_destroy(descent);
        return status;
    }
    descent->setup.start = NULL; /* the caller may forget it */
    *out = descent;
    return BM_OK;
}

void bm_descent_destroy(bm_descent *descent) {
    if (descent) {
        bm_arena_free(&descent->arena);
        free(descent);
    }
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

static void next_rate(bm_descent *descent) {
    const bm_descent_setup *setup = &descent->setup;
    const double remaining = setup->total_steps > 0 ? 1 - (double)descent->t / (double)setup->total_steps : 1;
    double momentum = NAN;
    descent->lr = setup->lr_schedule ? bm_lr_schedule_at(setup->lr_schedule, setup->method->lr.initial, descent->t,
                                                         setup->total_steps, &momentum)
                                     : bm_schedule_at(setup->method->lr, fmax(remaining, 0));
    descent->optim.momentum = momentum;
}

static bool all_finite(const double *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += x[i] * 0; /* 0, or NAN */
    }
    return sum == 0;
}

/* A step that has led to next and value, or off the numbers. */
static bm_status arrive(bm_descent *descent, const double *next, bm_error *error) {
    const bm_objective *objective = descent->setup.objective;
    const int n = descent->setup.dims;
    const bool finite = all_finite(next, n);
    const double value = objective && finite ? bm_objective_value(objective, next) : NAN;
    if (!finite || (objective && !isfinite(value))) {
        return bm_fail(error, "%s diverged at step %" PRId64 ": %s is no longer finite",
                       bm_method_name(descent->setup.method), descent->t + 1, finite ? "the value" : "a coordinate");
    }
    memcpy(descent->x, next, (size_t)n * sizeof *next);
    descent->value = value;
    descent->t++;
    return BM_OK;
}

/* With the gradient that descent->gradient holds. */
static bm_status optimizer_step(bm_descent *descent, bm_error *error) {
    const bm_descent_setup *setup = &descent->setup;
    const size_t n = (size_t)setup->dims;
    double *gradient = descent->gradient;
    for (size_t i = 0; setup->noise > 0 && i < n; i++) {
        gradient[i] += setup->noise * bm_rng_normal(&descent->rng);
    }
    for (size_t i = 0; setup->single && i < n; i++) {
        descent->gradient32[i] = (float)gradient[i];
    }
    const bm_dtype dtype = setup->single ? BM_F32 : BM_F64;
    void *flat = setup->single ? (void *)descent->gradient32 : (void *)gradient;
    if (setup->clip_value > 0) {
        bm_clip_value(dtype, n, flat, setup->clip_value);
    }
    const double scale = bm_clip_norm_scale(dtype, n, flat, 2, setup->clip_norm, NULL);
    memcpy(descent->next, descent->x, n * sizeof *descent->x);
    bm_optim_step(&descent->optim, descent->lr, scale, setup->single ? (void *)descent->x32 : (void *)descent->next,
                  flat);
    for (size_t i = 0; setup->single && i < n; i++) {
        descent->next[i] = (double)descent->x32[i];
    }
    return arrive(descent, descent->next, error);
}

bm_status bm_descent_step(bm_descent *descent, bm_error *error) {
    next_rate(descent);
    if (descent->setup.method->solver) {
        memcpy(descent->next, descent->x, (size_t)descent->setup.dims * sizeof *descent->x);
        bm_solver_step(&descent->solver, descent->lr, descent->next);
        descent->evaluations = descent->solver.evaluations;
        return arrive(descent, descent->next, error);
    }
    bm_objective_gradient(descent->setup.objective, descent->x, &descent->rng, descent->gradient);
    descent->evaluations++;
    return optimizer_step(descent, error);
}

bm_status bm_descent_apply(bm_descent *descent, const double *gradient, bm_error *error) {
    next_rate(descent);
    memcpy(descent->gradient, gradient, (size_t)descent->setup.dims * sizeof *gradient);
    return optimizer_step(descent, error);
}

double bm_descent_rate(const bm_descent *descent, int i) {
    return descent->setup.method->optim ? bm_optim_rate(&descent->optim, (size_t)i) : NAN;
}
