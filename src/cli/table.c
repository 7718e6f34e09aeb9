#include "cli/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"

enum { FILE_BYTES_MAX = 1 << 30 };

/* One cell: a finite number, with blanks around it and then a comma or the end of the line. */
static bool read_cell(const char *text, const char **next, double *value) {
    char *end;
    text += strspn(text, " \t");
    *value = strtod(text, &end);
    const bool empty = end == text || isspace((unsigned char)*text); /* strtod looks beyond the end of a line */
    const char *after = end + strspn(end, " \t\r");
    *next = after;
    return !empty && (*after == ',' || *after == '\n' || !*after) && isfinite(*value);
}

static int count_columns(const char *text) {
    int columns = 1;
    for (; *text && *text != '\n'; text++) {
        columns += *text == ',';
    }
    return columns;
}

static bm_status read_row(const char *path, int64_t line, const char *text, int columns, double *value,
                          bm_error *error) {
    const int found = count_columns(text);
    if (found != columns) {
        return bm_invalid(error, "%s:%" PRId64 ": %d numbers instead of %d", path, line, found, columns);
    }
    for (int i = 0; i < columns; i++) {
        const char *next;
        if (!read_cell(text, &next, &value[i])) {
            return bm_invalid(error, "%s:%" PRId64 ": '%.*s' is not a finite number%s", path, line,
                              (int)strcspn(text, ",\r\n"), text, line == 1 ? " (there is no header here)" : "");
        }
        text = next + (*next == ',');
    }
    return BM_OK;
}

bm_status bm_table_read(bm_table *rows, const char *path, int columns, bool with_header, bm_error *error) {
    char *text;
    size_t bytes;
    bm_status status = bm_read_file(path, FILE_BYTES_MAX, &rows->arena, &text, &bytes, error);
    if (status != BM_OK) {
        return status;
    }
    if (memchr(text, '\0', bytes)) {
        return bm_invalid(error, "%s is not a text file", path);
    }
    while (bytes && strchr(" \t\r\n", text[bytes - 1])) {
        text[--bytes] = '\0';
    }
    const char *next;
    double ignored;
    const bool skip = with_header && !read_cell(text, &next, &ignored);
    size_t cells = 1;
    for (size_t i = 0; i < bytes; i++) {
        cells += text[i] == '\n' || text[i] == ',';
    }
    rows->columns = columns = columns > 0 ? columns : count_columns(text);
    rows->first_line = skip ? 2 : 1;
    rows->value = BM_NEW(&rows->arena, double, cells);
    status = bm_arena_check(&rows->arena, path, error);
    int64_t line = 1;
    for (const char *at = text; status == BM_OK && *at; line++) {
        if (line > 1 || !skip) {
            status = read_row(path, line, at, columns, rows->value + rows->rows * columns, error);
            rows->rows++;
        }
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return status;
}
