#ifndef BM_OPTIM_OPTIM_H
#define BM_OPTIM_OPTIM_H

/* Optimizers know nothing of nets: a step is one pass over flat memory, param -= f(grad, slots). Each exists in float
 * (nets) and double (plain functions, tests) from one text. Parameters that neighbour in memory do not interact, so
 * that a buffer may be split among threads without changing a bit. */
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/option.h"
#include "core/real.h"
#include "core/state.h"

enum { BM_OPTIM_SLOTS = 3 };

/* One step of t = 1, 2, ... over n parameters with learning rate lr. grad is read as grad_scale * grad (clipping costs
 * no pass of its own). slot[i] [n] start as zeros. */
typedef void bm_optim_step_f32(const void *config, int64_t t, double lr, double grad_scale, size_t n, float *param,
                               const float *grad, float *const slot[BM_OPTIM_SLOTS]);
typedef void bm_optim_step_f64(const void *config, int64_t t, double lr, double grad_scale, size_t n, double *param,
                               const double *grad, double *const slot[BM_OPTIM_SLOTS]);

typedef struct {
    const char *name, *summary;
    bm_options options;            /* without the learning rate, which the caller schedules */
    const char *const *slot_names; /* NULL at the end: "velocity"; "exp_avg", "exp_avg_sq" */
    double default_lr;
    bm_optim_step_f32 *step_f32;
    bm_optim_step_f64 *step_f64;
} bm_optim_type;

extern const bm_optim_type *const bm_optim_types[]; /* optim_list.h, NULL at the end */
extern const bm_variant_kind bm_optim_kinds[];      /* the same order, for an option row "optimizer" */

/* An optimizer bound to one flat bm_real buffer: the choice, its settings, its slots and its step count. */
typedef struct {
    const bm_optim_type *type;
    const void *config;
    size_t n;
    int64_t t;
    bm_real *slot[BM_OPTIM_SLOTS];
} bm_optim;

/* choice: of an option row over bm_optim_kinds; must outlive the optimizer. Check the arena afterwards. */
void bm_optim_create(bm_optim *optim, const bm_variant *choice, size_t n, bm_arena *arena);
void bm_optim_step(bm_optim *optim, double lr, double grad_scale, bm_real *param, const bm_real *grad);
void bm_optim_state(bm_optim *optim, bm_state *state);

/* The factor by which clip_grad_norm_ scales: min(1, max_norm / (norm + 1e-6)), norm over all of grad [n], summed in double in
 * a fixed order. max_norm <= 0: no clipping, 1. *norm_out (may be NULL) gets the norm. */
double bm_clip_norm_scale(size_t n, const bm_real *grad, double max_norm, double *norm_out);

#endif
