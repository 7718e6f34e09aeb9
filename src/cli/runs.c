/* bellman runs: the run folders below a folder with how far each came and how well it did; runs diff: what two of them
 * were told differently. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "cli/run_finder.h"

static const bm_flag flags[] = {
    {"json", NULL, "one JSON object instead of a table"},
    {"quiet", NULL, "accepted, as everywhere; lists show no progress"},
    {NULL, NULL, NULL},
};

/* ---- the list --------------------------------------------------------------------------------------------------- */

static const char *score_text(double value, char *text, size_t bytes) {
    if (isnan(value)) {
        return "-";
    }
    snprintf(text, bytes, "%.2f", value);
    return text;
}

static const char *steps_text(const bm_run_entry *run, char *text, size_t bytes) {
    char done[32], total[32];
    snprintf(text, bytes, "%s/%s", bm_cli_thousands(run->steps, done, sizeof done),
             bm_cli_thousands(run->total_steps, total, sizeof total));
    return text;
}

static int wider(int width, const char *text) {
    const int length = (int)strlen(text);
    return length > width ? length : width;
}

static void print_list(const bm_run_list *list) {
    int env = wider(0, "environment"), agent = wider(0, "agent"), name = wider(0, "name"), steps = wider(0, "steps");
    char text[80], eval[48], train[48];
    for (size_t i = 0; i < list->count; i++) {
        const bm_run_entry *run = &list->entry[i];
        env = wider(env, run->env);
        agent = wider(agent, run->agent);
        name = wider(name, run->name);
        steps = wider(steps, steps_text(run, text, sizeof text));
    }
    printf("%-*s  %-*s  %-*s  %*s  %9s  %9s  %9s\n", env, "environment", agent, "agent", name, "name", steps, "steps",
           "eval", "train", "seconds");
    for (size_t i = 0; i < list->count; i++) {
        const bm_run_entry *run = &list->entry[i];
        printf("%-*s  %-*s  %-*s  ", env, run->env, agent, run->agent, name, run->name);
        if (run->metadata) {
            printf("%*s  %9s  %9s  %9.1f\n", steps, steps_text(run, text, sizeof text),
                   score_text(run->eval_return, eval, sizeof eval), score_text(run->train_return, train, sizeof train),
                   run->seconds);
        } else {
            printf("damaged: %s\n", run->error.text);
        }
    }
}

static void print_list_json(const bm_run_list *list) {
    cJSON *object = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(object, "runs");
    for (size_t i = 0; i < list->count; i++) {
        const bm_run_entry *run = &list->entry[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(array, item);
        cJSON_AddStringToObject(item, "run", run->path);
        cJSON_AddStringToObject(item, "env", run->env);
        cJSON_AddStringToObject(item, "agent", run->agent);
        cJSON_AddStringToObject(item, "name", run->name);
        if (!run->metadata) {
            cJSON_AddStringToObject(item, "error", run->error.text);
            continue;
        }
        cJSON_AddNumberToObject(item, "steps", (double)run->steps);
        cJSON_AddNumberToObject(item, "total_steps", (double)run->total_steps);
        bm_cli_json_number(item, "eval_return", run->eval_return);
        bm_cli_json_number(item, "train_return", run->train_return);
        bm_cli_json_number(item, "seconds", run->seconds);
    }
    bm_cli_json_print(object);
}

static int list_runs(const char *given, bool json) {
    char folder[BM_PATH_MAX];
    bm_error error;
    size_t length = strlen(given);
    while (length > 1 && given[length - 1] == '/') {
        length--;
    }
    snprintf(folder, sizeof folder, "%.*s", (int)length, given);
    if (!bm_is_folder(folder)) {
        return bm_cli_report(
            bm_fail(&error, "there is no folder %s; bellman train dqn CartPole-v1 trains a first run", given), &error);
    }
    bm_run_list list = {0};
    bm_run_list_find(&list, folder);
    bm_run_list_sort(&list);
    if (json) {
        print_list_json(&list);
    } else if (list.count) {
        print_list(&list);
    } else {
        printf("no runs in %s yet; bellman train dqn CartPole-v1 trains a first one\n", folder);
    }
    bm_run_list_free(&list);
    return BM_EXIT_OK;
}

/* ---- what differs ----------------------------------------------------------------------------------------------- */

static const char *setting_of(const bm_run_entry *run, const char *key) {
    const char *value = bm_run_setting(run, key);
    return value ? value : "-";
}

static void add_pair(cJSON *object, const char *key, const char *a, const char *b) {
    const char *const pair[] = {a, b};
    cJSON_AddItemToObject(object, key, cJSON_CreateStringArray(pair, 2));
}

/* What was changed while the two trained, unless it was the same. */
static bm_status add_changes(cJSON *object, const char *key, const bm_run_entry *a, const bm_run_entry *b,
                             bm_error *error) {
    bm_changes x = {0}, y = {0};
    bm_status status = bm_run_changes_read(&x, a, error);
    if (status == BM_OK) {
        status = bm_run_changes_read(&y, b, error);
    }
    if (status == BM_OK && !bm_run_changes_same(&x, &y)) {
        char *x_text = bm_run_changes_text(&x), *y_text = bm_run_changes_text(&y);
        add_pair(object, key, x_text, y_text);
        free(x_text);
        free(y_text);
    }
    bm_changes_free(&x);
    bm_changes_free(&y);
    return status;
}

/* Settings of which the two have different values, or that only one has, as "key": [a, b]. */
static cJSON *differences(const bm_run_entry *a, const bm_run_entry *b) {
    cJSON *object = cJSON_CreateObject();
    const bm_run_entry *const run[] = {a, b};
    for (int side = 0; side < 2; side++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, run[side]->metadata) {
            const char *key = item->string, *x = setting_of(a, key), *y = setting_of(b, key);
            if (bm_run_is_setting(key) && strcmp(x, y) != 0 && !cJSON_HasObjectItem(object, key)) {
                add_pair(object, key, x, y);
            }
        }
    }
    return object;
}

static cJSON *scores(const bm_run_entry *a, const bm_run_entry *b) {
    char x[80], y[80];
    const bool meta = bm_run_setting(a, "run.meta_iterations") && bm_run_setting(b, "run.meta_iterations");
    cJSON *object = cJSON_CreateObject();
    add_pair(object, meta ? "iterations" : "steps", steps_text(a, x, sizeof x), steps_text(b, y, sizeof y));
    add_pair(object, meta ? "eval score" : "eval return", score_text(a->eval_return, x, sizeof x),
             score_text(b->eval_return, y, sizeof y));
    add_pair(object, meta ? "train loss" : "train return", score_text(a->train_return, x, sizeof x),
             score_text(b->train_return, y, sizeof y));
    add_pair(object, "seconds", score_text(a->seconds, x, sizeof x), score_text(b->seconds, y, sizeof y));
    return object;
}

static void print_pairs(const cJSON *pairs, int width) {
    int first = 8;
    const cJSON *item;
    cJSON_ArrayForEach(item, pairs) {
        first = wider(first, cJSON_GetStringValue(item->child));
    }
    cJSON_ArrayForEach(item, pairs) {
        printf("  %-*s  %-*s  %s\n", width, item->string, first, cJSON_GetStringValue(item->child),
               cJSON_GetStringValue(item->child->next));
    }
}

static void add_numbers(cJSON *object, const char *key, double a, double b) {
    const double pair[] = {a, b};
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (int i = 0; i < 2; i++) {
        cJSON_AddItemToArray(array, isfinite(pair[i]) ? cJSON_CreateNumber(pair[i]) : cJSON_CreateNull());
    }
}

static void print_diff_json(const bm_run_entry *a, const bm_run_entry *b, cJSON *differing) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "a", a->path);
    cJSON_AddStringToObject(object, "b", b->path);
    cJSON_AddItemToObject(object, "differences", differing);
    cJSON *numbers = cJSON_AddObjectToObject(object, "scores");
    add_numbers(numbers, "steps", (double)a->steps, (double)b->steps);
    add_numbers(numbers, "eval_return", a->eval_return, b->eval_return);
    add_numbers(numbers, "train_return", a->train_return, b->train_return);
    add_numbers(numbers, "seconds", a->seconds, b->seconds);
    bm_cli_json_print(object);
}

static void print_diff(const bm_run_entry *a, const bm_run_entry *b, const cJSON *differing) {
    cJSON *results = scores(a, b);
    int width = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, differing) {
        width = wider(width, item->string);
    }
    cJSON_ArrayForEach(item, results) {
        width = wider(width, item->string);
    }
    printf("a  %s\nb  %s\n\n", a->path, b->path);
    puts(differing->child ? "settings that differ (a, b)" : "no setting differs");
    print_pairs(differing, width);
    puts("\nresults (a, b)");
    print_pairs(results, width);
    cJSON_Delete(results);
}

static int diff_runs(const char *const *path, bool json) {
    bm_run_entry *run = bm_cli_alloc(2, sizeof *run);
    bm_error error;
    bm_status status = BM_OK;
    for (int i = 0; i < 2 && status == BM_OK; i++) {
        if (!bm_is_folder(path[i])) {
            status = bm_fail(&error, "no run folder %s", path[i]);
        } else if (bm_run_entry_read(&run[i], path[i]) != BM_OK) {
            status = bm_run_damaged(&run[i], &error);
        }
    }
    if (status == BM_OK) {
        cJSON *differing = differences(&run[0], &run[1]);
        status = add_changes(differing, json ? "live_changes" : "live changes", &run[0], &run[1], &error);
        if (status == BM_OK && json) {
            print_diff_json(&run[0], &run[1], differing); /* takes it over */
        } else {
            if (status == BM_OK) {
                print_diff(&run[0], &run[1], differing);
            }
            cJSON_Delete(differing);
        }
    }
    cJSON_Delete(run[0].metadata);
    cJSON_Delete(run[1].metadata);
    free(run);
    return status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
}

static int run_verb(int argc, char **argv) {
    const bm_command command = {
        .verb = "runs",
        .arguments = "[DIR]\ndiff A B",
        .summary =
            "Lists the run folders below DIR (default: runs): steps done of those planned, the mean return of the "
            "latest evaluation and of the latest training episodes, and seconds of training. With diff, shows the "
            "settings "
            "and the live changes in which two runs differ.",
        .examples = "  bellman runs\n  bellman runs diff runs/CartPole-v1/dqn/A runs/CartPole-v1/dqn/B",
        .flags = flags,
    };
    bm_arguments arguments;
    bm_cli_parse(&command, argc, argv, &arguments);
    const bool json = bm_cli_has(&arguments, "json");
    const int count = arguments.positionals;
    const char *const *word = arguments.positional;
    if (count > 0 && strcmp(word[0], "diff") == 0) {
        if (count != 3) {
            bm_cli_usage("runs diff wants two run folders: bellman runs diff A B");
        }
    } else if (count > 1) {
        bm_cli_usage("runs lists one folder; to compare two runs: bellman runs diff %s %s", word[0], word[1]);
    }
    const int code = count == 3 ? diff_runs(word + 1, json) : list_runs(count ? word[0] : "runs", json);
    bm_cli_free(&arguments);
    return code;
}

const bm_verb bm_verb_runs = {"runs", "list run folders with their scores; runs diff A B", run_verb};
