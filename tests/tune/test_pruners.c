/* Pruners on trials written out by hand; the expected decisions follow from the rules at the top of each pruner's
 * file. */
#include "tune/pruner.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { MOST_TRIALS = 32, MOST_REPORTS = 32 };

/* A study on the stack; steps are 1, 2, ... unless said otherwise. */
typedef struct {
    bm_trial trial[MOST_TRIALS];
    int64_t step[MOST_TRIALS][MOST_REPORTS];
    double report[MOST_TRIALS][MOST_REPORTS];
    bm_trials trials;
} study;

static bm_trial *add_trial(study *s, bm_trial_state state) {
    const int i = s->trials.count++;
    s->trials.trial = s->trial;
    s->trial[i] = (bm_trial){.number = i, .state = state, .value = NAN, .step = s->step[i], .report = s->report[i]};
    return &s->trial[i];
}

static void report_at(bm_trial *trial, int64_t step, double value) {
    trial->step[trial->reports] = step;
    trial->report[trial->reports++] = value;
}

static bm_trial *add_reported(study *s, bm_trial_state state, int reports, const double *report) {
    bm_trial *trial = add_trial(s, state);
    for (int i = 0; i < reports; i++) {
        report_at(trial, i + 1, report[i]);
    }
    return trial;
}

static bm_variant choose(const char *name, const char *const *settings) {
    bm_variant choice = {0};
    while (bm_pruner_types[choice.kind] && strcmp(bm_pruner_types[choice.kind]->name, name) != 0) {
        choice.kind++;
    }
    ck_assert_msg(bm_pruner_types[choice.kind] != NULL, "no pruner %s", name);
    const bm_options *options = &bm_pruner_types[choice.kind]->options;
    bm_options_defaults(options, choice.config);
    for (; settings && *settings; settings += 2) {
        bm_error error;
        ck_assert_int_eq(bm_options_set(options, choice.config, settings[0], settings[1], &error), BM_OK);
    }
    return choice;
}
#define CHOOSE(name, ...) choose((name), (const char *const[]){__VA_ARGS__, NULL})

/* Reports one more value and asks. */
static bool asks(const bm_variant *pruner, study *s, bm_trial *trial, int64_t step, double value) {
    report_at(trial, step, value);
    return bm_prune(pruner, &s->trials, trial);
}

START_TEST(none_comes_first_and_never_prunes) {
    study s = {0};
    add_reported(&s, BM_TRIAL_COMPLETE, 2, (double[]){0, 0});
    const bm_variant none = {0};
    ck_assert_str_eq(bm_pruner_types[0]->name, "none");
    ck_assert(!asks(&none, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, INFINITY));
}
END_TEST

START_TEST(a_trial_without_reports_goes_on) {
    study s = {0};
    for (int i = 0; i < 8; i++) {
        add_reported(&s, BM_TRIAL_COMPLETE, 1, (double[]){0});
    }
    const bm_trial *trial = add_trial(&s, BM_TRIAL_RUNNING);
    for (bm_variant choice = {0}; bm_pruner_types[choice.kind]; choice.kind++) {
        bm_options_defaults(&bm_pruner_types[choice.kind]->options, choice.config);
        ck_assert(!bm_prune(&choice, &s.trials, trial));
    }
}
END_TEST

/* Five complete trials whose reports at step 1 are 1..5 and at step 2 11..15. */
static void add_five(study *s) {
    for (int i = 0; i < 5; i++) {
        add_reported(s, BM_TRIAL_COMPLETE, 2, (double[]){1 + i, 11 + i});
    }
}

START_TEST(median_prunes_what_is_worse_than_the_median_at_its_step) {
    const bm_variant median = choose("median", NULL);
    study s = {0};
    add_five(&s);
    ck_assert(!asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, 3)); /* equal is not worse */
    ck_assert(asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, 3.001));
    s.trials.maximize = true;
    ck_assert(!asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 2, 13));
    ck_assert(asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 2, 12.999));
    /* Nobody has been at step 3. */
    ck_assert(!asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 3, -1000));
}
END_TEST

START_TEST(median_looks_at_the_best_report_so_far) {
    const bm_variant median = choose("median", NULL);
    study s = {.trials.maximize = true};
    add_five(&s);
    bm_trial *trial = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(!asks(&median, &s, trial, 1, 20));
    ck_assert(!asks(&median, &s, trial, 2, 0));
    bm_trial *lost = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(asks(&median, &s, lost, 1, NAN)); /* no number at all */
    bm_trial *found = add_trial(&s, BM_TRIAL_RUNNING);
    report_at(found, 1, NAN);
    ck_assert(!asks(&median, &s, found, 2, 14));
}
END_TEST

START_TEST(median_of_an_even_number_lies_between_the_middle_two) {
    const bm_variant median = CHOOSE("median", "n_startup_trials", "4");
    study s = {0};
    for (int i = 0; i < 4; i++) {
        add_reported(&s, BM_TRIAL_COMPLETE, 1, (double[]){(double[]){1, 2, 4, 8}[i]});
    }
    add_reported(&s, BM_TRIAL_PRUNED, 1, (double[]){-100}); /* only complete ones count */
    add_reported(&s, BM_TRIAL_FAIL, 1, (double[]){-100});
    ck_assert(!asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, 3));
    ck_assert(asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, 3.1));
}
END_TEST

START_TEST(median_waits_for_trials_and_for_steps) {
    study s = {0};
    add_five(&s);
    s.trial[4].state = BM_TRIAL_PRUNED; /* four are complete, five are needed */
    const bm_variant median = choose("median", NULL);
    ck_assert(!asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, 100));
    s.trial[4].state = BM_TRIAL_COMPLETE;
    ck_assert(asks(&median, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, 100));
    const bm_variant warm = CHOOSE("median", "n_warmup_steps", "2");
    bm_trial *trial = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(!asks(&warm, &s, trial, 1, 100));
    ck_assert(asks(&warm, &s, trial, 2, 100));
    const bm_variant many = CHOOSE("median", "n_min_trials", "6");
    ck_assert(!asks(&many, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, 100));
}
END_TEST

START_TEST(median_looks_once_in_an_interval) {
    const bm_variant median = CHOOSE("median", "n_warmup_steps", "2", "interval_steps", "3");
    study s = {0};
    for (int i = 0; i < 5; i++) {
        add_reported(&s, BM_TRIAL_COMPLETE, 9, (double[]){0, 0, 0, 0, 0, 0, 0, 0, 0});
    }
    bm_trial *trial = add_trial(&s, BM_TRIAL_RUNNING);
    const bool looks[] = {false, true, false, false, true, false, false, true, false}; /* at steps 2, 5 and 8 */
    for (int step = 1; step <= 9; step++) {
        ck_assert_int_eq(asks(&median, &s, trial, step, 1), looks[step - 1]);
    }
    bm_trial *late = add_trial(&s, BM_TRIAL_RUNNING);
    report_at(late, 1, 1);
    ck_assert(asks(&median, &s, late, 4, 1)); /* its first report since step 2 */
}
END_TEST

START_TEST(asha_lets_the_best_quarter_of_a_rung_go_on) {
    const bm_variant asha = CHOOSE("asha", "min_resource", "1");
    study s = {0};
    /* The first to come goes on alone; of fewer than eight only the best does, of eight the best two. */
    const double value[] = {5, 6, 4, 9, 8, 7, 4.5, 4.2, 4.1};
    const bool goes_on[] = {true, false, true, false, false, false, false, true, true};
    for (int i = 0; i < 9; i++) {
        ck_assert_int_eq(asks(&asha, &s, add_trial(&s, BM_TRIAL_RUNNING), 1, value[i]), !goes_on[i]);
    }
}
END_TEST

START_TEST(asha_asks_at_rungs_only) {
    const bm_variant asha = CHOOSE("asha", "min_resource", "2", "reduction_factor", "3");
    study s = {.trials.maximize = true};
    add_reported(&s, BM_TRIAL_COMPLETE, 20, (double[]){9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9});
    /* Rungs are at 2, 6 and 18. */
    for (int step = 1; step <= 20; step++) {
        bm_trial *trial = add_trial(&s, BM_TRIAL_RUNNING);
        report_at(trial, step - 1, 10);
        ck_assert_int_eq(asks(&asha, &s, trial, step, 1), step == 2 || step == 6 || step == 18);
        s.trials.count--;
    }
    bm_trial *coarse = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(!asks(&asha, &s, coarse, 1, 0));
    ck_assert(!asks(&asha, &s, coarse, 5, 9)); /* the first beyond the rung at 2; equal to the best */
    ck_assert(asks(&asha, &s, coarse, 20, 8)); /* beyond two rungs at once */
    bm_trial *lost = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(asks(&asha, &s, lost, 2, NAN));
}
END_TEST

START_TEST(asha_leaves_rungs_out_at_the_bottom) {
    const bm_variant asha = CHOOSE("asha", "min_resource", "1", "min_early_stopping_rate", "1");
    study s = {0};
    add_reported(&s, BM_TRIAL_COMPLETE, 4, (double[]){0, 0, 0, 0});
    bm_trial *trial = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(!asks(&asha, &s, trial, 1, 1));
    ck_assert(!asks(&asha, &s, trial, 3, 1));
    ck_assert(asks(&asha, &s, trial, 4, 1));
}
END_TEST

START_TEST(asha_finds_its_first_rung_from_the_complete_trials) {
    const bm_variant asha = choose("asha", NULL);
    study s = {0};
    bm_trial *first = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(!asks(&asha, &s, first, 10000, 0));
    ck_assert(!asks(&asha, &s, add_trial(&s, BM_TRIAL_RUNNING), 10000, 1)); /* nobody is complete */
    first->state = BM_TRIAL_COMPLETE;
    /* A hundredth of 10000: rungs at 100, 400, 1600, 6400. */
    bm_trial *trial = add_trial(&s, BM_TRIAL_RUNNING);
    ck_assert(!asks(&asha, &s, trial, 99, 1));
    ck_assert(asks(&asha, &s, trial, 100, 1));
}
END_TEST

TEST_MAIN("pruners", 20, none_comes_first_and_never_prunes, a_trial_without_reports_goes_on,
          median_prunes_what_is_worse_than_the_median_at_its_step, median_looks_at_the_best_report_so_far,
          median_of_an_even_number_lies_between_the_middle_two, median_waits_for_trials_and_for_steps,
          median_looks_once_in_an_interval, asha_lets_the_best_quarter_of_a_rung_go_on, asha_asks_at_rungs_only,
          asha_leaves_rungs_out_at_the_bottom, asha_finds_its_first_rung_from_the_complete_trials)
