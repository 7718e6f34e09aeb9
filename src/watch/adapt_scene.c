/* Layout, in pixels: a header; two lines that say which task it is and how it stands; below them the task; on the
 * right, or below where the picture is narrow, the charts; a line at the bottom. What does not fit is left out, the
 * task last. */
#include "watch/adapt_scene.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/chart.h"
#include "draw/font.h"
#include "watch/adapt_parts.h"

enum { HEADER = BM_OVERLAY_HEADER, MARGIN = 14, STATUS = 26, TEXT = 12, SMALL_TEXT = 11, NUMBER = 32, NAME = 64 };
enum { SHOWN = 8 }; /* numbers of steps whose episodes are drawn, the latest ones */

typedef struct {
    double left, top, width, height; /* no width: left out */
} box;

/* ---- words ------------------------------------------------------------------------------------------------------ */

static const char *number_text(double value, char text[NUMBER]) {
    snprintf(text, NUMBER, "%s%.3g", value < 0 ? "−" : "", fabs(value));
    return text;
}

static const char *thousands(int64_t number, char text[NUMBER]) {
    char digits[NUMBER];
    const int n = snprintf(digits, sizeof digits, "%" PRId64, number);
    size_t at = 0;
    for (int i = 0; i < n && at + 2 < NUMBER; i++) {
        text[at++] = digits[i];
        if ((n - 1 - i) % 3 == 0 && i < n - 1) {
            text[at++] = ',';
        }
    }
    text[at] = '\0';
    return text;
}

static const char *score_name(const bm_adapt *adapt) {
    return adapt->learner->tasks->type->score_names[0];
}

static void task_words(const bm_adapt *adapt, char line[BM_ADAPT_LINE]) {
    snprintf(line, BM_ADAPT_LINE, "task %" PRId64 ": %s", adapt->task + 1, adapt->view.words);
}

/* "4 of 10 steps, mse 0.37"; where one episode is seen: "; this episode −0.2 at step 20" */
static void step_words(const bm_adapt *adapt, char line[BM_ADAPT_LINE]) {
    char now[NUMBER];
    if (adapt->learned.diverged) {
        snprintf(line, BM_ADAPT_LINE, "diverged after %d step%s", adapt->made, adapt->made == 1 ? "" : "s");
    } else {
        snprintf(line, BM_ADAPT_LINE, "%d of %d step%s, %s %s", adapt->made, adapt->steps, adapt->steps == 1 ? "" : "s",
                 score_name(adapt), number_text(adapt->learned.score[adapt->made], now));
    }
    if (adapt->kind == BM_ADAPT_PLAY) {
        const size_t used = strlen(line);
        snprintf(line + used, BM_ADAPT_LINE - used, "; this episode %s at step %d",
                 number_text(adapt->env->episode_return[0], now), (int)adapt->env->elapsed[0]);
    }
}

static void view_words(const bm_adapt_scene *scene, char line[BM_ADAPT_LINE]) {
    char iteration[NUMBER], speed[NUMBER] = "full speed";
    if (isfinite(scene->speed)) {
        snprintf(speed, sizeof speed, "speed ×%g", scene->speed);
    }
    snprintf(line, BM_ADAPT_LINE, "parameters of iteration %s   %s", thousands(scene->adapt->iteration, iteration),
             scene->paused ? "paused" : speed);
}

void bm_adapt_scene_status(const bm_adapt_scene *scene, char line[BM_ADAPT_LINE]) {
    char task[BM_ADAPT_LINE], step[BM_ADAPT_LINE];
    task_words(scene->adapt, task);
    step_words(scene->adapt, step);
    snprintf(line, BM_ADAPT_LINE, "%.120s; %.100s%s", task, step, scene->paused ? "   paused" : "");
}

void bm_adapt_scene_training(const bm_adapt_scene *scene, char line[BM_ADAPT_LINE]) {
    char now[NUMBER], total[NUMBER], rate[NUMBER], score[NUMBER];
    line[0] = '\0';
    if (!scene->training) {
        return;
    }
    const bm_progress *p = &scene->training->progress;
    int used = snprintf(line, BM_ADAPT_LINE, "iteration %s of %s", thousands(p->step, now), thousands(p->total, total));
    if (isfinite(p->steps_per_second)) {
        used += snprintf(line + used, (size_t)(BM_ADAPT_LINE - used), "   %s/s",
                         thousands((int64_t)p->steps_per_second, rate));
    }
    if (isfinite(p->score)) {
        snprintf(line + used, (size_t)(BM_ADAPT_LINE - used), "   %s %s", score_name(scene->adapt),
                 number_text(p->score, score));
    }
}

/* Smaller, rather than longer than there is room for. */
static void draw_fitting(bm_canvas *canvas, double x, double y, double size, double room, bm_align align,
                         bm_color color, const char *text) {
    const double wide = bm_font_width(size, text);
    bm_draw_text(canvas, x, y, size * fmin(1, fmax(0.6, room / fmax(wide, 1))), align, color, text);
}

/* ---- the task --------------------------------------------------------------------------------------------------- */

bm_color bm_adapt_color(const bm_adapt *adapt, int step) {
    const bm_color pale = 0xffb9d7ea, deep = 0xff004a80;
    return bm_color_mix(pale, deep, step / fmax(adapt->steps, 1));
}

static int first_shown(const bm_adapt *adapt) {
    return adapt->made < SHOWN ? 0 : adapt->made - SHOWN + 1;
}

/* Those of the latest step above the others, which fade. */
void bm_adapt_draw_paths(const bm_adapt *adapt, bm_canvas *canvas) {
    const int lanes = adapt->env->lanes;
    bm_env_path paths[SHOWN * BM_ADAPT_EPISODES];
    int count = 0;
    for (int k = first_shown(adapt); k <= adapt->made; k++) {
        const bm_adapt_path *path = &adapt->path[k];
        const bool now = k == adapt->made;
        const bm_color color = bm_adapt_color(adapt, k);
        for (int lane = 0; lane < lanes && path->state; lane++) {
            paths[count++] = (bm_env_path){
                .state = path->state + (size_t)lane * (size_t)adapt->points * (size_t)adapt->numbers,
                .count = path->count[lane],
                .color = now ? color : bm_color_mix(BM_PANEL, color, 0.45),
                .width = now ? 1.5 : 1,
            };
        }
    }
    adapt->env->type->draw_paths(adapt->env, paths, count, canvas);
}

static void draw_task(const bm_adapt *adapt, double text, bm_canvas *canvas) {
    switch (adapt->kind) {
    case BM_ADAPT_CURVE:
        bm_adapt_draw_curve(adapt, text, canvas);
        break;
    case BM_ADAPT_IMAGES:
        bm_adapt_draw_images(adapt, text, canvas);
        break;
    case BM_ADAPT_PATHS:
        bm_adapt_draw_paths(adapt, canvas);
        break;
    case BM_ADAPT_PLAY:
        adapt->env->type->draw(adapt->env, 0, NULL, canvas);
        break;
    case BM_ADAPT_SCORES:
        break;
    }
}

void bm_adapt_scene_draw_task(const bm_adapt_scene *scene, bm_canvas *canvas) {
    draw_task(scene->adapt, 0, canvas);
}

/* ---- charts ----------------------------------------------------------------------------------------------------- */

/* The highest value on the chart where a random start soars above it, which would squeeze the others into a line; NAN:
 * it does not. */
static double ceiling(const bm_adapt *adapt, const double *mean) {
    const double factor = 2;
    double learned = -INFINITY, random = -INFINITY;
    for (int k = 0; k <= adapt->made; k++) {
        learned = fmax(learned, adapt->learned.score[k]);
        random = fmax(random, adapt->random.score[k]);
    }
    for (int k = 0; mean && k <= adapt->steps; k++) {
        learned = fmax(learned, mean[k]);
    }
    const bool soars = !adapt->learner->tasks->type->larger_is_better && random > factor * learned;
    return soars ? factor * learned : (double)NAN;
}

static void limit_scores(const bm_adapt *adapt, const double *mean, bm_chart *chart, char random_name[NAME]) {
    const bm_examples *examples = adapt->learner->tasks->type->examples;
    char number[NUMBER];
    snprintf(random_name, NAME, "random start");
    if (examples && examples->loss->takes_labels) { /* shares */
        chart->y_low = 0;
        chart->y_high = 1;
        return;
    }
    chart->y_high = ceiling(adapt, mean);
    if (!isnan(chart->y_high)) {
        chart->y_low = 0;
        snprintf(random_name, NAME, "random start: %s", number_text(adapt->random.score[adapt->made], number));
    }
}

static void draw_scores(const bm_adapt *adapt, double text, bm_canvas *canvas) {
    const bool several = adapt->ended_tasks > (adapt->made == adapt->steps);
    const int tasks = adapt->ended_tasks < BM_ADAPT_LATEST ? (int)adapt->ended_tasks : BM_ADAPT_LATEST;
    const double *x = adapt->number;
    const int now = adapt->made;
    char mean_name[NAME], random_name[NAME], title[NAME];
    snprintf(mean_name, sizeof mean_name, "mean of %d tasks", tasks);
    snprintf(title, sizeof title, "%s against steps", score_name(adapt));
    const bm_series series[4] = {
        {.name = random_name, .color = 0xffa9b1b9, .count = now + 1, .x = x, .y = adapt->random.score},
        {.name = "this task", .color = BM_BLUE, .count = now + 1, .x = x, .y = adapt->learned.score},
        {.color = BM_BLUE, .count = 1, .x = x + now, .y = adapt->learned.score + now, .points = true},
        {.name = mean_name, .color = BM_ORANGE, .count = adapt->steps + 1, .x = x, .y = adapt->mean},
    };
    bm_chart chart = {
        .title = title,
        .x_label = "steps of adaptation",
        .series = series,
        .series_count = several ? 4 : 3,
        .x_low = 0,
        .x_high = adapt->steps,
        .y_low = NAN,
        .y_high = NAN,
        .text = text,
    };
    limit_scores(adapt, several ? adapt->mean : NULL, &chart, random_name);
    bm_chart_draw(&chart, canvas);
}

static void draw_training(const bm_adapt_training *training, double text, bm_canvas *canvas) {
    const bm_series series[2] = {
        {.name = "training",
         .color = BM_PURPLE,
         .count = training->batches.count,
         .x = training->batches.x,
         .y = training->batches.y},
        {.name = training->tests_name,
         .color = BM_VERMILLION,
         .count = training->tests.count,
         .x = training->tests.x,
         .y = training->tests.y,
         .points = true},
    };
    const bm_chart chart = {
        .title = training->title,
        .x_label = "iterations",
        .series = series,
        .series_count = training->tests.count > 0 ? 2 : 1,
        .x_low = 0,
        .x_high = fmax(1, (double)training->progress.step),
        .y_low = NAN,
        .y_high = NAN,
        .text = text,
    };
    bm_chart_draw(&chart, canvas);
}

static void draw_charts(const bm_adapt_scene *scene, const box *place, double text, bm_canvas *canvas) {
    const bool side_by_side = place->width > 1.6 * place->height;
    const double rows = scene->training && !side_by_side ? 2 : 1, columns = scene->training && side_by_side ? 2 : 1;
    const double width = (place->width - MARGIN * (columns - 1)) / columns;
    const double height = (place->height - MARGIN * (rows - 1)) / rows;
    bm_canvas_viewport(canvas, place->left, place->top, width, height);
    draw_scores(scene->adapt, text, canvas);
    if (scene->training) {
        bm_canvas_viewport(canvas, place->left + place->width - width, place->top + place->height - height, width,
                           height);
        draw_training(scene->training, text, canvas);
    }
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

static void draw_header(const bm_adapt_scene *scene, bm_canvas *canvas) {
    const double width = canvas->width, y = HEADER / 2.0;
    char line[BM_ADAPT_LINE];
    bm_canvas_viewport(canvas, 0, 0, width, HEADER);
    bm_draw_rectangle(canvas, 0, 0, width, HEADER, BM_PANEL);
    bm_draw_text(canvas, MARGIN, y, 15, BM_ALIGN_LEFT, BM_INK, scene->title);
    double right = width - MARGIN;
    if (scene->recording) {
        bm_draw_circle(canvas, right - 6, y, 6, BM_VERMILLION);
        right -= 22;
    }
    bm_adapt_scene_training(scene, line);
    const double room = right - 2 * MARGIN - bm_font_width(15, scene->title);
    if (bm_font_width(13, line) * 0.75 <= room) {
        draw_fitting(canvas, right, y, 13, room, BM_ALIGN_RIGHT, BM_INK, line);
    }
}

static void draw_status(const bm_adapt_scene *scene, const box *place, bm_canvas *canvas) {
    char line[BM_ADAPT_LINE];
    view_words(scene, line);
    bm_canvas_viewport(canvas, place->left, place->top, place->width, place->height);
    draw_fitting(canvas, 0, place->height / 2, 12, place->width, BM_ALIGN_LEFT, BM_GRAY, line);
}

static box cut_bottom(box *rest, double height) {
    rest->height -= height;
    return (box){rest->left, rest->top + rest->height, rest->width, height};
}

static box cut_right(box *rest, double width) {
    rest->width -= width;
    return (box){rest->left + rest->width, rest->top, width, rest->height};
}

/* Which colour of episodes belongs to which number of steps; from the right, as many as there is room for. */
static void draw_colors(const bm_adapt *adapt, double right, double left, double y, bm_canvas *canvas) {
    const double distance = 30;
    for (int k = adapt->made; k >= first_shown(adapt) && right - distance > left; k--, right -= distance) {
        bm_draw_textf(canvas, right, y, 12, BM_ALIGN_RIGHT, BM_GRAY, "%d", k);
        bm_draw_circle(canvas, right - 18, y, 4, bm_adapt_color(adapt, k));
    }
}

/* The two lines above the task. */
static double draw_caption(const bm_adapt *adapt, const box *place, bm_canvas *canvas) {
    char task[BM_ADAPT_LINE], step[BM_ADAPT_LINE];
    const double line = 21;
    task_words(adapt, task);
    step_words(adapt, step);
    bm_canvas_viewport(canvas, place->left, place->top, place->width, 2 * line);
    draw_fitting(canvas, 0, line / 2, 14, place->width, BM_ALIGN_LEFT, BM_INK, task);
    draw_fitting(canvas, 0, 1.5 * line, 14, place->width, BM_ALIGN_LEFT, BM_BLUE, step);
    if (adapt->kind == BM_ADAPT_PATHS) {
        draw_colors(adapt, place->width, bm_font_width(14, step) + MARGIN, 1.5 * line, canvas);
    }
    return 2 * line;
}

void bm_adapt_scene_draw(const bm_adapt_scene *scene, bm_canvas *canvas) {
    const double width = canvas->width, height = canvas->height, side_by_side = 560, stacked = 480;
    bm_canvas_viewport(canvas, 0, 0, width, height);
    if (width < 300 || height < 220) {
        bm_adapt_scene_draw_task(scene, canvas);
        return;
    }
    const double text = width < 700 || height < 420 ? SMALL_TEXT : TEXT;
    box rest = {MARGIN, HEADER + 8, width - 2 * MARGIN, height - HEADER - 8}, charts = {0};
    draw_header(scene, canvas);
    const box status = cut_bottom(&rest, STATUS);
    draw_status(scene, &status, canvas);
    if (scene->adapt->kind != BM_ADAPT_SCORES && width >= side_by_side) {
        charts = cut_right(&rest, round(0.38 * rest.width));
        rest.width -= MARGIN;
    } else if (scene->adapt->kind != BM_ADAPT_SCORES && height >= stacked) {
        charts = cut_bottom(&rest, round(0.36 * rest.height));
    }
    const double caption = draw_caption(scene->adapt, &rest, canvas);
    rest.top += caption + 6;
    rest.height -= caption + 6;
    if (scene->adapt->kind == BM_ADAPT_SCORES) {
        charts = rest;
    }
    bm_canvas_viewport(canvas, rest.left, rest.top, rest.width, rest.height);
    draw_task(scene->adapt, text, canvas);
    if (charts.width > 0) {
        draw_charts(scene, &charts, text, canvas);
    }
    bm_canvas_viewport(canvas, 0, 0, width, height);
    if (scene->help) {
        bm_overlay_keys(canvas, scene->help);
    }
    if (scene->notice) {
        bm_overlay_message(canvas, width, height - STATUS - 22, scene->notice);
    }
}
