/* See history.h. */
#include "train/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "train/run.h"

enum { PROGRESS_BYTES_MAX = 1 << 30 };

void bm_history_free(bm_history *history) {
    bm_arena_free(&history->arena);
    *history = (bm_history){0};
}

const double *bm_history_column(const bm_history *history, const char *name) {
    for (int i = 0; i < history->columns; i++) {
        if (strcmp(history->names[i], name) == 0) {
            return history->values[i];
        }
    }
    return NULL;
}

double bm_history_last(const bm_history *history, const char *name) {
    const double *value = bm_history_column(history, name);
    for (int row = history->rows - 1; value && row >= 0; row--) {
        if (!isnan(value[row])) {
            return value[row];
        }
    }
    return NAN;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int count_of(const char *text, char letter) {
    int count = 0;
    for (; *text; text++) {
        count += *text == letter;
    }
    return count;
}

/* The header's names into an array of their own; *text becomes the first row. */
static const char **split_names(bm_history *history, char **text) {
    char *line = *text;
    *text = bm_cut_line(line);
    history->columns = count_of(line, ',') + 1;
    const char **names = BM_NEW(&history->arena, const char *, history->columns);
    for (int i = 0; i < history->columns && names; i++) {
        names[i] = line;
        line += strcspn(line, ",");
        *line++ = '\0';
    }
    return names;
}

/* A line's cells into row number `row`; false: other numbers than columns of them, or something else. */
static bool parse_row(char *line, int columns, int row, double *const *values) {
    for (int i = 0; i < columns; i++) {
        char *end = line;
        values[i][row] = *line == ',' || !*line ? NAN : strtod(line, &end);
        if ((end == line && *line && *line != ',') || *end != (i + 1 < columns ? ',' : '\0')) {
            return false;
        }
        line = end + 1;
    }
    return true;
}

static bm_status parse_rows(bm_history *history, const char *path, char *text, double *const *values, bm_error *error) {
    for (int row = 0; row < history->rows; row++) {
        char *const line = text;
        text = bm_cut_line(line);
        if (!parse_row(line, history->columns, row, values)) {
            return bm_fail(error, "%s is damaged: line %d is not a row of %d numbers", path, row + 2, history->columns);
        }
        for (int i = 0; i < 2; i++) { /* step and seconds; false where one is NAN */
            if (!(values[i][row] >= (row > 0 ? values[i][row - 1] : 0))) {
                return bm_fail(error, "%s is damaged: line %d does not go on from the steps before", path, row + 2);
            }
        }
    }
    return BM_OK;
}

static bm_status parse(bm_history *history, const char *path, char *text, bm_error *error) {
    static const char beginning[] = "step,seconds";
    const size_t length = sizeof beginning - 1;
    char *const end = strrchr(text, '\n');
    if (!end || strncmp(text, beginning, length) != 0 || !strchr(",\r\n", text[length])) {
        return bm_fail(error, "%s is not the progress of a run: its first line does not begin with %s", path,
                       beginning);
    }
    end[1] = '\0'; /* what follows is half a line */
    history->rows = count_of(text, '\n') - 1;
    history->names = split_names(history, &text);
    double **values = BM_NEW(&history->arena, double *, history->columns);
    for (int i = 0; i < history->columns && values; i++) {
        values[i] = BM_NEW(&history->arena, double, history->rows);
    }
    BM_TRY(bm_arena_check(&history->arena, "the progress of a run", error));
    history->values = (const double *const *)values;
    history->step = values[0];
    history->seconds = values[1];
    return parse_rows(history, path, text, values, error);
}

bm_status bm_history_read(bm_history *history, const char *folder, bm_error *error) {
    char path[BM_PATH_MAX + 32], *text;
    size_t bytes;
    *history = (bm_history){0};
    if (!bm_path_exists(folder)) {
        return bm_fail(error, "there is no run folder %s", folder);
    }
    snprintf(path, sizeof path, "%s/progress.csv", folder);
    if (!bm_path_exists(path)) {
        return bm_fail(error, "%s is no run folder: there is no progress.csv in it", folder);
    }
    bm_status status = bm_read_file(path, PROGRESS_BYTES_MAX, &history->arena, &text, &bytes, error);
    if (status == BM_OK) {
        status = parse(history, path, text, error);
    }
    if (status != BM_OK) {
        bm_history_free(history);
    }
    return status;
}
