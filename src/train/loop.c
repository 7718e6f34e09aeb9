/* The one training loop. Turn by turn: changes that are due, the trainee's turn; then whatever falls due, in a fixed order: evaluation,
 * a row of metrics, a checkpoint. All that decides how the run goes on is on the state list. */
#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "train/live.h"
#include "train/run_state.h"

/* ---- what falls due --------------------------------------------------------------------------------------------- */

/* Whether a multiple of every was reached or passed by the last turn. */
static bool due(const bm_run *run, int every) {
    const int64_t now = run->trainee->count, before = now - run->trainee->stride;
    return now / every != before / every;
}

/* The selection that is due by now: evaluations are numbered by multiples of eval_every. */
static int64_t selection_due(const bm_run *run) {
    return run->trainee->count / run->experiment->run->eval_every;
}

/* An evaluation is due and has not been made: a signal came in between. */
static bool owes_evaluation(const bm_run *run) {
    return run->evaluations < selection_due(run);
}

static bool as_good(const bm_run *run, double score, double than) {
    return run->trainee->larger_is_better ? score >= than : score <= than;
}

/* Scores on what nothing else uses. False: stopped; a resumed run does it again. */
static bool choose(bm_run *run, const bm_run_watch *watch) {
    const double start = bm_clock();
    const int64_t number = selection_due(run); /* more than one may have fallen due by this turn */
    const bool scored = run->trainee->type->evaluate(run->trainee, number, watch->stop);
    if (scored) {
        run->evaluations = number;
        run->latest = run->trainee->score;
        run->folder.eval_seconds += bm_clock() - start;
    }
    return scored;
}

static bool is_best(const bm_run *run) {
    return run->trainee->eligible && (isnan(run->best) || !as_good(run, run->best, run->latest));
}

static void write_row(bm_run *run, bool evaluated) {
    const double seconds = bm_folder_seconds(&run->folder), elapsed = seconds - run->log_seconds;
    const int64_t count = run->trainee->count;
    const double fps = elapsed > 0 ? (double)(count - run->log_count) / elapsed : (double)NAN;
    run->trainee->type->measure(run->trainee, evaluated, fps, run->row);
    run->log_seconds = seconds;
    run->log_count = count;
    bm_metrics_row(run->folder.metrics, count, seconds, run->row);
}

static double speed(const bm_run *run, double seconds) {
    const double training = seconds - run->folder.eval_seconds;
    return training > 0 ? (double)run->trainee->count / training : NAN;
}

static void show(const bm_run *run, const bm_run_watch *watch, bool evaluated) {
    if (!watch->visit) {
        return;
    }
    const double seconds = bm_folder_seconds(&run->folder);
    const bm_progress progress = {
        .step = run->trainee->count,
        .total = run->experiment->run->total,
        .seconds = seconds,
        .steps_per_second = speed(run, seconds),
        .training = run->trainee->training,
        .score = run->latest,
        .evaluated = evaluated,
        .trainee = run->trainee,
        .changes = &run->changes,
    };
    watch->visit(watch->context, &progress);
}

static bool complete(const bm_run *run) {
    return run->trainee->count >= run->experiment->run->total || as_good(run, run->latest, run->trainee->goal);
}

static bm_status observe(bm_run *run, const bm_run_watch *watch, bm_error *error) {
    const bm_run_settings *settings = run->experiment->run;
    const bool evaluate = owes_evaluation(run);
    if (evaluate) {
        if (!choose(run, watch)) {
            return BM_OK;
        }
        if (is_best(run)) {
            run->best = run->latest;
            BM_TRY(bm_run_save(run, "best", false, error));
        }
        show(run, watch, true);
    }
    if (evaluate || due(run, settings->log_every)) {
        write_row(run, evaluate);
    }
    return due(run, settings->checkpoint_every) || complete(run) ? bm_run_save_last(run, error) : BM_OK;
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static bool stopped(const bm_run_watch *watch) {
    return watch->stop && atomic_load_explicit(watch->stop, memory_order_relaxed);
}

static bm_status take_turn(bm_run *run, const bm_run_watch *watch, bm_error *error) {
    bm_trainee *trainee = run->trainee;
    BM_TRY(bm_changes_apply(&run->changes, trainee->count, &trainee->live, error));
    if (watch->live) {
        bm_live_serve(watch->live);
    }
    bm_error why;
    if (trainee->type->advance(trainee, &why) != BM_OK) {
        const bool saved = run->folder.path[0] != '\0';
        return bm_fail(error, "%s%s%s%s", why.text, saved ? " (the checkpoints in " : "", run->folder.path,
                       saved ? " are from before)" : "");
    }
    return observe(run, watch, error);
}

static bm_status loop(bm_run *run, const bm_run_watch *watch, bm_error *error) {
    double shown = 0;
    if (owes_evaluation(run)) {
        BM_TRY(observe(run, watch, error));
    }
    for (int64_t turn = 0; !complete(run); turn++) {
        if (stopped(watch)) {
            return bm_run_save_last(run, error);
        }
        BM_TRY(take_turn(run, watch, error));
        if (turn % run->trainee->type->clock_every != 0) {
            continue;
        }
        const double now = bm_clock();
        if (now - shown > 0.1) {
            show(run, watch, false);
            shown = now;
        }
        if (bm_folder_seconds(&run->folder) >= run->experiment->run->max_seconds) {
            return bm_run_save_last(run, error);
        }
    }
    /* a signal during the last evaluation that was due: nothing has been saved since */
    return owes_evaluation(run) ? bm_run_save_last(run, error) : BM_OK;
}

static bool final_evaluation(bm_run *run, const bm_run_watch *watch) {
    return !stopped(watch) && run->trainee->type->evaluate(run->trainee, BM_FINAL_EVALUATION, watch->stop);
}

bm_status bm_run_train(bm_run *run, const bm_run_watch *watch, bm_run_result *result, bm_error *error) {
    run->folder.clock_start = bm_clock();
    const bm_status status = loop(run, watch, error);
    if (watch->live) {
        bm_live_finish(watch->live);
    }
    const double seconds = bm_folder_seconds(&run->folder);
    const bm_replay *replay = bm_run_replay(run);
    const uint64_t hash = bm_state_hash(&run->trainee->state, 0);
    *result = (bm_run_result){
        .steps = run->trainee->count,
        .seconds = seconds,
        .steps_per_second = speed(run, seconds),
        .training = run->trainee->training,
        .score = NAN,
        .hash = replay ? bm_replay_hash(replay, hash) : hash,
    };
    if (status == BM_OK && final_evaluation(run, watch)) {
        result->score = run->trainee->score;
        result->evaluation = run->trainee->evaluation;
    }
    result->interrupted = !result->evaluation && watch->stop ? atomic_load(watch->stop) : 0;
    bm_error ignored;
    const bm_status closed = bm_metrics_flush(run->folder.metrics, NULL, status == BM_OK ? error : &ignored);
    show(run, watch, false);
    return status == BM_OK ? closed : status;
}
