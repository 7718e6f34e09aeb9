/* OpenBLAS, found by name at run time. */
#include "core/linalg.h"

#include <dlfcn.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Fortran's functions take pointers, and the length of every text behind all arguments. */
typedef void lapack_dsyev(const char *job, const char *triangle, const int *n, double *a, const int *a_column,
                          double *w, double *work, const int *work_size, int *info, size_t, size_t);
typedef void lapack_dposv(const char *triangle, const int *n, const int *columns, double *a, const int *a_column,
                          double *b, const int *b_column, int *info, size_t);
typedef void lapack_dgesv(const int *n, const int *columns, double *a, const int *a_column, int *pivot, double *b,
                          const int *b_column, int *info);

/* *function, a pointer to a function, becomes the one of that name; false where there is none. */
static bool look_up(void *handle, const char *name, void *function) {
    void *const found = dlsym(handle, name);
    memcpy(function, &found, sizeof found);
    return found;
}

/* Opens the library for good, or finds it open, with one thread. NULL: it is not there. */
static void *library(bm_error *error) {
    static const char *const name = "libopenblas.so.0";
    int (*threads)(void), (*end_threads)(void);
    void (*set_threads)(int);
    void *handle = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    const bool first = !handle;
    if (first) {
        handle = dlopen(name, RTLD_NOW | RTLD_NODELETE);
    }
    if (!handle || !look_up(handle, "openblas_get_num_threads", &threads) ||
        !look_up(handle, "openblas_set_num_threads", &set_threads)) {
        (void)bm_fail(error, "linear algebra needs OpenBLAS (Debian: libopenblas0), which does not open: %s",
                      dlerror());
        return NULL;
    }
    if (threads() != 1) { /* setting it again would start threads that were ended */
        set_threads(1);
    }
    if (first && look_up(handle, "blas_thread_shutdown_", &end_threads)) { /* a variant without threads lacks it */
        end_threads();
    }
    return handle;
}

static bm_status find(const char *name, void *function, bm_error *error) {
    void *const handle = library(error);
    if (!handle) {
        return BM_FAILED;
    }
    return look_up(handle, name, function) ? BM_OK
                                           : bm_fail(error, "OpenBLAS has no %s: install one with LAPACK", name);
}

bm_status bm_linalg_open(bm_error *error) {
    static const char *const names[] = {"dsyev_", "dposv_", "dgesv_"};
    bm_status status = BM_OK;
    for (size_t i = 0; status == BM_OK && i < sizeof names / sizeof names[0]; i++) {
        void *function;
        status = find(names[i], &function, error);
    }
    return status;
}

bm_status bm_linalg_gemm(bm_gemm **gemm, bm_error *error) {
    return find(sizeof(bm_real) == sizeof(float) ? "sgemm_" : "dgemm_", gemm, error);
}

/* *function becomes the one of that name; *largest the size of the largest element. */
static bm_status prepare(const char *name, void *function, int n, const double *matrix, double *largest,
                         bm_error *error) {
    bm_status status = find(name, function, error);
    *largest = 0;
    for (size_t i = 0; status == BM_OK && i < (size_t)n * (size_t)n; i++) {
        *largest = fmax(*largest, fabs(matrix[i]));
        status = isfinite(matrix[i]) ? BM_OK : bm_fail(error, "a matrix of %d rows holds %g", n, matrix[i]);
    }
    return status;
}

/* A lower triangle by rows is Fortran's upper one: "U". */
bm_status bm_linalg_eigen(int n, double *matrix, double *value, bm_error *error) {
    lapack_dsyev *dsyev;
    double largest;
    const bm_status status = prepare("dsyev_", &dsyev, n, matrix, &largest, error);
    if (status != BM_OK || n == 0) {
        return status;
    }
    const int size = 3 * n;
    double *work = malloc((size_t)size * sizeof *work);
    if (!work) {
        return bm_fail(error, "not enough memory for the eigenvalues of a matrix of %d rows", n);
    }
    int info;
    dsyev("V", "U", &n, matrix, &n, value, work, &size, &info, 1, 1);
    free(work);
    return info == 0 ? BM_OK : bm_fail(error, "the eigenvalues of a matrix of %d rows do not converge", n);
}

bm_status bm_linalg_solve_positive(int n, double *matrix, double *x, bm_error *error) {
    static const int one = 1;
    lapack_dposv *dposv;
    double largest;
    const bm_status status = prepare("dposv_", &dposv, n, matrix, &largest, error);
    if (status != BM_OK || n == 0) {
        return status;
    }
    int lost;
    dposv("U", &n, &one, matrix, &n, x, &n, &lost, 1);
    for (int i = 0; i < n && !lost; i++) {
        const double *row = matrix + (size_t)i * (size_t)n;
        double diagonal = 0; /* of the matrix: the square of the factor's row */
        for (int k = 0; k <= i; k++) {
            diagonal += row[k] * row[k];
        }
        lost = row[i] * row[i] > n * DBL_EPSILON * diagonal ? 0 : i + 1;
    }
    return lost ? bm_fail(error, "a matrix of %d rows is not positive definite (pivot %d)", n, lost) : BM_OK;
}

bm_status bm_linalg_solve(int n, double *matrix, double *x, bm_error *error) {
    static const int one = 1;
    lapack_dgesv *dgesv;
    double largest;
    const bm_status status = prepare("dgesv_", &dgesv, n, matrix, &largest, error);
    if (status != BM_OK || n == 0) {
        return status;
    }
    int *pivot = malloc((size_t)n * sizeof *pivot), lost;
    if (!pivot) {
        return bm_fail(error, "not enough memory to solve %d equations", n);
    }
    for (size_t i = 0; i < (size_t)n; i++) { /* rows become columns */
        for (size_t j = 0; j < i; j++) {
            const double kept = matrix[i * (size_t)n + j];
            matrix[i * (size_t)n + j] = matrix[j * (size_t)n + i];
            matrix[j * (size_t)n + i] = kept;
        }
    }
    dgesv(&n, &one, matrix, &n, pivot, x, &n, &lost);
    free(pivot);
    for (int i = 0; i < n && !lost; i++) {
        lost = fabs(matrix[(size_t)i * (size_t)n + (size_t)i]) > n * DBL_EPSILON * largest ? 0 : i + 1;
    }
    return lost ? bm_fail(error, "a matrix of %d rows is singular (pivot %d)", n, lost) : BM_OK;
}
