/* The picture: a panel for each environment, a line of words below. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/plot.h"
#include "core/statistics.h"
#include "draw/chart.h"

enum { FEW_POINTS = 30 }; /* so few that it shows where they are */

/* What people call a metric. */
static const char *const words[][2] = {
    {"rollout/ep_rew_mean", "return in training, mean of the last 100 episodes"},
    {"rollout/ep_len_mean", "steps an episode in training, mean of the last 100"},
    {"rollout/exploration_rate", "exploration, share of random actions"},
    {"eval/mean_reward", "return in evaluations"},
    {"eval/mean_ep_length", "steps an episode in evaluations"},
    {"time/fps", "environment steps per second"},
    {"train/learning_rate", "learning rate"},
    {"train/n_updates", "updates"},
};

const char *bm_plot_metric_words(const bm_plot *plot) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(plot->metric, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return plot->score_words;
}

const char *bm_plot_words(const bm_plot *plot, char *text, size_t bytes) {
    const char *found = bm_plot_metric_words(plot);
    snprintf(text, bytes, "%s", plot->title ? plot->title : *found ? found : plot->metric);
    if (plot->environments > 1 && !plot->title && *found) {
        text[0] = (char)toupper(text[0]); /* no environment stands before it */
    }
    return text;
}

static const char *unit_of_steps(const bm_plot_setting *setting) {
    return bm_run_setting(setting->run[0]->entry, "run.meta_iterations") ? "iterations" : "steps";
}

static bool any_band(const bm_plot *plot) {
    for (int i = 0; i < plot->settings; i++) {
        if (plot->setting[i].runs > 1) {
            return true;
        }
    }
    return false;
}

static bool any_changes(const bm_plot *plot) {
    for (int i = 0; i < plot->settings; i++) {
        if (plot->setting[i].run[0]->changes.count) {
            return true;
        }
    }
    return false;
}

const char *bm_plot_shade_words(const bm_plot *plot) {
    if (!any_band(plot)) {
        return "";
    }
    return plot->shade == BM_SHADE_IQM ? "Interquartile mean over runs, shaded: its 95 % bootstrap interval."
                                       : "Mean over runs, shaded: ± one standard deviation.";
}

/* ---- layout ----------------------------------------------------------------------------------------------------- */

static int columns_of(const bm_plot *plot) {
    return (int)ceil(sqrt(plot->environments));
}

void bm_plot_size(const bm_plot *plot, double *width, double *height) {
    const int columns = columns_of(plot), rows = (plot->environments + columns - 1) / columns;
    *width = plot->width > 0 ? plot->width : plot->environments == 1 ? 900 : 620 * columns;
    *height = plot->height > 0 ? plot->height : plot->environments == 1 ? 520 : 400 * rows + 40;
}

/* ---- panels ----------------------------------------------------------------------------------------------------- */

/* Where a run's hyperparameters changed, in the units of x. */
static int add_marks(const bm_plot *plot, const bm_plot_run *run, double *marks) {
    for (int i = 0; i < run->changes.count; i++) {
        const double step = (double)run->changes.items[i].step;
        const bm_history *history = &run->history;
        marks[i] =
            plot->by_seconds ? bm_interpolate(history->step, history->seconds, (size_t)history->rows, step) : step;
    }
    return run->changes.count;
}

/* Settings first .. first + count - 1, those of one environment. */
static void draw_panel(bm_plot *plot, int first, int count, const char *title, double text, bm_canvas *canvas) {
    bm_series *series = bm_plot_alloc(plot, 2 * (size_t)count, sizeof *series);
    int curves = 0, most_marks = 0, marks = 0;
    for (int i = first; i < first + count; i++) {
        const bm_plot_setting *setting = &plot->setting[i];
        series[curves++] = (bm_series){
            .name = setting->name,
            .color = setting->color,
            .count = setting->points,
            .x = setting->x,
            .y = setting->y,
            .low = setting->low,
            .high = setting->high,
        };
        most_marks += setting->run[0]->changes.count;
        if (setting->points <= FEW_POINTS) {
            bm_series *points = &series[curves];
            *points = series[curves - 1];
            points->name = NULL;
            points->low = points->high = NULL;
            points->points = true;
            curves++;
        }
    }
    double *mark = bm_plot_alloc(plot, (size_t)most_marks, sizeof *mark);
    for (int i = first; i < first + count; i++) {
        marks += add_marks(plot, plot->setting[i].run[0], mark + marks);
    }
    const bm_chart chart = {
        .title = title,
        .x_label = plot->by_seconds ? "seconds of training" : unit_of_steps(&plot->setting[first]),
        .series = series,
        .series_count = curves,
        .marks = mark,
        .mark_count = marks,
        .x_low = NAN,
        .x_high = NAN,
        .y_low = NAN,
        .y_high = NAN,
        .text = text,
    };
    bm_chart_draw(&chart, canvas);
}

/* Smaller, where it would be wider than there is room. */
static void draw_fitting(bm_canvas *canvas, double x, double y, double size, double end, bm_color color,
                         const char *words_shown) {
    const double wide = bm_text_width(canvas, size, words_shown);
    bm_draw_text(canvas, x, y, size * fmin(1, fmax(0.5, (end - x) / fmax(wide, 1))), BM_ALIGN_LEFT, color, words_shown);
}

static void draw_footer(const bm_plot *plot, double text, double width, double height, bm_canvas *canvas) {
    char note[BM_PLOT_WORDS], smoothed[64] = "";
    if (plot->smooth > 1) {
        snprintf(smoothed, sizeof smoothed, "Smoothed: moving mean over %d rows.", plot->smooth);
    }
    const char *changed = any_changes(plot) ? "Dashed: hyperparameters changed while training." : "";
    snprintf(note, sizeof note, "%s%s%s%s%s", bm_plot_shade_words(plot), any_band(plot) && *changed ? " " : "", changed,
             (any_band(plot) || *changed) && *smoothed ? " " : "", smoothed);
    bm_canvas_viewport(canvas, 0, 0, width, height);
    draw_fitting(canvas, 1.3 * text, height - 1.1 * text, 0.85 * text, width - 2 * text, BM_GRAY, note);
}

/* The settings of one environment stand together. */
static int settings_of_panel(const bm_plot *plot, int first) {
    int count = 1;
    while (first + count < plot->settings && strcmp(plot->setting[first + count].env, plot->setting[first].env) == 0) {
        count++;
    }
    return count;
}

/* Where more stands above all panels than one panel's title would say. */
static bool has_header(const bm_plot *plot, bool titled) {
    return titled && (plot->title || plot->environments > 1);
}

/* NULL: none. Of several panels each says its environment, and the header the rest. */
static const char *panel_title(const bm_plot *plot, bool titled, const char *env, char *text, size_t bytes) {
    char title[BM_PLOT_WORDS];
    bm_plot_words(plot, title, sizeof title);
    if (plot->environments > 1) {
        snprintf(text, bytes, "%s", env);
        return text;
    }
    snprintf(text, bytes, "%s: %s", env, title);
    return titled && !has_header(plot, titled) ? text : NULL;
}

/* A title of the reader's own does not say what the curves are, so that stands below it. */
static void draw_header(const bm_plot *plot, double left, double text, double width, bm_canvas *canvas) {
    char title[BM_PLOT_WORDS], below[2 * BM_PLOT_WORDS];
    bm_plot_words(plot, title, sizeof title);
    draw_fitting(canvas, left, 1.7 * text, 1.5 * text, width - text, BM_INK, title);
    if (plot->title) {
        const char *known = bm_plot_metric_words(plot);
        const bool one = plot->environments == 1;
        snprintf(below, sizeof below, "%s%s%s", one ? plot->setting[0].env : "", one ? ": " : "",
                 *known ? known : plot->metric);
        draw_fitting(canvas, left, 3.4 * text, text, width - text, BM_GRAY, below);
    }
}

void bm_plot_draw(bm_plot *plot, bool titled, bm_canvas *canvas) {
    double width, height;
    char title[2 * BM_PLOT_WORDS];
    bm_plot_size(plot, &width, &height);
    const int columns = columns_of(plot), rows = (plot->environments + columns - 1) / columns;
    const double text = fmax(9, fmin(fmin(width / columns / 54, height / rows / 28), 15));
    const bool header = has_header(plot, titled);
    const bool footer = any_band(plot) || any_changes(plot) || plot->smooth > 1;
    const double top = !header       ? 0.6 * text
                       : plot->title ? 4.4 * text
                                     : 3 * text,
                 bottom = footer ? 2.2 * text : 0.6 * text, margin = 0.8 * text;
    const double panel_width = width / columns, panel_height = (height - top - bottom) / rows;
    if (header) {
        draw_header(plot, margin + 0.5 * text, text, width, canvas);
    }
    for (int first = 0, panel = 0, count; first < plot->settings; first += count, panel++) {
        count = settings_of_panel(plot, first);
        bm_canvas_viewport(canvas, margin + panel % columns * panel_width, top + panel / columns * panel_height,
                           panel_width - 2 * margin, panel_height);
        draw_panel(plot, first, count, panel_title(plot, titled, plot->setting[first].env, title, sizeof title), text,
                   canvas);
    }
    if (footer) {
        draw_footer(plot, text, width, height, canvas);
    }
}

bm_status bm_plot_svg(bm_plot *plot, bool titled, bm_color background, bm_svg **svg, const char **text, size_t *bytes,
                      bm_error *error) {
    bm_canvas canvas;
    double width, height;
    bm_plot_size(plot, &width, &height);
    *svg = NULL;
    const bm_status status = bm_svg_create(svg, width, height, error);
    if (status != BM_OK) {
        return status;
    }
    bm_svg_begin(*svg, background, &canvas);
    bm_plot_draw(plot, titled, &canvas);
    return bm_svg_text(*svg, text, bytes, error);
}
