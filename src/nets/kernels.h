#ifndef BM_NETS_KERNELS_H
#define BM_NETS_KERNELS_H

/* Matrix products for one processor core. One text (gemm.isa.c) is compiled once per instruction set; the processor
 * decides at run time which table is used.
 *
 * The bits of an element of C depend on its row of A, its column of B, n and k alone: not on m, the tile or the number
 * of lanes (with a transposed B: not on m within 1..BM_FEW_ROWS - 1 and from BM_FEW_ROWS on). x86-64-v3 and -v4 give
 * the same bits; "base" has no fused multiply-add on x86 and rounds differently.
 *
 * Where "base" is all there is, products with a transposed factor, which are those of gradients, are OpenBLAS's instead
 * (core/linalg.h), twice as fast there. The environment variable BELLMAN_GEMM=openblas sends all products through it,
 * whose bits may depend on m. */
#include "core/linalg.h"

/* C [m, n] = A [m, k] B [k, n] + bias, then relu. B and C are row-major and dense; C may not overlap A or B. */
typedef struct {
    int m, n, k; /* >= 1 */
    const bm_real *a;
    size_t a_row, a_col; /* element (i, l) is a[i * a_row + l * a_col] */
    const bm_real *b;
    bool b_transposed; /* b is [n, k] */
    bm_real *c;
    const bm_real *bias; /* [n], added to every row, or NULL */
    size_t bias_row;     /* not 0: row i adds bias[i * bias_row...] instead; bias may then be C, to add to it */
    bool relu;           /* C = max(C, 0); NaN stays NaN */
} bm_product;

enum { BM_FEW_ROWS = 8 };

typedef struct {
    const char *name; /* "base", "v3", "v4" */
    void (*multiply)(const bm_product *product);
    bm_gemm *gemm;  /* OpenBLAS's product, for A or B transposed; NULL: multiply does all */
    bool gemm_rows; /* gemm does the others too: a row's bits may depend on the batch */
} bm_kernels;

/* All that were compiled in and run on this processor, best first, NULL at the end; each alone, without OpenBLAS. */
const bm_kernels *const *bm_kernels_usable(void);

/* What products of this process go through. BM_INVALID: BELLMAN_GEMM is neither empty nor "openblas"; BM_FAILED:
 * OpenBLAS is to be used and cannot be opened. */
bm_status bm_kernels_choose(bm_kernels *kernels, bm_error *error);

void bm_multiply(const bm_kernels *kernels, const bm_product *product);

#endif
