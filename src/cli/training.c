/* See training.h. */
#include "cli/training.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/experiment_words.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/signals.h"
#include "core/pool.h"

/* What one of several runs is and how it ended. */
typedef struct {
    bm_experiment experiment;
    char folder[BM_PATH_MAX];
    bm_run *run;
    cJSON *result; /* NULL: it has not ended well */
    int interrupted;
    bm_status status;
    bm_error error;
} training;

typedef struct {
    const bm_training_verb *verb;
    const bm_arguments *arguments;
    const atomic_int *stop;
    bm_display *display;
    training *jobs;
    int count;
    bm_training_view view;
} trainings;

/* ---- running ---------------------------------------------------------------------------------------------------- */

static bool silent(const trainings *batch) {
    return bm_cli_has(batch->arguments, "quiet") || bm_cli_has(batch->arguments, "terminal");
}

static bm_status open_run(const trainings *batch, training *job) {
    const bm_arguments *arguments = batch->arguments;
    if (bm_cli_has(arguments, "resume")) {
        return bm_run_resume(&job->run, &job->experiment, job->folder, &job->error);
    }
    const char *runs = bm_cli_value(arguments, "runs"), *name = bm_cli_value(arguments, "name");
    char own[256]; /* one of several runs has its seed in its name */
    if (name && bm_cli_has(arguments, "seeds")) {
        snprintf(own, sizeof own, "%s-seed%d", name, job->experiment.run->seed);
        name = own;
    }
    const bm_run_start start = {
        .runs = runs ? runs : "runs",
        .name = name,
        .init_from = bm_cli_value(arguments, "init-from"),
        .changes = bm_cli_value(arguments, "changes"),
    };
    BM_TRY(bm_run_create(&job->run, &job->experiment, &start, &job->error));
    snprintf(job->folder, sizeof job->folder, "%s", bm_run_folder(job->run));
    return BM_OK;
}

static bm_status train(trainings *batch, training *job, void *slot) {
    BM_TRY(open_run(batch, job));
    if (!silent(batch)) {
        fprintf(stderr, "run folder %s", job->folder);
        if (batch->verb->announce) {
            batch->verb->announce(job->run);
        }
        fputc('\n', stderr);
    }
    const bm_run_watch watch = {.stop = batch->stop, .visit = bm_display_visit, .context = slot};
    bm_run_result result = {0};
    BM_TRY(batch->view.picture ? bm_training_view_train(&batch->view, job->run, &watch, &result, &job->error)
                               : bm_run_train(job->run, &watch, &result, &job->error));
    job->interrupted = result.interrupted;
    if (result.interrupted) {
        return BM_OK;
    }
    cJSON *object = batch->verb->result(job->run, job->folder, &result);
    const bm_status status = bm_result_write(object, job->folder, &job->error);
    if (status == BM_OK) {
        job->result = object;
    } else {
        cJSON_Delete(object);
    }
    return status;
}

static void train_one(void *context, int item) {
    trainings *batch = context;
    training *job = &batch->jobs[item];
    job->interrupted = atomic_load(batch->stop);
    if (!job->interrupted) {
        job->status = train(batch, job, bm_display_slot(batch->display, item));
        bm_run_destroy(job->run);
        job->run = NULL;
        bm_display_end(batch->display, item);
    }
}

static bm_status train_all(trainings *batch, bm_error *error) {
    const bm_training_verb *verb = batch->verb;
    const int jobs = (int)bm_cli_integer(batch->arguments, "jobs", 1, 1, 1024);
    const int at_once = jobs < batch->count ? jobs : batch->count;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN), share = cores / at_once > 1 ? cores / at_once : 1;
    for (int i = 0; i < batch->count; i++) {
        batch->jobs[i].experiment.threads =
            verb->threads ? (int)bm_cli_integer(batch->arguments, "threads", share, 1, 1024) : 1;
    }
    const bm_experiment *first = &batch->jobs[0].experiment;
    char title[128], score[64];
    bm_pool *pool = NULL;
    snprintf(title, sizeof title, "%s %s", first->learner.name, first->problem.name);
    batch->stop = bm_cli_catch_signals();
    BM_TRY(bm_training_view_wanted(batch->arguments)
               ? bm_training_view_open(&batch->view, verb->picture, batch->arguments, first, title, error)
               : bm_pool_create(&pool, at_once, error));
    batch->display = bm_display_create(title, batch->count, silent(batch));
    bm_display_words(batch->display, verb->type->unit, verb->training_word, verb->score_word(first, score));
    if (batch->view.picture) {
        train_one(batch, 0); /* a window belongs to the main thread */
        bm_training_view_close(&batch->view);
    } else {
        bm_pool_run(pool, batch->count, train_one, batch);
    }
    bm_pool_destroy(pool);
    bm_display_destroy(batch->display);
    return BM_OK;
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

/* Takes the results over. */
static void tell(const trainings *batch) {
    const bm_training_verb *verb = batch->verb;
    const bm_experiment *first = &batch->jobs[0].experiment;
    const bool several = bm_cli_has(batch->arguments, "seeds"), json = bm_cli_has(batch->arguments, "json");
    cJSON *all = cJSON_CreateObject(), *runs = cJSON_AddArrayToObject(all, "runs"), *run;
    for (int i = 0; i < batch->count; i++) {
        if (batch->jobs[i].result) {
            cJSON_AddItemToArray(runs, batch->jobs[i].result);
        }
    }
    if (several) {
        verb->sum_up(all, first);
    }
    if (json) {
        bm_cli_json_print(several ? all : cJSON_DetachItemFromArray(runs, 0));
        if (several) {
            return; /* printing has freed it */
        }
    } else {
        cJSON_ArrayForEach(run, runs) {
            verb->print(run, first);
        }
        if (several) {
            verb->print_sum(all);
        }
        const cJSON *last = cJSON_GetArrayItem(runs, cJSON_GetArraySize(runs) - 1);
        if (verb->afterwards) {
            printf("%s %s\n", verb->afterwards, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(last, "run")));
        }
    }
    cJSON_Delete(all);
}

static int finish(const trainings *batch) {
    int interrupted = 0, code = BM_EXIT_OK, ended = 0;
    for (int i = 0; i < batch->count; i++) {
        const training *job = &batch->jobs[i];
        ended += job->result != NULL;
        if (job->status != BM_OK) {
            code = bm_cli_report(job->status, &job->error);
        } else if (job->interrupted) {
            interrupted = job->interrupted;
            if (job->folder[0]) {
                fprintf(stderr, "interrupted and saved; continue with: bellman %s --resume %s\n",
                        batch->verb->type->verb, job->folder);
            }
        }
    }
    code = bm_training_view_report(&batch->view, code);
    if (ended > 0) {
        tell(batch);
    }
    return code != BM_EXIT_OK ? code : interrupted ? 128 + interrupted : BM_EXIT_OK;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static bm_status prepare_new(const trainings *batch, bm_experiment *experiment, int i, bm_error *error) {
    const char *name = bm_cli_value(batch->arguments, "name");
    if (name) {
        BM_TRY(bm_words_check_name(name, error));
    }
    BM_TRY(bm_words_experiment(experiment, batch->verb->type, batch->arguments, error));
    if (experiment->run->seed > INT_MAX - i) {
        return bm_invalid(error, "seed=%d is too large for %d seeds from there", experiment->run->seed, batch->count);
    }
    experiment->run->seed += i;
    return bm_experiment_settle(experiment, error);
}

/* Every job's experiment, from the command line or from the run to resume. */
static bm_status prepare(trainings *batch, int argc, char **argv, bm_error *error) {
    const bm_training_verb *verb = batch->verb;
    const char *resume = bm_cli_value(batch->arguments, "resume");
    if (resume) {
        training *job = &batch->jobs[0];
        BM_TRY(bm_cli_run_folder(resume, job->folder, sizeof job->folder, error));
        return bm_words_resumed(&job->experiment, verb->type, job->folder, batch->arguments, verb->may_change, error);
    }
    for (int i = 0; i < batch->count; i++) {
        BM_TRY(prepare_new(batch, &batch->jobs[i].experiment, i, error));
        bm_words_note(batch->jobs[i].experiment.command, argc, argv);
    }
    return BM_OK;
}

static int train_words(const bm_training_verb *verb, const bm_arguments *arguments, int argc, char **argv) {
    const int count = (int)bm_cli_integer(arguments, "seeds", 1, 1, 10000);
    trainings batch = {.verb = verb, .arguments = arguments, .count = count};
    bm_error error;
    batch.jobs = bm_cli_alloc((size_t)count, sizeof *batch.jobs);
    bm_status status = prepare(&batch, argc, argv, &error);
    if (status == BM_OK) {
        status = train_all(&batch, &error);
    }
    const int code = status == BM_OK ? finish(&batch) : bm_cli_report(status, &error);
    for (int i = 0; i < count; i++) {
        bm_experiment_free(&batch.jobs[i].experiment);
    }
    free(batch.jobs);
    return code;
}

static void check_usage(const bm_training_verb *verb, const bm_arguments *arguments) {
    static const char *const fresh_only[] = {"seeds",   "jobs", "init-from", "config", "no-preset",
                                             "env-set", "name", "runs",      "changes"};
    const bool resume = bm_cli_has(arguments, "resume");
    bm_training_view_check(arguments, verb->type->verb);
    if (resume && arguments->positionals) {
        bm_cli_usage("--resume RUN takes neither %s nor %s: the run knows them", verb->type->learner_word,
                     verb->problem_word);
    }
    if (!resume && arguments->positionals != 2) {
        bm_cli_usage("%s", verb->wanted);
    }
    for (size_t i = 0; resume && i < sizeof fresh_only / sizeof fresh_only[0]; i++) {
        if (bm_cli_has(arguments, fresh_only[i])) {
            bm_cli_usage("--resume RUN continues one run as it is, without --%s", fresh_only[i]);
        }
    }
}

int bm_training_run(const bm_training_verb *verb, const bm_flag *flags, const char *examples, int argc, char **argv) {
    bm_command command = {
        .verb = verb->type->verb, .arguments = verb->arguments, .summary = verb->summary, .flags = flags};
    char after[12288];
    bm_error error;
    bm_words_shown shown = {0};
    bm_status status = bm_words_show(&shown, verb->type, flags, argc, argv, &error);
    int code;
    if (status == BM_OK) {
        bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
        bm_words_help(&shown, verb->heading, command.groups, examples, after, sizeof after);
        command.examples = after;
        bm_cli_parse(&command, argc, argv, arguments);
        check_usage(verb, arguments);
        code = train_words(verb, arguments, argc, argv);
        bm_cli_free(arguments);
        free(arguments);
    } else {
        code = bm_cli_report(status, &error);
    }
    bm_experiment_free(&shown.experiment);
    return code;
}
