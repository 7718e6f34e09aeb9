/* bellman train AGENT ENV: options from preset, file and flags; one run or several side by side; a summary or JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "cli/experiment_words.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/show_flags.h"
#include "cli/signals.h"
#include "cli/train_watched.h"
#include "core/pool.h"
#include "train/run.h"

static const bm_flag flags[] = {
    {"runs", "DIR", "where run folders go (default: runs)"},
    {"name", "NAME", "the run folder's name (default: seedS-DATE-TIME)"},
    {"config", "FILE.yaml", "options from a file, over the preset's; RL Zoo's files are understood"},
    {"no-preset", NULL, "start from the defaults, not from the tuned preset"},
    {"set", "KEY=VALUE", "set any option; may be repeated"},
    {"env-set", "KEY=VALUE", "set an option of the environment; may be repeated"},
    {"seeds", "K", "train K runs with seeds S, S+1, ..."},
    {"jobs", "J", "of which J at a time (default: 1)"},
    {"resume", "RUN", "continue a run from its last checkpoint; more --steps stretch its schedules"},
    {"init-from", "RUN", "start from the networks' weights of another run"},
    {"changes", "FILE", "hyperparameters that change while it trains, as a run's changes.csv has them"},
    {"render", NULL, "watch it train, in a window: episodes of the policy so far, curves, hyperparameters to turn"},
    BM_SHOW_FLAGS,
    {"headless", NULL, "with --record: no window"},
    {"quiet", NULL, "no progress line"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {NULL, NULL, NULL},
};

/* What one of several runs is and how it ended. */
typedef struct {
    bm_experiment experiment;
    char folder[BM_PATH_MAX];
    bm_run *run;
    bm_run_result result;
    bm_status status;
    bm_error error;
} training;

typedef struct {
    const bm_arguments *arguments;
    const atomic_int *stop;
    bm_display *display;
    training *jobs;
    int count;
    bm_train_view view;
} trainings;

/* ---- from the command line to experiments ----------------------------------------------------------------------- */

/* A resumed run keeps what its checkpoint says. Of what may be set anew only steps changes how it goes on: schedules are shares
 * of it. */
static bm_status resumed_experiment(bm_experiment *experiment, const char *folder, const bm_arguments *arguments,
                                    bm_error *error) {
    static const char *const allowed[] = {"steps", "stop_at_return", "max_seconds", "checkpoint_every", "keep"};
    bm_status status = bm_run_experiment(folder, "last", experiment, error);
    for (int i = 0; status == BM_OK && i < arguments->settings; i++) {
        if (!arguments->setting[i].option) {
            continue;
        }
        char name[128];
        snprintf(name, sizeof name, "%s", arguments->setting[i].name);
        for (char *c = name; *c; c++) {
            *c = *c == '-' ? '_' : *c;
        }
        bool fine = false;
        for (size_t a = 0; a < sizeof allowed / sizeof allowed[0]; a++) {
            fine |= strcmp(name, allowed[a]) == 0;
        }
        status = fine ? bm_experiment_set(experiment, name, arguments->setting[i].value, error)
                      : bm_invalid(error,
                                   "a resumed run keeps its %s; --steps, --stop-at-return, --max-seconds, "
                                   "--checkpoint-every and --keep may change",
                                   name);
    }
    return status;
}

/* ---- results ---------------------------------------------------------------------------------------------------- */

static cJSON *job_json(const training *job) {
    return bm_result_json(&job->experiment, job->folder, &job->result);
}

static bool ended_well(const training *job) {
    return job->status == BM_OK && !job->result.interrupted;
}

static int ended_runs(const trainings *batch) {
    int count = 0;
    for (int i = 0; i < batch->count; i++) {
        count += ended_well(&batch->jobs[i]);
    }
    return count;
}

/* Mean and population standard deviation of the evaluation means of the runs that ended. */
static void over_runs(const trainings *batch, double *mean, double *std) {
    double squares = 0;
    int count = 0;
    *mean = 0;
    for (int i = 0; i < batch->count; i++) {
        if (ended_well(&batch->jobs[i])) {
            const double x = batch->jobs[i].result.eval.mean_return, deviation = x - *mean;
            *mean += deviation / ++count;
            squares += deviation * (x - *mean);
        }
    }
    *std = count ? sqrt(squares / count) : NAN;
}

static void print_json(const trainings *batch, bool several) {
    cJSON *object;
    if (several) {
        double mean, std;
        over_runs(batch, &mean, &std);
        object = cJSON_CreateObject();
        cJSON *runs = cJSON_AddArrayToObject(object, "runs");
        for (int i = 0; i < batch->count; i++) {
            if (ended_well(&batch->jobs[i])) {
                cJSON_AddItemToArray(runs, job_json(&batch->jobs[i]));
            }
        }
        bm_cli_json_number(object, "eval_return_mean", mean);
        bm_cli_json_number(object, "eval_return_std", std);
    } else {
        object = job_json(&batch->jobs[0]);
    }
    bm_cli_json_print(object);
}

static void print_summary(const trainings *batch, bool several) {
    for (int i = 0; i < batch->count; i++) {
        const training *job = &batch->jobs[i];
        const bm_run_result *result = &job->result;
        char steps[32], speed[32];
        if (!ended_well(job)) {
            continue;
        }
        printf("seed %d: %s steps in %.1f s (%s steps/s); last policy: %.*f ± %.*f over %d evaluation episodes\n",
               job->experiment.run.seed, bm_cli_thousands(result->steps, steps, sizeof steps), result->seconds,
               bm_cli_thousands((long long)result->steps_per_second, speed, sizeof speed),
               bm_result_decimals(result->eval.mean_return), result->eval.mean_return,
               bm_result_decimals(result->eval.mean_return), result->eval.std_return, result->eval.episodes);
    }
    if (several) {
        double mean, std;
        over_runs(batch, &mean, &std);
        printf("%d seeds: %.*f ± %.*f\n", ended_runs(batch), bm_result_decimals(mean), mean, bm_result_decimals(mean),
               std);
    }
    for (int i = batch->count - 1; i >= 0; i--) {
        if (ended_well(&batch->jobs[i])) {
            printf("see it play: bellman watch %s\n", batch->jobs[i].folder);
            break;
        }
    }
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void announce(const training *job, bool quiet) {
    if (quiet) {
        return;
    }
    const bm_replay *replay = bm_run_replay(job->run);
    fprintf(stderr, "run folder %s", job->folder);
    if (replay) {
        char count[32];
        fprintf(stderr, "; replay buffer of %s transitions, %.1f MB",
                bm_cli_thousands(replay->capacity, count, sizeof count), (double)bm_replay_bytes(replay) / 1e6);
    }
    fputc('\n', stderr);
}

static bm_status open_run(training *job, const bm_arguments *arguments) {
    const char *resume = bm_cli_value(arguments, "resume");
    if (resume) {
        return bm_run_resume(&job->run, &job->experiment, job->folder, &job->error);
    }
    const char *runs = bm_cli_value(arguments, "runs");
    char text[256];
    const char *name = bm_words_run_name(arguments, job->experiment.run.seed, text, sizeof text);
    const bm_status status =
        bm_run_create(&job->run, &job->experiment, runs ? runs : "runs", name, bm_cli_value(arguments, "init-from"),
                      bm_cli_value(arguments, "changes"), &job->error);
    if (status == BM_OK) {
        snprintf(job->folder, sizeof job->folder, "%s", bm_run_folder(job->run));
    }
    return status;
}

static bm_status keep_result(const training *job, bm_error *error) {
    cJSON *object = job_json(job);
    const bm_status status = bm_result_write(object, job->folder, error);
    cJSON_Delete(object);
    return status;
}

static void train_one(void *context, int item) {
    trainings *batch = context;
    training *job = &batch->jobs[item];
    if (atomic_load(batch->stop)) {
        job->result.interrupted = atomic_load(batch->stop);
        return;
    }
    job->status = open_run(job, batch->arguments);
    if (job->status == BM_OK) {
        announce(job, bm_cli_has(batch->arguments, "quiet") || bm_cli_has(batch->arguments, "terminal"));
        const bm_run_watch watch = {
            .stop = batch->stop,
            .visit = bm_display_visit,
            .context = bm_display_slot(batch->display, item),
        };
        job->status = batch->view.wanted ? bm_train_watched(job->run, &job->experiment, &watch, &batch->view,
                                                            &job->result, &job->error)
                                         : bm_run_train(job->run, &watch, &job->result, &job->error);
    }
    if (job->run && ended_well(job)) {
        job->status = keep_result(job, &job->error);
    }
    bm_run_destroy(job->run);
    job->run = NULL;
    bm_display_end(batch->display, item);
}

static int finish(const trainings *batch, bool several, bool json) {
    int interrupted = 0, code = BM_EXIT_OK;
    const int ended = ended_runs(batch);
    for (int i = 0; i < batch->count; i++) {
        const training *job = &batch->jobs[i];
        if (job->status != BM_OK) {
            code = bm_cli_report(job->status, &job->error);
        } else if (job->result.interrupted) {
            interrupted = job->result.interrupted;
            if (job->folder[0]) {
                fprintf(stderr, "interrupted and saved; continue with: bellman train --resume %s\n", job->folder);
            }
        }
    }
    code = bm_train_view_report(&batch->view, code);
    if (ended > 0 && json) {
        print_json(batch, several);
    } else if (ended > 0) {
        print_summary(batch, several);
    }
    return code != BM_EXIT_OK ? code : interrupted ? 128 + interrupted : BM_EXIT_OK;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* Every job's experiment, from the command line or from the run to resume. */
static bm_status prepare(trainings *batch, int argc, char **argv, bm_error *error) {
    const char *resume = bm_cli_value(batch->arguments, "resume"), *name = bm_cli_value(batch->arguments, "name");
    if (name && bm_words_check_name(name, error) != BM_OK) {
        return BM_INVALID;
    }
    for (int i = 0; i < batch->count; i++) {
        training *job = &batch->jobs[i];
        bm_status status = resume ? bm_cli_run_folder(resume, job->folder, sizeof job->folder, error) : BM_OK;
        if (status == BM_OK) {
            status = resume ? resumed_experiment(&job->experiment, job->folder, batch->arguments, error)
                            : bm_words_experiment(&job->experiment, batch->arguments, error);
        }
        if (status == BM_OK && !resume) {
            bm_words_note(job->experiment.command, argc, argv);
            status = bm_words_next_seed(&job->experiment.run.seed, i, batch->count, error);
        }
        if (status != BM_OK) {
            return status;
        }
        bm_experiment_settle(&job->experiment);
    }
    return BM_OK;
}

static bool watched(const bm_arguments *arguments) {
    return bm_cli_has(arguments, "render") || bm_cli_has(arguments, "terminal") || bm_cli_has(arguments, "headless");
}

/* Where the picture goes, before anything is trained: what cannot be shown or written is no run either. */
static bm_status open_view(trainings *batch, const char *title, bm_error *error) {
    bm_train_view *view = &batch->view;
    view->wanted = true;
    view->quiet = bm_cli_has(batch->arguments, "quiet");
    view->setup = (bm_show_setup){.title = title, .width = 1040, .height = 660};
    bm_show_read_flags(batch->arguments, &view->setup);
    bm_status status = bm_show_open_recorder(&view->setup, batch->jobs[0].experiment.env, error);
    if (status == BM_OK) {
        status = bm_show_open_stage(batch->arguments, "--terminal draws as text, --headless --record FILE only records",
                                    &view->setup, error);
    }
    if (status != BM_OK) {
        bm_train_view_close(view);
    }
    return status;
}

static bm_status train_all(trainings *batch, bm_error *error) {
    const int threads = (int)bm_cli_integer(batch->arguments, "jobs", 1, 1, 1024);
    char title[128];
    const bm_experiment *first = &batch->jobs[0].experiment;
    snprintf(title, sizeof title, "%s %s", first->agent->name, first->env->id);
    batch->stop = bm_cli_catch_signals();
    bm_pool *pool = NULL;
    const bm_status status = watched(batch->arguments)
                                 ? open_view(batch, title, error)
                                 : bm_pool_create(&pool, threads < batch->count ? threads : batch->count, error);
    if (status != BM_OK) {
        return status;
    }
    const bool silent = bm_cli_has(batch->arguments, "quiet") || bm_cli_has(batch->arguments, "terminal");
    batch->display = bm_display_create(title, batch->count, silent);
    if (batch->view.wanted) {
        train_one(batch, 0); /* a window belongs to the main thread */
        bm_train_view_close(&batch->view);
    } else {
        bm_pool_run(pool, batch->count, train_one, batch);
    }
    bm_pool_destroy(pool);
    bm_display_destroy(batch->display);
    return BM_OK;
}

static int train(const bm_arguments *arguments, int argc, char **argv) {
    const int count = (int)bm_cli_integer(arguments, "seeds", 1, 1, 10000);
    trainings batch = {.arguments = arguments, .count = count};
    batch.jobs = bm_cli_alloc((size_t)count, sizeof *batch.jobs);
    bm_error error;
    bm_status status = prepare(&batch, argc, argv, &error);
    if (status == BM_OK) {
        status = train_all(&batch, &error);
    }
    const int code = status == BM_OK ? finish(&batch, bm_cli_has(arguments, "seeds"), bm_cli_has(arguments, "json"))
                                     : bm_cli_report(status, &error);
    for (int i = 0; i < count; i++) {
        bm_experiment_free(&batch.jobs[i].experiment);
    }
    free(batch.jobs);
    return code;
}

/* What help shows and flags may set: the experiment to resume or, where an agent is named, what it would use, which is the
 * preset's values where there is one. shown->agent stays NULL where neither is named. */
static bm_status shown_experiment(bm_experiment *shown, int argc, char **argv, char *heading, size_t bytes,
                                  bm_error *error) {
    const char *resume = bm_words_early(argc, argv, "resume");
    if (resume) {
        char folder[BM_PATH_MAX];
        bm_status status = bm_cli_run_folder(resume, folder, sizeof folder, error);
        if (status == BM_OK && (status = bm_run_experiment(folder, "last", shown, error)) == BM_OK) {
            snprintf(heading, bytes, "Hyperparameters of %s, as the run has them:", shown->agent->name);
        }
        return status;
    }
    return bm_words_shown(flags, argc, argv, shown, heading, bytes, error);
}

static void check_usage(const bm_arguments *arguments) {
    static const char *const of_pictures[] = {"speed", "fps", "size", "record"};
    for (size_t i = 0; !watched(arguments) && i < sizeof of_pictures / sizeof of_pictures[0]; i++) {
        if (bm_cli_has(arguments, of_pictures[i])) {
            bm_cli_usage("--%s is about the picture: give --render, --terminal or --headless too", of_pictures[i]);
        }
    }
    if (bm_cli_has(arguments, "headless") && !bm_cli_has(arguments, "record")) {
        bm_cli_usage(
            "--headless opens no window, which is for --record FILE; without either, train shows nothing anyway");
    }
    if (watched(arguments) && bm_cli_has(arguments, "seeds")) {
        bm_cli_usage("one run can be watched at a time: --seeds trains several");
    }
    const bool resume = bm_cli_has(arguments, "resume");
    if (arguments->positionals != (resume ? 0 : 2)) {
        bm_cli_usage(resume ? "--resume RUN takes neither agent nor environment: the run knows them"
                            : "train wants an agent and an environment, for example: bellman train dqn CartPole-v1");
    }
    static const char *const fresh_only[] = {"seeds",   "jobs", "init-from", "config",  "no-preset",
                                             "env-set", "name", "runs",      "changes", NULL};
    bm_words_check_resume(arguments, fresh_only);
}

static const char examples[] =
    "Precedence: defaults < preset < --config < flags. What is marked live can be turned while it\n"
    "trains, in the window of --render; the run folder's changes.csv then replays it (--changes).\n\n"
    "  bellman train dqn CartPole-v1\n"
    "  bellman train dqn CartPole-v1 --render\n"
    "  bellman train reinforce CartPole-v1 --seeds 10 --jobs 2\n"
    "  bellman train dqn GridWorld-v0 --env-set map=maze --learning-rate lin_0.001\n\n";

static int run(int argc, char **argv) {
    bm_run_config settings;
    bm_options_defaults(&bm_run_options, &settings);
    bm_command command = {
        .verb = "train",
        .arguments = "AGENT ENV",
        .summary =
            "Trains an agent, with its tuned preset for the environment where there is one, and writes a run folder. "
            "See bellman list agents and bellman list envs; name an agent here to see its hyperparameters.",
        .flags = flags,
        .groups = {{"The run:", &bm_run_options, &settings}},
    };
    char heading[128], after[12288];
    bm_error error;
    bm_experiment shown = {0};
    int code;
    const bm_status status = shown_experiment(&shown, argc, argv, heading, sizeof heading, &error);
    if (status == BM_OK) {
        bm_words_help(&command, &shown, heading, examples, after, sizeof after);
        bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
        bm_cli_parse(&command, argc, argv, arguments);
        check_usage(arguments);
        code = train(arguments, argc, argv);
        bm_cli_free(arguments);
        free(arguments);
    } else {
        code = bm_cli_report(status, &error);
    }
    bm_experiment_free(&shown);
    return code;
}

const bm_verb bm_verb_train = {"train", "train an agent and write a run folder", run};
