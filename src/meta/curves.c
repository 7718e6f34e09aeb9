/* Regression: fit one curve of a family from a few of its points, x from U(-5, 5).
 *
 *   sinusoid   y = A sin(x - p)   amplitude A from U(0.1, 5), phase p from U(0, pi)
 *              Finn, Abbeel and Levine 2017, "Model-agnostic meta-learning for fast adaptation of deep networks", 5.1;
 *              the sign of the phase is that of the authors' code
 *   lines      y = a x + b        slope a and intercept b from U(-3, 3)
 *              the lines of Finn, Xu and Levine 2018, "Probabilistic model-agnostic meta-learning", without their noise
 *
 * With show_task a network is told which curve it is to fit, its two numbers behind x: what the first paper calls the
 * oracle. */
#include <math.h>
#include <stdio.h>

#include "meta/tasks.h"

typedef struct {
    bm_task_sizes sizes;
    bool show_task;
} curve_config;

static const bm_option rows[] = {
    BM_OPTION_GROUP(curve_config, sizes, "", &bm_task_sizes_options, ""),
    BM_OPTION_STRING(curve_config, show_task, "false", 0, 1, "tell the network the curve's two numbers"),
};

/* A task, and a family of them. */
typedef struct {
    double parameter[2]; /* amplitude and phase; slope and intercept */
} curve;

typedef struct {
    bm_examples examples;
    double low[2], high[2]; /* that parameters are drawn from */
    const char *name[2];
    double (*value)(const curve *drawn, double x);
} curve_family;

static const double x_most = 5;

static const curve_family *family_of(const bm_tasks *tasks) {
    return (const curve_family *)(const void *)tasks->type->examples;
}

static bm_status create(bm_tasks *tasks, bm_error *error) {
    (void)error;
    tasks->inputs = ((const curve_config *)tasks->config)->show_task ? 3 : 1;
    tasks->outputs = 1;
    return BM_OK;
}

static void draw(const bm_tasks *tasks, bool test, bm_rng *rng, void *task) {
    (void)test;
    const curve_family *family = family_of(tasks);
    for (int i = 0; i < 2; i++) {
        ((curve *)task)->parameter[i] = bm_rng_uniform(rng, family->low[i], family->high[i]);
    }
}

static void examples(const bm_tasks *tasks, const void *task, bm_rng *rng, int shots, int queries, bm_real *input,
                     void *target) {
    const curve *drawn = task;
    const int n = shots + queries;
    for (int i = 0; i < n; i++) {
        const double x = rng ? bm_rng_uniform(rng, -x_most, x_most) : x_most * (n > 1 ? 2.0 * i / (n - 1) - 1 : 0);
        *input++ = (bm_real)x;
        if (tasks->inputs > 1) {
            *input++ = (bm_real)drawn->parameter[0];
            *input++ = (bm_real)drawn->parameter[1];
        }
        ((bm_real *)target)[i] = (bm_real)family_of(tasks)->value(drawn, x);
    }
}

static void describe(const bm_tasks *tasks, const void *task, char words[BM_TASK_WORDS]) {
    const char *const *name = family_of(tasks)->name;
    const double *x = ((const curve *)task)->parameter;
    snprintf(words, BM_TASK_WORDS, "%s %s%.2f, %s %s%.2f", name[0], x[0] < 0 ? "−" : "", fabs(x[0]), name[1],
             x[1] < 0 ? "−" : "", fabs(x[1]));
}

static double sinusoid_value(const curve *drawn, double x) {
    return drawn->parameter[0] * sin(x - drawn->parameter[1]);
}

static double line_value(const curve *drawn, double x) {
    return drawn->parameter[0] * x + drawn->parameter[1];
}

#define EXAMPLES                                                                                                       \
    {                                                                                                                  \
        .loss = &bm_loss_kind_mse, .create = create, .task_bytes = sizeof(curve), .draw = draw, .examples = examples,  \
        .describe = describe, .is_curve = true                                                                         \
    }

static const curve_family sinusoid = {
    .examples = EXAMPLES,
    .low = {0.1, 0},
    .high = {5, 3.14159265358979323846},
    .name = {"amplitude", "phase"},
    .value = sinusoid_value,
};

static const curve_family lines = {
    .examples = EXAMPLES,
    .low = {-3, -3},
    .high = {3, 3},
    .name = {"slope", "intercept"},
    .value = line_value,
};

const bm_tasks_type bm_tasks_sinusoid = {
    .name = "sinusoid",
    .summary = "fit a sine of unknown amplitude and phase from a few points",
    .source = "Finn, Abbeel and Levine 2017, section 5.1",
    .options = BM_OPTIONS(rows, curve_config),
    .methods = &bm_supervised_methods,
    .examples = &sinusoid.examples,
    .score_names = {"mse"},
};

const bm_tasks_type bm_tasks_lines = {
    .name = "lines",
    .summary = "fit a straight line of unknown slope and intercept from a few points",
    .source = "Finn, Xu and Levine 2018",
    .options = BM_OPTIONS(rows, curve_config),
    .methods = &bm_supervised_methods,
    .examples = &lines.examples,
    .score_names = {"mse"},
};
