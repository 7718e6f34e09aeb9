#ifndef BM_NETS_SIMD_H
#define BM_NETS_SIMD_H

/* The widest vectors of the instruction set being compiled for, for gemm.isa.c alone: load and store with a tail, fused
 * multiply-add, and sums across lanes in an order that is the same for every width. */
#include <string.h>

#include "core/real.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define SIMD_V4    1
#define SIMD_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#define SIMD_V3    1
#define SIMD_BYTES 32
#else
#define SIMD_BYTES 16
#endif

#if defined(SIMD_V3) || defined(SIMD_V4)
#include <immintrin.h>
#endif

#define SIMD_INLINE static inline __attribute__((always_inline))

typedef bm_real simd __attribute__((vector_size(SIMD_BYTES)));
typedef bm_real simd_anywhere __attribute__((vector_size(SIMD_BYTES), aligned(sizeof(bm_real)), may_alias));
typedef bm_real simd_quad __attribute__((vector_size(4 * sizeof(bm_real))));

enum {
    SIMD_LANES = SIMD_BYTES / (int)sizeof(bm_real),
    SIMD_SUM_LANES = 64 / (int)sizeof(bm_real), /* of a dot product, on every instruction set */
    SIMD_SUM_PARTS = 64 / SIMD_BYTES,           /* vectors that hold them */
};

#if defined(SIMD_V4)

#ifdef BM_DOUBLE
#define SIMD_OP(name) _mm512_##name##_pd
typedef __mmask8 simd_mask;
#else
#define SIMD_OP(name) _mm512_##name##_ps
typedef __mmask16 simd_mask;
#endif

/* The first count lanes, 0 <= count <= SIMD_LANES. */
SIMD_INLINE simd_mask simd_first(int count) {
    return (simd_mask)((1u << count) - 1u);
}
SIMD_INLINE simd simd_load_first(const bm_real *p, simd_mask mask) {
    return SIMD_OP(maskz_loadu)(mask, p);
}
SIMD_INLINE void simd_store_first(bm_real *p, simd_mask mask, simd x) {
    SIMD_OP(mask_storeu)(p, mask, x);
}

#elif defined(SIMD_V3)

#ifdef BM_DOUBLE
#define SIMD_OP(name) _mm256_##name##_pd
#else
#define SIMD_OP(name) _mm256_##name##_ps
#endif
typedef __m256i simd_mask;

SIMD_INLINE simd_mask simd_first(int count) {
#ifdef BM_DOUBLE
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
#else
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
#endif
}
SIMD_INLINE simd simd_load_first(const bm_real *p, simd_mask mask) {
    return SIMD_OP(maskload)(p, mask);
}
SIMD_INLINE void simd_store_first(bm_real *p, simd_mask mask, simd x) {
    SIMD_OP(maskstore)(p, mask, x);
}

#else

typedef int simd_mask;

SIMD_INLINE simd_mask simd_first(int count) {
    return count;
}
SIMD_INLINE simd simd_load_first(const bm_real *p, simd_mask mask) {
    simd x = {0};
    for (int i = 0; i < SIMD_LANES; i++) {
        if (i < mask) {
            x[i] = p[i];
        }
    }
    return x;
}
SIMD_INLINE void simd_store_first(bm_real *p, simd_mask mask, simd x) {
    for (int i = 0; i < SIMD_LANES; i++) {
        if (i < mask) {
            p[i] = x[i];
        }
    }
}

#endif

SIMD_INLINE simd simd_load(const bm_real *p) {
    return *(const simd_anywhere *)p;
}
SIMD_INLINE void simd_store(bm_real *p, simd x) {
    *(simd_anywhere *)p = x;
}

#ifdef SIMD_OP
SIMD_INLINE simd simd_all(bm_real x) {
    return SIMD_OP(set1)(x);
}
SIMD_INLINE simd simd_fma(simd a, simd b, simd c) { /* a b + c, rounded once */
    return SIMD_OP(fmadd)(a, b, c);
}
SIMD_INLINE simd simd_relu(simd x) { /* the second operand wins where one is NaN */
    return SIMD_OP(max)((simd){0}, x);
}
#else
SIMD_INLINE simd simd_all(bm_real x) {
    simd v;
    for (int i = 0; i < SIMD_LANES; i++) {
        v[i] = x;
    }
    return v;
}
SIMD_INLINE simd simd_fma(simd a, simd b, simd c) { /* fused where the processor can: -ffp-contract=fast */
    return a * b + c;
}
SIMD_INLINE simd simd_relu(simd x) {
    simd v;
    for (int i = 0; i < SIMD_LANES; i++) {
        v[i] = x[i] < 0 ? 0 : x[i];
    }
    return v;
}
#endif

/* Quads go by pointer: four doubles are more than the base instruction set can return.
 *
 * Lanes i, i + 4, i + 8... of a dot product's 64 bytes become lane i of four: halves are added until four are left. */
#if defined(SIMD_V4) && defined(BM_DOUBLE)
SIMD_INLINE void simd_fold(const simd part[SIMD_SUM_PARTS], simd_quad *quad) {
    *quad = _mm512_castpd512_pd256(part[0]) + _mm512_extractf64x4_pd(part[0], 1);
}
#elif defined(SIMD_V4)
SIMD_INLINE void simd_fold(const simd part[SIMD_SUM_PARTS], simd_quad *quad) {
    const __m256 eight = _mm512_castps512_ps256(part[0]) + _mm512_extractf32x8_ps(part[0], 1);
    *quad = _mm256_castps256_ps128(eight) + _mm256_extractf128_ps(eight, 1);
}
#elif defined(SIMD_V3) && defined(BM_DOUBLE)
SIMD_INLINE void simd_fold(const simd part[SIMD_SUM_PARTS], simd_quad *quad) {
    *quad = part[0] + part[1];
}
#elif defined(SIMD_V3)
SIMD_INLINE void simd_fold(const simd part[SIMD_SUM_PARTS], simd_quad *quad) {
    const simd eight = part[0] + part[1];
    *quad = _mm256_castps256_ps128(eight) + _mm256_extractf128_ps(eight, 1);
}
#else
SIMD_INLINE void simd_fold(const simd part[SIMD_SUM_PARTS], simd_quad *quad) {
    const simd first = part[0] + part[2], second = part[1] + part[3];
    for (int i = 0; i < 4; i++) { /* four floats lie one below the other, two doubles side by side */
        (*quad)[i] = SIMD_LANES == 4 ? first[i % SIMD_LANES] + second[i % SIMD_LANES]
                     : i < 2         ? first[i % SIMD_LANES]
                                     : second[i % SIMD_LANES];
    }
}
#endif

#ifdef __clang__
#define SIMD_SHUFFLE(x, y, i, j, k, l) __builtin_shufflevector(x, y, i, j, k, l)
#elif defined(BM_DOUBLE)
typedef int64_t simd_quad_index __attribute__((vector_size(32)));
#define SIMD_SHUFFLE(x, y, i, j, k, l) __builtin_shuffle(x, y, (simd_quad_index){i, j, k, l})
#else
typedef int32_t simd_quad_index __attribute__((vector_size(16)));
#define SIMD_SHUFFLE(x, y, i, j, k, l) __builtin_shuffle(x, y, (simd_quad_index){i, j, k, l})
#endif

/* sum[d] = (q[d][0] + q[d][2]) + (q[d][1] + q[d][3]) for four quads. */
SIMD_INLINE void simd_sum_quads(const simd_quad q[4], simd_quad *sum) {
    const simd_quad s01 = SIMD_SHUFFLE(q[0], q[1], 0, 4, 1, 5) + SIMD_SHUFFLE(q[0], q[1], 2, 6, 3, 7);
    const simd_quad s23 = SIMD_SHUFFLE(q[2], q[3], 0, 4, 1, 5) + SIMD_SHUFFLE(q[2], q[3], 2, 6, 3, 7);
    *sum = SIMD_SHUFFLE(s01, s23, 0, 1, 4, 5) + SIMD_SHUFFLE(s01, s23, 2, 3, 6, 7);
}

#endif
