#include "tune/study.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "core/clock.h"
#include "core/statistics.h"

enum { SEEDS = BM_JOB_SEEDS, WAIT_MS = 100, OWNER_BYTES = 160, VALUE_BYTES = BM_OPTION_TEXT_BYTES };

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
    int begun, ended;
    bool failed;
    double score[SEEDS];
} scores;

typedef struct {
    const bm_study_setup *setup;
    bm_sampler sampler;
    bm_workers *workers;
    task task[BM_WORKERS];
    int64_t *orphan; /* [orphans] trials whose process is gone, to be taken up again */
    int orphans;
    scores finalist[BM_STUDY_FINALISTS], test;
    bm_study_view *view;
    double began;
    bm_arena arena;
} study;

/* ---- who works on a trial --------------------------------------------------------------------------------------- */

/* When a process began, in clock ticks since the machine did: with its number it names it for good. 0: there is none. */
static unsigned long long start_of(long pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    const size_t bytes = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    text[bytes] = '\0';
    const char *at = strrchr(text, ')'); /* a name may hold spaces */
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

static void owner_text(char text[OWNER_BYTES]) {
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    snprintf(text, OWNER_BYTES, "\"%s %ld %llu\"", host, (long)getpid(), start_of((long)getpid()));
}

/* Of another machine, or not one of ours at all, we cannot tell: it is left alone. What this process owns before it has begun anything
 * is left from a study of its own that was stopped. */
static bool is_gone(const char *owner) {
    char host[64] = "", theirs[64];
    long pid;
    unsigned long long start;
    gethostname(host, sizeof host - 1);
    return sscanf(owner, "\"%63s %ld %llu\"", theirs, &pid, &start) == 3 && strcmp(host, theirs) == 0 &&
           (pid == getpid() || start_of(pid) != start);
}

static bool has_parameters(const bm_trial *trial, int count) {
    bool has = false;
    for (int i = 0; i < count; i++) {
        has |= !isnan(trial->param[i]);
    }
    return has;
}

/* Nobody's trial without a parameter is one of ours, ended between its number and its owner's name. */
static bool is_orphan(const study *s, const bm_trial *trial, const char *owner) {
    return owner ? is_gone(owner) : !has_parameters(trial, s->setup->space->count);
}

static bm_status find_orphans(study *s, bm_error *error) {
    const bm_trials *trials = &s->view->trials;
    s->orphan = BM_NEW(&s->arena, int64_t, trials->count);
    bm_status status = bm_arena_check(&s->arena, "the study", error);
    for (int i = 0; i < trials->count && status == BM_OK; i++) {
        const char *owner;
        if (trials->trial[i].state == BM_TRIAL_RUNNING) {
            status = bm_store_read_attribute(s->setup->store, trials->trial[i].number, "bellman:owner", &s->arena,
                                             &owner, error);
            if (status == BM_OK && is_orphan(s, &trials->trial[i], owner)) {
                s->orphan[s->orphans++] = trials->trial[i].number;
            }
        }
    }
    return status;
}

/* ---- jobs ------------------------------------------------------------------------------------------------------- */

static const bm_trial *trial_of(const study *s, int64_t number) {
    const bm_trials *trials = &s->view->trials;
    return number < trials->count ? &trials->trial[number] : NULL;
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

static bm_status own_trial(study *s, int64_t number, bm_error *error) {
    char owner[OWNER_BYTES];
    owner_text(owner);
    return bm_store_attribute(s->setup->store, number, "bellman:owner", owner, error);
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

/* fixed: [parameters] what is settled already, NAN where it is not. */
static bm_status sample_trial(study *s, int64_t number, const double *fixed, bm_error *error) {
    double value[BM_PARAMETERS];
    bm_sampler_sample(&s->sampler, &s->view->trials, number, value);
    for (int i = 0; i < s->setup->space->count; i++) {
        value[i] = isnan(fixed[i]) ? value[i] : fixed[i];
    }
    const bm_status status = bm_store_params(s->setup->store, number, value, error);
    return status == BM_OK ? start_trial(s, number, value, error) : status;
}

/* What a waiting trial of Optuna's leaves open is sampled. */
static bm_status begin_trial(study *s, bm_error *error) {
    double fixed[BM_PARAMETERS];
    int64_t number;
    bool waiting;
    bm_status status = bm_store_begin(s->setup->store, &number, fixed, &waiting, error);
    if (status == BM_OK) {
        status = own_trial(s, number, error);
    }
    if (status == BM_OK) {
        status = refresh(s, error);
    }
    return status == BM_OK ? sample_trial(s, number, fixed, error) : status;
}

/* With the parameters that it has; one that was ended before it had any gets those that its number stands for. */
static bm_status take_up(study *s, int64_t number, bm_error *error) {
    const double *param = trial_of(s, number)->param;
    const bm_status status = own_trial(s, number, error);
    if (status != BM_OK) {
        return status;
    }
    return has_parameters(trial_of(s, number), s->setup->space->count) ? start_trial(s, number, param, error)
                                                                       : sample_trial(s, number, param, error);
}

/* ---- validation and test ---------------------------------------------------------------------------------------- */

static bm_status keep_scores(study *s, const scores *of, const char *key, bm_error *error) {
    cJSON *array = cJSON_CreateDoubleArray(of->score, of->ended);
    char *text = array ? cJSON_PrintUnformatted(array) : NULL;
    const bm_status status = text ? bm_store_attribute(s->setup->store, of->number, key, text, error)
                                  : bm_fail(error, "not enough memory for scores");
    cJSON_free(text);
    cJSON_Delete(array);
    return status;
}

static bm_status recall_scores(study *s, scores *of, const char *key, int wanted, bm_error *error) {
    const char *text;
    const bm_status status = bm_store_read_attribute(s->setup->store, of->number, key, &s->arena, &text, error);
    cJSON *array = status == BM_OK && text ? cJSON_Parse(text) : NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        if (of->ended < wanted && cJSON_IsNumber(item)) {
            of->score[of->ended++] = item->valuedouble;
        }
    }
    cJSON_Delete(array);
    of->begun = of->ended;
    return status;
}

static bm_study_score sum_up(const scores *of, int wanted) {
    double sorted[SEEDS];
    memcpy(sorted, of->score, sizeof sorted);
    const bool whole = of->ended == wanted && !of->failed;
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
        *of = (scores){.number = best->number};
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
    const uint64_t seed = first_seed + (uint64_t)of->begun;
    const task what = {.phase = phase, .number = of->number, .at = of->begun++};
    return start_job(s, &what, trial_of(s, of->number)->param, 1, &seed, error);
}

/* ---- what comes next -------------------------------------------------------------------------------------------- */

static bool stopped(const study *s) {
    return s->setup->stop && atomic_load(s->setup->stop);
}

static int64_t begun_trials(const study *s) {
    int64_t begun = 0;
    for (int i = 0; i < s->view->trials.count; i++) {
        begun += s->view->trials.trial[i].state != BM_TRIAL_WAITING;
    }
    return begun;
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
        if (s->orphans > 0) {
            return take_up(s, s->orphan[--s->orphans], error);
        }
        if (begun_trials(s) < s->setup->trials) {
            return begin_trial(s, error);
        }
    }
    for (int i = 0; view->phase == BM_STUDY_VALIDATES && i < view->finalists; i++) {
        if (s->finalist[i].begun < s->setup->validations) {
            return start_score(s, &s->finalist[i], BM_STUDY_VALIDATES, BM_STUDY_VALIDATION_SEED, error);
        }
    }
    if (view->phase == BM_STUDY_TESTS && s->test.begun < s->setup->tests && s->test.number >= 0) {
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
        s->test = (scores){.number = best < 0 ? -1 : s->view->finalist[best].number};
        return best < 0 ? BM_OK : recall_scores(s, &s->test, "bellman:test", s->setup->tests, error);
    }
    return status;
}

/* ---- what happens ----------------------------------------------------------------------------------------------- */

static bm_status finish_trial(study *s, const task *what, const bm_worker_event *event, bm_error *error) {
    bm_store *store = s->setup->store;
    bm_status status = BM_OK;
    bm_trial_state state = BM_TRIAL_FAIL;
    double value = NAN;
    if (event->kind == BM_WORKER_DONE && isfinite(event->value)) {
        scores folds = {.number = what->number, .ended = s->setup->folds};
        memcpy(folds.score, what->fold, sizeof folds.score);
        status = keep_scores(s, &folds, "bellman:folds", error);
        state = BM_TRIAL_COMPLETE;
        value = event->value;
    } else if (event->kind == BM_WORKER_STOPPED) {
        state = BM_TRIAL_PRUNED;
        value = what->value;
    } else {
        cJSON *text = cJSON_CreateString(event->kind == BM_WORKER_DONE ? "the score is not finite" : event->text);
        char *json = text ? cJSON_PrintUnformatted(text) : NULL;
        status = json ? bm_store_attribute(store, what->number, "bellman:error", json, error) : BM_OK;
        cJSON_free(json);
        cJSON_Delete(text);
    }
    s->view->steps_made += what->step;
    if (status == BM_OK) {
        status = bm_store_finish(store, what->number, state, value, error);
    }
    return status == BM_OK ? refresh(s, error) : status;
}

static bm_status finish_score(study *s, const task *what, const bm_worker_event *event, bm_error *error) {
    const bool tests = what->phase == BM_STUDY_TESTS;
    scores *of = &s->test;
    for (int i = 0; !tests && i < s->view->finalists; i++) {
        of = s->finalist[i].number == what->number ? &s->finalist[i] : of;
    }
    of->failed |= event->kind != BM_WORKER_DONE || !isfinite(event->value);
    of->score[what->at] = event->value;
    of->ended++;
    const int wanted = tests ? s->setup->tests : s->setup->validations;
    return of->ended == wanted && !of->failed ? keep_scores(s, of, tests ? "bellman:test" : "bellman:validation", error)
                                              : BM_OK;
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
            status = s->setup->finalists > 0 || s->view->phase != BM_STUDY_SEARCHES ? enter_phase(s, error) : BM_OK;
            s->view->phase = s->setup->finalists > 0 ? s->view->phase : BM_STUDY_ENDED;
            continue;
        }
        if (status == BM_OK && bm_workers_event(s->workers, WAIT_MS, &event)) {
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
    *view = (bm_study_view){.wanted = setup->trials, .steps = setup->folds * setup->objective->steps};
    s->setup = setup;
    s->view = view;
    s->began = bm_clock();
    bm_status status = bm_sampler_create(&s->sampler, &setup->sampler, setup->space, setup->seed, error);
    if (status == BM_OK) {
        status = refresh(s, error);
    }
    if (status == BM_OK) {
        status = find_orphans(s, error);
    }
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
