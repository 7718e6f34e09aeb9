/* Asynchronous successive halving: a ladder of rungs, each reduction_factor times as many steps up as the one before.
 * Whoever reaches a rung goes on only if its report there is among the best 1 / reduction_factor of all that have
 * reached it so far; nobody waits.
 *
 *     rung k at min_resource * reduction_factor^(min_early_stopping_rate + k) steps
 *
 * Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2, without its pauses; decisions
 * are those of Optuna 3.1's SuccessiveHalvingPruner (bootstrap_count 0), which notes what a trial reported at a rung;
 * here that is found again: the first report at its step or later. */
#include <limits.h>
#include <math.h>

#include "tune/pruner.h"

typedef struct {
    int min_resource, reduction_factor, min_early_stopping_rate;
} asha_config;

static const bm_option options[] = {
    BM_OPTION(asha_config, min_resource, 0, 0, INT_MAX, BM_LOG,
              "steps to the first rung; 0: a hundredth of the longest complete trial"),
    BM_OPTION(asha_config, reduction_factor, 4, 2, 1000, BM_LOG, "one of so many goes on at each rung"),
    BM_OPTION(asha_config, min_early_stopping_rate, 0, 0, 20, BM_LINEAR, "rungs left out at the bottom"),
};

/* 0: not known before a trial is complete. */
static int64_t first_resource(const asha_config *c, const bm_trials *trials) {
    if (c->min_resource) {
        return c->min_resource;
    }
    int64_t longest = -1;
    for (int i = 0; i < trials->count; i++) {
        const bm_trial *trial = &trials->trial[i];
        if (trial->state == BM_TRIAL_COMPLETE && trial->reports && trial->step[trial->reports - 1] > longest) {
            longest = trial->step[trial->reports - 1];
        }
    }
    return longest < 0 ? 0 : longest < 200 ? 1 : longest / 100;
}

/* What a trial reported when it came to a rung; false: it has not come so far. */
static bool report_at_rung(const bm_trial *trial, double rung, double *report) {
    for (int i = 0; i < trial->reports; i++) {
        if ((double)trial->step[i] >= rung) {
            *report = trial->report[i];
            return true;
        }
    }
    return false;
}

/* Whether value is among the best 1 / factor of the rung; of fewer than factor trials the best one goes on. */
static bool goes_on(const bm_trials *trials, double rung, double value, int factor) {
    int here = 0, better = 0;
    double other;
    for (int i = 0; i < trials->count; i++) {
        if (report_at_rung(&trials->trial[i], rung, &other) && !isnan(other)) {
            here++;
            better += trials->maximize ? other > value : other < value;
        }
    }
    const int places = here / factor > 1 ? here / factor : 1;
    return !isnan(value) && better < places;
}

static bool prune(const void *config, const bm_trials *trials, const bm_trial *trial) {
    const asha_config *c = config;
    const int last = trial->reports - 1;
    const double now = (double)trial->step[last], before = last ? (double)trial->step[last - 1] : -HUGE_VAL;
    const int64_t resource = first_resource(c, trials);
    if (!resource) {
        return false;
    }
    double rung = (double)resource * pow(c->reduction_factor, c->min_early_stopping_rate);
    for (; rung <= now; rung *= c->reduction_factor) { /* those it reaches with this report */
        if (rung > before && !goes_on(trials, rung, trial->report[last], c->reduction_factor)) {
            return true;
        }
    }
    return false;
}

const bm_pruner_type bm_pruner_asha = {
    .name = "asha",
    .summary = "lets the best quarter go on at each rung of a ladder of steps",
    .source = "Li et al. 2020",
    .options = BM_OPTIONS(options, asha_config),
    .prune = prune,
};
