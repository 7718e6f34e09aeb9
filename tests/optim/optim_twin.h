#ifndef BM_TESTS_OPTIM_TWIN_H
#define BM_TESTS_OPTIM_TWIN_H

/* What the tests of optimizers share: choosing one, and running it in both precisions side by side. */
#include <string.h>

#include "optim/optim.h"
#include "support.h"

static inline bm_variant optim_defaults(const char *kind) {
    for (int i = 0; bm_optim_kinds[i].name; i++) {
        if (strcmp(bm_optim_kinds[i].name, kind) == 0) {
            bm_variant choice = {.kind = i};
            bm_options_defaults(bm_optim_kinds[i].options, choice.config);
            return choice;
        }
    }
    ck_abort_msg("no optimizer %s", kind);
    return (bm_variant){0};
}

static inline void optim_set(bm_variant *choice, const char *key, const char *text) {
    bm_error error;
    const bm_status status = bm_options_set(bm_optim_kinds[choice->kind].options, choice->config, key, text, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
}

enum { TWIN_MOST = 128 };

/* One optimizer over n parameters in double and in float; every precision follows its own gradients. */
typedef struct {
    size_t n;
    bm_variant choice;
    bm_optim f64, f32;
    double param[TWIN_MOST];
    float param32[TWIN_MOST];
    bm_arena arena;
} optim_twin;

static inline void twin_start(optim_twin *twin, const bm_variant *choice, size_t n, const double *param) {
    bm_error error;
    *twin = (optim_twin){.n = n, .choice = *choice};
    ck_assert(bm_optim_create(&twin->f64, &twin->choice, BM_F64, n, &twin->arena, &error) == BM_OK);
    ck_assert(bm_optim_create(&twin->f32, &twin->choice, BM_F32, n, &twin->arena, &error) == BM_OK);
    for (size_t i = 0; i < n; i++) {
        twin->param[i] = param[i];
        twin->param32[i] = (float)param[i];
    }
}

static inline void twin_step(optim_twin *twin, double lr, const double *grad) {
    float grad32[TWIN_MOST];
    for (size_t i = 0; i < twin->n; i++) {
        grad32[i] = (float)grad[i];
    }
    bm_optim_step(&twin->f64, lr, 1, twin->param, grad);
    bm_optim_step(&twin->f32, lr, 1, twin->param32, grad32);
}

static inline void twin_stop(optim_twin *twin) {
    bm_arena_free(&twin->arena);
}

#endif
