/* bellman tune: a study of hyperparameters, from the words to the number that is reported. */
#include "cli/tune.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/signals.h"
#include "core/io.h"
#include "core/yaml.h"
#include "train/agent_trainee.h"
#include "tune/ranks.h"

/* clang-format off */
#define SHARED_FLAGS \
    {"trials", "N", "how many there are to be in all (default: 100; of a grid: its points)"}, \
    {"folds", "K", "seeds that every configuration is scored over (default: 3)"}, \
    {"jobs", "J", \
     "worker processes (default: as many as there are cores); under mpirun or srun: of each rank (default: 1)"}, \
    {"sampler", "NAME:KEY=VALUE...", "who chooses: tpe, cmaes, halton, random or grid (default: tpe)"}, \
    {"pruner", "NAME:KEY=VALUE...", "who ends hopeless trials early: asha, median or none (default: asha)"}, \
    {"space", "TEXT|FILE.yaml", \
     "where to search: 'learning_rate=log(1e-5,1e-2), gamma={0.95,0.99}, n_steps=int(1,10)' (default: what the " \
     "options' tables say, without those that are given)"}, \
    {"storage", "FILE.db", "SQLite file, which Optuna opens too (default: tune.db)"}, \
    {"study", "NAME", "in it (default: AGENT-ENV); the same command again continues it"}, \
    {"finalists", "N", "the best N are scored again on validation seeds; 0: the search alone (default: 5)"}, \
    {"validations", "K", "validation seeds (default: 5)"}, \
    {"tests", "K", "fresh seeds for the one that is chosen, whose mean is reported (default: 10)"}, \
    {"save-preset", "FILE.yaml", "the chosen settings, as train --config takes them"}, \
    {"report", "FILE.html", \
     "a page with pictures of the study, when it has ended or been stopped; with --show, of one as it stands"}, \
    {"show", "FILE.db", "list studies, best trials and failures, and do nothing else"}, \
    {"optimizer", "NAME", "of optim:FUNCTION (default: adam); of an agent it is one of its options"}, \
    {"lr", "X", "learning rate of optim:FUNCTION, which is then not searched"}, \
    {"config", "FILE.yaml", "options from a file, over the preset's"}, \
    {"no-preset", NULL, "start from the defaults, not from the tuned preset"}, \
    {"set", "KEY=VALUE", "set any option; what is set is not searched"}, \
    {"env-set", "KEY=VALUE", "set an option of the environment; may be repeated"}, \
    {"json", NULL, "the last line of the output is one JSON object"}, \
    {"quiet", NULL, "no live table, no summary"}
/* clang-format on */

static const bm_flag training_flags[] = {SHARED_FLAGS, {NULL, NULL, NULL}};

static const bm_flag function_flags[] = {
    SHARED_FLAGS,
    {"steps", "N", "of every evaluation (default: 200)"},
    {"seed", "N", "of the sampler (default: 1)"},
    {NULL, NULL, NULL},
};

/* ---- the preset ------------------------------------------------------------------------------------------------- */

static void write_row(void *context, const char *key, const bm_option *row, const void *field) {
    char value[BM_OPTION_TEXT_BYTES];
    bm_option_format(row, field, value, sizeof value);
    fprintf((FILE *)context, "  %s: %s\n", key, value);
}

static void write_env_row(void *context, const char *key, const bm_option *row, const void *field) {
    char value[BM_OPTION_TEXT_BYTES], quoted[4 * sizeof value + 3];
    bm_option_format(row, field, value, sizeof value);
    bm_yaml_quote(value, quoted, sizeof quoted);
    fprintf((FILE *)context, "    %s: %s\n", key, quoted);
}

/* The whole of the agent's and the environment's options, so that no preset can add to it. */
static bm_status write_preset(bm_tune_wish *wish, const bm_trial *trial, FILE *file, bm_error *error) {
    bm_experiment *experiment = &wish->experiment;
    bm_status status = BM_OK;
    for (int dotted = 0; dotted < 2; dotted++) {
        for (int i = 0; i < wish->space.count && status == BM_OK; i++) {
            const bm_parameter *p = &wish->space.parameter[i];
            char value[BM_OPTION_TEXT_BYTES];
            if (isnan(trial->param[i]) || (strchr(p->name, '.') != NULL) != dotted) {
                continue;
            }
            bm_parameter_format(p, trial->param[i], value, sizeof value);
            status = bm_experiment_set(experiment, p->name, value, error);
        }
    }
    fprintf(file, "# bellman tune, study %s, trial %lld\n%s:\n  steps: %d\n  num_envs: %d\n", wish->name,
            (long long)trial->number, experiment->problem.name, experiment->run->total,
            bm_agent_run_of(experiment)->num_envs);
    bm_options_each(experiment->learner.options, experiment->learner.config, write_row, file);
    if (experiment->problem.options->count) {
        fprintf(file, "  env:\n");
        bm_options_each(experiment->problem.options, experiment->problem.config, write_env_row, file);
    }
    return status;
}

static bm_status save_preset(bm_tune_wish *wish, const bm_study_view *view, const char *path, bm_error *error) {
    const int64_t chosen = bm_tune_chosen(view);
    char *text = NULL;
    size_t bytes = 0;
    if (chosen < 0) {
        return bm_fail(error, "nothing to save in %s: no trial is complete", path);
    }
    FILE *file = open_memstream(&text, &bytes);
    if (!file) {
        return bm_fail(error, "not enough memory for %s", path);
    }
    bm_status status = write_preset(wish, &view->trials.trial[chosen], file, error);
    if (fclose(file) != 0) {
        status = bm_fail(error, "not enough memory for %s", path);
    }
    status = status == BM_OK ? bm_write_file(path, text, bytes, error) : status;
    free(text);
    return status;
}

/* ---- the study -------------------------------------------------------------------------------------------------- */

static bm_status open_study(bm_tune_wish *wish, bm_error *error) {
    const char *const attributes[] = {"bellman:objective", wish->description, NULL};
    bm_store **store = &wish->setup.store;
    bm_arena arena = {0};
    const char *made = NULL;
    bm_status status = bm_store_open(store, wish->storage, BM_STORE_CREATE, error);
    if (status == BM_OK) {
        status = bm_store_study(*store, wish->name, &wish->space, wish->objective.maximize, attributes, error);
    }
    if (status == BM_OK) {
        status = bm_store_study_attribute(*store, "bellman:objective", &arena, &made, error);
    }
    if (status == BM_OK && made) { /* the file may have written it otherwise: compare what it says */
        cJSON *theirs = cJSON_Parse(made), *ours = cJSON_Parse(wish->description);
        if (!cJSON_Compare(theirs, ours, true)) {
            status = bm_invalid(error, "study %s in %s was made with other settings; choose another --study",
                                wish->name, wish->storage);
        }
        cJSON_Delete(theirs);
        cJSON_Delete(ours);
    }
    bm_arena_free(&arena);
    return status;
}

/* Whether what is asked for besides the study can be had, before it takes its hours. */
static bm_status check_files(const bm_tune_wish *wish, const char *preset, const char *report, bm_error *error) {
    if (preset && !wish->trains) {
        return bm_invalid(error, "--save-preset %.200s: functions have no presets", preset);
    }
    const bm_status status = preset ? bm_cli_check_folder(preset, error) : BM_OK;
    return status == BM_OK && report ? bm_tune_report_check(report, error) : status;
}

static void tell(const bm_tune_wish *wish, const bm_study_view *view, bool stopped) {
    const bool json = bm_cli_has(wish->arguments, "json");
    if (!bm_cli_has(wish->arguments, "quiet") && !json) {
        bm_tune_print(wish, view);
    }
    if (stopped) {
        fprintf(stderr, "stopped, and saved in %s; the same command continues\n", wish->storage);
    }
    if (json) {
        bm_tune_json(wish, view);
    }
}

/* The result is told first, and a file that cannot be written after all keeps no other from being written. */
static bm_status tune(bm_tune_wish *wish, const bm_arguments *arguments, const atomic_int *stop, bm_error *error) {
    bm_tune_table table = {.wish = wish, .quiet = bm_cli_has(arguments, "quiet"), .terminal = isatty(STDERR_FILENO)};
    bm_study_view *view = bm_cli_alloc(1, sizeof *view);
    const char *preset = bm_cli_value(arguments, "save-preset"), *report = bm_cli_value(arguments, "report");
    wish->setup.stop = stop;
    wish->setup.visit = bm_tune_show;
    wish->setup.context = &table;
    bm_status status = check_files(wish, preset, report, error);
    if (status == BM_OK) {
        status = open_study(wish, error);
    }
    if (status == BM_OK) {
        status = bm_study_run(&wish->setup, view, error);
        bm_tune_table_end(&table);
    }
    const bool ran = status == BM_OK;
    if (ran) {
        tell(wish, view, atomic_load(stop));
    }
    if (ran && preset && !atomic_load(stop)) {
        status = save_preset(wish, view, preset, error);
    }
    if (ran && status == BM_OK && !atomic_load(stop) && wish->setup.finalists > 0 && !view->test.seeds) {
        status = bm_fail(error, "nothing was tested: %s", view->failure[0] ? view->failure : "no trial is complete");
    }
    bm_store_close(wish->setup.store);
    free(view);
    if (ran && report) {
        bm_error second;
        const bm_status page = bm_tune_report(wish->storage, wish->name, report, status == BM_OK ? error : &second);
        status = status == BM_OK ? page : status;
    }
    return status;
}

/* Ctrl-C and what ends a whole job are for rank 0, which ends this one. */
static bm_status serve(const bm_tune_wish *wish, bm_error *error) {
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    return bm_workers_serve(&wish->objective, wish->setup.jobs, error);
}

static void check_words(const bm_arguments *arguments) {
    const bool function = arguments->positionals > 0 && bm_tune_is_function(arguments->positional[0]);
    if (arguments->positionals != (function ? 1 : 2)) {
        bm_cli_usage(
            "tune wants an agent and an environment, for example: bellman tune dqn CartPole-v1; or optim:FUNCTION");
    }
    if (!function && bm_cli_has(arguments, "lr")) {
        bm_cli_usage(
            "--lr is the learning rate of optim:FUNCTION; an agent's is an option of its own: --learning-rate X");
    }
}

/* --show reads one file, whatever else was meant by the other words. */
static void check_show_words(const bm_arguments *arguments) {
    static const char *const taken[] = {"show", "study", "report", "json", "quiet"};
    if (arguments->positionals) {
        bm_cli_usage("--show only reads a file of studies: it takes no %s", arguments->positional[0]);
    }
    for (int i = 0; i < arguments->settings; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof taken / sizeof taken[0]; k++) {
            known |= !arguments->setting[i].option && strcmp(arguments->setting[i].name, taken[k]) == 0;
        }
        if (!known) {
            bm_cli_usage("--show takes --study, --report, --json and --quiet beside it, but not --%s",
                         arguments->setting[i].name);
        }
    }
}

static int show_studies(const char *path, const bm_arguments *arguments) {
    const char *study = bm_cli_value(arguments, "study"), *report = bm_cli_value(arguments, "report");
    const bool json = bm_cli_has(arguments, "json");
    bm_error error;
    bm_status status = report ? bm_tune_report_check(report, &error) : BM_OK;
    if (status == BM_OK && report) {
        status = bm_tune_report(path, study, report, &error);
    }
    if (status != BM_OK) {
        return bm_cli_report(status, &error);
    }
    return report && !json ? BM_EXIT_OK : bm_tune_list(path, study, json);
}

static int run_rank(int argc, char **argv) {
    bool function = false;
    for (int i = 1; i < argc; i++) {
        function |= bm_tune_is_function(argv[i]);
    }
    bm_command command = {
        .verb = "tune",
        .arguments = "AGENT ENV\noptim:FUNCTION\n--show FILE.db",
        .summary =
            "Searches hyperparameters. Every configuration is trained with several seeds; the best few are trained "
            "again "
            "with validation seeds, which choose one, and that one with fresh seeds, whose mean is the result. A study "
            "stands in a SQLite file, in Optuna's schema: stop it whenever you like, the same command continues it.",
        .examples =
            "  bellman tune dqn CartPole-v1 --trials 100 --save-preset tuned.yaml\n"
            "  bellman tune dqn CartPole-v1 --space 'learning_rate=log(1e-4,1e-2)' --sampler grid --pruner none\n"
            "  bellman tune optim:rosenbrock --optimizer adam --steps 500\n"
            "  bellman tune --show tune.db\n"
            "  bellman tune --show tune.db --study dqn-CartPole-v1 --report study.html",
        .flags = function ? function_flags : training_flags,
    };
    bm_words_shown shown = {0};
    bm_method method;
    bm_error error;
    bm_status status = bm_tune_groups(command.flags, function, argc, argv, &shown, &method, command.groups, &error);
    if (status != BM_OK) {
        bm_experiment_free(&shown.experiment);
        return bm_cli_report(status, &error);
    }
    bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
    bm_cli_parse(&command, argc, argv, arguments);
    const char *show = bm_cli_value(arguments, "show");
    if (show) {
        check_show_words(arguments);
        const int code = show_studies(show, arguments);
        bm_experiment_free(&shown.experiment);
        bm_cli_free(arguments);
        free(arguments);
        return code;
    }
    check_words(arguments);
    const atomic_int *stop = bm_cli_catch_signals();
    bm_tune_wish *wish = bm_cli_alloc(1, sizeof *wish);
    status = bm_tune_read(wish, arguments, &error);
    if (status == BM_OK) {
        status = bm_ranks_own() > 0 ? serve(wish, &error) : tune(wish, arguments, stop, &error);
    }
    bm_tune_free(wish);
    free(wish);
    bm_experiment_free(&shown.experiment);
    bm_cli_free(arguments);
    free(arguments);
    const int code = status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
    return atomic_load(stop) ? 128 + atomic_load(stop) : code;
}

/* Of several ranks the first one speaks, and its exit code is the launcher's. The others look at the words after it has
 * found them good. */
static int run(int argc, char **argv) {
    bm_error error;
    const bm_status status = bm_ranks_begin(&error);
    if (bm_ranks_own() == 0) {
        return status == BM_OK ? run_rank(argc, argv) : bm_cli_report(status, &error);
    }
    if (status != BM_OK) {
        return BM_EXIT_OK;
    }
    return bm_ranks_called() ? run_rank(argc, argv) : BM_EXIT_OK;
}

const bm_verb bm_verb_tune = {"tune", "search hyperparameters: a study over seeds, in Optuna's format", run};
