/* The outer loop of meta-training, and what falls due in it. Iteration i takes its tasks from child i of a stream of the run's seed, so
 * that nothing random has to be remembered; all that decides how the run goes on is on the state list. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/subnormal.h"
#include "meta/meta_run_state.h"
#include "optim/lr_schedule.h"

/* ---- one iteration ---------------------------------------------------------------------------------------------- */

static bm_status diverged(const bm_meta_run *run, const bm_learner_result *result, bm_error *error) {
    if (result->fault) {
        return bm_fail(error, "%s", result->fault->text);
    }
    char where[96] = "the mean over tasks is not finite";
    const char *remedy = "try a lower outer_lr";
    if (result->failed_task >= 0 && result->failed_step > 0) {
        snprintf(where, sizeof where, "task %d was not finite after inner step %d", result->failed_task,
                 result->failed_step);
        remedy = run->counters.iteration == 0 ? "try a lower inner_lr" : "try a lower inner_lr or outer_lr";
    } else if (result->failed_task >= 0) {
        snprintf(where, sizeof where, "task %d was not finite before any inner step", result->failed_task);
    }
    const bool saved = run->folder.path[0] != '\0';
    return bm_fail(error, "meta-training diverged at iteration %" PRId64 ": %s; %s%s%s%s", run->counters.iteration + 1,
                   where, remedy, saved ? " (the checkpoints in " : "", run->folder.path,
                   saved ? " are from before)" : "");
}

static bm_status iterate(bm_meta_run *run, bm_error *error) {
    const bm_meta_config *config = &run->experiment->run;
    bm_meta_counters *c = &run->counters;
    bm_meta_model *model = &run->model;
    const bm_seed stream = bm_seed_child(&run->seed, BM_META_STREAM_TASKS);
    const bm_seed seed = bm_seed_child(&stream, (uint32_t)c->iteration);
    const double remaining = 1 - (double)c->iteration / config->meta_iterations;
    const double rate = bm_lr_schedule_rate(&config->lr_schedule, config->outer_lr, remaining, &run->optim);
    const bm_learner_result result = bm_learner_gradient(model->learner, &seed, rate, model->outer, run->grad);
    if (result.failed_task >= 0 || !isfinite(result.loss)) {
        return diverged(run, &result, error);
    }
    const double scale = bm_clip_norm_scale(BM_REAL_DTYPE, model->learner->parameters, run->grad, 2,
                                            config->max_grad_norm, &c->grad_norm);
    bm_optim_step(&run->optim, rate, scale, model->outer, run->grad);
    c->iteration++;
    c->losses++;
    c->loss_sum += result.loss;
    c->loss = result.loss;
    c->learning_rate = rate;
    return BM_OK;
}

/* ---- evaluation ------------------------------------------------------------------------------------------------- */

/* False: stopped on the way. */
static bool evaluate(bm_meta_run *run, uint32_t stream, int tasks, const bm_meta_watch *watch,
                     bm_meta_evaluation *evaluation) {
    const int steps = run->experiment->run.eval_adapt_steps.count;
    const bm_seed seed = bm_seed_child(&run->seed, stream);
    evaluation->adaptation =
        bm_adaptation_run(run->adaptation, &seed, run->model.outer, tasks, watch->stop, run->score);
    if (evaluation->adaptation.stopped) {
        return false;
    }
    evaluation->tasks = tasks;
    for (int at = 0; at < steps; at++) {
        for (int which = 0; which < BM_TASK_SCORES; which++) {
            evaluation->mean[at][which] = bm_adaptation_summary(run->score, tasks, steps, at, which);
        }
    }
    return true;
}

/* Parameters from which tasks diverge are never the best, whatever they do for the others. */
static bool is_best(const bm_meta_run *run, const bm_meta_evaluation *evaluation) {
    const bm_meta_counters *c = &run->counters;
    const bool better = run->experiment->tasks->larger_is_better ? c->latest > c->best : c->latest < c->best;
    return evaluation->adaptation.diverged == 0 && (isnan(c->best) || better);
}

/* On the same tasks every time, so that what differs between two evaluations is what was learned between them. */
static bm_status select_best(bm_meta_run *run, const bm_meta_watch *watch, bm_meta_evaluation *evaluation,
                             bm_error *error) {
    const bm_meta_config *config = &run->experiment->run;
    bm_meta_counters *c = &run->counters;
    const double start = bm_clock();
    if (!evaluate(run, BM_META_STREAM_SELECTION, config->eval_tasks, watch, evaluation)) {
        return BM_OK; /* a resumed run does it again */
    }
    if (evaluation->adaptation.fault) {
        return bm_fail(error, "%s", evaluation->adaptation.fault->text);
    }
    c->evaluations = c->iteration / config->eval_every;
    c->latest = evaluation->mean[config->eval_adapt_steps.count - 1][0].mean;
    run->folder.eval_seconds += bm_clock() - start;
    if (is_best(run, evaluation)) {
        c->best = c->latest;
        return bm_meta_run_save(run, "best", error);
    }
    return BM_OK;
}

/* ---- what falls due --------------------------------------------------------------------------------------------- */

static void write_row(bm_meta_run *run, const bm_meta_evaluation *evaluation) {
    double values[BM_META_METRICS_MAX];
    bm_meta_counters *c = &run->counters;
    const bool evaluated = evaluation->tasks > 0;
    const double seconds = bm_folder_seconds(&run->folder), elapsed = seconds - run->log_seconds;
    values[BM_META_LOSS] = c->losses ? c->loss_sum / (double)c->losses : NAN;
    values[BM_META_LEARNING_RATE] = c->learning_rate;
    values[BM_META_GRAD_NORM] = c->grad_norm;
    values[BM_META_FPS] = elapsed > 0 ? (double)(c->iteration - run->log_iteration) / elapsed : NAN;
    values[BM_META_DIVERGED_TASKS] = evaluated ? (double)evaluation->adaptation.diverged : NAN;
    for (int i = BM_META_SHARED_METRICS, steps = run->experiment->run.eval_adapt_steps.count; i < run->metrics; i++) {
        const int at = (i - BM_META_SHARED_METRICS) % steps, which = (i - BM_META_SHARED_METRICS) / steps;
        values[i] = evaluated ? evaluation->mean[at][which].mean : NAN;
    }
    c->losses = 0;
    c->loss_sum = 0;
    run->log_seconds = seconds;
    run->log_iteration = c->iteration;
    bm_metrics_row(run->folder.metrics, c->iteration, seconds, values);
}

static double speed(const bm_meta_run *run, double seconds) {
    const double training = seconds - run->folder.eval_seconds;
    return training > 0 ? (double)run->counters.iteration / training : NAN;
}

static void show(const bm_meta_run *run, const bm_meta_watch *watch) {
    if (watch->visit) {
        const double seconds = bm_folder_seconds(&run->folder);
        const bm_meta_progress progress = {
            .iteration = run->counters.iteration,
            .total = run->experiment->run.meta_iterations,
            .seconds = seconds,
            .iterations_per_second = speed(run, seconds),
            .loss = run->counters.loss,
            .score = run->counters.latest,
        };
        watch->visit(watch->context, &progress);
    }
}

/* An evaluation is due and has not been made: a signal came in between. */
static bool owes_evaluation(const bm_meta_run *run) {
    return run->counters.evaluations < run->counters.iteration / run->experiment->run.eval_every;
}

static bm_status observe(bm_meta_run *run, const bm_meta_watch *watch, bm_error *error) {
    const bm_meta_config *config = &run->experiment->run;
    const int64_t now = run->counters.iteration;
    bm_meta_evaluation evaluation = {.tasks = 0};
    if (owes_evaluation(run)) {
        const bm_status status = select_best(run, watch, &evaluation, error);
        if (status != BM_OK || evaluation.tasks == 0) {
            return status;
        }
        show(run, watch);
    }
    if (evaluation.tasks > 0 || now % config->log_every == 0) {
        write_row(run, &evaluation);
    }
    return now % config->checkpoint_every == 0 || now >= config->meta_iterations ? bm_meta_run_save_last(run, error)
                                                                                 : BM_OK;
}

static bool stopped(const bm_meta_watch *watch) {
    return watch->stop && atomic_load_explicit(watch->stop, memory_order_relaxed);
}

static bm_status loop(bm_meta_run *run, const bm_meta_watch *watch, bm_error *error) {
    const bm_meta_config *config = &run->experiment->run;
    double shown = 0;
    bm_status status = owes_evaluation(run) ? observe(run, watch, error) : BM_OK;
    while (status == BM_OK && run->counters.iteration < config->meta_iterations) {
        if (stopped(watch)) {
            return bm_meta_run_save_last(run, error);
        }
        if ((status = iterate(run, error)) == BM_OK) {
            status = observe(run, watch, error);
        }
        const double now = bm_clock();
        if (now - shown > 0.1) {
            show(run, watch);
            shown = now;
        }
        if (status == BM_OK && bm_folder_seconds(&run->folder) >= config->max_seconds) {
            return bm_meta_run_save_last(run, error);
        }
    }
    /* a signal during the last evaluation that was due: nothing has been saved since */
    return status == BM_OK && owes_evaluation(run) ? bm_meta_run_save_last(run, error) : status;
}

bm_status bm_meta_run_train(bm_meta_run *run, const bm_meta_watch *watch, bm_meta_result *result, bm_error *error) {
    const unsigned mode = bm_flush_subnormals();
    run->folder.clock_start = bm_clock();
    bm_status status = loop(run, watch, error);
    memset(result, 0, sizeof *result);
    result->iterations = run->counters.iteration;
    result->seconds = bm_folder_seconds(&run->folder);
    result->iterations_per_second = speed(run, result->seconds);
    result->loss = run->counters.loss;
    result->hash = bm_state_hash(&run->state, 0);
    if (status == BM_OK && !stopped(watch)) {
        evaluate(run, BM_META_STREAM_EVALUATION, run->experiment->run.eval_final_tasks, watch, &result->evaluation);
        const bm_error *fault = result->evaluation.adaptation.fault;
        status = fault ? bm_fail(error, "%s", fault->text) : BM_OK;
    }
    bm_restore_subnormals(mode);
    result->interrupted = result->evaluation.tasks == 0 && watch->stop ? atomic_load(watch->stop) : 0;
    bm_error ignored;
    const bm_status closed = bm_metrics_flush(run->folder.metrics, NULL, status == BM_OK ? error : &ignored);
    show(run, watch);
    return status == BM_OK ? closed : status;
}
