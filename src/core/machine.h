#ifndef BM_CORE_MACHINE_H
#define BM_CORE_MACHINE_H

/* The machine's limits, measured now, so that a speed can be told as a share of what one core could do. */
#include <stddef.h>

/* Floating-point operations a second of one core: float multiply-adds (2 each) that touch registers only, in the widest
 * vectors this processor has. Best of `seconds` of CPU time. */
double bm_machine_peak_flops(double seconds);

/* Bytes a second that one core moves: a[i] = b[i] + s * c[i] over arrays of n floats (12 bytes an element), McCalpin's
 * STREAM triad. Choose n beyond the caches for memory, small for a cache. 0 when memory is refused. */
double bm_machine_bandwidth(size_t n, double seconds);

/* CPU seconds used by this process so far, all threads. */
double bm_machine_cpu_seconds(void);

#endif
