/* The trials of a study as they stand in the file. A trial that has ended never changes, so that each reading costs
 * what has changed since the one before, and not what the study has grown to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tune/store_distribution.h"
#include "tune/store_file.h"

static const char *const state_names[] = {
    [BM_TRIAL_RUNNING] = "RUNNING", [BM_TRIAL_COMPLETE] = "COMPLETE", [BM_TRIAL_PRUNED] = "PRUNED",
    [BM_TRIAL_FAIL] = "FAIL",       [BM_TRIAL_WAITING] = "WAITING",
};
enum { STATES = sizeof state_names / sizeof state_names[0] };

const char *bm_store_state_name(bm_trial_state state) {
    return state_names[state];
}

static bool has_ended(bm_trial_state state) {
    return state == BM_TRIAL_COMPLETE || state == BM_TRIAL_PRUNED || state == BM_TRIAL_FAIL;
}

void bm_store_forget(bm_store *store) {
    bm_store_cache *cache = &store->cache;
    free(cache->trial);
    free(cache->id);
    bm_arena_free(&cache->ended);
    bm_arena_free(&cache->unfinished);
    memset(cache, 0, sizeof *cache);
}

static bool grow(bm_store_cache *cache) {
    const size_t capacity = cache->capacity ? 2 * (size_t)cache->capacity : 64;
    bm_trial *trial = realloc(cache->trial, capacity * sizeof *trial);
    cache->trial = trial ? trial : cache->trial;
    int64_t *id = realloc(cache->id, capacity * sizeof *id);
    cache->id = id ? id : cache->id;
    if (trial && id) {
        cache->capacity = (int)capacity;
    }
    return trial && id;
}

/* Numbers rise with ids, except where several programs of Optuna's counted at the same time. */
static bool add(bm_store_cache *cache, int64_t id, int64_t number) {
    if (cache->count == cache->capacity && !grow(cache)) {
        return false;
    }
    int at = cache->count++;
    for (; at > 0 && cache->trial[at - 1].number > number; at--) {
        cache->trial[at] = cache->trial[at - 1];
        cache->id[at] = cache->id[at - 1];
    }
    cache->trial[at] = (bm_trial){.number = number, .state = BM_TRIAL_WAITING, .value = NAN};
    cache->id[at] = id;
    cache->last_id = id;
    return true;
}

static bool add_new(bm_store *store) {
    static const char sql[] =
        "SELECT trial_id, number FROM trials WHERE study_id = ?1 AND trial_id > ?2 ORDER BY trial_id";
    sqlite3_stmt *query = bm_store_query(store, sql, "ii", store->study, store->cache.last_id);
    while (bm_store_row(store, query)) {
        if (!add(&store->cache, sqlite3_column_int64(query, 0), sqlite3_column_int64(query, 1))) {
            bm_store_end(query);
            return false;
        }
    }
    return true;
}

/* Of choices in another order, or other types, the one that reads the same. */
static double param_value(const bm_store *store, int i, double stored, const char *distribution) {
    const bm_parameter *p = &store->space->parameter[i];
    if (p->kind != BM_PARAMETER_CATEGORICAL || !distribution || strcmp(distribution, store->distribution[i]) == 0) {
        return stored;
    }
    bm_arena scratch = {0};
    bm_parameter theirs = {0};
    double value = NAN;
    if (bm_distribution_read(distribution, &theirs, &scratch, NULL) == BM_OK && stored >= 0 &&
        stored < theirs.choices && theirs.kind == BM_PARAMETER_CATEGORICAL) {
        value = bm_distribution_choice(p, theirs.choice[(int)stored]);
    }
    bm_arena_free(&scratch);
    return value;
}

void bm_store_read_params(bm_store *store, int64_t id, double *value) {
    for (int i = 0; i < store->space->count; i++) {
        value[i] = NAN;
    }
    static const char sql[] = "SELECT param_name, param_value, distribution_json FROM trial_params WHERE trial_id = ?1";
    sqlite3_stmt *query = bm_store_query(store, sql, "i", id);
    while (bm_store_row(store, query)) {
        const char *name = (const char *)sqlite3_column_text(query, 0);
        const int i = name ? bm_search_space_find(store->space, name) : -1;
        if (i >= 0) {
            value[i] =
                param_value(store, i, sqlite3_column_double(query, 1), (const char *)sqlite3_column_text(query, 2));
        }
    }
}

/* ---- one trial */

static bool read_state(bm_store *store, int64_t id, bm_trial_state *state) {
    sqlite3_stmt *query = bm_store_query(store, "SELECT state FROM trials WHERE trial_id = ?1", "i", id);
    if (!bm_store_row(store, query)) {
        return false;
    }
    const char *name = (const char *)sqlite3_column_text(query, 0);
    int i = 0;
    while (i < STATES && (!name || strcmp(name, state_names[i]) != 0)) {
        i++;
    }
    bm_store_end(query);
    *state = (bm_trial_state)i;
    return i < STATES;
}

static double read_value(bm_store *store, int64_t id) {
    static const char sql[] = "SELECT value, value_type FROM trial_values WHERE trial_id = ?1 AND objective = 0";
    sqlite3_stmt *query = bm_store_query(store, sql, "i", id);
    double value = NAN;
    if (bm_store_row(store, query)) {
        value = bm_store_number(query, 0, 1);
        bm_store_end(query);
    }
    return value;
}

static void read_reports(bm_store *store, int64_t id, bm_trial *trial, bm_arena *arena) {
    int reports = 0;
    sqlite3_stmt *query =
        bm_store_query(store, "SELECT count(*) FROM trial_intermediate_values WHERE trial_id = ?1", "i", id);
    if (bm_store_row(store, query)) {
        reports = sqlite3_column_int(query, 0);
        bm_store_end(query);
    }
    trial->step = BM_NEW(arena, int64_t, reports);
    trial->report = BM_NEW(arena, double, reports);
    static const char sql[] = "SELECT step, intermediate_value, intermediate_value_type FROM trial_intermediate_values"
                              " WHERE trial_id = ?1 ORDER BY step";
    query = reports && trial->step && trial->report ? bm_store_query(store, sql, "i", id) : NULL;
    for (trial->reports = 0; bm_store_row(store, query); trial->reports++) {
        trial->step[trial->reports] = sqlite3_column_int64(query, 0);
        trial->report[trial->reports] = bm_store_number(query, 1, 2);
    }
}

static bm_status read_trial(bm_store *store, int64_t id, bm_trial *trial, bm_error *error) {
    bm_trial_state state;
    if (!read_state(store, id, &state)) {
        return bm_fail(error, "trial %lld of study %.100s is no longer in %s", (long long)trial->number,
                       store->study_name, store->path);
    }
    bm_arena *arena = has_ended(state) ? &store->cache.ended : &store->cache.unfinished;
    trial->state = state;
    trial->value = read_value(store, id);
    trial->param = BM_NEW(arena, double, store->space->count);
    if (trial->param) {
        bm_store_read_params(store, id, trial->param);
    }
    read_reports(store, id, trial, arena);
    return bm_arena_check(arena, "the trials", error);
}

bm_status bm_store_trials(bm_store *store, bm_trials *trials, bm_error *error) {
    bm_store_cache *cache = &store->cache;
    memset(trials, 0, sizeof *trials);
    bm_arena_free(&cache->unfinished);
    bm_store_snapshot(store);
    bm_status status = add_new(store) ? BM_OK : bm_fail(error, "not enough memory for the trials");
    for (int i = 0; i < cache->count && status == BM_OK && !store->trouble; i++) {
        if (!has_ended(cache->trial[i].state)) {
            status = read_trial(store, cache->id[i], &cache->trial[i], error);
        }
    }
    status = bm_store_done(store, status, error);
    if (status != BM_OK) {
        bm_store_forget(store); /* what was half read must not be taken for whole */
        return status;
    }
    *trials = (bm_trials){.count = cache->count, .trial = cache->trial, .maximize = store->maximize};
    return BM_OK;
}
