/* bellman sweep AGENT ENV --set KEY=A,B: trains every combination of values with several seeds, side by side, and
 * compares them. All that it knows lies in its run folders, so that the same command goes on wherever it was
 * stopped. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/experiment_words.h"
#include "cli/plot.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/signals.h"
#include "cli/sweep.h"
#include "core/pool.h"
#include "train/agent_trainee.h"

static const bm_flag flags[] = {
    {"set", "KEY=A,B,...",
     "values of an option to train with; again for another option: every combination is trained. A value with commas "
     "stands in brackets or quotes: net_arch=[64,64],[256]"},
    {"env-set", "KEY=A,B,...", "the same for an option of the environment"},
    {"seeds", "K", "train every combination with seeds S, S+1, ... (default: 3; S is --seed)"},
    {"jobs", "J", "runs at a time (default: as many as there are cores); changes no result"},
    {"runs", "DIR", "where folders go: DIR/ENV/AGENT/NAME/SETTING-seedS (default: runs)"},
    {"name", "NAME",
     "the sweep's folder (default: sweep-KEY-KEY...); runs that are there already are not trained again"},
    {"plot", "FILE", "where the curves go: .svg, .png or .html (default: sweep.svg in the sweep's folder)"},
    {"config", "FILE.yaml", "options from a file, over the preset's"},
    {"no-preset", NULL, "start from the defaults, not from the tuned preset"},
    {"quiet", NULL, "no progress line"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {NULL, NULL, NULL},
};

static const char examples[] =
    "Every --set takes part in the grid; the options above have one value for all runs, as in train. Ctrl-C saves, "
    "and the same command goes on from there; with more values or seeds it trains only what is new.\n\n"
    "  bellman sweep dqn CartPole-v1 --set learning_rate=1e-4,1e-3,1e-2 --seeds 5\n"
    "  bellman sweep dqn CartPole-v1 --set optimizer=adam,sgd --set gamma=0.9,0.99 --steps 20000\n"
    "  bellman sweep reinforce GridWorld-v0 --set net_arch=[64,64],[256] --env-set slip=0,0.2\n\n";

/* ---- running ---------------------------------------------------------------------------------------------------- */

typedef struct {
    bm_sweep *sweep;
    const atomic_int *stop;
    bm_display *display;
} training;

static bm_status begin_run(const bm_sweep *sweep, const bm_sweep_run *run, const bm_experiment *experiment,
                           const char *folder, bm_run **created, bm_error *error) {
    if (run->state == BM_SWEEP_BEGUN) {
        return bm_run_resume(created, experiment, folder, error);
    }
    char own[BM_RUN_NAME_BYTES], name[BM_PATH_MAX + BM_RUN_NAME_BYTES];
    bm_sweep_run_name(sweep, run, own, sizeof own);
    snprintf(name, sizeof name, "%s/%s", sweep->name, own);
    const bm_status status = bm_sweep_clear(folder, error);
    return status == BM_OK
               ? bm_run_create(created, experiment, &(bm_run_start){.runs = sweep->root, .name = name}, error)
               : status;
}

/* Into its file and back, so that what is told now is what the same command will tell from the file. */
static bm_status keep_result(cJSON *written, const char *folder, cJSON **kept, bm_error *error) {
    const bm_status status = bm_result_write(written, folder, error);
    cJSON_Delete(written);
    *kept = status == BM_OK ? bm_result_read(folder) : NULL;
    return status == BM_OK && !*kept ? bm_fail(error, "cannot read the result in %s", folder) : status;
}

static bm_status train(const training *all, int item, const bm_experiment *experiment, const char *folder, cJSON **kept,
                       bm_error *error) {
    bm_run *run = NULL;
    bm_run_result result;
    const bm_run_watch watch = {
        .stop = all->stop, .visit = bm_display_visit, .context = bm_display_slot(all->display, item)};
    bm_status status = begin_run(all->sweep, &all->sweep->run[item], experiment, folder, &run, error);
    if (status == BM_OK) {
        status = bm_run_train(run, &watch, &result, error);
    }
    if (status == BM_OK && !result.interrupted) {
        status = keep_result(bm_result_of_agent(run, folder, &result), folder, kept, error);
    }
    bm_run_destroy(run);
    return status;
}

static void train_run(void *context, int item) {
    const training *all = context;
    bm_sweep_run *run = &all->sweep->run[item];
    if (run->state == BM_SWEEP_ENDED || atomic_load(all->stop)) {
        return;
    }
    bm_experiment experiment;
    char folder[BM_PATH_MAX];
    bm_sweep_run_folder(all->sweep, run, folder, sizeof folder);
    bm_status status = bm_sweep_experiment(all->sweep, run, &experiment, &run->error);
    if (status == BM_OK) {
        status = train(all, item, &experiment, folder, &run->result, &run->error);
    }
    bm_experiment_free(&experiment);
    if (status != BM_OK) {
        run->state = BM_SWEEP_FAILED;
    } else if (run->result) {
        run->state = BM_SWEEP_ENDED;
    }
    if (run->state == BM_SWEEP_ENDED || run->state == BM_SWEEP_FAILED) {
        bm_display_end(all->display, item);
    }
}

static int count_runs(const bm_sweep *sweep, bm_sweep_state state) {
    int count = 0;
    for (int i = 0; i < sweep->runs; i++) {
        count += sweep->run[i].state == state;
    }
    return count;
}

static void announce(const bm_sweep *sweep) {
    const int ended = count_runs(sweep, BM_SWEEP_ENDED), begun = count_runs(sweep, BM_SWEEP_BEGUN);
    fprintf(stderr, "%d runs in %s: %d setting%s, %d seed%s each", sweep->runs, sweep->folder, sweep->settings,
            sweep->settings == 1 ? "" : "s", sweep->seeds, sweep->seeds == 1 ? "" : "s");
    if (ended + begun) {
        fprintf(stderr, "; %d ended before, %d to be continued", ended, begun);
    }
    fputc('\n', stderr);
}

/* Runs that have ended take no time any more. */
static void expect_runs(const bm_sweep *sweep, bm_display *display) {
    for (int i = 0; i < sweep->runs; i++) {
        const bm_sweep_run *run = &sweep->run[i];
        const int total = sweep->setting[run->setting].experiment.run->total;
        if (run->state == BM_SWEEP_ENDED) {
            const int64_t steps = (int64_t)bm_result_number(run->result, "steps");
            bm_display_expect(display, i, steps, steps);
        } else {
            bm_display_expect(display, i, 0, total);
        }
    }
}

static bm_status train_all(bm_sweep *sweep, bool quiet, const atomic_int *stop, bm_error *error) {
    const int left = sweep->runs - count_runs(sweep, BM_SWEEP_ENDED);
    char title[128];
    bm_pool *pool;
    const bm_status status = bm_pool_create(&pool, sweep->jobs < left ? sweep->jobs : left > 0 ? left : 1, error);
    if (status != BM_OK) {
        return status;
    }
    if (!quiet) {
        announce(sweep);
    }
    snprintf(title, sizeof title, "%s %s", sweep->setting->experiment.learner.name,
             sweep->setting->experiment.problem.name);
    training all = {sweep, stop, bm_display_create(title, sweep->runs, quiet)};
    expect_runs(sweep, all.display);
    bm_pool_run(pool, sweep->runs, train_run, &all);
    bm_display_destroy(all.display);
    bm_pool_destroy(pool);
    return BM_OK;
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static void tell_failures(const bm_sweep *sweep) {
    for (int i = 0; i < sweep->runs; i++) {
        if (sweep->run[i].state == BM_SWEEP_FAILED) {
            char name[BM_RUN_NAME_BYTES];
            bm_sweep_run_name(sweep, &sweep->run[i], name, sizeof name);
            fprintf(stderr, "bellman: %s failed: %s\n", name, sweep->run[i].error.text);
        }
    }
}

/* The best run of the best setting, to look at. */
static void tell_best(const bm_sweep *sweep, int best) {
    int chosen = -1;
    for (int i = best; i < sweep->runs; i += sweep->settings) {
        if (sweep->run[i].state == BM_SWEEP_ENDED &&
            (chosen < 0 || bm_result_number(sweep->run[i].result, "eval_return") >
                               bm_result_number(sweep->run[chosen].result, "eval_return"))) {
            chosen = i;
        }
    }
    char folder[BM_PATH_MAX];
    bm_sweep_run_folder(sweep, &sweep->run[chosen], folder, sizeof folder);
    printf("see the best play: bellman watch %s\n", folder);
}

static int report(bm_sweep *sweep, const bm_arguments *arguments, int interrupted) {
    char own[BM_PATH_MAX + 16];
    snprintf(own, sizeof own, "%s/sweep.svg", sweep->folder);
    const char *given = bm_cli_value(arguments, "plot"), *picture = given ? given : own;
    const int best = bm_sweep_score(sweep);
    bool drawn = false;
    bm_error error;
    bm_status status = best < 0 ? BM_OK : bm_sweep_plot(sweep, picture, &drawn, &error);
    if (status == BM_OK && best >= 0 && given && !drawn) {
        status = bm_fail(&error, "cannot write %s: no curves yet", given);
    }
    if (bm_cli_has(arguments, "json")) {
        bm_sweep_json(sweep, best, drawn ? picture : NULL);
    } else if (best >= 0) {
        bm_sweep_print(sweep, best);
        if (drawn) {
            printf("curves: %s\n", picture);
        } else if (status == BM_OK) {
            puts("no curves yet");
        }
        tell_best(sweep, best);
    }
    tell_failures(sweep);
    int code = count_runs(sweep, BM_SWEEP_FAILED) ? BM_EXIT_FAILED : BM_EXIT_OK;
    code = status == BM_OK ? code : bm_cli_report(status, &error);
    if (interrupted) {
        fprintf(stderr, "interrupted and saved: %d of %d runs have ended; the same command goes on\n",
                count_runs(sweep, BM_SWEEP_ENDED), sweep->runs);
    }
    return interrupted ? 128 + interrupted : code;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static int sweep_words(bm_arguments *arguments, int argc, char **argv) {
    bm_sweep *sweep = bm_cli_alloc(1, sizeof *sweep);
    const char *picture = bm_cli_value(arguments, "plot");
    bm_error error;
    int code;
    bm_status status = picture ? bm_plot_check(picture, &error) : BM_OK;
    if (status == BM_OK) {
        status = bm_sweep_read(sweep, arguments, argc, argv, &error);
    }
    const atomic_int *stop = bm_cli_catch_signals();
    if (status == BM_OK) {
        status = bm_sweep_open(sweep, &error);
    }
    if (status == BM_OK) {
        status = train_all(sweep, bm_cli_has(arguments, "quiet"), stop, &error);
    }
    code = status == BM_OK ? report(sweep, arguments, atomic_load(stop)) : bm_cli_report(status, &error);
    bm_sweep_free(sweep);
    free(sweep);
    return code;
}

static int run(int argc, char **argv) {
    bm_command command = {
        .verb = "sweep",
        .arguments = "AGENT ENV --set KEY=A,B,...",
        .summary =
            "Trains an agent with every combination of some values of its options, each with several seeds, then "
            "prints a table with a row for every combination and draws their learning curves. Name an agent here to "
            "see its options. To search instead of trying everything: bellman tune.",
        .flags = flags,
    };
    char after[12288];
    bm_error error;
    bm_words_shown shown = {0};
    const bm_status status = bm_words_show(&shown, &bm_agent_trainee_type, flags, argc, argv, &error);
    if (status != BM_OK) {
        bm_experiment_free(&shown.experiment);
        return bm_cli_report(status, &error);
    }
    bm_words_help(&shown, "The runs:", command.groups, examples, after, sizeof after);
    command.examples = after;
    bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
    bm_cli_parse(&command, argc, argv, arguments);
    if (arguments->positionals != 2) {
        bm_cli_usage("sweep wants an agent, an environment and the values to try, for example: bellman sweep dqn "
                     "CartPole-v1 --set learning_rate=1e-4,1e-3,1e-2");
    }
    const int code = sweep_words(arguments, argc, argv);
    bm_cli_free(arguments);
    free(arguments);
    bm_experiment_free(&shown.experiment);
    return code;
}

const bm_verb bm_verb_sweep = {"sweep", "train a grid of settings and compare their curves", run};
