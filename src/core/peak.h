#ifndef BM_CORE_PEAK_H
#define BM_CORE_PEAK_H

/* Does rounds of multiply-adds and returns how many floating-point operations those were. sink keeps the compiler
 * honest. */
typedef struct {
    double (*spin)(long rounds, float *sink);
} bm_peak_loop;

extern const bm_peak_loop bm_peak_base, bm_peak_v3, bm_peak_v4;

#endif
