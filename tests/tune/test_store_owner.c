/* Several programs on one study: a trial has its owner from the first moment, is taken up by one only, and there are
 * never more than were wanted; files and studies are made at the same moment. */
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_support.h"

static const double adam[SPACE_SIZE] = {0.003, 2, 3, 0, NAN, 1, 10};

#define DEAD "\"a 1 1\""
#define HEIR "\"a 2 2\""

static int64_t begin(bm_store *store, const char *owner, int64_t limit) {
    int64_t number;
    double value[SPACE_SIZE];
    bm_error error;
    MUST(bm_store_begin(store, owner, limit, &number, value, &error));
    return number;
}

static bool take(bm_store *store, int64_t number, const char *from, const char *owner, double *value) {
    bool taken;
    bm_error error;
    MUST(bm_store_take(store, number, from, owner, &taken, value, &error));
    return taken;
}

/* ---- beginning */

START_TEST(a_trial_and_its_owner_are_there_together_or_not_at_all) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    static const char owner_of_one[] = "SELECT value_json FROM trial_user_attributes JOIN trials USING (trial_id)"
                                       " WHERE number = 1 AND \"key\" = 'bellman:owner'";
    ck_assert_int_eq(begin(store, DEAD, MANY), 0);
    execute(place.path, "INSERT INTO trials (trial_id, number, study_id, state) VALUES (2, 1, 1, 'WAITING')");
    execute(place.path, "CREATE TRIGGER refuse BEFORE INSERT ON trial_user_attributes"
                        " BEGIN SELECT RAISE(ABORT, 'not now'); END");
    int64_t number;
    double value[SPACE_SIZE];
    bm_error error;
    ck_assert_int_eq(bm_store_begin(store, HEIR, MANY, &number, value, &error), BM_FAILED);
    assert_says(place.path, "SELECT state FROM trials WHERE number = 1", "WAITING");
    execute(place.path, "DROP TRIGGER refuse");
    ck_assert_int_eq(begin(store, HEIR, MANY), 1);
    assert_says(place.path, owner_of_one, HEIR);
    execute(place.path, "CREATE TRIGGER refuse BEFORE INSERT ON trial_user_attributes"
                        " BEGIN SELECT RAISE(ABORT, 'not now'); END");
    ck_assert_int_eq(bm_store_begin(store, HEIR, MANY, &number, value, &error), BM_FAILED);
    assert_says(place.path, "SELECT count(*) FROM trials", "2");
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(no_trial_begins_beyond_the_limit) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    ck_assert_int_eq(begin(store, OWNER, 2), 0);
    execute(place.path, "INSERT INTO trials (number, study_id, state) VALUES (1, 1, 'WAITING'), (2, 1, 'WAITING')");
    ck_assert_int_eq(begin(store, OWNER, 2), 1);
    ck_assert_int_eq(begin(store, OWNER, 2), -1);
    assert_says(place.path, "SELECT group_concat(state) FROM trials", "RUNNING,RUNNING,WAITING");
    ck_assert_int_eq(begin(store, OWNER, 4), 2);
    ck_assert_int_eq(begin(store, OWNER, 4), 3);
    ck_assert_int_eq(begin(store, OWNER, 4), -1);
    assert_says(place.path, "SELECT count(*) FROM trials", "4");
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

/* ---- taking up */

START_TEST(a_trial_is_taken_from_its_owner_while_it_runs) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space), *other = open_study(place.path, &space);
    double value[SPACE_SIZE];
    bm_error error;
    ck_assert_int_eq(begin(store, DEAD, MANY), 0);
    MUST(bm_store_params(store, 0, adam, &error));
    ck_assert(!take(store, 0, HEIR, "\"a 3 3\"", value)); /* it is not his */
    ck_assert(!take(store, 1, DEAD, HEIR, value));        /* there is none */
    ck_assert(take(store, 0, DEAD, HEIR, value));
    for (int i = 0; i < SPACE_SIZE; i++) {
        ck_assert_msg(value[i] == adam[i] || (isnan(value[i]) && isnan(adam[i])), "parameter %d is %g", i, value[i]);
    }
    assert_says(place.path, "SELECT value_json FROM trial_user_attributes", HEIR);
    ck_assert(!take(other, 0, DEAD, "\"a 3 3\"", value)); /* who comes second */
    assert_says(place.path, "SELECT value_json FROM trial_user_attributes", HEIR);
    MUST(bm_store_finish(store, 0, BM_TRIAL_COMPLETE, 1, NULL, NULL, &error));
    ck_assert(!take(other, 0, HEIR, "\"a 3 3\"", value)); /* it has ended */
    assert_says(place.path, "SELECT state || value_json FROM trials JOIN trial_user_attributes USING (trial_id)",
                "COMPLETE" HEIR);
    bm_store_close(store);
    bm_store_close(other);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(reports_of_the_attempt_before_are_gone) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    double value[SPACE_SIZE];
    bm_error error;
    bm_trials trials;
    for (int64_t n = 0; n < 2; n++) {
        ck_assert_int_eq(begin(store, DEAD, MANY), n);
        MUST(bm_store_params(store, n, adam, &error));
        MUST(bm_store_report(store, n, 10, 1, &error));
        MUST(bm_store_report(store, n, 20, 2, &error));
    }
    ck_assert(take(store, 1, DEAD, HEIR, value));
    MUST(bm_store_report(store, 1, 5, 7, &error));
    MUST(bm_store_trials(store, &trials, &error));
    ck_assert_int_eq(trials.trial[0].reports, 2); /* of another trial */
    ck_assert_int_eq(trials.trial[1].reports, 1);
    ck_assert(trials.trial[1].step[0] == 5 && trials.trial[1].report[0] == 7);
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

START_TEST(what_optuna_fixed_stays_fixed_when_its_first_process_dies) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    double value[SPACE_SIZE];
    execute(place.path, "INSERT INTO trials (trial_id, number, study_id, state) VALUES (1, 0, 1, 'WAITING');"
                        "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES (1, 'fixed_params',"
                        " '{\"learning_rate\": 0.002, \"optimizer\": \"sgd\"}')");
    ck_assert_int_eq(begin(store, DEAD, MANY), 0); /* and no parameters follow */
    ck_assert(take(store, 0, DEAD, HEIR, value));
    ck_assert(value[RATE] == 0.002 && value[OPTIMIZER] == 1 && isnan(value[LAYERS]));
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

/* ---- ending */

START_TEST(what_is_told_of_an_end_is_kept_with_it_or_not_at_all) {
    const store_place place = make_place();
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(place.path, &space);
    bm_error error;
    static const char told[] = "SELECT value_json FROM trial_user_attributes WHERE \"key\" = 'told'";
    ck_assert_int_eq(begin(store, OWNER, MANY), 0);
    MUST(bm_store_finish(store, 0, BM_TRIAL_COMPLETE, 1, "told", "[1]", &error));
    assert_says(place.path, told, "[1]");
    ck_assert_int_eq(bm_store_finish(store, 0, BM_TRIAL_FAIL, NAN, "told", "[2]", &error), BM_FAILED);
    assert_says(place.path, told, "[1]");
    bm_store_close(store);
    scratch_remove(place.folder, NULL);
}
END_TEST

/* ---- at the same moment */

enum { PROGRAMS = 4 };

typedef bool program(const char *path, int who);

/* Runs as many programs as there are, from the same moment on; how many of them said yes. */
static int at_once(program *run, const char *path) {
    int ends[2], yes = 0, status;
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < PROGRAMS; i++) {
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            char nothing;
            close(ends[1]);
            _exit(read(ends[0], &nothing, 1) == 0 && run(path, i) ? 0 : 1);
        }
    }
    close(ends[0]);
    close(ends[1]); /* which is what they wait for */
    for (int i = 0; i < PROGRAMS; i++) {
        ck_assert_int_gt(wait(&status), 0);
        yes += status == 0;
    }
    return yes;
}

static bool make_both(const char *path, int who) {
    (void)who;
    const bm_search_space space = hand_made_space();
    bm_store *store;
    bm_error error;
    bool fine = bm_store_open(&store, path, BM_STORE_CREATE, &error) == BM_OK &&
                bm_store_study(store, "demo", &space, true, NULL, &error) == BM_OK;
    bm_store_close(store);
    if (!fine) {
        fprintf(stderr, "%s\n", error.text);
    }
    return fine;
}

START_TEST(a_file_and_its_study_are_made_once_by_all_who_want_them) {
    const store_place place = make_place();
    for (int round = 0; round < 60; round++) {
        char path[SCRATCH_BYTES + 32];
        snprintf(path, sizeof path, "%s/round%d.db", place.folder, round);
        const int fine = at_once(make_both, path);
        ck_assert_msg(fine == PROGRAMS, "round %d: %d of %d could open it", round, fine, PROGRAMS);
        assert_says(path, "SELECT count(*) FROM studies", "1");
        assert_says(path, "SELECT count(*) FROM alembic_version", "1");
    }
    scratch_remove(place.folder, NULL);
}
END_TEST

static bool take_the_first(const char *path, int who) {
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(path, &space);
    char owner[32];
    double value[SPACE_SIZE];
    snprintf(owner, sizeof owner, "\"a 9 %d\"", who);
    const bool taken = take(store, 0, DEAD, owner, value);
    bm_store_close(store);
    return taken;
}

START_TEST(of_all_who_take_a_trial_up_one_gets_it) {
    const bm_search_space space = hand_made_space();
    for (int round = 0; round < 20; round++) {
        const store_place place = make_place();
        bm_store *store = open_study(place.path, &space);
        ck_assert_int_eq(begin(store, DEAD, MANY), 0);
        bm_store_close(store);
        ck_assert_int_eq(at_once(take_the_first, place.path), 1);
        scratch_remove(place.folder, NULL);
    }
}
END_TEST

static bool begin_all(const char *path, int who) {
    (void)who;
    const bm_search_space space = hand_made_space();
    bm_store *store = open_study(path, &space);
    while (begin(store, OWNER, 30) >= 0) {
    }
    bm_store_close(store);
    return true;
}

START_TEST(together_they_begin_as_many_as_are_wanted) {
    const store_place place = make_place();
    ck_assert_int_eq(at_once(begin_all, place.path), PROGRAMS);
    assert_says(place.path, "SELECT count(*) || ' ' || max(number) FROM trials", "30 29");
    scratch_remove(place.folder, NULL);
}
END_TEST

TEST_MAIN("store_owner", 120, a_trial_and_its_owner_are_there_together_or_not_at_all, no_trial_begins_beyond_the_limit,
          a_trial_is_taken_from_its_owner_while_it_runs, reports_of_the_attempt_before_are_gone,
          what_optuna_fixed_stays_fixed_when_its_first_process_dies,
          what_is_told_of_an_end_is_kept_with_it_or_not_at_all, a_file_and_its_study_are_made_once_by_all_who_want_them,
          of_all_who_take_a_trial_up_one_gets_it, together_they_begin_as_many_as_are_wanted)
