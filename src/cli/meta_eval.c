/* bellman meta eval RUN: adapts what a run has learned to new tasks, beside a random start and baselines, which it
 * trains where they are missing and keeps in the run's folder. */
#include "cli/meta_eval.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/experiment_words.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "core/io.h"

static const bm_flag flags[] = {
    {"adapt-steps", "N,N", "score after so many steps of adaptation (default: the run's eval_adapt_steps)"},
    {"tasks", "N", "new tasks to adapt to (default: the run's eval_final_tasks)"},
    {"adapt-lr", "X,X",
     "step size of the first step of adaptation, of the second, ...; the last one stays (default: the run's inner_lr)"},
    {"shots", "K", "what a task is adapted with: examples, of a class each, or episodes (default: the run's)"},
    {"seed", "S", "other tasks: those of this seed (default: those of the run's own last evaluation)"},
    {"checkpoint", "last|best|N",
     "which checkpoint of the run; N: the one of iteration N, kept by --keep (default: last)"},
    {"no-baselines", NULL, "only what the run has learned"},
    {"csv", "FILE", "a row for every method, number of steps and score; -: to standard output, in place of the table"},
    {"per-task", "FILE", "a CSV row for every method, task and number of steps; -: to standard output"},
    {"threads", "T", "tasks worked on at once (default: the cores); changes no result"},
    {"json", NULL, "one JSON object instead of the table"},
    {"quiet", NULL, "no progress of baselines that are trained"},
    {NULL, NULL, NULL},
};

enum { MOST_TASKS = 1000000, MOST_SHOTS = 100000, MOST_STEPS = 100000 };

typedef struct {
    const bm_arguments *arguments;
    const char *checkpoint;
    char folder[BM_PATH_MAX], command[BM_COMMAND_BYTES];
    bm_meta_eval_config config;
    const atomic_int *stop;
    bool offered[BM_BASELINES];
    char baseline[BM_BASELINES][BM_PATH_MAX]; /* folders */
    bm_meta_eval eval;
} evaluation;

/* ---- what was asked for ----------------------------------------------------------------------------------------- */

static bm_status read_steps(evaluation *e, bm_error *error) {
    static const char name[] = "--adapt-steps";
    static const bm_option row = {.type = BM_INT_LIST, .min = 0, .max = MOST_STEPS};
    const char *text = bm_cli_value(e->arguments, name + 2);
    if (!text) {
        return BM_OK;
    }
    const bm_status status = bm_option_parse(&row, name, text, &e->config.adapt_steps, error);
    return status == BM_OK ? bm_adaptation_check_steps(name, &e->config.adapt_steps, error) : status;
}

static bm_status read_rates(evaluation *e, bm_error *error) {
    const char *text = bm_cli_value(e->arguments, "adapt-lr");
    for (const char *at = text; at;) {
        char *end;
        const double rate = strtod(at, &end);
        if (end == at || (*end && *end != ',') || !isfinite(rate)) {
            return bm_invalid(error, "--adapt-lr=%.64s is not a list of step sizes, as 0.1,0.05", text);
        }
        if (e->config.rates == BM_META_EVAL_RATES) {
            return bm_invalid(error, "--adapt-lr=%.64s has more than %d step sizes", text, BM_META_EVAL_RATES);
        }
        e->config.rate[e->config.rates++] = rate;
        at = *end ? end + 1 : NULL;
    }
    return BM_OK;
}

static bm_status read_config(evaluation *e, bm_error *error) {
    const bm_arguments *arguments = e->arguments;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    e->config.tasks = (int)bm_cli_integer(arguments, "tasks", 0, 1, MOST_TASKS);
    e->config.shots = (int)bm_cli_integer(arguments, "shots", 0, 1, MOST_SHOTS);
    e->config.seed = bm_cli_integer(arguments, "seed", -1, 0, 1LL << 53);
    e->config.threads = (int)bm_cli_integer(arguments, "threads", cores > 0 ? cores : 1, 1, 1024);
    const bm_status status = read_steps(e, error);
    return status == BM_OK ? read_rates(e, error) : status;
}

/* ---- baselines -------------------------------------------------------------------------------------------------- */

static const char *const training_of[BM_BASELINES] = {"pre-training on all tasks", "pre-training an oracle"};

static bm_status train(const evaluation *e, bm_baseline which, bm_run *run, const bm_experiment *experiment,
                       bm_error *error) {
    const bool quiet = bm_cli_has(e->arguments, "quiet");
    char score[64];
    if (!quiet) {
        fprintf(stderr, "%s, to compare with; kept in %s\n", training_of[which], e->baseline[which]);
    }
    bm_display *display = bm_display_create(training_of[which], 1, quiet);
    bm_display_words(display, "iterations", "loss", bm_meta_score_word(experiment, score));
    const bm_run_watch watch = {.stop = e->stop, .visit = bm_display_visit, .context = bm_display_slot(display, 0)};
    bm_run_result result;
    bm_error why;
    const bm_status status = bm_run_train(run, &watch, &result, &why);
    bm_display_end(display, 0);
    bm_display_destroy(display);
    return status == BM_OK ? BM_OK
                           : bm_fail(error, "%s: %s; --no-baselines does without", training_of[which], why.text);
}

static bm_status make_baseline(evaluation *e, bm_baseline which, bm_error *error) {
    bm_experiment experiment;
    bm_run *run = NULL;
    bm_status status = bm_run_experiment(&experiment, &bm_meta_trainee_type, e->folder, "last", error);
    e->offered[which] = status == BM_OK && bm_baseline_of(which, &experiment);
    if (e->offered[which]) {
        experiment.threads = e->config.threads;
        memcpy(experiment.command, e->command, sizeof e->command);
        status = bm_baseline_folder(which, e->folder, e->baseline[which], error);
        if (status == BM_OK) {
            status = bm_baseline_length(e->folder, &experiment, error);
        }
        if (status == BM_OK) {
            status = bm_baseline_open(&run, &experiment, e->baseline[which], error);
        }
        if (status == BM_OK && run) {
            status = train(e, which, run, &experiment, error);
        }
        bm_run_destroy(run);
    }
    bm_experiment_free(&experiment);
    return status;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static bool going_on(const evaluation *e, bm_status status) {
    return status == BM_OK && !atomic_load(e->stop);
}

static bool to_output(const char *path) {
    return path && strcmp(path, "-") == 0;
}

/* Found out before baselines are trained. Devices and pipes are not opened twice: whoever reads one would take the
 * first for all. */
static bm_status check_writable(const char *path, bm_error *error) {
    struct stat file;
    if (!path || to_output(path)) {
        return BM_OK;
    }
    if (stat(path, &file) == 0 && !S_ISREG(file.st_mode) && !S_ISDIR(file.st_mode)) {
        return access(path, W_OK) == 0 ? BM_OK : bm_fail(error, "cannot write %.200s: %s", path, strerror(errno));
    }
    bm_writer *writer;
    const bm_status status = bm_writer_open(&writer, path, error);
    if (status == BM_OK) {
        bm_writer_abandon(writer);
    }
    return status;
}

static bm_status check_files(const evaluation *e, bm_error *error) {
    const bm_status status = check_writable(bm_cli_value(e->arguments, "csv"), error);
    return status == BM_OK ? check_writable(bm_cli_value(e->arguments, "per-task"), error) : status;
}

static bm_status evaluate(evaluation *e, bm_error *error) {
    const bool baselines = !bm_cli_has(e->arguments, "no-baselines");
    bm_status status = bm_meta_eval_open(&e->eval, e->folder, e->checkpoint, &e->config, error);
    if (status == BM_OK) {
        status = check_files(e, error);
    }
    for (int which = 0; which < BM_BASELINES && baselines && going_on(e, status); which++) {
        status = make_baseline(e, (bm_baseline)which, error);
    }
    if (going_on(e, status)) {
        status = bm_meta_eval_learned(&e->eval, e->stop, error);
    }
    if (baselines && going_on(e, status)) {
        status = bm_meta_eval_random_start(&e->eval, e->stop, error);
    }
    for (int which = 0; which < BM_BASELINES && going_on(e, status); which++) {
        if (e->offered[which]) {
            status = bm_meta_eval_baseline(&e->eval, (bm_baseline)which, e->baseline[which], e->stop, error);
        }
    }
    return status;
}

/* A file that cannot be written after all loses nothing else. */
static bm_status show(const evaluation *e, bm_error *error) {
    const char *csv = bm_cli_value(e->arguments, "csv"), *per_task = bm_cli_value(e->arguments, "per-task");
    bm_error ignored;
    bm_status status = csv ? bm_meta_eval_write(&e->eval, csv, error) : BM_OK;
    if (per_task) {
        const bm_status written = bm_meta_eval_write_tasks(&e->eval, per_task, status == BM_OK ? error : &ignored);
        status = status == BM_OK ? written : status;
    }
    if (bm_cli_has(e->arguments, "json")) {
        bm_cli_json_print(bm_meta_eval_json(&e->eval, e->folder, e->checkpoint));
    } else if (!to_output(csv) && !to_output(per_task)) {
        bm_meta_eval_print(&e->eval, e->folder, e->checkpoint);
    }
    return status;
}

static bm_status make(evaluation *e, bm_error *error) {
    bm_status status = read_config(e, error);
    if (status == BM_OK) {
        status = bm_cli_run_folder(e->arguments->positional[0], e->folder, sizeof e->folder, error);
    }
    if (status == BM_OK) {
        e->stop = bm_cli_catch_signals();
        status = evaluate(e, error);
        if (going_on(e, status)) {
            status = show(e, error);
        }
        bm_meta_eval_free(&e->eval);
    }
    return status;
}

static void check_usage(const bm_arguments *arguments) {
    if (arguments->positionals != 1) {
        bm_cli_usage(arguments->positionals ? "meta eval takes one run folder at a time"
                                            : "meta eval wants the folder of a run of bellman meta; bellman runs lists "
                                              "those there are");
    }
    if (to_output(bm_cli_value(arguments, "csv")) && to_output(bm_cli_value(arguments, "per-task"))) {
        bm_cli_usage("--csv - and --per-task - cannot both go to standard output");
    }
}

int bm_meta_eval_command(int argc, char **argv) {
    const bm_command command = {
        .verb = "meta eval",
        .arguments = "RUN",
        .summary =
            "How well a run of bellman meta has learned to adapt. Its parameters are adapted to new tasks, by gradient "
            "steps on a few examples or episodes of each, and scored after so many steps: the mean over tasks ± half "
            "of its 95 % interval. Beside it stand, adapted to the same tasks, the parameters that the run began with "
            "(random start), the same network trained as long on all tasks together (pre-trained), and such a network "
            "that is told which task it is (oracle), which is not adapted and says what there is to gain. The last two "
            "are "
            "trained when they are asked for first and kept in RUN/baselines.",
        .examples = "  bellman meta eval RUN\n"
                    "  bellman meta eval RUN --adapt-steps 0,1,5,10 --tasks 600\n"
                    "  bellman meta eval RUN --adapt-steps 0,1,2,3 --adapt-lr 0.1,0.05 --json\n"
                    "  bellman meta eval RUN --checkpoint best --no-baselines --csv -",
        .flags = flags,
    };
    bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
    bm_cli_parse(&command, argc, argv, arguments);
    check_usage(arguments);
    const char *checkpoint = bm_cli_value(arguments, "checkpoint");
    evaluation *e = bm_cli_alloc(1, sizeof *e);
    e->arguments = arguments;
    e->checkpoint = checkpoint ? checkpoint : "last";
    bm_words_note(e->command, argc, argv);
    bm_error error;
    const bm_status status = make(e, &error);
    const int signal = status == BM_OK && e->stop ? atomic_load(e->stop) : 0;
    if (signal) {
        fprintf(stderr, "interrupted; baselines are saved as far as they came, and the same command continues\n");
    }
    free(e);
    bm_cli_free(arguments);
    free(arguments);
    return status != BM_OK ? bm_cli_report(status, &error) : signal ? 128 + signal : BM_EXIT_OK;
}
