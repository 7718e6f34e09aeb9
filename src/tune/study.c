#include "tune/study.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "core/clock.h"
#include "core/statistics.h"
#include "tune/owner.h"

enum { SEEDS = BM_JOB_SEEDS, WAIT_MS = 100, VALUE_BYTES = BM_OPTION_TEXT_BYTES, KEY_BYTES = 48 };

/* What a worker is doing. */
typedef struct {
    bool used, reported;
    bm_study_phase phase;
    int64_t number;
    int at; /* of validation and test: which seed */
    int64_t step;
    double value; /* the last report */
    double fold[SEEDS];
} task;

/* Scores by seed, of the validation or the test of one trial. */
typedef struct {
    int64_t number;
    bool failed;
    bool begun[SEEDS];
    double score[SEEDS]; /* NAN: not known yet */
} scores;

typedef struct {
    const bm_study_setup *setup;
    bm_sampler sampler;
    bm_workers *workers;
    task task[BM_WORKERS];
    scores finalist[BM_STUDY_FINALISTS], test;
    bm_study_view *view;
    double began;
    bm_arena arena;
} study;

/* ---- jobs ------------------------------------------------------------------------------------------------------- */

static const bm_trial *trial_of(const study *s, int64_t number) {
    return bm_trials_find(&s->view->trials, number);
}

static bm_status start_job(study *s, const task *what, const double *value, int seeds, const uint64_t *seed,
                           bm_error *error) {
    const bm_search_space *space = s->setup->space;
    char text[BM_PARAMETERS][VALUE_BYTES];
    bm_setting setting[BM_PARAMETERS];
    int count = 0, slot = 0;
    for (int i = 0; i < space->count; i++) {
        if (!isnan(value[i])) {
            bm_parameter_format(&space->parameter[i], value[i], text[count], sizeof text[count]);
            setting[count] = (bm_setting){space->parameter[i].name, text[count]};
            count++;
        }
    }
    while (s->task[slot].used) {
        slot++;
    }
    s->task[slot] = *what;
    s->task[slot].used = true;
    s->task[slot].value = NAN;
    const bm_job job = {.id = slot, .settings = setting, .count = count, .seeds = seeds, .seed = seed};
    const bm_status status = bm_workers_start(s->workers, &job, error);
    s->task[slot].used = status == BM_OK;
    return status;
}

static bm_status start_trial(study *s, int64_t number, const double *value, bm_error *error) {
    uint64_t seed[SEEDS];
    for (int i = 0; i < s->setup->folds; i++) {
        seed[i] = BM_STUDY_FOLD_SEED + (uint64_t)i;
    }
    const task what = {.phase = BM_STUDY_SEARCHES, .number = number};
    return start_job(s, &what, value, s->setup->folds, seed, error);
}

static bm_status refresh(study *s, bm_error *error) {
    bm_study_view *view = s->view;
    const bm_status status = bm_store_trials(s->setup->store, &view->trials, error);
    view->complete = view->pruned = view->failed = 0;
    for (int i = 0; status == BM_OK && i < view->trials.count; i++) {
        const bm_trial_state state = view->trials.trial[i].state;
        view->complete += state == BM_TRIAL_COMPLETE;
        view->pruned += state == BM_TRIAL_PRUNED;
        view->failed += state == BM_TRIAL_FAIL;
    }
    return status;
}

/* Whether a trial that is worked on here no longer runs: a program of Optuna's may end it, or a process that took this
 * one for dead. What they say counts. */
static bool ended_elsewhere(study *s, int64_t number) {
    return refresh(s, NULL) == BM_OK && trial_of(s, number) && trial_of(s, number)->state != BM_TRIAL_RUNNING;
}

/* settled: [parameters], NAN where the sampler chooses. */
static bm_status sample_trial(study *s, int64_t number, const double *settled, bm_error *error) {
    double value[BM_PARAMETERS];
    bm_status status = refresh(s, error);
    if (status != BM_OK) {
        return status;
    }
    bm_sampler_complete(&s->sampler, &s->view->trials, number, settled, value);
    status = bm_store_params(s->setup->store, number, value, error);
    if (status == BM_FAILED && ended_elsewhere(s, number)) {
        return BM_OK;
    }
    return status == BM_OK ? start_trial(s, number, value, error) : status;
}

/* *idle: other processes have begun what was left. */
static bm_status begin_trial(study *s, bool *idle, bm_error *error) {
    double settled[BM_PARAMETERS];
    char self[BM_OWNER_BYTES];
    int64_t number;
    bm_owner_self(self);
    const bm_status status = bm_store_begin(s->setup->store, self, s->setup->trials, &number, settled, error);
    if (status != BM_OK || number >= 0) {
        return status == BM_OK ? sample_trial(s, number, settled, error) : status;
    }
    *idle = true;
    return refresh(s, error);
}

/* ---- trials of processes that are gone -------------------------------------------------------------------------- */

typedef struct {
    int64_t number; /* -1: there is none */
    char owner[BM_OWNER_BYTES];
} orphan;

static bool is_at_work(const study *s, int64_t number) {
    bool found = false;
    for (int i = 0; i < BM_WORKERS; i++) {
        found |= s->task[i].used && s->task[i].phase == BM_STUDY_SEARCHES && s->task[i].number == number;
    }
    return found;
}

/* The first trial whose process is gone, or that this process left in an earlier run. Trials of another machine, and
 * Optuna's, which have no owner, are left alone: of these we cannot tell. */
static bm_status find_orphan(study *s, orphan *found, bm_error *error) {
    bm_study_view *view = s->view;
    bm_arena scratch = {0};
    bm_status status = BM_OK;
    found->number = -1;
    view->elsewhere = 0;
    for (int i = 0; i < view->trials.count && status == BM_OK; i++) {
        const bm_trial *trial = &view->trials.trial[i];
        const char *owner = NULL;
        if (trial->state == BM_TRIAL_RUNNING && !is_at_work(s, trial->number)) {
            status = bm_store_read_attribute(s->setup->store, trial->number, BM_STORE_OWNER, &scratch, &owner, error);
        }
        const bm_owner_state state = owner ? bm_owner_find(owner) : BM_OWNER_UNKNOWN;
        view->elsewhere += state == BM_OWNER_LIVES && trial->number < s->setup->trials;
        if (found->number < 0 && (state == BM_OWNER_GONE || state == BM_OWNER_SELF)) {
            found->number = trial->number;
            snprintf(found->owner, sizeof found->owner, "%s", owner);
        }
    }
    bm_arena_free(&scratch);
    return status;
}

/* With the parameters that it has; those that it has not are what its number stands for. Of several processes that want
 * it one gets it. */
static bm_status take_up(study *s, const orphan *found, bm_error *error) {
    double settled[BM_PARAMETERS];
    char self[BM_OWNER_BYTES];
    bool taken;
    bm_owner_self(self);
    const bm_status status = bm_store_take(s->setup->store, found->number, found->owner, self, &taken, settled, error);
    if (status == BM_OK) {
        return taken ? sample_trial(s, found->number, settled, error) : refresh(s, error);
    }
    return status;
}

/* ---- validation and test ---------------------------------------------------------------------------------------- */

/* JSON text, to be freed by cJSON_free; NULL: no memory. Numbers are written here, because cJSON's may lose the last
 * bit, and a process that recalls scores must come to what the one that made them did. */
static char *scores_text(const double *score, int count) {
    cJSON *array = cJSON_CreateArray();
    bool complete = array != NULL;
    for (int i = 0; i < count && complete; i++) {
        char number[32] = "null";
        if (!isnan(score[i])) {
            snprintf(number, sizeof number, "%.17g", score[i]);
        }
        complete = cJSON_AddItemToArray(array, cJSON_CreateRaw(number));
    }
    char *text = complete ? cJSON_PrintUnformatted(array) : NULL;
    cJSON_Delete(array);
    return text;
}

static scores no_scores(int64_t number) {
    scores none = {.number = number};
    for (int i = 0; i < SEEDS; i++) {
        none.score[i] = NAN;
    }
    return none;
}

static bool all_known(const scores *of, int wanted) {
    bool all = true;
    for (int i = 0; i < wanted; i++) {
        all &= !isnan(of->score[i]);
    }
    return all;
}

/* Which seed is next; wanted: all have been begun. */
static int next_seed(const scores *of, int wanted) {
    int next = 0;
    while (next < wanted && of->begun[next]) {
        next++;
    }
    return next;
}

/* What is not whole yet has a key of its own, which a study that was stopped finds again. */
static void partial_key(char name[KEY_BYTES], const char *key) {
    snprintf(name, KEY_BYTES, "%s_so_far", key);
}

static bm_status keep_scores(study *s, const scores *of, const char *whole, int wanted, bm_error *error) {
    char key[KEY_BYTES];
    partial_key(key, whole);
    if (all_known(of, wanted)) {
        snprintf(key, sizeof key, "%s", whole);
    }
    char *text = scores_text(of->score, wanted);
    const bm_status status = text ? bm_store_attribute(s->setup->store, of->number, key, text, error)
                                  : bm_fail(error, "not enough memory for scores");
    cJSON_free(text);
    return status;
}

static bm_status recall_key(study *s, scores *of, const char *key, int wanted, bm_error *error) {
    const char *text;
    const bm_status status = bm_store_read_attribute(s->setup->store, of->number, key, &s->arena, &text, error);
    cJSON *array = status == BM_OK && text ? cJSON_Parse(text) : NULL;
    const cJSON *item;
    int at = 0;
    cJSON_ArrayForEach(item, array) {
        if (at < wanted && cJSON_IsNumber(item)) {
            of->score[at] = item->valuedouble;
            of->begun[at] = true;
        }
        at++;
    }
    cJSON_Delete(array);
    return status;
}

static bm_status recall_scores(study *s, scores *of, const char *whole, int wanted, bm_error *error) {
    char partial[KEY_BYTES];
    partial_key(partial, whole);
    const bm_status status = recall_key(s, of, partial, wanted, error);
    return status == BM_OK ? recall_key(s, of, whole, wanted, error) : status;
}

static bm_study_score sum_up(const scores *of, int wanted) {
    double sorted[SEEDS];
    memcpy(sorted, of->score, sizeof sorted);
    const bool whole = all_known(of, wanted) && !of->failed;
    return (bm_study_score){
        .number = of->number,
        .seeds = whole ? wanted : 0,
        .mean = whole ? bm_mean(sorted, (size_t)wanted) : NAN,
        .std = whole ? bm_standard_deviation(sorted, (size_t)wanted) : NAN,
    };
}

/* The best complete trials, by what the search says. */
static bm_status choose_finalists(study *s, bm_error *error) {
    const bm_trials *trials = &s->view->trials;
    bm_study_view *view = s->view;
    bm_status status = BM_OK;
    while (view->finalists < s->setup->finalists && status == BM_OK) {
        const bm_trial *best = NULL;
        for (int i = 0; i < trials->count; i++) {
            const bm_trial *trial = &trials->trial[i];
            bool taken = trial->state != BM_TRIAL_COMPLETE || isnan(trial->value);
            for (int f = 0; f < view->finalists; f++) {
                taken |= s->finalist[f].number == trial->number;
            }
            if (!taken && (!best || bm_trial_compare(trials, trial, best) < 0)) {
                best = trial;
            }
        }
        if (!best) {
            break;
        }
        scores *of = &s->finalist[view->finalists++];
        *of = no_scores(best->number);
        status = recall_scores(s, of, "bellman:validation", s->setup->validations, error);
    }
    return status;
}

static int chosen(const study *s) {
    int best = -1;
    for (int i = 0; i < s->view->finalists; i++) {
        const bm_study_score *score = &s->view->finalist[i];
        const double sign = s->setup->objective->maximize ? 1 : -1;
        if (score->seeds && (best < 0 || sign * score->mean > sign * s->view->finalist[best].mean)) {
            best = i;
        }
    }
    return best;
}

static bm_status start_score(study *s, scores *of, bm_study_phase phase, uint64_t first_seed, bm_error *error) {
    const int at = next_seed(of, SEEDS);
    const uint64_t seed = first_seed + (uint64_t)at;
    const task what = {.phase = phase, .number = of->number, .at = at};
    const bm_trial *trial = trial_of(s, of->number);
    of->begun[at] = true;
    return trial ? start_job(s, &what, trial->param, 1, &seed, error)
                 : bm_fail(error, "the study has no trial %" PRId64 " any more", of->number);
}

/* ---- what comes next -------------------------------------------------------------------------------------------- */

static bool stopped(const study *s) {
    return s->setup->stop && atomic_load(s->setup->stop);
}

/* As bm_store_begin sees it: a trial waits, or there is a number to be given. */
static bool has_more_trials(const study *s) {
    const bm_trials *trials = &s->view->trials;
    const int64_t next = trials->count ? trials->trial[trials->count - 1].number + 1 : 0;
    bool waits = false;
    for (int i = 0; i < trials->count; i++) {
        waits |= trials->trial[i].state == BM_TRIAL_WAITING && trials->trial[i].number < s->setup->trials;
    }
    return waits || next < s->setup->trials;
}

static void next_phase(study *s) {
    bm_study_view *view = s->view;
    if (view->phase == BM_STUDY_VALIDATES) {
        for (int i = 0; i < view->finalists; i++) {
            view->finalist[i] = sum_up(&s->finalist[i], s->setup->validations);
        }
    }
    if (view->phase == BM_STUDY_TESTS) {
        view->test = sum_up(&s->test, s->setup->tests);
    }
    view->phase++;
}

/* Starts one more job; *idle: there is nothing left to start in this phase. */
static bm_status start_next(study *s, bool *idle, bm_error *error) {
    bm_study_view *view = s->view;
    *idle = false;
    if (view->phase == BM_STUDY_SEARCHES) {
        orphan found;
        const bm_status status = find_orphan(s, &found, error);
        if (status != BM_OK || found.number >= 0) {
            return status == BM_OK ? take_up(s, &found, error) : status;
        }
        if (has_more_trials(s)) {
            return begin_trial(s, idle, error);
        }
    }
    for (int i = 0; view->phase == BM_STUDY_VALIDATES && i < view->finalists; i++) {
        if (next_seed(&s->finalist[i], s->setup->validations) < s->setup->validations) {
            return start_score(s, &s->finalist[i], BM_STUDY_VALIDATES, BM_STUDY_VALIDATION_SEED, error);
        }
    }
    if (view->phase == BM_STUDY_TESTS && s->test.number >= 0 &&
        next_seed(&s->test, s->setup->tests) < s->setup->tests) {
        return start_score(s, &s->test, BM_STUDY_TESTS, BM_STUDY_TEST_SEED, error);
    }
    *idle = true;
    return BM_OK;
}

static bm_status enter_phase(study *s, bm_error *error) {
    bm_status status = BM_OK;
    next_phase(s);
    if (s->view->phase == BM_STUDY_VALIDATES) {
        status = refresh(s, error);
        return status == BM_OK ? choose_finalists(s, error) : status;
    }
    if (s->view->phase == BM_STUDY_TESTS) {
        const int best = chosen(s);
        s->test = no_scores(best < 0 ? -1 : s->view->finalist[best].number);
        s->view->test.number = s->test.number;
        return best < 0 ? BM_OK : recall_scores(s, &s->test, "bellman:test", s->setup->tests, error);
    }
    return status;
}

/* ---- what happens ----------------------------------------------------------------------------------------------- */

static char *failure_text(const bm_worker_event *event) {
    cJSON *string = cJSON_CreateString(event->kind == BM_WORKER_DONE ? "the score is not finite" : event->text);
    char *text = string ? cJSON_PrintUnformatted(string) : NULL;
    cJSON_Delete(string);
    return text;
}

static bm_status finish_trial(study *s, const task *what, const bm_worker_event *event, bm_error *error) {
    bm_trial_state state = BM_TRIAL_FAIL;
    double value = NAN;
    const char *key = NULL;
    char *text = NULL;
    if (event->kind == BM_WORKER_DONE && isfinite(event->value)) {
        state = BM_TRIAL_COMPLETE;
        value = event->value;
        key = "bellman:folds";
        text = scores_text(what->fold, s->setup->folds);
    } else if (event->kind == BM_WORKER_STOPPED) {
        state = BM_TRIAL_PRUNED;
        value = what->value;
    } else {
        key = "bellman:error";
        text = failure_text(event);
    }
    s->view->steps_made += what->step;
    bm_status status = key && !text ? bm_fail(error, "not enough memory for what came of a trial")
                                    : bm_store_finish(s->setup->store, what->number, state, value, key, text, error);
    cJSON_free(text);
    if (status == BM_FAILED && ended_elsewhere(s, what->number)) {
        status = BM_OK;
    }
    return status == BM_OK ? refresh(s, error) : status;
}

static bm_status finish_score(study *s, const task *what, const bm_worker_event *event, bm_error *error) {
    const bool tests = what->phase == BM_STUDY_TESTS;
    scores *of = &s->test;
    for (int i = 0; !tests && i < s->view->finalists; i++) {
        of = s->finalist[i].number == what->number ? &s->finalist[i] : of;
    }
    if (event->kind != BM_WORKER_DONE || !isfinite(event->value)) {
        of->failed = true;
        snprintf(s->view->failure, sizeof s->view->failure, "trial %" PRId64 " failed in its %s: %s", of->number,
                 tests ? "test" : "validation",
                 event->kind == BM_WORKER_DONE ? "the score is not finite" : event->text);
        return BM_OK;
    }
    of->score[what->at] = event->value;
    return tests ? keep_scores(s, of, "bellman:test", s->setup->tests, error)
                 : keep_scores(s, of, "bellman:validation", s->setup->validations, error);
}

static bm_status take_report(study *s, task *what, const bm_worker_event *event, bm_error *error) {
    bm_status status = BM_OK;
    bool prune = false;
    what->value = event->value;
    if (what->phase == BM_STUDY_SEARCHES && isfinite(event->value)) {
        status = bm_store_report(s->setup->store, what->number, event->step, event->value, error);
        if (status == BM_OK) {
            status = refresh(s, error);
        }
        prune = status == BM_OK && bm_prune(&s->setup->pruner, &s->view->trials, trial_of(s, what->number));
        if (status == BM_FAILED && ended_elsewhere(s, what->number)) {
            prune = true;
            status = BM_OK;
        }
    }
    bm_workers_answer(s->workers, event->job, !prune);
    return status;
}

static bm_status handle(study *s, const bm_worker_event *event, bm_error *error) {
    task *what = &s->task[event->job];
    bm_status status = BM_OK;
    what->step = event->step > what->step ? event->step : what->step;
    if (event->kind == BM_WORKER_REPORT) {
        return take_report(s, what, event, error);
    }
    if (event->kind == BM_WORKER_FOLD) {
        what->fold[event->fold] = event->value;
    }
    if (event->kind >= BM_WORKER_DONE) {
        status = what->phase == BM_STUDY_SEARCHES ? finish_trial(s, what, event, error)
                                                  : finish_score(s, what, event, error);
        what->used = false;
    }
    return status;
}

static void show(study *s) {
    bm_study_view *view = s->view;
    view->running = 0;
    view->seconds = bm_clock() - s->began;
    for (int i = 0; i < BM_WORKERS; i++) {
        if (s->task[i].used) {
            view->run[view->running++] = (bm_study_running){s->task[i].number, s->task[i].step, s->task[i].value};
        }
    }
    if (s->setup->visit) {
        s->setup->visit(s->setup->context, view);
    }
}

static void wait_a_moment(void) {
    const struct timespec moment = {0, WAIT_MS * 1000000L};
    nanosleep(&moment, NULL);
}

/* Nothing runs here, and nothing is left to start. Trials that other processes work on are waited for before the best
 * are chosen: then all choose the same, from all trials, and what one has validated or tested the others need not. */
static bm_status advance(study *s, bm_error *error) {
    if (s->setup->finalists == 0) {
        s->view->phase = BM_STUDY_ENDED;
        return BM_OK;
    }
    if (s->view->phase == BM_STUDY_SEARCHES && s->view->elsewhere > 0) {
        wait_a_moment();
        return refresh(s, error);
    }
    return enter_phase(s, error);
}

static bm_status work(study *s, bm_error *error) {
    bm_status status = BM_OK;
    double shown = -INFINITY;
    while (status == BM_OK && s->view->phase != BM_STUDY_ENDED && !stopped(s)) {
        bm_worker_event event;
        bool idle = false;
        while (status == BM_OK && !idle && bm_workers_free_places(s->workers) > 0) {
            status = start_next(s, &idle, error);
        }
        if (status == BM_OK && idle && bm_workers_running(s->workers) == 0) {
            status = advance(s, error);
        } else if (status == BM_OK && bm_workers_event(s->workers, WAIT_MS, &event)) {
            status = handle(s, &event, error);
        }
        if (bm_clock() - shown > 1e-3 * WAIT_MS) {
            show(s);
            shown = bm_clock();
        }
    }
    return status;
}

bm_status bm_study_run(const bm_study_setup *setup, bm_study_view *view, bm_error *error) {
    study *s = calloc(1, sizeof *s);
    if (!s) {
        return bm_fail(error, "not enough memory for the study");
    }
    *view =
        (bm_study_view){.wanted = setup->trials, .steps = setup->folds * setup->objective->steps, .test.number = -1};
    s->setup = setup;
    s->view = view;
    s->began = bm_clock();
    bm_status status = bm_sampler_create(&s->sampler, &setup->sampler, setup->space, setup->seed, error);
    if (status == BM_OK) {
        status = refresh(s, error);
    }
    view->ended_before = view->complete + view->pruned + view->failed;
    if (status == BM_OK) {
        status = bm_workers_create(&s->workers, setup->objective, setup->jobs, error);
    }
    if (status == BM_OK) {
        status = work(s, error);
    }
    bm_workers_destroy(s->workers);
    if (status == BM_OK) {
        status = refresh(s, error);
        show(s);
    }
    bm_sampler_free(&s->sampler);
    bm_arena_free(&s->arena);
    free(s);
    return status;
}
