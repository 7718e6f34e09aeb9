/* The registry of samplers, and a sampler bound to one space and seed. */
#include "tune/sampler.h"

#include <math.h>

#define SAMPLER(name) extern const bm_sampler_type bm_sampler_##name;
#include "tune/sampler_list.h"
#undef SAMPLER

const bm_sampler_type *const bm_sampler_types[] = {
#define SAMPLER(name) &bm_sampler_##name,
#include "tune/sampler_list.h"
#undef SAMPLER
    NULL,
};

const bm_variant_kind bm_sampler_kinds[] = {
#define SAMPLER(name) {#name, &bm_sampler_##name.options},
#include "tune/sampler_list.h"
#undef SAMPLER
    {NULL, NULL},
};

bm_status bm_sampler_create(bm_sampler *sampler, const bm_variant *choice, const bm_search_space *space, uint64_t seed,
                            bm_error *error) {
    *sampler =
        (bm_sampler){.type = bm_sampler_types[choice->kind], .config = choice->config, .space = space, .seed = seed};
    bm_status status = sampler->type->create ? sampler->type->create(sampler, error) : BM_OK;
    if (status == BM_OK) {
        status = bm_arena_check(&sampler->arena, "the sampler", error);
    }
    if (status != BM_OK) {
        bm_sampler_free(sampler);
    }
    return status;
}

void bm_sampler_free(bm_sampler *sampler) {
    bm_arena_free(&sampler->arena);
}

int64_t bm_sampler_points(const bm_sampler *sampler) {
    return sampler->type->points ? sampler->type->points(sampler) : 0;
}

void bm_sampler_complete(const bm_sampler *sampler, const bm_trials *trials, int64_t number, const double *settled,
                         double *value) {
    bm_rng rng = bm_sampler_trial_rng(sampler, number);
    sampler->type->sample(sampler, trials, number, value);
    for (int i = 0; i < sampler->space->count; i++) {
        value[i] = isnan(settled[i]) ? value[i] : settled[i];
    }
    for (int i = 0; i < sampler->space->count; i++) {
        if (!bm_parameter_exists(sampler->space, i, value)) {
            value[i] = NAN;
        } else if (isnan(value[i])) { /* a point of the grid lacks what exists only by what is settled */
            value[i] = bm_parameter_from_unit(&sampler->space->parameter[i], bm_rng_double(&rng));
        }
    }
}

void bm_sampler_sample(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value) {
    double nothing[BM_PARAMETERS];
    for (int i = 0; i < sampler->space->count; i++) {
        nothing[i] = NAN;
    }
    bm_sampler_complete(sampler, trials, number, nothing, value);
}

/* ---- generators: children of the study's seed, by purpose ---- */

enum { TRIALS, TABLES };

bm_rng bm_sampler_trial_rng(const bm_sampler *sampler, int64_t number) {
    const bm_seed study = bm_seed_of(sampler->seed), trials = bm_seed_child(&study, TRIALS);
    const bm_seed high = bm_seed_child(&trials, (uint32_t)((uint64_t)number >> 32));
    const bm_seed trial = bm_seed_child(&high, (uint32_t)number);
    return bm_rng_from(&trial);
}

bm_rng bm_sampler_table_rng(const bm_sampler *sampler, uint32_t table) {
    const bm_seed study = bm_seed_of(sampler->seed), tables = bm_seed_child(&study, TABLES);
    const bm_seed child = bm_seed_child(&tables, table);
    return bm_rng_from(&child);
}
