/* maml/: adaptation to given tasks, and the meta-gradients of the learners, against PyTorch's autograd with
 * create_graph. */
#include <stdio.h>
#include <string.h>

#include "golden_files/golden.h"
#include "golden_files/golden_nets.h"
#include "meta/learner.h"

enum { TASKS_MOST = 64 };

/* ---- the tasks of a file as a family whose task i is the file's
 * --------------------------------------------------- */

typedef struct {
    const bm_real *support_x, *support_y, *query_x, *query_y;
} example_rows;

/* Which tasks come: child 0 of a batch's seed is the first. */
typedef struct {
    int first, next;
} cursor;

/* The family's config, as it is all there is to it. */
typedef struct {
    int inputs, outputs, support, queries, count;
    example_rows task[TASKS_MOST];
    cursor *at;
} family;

static bm_status create_family(bm_tasks *tasks, bm_error *error) {
    (void)error;
    const family *f = tasks->config;
    tasks->inputs = f->inputs;
    tasks->outputs = f->outputs;
    tasks->train_shots = tasks->shots = f->support;
    tasks->queries = tasks->eval_queries = f->queries;
    return BM_OK;
}

static void draw(const bm_tasks *tasks, bool test, bm_rng *rng, void *task) {
    (void)test, (void)rng;
    memcpy(task, &((const family *)tasks->config)->at->next, sizeof(int));
}

static void examples(const bm_tasks *tasks, const void *task, bm_rng *rng, int shots, int queries, bm_real *input,
                     void *target) {
    (void)rng;
    const family *f = tasks->config;
    int index;
    memcpy(&index, task, sizeof index);
    ck_assert(shots == f->support && queries == f->queries);
    const example_rows *rows = &f->task[index];
    const size_t inputs = (size_t)f->inputs, outputs = (size_t)f->outputs;
    const size_t first = (size_t)shots, second = (size_t)queries;
    bm_real *wanted = target;
    memcpy(input, rows->support_x, first * inputs * sizeof *input);
    memcpy(input + first * inputs, rows->query_x, second * inputs * sizeof *input);
    memcpy(wanted, rows->support_y, first * outputs * sizeof *input);
    memcpy(wanted + first * outputs, rows->query_y, second * outputs * sizeof *input);
}

static const bm_examples file_examples = {
    .loss = &bm_loss_kind_mse, .create = create_family, .draw = draw, .examples = examples, .task_bytes = sizeof(int)};

/* ---- a file ----------------------------------------------------------------------------------------------------- */

typedef struct {
    const golden_case *file;
    golden_table table;
    family family;
    cursor at;
    bm_task_methods methods;
    bm_tasks_type type;
    bm_tasks *tasks;
    bm_pool *pool;
    bm_real *params, *grad;
} fixture;

static void begin(bm_task_room *room, const bm_seed *seed) {
    cursor *at = ((const family *)room->tasks->config)->at;
    at->next = at->first + (int)seed->spawn_key[seed->depth - 1];
    bm_supervised_methods.begin(room, seed);
}

static void read_tasks(fixture *f) {
    family *of = &f->family;
    of->count = golden_highest(&f->table, "task") + 1;
    ck_assert_msg(of->count > 0 && of->count <= TASKS_MOST, "there are %d tasks", of->count);
    for (int i = 0; i < of->count; i++) {
        if (i == 0) {
            of->support = golden_get(&f->table, "task0_xs").shape[0];
            of->queries = golden_get(&f->table, "task0_xq").shape[0];
        }
        const size_t support = (size_t)of->support, queries = (size_t)of->queries;
        const size_t inputs = (size_t)of->inputs, outputs = (size_t)of->outputs;
        of->task[i] = (example_rows){golden_reals(&f->table, support * inputs, "task%d_xs", i),
                                     golden_reals(&f->table, support * outputs, "task%d_ys", i),
                                     golden_reals(&f->table, queries * inputs, "task%d_xq", i),
                                     golden_reals(&f->table, queries * outputs, "task%d_yq", i)};
    }
}

static fixture *open_file(const golden_case *file) {
    fixture *f = GOLDEN_NEW(file->arena, fixture, 1);
    bm_error error;
    f->file = file;
    f->table = golden_read(file->path, file->arena);
    const bool is_tanh = golden_scalar(&f->table, "activation_is_tanh") != 0;
    const bm_activation *activation = is_tanh ? &bm_activation_tanh : &bm_activation_relu;
    const bm_net net = golden_net(&f->table, golden_net_layers(&f->table), activation);
    const int32_t *sizes = golden_integers(&f->table, (size_t)net.layers + 1, 1 << 16, "sizes");
    bm_int_list hidden = {.count = net.layers - 1};
    ck_assert_msg((size_t)hidden.count <= sizeof hidden.value / sizeof hidden.value[0], "%d hidden layers",
                  hidden.count);
    for (int i = 0; i < net.layers; i++) {
        ck_assert_msg(sizes[i] == net.layer[i].inputs && sizes[i + 1] == net.layer[i].outputs,
                      "sizes are not those of W%d", i + 1);
        if (i < hidden.count) {
            hidden.value[i] = net.layer[i].outputs;
        }
    }
    f->family = (family){.inputs = net.inputs, .outputs = net.outputs, .at = &f->at};
    read_tasks(f);
    f->methods = bm_supervised_methods;
    f->methods.begin = begin;
    f->type = (bm_tasks_type){.name = "golden",
                              .methods = &f->methods,
                              .examples = &file_examples,
                              .options = {.config_bytes = sizeof(family)},
                              .score_names = {"mse"}};
    ck_assert_msg(bm_tasks_create(&f->tasks, &f->type, &f->family, &hidden, activation, &error) == BM_OK, "%s",
                  error.text);
    ck_assert_msg(bm_pool_create(&f->pool, 1, &error) == BM_OK, "%s", error.text);
    f->params = golden_net_params(&f->table, &f->tasks->net);
    f->grad = GOLDEN_NEW(file->arena, bm_real, f->tasks->parameters);
    return f;
}

static bm_learner *create_learner(fixture *f, const char *name, int steps, int batch) {
    const bm_learner_type *type;
    bm_learner *learner;
    bm_error error;
    char text[32];
    ck_assert_msg(bm_learner_lookup(name, &type, &error) == BM_OK, "%s", error.text);
    void *config = golden_alloc(f->file->arena, 1, type->options.config_bytes);
    bm_options_defaults(&type->options, config);
    snprintf(text, sizeof text, "%.17g", golden_scalar(&f->table, "inner_lr"));
    ck_assert_msg(bm_options_set(&type->options, config, "inner_lr", text, &error) == BM_OK, "%s", error.text);
    snprintf(text, sizeof text, "%d", steps);
    ck_assert_msg(bm_options_set(&type->options, config, "inner_steps", text, &error) == BM_OK, "%s", error.text);
    ck_assert_msg(bm_learner_create(&learner, type, config, f->tasks, batch, f->pool, &error) == BM_OK, "%s",
                  error.text);
    return learner;
}

/* A vector of the file, W1 [out, in], b1, W2..., against ours. */
static void compare_vector(const fixture *f, const bm_real *got, const char *name) {
    const golden_tensor want = golden_get(&f->table, "%s", name);
    ck_assert_msg(want.n == f->tasks->parameters, "%s has %zu values instead of %zu", name, want.n,
                  f->tasks->parameters);
    for (size_t i = 0; i < want.n; i++) {
        golden_near((double)got[golden_net_place(&f->tasks->net, i)], want.value[i], f->file->tolerance, "%s[%zu]",
                    name, i);
    }
}

/* The gradient of a batch of count tasks from the first on, into f->grad; returns the mean loss after adaptation. */
static double meta_gradient(fixture *f, const char *learner_name, int steps, int first, int count) {
    const bm_seed seed = bm_seed_of(1);
    bm_learner *learner = create_learner(f, learner_name, steps, count);
    f->at.first = first;
    const bm_learner_result result = bm_learner_gradient(learner, &seed, 0.1, f->params, f->grad);
    ck_assert_msg(result.failed_task == -1, "task %d has numbers that are not finite", result.failed_task);
    bm_learner_destroy(learner);
    return result.loss;
}

/* The mean over tasks, and each task alone where the file has it. */
static void compare_learner(fixture *f, const char *learner_name, int steps, const char *what) {
    char name[64];
    snprintf(name, sizeof name, "s%d_%s", steps, what);
    const double loss = meta_gradient(f, learner_name, steps, 0, f->family.count);
    compare_vector(f, f->grad, name);
    golden_near_scalar(&f->table, loss, "s%d_mean_query_loss", steps);
    for (int task = 0; task < f->family.count; task++) {
        snprintf(name, sizeof name, "s%d_task%d_%s", steps, task, what);
        const double task_loss = meta_gradient(f, learner_name, steps, task, 1);
        golden_near_scalar(&f->table, task_loss, "s%d_task%d_query_loss", steps, task);
        if (golden_has_tensor(&f->table, "%s", name)) {
            compare_vector(f, f->grad, name);
        }
    }
}

/* The loss before every inner step, and where the steps lead. */
static void compare_adaptation(fixture *f, int steps) {
    bm_learner *learner = create_learner(f, "maml", steps, 1);
    bm_learner_room *room = &learner->room[0];
    const bm_seed seed = bm_seed_of(1), child = bm_seed_child(&seed, 0);
    const size_t n = f->tasks->parameters;
    for (int task = 0; task < f->family.count; task++) {
        char name[64];
        bm_real *loss = GOLDEN_NEW(f->file->arena, bm_real, steps);
        f->at.first = task;
        f->methods.begin(&room->task, &child);
        memcpy(room->params, f->params, n * sizeof *f->params);
        ck_assert_int_eq(bm_learner_adapt(learner, room, f->params), -1);
        for (int k = 0; k < steps; k++) {
            loss[k] = (bm_real)f->methods.gradient(&room->task, k, room->params + (size_t)k * n, f->grad);
        }
        golden_near_tensor(&f->table, (size_t)steps, loss, "s%d_task%d_support_losses", steps, task);
        snprintf(name, sizeof name, "s%d_task%d_adapted", steps, task);
        if (golden_has_tensor(&f->table, "%s", name)) {
            compare_vector(f, room->params + (size_t)steps * n, name);
        }
    }
    bm_learner_destroy(learner);
}

static void compare(const golden_case *file) {
    fixture *f = open_file(file);
    for (int steps = 1; steps <= golden_highest(&f->table, "s"); steps++) {
        if (golden_has_number(&f->table, "s", steps)) {
            compare_adaptation(f, steps);
            compare_learner(f, "maml", steps, "meta_grad");
            compare_learner(f, "fomaml", steps, "fomaml_grad");
        }
    }
    if (golden_has_tensor(&f->table, "reptile_params") || golden_has_tensor(&f->table, "reptile_epsilon")) {
        const double epsilon = golden_scalar(&f->table, "reptile_epsilon");
        meta_gradient(f, "reptile", *golden_integers(&f->table, 1, 1000, "reptile_inner_steps"), 0, f->family.count);
        for (size_t i = 0; i < f->tasks->parameters; i++) {
            f->grad[i] = f->params[i] - (bm_real)epsilon * f->grad[i];
        }
        compare_vector(f, f->grad, "reptile_params");
    }
    bm_tasks_destroy(f->tasks);
    bm_pool_destroy(f->pool);
}

const golden_family golden_maml_families[] = {{"maml/*.csv", compare, 1e-9, 1e-4, NULL}, {0}};
