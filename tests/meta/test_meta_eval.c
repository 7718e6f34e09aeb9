/* Evaluations give what training's own evaluation gives, step sizes given by step are those that are made, and
 * baselines are the runs that they say they are, kept as long as they fit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meta/ended_run.h"
#include "meta/meta_eval.h"

static bm_experiment short_experiment(const char *learner, const char *tasks) {
    bm_experiment experiment;
    bm_error error;
    ck_assert_msg(bm_experiment_create(&experiment, &bm_meta_trainee_type, learner, tasks, &error) == BM_OK, "%s",
                  error.text);
    set(&experiment, "meta_iterations", "60");
    set(&experiment, "meta_batch_size", "4");
    set(&experiment, "net", "[8]");
    set(&experiment, "eval_tasks", "3");
    set(&experiment, "eval_final_tasks", "11");
    set(&experiment, "eval_adapt_steps", "[0, 1, 3]");
    ck_assert(bm_experiment_settle(&experiment, &error) == BM_OK);
    return experiment;
}

/* Trains into RUNS/run. */
static ended_run train(const bm_experiment *experiment, const char *runs, char folder[BM_PATH_MAX]) {
    bm_run *run;
    bm_error error;
    snprintf(folder, BM_PATH_MAX, "%s/run", runs);
    ck_assert_msg(bm_run_create(&run, experiment, &(bm_run_start){.folder = folder}, &error) == BM_OK, "%s",
                  error.text);
    return train_to_the_end(run);
}

static void open_eval(bm_meta_eval *eval, const char *folder, const bm_meta_eval_config *config) {
    bm_error error;
    ck_assert_msg(bm_meta_eval_open(eval, folder, "last", config, &error) == BM_OK, "%s", error.text);
}

static void ok(bm_status status, const bm_error *error) {
    ck_assert_msg(status == BM_OK, "%s", error->text);
}

/* ---- scores ----------------------------------------------------------------------------------------------------- */

START_TEST(with_nothing_said_the_learner_repeats_its_final_evaluation) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("metasgd", "sinusoid");
    const ended_run trained = train(&experiment, runs, folder);
    bm_meta_eval eval;
    bm_error error;
    open_eval(&eval, folder, &(bm_meta_eval_config){.seed = -1, .threads = 2});
    ok(bm_meta_eval_learned(&eval, NULL, &error), &error);
    ok(bm_meta_eval_random_start(&eval, NULL, &error), &error);
    ck_assert_int_eq(eval.config.tasks, 11);
    ck_assert_int_eq(eval.methods, 2);
    ck_assert_int_eq((int)eval.method[0].iterations, 60);
    for (int at = 0; at < 3; at++) {
        const bm_adaptation_mean mean = bm_adaptation_summary(eval.method[0].score, 11, 3, at, 0);
        ck_assert(mean.mean == trained.evaluation.mean[at][0].mean);
        ck_assert(mean.half_width == trained.evaluation.mean[at][0].half_width);
    }
    /* no iteration of training: what the run began with */
    set(&experiment, "max_seconds", "0");
    set(&experiment, "outer_lr", "1e-8");
    set(&experiment, "outer_optimizer", "sgd");
    const ended_run untrained = train(&experiment, runs, folder);
    ck_assert_int_eq((int)untrained.iterations, 1);
    for (int at = 0; at < 3; at++) {
        const bm_adaptation_mean mean = bm_adaptation_summary(eval.method[1].score, 11, 3, at, 0);
        assert_near(mean.mean, untrained.evaluation.mean[at][0].mean, 1e-5, "random start");
    }
    bm_meta_eval_free(&eval);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(a_task_depends_neither_on_how_many_there_are_nor_on_the_steps_between_nor_on_threads) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("maml", "lines");
    (void)train(&experiment, runs, folder);
    bm_meta_eval few, many;
    bm_error error;
    open_eval(&few, folder, &(bm_meta_eval_config){.adapt_steps = {2, {0, 4}}, .tasks = 5, .seed = 8, .threads = 1});
    open_eval(&many, folder,
              &(bm_meta_eval_config){.adapt_steps = {3, {0, 2, 4}}, .tasks = 9, .seed = 8, .threads = 3});
    ok(bm_meta_eval_learned(&few, NULL, &error), &error);
    ok(bm_meta_eval_learned(&many, NULL, &error), &error);
    for (int task = 0; task < 5; task++) {
        const double *a = few.method[0].score + task * 2 * BM_TASK_SCORES;
        const double *b = many.method[0].score + task * 3 * BM_TASK_SCORES;
        ck_assert(a[0] == b[0]);
        ck_assert(a[BM_TASK_SCORES] == b[2 * BM_TASK_SCORES]);
        ck_assert(a[0] != a[BM_TASK_SCORES]);
    }
    bm_meta_eval_free(&few);
    bm_meta_eval_free(&many);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(more_shots_in_a_test_leave_those_of_training_as_they_were) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("fomaml", "digits");
    set(&experiment, "meta_iterations", "1");
    (void)train(&experiment, runs, folder);
    bm_meta_eval eval;
    const void *field;
    open_eval(&eval, folder, &(bm_meta_eval_config){.shots = 3, .seed = -1, .threads = 1});
    const bm_subject *opened = &eval.learned.experiment.problem;
    ck_assert_ptr_nonnull(bm_options_find(opened->options, opened->config, "shots", &field));
    ck_assert_int_eq(*(const int *)field, 3);
    ck_assert_ptr_nonnull(bm_options_find(opened->options, opened->config, "train_shots", &field));
    ck_assert_int_eq(*(const int *)field, 1);
    bm_meta_eval_free(&eval);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(a_baseline_is_as_long_as_the_run_became) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("fomaml", "lines");
    bm_error error;
    set(&experiment, "max_seconds", "0");
    (void)train(&experiment, runs, folder);
    ok(bm_baseline_length(folder, &experiment, &error), &error);
    ck_assert_int_eq(experiment.run->total, 1);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

/* Three steps of 0.3, 0.1, 0.1 made by hand with what the family says. */
static double adapt_by_hand(const bm_trained *learned, const bm_seed *seed) {
    static const double rate[] = {0.3, 0.1, 0.1};
    const bm_tasks *tasks = bm_meta_trainee_of(learned->trainee)->tasks;
    const size_t n = tasks->parameters;
    bm_real *params = malloc(n * sizeof *params), *grad = malloc(n * sizeof *grad);
    ck_assert(params && grad);
    bm_task_room room;
    bm_error error;
    double score[BM_TASK_SCORES];
    ok(bm_task_room_open(&room, tasks, 3, 0, true, &error), &error);
    const bm_seed own = bm_seed_child(seed, 0);
    tasks->type->methods->begin(&room, &own);
    memcpy(params, bm_meta_trainee_of(learned->trainee)->outer, n * sizeof *params);
    for (int step = 0; step < 3; step++) {
        (void)tasks->type->methods->gradient(&room, step, params, grad);
        for (size_t i = 0; i < n; i++) {
            params[i] -= (bm_real)rate[step] * grad[i];
        }
    }
    tasks->type->methods->score(&room, params, score);
    bm_task_room_close(&room);
    free(params);
    free(grad);
    return score[0];
}

START_TEST(step_sizes_hold_for_their_steps_and_the_last_for_the_rest) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("fomaml", "sinusoid");
    (void)train(&experiment, runs, folder);
    bm_meta_eval eval;
    bm_error error;
    open_eval(&eval, folder,
              &(bm_meta_eval_config){
                  .adapt_steps = {1, {3}}, .tasks = 1, .seed = 3, .rates = 2, .rate = {0.3, 0.1}, .threads = 1});
    ok(bm_meta_eval_learned(&eval, NULL, &error), &error);
    const bm_seed given = bm_seed_of(3), seed = bm_seed_child(&given, BM_META_STREAM_OTHER_TASKS);
    ck_assert(eval.method[0].score[0] == adapt_by_hand(&eval.learned, &seed));
    bm_meta_eval_free(&eval);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(step_sizes_that_a_learner_has_learned_or_refuses_are_refused) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    const char *const learner[] = {"metasgd", "maml"}, *const sentence[] = {"learned a step size", "outside [0, 100]"};
    for (int i = 0; i < 2; i++) {
        bm_experiment experiment = short_experiment(learner[i], "sinusoid");
        (void)train(&experiment, runs, folder);
        bm_meta_eval eval;
        bm_error error;
        const bm_meta_eval_config config = {.seed = -1, .rates = 1, .rate = {101}, .threads = 1};
        ck_assert_int_eq(bm_meta_eval_open(&eval, folder, "last", &config, &error), BM_INVALID);
        ck_assert_ptr_nonnull(strstr(error.text, sentence[i]));
        bm_meta_eval_free(&eval);
        bm_experiment_free(&experiment);
    }
    scratch_remove(runs, NULL);
}
END_TEST

/* 1, 2, 4 and one that has diverged: mean 7/3, deviation sqrt((16 + 1 + 25) / 9 / 2). */
START_TEST(summaries_are_over_the_tasks_that_have_not_diverged) {
    double score[4 * BM_TASK_SCORES] = {1, 0, NAN, NAN, 4, 0, 2, 0}, scratch[4];
    const double std = sqrt(7.0 / 3);
    const bm_adaptation_mean mean = bm_adaptation_summary(score, 4, 1, 0, 0);
    ck_assert_int_eq(mean.tasks, 3);
    assert_near(mean.mean, 7.0 / 3, 1e-15, "mean");
    assert_near(mean.std, std, 1e-15, "deviation");
    assert_near(mean.half_width, 1.96 * std / sqrt(3), 1e-15, "half of the interval");
    const bm_meta_eval eval = {.config.tasks = 4};
    const bm_meta_eval_method method = {.steps = {1, {0}}, .score = score};
    ck_assert(bm_meta_eval_median(&eval, &method, 0, 0, scratch) == 2);
}
END_TEST

/* ---- baselines -------------------------------------------------------------------------------------------------- */

static int inner_steps_of(const bm_experiment *experiment) {
    const void *field;
    ck_assert_ptr_nonnull(
        bm_options_find(experiment->learner.options, experiment->learner.config, "inner_steps", &field));
    return *(const int *)field;
}

START_TEST(a_baseline_is_the_run_with_the_fewest_inner_steps_and_an_oracle_sees_the_task) {
    const struct {
        const char *learner, *tasks;
        int fewest;
        bool oracle;
    } known[] = {
        {"maml", "sinusoid", 0, true}, {"anil", "lines", 0, true},       {"metasgd", "digits", 0, false},
        {"maml", "point2d", 0, true},  {"reptile", "sinusoid", 1, true},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        bm_experiment pretrained = short_experiment(known[i].learner, known[i].tasks);
        bm_experiment oracle = short_experiment(known[i].learner, known[i].tasks);
        set(&pretrained, "inner_steps", "2");
        ck_assert(bm_baseline_of(BM_BASELINE_PRETRAINED, &pretrained));
        ck_assert_int_eq(inner_steps_of(&pretrained), known[i].fewest);
        ck_assert_int_eq(bm_meta_run_of(&pretrained)->eval_adapt_steps.count, 3);
        ck_assert(bm_baseline_of(BM_BASELINE_ORACLE, &oracle) == known[i].oracle);
        ck_assert_int_eq(bm_meta_run_of(&oracle)->eval_adapt_steps.count, 1);
        ck_assert(!bm_baseline_of(BM_BASELINE_PRETRAINED, &pretrained)); /* it is one */
        ck_assert(!bm_baseline_of(BM_BASELINE_ORACLE, &oracle));
        bm_experiment_free(&pretrained);
        bm_experiment_free(&oracle);
    }
}
END_TEST

static bm_run *open_baseline(const bm_experiment *baseline, const char *folder) {
    bm_run *run;
    bm_error error;
    ok(bm_baseline_open(&run, baseline, folder, &error), &error);
    return run;
}

START_TEST(a_baseline_is_kept_continued_to_more_iterations_and_begun_anew_for_other_settings) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX], other[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("maml", "sinusoid");
    ck_assert(bm_baseline_of(BM_BASELINE_PRETRAINED, &experiment));
    snprintf(folder, sizeof folder, "%s/baselines/pretrained", runs);
    (void)train_to_the_end(open_baseline(&experiment, folder));
    ck_assert_ptr_null(open_baseline(&experiment, folder));
    set(&experiment, "checkpoint_every", "7"); /* says nothing about what is computed */
    ck_assert_ptr_null(open_baseline(&experiment, folder));

    set(&experiment, "meta_iterations", "90");
    const ended_run continued = train_to_the_end(open_baseline(&experiment, folder));
    const ended_run whole = train(&experiment, runs, other);
    ck_assert_int_eq((int)continued.iterations, 90);
    ck_assert(continued.hash == whole.hash);
    ck_assert_ptr_null(open_baseline(&experiment, folder));

    set(&experiment, "shots", "3");
    const ended_run anew = train_to_the_end(open_baseline(&experiment, folder));
    const ended_run whole_anew = train(&experiment, runs, other);
    ck_assert(anew.hash == whole_anew.hash);
    ck_assert(anew.hash != whole.hash);
    ck_assert_ptr_null(open_baseline(&experiment, folder));

    set(&experiment, "meta_iterations", "60"); /* fewer cannot be had from more */
    const ended_run shorter = train_to_the_end(open_baseline(&experiment, folder));
    ck_assert_int_eq((int)shorter.iterations, 60);
    ck_assert_ptr_null(open_baseline(&experiment, folder));
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(a_baseline_stopped_on_its_way_goes_on_to_the_same_bits) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX], other[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("reptile", "sinusoid");
    set(&experiment, "inner_steps", "3");
    ck_assert(bm_baseline_of(BM_BASELINE_ORACLE, &experiment));
    snprintf(folder, sizeof folder, "%s/baselines/oracle", runs);
    const ended_run whole = train(&experiment, runs, other);
    experiment.run->max_seconds = 0; /* an iteration at a time */
    for (int iterations = 1; iterations <= 3; iterations++) {
        ck_assert_int_eq((int)train_to_the_end(open_baseline(&experiment, folder)).iterations, iterations);
    }
    experiment.run->max_seconds = INFINITY;
    const ended_run continued = train_to_the_end(open_baseline(&experiment, folder));
    ck_assert(continued.hash == whole.hash);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(a_baseline_is_scored_with_its_own_network_and_an_oracle_without_adaptation) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX], path[BM_PATH_MAX];
    scratch_make(runs);
    bm_experiment experiment = short_experiment("maml", "sinusoid");
    (void)train(&experiment, runs, folder);
    bm_meta_eval eval;
    bm_error error;
    open_eval(&eval, folder, &(bm_meta_eval_config){.seed = -1, .threads = 1});
    ok(bm_meta_eval_learned(&eval, NULL, &error), &error);
    for (int which = 0; which < BM_BASELINES; which++) {
        bm_experiment baseline = short_experiment("maml", "sinusoid");
        ck_assert(bm_baseline_of((bm_baseline)which, &baseline));
        ok(bm_baseline_folder((bm_baseline)which, folder, path, &error), &error);
        const ended_run trained = train_to_the_end(open_baseline(&baseline, path));
        ok(bm_meta_eval_baseline(&eval, (bm_baseline)which, path, NULL, &error), &error);
        const bm_meta_eval_method *method = &eval.method[1 + which];
        ck_assert_int_eq(method->steps.count, which == BM_BASELINE_ORACLE ? 1 : 3);
        ck_assert_str_eq(method->key, bm_baseline_name((bm_baseline)which));
        /* the same tasks as those of its own final evaluation, for its seed is the run's */
        const bm_adaptation_mean mean = bm_adaptation_summary(method->score, 11, method->steps.count, 0, 0);
        ck_assert(mean.mean == trained.evaluation.mean[0][0].mean);
        bm_experiment_free(&baseline);
    }
    bm_meta_eval_free(&eval);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

TEST_MAIN("meta_eval", 120, with_nothing_said_the_learner_repeats_its_final_evaluation,
          more_shots_in_a_test_leave_those_of_training_as_they_were, a_baseline_is_as_long_as_the_run_became,
          a_task_depends_neither_on_how_many_there_are_nor_on_the_steps_between_nor_on_threads,
          step_sizes_hold_for_their_steps_and_the_last_for_the_rest,
          step_sizes_that_a_learner_has_learned_or_refuses_are_refused,
          summaries_are_over_the_tasks_that_have_not_diverged,
          a_baseline_is_the_run_with_the_fewest_inner_steps_and_an_oracle_sees_the_task,
          a_baseline_is_kept_continued_to_more_iterations_and_begun_anew_for_other_settings,
          a_baseline_stopped_on_its_way_goes_on_to_the_same_bits,
          a_baseline_is_scored_with_its_own_network_and_an_oracle_without_adaptation)
