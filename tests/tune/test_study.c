/* The search of a study: scores, pruning, failures, workers, and going on after a stop or a death. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "study_support.h"

/* ---- scores ----------------------------------------------------------------------------------------------------- */

START_TEST(score_is_the_mean_over_folds) {
    fixture *f = make_study(4, "grid");
    f->setup.folds = 3;
    run_study(f);
    ck_assert_int_eq(f->view.complete, 4);
    for (int i = 0; i < 4; i++) {
        const bm_trial *trial = &f->view.trials.trial[i];
        char folds[256];
        attribute_of(f, i, "bellman:folds", folds, sizeof folds);
        assert_near(trial->value, 10 * x_of(f, i) + 0.102, 1e-12, "the mean over seeds 101, 102, 103");
        double fold[3];
        ck_assert_int_eq(sscanf(folds, "[%lf,%lf,%lf]", &fold[0], &fold[1], &fold[2]), 3);
        for (int k = 0; k < 3; k++) {
            assert_near(fold[k], ten_x_and_seed(x_of(f, i), (uint64_t)(101 + k)), 1e-12, "a fold that was kept");
            ck_assert_int_eq(evaluations(f, x_of(f, i), 101 + k, 101 + k), 1);
        }
        /* the mean so far, fold by fold, at the steps of all folds together */
        ck_assert_int_eq(trial->reports, 3 * STEPS / REPORT_EVERY);
        ck_assert_int_eq(trial->step[trial->reports - 1], 3 * STEPS);
        assert_near(trial->report[0], fold[0], 1e-12, "a report of the first fold");
        assert_near(trial->report[STEPS / REPORT_EVERY], (fold[0] + fold[1]) / 2, 1e-12, "one of the second");
        assert_near(trial->report[trial->reports - 1], trial->value, 1e-12, "the last");
    }
    ck_assert_int_eq(bm_trials_best(&f->view.trials)->number, trial_with(f, 3));
    ck_assert_int_eq(f->view.steps_made, 4 * 3 * STEPS);
    remove_study(f);
}
END_TEST

START_TEST(pruned_trials_stop_early_and_cost_less) {
    fixture *f = make_study(16, "grid");
    f->setup.pruner = named(bm_pruner_kinds, "median");
    run_study(f);
    int64_t steps = 0;
    ck_assert_int_ge(f->view.complete, 5); /* before that, the median rule ends none */
    ck_assert_int_ge(f->view.pruned, 3);   /* of 11, for half of them would be below a median that never rose */
    ck_assert_int_eq(f->view.complete + f->view.pruned, 16);
    for (int i = 0; i < 16; i++) {
        const bm_trial *trial = &f->view.trials.trial[i];
        const int64_t last = trial->step[trial->reports - 1];
        steps += last;
        if (trial->state == BM_TRIAL_PRUNED) {
            ck_assert_int_eq(last, REPORT_EVERY); /* it is worse from its first report on */
            assert_near(trial->value, 10 * x_of(f, i) + 0.101, 1e-12, "the value of what was pruned: its last report");
            ck_assert_int_eq(evaluations(f, x_of(f, i), 0, MOST), 0);
        } else {
            ck_assert_int_eq(last, 2 * STEPS);
        }
    }
    ck_assert_int_eq(f->view.steps_made, steps);
    ck_assert_int_eq(bm_trials_best(&f->view.trials)->number, trial_with(f, 15));
    remove_study(f);
}
END_TEST

/* ---- failures --------------------------------------------------------------------------------------------------- */

START_TEST(trouble_is_a_failed_trial_with_its_reason_and_the_study_goes_on) {
    static const char *const reason[TROUBLES] = {
        [ABORTS] = "\"the worker was ended by signal 6 (Aborted)\"",
        [EXITS] = "\"the worker ended without a word\"",
        [CRASHES] = "\"the worker was ended by signal 11 (Segmentation fault)\"",
        [REFUSES] = "\"the loss of x=3 is \\\"no number\\\"\"",
        [INFINITE] = "\"the score is not finite\"",
        [NOT_A_NUMBER] = "\"the score is not finite\"",
    };
    fixture *f = make_study(TROUBLES + 4, "grid");
    f->made.troubled = true;
    f->setup.jobs = 2;
    run_study(f);
    ck_assert_int_eq(f->view.failed, TROUBLES);
    ck_assert_int_eq(f->view.complete, 4);
    for (int x = 0; x < TROUBLES + 4; x++) {
        const int number = trial_with(f, x);
        char text[600];
        attribute_of(f, number, "bellman:error", text, sizeof text);
        ck_assert_str_eq(text, x < TROUBLES ? reason[x] : "none");
        ck_assert_int_eq(f->view.trials.trial[number].state, x < TROUBLES ? BM_TRIAL_FAIL : BM_TRIAL_COMPLETE);
        ck_assert_int_eq(isnan(f->view.trials.trial[number].value) != 0, x < TROUBLES);
    }
    run_study(f); /* what failed has been tried */
    ck_assert_int_eq(f->view.trials.count, TROUBLES + 4);
    ck_assert_int_eq(f->view.failed, TROUBLES);
    remove_study(f);
}
END_TEST

/* ---- jobs ------------------------------------------------------------------------------------------------------- */

static void assert_same_trials_with_any_jobs(const char *sampler) {
    enum { TRIALS = 30 };
    double tried[TRIALS];
    for (int jobs = 1; jobs <= 4; jobs *= 2) {
        fixture *f = make_study(MOST, sampler);
        f->setup.trials = TRIALS;
        f->setup.jobs = jobs;
        run_study(f);
        assert_all_complete(f, TRIALS);
        for (int i = 0; i < TRIALS; i++) {
            tried[i] = jobs == 1 ? f->view.trials.trial[i].param[0] : tried[i];
            ck_assert_msg(tried[i] == f->view.trials.trial[i].param[0], "%s with %d jobs: trial %d tries %g, not %g",
                          sampler, jobs, i, f->view.trials.trial[i].param[0], tried[i]);
        }
        ck_assert_int_eq(evaluations(f, -1, 0, MOST), 2 * TRIALS);
        remove_study(f);
    }
}

START_TEST(samplers_that_do_not_look_try_the_same_with_any_number_of_jobs) {
    int kinds = 0;
    for (int i = 0; bm_sampler_types[i]; i++) {
        if (!bm_sampler_types[i]->looks) {
            assert_same_trials_with_any_jobs(bm_sampler_types[i]->name);
            kinds++;
        }
    }
    ck_assert_int_ge(kinds, 3);
}
END_TEST

static void count_running(void *context, const bm_study_view *view) {
    int *most = context;
    *most = view->running > *most ? view->running : *most;
}

START_TEST(as_many_trials_run_side_by_side_as_there_are_jobs) {
    fixture *f = make_study(8, "grid");
    int most = 0;
    f->setup.jobs = 4;
    f->made.milliseconds = 60; /* longer than it takes to start four */
    f->setup.visit = count_running;
    f->setup.context = &most;
    run_study(f);
    assert_all_complete(f, 8);
    ck_assert_int_eq(most, 4);
    remove_study(f);
}
END_TEST

/* ---- stopped and continued -------------------------------------------------------------------------------------- */

static void stop_after_five(void *context, const bm_study_view *view) {
    fixture *f = context;
    if (view->complete >= 5) {
        atomic_store(&f->stop, 1);
    }
}

START_TEST(continued_study_makes_what_is_missing_and_nothing_twice) {
    fixture *whole = make_study(20, "random"), *f = make_study(20, "random");
    f->space.parameter[0].high = whole->space.parameter[0].high = MOST - 1;
    run_study(whole);
    f->setup.jobs = 3;
    f->made.milliseconds = 30;
    f->setup.visit = stop_after_five;
    f->setup.context = f;
    run_study(f);
    const int64_t before = f->view.complete;
    ck_assert_msg(before >= 5 && before < 20, "%d complete when it stopped", (int)before);
    f->setup.visit = NULL;
    f->made.milliseconds = 0;
    run_study(f);
    assert_all_complete(f, 20);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(x_of(f, i), x_of(whole, i));
    }
    const int after = evaluations(f, -1, 0, MOST);
    /* a fold more for each trial that was stopped between two */
    ck_assert_msg(after >= 40 && after <= 40 + 3, "%d evaluations of 20 trials over 2 folds", after);
    run_study(f); /* nothing is left */
    ck_assert_int_eq(evaluations(f, -1, 0, MOST), after);
    assert_all_complete(f, 20);
    f->setup.trials = 24; /* more of them */
    run_study(f);
    assert_all_complete(f, 24);
    ck_assert_int_eq(evaluations(f, -1, 0, MOST), after + 2 * 4);
    remove_study(f);
    remove_study(whole);
}
END_TEST

static void die_after_three(void *context, const bm_study_view *view) {
    (void)context;
    if (view->complete >= 3 && view->running > 0) {
        raise(SIGKILL);
    }
}

/* Runs it in a process of its own until that is killed, by itself or, where it does not, by nobody. */
static void run_elsewhere(fixture *f, bm_study_visitor *visit) {
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bm_error error;
        f->setup.store = NULL;
        f->setup.visit = visit;
        f->setup.context = f;
        open_it(f);
        _exit(bm_study_run(&f->setup, &f->view, &error) == BM_OK ? 0 : 1);
    }
    int how;
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert_msg(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL, "it ended by itself");
}

static void state_of_study(fixture *f, bm_trials *trials) {
    bm_error error;
    bm_store_close(f->setup.store);
    open_it(f);
    MUST(bm_store_trials(f->setup.store, trials, &error));
}

START_TEST(trials_of_a_dead_process_are_taken_up_under_their_numbers) {
    fixture *f = make_study(12, "grid");
    f->setup.jobs = 2;
    f->made.milliseconds = 40;
    run_elsewhere(f, die_after_three);
    bm_trials trials;
    int tried[12], running = 0, complete = 0;
    state_of_study(f, &trials);
    const int count = trials.count;
    for (int i = 0; i < count; i++) {
        tried[i] = (int)trials.trial[i].param[0];
        running += trials.trial[i].state == BM_TRIAL_RUNNING;
        complete += trials.trial[i].state == BM_TRIAL_COMPLETE;
    }
    ck_assert_int_ge(running, 1);
    ck_assert_int_ge(complete, 3);
    ck_assert_int_lt(count, 12);
    f->made.milliseconds = 0;
    run_study(f);
    assert_all_complete(f, 12);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(x_of(f, i), tried[i]);
    }
    for (int x = 0; x < 12; x++) {
        (void)trial_with(f, x); /* and each point of the grid once */
    }
    remove_study(f);
}
END_TEST

/* A trial that has begun, is at x (-1: has none yet), and belongs to owner (NULL: to nobody, as Optuna's). */
static void begin_by_hand(fixture *f, int x, const char *owner) {
    bm_error error;
    int64_t number;
    double value[1];
    MUST(bm_store_begin(f->setup.store, owner ? owner : OWNER, MANY, &number, value, &error));
    if (x >= 0) {
        value[0] = x;
        MUST(bm_store_params(f->setup.store, number, value, &error));
    }
    if (!owner) {
        execute(f->place.path, "DELETE FROM trial_user_attributes WHERE value_json = '" OWNER "'");
    }
}

START_TEST(owners_that_live_or_cannot_be_known_keep_their_trials) {
    enum { GONE, FOREIGN, NOBODY, BARE, JUST_BEGUN, BEGUN };
    fixture *f = make_study(8, "grid");
    char host[64] = "", gone[160];
    bm_error error;
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    snprintf(gone, sizeof gone, "\"%s %ld 12345\"", host, (long)child);
    open_it(f);
    begin_by_hand(f, 7, gone);
    begin_by_hand(f, 6, "\"another-machine 1 1\"");
    begin_by_hand(f, 5, NULL);
    begin_by_hand(f, -1, gone);
    begin_by_hand(f, -1, NULL); /* a program of Optuna's is about to choose its parameters */
    MUST(bm_store_report(f->setup.store, GONE, REPORT_EVERY / 2, -123, &error));
    run_study(f);
    static const bm_trial_state want[BEGUN] = {[GONE] = BM_TRIAL_COMPLETE,
                                               [FOREIGN] = BM_TRIAL_RUNNING,
                                               [NOBODY] = BM_TRIAL_RUNNING,
                                               [BARE] = BM_TRIAL_COMPLETE,
                                               [JUST_BEGUN] = BM_TRIAL_RUNNING};
    ck_assert_int_eq(f->view.trials.count, 8);
    ck_assert_int_eq(f->view.complete, 5);
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(f->view.trials.trial[i].state, i < BEGUN ? want[i] : BM_TRIAL_COMPLETE);
    }
    ck_assert_int_eq(x_of(f, GONE), 7); /* what it had is kept */
    ck_assert(isnan(f->view.trials.trial[JUST_BEGUN].param[0]));
    ck_assert_int_eq(f->view.trials.trial[GONE].reports, 2 * STEPS / REPORT_EVERY); /* of its second life alone */
    double sampled[1];
    bm_sampler sampler;
    MUST(bm_sampler_create(&sampler, &f->setup.sampler, &f->space, f->setup.seed, &error));
    bm_sampler_sample(&sampler, &f->view.trials, BARE, sampled);
    bm_sampler_free(&sampler);
    ck_assert_int_eq(x_of(f, BARE), (int)sampled[0]); /* what it had not is what its number stands for */
    remove_study(f);
}
END_TEST

static void tell_that_it_runs(void *context, const bm_study_view *view) {
    const int *pipe_end = context;
    if (view->running > 0 && write(*pipe_end, "", 1) != 1) {
        raise(SIGKILL);
    }
}

START_TEST(trials_of_a_process_that_lives_are_left_alone) {
    fixture *f = make_study(3, "grid");
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        bm_error error;
        f->made.milliseconds = 60000;
        f->setup.visit = tell_that_it_runs;
        f->setup.context = &ends[1];
        close(ends[0]);
        open_it(f);
        _exit(bm_study_run(&f->setup, &f->view, &error) == BM_OK ? 0 : 1);
    }
    char told;
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &told, 1), 1);
    run_study(f);
    ck_assert_int_eq(f->view.trials.trial[0].state, BM_TRIAL_RUNNING);
    ck_assert_int_eq(f->view.complete, 2);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(ends[0]);
    run_study(f);
    assert_all_complete(f, 3);
    remove_study(f);
}
END_TEST

/* ---- several processes ------------------------------------------------------------------------------------------ */

static void end_the_second(void *context, const bm_study_view *view) {
    const fixture *f = context;
    for (int i = 0; i < view->running; i++) {
        if (view->run[i].number == 1) {
            execute(f->place.path, "UPDATE trials SET state = 'FAIL' WHERE number = 1 AND state = 'RUNNING'");
        }
    }
}

START_TEST(trial_that_another_program_ends_stays_as_that_says) {
    fixture *f = make_study(4, "grid");
    f->made.milliseconds = 250; /* so that it is seen while it runs */
    f->setup.visit = end_the_second;
    f->setup.context = f;
    run_study(f);
    ck_assert_int_eq(f->view.complete, 3);
    ck_assert_int_eq(f->view.failed, 1);
    ck_assert_int_eq(f->view.trials.trial[1].state, BM_TRIAL_FAIL);
    ck_assert(isnan(f->view.trials.trial[1].value));
    char text[64];
    attribute_of(f, 1, "bellman:folds", text, sizeof text);
    ck_assert_str_eq(text, "none");
    remove_study(f);
}
END_TEST

START_TEST(processes_share_the_trials_and_agree_on_the_result) {
    enum { PROCESSES = 3, VALUES = 12 };
    fixture *f = make_study(VALUES, "grid");
    pid_t child[PROCESSES];
    f->setup.finalists = 2;
    f->setup.jobs = 2;
    f->made.milliseconds = 20;
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        ck_assert_int_ge(child[i], 0);
        if (child[i] == 0) {
            bm_error error;
            f->setup.jobs = 1 + i; /* they come to the end at different times */
            open_it(f);
            const bool fine = bm_study_run(&f->setup, &f->view, &error) == BM_OK && f->view.complete == VALUES &&
                              f->view.finalists == 2 && f->view.test.seeds == f->setup.tests &&
                              f->view.test.number == trial_with(f, VALUES - 1);
            _exit(fine ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int how;
        ck_assert_int_eq(waitpid(child[i], &how, 0), child[i]);
        ck_assert_msg(how == 0, "process %d ended with %d", i, how);
    }
    ck_assert_int_eq(evaluations(f, -1, 101, 102), VALUES * 2); /* each fold of each trial once, whoever did it */
    run_study(f);
    assert_all_complete(f, VALUES);
    ck_assert_int_eq(evaluations(f, -1, 101, 102), VALUES * 2);
    remove_study(f);
}
END_TEST

START_TEST(what_a_process_leaves_when_it_dies_the_others_take_up) {
    fixture *f = make_study(6, "grid");
    f->setup.finalists = 1;
    f->setup.jobs = 3;
    f->made.milliseconds = 100;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bm_error error;
        f->made.milliseconds = 60000;
        open_it(f);
        _exit(bm_study_run(&f->setup, &f->view, &error) == BM_OK ? 0 : 1);
    }
    bm_trials trials = {0};
    bm_error error;
    open_it(f);
    while (trials.count < 3) {
        wait_milliseconds(10);
        MUST(bm_store_trials(f->setup.store, &trials, &error));
    }
    const pid_t killer = fork();
    if (killer == 0) {
        wait_milliseconds(700); /* by then the other three have ended, and the study waits */
        kill(child, SIGKILL);
        _exit(0);
    }
    const bm_status status = bm_study_run(&f->setup, &f->view, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
    assert_all_complete(f, 6);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    remove_study(f);
}
END_TEST

TEST_MAIN("study", 60, score_is_the_mean_over_folds, pruned_trials_stop_early_and_cost_less,
          trouble_is_a_failed_trial_with_its_reason_and_the_study_goes_on,
          samplers_that_do_not_look_try_the_same_with_any_number_of_jobs,
          as_many_trials_run_side_by_side_as_there_are_jobs, continued_study_makes_what_is_missing_and_nothing_twice,
          trials_of_a_dead_process_are_taken_up_under_their_numbers,
          owners_that_live_or_cannot_be_known_keep_their_trials, trials_of_a_process_that_lives_are_left_alone,
          trial_that_another_program_ends_stays_as_that_says, processes_share_the_trials_and_agree_on_the_result,
          what_a_process_leaves_when_it_dies_the_others_take_up)
