/* The page of learning curves. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/page.h"
#include "cli/plot.h"
#include "core/statistics.h"

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

static void swatch(bm_markup *page, const bm_plot_setting *setting) {
    bm_markup_putf(page, "<span class=\"swatch\" style=\"background:#%06x\"></span>",
                   (unsigned)(setting->color & 0xffffffu));
}

/* ---- sections --------------------------------------------------------------------------------------------------- */

/* Of one environment with its name before. */
static void put_head(const bm_plot *plot, bm_markup *page) {
    char words[BM_PLOT_WORDS], title[2 * BM_PLOT_WORDS];
    const bool named = plot->environments == 1 && !plot->title;
    bm_plot_words(plot, words, sizeof words);
    snprintf(title, sizeof title, "%s%s%s", named ? plot->setting[0].env : "", named ? ": " : "", words);
    bm_page_begin(page, title);
    bm_markup_putf(page, "<p class=\"quiet\">%d run%s of %d setting%s · ", plot->runs, plot->runs == 1 ? "" : "s",
                   plot->settings, plot->settings == 1 ? "" : "s");
    if (plot->title && *bm_plot_metric_words(plot)) { /* else the heading says it */
        bm_markup_escape(page, bm_plot_metric_words(plot));
        bm_markup_put(page, " · ");
    }
    bm_markup_put(page, "metric <code>");
    bm_markup_escape(page, plot->metric);
    bm_markup_put(page, "</code></p>\n");
}

static bm_status put_picture(bm_plot *plot, bm_markup *page, bm_error *error) {
    bm_svg *svg;
    const char *text;
    size_t bytes;
    bm_status status = bm_plot_svg(plot, false, 0, &svg, &text, &bytes, error);
    if (status == BM_OK) {
        bm_markup_put(page, "<figure>\n");
        bm_markup_put(page, text);
        bm_markup_put(page, "</figure>\n");
    }
    bm_svg_destroy(svg);
    return status;
}

/* Decimals that a mean deserves whose spread is this: those to the spread's second digit, or to its first where that is
 * large (0.0014, 0.007), one where it is 1 and more. -1: as many as %.5g shows, of what does not spread. */
static int decimals_of(double mean, double spread) {
    if (!(spread > 1e-9 * fabs(mean)) || spread < 1e-9 || spread >= 1e9) {
        return -1;
    }
    const int power = (int)floor(log10(spread));
    const bool two = spread / pow(10, power) < 3.55;
    return spread >= 100 ? 0 : spread >= 1 ? 1 : two ? 1 - power : -power;
}

static void put_number(bm_markup *page, double value, int decimals) {
    if (decimals < 0) {
        bm_markup_putf(page, "%.5g", value);
    } else {
        bm_markup_putf(page, "%.*f", decimals, value);
    }
}

/* "97.4 ± 43.6", or one number alone. */
static void spread_cell(bm_markup *page, int runs, double mean, double spread) {
    if (runs > 1 && isfinite(mean)) {
        const int decimals = decimals_of(mean, spread);
        bm_markup_put(page, "<td class=\"n\">");
        put_number(page, mean, decimals);
        bm_markup_put(page, " ± ");
        put_number(page, decimals < 0 && spread <= 1e-9 * fabs(mean) ? 0 : spread, decimals);
        bm_markup_put(page, "</td>");
    } else {
        bm_page_number_cell(page, mean, "%.5g");
    }
}

/* "97.4 [51.2, 120.5]" */
static void interval_cell(bm_markup *page, double middle, double low, double high) {
    const int decimals = decimals_of(middle, (high - low) / 2);
    bm_markup_put(page, "<td class=\"n\">");
    put_number(page, middle, decimals);
    bm_markup_put(page, " [");
    put_number(page, low, decimals);
    bm_markup_put(page, ", ");
    put_number(page, high, decimals);
    bm_markup_put(page, "]</td>");
}

/* The evaluations of the runs that have one. */
static void evaluation_cell(bm_plot *plot, bm_markup *page, const bm_plot_setting *setting) {
    double *value = bm_plot_alloc(plot, (size_t)setting->runs, sizeof *value);
    int count = 0;
    for (int i = 0; i < setting->runs; i++) {
        value[count] = setting->run[i]->entry->eval_return;
        count += isfinite(value[count]) ? 1 : 0;
    }
    spread_cell(page, count, bm_mean(value, (size_t)count), bm_standard_deviation(value, (size_t)count));
}

static void put_run(bm_markup *page, const bm_plot_setting *setting, const bm_run_entry *run) {
    const char *seed = bm_run_setting(run, "run.seed");
    bm_markup_put(page, "<tr>");
    bm_page_cell(page, run->path);
    bm_page_cell(page, setting->label);
    bm_markup_put(page, "<td class=\"n\">");
    bm_markup_escape(page, seed ? seed : "–");
    bm_markup_put(page, "</td>");
    bm_page_count_cell(page, run->steps);
    bm_page_number_cell(page, run->eval_return, "%.5g");
    bm_page_number_cell(page, run->train_return, "%.5g");
    bm_page_number_cell(page, run->seconds, "%.1f");
    bm_markup_put(page, "</tr>\n");
}

static void put_runs(const bm_plot *plot, bm_markup *page) {
    bm_markup_put(page, "<details><summary>every run</summary>\n<div class=\"wide\"><table>\n<thead><tr><th>run</th>"
                        "<th>setting</th><th class=\"n\">seed</th><th class=\"n\">steps</th>"
                        "<th class=\"n\">evaluation return</th><th class=\"n\">training return</th>"
                        "<th class=\"n\">seconds</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < plot->settings; i++) {
        for (int k = 0; k < plot->setting[i].runs; k++) {
            put_run(page, &plot->setting[i], plot->setting[i].run[k]->entry);
        }
    }
    bm_markup_put(page, "</tbody></table></div></details>\n");
}

static void put_results(bm_plot *plot, bm_markup *page) {
    const bool robust = plot->shade == BM_SHADE_IQM;
    bm_markup_put(page, "<h2>Final evaluations</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>setting</th>"
                        "<th class=\"n\">runs</th><th class=\"n\">evaluation return</th><th class=\"n\">last <code>");
    bm_markup_escape(page, plot->metric);
    bm_markup_putf(page, "</code></th>%s</tr></thead>\n<tbody>\n",
                   robust ? "<th class=\"n\">its interquartile mean</th>" : "");
    for (int i = 0; i < plot->settings; i++) {
        const bm_plot_setting *setting = &plot->setting[i];
        bm_markup_put(page, "<tr><th>");
        swatch(page, setting);
        bm_markup_escape(page, setting->label);
        bm_markup_put(page, "</th>");
        bm_page_count_cell(page, setting->runs);
        evaluation_cell(plot, page, setting);
        spread_cell(page, setting->runs, setting->final_mean, setting->final_std);
        if (robust) {
            interval_cell(page, setting->final_iqm, setting->final_low, setting->final_high);
        }
        bm_markup_put(page, "</tr>\n");
    }
    bm_markup_put(page, "</tbody></table></div>\n<p class=\"quiet\">Mean ± standard deviation over runs. Evaluations "
                        "are of the last policy, on episodes that nothing else uses; of a run that has not ended, the "
                        "latest one.</p>\n");
    put_runs(plot, page);
}

/* Whether another setting in the same environment has another value of the option. */
static bool differs(const bm_plot *plot, const bm_plot_setting *setting, const char *key) {
    const char *own = bm_run_setting(setting->run[0]->entry, key);
    for (int i = 0; i < plot->settings && own; i++) {
        const bm_plot_setting *other = &plot->setting[i];
        const char *value = bm_run_setting(other->run[0]->entry, key);
        if (value && strcmp(other->env, setting->env) == 0 && strcmp(value, own) != 0) {
            return true;
        }
    }
    return false;
}

static void put_option(const bm_plot *plot, bm_markup *page, const char *key) {
    bm_markup_put(page, "<tr><th class=\"key\">");
    bm_markup_escape(page, key);
    bm_markup_put(page, "</th>");
    for (int i = 0; i < plot->settings; i++) {
        const char *value = bm_run_setting(plot->setting[i].run[0]->entry, key);
        bm_markup_put(page, differs(plot, &plot->setting[i], key) ? "<td class=\"differs\">" : "<td>");
        bm_markup_escape(page, !value ? "–" : *value ? value : "none");
        bm_markup_put(page, "</td>");
    }
    bm_markup_put(page, "</tr>\n");
}

static void put_settings(bm_plot *plot, bm_markup *page) {
    int count;
    const char **keys = bm_plot_keys(plot, &count);
    bm_markup_put(page,
                  "<h2>Hyperparameters</h2>\n<div class=\"wide\"><table class=\"settings\">\n<thead><tr><th>option"
                  "</th>");
    for (int i = 0; i < plot->settings; i++) {
        bm_markup_put(page, "<th>");
        swatch(page, &plot->setting[i]);
        bm_markup_escape(page, plot->setting[i].label);
        bm_markup_put(page, "</th>");
    }
    bm_markup_put(page, "</tr></thead>\n<tbody>\n");
    for (int k = 0; k < count; k++) {
        if (bm_plot_key_matters(keys[k]) && strchr(keys[k], '.')) { /* agent and environment stand in the labels */
            put_option(plot, page, keys[k]);
        }
    }
    bm_markup_put(page, "</tbody></table></div>\n");
    if (plot->settings > plot->environments) {
        bm_markup_put(page,
                      "<p class=\"quiet\">Highlighted: what differs between settings in the same environment.</p>\n");
    }
}

static void put_changes(const bm_plot *plot, bm_markup *page) {
    bool begun = false;
    for (int i = 0; i < plot->runs; i++) {
        const bm_plot_run *run = &plot->run[i];
        for (int k = 0; k < run->changes.count; k++) {
            const bm_change *change = &run->changes.items[k];
            bm_markup_put(page,
                          begun ? ""
                                : "<h2>Changed while training</h2>\n<div class=\"wide\"><table>\n<thead><tr>"
                                  "<th>run</th><th class=\"n\">step</th><th>option</th><th>value</th></tr></thead>\n"
                                  "<tbody>\n");
            begun = true;
            bm_markup_put(page, "<tr>");
            bm_page_cell(page, run->entry->path);
            bm_page_count_cell(page, change->step);
            bm_markup_put(page, "<td class=\"key\">");
            bm_markup_escape(page, change->option);
            bm_markup_put(page, "</td>");
            bm_page_cell(page, change->value);
            bm_markup_put(page, "</tr>\n");
        }
    }
    bm_markup_put(page, begun ? "</tbody></table></div>\n" : "");
}

static void put_recordings(bm_plot *plot, const char *path, bm_markup *page) {
    bool begun = false;
    for (int i = 0; i < plot->runs; i++) {
        const char **file = bm_plot_recordings(plot, &plot->run[i]);
        if (!*file) {
            continue;
        }
        const char *folder = plot->run[i].entry->path;
        bm_markup_put(page, begun ? "<p>" : "<h2>Recordings</h2>\n<p>");
        begun = true;
        bm_markup_escape(page, folder);
        bm_markup_put(page, "</p>\n<ul>\n");
        for (; *file; file++) {
            bm_markup_put(page, "<li><a href=\"");
            bm_plot_link(page, path, *file);
            bm_markup_put(page, "\">");
            bm_markup_escape(page, *file + strlen(folder) + 1);
            bm_markup_put(page, "</a></li>\n");
        }
        bm_markup_put(page, "</ul>\n");
    }
}

bm_status bm_plot_html(bm_plot *plot, const char *path, bm_markup *page, bm_error *error) {
    put_head(plot, page);
    const bm_status status = put_picture(plot, page, error);
    if (status != BM_OK) {
        return status;
    }
    put_results(plot, page);
    put_settings(plot, page);
    put_changes(plot, page);
    put_recordings(plot, path, page);
    bm_page_end(page);
    return page->failed ? bm_fail(error, "not enough memory for the page") : BM_OK;
}
