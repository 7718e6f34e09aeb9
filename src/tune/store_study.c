/* Studies: made or found again with the same space and direction, listed, and opened as they stand.
 *
 * A study of ours carries its space as a system attribute, for distributions do not tell which parameters exist only
 * where. One that Optuna made has the parameters that its trials have had; once it was continued here, it carries the
 * space too. */
#include <stdio.h>
#include <string.h>

#include "tune/store_distribution.h"
#include "tune/store_file.h"

#define SPACE_KEY "bellman:space"

/* ---- what the file says */

/* store->study becomes its id; 0: there is none of that name. */
static bm_status find_study(bm_store *store, const char *name, bm_error *error) {
    sqlite3_stmt *query =
        bm_store_query(store,
                       "SELECT study_id, (SELECT count(*) FROM study_directions d WHERE d.study_id = s.study_id),"
                       " (SELECT direction FROM study_directions d WHERE d.study_id = s.study_id AND objective = 0)"
                       " FROM studies s WHERE study_name = ?1",
                       "t", name);
    store->study = 0;
    if (!bm_store_row(store, query)) {
        return BM_OK;
    }
    const int objectives = sqlite3_column_int(query, 1);
    const char *direction = (const char *)sqlite3_column_text(query, 2);
    store->maximize = direction && strcmp(direction, "MAXIMIZE") == 0;
    if (objectives == 1 && direction && (store->maximize || strcmp(direction, "MINIMIZE") == 0)) {
        store->study = sqlite3_column_int64(query, 0);
    }
    bm_store_end(query);
    return store->study
               ? BM_OK
               : bm_invalid(error, "study %.100s of %s has %d objectives, and one is needed; choose another name", name,
                            store->path, objectives);
}

/* The space of the trials so far: each parameter with its latest distribution, in the order of their first
 * appearance. */
static bm_status observed_space(bm_store *store, bm_search_space *space, bm_error *error) {
    static const char sql[] = "SELECT param_name, distribution_json FROM trial_params p JOIN"
                              " (SELECT min(param_id) AS first, max(param_id) AS last FROM trial_params"
                              "  JOIN trials USING (trial_id) WHERE study_id = ?1 GROUP BY param_name)"
                              " ON param_id = last ORDER BY first";
    bm_status status = BM_OK;
    memset(space, 0, sizeof *space);
    sqlite3_stmt *query = bm_store_query(store, sql, "i", store->study);
    while (bm_store_row(store, query) && status == BM_OK) {
        bm_parameter *p = &space->parameter[space->count];
        const char *name = (const char *)sqlite3_column_text(query, 0);
        const char *json = (const char *)sqlite3_column_text(query, 1);
        if (space->count == BM_PARAMETERS || !name || strlen(name) >= sizeof p->name || !json) {
            status = bm_fail(error, "%s has a study of more, or longer named, parameters than the %d that fit",
                             store->path, BM_PARAMETERS);
        } else {
            snprintf(p->name, sizeof p->name, "%s", name);
            status = bm_distribution_read(json, p, &space->arena, error);
            space->count += status == BM_OK;
        }
    }
    bm_store_end(query);
    return status == BM_OK ? bm_arena_check(&space->arena, "the space of a study", error) : status;
}

/* The space that the study carries, or what can be observed of one; *carried tells which. */
static bm_status space_of_file(bm_store *store, bm_search_space *space, bool *carried, bm_error *error) {
    bm_arena scratch = {0};
    char *json = NULL;
    sqlite3_stmt *query = bm_store_query(
        store, "SELECT value_json FROM study_system_attributes WHERE study_id = ?1 AND \"key\" = '" SPACE_KEY "'", "i",
        store->study);
    if (bm_store_row(store, query)) {
        json = bm_store_text(query, 0, &scratch);
        bm_store_end(query);
    }
    *carried = json;
    const bm_status status = json ? bm_space_read(json, space, error) : observed_space(store, space, error);
    bm_arena_free(&scratch);
    return status;
}

/* ---- the same space? */

/* What the two spaces disagree on; NULL: nothing. Of a space that was only observed, parameters with a condition may
 * not have been seen yet. */
static const char *first_difference(const bm_search_space *ours, const bm_search_space *theirs, bool carried) {
    for (int i = 0; i < theirs->count; i++) {
        const bm_parameter *b = &theirs->parameter[i];
        const int found = bm_search_space_find(ours, b->name);
        const bm_parameter *a = found >= 0 ? &ours->parameter[found] : NULL;
        if (!a || !bm_distribution_same(a, b)) {
            return b->name;
        }
        const char *if_a = a->parent >= 0 ? ours->parameter[a->parent].name : "";
        const char *if_b = b->parent >= 0 ? theirs->parameter[b->parent].name : "";
        if (carried && (strcmp(if_a, if_b) != 0 || (a->parent >= 0 && a->when != b->when))) {
            return b->name;
        }
    }
    for (int i = 0; i < ours->count && (carried || theirs->count > 0); i++) {
        const bm_parameter *a = &ours->parameter[i];
        if (bm_search_space_find(theirs, a->name) < 0 && (carried || a->parent < 0)) {
            return a->name;
        }
    }
    return NULL;
}

static bm_status compare(bm_store *store, const char *name, const bm_search_space *space, bool maximize, bool *carried,
                         bm_error *error) {
    if (store->maximize != maximize) {
        return bm_invalid(error, "study %.100s of %s %s; choose another name", name, store->path,
                          store->maximize ? "maximizes, not minimizes" : "minimizes, not maximizes");
    }
    bm_search_space theirs;
    bm_status status = space_of_file(store, &theirs, carried, error);
    const char *difference = status == BM_OK ? first_difference(space, &theirs, *carried) : NULL;
    if (difference) {
        status = bm_invalid(error, "study %.100s of %s has another space: %.95s differs; choose another name", name,
                            store->path, difference);
    }
    bm_arena_free(&theirs.arena);
    return status;
}

/* ---- choosing one */

static bm_status choose(bm_store *store, const char *name, const bm_search_space *space, bm_error *error) {
    const size_t bytes = strlen(name) + 1;
    char *copy = BM_NEW(&store->arena, char, bytes);
    store->study_name = copy;
    store->space = space;
    store->waiting_from = 0;
    if (copy) {
        memcpy(copy, name, bytes);
    }
    /* Optuna insists on the very choices that a parameter began with, "16" or 16, which are one text here. */
    static const char sql[] = "SELECT distribution_json FROM trial_params p JOIN trials t ON t.trial_id = p.trial_id"
                              " WHERE t.study_id = ?1 AND p.param_name = ?2 ORDER BY param_id LIMIT 1";
    for (int i = 0; i < space->count; i++) {
        const bm_parameter *p = &space->parameter[i];
        const bool categorical = p->kind == BM_PARAMETER_CATEGORICAL;
        sqlite3_stmt *query = categorical ? bm_store_query(store, sql, "it", store->study, p->name) : NULL;
        store->distribution[i] = NULL;
        if (bm_store_row(store, query)) {
            store->distribution[i] = bm_store_text(query, 0, &store->arena);
            bm_store_end(query);
        }
        if (!store->distribution[i]) {
            store->distribution[i] = bm_distribution_json(p, &store->arena);
        }
        store->arena.refused += !store->distribution[i];
    }
    return bm_arena_check(&store->arena, "the study", error);
}

static void add_study(bm_store *store, const char *name, bool maximize, const char *const *attributes) {
    bm_store_run(store, bm_store_query(store, "INSERT INTO studies (study_name) VALUES (?1)", "t", name));
    store->study = sqlite3_last_insert_rowid(store->database);
    store->maximize = maximize;
    bm_store_run(
        store, bm_store_query(store, "INSERT INTO study_directions (direction, study_id, objective) VALUES (?1, ?2, 0)",
                              "ti", maximize ? "MAXIMIZE" : "MINIMIZE", store->study));
    for (const char *const *pair = attributes; pair && pair[0]; pair += 2) {
        bm_store_run(store, bm_store_query(store,
                                           "INSERT INTO study_user_attributes (study_id, \"key\", value_json)"
                                           " VALUES (?1, ?2, ?3)",
                                           "itt", store->study, pair[0], pair[1]));
    }
}

static void carry_space(bm_store *store, const bm_search_space *space) {
    const char *json = bm_space_json(space, &store->arena);
    store->arena.refused += !json;
    bm_store_run(store, bm_store_query(store,
                                       "INSERT INTO study_system_attributes (study_id, \"key\", value_json)"
                                       " VALUES (?1, '" SPACE_KEY "', ?2)",
                                       "it", store->study, json));
}

bm_status bm_store_study(bm_store *store, const char *name, const bm_search_space *space, bool maximize,
                         const char *const *attributes, bm_error *error) {
    if (!*name || strlen(name) > 512) {
        return bm_invalid(error, "a study needs a name of 1 to 512 bytes");
    }
    bool carried = false;
    bm_store_forget(store);
    bm_store_lock(store);
    bm_status status = find_study(store, name, error);
    if (status == BM_OK && store->study) {
        status = compare(store, name, space, maximize, &carried, error);
    } else if (status == BM_OK) {
        add_study(store, name, maximize, attributes);
    }
    if (status == BM_OK && !carried) {
        carry_space(store, space);
    }
    if (status == BM_OK) {
        status = choose(store, name, space, error);
    }
    status = bm_store_done(store, status, error);
    store->study = status == BM_OK ? store->study : 0;
    return status;
}

bm_status bm_store_load(bm_store *store, const char *name, bm_search_space *space, bool *maximize, bm_error *error) {
    bool carried;
    memset(space, 0, sizeof *space);
    bm_store_forget(store);
    bm_store_snapshot(store);
    bm_status status = find_study(store, name, error);
    if (status == BM_OK && !store->trouble && !store->study) {
        status = bm_fail(error, "%s has no study %.100s", store->path, name);
    }
    if (status == BM_OK) {
        status = space_of_file(store, space, &carried, error);
    }
    if (status == BM_OK) {
        status = choose(store, name, space, error);
    }
    status = bm_store_done(store, status, error);
    *maximize = store->maximize;
    if (status != BM_OK) {
        store->study = 0;
        bm_arena_free(&space->arena);
        memset(space, 0, sizeof *space);
    }
    return status;
}

/* ---- lists and attributes */

bm_status bm_store_studies(bm_store *store, bm_arena *arena, bm_store_summary **list, int *count, bm_error *error) {
    static const char sql[] =
        "SELECT study_name, direction, count(trial_id), total(state = 'COMPLETE'), total(state = 'PRUNED'),"
        " total(state = 'FAIL'), total(state = 'RUNNING'), total(state = 'WAITING') FROM studies s"
        " LEFT JOIN study_directions d ON d.study_id = s.study_id AND objective = 0"
        " LEFT JOIN trials t ON t.study_id = s.study_id GROUP BY s.study_id ORDER BY s.study_id";
    *list = NULL;
    *count = 0;
    int studies = 0;
    bm_store_snapshot(store);
    sqlite3_stmt *query = bm_store_query(store, "SELECT count(*) FROM studies", "");
    if (bm_store_row(store, query)) {
        studies = sqlite3_column_int(query, 0);
        bm_store_end(query);
    }
    bm_store_summary *summary = BM_NEW(arena, bm_store_summary, studies);
    query = summary ? bm_store_query(store, sql, "") : NULL;
    int n = 0;
    while (bm_store_row(store, query)) {
        const char *direction = (const char *)sqlite3_column_text(query, 1);
        summary[n++] = (bm_store_summary){
            .name = bm_store_text(query, 0, arena),
            .maximize = direction && strcmp(direction, "MAXIMIZE") == 0,
            .trials = sqlite3_column_int64(query, 2),
            .complete = sqlite3_column_int64(query, 3),
            .pruned = sqlite3_column_int64(query, 4),
            .failed = sqlite3_column_int64(query, 5),
            .running = sqlite3_column_int64(query, 6),
            .waiting = sqlite3_column_int64(query, 7),
        };
    }
    const bm_status status = bm_store_done(store, bm_arena_check(arena, "the list of studies", error), error);
    if (status == BM_OK) {
        *list = summary;
        *count = n;
    }
    return status;
}

bm_status bm_store_study_attribute(bm_store *store, const char *key, bm_arena *arena, const char **json,
                                   bm_error *error) {
    *json = NULL;
    sqlite3_stmt *query =
        bm_store_query(store, "SELECT value_json FROM study_user_attributes WHERE study_id = ?1 AND \"key\" = ?2", "it",
                       store->study, key);
    if (bm_store_row(store, query)) {
        *json = bm_store_text(query, 0, arena);
        bm_store_end(query);
    }
    return bm_store_done(store, bm_arena_check(arena, "an attribute", error), error);
}
