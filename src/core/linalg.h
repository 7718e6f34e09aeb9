#ifndef BM_CORE_LINALG_H
#define BM_CORE_LINALG_H

/* Dense linear algebra in double (LAPACK) and matrix products (BLAS), both from OpenBLAS: libopenblas.so.0, whichever
 * variant the system's alternatives choose. Matrices are row-major, [n, n], n >= 0.
 *
 * The library is opened at the first use. Linked, it would make every start 2 ms longer on two cores and 6 ms with 64
 * threads, because it starts a thread for every core, and each of these spins for 0.1 s. Opened here, it is told to
 * work in the calling thread, and its threads are ended; in a program that had opened it before, they stay, without
 * work. Finding a function again takes 0.4 us.
 *
 * BM_FAILED, with one sentence: OpenBLAS cannot be opened or lacks the function, a matrix holds a number that is not
 * finite, or what is said below; the matrix and x are then lost. Call bm_linalg_open where an object is created, and
 * later failures tell about the matrix alone. error may be NULL. Safe in any thread. */
#include "core/error.h"
#include "core/real.h"

bm_status bm_linalg_open(bm_error *error);

/* Eigenvalues of a symmetric matrix, ascending, into value [n]; row j of matrix becomes the eigenvector of value[j], of
 * length 1. Its sign, and the basis where values are equal, may differ between processors. Uses the lower triangle.
 * BM_FAILED: no convergence, memory. */
bm_status bm_linalg_eigen(int n, double *matrix, double *value, bm_error *error);

/* x [n] becomes matrix^-1 x, for a symmetric positive definite matrix, whose lower triangle is used and becomes its
 * Cholesky factor. BM_FAILED: a pivot is not above n epsilon of its diagonal element: the matrix is not positive
 * definite, or rounding hides it. */
bm_status bm_linalg_solve_positive(int n, double *matrix, double *x, bm_error *error);

/* x [n] becomes matrix^-1 x; matrix is lost. BM_FAILED: a pivot is not above n epsilon of the largest element: the
 * matrix is singular, or rounding hides it; memory. */
bm_status bm_linalg_solve(int n, double *matrix, double *x, bm_error *error);

/* BLAS's product in Fortran's terms, for reals: columns are dense, and c [m, n] = alpha a b + beta c. */
typedef void bm_gemm(const char *transpose_a, const char *transpose_b, const int *m, const int *n, const int *k,
                     const bm_real *alpha, const bm_real *a, const int *a_column, const bm_real *b, const int *b_column,
                     const bm_real *beta, bm_real *c, const int *c_column, size_t a_letters, size_t b_letters);

/* *gemm stays valid while the program runs. */
bm_status bm_linalg_gemm(bm_gemm **gemm, bm_error *error);

#endif
