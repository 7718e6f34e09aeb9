/* Which of the compiled matrix kernels this processor runs. */
#include "nets/kernels.h"

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

const bm_kernels *bm_kernels_best(void) {
    return bm_kernels_usable()[0];
}
