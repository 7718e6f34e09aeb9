/* The file of the store: what may be opened, the statements, and what went wrong with them in one sentence. A file is
 * judged before anything is written to it: see bm_store_schema. */
#include "tune/store_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPEN_TIMEOUT = 3000,     /* milliseconds that a lock of another program is waited for */
    WRITE_TIMEOUT = 20000,   /* the same in the middle of a study */
    SMALLEST_DATABASE = 512, /* bytes: one page */
};

/* ---- failures */

static void keep_trouble(bm_store *store, int code) {
    if (store->trouble || code == SQLITE_OK) {
        return;
    }
    store->trouble = code;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        bm_fail(&store->trouble_text, "%s is locked by another program; try again when that is done", store->path);
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        bm_fail(&store->trouble_text, "%s may not be written to", store->path);
        break;
    case SQLITE_NOTADB:
        bm_fail(&store->trouble_text, "%s is no SQLite database", store->path);
        break;
    case SQLITE_CORRUPT:
        bm_fail(&store->trouble_text, "%s is a damaged database (%s)", store->path, sqlite3_errmsg(store->database));
        break;
    case SQLITE_FULL:
        bm_fail(&store->trouble_text, "%s could not be written: the disk is full", store->path);
        break;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: {
        const int reason = sqlite3_system_errno(store->database);
        bm_fail(&store->trouble_text, "%s: %s", store->path,
                reason ? strerror(reason) : sqlite3_errmsg(store->database));
        break;
    }
    default:
        bm_fail(&store->trouble_text, "%s: %s", store->path, sqlite3_errmsg(store->database));
    }
}

/* ---- statements */

static sqlite3_stmt *prepared(bm_store *store, const char *sql) {
    for (int i = 0; i < BM_STORE_STATEMENTS; i++) {
        bm_store_statement *s = &store->statements[i];
        if (!s->sql) {
            const unsigned flags = SQLITE_PREPARE_PERSISTENT;
            keep_trouble(store, sqlite3_prepare_v3(store->database, sql, -1, flags, &s->statement, NULL));
            s->sql = s->statement ? sql : NULL;
        }
        if (s->sql == sql || !s->sql) {
            return s->statement;
        }
    }
    keep_trouble(store, SQLITE_NOMEM);
    return NULL;
}

sqlite3_stmt *bm_store_query(bm_store *store, const char *sql, const char *types, ...) {
    sqlite3_stmt *query = store->trouble ? NULL : prepared(store, sql);
    va_list values;
    va_start(values, types);
    for (int i = 1; query && types[i - 1]; i++) {
        const char type = types[i - 1];
        keep_trouble(store, type == 'i' ? sqlite3_bind_int64(query, i, va_arg(values, int64_t))
                            : type == 'd'
                                ? sqlite3_bind_double(query, i, va_arg(values, double))
                                : sqlite3_bind_text(query, i, va_arg(values, const char *), -1, SQLITE_STATIC));
    }
    va_end(values);
    return store->trouble ? NULL : query;
}

bool bm_store_row(bm_store *store, sqlite3_stmt *query) {
    if (!query || store->trouble) {
        bm_store_end(query);
        return false;
    }
    const int code = sqlite3_step(query);
    if (code == SQLITE_ROW) {
        return true;
    }
    keep_trouble(store, code == SQLITE_DONE ? SQLITE_OK : code);
    bm_store_end(query);
    return false;
}

void bm_store_end(sqlite3_stmt *query) {
    if (query) {
        sqlite3_reset(query); /* repeats the error of the last step, which is kept already */
        sqlite3_clear_bindings(query);
    }
}

int bm_store_run(bm_store *store, sqlite3_stmt *query) {
    while (bm_store_row(store, query)) {
    }
    return query && !store->trouble ? sqlite3_changes(store->database) : 0;
}

char *bm_store_text(sqlite3_stmt *query, int column, bm_arena *arena) {
    const char *text = (const char *)sqlite3_column_text(query, column);
    const size_t bytes = text ? strlen(text) + 1 : 0;
    char *copy = text ? BM_NEW(arena, char, bytes) : NULL;
    if (copy) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

const char *bm_store_number_type(double value) {
    return isnan(value) ? "NAN" : isinf(value) ? (value > 0 ? "INF_POS" : "INF_NEG") : "FINITE";
}

double bm_store_number(sqlite3_stmt *query, int column, int type_column) {
    const char *type = (const char *)sqlite3_column_text(query, type_column);
    if (type && strncmp(type, "INF", 3) == 0) {
        return strcmp(type, "INF_NEG") == 0 ? -INFINITY : INFINITY;
    }
    return sqlite3_column_type(query, column) == SQLITE_NULL ? NAN : sqlite3_column_double(query, column);
}

void bm_store_execute(bm_store *store, const char *sql) {
    if (!store->trouble) {
        keep_trouble(store, sqlite3_exec(store->database, sql, NULL, NULL, NULL));
    }
}

bm_status bm_store_trouble(const bm_store *store, bm_error *error) {
    return store->trouble ? bm_fail(error, "%s", store->trouble_text.text) : BM_OK;
}

void bm_store_lock(bm_store *store) {
    bm_store_run(store, bm_store_query(store, "BEGIN IMMEDIATE", ""));
}

void bm_store_snapshot(bm_store *store) {
    bm_store_run(store, bm_store_query(store, "BEGIN", ""));
}

bm_status bm_store_done(bm_store *store, bm_status status, bm_error *error) {
    if (status == BM_OK && !sqlite3_get_autocommit(store->database)) {
        bm_store_run(store, bm_store_query(store, "COMMIT", ""));
    }
    if (!sqlite3_get_autocommit(store->database)) {
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL); /* what is to be reported is what led here */
    }
    if (store->trouble) {
        store->trouble = SQLITE_OK;
        return status == BM_OK ? bm_fail(error, "%s", store->trouble_text.text) : status;
    }
    return status;
}

/* ---- open and close */

static void folder_of(const char *path, char *folder, size_t bytes) {
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) : 0;
    snprintf(folder, bytes, "%.*s", slash ? (int)(length ? length : 1) : 1, slash ? path : ".");
}

/* Permission bits count for the superuser too: who took them away meant it. */
static bool writable(const char *path, const struct stat *file) {
    return (file->st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) && access(path, W_OK) == 0;
}

static bm_status judge_path(const char *path, bm_store_mode mode, bool *read_only, bm_error *error) {
    struct stat file, folder_stat;
    char folder[4096];
    folder_of(path, folder, sizeof folder);
    *read_only = false;
    const bool there = stat(path, &file) == 0;
    if (!there && mode != BM_STORE_CREATE) {
        return bm_fail(error, "there is no file %s", path);
    }
    if (stat(folder, &folder_stat) != 0 || !S_ISDIR(folder_stat.st_mode)) {
        return bm_fail(error, "%s cannot be made: there is no folder %s", path, folder);
    }
    if (there && !S_ISREG(file.st_mode)) {
        return bm_fail(error, "%s is %s; a study is kept in a file", path,
                       S_ISDIR(file.st_mode) ? "a folder" : "no regular file");
    }
    if (there && file.st_size > 0 && file.st_size < SMALLEST_DATABASE) { /* SQLite would take it for an empty one */
        return bm_fail(error, "%s is no SQLite database", path);
    }
    *read_only = (there && !writable(path, &file)) || !writable(folder, &folder_stat);
    if (*read_only && mode != BM_STORE_READ) {
        const bool own = there && !writable(path, &file);
        return bm_fail(error, "%s%s is read-only; a study writes to it", own ? "" : "the folder ", own ? path : folder);
    }
    return BM_OK;
}

/* A path as SQLite takes it whatever it begins with ("file:", ":memory:"), and as a URI where nothing may be written:
 * such a file is read as it stands, for the files that belong to a log could not be made beside it. */
static char *sqlite_name(const char *path, bool immutable, bm_arena *arena) {
    static const char hex[] = "0123456789ABCDEF";
    char *name = BM_NEW(arena, char, 3 * strlen(path) + 32);
    if (!name) {
        return NULL;
    }
    char *end = stpcpy(name, immutable ? "file:" : "");
    end = stpcpy(end, path[0] == '/' ? "" : "./");
    for (const char *c = path; *c; c++) {
        if (immutable && strchr("%?#", *c)) {
            *end++ = '%';
            *end++ = hex[*c >> 4];
            *end++ = hex[*c & 15];
        } else {
            *end++ = *c;
        }
    }
    stpcpy(end, immutable ? "?immutable=1" : "");
    return name;
}

/* Whether commits stand in a log beside the file: those of a program that runs, or that was killed. */
static bool has_log(const char *path) {
    char log[4200];
    struct stat file;
    snprintf(log, sizeof log, "%s-wal", path);
    return stat(log, &file) == 0 && file.st_size > 0;
}

static bm_status connect_to(bm_store *store, bm_store_mode mode, bool read_only, bm_error *error) {
    const bool log = has_log(store->path);
    const char *name = sqlite_name(store->path, read_only && !log, &store->arena);
    const int flags = read_only                 ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                      : mode == BM_STORE_CREATE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                : SQLITE_OPEN_READWRITE;
    if (!name) {
        return bm_arena_check(&store->arena, "the store", error);
    }
    keep_trouble(store, sqlite3_open_v2(name, &store->database, flags, NULL));
    if (!store->database) {
        return bm_fail(error, "not enough memory to open %s", store->path);
    }
    sqlite3_extended_result_codes(store->database, 1);
    sqlite3_busy_timeout(store->database, OPEN_TIMEOUT);
    if (mode == BM_STORE_READ) {
        bm_store_execute(store, "PRAGMA query_only = 1");
    }
    /* Closing a file that is refused must not move a log into it. */
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)log, NULL);
    return bm_store_done(store, BM_OK, error);
}

/* Where a log cannot be had (another program reads the file just now, a network's file system), the file stays as it
 * is: slower, no more. */
static void prepare_to_write(bm_store *store) {
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    sqlite3_exec(store->database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    sqlite3_busy_timeout(store->database, WRITE_TIMEOUT);
}

bm_status bm_store_open(bm_store **store, const char *path, bm_store_mode mode, bm_error *error) {
    bool read_only;
    *store = NULL;
    if (!*path || strlen(path) >= 4000) {
        return bm_invalid(error, "the file of a study needs a name of 1 to 4000 bytes");
    }
    bm_status status = judge_path(path, mode, &read_only, error);
    if (status != BM_OK) {
        return status;
    }
    bm_store *opened = calloc(1, sizeof *opened);
    if (!opened || !(opened->path = strdup(path))) {
        free(opened);
        return bm_fail(error, "not enough memory to open %s", path);
    }
    status = connect_to(opened, mode, read_only, error);
    if (status == BM_OK) {
        mode == BM_STORE_READ ? bm_store_snapshot(opened) : bm_store_lock(opened);
        status = bm_store_schema(opened, mode == BM_STORE_CREATE, error);
        status = bm_store_done(opened, status, error);
    }
    if (status != BM_OK) {
        bm_store_close(opened);
        return status;
    }
    if (mode != BM_STORE_READ) {
        prepare_to_write(opened);
    }
    *store = opened;
    return BM_OK;
}

void bm_store_close(bm_store *store) {
    if (!store) {
        return;
    }
    for (int i = 0; i < BM_STORE_STATEMENTS; i++) {
        sqlite3_finalize(store->statements[i].statement);
    }
    sqlite3_close(store->database);
    bm_store_forget(store);
    bm_arena_free(&store->arena);
    free(store->path);
    free(store);
}
