#ifndef BM_OPTIM_METHOD_H
#define BM_OPTIM_METHOD_H

/* A way to go down a function, as a person names it: an optimizer or a solver with its learning rate and settings. */
#include "core/schedule.h"
#include "optim/optim.h"
#include "optim/solver.h"

typedef struct {
    const bm_optim_type *optim;   /* or NULL: */
    const bm_solver_type *solver; /* then this */
    bm_variant choice;            /* its settings; of bm_optim_kinds or bm_solver_kinds */
    bm_schedule lr;
} bm_method;

/* With defaults. BM_INVALID with a suggestion: there is no such name. */
bm_status bm_method_find(bm_method *method, const char *name, bm_error *error);
/* key: "lr" (or "learning_rate") or an option of the method. */
bm_status bm_method_set(bm_method *method, const char *key, const char *value, bm_error *error);

const char *bm_method_name(const bm_method *method);
const bm_options *bm_method_options(const bm_method *method);

#endif
