#ifndef BM_CLI_TABLE_H
#define BM_CLI_TABLE_H

/* CSV files of nothing but numbers. */
#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"

typedef struct {
    double *value; /* [rows, columns] */
    int64_t rows;
    int columns, first_line; /* of the file: the line that row 0 stands on */
    bm_arena arena;
} bm_table;

/* Every line is a row of so many finite numbers; columns 0: of as many as the first. with_header: a first line that
 * does not begin with a number names the columns and is skipped. Messages name the line. table starts as {0}; free its
 * arena either way. */
bm_status bm_table_read(bm_table *table, const char *path, int columns, bool with_header, bm_error *error);

#endif
