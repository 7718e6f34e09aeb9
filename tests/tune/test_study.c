/* Studies of objectives made by hand, whose score of x under a seed is known; each evaluation that ends writes a line "x seed" into a
 * file, so that what was evaluated can be counted whoever did it. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store_support.h"
#include "tune/study.h"

enum { STEPS = 100, REPORT_EVERY = 10, MOST = 256 };

typedef double score_function(int x, uint64_t seed);

typedef struct {
    score_function *score;
    const char *log;
    int milliseconds;     /* that an evaluation takes */
    bool troubled;        /* small x end as trouble() says */
    uint64_t broken_from; /* with such seeds, x = 4 aborts; 0: it never does */
} hand_made;

static double ten_x_and_seed(int x, uint64_t seed) {
    return 10 * x + (double)seed / 1000;
}

/* The best of the search is the worst of the validation, and the test tells its seeds. */
static double contrary(int x, uint64_t seed) {
    return seed >= BM_STUDY_TEST_SEED         ? (double)seed
           : seed >= BM_STUDY_VALIDATION_SEED ? -x + 0.5 * (double)(seed - BM_STUDY_VALIDATION_SEED)
                                              : x;
}

/* Ways to fail. */
enum { ABORTS, EXITS, CRASHES, REFUSES, INFINITE, NOT_A_NUMBER, TROUBLES };

static bm_status trouble(int x, double *value, bm_error *error) {
    switch (x) {
    case ABORTS:
        abort();
    case EXITS:
        _exit(0);
    case CRASHES:
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would catch it */
        raise(SIGSEGV);
        break;
    case REFUSES:
        return bm_fail(error, "the loss of x=%d is \"no number\"", x);
    default:
        *value = x == INFINITE ? -INFINITY : NAN;
    }
    return BM_OK;
}

static void wait_milliseconds(int milliseconds) {
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static bm_status evaluate(const bm_tune_objective *objective, const bm_setting *settings, int count, uint64_t seed,
                          bm_tune_visitor *visit, void *context, double *value, bm_error *error) {
    const hand_made *made = objective->self;
    const int x = count == 1 && strcmp(settings[0].key, "x") == 0 ? (int)strtol(settings[0].value, NULL, 10) : -1;
    *value = made->score(x, seed);
    wait_milliseconds(made->milliseconds);
    if (made->broken_from && seed >= made->broken_from && x == 4) {
        abort();
    }
    if (made->troubled && x < TROUBLES) {
        return trouble(x, value, error);
    }
    for (int64_t step = REPORT_EVERY; step <= STEPS; step += REPORT_EVERY) {
        if (!visit(context, step, *value)) {
            *value = NAN;
            return BM_OK;
        }
    }
    FILE *log = fopen(made->log, "a");
    if (!log) {
        return bm_fail(error, "cannot open %s", made->log);
    }
    fprintf(log, "%d %llu\n", x, (unsigned long long)seed); /* one write, at the end: others write too */
    fclose(log);
    return BM_OK;
}

/* ---- a study of x in a file of its own -------------------------------------------------------------------------- */

typedef struct {
    store_place place;
    char log[SCRATCH_BYTES + 16];
    hand_made made;
    bm_tune_objective objective;
    bm_search_space space;
    bm_study_setup setup;
    bm_study_view view;
    atomic_int stop;
} fixture;

static bm_variant named(const bm_variant_kind *kinds, const char *name) {
    bm_variant variant = {0};
    while (kinds[variant.kind].name && strcmp(kinds[variant.kind].name, name) != 0) {
        variant.kind++;
    }
    ck_assert_msg(kinds[variant.kind].name != NULL, "there is no %s", name);
    bm_options_defaults(kinds[variant.kind].options, variant.config);
    return variant;
}

/* 0 <= x < values, to be maximized, two folds, one worker, the search alone. */
static fixture *make_study(int values, const char *sampler) {
    fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* crashes are part of the plan */
    f->place = make_place();
    snprintf(f->log, sizeof f->log, "%s/log", f->place.folder);
    f->made = (hand_made){.score = ten_x_and_seed, .log = f->log};
    f->objective = (bm_tune_objective){.maximize = true, .steps = STEPS, .evaluate = evaluate, .self = &f->made};
    f->space.count = 1;
    f->space.parameter[0] = (bm_parameter){"x", BM_PARAMETER_INT, 0, values - 1, .step = 1, .parent = -1};
    f->setup = (bm_study_setup){
        .objective = &f->objective,
        .space = &f->space,
        .sampler = named(bm_sampler_kinds, sampler),
        .pruner = named(bm_pruner_kinds, "none"),
        .seed = 1,
        .trials = values,
        .folds = 2,
        .jobs = 1,
        .validations = 2,
        .tests = 3,
        .stop = &f->stop,
    };
    return f;
}

static void open_it(fixture *f) {
    bm_error error;
    f->setup.store = open_store(f->place.path, BM_STORE_CREATE);
    MUST(bm_store_study(f->setup.store, "study", &f->space, f->objective.maximize, NULL, &error));
}

/* Opens, runs, and leaves the store open for the trials in the view. */
static void run_study(fixture *f) {
    bm_error error;
    bm_store_close(f->setup.store);
    open_it(f);
    atomic_store(&f->stop, 0);
    MUST(bm_study_run(&f->setup, &f->view, &error));
}

static void remove_study(fixture *f) {
    bm_store_close(f->setup.store);
    scratch_remove(f->place.folder, NULL);
    free(f);
}

static int x_of(const fixture *f, int number) {
    return (int)f->view.trials.trial[number].param[0];
}

/* The number of the trial that tried x; it is the only one. */
static int trial_with(const fixture *f, int x) {
    int found = -1;
    for (int i = 0; i < f->view.trials.count; i++) {
        if (f->view.trials.trial[i].param[0] == x) {
            ck_assert_msg(found < 0, "trials %d and %d tried %d", found, i, x);
            found = i;
        }
    }
    ck_assert_msg(found >= 0, "no trial tried %d", x);
    return found;
}

/* How often x was evaluated to the end with seeds of first .. last; x -1: any. */
static int evaluations(const fixture *f, int x, int first, int last) {
    FILE *log = fopen(f->log, "r");
    char line[64];
    int found = 0;
    while (log && fgets(line, sizeof line, log)) {
        char *end;
        const long tried = strtol(line, &end, 10), seed = strtol(end, NULL, 10);
        found += (x < 0 || tried == x) && seed >= first && seed <= last;
    }
    if (log) {
        fclose(log);
    }
    return found;
}

/* Every number from 0 on is there once, and complete, with the score of its x over two folds. */
static void assert_all_complete(const fixture *f, int count) {
    ck_assert_int_eq(f->view.trials.count, count);
    ck_assert_int_eq(f->view.complete, count);
    for (int i = 0; i < count; i++) {
        const bm_trial *trial = &f->view.trials.trial[i];
        ck_assert_int_eq(trial->number, i);
        ck_assert_int_eq(trial->state, BM_TRIAL_COMPLETE);
        assert_near(trial->value, 10 * trial->param[0] + 0.1015, 1e-12, "the value of a trial");
    }
}

static void attribute_of(const fixture *f, int64_t number, const char *key, char *text, size_t bytes) {
    bm_arena arena = {0};
    bm_error error;
    const char *json;
    MUST(bm_store_read_attribute(f->setup.store, number, key, &arena, &json, &error));
    snprintf(text, bytes, "%s", json ? json : "none");
    bm_arena_free(&arena);
}

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
        [ABORTS] = "\"the worker was ended by signal 6\"",   [EXITS] = "\"the worker ended without a word\"",
        [CRASHES] = "\"the worker was ended by signal 11\"", [REFUSES] = "\"the loss of x=3 is \\\"no number\\\"\"",
        [INFINITE] = "\"the score is not finite\"",          [NOT_A_NUMBER] = "\"the score is not finite\"",
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

/* A trial that has begun, is at x (-1: has none yet), and belongs to owner (NULL: to nobody). */
static void begin_by_hand(fixture *f, int x, const char *owner) {
    bm_error error;
    int64_t number;
    double value[1];
    bool waiting;
    MUST(bm_store_begin(f->setup.store, &number, value, &waiting, &error));
    if (x >= 0) {
        value[0] = x;
        MUST(bm_store_params(f->setup.store, number, value, &error));
    }
    if (owner) {
        MUST(bm_store_attribute(f->setup.store, number, "bellman:owner", owner, &error));
    }
}

START_TEST(owners_that_live_or_cannot_be_known_keep_their_trials) {
    enum { GONE, FOREIGN, NOBODY, BARE, BEGUN };
    fixture *f = make_study(8, "grid");
    char host[64] = "", gone[160];
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
    begin_by_hand(f, 5, NULL); /* as Optuna's are */
    begin_by_hand(f, -1, NULL);
    run_study(f);
    static const bm_trial_state want[BEGUN] = {
        [GONE] = BM_TRIAL_COMPLETE, BM_TRIAL_RUNNING, BM_TRIAL_RUNNING, [BARE] = BM_TRIAL_COMPLETE};
    ck_assert_int_eq(f->view.trials.count, 8);
    ck_assert_int_eq(f->view.complete, 6);
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(f->view.trials.trial[i].state, i < BEGUN ? want[i] : BM_TRIAL_COMPLETE);
    }
    ck_assert_int_eq(x_of(f, GONE), 7); /* what it had is kept */
    double sampled[1];
    bm_sampler sampler;
    bm_error error;
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

/* ---- validation and test ---------------------------------------------------------------------------------------- */

/* x of 0 .. 7; the best three of the search are 7, 6, 5, and 5 is the best of them under validation. */
static fixture *make_contrary(void) {
    fixture *f = make_study(8, "grid");
    f->made.score = contrary;
    f->setup.finalists = 3;
    f->setup.jobs = 2;
    return f;
}

START_TEST(validation_chooses_and_the_test_uses_seeds_of_its_own) {
    fixture *f = make_contrary();
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_ENDED);
    ck_assert_int_eq(f->view.finalists, 3);
    for (int i = 0; i < 3; i++) {
        const bm_study_score *score = &f->view.finalist[i];
        ck_assert_int_eq(score->number, trial_with(f, 7 - i));
        ck_assert_int_eq(score->seeds, 2);
        assert_near(score->mean, -(7 - i) + 0.25, 1e-12, "the mean of two validation seeds");
        assert_near(score->std, 0.25, 1e-12, "their standard deviation");
    }
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    ck_assert_int_eq(f->view.test.seeds, 3);
    assert_near(f->view.test.mean, 5002, 1e-12, "the mean of seeds 5001, 5002, 5003");
    assert_near(f->view.test.std, sqrt(2.0 / 3), 1e-12, "their standard deviation");
    ck_assert_int_eq(evaluations(f, -1, 101, 102), 8 * 2);
    ck_assert_int_eq(evaluations(f, -1, 1001, 1002), 3 * 2);
    ck_assert_int_eq(evaluations(f, 5, 5001, 5003), 3);
    ck_assert_int_eq(evaluations(f, -1, 0, 1000000), 8 * 2 + 3 * 2 + 3);
    run_study(f); /* nothing is left, and the same is said */
    ck_assert_int_eq(evaluations(f, -1, 0, 1000000), 8 * 2 + 3 * 2 + 3);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    assert_near(f->view.test.mean, 5002, 1e-12, "the test as it was kept");
    remove_study(f);
}
END_TEST

START_TEST(no_finalists_no_validation_and_no_test) {
    fixture *f = make_contrary();
    f->setup.finalists = 0;
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_ENDED);
    ck_assert_int_eq(f->view.complete, 8);
    ck_assert_int_eq(f->view.finalists, 0);
    ck_assert_int_eq(f->view.test.seeds, 0);
    ck_assert_int_eq(evaluations(f, -1, 0, 1000000), 8 * 2);
    remove_study(f);
}
END_TEST

START_TEST(finalist_that_fails_is_not_chosen) {
    fixture *f = make_contrary();
    f->setup.finalists = 4; /* 7, 6, 5, 4 */
    f->made.broken_from = BM_STUDY_VALIDATION_SEED + 1;
    run_study(f);
    ck_assert_int_eq(f->view.complete, 8);
    ck_assert_int_eq(f->view.finalist[3].number, trial_with(f, 4));
    ck_assert_int_eq(f->view.finalist[3].seeds, 0);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    ck_assert_int_eq(f->view.test.seeds, 3);
    remove_study(f);
}
END_TEST

START_TEST(test_that_fails_reports_nothing) {
    fixture *f = make_contrary();
    f->setup.finalists = 4;
    f->made.broken_from = BM_STUDY_TEST_SEED;
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_ENDED);
    ck_assert_int_eq(f->view.finalist[3].seeds, 2);
    ck_assert_int_eq(f->view.test.seeds, 0);
    remove_study(f);
}
END_TEST

static void stop_in_validation(void *context, const bm_study_view *view) {
    fixture *f = context;
    if (view->phase == BM_STUDY_VALIDATES) {
        atomic_store(&f->stop, 1);
    }
}

START_TEST(study_stopped_while_it_validates_goes_on_there) {
    fixture *f = make_contrary();
    f->made.milliseconds = 70;
    f->setup.visit = stop_in_validation;
    f->setup.context = f;
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_VALIDATES);
    ck_assert_int_eq(f->view.test.seeds, 0);
    f->setup.visit = NULL;
    f->made.milliseconds = 0;
    run_study(f);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    assert_near(f->view.test.mean, 5002, 1e-12, "the mean of seeds 5001, 5002, 5003");
    ck_assert_int_eq(evaluations(f, -1, 101, 102), 8 * 2);
    remove_study(f);
}
END_TEST

TEST_MAIN("study", 60, score_is_the_mean_over_folds, pruned_trials_stop_early_and_cost_less,
          trouble_is_a_failed_trial_with_its_reason_and_the_study_goes_on,
          samplers_that_do_not_look_try_the_same_with_any_number_of_jobs,
          as_many_trials_run_side_by_side_as_there_are_jobs, continued_study_makes_what_is_missing_and_nothing_twice,
          trials_of_a_dead_process_are_taken_up_under_their_numbers,
          owners_that_live_or_cannot_be_known_keep_their_trials, trials_of_a_process_that_lives_are_left_alone,
          validation_chooses_and_the_test_uses_seeds_of_its_own, no_finalists_no_validation_and_no_test,
          finalist_that_fails_is_not_chosen, test_that_fails_reports_nothing,
          study_stopped_while_it_validates_goes_on_there)
