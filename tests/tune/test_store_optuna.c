/* Optuna 3.1 reads what the store writes, goes on with it, and the store goes on with that; and the other way round.
 * Each trial's value is a function of its parameters that both sides know, so that a parameter read as another would
 * show. Where Python has no Optuna (apt-get install python3-optuna) there is nothing to compare with, and the tests
 * pass. PYTHON=... in the environment names another. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_support.h"

enum { OURS = 40, THEIRS = 20, MOST_ARGUMENTS = 8 };

/* Runs Python with the arguments, NULL at the end; its exit status. */
static int python(const char *first, ...) {
    const char *name = getenv("PYTHON");
    char *arguments[MOST_ARGUMENTS] = {(char *)(name ? name : "/usr/bin/python3"), (char *)first};
    va_list rest;
    va_start(rest, first);
    for (int i = 2; i < MOST_ARGUMENTS && (arguments[i] = va_arg(rest, char *)); i++) {
    }
    va_end(rest);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        execvp(arguments[0], arguments);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static bool have_optuna(void) {
    static const char check[] =
        "import sys\ntry:\n import optuna\n sys.exit(not optuna.__version__.startswith('3.1.'))\n"
        "except ImportError: sys.exit(1)";
    return python("-c", check, (char *)NULL) == 0;
}

#define OPTUNA(...) ck_assert_int_eq(python("tests/tune/optuna_interop.py", __VA_ARGS__, (char *)NULL), 0)

/* score of optuna_interop.py. */
static double score(const bm_search_space *space, const double *value) {
    const double batch = strtod(space->parameter[BATCH].choice[(int)value[BATCH]], NULL);
    const bool sgd = strcmp(space->parameter[OPTIMIZER].choice[(int)value[OPTIMIZER]], "sgd") == 0;
    const bool duelling = strcmp(space->parameter[DUELLING].choice[(int)value[DUELLING]], "true") == 0;
    return -pow(log10(value[RATE]) + 3.5, 2) + batch / 1000 - value[LAYERS] / 7 + (sgd ? value[MOMENTUM] : 0.125) +
           (duelling ? 0.25 : 0) - log10(value[EVERY]) / 10;
}

/* A trial as optuna_interop.py has them, with parameters that vary with the number but for those that are fixed; its
 * number. */
static int64_t live_one_trial(bm_store *store, const bm_search_space *space) {
    int64_t number;
    double value[SPACE_SIZE];
    bm_error error;
    MUST(bm_store_begin(store, OWNER, MANY, &number, value, &error));
    const int n = (int)number;
    const double own[SPACE_SIZE] = {
        1e-5 * pow(1000, (n * 7 % 11) / 10.0),
        n % 3,
        1 + n % 4,
        n / 2 % 2,
        0.1 * (n % 10),
        n / 4 % 2,
        1 + n * 37 % 1000,
    };
    for (int i = 0; i < SPACE_SIZE; i++) {
        value[i] = isnan(value[i]) ? own[i] : value[i];
    }
    value[MOMENTUM] = value[OPTIMIZER] == 1 ? value[MOMENTUM] : NAN;
    MUST(bm_store_params(store, number, value, &error));
    MUST(bm_store_report(store, number, 0, NAN, &error));
    MUST(bm_store_report(store, number, 10, n / 2.0, &error));
    const bm_trial_state state = n % 10 == 3 ? BM_TRIAL_PRUNED : n % 10 == 7 ? BM_TRIAL_FAIL : BM_TRIAL_COMPLETE;
    MUST(bm_store_finish(store, number, state, state == BM_TRIAL_COMPLETE ? score(space, value) : NAN, NULL, NULL,
                         &error));
    return number;
}

/* All trials say what their parameters say; the best one's number. */
static int64_t check_trials(bm_store *store, const bm_search_space *space, int count) {
    bm_trials trials;
    bm_error error;
    MUST(bm_store_trials(store, &trials, &error));
    ck_assert_int_eq(trials.count, count);
    const bm_trial *best = NULL;
    for (int n = 0; n < count; n++) {
        const bm_trial *trial = &trials.trial[n];
        ck_assert_int_eq(trial->number, n);
        if (trial->state == BM_TRIAL_WAITING) {
            continue;
        }
        ck_assert(trial->reports == 2 && isnan(trial->report[0]) && trial->report[1] == n / 2.0);
        if (trial->state == BM_TRIAL_COMPLETE) {
            ck_assert(isnan(trial->param[MOMENTUM]) == (trial->param[OPTIMIZER] == 0));
            assert_near(trial->value, score(space, trial->param), 1e-12, "value");
            best = !best || trial->value > best->value ? trial : best;
        }
    }
    ck_assert_ptr_nonnull(best);
    return best->number;
}

START_TEST(optuna_reads_and_continues_ours) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    static const char *const attributes[] = {"objective", "[\"dqn\", \"CartPole-v1\"]", NULL};
    char other[SCRATCH_BYTES + 16], best[24];
    if (!have_optuna()) {
        return;
    }
    bm_store *store = open_store(place.path, BM_STORE_CREATE);
    bm_error error;
    MUST(bm_store_study(store, "demo", &space, true, attributes, &error));
    for (int i = 0; i < OURS; i++) {
        live_one_trial(store, &space);
    }
    snprintf(best, sizeof best, "%lld", (long long)check_trials(store, &space, OURS));
    snprintf(other, sizeof other, "%s/optuna.db", place.folder);
    OPTUNA("schema", place.path, other);
    OPTUNA("read", place.path, "40", best); /* while the store is open */
    OPTUNA("continue", place.path, "20");
    check_trials(store, &space, OURS + THEIRS);
    for (int i = 0; i < 10; i++) {
        live_one_trial(store, &space);
    }
    bm_store_close(store);

    store = open_store(place.path, BM_STORE_WRITE);
    MUST(bm_store_study(store, "demo", &space, true, NULL, &error));
    snprintf(best, sizeof best, "%lld", (long long)check_trials(store, &space, OURS + THEIRS + 10));
    bm_store_close(store);
    OPTUNA("read", place.path, "70", best);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(optunas_studies_are_continued) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    if (!have_optuna()) {
        return;
    }
    OPTUNA("make", place.path, "20");
    bm_store *store = open_store(place.path, BM_STORE_WRITE);
    bm_error error;
    bool maximize;
    bm_search_space shown, changed = space;
    MUST(bm_store_load(store, "theirs", &shown, &maximize, &error));
    ck_assert(maximize);
    ck_assert_int_eq(shown.count, SPACE_SIZE);
    bm_store_close(store);
    bm_search_space_free(&shown);

    store = open_store(place.path, BM_STORE_WRITE);
    ck_assert_int_eq(bm_store_study(store, "theirs", &space, false, NULL, &error), BM_INVALID);
    changed.parameter[LAYERS].high = 5;
    ck_assert_int_eq(bm_store_study(store, "theirs", &changed, true, NULL, &error), BM_INVALID);
    ck_assert_msg(strstr(error.text, "layers") != NULL, "%s", error.text);
    MUST(bm_store_study(store, "theirs", &space, true, NULL, &error));
    check_trials(store, &space, THEIRS + 1);
    ck_assert_int_eq(live_one_trial(store, &space), THEIRS); /* which waited */
    for (int i = 0; i < 9; i++) {
        live_one_trial(store, &space);
    }
    check_trials(store, &space, THEIRS + 10);
    OPTUNA("reread", place.path, "30");
    check_trials(store, &space, THEIRS + 13);
    bm_store_close(store);

    store = open_store(place.path, BM_STORE_READ); /* the conditions are known now */
    MUST(bm_store_load(store, "theirs", &shown, &maximize, &error));
    ck_assert_int_eq(shown.parameter[MOMENTUM].parent, OPTIMIZER);
    bm_store_close(store);
    bm_search_space_free(&shown);
    scratch_remove(place.folder, NULL);
}
END_TEST

TEST_MAIN("store_optuna", 120, optuna_reads_and_continues_ours, optunas_studies_are_continued)
