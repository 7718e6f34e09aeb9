#ifndef BM_CLI_OPTIM_H
#define BM_CLI_OPTIM_H

/* bellman optim, from words to a race of optimizers: optim_methods.c reads what is wanted, optim_text.c writes rows,
 * table and JSON, optim_picture.c the pictures, optim_show.c shows it live. */
#include <stdatomic.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "core/io.h"
#include "watch/race.h"

enum { BM_OPTIM_STEPS = 1000 }; /* where nobody says how many */

typedef struct {
    const bm_arguments *arguments;
    bm_method method[BM_RACERS]; /* as named by --optimizer, with all their settings */
    char label[BM_RACERS][BM_RACE_LABEL];
    int methods;
    bm_variant lr_schedule;
    bm_descent_setup base; /* what the flags say of every descent */
    double tolerance;
    int64_t steps, every; /* every: of how many steps one is a row */
} bm_optim_wish;

/* optim_methods.c: reads flags into wish; steps: what --steps is by default. */
bm_status bm_optim_read(bm_optim_wish *wish, const bm_arguments *arguments, int64_t steps, bm_error *error);
/* The tables of the methods that the words name, for flags and help; count: at most so many. */
int bm_optim_groups(int argc, char **argv, bm_method *method, bm_flag_group *groups, int count);

/* optim_text.c */
typedef struct bm_optim_csv bm_optim_csv;
/* path: a file, which appears once it is closed; "-": standard output; NULL: rows go nowhere. */
bm_status bm_optim_csv_open(bm_optim_csv **csv, const char *path, int dims, bool with_value, bm_error *error);
void bm_optim_csv_row(bm_optim_csv *csv, const char *label, const bm_descent *descent);
bm_status bm_optim_csv_close(bm_optim_csv *csv, bm_error *error); /* NULL is fine */
void bm_optim_print_table(FILE *stream, const bm_race *race);
cJSON *bm_optim_json(const bm_race *race);

/* optim_picture.c */
bm_status bm_optim_check_pictures(const bm_arguments *arguments, const bm_race *race, bm_error *error);
bm_status bm_optim_write_pictures(const bm_arguments *arguments, bm_race *race, bm_error *error);

/* optim_show.c: --render, --terminal, --record. BM_OK also when it was closed before the end. */
bm_status bm_optim_show(const bm_arguments *arguments, bm_race *race, int64_t steps, const atomic_int *stop,
                        bm_error *error);

#endif
