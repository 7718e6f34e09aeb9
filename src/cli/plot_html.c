/* The page: one file without scripts and without anything from elsewhere, in light and dark as the reader's system is set. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/plot.h"
#include "core/statistics.h"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--paper:#fff;--panel:#f3f5f7;--ink:#1d2329;--gray:#6b747e;--rule:#d4d9de;--mark:#fff3cf;"
    "--link:#0072b2;--blue:#0072b2}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181c;--panel:#1e242a;--ink:#e6eaee;--gray:#98a3ae;--rule:#"
    "343c44;"
    "--mark:#4a3c10;--link:#6cc0f5;--blue:#3d9fdc}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Helvetica Neue',Arial,sans-serif}\n"
    "main{max-width:1200px;margin:0 auto;padding:2.5rem 1.25rem 4rem}\n"
    "h1{font-size:1.75rem;line-height:1.25;letter-spacing:-.015em;margin:0 0 .25rem;font-weight:650}\n"
    "h2{font-size:1.15rem;margin:2.75rem 0 .75rem;font-weight:650}\n"
    "p{margin:.25rem 0}\n"
    ".quiet,caption{color:var(--gray);font-size:.875rem;text-align:left}\n"
    "figure{margin:1.5rem 0 0}\n"
    "figure svg{display:block;max-width:100%;height:auto}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.4rem .9rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);"
    "white-space:nowrap}\n"
    "th{font-weight:600}\n"
    "thead th{color:var(--gray);font-weight:500;font-size:.8125rem;vertical-align:bottom}\n"
    ".n{text-align:right}\n"
    "code,.key{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em;font-weight:400}\n"
    ".settings td{padding-left:.5rem}.settings thead th{padding-left:.5rem;white-space:normal;min-width:8rem}\n"
    ".settings th:first-child{position:sticky;left:0;background:var(--paper);padding-left:0;min-width:0}\n"
    "td.differs{background:var(--mark);font-weight:600}\n"
    ".swatch{display:inline-block;width:1.1em;height:.25em;border-radius:.2em;margin-right:.5em;vertical-align:middle}"
    "\n"
    "a{color:var(--link)}summary{cursor:pointer;color:var(--gray);font-size:.875rem;margin-top:1rem}\n"
    "ul{padding-left:1.2rem;margin:.25rem 0}\n"
    /* The drawing's palette, by what it means. */
    "svg [fill='#1d2329']{fill:var(--ink)}svg [stroke='#1d2329']{stroke:var(--ink)}\n"
    "svg [fill='#6b747e']{fill:var(--gray)}svg [stroke='#6b747e']{stroke:var(--gray)}\n"
    "svg [fill='#d4d9de']{fill:var(--rule)}svg [stroke='#d4d9de']{stroke:var(--rule)}\n"
    "svg [fill='#0072b2']{fill:var(--blue)}svg [stroke='#0072b2']{stroke:var(--blue)}\n"
    "@media print{main{max-width:none;padding:0}}\n";

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

static void cell(bm_markup *page, const char *text) {
    bm_markup_put(page, "<td>");
    bm_markup_escape(page, text);
    bm_markup_put(page, "</td>");
}

static void number_cell(bm_markup *page, double value, const char *format) {
    char text[64];
    snprintf(text, sizeof text, format, value);
    bm_markup_putf(page, "<td class=\"n\">%s</td>", isfinite(value) ? text : "–");
}

static void count_cell(bm_markup *page, int64_t count) {
    char text[32];
    bm_markup_putf(page, "<td class=\"n\">%s</td>", bm_cli_thousands(count, text, sizeof text));
}

static void swatch(bm_markup *page, const bm_plot_setting *setting) {
    bm_markup_putf(page, "<span class=\"swatch\" style=\"background:#%06x\"></span>",
                   (unsigned)(setting->color & 0xffffffu));
}

/* ---- sections --------------------------------------------------------------------------------------------------- */

/* Of one environment with its name before. */
static void put_title(const bm_plot *plot, bm_markup *page) {
    char words[BM_PLOT_WORDS];
    bm_plot_words(plot, words, sizeof words);
    if (plot->environments == 1 && !plot->title) {
        bm_markup_escape(page, plot->setting[0].env);
        bm_markup_put(page, ": ");
    }
    bm_markup_escape(page, words);
}

static void put_head(const bm_plot *plot, bm_markup *page) {
    bm_markup_put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    put_title(plot, page);
    bm_markup_put(page, "</title>\n<style>\n");
    bm_markup_put(page, style);
    bm_markup_put(page, "</style>\n</head>\n<body>\n<main>\n<h1>");
    put_title(plot, page);
    bm_markup_putf(page, "</h1>\n<p class=\"quiet\">%d run%s of %d setting%s · ", plot->runs,
                   plot->runs == 1 ? "" : "s", plot->settings, plot->settings == 1 ? "" : "s");
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

/* Decimals that a mean deserves whose spread is this: those to the spread's second digit, or to its first where that is large
 * (0.0014, 0.007), one where it is 1 and more. -1: as many as %.5g shows, of what does not spread. */
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
        number_cell(page, mean, "%.5g");
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
    cell(page, run->path);
    cell(page, setting->label);
    bm_markup_put(page, "<td class=\"n\">");
    bm_markup_escape(page, seed ? seed : "–");
    bm_markup_put(page, "</td>");
    count_cell(page, run->steps);
    number_cell(page, run->eval_return, "%.5g");
    number_cell(page, run->train_return, "%.5g");
    number_cell(page, run->seconds, "%.1f");
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
        count_cell(page, setting->runs);
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
            cell(page, run->entry->path);
            count_cell(page, change->step);
            bm_markup_put(page, "<td class=\"key\">");
            bm_markup_escape(page, change->option);
            bm_markup_put(page, "</td>");
            cell(page, change->value);
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
    bm_markup_put(page, "<p class=\"quiet\" style=\"margin-top:3rem\">bellman " BM_VERSION
                        "</p>\n</main>\n</body>\n</html>\n");
    return page->failed ? bm_fail(error, "not enough memory for the page") : BM_OK;
}
