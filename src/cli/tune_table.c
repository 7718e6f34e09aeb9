/* How a study stands, and what came of it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/tune.h"

enum { RUNNING_SHOWN = 8, TIME_BYTES = 32 };

static const char *duration(double seconds, char text[TIME_BYTES]) {
    const long s = lround(fmax(0, fmin(seconds, 1e9)));
    if (s < 3600) {
        snprintf(text, TIME_BYTES, "%ld:%02ld", s / 60, s % 60);
    } else {
        snprintf(text, TIME_BYTES, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    }
    return text;
}

/* Of the search alone: what is left, at the pace since this process began, that of other processes on the study among
 * it. */
static double time_left(const bm_study_view *view) {
    const int64_t ended = view->complete + view->pruned + view->failed;
    double begun = 0; /* shares of those that run */
    for (int i = 0; i < view->running; i++) {
        begun += view->steps > 0 ? fmin(1, (double)view->run[i].step / (double)view->steps) : 0;
    }
    const double made = (double)(ended - view->ended_before) + begun;
    return made > 0 ? fmax(0, (double)(view->wanted - ended) - begun) * view->seconds / made : NAN;
}

int64_t bm_tune_chosen(const bm_study_view *view) {
    const bm_trial *best = bm_trials_best(&view->trials);
    return view->test.number >= 0 ? view->test.number : best ? best->number : -1;
}

/* In quotes where a shell would read more than a word. */
static void print_word(FILE *file, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,:/=";
    const bool quoted = !*word || strspn(word, plain) != strlen(word);
    fputs(quoted ? "'" : "", file);
    for (; *word; word++) {
        if (*word == '\'') {
            fputs("'\\'", file);
        }
        fputc(*word, file);
    }
    fputs(quoted ? "'" : "", file);
}

void bm_tune_print_flags(FILE *file, const bm_search_space *space, const bm_trial *trial) {
    for (int i = 0; i < space->count; i++) {
        char text[BM_OPTION_TEXT_BYTES], name[BM_OPTION_KEY_BYTES];
        if (isnan(trial->param[i])) {
            continue;
        }
        bm_parameter_format(&space->parameter[i], trial->param[i], text, sizeof text);
        snprintf(name, sizeof name, "%s", space->parameter[i].name);
        for (char *c = name; *c && *c != '.'; c++) {
            *c = *c == '_' ? '-' : *c;
        }
        fprintf(file, " --%s ", name);
        print_word(file, text);
    }
}

/* ---- while it runs ---------------------------------------------------------------------------------------------- */

static const char *phase_words(const bm_study_view *view) {
    static const char *const words[] = {[BM_STUDY_SEARCHES] = "searching",
                                        [BM_STUDY_VALIDATES] = "validating the best",
                                        [BM_STUDY_TESTS] = "testing the chosen one",
                                        [BM_STUDY_ENDED] = "done"};
    return words[view->phase];
}

static void print_state(FILE *file, const bm_tune_wish *wish, const bm_study_view *view) {
    char left[TIME_BYTES] = "";
    const int64_t ended = view->complete + view->pruned + view->failed;
    fprintf(file,
            "%s: %s, %" PRId64 " of %" PRId64 " trials (%" PRId64 " complete, %" PRId64 " pruned, %" PRId64 " failed)",
            wish->name, phase_words(view), ended, view->wanted, view->complete, view->pruned, view->failed);
    const double seconds = time_left(view);
    if (view->phase == BM_STUDY_SEARCHES && isfinite(seconds)) {
        fprintf(file, ", %s left", duration(seconds, left));
    }
    if (view->phase == BM_STUDY_SEARCHES && view->elsewhere > 0) {
        fprintf(file, ", %d in other processes", view->elsewhere);
    }
}

static void print_best(FILE *file, const bm_tune_wish *wish, const bm_study_view *view) {
    const bm_trial *best = bm_trials_best(&view->trials);
    if (best) {
        fprintf(file, "best so far: %.6g, trial %" PRId64 ":", best->value, best->number);
        bm_tune_print_flags(file, &wish->space, best);
    }
}

/* For a glance: the numbers are rounded. */
static void print_glance(FILE *file, const bm_tune_wish *wish, const bm_trial *best) {
    fprintf(file, "best so far: %.6g, trial %" PRId64 ":", best->value, best->number);
    for (int i = 0; i < wish->space.count; i++) {
        const bm_parameter *p = &wish->space.parameter[i];
        char text[BM_OPTION_TEXT_BYTES];
        if (isnan(best->param[i])) {
            continue;
        }
        if (p->kind == BM_PARAMETER_FLOAT) {
            snprintf(text, sizeof text, "%.4g", best->param[i]);
        } else {
            bm_parameter_format(p, best->param[i], text, sizeof text);
        }
        fprintf(file, " %s=%s", p->name, text);
    }
    fputc('\n', file);
}

static void print_table(FILE *file, const bm_tune_wish *wish, const bm_study_view *view) {
    const bm_trial *best = bm_trials_best(&view->trials);
    print_state(file, wish, view);
    fputc('\n', file);
    if (best) {
        print_glance(file, wish, best);
    }
    for (int i = 0; i < view->running && i < RUNNING_SHOWN; i++) {
        const bm_study_running *run = &view->run[i];
        const double share = view->steps > 0 ? 100 * (double)run->step / (double)view->steps : 0;
        fprintf(file, "  trial %-5" PRId64 " %3.0f %%", run->number, fmin(share, 100));
        if (!isnan(run->value)) {
            fprintf(file, "  %.6g", run->value);
        }
        fputc('\n', file);
    }
}

/* How many bytes of a line go into so many columns, up to a space where there is one. */
static size_t fitting(const char *line, size_t bytes, int columns) {
    const size_t indent = strspn(line, " ");
    size_t space = 0, at = 0;
    for (int column = 0; at < bytes; at++) {
        if (((unsigned char)line[at] & 0xc0) == 0x80) {
            continue; /* inside a character */
        }
        space = line[at] == ' ' && at > indent ? at : space;
        if (column++ == columns) {
            return space ? space : at;
        }
    }
    return bytes;
}

/* Lines that are broken where the terminal ends, as many as it has room for, so that all of them can be drawn over; how
 * many. */
static int put_folded(const char *text) {
    struct winsize size;
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_row > 1;
    const int columns = known ? size.ws_col - 1 : 79, rows = known ? size.ws_row - 1 : 23;
    int lines = 0;
    for (; *text && lines < rows; lines++) {
        const size_t line = strcspn(text, "\n"), bytes = fitting(text, line, columns);
        fprintf(stderr, "%.*s\033[K\n", (int)bytes, text);
        text += bytes < line ? bytes + strspn(text + bytes, " ") : line + 1;
    }
    return lines;
}

static void draw(bm_tune_table *table, const bm_study_view *view) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    if (!file) {
        return;
    }
    print_table(file, table->wish, view);
    if (fclose(file) == 0) {
        if (table->lines) {
            fprintf(stderr, "\033[%dA", table->lines);
        }
        table->lines = put_folded(text);
        fputs("\033[J", stderr);
        fflush(stderr);
    }
    free(text);
}

void bm_tune_show(void *context, const bm_study_view *view) {
    bm_tune_table *table = context;
    const int64_t ended = view->complete + view->pruned + view->failed;
    if (table->quiet) {
        return;
    }
    if (table->terminal) {
        draw(table, view);
        return;
    }
    const int64_t tenth = 10 * ended / (view->wanted > 0 ? view->wanted : 1) + (int64_t)view->phase * 100;
    if (tenth != table->told) {
        table->told = tenth;
        print_state(stderr, table->wish, view);
        fputc('\n', stderr);
    }
}

void bm_tune_table_end(bm_tune_table *table) {
    if (table->terminal && table->lines) {
        fprintf(stderr, "\033[%dA\033[J", table->lines);
        table->lines = 0;
    }
}

/* ---- afterwards ------------------------------------------------------------------------------------------------- */

static void print_finalists(const bm_tune_wish *wish, const bm_study_view *view) {
    printf("\n  trial        search    validation (%d seeds)\n", wish->setup.validations);
    for (int i = 0; i < view->finalists; i++) {
        const bm_study_score *score = &view->finalist[i];
        const bm_trial *trial = bm_trials_find(&view->trials, score->number);
        printf("  %-8" PRId64 " %10.6g", score->number, trial ? trial->value : NAN);
        if (score->seeds) {
            printf("    %.6g ± %.3g%s\n", score->mean, score->std,
                   score->number == view->test.number ? "   chosen" : "");
        } else {
            puts("    -");
        }
    }
}

/* What was settled on the command line, which the printed one repeats. */
static void print_given(const bm_arguments *arguments) {
    static const char *const kept[] = {"no-preset", "config", "env-set", "lr"}; /* flags; the last is optim's */
    for (int i = 0; i < arguments->settings; i++) {
        const char *name = arguments->setting[i].name, *value = arguments->setting[i].value;
        bool wanted = arguments->setting[i].option && strcmp(name, "steps") != 0 && strcmp(name, "seed") != 0;
        for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++) {
            wanted |= !arguments->setting[i].option && strcmp(name, kept[k]) == 0;
        }
        if (wanted && strcmp(name, "no-preset") == 0) {
            printf(" --no-preset");
        } else if (wanted) {
            printf(" --%s ", name);
            print_word(stdout, value);
        }
    }
}

static void print_command(const bm_tune_wish *wish, const bm_trial *trial) {
    if (wish->trains) {
        printf("\nbellman train %s %s --steps %d", wish->experiment.learner.name, wish->experiment.problem.name,
               wish->experiment.run->total);
    } else {
        printf("\nbellman optim '%s' --optimizer %s --steps %" PRId64, wish->function.function->text,
               bm_method_name(&wish->function.method), wish->function.steps);
    }
    print_given(wish->arguments);
    bm_tune_print_flags(stdout, &wish->space, trial);
    putchar('\n');
}

void bm_tune_print(const bm_tune_wish *wish, const bm_study_view *view) {
    char time[TIME_BYTES];
    print_state(stdout, wish, view);
    printf(" in %s\n", duration(view->seconds, time));
    print_best(stdout, wish, view);
    putchar('\n');
    if (view->finalists) {
        print_finalists(wish, view);
    }
    if (view->test.seeds) {
        printf("\ntrial %" PRId64 " on %d fresh seeds, which had no part in choosing it: %.6g ± %.3g\n",
               view->test.number, view->test.seeds, view->test.mean, view->test.std);
    }
    if (view->failure[0] && view->test.seeds) { /* without a test it is an error, told as such */
        printf("\n%s\n", view->failure);
    }
    const bm_trial *chosen = bm_trials_find(&view->trials, bm_tune_chosen(view));
    if (chosen) {
        print_command(wish, chosen);
    }
}

cJSON *bm_tune_params_json(const bm_search_space *space, const bm_trial *trial) {
    cJSON *object = cJSON_CreateObject();
    for (int i = 0; trial && i < space->count; i++) {
        const bm_parameter *p = &space->parameter[i];
        char text[BM_OPTION_TEXT_BYTES];
        if (isnan(trial->param[i])) {
            continue;
        }
        if (p->kind == BM_PARAMETER_CATEGORICAL) {
            bm_parameter_format(p, trial->param[i], text, sizeof text);
            cJSON_AddStringToObject(object, p->name, text);
        } else {
            cJSON_AddNumberToObject(object, p->name, trial->param[i]);
        }
    }
    return object;
}

static cJSON *score_json(const bm_study_score *score) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "trial", (double)score->number);
    cJSON_AddNumberToObject(object, "seeds", score->seeds);
    bm_cli_json_number(object, "mean", score->mean);
    bm_cli_json_number(object, "std", score->std);
    return object;
}

void bm_tune_json(const bm_tune_wish *wish, const bm_study_view *view) {
    const bm_trial *best = bm_trials_best(&view->trials);
    const int64_t chosen = bm_tune_chosen(view);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "study", wish->name);
    cJSON_AddStringToObject(object, "storage", wish->storage);
    cJSON_AddNumberToObject(object, "trials", view->trials.count);
    cJSON_AddNumberToObject(object, "complete", (double)view->complete);
    cJSON_AddNumberToObject(object, "pruned", (double)view->pruned);
    cJSON_AddNumberToObject(object, "failed", (double)view->failed);
    bm_cli_json_number(object, "best_value", best ? best->value : NAN);
    cJSON_AddItemToObject(object, "best_params", bm_tune_params_json(&wish->space, best));
    cJSON *finalists = cJSON_AddArrayToObject(object, "validation");
    for (int i = 0; i < view->finalists; i++) {
        cJSON_AddItemToArray(finalists, score_json(&view->finalist[i]));
    }
    if (view->test.seeds) {
        cJSON_AddItemToObject(object, "test", score_json(&view->test));
    } else {
        cJSON_AddNullToObject(object, "test");
    }
    cJSON_AddItemToObject(object, "chosen_params",
                          bm_tune_params_json(&wish->space, bm_trials_find(&view->trials, chosen)));
    cJSON_AddNumberToObject(object, "steps", (double)view->steps_made);
    cJSON_AddNumberToObject(object, "seconds", view->seconds);
    bm_cli_json_print(object);
}
