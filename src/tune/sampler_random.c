/* Random search: every trial from the distributions themselves, alone. Bergstra and Bengio 2012, "Random Search for
 * Hyper-Parameter Optimization". What all other samplers are measured by. */
#include "tune/sampler.h"

static void sample(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value) {
    (void)trials;
    bm_rng rng = bm_sampler_trial_rng(sampler, number);
    for (int i = 0; i < sampler->space->count; i++) {
        value[i] = bm_parameter_from_unit(&sampler->space->parameter[i], bm_rng_double(&rng));
    }
}

const bm_sampler_type bm_sampler_random = {
    .name = "random",
    .summary = "independent draws; any number of trials, in any order",
    .source = "Bergstra and Bengio 2012",
    .sample = sample,
};
