#ifndef BM_TUNE_PRUNER_H
#define BM_TUNE_PRUNER_H

/* Pruners end trials early that look hopeless beside the others at the same step. */
#include "tune/trial.h"

typedef struct {
    const char *name, *summary, *source;
    bm_options options;
    /* Whether trial, with at least one report, should end now, at its last one. trials: all of the study, this one
     * among them. */
    bool (*prune)(const void *config, const bm_trials *trials, const bm_trial *trial);
} bm_pruner_type;

extern const bm_pruner_type *const bm_pruner_types[]; /* pruner_list.h, NULL at the end; the first is "none" */
extern const bm_variant_kind bm_pruner_kinds[];       /* the same order */

/* Asked after each report, once; a trial without reports goes on. What a pruner decided before, it finds again in the
 * reports. */
bool bm_prune(const bm_variant *choice, const bm_trials *trials, const bm_trial *trial);

#endif
