/* One side of the comparison in optim.py: for every line on standard input, "adam|stream N STEPS THREADS", makes so
 * many steps over N parameters and prints microseconds per step, by the clock and of processor time. stream only moves
 * the memory that Adam moves, and the very same arrays: it reads the gradient, and reads and writes the parameters and
 * both moments, with one addition each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/machine.h"
#include "optim/clones.h"
#include "optim/optim.h"

enum { PAIR = 2, LINE = 16 }; /* threads; floats in a cache line */

typedef struct {
    bm_arena arena;
    bm_variant choice;
    bm_optim optim;
    float *param, *grad; /* [optim.n] */
} problem;

static void fail(const bm_error *error) {
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

/* Gradients are small and positive, so that the streaming loop leaves moments which Adam can go on with. */
static void create(problem *p, size_t n) {
    bm_error error;
    while (strcmp(bm_optim_types[p->choice.kind]->name, "adam") != 0) {
        p->choice.kind++;
    }
    bm_options_defaults(&bm_optim_types[p->choice.kind]->options, p->choice.config);
    p->param = BM_NEW(&p->arena, float, n);
    p->grad = BM_NEW(&p->arena, float, n);
    if (bm_optim_create(&p->optim, &p->choice, BM_F32, n, &p->arena, &error) != BM_OK ||
        bm_arena_check(&p->arena, "the bench", &error) != BM_OK) {
        fail(&error);
    }
    for (size_t i = 0; i < n; i++) {
        p->param[i] = 0.01f * (float)(i % 97);
        p->grad[i] = 1e-6f + 1e-8f * (float)(i % 101);
    }
}

BM_CLONES
static void add_stream(size_t n, float *restrict param, const float *restrict grad, float *restrict mean,
                       float *restrict square) {
    for (size_t i = 0; i < n; i++) {
        mean[i] += grad[i];
        square[i] += grad[i];
        param[i] += grad[i];
    }
}

static void stream_half(void *context, int half) {
    problem *p = context;
    float *mean = p->optim.slot[0], *square = p->optim.slot[1];
    const size_t middle = p->optim.n / (PAIR * LINE) * LINE;
    const size_t first = half ? middle : 0, n = half ? p->optim.n - middle : middle;
    add_stream(n, p->param + first, p->grad + first, mean + first, square + first);
}

static void step(problem *p, bool streams) {
    if (!streams) {
        bm_optim_step(&p->optim, 1e-4, 1, p->param, p->grad);
    } else if (p->optim.pool) {
        bm_pool_run(p->optim.pool, PAIR, stream_half, p);
    } else {
        add_stream(p->optim.n, p->param, p->grad, p->optim.slot[0], p->optim.slot[1]);
    }
}

static double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void measure(problem *p, bool streams, int steps) {
    step(p, streams); /* warm-up: the caches hold what a loop of such steps leaves there, the other thread is awake */
    const double by_clock = clock_seconds(), of_processors = bm_machine_cpu_seconds();
    for (int i = 0; i < steps; i++) {
        step(p, streams);
    }
    const double scale = 1e6 / steps;
    printf("%.4f %.4f\n", (clock_seconds() - by_clock) * scale, (bm_machine_cpu_seconds() - of_processors) * scale);
    fflush(stdout);
}

int main(void) {
    problem p = {.choice.kind = 0};
    bm_pool *pool;
    bm_error error;
    char work[16];
    size_t n;
    int steps, threads;
    if (bm_pool_create(&pool, PAIR, &error) != BM_OK) {
        fail(&error);
    }
    while (scanf("%15s %zu %d %d", work, &n, &steps, &threads) == 4) {
        if (n != p.optim.n) {
            bm_arena_free(&p.arena);
            p = (problem){.choice.kind = 0};
            create(&p, n);
        }
        p.optim.pool = threads == PAIR ? pool : NULL;
        measure(&p, strcmp(work, "stream") == 0, steps);
    }
    bm_arena_free(&p.arena);
    bm_pool_destroy(pool);
    return 0;
}
