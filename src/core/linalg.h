#ifndef BM_CORE_LINALG_H
#define BM_CORE_LINALG_H

/* Dense linear algebra in double, by LAPACK; matrix products, by BLAS. Both are OpenBLAS's, libopenblas.so.0, whichever variant the
 * system's alternatives choose. Matrices are row-major.
 *
 * The library is opened at the first use and not linked. Linked, it makes every start 1.8 ms longer on two cores and 6 ms with 64 threads,
 * for it starts a thread for every core, each of which spins for 0.1 s. Opened here, it is told to work in the calling thread and its
 * threads are ended at once; in a program that had opened it before, they stay, without work. Finding a function again takes 0.4 us.
 *
 * Every function fails with BM_FAILED and one sentence where OpenBLAS cannot be opened or lacks the function. Call bm_linalg_open
 * where an object is created; then later failures tell about the matrix alone. error may be NULL. All are safe in any thread. */
#include "core/error.h"
#include "core/real.h"

bm_status bm_linalg_open(bm_error *error);

/* Eigenvalues, ascending, into value [n], and eigenvectors of length 1 of a symmetric matrix [n, n], of which the lower triangle is read:
 * row j of matrix becomes the one of value[j]. Its sign, and the basis where values are equal, may differ between processors.
 * BM_FAILED: a number that is not finite, no convergence, memory. n may be 0. */
bm_status bm_linalg_eigen(int n, double *matrix, double *value, bm_error *error);

/* x [n] becomes matrix^-1 x, for a symmetric positive definite matrix [n, n], of which the lower triangle is read and becomes its Cholesky
 * factor. BM_FAILED, and x is lost: a number that is not finite, or a pivot that is not above n epsilon of its diagonal element: the
 * matrix is not positive definite, or rounding hides it. n may be 0. */
bm_status bm_linalg_solve_positive(int n, double *matrix, double *x, bm_error *error);

/* x [n] becomes matrix^-1 x, for any regular matrix [n, n], which is lost. BM_FAILED, and x is lost: a number that is not finite, a
 * pivot that is not above n epsilon of the largest element (the matrix is singular, or rounding hides it), memory. n may be 0. */
bm_status bm_linalg_solve(int n, double *matrix, double *x, bm_error *error);

/* BLAS's product in Fortran's terms, for reals: columns are dense, and c [m, n] = alpha a b + beta c. */
typedef void bm_gemm(const char *transpose_a, const char *transpose_b, const int *m, const int *n, const int *k,
                     const bm_real *alpha, const bm_real *a, const int *a_column, const bm_real *b, const int *b_column,
                     const bm_real *beta, bm_real *c, const int *c_column, size_t a_letters, size_t b_letters);

/* *gemm stays valid while the program runs. */
bm_status bm_linalg_gemm(bm_gemm **gemm, bm_error *error);

#endif
