/* Creating and continuing a run, the checkpoints between, and the one training loop. Turn by turn: changes that are
 * due, the trainee's turn; then whatever falls due, in a fixed order: evaluation, a row of metrics, a checkpoint. All
 * that decides how the run goes on is on the state list. */
#include "train/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "train/live.h"
#include "train/run_state.h"

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status new_run(bm_run **created, const bm_experiment *experiment, bm_error *error) {
    bm_run *run = *created = calloc(1, sizeof *run);
    if (!run) {
        return bm_fail(error, "not enough memory for the run");
    }
    run->experiment = experiment;
    run->folder.lock = -1;
    run->folder.clock_start = bm_clock();
    run->best = run->latest = NAN;
    BM_TRY(bm_trainee_create(&run->trainee, experiment, false, error));
    run->trainee->folder = &run->folder;
    run->row = BM_NEW(&run->arena, double, run->trainee->metrics);
    BM_TRY(bm_arena_check(&run->arena, "the run", error));
    bm_state *state = &run->trainee->state;
    bm_state_enter(state, "run");
    bm_state_count(state, "evaluations", &run->evaluations);
    bm_state_scalar(state, "best", BM_F64, &run->best);
    bm_state_scalar(state, "latest", BM_F64, &run->latest);
    bm_state_leave(state);
    return bm_state_check(state, error);
}

static bm_status open_metrics(bm_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    return bm_folder_metrics(&run->folder, run->trainee->metric_name, run->trainee->metrics,
                             run->experiment->problem.name, checkpoint, error);
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------ */

/* NAME.safetensors in the checkpoint folder, with all metrics on the disk before it. */
static bm_status save(bm_run *run, const char *name, bool with_replay, bm_error *error) {
    if (!run->folder.path[0]) {
        return BM_OK;
    }
    cJSON *metadata = bm_experiment_metadata(run->experiment);
    if (!metadata) {
        return bm_fail(error, "not enough memory for the checkpoint's metadata");
    }
    bm_folder_put_number(metadata, "step", (double)run->trainee->count);
    if (run->trainee->metric) {
        cJSON_AddStringToObject(metadata, "metric", run->trainee->metric);
    }
    bm_replay_file none = {.name = ""};
    const bm_status status =
        bm_folder_save(&run->folder, name, &run->trainee->state, metadata, with_replay ? run->trainee->replay : NULL,
                       with_replay ? &run->replay_file : &none, error);
    cJSON_Delete(metadata);
    return status;
}

bm_status bm_run_save_last(bm_run *run, bm_error *error) {
    const int keep = run->experiment->run->keep;
    bm_status status = save(run, "last", true, error);
    if (status == BM_OK && keep > 0 && run->trainee->count > 0 && run->folder.path[0]) {
        char name[BM_CHECKPOINT_NAME];
        bm_folder_numbered(name, run->trainee->count);
        status = save(run, name, false, error);
        bm_folder_prune(&run->folder, keep);
    }
    return status;
}

/* Takes over the arrays of another run that are weights of this one too; what else there is (an average, a baseline)
 * starts fresh. */
static bm_status take_weights(bm_run *run, const char *other, bm_error *error) {
    const char *prefix = run->trainee->type->weights;
    const bm_state *own = &run->trainee->state;
    bm_state weights = {0};
    bm_safetensors checkpoint;
    BM_TRY(bm_folder_checkpoint(other, "last", &checkpoint, error));
    for (size_t i = 0; i < own->count; i++) {
        const bm_array *array = &own->items[i];
        if (bm_state_find(&checkpoint.state, array->name) && strncmp(array->name, prefix, strlen(prefix)) == 0) {
            bm_state_add(&weights, array->name, array->dtype, array->data, array->dims, array->shape);
        }
    }
    bm_status status = bm_state_check(&weights, error);
    if (status == BM_OK) {
        status = weights.count ? bm_safetensors_restore(&checkpoint, &weights, error)
                               : bm_fail(error, "%s has no network that %s has", other, run->experiment->learner.name);
    }
    bm_state_free(&weights);
    bm_safetensors_free(&checkpoint);
    return status;
}

/* ---- a fresh run ------------------------------------------------------------------------------------------------ */

/* The folder, and the files that say so. */
static bm_status write_beginning(bm_run *run, const bm_run_start *start, bm_error *error) {
    bm_folder *folder = &run->folder;
    BM_TRY(start->folder ? bm_folder_create_at(folder, run->experiment, start->folder, error)
                         : bm_folder_create(folder, run->experiment, start->runs, start->name, error));
    if (run->changes.count > 0) {
        BM_TRY(bm_changes_write(&run->changes, folder->path, error));
    }
    BM_TRY(open_metrics(run, NULL, error));
    return bm_run_save_last(run, error);
}

bm_status bm_run_create(bm_run **created, const bm_experiment *experiment, const bm_run_start *start, bm_error *error) {
    BM_TRY(new_run(created, experiment, error));
    bm_run *run = *created;
    if (start->changes) {
        BM_TRY(bm_changes_read(&run->changes, start->changes, error));
        BM_TRY(bm_changes_check(&run->changes, &run->trainee->live, error));
    }
    BM_TRY(run->trainee->type->begin(run->trainee, error));
    if (start->init_from) {
        BM_TRY(take_weights(run, start->init_from, error));
    }
    return start->runs || start->folder ? write_beginning(run, start, error) : BM_OK;
}

/* ---- a run that goes on ----------------------------------------------------------------------------------------- */

static bm_status restore(bm_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    const bm_trainee *trainee = run->trainee;
    const int total = run->experiment->run->total;
    BM_TRY(bm_folder_restore(&run->folder, checkpoint, &run->trainee->state, run->trainee->replay, &run->replay_file,
                             error));
    if (trainee->type->restored) {
        BM_TRY(trainee->type->restored(trainee, error));
    }
    if (trainee->count - trainee->stride >= total) {
        return bm_invalid(error, "the run has made %" PRId64 " %s already, more than %s=%d", trainee->count,
                          trainee->type->unit, trainee->type->total_name, total);
    }
    run->log_count = trainee->count;
    BM_TRY(open_metrics(run, checkpoint, error));
    run->log_seconds = run->folder.seconds;
    return BM_OK;
}

/* Changes up to the checkpoint are made at the first turn, later ones when their turn comes. */
bm_status bm_run_resume(bm_run **created, const bm_experiment *experiment, const char *folder, bm_error *error) {
    bm_safetensors checkpoint;
    BM_TRY(new_run(created, experiment, error));
    bm_run *run = *created;
    BM_TRY(bm_folder_open(&run->folder, folder, error));
    BM_TRY(bm_changes_recall(&run->changes, folder, error));
    if (bm_changes_check(&run->changes, &run->trainee->live, error) != BM_OK) {
        return BM_FAILED;
    }
    BM_TRY(bm_folder_checkpoint(folder, "last", &checkpoint, error));
    const bm_status status = restore(run, &checkpoint, error);
    bm_safetensors_free(&checkpoint);
    return status;
}

/* ---- what falls due --------------------------------------------------------------------------------------------- */

/* Whether a multiple of every was reached or passed by the last turn. */
static bool due(const bm_run *run, int every) {
    const int64_t now = run->trainee->count, before = now - run->trainee->stride;
    return now / every != before / every;
}

/* The count at which something falls due next, so that the turns before need not be looked at. */
static int64_t next_due(const bm_run *run) {
    const bm_run_settings *settings = run->experiment->run;
    const int every[] = {settings->eval_every, settings->log_every, settings->checkpoint_every};
    int64_t next = settings->total;
    for (int i = 0; i < 3; i++) {
        const int64_t multiple = (run->trainee->count / every[i] + 1) * every[i];
        next = multiple < next ? multiple : next;
    }
    return next;
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

/* Scores on what nothing else uses. Where it is stopped, a resumed run does it again. */
static bm_status choose(bm_run *run, const bm_run_watch *watch, bm_error *error) {
    const double start = bm_clock();
    BM_TRY(run->trainee->type->evaluate(run->trainee, selection_due(run), watch->stop, error));
    if (run->trainee->scored) {
        run->evaluations = selection_due(run); /* more than one may have fallen due by this turn */
        run->latest = run->trainee->score;
        run->folder.eval_seconds += bm_clock() - start;
    }
    return BM_OK;
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
        BM_TRY(choose(run, watch, error));
        if (!run->trainee->scored) {
            return BM_OK;
        }
        if (is_best(run)) {
            run->best = run->latest;
            BM_TRY(save(run, "best", false, error));
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
    return BM_OK;
}

static bm_status loop(bm_run *run, const bm_run_watch *watch, bm_error *error) {
    double shown = 0;
    int turns = 1; /* until the clock is looked at */
    if (owes_evaluation(run)) {
        BM_TRY(observe(run, watch, error));
    }
    for (int64_t next = next_due(run); !complete(run);) {
        if (stopped(watch)) {
            return bm_run_save_last(run, error);
        }
        BM_TRY(take_turn(run, watch, error));
        if (run->trainee->count >= next) {
            BM_TRY(observe(run, watch, error));
            next = next_due(run);
        }
        if (--turns > 0) {
            continue;
        }
        turns = run->trainee->type->clock_every;
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

bm_status bm_run_train(bm_run *run, const bm_run_watch *watch, bm_run_result *result, bm_error *error) {
    run->folder.clock_start = bm_clock();
    bm_status status = loop(run, watch, error);
    if (watch->live) {
        bm_live_finish(watch->live);
    }
    const double seconds = bm_folder_seconds(&run->folder);
    const bm_replay *replay = run->trainee->replay;
    const uint64_t hash = bm_state_hash(&run->trainee->state, 0);
    *result = (bm_run_result){
        .steps = run->trainee->count,
        .seconds = seconds,
        .steps_per_second = speed(run, seconds),
        .training = run->trainee->training,
        .score = NAN,
        .hash = replay ? bm_replay_hash(replay, hash) : hash,
    };
    if (status == BM_OK && !stopped(watch)) {
        status = run->trainee->type->evaluate(run->trainee, BM_FINAL_EVALUATION, watch->stop, error);
        result->score = run->trainee->scored ? run->trainee->score : (double)NAN;
        result->evaluation = run->trainee->scored ? run->trainee->evaluation : NULL;
    }
    result->interrupted = !result->evaluation && watch->stop ? atomic_load(watch->stop) : 0;
    bm_error ignored;
    const bm_status closed = bm_metrics_flush(run->folder.metrics, NULL, status == BM_OK ? error : &ignored);
    show(run, watch, false);
    return status == BM_OK ? closed : status;
}

/* ---- for others ------------------------------------------------------------------------------------------------- */

void bm_run_destroy(bm_run *run) {
    if (run) {
        bm_folder_close(&run->folder);
        bm_trainee_destroy(run->trainee);
        bm_changes_free(&run->changes);
        bm_arena_free(&run->arena);
        free(run);
    }
}

const char *bm_run_folder(const bm_run *run) {
    return run->folder.path;
}

bm_trainee *bm_run_trainee(const bm_run *run) {
    return run->trainee;
}

bm_status bm_run_experiment(bm_experiment *experiment, const bm_trainee_type *type, const char *folder,
                            const char *checkpoint, bm_error *error) {
    bm_safetensors file;
    memset(experiment, 0, sizeof *experiment);
    BM_TRY(bm_folder_checkpoint(folder, checkpoint, &file, error));
    const bm_status status = bm_experiment_from_metadata(experiment, type, file.metadata, error);
    bm_safetensors_free(&file);
    return status;
}
