/* What a study does after the search: validation seeds choose, test seeds report, and no seed serves twice. */
#include <math.h>

#include "study_support.h"

/* The best of the search is the worst of the validation, and the test tells its seeds. */
static double contrary(int x, uint64_t seed) {
    return seed >= BM_STUDY_TEST_SEED         ? (double)seed
           : seed >= BM_STUDY_VALIDATION_SEED ? -x + 0.5 * (double)(seed - BM_STUDY_VALIDATION_SEED)
                                              : x;
}

/* x of 0 .. 7; the best three of the search are 7, 6, 5, and 5 is the best of them under validation. */
static fixture *make_contrary(void) {
    fixture *f = make_study(8, "grid");
    f->made.score = contrary;
    f->setup.finalists = 3;
    f->setup.jobs = 2;
    return f;
}

START_TEST(validation_chooses_and_the_test_uses_seeds_of_its_own) {
    fixture *f = make_contrary();
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_ENDED);
    ck_assert_int_eq(f->view.finalists, 3);
    for (int i = 0; i < 3; i++) {
        const bm_study_score *score = &f->view.finalist[i];
        ck_assert_int_eq(score->number, trial_with(f, 7 - i));
        ck_assert_int_eq(score->seeds, 2);
        assert_near(score->mean, -(7 - i) + 0.25, 1e-12, "the mean of two validation seeds");
        assert_near(score->std, 0.25, 1e-12, "their standard deviation");
    }
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    ck_assert_int_eq(f->view.test.seeds, 3);
    assert_near(f->view.test.mean, 5002, 1e-12, "the mean of seeds 5001, 5002, 5003");
    assert_near(f->view.test.std, sqrt(2.0 / 3), 1e-12, "their standard deviation");
    ck_assert_int_eq(evaluations(f, -1, 101, 102), 8 * 2);
    ck_assert_int_eq(evaluations(f, -1, 1001, 1002), 3 * 2);
    ck_assert_int_eq(evaluations(f, 5, 5001, 5003), 3);
    ck_assert_int_eq(evaluations(f, -1, 0, 1000000), 8 * 2 + 3 * 2 + 3);
    run_study(f); /* nothing is left, and the same is said */
    ck_assert_int_eq(evaluations(f, -1, 0, 1000000), 8 * 2 + 3 * 2 + 3);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    assert_near(f->view.test.mean, 5002, 1e-12, "the test as it was kept");
    remove_study(f);
}
END_TEST

START_TEST(no_finalists_no_validation_and_no_test) {
    fixture *f = make_contrary();
    f->setup.finalists = 0;
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_ENDED);
    ck_assert_int_eq(f->view.complete, 8);
    ck_assert_int_eq(f->view.finalists, 0);
    ck_assert_int_eq(f->view.test.seeds, 0);
    ck_assert_int_eq(evaluations(f, -1, 0, 1000000), 8 * 2);
    remove_study(f);
}
END_TEST

START_TEST(finalist_that_fails_is_not_chosen) {
    fixture *f = make_contrary();
    f->setup.finalists = 4; /* 7, 6, 5, 4 */
    f->made.broken_from = BM_STUDY_VALIDATION_SEED + 1;
    run_study(f);
    ck_assert_int_eq(f->view.complete, 8);
    ck_assert_int_eq(f->view.finalist[3].number, trial_with(f, 4));
    ck_assert_int_eq(f->view.finalist[3].seeds, 0);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    ck_assert_int_eq(f->view.test.seeds, 3);
    remove_study(f);
}
END_TEST

START_TEST(test_that_fails_reports_nothing) {
    fixture *f = make_contrary();
    f->setup.finalists = 4;
    f->made.broken_from = BM_STUDY_TEST_SEED;
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_ENDED);
    ck_assert_int_eq(f->view.finalist[3].seeds, 2);
    ck_assert_int_eq(f->view.test.seeds, 0);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 4)); /* still the one that validation chose */
    ck_assert_ptr_nonnull(strstr(f->view.failure, "failed in its test: the worker was ended by signal 6"));
    remove_study(f);
}
END_TEST

static void stop_in_validation(void *context, const bm_study_view *view) {
    fixture *f = context;
    if (view->phase == BM_STUDY_VALIDATES) {
        atomic_store(&f->stop, 1);
    }
}

START_TEST(study_stopped_while_it_validates_goes_on_there) {
    fixture *f = make_contrary();
    f->made.milliseconds = 70;
    f->setup.visit = stop_in_validation;
    f->setup.context = f;
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_VALIDATES);
    ck_assert_int_eq(f->view.test.seeds, 0);
    f->setup.visit = NULL;
    f->made.milliseconds = 0;
    run_study(f);
    ck_assert_int_eq(f->view.test.number, trial_with(f, 5));
    assert_near(f->view.test.mean, 5002, 1e-12, "the mean of seeds 5001, 5002, 5003");
    ck_assert_int_eq(evaluations(f, -1, 101, 102), 8 * 2);
    remove_study(f);
}
END_TEST

static void stop_after_three_tests(void *context, const bm_study_view *view) {
    fixture *f = context;
    ck_assert_int_eq(view->test.number, view->phase >= BM_STUDY_TESTS ? trial_with(f, 5) : -1);
    if (evaluations(f, 5, 5001, 5020) >= 3) {
        atomic_store(&f->stop, 1);
    }
}

START_TEST(test_that_is_stopped_keeps_what_it_has) {
    fixture *f = make_contrary();
    f->setup.tests = 20;
    f->setup.jobs = 1;
    f->made.milliseconds = 30;
    f->setup.visit = stop_after_three_tests;
    f->setup.context = f;
    run_study(f);
    ck_assert_int_eq(f->view.phase, BM_STUDY_TESTS);
    ck_assert_int_eq(f->view.test.seeds, 0);
    f->setup.visit = NULL;
    f->made.milliseconds = 0;
    run_study(f);
    assert_near(f->view.test.mean, 5010.5, 1e-12, "the mean of seeds 5001 to 5020");
    ck_assert_int_le(evaluations(f, 5, 5001, 5020), 21); /* one may have ended while it was stopped */
    remove_study(f);
}
END_TEST

TEST_MAIN("study_seeds", 60, validation_chooses_and_the_test_uses_seeds_of_its_own,
          no_finalists_no_validation_and_no_test, finalist_that_fails_is_not_chosen, test_that_fails_reports_nothing,
          study_stopped_while_it_validates_goes_on_there, test_that_is_stopped_keeps_what_it_has)
