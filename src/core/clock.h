#ifndef BM_CORE_CLOCK_H
#define BM_CORE_CLOCK_H

#include <time.h>

/* Seconds that only ever grow, from an arbitrary start. */
static inline double bm_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline void bm_sleep(double seconds) {
    if (seconds > 0) {
        const struct timespec length = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
        nanosleep(&length, NULL);
    }
}

#endif
