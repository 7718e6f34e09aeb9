#ifndef BM_TESTS_KERNELS_UNDER_TEST_H
#define BM_TESTS_KERNELS_UNDER_TEST_H

/* Every way to multiply on this processor, up to one without a name: each instruction set alone, and the portable
 * kernels with OpenBLAS for gradients, as processors without AVX2 have them. Under BELLMAN_GEMM=openblas only that. */
#include <string.h>

#include "nets/kernels.h"
#include "support.h"

static inline const bm_kernels *kernels_under_test(void) {
    enum { MOST = 8 };
    static bm_kernels list[MOST];
    bm_error error = {""};
    int count = 0;
    memset(list, 0, sizeof list);
    ck_assert_msg(bm_kernels_choose(&list[0], &error) == BM_OK, "%s", error.text);
    if (list[0].gemm_rows) {
        return list;
    }
    for (const bm_kernels *const *usable = bm_kernels_usable(); *usable; usable++) {
        ck_assert_int_lt(count, MOST - 2);
        list[count++] = **usable;
    }
    list[count] = list[count - 1];
    ck_assert_msg(bm_linalg_gemm(&list[count].gemm, &error) == BM_OK, "%s", error.text);
    return list;
}

#endif
