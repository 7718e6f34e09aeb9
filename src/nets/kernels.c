/* Which matrix kernel multiplies: one of those compiled in, or OpenBLAS's. */
#include "nets/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const bm_kernels bm_kernels_base;

#if defined(__x86_64__)

extern const bm_kernels bm_kernels_v3, bm_kernels_v4;

static const bm_kernels *const usable[] = {&bm_kernels_v4, &bm_kernels_v3, &bm_kernels_base, NULL};

const bm_kernels *const *bm_kernels_usable(void) {
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return v4 ? usable : v3 ? usable + 1 : usable + 2;
}

#else

static const bm_kernels *const usable[] = {&bm_kernels_base, NULL};

const bm_kernels *const *bm_kernels_usable(void) {
    return usable;
}

#endif

bm_status bm_kernels_choose(bm_kernels *kernels, bm_error *error) {
    const char *asked = getenv("BELLMAN_GEMM");
    const bool given = asked && *asked;
    if (given && strcmp(asked, "openblas") != 0) {
        return bm_invalid(error, "BELLMAN_GEMM=%.64s is unknown: it can be openblas, or not set", asked);
    }
    *kernels = *bm_kernels_usable()[0];
    kernels->gemm_rows = given;
    return given || kernels->multiply == bm_kernels_base.multiply ? bm_linalg_gemm(&kernels->gemm, error) : BM_OK;
}

/* C [m, n] begins with the bias or C itself; false: with zeros. */
static bool begin(const bm_product *p) {
    const size_t n = (size_t)p->n;
    for (size_t i = 0; p->bias && p->bias != p->c && i < (size_t)p->m; i++) {
        memcpy(p->c + i * n, p->bias + i * p->bias_row, n * sizeof *p->c);
    }
    return p->bias;
}

/* A matrix by rows is its transpose by columns: C' = B' A'. */
static void multiply_openblas(bm_gemm *gemm, const bm_product *p, bool a_transposed) {
    const int a_column = (int)(a_transposed ? p->a_col : p->a_row), b_column = p->b_transposed ? p->k : p->n;
    const bm_real one = 1, kept = begin(p) ? 1 : 0;
    gemm(p->b_transposed ? "T" : "N", a_transposed ? "T" : "N", &p->n, &p->m, &p->k, &one, p->b, &b_column, p->a,
         &a_column, &kept, p->c, &p->n, 1, 1);
    for (size_t i = 0; p->relu && i < (size_t)p->m * (size_t)p->n; i++) {
        p->c[i] = p->c[i] < 0 ? 0 : p->c[i];
    }
}

void bm_multiply(const bm_kernels *kernels, const bm_product *p) {
    const bool a_rows = p->a_col == 1 && p->a_row >= (size_t)p->k;
    const bool a_columns = p->a_row == 1 && p->a_col >= (size_t)p->m;
    if (kernels->gemm && (a_rows ? p->b_transposed || kernels->gemm_rows : a_columns)) {
        multiply_openblas(kernels->gemm, p, !a_rows);
    } else {
        kernels->multiply(p);
    }
}
