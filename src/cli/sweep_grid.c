/* The words of bellman sweep: each --set and --env-set names the values of one option, read as bellman tune reads the
 * choices in --space; the settings are their Cartesian product. A setting is made by the words that train would be
 * given, with one value in the place of each list, so that it means what it means there. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/experiment_words.h"
#include "cli/sweep.h"
#include "core/io.h"
#include "core/suggest.h"
#include "train/agent_trainee.h"

enum { MOST_RUNS = 10000, DEFAULT_SEEDS = 3, NAME_MOST = 100, NAME_KEPT = 90 };

static const char env_prefix[] = "env.";

void *bm_sweep_alloc(bm_sweep *sweep, size_t count, size_t size) {
    void *memory = bm_arena_alloc(&sweep->arena, count ? count : 1, size);
    if (!memory) {
        bm_error error;
        exit(bm_cli_report(bm_arena_check(&sweep->arena, "the sweep", &error), &error));
    }
    return memory;
}

static char *join(bm_sweep *sweep, const char *a, const char *b, const char *c) {
    const size_t bytes = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = bm_sweep_alloc(sweep, bytes, 1);
    snprintf(text, bytes, "%s%s%s", a, b, c);
    return text;
}

/* ---- the grid --------------------------------------------------------------------------------------------------- */

/* Whether a setting stands there as --set NAME=VALUE. Options with a flag of their own have one value, as in train. */
static bool written_with_set(int argc, char **argv, const char *name, const char *value) {
    const size_t length = strlen(name);
    for (int i = 1; i < argc; i++) {
        const char *text = strncmp(argv[i], "--set=", 6) == 0              ? argv[i] + 6
                           : strcmp(argv[i], "--set") == 0 && i + 1 < argc ? argv[i + 1]
                                                                           : "";
        if (strncmp(text, name, length) == 0 && text[length] == '=' && strcmp(text + length + 1, value) == 0) {
            return true;
        }
    }
    return false;
}

static bm_status add_key(bm_sweep *sweep, const char *key, const char *values, bm_error *error) {
    const bool env = strncmp(key, env_prefix, sizeof env_prefix - 1) == 0;
    const char *word = env ? "--env-set" : "--set", *name = env ? key + sizeof env_prefix - 1 : key;
    bm_error reason;
    char plain[BM_OPTION_KEY_BYTES];
    snprintf(plain, sizeof plain, "%s", key);
    for (char *c = plain; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    if (!*values) {
        return bm_invalid(error, "%s %s= names no value; write %s %s=A,B", word, name, word, name);
    }
    if (strcmp(plain, "seed") == 0) {
        return bm_invalid(error,
                          "a sweep trains every setting with several seeds: --seed S --seeds K instead of --set");
    }
    if (bm_search_space_find(&sweep->grid, plain) >= 0) {
        return bm_invalid(error, "%s is given twice; write %s %s=A,B", name, word, name);
    }
    if (bm_search_space_add(&sweep->grid, key, join(sweep, "{", values, "}"), &reason) != BM_OK) {
        return bm_invalid(error, "%s %s", word, reason.text);
    }
    return BM_OK;
}

/* What varies has no value besides. */
static bm_status check_flags(const bm_sweep *sweep, const bm_arguments *arguments, const int *origin, bm_error *error) {
    for (int i = 0; i < arguments->settings; i++) {
        const char *name = arguments->setting[i].name;
        for (int k = 0; arguments->setting[i].option && k < sweep->grid.count; k++) {
            const char *key = sweep->grid.parameter[k].name;
            if (i != origin[k] && bm_same_name(key, name, strlen(name))) {
                return bm_invalid(error, "%s is given twice, as a flag and with --set", key);
            }
        }
    }
    return sweep->grid.count
               ? BM_OK
               : bm_invalid(error, "sweep wants the values to try, for example: --set learning_rate=1e-4,1e-3,1e-2");
}

/* Of every key of the grid, which of the arguments it came from. */
static bm_status read_grid(bm_sweep *sweep, const bm_arguments *arguments, int argc, char **argv,
                           int origin[BM_PARAMETERS], bm_error *error) {
    bm_status status = BM_OK;
    for (int i = 0; i < arguments->settings && status == BM_OK; i++) {
        const char *name = arguments->setting[i].name, *value = arguments->setting[i].value;
        const char *equals = strchr(value, '=');
        const int before = sweep->grid.count;
        if (arguments->setting[i].option && written_with_set(argc, argv, name, value)) {
            status = add_key(sweep, name, value, error);
        } else if (!arguments->setting[i].option && strcmp(name, "env-set") == 0 && equals && equals > value) {
            char *key = join(sweep, env_prefix, value, "");
            key[sizeof env_prefix - 1 + (size_t)(equals - value)] = '\0';
            status = add_key(sweep, key, equals + 1, error);
        }
        if (sweep->grid.count > before) {
            origin[before] = i;
        }
    }
    return status == BM_OK ? check_flags(sweep, arguments, origin, error) : status;
}

static bm_status count_runs(bm_sweep *sweep, bm_error *error) {
    double settings = 1; /* a product that may be too large for an integer */
    for (int k = 0; k < sweep->grid.count; k++) {
        settings *= sweep->grid.parameter[k].choices;
    }
    if (settings * sweep->seeds > MOST_RUNS) {
        return bm_invalid(
            error,
            "%.15g settings with %d seeds are %.15g runs, and a sweep has at most %d; bellman tune searches "
            "where there are more",
            settings, sweep->seeds, settings * sweep->seeds, MOST_RUNS);
    }
    sweep->settings = (int)settings;
    sweep->runs = sweep->settings * sweep->seeds;
    return BM_OK;
}

/* ---- one setting ------------------------------------------------------------------------------------------------ */

/* Which choice of a key a setting has. */
static int choice_of(const bm_sweep *sweep, int setting, int key) {
    for (int k = sweep->grid.count - 1; k > key; k--) {
        setting /= sweep->grid.parameter[k].choices;
    }
    return setting % sweep->grid.parameter[key].choices;
}

static const bm_option *find_option(const bm_experiment *experiment, const char *key, const void **field) {
    if (strncmp(key, env_prefix, sizeof env_prefix - 1) == 0) {
        const bm_subject *env = &experiment->problem;
        return bm_options_find(env->options, env->config, key + sizeof env_prefix - 1, field);
    }
    const bm_subject *agent = &experiment->learner;
    const bm_option *row = bm_options_find(experiment->type->run_options, experiment->run, key, field);
    return row ? row : bm_options_find(agent->options, agent->config, key, field);
}

static bm_status make_experiment(bm_sweep *sweep, int index, bm_arguments *arguments, const int *origin, int argc,
                                 char **argv, bm_error *error) {
    bm_experiment *experiment = &sweep->setting[index].experiment;
    for (int k = 0; k < sweep->grid.count; k++) {
        const bm_parameter *key = &sweep->grid.parameter[k];
        const char *choice = key->choice[choice_of(sweep, index, k)];
        const bool env = !arguments->setting[origin[k]].option;
        arguments->setting[origin[k]].value =
            env ? join(sweep, key->name + sizeof env_prefix - 1, "=", choice) : choice;
    }
    BM_TRY(bm_words_experiment(experiment, &bm_agent_trainee_type, arguments, error));
    if (experiment->run->seed > INT_MAX - (sweep->seeds - 1)) {
        return bm_invalid(error, "seed=%d is too large for %d seeds from there", experiment->run->seed, sweep->seeds);
    }
    bm_words_note(experiment->command, argc, argv);
    return bm_experiment_settle(experiment, error);
}

/* What options alone do not say: whether agent and environment can be made of them. */
static bm_status try_experiment(const bm_experiment *experiment, bm_error *error) {
    bm_run *run = NULL;
    const bm_status status = bm_run_create(&run, experiment, &(bm_run_start){0}, error);
    bm_run_destroy(run);
    return status;
}

static void read_values(bm_sweep *sweep, bm_sweep_setting *setting) {
    setting->value = bm_sweep_alloc(sweep, (size_t)sweep->grid.count, sizeof *setting->value);
    for (int k = 0; k < sweep->grid.count; k++) {
        const void *field;
        char text[BM_OPTION_TEXT_BYTES];
        const bm_option *row = find_option(&setting->experiment, sweep->grid.parameter[k].name, &field);
        bm_option_format(row, field, text, sizeof text);
        setting->value[k] = join(sweep, text, "", "");
    }
}

/* ---- what settings are called ----------------------------------------------------------------------------------- */

/* A value as a part of a file's name, different for different values: lists as 64x64, and of others what a shell might
 * not like in the form %2F. */
static void put_safe(char *name, size_t bytes, const bm_option *row, const char *value) {
    size_t at = strlen(name);
    for (const char *c = value; *c && at + 4 < bytes; c++) {
        if (isalnum((unsigned char)*c) || strchr("._+-", *c)) {
            at += (size_t)snprintf(name + at, bytes - at, "%c", *c);
        } else if (row->type != BM_INT_LIST) {
            at += (size_t)snprintf(name + at, bytes - at, "%%%02X", (unsigned)(unsigned char)*c);
        } else if (*c == ',') {
            at += (size_t)snprintf(name + at, bytes - at, "x");
        }
    }
}

/* Folders' names have an end: what is beyond it is told apart by a checksum. */
static char *shortened(bm_sweep *sweep, const char *name) {
    char sum[16];
    if (strlen(name) <= NAME_MOST) {
        return join(sweep, name, "", "");
    }
    snprintf(sum, sizeof sum, "~%08x", (unsigned)bm_crc32c(0, name, strlen(name)));
    char *text = join(sweep, name, sum, "");
    memmove(text + NAME_KEPT, text + strlen(name), strlen(sum) + 1);
    return text;
}

static void name_setting(bm_sweep *sweep, bm_sweep_setting *setting) {
    enum { PART_BYTES = 3 * BM_OPTION_TEXT_BYTES + BM_OPTION_KEY_BYTES };
    const size_t bytes = (size_t)sweep->grid.count * PART_BYTES;
    char *name = bm_cli_alloc(bytes, 1);
    setting->label = "";
    for (int k = 0; k < sweep->grid.count; k++) {
        const bm_parameter *key = &sweep->grid.parameter[k];
        const void *field;
        const size_t at = strlen(name);
        snprintf(name + at, bytes - at, "%s%s=", k ? "," : "", key->name);
        put_safe(name, bytes, find_option(&setting->experiment, key->name, &field), setting->value[k]);
        if (key->choices > 1 || sweep->settings == 1) {
            char *part = join(sweep, key->name, "=", setting->value[k]);
            setting->label = join(sweep, setting->label, *setting->label ? ", " : "", part);
        }
    }
    setting->name = shortened(sweep, name);
    free(name);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* The first setting that has a choice of a key. */
static const bm_sweep_setting *setting_with(const bm_sweep *sweep, int key, int choice) {
    for (int k = sweep->grid.count - 1; k > key; k--) {
        choice *= sweep->grid.parameter[k].choices;
    }
    return &sweep->setting[choice];
}

/* Choices that are one value in different spellings, or a list that was cut at its commas. */
static bm_status check_choices(const bm_sweep *sweep, bm_error *error) {
    for (int k = 0; k < sweep->grid.count; k++) {
        const bm_parameter *key = &sweep->grid.parameter[k];
        const void *field;
        const bool lists = find_option(&sweep->setting->experiment, key->name, &field)->type == BM_INT_LIST;
        for (int i = 0; i < key->choices; i++) {
            if (lists && key->choices > 1 && key->choice[i][0] != '[' && !strchr(key->choice[i], ',')) {
                return bm_invalid(error, "%s takes lists: put each in brackets, as in %s=[64,64],[256]", key->name,
                                  key->name);
            }
            for (int j = 0; j < i; j++) {
                if (strcmp(setting_with(sweep, k, i)->value[k], setting_with(sweep, k, j)->value[k]) == 0) {
                    return bm_invalid(error, "%s: %.64s and %.64s are the same value", key->name, key->choice[j],
                                      key->choice[i]);
                }
            }
        }
    }
    return BM_OK;
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static bm_status name_sweep(bm_sweep *sweep, const bm_arguments *arguments, bm_error *error) {
    const char *runs = bm_cli_value(arguments, "runs"), *given = bm_cli_value(arguments, "name");
    const bm_experiment *experiment = &sweep->setting->experiment;
    char *keys = "sweep";
    for (int k = 0; k < sweep->grid.count; k++) {
        keys = join(sweep, keys, "-", sweep->grid.parameter[k].name);
    }
    sweep->root = runs ? runs : "runs";
    const bm_status status = given ? bm_words_check_name(given, error) : BM_OK;
    snprintf(sweep->name, sizeof sweep->name, "%s", given ? given : shortened(sweep, keys));
    const int n = snprintf(sweep->folder, sizeof sweep->folder, "%s/%s/%s/%s", sweep->root, experiment->problem.name,
                           experiment->learner.name, sweep->name);
    if (status == BM_OK && n + BM_RUN_NAME_BYTES >= BM_PATH_MAX) {
        return bm_invalid(error, "the folder's name is too long: %.80s...", sweep->folder);
    }
    return status;
}

static void list_runs(bm_sweep *sweep) {
    sweep->run = bm_sweep_alloc(sweep, (size_t)sweep->runs, sizeof *sweep->run);
    for (int i = 0; i < sweep->runs; i++) {
        bm_sweep_run *run = &sweep->run[i];
        run->setting = i % sweep->settings;
        run->seed = sweep->setting[run->setting].experiment.run->seed + i / sweep->settings;
    }
}

bm_status bm_sweep_read(bm_sweep *sweep, bm_arguments *arguments, int argc, char **argv, bm_error *error) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int origin[BM_PARAMETERS];
    sweep->lock = -1;
    sweep->jobs = (int)bm_cli_integer(arguments, "jobs", cores > 0 ? cores : 1, 1, 1024);
    sweep->seeds = (int)bm_cli_integer(arguments, "seeds", DEFAULT_SEEDS, 1, MOST_RUNS);
    bm_status status = read_grid(sweep, arguments, argc, argv, origin, error);
    if (status == BM_OK) {
        status = count_runs(sweep, error);
    }
    if (status != BM_OK) {
        return status;
    }
    sweep->setting = bm_sweep_alloc(sweep, (size_t)sweep->settings, sizeof *sweep->setting);
    for (int i = 0; i < sweep->settings && status == BM_OK; i++) {
        status = make_experiment(sweep, i, arguments, origin, argc, argv, error);
        if (status == BM_OK) {
            status = try_experiment(&sweep->setting[i].experiment, error);
        }
        if (status == BM_OK) {
            read_values(sweep, &sweep->setting[i]);
            name_setting(sweep, &sweep->setting[i]);
        }
    }
    if (status == BM_OK) {
        status = check_choices(sweep, error);
    }
    if (status == BM_OK) {
        status = name_sweep(sweep, arguments, error);
    }
    if (status == BM_OK) {
        list_runs(sweep);
    }
    return status;
}

void bm_sweep_free(bm_sweep *sweep) {
    for (int i = 0; sweep->run && i < sweep->runs; i++) {
        cJSON_Delete(sweep->run[i].result);
    }
    for (int i = 0; sweep->setting && i < sweep->settings; i++) {
        bm_experiment_free(&sweep->setting[i].experiment);
    }
    if (sweep->lock >= 0) {
        close(sweep->lock);
    }
    bm_search_space_free(&sweep->grid);
    bm_arena_free(&sweep->arena);
}

void bm_sweep_run_name(const bm_sweep *sweep, const bm_sweep_run *run, char *name, size_t bytes) {
    snprintf(name, bytes, "%s-seed%d", sweep->setting[run->setting].name, run->seed);
}

void bm_sweep_run_folder(const bm_sweep *sweep, const bm_sweep_run *run, char *folder, size_t bytes) {
    char name[BM_RUN_NAME_BYTES];
    bm_sweep_run_name(sweep, run, name, sizeof name);
    snprintf(folder, bytes, "%s/%s", sweep->folder, name);
}
