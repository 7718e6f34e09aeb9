/* bellman runs: the run folders below a folder with how far each came and how well it did; runs diff: what two of them were told
 * differently. Both read checkpoints' metadata and progress.csv, and nothing else. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "core/io.h"
#include "train/checkpoint.h"
#include "train/run.h"

static const bm_flag flags[] = {
    {"json", NULL, "one JSON object instead of a table"},
    {"quiet", NULL, "accepted, as everywhere; lists show no progress"},
    {NULL, NULL, NULL},
};

/* How deep run folders may lie: RUNS/ENV/AGENT/NAME, and one more for an ENV with a slash in its name. */
enum { DEPTH_MAX = 4, NAME_BYTES = 128, PROGRESS_BYTES_MAX = 1 << 30 };

typedef struct {
    char path[BM_PATH_MAX], env[NAME_BYTES], agent[NAME_BYTES], name[NAME_BYTES];
    int64_t steps, total_steps;
    double eval_return, train_return, seconds; /* NAN: none yet */
    cJSON *metadata;                           /* NULL: damaged, and error says how */
    bm_error error;
} run_entry;

typedef struct {
    run_entry *entry;
    size_t count, capacity;
} run_list;

/* ---- reading one run -------------------------------------------------------------------------------------------- */

static int column_of(const char *header, const char *name) {
    const size_t length = strlen(name);
    for (int column = 0;; column++) {
        const size_t cell = strcspn(header, ",\r\n");
        if (cell == length && strncmp(header, name, length) == 0) {
            return column;
        }
        if (header[cell] != ',') {
            return -1;
        }
        header += cell + 1;
    }
}

/* The last number in a column of a CSV text; cells may be empty. NAN: none. */
static double last_number(const char *text, const char *name) {
    const int column = column_of(text, name);
    double last = NAN;
    for (const char *line = text + strcspn(text, "\n"); column >= 0 && *line; line += strcspn(line, "\n")) {
        line++;
        const char *cell = line;
        for (int i = 0; i < column && cell; i++) {
            cell += strcspn(cell, ",\n");
            cell = *cell == ',' ? cell + 1 : NULL;
        }
        char *end = NULL;
        const double value = cell && *cell != '\n' ? strtod(cell, &end) : NAN;
        last = end && end != cell ? value : last;
    }
    return last;
}

/* The final evaluation of a run that has ended; of one that has not, the latest in progress.csv. Without either, or with a damaged
 * one, a run just has no scores: the checkpoint is what counts. */
static void read_scores(run_entry *run) {
    char path[BM_PATH_MAX + 32];
    bm_arena arena = {0};
    char *text;
    size_t bytes;
    snprintf(path, sizeof path, "%s/progress.csv", run->path);
    if (bm_read_file(path, PROGRESS_BYTES_MAX, &arena, &text, &bytes, NULL) == BM_OK) {
        run->eval_return = last_number(text, "eval/mean_reward");
        run->train_return = last_number(text, "rollout/ep_rew_mean");
    }
    snprintf(path, sizeof path, "%s/result.json", run->path);
    if (bm_read_file(path, PROGRESS_BYTES_MAX, &arena, &text, &bytes, NULL) == BM_OK) {
        cJSON *result = cJSON_ParseWithLength(text, bytes);
        const cJSON *steps = cJSON_GetObjectItemCaseSensitive(result, "steps");
        const cJSON *score = cJSON_GetObjectItemCaseSensitive(result, "eval_return");
        if (cJSON_IsNumber(steps) && cJSON_IsNumber(score) && steps->valuedouble == (double)run->steps) {
            run->eval_return = score->valuedouble;
        }
        cJSON_Delete(result);
    }
    bm_arena_free(&arena);
}

/* What the folder's place says, for runs whose checkpoint cannot: .../ENV/AGENT/NAME. */
static void name_by_path(run_entry *run) {
    char *const field[] = {run->name, run->agent, run->env};
    const char *end = run->path + strlen(run->path);
    for (int i = 0; i < 3; i++) {
        const char *start = end;
        while (start > run->path && start[-1] != '/') {
            start--;
        }
        snprintf(field[i], NAME_BYTES, "%.*s", (int)(end - start), start);
        end = start > run->path ? start - 1 : run->path;
    }
}

static bm_status read_metadata(run_entry *run, bm_safetensors *checkpoint) {
    double steps, total;
    bm_status status = bm_checkpoint_number(checkpoint, "step", &steps, &run->error);
    if (status == BM_OK) {
        status = bm_checkpoint_number(checkpoint, "run.steps", &total, &run->error);
    }
    if (status == BM_OK) {
        status = bm_checkpoint_number(checkpoint, "seconds", &run->seconds, &run->error);
    }
    const char *env = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, "env"));
    const char *agent = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, "agent"));
    if (status != BM_OK || !env || !agent) {
        return status != BM_OK ? status : bm_fail(&run->error, "the checkpoint does not name agent and environment");
    }
    run->steps = (int64_t)steps;
    run->total_steps = (int64_t)total;
    snprintf(run->env, sizeof run->env, "%s", env);
    snprintf(run->agent, sizeof run->agent, "%s", agent);
    run->metadata = checkpoint->metadata;
    checkpoint->metadata = NULL; /* taken over */
    return BM_OK;
}

static bm_status read_run(run_entry *run, const char *path) {
    char folder[BM_PATH_MAX + 32];
    memset(run, 0, sizeof *run);
    snprintf(run->path, sizeof run->path, "%s", path);
    run->eval_return = run->train_return = run->seconds = NAN;
    name_by_path(run);
    snprintf(folder, sizeof folder, "%s/checkpoint", path);
    bm_safetensors checkpoint;
    bm_status status = bm_checkpoint_open(folder, "last", &checkpoint, &run->error);
    if (status == BM_OK) {
        status = read_metadata(run, &checkpoint);
        bm_safetensors_free(&checkpoint);
        read_scores(run);
    }
    return status;
}

/* ---- finding runs ----------------------------------------------------------------------------------------------- */

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static run_entry *add_run(run_list *list) {
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 16;
        run_entry *entry = bm_cli_alloc(capacity, sizeof *entry);
        for (size_t i = 0; i < list->count; i++) {
            entry[i] = list->entry[i];
        }
        free(list->entry);
        list->entry = entry;
        list->capacity = capacity;
    }
    return &list->entry[list->count++];
}

/* A folder with a folder checkpoint is a run; others are looked into. */
static void find_runs(run_list *list, const char *path, int depth) {
    char inside[BM_PATH_MAX];
    int n = snprintf(inside, sizeof inside, "%s/checkpoint", path);
    if (n < (int)sizeof inside && is_folder(inside)) {
        read_run(add_run(list), path);
        return;
    }
    DIR *folder = depth < DEPTH_MAX ? opendir(path) : NULL;
    if (!folder) {
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        n = snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && n < (int)sizeof inside && is_folder(inside)) {
            find_runs(list, inside, depth + 1);
        }
    }
    closedir(folder);
}

static int by_env_agent_name(const void *a, const void *b) {
    const run_entry *x = a, *y = b;
    int order = strcmp(x->env, y->env);
    order = order ? order : strcmp(x->agent, y->agent);
    order = order ? order : strcmp(x->name, y->name);
    return order ? order : strcmp(x->path, y->path);
}

static void free_runs(run_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        cJSON_Delete(list->entry[i].metadata);
    }
    free(list->entry);
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static const char *score_text(double value, char *text, size_t bytes) {
    if (isnan(value)) {
        return "-";
    }
    snprintf(text, bytes, "%.2f", value);
    return text;
}

static const char *steps_text(const run_entry *run, char *text, size_t bytes) {
    char done[32], total[32];
    snprintf(text, bytes, "%s/%s", bm_cli_thousands(run->steps, done, sizeof done),
             bm_cli_thousands(run->total_steps, total, sizeof total));
    return text;
}

static int wider(int width, const char *text) {
    const int length = (int)strlen(text);
    return length > width ? length : width;
}

static void print_list(const run_list *list) {
    int env = wider(0, "environment"), agent = wider(0, "agent"), name = wider(0, "name"), steps = wider(0, "steps");
    char text[80], eval[48], train[48];
    for (size_t i = 0; i < list->count; i++) {
        const run_entry *run = &list->entry[i];
        env = wider(env, run->env);
        agent = wider(agent, run->agent);
        name = wider(name, run->name);
        steps = wider(steps, steps_text(run, text, sizeof text));
    }
    printf("%-*s  %-*s  %-*s  %*s  %9s  %9s  %9s\n", env, "environment", agent, "agent", name, "name", steps, "steps",
           "eval", "train", "seconds");
    for (size_t i = 0; i < list->count; i++) {
        const run_entry *run = &list->entry[i];
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

static void print_list_json(const run_list *list) {
    cJSON *object = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(object, "runs");
    for (size_t i = 0; i < list->count; i++) {
        const run_entry *run = &list->entry[i];
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
    if (!is_folder(folder)) {
        return bm_cli_report(
            bm_fail(&error, "there is no folder %s; bellman train dqn CartPole-v1 trains a first run", given), &error);
    }
    run_list list = {0};
    find_runs(&list, folder, 0);
    if (list.count) {
        qsort(list.entry, list.count, sizeof *list.entry, by_env_agent_name);
    }
    if (json) {
        print_list_json(&list);
    } else if (list.count) {
        print_list(&list);
    } else {
        printf("no runs in %s yet; bellman train dqn CartPole-v1 trains a first one\n", folder);
    }
    free_runs(&list);
    return BM_EXIT_OK;
}

/* ---- what differs ----------------------------------------------------------------------------------------------- */

/* Settings, as opposed to how far the run came. */
static bool is_setting(const char *key) {
    static const char *const beginnings[] = {"run.", "agent.", "env."};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (strncmp(key, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return strcmp(key, "agent") == 0 || strcmp(key, "env") == 0 || strcmp(key, "version") == 0;
}

static const char *setting_of(const run_entry *run, const char *key) {
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run->metadata, key));
    return value ? value : "-";
}

static void add_pair(cJSON *object, const char *key, const char *a, const char *b) {
    const char *const pair[] = {a, b};
    cJSON_AddItemToObject(object, key, cJSON_CreateStringArray(pair, 2));
}

/* Settings of which the two have different values, or that only one has, as "key": [a, b]. */
static cJSON *differences(const run_entry *a, const run_entry *b) {
    cJSON *object = cJSON_CreateObject();
    const run_entry *const run[] = {a, b};
    for (int side = 0; side < 2; side++) {
        const cJSON *item;
        cJSON_ArrayForEach(item, run[side]->metadata) {
            const char *key = item->string, *x = setting_of(a, key), *y = setting_of(b, key);
            if (is_setting(key) && strcmp(x, y) != 0 && !cJSON_HasObjectItem(object, key)) {
                add_pair(object, key, x, y);
            }
        }
    }
    return object;
}

static cJSON *scores(const run_entry *a, const run_entry *b) {
    char x[80], y[80];
    cJSON *object = cJSON_CreateObject();
    add_pair(object, "steps", steps_text(a, x, sizeof x), steps_text(b, y, sizeof y));
    add_pair(object, "eval return", score_text(a->eval_return, x, sizeof x), score_text(b->eval_return, y, sizeof y));
    add_pair(object, "train return", score_text(a->train_return, x, sizeof x),
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

static void print_diff_json(const run_entry *a, const run_entry *b, cJSON *differing) {
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

static void print_diff(const run_entry *a, const run_entry *b, const cJSON *differing) {
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
    run_entry *run = bm_cli_alloc(2, sizeof *run);
    bm_status status = BM_OK;
    int code = BM_EXIT_OK;
    for (int i = 0; i < 2 && status == BM_OK; i++) {
        status = is_folder(path[i]) ? read_run(&run[i], path[i]) : bm_fail(&run[i].error, "no run folder %s", path[i]);
        code = status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &run[i].error);
    }
    if (status == BM_OK) {
        cJSON *differing = differences(&run[0], &run[1]);
        if (json) {
            print_diff_json(&run[0], &run[1], differing); /* takes it over */
        } else {
            print_diff(&run[0], &run[1], differing);
            cJSON_Delete(differing);
        }
    }
    cJSON_Delete(run[0].metadata);
    cJSON_Delete(run[1].metadata);
    free(run);
    return code;
}

static int run_verb(int argc, char **argv) {
    const bm_command command = {
        .verb = "runs",
        .arguments = "[DIR]\ndiff A B",
        .summary =
            "Lists the run folders below DIR (default: runs): steps done of those planned, the mean return of the "
            "latest "
            "evaluation and of the latest training episodes, and seconds of training. With diff, shows the settings in "
            "which two runs differ.",
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
