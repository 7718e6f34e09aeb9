#ifndef BM_OPTIM_LR_SCHEDULE_H
#define BM_OPTIM_LR_SCHEDULE_H

/* Learning rates over time, named and defined as in torch.optim.lr_scheduler 1.13, in closed form: the rate at a step
 * depends on nothing but that step, so that a run may be resumed anywhere. */
#include <stdint.h>

#include "core/option.h"
#include "optim/optim.h"

typedef struct {
    const char *name, *summary;
    bm_options options;
    /* The rate in force at step 0, 1, ... of total (before the update of that step), lr being the one that was set.
     * *momentum: what the schedule wants for momentum or beta1; left alone by those that want nothing. */
    double (*at)(const void *config, double lr, int64_t step, int64_t total, double *momentum);
} bm_lr_schedule_type;

extern const bm_lr_schedule_type
    *const bm_lr_schedule_types[];                   /* lr_schedule_list.h, NULL at the end; the first is "constant" */
extern const bm_variant_kind bm_lr_schedule_kinds[]; /* the same order, for an option row "lr_schedule" */

/* *momentum becomes NAN where the schedule has no wish. */
double bm_lr_schedule_at(const bm_variant *choice, double lr, int64_t step, int64_t total, double *momentum);
/* As training asks for it, remaining being the share still to come: rate itself by the first schedule, "constant", else
 * rate's first value as after so many epochs of a hundred. Hands the momentum that the schedule wants to optim. */
double bm_lr_schedule_rate(const bm_variant *choice, bm_schedule rate, double remaining, bm_optim *optim);
/* BM_INVALID: it turns the momentum, and such an optimizer has none. */
bm_status bm_lr_schedule_check(const bm_variant *choice, const bm_optim_type *optim, bm_error *error);

#endif
