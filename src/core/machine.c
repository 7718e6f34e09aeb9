/* Measuring the machine's limits: the best of many short blocks of CPU time, for other work may share the core. */
#include "core/machine.h"

#include <time.h>

#include "core/arena.h"
#include "core/peak.h"

double bm_machine_cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static const bm_peak_loop *best_loop(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
        return &bm_peak_v4;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return &bm_peak_v3;
    }
#endif
    return &bm_peak_base;
}

/* The best rate of blocks of work. The clock of a busy virtual machine may stand still for a moment: a block lasts
 * until it moves. */
typedef struct {
    double start, work, best;
} best_block;

static void add_work(best_block *block, double work) {
    static const double shortest = 1e-5; /* seconds */
    const double now = bm_machine_cpu_seconds(), spent = now - block->start;
    block->work += work;
    if (spent >= shortest) {
        block->best = block->work / spent > block->best ? block->work / spent : block->best;
        block->start = now;
        block->work = 0;
    }
}

double bm_machine_peak_flops(double seconds) {
    const bm_peak_loop *loop = best_loop();
    best_block block = {.start = bm_machine_cpu_seconds()};
    const double end = block.start + seconds;
    while (block.start < end) {
        float sink;
        add_work(&block, loop->spin(20000, &sink));
    }
    return block.best;
}

static void triad(size_t n, float *restrict a, const float *restrict b, const float *restrict c, float s) {
    for (size_t i = 0; i < n; i++) {
        a[i] = b[i] + s * c[i];
    }
}

double bm_machine_bandwidth(size_t n, double seconds) {
    bm_arena arena = {0};
    float *a = BM_NEW(&arena, float, n), *b = BM_NEW(&arena, float, n), *c = BM_NEW(&arena, float, n);
    best_block block = {0};
    if (a && b && c) {
        for (size_t i = 0; i < n; i++) {
            a[i] = b[i] = c[i] = (float)(i % 100);
        }
        const size_t repeats = n < 1000000 ? 1000000 / n : 1;
        block.start = bm_machine_cpu_seconds();
        const double end = block.start + seconds;
        while (block.start < end) {
            for (size_t i = 0; i < repeats; i++) {
                triad(n, a, b, c, 0.5f);
            }
            add_work(&block, 12.0 * (double)(n * repeats));
        }
    }
    bm_arena_free(&arena);
    return block.best;
}
