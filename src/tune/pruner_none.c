/* No pruning: every trial goes on to its end. */
#include "tune/pruner.h"

static bool prune(const void *config, const bm_trials *trials, const bm_trial *trial) {
    (void)config;
    (void)trials;
    (void)trial;
    return false;
}

const bm_pruner_type bm_pruner_none = {
    .name = "none",
    .summary = "every trial goes on to its end",
    .prune = prune,
};
