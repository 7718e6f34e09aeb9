#ifndef BM_OPTIM_OPTIM_H
#define BM_OPTIM_OPTIM_H

/* Optimizers know nothing of nets: a step is one pass over flat memory, param -= f(grad, slots). What is the same for
 * all parameters (bias corrections, decayed rates) is worked out once, in double, as the plan of the step; the pass
 * over the memory exists in float (nets) and double (plain functions, tests) from one text. Parameters that neighbour
 * in memory do not interact: any number of threads and any width of vectors give the same bits. Names, defaults and
 * updates are those of torch.optim 1.13 unless an optimizer's file says otherwise. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/option.h"
#include "core/pool.h"
#include "core/real.h"
#include "core/state.h"

enum { BM_OPTIM_SLOTS = 3, BM_OPTIM_PLAN_BYTES = 128 };

/* One number kept for every parameter: "exp_avg". */
typedef struct {
    const char *name;
    bool (*used)(const void *config);                 /* NULL: always */
    double (*initial)(const void *config, double lr); /* what it is before the first step; NULL: 0 */
} bm_optim_slot;

/* The moment a plan is made for. */
typedef struct {
    int64_t t;         /* this step: 1, 2, ... */
    double lr;         /* in force now */
    double grad_scale; /* what gradients are multiplied with before all else */
    double *memory;    /* one number that lasts from step to step, 0 at first */
} bm_optim_moment;

typedef struct {
    const char *name, *summary;
    bm_options options;         /* without the learning rate, which the caller schedules */
    const bm_optim_slot *slots; /* at most BM_OPTIM_SLOTS, a NULL name at the end */
    const char *memory_name;    /* NULL: the memory is not used */
    const char *momentum;       /* the option that a one-cycle schedule turns: "momentum", "beta1"; NULL: none */
    double default_lr;
    bm_status (*check)(const void *config, bm_error *error); /* options that do not go together; NULL: all do */

    /* Fills plan, at most BM_OPTIM_PLAN_BYTES. */
    void (*prepare)(const void *config, const bm_optim_moment *now, void *plan);
    /* Moves n parameters. slot[i] [n], NULL where not used. */
    void (*pass_f32)(const void *plan, size_t n, float *restrict param, const float *restrict grad,
                     float *const slot[BM_OPTIM_SLOTS]);
    void (*pass_f64)(const void *plan, size_t n, double *restrict param, const double *restrict grad,
                     double *const slot[BM_OPTIM_SLOTS]);
    /* What the step just made multiplied one parameter's gradient (or its running mean) with, from its slots; NULL:
     * lr. */
    double (*rate)(const void *plan, const double slot[BM_OPTIM_SLOTS]);
} bm_optim_type;

extern const bm_optim_type *const bm_optim_types[]; /* optim_list.h, NULL at the end */
extern const bm_variant_kind bm_optim_kinds[];      /* the same order, for an option row "optimizer" */

/* An optimizer bound to one flat buffer. */
typedef struct {
    const bm_optim_type *type;
    const void *config;
    bm_dtype dtype; /* BM_F32 or BM_F64 */
    size_t n;
    int64_t t; /* steps made */
    double memory;
    void *slot[BM_OPTIM_SLOTS];                               /* [n] of dtype */
    _Alignas(8) unsigned char last_plan[BM_OPTIM_PLAN_BYTES]; /* of the last step */
    double lr;                                                /* of the last step */
    double momentum; /* in place of the config's from now on; NAN (as created): the config's */
    bm_pool *pool;   /* who does the pass; NULL (as created): the caller alone. Pays from some 100,000 parameters on */
} bm_optim;

/* choice: of an option row over bm_optim_kinds; must outlive the optimizer. BM_INVALID: its options do not go together.
 * Check the arena afterwards. */
bm_status bm_optim_create(bm_optim *optim, const bm_variant *choice, bm_dtype dtype, size_t n, bm_arena *arena,
                          bm_error *error);
/* param, grad [n] of the optimizer's dtype. grad is read as grad_scale * grad: clipping costs no pass of its own. */
void bm_optim_step(bm_optim *optim, double lr, double grad_scale, void *param, const void *grad);
void bm_optim_state(bm_optim *optim, bm_state *state);
/* The effective learning rate of parameter i in the last step; NAN before the first. */
double bm_optim_rate(const bm_optim *optim, size_t i);

/* The factor by which torch.nn.utils.clip_grad_norm_ scales: min(1, max_norm / (norm + 1e-6)). norm: of all of grad
 * [n], of the given order, 2 (summed in double in a fixed order), INFINITY (the largest size) or another. max_norm <=
 * 0: no clipping, 1. *norm_out (may be NULL) gets the norm. */
double bm_clip_norm_scale(bm_dtype dtype, size_t n, const void *grad, double order, double max_norm, double *norm_out);
/* clip_grad_value_: every gradient into [-limit, limit], in place; NAN stays. */
void bm_clip_value(bm_dtype dtype, size_t n, void *grad, double limit);

#endif
