/* Tasks whose problem is to fit examples: a network is adapted with the support rows, and judged by its loss over the
 * query rows of the same task (the terms of Vinyals et al. 2016, "Matching networks for one shot learning").
 *
 * An inner step sees all support rows or, in turn, minibatch of them: step k the rows k m, k m + 1, ... k m + m - 1,
 * modulo their number. So that every minibatch is contiguous, copies of the last m - 1 rows stand before the first. */
#include <string.h>

#include "agents/losses.h"
#include "meta/tasks.h"
#include "nets/hvp.h"

typedef struct {
    int support, queries; /* rows */
    int step_rows;        /* of an inner step */
    int before;           /* copies before the first support row */
    void *task;
    bm_real *input; /* [before + support + queries, inputs] */
    char *target;   /* as many rows of target_bytes */
    size_t target_bytes;
    bm_real *workspace, *grad_output; /* of the largest batch */
} supervised_room;

static bm_status create(bm_tasks *tasks, const bm_int_list *hidden, const bm_activation *activation, bm_error *error) {
    BM_TRY(tasks->type->examples->create(tasks, error));
    BM_TRY(
        bm_net_mlp(&tasks->net, tasks->inputs, hidden->count, hidden->value, tasks->outputs, activation, NULL, error));
    tasks->parameters = tasks->net.parameters;
    return BM_OK;
}

static bm_status init(const bm_tasks *tasks, bm_init scheme, bm_real *params, bm_rng *rng, bm_error *error) {
    return bm_init_net(scheme, 1, &tasks->net, params, rng, error);
}

static size_t workspace_reals(const bm_tasks *tasks, const supervised_room *self) {
    const size_t gradient = bm_net_workspace(&tasks->net, bm_larger(self->step_rows, self->queries));
    const size_t curvature = bm_net_r_workspace(&tasks->net, self->step_rows);
    return gradient > curvature ? gradient : curvature;
}

static bm_status open_room(bm_task_room *room, bm_error *error) {
    const bm_tasks *tasks = room->tasks;
    const bm_examples *examples = tasks->type->examples;
    supervised_room *self = room->self;
    const int support = room->test ? tasks->shots : tasks->train_shots;
    const bool takes_turns = room->minibatch > 0 && room->minibatch < support;
    self->support = support;
    self->queries = room->test ? tasks->eval_queries : tasks->queries;
    self->step_rows = takes_turns ? room->minibatch : support;
    self->before = takes_turns ? room->minibatch - 1 : 0;
    self->target_bytes = examples->loss->takes_labels ? sizeof(int32_t) : (size_t)tasks->outputs * sizeof(bm_real);
    const size_t rows = (size_t)self->before + (size_t)self->support + (size_t)self->queries;
    const size_t largest_batch = (size_t)bm_larger(self->step_rows, self->queries);
    self->task = bm_arena_alloc(&room->arena, 1, examples->task_bytes);
    self->input = BM_NEW(&room->arena, bm_real, rows * (size_t)tasks->inputs);
    self->target = bm_arena_alloc(&room->arena, rows, self->target_bytes);
    self->workspace = BM_NEW(&room->arena, bm_real, workspace_reals(tasks, self));
    self->grad_output = BM_NEW(&room->arena, bm_real, largest_batch * (size_t)tasks->outputs);
    return bm_arena_check(&room->arena, tasks->type->name, error);
}

/* ---- rows, counted from the first of the support ---- */

typedef struct {
    int n;
    bm_real *input;
    char *target;
} batch;

static batch rows_from(const bm_task_room *room, int first, int n) {
    const supervised_room *self = room->self;
    const size_t at = (size_t)(self->before + first);
    return (batch){n, self->input + at * (size_t)room->tasks->inputs, self->target + at * self->target_bytes};
}

static batch step_rows(const bm_task_room *room, int step) {
    const supervised_room *self = room->self;
    const int first = (int)((int64_t)step * self->step_rows % self->support);
    const bool wraps = first + self->step_rows > self->support;
    return rows_from(room, wraps ? first - self->support : first, self->step_rows);
}

static batch query_rows(const bm_task_room *room) {
    const supervised_room *self = room->self;
    return rows_from(room, self->support, self->queries);
}

static void begin(bm_task_room *room, const bm_seed *seed) {
    const bm_tasks *tasks = room->tasks;
    const supervised_room *self = room->self;
    bm_rng rng = bm_rng_from(seed);
    tasks->type->examples->draw(tasks, room->test, &rng, self->task);
    const batch support = rows_from(room, 0, self->support);
    tasks->type->examples->examples(tasks, self->task, &rng, self->support, self->queries, support.input,
                                    support.target);
    const batch last = rows_from(room, self->support - self->before, self->before);
    memcpy(self->input, last.input, (size_t)last.n * (size_t)tasks->inputs * sizeof *last.input);
    memcpy(self->target, last.target, (size_t)last.n * self->target_bytes);
}

/* ---- what learners ask ---- */

static double loss_gradient(const bm_task_room *room, batch rows, const bm_real *params, bm_real *grad) {
    const supervised_room *self = room->self;
    const bm_net *net = &room->tasks->net;
    const bm_loss *loss = room->tasks->type->examples->loss;
    const bm_real *output = bm_net_forward(net, params, self->workspace, rows.n, rows.input);
    const double value = loss->gradient((size_t)rows.n, net->outputs, output, rows.target, self->grad_output);
    bm_net_backward(net, params, self->workspace, rows.n, rows.input, self->grad_output, grad, NULL);
    return value;
}

static double gradient(bm_task_room *room, int step, const bm_real *params, bm_real *grad) {
    return loss_gradient(room, step_rows(room, step), params, grad);
}

static void curvature(bm_task_room *room, int step, const bm_real *params, const bm_real *direction, bm_real *product) {
    const supervised_room *self = room->self;
    const batch rows = step_rows(room, step);
    (void)bm_net_hvp(&room->tasks->net, room->tasks->type->examples->loss, params, direction, self->workspace, rows.n,
                     rows.input, rows.target, NULL, product);
}

static double outer(bm_task_room *room, const bm_real *params, bm_real *grad) {
    return loss_gradient(room, query_rows(room), params, grad);
}

/* The share of rows whose largest logit is their label's; the first of equals counts. */
static double accuracy(int n, int classes, const bm_real *logits, const int32_t *label) {
    int right = 0;
    for (int i = 0; i < n; i++) {
        right += bm_argmax(classes, logits + (size_t)i * (size_t)classes) == label[i];
    }
    return right / (double)n;
}

static void score(bm_task_room *room, const bm_real *params, double *scores) {
    const supervised_room *self = room->self;
    const bm_tasks *tasks = room->tasks;
    const bm_loss *loss = tasks->type->examples->loss;
    const batch rows = query_rows(room);
    const bm_real *output = bm_net_forward(&tasks->net, params, self->workspace, rows.n, rows.input);
    if (loss->takes_labels) {
        *scores++ = accuracy(rows.n, tasks->outputs, output, (const int32_t *)(const void *)rows.target);
    }
    *scores = loss->gradient((size_t)rows.n, tasks->outputs, output, rows.target, NULL);
}

static void view(const bm_task_room *room, bm_task_view *seen) {
    const supervised_room *self = room->self;
    const batch rows = rows_from(room, 0, self->support);
    *seen = (bm_task_view){.support = self->support,
                           .queries = self->queries,
                           .input = rows.input,
                           .target = rows.target,
                           .task = self->task};
    room->tasks->type->examples->describe(room->tasks, self->task, seen->words);
}

const bm_task_methods bm_supervised_methods = {
    .create = create,
    .init = init,
    .room_bytes = sizeof(supervised_room),
    .open = open_room,
    .begin = begin,
    .gradient = gradient,
    .curvature = curvature,
    .outer = outer,
    .score = score,
    .view = view,
};
