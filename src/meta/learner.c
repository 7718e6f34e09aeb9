/* A batch of tasks, shared out to threads; see learner.h. */
#include "meta/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/subnormal.h"
#include "core/suggest.h"
#include "nets/hvp.h"

#define LEARNER(name) extern const bm_learner_type bm_learner_##name;
#include "meta/learner_list.h"
#undef LEARNER

const bm_learner_type *const bm_learner_types[] = {
#define LEARNER(name) &bm_learner_##name,
#include "meta/learner_list.h"
#undef LEARNER
    NULL};

const char *bm_learner_name(int i) {
    return bm_learner_types[i] ? bm_learner_types[i]->name : NULL;
}

bm_status bm_learner_lookup(const char *name, const bm_learner_type **type, bm_error *error) {
    const int i = bm_find_name("meta-learner", name, bm_learner_name, " (see bellman list learners)", error);
    *type = i < 0 ? NULL : bm_learner_types[i];
    return i < 0 ? BM_INVALID : BM_OK;
}

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status open_room(bm_learner *learner, bm_learner_room *room, int minibatch, bm_error *error) {
    const size_t n = learner->tasks->parameters, steps = (size_t)learner->inner_steps;
    bm_arena *arena = &learner->arena;
    room->params = BM_NEW(arena, bm_real, (steps + 1) * n);
    room->grad = BM_NEW(arena, bm_real, steps * n);
    room->direction = BM_NEW(arena, bm_real, n);
    room->product = BM_NEW(arena, bm_real, n);
    return bm_task_room_open(&room->task, learner->tasks, learner->inner_steps, minibatch, false, error);
}

bm_status bm_learner_create(bm_learner **created, const bm_learner_type *type, const void *config,
                            const bm_tasks *tasks, int batch, bm_pool *pool, bm_error *error) {
    bm_learner *learner = *created = calloc(1, sizeof *learner);
    if (!learner) {
        return bm_fail(error, "not enough memory for the meta-learner");
    }
    bm_arena *arena = &learner->arena;
    const double minibatch = bm_options_number(&type->options, config, "inner_batch");
    if (type->second_order && bm_net_r_check(&tasks->net, error) != BM_OK) {
        const bm_error why = *error;
        return bm_invalid(error, "%s needs second derivatives: %s; fomaml does without", type->name, why.text);
    }
    learner->type = type;
    learner->config = config;
    learner->tasks = tasks;
    learner->batch = batch;
    learner->pool = pool;
    learner->inner_steps = (int)bm_options_number(&type->options, config, "inner_steps");
    learner->inner_lr = bm_options_number(&type->options, config, "inner_lr");
    learner->serial = bm_options_number(&type->options, config, "serial") == 1;
    learner->parameters = (type->learns_rates ? 2 : 1) * tasks->parameters;
    learner->moved_from = type->head_only ? tasks->head : 0;
    learner->contribution = BM_NEW(arena, bm_real, (size_t)batch * learner->parameters);
    learner->loss = BM_NEW(arena, double, batch);
    learner->failed_step = BM_NEW(arena, int, batch);
    learner->rooms = learner->serial ? 1 : bm_pool_threads(pool);
    learner->room = BM_NEW(arena, bm_learner_room, learner->rooms);
    for (int i = 0; i < learner->rooms && learner->room; i++) {
        BM_TRY(open_room(learner, &learner->room[i], minibatch > 0 ? (int)minibatch : 0, error));
    }
    return bm_arena_check(arena, "the meta-learner", error);
}

void bm_learner_destroy(bm_learner *learner) {
    if (learner) {
        for (int i = 0; i < learner->rooms && learner->room; i++) {
            bm_task_room_close(&learner->room[i].task);
        }
        bm_arena_free(&learner->arena);
        free(learner);
    }
}

bm_status bm_learner_init(const bm_learner *learner, bm_init scheme, bm_real *outer, bm_rng *rng, bm_error *error) {
    for (size_t i = learner->tasks->parameters; i < learner->parameters; i++) {
        outer[i] = (bm_real)learner->inner_lr;
    }
    return learner->tasks->type->methods->init(learner->tasks, scheme, outer, rng, error);
}

/* ---- one task --------------------------------------------------------------------------------------------------- */

void bm_learner_descend(const bm_learner *learner, double rate, const bm_real *outer, const bm_real *grad,
                        bm_real *params) {
    const size_t n = learner->tasks->parameters;
    const bm_real lr = (bm_real)rate, *learned = learner->type->learns_rates ? outer + n : NULL;
    for (size_t i = 0; learned && i < n; i++) { /* these move all parameters */
        params[i] -= learned[i] * grad[i];
    }
    for (size_t i = learner->moved_from; !learned && i < n; i++) {
        params[i] -= lr * grad[i];
    }
}

int bm_learner_adapt(const bm_learner *learner, bm_learner_room *room, const bm_real *outer) {
    const size_t n = learner->tasks->parameters;
    const bm_task_methods *methods = learner->tasks->type->methods;
    for (int k = 0; k < learner->inner_steps; k++) {
        bm_real *params = room->params + (size_t)k * n, *grad = room->grad + (size_t)k * n;
        if (!isfinite(methods->gradient(&room->task, k, params, grad))) {
            return k;
        }
        memcpy(params + n, params, n * sizeof *params);
        bm_learner_descend(learner, learner->inner_lr, outer, grad, params + n);
    }
    return -1;
}

/* ---- a batch of them -------------------------------------------------------------------------------------------- */

typedef struct {
    bm_learner *learner;
    const bm_seed *seed;
    double rate;
    const bm_real *outer;
    bm_real *start; /* of the next task, where they are serial */
} batch;

static void work_on(const batch *b, bm_learner_room *room, int task) {
    bm_learner *learner = b->learner;
    const size_t n = learner->tasks->parameters;
    const bm_seed own = bm_seed_child(b->seed, (uint32_t)task);
    bm_real *contribution = learner->contribution + (size_t)task * learner->parameters;
    learner->tasks->type->methods->begin(&room->task, &own);
    memcpy(room->params, learner->serial ? b->start : b->outer, n * sizeof *b->outer);
    const int failed = bm_learner_adapt(learner, room, b->outer);
    learner->failed_step[task] = failed < 0 ? learner->inner_steps : failed;
    learner->loss[task] = failed < 0 ? learner->type->contribute(learner, room, b->outer, contribution) : (double)NAN;
    /* a serial task moves what it started from towards what it adapted to: p = outer - rate * contribution */
    for (size_t i = 0; learner->serial && i < n; i++) {
        b->start[i] = b->outer[i] - (bm_real)b->rate * contribution[i];
    }
}

/* Every thread has a room, and works in it on every so-manieth task. */
static void work_in_room(void *context, int item) {
    const batch *b = context;
    const unsigned before = bm_flush_subnormals();
    for (int task = item; task < b->learner->batch; task += b->learner->rooms) {
        work_on(b, &b->learner->room[item], task);
    }
    bm_restore_subnormals(before);
}

/* Over all tasks or, of serial ones, of the last alone. */
static void mean_of(const bm_learner *learner, bm_real *grad) {
    const size_t n = learner->parameters;
    const int first = learner->serial ? learner->batch - 1 : 0;
    memcpy(grad, learner->contribution + (size_t)first * n, n * sizeof *grad);
    for (int task = first + 1; task < learner->batch; task++) {
        const bm_real *contribution = learner->contribution + (size_t)task * n;
        for (size_t i = 0; i < n; i++) {
            grad[i] += contribution[i];
        }
    }
    const bm_real share = (bm_real)1 / (bm_real)(learner->batch - first);
    for (size_t i = 0; i < n; i++) {
        grad[i] *= share;
    }
}

bm_learner_result bm_learner_gradient(bm_learner *learner, const bm_seed *seed, double rate, const bm_real *outer,
                                      bm_real *grad) {
    bm_learner_result result = {.failed_task = -1};
    batch b = {learner, seed, rate, outer, grad};
    memcpy(grad, outer, learner->parameters * sizeof *grad);
    bm_pool_run(learner->pool, learner->rooms, work_in_room, &b);
    mean_of(learner, grad);
    for (int task = 0; task < learner->batch; task++) {
        result.loss += learner->loss[task] / learner->batch;
    }
    const bool fine = isfinite(result.loss) && bm_all_finite(grad, learner->parameters);
    for (int task = 0; task < learner->batch && !fine && result.failed_task < 0; task++) {
        if (!isfinite(learner->loss[task]) ||
            !bm_all_finite(learner->contribution + (size_t)task * learner->parameters, learner->parameters)) {
            result.failed_task = task;
            result.failed_step = learner->failed_step[task];
            const bm_error *fault = &learner->room[task % learner->rooms].task.fault;
            result.fault = fault->text[0] ? fault : NULL;
        }
    }
    return result;
}
