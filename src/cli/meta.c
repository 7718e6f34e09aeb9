/* bellman meta LEARNER TASKS: a meta-learner learns from a family of tasks (cli/training.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/meta_eval.h"
#include "cli/meta_watch.h"
#include "cli/result.h"
#include "cli/training.h"
#include "core/statistics.h"

static const bm_flag flags[] = {
    BM_TRAINING_FLAGS,
    {"threads", "T",
     "tasks of a batch worked on at once, in each run (default: the cores, shared by the jobs); changes no result"},
    {"render", NULL, "watch it train, in a window: how it adapts to new tasks so far, and the curve of training"},
    BM_META_SHOW_FLAGS("2"),
    {NULL, NULL, NULL},
};

/* ---- results ---------------------------------------------------------------------------------------------------- */

const char *bm_meta_score_word(const bm_experiment *experiment, char score[64]) {
    const bm_int_list *steps = &bm_meta_run_of(experiment)->eval_adapt_steps;
    snprintf(score, 64, "%s after %d", bm_meta_tasks_of(experiment)->score_names[0], steps->value[steps->count - 1]);
    return score;
}

static const cJSON *member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* NAN where it is null. */
static double number_at(const cJSON *array, int at) {
    const cJSON *item = cJSON_GetArrayItem(array, at);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const cJSON *means_of(const cJSON *result, const char *score) {
    return member(member(member(result, "evaluation"), score), "mean");
}

/* Mean and population standard deviation over the runs of their mean first score, after every number of steps; how many
 * are counted. A run all of whose tasks had diverged has no such mean, and is not among them. */
static void sum_up(cJSON *all, const bm_experiment *experiment) {
    const char *score = bm_meta_tasks_of(experiment)->score_names[0];
    const bm_int_list *steps = &bm_meta_run_of(experiment)->eval_adapt_steps;
    const cJSON *runs = member(all, "runs"), *run;
    double *x = bm_cli_alloc((size_t)cJSON_GetArraySize(runs) + 1, sizeof *x);
    cJSON_AddStringToObject(all, "score", score);
    bm_result_add_steps(all, steps);
    cJSON *means = cJSON_AddArrayToObject(all, "mean"), *deviations = cJSON_AddArrayToObject(all, "std");
    cJSON *counted = cJSON_AddArrayToObject(all, "counted_seeds");
    for (int at = 0; at < steps->count; at++) {
        size_t n = 0;
        cJSON_ArrayForEach(run, runs) {
            x[n] = number_at(means_of(run, score), at);
            n += isfinite(x[n]) != 0;
        }
        bm_result_add_number(counted, (double)n);
        bm_result_add_number(means, bm_mean(x, n));
        bm_result_add_number(deviations, bm_standard_deviation(x, n));
    }
    free(x);
}

/* "0 / 1 / 5 steps" */
static void print_steps(const cJSON *steps) {
    const int count = cJSON_GetArraySize(steps);
    for (int at = 0; at < count; at++) {
        printf("%s%.0f", at ? " / " : "", number_at(steps, at));
    }
    printf(" step%s", count == 1 && number_at(steps, 0) == 1 ? "" : "s");
}

static void print(const cJSON *result, const bm_experiment *experiment) {
    const char *score = bm_meta_tasks_of(experiment)->score_names[0];
    const cJSON *evaluation = member(result, "evaluation"), *steps = member(evaluation, "adapt_steps");
    char iterations[32], speed[32];
    printf("seed %.0f: %s iterations in %.1f s (%s iterations/s); %s of %.0f new tasks after ",
           bm_result_number(result, "seed"),
           bm_cli_thousands((long long)bm_result_number(result, "iterations"), iterations, sizeof iterations),
           bm_result_number(result, "seconds"),
           bm_cli_thousands((long long)bm_result_number(result, "iterations_per_second"), speed, sizeof speed), score,
           bm_result_number(evaluation, "tasks"));
    print_steps(steps);
    for (int at = 0; at < cJSON_GetArraySize(steps); at++) {
        const double mean = number_at(means_of(result, score), at);
        printf("%s%.*f", at ? " / " : ": ", bm_result_decimals(mean), mean);
    }
    const double diverged = bm_result_number(evaluation, "diverged_tasks");
    if (diverged > 0) {
        printf("; left out: %.0f that diverged, the first task %.0f after step %.0f", diverged,
               bm_result_number(evaluation, "first_diverged_task"),
               bm_result_number(evaluation, "first_diverged_after"));
    }
    putchar('\n');
}

static void print_sum(const cJSON *all) {
    const cJSON *steps = member(all, "adapt_steps");
    const int ended = cJSON_GetArraySize(member(all, "runs"));
    printf("%d seeds, mean ± standard deviation over seeds after ", ended);
    print_steps(steps);
    for (int at = 0; at < cJSON_GetArraySize(steps); at++) {
        const double mean = number_at(member(all, "mean"), at), std = number_at(member(all, "std"), at);
        const int counted = (int)number_at(member(all, "counted_seeds"), at);
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

/* ---- the command ------------------------------------------------------------------------------------------------ */

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

static const char *const may_change[] = {"meta_iterations", "max_seconds", "checkpoint_every", "keep", NULL};

static int run(int argc, char **argv) {
    static const bm_training_verb verb = {
        .type = &bm_meta_trainee_type,
        .arguments = "LEARNER TASKS\n--resume RUN\neval RUN\nwatch RUN",
        .summary =
            "Meta-learning: finds parameters from which a network adapts to a new task of a family with a few gradient "
            "steps. An iteration adapts to a batch of tasks (inner loop) and moves the parameters by what that taught "
            "(outer loop). Writes a run folder, with the tuned preset for learner and tasks where there is one.",
        .heading = "The outer loop:",
        .wanted = "meta wants a learner and tasks, for example: bellman meta maml sinusoid",
        .problem_word = "tasks",
        .may_change = may_change,
        .training_word = "loss",
        .threads = true,
        .picture = &bm_training_adaptation,
        .score_word = bm_meta_score_word,
        .result = bm_result_of_meta,
        .print = print,
        .sum_up = sum_up,
        .print_sum = print_sum,
    };
    if (argc > 1 && strcmp(argv[1], "eval") == 0) {
        return bm_meta_eval_command(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "watch") == 0) {
        return bm_meta_watch_command(argc - 1, argv + 1);
    }
    char after[AFTER_BYTES];
    write_after(after);
    return bm_training_run(&verb, flags, after, argc, argv);
}

const bm_verb bm_verb_meta = {"meta", "learn to adapt: MAML, Reptile and others on families of tasks", run};
