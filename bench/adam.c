/* How fast Adam's update is, beside a loop that only moves the same memory: it reads the gradient and reads and writes
 * the parameters and both moments, with one addition each. In memory Adam should come near it; in cache Adam is held
 * by the processor's divider, one square root and one division an element.
 *
 * One line per size: parameters, microseconds a step, elements a second, and Adam's share of the streaming speed. */
#include <stdio.h>
#include <time.h>

#include "core/arena.h"
#include "optim/clones.h"
#include "optim/optim.h"

enum { CARTPOLE_NET = 10934, LARGE_NET = 10000000, REPEATS = 7 };

extern const bm_optim_type bm_optim_adam;

typedef struct {
    size_t n;
    float *param, *grad, *slot[BM_OPTIM_SLOTS];
    const void *config;
    int64_t t;
} problem;

typedef void work(problem *p);

static void adam(problem *p) {
    bm_optim_adam.step_f32(p->config, ++p->t, 1e-3, 1, p->n, p->param, p->grad, p->slot);
}

BM_CLONES
static void add_stream(size_t n, float *restrict param, const float *restrict grad, float *restrict first,
                       float *restrict second) {
    for (size_t i = 0; i < n; i++) {
        first[i] += grad[i];
        second[i] += grad[i];
        param[i] += grad[i];
    }
}

static void stream(problem *p) {
    add_stream(p->n, p->param, p->grad, p->slot[0], p->slot[1]);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The best of several measurements of about 50 million elements each. */
static double seconds_per_step(work *step, problem *p) {
    const size_t steps = 50000000 / p->n;
    double best = 1e9;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = seconds_now();
        for (size_t i = 0; i < steps; i++) {
            step(p);
        }
        const double seconds = (seconds_now() - start) / (double)steps;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static int measure(size_t n) {
    bm_arena arena = {0};
    bm_error error;
    problem p = {.n = n, .param = BM_NEW(&arena, float, n), .grad = BM_NEW(&arena, float, n)};
    p.slot[0] = BM_NEW(&arena, float, n);
    p.slot[1] = BM_NEW(&arena, float, n);
    void *config = BM_NEW(&arena, unsigned char, bm_optim_adam.options.config_bytes);
    if (bm_arena_check(&arena, "the bench", &error) != BM_OK) {
        fprintf(stderr, "%s\n", error.text);
        bm_arena_free(&arena);
        return 1;
    }
    bm_options_defaults(&bm_optim_adam.options, config);
    p.config = config;
    for (size_t i = 0; i < n; i++) {
        p.param[i] = (float)(i % 97) * 0.01f;
        p.grad[i] = (float)(i % 101) * 0.01f - 0.5f;
    }
    const double adam_seconds = seconds_per_step(adam, &p);
    for (size_t i = 0; i < n; i++) {
        p.grad[i] *= 1e-6f; /* so that the streaming loop's sums stay ordinary numbers */
    }
    const double stream_seconds = seconds_per_step(stream, &p);
    printf("adam %9zu parameters %10.2f us/step %7.3f G elements/s; streaming the same arrays %7.3f G elements/s; "
           "share %.2f\n",
           n, adam_seconds * 1e6, (double)n / adam_seconds * 1e-9, (double)n / stream_seconds * 1e-9,
           stream_seconds / adam_seconds);
    bm_arena_free(&arena);
    return 0;
}

int main(void) {
    return measure(CARTPOLE_NET) | measure(LARGE_NET);
}
