/* The outer loop of meta-training, and what it needs; see meta_trainee.h. Iteration i takes its tasks from child i of a
 * stream of the run's seed, so that nothing random has to be remembered. */
#include "meta/meta_trainee.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/subnormal.h"
#include "optim/lr_schedule.h"

enum { STREAM_INIT, STREAM_TASKS }; /* children of the run's seed, before those of train/trainee.h */

/* Initial weights are PyTorch's small ones for linear layers: larger ones, as Glorot's, make a few tasks diverge in
 * adaptation, and the paper's, normal with a deviation of 0.01, take long to leave where they start. */
static const bm_option rows[] = {
    {BM_ROW_NAMED("meta_iterations", bm_meta_run, common.total, "10000", 1, INT_MAX, BM_LOG,
                  "steps of the outer optimizer")},
    BM_OPTION(bm_meta_run, meta_batch_size, 25, 1, 100000, BM_LOG, "tasks of one of them"),
    {BM_ROW(bm_meta_run, outer_lr, 0.001, 1e-8, 10, BM_LOG, "step size of the outer optimizer; lin_X falls to 0"),
     .live = true, .tune = "log(1e-4,1e-2)"},
    BM_OPTION_VARIANT(bm_meta_run, outer_optimizer, "adam", bm_optim_kinds, "with settings of its own"),
    BM_OPTION_VARIANT(bm_meta_run, lr_schedule, "constant", bm_lr_schedule_kinds,
                      "in place of lin_X: outer_lr over the run, in hundredths of it"),
    BM_OPTION_LIVE(bm_meta_run, max_grad_norm, 0, 0, 1e9, BM_LINEAR,
                   "longer outer gradients are scaled to this norm; 0: never"),
    BM_OPTION_STRING(bm_meta_run, net, "[40, 40]", 1, 65536, "widths of the hidden layers"),
    BM_OPTION_CHOICE(bm_meta_run, activation, "relu", bm_activation_names, "of the hidden layers"),
    BM_OPTION_CHOICE(bm_meta_run, init, "torch", bm_init_names, "initial weights"),
    BM_OPTION(bm_meta_run, eval_tasks, 100, 1, 1000000, BM_LOG, "tasks of an evaluation, the same every time"),
    BM_OPTION(bm_meta_run, eval_final_tasks, 600, 1, 1000000, BM_LOG,
              "tasks of the evaluation at the end, used for nothing else"),
    BM_OPTION_STRING(bm_meta_run, eval_adapt_steps, "[0, 1, 5, 10]", 0, 100000,
                     "steps of adaptation after which evaluations score; the last decides which checkpoint is best"),
    BM_OPTION_GROUP(bm_meta_run, common, "", &bm_run_settings_options, ""),
};

static const bm_options run_options = BM_OPTIONS(rows, bm_meta_run);

static const char *const shared_metrics[] = {
    "train/loss", "train/learning_rate", "train/grad_norm", "time/fps", "eval/diverged_tasks",
};
enum { SHARED_METRICS = sizeof shared_metrics / sizeof shared_metrics[0] };

bool bm_meta_score_words(const char *column, char *text, size_t bytes) {
    static const char before[] = "eval/", between[] = "_after_";
    const char *name = column + sizeof before - 1, *end = strstr(column, between);
    if (strncmp(column, before, sizeof before - 1) != 0 || !end || end <= name) {
        return false;
    }
    const char *steps = end + sizeof between - 1;
    if (!*steps || steps[strspn(steps, "0123456789")]) {
        return false;
    }
    snprintf(text, bytes, "%.*s after %s step%s of adaptation", (int)(end - name), name, steps,
             strcmp(steps, "1") == 0 ? "" : "s");
    return true;
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

/* The tasks may be named by the id of the environment whose options differ between them. */
static bm_status lookup(bm_experiment *experiment, const char *learner_name, const char *problem, bm_error *error) {
    const bm_learner_type *learner;
    const bm_tasks_type *tasks;
    const bm_env_type *env = bm_env_find(problem);
    BM_TRY(bm_learner_lookup(learner_name, &learner, error));
    BM_TRY(bm_tasks_lookup(problem, &tasks, error));
    experiment->learner = (bm_subject){.name = learner->name, .type = learner, .options = &learner->options};
    experiment->problem = (bm_subject){.name = env ? env->id : tasks->name, .type = tasks, .options = &tasks->options};
    return BM_OK;
}

/* Whether its step is minus the rate times the gradient. */
static bool plain_descent(const bm_meta_run *run) {
    return strcmp(bm_optim_kinds[run->outer_optimizer.kind].name, "sgd") == 0 && run->max_grad_norm == 0 &&
           bm_options_number(&run_options, run, "outer_optimizer.momentum") == 0 &&
           bm_options_number(&run_options, run, "outer_optimizer.weight_decay") == 0;
}

static bm_status settle(bm_experiment *experiment, bm_error *error) {
    const bm_meta_run *run = bm_meta_run_of(experiment);
    const bm_subject *tasks = &experiment->problem, *learner = &experiment->learner;
    const void *field;
    BM_TRY(bm_adaptation_check_steps("eval_adapt_steps", &run->eval_adapt_steps, error));
    if (bm_env_find(tasks->name) && bm_options_find(tasks->options, tasks->config, "env", &field)) {
        const char *env = ((const bm_text *)field)->text;
        if (*env && strcmp(env, tasks->name) != 0) {
            return bm_invalid(error, "env=%s is not the %s that the tasks are named after", env, tasks->name);
        }
        BM_TRY(bm_options_set(tasks->options, tasks->config, "env", tasks->name, error));
    }
    if (bm_options_number(learner->options, learner->config, "serial") == 1 && !plain_descent(run)) {
        return bm_invalid(error, "serial=true goes from task to task by plain gradient descent; it needs "
                                 "outer_optimizer=sgd without momentum and weight_decay, and max_grad_norm=0");
    }
    return BM_OK;
}

/* ---- creation --------------------------------------------------------------------------------------------------- */

static void name_metrics(bm_meta_trainee *trainee) {
    bm_trainee *common = &trainee->common;
    const bm_int_list *steps = &trainee->run->eval_adapt_steps;
    const char *const *score_name = trainee->tasks->type->score_names;
    const int most = BM_TASK_SCORES * steps->count;
    trainee->column = bm_arena_alloc(&common->arena, (size_t)most, sizeof *trainee->column);
    common->metric_name = BM_NEW(&common->arena, const char *, SHARED_METRICS + most);
    if (!trainee->column || !common->metric_name) {
        return;
    }
    memcpy(common->metric_name, shared_metrics, sizeof shared_metrics);
    int columns = 0;
    for (int which = 0; score_name[which]; which++) {
        for (int at = 0; at < steps->count; at++) {
            snprintf(trainee->column[columns], BM_SCORE_COLUMN, "eval/%s_after_%d", score_name[which],
                     steps->value[at]);
            common->metric_name[SHARED_METRICS + columns] = trainee->column[columns];
            columns++;
        }
    }
    common->metrics = SHARED_METRICS + columns;
    common->metric = trainee->column[steps->count - 1];
}

/* What learns beside what is learned. */
static bm_status create_outer_loop(bm_meta_trainee *trainee, bm_error *error) {
    const bm_meta_run *run = trainee->run;
    bm_trainee *common = &trainee->common;
    const size_t n = trainee->learner->parameters, steps = (size_t)run->eval_adapt_steps.count;
    const int tasks = run->eval_tasks > run->eval_final_tasks ? run->eval_tasks : run->eval_final_tasks;
    BM_TRY(bm_adaptation_create(&trainee->adaptation, trainee->learner, &run->eval_adapt_steps, error));
    trainee->grad = BM_NEW(&common->arena, bm_real, n);
    trainee->score = BM_NEW(&common->arena, double, (size_t)tasks *steps *BM_TASK_SCORES);
    BM_TRY(bm_optim_create(&trainee->optim, &run->outer_optimizer, BM_REAL_DTYPE, n, &common->arena, error));
    BM_TRY(bm_lr_schedule_check(&run->lr_schedule, trainee->optim.type, error));
    common->evaluation = &trainee->evaluation;
    common->larger_is_better = trainee->tasks->type->larger_is_better;
    name_metrics(trainee);
    return BM_OK;
}

static bm_status create(bm_trainee *common, bm_error *error) {
    bm_meta_trainee *trainee = bm_meta_trainee_of(common);
    const bm_experiment *experiment = common->experiment;
    const bm_subject *problem = &experiment->problem, *learner = &experiment->learner;
    bm_meta_run *run = BM_NEW(&common->arena, bm_meta_run, 1);
    BM_TRY(bm_arena_check(&common->arena, "the options", error));
    *run = *bm_meta_run_of(experiment);
    trainee->run = run;
    common->live = (bm_preset_target){&run_options, run};
    BM_TRY(bm_pool_create(&trainee->pool, experiment->threads > 1 ? experiment->threads : 1, error));
    BM_TRY(bm_tasks_create(&trainee->tasks, problem->type, problem->config, &run->net, bm_activations[run->activation],
                           error));
    BM_TRY(bm_learner_create(&trainee->learner, learner->type, learner->config, trainee->tasks, run->meta_batch_size,
                             trainee->pool, error));
    trainee->outer = BM_NEW(&common->arena, bm_real, trainee->learner->parameters);
    BM_TRY(bm_arena_check(&common->arena, "the outer parameters", error));
    return common->acts_only ? BM_OK : create_outer_loop(trainee, error);
}

static void destroy(bm_trainee *common) {
    bm_meta_trainee *trainee = bm_meta_trainee_of(common);
    bm_adaptation_destroy(trainee->adaptation);
    bm_learner_destroy(trainee->learner);
    bm_tasks_destroy(trainee->tasks);
    bm_pool_destroy(trainee->pool);
}

bm_status bm_meta_begin(bm_trainee *common, bm_error *error) {
    const bm_meta_trainee *trainee = bm_meta_trainee_of(common);
    const bm_seed seed = bm_seed_child(&common->seed, STREAM_INIT);
    bm_rng rng = bm_rng_from(&seed);
    return bm_learner_init(trainee->learner, (bm_init)trainee->run->init, trainee->outer, &rng, error);
}

static void list_rest(bm_state *state, const char *name, bm_real *from, size_t n) {
    if (n > 0) {
        bm_state_vector(state, name, BM_REAL_DTYPE, from, n);
    }
}

/* nets.*, and what a policy or a learner keeps beside a network. */
static void list_state(bm_trainee *common, bm_state *state) {
    bm_meta_trainee *trainee = bm_meta_trainee_of(common);
    const size_t of_net = trainee->tasks->net.parameters, of_task = trainee->tasks->parameters;
    bm_state_enter(state, "meta");
    bm_state_enter(state, "nets");
    bm_net_state(&trainee->tasks->net, trainee->outer, state);
    bm_state_leave(state);
    list_rest(state, "policy", trainee->outer + of_net, of_task - of_net);
    list_rest(state, "learner", trainee->outer + of_task, trainee->learner->parameters - of_task);
    if (!common->acts_only) {
        bm_state_count(state, "losses", &trainee->losses);
        bm_state_scalar(state, "loss_sum", BM_F64, &trainee->loss_sum);
        bm_state_scalar(state, "learning_rate", BM_F64, &trainee->learning_rate);
        bm_state_scalar(state, "grad_norm", BM_F64, &trainee->grad_norm);
        bm_state_enter(state, "outer_optimizer");
        bm_optim_state(&trainee->optim, state);
        bm_state_leave(state);
    }
    bm_state_leave(state);
}

/* ---- one iteration ---------------------------------------------------------------------------------------------- */

static bm_status diverged(const bm_trainee *common, const bm_learner_result *result, bm_error *error) {
    if (result->fault) {
        return bm_fail(error, "%s", result->fault->text);
    }
    char where[96] = "the mean over tasks is not finite";
    const char *remedy = "try a lower outer_lr";
    if (result->failed_task >= 0 && result->failed_step > 0) {
        snprintf(where, sizeof where, "task %d was not finite after inner step %d", result->failed_task,
                 result->failed_step);
        remedy = common->count == 0 ? "try a lower inner_lr" : "try a lower inner_lr or outer_lr";
    } else if (result->failed_task >= 0) {
        snprintf(where, sizeof where, "task %d was not finite before any inner step", result->failed_task);
    }
    return bm_fail(error, "meta-training diverged at iteration %" PRId64 ": %s; %s", common->count + 1, where, remedy);
}

static bm_learner_result step(bm_meta_trainee *trainee) {
    const bm_meta_run *run = trainee->run;
    const int64_t iteration = trainee->common.count;
    const bm_seed stream = bm_seed_child(&trainee->common.seed, STREAM_TASKS);
    const bm_seed seed = bm_seed_child(&stream, (uint32_t)iteration);
    const double remaining = 1 - (double)iteration / run->common.total;
    const double rate = bm_lr_schedule_rate(&run->lr_schedule, run->outer_lr, remaining, &trainee->optim);
    const bm_learner_result result = bm_learner_gradient(trainee->learner, &seed, rate, trainee->outer, trainee->grad);
    if (result.failed_task < 0 && isfinite(result.loss)) {
        const double scale = bm_clip_norm_scale(BM_REAL_DTYPE, trainee->learner->parameters, trainee->grad, 2,
                                                run->max_grad_norm, &trainee->grad_norm);
        bm_optim_step(&trainee->optim, rate, scale, trainee->outer, trainee->grad);
        trainee->learning_rate = rate;
    }
    return result;
}

static bm_status advance(bm_trainee *common, bm_error *error) {
    bm_meta_trainee *trainee = bm_meta_trainee_of(common);
    const unsigned mode = bm_flush_subnormals();
    const bm_learner_result result = step(trainee);
    bm_restore_subnormals(mode);
    if (result.failed_task >= 0 || !isfinite(result.loss)) {
        return diverged(common, &result, error);
    }
    common->count++;
    common->training = result.loss;
    trainee->losses++;
    trainee->loss_sum += result.loss;
    return BM_OK;
}

/* ---- evaluation ------------------------------------------------------------------------------------------------- */

/* On the same tasks at every selection, so that what differs between two of them is what was learned between.
 * Parameters from which tasks diverge are never the best, whatever they do for the others. */
static bm_status evaluate(bm_trainee *common, int64_t selection, const atomic_int *stop, bm_error *error) {
    bm_meta_trainee *trainee = bm_meta_trainee_of(common);
    bm_meta_evaluation *evaluation = &trainee->evaluation;
    const bool final = selection == BM_FINAL_EVALUATION;
    const bm_seed seed = bm_seed_child(&common->seed, final ? BM_STREAM_EVALUATION : BM_STREAM_SELECTION);
    const int tasks = final ? trainee->run->eval_final_tasks : trainee->run->eval_tasks;
    const int steps = trainee->run->eval_adapt_steps.count;
    const unsigned mode = bm_flush_subnormals();
    evaluation->tasks = tasks;
    evaluation->adaptation = bm_adaptation_run(trainee->adaptation, &seed, trainee->outer, tasks, stop, trainee->score);
    for (int at = 0; at < steps && !evaluation->adaptation.stopped; at++) {
        for (int which = 0; which < BM_TASK_SCORES; which++) {
            evaluation->mean[at][which] = bm_adaptation_summary(trainee->score, tasks, steps, at, which);
        }
    }
    bm_restore_subnormals(mode);
    common->score = evaluation->mean[steps - 1][0].mean;
    common->eligible = evaluation->adaptation.diverged == 0;
    common->scored = !evaluation->adaptation.stopped;
    const bm_error *fault = evaluation->adaptation.fault;
    return fault ? bm_fail(error, "%s", fault->text) : BM_OK;
}

static void measure(bm_trainee *common, bool evaluated, double fps, double *values) {
    bm_meta_trainee *trainee = bm_meta_trainee_of(common);
    const bm_meta_evaluation *evaluation = &trainee->evaluation;
    const double shared[SHARED_METRICS] = {
        trainee->losses ? trainee->loss_sum / (double)trainee->losses : (double)NAN,
        trainee->learning_rate,
        trainee->grad_norm,
        fps,
        evaluated ? (double)evaluation->adaptation.diverged : (double)NAN,
    };
    memcpy(values, shared, sizeof shared);
    for (int i = SHARED_METRICS, steps = trainee->run->eval_adapt_steps.count; i < common->metrics; i++) {
        const int at = (i - SHARED_METRICS) % steps, which = (i - SHARED_METRICS) / steps;
        values[i] = evaluated ? evaluation->mean[at][which].mean : (double)NAN;
    }
    trainee->losses = 0;
    trainee->loss_sum = 0;
}

const bm_trainee_type bm_meta_trainee_type = {
    .verb = "meta",
    .learner_word = "learner",
    .unit = "iterations",
    .total_name = "meta_iterations",
    .weights = "meta.nets.",
    .problem_flags = true,
    .clock_every = 1,
    .bytes = sizeof(bm_meta_trainee),
    .run_options = &run_options,
    .learner_name = bm_learner_name,
    .problem_name = bm_tasks_name,
    .lookup = lookup,
    .settle = settle,
    .create = create,
    .destroy = destroy,
    .begin = bm_meta_begin,
    .advance = advance,
    .evaluate = evaluate,
    .measure = measure,
    .state = list_state,
};
