/* A loop of independent fused multiply-adds in registers, once per instruction set. */
#include "core/peak.h"

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX2__)
#define BYTES 32
#else
#define BYTES 16
#endif

typedef float vector __attribute__((vector_size(BYTES)));

#define NAME_(isa) bm_peak_##isa
#define NAME(isa)  NAME_(isa)

/* Twelve chains cover the latency of a multiply-add (4 cycles) on both ports. */
static double spin(long rounds, float *sink) {
    vector s0 = {0}, s1 = s0 + 1, s2 = s0 + 2, s3 = s0 + 3, s4 = s0 + 4, s5 = s0 + 5;
    vector s6 = s0 + 6, s7 = s0 + 7, s8 = s0 + 8, s9 = s0 + 9, s10 = s0 + 10, s11 = s0 + 11;
    vector a = s0 + 0.999f, b = s0 + 0.001f;
    for (long round = 0; round < rounds; round++) {
        s0 = s0 * a + b;
        s1 = s1 * a + b;
        s2 = s2 * a + b;
        s3 = s3 * a + b;
        s4 = s4 * a + b;
        s5 = s5 * a + b;
        s6 = s6 * a + b;
        s7 = s7 * a + b;
        s8 = s8 * a + b;
        s9 = s9 * a + b;
        s10 = s10 * a + b;
        s11 = s11 * a + b;
    }
    const vector sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
    *sink = sum[0];
    return 2.0 * 12 * (BYTES / sizeof(float)) * (double)rounds;
}

const bm_peak_loop NAME(BM_ISA) = {spin};
