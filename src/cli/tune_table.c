/* How a study stands, and what came of it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* Of the search alone: what is left at the pace so far. */
static double time_left(const bm_study_view *view) {
    const int64_t ended = view->complete + view->pruned + view->failed;
    double made = (double)view->steps_made;
    for (int i = 0; i < view->running; i++) {
        made += (double)view->run[i].step;
    }
    /* a trial that is pruned takes less: the mean of those that ended here */
    const double mean = ended > 0 && view->steps_made > 0 ? fmin(1, made / (double)(ended * view->steps)) : 1;
    const double left = (double)(view->wanted - ended) * mean * (double)view->steps;
    return made > 0 && view->seconds > 0 ? left * view->seconds / made : NAN;
}

int64_t bm_tune_chosen(const bm_study_view *view) {
    const bm_trial *best = bm_trials_best(&view->trials);
    return view->test.seeds ? view->test.number : best ? best->number : -1;
}

void bm_tune_print_flags(FILE *file, const bm_tune_wish *wish, const bm_trial *trial) {
    for (int i = 0; i < wish->space.count; i++) {
        char text[BM_OPTION_TEXT_BYTES], name[BM_OPTION_KEY_BYTES];
        if (isnan(trial->param[i])) {
            continue;
        }
        bm_parameter_format(&wish->space.parameter[i], trial->param[i], text, sizeof text);
        snprintf(name, sizeof name, "%s", wish->space.parameter[i].name);
        for (char *c = name; *c && *c != '.'; c++) {
            *c = *c == '_' ? '-' : *c;
        }
        fprintf(file, strpbrk(text, " []{}") ? " --%s '%s'" : " --%s %s", name, text);
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
}

static void print_best(FILE *file, const bm_tune_wish *wish, const bm_study_view *view) {
    const bm_trial *best = bm_trials_best(&view->trials);
    if (best) {
        fprintf(file, "best so far: %.6g, trial %" PRId64 ":", best->value, best->number);
        bm_tune_print_flags(file, wish, best);
    }
}

/* One screen line, cut where the terminal ends by its own wrapping off. */
static void draw(const bm_tune_table *table, const bm_study_view *view, int *lines) {
    const bm_tune_wish *wish = table->wish;
    fputs("\033[?7l", stderr); /* lines do not wrap */
    print_state(stderr, wish, view);
    fputs("\033[K\n", stderr);
    print_best(stderr, wish, view);
    fputs("\033[K\n", stderr);
    *lines = 2;
    for (int i = 0; i < view->running && i < RUNNING_SHOWN; i++, (*lines)++) {
        const bm_study_running *run = &view->run[i];
        const double share = view->steps > 0 ? 100 * (double)run->step / (double)view->steps : 0;
        fprintf(stderr, "  trial %-5" PRId64 " %3.0f %%", run->number, fmin(share, 100));
        if (!isnan(run->value)) {
            fprintf(stderr, "  %.6g", run->value);
        }
        fputs("\033[K\n", stderr);
    }
    fputs("\033[J\033[?7h", stderr);
}

void bm_tune_show(void *context, const bm_study_view *view) {
    bm_tune_table *table = context;
    const int64_t ended = view->complete + view->pruned + view->failed;
    if (table->quiet) {
        return;
    }
    if (table->terminal) {
        if (table->lines) {
            fprintf(stderr, "\033[%dA", table->lines);
        }
        draw(table, view, &table->lines);
        fflush(stderr);
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
        printf("  %-8" PRId64 " %10.6g", score->number, view->trials.trial[score->number].value);
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
            printf(strpbrk(value, " []{}") ? " --%s '%s'" : " --%s %s", name, value);
        }
    }
}

static void print_command(const bm_tune_wish *wish, const bm_trial *trial) {
    if (wish->trains) {
        printf("\nbellman train %s %s --steps %d", wish->experiment.agent->name, wish->experiment.env->id,
               wish->experiment.run.steps);
    } else {
        printf("\nbellman optim '%s' --optimizer %s --steps %" PRId64, wish->function.function->text,
               bm_method_name(&wish->function.method), wish->function.steps);
    }
    print_given(wish->arguments);
    bm_tune_print_flags(stdout, wish, trial);
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
        printf("\ntrial %" PRId64 " on %d fresh seeds, which nothing else used: %.6g ± %.3g\n", view->test.number,
               view->test.seeds, view->test.mean, view->test.std);
    }
    const int64_t chosen = bm_tune_chosen(view);
    if (chosen >= 0) {
        print_command(wish, &view->trials.trial[chosen]);
    }
}

static cJSON *params_json(const bm_tune_wish *wish, const bm_trial *trial) {
    cJSON *object = cJSON_CreateObject();
    for (int i = 0; trial && i < wish->space.count; i++) {
        const bm_parameter *p = &wish->space.parameter[i];
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
    cJSON_AddItemToObject(object, "best_params", params_json(wish, best));
    cJSON *finalists = cJSON_AddArrayToObject(object, "validation");
    for (int i = 0; i < view->finalists; i++) {
        cJSON_AddItemToArray(finalists, score_json(&view->finalist[i]));
    }
    if (view->test.seeds) {
        cJSON_AddItemToObject(object, "test", score_json(&view->test));
    } else {
        cJSON_AddNullToObject(object, "test");
    }
    cJSON_AddItemToObject(object, "chosen_params", params_json(wish, chosen >= 0 ? &view->trials.trial[chosen] : NULL));
    cJSON_AddNumberToObject(object, "steps", (double)view->steps_made);
    cJSON_AddNumberToObject(object, "seconds", view->seconds);
    bm_cli_json_print(object);
}

/* ---- --show ----------------------------------------------------------------------------------------------------- */

static bm_status show_study(bm_store *store, const char *name, bm_error *error) {
    bm_search_space space = {0};
    bm_trials trials;
    bool maximize;
    bm_status status = bm_store_load(store, name, &space, &maximize, error);
    if (status == BM_OK) {
        status = bm_store_trials(store, &trials, error);
    }
    bm_arena arena = {0};
    const bm_trial *best = status == BM_OK ? bm_trials_best(&trials) : NULL;
    if (best) {
        const bm_tune_wish wish = {.space = space};
        printf("  best: %.6g, trial %" PRId64 ":", best->value, best->number);
        bm_tune_print_flags(stdout, &wish, best);
        putchar('\n');
    }
    for (int i = 0; status == BM_OK && i < trials.count; i++) {
        const char *text = NULL;
        if (trials.trial[i].state == BM_TRIAL_FAIL &&
            bm_store_read_attribute(store, trials.trial[i].number, "bellman:error", &arena, &text, error) == BM_OK) {
            printf("  trial %" PRId64 " failed: %s\n", trials.trial[i].number, text ? text : "nothing is known of it");
        }
    }
    bm_arena_free(&arena);
    bm_search_space_free(&space);
    return status;
}

int bm_tune_list(const char *path, const char *study) {
    static const char url[] = "sqlite:///";
    path += strncmp(path, url, sizeof url - 1) == 0 ? sizeof url - 1 : 0;
    bm_store *store;
    bm_arena arena = {0};
    bm_store_summary *list = NULL;
    int count = 0;
    bm_error error;
    bool found = false;
    bm_status status = bm_store_open(&store, path, BM_STORE_READ, &error);
    if (status == BM_OK) {
        status = bm_store_studies(store, &arena, &list, &count, &error);
    }
    for (int i = 0; i < count && status == BM_OK; i++) {
        const bm_store_summary *s = &list[i];
        if (study && strcmp(study, s->name) != 0) {
            continue;
        }
        found = true;
        printf("%s (%s): %" PRId64 " trials, %" PRId64 " complete, %" PRId64 " pruned, %" PRId64 " failed, %" PRId64
               " running\n",
               s->name, s->maximize ? "maximize" : "minimize", s->trials, s->complete, s->pruned, s->failed,
               s->running);
        status = show_study(store, s->name, &error);
    }
    if (status == BM_OK && !found) {
        status = study ? bm_invalid(&error, "there is no study %.200s in %.200s", study, path)
                       : bm_invalid(&error, "there is no study in %.200s yet", path);
    }
    bm_store_close(store);
    bm_arena_free(&arena);
    return status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
}
