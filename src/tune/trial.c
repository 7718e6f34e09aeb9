/* Trials beside each other. */
#include "tune/trial.h"

#include <math.h>

bool bm_trial_judged(const bm_trial *trial) {
    return (trial->state == BM_TRIAL_COMPLETE && !isnan(trial->value)) || trial->state == BM_TRIAL_PRUNED;
}

/* Below 0: a is the better value. What is no number is worse than any. */
static int compare_values(bool maximize, double a, double b) {
    if (isnan(a) || isnan(b)) {
        return (isnan(a) != 0) - (isnan(b) != 0);
    }
    return maximize ? (a < b) - (a > b) : (a > b) - (a < b);
}

static int compare_pruned(bool maximize, const bm_trial *a, const bm_trial *b) {
    if (!a->reports || !b->reports) {
        return (a->reports == 0) - (b->reports == 0);
    }
    const int64_t a_step = a->step[a->reports - 1], b_step = b->step[b->reports - 1];
    if (a_step != b_step) {
        return a_step > b_step ? -1 : 1;
    }
    return compare_values(maximize, a->report[a->reports - 1], b->report[b->reports - 1]);
}

int bm_trial_compare(const bm_trials *trials, const bm_trial *a, const bm_trial *b) {
    const bool a_complete = a->state == BM_TRIAL_COMPLETE, b_complete = b->state == BM_TRIAL_COMPLETE;
    int order = (b_complete ? 1 : 0) - (a_complete ? 1 : 0);
    if (order == 0) {
        order =
            a_complete ? compare_values(trials->maximize, a->value, b->value) : compare_pruned(trials->maximize, a, b);
    }
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

const bm_trial *bm_trials_find(const bm_trials *trials, int64_t number) {
    if (number >= 0 && number < trials->count && trials->trial[number].number == number &&
        (number + 1 == trials->count || trials->trial[number + 1].number != number)) {
        return &trials->trial[number]; /* where it stands in every study of ours */
    }
    for (int i = trials->count - 1; i >= 0; i--) {
        if (trials->trial[i].number == number) {
            return &trials->trial[i];
        }
    }
    return NULL;
}

const bm_trial *bm_trials_best(const bm_trials *trials) {
    const bm_trial *best = NULL;
    for (int i = 0; i < trials->count; i++) {
        const bm_trial *trial = &trials->trial[i];
        if (trial->state == BM_TRIAL_COMPLETE && bm_trial_judged(trial) &&
            (!best || bm_trial_compare(trials, trial, best) < 0)) {
            best = trial;
        }
    }
    return best;
}
