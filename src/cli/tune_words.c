/* What the words of bellman tune say. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/experiment_words.h"
#include "cli/tune.h"
#include "core/suggest.h"
#include "train/agent_trainee.h"
#include "tune/ranks.h"

static const char function_prefix[] = "optim:";

bool bm_tune_is_function(const char *word) {
    return strncmp(word, function_prefix, sizeof function_prefix - 1) == 0;
}

/* ---- what is tuned ---------------------------------------------------------------------------------------------- */

bm_status bm_tune_groups(const bm_flag *flags, bool function, int argc, char **argv, bm_words_shown *shown,
                         bm_method *method, bm_flag_group *groups, bm_error *error) {
    if (function) {
        const char *name = bm_words_early(argc, argv, "optimizer");
        const bm_status status = bm_method_find(method, name ? name : "adam", error);
        if (status == BM_OK) {
            groups[0] = (bm_flag_group){bm_method_name(method), bm_method_options(method), method->choice.config};
        }
        return status;
    }
    char after[12288]; /* the options of --env-set, which help does not show here */
    BM_TRY(bm_words_show(shown, &bm_agent_trainee_type, flags, argc, argv, error));
    if (shown->learner) {
        bm_words_help(shown, "The runs:", groups, "", after, sizeof after);
    }
    return BM_OK;
}

static bm_status read_function(bm_tune_wish *wish, const bm_arguments *arguments, bm_error *error) {
    bm_tune_function *f = &wish->function;
    const char *optimizer = bm_cli_value(arguments, "optimizer"), *lr = bm_cli_value(arguments, "lr");
    bm_status status =
        bm_objective_create(&f->function, arguments->positional[0] + sizeof function_prefix - 1, 0, error);
    if (status == BM_OK) {
        status = bm_method_find(&f->method, optimizer ? optimizer : "adam", error);
    }
    if (status == BM_OK && lr) {
        status = bm_method_set(&f->method, "lr", lr, error);
    }
    for (int i = 0; i < arguments->settings && status == BM_OK; i++) {
        if (arguments->setting[i].option) {
            status = bm_method_set(&f->method, arguments->setting[i].name, arguments->setting[i].value, error);
        }
    }
    f->steps = bm_cli_integer(arguments, "steps", 200, 1, 1000000000);
    f->own_seed = BM_STUDY_FOLD_SEED;
    wish->objective = bm_tune_descent(f);
    return status;
}

/* ---- where it searches ------------------------------------------------------------------------------------------ */

static bool is_lr(const char *key) { /* the two names that bm_method_set knows it by */
    return strcmp(key, "lr") == 0 || strcmp(key, "learning_rate") == 0;
}

/* A function's learning rate is a flag, all else an option of a table. */
static bool is_given(const bm_tune_wish *wish, const char *key) {
    const bm_arguments *arguments = wish->arguments;
    if (!wish->trains && is_lr(key)) {
        return bm_cli_has(arguments, "lr");
    }
    for (int i = 0; i < arguments->settings; i++) {
        const char *name = arguments->setting[i].name;
        if (arguments->setting[i].option && bm_same_name(key, name, strlen(name))) {
            return true;
        }
    }
    return false;
}

typedef struct {
    bm_tune_wish *wish;
    bm_status status;
    bm_error *error;
} default_search;

/* A row's own range, but for what a flag has settled; a condition holds only where its parent is searched too. */
static void search_row(void *context, const char *key, const bm_option *row, const void *field) {
    (void)field;
    default_search *search = context;
    bm_tune_wish *wish = search->wish;
    const char *condition = row->tune ? strstr(row->tune, " if ") : NULL;
    char parent[BM_OPTION_KEY_BYTES] = "";
    if (condition) {
        snprintf(parent, sizeof parent, "%.*s", (int)strcspn(condition + 4, "="), condition + 4);
    }
    if (search->status == BM_OK && row->tune && !is_given(wish, key) &&
        (!condition || bm_search_space_find(&wish->space, parent) >= 0)) {
        search->status = bm_search_space_add(&wish->space, key, row->tune, search->error);
    }
}

/* What the tables say is worth searching. */
static bm_status default_space(bm_tune_wish *wish, bm_error *error) {
    default_search search = {wish, BM_OK, error};
    if (!wish->trains && !is_given(wish, "lr")) {
        search.status = bm_search_space_add(&wish->space, "lr", "log(1e-4,1)", error);
    }
    bm_options_each(wish->trains ? wish->experiment.learner.options : bm_method_options(&wish->function.method), NULL,
                    search_row, &search);
    return search.status;
}

/* How long and how often a run is judged makes scores comparable, and seeds are the study's; only num_envs is part of
 * how it learns. */
static bm_status check_searched(const bm_tune_wish *wish, const char *name, bm_error *error) {
    const bm_experiment *experiment = &wish->experiment;
    if (wish->trains && strcmp(name, "num_envs") != 0 &&
        bm_options_find(experiment->type->run_options, experiment->run, name, NULL)) {
        return bm_invalid(error, "%s cannot be searched: it is the same for all trials of a study", name);
    }
    return !is_given(wish, name)
               ? BM_OK
               : bm_invalid(error, "%s is given by --%s and searched by --space: choose one", name, name);
}

/* Every parameter can be set to its ends, given what it rests on. */
static bm_status check_parameter(const bm_tune_wish *wish, int index, double value, bm_error *error) {
    const bm_search_space *space = &wish->space;
    char text[BM_PARAMETERS][BM_OPTION_TEXT_BYTES];
    bm_setting setting[BM_PARAMETERS];
    int count = 0;
    for (int i = index; i >= 0; i = space->parameter[i].parent) {
        double now = value;
        if (i != index) { /* a choice that its child exists with */
            int child = index;
            while (space->parameter[child].parent != i) {
                child = space->parameter[child].parent;
            }
            now = 0;
            while (!(space->parameter[child].when >> (int)now & 1)) {
                now++;
            }
        }
        bm_parameter_format(&space->parameter[i], now, text[count], sizeof text[count]);
        setting[count] = (bm_setting){space->parameter[i].name, text[count]};
        count++;
    }
    return wish->objective.check(&wish->objective, setting, count, error);
}

static bm_status check_space(const bm_tune_wish *wish, bm_error *error) {
    bm_status status =
        wish->space.count ? BM_OK : bm_invalid(error, "there is nothing to search: every parameter is given");
    for (int i = 0; i < wish->space.count && status == BM_OK; i++) {
        const bm_parameter *p = &wish->space.parameter[i];
        status = check_searched(wish, p->name, error);
        status = status == BM_OK ? check_parameter(wish, i, p->low, error) : status;
        for (int k = 1; k < p->choices && status == BM_OK; k++) {
            status = check_parameter(wish, i, k, error);
        }
        status = status == BM_OK ? check_parameter(wish, i, p->high, error) : status;
    }
    return status;
}

static bm_status read_space(bm_tune_wish *wish, bm_error *error) {
    const char *given = bm_cli_value(wish->arguments, "space");
    const char *dot = given ? strrchr(given, '.') : NULL;
    const bool file = dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
    bm_status status = !given ? default_space(wish, error)
                       : file ? bm_search_space_file(&wish->space, given, error)
                              : bm_search_space_parse(&wish->space, given, error);
    return status == BM_OK ? check_space(wish, error) : status;
}

/* ---- samplers and pruners --------------------------------------------------------------------------------------- */

/* NAME:KEY=VALUE:... over kinds. usual: what the study makes the default of an option that some kinds have; NULL:
 * nothing. */
static bm_status read_variant(const char *what, const char *text, const bm_variant_kind *kinds, const bm_setting *usual,
                              bm_variant *variant, bm_error *error) {
    const char *names[32];
    size_t count = 0;
    const size_t length = strcspn(text, ":");
    variant->kind = -1;
    for (; kinds[count].name && count < 32; count++) {
        names[count] = kinds[count].name;
        if (bm_same_name(kinds[count].name, text, length)) {
            variant->kind = (int)count;
        }
    }
    if (variant->kind < 0) {
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        return bm_invalid(error, "unknown %s %s%s", what, word,
                          bm_did_you_mean(word, names, count, " (see bellman tune --help)").text);
    }
    const bm_options *options = kinds[variant->kind].options;
    bm_options_defaults(options, variant->config);
    bm_status status = BM_OK;
    if (usual && bm_options_find(options, variant->config, usual->key, NULL)) {
        status = bm_options_set(options, variant->config, usual->key, usual->value, error);
    }
    for (const char *at = text + length; *at == ':' && status == BM_OK;) {
        char setting[256];
        at++;
        const size_t end = strcspn(at, ":");
        snprintf(setting, sizeof setting, "%.*s", (int)end, at);
        char *equals = strchr(setting, '=');
        if (!equals) {
            return bm_invalid(error, "%s wants settings as :key=value, not :%s", kinds[variant->kind].name, setting);
        }
        *equals = '\0';
        status = bm_options_set(options, variant->config, setting, equals + 1, error);
        at += end;
    }
    return status;
}

/* A grid may be as large as it likes where it is known how much of it is wanted. */
static bm_status read_sampler(bm_tune_wish *wish, bm_error *error) {
    static const bm_setting any_size = {"most_points", "0"};
    const char *given = bm_cli_value(wish->arguments, "sampler");
    return read_variant("sampler", given ? given : "tpe", bm_sampler_kinds,
                        bm_cli_has(wish->arguments, "trials") ? &any_size : NULL, &wish->setup.sampler, error);
}

/* Where nobody says when the first trials may be ended: after a sixteenth of one, so that there are two rungs before
 * the end. */
static bm_status read_pruner(bm_tune_wish *wish, bm_error *error) {
    const char *given = bm_cli_value(wish->arguments, "pruner");
    const int64_t sixteenth = wish->setup.folds * wish->objective.steps / 16;
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)(sixteenth < 1 ? 1 : sixteenth > INT_MAX ? INT_MAX : sixteenth));
    const bm_setting first_rung = {"min_resource", text};
    return read_variant("pruner", given ? given : "asha", bm_pruner_kinds, &first_rung, &wish->setup.pruner, error);
}

/* ---- the study -------------------------------------------------------------------------------------------------- */

typedef struct {
    const bm_search_space *space;
    cJSON *object;
} description;

static void describe_option(void *context, const char *key, const bm_option *row, const void *field) {
    const description *d = context;
    char name[BM_OPTION_KEY_BYTES + sizeof "optimizer."], value[BM_OPTION_TEXT_BYTES];
    if (bm_search_space_find(d->space, key) < 0) {
        snprintf(name, sizeof name, "optimizer.%s", key);
        bm_option_format(row, field, value, sizeof value);
        cJSON_AddStringToObject(d->object, name, value);
    }
}

/* The method with every setting that is not searched, given or not. */
static void describe_method(const bm_tune_wish *wish, cJSON *object) {
    static const bm_option lr = {.name = "lr", .type = BM_SCHEDULE};
    const bm_method *method = &wish->function.method;
    description d = {&wish->space, object};
    cJSON_AddStringToObject(object, "optimizer", bm_method_name(method));
    if (bm_search_space_find(&wish->space, "learning_rate") < 0) {
        describe_option(&d, lr.name, &lr, &method->lr);
    }
    bm_options_each(bm_method_options(method), method->choice.config, describe_option, &d);
}

/* What makes scores comparable. */
static char *describe(const bm_tune_wish *wish) {
    cJSON *object = wish->trains ? bm_experiment_metadata(&wish->experiment) : cJSON_CreateObject();
    cJSON_DeleteItemFromObject(object, "command");
    cJSON_DeleteItemFromObject(object, "version");
    cJSON_DeleteItemFromObject(object, "run.seed");
    if (!wish->trains) {
        const bm_tune_function *f = &wish->function;
        cJSON_AddStringToObject(object, "function", f->function->text);
        describe_method(wish, object);
        cJSON_AddNumberToObject(object, "steps", (double)f->steps);
    }
    cJSON_AddNumberToObject(object, "folds", wish->setup.folds);
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

static void name_study(bm_tune_wish *wish, const bm_arguments *arguments) {
    const char *given = bm_cli_value(arguments, "study");
    if (given) {
        snprintf(wish->name, sizeof wish->name, "%s", given);
    } else if (wish->trains) {
        snprintf(wish->name, sizeof wish->name, "%s-%s", wish->experiment.learner.name, wish->experiment.problem.name);
    } else {
        snprintf(wish->name, sizeof wish->name, "%s-%.200s", bm_method_name(&wish->function.method),
                 wish->function.function->text);
    }
}

static bm_status read_study(bm_tune_wish *wish, const bm_arguments *arguments, bm_error *error) {
    const char *storage = bm_cli_value(arguments, "storage");
    static const char url[] = "sqlite:///";
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int ranks = bm_ranks_count();
    bm_study_setup *setup = &wish->setup;
    setup->folds = (int)bm_cli_integer(arguments, "folds", 3, 1, BM_JOB_SEEDS);
    if (ranks > BM_WORKERS) {
        return bm_invalid(error, "a study has at most %d workers, and there are %d ranks", BM_WORKERS, ranks);
    }
    /* Launchers start a process for every core, and may bind it to that. */
    setup->jobs = (int)bm_cli_integer(arguments, "jobs", ranks > 1 || cores < 1 ? 1 : cores, 1, BM_WORKERS / ranks);
    setup->jobs *= ranks;
    setup->finalists = (int)bm_cli_integer(arguments, "finalists", 5, 0, BM_STUDY_FINALISTS);
    setup->validations = (int)bm_cli_integer(arguments, "validations", 5, 1, BM_JOB_SEEDS);
    setup->tests = (int)bm_cli_integer(arguments, "tests", 10, 1, BM_JOB_SEEDS);
    setup->seed = wish->trains ? (uint64_t)wish->experiment.run->seed
                               : (uint64_t)bm_cli_integer(arguments, "seed", 1, 0, 1LL << 53);
    setup->objective = &wish->objective;
    setup->space = &wish->space;
    wish->storage = storage ? storage : "tune.db";
    if (strncmp(wish->storage, url, sizeof url - 1) == 0) {
        wish->storage += sizeof url - 1;
    }
    bm_status status = read_sampler(wish, error);
    if (status == BM_OK) {
        status = read_pruner(wish, error);
    }
    bm_sampler made;
    if (status == BM_OK) {
        status = bm_sampler_create(&made, &setup->sampler, &wish->space, setup->seed, error);
    }
    if (status != BM_OK) {
        return status;
    }
    const int64_t points = bm_sampler_points(&made);
    setup->trials = bm_cli_integer(arguments, "trials", points > 0 ? points : 100, 1, 10000000);
    setup->trials = points > 0 && points < setup->trials ? points : setup->trials;
    bm_sampler_free(&made);
    name_study(wish, arguments);
    wish->description = describe(wish);
    return wish->description ? BM_OK : bm_fail(error, "not enough memory for the study");
}

bm_status bm_tune_read(bm_tune_wish *wish, const bm_arguments *arguments, bm_error *error) {
    bm_status status;
    wish->arguments = arguments;
    wish->trains = !bm_tune_is_function(arguments->positional[0]);
    if (wish->trains) {
        status = bm_words_experiment(&wish->experiment, &bm_agent_trainee_type, arguments, error);
        wish->objective = bm_tune_training(&wish->experiment);
    } else {
        status = read_function(wish, arguments, error);
    }
    if (status == BM_OK) {
        status = read_space(wish, error);
    }
    return status == BM_OK ? read_study(wish, arguments, error) : status;
}

void bm_tune_free(bm_tune_wish *wish) {
    bm_search_space_free(&wish->space);
    bm_experiment_free(&wish->experiment);
    bm_objective_destroy(wish->function.function);
    cJSON_free(wish->description);
}
