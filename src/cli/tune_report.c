/* bellman tune --report: reads a study from its store and puts the page together. */
#include "cli/tune_report.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/page.h"
#include "core/io.h"
#include "core/statistics.h"

/* ---- trials, best first ----------------------------------------------------------------------------------------- */

static bool pruned(const bm_trial *trial) {
    return trial->state == BM_TRIAL_PRUNED;
}

/* A trial without a value stays where it was begun, behind all that have one. */
static int compare(const bm_trials *trials, const bm_trial *a, const bm_trial *b) {
    const bool judged_a = bm_trial_judged(a), judged_b = bm_trial_judged(b);
    if (judged_a && judged_b) {
        return bm_trial_compare(trials, a, b);
    }
    return judged_a != judged_b ? judged_b - judged_a : (a->number > b->number) - (a->number < b->number);
}

static void merge(const bm_trials *trials, bm_report_trial *item, bm_report_trial *scratch, int count) {
    const int half = count / 2;
    if (count < 2) {
        return;
    }
    merge(trials, item, scratch, half);
    merge(trials, item + half, scratch, count - half);
    for (int i = 0, a = 0, b = half; i < count; i++) {
        const bool first = b == count || (a < half && compare(trials, item[a].trial, item[b].trial) <= 0);
        scratch[i] = item[first ? a++ : b++];
    }
    memcpy(item, scratch, (size_t)count * sizeof *item);
}

static double shown_value(const bm_trial *trial) {
    const bool last = pruned(trial) && isnan(trial->value) && trial->reports;
    const double value = last ? trial->report[trial->reports - 1] : trial->value;
    return bm_trial_judged(trial) && isfinite(value) ? value : NAN;
}

static bm_status rank_trials(bm_report *report, bm_error *error) {
    const bm_trials *trials = &report->trials;
    bm_report_trial *scratch = BM_NEW(&report->arena, bm_report_trial, trials->count);
    report->ranked = BM_NEW(&report->arena, bm_report_trial, trials->count);
    const bm_status status = bm_arena_check(&report->arena, "the report", error);
    for (int i = 0; i < trials->count && status == BM_OK; i++) {
        const bm_trial *trial = &trials->trial[i];
        report->ranked[i] = (bm_report_trial){.trial = trial, .value = shown_value(trial)};
        report->complete += trial->state == BM_TRIAL_COMPLETE && bm_trial_judged(trial);
        report->pruned += pruned(trial);
        report->failed += trial->state == BM_TRIAL_FAIL || (trial->state == BM_TRIAL_COMPLETE && isnan(trial->value));
        report->running += trial->state == BM_TRIAL_RUNNING;
    }
    if (status == BM_OK) {
        merge(trials, report->ranked, scratch, trials->count);
    }
    return status;
}

/* ---- scores over seeds ------------------------------------------------------------------------------------------ */

static bm_status read_score(bm_report *report, int64_t number, const char *key, bm_report_score *score,
                            bm_error *error) {
    const char *json;
    double value[BM_JOB_SEEDS];
    int count = 0;
    const bm_status status = bm_store_read_attribute(report->store, number, key, &report->arena, &json, error);
    cJSON *array = status == BM_OK && json ? cJSON_Parse(json) : NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        if (count < BM_JOB_SEEDS && cJSON_IsNumber(item)) {
            value[count++] = item->valuedouble;
        }
    }
    cJSON_Delete(array);
    *score = (bm_report_score){count, bm_mean(value, (size_t)count), bm_standard_deviation(value, (size_t)count)};
    return status;
}

static bm_status read_scores(bm_report *report, bm_error *error) {
    bm_status status = BM_OK;
    for (int i = 0; i < report->complete && status == BM_OK; i++) {
        bm_report_trial *r = &report->ranked[i];
        status = read_score(report, r->trial->number, "bellman:folds", &r->folds, error);
        if (status == BM_OK) {
            status = read_score(report, r->trial->number, "bellman:validation", &r->validation, error);
        }
        if (status == BM_OK) {
            status = read_score(report, r->trial->number, "bellman:test", &r->test, error);
        }
        report->finalists += r->validation.seeds > 0;
    }
    return status;
}

/* The tested one; where the study went on after a test, there may be several: the best validated of them. */
static int choose(const bm_report *report) {
    const double sign = report->trials.maximize ? 1 : -1;
    int best = report->complete ? 0 : -1;
    for (int i = 1; i < report->complete; i++) {
        const bm_report_trial *new = &report->ranked[i], *old = &report->ranked[best];
        const int level = (new->test.seeds > 0) - (old->test.seeds > 0);
        const bool validated = new->validation.seeds &&
                               (!old->validation.seeds || sign * new->validation.mean > sign * old->validation.mean);
        best = level > 0 || (level == 0 && validated) ? i : best;
    }
    return best;
}

/* ---- the scale of values ---------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of a range given, where the nine tenths of the values on the good side lie: outliers on the bad side do not flatten
 * the rest. */
static void set_range(bm_report *report, const double *sorted, int count) {
    const double tail = 0.1, most = 3; /* share of values; how many times wider the whole may be */
    const bool maximize = report->trials.maximize;
    report->low = sorted[0];
    report->high = sorted[count - 1];
    const double inner_low = maximize ? bm_percentile(sorted, (size_t)count, tail) : report->low;
    const double inner_high = maximize ? report->high : bm_percentile(sorted, (size_t)count, 1 - tail);
    if (!report->log && report->high - report->low > most * (inner_high - inner_low) && inner_high > inner_low) {
        report->low = inner_low;
        report->high = inner_high;
    }
    for (int i = 0; i < count; i++) {
        report->beyond += sorted[i] < report->low || sorted[i] > report->high;
    }
}

/* Logarithmic over a factor of a thousand; what is 0 then stands at the lower edge. */
static bm_status settle_scale(bm_report *report, bm_error *error) {
    double *sorted = BM_NEW(&report->arena, double, report->trials.count);
    int count = 0, zeros = 0;
    const bm_status status = bm_arena_check(&report->arena, "the report", error);
    for (int i = 0; i < report->trials.count && status == BM_OK; i++) {
        if (isfinite(report->ranked[i].value)) {
            sorted[count++] = report->ranked[i].value;
        }
    }
    report->low = 0;
    report->high = 1;
    if (count == 0) {
        return status;
    }
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    while (zeros < count && sorted[zeros] == 0) {
        zeros++;
    }
    report->log = sorted[0] >= 0 && zeros < count && sorted[count - 1] / fmax(sorted[zeros], DBL_MIN) > 1e3;
    set_range(report, sorted + (report->log ? zeros : 0), count - (report->log ? zeros : 0));
    report->beyond += report->log ? zeros : 0;
    if (report->low >= report->high) {
        report->high = report->low + fmax(1, fabs(report->low)) * 0.1;
    }
    const double air = 0.06;
    const double range = report->log ? report->high / report->low : report->high - report->low;
    report->low = report->log ? report->low / pow(range, air) : report->low - air * range;
    report->high = report->log ? report->high * pow(range, air) : report->high + air * range;
    return status;
}

double bm_report_unit(const bm_report *report, double value) {
    const double at = report->log ? log(fmax(value, DBL_MIN) / report->low) / log(report->high / report->low)
                                  : (value - report->low) / (report->high - report->low);
    return fmax(0, fmin(at, 1));
}

double bm_report_rank(const bm_report *report, int ranked) {
    const int judged = report->complete + report->pruned;
    return judged > 1 ? fmax(0, 1 - (double)ranked / (judged - 1)) : 1;
}

const char *bm_report_what(const bm_report *report) {
    if (cJSON_HasObjectItem(report->objective, "agent")) {
        return "mean return";
    }
    return cJSON_HasObjectItem(report->objective, "function") ? "least value found" : "value";
}

/* ---- importance ------------------------------------------------------------------------------------------------- */

/* Of ranks: pruned trials have one too, and a score of a thousand times the others' does not say it all. */
static bm_status find_importance(bm_report *report, bm_error *error) {
    const int most = report->complete + report->pruned;
    const double **value = BM_NEW(&report->arena, const double *, most);
    double *score = BM_NEW(&report->arena, double, most);
    bm_status status = bm_arena_check(&report->arena, "the report", error);
    int n = 0;
    for (int i = 0; i < most && status == BM_OK; i++) {
        if (bm_trial_judged(report->ranked[i].trial)) {
            const bool tie = i > 0 && report->ranked[i].trial->state == report->ranked[i - 1].trial->state &&
                             report->ranked[i].trial->state == BM_TRIAL_COMPLETE &&
                             report->ranked[i].value == report->ranked[i - 1].value;
            value[n] = report->ranked[i].trial->param;
            score[n] = tie ? score[n - 1] : n;
            n++;
        }
    }
    if (status == BM_OK) {
        status = bm_importance_find(&report->importance, &report->space, n, value, score, 1, error);
    }
    for (int i = 0; i < report->space.count; i++) { /* insertion, stable */
        int at = i;
        for (; at > 0 && report->importance.share[report->order[at - 1]] < report->importance.share[i]; at--) {
            report->order[at] = report->order[at - 1];
        }
        report->order[at] = i;
    }
    return status;
}

/* ---- the page --------------------------------------------------------------------------------------------------- */

static void put_head(const bm_report *report, bm_markup *page) {
    bm_page_begin(page, report->name);
    bm_markup_putf(page, "<p class=\"quiet\">%d trials: %d complete, %d pruned, %d failed", report->trials.count,
                   report->complete, report->pruned, report->failed);
    if (report->running) {
        bm_markup_putf(page, ", %d running", report->running);
    }
    bm_markup_putf(page, " · %s, to be %s", bm_report_what(report),
                   report->trials.maximize ? "maximised" : "minimised");
    const cJSON *folds = cJSON_GetObjectItemCaseSensitive(report->objective, "folds");
    if (cJSON_IsNumber(folds)) {
        bm_markup_putf(page, ", over %d seed%s", folds->valueint, folds->valueint == 1 ? "" : "s");
    }
    bm_markup_put(page, " · study in <code>");
    bm_markup_escape(page, report->storage);
    bm_markup_put(page, "</code></p>\n");
}

static bm_status put_page(bm_report *report, bm_markup *page, bm_error *error) {
    static bm_status (*const figures[])(bm_report * report, bm_markup * page, bm_error * error) = {
        bm_report_put_slices, bm_report_put_contour, bm_report_put_parallel, bm_report_put_curves};
    put_head(report, page);
    bm_report_put_result(report, page);
    bm_status status = bm_report_put_history(report, page, error);
    bm_report_put_importance(report, page);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0] && status == BM_OK; i++) {
        status = figures[i](report, page, error);
    }
    if (status == BM_OK) {
        status = bm_report_put_trials(report, page, error);
    }
    bm_page_end(page);
    return status == BM_OK && page->failed ? bm_fail(error, "not enough memory for the page") : status;
}

static bm_status read_report(bm_report *report, bm_error *error) {
    const char *objective = NULL;
    bm_status status = bm_store_trials(report->store, &report->trials, error);
    if (status == BM_OK) {
        status = bm_store_study_attribute(report->store, "bellman:objective", &report->arena, &objective, error);
    }
    if (status != BM_OK) {
        return status;
    }
    report->objective = objective ? cJSON_Parse(objective) : NULL;
    status = rank_trials(report, error);
    if (status == BM_OK) {
        status = read_scores(report, error);
    }
    if (status == BM_OK) {
        status = settle_scale(report, error);
    }
    report->chosen = status == BM_OK ? choose(report) : -1;
    return status == BM_OK ? find_importance(report, error) : status;
}

/* The study of that name, or the only one there is. */
static bm_status load(bm_report *report, const char *study, bm_error *error) {
    bm_store_summary *list;
    int count;
    bool maximize;
    bm_status status = bm_store_open(&report->store, report->storage, BM_STORE_READ, error);
    if (status == BM_OK) {
        status = bm_store_studies(report->store, &report->arena, &list, &count, error);
    }
    if (status != BM_OK) {
        return status;
    }
    if (!study && count != 1) {
        return count ? bm_invalid(error, "there are %d studies in %.200s; choose one with --study NAME", count,
                                  report->storage)
                     : bm_invalid(error, "there is no study in %.200s yet", report->storage);
    }
    report->name = study ? study : list[0].name;
    return bm_store_load(report->store, report->name, &report->space, &maximize, error);
}

bm_status bm_tune_report_check(const char *path, bm_error *error) {
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, ".html") == 0
               ? bm_cli_check_folder(path, error)
               : bm_invalid(error, "--report %.200s: the name of a page ends in .html", path);
}

bm_status bm_tune_report(const char *storage, const char *study, const char *path, bm_error *error) {
    bm_report *report = bm_cli_alloc(1, sizeof *report);
    bm_markup page = {0};
    report->storage = bm_tune_path(storage);
    bm_status status = load(report, study, error);
    if (status == BM_OK) {
        status = read_report(report, error);
    }
    if (status == BM_OK) {
        status = put_page(report, &page, error);
    }
    if (status == BM_OK) {
        status = bm_write_file(path, page.text, page.bytes, error);
    }
    bm_markup_free(&page);
    cJSON_Delete(report->objective);
    bm_store_close(report->store);
    bm_search_space_free(&report->space);
    bm_arena_free(&report->arena);
    free(report);
    return status;
}
