#ifndef BM_TUNE_STORE_H
#define BM_TUNE_STORE_H

/* Studies in a SQLite file, in Optuna's schema (3.1: alembic version v3.0.0.d, version_info 12), so that optuna and its
 * dashboard open them, and can continue them. WAL; trial numbers are given under BEGIN IMMEDIATE, so that several
 * programs may share a file. */
#include "tune/trial.h"

typedef struct bm_store bm_store;

typedef enum {
    BM_STORE_WRITE,  /* a file that is there */
    BM_STORE_CREATE, /* made where it is not there */
    BM_STORE_READ,   /* nothing is ever written, and a file that is read-only will do */
} bm_store_mode;

/* BM_FAILED: it cannot be opened, is locked, read-only, no database of this schema or of a newer one (the message says
 * which). Nothing is changed in a file that is refused. A store is not carried through fork: a child opens its own, and
 * leaves its parent's alone. */
bm_status bm_store_open(bm_store **store, const char *path, bm_store_mode mode, bm_error *error);
void bm_store_close(bm_store *store); /* NULL is fine */

/* A study of that name: found, and then of the same direction and space, or made. BM_INVALID: it exists with another.
 * attributes: user attributes to set where it is made, NULL at the end: key, JSON text, key, JSON text. The space must
 * outlive the store. */
bm_status bm_store_study(bm_store *store, const char *name, const bm_search_space *space, bool maximize,
                         const char *const *attributes, bm_error *error);

typedef struct {
    const char *name;
    bool maximize;
    int64_t trials, complete, pruned, failed, running, waiting;
} bm_store_summary;

/* All studies of the file; *list in the arena. */
bm_status bm_store_studies(bm_store *store, bm_arena *arena, bm_store_summary **list, int *count, bm_error *error);
/* Opens a study as it stands in the file, with the space that it was made with, or, where Optuna made it, that its
 * trials show. The space is filled, and freed by the caller after the store. */
bm_status bm_store_load(bm_store *store, const char *name, bm_search_space *space, bool *maximize, bm_error *error);

/* All trials of the study as they stand in the file, those that are WAITING among them; they belong to the store until
 * the next call of this or another study. Parameters that are not in the space are left out. Costs what has changed
 * since the call before. */
bm_status bm_store_trials(bm_store *store, bm_trials *trials, bm_error *error);

/* Whose a trial is: a user attribute, JSON text as the caller writes it. */
#define BM_STORE_OWNER "bellman:owner"

/* A trial for owner, RUNNING: one that is WAITING (enqueued by Optuna) before a new one. *number -1: all below limit
 * have begun, and nothing is changed. value: [parameters of the space], what is settled already, NAN elsewhere; the
 * parameters follow, by bm_store_params. */
bm_status bm_store_begin(bm_store *store, const char *owner, int64_t limit, int64_t *number, double *value,
                         bm_error *error);
/* Takes up a RUNNING trial from one owner for another; *taken false: it is no longer from's, or has ended. Its
 * parameters stay, as value says like that of bm_store_begin, and its reports go, for they are made again. */
bm_status bm_store_take(bm_store *store, int64_t number, const char *from, const char *owner, bool *taken,
                        double *value, bm_error *error);
/* Of a trial that is RUNNING; BM_FAILED where it is not. NAN: a parameter that does not exist in it. */
bm_status bm_store_params(bm_store *store, int64_t number, const double *value, bm_error *error);
bm_status bm_store_report(bm_store *store, int64_t number, int64_t step, double value, bm_error *error);
/* Ends a RUNNING trial as COMPLETE, with a value, or as PRUNED or FAIL, with NAN where there is none, and with a user
 * attribute, as JSON text; key NULL: none. One that has ended is refused: nothing is counted twice. */
bm_status bm_store_finish(bm_store *store, int64_t number, bm_trial_state state, double value, const char *key,
                          const char *json, bm_error *error);
/* A user attribute of a trial, whether it has ended or not. */
bm_status bm_store_attribute(bm_store *store, int64_t number, const char *key, const char *json, bm_error *error);
/* The JSON text of a trial's user attribute, in the arena; NULL: it has none. */
bm_status bm_store_read_attribute(bm_store *store, int64_t number, const char *key, bm_arena *arena, const char **json,
                                  bm_error *error);
/* The same of the study's. */
bm_status bm_store_study_attribute(bm_store *store, const char *key, bm_arena *arena, const char **json,
                                   bm_error *error);

#endif
