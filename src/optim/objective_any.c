/* Test functions of any number of coordinates, n; means and sums run over all of them.
 *
 * sphere        sum x_i^2; De Jong 1975, "An analysis of the behavior of a class of genetic adaptive systems", F1
 * rosenbrock    sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2; Rosenbrock 1960, "An automatic method for finding the
 *               greatest or least value of a function", n = 2. From n = 4 on there is a second, local minimum near
 *               (-1, 1, ..., 1)
 * rastrigin     sum x_i^2 + 10 (1 - cos 2 pi x_i); Rastrigin 1974; Muehlenbein, Schomisch and Born 1991 for any n
 * ackley        20 (1 - exp(-0.2 sqrt(mean x_i^2))) + e - exp(mean cos 2 pi x_i); Ackley 1987; Baeck 1996 for any n
 * sparse        sum x_i^2, of whose gradient only some components are seen; slide 9 of the seed text on Adam
 *
 * 1 - cos 2a is written as 2 sin^2 a, and e^a - 1 as expm1 a, which keep all digits near the minimum, where the value
 * is exactly 0. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "optim/objective.h"

static const double pi = 3.14159265358979323846, e = 2.71828182845904523536;

/* ---- what they share */

typedef struct {
    int dims;
} any_config;

#define DIMS_OPTION(config, initial, least)                                                                            \
    BM_OPTION(config, dims, initial, least, BM_OBJECTIVE_DIMS, BM_LOG, "number of coordinates")

/* Each start is a pair that repeats over the coordinates: a, b, a, b... The only minimum has the value 0 and the same
 * number everywhere. */
static void describe(bm_objective *objective, double x_low, double x_high, double y_low, double y_high, int starts,
                     const double pair[][2], double lowest) {
    const int n = objective->dims;
    const int numbers = starts * n;
    double *start = BM_NEW(&objective->arena, double, numbers);
    double *minimum = BM_NEW(&objective->arena, double, n);
    if (!start || !minimum) {
        return;
    }
    for (int k = 0; k < starts; k++) {
        for (int i = 0; i < n; i++) {
            start[k * n + i] = pair[k][i % 2];
        }
    }
    for (int i = 0; i < n; i++) {
        minimum[i] = lowest;
    }
    memcpy(objective->window_low, (double[]){x_low, n > 1 ? y_low : 0}, sizeof objective->window_low);
    memcpy(objective->window_high, (double[]){x_high, n > 1 ? y_high : 0}, sizeof objective->window_high);
    objective->starts = starts;
    objective->start = start;
    objective->minima = 1;
    objective->minimum = minimum;
    objective->minimum_value = 0;
}

static double *zero(double *hessian, int n) {
    return memset(hessian, 0, (size_t)n * (size_t)n * sizeof *hessian);
}

/* ---- sphere */

static void sphere_describe(bm_objective *objective) {
    static const double pair[][2] = {{-4, 3}, {4, 1}, {2, -4}};
    describe(objective, -5, 5, -5, 5, 3, pair, 0);
}

static double sphere_value(const bm_objective *objective, const double *x) {
    double sum = 0;
    for (int i = 0; i < objective->dims; i++) {
        sum += x[i] * x[i];
    }
    return sum;
}

static void sphere_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient) {
    (void)rng;
    for (int i = 0; i < objective->dims; i++) {
        gradient[i] = 2 * x[i];
    }
}

static void sphere_hessian(const bm_objective *objective, const double *x, double *hessian) {
    (void)x;
    const int n = objective->dims;
    zero(hessian, n);
    for (int i = 0; i < n; i++) {
        hessian[i * n + i] = 2;
    }
}

static const bm_option sphere_options[] = {DIMS_OPTION(any_config, 2, 1)};

const bm_objective_type bm_objective_sphere = {
    .name = "sphere",
    .summary = "a round bowl",
    .formula = "sum x[i]^2",
    .source = "De Jong 1975, F1",
    .options = BM_OPTIONS(sphere_options, any_config),
    .describe = sphere_describe,
    .value = sphere_value,
    .gradient = sphere_gradient,
    .hessian = sphere_hessian,
};

/* ---- rosenbrock */

static void rosenbrock_describe(bm_objective *objective) {
    static const double pair[][2] = {{-1.5, 2}, {-1.2, 1}, {0, 2.5}, {1.5, -0.5}};
    describe(objective, -2, 2, -1, 3, 4, pair, 1);
}

static double rosenbrock_value(const bm_objective *objective, const double *x) {
    double sum = 0;
    for (int i = 0; i + 1 < objective->dims; i++) {
        const double left = 1 - x[i], off = x[i + 1] - x[i] * x[i];
        sum += left * left + 100 * off * off;
    }
    return sum;
}

static void rosenbrock_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient) {
    (void)rng;
    double before = 0; /* what the term before this one adds */
    int i = 0;
    for (; i + 1 < objective->dims; i++) {
        const double left = 1 - x[i], off = x[i + 1] - x[i] * x[i];
        gradient[i] = before - 2 * left - 400 * x[i] * off;
        before = 200 * off;
    }
    gradient[i] = before;
}

static void rosenbrock_hessian(const bm_objective *objective, const double *x, double *hessian) {
    const int n = objective->dims;
    zero(hessian, n);
    for (int i = 0; i + 1 < n; i++) {
        hessian[i * n + i] += 2 + 1200 * x[i] * x[i] - 400 * x[i + 1];
        hessian[i * n + i + 1] = hessian[(i + 1) * n + i] = -400 * x[i];
        hessian[(i + 1) * n + i + 1] = 200;
    }
}

static const bm_option rosenbrock_options[] = {DIMS_OPTION(any_config, 2, 2)};

const bm_objective_type bm_objective_rosenbrock = {
    .name = "rosenbrock",
    .summary = "a long curved valley, easy to find and hard to follow",
    .formula = "sum 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2",
    .source = "Rosenbrock 1960, An automatic method for finding the greatest or least value of a function",
    .options = BM_OPTIONS(rosenbrock_options, any_config),
    .describe = rosenbrock_describe,
    .value = rosenbrock_value,
    .gradient = rosenbrock_gradient,
    .hessian = rosenbrock_hessian,
};

/* ---- rastrigin */

static void rastrigin_describe(bm_objective *objective) {
    static const double pair[][2] = {{-3.3, 2.7}, {0.3, -0.4}, {4.2, 3.6}};
    describe(objective, -5.12, 5.12, -5.12, 5.12, 3, pair, 0);
}

static double rastrigin_value(const bm_objective *objective, const double *x) {
    double sum = 0;
    for (int i = 0; i < objective->dims; i++) {
        const double wave = sin(pi * x[i]);
        sum += x[i] * x[i] + 20 * wave * wave;
    }
    return sum;
}

static void rastrigin_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient) {
    (void)rng;
    for (int i = 0; i < objective->dims; i++) {
        gradient[i] = 2 * x[i] + 20 * pi * sin(2 * pi * x[i]);
    }
}

static void rastrigin_hessian(const bm_objective *objective, const double *x, double *hessian) {
    const int n = objective->dims;
    zero(hessian, n);
    for (int i = 0; i < n; i++) {
        hessian[i * n + i] = 2 + 40 * pi * pi * cos(2 * pi * x[i]);
    }
}

static const bm_option rastrigin_options[] = {DIMS_OPTION(any_config, 2, 1)};

const bm_objective_type bm_objective_rastrigin = {
    .name = "rastrigin",
    .summary = "a bowl with a dent at every whole number",
    .formula = "sum x[i]^2 + 10*(1 - cos(2*pi*x[i]))",
    .source = "Rastrigin 1974; Muehlenbein, Schomisch and Born 1991",
    .options = BM_OPTIONS(rastrigin_options, any_config),
    .describe = rastrigin_describe,
    .value = rastrigin_value,
    .gradient = rastrigin_gradient,
    .hessian = rastrigin_hessian,
};

/* ---- ackley: a cone in the middle, where the gradient is taken as 0 and the curvature is infinite */

static void ackley_describe(bm_objective *objective) {
    static const double pair[][2] = {{-3.4, 2.6}, {0.7, -0.4}, {4.3, 3.3}};
    describe(objective, -5, 5, -5, 5, 3, pair, 0);
}

static double ackley_value(const bm_objective *objective, const double *x) {
    double squares = 0, waves = 0;
    for (int i = 0; i < objective->dims; i++) {
        const double wave = sin(pi * x[i]);
        squares += x[i] * x[i];
        waves += wave * wave;
    }
    return -20 * expm1(-0.2 * sqrt(squares / objective->dims)) - e * expm1(-2 * waves / objective->dims);
}

/* The parts of the derivatives that all coordinates share. */
typedef struct {
    double radius; /* sqrt(mean x_i^2) */
    double cone;   /* 4 exp(-0.2 radius) / n */
    double hills;  /* exp(mean cos 2 pi x_i) / n */
} ackley_parts;

static ackley_parts ackley_at(int n, const double *x) {
    double squares = 0, waves = 0;
    for (int i = 0; i < n; i++) {
        squares += x[i] * x[i];
        waves += cos(2 * pi * x[i]);
    }
    const double radius = sqrt(squares / n);
    return (ackley_parts){.radius = radius, .cone = 4 * exp(-0.2 * radius) / n, .hills = exp(waves / n) / n};
}

static void ackley_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient) {
    (void)rng;
    const ackley_parts at = ackley_at(objective->dims, x);
    const double slope = at.radius > 0 ? at.cone / at.radius : 0;
    for (int i = 0; i < objective->dims; i++) {
        gradient[i] = slope * x[i] + at.hills * 2 * pi * sin(2 * pi * x[i]);
    }
}

static void ackley_hessian(const bm_objective *objective, const double *x, double *hessian) {
    const int n = objective->dims;
    const ackley_parts at = ackley_at(n, x);
    if (!(at.radius > 0)) {
        zero(hessian, n);
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n && at.radius > 0; j++) {
            const double ray = x[i] / at.radius * (x[j] / at.radius) / n;
            const double wave = sin(2 * pi * x[i]) * sin(2 * pi * x[j]) / n;
            hessian[i * n + j] = -at.cone * ray * (1 / at.radius + 0.2) - 4 * pi * pi * at.hills * wave;
        }
        hessian[i * n + i] += at.cone / at.radius + 4 * pi * pi * at.hills * cos(2 * pi * x[i]);
    }
}

static const bm_option ackley_options[] = {DIMS_OPTION(any_config, 2, 1)};

const bm_objective_type bm_objective_ackley = {
    .name = "ackley",
    .summary = "a plain full of dents around one deep funnel",
    .formula = "20*(1 - exp(-0.2*sqrt(mean x[i]^2))) + e - exp(mean cos(2*pi*x[i]))",
    .source = "Ackley 1987; Baeck 1996",
    .options = BM_OPTIONS(ackley_options, any_config),
    .describe = ackley_describe,
    .value = ackley_value,
    .gradient = ackley_gradient,
    .hessian = ackley_hessian,
};

/* ---- sparse: a sphere that shows each component of its gradient with probability p, else 0 */

typedef struct {
    int dims;
    double p;
    int seed;
} sparse_config;

static void sparse_describe(bm_objective *objective) {
    const sparse_config *config = objective->config;
    static const double pair[][2] = {{0, 0}};
    describe(objective, -1.2, 1.2, -1.2, 1.2, 1, pair, 0);
    double *start = BM_NEW(&objective->arena, double, objective->dims);
    bm_rng rng = bm_rng_seeded((uint64_t)config->seed);
    for (int i = 0; start && i < objective->dims; i++) {
        start[i] = bm_rng_uniform(&rng, -1, 1);
    }
    objective->start = start;
    objective->drawn = true;
}

static void sparse_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient) {
    const sparse_config *config = objective->config;
    for (int i = 0; i < objective->dims; i++) {
        gradient[i] = !rng || bm_rng_double(rng) < config->p ? 2 * x[i] : 0;
    }
}

static const bm_option sparse_options[] = {
    DIMS_OPTION(sparse_config, 100, 1),
    BM_OPTION(sparse_config, p, 0.1, 0, 1, BM_LINEAR, "probability that a component of the gradient is seen"),
    BM_OPTION(sparse_config, seed, 1, 0, 2147483647, BM_LINEAR, "draws the start, uniform in -1..1"),
};

const bm_objective_type bm_objective_sparse = {
    .name = "sparse",
    .summary = "a sphere that shows few components of its gradient at a time",
    .formula = "sum x[i]^2, each component of the gradient with probability p, else 0",
    .source = "the seed text on Adam, slide 9",
    .options = BM_OPTIONS(sparse_options, sparse_config),
    .describe = sparse_describe,
    .value = sphere_value,
    .gradient = sparse_gradient,
    .hessian = sphere_hessian,
};
