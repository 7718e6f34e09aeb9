#ifndef BM_OPTIM_POWER_H
#define BM_OPTIM_POWER_H

/* Powers that have the same bits on every machine: pow of the C library may round otherwise where it finds fused
 * multiply-add. */
#include <math.h>
#include <stdint.h>

/* base^n for n >= 0 by squaring. */
static inline double bm_power(double base, int64_t n) {
    double power = 1;
    for (; n > 0; n >>= 1) {
        if (n & 1) {
            power *= base;
        }
        base *= base;
    }
    return power;
}

/* base^exponent for base > 0. On x86 long double is computed by instructions that are the same on all. */
static inline double bm_real_power(double base, double exponent) {
    return (double)powl((long double)base, (long double)exponent);
}

#endif
