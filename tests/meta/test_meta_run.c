/* Meta-training is reproducible and can be stopped anywhere: the same seed gives the same bits with any number of
 * threads, a continued run ends as one that never stopped, even after kill -9; and evaluations adapt as the inner loop
 * of training does. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/io.h"
#include "meta/ended_run.h"

static void settle(bm_experiment *experiment) {
    bm_error error;
    ck_assert_msg(bm_experiment_settle(experiment, &error) == BM_OK, "%s", error.text);
}

/* Of some tenths of a second, with batches that no number of threads divides. */
static bm_experiment short_experiment(const char *learner, const char *seed) {
    bm_experiment experiment;
    bm_error error;
    ck_assert_msg(bm_experiment_create(&experiment, &bm_meta_trainee_type, learner, "sinusoid", &error) == BM_OK, "%s",
                  error.text);
    set(&experiment, "meta_iterations", "300");
    set(&experiment, "meta_batch_size", "5");
    set(&experiment, "net", "[8, 8]");
    set(&experiment, "seed", seed);
    set(&experiment, "eval_every", "10");
    set(&experiment, "log_every", "7");
    set(&experiment, "checkpoint_every", "60");
    set(&experiment, "eval_tasks", "7");
    set(&experiment, "eval_final_tasks", "11");
    set(&experiment, "eval_adapt_steps", "[0, 1, 3]");
    settle(&experiment);
    return experiment;
}

static bm_run *new_run(bm_experiment *experiment, int threads, const char *runs) {
    bm_error error;
    experiment->threads = threads;
    bm_run *run;
    ck_assert_msg(bm_run_create(&run, experiment, &(bm_run_start){.runs = runs, .name = "run"}, &error) == BM_OK, "%s",
                  error.text);
    return run;
}

static ended_run finish(bm_run *run) {
    const ended_run ended = train_to_the_end(run);
    ck_assert(ended.score == ended.evaluation.mean[2][0].mean);
    return ended;
}

static ended_run train(const char *learner, const char *seed, int threads) {
    bm_experiment experiment = short_experiment(learner, seed);
    const ended_run result = finish(new_run(&experiment, threads, NULL));
    bm_experiment_free(&experiment);
    return result;
}

static void folder_of(const char *runs, const char *learner, char folder[BM_PATH_MAX]) {
    snprintf(folder, BM_PATH_MAX, "%s/sinusoid/%s/run", runs, learner);
}

static ended_run resume(const char *folder, int threads, const char *max_seconds) {
    bm_experiment experiment;
    bm_run *run;
    bm_error error;
    ck_assert_msg(bm_run_experiment(&experiment, &bm_meta_trainee_type, folder, "last", &error) == BM_OK, "%s",
                  error.text);
    set(&experiment, "max_seconds", max_seconds);
    experiment.threads = threads;
    ck_assert_msg(bm_run_resume(&run, &experiment, folder, &error) == BM_OK, "%s", error.text);
    const ended_run result = finish(run);
    bm_experiment_free(&experiment);
    return result;
}

static void assert_same(const ended_run *a, const ended_run *b) {
    ck_assert_int_eq((int)a->iterations, (int)b->iterations);
    ck_assert_msg(a->hash == b->hash, "%016llx is not %016llx", (unsigned long long)a->hash,
                  (unsigned long long)b->hash);
    ck_assert_int_eq(a->evaluation.tasks, b->evaluation.tasks);
    for (int at = 0; at < 3; at++) {
        ck_assert(a->evaluation.mean[at][0].mean == b->evaluation.mean[at][0].mean);
        ck_assert(a->evaluation.mean[at][0].half_width == b->evaluation.mean[at][0].half_width);
    }
}

static const char *const learners[] = {"maml", "fomaml", "anil", "metasgd", "reptile"};
enum { LEARNERS = sizeof learners / sizeof learners[0] };

START_TEST(the_same_seed_gives_the_same_bits_with_any_number_of_threads_and_another_seed_others) {
    for (int i = 0; i < LEARNERS; i++) {
        const ended_run one = train(learners[i], "5", 1), other = train(learners[i], "6", 1);
        ck_assert_int_eq((int)one.iterations, 300);
        ck_assert_int_eq(one.evaluation.tasks, 11);
        ck_assert(one.hash != other.hash);
        for (int threads = 1; threads <= 3; threads++) {
            const ended_run again = train(learners[i], "5", threads);
            assert_same(&one, &again);
        }
    }
}
END_TEST

START_TEST(training_makes_adaptation_better) {
    bm_experiment experiment = short_experiment("maml", "1");
    set(&experiment, "meta_iterations", "3000");
    set(&experiment, "net", "[40, 40]");
    set(&experiment, "eval_final_tasks", "200");
    set(&experiment, "max_seconds", "0");
    const ended_run first = finish(new_run(&experiment, 1, NULL));
    set(&experiment, "max_seconds", "inf");
    const ended_run last = finish(new_run(&experiment, 2, NULL));
    ck_assert_int_eq((int)first.iterations, 1);
    ck_assert_msg(last.evaluation.mean[2][0].mean < 0.5 * first.evaluation.mean[2][0].mean, "%g, and %g at first",
                  last.evaluation.mean[2][0].mean, first.evaluation.mean[2][0].mean);
    ck_assert(last.evaluation.mean[2][0].mean < last.evaluation.mean[0][0].mean);
    bm_experiment_free(&experiment);
}
END_TEST

/* ---- stopping and going on -------------------------------------------------------------------------------------- */

static char *file_text(const char *folder, const char *name, bm_arena *arena) {
    char path[BM_PATH_MAX + 64], *text;
    size_t bytes;
    bm_error error;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_msg(bm_read_file(path, 1 << 24, arena, &text, &bytes, &error) == BM_OK, "%s", error.text);
    return text;
}

/* progress.csv without what tells the time: columns 1 (seconds) and 5 (time/fps). */
static char *timeless_rows(const char *folder, bm_arena *arena) {
    const char *text = file_text(folder, "progress.csv", arena);
    char *kept = BM_NEW(arena, char, strlen(text) + 1), *at = kept;
    for (int column = 0; *text; text++) {
        column = *text == ',' ? column + 1 : *text == '\n' ? 0 : column;
        if (column != 1 && column != 5) {
            *at++ = *text;
        }
    }
    return kept;
}

static void assert_same_rows(const char *folder, const char *other) {
    bm_arena arena = {0};
    ck_assert_str_eq(timeless_rows(folder, &arena), timeless_rows(other, &arena));
    bm_arena_free(&arena);
}

START_TEST(a_run_stopped_many_times_ends_with_the_hash_and_the_rows_of_one_that_never_stopped) {
    for (int i = 0; i < LEARNERS; i++) {
        char whole_runs[SCRATCH_BYTES], runs[SCRATCH_BYTES], whole_folder[BM_PATH_MAX], folder[BM_PATH_MAX];
        scratch_make(whole_runs);
        scratch_make(runs);
        folder_of(whole_runs, learners[i], whole_folder);
        folder_of(runs, learners[i], folder);
        bm_experiment experiment = short_experiment(learners[i], "9");
        const ended_run whole = finish(new_run(&experiment, 1, whole_runs));
        bm_run *run = new_run(&experiment, 2, runs);
        ck_assert_str_eq(bm_run_folder(run), folder);
        bm_error error;
        atomic_int stop = 2;
        bm_run_result stopped;
        ck_assert_msg(bm_run_train(run, &(bm_run_watch){.stop = &stop}, &stopped, &error) == BM_OK, "%s", error.text);
        ck_assert_int_eq(stopped.interrupted, 2);
        ck_assert_int_eq((int)stopped.steps, 0);
        bm_run_destroy(run);
        /* No seconds to train: one iteration, saved, again and again. */
        for (int stops = 1; stops <= 15; stops++) {
            ck_assert_int_eq((int)resume(folder, 1 + stops % 3, "0").iterations, stops);
        }
        const ended_run continued = resume(folder, 2, "inf");
        assert_same(&whole, &continued);
        assert_same_rows(whole_folder, folder);
        /* A finished run, continued, has nothing left to do. */
        const ended_run again = resume(folder, 1, "inf");
        assert_same(&whole, &again);
        bm_experiment_free(&experiment);
        scratch_remove(whole_runs, NULL);
        scratch_remove(runs, NULL);
    }
}
END_TEST

typedef struct {
    int64_t at;
} killer;

static void kill_at(void *context, const bm_progress *progress) {
    if (progress->step >= ((killer *)context)->at) {
        kill(getpid(), SIGKILL);
    }
}

/* Visits come after every evaluation, that is at iterations 10, 20, ... with checkpoints at 60, 120, ... */
START_TEST(a_killed_run_continues_from_its_last_checkpoint) {
    char whole_runs[SCRATCH_BYTES], runs[SCRATCH_BYTES], whole_folder[BM_PATH_MAX], folder[BM_PATH_MAX];
    scratch_make(whole_runs);
    scratch_make(runs);
    folder_of(whole_runs, "maml", whole_folder);
    folder_of(runs, "maml", folder);
    bm_experiment experiment = short_experiment("maml", "4");
    const ended_run whole = finish(new_run(&experiment, 1, whole_runs));
    for (int64_t at = 40; at <= 200; at += 80) {
        fflush(NULL);
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            bm_experiment own = experiment;
            bm_run *run = NULL;
            bm_error error;
            bm_run_result result;
            killer when = {at};
            const bm_run_start start = {.runs = runs, .name = "run"};
            const bm_run_watch watch = {.visit = kill_at, .context = &when};
            const bm_status status =
                at == 40 ? bm_run_create(&run, &own, &start, &error) : bm_run_resume(&run, &own, folder, &error);
            if (status == BM_OK) {
                (void)bm_run_train(run, &watch, &result, &error);
            }
            _exit(1); /* was not killed */
        }
        int how;
        ck_assert_int_eq(waitpid(child, &how, 0), child);
        ck_assert_msg(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL, "it ended by itself at %d", (int)at);
    }
    const ended_run continued = resume(folder, 2, "inf");
    assert_same(&whole, &continued);
    assert_same_rows(whole_folder, folder);
    bm_experiment_free(&experiment);
    scratch_remove(whole_runs, NULL);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(two_runs_do_not_train_in_one_folder) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    folder_of(runs, "maml", folder);
    bm_experiment experiment = short_experiment("maml", "4");
    bm_run *run = new_run(&experiment, 1, runs);
    fflush(NULL);
    const pid_t child = fork(); /* locks belong to a process */
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bm_run *second = NULL;
        bm_error error;
        const bm_status status = bm_run_resume(&second, &experiment, folder, &error);
        _exit(status == BM_FAILED && strstr(error.text, "another process") ? 0 : 1);
    }
    int how;
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    bm_run_destroy(run);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(a_run_that_diverges_says_where_and_leaves_its_checkpoints) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    folder_of(runs, "maml", folder);
    bm_experiment experiment = short_experiment("maml", "1");
    set(&experiment, "inner_lr", "100");
    set(&experiment, "inner_steps", "20");
    bm_run *run = new_run(&experiment, 2, runs);
    bm_run_result result;
    bm_error error;
    ck_assert_int_eq(bm_run_train(run, &(bm_run_watch){0}, &result, &error), BM_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "diverged at iteration 1: task "));
    ck_assert_ptr_nonnull(strstr(error.text, "after inner step "));
    ck_assert_ptr_nonnull(strstr(error.text, "inner_lr"));
    bm_run_destroy(run);
    bm_experiment_free(&experiment);
    ck_assert_msg(bm_run_experiment(&experiment, &bm_meta_trainee_type, folder, "last", &error) == BM_OK, "%s",
                  error.text);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

/* ---- changes on the way, other beginnings ------------------------------------------------------------------------ */

static ended_run train_with(const bm_experiment *experiment, const bm_run_start *start) {
    bm_run *run;
    bm_error error;
    ck_assert_msg(bm_run_create(&run, experiment, start, &error) == BM_OK, "%s", error.text);
    return finish(run);
}

START_TEST(a_change_takes_effect_at_its_iteration_also_in_a_run_that_was_stopped_before_it) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX], path[SCRATCH_BYTES + 16];
    static const char text[] = "step,option,value\n100,outer_lr,0.01\n";
    bm_error error;
    scratch_make(runs);
    folder_of(runs, "maml", folder);
    snprintf(path, sizeof path, "%s/c.csv", runs);
    ck_assert(bm_write_file(path, text, sizeof text - 1, &error) == BM_OK);
    bm_experiment experiment = short_experiment("maml", "4");
    const ended_run plain = train_with(&experiment, &(bm_run_start){0});
    const ended_run changed = train_with(&experiment, &(bm_run_start){.changes = path});
    ck_assert(plain.hash != changed.hash);
    set(&experiment, "max_seconds", "0");
    (void)train_with(&experiment, &(bm_run_start){.runs = runs, .name = "run", .changes = path});
    ck_assert(resume(folder, 1, "inf").hash == changed.hash);
    ck_assert(bm_write_file(path, "step,option,value\n1,net,8\n", 26, &error) == BM_OK);
    bm_run *run;
    ck_assert_int_eq(bm_run_create(&run, &experiment, &(bm_run_start){.changes = path}, &error), BM_INVALID);
    bm_run_destroy(run);
    ck_assert_msg(strstr(error.text, "net cannot change while training; these can: outer_lr, outer_optimizer.beta1") !=
                      NULL,
                  "%s", error.text);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(the_network_can_be_taken_from_another_run) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    bm_error error;
    scratch_make(runs);
    folder_of(runs, "maml", folder);
    bm_experiment experiment = short_experiment("maml", "4");
    (void)train_with(&experiment, &(bm_run_start){.runs = runs, .name = "run"});
    bm_trained source;
    bm_run *run;
    ck_assert(bm_trained_load(&source, &bm_meta_trainee_type, folder, "last", &error) == BM_OK);
    ck_assert_int_eq(source.trainee->count, 300);
    ck_assert(bm_run_create(&run, &experiment, &(bm_run_start){.init_from = folder}, &error) == BM_OK);
    const bm_meta_trainee *trained = bm_meta_trainee_of(source.trainee),
                          *taken = bm_meta_trainee_of(bm_run_trainee(run));
    ck_assert_int_eq(taken->common.count, 0);
    ck_assert_mem_eq(taken->outer, trained->outer, trained->learner->parameters * sizeof *trained->outer);
    bm_run_destroy(run);
    bm_trained_free(&source);
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

/* ---- settings --------------------------------------------------------------------------------------------------- */

START_TEST(an_experiment_comes_back_from_metadata_and_from_its_config_file) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX], path[BM_PATH_MAX + 16];
    scratch_make(runs);
    folder_of(runs, "maml", folder);
    bm_experiment experiment = short_experiment("maml", "7"), other;
    set(&experiment, "shots", "3");
    set(&experiment, "inner_lr", "0.02");
    set(&experiment, "outer_optimizer", "sgd");
    set(&experiment, "outer_optimizer.momentum", "0.5");
    bm_run_destroy(new_run(&experiment, 1, runs));
    cJSON *wanted = bm_experiment_metadata(&experiment);
    bm_error error;
    ck_assert_msg(bm_run_experiment(&other, &bm_meta_trainee_type, folder, "last", &error) == BM_OK, "%s", error.text);
    cJSON *restored = bm_experiment_metadata(&other);
    ck_assert(cJSON_Compare(wanted, restored, true));
    bm_experiment_free(&other);
    ck_assert(bm_experiment_create(&other, &bm_meta_trainee_type, "maml", "sinusoid", &error) == BM_OK);
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    ck_assert_msg(bm_experiment_file(&other, path, &error) == BM_OK, "%s", error.text);
    cJSON *read = bm_experiment_metadata(&other);
    ck_assert(cJSON_Compare(wanted, read, true));
    bm_experiment_free(&other);
    bm_experiment_free(&experiment);
    cJSON_Delete(wanted);
    cJSON_Delete(restored);
    cJSON_Delete(read);
    scratch_remove(runs, NULL);
}
END_TEST

START_TEST(a_run_is_not_resumed_to_fewer_iterations_than_it_has_made) {
    char runs[SCRATCH_BYTES], folder[BM_PATH_MAX];
    scratch_make(runs);
    folder_of(runs, "maml", folder);
    bm_experiment experiment = short_experiment("maml", "1");
    set(&experiment, "meta_iterations", "5");
    bm_run *run = new_run(&experiment, 1, runs);
    bm_run_result result;
    bm_error error;
    ck_assert_int_eq(bm_run_train(run, &(bm_run_watch){0}, &result, &error), BM_OK);
    bm_run_destroy(run);
    set(&experiment, "meta_iterations", "4");
    ck_assert_int_eq(bm_run_resume(&run, &experiment, folder, &error), BM_INVALID);
    bm_run_destroy(run);
    ck_assert_str_eq(error.text, "the run has made 5 iterations already, more than meta_iterations=4");
    bm_experiment_free(&experiment);
    scratch_remove(runs, NULL);
}
END_TEST

/* In the first iteration no outer step can be at fault; later it can. */
START_TEST(a_run_that_diverges_later_blames_both_rates) {
    bm_experiment experiment = short_experiment("maml", "1");
    set(&experiment, "outer_optimizer", "sgd");
    set(&experiment, "outer_lr", "0.3");
    set(&experiment, "inner_lr", "0.1");
    set(&experiment, "inner_steps", "10");
    bm_run *run = new_run(&experiment, 1, NULL);
    bm_run_result result;
    bm_error error;
    ck_assert_int_eq(bm_run_train(run, &(bm_run_watch){0}, &result, &error), BM_FAILED);
    ck_assert_ptr_null(strstr(error.text, "iteration 1:"));
    ck_assert_msg(strstr(error.text, "try a lower inner_lr or outer_lr") != NULL, "%s", error.text);
    bm_run_destroy(run);
    bm_experiment_free(&experiment);
}
END_TEST

START_TEST(serial_reptile_takes_plain_gradient_descent_alone) {
    bm_experiment experiment = short_experiment("reptile", "1");
    bm_error error;
    set(&experiment, "serial", "true");
    ck_assert_int_eq(bm_experiment_settle(&experiment, &error), BM_INVALID);
    set(&experiment, "outer_optimizer", "sgd");
    ck_assert_int_eq(bm_experiment_settle(&experiment, &error), BM_OK);
    set(&experiment, "outer_optimizer.momentum", "0.5");
    ck_assert_int_eq(bm_experiment_settle(&experiment, &error), BM_INVALID);
    set(&experiment, "outer_optimizer.momentum", "0");
    set(&experiment, "max_grad_norm", "1");
    ck_assert_int_eq(bm_experiment_settle(&experiment, &error), BM_INVALID);
    bm_experiment_free(&experiment);
}
END_TEST

START_TEST(numbers_of_steps_to_evaluate_after_rise) {
    bm_experiment experiment = short_experiment("maml", "1");
    bm_error error;
    set(&experiment, "eval_adapt_steps", "[1, 0]");
    ck_assert_int_eq(bm_experiment_settle(&experiment, &error), BM_INVALID);
    set(&experiment, "eval_adapt_steps", "[1, 1]");
    ck_assert_int_eq(bm_experiment_settle(&experiment, &error), BM_INVALID);
    set(&experiment, "eval_adapt_steps", "[]");
    ck_assert_int_eq(bm_experiment_settle(&experiment, &error), BM_INVALID);
    bm_experiment_free(&experiment);
}
END_TEST

/* ---- adaptation ------------------------------------------------------------------------------------------------- */

typedef struct {
    bm_experiment experiment;
    bm_trainee *trainee;
    bm_meta_trainee *model;
} fresh_model;

static void fresh(fresh_model *fresh, const char *learner, const char *inner_lr, int threads) {
    bm_error error;
    *fresh = (fresh_model){.experiment = short_experiment(learner, "3")};
    set(&fresh->experiment, "inner_lr", inner_lr);
    fresh->experiment.threads = threads;
    ck_assert_msg(bm_trainee_create(&fresh->trainee, &fresh->experiment, true, &error) == BM_OK, "%s", error.text);
    fresh->model = bm_meta_trainee_of(fresh->trainee);
    bm_rng rng = bm_rng_seeded(1);
    ck_assert_msg(bm_learner_init(fresh->model->learner, BM_INIT_XAVIER_UNIFORM, fresh->model->outer, &rng, &error) ==
                      BM_OK,
                  "%s", error.text);
}

static void free_fresh(fresh_model *fresh) {
    bm_trainee_destroy(fresh->trainee);
    bm_experiment_free(&fresh->experiment);
}

/* score [tasks, steps->count, BM_TASK_SCORES] */
static bm_adaptation_result adapt(fresh_model *fresh, const bm_int_list *steps, int tasks, double *score) {
    bm_adaptation *adaptation;
    bm_error error;
    const bm_seed seed = bm_seed_of(77);
    ck_assert_msg(bm_adaptation_create(&adaptation, fresh->model->learner, steps, &error) == BM_OK, "%s", error.text);
    const bm_adaptation_result result = bm_adaptation_run(adaptation, &seed, fresh->model->outer, tasks, NULL, score);
    bm_adaptation_destroy(adaptation);
    return result;
}

START_TEST(a_task_of_a_test_depends_neither_on_threads_nor_on_how_much_is_asked_for) {
    enum { MANY = 23, FEW = 5 };
    const bm_int_list all = {3, {0, 2, 9}}, some = {1, {2}};
    double many[MANY][3][BM_TASK_SCORES], few[FEW][1][BM_TASK_SCORES];
    for (int threads = 1; threads <= 3; threads++) {
        fresh_model fresh_one, fresh_other;
        fresh(&fresh_one, "maml", "0.01", 1);
        fresh(&fresh_other, "maml", "0.01", threads);
        ck_assert_int_eq(adapt(&fresh_one, &all, MANY, many[0][0]).diverged, 0);
        ck_assert_int_eq(adapt(&fresh_other, &some, FEW, few[0][0]).diverged, 0);
        for (int task = 0; task < FEW; task++) {
            ck_assert(many[task][1][0] == few[task][0][0]);
        }
        ck_assert(many[0][0][0] != many[1][0][0]);
        free_fresh(&fresh_one);
        free_fresh(&fresh_other);
    }
}
END_TEST

/* Without a step, the score is that of the parameters as they are; a step lowers the loss on what it was made with, on
 * average. */
START_TEST(scores_are_taken_after_the_steps_that_were_asked_for) {
    enum { TASKS = 200 };
    const bm_int_list steps = {3, {0, 1, 5}};
    double score[TASKS][3][BM_TASK_SCORES];
    fresh_model still, moving;
    fresh(&still, "maml", "0", 1);
    fresh(&moving, "maml", "0.01", 1);
    adapt(&still, &steps, TASKS, score[0][0]);
    for (int task = 0; task < TASKS; task++) {
        ck_assert(score[task][0][0] == score[task][1][0] && score[task][0][0] == score[task][2][0]);
    }
    const double before = bm_adaptation_summary(score[0][0], TASKS, 3, 0, 0).mean;
    adapt(&moving, &steps, TASKS, score[0][0]);
    ck_assert(bm_adaptation_summary(score[0][0], TASKS, 3, 0, 0).mean == before);
    ck_assert(bm_adaptation_summary(score[0][0], TASKS, 3, 2, 0).mean < before);
    free_fresh(&still);
    free_fresh(&moving);
}
END_TEST

START_TEST(tasks_that_diverge_are_counted_and_named) {
    enum { TASKS = 30 };
    const bm_int_list steps = {3, {0, 1, 60}};
    for (int threads = 1; threads <= 3; threads++) {
        double score[TASKS][3][BM_TASK_SCORES];
        fresh_model wild;
        fresh(&wild, "maml", "50", threads);
        const bm_adaptation_result result = adapt(&wild, &steps, TASKS, score[0][0]);
        int diverged = 0, first = -1;
        for (int task = 0; task < TASKS; task++) {
            ck_assert(isfinite(score[task][0][0]));
            diverged += isnan(score[task][2][0]) != 0;
            first = first < 0 && isnan(score[task][2][0]) ? task : first;
        }
        ck_assert_int_gt(diverged, 0);
        ck_assert_int_eq(result.diverged, diverged);
        ck_assert_int_eq(result.first_task, first);
        ck_assert_int_gt(result.first_after, 0);
        ck_assert_int_eq(bm_adaptation_summary(score[0][0], TASKS, 3, 2, 0).tasks, TASKS - diverged);
        ck_assert_int_eq(bm_adaptation_summary(score[0][0], TASKS, 3, 0, 0).tasks, TASKS);
        free_fresh(&wild);
    }
}
END_TEST

/* Mean of 1, 2, 3, 6 is 3, their sample variance 14 / 3, so 1.96 sqrt(14 / 12) to each side. */
START_TEST(a_summary_has_the_mean_and_its_interval) {
    const double score[5][2][BM_TASK_SCORES] = {
        {{9, 9}, {1, 9}}, {{9, 9}, {2, 9}}, {{9, 9}, {3, 9}}, {{9, 9}, {6, 9}}, {{9, 9}, {NAN, NAN}}};
    const bm_adaptation_mean mean = bm_adaptation_summary(score[0][0], 5, 2, 1, 0);
    ck_assert_int_eq(mean.tasks, 4);
    assert_near(mean.mean, 3, 1e-14, "mean");
    assert_near(mean.half_width, 2.117041961479901, 1e-14, "half width");
    const bm_adaptation_mean one = bm_adaptation_summary(score[0][0], 1, 2, 1, 0);
    ck_assert(one.mean == 1 && isnan(one.half_width));
}
END_TEST

TEST_MAIN("meta run", 120, the_same_seed_gives_the_same_bits_with_any_number_of_threads_and_another_seed_others,
          a_run_is_not_resumed_to_fewer_iterations_than_it_has_made, a_run_that_diverges_later_blames_both_rates,
          serial_reptile_takes_plain_gradient_descent_alone, training_makes_adaptation_better,
          a_run_stopped_many_times_ends_with_the_hash_and_the_rows_of_one_that_never_stopped,
          a_killed_run_continues_from_its_last_checkpoint, two_runs_do_not_train_in_one_folder,
          a_run_that_diverges_says_where_and_leaves_its_checkpoints,
          a_change_takes_effect_at_its_iteration_also_in_a_run_that_was_stopped_before_it,
          the_network_can_be_taken_from_another_run, an_experiment_comes_back_from_metadata_and_from_its_config_file,
          numbers_of_steps_to_evaluate_after_rise,
          a_task_of_a_test_depends_neither_on_threads_nor_on_how_much_is_asked_for,
          scores_are_taken_after_the_steps_that_were_asked_for, tasks_that_diverge_are_counted_and_named,
          a_summary_has_the_mean_and_its_interval)
