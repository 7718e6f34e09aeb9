/* A program may be killed at any moment: no trial that it was told is complete is lost or counted twice, none is half
 * there, and the study goes on. KILLS=N in the environment: how often (50). */
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_support.h"

enum { REPORTS = 3, WRITERS = 2, MOST_TRIALS = 100000 };

/* One byte for every step done, and after finish the trial's number. */
typedef struct {
    int64_t number; /* -1: a step on the way */
} mark;

static const double params[SPACE_SIZE] = {0.003, 2, 3, 0, NAN, 1, 10};

static bool tell(int pipe_end, int64_t number) {
    const mark m = {number};
    return write(pipe_end, &m, sizeof m) == sizeof m;
}

static bool live_one_trial(bm_store *store, int pipe_end) {
    int64_t number;
    double value[SPACE_SIZE];
    bm_error error;
    bool fine = bm_store_begin(store, OWNER, MANY, &number, value, &error) == BM_OK && tell(pipe_end, -1) &&
                bm_store_params(store, number, params, &error) == BM_OK && tell(pipe_end, -1);
    for (int i = 0; i < REPORTS && fine; i++) {
        fine = bm_store_report(store, number, i, i, &error) == BM_OK && tell(pipe_end, -1);
    }
    return fine && bm_store_finish(store, number, BM_TRIAL_COMPLETE, (double)number / 2, NULL, NULL, &error) == BM_OK &&
           tell(pipe_end, number);
}

/* Writes until it is killed; the process ends here. */
static void write_trials(const char *path, const bm_search_space *space, int pipe_end) {
    bm_store *store;
    bm_error error;
    bool fine = bm_store_open(&store, path, BM_STORE_CREATE, &error) == BM_OK && tell(pipe_end, -1) &&
                bm_store_study(store, "demo", space, true, NULL, &error) == BM_OK && tell(pipe_end, -1);
    while (fine) {
        fine = live_one_trial(store, pipe_end);
    }
    _exit(3);
}

/* Notes the trials that writers told of, until so many marks came, or all writers are dead. */
static void listen_to(int pipe_end, int marks, bool *complete) {
    mark m;
    for (int i = 0; i < marks && read(pipe_end, &m, sizeof m) == sizeof m; i++) {
        if (m.number >= 0) {
            ck_assert_int_lt(m.number, MOST_TRIALS);
            ck_assert_msg(!complete[m.number], "trial %lld ended twice", (long long)m.number);
            complete[m.number] = true;
        }
    }
}

static void kill_once(const char *path, const bm_search_space *space, int marks, bool *complete) {
    int ends[2];
    pid_t child[WRITERS];
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        ck_assert_int_ge(child[i], 0);
        if (child[i] == 0) {
            close(ends[0]);
            write_trials(path, space, ends[1]);
        }
    }
    close(ends[1]);
    listen_to(ends[0], marks, complete);
    for (int i = 0; i < WRITERS; i++) {
        int status;
        ck_assert_int_eq(kill(child[i], SIGKILL), 0);
        ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
        ck_assert_msg(WIFSIGNALED(status), "a writer failed by itself");
    }
    listen_to(ends[0], MOST_TRIALS, complete);
    close(ends[0]);
}

static int count_complete(const bm_trials *trials, const bool *told) {
    int complete = 0;
    for (int n = 0; n < trials->count; n++) {
        const bm_trial *trial = &trials->trial[n];
        ck_assert_msg(trial->number == n, "number %lld at %d", (long long)trial->number, n);
        ck_assert_msg(!told[n] || trial->state == BM_TRIAL_COMPLETE, "trial %d is lost", n);
        if (trial->state != BM_TRIAL_COMPLETE) {
            ck_assert(trial->state == BM_TRIAL_RUNNING && isnan(trial->value) && trial->reports <= REPORTS);
            continue;
        }
        ck_assert(trial->value == n / 2.0 && trial->reports == REPORTS);
        ck_assert(trial->param[RATE] == params[RATE] && trial->param[EVERY] == params[EVERY]);
        complete++;
    }
    return complete;
}

START_TEST(killed_writers_lose_and_double_nothing) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    const char *asked = getenv("KILLS");
    const int kills = asked ? (int)strtol(asked, NULL, 10) : 50;
    bool *told = calloc(MOST_TRIALS, sizeof *told);
    ck_assert_ptr_nonnull(told);
    unsigned marks = 1;
    for (int i = 0; i < kills; i++) {
        marks = marks * 1103515245u + 12345u;
        kill_once(place.path, &space, (int)(marks >> 16) % 100, told);
    }

    bm_store *store = open_study(place.path, &space);
    bm_trials trials;
    bm_error error;
    MUST(bm_store_trials(store, &trials, &error));
    int all_told = 0;
    for (int n = 0; n < MOST_TRIALS; n++) {
        all_told += told[n];
        ck_assert_msg(!told[n] || n < trials.count, "trial %d is lost", n);
    }
    const int complete = count_complete(&trials, told);
    ck_assert_msg(complete <= all_told + WRITERS * kills, "%d complete, %d told of", complete, all_told);
    ck_assert_int_gt(all_told, kills);

    const int count = trials.count;
    for (int n = 0; n < count; n++) {
        if (trials.trial[n].state == BM_TRIAL_RUNNING) {
            MUST(bm_store_finish(store, n, BM_TRIAL_FAIL, NAN, NULL, NULL, &error));
        }
    }
    MUST(bm_store_trials(store, &trials, &error));
    for (int n = 0; n < count; n++) {
        ck_assert(trials.trial[n].state == BM_TRIAL_COMPLETE || trials.trial[n].state == BM_TRIAL_FAIL);
    }
    int64_t number;
    double value[SPACE_SIZE];
    MUST(bm_store_begin(store, OWNER, MANY, &number, value, &error));
    ck_assert_int_eq(number, count);
    bm_store_close(store);

    sqlite3 *database;
    sqlite3_stmt *query;
    ck_assert_int_eq(sqlite3_open(place.path, &database), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(database, "PRAGMA integrity_check", -1, &query, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(query), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(query, 0), "ok");
    sqlite3_finalize(query);
    sqlite3_close(database);
    free(told);
    scratch_remove(place.folder, (const char *const[]){"study.db", NULL});
}
END_TEST

TEST_MAIN("store_killed", 300, killed_writers_lose_and_double_nothing)
