/* One curve of several runs: each run's rows where the metric is known, smoothed if asked for; then, on steps that all
 * runs of a setting reach, their mean and how far they spread. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/plot.h"
#include "core/statistics.h"
#include "core/suggest.h"
#include "meta/meta_trainee.h"

enum { GRID_MAX = 2000, SAMPLES = 2000 };

static const double interval_share = 0.95;

/* ---- the metric ------------------------------------------------------------------------------------------------- */

typedef struct {
    const char **name; /* [count] */
    size_t count;
} name_list;

/* The metrics of all runs, each once. */
static name_list metric_names(bm_plot *plot) {
    size_t most = 0;
    for (int i = 0; i < plot->runs; i++) {
        most += (size_t)plot->run[i].history.columns;
    }
    name_list list = {.name = bm_plot_alloc(plot, most, sizeof *list.name)};
    for (int i = 0; i < plot->runs; i++) {
        const bm_history *history = &plot->run[i].history;
        for (int column = 2; column < history->columns; column++) { /* behind step and seconds */
            size_t at = 0;
            while (at < list.count && strcmp(list.name[at], history->names[column]) != 0) {
                at++;
            }
            list.name[at] = history->names[column];
            list.count += at == list.count;
        }
    }
    return list;
}

static bm_status unknown_metric(bm_plot *plot, bm_error *error) {
    const name_list known = metric_names(plot);
    bm_markup all = {0};
    for (size_t i = 0; i < known.count; i++) {
        bm_markup_put(&all, i ? ", " : "");
        bm_markup_put(&all, known.name[i]);
    }
    const char *near = bm_suggest(plot->metric, known.name, known.count);
    const bm_status status = bm_invalid(error, "unknown metric %.64s%s%s; there are %s", plot->metric,
                                        near ? "; did you mean " : "", near ? near : "", all.text ? all.text : "none");
    bm_markup_free(&all);
    return status;
}

/* ---- a run ------------------------------------------------------------------------------------------------------ */

/* The mean over so many rows around each, of an even number with one more before than after; near the ends over fewer,
 * as many before as after, so that nothing is shifted there. */
static void smooth(bm_plot *plot, bm_plot_run *run) {
    double *mean = bm_plot_alloc(plot, (size_t)run->points, sizeof *mean);
    for (int i = 0; i < run->points; i++) {
        const int room = run->points - 1 - i, around = i < room ? i : room;
        int before = plot->smooth / 2, after = (plot->smooth - 1) / 2;
        if (i < before || room < after) {
            before = after = around < after ? around : after;
        }
        mean[i] = bm_mean(run->y + i - before, (size_t)(before + 1 + after));
    }
    run->y = mean;
}

/* False: the metric is not known anywhere. */
static bool read_curve(bm_plot *plot, bm_plot_run *run) {
    const bm_history *history = &run->history;
    const double *x = plot->by_seconds ? history->seconds : history->step;
    const double *y = bm_history_column(history, plot->metric);
    run->x = bm_plot_alloc(plot, (size_t)history->rows, sizeof *run->x);
    run->y = bm_plot_alloc(plot, (size_t)history->rows, sizeof *run->y);
    for (int row = 0; y && row < history->rows; row++) {
        if (isfinite(y[row])) {
            run->x[run->points] = x[row];
            run->y[run->points++] = y[row];
        }
    }
    return run->points > 0;
}

/* ---- a setting -------------------------------------------------------------------------------------------------- */

static bool same_grid(const bm_plot_setting *setting) {
    const bm_plot_run *first = setting->run[0];
    for (int i = 1; i < setting->runs; i++) {
        const bm_plot_run *run = setting->run[i];
        if (run->points != first->points || memcmp(run->x, first->x, (size_t)run->points * sizeof *run->x) != 0) {
            return false;
        }
    }
    return true;
}

/* The x of a setting's curve: that of its runs where they agree, else evenly from the latest beginning to the earliest
 * end. */
static void choose_grid(bm_plot *plot, bm_plot_setting *setting) {
    if (same_grid(setting)) {
        setting->x = setting->run[0]->x;
        setting->points = setting->run[0]->points;
        return;
    }
    double low = -INFINITY, high = INFINITY;
    int points = 2;
    for (int i = 0; i < setting->runs; i++) {
        const bm_plot_run *run = setting->run[i];
        low = fmax(low, run->x[0]);
        high = fmin(high, run->x[run->points - 1]);
        points = run->points > points ? run->points : points;
    }
    points = points < GRID_MAX ? points : GRID_MAX;
    setting->points = low < high ? points : low == high ? 1 : 0;
    setting->x = bm_plot_alloc(plot, (size_t)points, sizeof *setting->x);
    for (int i = 0; i < setting->points; i++) {
        setting->x[i] = i + 1 < points ? low + (high - low) * i / (points - 1) : high;
    }
}

/* Mean and spread of what the runs say at one place; sorts value. */
static void summarise(bm_plot_setting *setting, bm_plot_shade shade, int at, double *value, double *scratch) {
    const size_t runs = (size_t)setting->runs;
    if (shade == BM_SHADE_IQM) {
        const bm_interval interval =
            bm_bootstrap(value, runs, bm_interquartile_mean, interval_share, SAMPLES, 0, scratch);
        setting->low[at] = interval.low;
        setting->high[at] = interval.high;
        setting->y[at] = bm_interquartile_mean(value, runs);
    } else {
        const double spread = bm_standard_deviation(value, runs);
        setting->y[at] = bm_mean(value, runs);
        setting->low[at] = setting->y[at] - spread;
        setting->high[at] = setting->y[at] + spread;
    }
}

static void make_curve(bm_plot *plot, bm_plot_setting *setting, double *value, double *scratch) {
    if (setting->runs == 1) {
        setting->x = setting->run[0]->x;
        setting->y = setting->run[0]->y;
        setting->points = setting->run[0]->points;
        return;
    }
    choose_grid(plot, setting);
    const size_t points = (size_t)setting->points;
    setting->y = bm_plot_alloc(plot, points, sizeof *setting->y);
    setting->low = bm_plot_alloc(plot, points, sizeof *setting->low);
    setting->high = bm_plot_alloc(plot, points, sizeof *setting->high);
    for (int at = 0; at < setting->points; at++) {
        for (int i = 0; i < setting->runs; i++) {
            const bm_plot_run *run = setting->run[i];
            value[i] = bm_interpolate(run->x, run->y, (size_t)run->points, setting->x[at]);
        }
        summarise(setting, plot->shade, at, value, scratch);
    }
}

static void finish(const bm_plot *plot, bm_plot_setting *setting, double *value, double *scratch) {
    const size_t runs = (size_t)setting->runs;
    for (size_t i = 0; i < runs; i++) {
        value[i] = bm_history_last(&setting->run[i]->history, plot->metric);
    }
    setting->final_mean = bm_mean(value, runs);
    setting->final_std = bm_standard_deviation(value, runs);
    setting->final_iqm = setting->final_low = setting->final_high = NAN;
    if (plot->shade == BM_SHADE_IQM) {
        const bm_interval interval =
            bm_bootstrap(value, runs, bm_interquartile_mean, interval_share, SAMPLES, 0, scratch);
        setting->final_low = interval.low;
        setting->final_high = interval.high;
        setting->final_iqm = bm_interquartile_mean(value, runs);
    }
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

bm_status bm_plot_metric(bm_plot *plot, bm_error *error) {
    if (!plot->metric && plot->runs) {
        plot->metric = bm_run_metric(plot->run[0].entry);
    }
    bm_meta_score_words(plot->metric, plot->score_words, sizeof plot->score_words); /* stays empty for others */
    int known = 0;
    for (int i = 0; i < plot->runs; i++) {
        known += bm_history_column(&plot->run[i].history, plot->metric) != NULL;
    }
    if (known == 0) {
        return unknown_metric(plot, error);
    }
    for (int i = 0; i < plot->runs;) {
        bm_plot_run *run = &plot->run[i];
        if (read_curve(plot, run)) {
            if (plot->smooth > 1) {
                smooth(plot, run);
            }
            i++;
        } else if (plot->runs > 1) {
            fprintf(stderr, "bellman: left out %s: nothing is known of %s\n", run->entry->path, plot->metric);
            bm_plot_drop(plot, i);
        } else {
            return bm_fail(error, "nothing is known yet of %s in %s", plot->metric, run->entry->path);
        }
    }
    return BM_OK;
}

void bm_plot_curves(bm_plot *plot) {
    double *value = bm_plot_alloc(plot, (size_t)plot->runs, sizeof *value);
    double *scratch = bm_plot_alloc(plot, SAMPLES + (size_t)plot->runs, sizeof *scratch);
    for (int i = 0; i < plot->settings; i++) {
        make_curve(plot, &plot->setting[i], value, scratch);
        finish(plot, &plot->setting[i], value, scratch);
    }
}
