/* What came out of a sweep: the settings' scores, as a table, as JSON and as curves. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plot.h"
#include "cli/result.h"
#include "cli/sweep.h"
#include "core/statistics.h"

/* A legend has lines of about so many characters, of which the usual picture has room for a few. */
enum { MOST_CURVES = 12, LEGEND_CHARACTERS = 95, LEGEND_LINES = 3, PICTURE_HEIGHT = 520, LINE_HEIGHT = 22 };

/* ---- scores ----------------------------------------------------------------------------------------------------- */

static void score(const bm_sweep *sweep, int index, double *value, double *speed) {
    bm_sweep_setting *setting = &sweep->setting[index];
    setting->ended = 0;
    setting->least = INFINITY;
    for (int i = index; i < sweep->runs; i += sweep->settings) {
        const bm_sweep_run *run = &sweep->run[i];
        if (run->state == BM_SWEEP_ENDED) {
            value[setting->ended] = bm_result_number(run->result, "eval_return");
            speed[setting->ended] = bm_result_number(run->result, "steps_per_second");
            setting->least = fmin(setting->least, value[setting->ended++]);
        }
    }
    const size_t count = (size_t)setting->ended;
    setting->mean = bm_mean(value, count);
    setting->std = bm_standard_deviation(value, count);
    setting->steps_per_second = bm_mean(speed, count);
    setting->least = count ? setting->least : NAN;
}

int bm_sweep_score(bm_sweep *sweep) {
    double *value = bm_cli_alloc(2 * (size_t)sweep->seeds, sizeof *value);
    int best = -1;
    for (int i = 0; i < sweep->settings; i++) {
        score(sweep, i, value, value + sweep->seeds);
        if (sweep->setting[i].ended && (best < 0 || sweep->setting[i].mean > sweep->setting[best].mean)) {
            best = i;
        }
    }
    free(value);
    return best;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

enum { EVAL, LEAST, SEEDS, SPEED, NUMBERS, CELL_BYTES = 64 };

static const char *const heading[NUMBERS] = {[EVAL] = "eval return", "min", "seeds", "steps/s"};

/* Decimals that all means are shown with, and the width of the longest deviation, so that the signs stand below each
 * other. */
typedef struct {
    int decimals, std_width;
} number_form;

static number_form choose_form(const bm_sweep *sweep) {
    double largest = 0, widest = 0;
    for (int i = 0; i < sweep->settings; i++) {
        largest = fmax(largest, fabs(sweep->setting[i].mean)); /* passes over NAN */
        widest = fmax(widest, sweep->setting[i].std);
    }
    const int decimals = bm_result_decimals(largest);
    return (number_form){decimals, snprintf(NULL, 0, "%.*f", decimals, widest)};
}

static void write_numbers(const bm_sweep *sweep, const bm_sweep_setting *setting, number_form form,
                          char cell[NUMBERS][CELL_BYTES]) {
    const bool whole = setting->ended == sweep->seeds;
    char speed[32];
    snprintf(cell[EVAL], CELL_BYTES, "-");
    snprintf(cell[LEAST], CELL_BYTES, "-");
    snprintf(cell[SPEED], CELL_BYTES, "-");
    snprintf(cell[SEEDS], CELL_BYTES, whole ? "%d" : "%d of %d", setting->ended, sweep->seeds);
    if (setting->ended) {
        snprintf(cell[EVAL], CELL_BYTES, "%.*f ± %*.*f", form.decimals, setting->mean, form.std_width, form.decimals,
                 setting->std);
        snprintf(cell[LEAST], CELL_BYTES, "%.*f", form.decimals, setting->least);
        snprintf(cell[SPEED], CELL_BYTES, "%s",
                 bm_cli_thousands((long long)setting->steps_per_second, speed, sizeof speed));
    }
}

/* Characters, not bytes: those of UTF-8 that continue one are none of their own. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static void widen(int *width, const char *text) {
    const int own = width_of(text);
    *width = own > *width ? own : *width;
}

static void print_cell(const char *text, int width, bool right) {
    printf("%*s%s%*s", right ? width - width_of(text) : 0, "", text, right ? 0 : width - width_of(text), "");
}

void bm_sweep_print(const bm_sweep *sweep, int best) {
    char cell[NUMBERS][CELL_BYTES];
    const number_form form = choose_form(sweep);
    const int keys = sweep->grid.count;
    int key_width[BM_PARAMETERS] = {0}, width[NUMBERS] = {0};
    for (int i = -1; i < sweep->settings; i++) { /* -1: the heading */
        const bm_sweep_setting *setting = i < 0 ? NULL : &sweep->setting[i];
        for (int k = 0; k < keys; k++) {
            widen(&key_width[k], setting ? setting->value[k] : sweep->grid.parameter[k].name);
        }
        if (setting) {
            write_numbers(sweep, setting, form, cell);
        }
        for (int c = 0; c < NUMBERS; c++) {
            widen(&width[c], setting ? cell[c] : heading[c]);
        }
    }
    for (int i = -1; i < sweep->settings; i++) {
        const bm_sweep_setting *setting = i < 0 ? NULL : &sweep->setting[i];
        for (int k = 0; k < keys; k++) {
            print_cell(setting ? setting->value[k] : sweep->grid.parameter[k].name, key_width[k], false);
            printf("  ");
        }
        if (setting) {
            write_numbers(sweep, setting, form, cell);
        }
        for (int c = 0; c < NUMBERS; c++) {
            print_cell(setting ? cell[c] : heading[c], width[c], true);
            printf(c + 1 < NUMBERS ? "  " : "");
        }
        puts(setting && i == best ? "  best" : "");
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

/* Numbers as numbers, the rest as text. */
static cJSON *values_json(const bm_sweep *sweep, const bm_sweep_setting *setting) {
    cJSON *object = cJSON_CreateObject();
    for (int k = 0; k < sweep->grid.count; k++) {
        char *end;
        const double number = strtod(setting->value[k], &end);
        if (*setting->value[k] && !*end && isfinite(number)) {
            cJSON_AddNumberToObject(object, sweep->grid.parameter[k].name, number);
        } else {
            cJSON_AddStringToObject(object, sweep->grid.parameter[k].name, setting->value[k]);
        }
    }
    return object;
}

static cJSON *setting_json(const bm_sweep *sweep, int index) {
    const bm_sweep_setting *setting = &sweep->setting[index];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "values", values_json(sweep, setting));
    bm_cli_json_number(object, "eval_return_mean", setting->mean);
    bm_cli_json_number(object, "eval_return_std", setting->std);
    bm_cli_json_number(object, "eval_return_min", setting->least);
    cJSON_AddNumberToObject(object, "seeds", setting->ended);
    bm_cli_json_number(object, "steps_per_second", setting->steps_per_second);
    cJSON *runs = cJSON_AddArrayToObject(object, "runs");
    for (int i = index; i < sweep->runs; i += sweep->settings) {
        if (sweep->run[i].state == BM_SWEEP_ENDED) {
            cJSON_AddItemToArray(runs, cJSON_Duplicate(sweep->run[i].result, true));
        }
    }
    return object;
}

static cJSON *failed_json(const bm_sweep *sweep, const bm_sweep_run *run) {
    char folder[BM_PATH_MAX];
    bm_sweep_run_folder(sweep, run, folder, sizeof folder);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "run", folder);
    cJSON_AddStringToObject(object, "error", run->error.text);
    return object;
}

void bm_sweep_json(const bm_sweep *sweep, int best, const char *picture) {
    const bm_experiment *experiment = &sweep->setting->experiment;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "folder", sweep->folder);
    cJSON_AddStringToObject(object, "agent", experiment->learner.name);
    cJSON_AddStringToObject(object, "env", experiment->problem.name);
    cJSON_AddNumberToObject(object, "runs", sweep->runs);
    cJSON_AddItemToObject(object, "plot", picture ? cJSON_CreateString(picture) : cJSON_CreateNull());
    cJSON_AddItemToObject(object, "best", best < 0 ? cJSON_CreateNull() : values_json(sweep, &sweep->setting[best]));
    cJSON *settings = cJSON_AddArrayToObject(object, "settings");
    for (int i = 0; i < sweep->settings; i++) {
        cJSON_AddItemToArray(settings, setting_json(sweep, i));
    }
    cJSON *failed = cJSON_AddArrayToObject(object, "failed");
    for (int i = 0; i < sweep->runs; i++) {
        if (sweep->run[i].state == BM_SWEEP_FAILED) {
            cJSON_AddItemToArray(failed, failed_json(sweep, &sweep->run[i]));
        }
    }
    bm_cli_json_print(object);
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

/* The settings that have a curve, in the order of the grid. */
typedef struct {
    const bm_sweep *sweep;
    int count, setting[MOST_CURVES];
} shown_settings;

/* The best ones; of equal ones the first. */
static shown_settings choose_settings(const bm_sweep *sweep) {
    shown_settings shown = {.sweep = sweep};
    for (int i = 0; i < sweep->settings; i++) {
        const bm_sweep_setting *setting = &sweep->setting[i];
        int better = 0;
        for (int k = 0; k < sweep->settings; k++) {
            const bm_sweep_setting *other = &sweep->setting[k];
            better += other->ended && (other->mean > setting->mean || (other->mean == setting->mean && k < i));
        }
        if (setting->ended && better < MOST_CURVES) {
            shown.setting[shown.count++] = i;
        }
    }
    return shown;
}

/* Which of the settings that are shown a run is of: its folder's name is the setting's, and a seed. */
static int setting_of(const void *context, const bm_run_entry *run) {
    const shown_settings *shown = context;
    int at = 0;
    for (; at + 1 < shown->count; at++) {
        const char *name = shown->sweep->setting[shown->setting[at]].name;
        const size_t length = strlen(name);
        const char *rest = run->name + length;
        if (strncmp(run->name, name, length) == 0 && strncmp(rest, "-seed", 5) == 0 &&
            strspn(rest + 5, "0123456789") == strlen(rest + 5)) {
            break;
        }
    }
    return at;
}

static const char *title_of(bm_sweep *sweep, int shown) {
    enum { TITLE_BYTES = 512 };
    char *title = bm_sweep_alloc(sweep, TITLE_BYTES, 1);
    int ended = 0;
    size_t at = (size_t)snprintf(title, TITLE_BYTES, "%s", sweep->setting->experiment.learner.name);
    for (int k = 0, varied = 0; k < sweep->grid.count && at < TITLE_BYTES; k++) {
        if (sweep->grid.parameter[k].choices > 1) {
            at += (size_t)snprintf(title + at, TITLE_BYTES - at, "%s%s", varied++ ? ", " : ": ",
                                   sweep->grid.parameter[k].name);
        }
    }
    for (int i = 0; i < sweep->settings; i++) {
        ended += sweep->setting[i].ended > 0;
    }
    if (ended > shown && at < TITLE_BYTES) {
        snprintf(title + at, TITLE_BYTES - at, " (the best %d of %d settings)", shown, ended);
    }
    return title;
}

/* Higher where the legend takes many lines. */
static double height_of(const shown_settings *shown) {
    enum { AROUND_ENTRY = 6 }; /* the swatch before a name and the space behind it, in characters */
    int lines = 1, used = 0;
    for (int i = 0; i < shown->count; i++) {
        const int wide = (int)strlen(shown->sweep->setting[shown->setting[i]].label) + AROUND_ENTRY;
        lines += used > 0 && used + wide > LEGEND_CHARACTERS;
        used = used + wide > LEGEND_CHARACTERS ? wide : used + wide;
    }
    return PICTURE_HEIGHT + (lines > LEGEND_LINES ? LINE_HEIGHT * (lines - LEGEND_LINES) : 0);
}

/* Returns while it trained; where no training episode has ended, those of the evaluations. NULL: nothing is known of
 * either. */
static const char *choose_metric(const bm_plot *plot) {
    static const char *const metrics[] = {"rollout/ep_rew_mean", "eval/mean_reward"};
    for (size_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++) {
        for (int i = 0; i < plot->runs; i++) {
            if (isfinite(bm_history_last(&plot->run[i].history, metrics[m]))) {
                return metrics[m];
            }
        }
    }
    return NULL;
}

static bm_status draw(bm_sweep *sweep, const shown_settings *shown, bm_plot *plot, const char *path, bm_error *error) {
    const char **folder = bm_plot_alloc(plot, (size_t)shown->count * (size_t)sweep->seeds, sizeof *folder);
    char **label = bm_plot_alloc(plot, (size_t)shown->count, sizeof *label);
    int folders = 0;
    for (int s = 0; s < shown->count; s++) {
        label[s] = sweep->setting[shown->setting[s]].label;
        for (int i = shown->setting[s]; i < sweep->runs; i += sweep->settings) {
            if (sweep->run[i].state == BM_SWEEP_ENDED) {
                char *text = bm_plot_alloc(plot, BM_PATH_MAX, 1);
                bm_sweep_run_folder(sweep, &sweep->run[i], text, BM_PATH_MAX);
                folder[folders++] = text;
            }
        }
    }
    bm_status status = bm_plot_read(plot, folder, folders, error);
    plot->metric = status == BM_OK ? choose_metric(plot) : NULL;
    if (!plot->metric) {
        return status;
    }
    status = bm_plot_metric(plot, error);
    if (status == BM_OK) {
        bm_plot_group_as(plot, label, shown->count, setting_of, shown);
        bm_plot_curves(plot);
        status = bm_plot_write(plot, path, error);
    }
    return status;
}

bm_status bm_sweep_plot(bm_sweep *sweep, const char *path, bool *drawn, bm_error *error) {
    const shown_settings shown = choose_settings(sweep);
    bm_plot plot = {.smooth = 1, .title = title_of(sweep, shown.count), .height = height_of(&shown)};
    const bm_status status = draw(sweep, &shown, &plot, path, error);
    *drawn = status == BM_OK && plot.metric;
    bm_plot_free(&plot);
    return status;
}
