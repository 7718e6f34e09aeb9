#ifndef BM_CORE_SUBNORMAL_H
#define BM_CORE_SUBNORMAL_H

/* Subnormal floats cost a processor a hundred cycles each, and a network makes them by the thousand: the moments of a
 * unit that stopped firing decay towards zero and, rounded up each time, never arrive. Between flush and restore the
 * calling thread treats them as zero, in and out (as TensorFlow does); where the processor has no such mode nothing
 * happens. */
#if defined(__SSE2__)
#include <xmmintrin.h>

enum { BM_FLUSH_TO_ZERO = 0x8000, BM_SUBNORMALS_ARE_ZERO = 0x0040 };

static inline unsigned bm_flush_subnormals(void) {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | BM_FLUSH_TO_ZERO | BM_SUBNORMALS_ARE_ZERO);
    return before;
}

static inline void bm_restore_subnormals(unsigned before) {
    _mm_setcsr(before);
}
#else
static inline unsigned bm_flush_subnormals(void) {
    return 0;
}

static inline void bm_restore_subnormals(unsigned before) {
    (void)before;
}
#endif

#endif
