/* Worker processes on this machine, over objectives made by hand; and what a program without MPI says to a launcher.
 * Other ranks are tested from the command line (tests/cli/test_mpi.sh). */
#include "tune/workers.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"
#include "tune/ranks.h"

enum { STEPS = 10, LONG_MS = 60000, FOLDS = 2 };

/* Says half of its score at half of its steps; the score is 10 * x + seed. The settings' first value says what happens
 * on the way. */
static bm_status evaluate(const bm_tune_objective *objective, const bm_setting *settings, int count, uint64_t seed,
                          bm_tune_visitor *visit, void *context, double *value, bm_error *error) {
    const char *happens = settings[0].value;
    const double score = 10 * strtod(settings[1].value, NULL) + (double)seed;
    ck_assert_int_eq(count, 2);
    *value = NAN;
    if (strcmp(happens, "signals") == 0) {
        raise(SIGINT);
        raise(SIGTERM);
    }
    if (strcmp(happens, "kill") == 0) {
        raise(SIGKILL);
    }
    if (strcmp(happens, "refuse") == 0) {
        return bm_fail(error, "%s is refused", settings[1].value);
    }
    visit(context, 1, NAN);
    if (visit(context, objective->steps / 2, score / 2)) {
        *value = score;
    }
    return BM_OK;
}

static const bm_tune_objective objective = {.steps = STEPS, .evaluate = evaluate};

static bm_workers *make_workers(int jobs) {
    const struct rlimit none = {0, 0};
    bm_workers *workers;
    bm_error error;
    setrlimit(RLIMIT_CORE, &none);
    ck_assert_int_eq(bm_workers_create(&workers, &objective, jobs, &error), BM_OK);
    return workers;
}

static void start(bm_workers *workers, int64_t id, const char *happens, const char *x) {
    const bm_setting settings[] = {{"happens", happens}, {"x", x}};
    const uint64_t seed[FOLDS] = {1, 3};
    const bm_job job = {.id = id, .settings = settings, .count = 2, .seeds = FOLDS, .seed = seed};
    bm_error error;
    ck_assert_int_eq(bm_workers_start(workers, &job, &error), BM_OK);
}

static bm_worker_event next(bm_workers *workers) {
    bm_worker_event event;
    ck_assert_msg(bm_workers_event(workers, LONG_MS, &event), "a worker says nothing");
    return event;
}

static void assert_event(const bm_worker_event *event, bm_worker_kind kind, int64_t step, double value) {
    ck_assert_int_eq(event->kind, kind);
    ck_assert_int_eq(event->step, step);
    if (!isnan(value)) {
        assert_near(event->value, value, 0, "value");
    }
}

/* Goes on with every report; the last event. */
static bm_worker_event last(bm_workers *workers) {
    bm_worker_event event = next(workers);
    while (event.kind < BM_WORKER_DONE) {
        if (event.kind == BM_WORKER_REPORT) {
            bm_workers_answer(workers, event.job, true);
        }
        event = next(workers);
    }
    return event;
}

START_TEST(folds_follow_each_other_and_their_mean_is_the_value) {
    bm_workers *workers = make_workers(1);
    start(workers, 7, "", "2"); /* 21 and 23 */
    ck_assert_int_eq(bm_workers_free_places(workers), 0);
    const struct {
        bm_worker_kind kind;
        int64_t step;
        double value;
    } expected[] = {
        {BM_WORKER_PROGRESS, 1, NAN},         {BM_WORKER_REPORT, 5, 10.5},          {BM_WORKER_FOLD, STEPS, 21},
        {BM_WORKER_PROGRESS, STEPS + 1, NAN}, {BM_WORKER_REPORT, STEPS + 5, 16.25}, {BM_WORKER_FOLD, 2 * STEPS, 23},
        {BM_WORKER_DONE, 2 * STEPS, 22},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const bm_worker_event event = next(workers);
        ck_assert_int_eq(event.job, 7);
        assert_event(&event, expected[i].kind, expected[i].step, expected[i].value);
        if (event.kind == BM_WORKER_REPORT) {
            bm_workers_answer(workers, 7, true);
        }
    }
    ck_assert_int_eq(bm_workers_free_places(workers), 1);
    bm_workers_destroy(workers);
}
END_TEST

START_TEST(an_answer_ends_a_trial_at_once) {
    bm_workers *workers = make_workers(1);
    start(workers, 0, "", "2");
    bm_worker_event event = next(workers);
    assert_event(&event, BM_WORKER_PROGRESS, 1, NAN);
    event = next(workers);
    assert_event(&event, BM_WORKER_REPORT, 5, 10.5);
    bm_workers_answer(workers, 0, false);
    event = next(workers);
    ck_assert_int_eq(event.kind, BM_WORKER_STOPPED);
    ck_assert_int_eq(bm_workers_running(workers), 0);
    bm_workers_destroy(workers);
}
END_TEST

START_TEST(a_failure_says_why) {
    bm_workers *workers = make_workers(1);
    start(workers, 0, "refuse", "2");
    bm_worker_event event = last(workers);
    ck_assert_int_eq(event.kind, BM_WORKER_FAILED);
    ck_assert_str_eq(event.text, "2 is refused");
    start(workers, 0, "kill", "2");
    event = last(workers);
    ck_assert_int_eq(event.kind, BM_WORKER_FAILED);
    ck_assert_str_eq(event.text, "the worker was ended by signal 9 (Killed)");
    ck_assert_int_eq(bm_workers_free_places(workers), 1);
    bm_workers_destroy(workers);
}
END_TEST

/* Ctrl-C, timeout and scancel reach the whole group: that a study was stopped must not look as if its trials had
 * failed. */
START_TEST(signals_to_the_whole_group_do_not_fail_a_trial) {
    bm_workers *workers = make_workers(1);
    start(workers, 0, "signals", "2");
    const bm_worker_event event = last(workers);
    assert_event(&event, BM_WORKER_DONE, 2 * STEPS, 22);
    bm_workers_destroy(workers);
}
END_TEST

START_TEST(no_more_jobs_than_places) {
    bm_workers *workers = make_workers(2);
    const bm_job job = {.id = 2};
    bm_error error;
    start(workers, 0, "", "1"); /* both wait for an answer */
    start(workers, 1, "", "2");
    ck_assert_int_eq(bm_workers_free_places(workers), 0);
    ck_assert_int_eq(bm_workers_start(workers, &job, &error), BM_FAILED);
    ck_assert_str_eq(error.text, "cannot start a worker: all places are taken");
    ck_assert_int_eq(bm_workers_running(workers), 2);
    ck_assert_int_ge(last(workers).kind, BM_WORKER_DONE);
    start(workers, 2, "", "3");
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        sum += last(workers).value;
    }
    ck_assert_int_eq(bm_workers_running(workers), 0);
    ck_assert(sum == 12 + 32 || sum == 22 + 32);
    bm_workers_destroy(workers);
}
END_TEST

START_TEST(what_runs_ends_with_the_workers) {
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    bm_workers *workers = make_workers(1);
    start(workers, 0, "", "2"); /* it holds the pipe's other end, and waits for an answer */
    close(ends[1]);
    bm_workers_destroy(workers);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}
END_TEST

/* ---- ranks, in a library without MPI ---------------------------------------------------------------------------- */

START_TEST(alone_there_is_one_rank) {
    static const char *const alone[] = {NULL, "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    bm_error error;
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        if (alone[i]) {
            setenv(alone[i], "1", 1);
        }
        setenv("SLURM_PROCID", "0", 1);
        ck_assert_int_eq(bm_ranks_begin(&error), BM_OK);
        ck_assert_int_eq(bm_ranks_count(), 1);
        ck_assert_int_eq(bm_ranks_own(), 0);
    }
}
END_TEST

START_TEST(several_without_mpi_are_refused) {
    static const char *const launcher[][2] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                                              {"PMI_SIZE", "PMI_RANK"},
                                              {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}};
    bm_error error;
    for (size_t i = 0; i < sizeof launcher / sizeof launcher[0]; i++) {
        setenv(launcher[i][0], "3", 1);
        setenv(launcher[i][1], "2", 1);
        ck_assert_int_eq(bm_ranks_begin(&error), BM_FAILED);
        ck_assert_ptr_nonnull(strstr(error.text, "started as 3 processes, but built without MPI"));
        ck_assert_int_eq(bm_ranks_own(), 2);
        ck_assert_int_eq(bm_ranks_count(), 1);
        unsetenv(launcher[i][0]);
        unsetenv(launcher[i][1]);
    }
}
END_TEST

TEST_MAIN("workers", 120, folds_follow_each_other_and_their_mean_is_the_value, an_answer_ends_a_trial_at_once,
          a_failure_says_why, signals_to_the_whole_group_do_not_fail_a_trial, no_more_jobs_than_places,
          what_runs_ends_with_the_workers, alone_there_is_one_rank, several_without_mpi_are_refused)
