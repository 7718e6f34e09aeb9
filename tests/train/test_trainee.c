/* What a run expects of everything it trains, and what its experiment does for all of it. */
#include <string.h>

#include "meta/meta_trainee.h"
#include "support.h"
#include "train/agent_trainee.h"
#include "train/run.h"

static const struct {
    const bm_trainee_type *type;
    const char *learner, *problem;
} kinds[] = {
    {&bm_agent_trainee_type, "dqn", "CartPole-v1"}, {&bm_agent_trainee_type, "reinforce", "GridWorld-v0"},
    {&bm_meta_trainee_type, "metasgd", "sinusoid"}, {&bm_meta_trainee_type, "reptile", "digits"},
    {&bm_meta_trainee_type, "maml", "Point2D-v0"},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void ok(bm_status status, const bm_error *error) {
    ck_assert_msg(status == BM_OK, "%s", error->text);
}

static void make(bm_experiment *experiment, int i) {
    bm_error error;
    ok(bm_experiment_create(experiment, kinds[i].type, kinds[i].learner, kinds[i].problem, &error), &error);
    ok(bm_experiment_set(experiment, kinds[i].type->total_name, "40", &error), &error);
    if (strcmp(kinds[i].problem, "Point2D-v0") == 0) {
        ok(bm_experiment_set(experiment, "task_range", "goal_x=0:1", &error), &error);
    }
    ok(bm_experiment_settle(experiment, &error), &error);
}

START_TEST(what_acts_only_lists_a_part_of_what_the_run_lists_with_the_same_shapes) {
    for (int i = 0; i < KINDS; i++) {
        bm_experiment experiment;
        bm_trainee *learns, *acts;
        bm_error error;
        make(&experiment, i);
        ok(bm_trainee_create(&learns, &experiment, false, &error), &error);
        ok(bm_trainee_create(&acts, &experiment, true, &error), &error);
        int weights = 0;
        for (size_t k = 0; k < acts->state.count; k++) {
            const bm_array *array = &acts->state.items[k], *same = bm_state_find(&learns->state, array->name);
            ck_assert_msg(same && bm_array_bytes(same) == bm_array_bytes(array), "%s", array->name);
            weights += strncmp(array->name, acts->type->weights, strlen(acts->type->weights)) == 0;
        }
        ck_assert_int_gt(weights, 0);
        ck_assert_uint_lt(acts->state.count, learns->state.count);
        bm_trainee_destroy(learns);
        bm_trainee_destroy(acts);
        bm_experiment_free(&experiment);
    }
}
END_TEST

START_TEST(metrics_have_names_of_their_own_and_an_evaluation_fills_in_the_score) {
    for (int i = 0; i < KINDS; i++) {
        bm_experiment experiment;
        bm_run *run;
        bm_run_result result;
        bm_error error;
        make(&experiment, i);
        experiment.run->total = 1;
        ok(bm_run_create(&run, &experiment, &(bm_run_start){0}, &error), &error);
        const bm_trainee *trainee = bm_run_trainee(run);
        ck_assert_int_gt(trainee->metrics, 0);
        for (int k = 0; k < trainee->metrics; k++) {
            for (int other = 0; other < k; other++) {
                ck_assert_str_ne(trainee->metric_name[k], trainee->metric_name[other]);
            }
        }
        ok(bm_run_train(run, &(bm_run_watch){0}, &result, &error), &error);
        ck_assert_int_eq(result.steps, 1);
        ck_assert(result.score == trainee->score && result.score == result.score);
        ck_assert_ptr_eq(result.evaluation, trainee->evaluation);
        bm_run_destroy(run);
        bm_experiment_free(&experiment);
    }
}
END_TEST

START_TEST(a_copy_has_the_same_settings_and_is_changed_alone) {
    for (int i = 0; i < KINDS; i++) {
        bm_experiment experiment, copy;
        bm_error error;
        make(&experiment, i);
        ok(bm_experiment_copy(&copy, &experiment, &error), &error);
        cJSON *before = bm_experiment_metadata(&experiment), *copied = bm_experiment_metadata(&copy);
        ck_assert(cJSON_Compare(before, copied, true));
        ok(bm_experiment_set(&copy, "seed", "99", &error), &error);
        cJSON *after = bm_experiment_metadata(&experiment);
        ck_assert(cJSON_Compare(before, after, true));
        cJSON_Delete(before);
        cJSON_Delete(copied);
        cJSON_Delete(after);
        bm_experiment_free(&experiment);
        bm_experiment_free(&copy);
    }
}
END_TEST

START_TEST(an_experiment_of_one_type_is_none_of_another) {
    bm_experiment experiment, other;
    bm_error error;
    make(&experiment, 0);
    cJSON *metadata = bm_experiment_metadata(&experiment);
    ck_assert_int_eq(bm_experiment_from_metadata(&other, &bm_meta_trainee_type, metadata, &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "this is a run of bellman train (dqn, CartPole-v1)"));
    bm_experiment_free(&other);
    cJSON_Delete(metadata);
    bm_experiment_free(&experiment);
}
END_TEST

START_TEST(tables_of_options_make_sense) {
    for (int i = 0; i < KINDS; i++) {
        bm_experiment experiment;
        bm_error error;
        make(&experiment, i);
        ok(bm_options_check(kinds[i].type->run_options, &error), &error);
        ok(bm_options_check(experiment.learner.options, &error), &error);
        ok(bm_options_check(experiment.problem.options, &error), &error);
        bm_experiment_free(&experiment);
    }
}
END_TEST

TEST_MAIN("trainee", 120, what_acts_only_lists_a_part_of_what_the_run_lists_with_the_same_shapes,
          metrics_have_names_of_their_own_and_an_evaluation_fills_in_the_score,
          a_copy_has_the_same_settings_and_is_changed_alone, an_experiment_of_one_type_is_none_of_another,
          tables_of_options_make_sense)
