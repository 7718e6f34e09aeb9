/* The report's charts: values by trial, by one parameter, and on the way; and the axes that its drawings share. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/tune_report.h"
#include "core/statistics.h"
#include "draw/chart.h"
#include "draw/svg.h"

enum { TEXT = 13, CURVES = 150, PANEL_COLUMNS = 3, PANEL_HEIGHT = 230 };

/* ---- what drawings share ---------------------------------------------------------------------------------------- */

bm_status bm_report_figure(bm_markup *page, double width, double height, bm_report_draw *draw, void *context,
                           bm_error *error) {
    bm_svg *svg;
    bm_canvas canvas;
    const char *text;
    size_t bytes;
    bm_status status = bm_svg_create(&svg, width, height, error);
    if (status != BM_OK) {
        return status;
    }
    bm_svg_begin(svg, 0, &canvas);
    draw(context, &canvas);
    status = bm_svg_text(svg, &text, &bytes, error);
    if (status == BM_OK) {
        bm_markup_put(page, "<figure>\n");
        bm_markup_put(page, text);
        bm_markup_put(page, "</figure>\n");
    }
    bm_svg_destroy(svg);
    return status;
}

double bm_report_place(const bm_parameter *parameter, double value) {
    return parameter->kind == BM_PARAMETER_CATEGORICAL ? (value + 0.5) / parameter->choices
                                                       : bm_parameter_to_unit(parameter, value);
}

/* Ticks between low and high, some of which stand where a logarithm has them. */
static int number_ticks(double low, double high, bool log, int most, double *at) {
    static const double multiple[] = {1, 2, 5};
    const double decades = log ? log10(high / low) : 0;
    if (!log || decades < 1) {
        return bm_chart_ticks(low, high, most, at);
    }
    const int multiples = decades * 3 <= most ? 3 : 1;
    const int stride = multiples == 3 ? 1 : (int)ceil(decades / most);
    int count = 0;
    for (int power = (int)floor(log10(low) + 1e-9); power <= log10(high) + 1e-9; power += stride) {
        for (int i = 0; i < multiples && count < BM_REPORT_TICKS; i++) {
            at[count] = multiple[i] * pow(10, power);
            count += at[count] >= low * (1 - 1e-9) && at[count] <= high * (1 + 1e-9);
        }
    }
    return count;
}

/* Room for the choices of a category is the caller's matter. */
int bm_report_ticks(const bm_parameter *parameter, int most, bm_report_tick ticks[BM_REPORT_TICKS]) {
    double at[BM_REPORT_TICKS];
    int count = 0;
    if (parameter->kind == BM_PARAMETER_CATEGORICAL) {
        for (int i = 0; i < parameter->choices; i++) {
            ticks[i].unit = bm_report_place(parameter, i);
            snprintf(ticks[i].text, sizeof ticks[i].text, "%s", parameter->choice[i]);
        }
        return parameter->choices;
    }
    const int numbers = number_ticks(parameter->low, parameter->high, parameter->log, most, at);
    for (int i = 0; i < numbers; i++) {
        if (parameter->kind == BM_PARAMETER_INT && fabs(at[i] - round(at[i])) > 1e-9) {
            continue;
        }
        ticks[count].unit = bm_parameter_to_unit(parameter, at[i]);
        bm_chart_number(at[i], parameter->log || numbers < 2 ? at[i] : at[1] - at[0], ticks[count].text,
                        sizeof ticks[count].text);
        count++;
    }
    return count;
}

int bm_report_value_ticks(const bm_report *report, int most, bm_report_tick ticks[BM_REPORT_TICKS]) {
    double at[BM_REPORT_TICKS];
    const int count = number_ticks(report->low, report->high, report->log, most, at);
    for (int i = 0; i < count; i++) {
        ticks[i].unit = bm_report_unit(report, at[i]);
        bm_chart_number(at[i], report->log || count < 2 ? at[i] : at[1] - at[0], ticks[i].text, sizeof ticks[i].text);
    }
    return count;
}

void bm_report_axis(bm_canvas *canvas, double left, double right, double y, double text, const bm_report_tick *ticks,
                    int count) {
    double end = -INFINITY;
    bm_draw_line(canvas, left, y, right, y, 1, BM_GRAY);
    for (int i = 0; i < count; i++) {
        const double x = left + ticks[i].unit * (right - left);
        const double half = bm_text_width(canvas, text, ticks[i].text) / 2;
        bm_draw_line(canvas, x, y, x, y + 0.35 * text, 1, BM_GRAY);
        if (x - half > end + 0.4 * text) {
            bm_draw_text(canvas, x, y + 1.15 * text, text, BM_ALIGN_CENTER, BM_GRAY, ticks[i].text);
            end = x + half;
        }
    }
}

void bm_report_fitting(bm_canvas *canvas, double x, double y, double size, double room, bm_align align, bm_color color,
                       const char *words) {
    const double wide = bm_text_width(canvas, size, words);
    bm_draw_text(canvas, x, y, size * fmin(1, fmax(0.5, room / fmax(wide, 1))), align, color, words);
}

static void draw_chart(void *context, bm_canvas *canvas) {
    bm_chart_draw(context, canvas);
}

/* ---- history ---------------------------------------------------------------------------------------------------- */

static double within(const bm_report *report, double value) {
    const double edge = 0.012; /* of the scale: a point at the edge is seen whole */
    const double unit = fmax(edge, fmin(bm_report_unit(report, value), 1 - edge));
    return report->log ? report->low * pow(report->high / report->low, unit)
                       : report->low + unit * (report->high - report->low);
}

/* Points of the trials of one state; those that failed at the bad edge. */
static bm_series points_of(bm_report *report, const char *name, bm_color color, bm_trial_state state) {
    double *x = BM_NEW(&report->arena, double, report->trials.count);
    double *y = BM_NEW(&report->arena, double, report->trials.count);
    int count = 0;
    for (int i = 0; i < report->trials.count && x && y; i++) {
        const bm_report_trial *r = &report->ranked[i];
        const bool failed = state == BM_TRIAL_FAIL;
        if (r->trial->state == state && (failed || !isnan(r->value))) {
            x[count] = (double)r->trial->number;
            y[count++] = within(report, failed ? (report->trials.maximize ? -INFINITY : INFINITY) : r->value);
        }
    }
    return (bm_series){.name = count ? name : NULL, .color = color, .count = count, .x = x, .y = y, .points = true};
}

/* A line of steps. */
static bm_series best_so_far(bm_report *report) {
    double *x = BM_NEW(&report->arena, double, 2 * report->trials.count + 1);
    double *y = BM_NEW(&report->arena, double, 2 * report->trials.count + 1);
    const bm_trial *best = NULL;
    int count = 0;
    for (int i = 0; i < report->trials.count && x && y; i++) {
        const bm_trial *trial = &report->trials.trial[i];
        const bool complete = trial->state == BM_TRIAL_COMPLETE && isfinite(trial->value);
        if (!complete || (best && bm_trial_compare(&report->trials, trial, best) > 0)) {
            continue;
        }
        if (best) {
            x[count] = (double)trial->number;
            y[count++] = within(report, best->value);
        }
        best = trial;
        x[count] = (double)trial->number;
        y[count++] = within(report, best->value);
    }
    if (best) {
        x[count] = (double)report->trials.count - 1;
        y[count++] = within(report, best->value);
    }
    return (bm_series){.name = count ? "best so far" : NULL, .color = BM_ORANGE, .count = count, .x = x, .y = y};
}

bm_status bm_report_put_history(bm_report *report, bm_markup *page, bm_error *error) {
    const bm_series series[] = {
        points_of(report, "pruned, at its last value", bm_color_fade(BM_GRAY, 0.45), BM_TRIAL_PRUNED),
        points_of(report, "failed", BM_VERMILLION, BM_TRIAL_FAIL),
        best_so_far(report),
        points_of(report, "complete", BM_BLUE, BM_TRIAL_COMPLETE),
    };
    bm_chart chart = {
        .x_label = "trial",
        .series = series,
        .series_count = sizeof series / sizeof series[0],
        .x_low = -0.5,
        .x_high = report->trials.count - 0.5,
        .y_low = report->low,
        .y_high = report->high,
        .log_y = report->log,
        .text = TEXT,
    };
    const bm_status status = bm_arena_check(&report->arena, "the report", error);
    if (status != BM_OK || report->trials.count == 0) {
        return status;
    }
    bm_markup_putf(page, "<h2>History</h2>\n<p class=\"quiet\">The %s of every trial, in the order they were begun.%s",
                   bm_report_what(report),
                   report->pruned ? " A pruned one's is over fewer steps, and may look better than it is." : "");
    if (report->beyond) {
        bm_markup_putf(page, " %d beyond the scale stand%s at its edge.", report->beyond,
                       report->beyond == 1 ? "s" : "");
    }
    bm_markup_put(page, "</p>\n");
    return bm_report_figure(page, BM_REPORT_WIDTH, 420, draw_chart, &chart, error);
}

/* ---- slices ----------------------------------------------------------------------------------------------------- */

/* The same number for the same trial, 0 .. 1: points of a category spread over its column (fractional parts of the
 * golden ratio). */
static double jitter(int64_t number) {
    const double at = 0.6180339887498949 * (double)number;
    return at - floor(at);
}

static void draw_points(const bm_report *report, int parameter, bool complete, double width, double height,
                        bm_canvas *canvas) {
    const bm_parameter *p = &report->space.parameter[parameter];
    const int first = complete ? 0 : report->complete;
    const int end = complete ? report->complete : report->complete + report->pruned;
    const bm_color color = bm_color_fade(complete ? BM_BLUE : BM_GRAY, complete ? 0.75 : 0.35);
    for (int i = end - 1; i >= first; i--) {
        const bm_report_trial *r = &report->ranked[i];
        const double value = r->trial->param[parameter];
        if (isnan(value) || isnan(r->value)) {
            continue;
        }
        const double spread = p->kind == BM_PARAMETER_CATEGORICAL ? 0.6 / p->choices : 0;
        const double x = bm_report_place(p, value) + spread * (jitter(r->trial->number) - 0.5);
        const double y = height * (1 - bm_report_unit(report, r->value));
        if (i == report->chosen) {
            bm_draw_circle(canvas, x * width, y, 6, BM_PAPER);
            bm_draw_circle(canvas, x * width, y, 4.5, BM_VERMILLION);
        } else {
            bm_draw_circle(canvas, x * width, y, complete ? 3 : 2.4, color);
        }
    }
}

static void draw_panel(const bm_report *report, int parameter, double left, double top, double width, double height,
                       bm_canvas *canvas) {
    const bm_parameter *p = &report->space.parameter[parameter];
    const double text = 12, gutter = 4 * text, right = 10, title = 2.2 * text, below = 2.6 * text;
    const double inner_width = width - gutter - right, inner_height = height - title - below;
    bm_report_tick ticks[BM_REPORT_TICKS];
    bm_canvas_viewport(canvas, left, top, width, height);
    bm_report_fitting(canvas, gutter, 0.9 * text, 1.08 * text, inner_width, BM_ALIGN_LEFT, BM_INK, p->name);
    const int rules = bm_report_value_ticks(report, 5, ticks);
    for (int i = 0; i < rules; i++) {
        const double y = title + inner_height * (1 - ticks[i].unit);
        bm_draw_line(canvas, gutter, y, gutter + inner_width, y, 1, BM_RULE);
        bm_draw_text(canvas, gutter - 0.5 * text, y, 0.92 * text, BM_ALIGN_RIGHT, BM_GRAY, ticks[i].text);
    }
    const int count = bm_report_ticks(p, 6, ticks);
    bm_report_axis(canvas, gutter, gutter + inner_width, title + inner_height, 0.92 * text, ticks, count);
    bm_canvas_viewport(canvas, left + gutter - 7, top + title - 7, inner_width + 14, inner_height + 14);
    canvas->origin_x += 7; /* points at the border are seen whole */
    canvas->origin_y += 7;
    draw_points(report, parameter, false, inner_width, inner_height, canvas);
    draw_points(report, parameter, true, inner_width, inner_height, canvas);
}

static void draw_slices(void *context, bm_canvas *canvas) {
    const bm_report *report = context;
    const double width = (double)BM_REPORT_WIDTH / PANEL_COLUMNS;
    for (int i = 0; i < report->space.count; i++) {
        draw_panel(report, report->order[i], width * (i % PANEL_COLUMNS), PANEL_HEIGHT * (i / PANEL_COLUMNS),
                   width - 10, PANEL_HEIGHT - 12, canvas);
    }
}

bm_status bm_report_put_slices(bm_report *report, bm_markup *page, bm_error *error) {
    const int rows = (report->space.count + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
    if (report->complete + report->pruned == 0 || rows == 0) {
        return BM_OK;
    }
    bm_markup_put(page, "<h2>One parameter at a time</h2>\n<p class=\"quiet\">Every trial's value against each "
                        "parameter, the most important first. Blue: complete; gray: pruned; red: the best "
                        "configuration. Axes are logarithmic where the study sampled so.</p>\n");
    return bm_report_figure(page, BM_REPORT_WIDTH, PANEL_HEIGHT * rows, draw_slices, report, error);
}

/* ---- values on the way ------------------------------------------------------------------------------------------ */

/* One curve of each of some trials, the worst first, so that the best lie on top. */
static int add_curves(bm_report *report, bm_series *series, int stride) {
    int count = 0;
    const char *complete = "complete", *pruned = "pruned", *chosen = "the best configuration";
    for (int i = report->complete + report->pruned - 1; i >= -1; i--) {
        const bool best = i < 0;
        const int which = best ? report->chosen : i;
        if (which < 0 || (best != (which == report->chosen)) || (!best && i % stride)) {
            continue;
        }
        const bm_trial *trial = report->ranked[which].trial;
        const bool whole = trial->state == BM_TRIAL_COMPLETE;
        const char **name = best ? &chosen : whole ? &complete : &pruned;
        double *x = BM_NEW(&report->arena, double, trial->reports);
        for (int k = 0; k < trial->reports && x; k++) {
            x[k] = (double)trial->step[k];
        }
        if (trial->reports && x) {
            series[count++] = (bm_series){
                .name = *name,
                .color = best    ? BM_VERMILLION
                         : whole ? bm_color_fade(BM_BLUE, 0.5)
                                 : bm_color_fade(BM_GRAY, 0.35),
                .count = trial->reports,
                .x = x,
                .y = trial->report,
                .points = trial->reports == 1,
            };
            *name = NULL; /* in the legend once */
        }
    }
    return count;
}

/* Of values on the way, but for those twentieth that are worst: curves may begin far off. */
static bm_status settle_curves(bm_report *report, bm_chart *chart, bm_error *error) {
    int count = 0, all = 0;
    for (int s = 0; s < chart->series_count; s++) {
        all += chart->series[s].count;
    }
    double *value = BM_NEW(&report->arena, double, all);
    const bm_status status = bm_arena_check(&report->arena, "the report", error);
    for (int s = 0; s < chart->series_count && status == BM_OK; s++) {
        for (int k = 0; k < chart->series[s].count; k++) {
            value[count] = chart->series[s].y[k];
            count += isfinite(value[count]) ? 1 : 0;
        }
    }
    if (status != BM_OK || count == 0) {
        return status;
    }
    bm_interquartile_mean(value, (size_t)count); /* sorts */
    chart->log_y = report->log && value[0] > 0;
    if (!chart->log_y) {
        const double range = value[count - 1] - value[0];
        const double bad = bm_percentile(value, (size_t)count, report->trials.maximize ? 0.05 : 0.95);
        const double cut = report->trials.maximize ? value[count - 1] - bad : bad - value[0];
        if (cut > 0 && cut < 0.4 * range) {
            chart->y_low = report->trials.maximize ? bad : value[0] - 0.05 * cut;
            chart->y_high = report->trials.maximize ? value[count - 1] + 0.05 * cut : bad;
        }
    }
    return status;
}

bm_status bm_report_put_curves(bm_report *report, bm_markup *page, bm_error *error) {
    const int judged = report->complete + report->pruned, stride = (judged + CURVES - 1) / CURVES;
    bm_series *series = BM_NEW(&report->arena, bm_series, CURVES + 2);
    bm_status status = bm_arena_check(&report->arena, "the report", error);
    bm_chart chart = {.x_label = report->objective ? "step, over all seeds together" : "step",
                      .series = series,
                      .x_low = NAN,
                      .x_high = NAN,
                      .y_low = NAN,
                      .y_high = NAN,
                      .text = TEXT};
    chart.series_count = status == BM_OK ? add_curves(report, series, stride) : 0;
    if (status == BM_OK) {
        status = settle_curves(report, &chart, error);
    }
    if (status != BM_OK || chart.series_count == 0) {
        return status;
    }
    bm_markup_put(page, "<h2>Values on the way</h2>\n<p class=\"quiet\">What the pruner saw of each trial");
    bm_markup_put(page,
                  report->objective ? ": the mean over the seeds so far, the one at work counted as it stands." : ".");
    if (stride > 1) {
        bm_markup_putf(page, " Of %d trials one in %d, by rank.", judged, stride);
    }
    bm_markup_put(page, "</p>\n");
    return bm_report_figure(page, BM_REPORT_WIDTH, 420, draw_chart, &chart, error);
}
