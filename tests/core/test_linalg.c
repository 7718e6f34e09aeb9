/* Linear algebra against values worked by hand, against the equations that results must meet, and on what has no
 * result. */
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/linalg.h"
#include "support.h"

enum { MOST = 40, LARGE = 700 };

static bm_error error;

static void assert_fails(bm_status status, const char *message) {
    ck_assert_int_eq(status, BM_FAILED);
    ck_assert_str_eq(error.text, message);
}

static double number(unsigned *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) / 8388608.0 - 1;
}

static void fill(int count, double *x, unsigned seed) {
    for (int i = 0; i < count; i++) {
        x[i] = number(&seed);
    }
}

/* a = root root^T + I / 10 */
static void positive(int n, double *a, unsigned seed) {
    double *root = malloc((size_t)(n * n) * sizeof *root);
    ck_assert_ptr_nonnull(root);
    fill(n * n, root, seed);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            a[i * n + j] = i == j ? 0.1 : 0;
            for (int k = 0; k < n; k++) {
                a[i * n + j] += root[i * n + k] * root[j * n + k];
            }
        }
    }
    free(root);
}

static double row_times(int n, const double *row, const double *x) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += row[i] * x[i];
    }
    return sum;
}

/* ---- eigenvectors ---- */

/* 1 along (1, -1, 0), 3 along (1, 1, 0), 5 along (0, 0, 1); what lies above the diagonal is not used. */
START_TEST(eigenvectors_of_a_matrix_worked_by_hand) {
    double matrix[] = {2, 9, 9, 1, 2, 9, 0, 0, 5}, value[3];
    const double half = sqrt(0.5), want[3][3] = {{half, -half, 0}, {half, half, 0}, {0, 0, 1}};
    ck_assert_int_eq(bm_linalg_eigen(3, matrix, value, &error), BM_OK);
    for (int j = 0; j < 3; j++) {
        assert_near(value[j], 1 + 2 * j, 1e-14, "eigenvalue");
        const double sign = row_times(3, matrix + 3 * j, want[j]);
        for (int i = 0; i < 3; i++) {
            assert_near(matrix[3 * j + i] * sign, want[j][i], 1e-14, "eigenvector");
        }
    }
}
END_TEST

/* A v = lambda v, V orthonormal, ascending; also where values are equal, and where the matrix is not positive. */
START_TEST(eigenvectors_meet_their_equations) {
    for (int n = 0; n <= MOST; n++) {
        double matrix[MOST * MOST], vector[MOST * MOST], value[MOST];
        positive(n, matrix, (unsigned)n + 1);
        for (int i = 0; i < n; i++) {
            matrix[i * n + i] -= n % 3 == 1 ? 5 : 0;
            for (int j = 0; n % 3 == 2 && j < n; j++) {
                matrix[i * n + j] = i == j;
            }
        }
        memcpy(vector, matrix, sizeof vector);
        ck_assert_int_eq(bm_linalg_eigen(n, vector, value, &error), BM_OK);
        for (int j = 0; j < n; j++) {
            const double *v = vector + j * n;
            ck_assert(j == 0 || value[j] >= value[j - 1]);
            for (int i = 0; i < n; i++) {
                assert_near(row_times(n, matrix + i * n, v), value[j] * v[i], 1e-12, "A v");
                assert_near(row_times(n, vector + i * n, v), i == j, 1e-13, "v v");
            }
        }
    }
}
END_TEST

START_TEST(no_eigenvalues_without_numbers) {
    double matrix[] = {1, 0, 0, 0, 1, 0, NAN, 0, 1}, value[3];
    assert_fails(bm_linalg_eigen(3, matrix, value, &error), "a matrix of 3 rows holds nan");
    double endless[] = {1, 0, 0, -INFINITY};
    assert_fails(bm_linalg_eigen(2, endless, value, &error), "a matrix of 2 rows holds -inf");
    ck_assert_int_eq(bm_linalg_eigen(2, endless, value, NULL), BM_FAILED);
}
END_TEST

/* ---- equations ---- */

/* numpy.linalg.cholesky gives the same factor. */
START_TEST(a_positive_matrix_worked_by_hand) {
    double matrix[] = {4, 9, 9, 12, 37, 9, -16, -43, 98}, x[] = {0, 6, 39};
    const double factor[] = {2, 0, 0, 6, 1, 0, -8, 5, 3}, want[] = {1, 1, 1};
    ck_assert_int_eq(bm_linalg_solve_positive(3, matrix, x, &error), BM_OK);
    for (int i = 0; i < 3; i++) {
        assert_near(x[i], want[i], 1e-12, "x");
        for (int j = 0; j <= i; j++) {
            assert_near(matrix[3 * i + j], factor[3 * i + j], 1e-13, "factor");
        }
    }
}
END_TEST

/* The first pivot is 0: rows are exchanged. */
START_TEST(a_regular_matrix_worked_by_hand) {
    double matrix[] = {0, 2, 1, 1, -2, -3, -1, 1, 2}, x[] = {-8, 0, 3};
    const double want[] = {-4, -5, 2};
    ck_assert_int_eq(bm_linalg_solve(3, matrix, x, &error), BM_OK);
    for (int i = 0; i < 3; i++) {
        assert_near(x[i], want[i], 1e-14, "x");
    }
}
END_TEST

START_TEST(solutions_meet_their_equations) {
    for (int n = 0; n <= MOST; n++) {
        double matrix[MOST * MOST], kept[MOST * MOST], x[MOST], right[MOST];
        for (int general = 0; general < 2; general++) {
            positive(n, matrix, 7u * (unsigned)n);
            for (int i = 0; general && i < n; i++) {
                matrix[i * n + (i + 1) % n] += 3; /* no symmetry is left */
            }
            memcpy(kept, matrix, sizeof kept);
            fill(n, right, 99);
            memcpy(x, right, sizeof x);
            const bm_status status =
                general ? bm_linalg_solve(n, matrix, x, &error) : bm_linalg_solve_positive(n, matrix, x, &error);
            ck_assert_int_eq(status, BM_OK);
            for (int i = 0; i < n; i++) {
                assert_near(row_times(n, kept + i * n, x), right[i], 1e-10, "A x");
            }
        }
    }
}
END_TEST

START_TEST(what_is_not_positive_definite_has_no_solution) {
    double indefinite[] = {1, 2, 2, 1}, negative[] = {-1}, zero[] = {0}, x[3] = {1, 1, 1};
    assert_fails(bm_linalg_solve_positive(2, indefinite, x, &error),
                 "a matrix of 2 rows is not positive definite (pivot 2)");
    assert_fails(bm_linalg_solve_positive(1, negative, x, &error),
                 "a matrix of 1 rows is not positive definite (pivot 1)");
    assert_fails(bm_linalg_solve_positive(1, zero, x, &error), "a matrix of 1 rows is not positive definite (pivot 1)");
    /* v v^T / 3 has rank 1; its second pivot is what rounding leaves */
    double hidden[9];
    for (int i = 0; i < 9; i++) {
        hidden[i] = (1 + i / 3 * 0.7) * (1 + i % 3 * 0.7) / 3;
    }
    assert_fails(bm_linalg_solve_positive(3, hidden, x, &error),
                 "a matrix of 3 rows is not positive definite (pivot 2)");
    double nothing[] = {1, 0, NAN, 1};
    assert_fails(bm_linalg_solve_positive(2, nothing, x, &error), "a matrix of 2 rows holds nan");
    double tiny[] = {1e-300, 0, 0, 1e300}, y[] = {1e-300, 1e300}; /* only badly scaled */
    ck_assert_int_eq(bm_linalg_solve_positive(2, tiny, y, &error), BM_OK);
    assert_near(y[0], 1, 1e-14, "x");
    assert_near(y[1], 1, 1e-14, "y");
}
END_TEST

START_TEST(a_singular_matrix_has_no_solution) {
    double rank_1[] = {1, 2, 2, 4}, zero[] = {0}, x[3] = {1, 1, 1};
    assert_fails(bm_linalg_solve(2, rank_1, x, &error), "a matrix of 2 rows is singular (pivot 2)");
    assert_fails(bm_linalg_solve(1, zero, x, &error), "a matrix of 1 rows is singular (pivot 1)");
    /* I - P of a chain that never ends; rounding leaves 1e-17 of the last pivot */
    double endless[9] = {1 - 0.3, -0.6, -0.1, -0.2, 1 - 0.7, -0.1, -0.1, -0.2, 1 - 0.7};
    assert_fails(bm_linalg_solve(3, endless, x, &error), "a matrix of 3 rows is singular (pivot 3)");
    double nothing[] = {1, INFINITY, 0, 1};
    assert_fails(bm_linalg_solve(2, nothing, x, &error), "a matrix of 2 rows holds inf");
}
END_TEST

/* ---- threads ---- */

static int threads(void) {
    DIR *folder = opendir("/proc/self/task");
    int count = 0;
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static double seconds(clockid_t clock) {
    struct timespec time;
    ck_assert_int_eq(clock_gettime(clock, &time), 0);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Large enough for OpenBLAS to share out if it might. */
static void work(double *matrix, double *x) {
    const bm_real one = 1, zero = 0;
    const int n = LARGE;
    bm_gemm *gemm;
    bm_real *a = calloc(3 * (size_t)(n * n), sizeof *a);
    ck_assert_ptr_nonnull(a);
    ck_assert_int_eq(bm_linalg_gemm(&gemm, &error), BM_OK);
    gemm("N", "T", &n, &n, &n, &one, a, &n, a + n * n, &n, &zero, a + 2 * n * n, &n, 1, 1);
    free(a);
    fill(n * n, matrix, 5);
    fill(n, x, 6);
    ck_assert_int_eq(bm_linalg_solve(n, matrix, x, &error), BM_OK);
}

START_TEST(no_thread_but_the_callers_does_any_work) {
    double *matrix = malloc((LARGE * LARGE + LARGE) * sizeof *matrix);
    ck_assert_ptr_nonnull(matrix);
    const int before = threads();
    ck_assert_int_eq(bm_linalg_open(&error), BM_OK);
    ck_assert_int_eq(threads(), before);
    const double others = seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID);
    const double own = seconds(CLOCK_THREAD_CPUTIME_ID);
    work(matrix, matrix + LARGE * LARGE);
    ck_assert_int_eq(threads(), before);
    const double worked = seconds(CLOCK_THREAD_CPUTIME_ID) - own;
    const double helped = seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID) - others;
    ck_assert_msg(worked > 0.005 && helped < 0.001, "%g s of its own, %g s of others", worked, helped);
    free(matrix);
}
END_TEST

static void *solve_again(void *result) {
    double matrix[MOST * MOST], *x = result;
    for (int again = 0; again < 200; again++) {
        positive(MOST, matrix, 3);
        fill(MOST, x, 4);
        if (bm_linalg_solve(MOST, matrix, x, NULL) != BM_OK) {
            x[0] = NAN;
            break;
        }
    }
    return NULL;
}

START_TEST(threads_that_open_it_at_once_get_the_same_bits) {
    enum { THREADS = 4 };
    pthread_t thread[THREADS];
    double x[THREADS][MOST];
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, solve_again, x[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
        ck_assert(isfinite(x[i][0]) && memcmp(x[i], x[0], sizeof x[0]) == 0);
    }
}
END_TEST

TEST_MAIN("linalg", 60, eigenvectors_of_a_matrix_worked_by_hand, eigenvectors_meet_their_equations,
          no_eigenvalues_without_numbers, a_positive_matrix_worked_by_hand, a_regular_matrix_worked_by_hand,
          solutions_meet_their_equations, what_is_not_positive_definite_has_no_solution,
          a_singular_matrix_has_no_solution, no_thread_but_the_callers_does_any_work,
          threads_that_open_it_at_once_get_the_same_bits)
