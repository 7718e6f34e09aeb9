/* Layout, in pixels: a header; the environment; below it what the policy prefers; on the right, for a run that trains,
 * curves and knobs. What does not fit is left out, the environment last. */
#include "watch/scene.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "draw/chart.h"

enum { HEADER = BM_OVERLAY_HEADER, MARGIN = 14, BAR = 22, SIDE_LEAST = 300, TEXT = 13 };

/* ---- words ------------------------------------------------------------------------------------------------------ */

static const char *thousands(int64_t number, char *text, size_t bytes) {
    char digits[32];
    const int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    size_t at = 0;
    for (int i = 0; i < n && at + 2 < bytes; i++) {
        text[at++] = digits[i];
        if ((n - 1 - i) % 3 == 0 && i < n - 1 && digits[i] != '-') {
            text[at++] = ',';
        }
    }
    text[at] = '\0';
    return text;
}

/* A piece of a line; where there is little room, those of the lowest rank are left out first. */
typedef struct {
    int rank;
    char text[64];
} word;

enum { WORDS = 6, RANKS = 6 };

__attribute__((format(printf, 3, 4))) static void say(word *words, int rank, const char *format, ...) {
    va_list arguments;
    int at = 0;
    while (words[at].text[0]) {
        at++;
    }
    words[at].rank = rank;
    va_start(arguments, format);
    vsnprintf(words[at].text, sizeof words[at].text, format, arguments);
    va_end(arguments);
}

static void join(const word *words, int least_rank, char line[BM_SCENE_LINE]) {
    size_t used = 0;
    line[0] = '\0';
    for (int i = 0; i < WORDS && words[i].text[0]; i++) {
        if (words[i].rank >= least_rank) {
            used += (size_t)snprintf(line + used, BM_SCENE_LINE - used, "%s%s", used ? "   " : "", words[i].text);
        }
    }
}

/* As many words as fit, or none. */
static void draw_words(bm_canvas *canvas, const word *words, double x, double y, bm_align align, double room) {
    char line[BM_SCENE_LINE];
    for (int rank = 0; rank < RANKS; rank++) {
        join(words, rank, line);
        if (bm_text_width(canvas, TEXT, line) <= room) {
            bm_draw_text(canvas, x, y, TEXT, align, BM_INK, line);
            return;
        }
    }
}

static void say_status(const bm_scene *scene, word words[WORDS + 1]) {
    const bm_player *player = scene->player;
    say(words, 2, "episode %lld", (long long)player->episode + 1);
    say(words, 3, "step %d", bm_player_length(player));
    say(words, 5, "return %.4g", bm_player_return(player));
    say(words, 1, "%s",
        scene->person     ? "you play"
        : !player->agent  ? "random actions"
        : player->explore ? "exploring"
                          : "greedy");
    if (scene->person && player->ended > 0) {
        say(words, 3, "best %.4g", player->best);
    }
    if (scene->paused) {
        say(words, 4, "paused");
    } else if (isinf(scene->speed)) {
        say(words, 2, "full speed");
    } else {
        say(words, 2, "speed ×%g", scene->speed);
    }
}

static void say_training(const bm_scene *scene, word words[WORDS + 1]) {
    const bm_progress *p = &scene->curves->progress;
    char step[32], total[32], rate[32];
    say(words, 3, "%s of %s steps", thousands(p->step, step, sizeof step), thousands(p->total, total, sizeof total));
    say(words, 1, "%s steps/s", bm_chart_number(p->steps_per_second, p->steps_per_second / 10, rate, sizeof rate));
    if (isfinite(p->training)) {
        say(words, 4, "mean return %.4g", p->training);
    }
    if (isfinite(p->score)) {
        say(words, 2, "evaluated %.4g", p->score);
    }
}

void bm_scene_status(const bm_scene *scene, char line[BM_SCENE_LINE]) {
    word words[WORDS + 1] = {{0}};
    say_status(scene, words);
    join(words, 0, line);
    if (scene->person && scene->person[0]) {
        const size_t used = strlen(line);
        snprintf(line + used, BM_SCENE_LINE - used, "   %s", scene->person);
    }
}

void bm_scene_training(const bm_scene *scene, char line[BM_SCENE_LINE]) {
    word words[WORDS + 1] = {{0}};
    if (scene->curves) {
        say_training(scene, words);
    }
    join(words, 0, line);
}

/* ---- knobs ------------------------------------------------------------------------------------------------------ */

typedef struct {
    bm_knob *knobs;
    int count;
} knob_list;

static void list_knob(void *context, const char *key, const bm_option *row, const void *field) {
    knob_list *list = context;
    if (row->live && list->count < BM_SCENE_KNOBS) {
        bm_knob *knob = &list->knobs[list->count++];
        char value[BM_OPTION_TEXT_BYTES];
        bm_option_format(row, field, value, sizeof value);
        snprintf(knob->key, sizeof knob->key, "%s", key);
        snprintf(knob->value, sizeof knob->value, "%.*s", BM_SCENE_VALUE - 1, value);
        knob->schedule = row->type == BM_SCHEDULE;
    }
}

int bm_scene_list_knobs(const bm_agent *agent, bm_knob knobs[BM_SCENE_KNOBS]) {
    knob_list list = {.knobs = knobs};
    bm_options_each(&agent->type->options, agent->config, list_knob, &list);
    return list.count;
}

static void draw_knobs(const bm_scene *scene, bm_canvas *canvas, double width, double height) {
    enum { ROW = 18, FIRST = 30, LAST = 14 }; /* below the title; for the word that there are more */
    const int all = (int)((height - FIRST + ROW / 2.0) / ROW);
    const int fit = all >= scene->knob_count ? all : (int)((height - FIRST + ROW / 2.0 - LAST) / ROW);
    int first = scene->knob - fit / 2;
    first = first > scene->knob_count - fit ? scene->knob_count - fit : first;
    first = first < 0 ? 0 : first;
    bm_draw_text(canvas, 0, 8, TEXT, BM_ALIGN_LEFT, BM_INK, "hyperparameters");
    bm_draw_text(canvas, width, 8, 11, BM_ALIGN_RIGHT, BM_GRAY, "↑ ↓ choose   ← → change");
    for (int i = first; i < scene->knob_count && i < first + fit; i++) {
        const bm_knob *knob = &scene->knobs[i];
        const double y = FIRST + ROW * (i - first);
        if (i == scene->knob) {
            bm_draw_rectangle(canvas, 0, y - ROW / 2.0, width, y + ROW / 2.0, bm_color_fade(BM_SKY, 0.35));
        }
        bm_draw_text(canvas, 4, y, 12, BM_ALIGN_LEFT, i == scene->knob ? BM_INK : BM_GRAY, knob->key);
        bm_draw_text(canvas, width - 4, y, 12, BM_ALIGN_RIGHT, BM_INK, knob->value);
    }
    const bool above = first > 0, below = first + fit < scene->knob_count;
    if (above || below) {
        bm_draw_text(canvas, width / 2, height - 6, 11, BM_ALIGN_CENTER, BM_GRAY,
                     !below   ? "↑ more"
                     : !above ? "↓ more"
                              : "↑ ↓ more");
    }
}

/* ---- what the policy thinks ------------------------------------------------------------------------------------- */

static const char *action_name(const bm_env_type *type, int action, char text[24]) {
    if (type->actions) {
        return type->actions[action].name;
    }
    snprintf(text, 24, "action %d", action);
    return text;
}

static double bars_height(const bm_scene *scene) {
    return scene->player->preferences > 0 ? (scene->player->preferences + 1) * (double)BAR : 0;
}

/* Probabilities begin at 0 and end at 1; Q-values span what the actions span, with room for the smallest. */
static void draw_bars(const bm_scene *scene, bm_canvas *canvas, double width) {
    const bm_player *player = scene->player;
    const bm_env_type *type = player->env->type;
    const bool probability = strcmp(player->agent->type->preference_name, "probability") == 0;
    double low = INFINITY, high = -INFINITY;
    int best = 0;
    for (int a = 0; a < player->preferences; a++) {
        const double value = (double)player->preference[a];
        low = fmin(low, value);
        high = fmax(high, value);
        best = player->preference[a] > player->preference[best] || isnan(player->preference[best]) ? a : best;
    }
    const double span = fmax(high - low, 0.02 * fmax(fabs(high), fabs(low)));
    const double from = probability ? 0 : low - 0.5 * span, to = probability ? 1 : low + span;
    double names = 60;
    char text[24];
    for (int a = 0; a < player->preferences; a++) {
        names = fmax(names, bm_text_width(canvas, 12, action_name(type, a, text)));
    }
    char caption[96];
    snprintf(caption, sizeof caption, "%s of each action here", player->agent->type->preference_name);
    const size_t used = strlen(caption);
    snprintf(caption + used, sizeof caption - used, "%s", probability ? "" : " (bars: how they differ)");
    caption[bm_text_width(canvas, 12, caption) > width ? used : strlen(caption)] = '\0';
    bm_draw_text(canvas, 0, BAR / 2.0, 12, BM_ALIGN_LEFT, BM_GRAY, caption);
    const double left = names + 10, right = width - 64;
    for (int a = 0; a < player->preferences; a++) {
        const double y = BAR * (a + 1.5), value = (double)player->preference[a];
        const double share = to > from ? fmax(0, fmin(1, (value - from) / (to - from))) : 0;
        bm_draw_text(canvas, 0, y, 12, BM_ALIGN_LEFT, BM_INK, action_name(type, a, text));
        bm_draw_rectangle(canvas, left, y - 7, right, y + 7, BM_PANEL);
        if (player->at_end) {
            continue; /* nothing is done any more */
        }
        if (isnan(value)) {
            bm_draw_text(canvas, width, y, 12, BM_ALIGN_RIGHT, BM_GRAY, "forbidden");
            continue;
        }
        bm_draw_rectangle(canvas, left, y - 7, left + (right - left) * share, y + 7, a == best ? BM_BLUE : BM_SKY);
        bm_draw_textf(canvas, width, y, 12, BM_ALIGN_RIGHT, BM_INK, probability ? "%.3f" : "%.4g", value);
    }
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

static bm_chart chart_of(const char *title, const bm_curves *curves, const bm_series *series, int count) {
    return (bm_chart){
        .title = title,
        .series = series,
        .series_count = count,
        .marks = curves->marks,
        .mark_count = curves->mark_count,
        .x_low = 0,
        .x_high = fmax(1, (double)curves->progress.step),
        .y_low = NAN,
        .y_high = NAN,
        .text = 11,
    };
}

static bm_series series_of(const char *name, bm_color color, const bm_curve *curve, bool points) {
    return (bm_series){
        .name = name, .color = color, .count = curve->count, .x = curve->x, .y = curve->y, .points = points};
}

static void draw_returns(const bm_curves *curves, bm_canvas *canvas) {
    const bm_series series[2] = {
        series_of("training", BM_BLUE, &curves->episode_return, false),
        series_of("evaluation", BM_VERMILLION, &curves->evaluation, true),
    };
    bm_chart chart = chart_of("return, mean of 100 episodes", curves, series, 2);
    chart.x_label = "steps";
    bm_chart_draw(&chart, canvas);
}

static void draw_small(const char *title, bm_color color, const bm_curves *curves, const bm_curve *curve,
                       bm_canvas *canvas) {
    const bm_series series = series_of(NULL, color, curve, false);
    const bm_chart chart = chart_of(title, curves, &series, 1);
    bm_chart_draw(&chart, canvas);
}

static void draw_side(const bm_scene *scene, bm_canvas *canvas, double left, double top, double width, double height) {
    const bm_curves *curves = scene->curves;
    const double knobs = fmin(24 + 18.0 * scene->knob_count + 8, fmax(78, 0.34 * height));
    const double charts = height - knobs - MARGIN, large = 0.6 * charts, small = charts - large - MARGIN;
    bm_canvas_viewport(canvas, left, top, width, large);
    draw_returns(curves, canvas);
    const double half = (width - MARGIN) / 2;
    if (curves->loss_name) {
        bm_canvas_viewport(canvas, left, top + large + MARGIN, half, small);
        draw_small(curves->loss_name, BM_PURPLE, curves, &curves->loss, canvas);
    }
    if (curves->exploration_name) {
        bm_canvas_viewport(canvas, left + half + MARGIN, top + large + MARGIN, half, small);
        draw_small(curves->exploration_name, BM_GREEN, curves, &curves->exploration, canvas);
    }
    bm_canvas_viewport(canvas, left, top + height - knobs, width, knobs);
    draw_knobs(scene, canvas, width, knobs);
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

void bm_scene_draw_environment(const bm_scene *scene, bm_canvas *canvas) {
    const bm_player *player = scene->player;
    bm_env_policy_view view;
    player->env->type->draw(player->env, 0, bm_player_view(player, &view), canvas);
}

static void draw_header(const bm_scene *scene, bm_canvas *canvas) {
    word words[WORDS + 1] = {{0}};
    const double width = canvas->width;
    bm_canvas_viewport(canvas, 0, 0, width, HEADER);
    bm_draw_rectangle(canvas, 0, 0, width, HEADER, BM_PANEL);
    bm_draw_text(canvas, MARGIN, HEADER / 2.0, 15, BM_ALIGN_LEFT, BM_INK, scene->title);
    double right = width - MARGIN;
    if (scene->recording) {
        bm_draw_circle(canvas, right - 6, HEADER / 2.0, 6, BM_VERMILLION);
        right -= 22;
    }
    if (scene->curves) {
        say_training(scene, words);
    } else {
        say_status(scene, words);
    }
    const double room = right - MARGIN - bm_text_width(canvas, 15, scene->title) - 20;
    draw_words(canvas, words, right, HEADER / 2.0, BM_ALIGN_RIGHT, room);
}

void bm_scene_draw(const bm_scene *scene, bm_canvas *canvas) {
    const double width = canvas->width, height = canvas->height;
    const bool side = scene->curves && width >= 2 * SIDE_LEAST;
    const double right = side ? fmax(SIDE_LEAST, 0.38 * width) : 0;
    const double main_width = width - right - (side ? MARGIN : 0);
    const double bars = height > 300 ? bars_height(scene) : 0;
    const double footer = scene->curves ? 24 : 0; /* the header speaks of the training */
    draw_header(scene, canvas);
    bm_canvas_viewport(canvas, 0, HEADER, main_width, fmax(1, height - HEADER - bars - footer));
    bm_scene_draw_environment(scene, canvas);
    if (bars > 0) {
        bm_canvas_viewport(canvas, MARGIN, height - bars - footer - 4, main_width - 2 * MARGIN, bars);
        draw_bars(scene, canvas, main_width - 2 * MARGIN);
    }
    if (footer > 0) {
        word words[WORDS + 1] = {{0}};
        say_status(scene, words);
        say(words, 0, "h: keys");
        bm_canvas_viewport(canvas, MARGIN, height - footer - 4, main_width - MARGIN, footer);
        draw_words(canvas, words, 0, footer / 2, BM_ALIGN_LEFT, main_width - 2 * MARGIN);
    }
    if (side) {
        bm_canvas_viewport(canvas, main_width, HEADER, 1, height - HEADER);
        bm_draw_rectangle(canvas, 0, 0, 1, height, BM_RULE);
        draw_side(scene, canvas, main_width + MARGIN, HEADER + MARGIN, right - MARGIN, height - HEADER - 2 * MARGIN);
    }
    bm_canvas_viewport(canvas, 0, 0, width, height);
    if (scene->help) {
        bm_overlay_keys(canvas, scene->help);
    }
    if (scene->person && scene->person[0]) {
        bm_overlay_message(canvas, main_width, HEADER + 26, scene->person);
    }
    if (scene->notice) {
        bm_overlay_message(canvas, main_width, HEADER + (scene->person && scene->person[0] ? 62 : 26), scene->notice);
    }
}
