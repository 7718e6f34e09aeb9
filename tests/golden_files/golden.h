#ifndef BM_TESTS_GOLDEN_H
#define BM_TESTS_GOLDEN_H

/* Comparisons with files of reference numbers. A family of files (nets/mlp_*.csv) has one function, which takes sizes,
 * options, names and losses from the file, so that any file of that form is a case. golden.c runs a function for every
 * file of a folder. */
#include "core/arena.h"
#include "core/real.h"
#include "support.h"

typedef struct {
    const char *root;        /* "tests/golden"; input files of a family lie beside its own */
    const char *folder;      /* "nets" */
    const char *label;       /* "nets/mlp_relu_mse.csv" */
    const char *path;        /* "tests/golden/nets/mlp_relu_mse.csv" */
    const char *const *word; /* [2] what each * of the pattern stands for: "relu_mse" */
    double tolerance;        /* of the family, for bm_real */
    bm_arena *arena;         /* freed after the file */
} golden_case;

/* A tolerance t allows |a - b| <= t max(1, |b|). The library is built twice: single is the tolerance of the build whose
 * bm_real is float; 0: the comparison does not depend on bm_real, and one build is enough. */
typedef struct {
    const char *pattern; /* "nets/mlp_*.csv" */
    void (*compare)(const golden_case *file);
    double tolerance, single;
    /* Whether the library has what the words of the file's name say; NULL: it has. */
    bool (*exists)(const char *const *word);
} golden_family;

/* A NULL pattern at the end. A function of NULL: the file is input for another one. */
extern const golden_family golden_env_families[], golden_tabular_families[], golden_trace_families[],
    golden_nets_families[], golden_optim_families[], golden_rl_families[], golden_maml_families[],
    golden_rng_families[];

/* A file passes when at least one number was compared and none was further off than allowed. A number that is not
 * reached at all (a tensor is missing, an option is refused) ends the file with ck_assert. */
__attribute__((format(printf, 3, 4))) void golden_within(double error, double limit, const char *what, ...);
__attribute__((format(printf, 4, 5))) void golden_near(double got, double want, double tolerance, const char *what,
                                                       ...);

/* Of tensors, with the file's tolerance. n: how many numbers there must be. */
__attribute__((format(printf, 4, 5))) void golden_near_tensor(const golden_table *table, size_t n, const bm_real *got,
                                                              const char *name, ...);
__attribute__((format(printf, 3, 4))) void golden_near_scalar(const golden_table *table, double got, const char *name,
                                                              ...);

/* A tensor's numbers, of which there must be n, in memory of the table's arena; integers are 0 to below - 1, flags 0 or
 * 1. */
__attribute__((format(printf, 3, 4))) bm_real *golden_reals(const golden_table *table, size_t n, const char *name, ...);
__attribute__((format(printf, 4, 5))) int32_t *golden_integers(const golden_table *table, size_t n, int below,
                                                               const char *name, ...);
__attribute__((format(printf, 3, 4))) uint8_t *golden_flags(const golden_table *table, size_t n, const char *name, ...);

int golden_count(const golden_table *table, int row, const char *column); /* a cell that is 0, 1, 2... 2^23 - 1 */

/* Zeroed; ends the test where there is none. */
void *golden_alloc(bm_arena *arena, size_t count, size_t size);
#define GOLDEN_NEW(arena, type, count) ((type *)golden_alloc((arena), (size_t)(count), sizeof(type)))

/* Another file of the case's folder, "configs.json". */
const char *golden_beside(const golden_case *file, const char *name);

#endif
