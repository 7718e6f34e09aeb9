#ifndef BM_TESTS_TUNE_STORE_SUPPORT_H
#define BM_TESTS_TUNE_STORE_SUPPORT_H

/* What the tests of the store share: a space with every kind of parameter, made by hand, and files in a folder of their
 * own. */
#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "tune/store.h"

enum { RATE, BATCH, LAYERS, OPTIMIZER, MOMENTUM, DUELLING, EVERY, SPACE_SIZE };

/* learning_rate=log(1e-5,1e-2), batch_size={32,64,1e2}, layers=int(1,4), optimizer={adam,sgd},
 * optimizer.momentum=uniform(0,0.95,0.1) if optimizer=sgd, duelling={true,false}, every=int_log(1,1000) */
static inline bm_search_space hand_made_space(void) {
    static const char *batch[] = {"32", "64", "1e2"}, *optimizer[] = {"adam", "sgd"}, *duelling[] = {"true", "false"};
    const bm_search_space space = {
        .count = SPACE_SIZE,
        .parameter =
            {
                [RATE] = {"learning_rate", BM_PARAMETER_FLOAT, 1e-5, 1e-2, .log = true, .parent = -1},
                [BATCH] = {"batch_size", BM_PARAMETER_CATEGORICAL, 0, 2, .choices = 3, .choice = batch, .parent = -1},
                [LAYERS] = {"layers", BM_PARAMETER_INT, 1, 4, .step = 1, .parent = -1},
                [OPTIMIZER] = {"optimizer", BM_PARAMETER_CATEGORICAL, 0, 1, .choices = 2, .choice = optimizer,
                               .parent = -1},
                [MOMENTUM] = {"optimizer.momentum", BM_PARAMETER_FLOAT, 0, 0.95, .step = 0.1, .parent = OPTIMIZER,
                              .when = 2},
                [DUELLING] = {"duelling", BM_PARAMETER_CATEGORICAL, 0, 1, .choices = 2, .choice = duelling,
                              .parent = -1},
                [EVERY] = {"every", BM_PARAMETER_INT, 1, 1000, .step = 1, .log = true, .parent = -1},
            },
    };
    return space;
}

typedef struct {
    char folder[SCRATCH_BYTES];
    char path[SCRATCH_BYTES + 16];
} store_place;

static inline store_place make_place(void) {
    store_place place;
    scratch_make(place.folder);
    snprintf(place.path, sizeof place.path, "%s/study.db", place.folder);
    return place;
}

/* Opens, and makes, or aborts the test. */
static inline bm_store *open_store(const char *path, bm_store_mode mode) {
    bm_store *store;
    bm_error error;
    ck_assert_msg(bm_store_open(&store, path, mode, &error) == BM_OK, "%s", error.text);
    return store;
}

/* The study "demo" of the hand-made space, maximizing. */
static inline bm_store *open_study(const char *path, const bm_search_space *space) {
    bm_store *store = open_store(path, BM_STORE_CREATE);
    bm_error error;
    ck_assert_msg(bm_store_study(store, "demo", space, true, NULL, &error) == BM_OK, "%s", error.text);
    return store;
}

/* A trial's owner that is no process, and more trials than any test begins. */
#define OWNER "\"nobody\""
enum { MANY = 1000000 };

/* Another program's statements on the same file. */
static inline void execute(const char *path, const char *sql) {
    sqlite3 *database;
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(database));
    sqlite3_close(database);
}

/* The first column of the first row, as text. */
static inline void ask(const char *path, const char *sql, char answer[256]) {
    sqlite3 *database;
    sqlite3_stmt *query;
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(database, sql, -1, &query, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(database));
    const bool row = sqlite3_step(query) == SQLITE_ROW;
    const char *text = row ? (const char *)sqlite3_column_text(query, 0) : "no row";
    snprintf(answer, 256, "%s", text ? text : "NULL");
    sqlite3_finalize(query);
    sqlite3_close(database);
}

static inline void assert_says(const char *path, const char *sql, const char *want) {
    char answer[256];
    ask(path, sql, answer);
    ck_assert_msg(strcmp(answer, want) == 0, "%s: '%s' instead of '%s'", sql, answer, want);
}

/* The call succeeds, or the test fails with what it says; it fills an error of that name. */
#define MUST(call) ck_assert_msg((call) == BM_OK, "%s", error.text)

#endif
