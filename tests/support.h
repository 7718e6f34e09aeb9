#ifndef BM_TESTS_SUPPORT_H
#define BM_TESTS_SUPPORT_H

/* What the tests share: a main for one Check suite per file, golden tables and tensors, the comparison they are meant for, and
 * folders to write in. Golden files are looked up below tests/golden/, from the repository's root. */
#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* CSV with a header line. Numbers parse as doubles (hexadecimal too); an empty cell is NAN. */
typedef struct {
    int rows, columns;
    char **header; /* [columns] */
    char **cell;   /* [rows * columns] as text */
} golden_table;

golden_table golden_read(const char *path);                     /* aborts the test when it cannot */
int golden_column(const golden_table *table, const char *name); /* aborts when missing; -1 never comes back */
bool golden_has(const golden_table *table, const char *name);
double golden_number(const golden_table *table, int row, const char *name);
const char *golden_text(const golden_table *table, int row, const char *name);
void golden_free(golden_table *table);

/* One tensor of a tensor CSV (name,dtype,shape,values). */
typedef struct {
    int dims, shape[4];
    size_t n;
    double *value; /* [n], free() it */
} golden_tensor;

golden_tensor golden_tensor_read(const char *path, const char *name); /* aborts when missing */
bool golden_tensor_exists(const char *path, const char *name);
void golden_values(const char *path, const char *name, size_t n, double *value); /* a tensor of n numbers, into value */

/* |got - want| <= tolerance * max(1, |want|), reported with what. */
void assert_near(double got, double want, double tolerance, const char *what);

/* A new empty folder below /tmp; its path goes to folder. */
enum { SCRATCH_BYTES = 64 };
void scratch_make(char folder[SCRATCH_BYTES]);
/* Removes it with all it holds, and fails where that is more than the names expected (NULL at the end; NULL: anything). */
void scratch_remove(const char *folder, const char *const *expected);

/* Plays a full disk: no file may grow beyond so many bytes (write fails with EFBIG), until the limit is lifted by -1. Lift it
 * before an assertion: Check writes to files of its own. */
void limit_file_size(long bytes);

/* Runs one suite, without forking under CK_FORK=no; returns main's exit status. */
int test_main(const char *suite_name, const TTest *const *tests, size_t count, double timeout_seconds);
#define TEST_MAIN(name, timeout, ...)                                                                                  \
    int main(void) {                                                                                                   \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        return test_main((name), tests, sizeof tests / sizeof tests[0], (timeout));                                    \
    }

#endif
