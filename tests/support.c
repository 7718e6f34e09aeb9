/* Golden data, comparison, scratch folders and a main: what every test file shares. */
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/io.h"

/* Cuts text at separators, in place. Returns how many parts there are; part may be NULL. */
static int split(char *text, char separator, char **part) {
    int count = 0;
    for (char *at = text; at; count++) {
        char *next = strchr(at, separator);
        if (part) {
            part[count] = at;
            if (next) {
                *next = '\0';
            }
        }
        at = next ? next + 1 : NULL;
    }
    return count;
}

golden_table golden_read(const char *path, bm_arena *arena) {
    char *text;
    size_t bytes;
    bm_error error;
    ck_assert_msg(bm_read_file(path, (size_t)1 << 28, arena, &text, &bytes, &error) == BM_OK, "%s", error.text);
    ck_assert_msg(bytes > 0, "%s is empty", path);
    ck_assert_msg(strlen(text) == bytes, "%s is not a text file", path);
    if (text[bytes - 1] == '\n') {
        text[bytes - 1] = '\0';
    }
    const int lines = split(text, '\n', NULL);
    char **line = BM_NEW(arena, char *, lines);
    ck_assert_ptr_nonnull(line);
    split(text, '\n', line);
    golden_table table = {.path = path, .rows = lines - 1, .columns = split(line[0], ',', NULL), .arena = arena};
    char **cell = BM_NEW(arena, char *, lines *table.columns);
    ck_assert_ptr_nonnull(cell);
    for (int i = 0; i < lines; i++) {
        const int cells = split(line[i], ',', NULL);
        ck_assert_msg(cells == table.columns, "%s: line %d has %d cells instead of %d", path, i + 1, cells,
                      table.columns);
        split(line[i], ',', cell + i * table.columns);
    }
    table.header = cell;
    table.cell = cell + table.columns;
    return table;
}

static int find_column(const golden_table *table, const char *name) {
    for (int i = 0; i < table->columns; i++) {
        if (strcmp(table->header[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

bool golden_has(const golden_table *table, const char *column) {
    return find_column(table, column) >= 0;
}

const char *golden_text(const golden_table *table, int row, const char *column) {
    const int i = find_column(table, column);
    ck_assert_msg(i >= 0, "%s has no column %s", table->path, column);
    ck_assert_msg(row >= 0 && row < table->rows, "%s has no row %d", table->path, row + 1);
    return table->cell[row * table->columns + i];
}

int golden_row(const golden_table *table, const char *column, const char *text) {
    for (int row = 0; row < table->rows; row++) {
        if (strcmp(golden_text(table, row, column), text) == 0) {
            return row;
        }
    }
    return -1;
}

double golden_number(const golden_table *table, int row, const char *column) {
    const char *text = golden_text(table, row, column);
    if (!*text) {
        return NAN;
    }
    char *end;
    const double value = strtod(text, &end);
    ck_assert_msg(*end == '\0', "%s: %s of row %d is not a number: %s", table->path, column, row + 1, text);
    return value;
}

/* "task12_xs" is number 12 of task; -1: it is none. */
static int number_of(const char *name, const char *prefix) {
    const size_t length = strlen(prefix);
    char *end;
    if (strncmp(name, prefix, length) != 0 || name[length] < '0' || name[length] > '9') {
        return -1;
    }
    const long number = strtol(name + length, &end, 10);
    return (*end == '_' || !*end) && number < 1 << 20 ? (int)number : -1;
}

int golden_highest(const golden_table *table, const char *prefix) {
    int highest = -1;
    for (int row = 0; row < table->rows; row++) {
        const int number = number_of(golden_text(table, row, "name"), prefix);
        highest = number > highest ? number : highest;
    }
    return highest;
}

bool golden_has_number(const golden_table *table, const char *prefix, int number) {
    for (int row = 0; row < table->rows; row++) {
        if (number_of(golden_text(table, row, "name"), prefix) == number) {
            return true;
        }
    }
    return false;
}

enum { NAME_BYTES = 96 };

static int tensor_row(const golden_table *table, char name[NAME_BYTES], const char *format, va_list arguments) {
    ck_assert_int_lt(vsnprintf(name, NAME_BYTES, format, arguments), NAME_BYTES);
    return golden_row(table, "name", name);
}

bool golden_has_tensor(const golden_table *table, const char *name, ...) {
    char full[NAME_BYTES];
    va_list arguments;
    va_start(arguments, name);
    const int row = tensor_row(table, full, name, arguments);
    va_end(arguments);
    return row >= 0;
}

static golden_tensor get(const golden_table *table, const char *format, va_list arguments) {
    golden_tensor tensor = {.n = 1};
    char name[NAME_BYTES], *end;
    const int row = tensor_row(table, name, format, arguments);
    ck_assert_msg(row >= 0, "%s has no tensor %s", table->path, name);
    for (const char *at = golden_text(table, row, "shape"); *at; at = *end == 'x' ? end + 1 : end) {
        const long length = strtol(at, &end, 10);
        ck_assert_msg(end > at && (!*end || *end == 'x') && length > 0 && length < 1 << 20 && tensor.dims < 4,
                      "%s: %s has a bad shape", table->path, name);
        tensor.shape[tensor.dims++] = (int)length;
        tensor.n *= (size_t)length;
        ck_assert_msg(tensor.n < 1 << 24, "%s: %s is too large", table->path, name);
    }
    tensor.value = BM_NEW(table->arena, double, tensor.n);
    ck_assert_ptr_nonnull(tensor.value);
    const char *at = golden_text(table, row, "values");
    for (size_t i = 0; i < tensor.n; i++, at = end) {
        tensor.value[i] = strtod(at, &end);
        ck_assert_msg(end > at, "%s: %s has %zu values instead of %zu", table->path, name, i, tensor.n);
    }
    ck_assert_msg(!*at, "%s: %s has more values than its shape, or one that is no number", table->path, name);
    return tensor;
}

golden_tensor golden_get(const golden_table *table, const char *name, ...) {
    va_list arguments;
    va_start(arguments, name);
    const golden_tensor tensor = get(table, name, arguments);
    va_end(arguments);
    return tensor;
}

double golden_scalar(const golden_table *table, const char *name, ...) {
    va_list arguments;
    va_start(arguments, name);
    const golden_tensor tensor = get(table, name, arguments);
    va_end(arguments);
    ck_assert_msg(tensor.n == 1, "%s: %s has %zu values instead of one", table->path, name, tensor.n);
    return tensor.value[0];
}

void assert_near(double got, double want, double tolerance, const char *what) {
    const double limit = tolerance * fmax(1.0, fabs(want));
    ck_assert_msg(fabs(got - want) <= limit, "%s: %.17g instead of %.17g (off by %.3g, allowed %.3g)", what, got, want,
                  fabs(got - want), limit);
}

void scratch_make(char folder[SCRATCH_BYTES]) {
    snprintf(folder, SCRATCH_BYTES, "/tmp/bellman-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static bool is_among(const char *name, const char *const *names) {
    while (*names && strcmp(name, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

void scratch_remove(const char *folder, const char *const *expected) {
    static const char *const own[] = {".", "..", NULL};
    DIR *entries = opendir(folder);
    ck_assert_msg(entries != NULL, "%s is not there", folder);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (is_among(entry->d_name, own)) {
            continue;
        }
        ck_assert_msg(!expected || is_among(entry->d_name, expected), "%s holds %s", folder, entry->d_name);
        char inside[4096];
        ck_assert_int_lt(snprintf(inside, sizeof inside, "%s/%s", folder, entry->d_name), (int)sizeof inside);
        if (remove(inside) != 0) { /* a folder that is not empty */
            scratch_remove(inside, NULL);
        }
    }
    closedir(entries);
    ck_assert_msg(rmdir(folder) == 0, "cannot remove %s", folder);
}

void limit_file_size(long bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)bytes;
    signal(SIGXFSZ, SIG_IGN); /* or the signal kills before write can fail */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

int test_main(const char *suite_name, const TTest *const *tests, size_t count, double timeout_seconds) {
    Suite *suite = suite_create(suite_name);
    for (size_t i = 0; i < count; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, timeout_seconds);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
