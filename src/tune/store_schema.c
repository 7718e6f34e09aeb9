/* Optuna's tables as its version 3.1 makes them (its storages/_rdb; Akiba et al. 2019, "Optuna: A Next-generation
 * Hyperparameter Optimization Framework"). Names, types and constraints are what its object-relational mapping and its
 * migrations go by. */
#include <stdio.h>
#include <string.h>

#include "tune/store_file.h"

#define REVISION "v3.0.0.d" /* the last of Optuna's migrations that 3.1 knows; they sort as text */
enum { TABLES = 13, SCHEMA_VERSION = 12 /* the older count; it stands still since there are migrations */ };

#define OF_STUDY "FOREIGN KEY (study_id) REFERENCES studies (study_id)"
#define OF_TRIAL "FOREIGN KEY (trial_id) REFERENCES trials (trial_id)"

static const char studies[] =
    "CREATE TABLE studies (study_id INTEGER NOT NULL PRIMARY KEY, study_name VARCHAR(512) NOT NULL);"
    "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);"

    "CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL PRIMARY KEY, direction VARCHAR(8) NOT NULL,"
    " study_id INTEGER NOT NULL, objective INTEGER NOT NULL, UNIQUE (study_id, objective), " OF_STUDY ");"

    "CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL PRIMARY KEY, study_id INTEGER,"
    " \"key\" VARCHAR(512), value_json TEXT, UNIQUE (study_id, \"key\"), " OF_STUDY ");"

    "CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL PRIMARY KEY, study_id INTEGER,"
    " \"key\" VARCHAR(512), value_json TEXT, UNIQUE (study_id, \"key\"), " OF_STUDY ");";

static const char trials[] =
    "CREATE TABLE trials (trial_id INTEGER NOT NULL PRIMARY KEY, number INTEGER, study_id INTEGER,"
    " state VARCHAR(8) NOT NULL, datetime_start DATETIME, datetime_complete DATETIME, " OF_STUDY ");"

    "CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL PRIMARY KEY, trial_id INTEGER,"
    " \"key\" VARCHAR(512), value_json TEXT, UNIQUE (trial_id, \"key\"), " OF_TRIAL ");"

    "CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL PRIMARY KEY, trial_id INTEGER,"
    " \"key\" VARCHAR(512), value_json TEXT, UNIQUE (trial_id, \"key\"), " OF_TRIAL ");"

    "CREATE TABLE trial_params (param_id INTEGER NOT NULL PRIMARY KEY, trial_id INTEGER, param_name VARCHAR(512),"
    " param_value FLOAT, distribution_json TEXT, UNIQUE (trial_id, param_name), " OF_TRIAL ");"

    "CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL PRIMARY KEY, trial_id INTEGER NOT NULL,"
    " objective INTEGER NOT NULL, value FLOAT, value_type VARCHAR(7) NOT NULL,"
    " UNIQUE (trial_id, objective), " OF_TRIAL ");"

    "CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL PRIMARY KEY,"
    " trial_id INTEGER NOT NULL, step INTEGER NOT NULL, intermediate_value FLOAT,"
    " intermediate_value_type VARCHAR(7) NOT NULL, UNIQUE (trial_id, step), " OF_TRIAL ");"

    "CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL PRIMARY KEY, trial_id INTEGER NOT NULL,"
    " heartbeat DATETIME NOT NULL, UNIQUE (trial_id), " OF_TRIAL ");";

static const char versions[] =
    "CREATE TABLE version_info (version_info_id INTEGER NOT NULL PRIMARY KEY, schema_version INTEGER,"
    " library_version VARCHAR(256), CHECK (version_info_id = 1));"
    "INSERT INTO version_info VALUES (1, 12, '3.1.0');"

    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));"
    "INSERT INTO alembic_version VALUES ('" REVISION "');";

static int64_t count_of(bm_store *store, sqlite3_stmt *query) {
    int64_t count = -1; /* where it cannot be asked */
    if (bm_store_row(store, query)) {
        count = sqlite3_column_int64(query, 0);
        bm_store_end(query);
    }
    return count;
}

static bm_status write_schema(bm_store *store, bm_error *error) {
    bm_store_execute(store, studies);
    bm_store_execute(store, trials);
    bm_store_execute(store, versions);
    return bm_store_trouble(store, error);
}

static bm_status other_revision(bm_store *store, const char *revision, bm_error *error) {
    const bool newer = strcmp(revision, REVISION) > 0;
    return bm_fail(error, "%s has a%s schema of Optuna's, %.32s instead of " REVISION " (Optuna 3.0 and 3.1)%s",
                   store->path, newer ? " newer" : "n older", revision,
                   newer ? "; choose another file" : "; `optuna storage upgrade` of Optuna 3.1 brings it up to date");
}

bm_status bm_store_schema(bm_store *store, bool create, bm_error *error) {
    const int64_t objects = count_of(store, bm_store_query(store, "SELECT count(*) FROM sqlite_master", ""));
    if (objects < 0) {
        return bm_store_trouble(store, error);
    }
    if (objects == 0) {
        return create ? write_schema(store, error) : bm_fail(error, "%s is empty: it holds no study", store->path);
    }
    static const char tables[] =
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('studies', 'study_directions',"
        " 'study_user_attributes', 'study_system_attributes', 'trials', 'trial_user_attributes',"
        " 'trial_system_attributes', 'trial_params', 'trial_values', 'trial_intermediate_values', 'trial_heartbeats',"
        " 'version_info', 'alembic_version')";
    static const char core[] = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                               " AND name IN ('studies', 'trials', 'version_info', 'alembic_version')";
    if (count_of(store, bm_store_query(store, core, "")) != 4) {
        return bm_fail(error, "%s is another kind of database: it has not the tables of a study", store->path);
    }
    const int64_t version = count_of(store, bm_store_query(store, "SELECT max(schema_version) FROM version_info", ""));
    sqlite3_stmt *query = bm_store_query(store, "SELECT max(version_num) FROM alembic_version", "");
    char revision[33] = "";
    if (bm_store_row(store, query)) {
        const char *text = (const char *)sqlite3_column_text(query, 0);
        snprintf(revision, sizeof revision, "%s", text ? text : "none");
        bm_store_end(query);
    }
    if (bm_store_trouble(store, error) != BM_OK) {
        return BM_FAILED;
    }
    if (strcmp(revision, REVISION) != 0) {
        return other_revision(store, revision, error);
    }
    if (version != SCHEMA_VERSION || count_of(store, bm_store_query(store, tables, "")) != TABLES) {
        return bm_fail(error, "%s has another schema than its revision " REVISION " says", store->path);
    }
    return BM_OK;
}
