/* bellman meta LEARNER TASKS: options from preset, file and flags; one run or several side by side; a summary or JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "cli/experiment_words.h"
#include "cli/meta_eval.h"
#include "cli/meta_watch.h"
#include "cli/meta_words.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/signals.h"
#include "meta/meta_run.h"

static const bm_flag flags[] = {
    {"runs", "DIR", "where run folders go (default: runs)"},
    {"name", "NAME", "the run folder's name (default: seedS-DATE-TIME)"},
    {"config", "FILE.yaml", "options from a file, over the preset's"},
    {"no-preset", NULL, "start from the defaults, not from the tuned preset"},
    {"set", "KEY=VALUE", "set any option; may be repeated"},
    {"seeds", "K", "K runs with seeds S, S+1, ..."},
    {"jobs", "J", "of which J at a time (default: 1)"},
    {"threads", "T",
     "tasks of a batch worked on at once, in each run (default: the cores, shared by the jobs); changes no result"},
    {"resume", "RUN", "continue a run from its last checkpoint; more --meta-iterations stretch its schedules"},
    {"render", NULL, "watch it train, in a window: how it adapts to new tasks so far, and the curve of training"},
    BM_META_SHOW_FLAGS("2"),
    {"headless", NULL, "with --record: no window"},
    {"quiet", NULL, "no progress line"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {NULL, NULL, NULL},
};

/* What one of several runs is and how it ended. */
typedef struct {
    bm_meta_experiment experiment;
    char folder[BM_PATH_MAX];
    bm_meta_run *run;
    bm_meta_result result;
    bm_status status;
    bm_error error;
} training;

typedef struct {
    const bm_arguments *arguments;
    const atomic_int *stop;
    bm_display *display;
    training *jobs;
    int count, threads; /* of each run */
    bm_train_view view;
} trainings;

/* ---- results ---------------------------------------------------------------------------------------------------- */

static cJSON *add_steps(cJSON *object, const bm_int_list *steps) {
    cJSON *array = cJSON_CreateIntArray(steps->value, steps->count);
    cJSON_AddItemToObject(object, "adapt_steps", array);
    return array;
}

static void add_number(cJSON *array, double value) {
    cJSON_AddItemToArray(array, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static void add_evaluation(cJSON *object, const training *job) {
    const bm_meta_evaluation *evaluation = &job->result.evaluation;
    const bm_int_list *steps = &job->experiment.run.eval_adapt_steps;
    const char *const *name = job->experiment.tasks->score_names;
    cJSON *item = cJSON_AddObjectToObject(object, "evaluation");
    cJSON_AddNumberToObject(item, "tasks", evaluation->tasks);
    cJSON_AddNumberToObject(item, "diverged_tasks", evaluation->adaptation.diverged);
    if (evaluation->adaptation.diverged) {
        cJSON_AddNumberToObject(item, "first_diverged_task", evaluation->adaptation.first_task);
        cJSON_AddNumberToObject(item, "first_diverged_after", evaluation->adaptation.first_after);
    }
    add_steps(item, steps);
    for (int which = 0; name[which]; which++) {
        cJSON *score = cJSON_AddObjectToObject(item, name[which]);
        cJSON *mean = cJSON_AddArrayToObject(score, "mean"), *half_width = cJSON_AddArrayToObject(score, "half_width");
        for (int at = 0; at < steps->count; at++) {
            add_number(mean, evaluation->mean[at][which].mean);
            add_number(half_width, evaluation->mean[at][which].half_width);
        }
    }
}

static cJSON *job_json(const training *job) {
    const bm_meta_result *result = &job->result;
    char hash[20];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)result->hash);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "run", job->folder);
    cJSON_AddStringToObject(object, "learner", job->experiment.learner->name);
    cJSON_AddStringToObject(object, "tasks", job->experiment.tasks_name);
    cJSON_AddNumberToObject(object, "seed", job->experiment.run.seed);
    cJSON_AddNumberToObject(object, "iterations", (double)result->iterations);
    bm_cli_json_number(object, "seconds", result->seconds);
    bm_cli_json_number(object, "iterations_per_second", result->iterations_per_second);
    bm_cli_json_number(object, "loss", result->loss);
    add_evaluation(object, job);
    cJSON_AddStringToObject(object, "hash", hash);
    return object;
}

static bool ended_well(const training *job) {
    return job->status == BM_OK && !job->result.interrupted;
}

/* Mean and population standard deviation, over the runs that ended, of their mean first score after a number of steps; how many. A run
 * all of whose tasks had diverged has no such mean, and is not among them. */
static int over_runs(const trainings *batch, int at, double *mean, double *std) {
    double squares = 0;
    int count = 0;
    *mean = 0;
    for (int i = 0; i < batch->count; i++) {
        const double x = batch->jobs[i].result.evaluation.mean[at][0].mean, deviation = x - *mean;
        if (ended_well(&batch->jobs[i]) && isfinite(x)) {
            *mean += deviation / ++count;
            squares += deviation * (x - *mean);
        }
    }
    if (count == 0) {
        *mean = NAN;
    }
    *std = count ? sqrt(squares / count) : NAN;
    return count;
}

static cJSON *batch_json(const trainings *batch) {
    const bm_meta_experiment *first = &batch->jobs[0].experiment;
    cJSON *object = cJSON_CreateObject(), *runs = cJSON_AddArrayToObject(object, "runs");
    for (int i = 0; i < batch->count; i++) {
        if (ended_well(&batch->jobs[i])) {
            cJSON_AddItemToArray(runs, job_json(&batch->jobs[i]));
        }
    }
    cJSON_AddStringToObject(object, "score", first->tasks->score_names[0]);
    add_steps(object, &first->run.eval_adapt_steps);
    cJSON *means = cJSON_AddArrayToObject(object, "mean"), *deviations = cJSON_AddArrayToObject(object, "std");
    cJSON *counted = cJSON_AddArrayToObject(object, "counted_seeds");
    for (int at = 0; at < first->run.eval_adapt_steps.count; at++) {
        double mean, std;
        add_number(counted, over_runs(batch, at, &mean, &std));
        add_number(means, mean);
        add_number(deviations, std);
    }
    return object;
}

/* "0 / 1 / 5 steps" */
static void print_steps(const bm_int_list *steps) {
    for (int at = 0; at < steps->count; at++) {
        printf("%s%d", at ? " / " : "", steps->value[at]);
    }
    printf(" step%s", steps->count == 1 && steps->value[0] == 1 ? "" : "s");
}

static void print_job(const training *job) {
    const bm_meta_result *result = &job->result;
    const bm_meta_evaluation *evaluation = &result->evaluation;
    const bm_int_list *steps = &job->experiment.run.eval_adapt_steps;
    char iterations[32], speed[32];
    printf("seed %d: %s iterations in %.1f s (%s iterations/s); %s of %d new tasks after ", job->experiment.run.seed,
           bm_cli_thousands(result->iterations, iterations, sizeof iterations), result->seconds,
           bm_cli_thousands((long long)result->iterations_per_second, speed, sizeof speed),
           job->experiment.tasks->score_names[0], evaluation->tasks);
    print_steps(steps);
    for (int at = 0; at < steps->count; at++) {
        const double mean = evaluation->mean[at][0].mean;
        printf("%s%.*f", at ? " / " : ": ", bm_result_decimals(mean), mean);
    }
    const bm_adaptation_result *adaptation = &evaluation->adaptation;
    if (adaptation->diverged) {
        printf("; left out: %d that diverged, the first task %d after step %d", adaptation->diverged,
               adaptation->first_task, adaptation->first_after);
    }
    putchar('\n');
}

static void print_over_seeds(const trainings *batch) {
    const bm_int_list *steps = &batch->jobs[0].experiment.run.eval_adapt_steps;
    int ended = 0;
    for (int i = 0; i < batch->count; i++) {
        ended += ended_well(&batch->jobs[i]);
    }
    printf("%d seeds, mean ± standard deviation over seeds after ", ended);
    print_steps(steps);
    for (int at = 0; at < steps->count; at++) {
        double mean, std;
        const int counted = over_runs(batch, at, &mean, &std);
        printf("%s", at ? " / " : ": ");
        if (counted == 0) {
            printf("diverged");
            continue;
        }
        printf("%.*f ± %.*f", bm_result_decimals(mean), mean, bm_result_decimals(mean), std);
        if (counted < ended) {
            printf(" (%d of them, the others diverged)", counted);
        }
    }
    putchar('\n');
}

static void print_summary(const trainings *batch, bool several) {
    for (int i = 0; i < batch->count; i++) {
        if (ended_well(&batch->jobs[i])) {
            print_job(&batch->jobs[i]);
        }
    }
    if (several) {
        print_over_seeds(batch);
    }
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static bm_status open_run(const trainings *batch, training *job) {
    const bm_arguments *arguments = batch->arguments;
    if (bm_cli_has(arguments, "resume")) {
        return bm_meta_run_resume(&job->run, &job->experiment, batch->threads, job->folder, &job->error);
    }
    const char *runs = bm_cli_value(arguments, "runs");
    char text[256];
    const char *name = bm_words_run_name(arguments, job->experiment.run.seed, text, sizeof text);
    const bm_status status =
        bm_meta_run_create(&job->run, &job->experiment, batch->threads, runs ? runs : "runs", name, &job->error);
    if (status == BM_OK) {
        snprintf(job->folder, sizeof job->folder, "%s", bm_meta_run_folder(job->run));
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
    job->status = open_run(batch, job);
    if (job->status == BM_OK) {
        if (!bm_cli_has(batch->arguments, "quiet") && !bm_cli_has(batch->arguments, "terminal")) {
            fprintf(stderr, "run folder %s\n", job->folder);
        }
        const bm_meta_watch watch = {
            .stop = batch->stop, .visit = bm_meta_words_progress, .context = bm_display_slot(batch->display, item)};
        job->status = batch->view.wanted ? bm_meta_train_watched(job->run, &job->experiment, &watch, &batch->view,
                                                                 &job->result, &job->error)
                                         : bm_meta_run_train(job->run, &watch, &job->result, &job->error);
    }
    if (job->run && ended_well(job)) {
        job->status = keep_result(job, &job->error);
    }
    bm_meta_run_destroy(job->run);
    job->run = NULL;
    bm_display_end(batch->display, item);
}

static int finish(const trainings *batch) {
    const bool several = bm_cli_has(batch->arguments, "seeds");
    int interrupted = 0, ended = 0, code = BM_EXIT_OK;
    for (int i = 0; i < batch->count; i++) {
        const training *job = &batch->jobs[i];
        ended += ended_well(job);
        if (job->status != BM_OK) {
            code = bm_cli_report(job->status, &job->error);
        } else if (job->result.interrupted) {
            interrupted = job->result.interrupted;
            if (job->folder[0]) {
                fprintf(stderr, "interrupted and saved; continue with: bellman meta --resume %s\n", job->folder);
            }
        }
    }
    code = bm_train_view_report(&batch->view, code);
    if (ended > 0 && bm_cli_has(batch->arguments, "json")) {
        bm_cli_json_print(several ? batch_json(batch) : job_json(&batch->jobs[0]));
    } else if (ended > 0) {
        print_summary(batch, several);
    }
    return code != BM_EXIT_OK ? code : interrupted ? 128 + interrupted : BM_EXIT_OK;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static bm_status prepare_new(trainings *batch, int argc, char **argv, bm_error *error) {
    const char *name = bm_cli_value(batch->arguments, "name");
    bm_status status = name ? bm_words_check_name(name, error) : BM_OK;
    for (int i = 0; i < batch->count && status == BM_OK; i++) {
        bm_meta_experiment *experiment = &batch->jobs[i].experiment;
        status = bm_meta_words_experiment(experiment, batch->arguments, error);
        bm_words_note(experiment->command, argc, argv);
        if (status == BM_OK) {
            status = bm_words_next_seed(&experiment->run.seed, i, batch->count, error);
        }
    }
    return status;
}

static bm_status prepare(trainings *batch, int argc, char **argv, bm_error *error) {
    const char *resume = bm_cli_value(batch->arguments, "resume");
    training *first = &batch->jobs[0];
    if (!resume) {
        return prepare_new(batch, argc, argv, error);
    }
    const bm_status status = bm_cli_run_folder(resume, first->folder, sizeof first->folder, error);
    return status == BM_OK ? bm_meta_words_resumed(&first->experiment, first->folder, batch->arguments, error) : status;
}

static bm_status train_all(trainings *batch, bm_error *error) {
    const int jobs = (int)bm_cli_integer(batch->arguments, "jobs", 1, 1, 1024);
    const int at_once = jobs < batch->count ? jobs : batch->count;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const long share = cores / at_once > 1 ? cores / at_once : 1;
    batch->threads = (int)bm_cli_integer(batch->arguments, "threads", share, 1, 1024);
    batch->stop = bm_cli_catch_signals();
    batch->view.wanted = bm_meta_view_wanted(batch->arguments);
    const bm_meta_experiment *first = &batch->jobs[0].experiment;
    const bm_int_list *steps = &first->run.eval_adapt_steps;
    char title[128], score[64];
    snprintf(title, sizeof title, "%s %s", first->learner->name, first->tasks_name);
    snprintf(score, sizeof score, "%s after %d", first->tasks->score_names[0], steps->value[steps->count - 1]);
    bm_pool *pool = NULL;
    const bm_status status = batch->view.wanted ? bm_meta_view_open(&batch->view, batch->arguments, title, error)
                                                : bm_pool_create(&pool, at_once, error);
    if (status != BM_OK) {
        return status;
    }
    const bool silent = bm_cli_has(batch->arguments, "quiet") || bm_cli_has(batch->arguments, "terminal");
    batch->display = bm_display_create(title, batch->count, silent);
    bm_display_words(batch->display, "iterations", "loss", score);
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
    trainings batch = {.arguments = arguments, .count = (int)bm_cli_integer(arguments, "seeds", 1, 1, 10000)};
    batch.jobs = bm_cli_alloc((size_t)batch.count, sizeof *batch.jobs);
    bm_error error;
    bm_status status = prepare(&batch, argc, argv, &error);
    if (status == BM_OK) {
        status = train_all(&batch, &error);
    }
    const int code = status == BM_OK ? finish(&batch) : bm_cli_report(status, &error);
    for (int i = 0; i < batch.count; i++) {
        bm_meta_experiment_free(&batch.jobs[i].experiment);
    }
    free(batch.jobs);
    return code;
}

static void check_usage(const bm_arguments *arguments) {
    static const char *const fresh_only[] = {"seeds", "jobs", "config", "no-preset", "name", "runs", NULL};
    const bool resume = bm_cli_has(arguments, "resume");
    bm_meta_view_check(arguments);
    if (arguments->positionals != (resume ? 0 : 2)) {
        bm_cli_usage(resume ? "--resume RUN takes neither learner nor tasks: the run knows them"
                            : "meta wants a learner and tasks, for example: bellman meta maml sinusoid");
    }
    bm_words_check_resume(arguments, fresh_only);
}

enum { AFTER_BYTES = 8192 };

static void add_kind(char *text, const char *name, const char *summary) {
    const size_t used = strlen(text);
    snprintf(text + used, AFTER_BYTES - used, "  %-9s  %s\n", name, summary);
}

/* The end of the help: what there is to name, and examples. */
static void write_after(char *text) {
    snprintf(text, AFTER_BYTES, "Learners:\n");
    for (int i = 0; bm_learner_types[i]; i++) {
        add_kind(text, bm_learner_types[i]->name, bm_learner_types[i]->summary);
    }
    size_t used = strlen(text);
    snprintf(text + used, AFTER_BYTES - used, "\nTasks:\n");
    for (int i = 0; bm_tasks_types[i]; i++) {
        add_kind(text, bm_tasks_types[i]->name, bm_tasks_types[i]->summary);
    }
    used = strlen(text);
    snprintf(text + used, AFTER_BYTES - used, "%s",
             "\nPrecedence: defaults < preset < --config < flags. Name a learner and tasks to see their options.\n\n"
             "  bellman meta maml sinusoid\n"
             "  bellman meta maml sinusoid --help\n"
             "  bellman meta fomaml sinusoid --inner-steps 5 --shots 10 --seeds 3 --jobs 2\n"
             "  bellman meta maml GridWorld-v0 --task-range slip=0:0.3\n"
             "  bellman meta --resume RUN --meta-iterations 100000\n"
             "  bellman meta maml sinusoid --render\n"
             "  bellman meta watch RUN\n"
             "  bellman meta eval RUN\n"
             "  bellman plot RUN -o curve.svg\n");
}

static int run(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "eval") == 0) {
        return bm_meta_eval_command(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "watch") == 0) {
        return bm_meta_watch_command(argc - 1, argv + 1);
    }
    char after[AFTER_BYTES];
    bm_meta_shown shown;
    bm_error error;
    bm_command command = {
        .verb = "meta",
        .arguments = "LEARNER TASKS\n--resume RUN\neval RUN\nwatch RUN",
        .summary =
            "Meta-learning: finds parameters from which a network adapts to a new task of a family with a few gradient "
            "steps. An iteration adapts to a batch of tasks (inner loop) and moves the parameters by what that taught "
            "(outer loop). Writes a run folder, with the tuned preset for learner and tasks where there is one.",
        .examples = after,
        .flags = flags,
    };
    write_after(after);
    int code;
    const bm_status status = bm_meta_words_shown(flags, argc, argv, &shown, command.groups, &error);
    if (status == BM_OK) {
        bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
        bm_cli_parse(&command, argc, argv, arguments);
        check_usage(arguments);
        code = train(arguments, argc, argv);
        bm_cli_free(arguments);
        free(arguments);
    } else {
        code = bm_cli_report(status, &error);
    }
    bm_meta_experiment_free(&shown.experiment);
    return code;
}

const bm_verb bm_verb_meta = {"meta", "learn to adapt: MAML, Reptile and others on families of tasks", run};
