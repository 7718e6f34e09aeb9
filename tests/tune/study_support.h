#ifndef BM_TESTS_TUNE_STUDY_SUPPORT_H
#define BM_TESTS_TUNE_STUDY_SUPPORT_H

/* Studies of objectives made by hand, whose score of x under a seed is known; each evaluation that ends writes a line
 * "x seed" into a file, so that what was evaluated can be counted whoever did it. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static inline double ten_x_and_seed(int x, uint64_t seed) {
    return 10 * x + (double)seed / 1000;
}

/* Ways to fail. */
enum { ABORTS, EXITS, CRASHES, REFUSES, INFINITE, NOT_A_NUMBER, TROUBLES };

static inline bm_status trouble(int x, double *value, bm_error *error) {
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

static inline void wait_milliseconds(int milliseconds) {
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static inline bm_status evaluate(const bm_tune_objective *objective, const bm_setting *settings, int count,
                                 uint64_t seed, bm_tune_visitor *visit, void *context, double *value, bm_error *error) {
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

static inline bm_variant named(const bm_variant_kind *kinds, const char *name) {
    bm_variant variant = {0};
    while (kinds[variant.kind].name && strcmp(kinds[variant.kind].name, name) != 0) {
        variant.kind++;
    }
    ck_assert_msg(kinds[variant.kind].name != NULL, "there is no %s", name);
    bm_options_defaults(kinds[variant.kind].options, variant.config);
    return variant;
}

/* 0 <= x < values, to be maximized, two folds, one worker, the search alone. */
static inline fixture *make_study(int values, const char *sampler) {
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

static inline void open_it(fixture *f) {
    bm_error error;
    f->setup.store = open_store(f->place.path, BM_STORE_CREATE);
    MUST(bm_store_study(f->setup.store, "study", &f->space, f->objective.maximize, NULL, &error));
}

/* Opens, runs, and leaves the store open for the trials in the view. */
static inline void run_study(fixture *f) {
    bm_error error;
    bm_store_close(f->setup.store);
    open_it(f);
    atomic_store(&f->stop, 0);
    MUST(bm_study_run(&f->setup, &f->view, &error));
}

static inline void remove_study(fixture *f) {
    bm_store_close(f->setup.store);
    scratch_remove(f->place.folder, NULL);
    free(f);
}

static inline int x_of(const fixture *f, int number) {
    return (int)f->view.trials.trial[number].param[0];
}

/* The number of the trial that tried x; it is the only one. */
static inline int trial_with(const fixture *f, int x) {
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
static inline int evaluations(const fixture *f, int x, int first, int last) {
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
static inline void assert_all_complete(const fixture *f, int count) {
    ck_assert_int_eq(f->view.trials.count, count);
    ck_assert_int_eq(f->view.complete, count);
    for (int i = 0; i < count; i++) {
        const bm_trial *trial = &f->view.trials.trial[i];
        ck_assert_int_eq(trial->number, i);
        ck_assert_int_eq(trial->state, BM_TRIAL_COMPLETE);
        assert_near(trial->value, 10 * trial->param[0] + 0.1015, 1e-12, "the value of a trial");
    }
}

static inline void attribute_of(const fixture *f, int64_t number, const char *key, char *text, size_t bytes) {
    bm_arena arena = {0};
    bm_error error;
    const char *json;
    MUST(bm_store_read_attribute(f->setup.store, number, key, &arena, &json, &error));
    snprintf(text, bytes, "%s", json ? json : "none");
    bm_arena_free(&arena);
}

#endif
