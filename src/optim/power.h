#ifndef BM_OPTIM_POWER_H
#define BM_OPTIM_POWER_H

/* Powers that have the same bits on every x86-64: pow of the C library may round otherwise where it finds fused
 * multiply-add; long double is computed by instructions that are the same on all. */
#include <math.h>
#include <stdint.h>

/* base^n for n >= 0 by squaring, with digits to spare: 1 - beta^n must not lose what beta close to 1 leaves. */
static inline double bm_power(double base, int64_t n) {
    long double power = 1, square = (long double)base;
    for (; n > 0; n >>= 1) {
        if (n & 1) {
            power *= square;
        }
        square *= square;
    }
    return (double)power;
}

/* base^exponent for base > 0. */
static inline double bm_real_power(double base, double exponent) {
    return (double)powl((long double)base, (long double)exponent);
}

#endif
