/* The store: trials come back as they were told, numbers are given once however many programs ask, what has ended stays
 * as it ended, and a study is found again only as what it is. */
#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_support.h"

static const double adam[SPACE_SIZE] = {0.003, 2, 3, 0, NAN, 1, 10};
static const double sgd[SPACE_SIZE] = {1e-5, 0, 1, 1, 0.9, 0, 1000};

static int64_t begin(bm_store *store) {
    int64_t number;
    double value[SPACE_SIZE];
    bm_error error;
    MUST(bm_store_begin(store, OWNER, MANY, &number, value, &error));
    return number;
}

static void assert_params(const double *got, const double *want) {
    for (int i = 0; i < SPACE_SIZE; i++) {
        ck_assert_msg(got[i] == want[i] || (isnan(got[i]) && isnan(want[i])), "parameter %d: %g instead of %g", i,
                      got[i], want[i]);
    }
}

START_TEST(trials_come_back_as_they_were_told) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    for (int64_t n = 0; n < 4; n++) {
        ck_assert_int_eq(begin(store), n);
        MUST(bm_store_params(store, n, n % 2 ? sgd : adam, &error));
    }
    static const double reports[] = {0.5, NAN, INFINITY, -INFINITY};
    for (int i = 3; i >= 0; i--) { /* steps in any order */
        MUST(bm_store_report(store, 0, 100 * i, reports[i], &error));
    }
    MUST(bm_store_report(store, 0, 0, 0.75, &error)); /* the last word on a step counts */
    MUST(bm_store_finish(store, 0, BM_TRIAL_COMPLETE, 0.1, NULL, NULL, &error));
    MUST(bm_store_finish(store, 1, BM_TRIAL_PRUNED, -INFINITY, NULL, NULL, &error));
    MUST(bm_store_finish(store, 2, BM_TRIAL_FAIL, NAN, NULL, NULL, &error));
    bm_store_close(store);

    store = open_study(place.path, &space);
    bm_trials trials;
    MUST(bm_store_trials(store, &trials, &error));
    ck_assert(trials.maximize);
    ck_assert_int_eq(trials.count, 4);
    static const bm_trial_state states[] = {BM_TRIAL_COMPLETE, BM_TRIAL_PRUNED, BM_TRIAL_FAIL, BM_TRIAL_RUNNING};
    for (int n = 0; n < 4; n++) {
        ck_assert_int_eq(trials.trial[n].number, n);
        ck_assert_int_eq(trials.trial[n].state, states[n]);
        assert_params(trials.trial[n].param, n % 2 ? sgd : adam);
    }
    const bm_trial *first = &trials.trial[0];
    ck_assert_int_eq(first->reports, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(first->step[i], 100 * i);
    }
    ck_assert(first->report[0] == 0.75 && isnan(first->report[1]));
    ck_assert(first->report[2] == INFINITY && first->report[3] == -INFINITY);
    ck_assert(first->value == 0.1 && trials.trial[1].value == -INFINITY && isnan(trials.trial[2].value));
    ck_assert_int_eq(trials.trial[3].reports, 0);
    bm_store_close(store);
    scratch_remove(place.folder, (const char *const[]){"study.db", NULL}); /* the log is gone with the last program */
}
END_TEST

START_TEST(what_changed_since_the_last_reading_is_seen) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *reader = open_study(place.path, &space), *writer = open_study(place.path, &space);
    bm_error error;
    bm_trials trials;
    MUST(bm_store_trials(reader, &trials, &error));
    ck_assert_int_eq(trials.count, 0);
    for (int64_t n = 0; n < 200; n++) {
        ck_assert_int_eq(begin(writer), n);
        MUST(bm_store_params(writer, n, adam, &error));
        MUST(bm_store_trials(reader, &trials, &error));
        ck_assert_int_eq(trials.count, n + 1);
        ck_assert_int_eq(trials.trial[n].state, BM_TRIAL_RUNNING);
        MUST(bm_store_report(writer, n, 7, (double)n, &error));
        if (n % 3) {
            MUST(bm_store_finish(writer, n, BM_TRIAL_COMPLETE, (double)n, NULL, NULL, &error));
        }
        MUST(bm_store_trials(reader, &trials, &error));
        for (int64_t i = 0; i <= n; i++) {
            const bm_trial *trial = &trials.trial[i];
            ck_assert_int_eq(trial->state, i % 3 ? BM_TRIAL_COMPLETE : BM_TRIAL_RUNNING);
            ck_assert(i % 3 ? trial->value == (double)i : isnan(trial->value));
            ck_assert(trial->reports == 1 && trial->report[0] == (double)i);
            assert_params(trial->param, adam);
        }
    }
    bm_store_close(reader);
    bm_store_close(writer);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(what_has_ended_stays_as_it_ended) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space), *other = open_study(place.path, &space);
    bm_error error;
    begin(store);
    MUST(bm_store_params(store, 0, adam, &error));
    ck_assert_int_eq(bm_store_finish(store, 0, BM_TRIAL_COMPLETE, NAN, NULL, NULL, &error), BM_INVALID);
    ck_assert_int_eq(bm_store_finish(store, 0, BM_TRIAL_RUNNING, 1, NULL, NULL, &error), BM_INVALID);
    MUST(bm_store_finish(store, 0, BM_TRIAL_COMPLETE, 1, NULL, NULL, &error));

    ck_assert_int_eq(bm_store_finish(other, 0, BM_TRIAL_FAIL, 2, NULL, NULL, &error), BM_FAILED);
    ck_assert_str_eq(error.text, "trial 0 of study demo is COMPLETE, not RUNNING");
    ck_assert_int_eq(bm_store_params(other, 0, sgd, &error), BM_FAILED);
    ck_assert_int_eq(bm_store_report(other, 0, 1, 2, &error), BM_FAILED);
    ck_assert_int_eq(bm_store_finish(other, 1, BM_TRIAL_FAIL, NAN, NULL, NULL, &error), BM_FAILED);
    ck_assert_msg(strstr(error.text, "no trial 1") != NULL, "%s", error.text);

    bm_trials trials;
    MUST(bm_store_trials(other, &trials, &error));
    ck_assert_int_eq(trials.count, 1);
    ck_assert(trials.trial[0].state == BM_TRIAL_COMPLETE && trials.trial[0].value == 1);
    ck_assert_int_eq(trials.trial[0].reports, 0);
    assert_params(trials.trial[0].param, adam);
    bm_store_close(store);
    bm_store_close(other);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(attributes_are_kept_word_for_word) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    static const char *const attributes[] = {"seed", "7", "objective", "[\"dqn\", \"CartPole-v1\"]", NULL};
    bm_store *store = open_store(place.path, BM_STORE_CREATE);
    bm_error error;
    bm_arena arena = {0};
    const char *json;
    MUST(bm_store_study(store, "demo", &space, true, attributes, &error));
    MUST(bm_store_study_attribute(store, "objective", &arena, &json, &error));
    ck_assert_str_eq(json, attributes[3]);
    MUST(bm_store_study_attribute(store, "agent", &arena, &json, &error));
    ck_assert_ptr_null(json);

    begin(store);
    MUST(bm_store_attribute(store, 0, "worker", "12", &error));
    MUST(bm_store_attribute(store, 0, "worker", "\"späť\"", &error));
    MUST(bm_store_finish(store, 0, BM_TRIAL_FAIL, NAN, NULL, NULL, &error));
    MUST(bm_store_attribute(store, 0, "why", "null", &error)); /* of one that has ended, too */
    MUST(bm_store_read_attribute(store, 0, "worker", &arena, &json, &error));
    ck_assert_str_eq(json, "\"späť\"");
    MUST(bm_store_read_attribute(store, 0, "why", &arena, &json, &error));
    ck_assert_str_eq(json, "null");
    MUST(bm_store_read_attribute(store, 0, "when", &arena, &json, &error));
    ck_assert_ptr_null(json);
    ck_assert_int_eq(bm_store_attribute(store, 5, "worker", "12", &error), BM_FAILED);
    bm_arena_free(&arena);
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

/* ---- studies */

static bm_status open_as(bm_store *store, const bm_search_space *space, bool maximize, bm_error *error) {
    return bm_store_study(store, "demo", space, maximize, NULL, error);
}

START_TEST(a_study_is_found_again_only_as_what_it_is) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    char before[256], after[256];
    static const char all[] = "SELECT group_concat(value_json) FROM study_system_attributes";
    ask(place.path, all, before);
    MUST(open_as(store, &space, true, &error));

    ck_assert_int_eq(open_as(store, &space, false, &error), BM_INVALID);
    ck_assert_msg(strstr(error.text, "study demo") && strstr(error.text, "maximizes"), "%s", error.text);
    bm_search_space changed[6];
    for (int i = 0; i < 6; i++) {
        changed[i] = space;
    }
    static const char *spelled[] = {"32", "64", "100"}, *more[] = {"adam", "sgd", "lion"};
    changed[0].parameter[RATE].high = 0.1;
    changed[1].count--;
    changed[2].parameter[MOMENTUM].when = 1;
    changed[3].parameter[MOMENTUM].parent = -1;
    changed[4].parameter[OPTIMIZER].choices = 3;
    changed[4].parameter[OPTIMIZER].choice = more;
    snprintf(changed[5].parameter[LAYERS].name, sizeof changed[5].parameter[LAYERS].name, "depth");
    static const char *const names[] = {"learning_rate", "every", "momentum", "momentum", "optimizer", "layers"};
    for (int i = 0; i < 6; i++) {
        ck_assert_msg(open_as(store, &changed[i], true, &error) == BM_INVALID, "%s", names[i]);
        ck_assert_msg(strstr(error.text, names[i]) != NULL, "%s", error.text);
    }
    int64_t number;
    double value[SPACE_SIZE];
    ck_assert_int_eq(bm_store_begin(store, OWNER, MANY, &number, value, &error), BM_INVALID); /* none is open now */

    bm_search_space same = space; /* 100 is 1e2 */
    same.parameter[BATCH].choice = spelled;
    MUST(open_as(store, &same, true, &error));
    ask(place.path, all, after);
    ck_assert_str_eq(before, after);
    assert_says(place.path, "SELECT count(*) FROM studies", "1");
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(a_study_opens_without_knowing_its_space) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    begin(store);
    MUST(bm_store_params(store, 0, sgd, &error));
    MUST(bm_store_finish(store, 0, BM_TRIAL_COMPLETE, 3, NULL, NULL, &error));
    bm_store_close(store);

    store = open_store(place.path, BM_STORE_READ);
    bm_search_space read;
    bm_trials trials;
    bool maximize = false;
    ck_assert_int_eq(bm_store_load(store, "dmeo", &read, &maximize, &error), BM_FAILED);
    ck_assert_msg(strstr(error.text, "no study dmeo") != NULL, "%s", error.text);
    ck_assert_int_eq(read.count, 0);
    MUST(bm_store_load(store, "demo", &read, &maximize, &error));
    ck_assert(maximize);
    ck_assert_int_eq(read.count, SPACE_SIZE);
    ck_assert_int_eq(read.parameter[MOMENTUM].parent, OPTIMIZER);
    ck_assert_str_eq(read.parameter[BATCH].choice[2], "1e2");
    MUST(bm_store_trials(store, &trials, &error));
    assert_params(trials.trial[0].param, sgd);
    double value[SPACE_SIZE];
    int64_t number;
    ck_assert_int_eq(bm_store_begin(store, OWNER, MANY, &number, value, &error), BM_FAILED); /* it was opened to read */
    ck_assert_msg(strstr(error.text, "may not be written to") != NULL, "%s", error.text);
    bm_store_close(store);
    bm_search_space_free(&read);
    scratch_remove(place.folder, (const char *const[]){"study.db", NULL});
}
END_TEST

START_TEST(studies_of_a_file_are_listed_and_count_apart) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    for (int64_t n = 0; n < 6; n++) {
        ck_assert_int_eq(begin(store), n);
        if (n < 5) {
            MUST(bm_store_finish(store, n,
                                 n < 3   ? BM_TRIAL_COMPLETE
                                 : n < 4 ? BM_TRIAL_PRUNED
                                         : BM_TRIAL_FAIL,
                                 1, NULL, NULL, &error));
        }
    }
    MUST(bm_store_study(store, "other", &space, false, NULL, &error));
    ck_assert_int_eq(begin(store), 0);
    bm_store_summary *list;
    int count;
    bm_arena arena = {0};
    MUST(bm_store_studies(store, &arena, &list, &count, &error));
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(list[0].name, "demo");
    ck_assert(list[0].maximize && list[0].trials == 6 && list[0].complete == 3 && list[0].pruned == 1);
    ck_assert(list[0].failed == 1 && list[0].running == 1 && list[0].waiting == 0);
    ck_assert_str_eq(list[1].name, "other");
    ck_assert(!list[1].maximize && list[1].trials == 1 && list[1].running == 1);
    bm_arena_free(&arena);
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

/* ---- what others write */

START_TEST(trials_that_wait_are_taken_up_first_with_what_they_fix) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    ck_assert_int_eq(begin(store), 0);
    execute(place.path,
            "INSERT INTO trials (trial_id, number, study_id, state) VALUES (2, 1, 1, 'WAITING'), (3, 2, 1, 'WAITING');"
            "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES (2, 'fixed_params',"
            " '{\"learning_rate\": 0.002, \"optimizer\": \"sgd\", \"batch_size\": 100, \"layers\": 9, \"new\": 1}')");
    int64_t number;
    double value[SPACE_SIZE];
    bm_trials trials;
    MUST(bm_store_begin(store, OWNER, MANY, &number, value, &error));
    ck_assert_int_eq(number, 1);
    assert_params(value, (const double[SPACE_SIZE]){0.002, 2, NAN, 1, NAN, NAN, NAN}); /* layers=9 is outside */
    MUST(bm_store_begin(store, OWNER, MANY, &number, value, &error));
    ck_assert_int_eq(number, 2);
    ck_assert(isnan(value[RATE]));
    ck_assert_int_eq(begin(store), 3);
    MUST(bm_store_trials(store, &trials, &error));
    ck_assert_int_eq(trials.count, 4);
    ck_assert_int_eq(trials.trial[1].state, BM_TRIAL_RUNNING);
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(choices_of_other_types_and_orders_are_read_as_what_they_say) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    execute(
        place.path,
        "INSERT INTO trials (trial_id, number, study_id, state) VALUES (1, 0, 1, 'COMPLETE');"
        "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (1, 0, 2.5, 'FINITE');"
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES"
        " (1, 'batch_size', 2.0, '{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [100.0, 64, "
        "\"32\"]}}'),"
        " (1, 'duelling', 0.0, '{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[true,false]}}'),"
        " (1, 'optimizer', 0.0, '{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"lion\"]}}'),"
        " (1, 'stranger', 0.5, '{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0, \"high\": 1}}')");
    bm_trials trials;
    MUST(bm_store_trials(store, &trials, &error));
    assert_params(trials.trial[0].param, (const double[SPACE_SIZE]){NAN, 0, NAN, NAN, NAN, 0, NAN});
    ck_assert(trials.trial[0].value == 2.5);
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

/* Optuna insists on the choices that a parameter began with: "32" is not 32 there. */
START_TEST(a_parameter_keeps_the_types_it_began_with) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    static const char strings[] =
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"32\", \"64\", \"1e2\"]}}";
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO trials (trial_id, number, study_id, state) VALUES (1, 0, 1, 'FAIL');"
             "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
             " VALUES (1, 'batch_size', 1.0, '%s')",
             strings);
    execute(place.path, sql);
    bm_store_close(store);
    store = open_study(place.path, &space);
    ck_assert_int_eq(begin(store), 1);
    MUST(bm_store_params(store, 1, adam, &error));
    assert_says(place.path,
                "SELECT distribution_json FROM trial_params WHERE trial_id = 2 AND param_name = 'batch_size'", strings);
    bm_trials trials;
    MUST(bm_store_trials(store, &trials, &error));
    ck_assert(trials.trial[0].param[BATCH] == 1 && trials.trial[1].param[BATCH] == 2);
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

enum { PROGRAMS = 4, EACH = 50 };

START_TEST(several_programs_never_share_a_number) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_error error;
    for (int i = 0; i < PROGRAMS; i++) {
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) { /* all of them want to make the file, and the study */
            bm_store *store;
            bool fine = bm_store_open(&store, place.path, BM_STORE_CREATE, &error) == BM_OK &&
                        bm_store_study(store, "demo", &space, true, NULL, &error) == BM_OK;
            for (int n = 0; n < EACH && fine; n++) {
                int64_t number;
                double value[SPACE_SIZE];
                fine = bm_store_begin(store, OWNER, MANY, &number, value, &error) == BM_OK &&
                       bm_store_params(store, number, adam, &error) == BM_OK &&
                       bm_store_report(store, number, i, 1, &error) == BM_OK &&
                       bm_store_finish(store, number, BM_TRIAL_COMPLETE, (double)number, NULL, NULL, &error) == BM_OK;
            }
            bm_store_close(store);
            _exit(fine ? 0 : 1);
        }
    }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    bm_store *store = open_study(place.path, &space);
    bm_trials trials;
    MUST(bm_store_trials(store, &trials, &error));
    ck_assert_int_eq(trials.count, PROGRAMS * EACH);
    int by_program[PROGRAMS] = {0};
    for (int n = 0; n < trials.count; n++) {
        ck_assert_int_eq(trials.trial[n].number, n);
        ck_assert(trials.trial[n].state == BM_TRIAL_COMPLETE && trials.trial[n].value == n);
        ck_assert_int_eq(trials.trial[n].reports, 1);
        by_program[trials.trial[n].step[0]]++;
    }
    for (int i = 0; i < PROGRAMS; i++) {
        ck_assert_int_eq(by_program[i], EACH);
    }
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(the_file_is_optunas_schema) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    begin(store);
    MUST(bm_store_params(store, 0, adam, &error));
    MUST(bm_store_report(store, 0, 3, NAN, &error));
    MUST(bm_store_finish(store, 0, BM_TRIAL_COMPLETE, INFINITY, NULL, NULL, &error));
    static const char *const rows[][2] = {
        {"SELECT count(*) FROM sqlite_master WHERE type = 'table'", "13"},
        {"SELECT version_num FROM alembic_version", "v3.0.0.d"},
        {"SELECT version_info_id || ' ' || schema_version || ' ' || library_version FROM version_info", "1 12 3.1.0"},
        {"SELECT direction || objective FROM study_directions", "MAXIMIZE0"},
        {"SELECT state FROM trials", "COMPLETE"},
        {"SELECT datetime_start GLOB '20[0-9][0-9]-[01][0-9]-[0-3][0-9] "
         "[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]000'"
         " FROM trials",
         "1"},
        {"SELECT datetime_complete >= datetime_start FROM trials", "1"},
        {"SELECT coalesce(value, 'NULL') || ' ' || value_type FROM trial_values", "NULL INF_POS"},
        {"SELECT step || ' ' || coalesce(intermediate_value, 'NULL') || ' ' || intermediate_value_type"
         " FROM trial_intermediate_values",
         "3 NULL NAN"},
        {"SELECT typeof(param_value) || param_value FROM trial_params WHERE param_name = 'batch_size'", "real2.0"},
        {"SELECT distribution_json FROM trial_params WHERE param_name = 'batch_size'",
         "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [32, 64, 100.0]}}"},
        {"SELECT count(*) FROM trial_params", "6"},
        {"PRAGMA journal_mode", "wal"},
        {"PRAGMA integrity_check", "ok"},
        {"PRAGMA foreign_key_check", "no row"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_says(place.path, rows[i][0], rows[i][1]);
    }
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

TEST_MAIN("store", 60, trials_come_back_as_they_were_told, what_changed_since_the_last_reading_is_seen,
          what_has_ended_stays_as_it_ended, attributes_are_kept_word_for_word,
          a_study_is_found_again_only_as_what_it_is, a_study_opens_without_knowing_its_space,
          studies_of_a_file_are_listed_and_count_apart, trials_that_wait_are_taken_up_first_with_what_they_fix,
          choices_of_other_types_and_orders_are_read_as_what_they_say, a_parameter_keeps_the_types_it_began_with,
          several_programs_never_share_a_number, the_file_is_optunas_schema)
