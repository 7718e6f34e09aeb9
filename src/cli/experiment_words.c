#include "cli/experiment_words.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"

enum { MOST_AGENTS = 32 };

/* The agent and the environment named, looked for before the real parse, which needs their tables. */
static void prescan(const bm_flag *flags, int argc, char **argv, const char **agent, const char **env) {
    enum { CONFIG_BYTES = 4096 };
    bm_flag_group known[MOST_AGENTS + 2] = {{0}};
    unsigned char(*configs)[CONFIG_BYTES] = bm_cli_alloc(MOST_AGENTS + 1, CONFIG_BYTES);
    const char *words[2] = {NULL, NULL};
    known[0] = (bm_flag_group){"", &bm_run_options, configs[0]};
    for (int i = 0; bm_agent_types[i] && i < MOST_AGENTS; i++) {
        known[i + 1] = (bm_flag_group){"", &bm_agent_types[i]->options, configs[i + 1]};
    }
    for (int i = 0; known[i].options; i++) {
        bm_options_defaults(known[i].options, configs[i]);
    }
    bm_cli_positionals(flags, known, argc, argv, words, 2);
    free(configs);
    *agent = words[0];
    *env = words[1];
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

void bm_words_variants(const bm_options *options, void *config, int argc, char **argv) {
    early_words words = {options, config, argc, argv};
    bm_options_each(options, NULL, choose_variant, &words);
}

bm_status bm_words_shown(const bm_flag *flags, int argc, char **argv, bm_experiment *shown, char *heading, size_t bytes,
                         bm_error *error) {
    const char *agent, *env;
    prescan(flags, argc, argv, &agent, &env);
    if (!agent) {
        return BM_OK;
    }
    bool found = false;
    const bool env_known = env && bm_env_find(env);
    const bm_status status = bm_experiment_create(shown, agent, env_known ? env : bm_env_types[0]->id, error);
    if (status != BM_OK) {
        return status;
    }
    if (env_known && bm_experiment_preset(shown, &found, error) != BM_OK) {
        return BM_FAILED; /* a preset that its agent refuses is no fault of the caller's */
    }
    bm_words_variants(&shown->agent->options, shown->agent_config, argc, argv);
    snprintf(heading, bytes, "Hyperparameters of %s%s%s%s:", agent, found ? ", preset for " : "", found ? env : "",
             found ? "" : " (defaults)");
    return BM_OK;
}

void bm_words_help(bm_command *command, const bm_experiment *shown, const char *heading, const char *examples,
                   char *after, size_t bytes) {
    if (shown->agent) {
        command->groups[0].config = &shown->run;
        command->groups[1] = (bm_flag_group){heading, &shown->agent->options, shown->agent_config};
    }
    const size_t used = (size_t)snprintf(after, bytes, "%s", examples);
    if (shown->env) {
        bm_cli_env_help(shown->env, shown->env_config, after + used, bytes - used);
    }
    command->examples = after;
}

/* Options in two passes, so that choosing an optimizer never undoes its settings, whatever their order. */
static bm_status apply_settings(bm_experiment *experiment, const bm_arguments *arguments, bm_error *error) {
    for (int dotted = 0; dotted < 2; dotted++) {
        for (int i = 0; i < arguments->settings; i++) {
            const char *name = arguments->setting[i].name, *value = arguments->setting[i].value;
            if (!arguments->setting[i].option || (strchr(name, '.') != NULL) != dotted) {
                continue;
            }
            const bm_status status = bm_experiment_set(experiment, name, value, error);
            if (status != BM_OK) {
                return status;
            }
        }
    }
    return bm_cli_env_settings(arguments, experiment->env, experiment->env_config, error);
}

bm_status bm_words_experiment(bm_experiment *experiment, const bm_arguments *arguments, bm_error *error) {
    bm_status status = bm_experiment_create(experiment, arguments->positional[0], arguments->positional[1], error);
    bool found = false;
    if (status == BM_OK && !bm_cli_has(arguments, "no-preset")) {
        status = bm_experiment_preset(experiment, &found, error);
    }
    const char *file = bm_cli_value(arguments, "config");
    if (status == BM_OK && file) {
        status = bm_experiment_file(experiment, file, error);
    }
    return status == BM_OK ? apply_settings(experiment, arguments, error) : status;
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

const char *bm_words_run_name(const bm_arguments *arguments, int seed, char *name, size_t bytes) {
    const char *wish = bm_cli_value(arguments, "name");
    if (!wish || !bm_cli_has(arguments, "seeds")) {
        return wish;
    }
    snprintf(name, bytes, "%s-seed%d", wish, seed);
    return name;
}

bm_status bm_words_next_seed(int *seed, int i, int count, bm_error *error) {
    if (*seed > INT_MAX - i) {
        return bm_invalid(error, "seed=%d is too large for %d seeds from there", *seed, count);
    }
    *seed += i;
    return BM_OK;
}

void bm_words_check_resume(const bm_arguments *arguments, const char *const *fresh_only) {
    for (; bm_cli_has(arguments, "resume") && *fresh_only; fresh_only++) {
        if (bm_cli_has(arguments, *fresh_only)) {
            bm_cli_usage("--resume RUN continues one run as it is, without --%s", *fresh_only);
        }
    }
}
