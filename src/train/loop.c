/* The one training loop. Step by step: changes that are due, act, step the environment, observe, update; then whatever falls due
 * at this step, in a fixed order: evaluation, a row of metrics, a checkpoint. All that decides how the run goes on is on the state
 * list. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "train/live.h"
#include "train/run_state.h"

static double window_mean(const bm_run_counters *c, const double *window) {
    const int64_t n = c->episodes < BM_RUN_WINDOW ? c->episodes : BM_RUN_WINDOW;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += window[i];
    }
    return n ? sum / (double)n : NAN;
}

static void count_episodes(bm_run *run) {
    const bm_env_batch *env = run->env;
    bm_run_counters *c = &run->counters;
    if (env->ended_count == 0) {
        return;
    }
    const double seconds = bm_folder_seconds(&run->folder);
    for (int e = 0; e < env->ended_count; e++) {
        const int lane = env->ended[e];
        const int64_t slot = c->episodes++ % BM_RUN_WINDOW;
        c->window_return[slot] = env->final_return[lane];
        c->window_length[slot] = env->final_length[lane];
        bm_metrics_episode(run->folder.metrics, env->final_return[lane], env->final_length[lane], seconds);
    }
}

static bm_status step(bm_run *run, bm_error *error) {
    bm_env_batch *env = run->env;
    bm_actor_train(&run->actor);
    run->counters.step += env->lanes;
    count_episodes(run);
    return bm_env_check(env, error);
}

/* Whether a multiple of every was reached or passed by the last step of all lanes. */
static bool due(const bm_run *run, int every) {
    const int64_t now = run->counters.step, before = now - run->env->lanes;
    return now / every != before / every;
}

/* Chooses the best policy on episodes that nothing else uses; the k-th selection has its own. */
static bm_status select_best(bm_run *run, bm_evaluation *evaluation, bm_error *error) {
    bm_run_counters *c = &run->counters;
    const double start = bm_clock();
    const bm_seed stream = bm_seed_child(&run->seed, BM_STREAM_SELECTION);
    const int64_t number = c->step / run->experiment->run.eval_every;
    const bm_seed seeds = bm_seed_child(&stream, (uint32_t)number);
    *evaluation = bm_evaluate(&run->evaluator, run->experiment->run.eval_episodes, &seeds, 0, false);
    if (evaluation->episodes == 0) {
        return bm_env_check(run->evaluator.env, error); /* BM_OK: stopped, and a resumed run does it again */
    }
    c->evaluations = number; /* more than one may have fallen due at this step */
    c->latest = evaluation->mean_return;
    run->folder.eval_seconds += bm_clock() - start;
    if (evaluation->mean_return > c->best) {
        c->best = evaluation->mean_return;
        return bm_run_save(run, "best", false, error);
    }
    return BM_OK;
}

static void write_row(bm_run *run, const bm_evaluation *evaluation) {
    double values[BM_RUN_METRICS_MAX];
    const bm_run_counters *c = &run->counters;
    const double seconds = bm_folder_seconds(&run->folder), elapsed = seconds - run->log_seconds;
    values[BM_EP_REW_MEAN] = window_mean(c, c->window_return);
    values[BM_EP_LEN_MEAN] = window_mean(c, c->window_length);
    values[BM_EVAL_MEAN_REWARD] = evaluation->episodes ? evaluation->mean_return : NAN;
    values[BM_EVAL_MEAN_EP_LENGTH] = evaluation->episodes ? evaluation->mean_length : NAN;
    values[BM_FPS] = elapsed > 0 ? (double)(c->step - run->log_step) / elapsed : NAN;
    values[BM_TOTAL_TIMESTEPS] = (double)c->step;
    memcpy(values + BM_SHARED_METRICS, run->agent->metric, (size_t)run->agent->metrics * sizeof(double));
    run->log_seconds = seconds;
    run->log_step = c->step;
    bm_metrics_row(run->folder.metrics, c->step, seconds, values);
}

static double speed(const bm_run *run, double seconds) {
    const double training = seconds - run->folder.eval_seconds;
    return training > 0 ? (double)run->counters.step / training : NAN;
}

static void show(const bm_run *run, const bm_run_watch *watch, bool evaluated) {
    if (!watch->visit) {
        return;
    }
    const double seconds = bm_folder_seconds(&run->folder);
    const bm_progress progress = {
        .step = run->counters.step,
        .total = run->experiment->run.steps,
        .seconds = seconds,
        .steps_per_second = speed(run, seconds),
        .train_return = window_mean(&run->counters, run->counters.window_return),
        .eval_return = run->counters.latest,
        .evaluated = evaluated,
        .episodes = run->counters.episodes,
        .metric = run->agent->metric,
        .changes = &run->changes,
    };
    watch->visit(watch->context, &progress);
}

/* An evaluation is due and has not been made: a signal came in between. */
static bool owes_evaluation(const bm_run *run) {
    return run->counters.evaluations < run->counters.step / run->experiment->run.eval_every;
}

static bool reached_goal(const bm_run *run) {
    return run->counters.latest >= run->experiment->run.stop_at_return;
}

/* What falls due at this step. */
static bm_status observe_run(bm_run *run, const bm_run_watch *watch, bm_error *error) {
    const bm_run_config *config = &run->experiment->run;
    bm_evaluation evaluation = {0};
    bm_status status = BM_OK;
    const bool evaluate = owes_evaluation(run);
    if (evaluate) {
        status = select_best(run, &evaluation, error);
        if (status != BM_OK || evaluation.episodes == 0) {
            return status;
        }
        show(run, watch, true);
    }
    if (evaluate || due(run, config->log_every)) {
        write_row(run, &evaluation);
    }
    if (due(run, config->checkpoint_every) || run->counters.step >= config->steps || reached_goal(run)) {
        status = bm_run_save_last(run, error);
    }
    return status;
}

static bm_status diverged(const bm_run *run, bm_error *error) {
    const bool saved = run->folder.path[0] != '\0';
    return bm_fail(error,
                   "training diverged at step %" PRId64 ": the loss is not finite; try a lower learning rate or a "
                   "max_grad_norm%s%s%s",
                   run->counters.step, saved ? " (the checkpoints in " : "", run->folder.path,
                   saved ? " are from before)" : "");
}

static bool stopped(const bm_run_watch *watch) {
    return watch->stop && atomic_load_explicit(watch->stop, memory_order_relaxed);
}

static bm_status loop(bm_run *run, const bm_run_watch *watch, bm_error *error) {
    enum { LOOK_AT_CLOCK = 64 };
    const bm_run_config *config = &run->experiment->run;
    double shown = 0;
    bm_status status = owes_evaluation(run) ? observe_run(run, watch, error) : BM_OK;
    for (int64_t turn = 0; status == BM_OK && run->counters.step < config->steps && !reached_goal(run); turn++) {
        if (stopped(watch)) {
            return bm_run_save_last(run, error);
        }
        if ((status = bm_changes_apply(&run->changes, run->counters.step, run->agent, error)) != BM_OK) {
            return status;
        }
        if (watch->live && bm_live_wanted(watch->live)) {
            bm_live_serve(watch->live);
        }
        status = step(run, error);
        if (status == BM_OK && run->agent->diverged) {
            return diverged(run, error);
        }
        status = status == BM_OK ? observe_run(run, watch, error) : status;
        if (turn % LOOK_AT_CLOCK == 0) {
            const double now = bm_clock();
            if (now - shown > 0.1) {
                show(run, watch, false);
                shown = now;
            }
            if (status == BM_OK && bm_folder_seconds(&run->folder) >= config->max_seconds) {
                return bm_run_save_last(run, error);
            }
        }
    }
    /* a signal during the last evaluation that was due: nothing has been saved since */
    return status == BM_OK && owes_evaluation(run) ? bm_run_save_last(run, error) : status;
}

bm_status bm_run_train(bm_run *run, const bm_run_watch *watch, bm_run_result *result, bm_error *error) {
    run->folder.clock_start = bm_clock();
    run->evaluator.stop = watch->stop;
    bm_status status = loop(run, watch, error);
    if (watch->live) {
        bm_live_finish(watch->live);
    }
    memset(result, 0, sizeof *result);
    result->seconds = bm_folder_seconds(&run->folder);
    result->steps_per_second = speed(run, result->seconds);
    result->steps = run->counters.step;
    result->episodes = run->counters.episodes;
    result->updates = run->agent->updates;
    result->train_return = window_mean(&run->counters, run->counters.window_return);
    result->hash = bm_state_hash(&run->state, 0);
    const bm_replay *replay = bm_agent_replay(run->agent);
    if (replay) {
        result->hash = bm_replay_hash(replay, result->hash);
    }
    const bm_run_config *config = &run->experiment->run;
    if (status == BM_OK && !stopped(watch)) {
        const bm_seed seeds = bm_seed_child(&run->seed, BM_STREAM_EVALUATION);
        result->eval = bm_evaluate(&run->evaluator, config->eval_episodes, &seeds, 0, false);
        status = bm_env_check(run->evaluator.env, error);
    }
    result->interrupted = result->eval.episodes == 0 && watch->stop ? atomic_load(watch->stop) : 0;
    bm_error ignored;
    const bm_status closed = bm_metrics_flush(run->folder.metrics, NULL, status == BM_OK ? error : &ignored);
    show(run, watch, false);
    return status == BM_OK ? closed : status;
}
