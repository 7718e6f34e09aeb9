/* One set of parameters after another, adapted to the same tasks; see meta_eval.h. */
#include "meta/meta_eval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/statistics.h"

/* ---- what was asked for ----------------------------------------------------------------------------------------- */

static bm_status set_number(const bm_subject *tasks, const char *key, double number, bm_error *error) {
    char text[32];
    snprintf(text, sizeof text, "%.0f", number);
    return bm_options_set(tasks->options, tasks->config, key, text, error);
}

/* Training's own number of shots stays what it was, also where it followed that of tests. */
static bm_status set_shots(const bm_experiment *experiment, int shots, bm_error *error) {
    const bm_subject *tasks = &experiment->problem;
    if (bm_options_number(tasks->options, tasks->config, "train_shots") == 0) {
        const double followed = bm_options_number(tasks->options, tasks->config, "shots");
        BM_TRY(set_number(tasks, "train_shots", followed, error));
    }
    return set_number(tasks, "shots", shots, error);
}

/* In place of what was not said. */
static void complete(bm_meta_eval *eval) {
    bm_meta_eval_config *config = &eval->config;
    const bm_meta_run *run = bm_meta_run_of(&eval->learned.experiment);
    if (config->adapt_steps.count == 0) {
        config->adapt_steps = run->eval_adapt_steps;
    }
    if (config->tasks == 0) {
        config->tasks = run->eval_final_tasks;
    }
    const bool other = config->seed >= 0;
    const bm_seed seed = bm_seed_of(other ? (uint64_t)config->seed : (uint64_t)run->common.seed);
    eval->seed = bm_seed_child(&seed, other ? BM_META_STREAM_OTHER_TASKS : BM_STREAM_EVALUATION);
}

/* What parameters are adapted by, with tasks as config wants them. Destroy it also after failure. */
static bm_status create_inner_loop(bm_trainee **inner, const bm_experiment *experiment,
                                   const bm_meta_eval_config *config, const bm_int_list *steps, bm_error *error) {
    BM_TRY(bm_trainee_create(inner, experiment, true, error));
    bm_meta_trainee *trainee = bm_meta_trainee_of(*inner);
    BM_TRY(bm_adaptation_create(&trainee->adaptation, trainee->learner, steps, error));
    return config->rates ? bm_adaptation_rates(trainee->adaptation, config->rates, config->rate, error) : BM_OK;
}

bm_status bm_meta_eval_open(bm_meta_eval *eval, const char *folder, const char *checkpoint,
                            const bm_meta_eval_config *config, bm_error *error) {
    bm_experiment *experiment = &eval->learned.experiment;
    memset(eval, 0, sizeof *eval);
    eval->config = *config;
    BM_TRY(bm_trained_load(&eval->learned, &bm_meta_trainee_type, folder, checkpoint, error));
    experiment->threads = config->threads;
    complete(eval);
    if (config->shots) {
        BM_TRY(set_shots(experiment, config->shots, error));
    }
    bm_trainee *inner; /* whatever is wrong is found before a baseline is trained */
    const bm_status status = create_inner_loop(&inner, experiment, &eval->config, &eval->config.adapt_steps, error);
    bm_trainee_destroy(inner);
    return status;
}

void bm_meta_eval_free(bm_meta_eval *eval) {
    bm_trained_free(&eval->learned);
    bm_arena_free(&eval->arena);
}

/* ---- methods ---------------------------------------------------------------------------------------------------- */

/* Adds a method and adapts outer, NULL for what a run of the experiment begins with. */
static bm_status add_method(bm_meta_eval *eval, bm_meta_eval_method wanted, const bm_experiment *experiment,
                            const bm_real *outer, const atomic_int *stop, bm_error *error) {
    const int tasks = eval->config.tasks;
    bm_meta_eval_method *method = &eval->method[eval->methods++];
    bm_trainee *inner;
    *method = wanted;
    method->score = BM_NEW(&eval->arena, double, (size_t)tasks *(size_t)wanted.steps.count *BM_TASK_SCORES);
    BM_TRY(bm_arena_check(&eval->arena, "the scores", error));
    bm_status status = create_inner_loop(&inner, experiment, &eval->config, &method->steps, error);
    if (status == BM_OK && !outer) {
        status = bm_meta_begin(inner, error);
    }
    if (status == BM_OK) {
        const bm_meta_trainee *trainee = bm_meta_trainee_of(inner);
        outer = outer ? outer : trainee->outer;
        method->result = bm_adaptation_run(trainee->adaptation, &eval->seed, outer, tasks, stop, method->score);
        const bm_error *fault = method->result.fault;
        status = fault ? bm_fail(error, "%s", fault->text) : BM_OK;
        method->result.fault = NULL; /* it goes with the inner loop */
    }
    bm_trainee_destroy(inner);
    return status;
}

bm_status bm_meta_eval_learned(bm_meta_eval *eval, const atomic_int *stop, bm_error *error) {
    const bm_trained *learned = &eval->learned;
    const char *name = learned->experiment.learner.name;
    const bm_meta_eval_method method = {
        .key = name, .name = name, .iterations = learned->trainee->count, .steps = eval->config.adapt_steps};
    return add_method(eval, method, &learned->experiment, bm_meta_trainee_of(learned->trainee)->outer, stop, error);
}

bm_status bm_meta_eval_random_start(bm_meta_eval *eval, const atomic_int *stop, bm_error *error) {
    const bm_meta_eval_method method = {.key = "random", .name = "random start", .steps = eval->config.adapt_steps};
    return add_method(eval, method, &eval->learned.experiment, NULL, stop, error);
}

static bm_status add_baseline(bm_meta_eval *eval, bm_baseline which, bm_trained *trained, const atomic_int *stop,
                              bm_error *error) {
    static const char *const name[BM_BASELINES] = {"pre-trained on all tasks", "oracle"};
    static const bm_int_list unadapted = {.count = 1, .value = {0}};
    const bm_meta_eval_method method = {
        .key = bm_baseline_name(which),
        .name = name[which],
        .iterations = trained->trainee->count,
        .steps = which == BM_BASELINE_ORACLE ? unadapted : eval->config.adapt_steps,
    };
    if (eval->config.shots) {
        BM_TRY(set_shots(&trained->experiment, eval->config.shots, error));
    }
    trained->experiment.threads = eval->config.threads;
    return add_method(eval, method, &trained->experiment, bm_meta_trainee_of(trained->trainee)->outer, stop, error);
}

bm_status bm_meta_eval_baseline(bm_meta_eval *eval, bm_baseline which, const char *folder, const atomic_int *stop,
                                bm_error *error) {
    bm_trained trained;
    bm_status status = bm_trained_load(&trained, &bm_meta_trainee_type, folder, "last", error);
    if (status == BM_OK) {
        status = add_baseline(eval, which, &trained, stop, error);
    }
    bm_trained_free(&trained);
    return status;
}

double bm_meta_eval_median(const bm_meta_eval *eval, const bm_meta_eval_method *method, int at, int which,
                           double *scratch) {
    size_t n = 0;
    for (int task = 0; task < eval->config.tasks; task++) {
        const double x =
            method->score[((size_t)task * (size_t)method->steps.count + (size_t)at) * BM_TASK_SCORES + (size_t)which];
        if (isfinite(x)) {
            scratch[n++] = x;
        }
    }
    return bm_median(scratch, n);
}
