/* The median stopping rule: a trial ends when its best report so far is worse than the median of what the complete
 * trials reported at the same step. Golovin et al. 2017, "Google Vizier", section 3.2.1; decisions are those of Optuna
 * 3.1's MedianPruner. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "core/statistics.h"
#include "tune/pruner.h"

typedef struct {
    int n_startup_trials, n_warmup_steps, interval_steps, n_min_trials;
} median_config;

static const bm_option options[] = {
    BM_OPTION(median_config, n_startup_trials, 5, 0, 1000000, BM_LOG, "complete trials before the first is pruned"),
    BM_OPTION(median_config, n_warmup_steps, 0, 0, INT_MAX, BM_LOG, "steps of a trial during which it is safe"),
    BM_OPTION(median_config, interval_steps, 1, 1, INT_MAX, BM_LOG, "steps between two looks"),
    BM_OPTION(median_config, n_min_trials, 1, 1, 1000000, BM_LOG, "complete trials that must have got as far"),
};

/* Whether the last report is the first in its interval. */
static bool is_due(const median_config *c, const bm_trial *trial) {
    const int64_t last = trial->step[trial->reports - 1];
    if (last < c->n_warmup_steps) {
        return false;
    }
    const int64_t begins = last - (last - c->n_warmup_steps) % c->interval_steps;
    return trial->reports < 2 || trial->step[trial->reports - 2] < begins;
}

static double best_report(const bm_trial *trial, bool maximize) {
    double best = NAN; /* which fmin and fmax take for nothing */
    for (int i = 0; i < trial->reports; i++) {
        best = maximize ? fmax(best, trial->report[i]) : fmin(best, trial->report[i]);
    }
    return best;
}

static double report_at(const bm_trial *trial, int64_t step) {
    for (int i = trial->reports - 1; i >= 0 && trial->step[i] >= step; i--) {
        if (trial->step[i] == step) {
            return trial->report[i];
        }
    }
    return NAN;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the complete trials' reports at this step; NAN: too few. */
static double median_at(const median_config *c, const bm_trials *trials, int64_t step) {
    bm_arena arena = {0};
    double *report = BM_NEW(&arena, double, trials->count), median = NAN;
    size_t count = 0;
    for (int i = 0; report && i < trials->count; i++) {
        const double value = trials->trial[i].state == BM_TRIAL_COMPLETE ? report_at(&trials->trial[i], step) : NAN;
        if (!isnan(value)) {
            report[count++] = value;
        }
    }
    if (count && count >= (size_t)c->n_min_trials) {
        qsort(report, count, sizeof *report, by_value);
        median = bm_percentile(report, count, 0.5);
    }
    bm_arena_free(&arena);
    return median;
}

static bool prune(const void *config, const bm_trials *trials, const bm_trial *trial) {
    const median_config *c = config;
    int complete = 0;
    for (int i = 0; i < trials->count; i++) {
        complete += trials->trial[i].state == BM_TRIAL_COMPLETE;
    }
    if (complete == 0 || complete < c->n_startup_trials || !is_due(c, trial)) {
        return false;
    }
    const double best = best_report(trial, trials->maximize);
    if (isnan(best)) {
        return true;
    }
    const double median = median_at(c, trials, trial->step[trial->reports - 1]);
    return trials->maximize ? best < median : best > median; /* false where there is no median */
}

const bm_pruner_type bm_pruner_median = {
    .name = "median",
    .summary = "ends a trial whose best report is worse than the median of the complete ones at its step",
    .source = "Golovin et al. 2017",
    .options = BM_OPTIONS(options, median_config),
    .prune = prune,
};
