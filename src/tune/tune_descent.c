/* A study's objective that runs an optimizer on a function. */
#include <math.h>

#include "tune/tune_objective.h"

enum { VISITS = 100 }; /* values on the way */

static bm_status apply(const bm_tune_objective *objective, const bm_setting *settings, int count, bm_method *method,
                       bm_error *error) {
    const bm_tune_function *f = objective->self;
    bm_status status = BM_OK;
    *method = f->method;
    for (int i = 0; i < count && status == BM_OK; i++) {
        status = bm_method_set(method, settings[i].key, settings[i].value, error);
    }
    return status;
}

static bm_status check(const bm_tune_objective *objective, const bm_setting *settings, int count, bm_error *error) {
    bm_method method;
    return apply(objective, settings, count, &method, error);
}

static void draw_start(const bm_tune_function *f, uint64_t seed, double *start) {
    const bm_objective *function = f->function;
    bm_rng rng = bm_rng_seeded(seed);
    for (int i = 0; i < function->dims; i++) {
        const int axis = i < 2 && function->dims <= 2 ? i : 0;
        start[i] = seed == f->own_seed ? function->start[i]
                                       : bm_rng_uniform(&rng, function->window_low[axis], function->window_high[axis]);
    }
}

static bm_status evaluate(const bm_tune_objective *objective, const bm_setting *settings, int count, uint64_t seed,
                          bm_tune_visitor *visit, void *context, double *value, bm_error *error) {
    const bm_tune_function *f = objective->self;
    bm_arena arena = {0};
    bm_method method;
    bm_descent *descent = NULL;
    double *start = BM_NEW(&arena, double, f->function->dims);
    *value = NAN;
    bm_status status = bm_arena_check(&arena, "a start", error);
    if (status == BM_OK) {
        status = apply(objective, settings, count, &method, error);
    }
    if (status == BM_OK) {
        bm_descent_setup setup = f->base;
        draw_start(f, seed, start);
        setup.method = &method;
        setup.objective = f->function;
        setup.dims = f->function->dims;
        setup.start = start;
        setup.total_steps = f->steps;
        setup.seed = seed;
        status = bm_descent_create(&descent, &setup, error);
    }
    const int64_t every = f->steps > VISITS ? f->steps / VISITS : 1;
    double best = descent ? descent->value : NAN;
    bool on = true;
    for (int64_t t = 1; t <= f->steps && status == BM_OK && on; t++) {
        status = bm_descent_step(descent, error);
        best = status == BM_OK ? fmin(best, descent->value) : best;
        on = t % every != 0 || t == f->steps || visit(context, t, best);
    }
    *value = status == BM_OK && on ? best : NAN;
    bm_descent_destroy(descent);
    bm_arena_free(&arena);
    return status;
}

bm_tune_objective bm_tune_descent(const bm_tune_function *function) {
    return (bm_tune_objective){
        .maximize = false, .steps = function->steps, .check = check, .evaluate = evaluate, .self = function};
}
