/* Golden data, comparison, scratch folders and a main: what every test file shares. */
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char *read_all(const char *path) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s (run the tests from the repository's root)", path);
    size_t used = 0, capacity = 1 << 16;
    char *text = malloc(capacity);
    size_t got;
    while (text && (got = fread(text + used, 1, capacity - used - 1, file)) > 0) {
        used += got;
        if (capacity - used < 2) {
            capacity *= 2;
            text = realloc(text, capacity);
        }
    }
    fclose(file);
    ck_assert_ptr_nonnull(text);
    text[used] = '\0';
    return text;
}

static char *copy_text(const char *text, size_t n) {
    char *copy = malloc(n + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

golden_table golden_read(const char *path) {
    char *text = read_all(path);
    golden_table table = {0};
    int capacity = 0;
    for (char *line = text; *line;) {
        char *end = line + strcspn(line, "\n");
        const bool last = *end == '\0';
        *end = '\0';
        char **cells = NULL;
        int count = 0;
        for (char *cell = line;; cell++) {
            const size_t n = strcspn(cell, ",");
            cells = realloc(cells, (size_t)(count + 1) * sizeof *cells);
            ck_assert_ptr_nonnull(cells);
            cells[count++] = copy_text(cell, n);
            cell += n;
            if (!*cell) {
                break;
            }
        }
        if (!table.header) {
            table.header = cells;
            table.columns = count;
        } else {
            ck_assert_msg(count == table.columns, "%s: row %d has %d cells", path, table.rows + 1, count);
            if (table.rows == capacity) {
                capacity = capacity ? capacity * 2 : 64;
                table.cell = realloc(table.cell, (size_t)(capacity * table.columns) * sizeof *table.cell);
                ck_assert_ptr_nonnull(table.cell);
            }
            memcpy(table.cell + table.rows++ * table.columns, cells, (size_t)count * sizeof *cells);
            free(cells);
        }
        line = last ? end : end + 1;
    }
    free(text);
    ck_assert_msg(table.header != NULL, "%s is empty", path);
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

int golden_column(const golden_table *table, const char *name) {
    const int column = find_column(table, name);
    ck_assert_msg(column >= 0, "no column %s", name);
    return column;
}

bool golden_has(const golden_table *table, const char *name) {
    return find_column(table, name) >= 0;
}

const char *golden_text(const golden_table *table, int row, const char *name) {
    ck_assert_int_lt(row, table->rows);
    return table->cell[row * table->columns + golden_column(table, name)];
}

double golden_number(const golden_table *table, int row, const char *name) {
    const char *text = golden_text(table, row, name);
    if (!*text) {
        return NAN;
    }
    char *end;
    const double value = strtod(text, &end);
    ck_assert_msg(*end == '\0', "%s is not a number", text);
    return value;
}

void golden_free(golden_table *table) {
    for (int i = 0; i < table->rows * table->columns; i++) {
        free(table->cell[i]);
    }
    for (int i = 0; i < table->columns; i++) {
        free(table->header[i]);
    }
    free(table->cell);
    free(table->header);
    memset(table, 0, sizeof *table);
}

static bool parse_tensor(const char *path, const char *name, golden_tensor *tensor) {
    char *text = read_all(path);
    const size_t length = strlen(name);
    bool found = false;
    for (char *line = text; line && *line && !found;) {
        char *next = strchr(line, '\n');
        if (strncmp(line, name, length) == 0 && line[length] == ',') {
            found = true;
            char *cursor = strchr(line + length + 1, ',') + 1;
            tensor->n = 1;
            do {
                tensor->shape[tensor->dims] = (int)strtol(cursor, &cursor, 10);
                tensor->n *= (size_t)tensor->shape[tensor->dims++];
            } while (*cursor++ == 'x');
            tensor->value = malloc(tensor->n * sizeof(double));
            ck_assert_ptr_nonnull(tensor->value);
            for (size_t i = 0; i < tensor->n; i++) {
                char *end;
                tensor->value[i] = strtod(cursor, &end);
                ck_assert_msg(end != cursor, "%s: %s has fewer values than its shape", path, name);
                cursor = end;
            }
        }
        line = next ? next + 1 : NULL;
    }
    free(text);
    return found;
}

golden_tensor golden_tensor_read(const char *path, const char *name) {
    golden_tensor tensor = {0};
    ck_assert_msg(parse_tensor(path, name, &tensor), "%s has no tensor %s", path, name);
    return tensor;
}

bool golden_tensor_exists(const char *path, const char *name) {
    golden_tensor tensor = {0};
    const bool found = parse_tensor(path, name, &tensor);
    free(tensor.value);
    return found;
}

void golden_values(const char *path, const char *name, size_t n, double *value) {
    const golden_tensor tensor = golden_tensor_read(path, name);
    ck_assert_msg(tensor.n == n, "%s: %s has %zu values instead of %zu", path, name, tensor.n, n);
    memcpy(value, tensor.value, n * sizeof *value);
    free(tensor.value);
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
