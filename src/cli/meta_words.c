#include "cli/meta_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/experiment_words.h"
#include "cli/progress.h"
#include "core/suggest.h"

/* ---- before the real parse -------------------------------------------------------------------------------------- */

enum { MOST_TABLES = 64 };

static bm_status add_table(bm_flag_group *known, int *count, const bm_options *options, bm_arena *arena,
                           bm_error *error) {
    if (*count == MOST_TABLES) {
        return bm_fail(error, "more than %d tables of options", MOST_TABLES);
    }
    void *config = bm_arena_alloc(arena, 1, options->config_bytes);
    if (config) {
        bm_options_defaults(options, config);
    }
    known[(*count)++] = (bm_flag_group){"", options, config};
    return bm_arena_check(arena, "the options", error);
}

/* The learner and the tasks named, looked for before the real parse, which needs their tables. */
static bm_status named(const bm_flag *flags, int argc, char **argv, const char *words[2], bm_error *error) {
    bm_flag_group known[MOST_TABLES + 1] = {{0}};
    bm_arena arena = {0};
    int count = 0;
    bm_status status = add_table(known, &count, &bm_meta_options, &arena, error);
    for (int i = 0; bm_learner_types[i] && status == BM_OK; i++) {
        status = add_table(known, &count, &bm_learner_types[i]->options, &arena, error);
    }
    for (int i = 0; bm_tasks_types[i] && status == BM_OK; i++) {
        status = add_table(known, &count, &bm_tasks_types[i]->options, &arena, error);
    }
    if (status == BM_OK) {
        bm_cli_positionals(flags, known, argc, argv, words, 2);
    }
    bm_arena_free(&arena);
    return status;
}

static bm_status resumed(const char *resume, bm_meta_shown *shown, bm_error *error) {
    char folder[BM_PATH_MAX];
    const bm_status status = bm_cli_run_folder(resume, folder, sizeof folder, error);
    return status == BM_OK ? bm_meta_run_experiment(folder, "last", &shown->experiment, error) : status;
}

/* Without tasks the learner's options are shown all the same. */
static bm_status wanted(const char *const words[2], bm_meta_shown *shown, bool *preset, bm_error *error) {
    const bm_status status =
        bm_meta_experiment_create(&shown->experiment, words[0], words[1] ? words[1] : bm_tasks_types[0]->name, error);
    if (status == BM_OK && words[1] && bm_meta_experiment_preset(&shown->experiment, preset, error) != BM_OK) {
        return BM_FAILED; /* a preset that its learner refuses is no fault of the caller's */
    }
    return status;
}

bm_status bm_meta_words_shown(const bm_flag *flags, int argc, char **argv, bm_meta_shown *shown, bm_flag_group *groups,
                              bm_error *error) {
    const char *resume = bm_words_early(argc, argv, "resume"), *words[2] = {NULL, NULL};
    bool preset = false;
    memset(shown, 0, sizeof *shown);
    bm_options_defaults(&bm_meta_options, &shown->defaults);
    bm_status status = resume ? resumed(resume, shown, error) : named(flags, argc, argv, words, error);
    if (status == BM_OK && words[0]) {
        status = wanted(words, shown, &preset, error);
    }
    if (status != BM_OK) {
        return status;
    }
    bm_meta_experiment *experiment = &shown->experiment;
    bm_meta_config *config = experiment->learner ? &experiment->run : &shown->defaults;
    bm_words_variants(&bm_meta_options, config, argc, argv);
    groups[0] = (bm_flag_group){"The outer loop:", &bm_meta_options, config};
    if (experiment->learner) {
        snprintf(shown->heading[0], BM_META_HEADING, "Inner loop of %s%s%s%s:", experiment->learner->name,
                 preset ? ", preset for " : "", preset ? words[1] : "", resume ? ", as the run has it" : "");
        snprintf(shown->heading[1], BM_META_HEADING, "Tasks %s:", experiment->tasks_name);
        groups[1] = (bm_flag_group){shown->heading[0], &experiment->learner->options, experiment->learner_config};
    }
    if (words[1] || resume) {
        groups[2] = (bm_flag_group){shown->heading[1], &experiment->tasks->options, experiment->tasks_config};
    }
    return BM_OK;
}

/* ---- after it --------------------------------------------------------------------------------------------------- */

/* Options in two passes, so that choosing an optimizer never undoes its settings, whatever their order. */
static bm_status apply_settings(bm_meta_experiment *experiment, const bm_arguments *arguments, bm_error *error) {
    bm_status status = BM_OK;
    for (int dotted = 0; dotted < 2; dotted++) {
        for (int i = 0; i < arguments->settings && status == BM_OK; i++) {
            const char *name = arguments->setting[i].name;
            if (arguments->setting[i].option && (strchr(name, '.') != NULL) == dotted) {
                status = bm_meta_experiment_set(experiment, name, arguments->setting[i].value, error);
            }
        }
    }
    return status;
}

bm_status bm_meta_words_experiment(bm_meta_experiment *experiment, const bm_arguments *arguments, bm_error *error) {
    bm_status status = bm_meta_experiment_create(experiment, arguments->positional[0], arguments->positional[1], error);
    const char *file = bm_cli_value(arguments, "config");
    bool found = false;
    if (status == BM_OK && !bm_cli_has(arguments, "no-preset")) {
        status = bm_meta_experiment_preset(experiment, &found, error);
    }
    if (status == BM_OK && file) {
        status = bm_meta_experiment_file(experiment, file, error);
    }
    if (status == BM_OK) {
        status = apply_settings(experiment, arguments, error);
    }
    return status == BM_OK ? bm_meta_experiment_settle(experiment, error) : status;
}

/* A resumed run keeps what its checkpoint says. Of what may be set anew only meta_iterations changes how it goes on: schedules are
 * shares of it. */
bm_status bm_meta_words_resumed(bm_meta_experiment *experiment, const char *folder, const bm_arguments *arguments,
                                bm_error *error) {
    static const char *const allowed[] = {"meta_iterations", "max_seconds", "checkpoint_every", "keep"};
    bm_status status = bm_meta_run_experiment(folder, "last", experiment, error);
    for (int i = 0; i < arguments->settings && status == BM_OK; i++) {
        const char *name = arguments->setting[i].name;
        bool fine = !arguments->setting[i].option;
        for (size_t a = 0; a < sizeof allowed / sizeof allowed[0]; a++) {
            fine |= bm_same_name(allowed[a], name, strlen(name));
        }
        if (!fine) {
            status = bm_invalid(error,
                                "a resumed run keeps its %s; --meta-iterations, --max-seconds, --checkpoint-every "
                                "and --keep may change",
                                name);
        }
    }
    if (status == BM_OK) {
        status = apply_settings(experiment, arguments, error);
    }
    return status == BM_OK ? bm_meta_experiment_settle(experiment, error) : status;
}

void bm_meta_words_progress(void *slot, const bm_meta_progress *progress) {
    const bm_progress shown = {
        .step = progress->iteration,
        .total = progress->total,
        .seconds = progress->seconds,
        .steps_per_second = progress->iterations_per_second,
        .train_return = progress->loss,
        .eval_return = progress->score,
    };
    bm_display_visit(slot, &shown);
}
