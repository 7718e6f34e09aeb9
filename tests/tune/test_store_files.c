/* What is no store is named in one sentence and left as it was, byte for byte; what is read-only can be read; a full
 * disk loses nothing that was told before. */
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_support.h"

/* The whole file with its length, free() it; NULL: there is none. */
static unsigned char *bytes_of(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    *bytes = 0;
    if (!file) {
        return NULL;
    }
    unsigned char *all = malloc(1 << 20);
    ck_assert_ptr_nonnull(all);
    *bytes = fread(all, 1, 1 << 20, file);
    fclose(file);
    return all;
}

static void write_bytes(const char *path, const void *data, size_t bytes) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, bytes, file), bytes);
    fclose(file);
}

/* A study of n trials. */
static void make_study(const char *path, int n) {
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(path, &space);
    const double value[SPACE_SIZE] = {0.003, 2, 3, 0, NAN, 1, 10};
    for (int i = 0; i < n; i++) {
        int64_t number;
        double fixed[SPACE_SIZE];
        bm_error error;
        MUST(bm_store_begin(store, OWNER, MANY, &number, fixed, &error));
        MUST(bm_store_params(store, number, value, &error));
        MUST(bm_store_finish(store, number, BM_TRIAL_COMPLETE, i, NULL, NULL, &error));
    }
    bm_store_close(store);
}

/* Refused in every way of opening it, in one sentence with the words, and nothing changed: neither the file nor its
 * folder. */
static void assert_refused(const store_place *place, bm_store_mode mode, const char *words) {
    size_t before_bytes, after_bytes;
    unsigned char *before = bytes_of(place->path, &before_bytes);
    bm_store *store = (bm_store *)&before;
    bm_error error = {""};
    ck_assert_msg(bm_store_open(&store, place->path, mode, &error) == BM_FAILED, "accepted, in mode %d", (int)mode);
    ck_assert_ptr_null(store);
    ck_assert_msg(strstr(error.text, words) != NULL, "'%s' in mode %d, and not '%s'", error.text, (int)mode, words);
    ck_assert_msg(strstr(error.text, place->folder) != NULL, "'%s' does not name the file", error.text);
    ck_assert_msg(strchr(error.text, '\n') == NULL, "%s", error.text);
    unsigned char *after = bytes_of(place->path, &after_bytes);
    ck_assert(!before == !after && before_bytes == after_bytes);
    ck_assert(before_bytes == 0 || memcmp(before, after, before_bytes) == 0);
    free(before);
    free(after);
}

static void assert_refused_always(const store_place *place, const char *words) {
    assert_refused(place, BM_STORE_READ, words);
    assert_refused(place, BM_STORE_WRITE, words);
    assert_refused(place, BM_STORE_CREATE, words);
}

static const char *const only_the_study[] = {"study.db", NULL};

START_TEST(what_is_no_file_is_refused) {
    store_place place = make_place();
    assert_refused(&place, BM_STORE_READ, "there is no file");
    assert_refused(&place, BM_STORE_WRITE, "there is no file");
    mkdir(place.path, 0777);
    assert_refused_always(&place, "is a folder");
    rmdir(place.path);
    mkfifo(place.path, 0666);
    bm_store *store;
    bm_error error;
    ck_assert_int_eq(bm_store_open(&store, place.path, BM_STORE_WRITE, &error), BM_FAILED);
    ck_assert_msg(strstr(error.text, "no regular file") != NULL, "%s", error.text);
    unlink(place.path);
    snprintf(place.path, sizeof place.path, "%s/no/study.db", place.folder);
    assert_refused(&place, BM_STORE_CREATE, "there is no folder");
    ck_assert_int_eq(bm_store_open(&store, "", BM_STORE_CREATE, &error), BM_INVALID);
    scratch_remove(place.folder, (const char *const[]){NULL});
}
END_TEST

START_TEST(what_is_no_database_is_refused) {
    const store_place place = make_place();
    static const char text[] = "learning_rate: 0.001\n";
    write_bytes(place.path, text, sizeof text - 1);
    assert_refused_always(&place, "no SQLite database");
    char page[8192];
    memset(page, 'x', sizeof page);
    write_bytes(place.path, page, sizeof page);
    assert_refused_always(&place, "no SQLite database");
    scratch_remove(place.folder, only_the_study);
}
END_TEST

START_TEST(a_truncated_file_is_refused) {
    const store_place place = make_place();
    make_study(place.path, 100);
    size_t bytes;
    unsigned char *whole = bytes_of(place.path, &bytes);
    ck_assert_uint_gt(bytes, 60000);
    for (size_t left = 1; left < bytes; left = left < 20 ? left + 7 : left * 2) {
        write_bytes(place.path, whole, left);
        bm_store *store;
        bm_error error;
        ck_assert_msg(bm_store_open(&store, place.path, BM_STORE_CREATE, &error) == BM_FAILED, "%zu bytes", left);
        assert_refused(&place, BM_STORE_WRITE, "database");
    }
    free(whole);
    scratch_remove(place.folder, only_the_study);
}
END_TEST

START_TEST(databases_of_other_kinds_and_schemas_are_refused) {
    static const struct {
        const char *change, *words;
    } cases[] = {
        {"UPDATE alembic_version SET version_num = 'v3.2.0.a'", "newer schema"},
        {"UPDATE alembic_version SET version_num = 'v9.0.0.a'", "newer schema"},
        {"UPDATE alembic_version SET version_num = 'v2.6.0.a'", "older schema"},
        {"UPDATE version_info SET schema_version = 13", "another schema"},
        {"DROP TABLE trial_heartbeats", "another schema"},
        {"DROP TABLE studies", "another kind of database"},
        {"DELETE FROM alembic_version", "schema"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const store_place place = make_place();
        make_study(place.path, 1);
        execute(place.path, cases[i].change);
        assert_refused_always(&place, cases[i].words);
        scratch_remove(place.folder, only_the_study);
    }
    const store_place place = make_place();
    execute(place.path, "PRAGMA journal_mode = DELETE; CREATE TABLE moz_places (id INTEGER, url TEXT)");
    assert_refused_always(&place, "another kind of database");
    scratch_remove(place.folder, only_the_study);
}
END_TEST

/* A program was killed whose last words stand in the log: whoever reads them, only one who may changes the file. */
START_TEST(a_refused_file_keeps_the_log_beside_it) {
    const store_place place = make_place();
    make_study(place.path, 1);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        sqlite3 *database;
        sqlite3_open(place.path, &database);
        sqlite3_exec(database, "UPDATE alembic_version SET version_num = 'v4.0.0.a'", NULL, NULL, NULL);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    char log[sizeof place.path + 8];
    snprintf(log, sizeof log, "%s-wal", place.path);
    size_t before_bytes, after_bytes;
    unsigned char *before = bytes_of(log, &before_bytes);
    ck_assert_uint_gt(before_bytes, 0);
    assert_refused_always(&place, "newer schema");
    unsigned char *after = bytes_of(log, &after_bytes);
    ck_assert(before_bytes == after_bytes && memcmp(before, after, before_bytes) == 0);
    free(before);
    free(after);
    scratch_remove(place.folder, (const char *const[]){"study.db", "study.db-wal", "study.db-shm", NULL});
}
END_TEST

START_TEST(an_empty_file_becomes_a_store_only_where_one_is_to_be_made) {
    const store_place place = make_place();
    write_bytes(place.path, "", 0);
    assert_refused(&place, BM_STORE_READ, "holds no study");
    assert_refused(&place, BM_STORE_WRITE, "holds no study");
    bm_store_close(open_store(place.path, BM_STORE_CREATE));
    bm_store_close(open_store(place.path, BM_STORE_WRITE));
    scratch_remove(place.folder, only_the_study);
}
END_TEST

START_TEST(a_read_only_file_is_read_and_not_written) {
    const store_place place = make_place();
    make_study(place.path, 3);
    chmod(place.path, 0444);
    assert_refused(&place, BM_STORE_WRITE, "read-only");
    assert_refused(&place, BM_STORE_CREATE, "read-only");
    bm_store *store = open_store(place.path, BM_STORE_READ);
    bm_search_space space;
    bm_trials trials;
    bm_error error;
    bool maximize;
    MUST(bm_store_load(store, "demo", &space, &maximize, &error));
    MUST(bm_store_trials(store, &trials, &error));
    ck_assert_int_eq(trials.count, 3);
    bm_store_close(store);
    bm_search_space_free(&space);

    chmod(place.folder, 0555);
    store = open_store(place.path, BM_STORE_READ);
    bm_store_close(store);
    chmod(place.path, 0644);
    assert_refused(&place, BM_STORE_WRITE, "read-only");
    chmod(place.folder, 0755);
    scratch_remove(place.folder, only_the_study);
}
END_TEST

START_TEST(a_locked_file_is_refused) {
    const store_place place = make_place();
    make_study(place.path, 3);
    execute(place.path, "PRAGMA journal_mode = DELETE");
    sqlite3 *other;
    ck_assert_int_eq(sqlite3_open(place.path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_refused(&place, BM_STORE_WRITE, "locked by another program");
    assert_refused(&place, BM_STORE_READ, "locked by another program");
    sqlite3_close(other);
    bm_store_close(open_store(place.path, BM_STORE_WRITE));
    scratch_remove(place.folder, only_the_study);
}
END_TEST

START_TEST(names_that_sqlite_would_take_otherwise_are_names) {
    const store_place place = make_place();
    static const char *const names[] = {":memory:", "file:x?mode=memory", "50%3f#.db", "ünï cödé.db", NULL};
    char home[4096];
    ck_assert_ptr_nonnull(getcwd(home, sizeof home));
    ck_assert_int_eq(chdir(place.folder), 0);
    for (int i = 0; names[i]; i++) {
        make_study(names[i], 1);
        ck_assert_int_eq(access(names[i], F_OK), 0);
        chmod(names[i], 0444);
        bm_store_close(open_store(names[i], BM_STORE_READ));
    }
    ck_assert_int_eq(chdir(home), 0);
    scratch_remove(place.folder, names);
}
END_TEST

START_TEST(a_full_disk_loses_nothing_told_before) {
    const store_place place = make_place();
    make_study(place.path, 20);
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    int64_t number = -1;
    double value[SPACE_SIZE] = {0.003, 2, 3, 0, NAN, 1, 10};
    bm_error error = {""};
    limit_file_size(40000);
    bm_status status = BM_OK;
    int told = 0;
    for (int i = 0; i < 1000 && status == BM_OK; i++) {
        status = bm_store_begin(store, OWNER, MANY, &number, value, &error);
        status = status == BM_OK ? bm_store_finish(store, number, BM_TRIAL_COMPLETE, 1, NULL, NULL, &error) : status;
        told += status == BM_OK;
    }
    limit_file_size(-1);
    ck_assert_int_eq(status, BM_FAILED);
    ck_assert_msg(strstr(error.text, place.path) != NULL, "%s", error.text);
    bm_trials trials;
    MUST(bm_store_trials(store, &trials, &error));
    int complete = 0;
    for (int i = 0; i < trials.count; i++) {
        complete += trials.trial[i].state == BM_TRIAL_COMPLETE;
    }
    ck_assert_int_eq(complete, 20 + told);
    MUST(bm_store_begin(store, OWNER, MANY, &number, value, &error)); /* there is room again */
    bm_store_close(store);
    scratch_remove(place.folder, only_the_study);
}
END_TEST

TEST_MAIN("store_files", 60, what_is_no_file_is_refused, what_is_no_database_is_refused, a_truncated_file_is_refused,
          databases_of_other_kinds_and_schemas_are_refused, a_refused_file_keeps_the_log_beside_it,
          an_empty_file_becomes_a_store_only_where_one_is_to_be_made, a_read_only_file_is_read_and_not_written,
          a_locked_file_is_refused, names_that_sqlite_would_take_otherwise_are_names,
          a_full_disk_loses_nothing_told_before)
