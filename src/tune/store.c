/* A trial's life in the file: begun, given parameters, reporting, ended. Each step is one transaction, and those that
 * change a trial change nothing in one that has ended, whoever ended it. */
#include <math.h>
#include <string.h>

#include "tune/store_distribution.h"
#include "tune/store_file.h"

/* Where numbers were given twice, as programs of Optuna's may, the later trial is meant. */
#define TRIAL_OF_NUMBER                                                                                                \
    "(SELECT trial_id FROM trials WHERE study_id = ?1 AND number = ?2 ORDER BY trial_id DESC LIMIT 1)"
#define RUNNING_TRIAL " FROM trials WHERE trial_id = " TRIAL_OF_NUMBER " AND state = 'RUNNING'"

/* Why nothing was changed: the trial has ended, or never was. */
static bm_status not_running(bm_store *store, int64_t number, bm_error *error) {
    static const char sql[] = "SELECT state FROM trials WHERE trial_id = " TRIAL_OF_NUMBER;
    if (store->trouble) {
        return BM_OK; /* it is told by bm_store_done */
    }
    bm_status status = BM_OK;
    sqlite3_stmt *query = bm_store_query(store, sql, "ii", store->study, number);
    if (bm_store_row(store, query)) {
        status = bm_fail(error, "trial %lld of study %.100s is %s, not RUNNING", (long long)number, store->study_name,
                         (const char *)sqlite3_column_text(query, 0));
        bm_store_end(query);
        return status;
    }
    return bm_fail(error, "study %.100s of %s has no trial %lld", store->study_name, store->path, (long long)number);
}

/* Whether there is such a trial, to have it. */
static bool put_attribute(bm_store *store, int64_t number, const char *key, const char *json) {
    static const char sql[] = "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json)"
                              " SELECT trial_id, ?3, ?4 FROM trials WHERE trial_id = " TRIAL_OF_NUMBER
                              " ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json";
    return bm_store_run(store, bm_store_query(store, sql, "iitt", store->study, number, key, json)) > 0;
}

/* ---- begin */

/* fixed_params: {"learning_rate": 0.001, "optimizer": "adam"} */
static void read_fixed(bm_store *store, int64_t id, double *value) {
    static const char sql[] =
        "SELECT value_json FROM trial_system_attributes WHERE trial_id = ?1 AND \"key\" = 'fixed_params'";
    sqlite3_stmt *query = bm_store_query(store, sql, "i", id);
    if (!bm_store_row(store, query)) {
        return;
    }
    const char *text = (const char *)sqlite3_column_text(query, 0);
    cJSON *fixed = text ? cJSON_Parse(text) : NULL;
    bm_store_end(query);
    for (int i = 0; i < store->space->count; i++) {
        const bm_parameter *p = &store->space->parameter[i];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(fixed, p->name);
        if (item) {
            value[i] = bm_distribution_value(p, item);
        }
    }
    cJSON_Delete(fixed);
}

/* What a trial has, and what it is to have. */
static void read_settled(bm_store *store, int64_t id, double *value) {
    bm_store_read_params(store, id, value);
    read_fixed(store, id, value);
}

/* Begins a WAITING trial, where there is one. Trials never go back to WAITING, so that those looked at are not looked
 * at again. */
static bool begin_waiting(bm_store *store, int64_t limit, int64_t *number, double *value) {
    static const char sql[] = "SELECT trial_id, number FROM trials WHERE study_id = ?1 AND trial_id > ?2"
                              " AND state = 'WAITING' AND number < ?3 ORDER BY trial_id LIMIT 1";
    sqlite3_stmt *query = bm_store_query(store, sql, "iii", store->study, store->waiting_from, limit);
    if (!bm_store_row(store, query)) {
        return false;
    }
    const int64_t id = sqlite3_column_int64(query, 0);
    *number = sqlite3_column_int64(query, 1);
    bm_store_end(query);
    read_settled(store, id, value);
    static const char run[] =
        "UPDATE trials SET state = 'RUNNING', datetime_start = " BM_STORE_NOW " WHERE trial_id = ?1";
    bm_store_run(store, bm_store_query(store, run, "i", id));
    store->waiting_from = id;
    return true;
}

static bool begin_new(bm_store *store, int64_t limit, int64_t *number) {
    static const char last[] = "SELECT number FROM trials WHERE study_id = ?1 ORDER BY trial_id DESC LIMIT 1";
    sqlite3_stmt *query = bm_store_query(store, last, "i", store->study);
    *number = 0;
    if (bm_store_row(store, query)) {
        *number = sqlite3_column_int64(query, 0) + 1;
        bm_store_end(query);
    }
    if (*number >= limit) {
        return false;
    }
    static const char add[] = "INSERT INTO trials (number, study_id, state, datetime_start)"
                              " VALUES (?1, ?2, 'RUNNING', " BM_STORE_NOW ")";
    bm_store_run(store, bm_store_query(store, add, "ii", *number, store->study));
    store->waiting_from = sqlite3_last_insert_rowid(store->database);
    return true;
}

bm_status bm_store_begin(bm_store *store, const char *owner, int64_t limit, int64_t *number, double *value,
                         bm_error *error) {
    if (!store->study) {
        return bm_invalid(error, "no study of %s is open", store->path);
    }
    const int64_t waiting_from = store->waiting_from;
    for (int i = 0; i < store->space->count; i++) {
        value[i] = NAN;
    }
    bm_store_lock(store);
    if (begin_waiting(store, limit, number, value) || begin_new(store, limit, number)) {
        put_attribute(store, *number, BM_STORE_OWNER, owner);
    } else {
        *number = -1;
    }
    const bm_status status = bm_store_done(store, BM_OK, error);
    store->waiting_from = status == BM_OK ? store->waiting_from : waiting_from;
    return status;
}

bm_status bm_store_take(bm_store *store, int64_t number, const char *from, const char *owner, bool *taken,
                        double *value, bm_error *error) {
    static const char theirs[] =
        "SELECT trial_id" RUNNING_TRIAL " AND EXISTS (SELECT * FROM trial_user_attributes a WHERE a.trial_id ="
        " trials.trial_id AND \"key\" = '" BM_STORE_OWNER "' AND value_json = ?3)";
    static const char again[] = "UPDATE trials SET datetime_start = " BM_STORE_NOW " WHERE trial_id = ?1";
    static const char forget[] = "DELETE FROM trial_intermediate_values WHERE trial_id = ?1";
    bm_store_lock(store);
    sqlite3_stmt *query = bm_store_query(store, theirs, "iit", store->study, number, from);
    *taken = bm_store_row(store, query);
    if (*taken) {
        const int64_t id = sqlite3_column_int64(query, 0);
        bm_store_end(query);
        put_attribute(store, number, BM_STORE_OWNER, owner);
        bm_store_run(store, bm_store_query(store, again, "i", id));
        bm_store_run(store, bm_store_query(store, forget, "i", id));
        read_settled(store, id, value);
    }
    return bm_store_done(store, BM_OK, error);
}

/* ---- while it runs */

bm_status bm_store_params(bm_store *store, int64_t number, const double *value, bm_error *error) {
    static const char sql[] =
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
        " SELECT trial_id, ?3, ?4, ?5" RUNNING_TRIAL " ON CONFLICT (trial_id, param_name) DO UPDATE"
        " SET param_value = excluded.param_value, distribution_json = excluded.distribution_json";
    bm_status status = BM_OK;
    bm_store_lock(store);
    for (int i = 0; i < store->space->count && status == BM_OK; i++) {
        if (!isnan(value[i]) && bm_store_run(store, bm_store_query(store, sql, "iitdt", store->study, number,
                                                                   store->space->parameter[i].name, value[i],
                                                                   store->distribution[i])) == 0) {
            status = not_running(store, number, error);
        }
    }
    return bm_store_done(store, status, error);
}

bm_status bm_store_report(bm_store *store, int64_t number, int64_t step, double value, bm_error *error) {
    static const char sql[] =
        "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type)"
        " SELECT trial_id, ?3, ?4, ?5" RUNNING_TRIAL " ON CONFLICT (trial_id, step) DO UPDATE"
        " SET intermediate_value = excluded.intermediate_value,"
        " intermediate_value_type = excluded.intermediate_value_type";
    sqlite3_stmt *query = bm_store_query(store, sql, "iiidt", store->study, number, step, isfinite(value) ? value : NAN,
                                         bm_store_number_type(value));
    const bm_status status = bm_store_run(store, query) ? BM_OK : not_running(store, number, error);
    return bm_store_done(store, status, error);
}

bm_status bm_store_attribute(bm_store *store, int64_t number, const char *key, const char *json, bm_error *error) {
    const bm_status status = put_attribute(store, number, key, json) ? BM_OK : not_running(store, number, error);
    return bm_store_done(store, status, error);
}

bm_status bm_store_read_attribute(bm_store *store, int64_t number, const char *key, bm_arena *arena, const char **json,
                                  bm_error *error) {
    static const char sql[] =
        "SELECT value_json FROM trial_user_attributes WHERE trial_id = " TRIAL_OF_NUMBER " AND \"key\" = ?3";
    *json = NULL;
    sqlite3_stmt *query = bm_store_query(store, sql, "iit", store->study, number, key);
    if (bm_store_row(store, query)) {
        *json = bm_store_text(query, 0, arena);
        bm_store_end(query);
    }
    return bm_store_done(store, bm_arena_check(arena, "an attribute", error), error);
}

/* ---- end */

bm_status bm_store_finish(bm_store *store, int64_t number, bm_trial_state state, double value, const char *key,
                          const char *json, bm_error *error) {
    if (state == BM_TRIAL_RUNNING || state == BM_TRIAL_WAITING || (state == BM_TRIAL_COMPLETE && isnan(value))) {
        return bm_invalid(error, "trial %lld cannot end as %s%s", (long long)number, bm_store_state_name(state),
                          state == BM_TRIAL_COMPLETE ? " without a value" : "");
    }
    static const char end[] = "UPDATE trials SET state = ?3, datetime_complete = " BM_STORE_NOW
                              " WHERE trial_id = " TRIAL_OF_NUMBER " AND state = 'RUNNING'";
    static const char add[] = "INSERT INTO trial_values (trial_id, objective, value, value_type)"
                              " VALUES (" TRIAL_OF_NUMBER ", 0, ?3, ?4)";
    bm_status status = BM_OK;
    bm_store_lock(store);
    if (bm_store_run(store, bm_store_query(store, end, "iit", store->study, number, bm_store_state_name(state))) == 0) {
        status = not_running(store, number, error);
    }
    if (status == BM_OK && !isnan(value)) {
        bm_store_run(store, bm_store_query(store, add, "iidt", store->study, number, isinf(value) ? NAN : value,
                                           bm_store_number_type(value)));
    }
    if (status == BM_OK && key) {
        put_attribute(store, number, key, json);
    }
    return bm_store_done(store, status, error);
}
