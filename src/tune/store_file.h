#ifndef BM_TUNE_STORE_FILE_H
#define BM_TUNE_STORE_FILE_H

/* What the files of the store share: the open database and the study, statements that are prepared once, and one
 * failure kept until it is asked for, as a writer of core/io.h does, so that an operation reads as the list of its
 * statements. */
#include <sqlite3.h>

#include "tune/store.h"

enum { BM_STORE_STATEMENTS = 48 };

typedef struct {
    const char *sql; /* the literal where it stands; its address is the key */
    sqlite3_stmt *statement;
} bm_store_statement;

/* The trials as last read. Those that have ended are never read again; the others live in an arena of their own,
 * emptied by each reading. */
typedef struct {
    bm_trial *trial; /* [count] by number */
    int64_t *id;     /* [count] trials.trial_id */
    int count, capacity;
    int64_t last_id;
    bm_arena ended, unfinished;
} bm_store_cache;

struct bm_store {
    char *path;
    sqlite3 *database;
    bm_store_statement statements[BM_STORE_STATEMENTS];
    int trouble; /* SQLite's code of the first failure since bm_store_done; SQLITE_OK: none */
    bm_error trouble_text;

    int64_t study; /* studies.study_id; 0: none chosen */
    const char *study_name;
    bool maximize;
    const bm_search_space *space;
    const char *distribution[BM_PARAMETERS]; /* JSON as trials of this study have it */
    int64_t waiting_from;                    /* no trial up to this id is WAITING */
    bm_arena arena;                          /* of the study */
    bm_store_cache cache;
};

/* The statement with its parameters ?1, ?2, ... bound, a letter each: i int64_t, d double, t text (which must live
 * until it is run). NULL after any failure. sql: a literal. */
sqlite3_stmt *bm_store_query(bm_store *store, const char *sql, const char *types, ...);
/* Whether there is another row; false ends the statement. A NULL query has none. */
bool bm_store_row(bm_store *store, sqlite3_stmt *query);
/* For those without rows: how many rows it changed. */
int bm_store_run(bm_store *store, sqlite3_stmt *query);
/* Ends a statement of which only the first row was wanted. */
void bm_store_end(sqlite3_stmt *query);
/* The text of a column, copied to the arena; NULL: SQL's NULL, or no memory. */
char *bm_store_text(sqlite3_stmt *query, int column, bm_arena *arena);
/* FINITE, INF_POS, INF_NEG or NAN, and the number that stands beside it (NAN is stored as NULL). */
const char *bm_store_number_type(double value);
double bm_store_number(sqlite3_stmt *query, int column, int type_column);

void bm_store_execute(bm_store *store, const char *sql); /* several statements, unprepared */
/* BM_OK, or the failure as a sentence; it is kept for bm_store_done all the same. */
bm_status bm_store_trouble(const bm_store *store, bm_error *error);

void bm_store_lock(bm_store *store);     /* begins a transaction that nobody else may write in */
void bm_store_snapshot(bm_store *store); /* begins one that reads the file as it stands now */
/* Ends the transaction, if there is one: kept where status is BM_OK and nothing failed, undone otherwise. Returns
 * status, or the failure as a sentence. */
bm_status bm_store_done(bm_store *store, bm_status status, bm_error *error);

/* The schema (store_schema.c). create: writes it where the database is empty. Within a transaction; BM_FAILED says what
 * the file is instead. */
bm_status bm_store_schema(bm_store *store, bool create, bm_error *error);

/* The trials as read (store_trials.c). */
void bm_store_forget(bm_store *store);
const char *bm_store_state_name(bm_trial_state state); /* "RUNNING"... */
/* The parameters that a trial has so far; NAN: none. value: [parameters of the space] */
void bm_store_read_params(bm_store *store, int64_t id, double *value);

/* How Optuna writes the time. */
#define BM_STORE_NOW "strftime('%Y-%m-%d %H:%M:%f000', 'now', 'localtime')"

#endif
