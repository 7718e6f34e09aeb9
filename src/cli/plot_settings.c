/* The runs of a plot, and which of them belong together: those of the same agent in the same environment with the same
 * options, apart from the seed and from options that cannot change what is learned. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/plot.h"

enum { LABEL_BYTES = 1024, LABEL_KEYS = 3 };

/* ---- reading ---------------------------------------------------------------------------------------------------- */

void *bm_plot_alloc(bm_plot *plot, size_t count, size_t size) {
    void *memory = bm_arena_alloc(&plot->arena, count, size);
    if (!memory) {
        bm_error error;
        exit(bm_cli_report(bm_arena_check(&plot->arena, "the plot", &error), &error));
    }
    return memory;
}

static bm_status read_run(bm_plot_run *run, const bm_run_entry *entry, bm_error *error) {
    run->entry = entry;
    if (!entry->metadata) {
        return bm_run_damaged(entry, error);
    }
    const bm_status status = bm_history_read(&run->history, entry->path, error);
    return status == BM_OK ? bm_run_changes_read(&run->changes, entry, error) : status;
}

static void free_run(bm_plot_run *run) {
    bm_history_free(&run->history);
    bm_changes_free(&run->changes);
}

bm_status bm_plot_read(bm_plot *plot, const char *const *folders, int count, bm_error *error) {
    for (int i = 0; i < count; i++) {
        if (!bm_is_folder(folders[i])) {
            return bm_fail(error, "there is no folder %s; bellman runs lists the runs that there are", folders[i]);
        }
        if (bm_run_list_find(&plot->list, folders[i]) == 0) {
            return bm_fail(error, "%s is no run and has none in it; bellman runs lists those that there are",
                           folders[i]);
        }
    }
    bm_run_list_sort(&plot->list);
    plot->run = bm_cli_alloc(plot->list.count, sizeof *plot->run);
    bm_error reason = {.text = ""};
    for (size_t i = 0; i < plot->list.count; i++) {
        bm_plot_run *run = &plot->run[plot->runs];
        if (read_run(run, &plot->list.entry[i], &reason) == BM_OK) {
            plot->runs++;
            continue;
        }
        free_run(run);
        *run = (bm_plot_run){0};
        if (plot->list.count > 1) {
            const bm_run_entry *left = &plot->list.entry[i];
            fprintf(stderr, "bellman: left out %s: %s%s\n", left->path,
                    left->metadata ? "" : "damaged: ", left->metadata ? reason.text : left->error.text);
        }
    }
    if (plot->runs == 0) {
        return plot->list.count == 1 ? bm_fail(error, "%s", reason.text) : bm_fail(error, "no run is left to plot");
    }
    return BM_OK;
}

void bm_plot_drop(bm_plot *plot, int run) {
    free_run(&plot->run[run]);
    plot->runs--;
    memmove(&plot->run[run], &plot->run[run + 1], (size_t)(plot->runs - run) * sizeof *plot->run);
}

void bm_plot_free(bm_plot *plot) {
    for (int i = 0; i < plot->runs; i++) {
        free_run(&plot->run[i]);
    }
    free(plot->run);
    bm_run_list_free(&plot->list);
    bm_arena_free(&plot->arena);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

bool bm_plot_key_matters(const char *key) {
    static const char *const apart[] = {"run.seed", "run.log_every",   "run.checkpoint_every",
                                        "run.keep", "run.max_seconds", "run.stop_at_return"};
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
        if (strcmp(key, apart[i]) == 0) {
            return false;
        }
    }
    return strncmp(key, "run.eval_", 9) != 0 && bm_run_is_setting(key) && strcmp(key, "version") != 0;
}

const char **bm_plot_keys(bm_plot *plot, int *count) {
    size_t most = 0;
    for (int i = 0; i < plot->runs; i++) {
        most += (size_t)cJSON_GetArraySize(plot->run[i].entry->metadata);
    }
    const char **keys = bm_plot_alloc(plot, most, sizeof *keys);
    *count = 0;
    for (int i = 0; i < plot->runs; i++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, plot->run[i].entry->metadata) {
            int at = 0;
            while (at < *count && strcmp(keys[at], item->string) != 0) {
                at++;
            }
            if (at == *count && bm_run_is_setting(item->string)) {
                keys[(*count)++] = item->string;
            }
        }
    }
    return keys;
}

/* ---- grouping --------------------------------------------------------------------------------------------------- */

/* Both lack it, or both have the same. */
static bool same_value(const bm_plot_run *a, const bm_plot_run *b, const char *key) {
    const char *x = bm_run_setting(a->entry, key), *y = bm_run_setting(b->entry, key);
    return x && y ? strcmp(x, y) == 0 : x == y;
}

static bool same_setting(const bm_plot_run *a, const bm_plot_run *b) {
    const bm_plot_run *const run[] = {a, b};
    for (int side = 0; side < 2; side++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, run[side]->entry->metadata) {
            if (bm_plot_key_matters(item->string) && !same_value(a, b, item->string)) {
                return false;
            }
        }
    }
    return bm_run_changes_same(&a->changes, &b->changes);
}

static void add_to_setting(bm_plot *plot, bm_plot_setting *setting, bm_plot_run *run) {
    if (setting->runs == 0) {
        setting->run = bm_plot_alloc(plot, (size_t)plot->runs, sizeof(bm_plot_run *));
        setting->env = run->entry->env;
        setting->agent = run->entry->agent;
    }
    setting->run[setting->runs++] = run;
}

static void count_environments(bm_plot *plot) {
    for (int i = 0; i < plot->settings; i++) { /* those of one stand together */
        plot->environments += i == 0 || strcmp(plot->setting[i - 1].env, plot->setting[i].env) != 0;
    }
}

/* ---- labels ----------------------------------------------------------------------------------------------------- */

static bool same_kind(const bm_plot_setting *a, const bm_plot_setting *b) {
    return strcmp(a->env, b->env) == 0 && strcmp(a->agent, b->agent) == 0;
}

/* Whether settings of the same agent in the same environment have other values of the option; of a NULL key, other live
 * changes. */
static bool differs(const bm_plot *plot, const bm_plot_setting *setting, const char *key) {
    for (int i = 0; i < plot->settings; i++) {
        const bm_plot_setting *other = &plot->setting[i];
        if (same_kind(setting, other) &&
            !(key ? same_value(setting->run[0], other->run[0], key)
                  : bm_run_changes_same(&setting->run[0]->changes, &other->run[0]->changes))) {
            return true;
        }
    }
    return false;
}

__attribute__((format(printf, 2, 3))) static void add_words(char *label, const char *format, ...) {
    const size_t length = strlen(label);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(label + length, LABEL_BYTES - length, format, arguments);
    va_end(arguments);
}

/* " learning_rate=0.001 and 2 more, gamma=0.9 from step 500" */
static void add_differences(bm_plot *plot, const bm_plot_setting *setting, char *label) {
    const cJSON *item;
    int differing = 0;
    cJSON_ArrayForEach(item, setting->run[0]->entry->metadata) {
        const char *key = item->string, *dot = strchr(key, '.');
        if (!bm_plot_key_matters(key) || !dot || !differs(plot, setting, key)) {
            continue;
        }
        if (differing++ < LABEL_KEYS) {
            add_words(label, " %s=%s", dot + 1, bm_run_setting(setting->run[0]->entry, key));
        }
    }
    if (differing > LABEL_KEYS) {
        add_words(label, " and %d more", differing - LABEL_KEYS);
    }
    const bm_changes *changes = &setting->run[0]->changes;
    if (changes->count == 1 && differs(plot, setting, NULL)) {
        char *change = bm_run_changes_text(changes);
        add_words(label, ", %s", change);
        free(change);
    } else if (changes->count && differs(plot, setting, NULL)) {
        add_words(label, ", %d live changes", changes->count);
    }
}

static void name_setting(bm_plot *plot, bm_plot_setting *setting) {
    char *label = bm_plot_alloc(plot, LABEL_BYTES, 1), *name = bm_plot_alloc(plot, LABEL_BYTES, 1);
    snprintf(name, LABEL_BYTES, "%s", setting->agent);
    snprintf(label, LABEL_BYTES, "%s", setting->agent);
    if (plot->environments > 1) {
        add_words(label, " %s", setting->env);
    }
    add_differences(plot, setting, name);
    add_differences(plot, setting, label);
    setting->name = name;
    setting->label = label;
}

/* Of settings that the words above name alike, says which runs they are: by name, or by folder where those are equal
 * too. */
static void tell_apart(bm_plot *plot) {
    const char **apart = bm_plot_alloc(plot, (size_t)plot->settings, sizeof *apart);
    for (int i = 0; i < plot->settings; i++) {
        const bm_plot_setting *setting = &plot->setting[i];
        for (int k = 0; k < plot->settings; k++) {
            const bm_plot_setting *other = &plot->setting[k];
            const bm_run_entry *own = setting->run[0]->entry;
            if (k != i && same_kind(setting, other) && strcmp(setting->name, other->name) == 0) {
                const bool same_name = strcmp(own->name, other->run[0]->entry->name) == 0;
                apart[i] = same_name || apart[i] == own->path ? own->path : own->name;
            }
        }
    }
    for (int i = 0; i < plot->settings; i++) { /* not before all have been compared */
        const bm_plot_setting *setting = &plot->setting[i];
        if (!apart[i]) {
            continue;
        }
        char *const text[] = {setting->name, setting->label};
        for (int k = 0; k < 2; k++) {
            add_words(text[k], setting->runs == 1 ? " (run %s" : " (runs %s", apart[i]);
            if (setting->runs > 1) {
                add_words(text[k], " and %d more", setting->runs - 1);
            }
            add_words(text[k], ")");
        }
    }
}

/* The same name has the same colour in every panel. Beyond the palette, darker shades of it. */
static void color_settings(bm_plot *plot) {
    int colors = 0;
    for (int i = 0; i < plot->settings; i++) {
        bm_plot_setting *setting = &plot->setting[i];
        int same = 0;
        while (same < i && strcmp(plot->setting[same].name, setting->name) != 0) {
            same++;
        }
        if (same < i) {
            setting->color = plot->setting[same].color;
            continue;
        }
        const double round = colors / BM_SERIES_COLORS;
        const bm_color color = bm_series_colors[colors++ % BM_SERIES_COLORS];
        setting->color = bm_color_mix(color, BM_INK, 1 - 1 / (1 + 0.8 * round));
    }
}

void bm_plot_group(bm_plot *plot) {
    plot->setting = bm_plot_alloc(plot, (size_t)plot->runs, sizeof *plot->setting);
    for (int i = 0; i < plot->runs; i++) {
        int at = 0;
        while (at < plot->settings && !same_setting(plot->setting[at].run[0], &plot->run[i])) {
            at++;
        }
        plot->settings += at == plot->settings;
        add_to_setting(plot, &plot->setting[at], &plot->run[i]);
    }
    count_environments(plot);
    for (int i = 0; i < plot->settings; i++) {
        name_setting(plot, &plot->setting[i]);
    }
    tell_apart(plot);
    color_settings(plot);
}

void bm_plot_group_as(bm_plot *plot, char *const *label, int settings, bm_plot_chooser *group_of, const void *context) {
    plot->setting = bm_plot_alloc(plot, (size_t)settings, sizeof *plot->setting);
    for (int i = 0; i < plot->runs; i++) {
        add_to_setting(plot, &plot->setting[group_of(context, plot->run[i].entry)], &plot->run[i]);
    }
    for (int i = 0; i < settings; i++) {
        bm_plot_setting *setting = &plot->setting[plot->settings];
        *setting = plot->setting[i];
        setting->label = setting->name = label[i];
        plot->settings += setting->runs > 0;
    }
    count_environments(plot);
    color_settings(plot);
}
