/* What bellman meta eval found: a table, CSV, JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/meta_eval.h"
#include "cli/result.h"
#include "core/io.h"

static const bm_tasks_type *tasks_of(const bm_meta_eval *eval) {
    return eval->learned.experiment.problem.type;
}

static bm_adaptation_mean summary(const bm_meta_eval *eval, const bm_meta_eval_method *method, int at, int which) {
    return bm_adaptation_summary(method->score, eval->config.tasks, method->steps.count, at, which);
}

static int shots_of(const bm_meta_eval *eval) {
    const bm_subject *tasks = &eval->learned.experiment.problem;
    return (int)bm_options_number(tasks->options, tasks->config, "shots");
}

/* ---- a table ---------------------------------------------------------------------------------------------------- */

/* Classifiers are shown by their accuracy, which is a share. */
static bool in_percent(const bm_tasks_type *tasks) {
    return tasks->examples && tasks->examples->loss->takes_labels;
}

enum { CELL_BYTES = 64, MOST_DECIMALS = 6 };

/* So many that the half width has two digits that count. */
static int decimals_of(const bm_adaptation_mean *mean) {
    if (!(mean->half_width > 0)) {
        return bm_result_decimals(mean->mean);
    }
    const int decimals = 1 - (int)floor(log10(mean->half_width));
    return decimals < 0 ? 0 : decimals > MOST_DECIMALS ? MOST_DECIMALS : decimals;
}

static void write_cell(bm_adaptation_mean mean, double unit, char cell[CELL_BYTES]) {
    mean.mean *= unit;
    mean.half_width *= unit;
    const int decimals = decimals_of(&mean);
    if (mean.tasks == 0) {
        snprintf(cell, CELL_BYTES, "diverged");
    } else if (mean.tasks == 1) {
        snprintf(cell, CELL_BYTES, "%.*f", decimals, mean.mean);
    } else if (fabs(mean.mean) > 1e7) {
        snprintf(cell, CELL_BYTES, "%.3g ± %.2g", mean.mean, mean.half_width);
    } else {
        snprintf(cell, CELL_BYTES, "%.*f ± %.*f", decimals, mean.mean, decimals, mean.half_width);
    }
}

/* In columns of a terminal: bytes that continue a letter take none. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static int wider(int a, int b) {
    return a > b ? a : b;
}

enum { MOST_COLUMNS = BM_LIST_MAX + 1, NARROWEST = 6 };

/* Numbers of steps: those asked for and, in front of them, 0 where only a method without adaptation (the oracle) has
 * it. Returns how many. */
static int choose_columns(const bm_meta_eval *eval, int column[MOST_COLUMNS]) {
    const bm_int_list *steps = &eval->config.adapt_steps;
    bool unadapted = false;
    for (int m = 0; m < eval->methods; m++) {
        unadapted |= eval->method[m].steps.value[0] == 0;
    }
    int count = 0;
    if (unadapted && steps->value[0] > 0) {
        column[count++] = 0;
    }
    for (int at = 0; at < steps->count; at++) {
        column[count++] = steps->value[at];
    }
    return count;
}

static void fill_row(const bm_meta_eval *eval, const bm_meta_eval_method *method, const int *column, int columns,
                     char cell[MOST_COLUMNS][CELL_BYTES]) {
    const double unit = in_percent(tasks_of(eval)) ? 100 : 1;
    for (int c = 0; c < columns; c++) {
        for (int at = 0; at < method->steps.count; at++) {
            if (method->steps.value[at] == column[c]) {
                write_cell(summary(eval, method, at, 0), unit, cell[c]);
            }
        }
    }
}

static void print_rows(const bm_meta_eval *eval) {
    static const char corner[] = "steps of adaptation";
    char cell[BM_META_EVAL_METHODS][MOST_COLUMNS][CELL_BYTES] = {0};
    int column[MOST_COLUMNS], width[MOST_COLUMNS];
    const int columns = choose_columns(eval, column);
    int first = width_of(corner);
    for (int m = 0; m < eval->methods; m++) {
        first = wider(first, width_of(eval->method[m].name));
        fill_row(eval, &eval->method[m], column, columns, cell[m]);
    }
    printf("  %-*s", first, corner);
    for (int c = 0; c < columns; c++) {
        width[c] = NARROWEST;
        for (int m = 0; m < eval->methods; m++) {
            width[c] = wider(width[c], width_of(cell[m][c]));
        }
        printf("  %*d", width[c], column[c]);
    }
    for (int m = 0; m < eval->methods; m++) {
        int blank = 0; /* of cells that stay empty, if another follows */
        printf("\n  %-*s", first, eval->method[m].name);
        for (int c = 0; c < columns; c++) {
            blank += 2 + width[c] - width_of(cell[m][c]);
            if (cell[m][c][0]) {
                printf("%*s%s", blank, "", cell[m][c]);
                blank = 0;
            }
        }
    }
    putchar('\n');
}

static void print_diverged(const bm_meta_eval *eval) {
    const char *before = "\n";
    for (int m = 0; m < eval->methods; m++) {
        const bm_meta_eval_method *method = &eval->method[m];
        const bm_adaptation_result *result = &method->result;
        if (result->diverged) {
            printf("%s%d of %d tasks diverged during adaptation of %s (task %d first, after %d step%s) and %s not in "
                   "its means from there on\n",
                   before, result->diverged, eval->config.tasks, method->name, result->first_task, result->first_after,
                   result->first_after == 1 ? "" : "s", result->diverged == 1 ? "is" : "are");
            before = "";
        }
    }
}

/* Where a checkpoint is not of the run's end, the comparison is not one of equals. */
static void print_iterations(const bm_meta_eval *eval) {
    const char *before = "\n";
    for (int m = 1; m < eval->methods; m++) {
        const bm_meta_eval_method *method = &eval->method[m];
        char iterations[32];
        if (method->iterations > 0 && method->iterations != eval->method[0].iterations) {
            printf("%s%s was trained for %s iterations\n", before, method->name,
                   bm_cli_thousands(method->iterations, iterations, sizeof iterations));
            before = "";
        }
    }
}

void bm_meta_eval_print(const bm_meta_eval *eval, const char *folder, const char *checkpoint) {
    const bm_experiment *experiment = &eval->learned.experiment;
    const bm_tasks_type *tasks = experiment->problem.type;
    char iterations[32];
    printf("%s: %s on %s, checkpoint %s, trained for %s iterations\n", folder, experiment->learner.name,
           experiment->problem.name, checkpoint,
           bm_cli_thousands(eval->learned.trainee->count, iterations, sizeof iterations));
    printf("%s%s, mean of %d new tasks ± half of its 95 %% interval; shots: %d", tasks->score_names[0],
           in_percent(tasks) ? " in %" : "", eval->config.tasks, shots_of(eval));
    for (int i = 0; i < eval->config.rates; i++) {
        printf("%s%g", i ? ", " : "; step sizes: ", eval->config.rate[i]);
    }
    printf("\n\n");
    print_rows(eval);
    print_diverged(eval);
    print_iterations(eval);
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

typedef void csv_writer(const bm_meta_eval *eval, FILE *csv);

static void put_number(FILE *csv, double value) {
    if (isfinite(value)) {
        fprintf(csv, ",%.17g", value);
    } else {
        fputc(',', csv);
    }
}

static void write_rows(const bm_meta_eval *eval, FILE *csv) {
    const char *const *name = tasks_of(eval)->score_names;
    double *scratch = bm_cli_alloc((size_t)eval->config.tasks, sizeof *scratch);
    fprintf(csv, "method,adapt_steps,score,mean,half_width,std,median,tasks,diverged\n");
    for (int m = 0; m < eval->methods; m++) {
        const bm_meta_eval_method *method = &eval->method[m];
        for (int i = 0; i < method->steps.count; i++) {
            for (int which = 0; name[which]; which++) {
                const bm_adaptation_mean mean = summary(eval, method, i, which);
                fprintf(csv, "%s,%d,%s", method->key, method->steps.value[i], name[which]);
                put_number(csv, mean.mean);
                put_number(csv, mean.half_width);
                put_number(csv, mean.std);
                put_number(csv, bm_meta_eval_median(eval, method, i, which, scratch));
                fprintf(csv, ",%d,%d\n", mean.tasks, eval->config.tasks - mean.tasks);
            }
        }
    }
    free(scratch);
}

static void write_tasks(const bm_meta_eval *eval, FILE *csv) {
    const char *const *name = tasks_of(eval)->score_names;
    fprintf(csv, "method,task,adapt_steps");
    for (int which = 0; name[which]; which++) {
        fprintf(csv, ",%s", name[which]);
    }
    fputc('\n', csv);
    for (int m = 0; m < eval->methods; m++) {
        const bm_meta_eval_method *method = &eval->method[m];
        const double *score = method->score;
        for (int task = 0; task < eval->config.tasks; task++) {
            for (int at = 0; at < method->steps.count; at++, score += BM_TASK_SCORES) {
                fprintf(csv, "%s,%d,%d", method->key, task, method->steps.value[at]);
                for (int which = 0; name[which]; which++) {
                    put_number(csv, score[which]);
                }
                fputc('\n', csv);
            }
        }
    }
}

static bm_status write_csv(const bm_meta_eval *eval, csv_writer *write, const char *path, bm_error *error) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *csv = open_memstream(&text, &bytes);
    if (csv) {
        write(eval, csv);
    }
    bm_status status =
        csv && fclose(csv) == 0 ? BM_OK : bm_fail(error, "not enough memory for the rows of %.200s", path);
    if (status == BM_OK && strcmp(path, "-") == 0) {
        const bool written = fwrite(text, 1, bytes, stdout) == bytes;
        status = written ? BM_OK : bm_fail(error, "cannot write to standard output");
    } else if (status == BM_OK) {
        status = bm_write_file(path, text, bytes, error);
    }
    free(text);
    return status;
}

bm_status bm_meta_eval_write(const bm_meta_eval *eval, const char *path, bm_error *error) {
    return write_csv(eval, write_rows, path, error);
}

bm_status bm_meta_eval_write_tasks(const bm_meta_eval *eval, const char *path, bm_error *error) {
    return write_csv(eval, write_tasks, path, error);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void append(cJSON *array, double value) {
    cJSON_AddItemToArray(array, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static cJSON *add_array(cJSON *object, const char *prefix, const char *name) {
    char key[64];
    snprintf(key, sizeof key, "%s%s", prefix, name);
    return cJSON_AddArrayToObject(object, key);
}

/* The one score that every family has is called loss or return, and "interval" is its own; others have their names
 * before them. */
static void add_score(cJSON *object, const bm_meta_eval *eval, const bm_meta_eval_method *method, int which,
                      double *scratch) {
    const bm_tasks_type *tasks = tasks_of(eval);
    const bool common = !tasks->score_names[which + 1];
    const char *name = tasks->score_names[which];
    char prefix[64] = "";
    if (!common) {
        snprintf(prefix, sizeof prefix, "%s_", name);
    }
    cJSON *mean = cJSON_AddArrayToObject(object, common && tasks->examples ? "loss" : name);
    cJSON *interval = add_array(object, prefix, "interval"), *std = add_array(object, prefix, "std");
    cJSON *median = add_array(object, prefix, "median");
    for (int at = 0; at < method->steps.count; at++) {
        const bm_adaptation_mean of_tasks = summary(eval, method, at, which);
        append(mean, of_tasks.mean);
        append(interval, of_tasks.half_width);
        append(std, of_tasks.std);
        append(median, bm_meta_eval_median(eval, method, at, which, scratch));
    }
}

static void add_method(cJSON *object, const bm_meta_eval *eval, const bm_meta_eval_method *method, double *scratch) {
    const bm_adaptation_result *result = &method->result;
    cJSON_AddNumberToObject(object, "iterations", (double)method->iterations);
    cJSON_AddItemToObject(object, "adapt_steps", cJSON_CreateIntArray(method->steps.value, method->steps.count));
    for (int which = 0; tasks_of(eval)->score_names[which]; which++) {
        add_score(object, eval, method, which, scratch);
    }
    cJSON *counted = cJSON_AddArrayToObject(object, "counted_tasks");
    for (int at = 0; at < method->steps.count; at++) {
        append(counted, summary(eval, method, at, 0).tasks);
    }
    cJSON_AddNumberToObject(object, "diverged_tasks", result->diverged);
    bm_cli_json_number(object, "first_diverged_task", result->diverged ? (double)result->first_task : NAN);
    bm_cli_json_number(object, "first_diverged_after", result->diverged ? (double)result->first_after : NAN);
}

cJSON *bm_meta_eval_json(const bm_meta_eval *eval, const char *folder, const char *checkpoint) {
    const bm_experiment *experiment = &eval->learned.experiment;
    const bm_meta_eval_config *config = &eval->config;
    double *scratch = bm_cli_alloc((size_t)config->tasks, sizeof *scratch);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "run", folder);
    cJSON_AddStringToObject(object, "checkpoint", checkpoint);
    cJSON_AddStringToObject(object, "learner", experiment->learner.name);
    cJSON_AddStringToObject(object, "tasks", experiment->problem.name);
    cJSON_AddNumberToObject(object, "new_tasks", config->tasks);
    bm_cli_json_number(object, "seed", config->seed < 0 ? NAN : (double)config->seed);
    cJSON_AddNumberToObject(object, "shots", shots_of(eval));
    cJSON_AddItemToObject(object, "adapt_lr",
                          config->rates ? cJSON_CreateDoubleArray(config->rate, config->rates) : cJSON_CreateNull());
    add_method(object, eval, &eval->method[0], scratch);
    cJSON *baselines = cJSON_AddObjectToObject(object, "baselines");
    for (int m = 1; m < eval->methods; m++) {
        add_method(cJSON_AddObjectToObject(baselines, eval->method[m].key), eval, &eval->method[m], scratch);
    }
    free(scratch);
    return object;
}
