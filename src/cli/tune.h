#ifndef BM_CLI_TUNE_H
#define BM_CLI_TUNE_H

/* bellman tune, from words to a study: tune.c runs it, tune_words.c reads what is wanted, tune_table.c shows how it
 * stands and what came of it, tune_show.c what a file holds. */
#include <stdio.h>

#include "cli/experiment_words.h"
#include "tune/study.h"

enum { BM_TUNE_NAME = 256 };

/* Everything a study needs, as the words say. Starts as {0}; free it either way. */
typedef struct {
    const bm_arguments *arguments;
    bm_experiment experiment;  /* of a study that trains */
    bm_tune_function function; /* of one on a function: optim:NAME */
    bool trains;
    bm_tune_objective objective;
    bm_search_space space;
    char name[BM_TUNE_NAME];
    const char *storage;
    char *description; /* what must be the same where a study goes on: JSON text; cJSON_free it */
    bm_study_setup setup;
} bm_tune_wish;

bm_status bm_tune_read(bm_tune_wish *wish, const bm_arguments *arguments, bm_error *error);
void bm_tune_free(bm_tune_wish *wish);
/* The tables of what the words name, for flags and help. */
bool bm_tune_is_function(const char *word); /* optim:NAME */
bm_status bm_tune_groups(const bm_flag *flags, bool function, int argc, char **argv, bm_words_shown *shown,
                         bm_method *method, bm_flag_group *groups, bm_error *error);

/* The live table on standard error: redrawn in place on a terminal, a line now and then elsewhere. */
typedef struct {
    const bm_tune_wish *wish;
    bool quiet, terminal;
    int lines; /* drawn last */
    int64_t told;
} bm_tune_table;
void bm_tune_show(void *context, const bm_study_view *view); /* bm_study_visitor */
void bm_tune_table_end(bm_tune_table *table);                /* leaves the terminal to what follows */

void bm_tune_print(const bm_tune_wish *wish, const bm_study_view *view); /* the end, for people */
void bm_tune_json(const bm_tune_wish *wish, const bm_study_view *view);
/* What a trial chose, as flags: " --gamma 0.99 ...". */
void bm_tune_print_flags(FILE *file, const bm_search_space *space, const bm_trial *trial);
cJSON *bm_tune_params_json(const bm_search_space *space, const bm_trial *trial); /* NULL: no trial, no params */
int64_t bm_tune_chosen(const bm_study_view *view); /* the trial that was tested, else the best complete one; -1: none */
bm_status bm_tune_report_check(const char *path,
                               bm_error *error); /* whether a page can be written there, before a study */
/* The page of a study as it stands in the store (tune_report.h). study: NULL for the only one there is. */
bm_status bm_tune_report(const char *storage, const char *study, const char *path, bm_error *error);
const char *bm_tune_path(const char *storage);                    /* the file of Optuna's sqlite:///FILE, or of FILE */
int bm_tune_list(const char *path, const char *study, bool json); /* --show; study: NULL for all; the exit code */

#endif
