/* Matrix kernels of every instruction set this processor has, against the chain of fused multiply-adds they promise,
 * term by term in C; OpenBLAS's beside them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_under_test.h"

enum { MOST = 300 * 300, LANES = 64 / (int)sizeof(bm_real), GUARD = 32 };

static const bm_real untouched = 12345;

static bm_real a[MOST], b[MOST], bias[300], c[MOST + GUARD], other[MOST + GUARD], wanted[MOST];

static bm_real fused(bm_real x, bm_real y, bm_real z) {
#ifdef BM_DOUBLE
    return fma(x, y, z);
#else
    return fmaf(x, y, z);
#endif
}

static void fill(size_t n, bm_real *x, unsigned seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (bm_real)(seed >> 8) / (1 << 23) - 1; /* full mantissas, so that rounding shows */
    }
}

static void fill_all(void) {
    fill(MOST, a, 1);
    fill(MOST, b, 2);
    fill(300, bias, 3);
}

static void run(const bm_kernels *kernels, bm_product p, bm_real *result) {
    for (int i = 0; i < p.m * p.n + GUARD; i++) {
        result[i] = untouched;
    }
    p.c = result;
    bm_multiply(kernels, &p);
    for (int i = p.m * p.n; i < p.m * p.n + GUARD; i++) {
        if (result[i] != untouched) {
            ck_abort_msg("%s wrote behind C", kernels->name);
        }
    }
}

static bm_real element_of_b(const bm_product *p, int l, int j) {
    return p->b_transposed ? p->b[j * p->k + l] : p->b[l * p->n + j];
}

/* One chain over k from the bias, or lanes folded in halves and the bias at the end: see gemm.isa.c. */
static bm_real by_hand(const bm_product *p, int i, int j, bool dots) {
    const bm_real start = p->bias ? p->bias[(size_t)i * p->bias_row + (size_t)j] : 0;
    bm_real sum = dots ? 0 : start, lane[LANES] = {0};
    for (int l = 0; l < p->k; l++) {
        bm_real *chain = dots ? &lane[l % LANES] : &sum;
        *chain = fused(p->a[(size_t)i * p->a_row + (size_t)l * p->a_col], element_of_b(p, l, j), *chain);
    }
    if (dots) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int l = 0; l < half; l++) {
                lane[l] += lane[l + half];
            }
        }
        sum = lane[0] + start;
    }
    return p->relu && sum < 0 ? 0 : sum;
}

/* Every element, on every instruction set: the very bits where there is fused multiply-add, close ones otherwise, and
 * from OpenBLAS, which has an order of its own. */
static void check(bm_product p, bool dots) {
    const double rounding = sizeof(bm_real) == 4 ? 4e-7 : 4e-16;
    for (int i = 0; i < p.m * p.n; i++) {
        wanted[i] = by_hand(&p, i / p.n, i % p.n, dots);
    }
    for (const bm_kernels *kernels = kernels_under_test(); kernels->name; kernels++) {
        const bool exact = strcmp(kernels->name, "base") != 0 && !kernels->gemm;
        const double tolerance = exact ? 0 : rounding * (p.k + 4);
        run(kernels, p, c);
        for (int i = 0; i < p.m; i++) {
            for (int j = 0; j < p.n; j++) {
                const bm_real want = wanted[i * p.n + j], got = c[i * p.n + j];
                if (!(fabs((double)(got - want)) <= tolerance)) {
                    ck_abort_msg("%s: %d x %d x %d%s, element %d, %d is %.9g, not %.9g", kernels->name, p.m, p.n, p.k,
                                 p.b_transposed ? ", B transposed" : "", i, j, (double)got, (double)want);
                }
            }
        }
    }
}

static bm_product product(int m, int n, int k) {
    return (bm_product){.m = m, .n = n, .k = k, .a = a, .a_row = (size_t)k, .a_col = 1, .b = b};
}

static bm_product transposed_a(int m, int n, int k) {
    return (bm_product){.m = m, .n = n, .k = k, .a = a, .a_row = 1, .a_col = (size_t)m, .b = b};
}

static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 15, 16, 17, 24, 31, 33, 47, 64, 65, 84, 120};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

START_TEST(forward_products_are_the_promised_chain) {
    fill_all();
    for (int m = 0; m < SIZES; m += 1 + m / 9) {
        for (int n = 0; n < SIZES; n++) {
            for (int k = (m + 2 * n) % 3; k < SIZES; k += 3 + (m + n) % 3) {
                bm_product p = product(sizes[m], sizes[n], sizes[k]);
                p.bias = (m + k) % 3 ? bias : NULL;
                p.relu = (n + k) % 2;
                check(p, sizes[n] <= 4);
            }
        }
    }
}
END_TEST

START_TEST(transposed_a_is_the_promised_chain) {
    fill_all();
    for (int m = 0; m < SIZES; m++) {
        for (int n = 0; n < SIZES; n += 1 + n / 9) {
            for (int k = (m + 2 * n) % 3; k < SIZES; k += 3 + (m + n) % 3) {
                check(transposed_a(sizes[m], sizes[n], sizes[k]), sizes[m] == 1 && sizes[n] <= 4);
            }
        }
    }
}
END_TEST

START_TEST(transposed_b_is_the_promised_chain) {
    fill_all();
    for (int m = 0; m < SIZES; m += 1 + m / 9) {
        for (int n = 0; n < SIZES; n++) {
            for (int k = (m + 2 * n) % 3; k < SIZES; k += 3 + (m + n) % 3) {
                bm_product p = product(sizes[m], sizes[n], sizes[k]);
                p.b_transposed = true;
                check(p, sizes[m] < BM_FEW_ROWS || sizes[n] <= 4);
            }
        }
    }
}
END_TEST

START_TEST(a_bias_by_rows_is_added_and_may_be_c_itself) {
    fill_all();
    static bm_real start[MOST];
    fill(MOST, start, 4);
    for (int m = 0; m < SIZES; m += 1 + m / 9) {
        for (int n = 0; n < SIZES; n += 1 + n / 9) {
            for (int k = (m + 2 * n) % 3; k < SIZES; k += 5) {
                for (int transposed = 0; transposed < 2; transposed++) {
                    bm_product p = product(sizes[m], sizes[n], sizes[k]);
                    p.b_transposed = transposed;
                    p.bias = start;
                    p.bias_row = (size_t)p.n;
                    check(p, p.n <= 4 || (transposed && p.k > 1 && p.m < BM_FEW_ROWS));
                    for (const bm_kernels *kernels = kernels_under_test(); kernels->name; kernels++) {
                        const size_t bytes = (size_t)(p.m * p.n) * sizeof *c;
                        run(kernels, p, c);
                        memcpy(other, start, bytes);
                        bm_product adding = p;
                        adding.bias = adding.c = other;
                        bm_multiply(kernels, &adding);
                        ck_assert_msg(memcmp(other, c, bytes) == 0, "%s: %d x %d x %d", kernels->name, p.m, p.n, p.k);
                    }
                }
            }
        }
    }
}
END_TEST

START_TEST(large_products_with_blocks_of_k_and_copied_panels) {
    fill_all();
    static const int shapes[][3] = {{201, 300, 250}, {1, 290, 300}, {2, 257, 200},
                                    {30, 260, 193},  {299, 2, 300}, {25, 3, 299}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
        bm_product p = product(m, n, k);
        check(p, n <= 4);
        p.bias = bias;
        p.relu = true;
        check(p, n <= 4);
        check(transposed_a(m, n, k), false);
        p = product(m, n, k);
        p.b_transposed = true;
        check(p, m < BM_FEW_ROWS || n <= 4);
    }
}
END_TEST

START_TEST(a_row_does_not_depend_on_the_batch) {
    fill_all();
    for (const bm_kernels *kernels = kernels_under_test(); kernels->name && !kernels->gemm_rows; kernels++) {
        static const int widths[][2] = {{4, 64}, {64, 64}, {64, 2}, {84, 3}, {120, 84}, {256, 256}, {17, 5}};
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            const int k = widths[w][0], n = widths[w][1];
            bm_product p = product(67, n, k);
            p.bias = bias;
            run(kernels, p, c);
            for (int batch = 1; batch < 30; batch += 1 + batch / 4) {
                p.m = batch;
                p.a = a + k * 3;
                run(kernels, p, other);
                ck_assert_msg(memcmp(other, c + 3 * n, (size_t)(batch * n) * sizeof *c) == 0,
                              "%s: %d x %d rows differ in a batch of %d", kernels->name, k, n, batch);
            }
        }
    }
}
END_TEST

START_TEST(strides_of_zero_sum_columns) {
    fill_all();
    static const bm_real one = 1;
    const bm_product p = {.m = 1, .n = 84, .k = 128, .a = &one, .b = b};
    for (const bm_kernels *kernels = kernels_under_test(); kernels->name; kernels++) {
        run(kernels, p, c);
        for (int j = 0; j < p.n; j++) {
            bm_real sum = 0;
            for (int l = 0; l < p.k; l++) {
                sum += b[l * p.n + j];
            }
            ck_assert(c[j] == sum);
        }
    }
}
END_TEST

START_TEST(relu_keeps_nan_and_bounds_infinity) {
    fill_all();
    for (const bm_kernels *kernels = kernels_under_test(); kernels->name; kernels++) {
        for (int n = 1; n < 40; n += 3) {
            static const bm_real x[] = {(bm_real)NAN, (bm_real)INFINITY, -(bm_real)INFINITY, -1};
            bm_real ones[40];
            for (int j = 0; j < n; j++) {
                ones[j] = 1;
            }
            const bm_product p = {.m = 4, .n = n, .k = 1, .a = x, .a_row = 1, .a_col = 1, .b = ones, .relu = true};
            run(kernels, p, c);
            for (int j = 0; j < n; j++) {
                ck_assert(isnan(c[j]) && c[n + j] == x[1] && c[2 * n + j] == 0 && c[3 * n + j] == 0);
            }
        }
    }
}
END_TEST

START_TEST(base_kernels_exist_and_are_the_last) {
    const bm_kernels *const *kernels = bm_kernels_usable();
    while (kernels[1]) {
        kernels++;
    }
    ck_assert_str_eq(kernels[0]->name, "base");
}
END_TEST

START_TEST(the_environment_chooses_openblas_and_nothing_else) {
    const bool base = !bm_kernels_usable()[1];
    bm_kernels kernels;
    bm_error error;
    ck_assert_int_eq(setenv("BELLMAN_GEMM", "", 1), 0);
    ck_assert_int_eq(bm_kernels_choose(&kernels, &error), BM_OK);
    ck_assert_str_eq(kernels.name, bm_kernels_usable()[0]->name);
    ck_assert(base == (kernels.gemm != NULL) && !kernels.gemm_rows);
    ck_assert_int_eq(setenv("BELLMAN_GEMM", "openblas", 1), 0);
    ck_assert_int_eq(bm_kernels_choose(&kernels, &error), BM_OK);
    ck_assert(kernels.gemm && kernels.gemm_rows);
    ck_assert_int_eq(setenv("BELLMAN_GEMM", "mkl", 1), 0);
    ck_assert_int_eq(bm_kernels_choose(&kernels, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "BELLMAN_GEMM=mkl is unknown: it can be openblas, or not set");
    ck_assert_int_eq(unsetenv("BELLMAN_GEMM"), 0);
}
END_TEST

TEST_MAIN("gemm", 300, forward_products_are_the_promised_chain, transposed_a_is_the_promised_chain,
          transposed_b_is_the_promised_chain, a_bias_by_rows_is_added_and_may_be_c_itself,
          large_products_with_blocks_of_k_and_copied_panels, a_row_does_not_depend_on_the_batch,
          strides_of_zero_sum_columns, relu_keeps_nan_and_bounds_infinity, base_kernels_exist_and_are_the_last,
          the_environment_chooses_openblas_and_nothing_else)
