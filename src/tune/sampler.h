#ifndef BM_TUNE_SAMPLER_H
#define BM_TUNE_SAMPLER_H

/* Samplers choose what a trial tries. What they choose is a function of the study's seed, the trial's number and, where
 * they look at results, of the trials before it: nothing else is remembered, so that a study can be stopped and
 * continued at any moment, and those that do not look choose the same set of trials however many workers there are. */
#include "tune/trial.h"

typedef struct {
    const struct bm_sampler_type *type;
    const void *config; /* of type->options */
    const bm_search_space *space;
    uint64_t seed;
    void *self; /* tables made when it is created, in the arena */
    bm_arena arena;
} bm_sampler;

typedef struct bm_sampler_type {
    const char *name, *summary, *source;
    bm_options options; /* "levels", "n_startup_trials"...; rows may be NULL */
    bool looks;         /* at results */
    /* Makes its tables. BM_INVALID: it cannot sample from such a space (a grid of too many points). NULL: nothing to
     * do. */
    bm_status (*create)(bm_sampler *sampler, bm_error *error);
    /* How many trials there are; 0: no end. NULL: 0. */
    int64_t (*points)(const bm_sampler *sampler);
    /* Fills value [space->count], those of parameters that do not exist in this trial with anything. trials: see
     * below. */
    void (*sample)(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value);
} bm_sampler_type;

extern const bm_sampler_type *const bm_sampler_types[]; /* sampler_list.h, NULL at the end */
extern const bm_variant_kind bm_sampler_kinds[];        /* the same order */

/* choice: of bm_sampler_kinds; it and space must outlive the sampler. */
bm_status bm_sampler_create(bm_sampler *sampler, const bm_variant *choice, const bm_search_space *space, uint64_t seed,
                            bm_error *error);
void bm_sampler_free(bm_sampler *sampler);
int64_t bm_sampler_points(const bm_sampler *sampler); /* how many trials there are; 0: no end */
/* What trial number tries: value [space->count], NAN where a parameter does not exist. trials: of the study, of the
 * same space; those begun after number are not looked at. A sampler whose points are used up begins again. */
void bm_sampler_sample(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value);
/* The same where some values are settled: settled [space->count], NAN: it is not. */
void bm_sampler_complete(const bm_sampler *sampler, const bm_trials *trials, int64_t number, const double *settled,
                         double *value);

/* For the samplers themselves: a generator of the trial's own, and one for each table. */
bm_rng bm_sampler_trial_rng(const bm_sampler *sampler, int64_t number);
bm_rng bm_sampler_table_rng(const bm_sampler *sampler, uint32_t table);

#endif
