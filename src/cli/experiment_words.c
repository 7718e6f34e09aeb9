#include "cli/experiment_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"

/* ---- before the real parse -------------------------------------------------------------------------------------- */

enum { MOST_TABLES = 256 };

/* All tables whose options may turn out to be flags. */
typedef struct {
    bm_flag_group group[MOST_TABLES + 1];
    int count;
    bm_arena arena;
} known_tables;

static bm_status add_table(known_tables *known, const bm_options *options, bm_error *error) {
    if (known->count == MOST_TABLES) {
        return bm_fail(error, "more than %d tables of options", MOST_TABLES);
    }
    void *config = bm_arena_alloc(&known->arena, 1, options->config_bytes);
    if (config) {
        bm_options_defaults(options, config);
    }
    known->group[known->count++] = (bm_flag_group){"", options, config};
    return bm_arena_check(&known->arena, "the options", error);
}

static bm_status add_tables(known_tables *known, const bm_trainee_type *type, bm_error *error) {
    bm_experiment experiment;
    BM_TRY(add_table(known, type->run_options, error));
    for (int i = 0; type->learner_name(i); i++) {
        BM_TRY(type->lookup(&experiment, type->learner_name(i), type->problem_name(0), error));
        BM_TRY(add_table(known, experiment.learner.options, error));
    }
    for (int i = 0; type->problem_flags && type->problem_name(i); i++) {
        BM_TRY(type->lookup(&experiment, type->learner_name(0), type->problem_name(i), error));
        BM_TRY(add_table(known, experiment.problem.options, error));
    }
    return BM_OK;
}

/* The learner and the problem named. */
static bm_status named(const bm_trainee_type *type, const bm_flag *flags, int argc, char **argv, const char *words[2],
                       bm_error *error) {
    known_tables *known = bm_cli_alloc(1, sizeof *known);
    const bm_status status = add_tables(known, type, error);
    if (status == BM_OK) {
        bm_cli_positionals(flags, known->group, argc, argv, words, 2);
    }
    bm_arena_free(&known->arena);
    free(known);
    return status;
}

const char *bm_words_early(int argc, char **argv, const char *name) {
    for (int i = 1; i < argc; i++) {
        const size_t length = strcspn(argv[i], "=");
        if (strncmp(argv[i], "--", 2) == 0 && length > 2 && bm_same_name(name, argv[i] + 2, length - 2)) {
            return argv[i][length] ? argv[i] + length + 1 : i + 1 < argc ? argv[i + 1] : NULL;
        }
    }
    return NULL;
}

typedef struct {
    const bm_options *options;
    void *config;
    int argc;
    char **argv;
} early_words;

static void choose_variant(void *context, const char *key, const bm_option *row, const void *field) {
    (void)field;
    const early_words *words = context;
    const char *value = row->type == BM_VARIANT ? bm_words_early(words->argc, words->argv, key) : NULL;
    if (value) {
        bm_options_set(words->options, words->config, key, value, NULL); /* wrong ones are refused later */
    }
}

/* Chooses the kinds of variants that the words name, as in --optimizer sgd, so that help shows the options of these
 * kinds. */
static void choose_variants(const bm_options *options, void *config, int argc, char **argv) {
    early_words words = {options, config, argc, argv};
    bm_options_each(options, NULL, choose_variant, &words);
}

static bm_status show_resumed(bm_words_shown *shown, const bm_trainee_type *type, const char *resume, bm_error *error) {
    char folder[BM_PATH_MAX];
    BM_TRY(bm_cli_run_folder(resume, folder, sizeof folder, error));
    return bm_run_experiment(&shown->experiment, type, folder, "last", error);
}

/* What is not named is the first there is. */
static bm_status show_wanted(bm_words_shown *shown, const bm_trainee_type *type, const char *const words[2],
                             bool *preset, bm_error *error) {
    BM_TRY(bm_experiment_create(&shown->experiment, type, words[0] ? words[0] : type->learner_name(0),
                                words[1] ? words[1] : type->problem_name(0), error));
    if (words[1] && bm_experiment_preset(&shown->experiment, preset, error) != BM_OK) {
        return BM_FAILED; /* a preset that its learner refuses is no fault of the caller's */
    }
    return BM_OK;
}

bm_status bm_words_show(bm_words_shown *shown, const bm_trainee_type *type, const bm_flag *flags, int argc, char **argv,
                        bm_error *error) {
    const char *resume = bm_words_early(argc, argv, "resume"), *words[2] = {NULL, NULL};
    const bm_experiment *experiment = &shown->experiment;
    const bm_subject *learner = &experiment->learner, *problem = &experiment->problem;
    bool preset = false;
    if (resume) {
        BM_TRY(show_resumed(shown, type, resume, error));
    } else {
        BM_TRY(named(type, flags, argc, argv, words, error));
        BM_TRY(show_wanted(shown, type, words, &preset, error));
    }
    shown->learner = resume || words[0];
    shown->problem = resume || words[1];
    choose_variants(type->run_options, experiment->run, argc, argv);
    choose_variants(learner->options, learner->config, argc, argv);
    snprintf(shown->heading[0], sizeof shown->heading[0], "Options of %s%s%s:", learner->name,
             preset   ? ", preset for "
             : resume ? ", as the run has them"
                      : " (defaults)",
             preset ? words[1] : "");
    snprintf(shown->heading[1], sizeof shown->heading[1], "Options of %s:", problem->name);
    return BM_OK;
}

void bm_words_help(const bm_words_shown *shown, const char *heading, bm_flag_group *groups, const char *examples,
                   char *after, size_t bytes) {
    const bm_experiment *experiment = &shown->experiment;
    const bm_subject *learner = &experiment->learner, *problem = &experiment->problem;
    const bool flags = experiment->type->problem_flags;
    groups[0] = (bm_flag_group){heading, experiment->type->run_options, experiment->run};
    if (shown->learner) {
        groups[1] = (bm_flag_group){shown->heading[0], learner->options, learner->config};
    }
    if (shown->problem && flags) {
        groups[2] = (bm_flag_group){shown->heading[1], problem->options, problem->config};
    }
    const size_t used = (size_t)snprintf(after, bytes, "%s", examples);
    if (shown->learner && !flags) {
        bm_cli_env_help(problem->type, problem->config, after + used, bytes - used);
    }
}

/* ---- after it --------------------------------------------------------------------------------------------------- */

/* Options in two passes, so that choosing an optimizer never undoes its settings, whatever their order. */
static bm_status apply_settings(bm_experiment *experiment, const bm_arguments *arguments, bm_error *error) {
    for (int dotted = 0; dotted < 2; dotted++) {
        for (int i = 0; i < arguments->settings; i++) {
            const char *name = arguments->setting[i].name;
            if (arguments->setting[i].option && (strchr(name, '.') != NULL) == dotted) {
                BM_TRY(bm_experiment_set(experiment, name, arguments->setting[i].value, error));
            }
        }
    }
    const bm_subject *problem = &experiment->problem;
    return experiment->type->problem_flags ? BM_OK
                                           : bm_cli_env_settings(arguments, problem->type, problem->config, error);
}

bm_status bm_words_experiment(bm_experiment *experiment, const bm_trainee_type *type, const bm_arguments *arguments,
                              bm_error *error) {
    const char *file = bm_cli_value(arguments, "config"), *const *words = arguments->positional;
    bool found = false;
    BM_TRY(bm_experiment_create(experiment, type, words[0], words[1], error));
    if (!bm_cli_has(arguments, "no-preset")) {
        BM_TRY(bm_experiment_preset(experiment, &found, error));
    }
    if (file) {
        BM_TRY(bm_experiment_file(experiment, file, error));
    }
    return apply_settings(experiment, arguments, error);
}

/* "--steps, --max-seconds and --keep" */
static void list_flags(const char *const *names, char *text, size_t bytes) {
    size_t used = 0;
    for (int i = 0; names[i] && used < bytes; i++) {
        const char *between = i == 0 ? "" : names[i + 1] ? ", " : " and ";
        used += (size_t)snprintf(text + used, bytes - used, "%s--%s", between, names[i]);
    }
    for (char *c = text; *c; c++) {
        *c = *c == '_' ? '-' : *c;
    }
}

bm_status bm_words_resumed(bm_experiment *experiment, const bm_trainee_type *type, const char *folder,
                           const bm_arguments *arguments, const char *const *may_change, bm_error *error) {
    BM_TRY(bm_run_experiment(experiment, type, folder, "last", error));
    for (int i = 0; i < arguments->settings; i++) {
        const char *name = arguments->setting[i].name;
        bool fine = !arguments->setting[i].option;
        for (int k = 0; may_change[k] && !fine; k++) {
            fine = bm_same_name(may_change[k], name, strlen(name));
        }
        if (!fine) {
            char list[160];
            list_flags(may_change, list, sizeof list);
            return bm_invalid(error, "a resumed run keeps its %s; %s may change", name, list);
        }
    }
    BM_TRY(apply_settings(experiment, arguments, error));
    return bm_experiment_settle(experiment, error);
}

void bm_words_note(char command[BM_COMMAND_BYTES], int argc, char **argv) {
    size_t at = (size_t)snprintf(command, BM_COMMAND_BYTES, "bellman");
    for (int i = 0; i < argc && at < BM_COMMAND_BYTES; i++) {
        at += (size_t)snprintf(command + at, BM_COMMAND_BYTES - at, " %s", argv[i]);
    }
}

bm_status bm_words_check_name(const char *name, bm_error *error) {
    return *name && *name != '.' && !strchr(name, '/')
               ? BM_OK
               : bm_invalid(error, "name=%s must be a folder's name, without a slash or a leading dot", name);
}
