/* One side of the comparison in samplers.py: for every line on standard input, "FUNCTION SAMPLER TRIALS SEED",
 * minimises the function in so many trials and prints the best value after each of them, then the microseconds that the
 * sampler took for the last one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tune/sampler.h"

enum { DIMS = 6, PEAKS = 4, MOST_TRIALS = 100000 };

typedef struct {
    const char *name;
    double low, high; /* of every coordinate */
    double (*value)(const double *x);
} function;

/* Rosenbrock 1960, of neighbours; on the usual -5..10. */
static double rosenbrock(const double *x) {
    double sum = 0;
    for (int i = 0; i + 1 < DIMS; i++) {
        sum += 100 * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
    }
    return sum;
}

/* Hartmann 1973; Dixon and Szegö 1978. The minimum is -3.32237. */
static double hartmann(const double *x) {
    static const double height[PEAKS] = {1, 1.2, 3, 3.2};
    static const double steepness[PEAKS][DIMS] = {
        {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
    static const double centre[PEAKS][DIMS] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                               {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                               {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                               {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
    double sum = 0;
    for (int peak = 0; peak < PEAKS; peak++) {
        double distance = 0;
        for (int i = 0; i < DIMS; i++) {
            distance += steepness[peak][i] * pow(x[i] - centre[peak][i], 2);
        }
        sum -= height[peak] * exp(-distance);
    }
    return sum;
}

static const function functions[] = {{"rosenbrock", -5, 10, rosenbrock}, {"hartmann", 0, 1, hartmann}};

static void fail(const char *message) {
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static const function *find_function(const char *name) {
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return &functions[i];
        }
    }
    fail("no such function");
    return NULL;
}

static bm_variant find_sampler(const char *name) {
    bm_variant choice = {0};
    while (bm_sampler_types[choice.kind] && strcmp(bm_sampler_types[choice.kind]->name, name) != 0) {
        choice.kind++;
    }
    if (!bm_sampler_types[choice.kind]) {
        fail("no such sampler");
    }
    bm_options_defaults(&bm_sampler_types[choice.kind]->options, choice.config);
    return choice;
}

static void make_space(bm_search_space *space, const function *f) {
    bm_error error;
    for (int i = 0; i < DIMS; i++) {
        char name[16], range[64];
        snprintf(name, sizeof name, "x%d", i);
        snprintf(range, sizeof range, "uniform(%g,%g)", f->low, f->high);
        if (bm_search_space_add(space, name, range, &error) != BM_OK) {
            fail(error.text);
        }
    }
}

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static void minimise(const function *f, const bm_sampler *sampler, int count) {
    bm_arena arena = {0};
    bm_trial *trial = BM_NEW(&arena, bm_trial, count);
    double *param = BM_NEW(&arena, double, (size_t)count *DIMS), best = HUGE_VAL, spent = 0;
    if (arena.refused) {
        fail("not enough memory");
    }
    for (int i = 0; i < count; i++) {
        const bm_trials trials = {.count = i, .trial = trial};
        double *x = param + i * DIMS;
        const double start = microseconds();
        bm_sampler_sample(sampler, &trials, i, x);
        spent = microseconds() - start;
        trial[i] = (bm_trial){.number = i, .state = BM_TRIAL_COMPLETE, .value = f->value(x), .param = x};
        best = fmin(best, trial[i].value);
        printf("%.17g ", best);
    }
    printf("%.1f\n", spent);
    fflush(stdout);
    bm_arena_free(&arena);
}

int main(void) {
    char name[32], kind[32];
    int trials;
    unsigned long long seed;
    while (scanf("%31s %31s %d %llu", name, kind, &trials, &seed) == 4) {
        const function *f = find_function(name);
        const bm_variant choice = find_sampler(kind);
        bm_search_space space = {0};
        bm_sampler sampler;
        bm_error error;
        make_space(&space, f);
        if (trials < 1 || trials > MOST_TRIALS || bm_sampler_create(&sampler, &choice, &space, seed, &error) != BM_OK) {
            fail("1 to 100000 trials of a sampler that can be made");
        }
        minimise(f, &sampler, trials);
        bm_sampler_free(&sampler);
        bm_search_space_free(&space);
    }
    return 0;
}
