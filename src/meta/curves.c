/* Regression: fit one curve of a family from a few of its points, x from U(-5, 5).
 *
 *   sinusoid   y = A sin(x - p)   amplitude A from U(0.1, 5), phase p from U(0, pi)
 *              Finn, Abbeel and Levine 2017, "Model-agnostic meta-learning for fast adaptation of deep networks", 5.1; the sign
 *              of the phase is that of the authors' code
 *   lines      y = a x + b        slope a and intercept b from U(-3, 3)
 *              the lines of Finn, Xu and Levine 2018, "Probabilistic model-agnostic meta-learning", without their noise
 *
 * With show_task a network is told which curve it is to fit, its two numbers behind x: what the first paper calls the oracle. */
#include <math.h>
#include <stdio.h>

#include "meta/tasks.h"

typedef struct {
    int shots, train_shots, queries, eval_queries;
    bool show_task;
} curve_config;

static const bm_option rows[] = {
    BM_OPTION(curve_config, shots, 5, 1, 100000, BM_LOG, "points to adapt with"),
    BM_OPTION(curve_config, train_shots, 0, 0, 100000, BM_LINEAR, "the same in training; 0: as shots"),
    BM_OPTION(curve_config, queries, 0, 0, 100000, BM_LINEAR,
              "points that training judges an adapted network by; 0: as train_shots"),
    BM_OPTION(curve_config, eval_queries, 100, 1, 1000000, BM_LOG, "points that a score is taken over"),
    BM_OPTION_STRING(curve_config, show_task, "false", 0, 1, "tell the network the curve's two numbers"),
};

/* A task. */
typedef struct {
    double parameter[2]; /* amplitude and phase; slope and intercept */
} curve;

static const double x_most = 5, pi = 3.14159265358979323846;

static int or_else(int value, int otherwise) {
    return value > 0 ? value : otherwise;
}

static bm_status create(bm_tasks *tasks, bm_error *error) {
    (void)error;
    const curve_config *config = tasks->config;
    tasks->inputs = config->show_task ? 3 : 1;
    tasks->outputs = 1;
    tasks->shots = config->shots;
    tasks->train_shots = or_else(config->train_shots, tasks->shots);
    tasks->queries = or_else(config->queries, tasks->train_shots);
    tasks->eval_queries = config->eval_queries;
    return BM_OK;
}

/* n points of the curve, drawn with rng or, where that is NULL, evenly spaced; where the function is known when this is compiled, it is
 * part of the loop. */
static inline void draw_points(const bm_tasks *tasks, const curve *drawn, double (*value)(const curve *, double),
                               bm_rng *rng, int n, bm_real *input, bm_real *target) {
    const bool show_task = tasks->inputs > 1;
    for (int i = 0; i < n; i++) {
        const double x = rng ? bm_rng_uniform(rng, -x_most, x_most) : x_most * (n > 1 ? 2.0 * i / (n - 1) - 1 : 0);
        *input++ = (bm_real)x;
        if (show_task) {
            *input++ = (bm_real)drawn->parameter[0];
            *input++ = (bm_real)drawn->parameter[1];
        }
        target[i] = (bm_real)value(drawn, x);
    }
}

static const char *sign(double value) {
    return value < 0 ? "−" : "";
}

/* ---- sinusoid ---- */

static void sinusoid_draw(const bm_tasks *tasks, bool test, bm_rng *rng, void *task) {
    (void)tasks, (void)test;
    curve *drawn = task;
    drawn->parameter[0] = bm_rng_uniform(rng, 0.1, 5);
    drawn->parameter[1] = bm_rng_uniform(rng, 0, pi);
}

static inline double sinusoid_value(const curve *drawn, double x) {
    return drawn->parameter[0] * sin(x - drawn->parameter[1]);
}

static void sinusoid_examples(const bm_tasks *tasks, const void *task, bm_rng *rng, int shots, int queries,
                              bm_real *input, void *target) {
    draw_points(tasks, task, sinusoid_value, rng, shots + queries, input, target);
}

static void sinusoid_describe(const bm_tasks *tasks, const void *task, char words[BM_TASK_WORDS]) {
    (void)tasks;
    const curve *drawn = task;
    snprintf(words, BM_TASK_WORDS, "amplitude %.2f, phase %.2f", drawn->parameter[0], drawn->parameter[1]);
}

static void sinusoid_curve(const bm_tasks *tasks, const void *task, int n, bm_real *input, bm_real *target) {
    draw_points(tasks, task, sinusoid_value, NULL, n, input, target);
}

static const bm_examples sinusoid = {
    .loss = &bm_loss_kind_mse,
    .create = create,
    .task_bytes = sizeof(curve),
    .draw = sinusoid_draw,
    .examples = sinusoid_examples,
    .describe = sinusoid_describe,
    .curve = sinusoid_curve,
};

const bm_tasks_type bm_tasks_sinusoid = {
    .name = "sinusoid",
    .summary = "fit a sine of unknown amplitude and phase from a few points",
    .source = "Finn, Abbeel and Levine 2017, section 5.1",
    .options = BM_OPTIONS(rows, curve_config),
    .methods = &bm_supervised_methods,
    .examples = &sinusoid,
    .score_names = {"mse"},
};

/* ---- lines ---- */

static void line_draw(const bm_tasks *tasks, bool test, bm_rng *rng, void *task) {
    (void)tasks, (void)test;
    curve *drawn = task;
    drawn->parameter[0] = bm_rng_uniform(rng, -3, 3);
    drawn->parameter[1] = bm_rng_uniform(rng, -3, 3);
}

static inline double line_value(const curve *drawn, double x) {
    return drawn->parameter[0] * x + drawn->parameter[1];
}

static void line_examples(const bm_tasks *tasks, const void *task, bm_rng *rng, int shots, int queries, bm_real *input,
                          void *target) {
    draw_points(tasks, task, line_value, rng, shots + queries, input, target);
}

static void line_describe(const bm_tasks *tasks, const void *task, char words[BM_TASK_WORDS]) {
    (void)tasks;
    const curve *drawn = task;
    const double slope = drawn->parameter[0], intercept = drawn->parameter[1];
    snprintf(words, BM_TASK_WORDS, "slope %s%.2f, intercept %s%.2f", sign(slope), fabs(slope), sign(intercept),
             fabs(intercept));
}

static void line_curve(const bm_tasks *tasks, const void *task, int n, bm_real *input, bm_real *target) {
    draw_points(tasks, task, line_value, NULL, n, input, target);
}

static const bm_examples lines = {
    .loss = &bm_loss_kind_mse,
    .create = create,
    .task_bytes = sizeof(curve),
    .draw = line_draw,
    .examples = line_examples,
    .describe = line_describe,
    .curve = line_curve,
};

const bm_tasks_type bm_tasks_lines = {
    .name = "lines",
    .summary = "fit a straight line of unknown slope and intercept from a few points",
    .source = "Finn, Xu and Levine 2018",
    .options = BM_OPTIONS(rows, curve_config),
    .methods = &bm_supervised_methods,
    .examples = &lines,
    .score_names = {"mse"},
};
