/* Meta-gradients against those of torch's autograd (double, create_graph) in tests/golden/maml: to 1e-9 in double, where ANIL and
 * Meta-SGD, which are not there, are held against central differences of the loss after adaptation; in float to 1e-4. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meta/learner.h"
#include "support.h"

static const double tolerance = sizeof(bm_real) == 4 ? 1e-4 : 1e-9;

enum { TASKS = 3, ROWS = 10, MOST_PARAMETERS = 2000, SIZES = 4 };

/* ---- the tasks of a golden file, as a family whose task i is the file's ----------------------------------------------- */

typedef struct {
    bm_real support_x[ROWS], support_y[ROWS], query_x[ROWS], query_y[ROWS];
} golden_task;

typedef struct {
    int next; /* the task that begins next */
    golden_task task[TASKS];
} golden_family;

static bm_status create_family(bm_tasks *tasks, bm_error *error) {
    (void)error;
    tasks->inputs = tasks->outputs = 1;
    tasks->train_shots = tasks->shots = tasks->queries = tasks->eval_queries = ROWS;
    tasks->self = calloc(1, sizeof(golden_family));
    return BM_OK;
}

static void draw(const bm_tasks *tasks, bool test, bm_rng *rng, void *task) {
    (void)test, (void)rng;
    memcpy(task, &((const golden_family *)tasks->self)->next, sizeof(int));
}

static void examples(const bm_tasks *tasks, const void *task, bm_rng *rng, int shots, int queries, bm_real *input,
                     void *target) {
    (void)rng;
    const golden_family *family = tasks->self;
    int index;
    memcpy(&index, task, sizeof index);
    const golden_task *golden = &family->task[index];
    ck_assert_int_eq(shots, ROWS);
    ck_assert_int_eq(queries, ROWS);
    memcpy(input, golden->support_x, sizeof golden->support_x);
    memcpy(input + ROWS, golden->query_x, sizeof golden->query_x);
    memcpy(target, golden->support_y, sizeof golden->support_y);
    memcpy((bm_real *)target + ROWS, golden->query_y, sizeof golden->query_y);
}

/* Task i of a batch is child i of its seed. */
static void begin(bm_task_room *room, const bm_seed *seed) {
    golden_family *family = room->tasks->self;
    family->next = (int)seed->spawn_key[seed->depth - 1];
    bm_supervised_methods.begin(room, seed);
}

typedef struct {
    char unused;
} no_config;

static const bm_examples golden_examples = {
    .loss = &bm_loss_kind_mse, .create = create_family, .draw = draw, .examples = examples, .task_bytes = sizeof(int)};

/* ---- a file ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    char path[128];
    bm_task_methods methods;
    bm_tasks_type type;
    bm_tasks *tasks;
    bm_pool *pool;
    double inner_lr;
    bm_real params[2 * MOST_PARAMETERS];
} fixture;

static void read_values(const fixture *f, const char *name, size_t n, bm_real *value) {
    double values[ROWS];
    ck_assert_uint_le(n, ROWS);
    golden_values(f->path, name, n, values);
    for (size_t i = 0; i < n; i++) {
        value[i] = (bm_real)values[i];
    }
}

/* Between the file's order, W1 [out, in], b1, W2..., and ours, kernel [in, out], bias... */
static void reorder(const bm_net *net, const double *flat, double *ours) {
    for (int l = 0; l < net->layers; l++) {
        const bm_layer *layer = &net->layer[l];
        const size_t inputs = (size_t)layer->inputs, outputs = (size_t)layer->outputs;
        for (size_t i = 0; i < inputs; i++) {
            for (size_t o = 0; o < outputs; o++) {
                ours[layer->offset + i * outputs + o] = flat[layer->offset + o * inputs + i];
            }
        }
        memcpy(ours + layer->offset + inputs * outputs, flat + layer->offset + inputs * outputs,
               outputs * sizeof *ours);
    }
}

static void read_weights(fixture *f) {
    double flat[MOST_PARAMETERS], ours[MOST_PARAMETERS];
    for (int l = 0; l < f->tasks->net.layers; l++) {
        const bm_layer *layer = &f->tasks->net.layer[l];
        const size_t kernel = (size_t)layer->inputs * (size_t)layer->outputs;
        char name[16];
        snprintf(name, sizeof name, "W%d", l + 1);
        golden_values(f->path, name, kernel, flat + layer->offset);
        snprintf(name, sizeof name, "b%d", l + 1);
        golden_values(f->path, name, (size_t)layer->outputs, flat + layer->offset + kernel);
    }
    reorder(&f->tasks->net, flat, ours);
    for (size_t i = 0; i < f->tasks->parameters; i++) {
        f->params[i] = (bm_real)ours[i];
    }
}

static fixture *open_file(const char *name) {
    static const no_config config;
    bm_error error;
    double tanh_net, sizes[SIZES];
    fixture *f = calloc(1, sizeof *f);
    snprintf(f->path, sizeof f->path, "tests/golden/maml/%s.csv", name);
    golden_values(f->path, "activation_is_tanh", 1, &tanh_net);
    golden_values(f->path, "inner_lr", 1, &f->inner_lr);
    golden_values(f->path, "sizes", SIZES, sizes);
    f->methods = bm_supervised_methods;
    f->methods.begin = begin;
    f->type = (bm_tasks_type){.name = "golden",
                              .methods = &f->methods,
                              .examples = &golden_examples,
                              .options = {.config_bytes = sizeof(no_config)},
                              .score_names = {"mse"}};
    const bm_int_list hidden = {.count = 2, .value = {(int)sizes[1], (int)sizes[2]}};
    const bm_activation *activation = tanh_net != 0 ? &bm_activation_tanh : &bm_activation_relu;
    ck_assert_int_eq(bm_tasks_create(&f->tasks, &f->type, &config, &hidden, activation, &error), BM_OK);
    ck_assert_int_eq(bm_pool_create(&f->pool, 1, &error), BM_OK);
    golden_family *family = f->tasks->self;
    for (int t = 0; t < TASKS; t++) {
        const struct {
            const char *what;
            bm_real *value;
        } part[] = {{"xs", family->task[t].support_x},
                    {"ys", family->task[t].support_y},
                    {"xq", family->task[t].query_x},
                    {"yq", family->task[t].query_y}};
        for (size_t i = 0; i < 4; i++) {
            char tensor[32];
            snprintf(tensor, sizeof tensor, "task%d_%s", t, part[i].what);
            read_values(f, tensor, ROWS, part[i].value);
        }
    }
    read_weights(f);
    return f;
}

static void close_file(fixture *f) {
    free(f->tasks->self);
    bm_tasks_destroy(f->tasks);
    bm_pool_destroy(f->pool);
    free(f);
}

typedef struct {
    double loss;
    bm_real grad[2 * MOST_PARAMETERS];
} meta_gradient;

/* settings: pairs of key and value, NULL at the end. outer: NULL for the file's weights. */
static void meta_gradient_of(fixture *f, const bm_learner_type *type, const char *const *settings, int batch,
                             const bm_real *outer, meta_gradient *result) {
    _Alignas(16) unsigned char config[256];
    bm_learner *learner;
    bm_error error;
    const bm_seed seed = bm_seed_of(1);
    bm_options_defaults(&type->options, config);
    for (int i = 0; settings[i]; i += 2) {
        ck_assert_int_eq(bm_options_set(&type->options, config, settings[i], settings[i + 1], &error), BM_OK);
    }
    ck_assert_int_eq(bm_learner_create(&learner, type, config, f->tasks, batch, f->pool, &error), BM_OK);
    if (!outer) {
        if (type->init) {
            type->init(learner, f->params);
        }
        outer = f->params;
    }
    const bm_learner_result how = bm_learner_gradient(learner, &seed, 0.1, outer, result->grad);
    ck_assert_int_eq(how.failed_task, -1);
    result->loss = how.loss;
    bm_learner_destroy(learner);
}

static void assert_gradient(const fixture *f, const char *tensor, const bm_real *grad) {
    double flat[MOST_PARAMETERS], want[MOST_PARAMETERS];
    const size_t n = f->tasks->parameters;
    golden_values(f->path, tensor, n, flat);
    reorder(&f->tasks->net, flat, want);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)grad[i], want[i], tolerance, tensor);
    }
}

static const char *const files[] = {"small_tanh_1-6-5-1", "small_relu_1-6-5-1", "tanh_1-40-40-1", "relu_1-40-40-1"};
extern const bm_learner_type bm_learner_maml, bm_learner_fomaml, bm_learner_anil, bm_learner_metasgd,
    bm_learner_reptile;

/* The learner's gradient and loss, for 1 and 3 inner steps. */
static void compare(const char *file, const bm_learner_type *type, const char *what) {
    static const char *const steps[] = {"1", "3"};
    fixture *f = open_file(file);
    meta_gradient *got = calloc(1, sizeof *got);
    char rate[32], tensor[64];
    snprintf(rate, sizeof rate, "%.17g", f->inner_lr);
    for (int s = 0; s < 2; s++) {
        const char *const settings[] = {"inner_lr", rate, "inner_steps", steps[s], NULL};
        double loss;
        meta_gradient_of(f, type, settings, TASKS, NULL, got);
        snprintf(tensor, sizeof tensor, "s%s_%s", steps[s], what);
        assert_gradient(f, tensor, got->grad);
        snprintf(tensor, sizeof tensor, "s%s_mean_query_loss", steps[s]);
        golden_values(f->path, tensor, 1, &loss);
        assert_near(got->loss, loss, tolerance, tensor);
        snprintf(tensor, sizeof tensor, "s%s_task0_%s", steps[s], what);
        if (golden_tensor_exists(f->path, tensor)) {
            meta_gradient_of(f, type, settings, 1, NULL, got);
            assert_gradient(f, tensor, got->grad);
        }
    }
    free(got);
    close_file(f);
}

START_TEST(maml_gives_the_exact_meta_gradient) {
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        compare(files[i], &bm_learner_maml, "meta_grad");
    }
}
END_TEST

START_TEST(fomaml_gives_the_first_order_one) {
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        compare(files[i], &bm_learner_fomaml, "fomaml_grad");
    }
}
END_TEST

static void compare_reptile(const char *file) {
    fixture *f = open_file(file);
    meta_gradient *got = calloc(1, sizeof *got);
    double steps, epsilon;
    char rate[32], count[16];
    golden_values(f->path, "reptile_inner_steps", 1, &steps);
    golden_values(f->path, "reptile_epsilon", 1, &epsilon);
    snprintf(rate, sizeof rate, "%.17g", f->inner_lr);
    snprintf(count, sizeof count, "%d", (int)steps);
    const char *const settings[] = {"inner_lr", rate, "inner_steps", count, NULL};
    meta_gradient_of(f, &bm_learner_reptile, settings, TASKS, NULL, got);
    for (size_t i = 0; i < f->tasks->parameters; i++) {
        got->grad[i] = f->params[i] - (bm_real)epsilon * got->grad[i];
    }
    assert_gradient(f, "reptile_params", got->grad);
    free(got);
    close_file(f);
}

START_TEST(reptile_moves_to_where_the_reference_does) { /* which the small files say */
    compare_reptile(files[0]);
    compare_reptile(files[1]);
}
END_TEST

/* Two tasks by hand from batches of one: p_1 = theta + e (phi_1(theta) - theta), p_2 = theta + e (phi_2(p_1) - theta). */
START_TEST(serial_reptile_starts_a_task_where_the_one_before_led) {
    fixture *f = open_file(files[0]);
    const char *const settings[] = {"inner_lr", "0.01", "inner_steps", "5", "serial", "true", NULL};
    meta_gradient *one = calloc(1, sizeof *one), *two = calloc(1, sizeof *two);
    const size_t n = f->tasks->parameters;
    bm_real theta[MOST_PARAMETERS], p[MOST_PARAMETERS];
    memcpy(theta, f->params, n * sizeof *theta);
    meta_gradient_of(f, &bm_learner_reptile, settings, 1, NULL, one);
    for (size_t i = 0; i < n; i++) {
        p[i] = theta[i] - (bm_real)0.1 * one->grad[i];
    }
    meta_gradient_of(f, &bm_learner_reptile, settings, 2, NULL, two);
    golden_family *family = f->tasks->self;
    family->task[0] = family->task[1]; /* now the first task of a batch is the second */
    meta_gradient_of(f, &bm_learner_reptile, settings, 1, p, one);
    for (size_t i = 0; i < n; i++) { /* one: p - phi_2(p); wanted: theta - phi_2(p) */
        assert_near((double)two->grad[i], (double)(theta[i] - p[i] + one->grad[i]), 1e-3 * tolerance, "serial");
    }
    free(one);
    free(two);
    close_file(f);
}
END_TEST

#ifdef BM_DOUBLE

/* d loss / d outer, parameter by parameter. */
static void assert_is_derivative(const char *file, const bm_learner_type *type, const char *inner_steps) {
    const double h = 2e-6;
    fixture *f = open_file(file);
    meta_gradient *here = calloc(1, sizeof *here), *above = calloc(1, sizeof *above), *below = calloc(1, sizeof *below);
    const char *const settings[] = {"inner_lr", "0.02", "inner_steps", inner_steps, NULL};
    meta_gradient_of(f, type, settings, TASKS, NULL, here);
    const size_t n = type->outer_parameters ? type->outer_parameters(f->tasks) : f->tasks->parameters;
    bm_real outer[2 * MOST_PARAMETERS];
    memcpy(outer, f->params, n * sizeof *outer);
    for (size_t i = 0; i < n; i++) {
        const double x = outer[i];
        outer[i] = x + h;
        meta_gradient_of(f, type, settings, TASKS, outer, above);
        outer[i] = x - h;
        meta_gradient_of(f, type, settings, TASKS, outer, below);
        outer[i] = x;
        assert_near(here->grad[i], (above->loss - below->loss) / (2 * h), 1e-7, type->name);
    }
    free(here);
    free(above);
    free(below);
    close_file(f);
}

START_TEST(anil_and_metasgd_give_the_derivative_of_the_loss_after_adaptation) {
    static const char *const steps[] = {"0", "1", "3"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_is_derivative(files[0], &bm_learner_anil, steps[i]);
        assert_is_derivative(files[0], &bm_learner_metasgd, steps[i]);
        assert_is_derivative(files[0], &bm_learner_maml, steps[i]);
    }
}
END_TEST

#endif

/* Only the last layer's parameters may differ after adaptation. */
START_TEST(anil_moves_the_last_layer_alone) {
    fixture *f = open_file(files[0]);
    _Alignas(16) unsigned char config[256];
    bm_learner *learner;
    bm_error error;
    const bm_seed seed = bm_seed_of(1), child = bm_seed_child(&seed, 0);
    bm_options_defaults(&bm_learner_anil.options, config);
    ck_assert_int_eq(bm_learner_create(&learner, &bm_learner_anil, config, f->tasks, 1, f->pool, &error), BM_OK);
    bm_learner_room *room = &learner->room[0];
    const size_t n = f->tasks->parameters, head = f->tasks->head;
    f->methods.begin(&room->task, &child);
    memcpy(room->params, f->params, n * sizeof *f->params);
    ck_assert_int_eq(bm_learner_adapt(learner, room, f->params), -1);
    ck_assert_uint_gt(head, 0);
    ck_assert_int_eq(memcmp(room->params + n, f->params, head * sizeof *f->params), 0);
    for (size_t i = head; i < n; i++) {
        assert_near((double)room->params[n + i], (double)f->params[i] - 0.01 * (double)room->grad[i], 1e-2 * tolerance,
                    "head");
    }
    bm_learner_destroy(learner);
    close_file(f);
}
END_TEST

#ifdef BM_DOUBLE
#define DERIVATIVES anil_and_metasgd_give_the_derivative_of_the_loss_after_adaptation,
#else
#define DERIVATIVES
#endif

TEST_MAIN("maml", 120, maml_gives_the_exact_meta_gradient, fomaml_gives_the_first_order_one,
          reptile_moves_to_where_the_reference_does, serial_reptile_starts_a_task_where_the_one_before_led,
          DERIVATIVES anil_moves_the_last_layer_alone)
