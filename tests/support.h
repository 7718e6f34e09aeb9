#ifndef BM_TESTS_SUPPORT_H
#define BM_TESTS_SUPPORT_H

/* What the tests share: a main for one Check suite per file, golden tables and tensors, the comparison they are meant
 * for, and folders to write in. Paths begin at the repository's root. */
#include <check.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

/* CSV with a header line; a tensor CSV (name,dtype,shape,values) is one too. Numbers parse as doubles (hexadecimal
 * too); an empty cell is NAN. All memory is the arena's. Whatever is missing or cannot be read ends the test with a
 * message. */
typedef struct {
    const char *path;
    int rows, columns;
    char **header; /* [columns] */
    char **cell;   /* [rows * columns] as text */
    bm_arena *arena;
} golden_table;

golden_table golden_read(const char *path, bm_arena *arena);
bool golden_has(const golden_table *table, const char *column);
int golden_row(const golden_table *table, const char *column,
               const char *text); /* the first with that cell; -1: none */
double golden_number(const golden_table *table, int row, const char *column);
const char *golden_text(const golden_table *table, int row, const char *column);

/* One tensor of a tensor CSV; names are given as printf takes them. */
typedef struct {
    int dims, shape[4];
    size_t n;
    double *value; /* [n] */
} golden_tensor;

/* Tensors of a series, W1, b1, W2... or task0_x, task1_x...: the highest number behind the prefix, -1 without any. */
int golden_highest(const golden_table *table, const char *prefix);
bool golden_has_number(const golden_table *table, const char *prefix, int number);

__attribute__((format(printf, 2, 3))) bool golden_has_tensor(const golden_table *table, const char *name, ...);
__attribute__((format(printf, 2, 3))) golden_tensor golden_get(const golden_table *table, const char *name, ...);
__attribute__((format(printf, 2, 3))) double golden_scalar(const golden_table *table, const char *name, ...);

/* |got - want| <= tolerance * max(1, |want|), reported with what. */
void assert_near(double got, double want, double tolerance, const char *what);

/* A new empty folder below /tmp; its path goes to folder. */
enum { SCRATCH_BYTES = 64 };
void scratch_make(char folder[SCRATCH_BYTES]);
/* Removes it with all it holds, and fails where that is more than the names expected (NULL at the end; NULL:
 * anything). */
void scratch_remove(const char *folder, const char *const *expected);

/* Plays a full disk: no file may grow beyond so many bytes (write fails with EFBIG), until the limit is lifted by -1.
 * Lift it before an assertion: Check writes to files of its own. */
void limit_file_size(long bytes);

/* Runs one suite, without forking under CK_FORK=no; returns main's exit status. */
int test_main(const char *suite_name, const TTest *const *tests, size_t count, double timeout_seconds);
#define TEST_MAIN(name, timeout, ...)                                                                                  \
    int main(void) {                                                                                                   \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        return test_main((name), tests, sizeof tests / sizeof tests[0], (timeout));                                    \
    }

#endif
