/* What all families of tasks have in common: they are created, opened for a thread, and found by name. */
#include "meta/tasks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "envs/env.h"

static const bm_option size_rows[] = {
    BM_OPTION(bm_task_sizes, shots, 5, 1, 100000, BM_LOG,
              "examples (of digits: of a class), or episodes, to adapt with"),
    BM_OPTION(bm_task_sizes, train_shots, 0, 0, 100000, BM_LINEAR, "the same in training; 0: as shots"),
    BM_OPTION(bm_task_sizes, queries, 0, 0, 100000, BM_LINEAR,
              "those that training judges an adapted network by; 0: as train_shots"),
    BM_OPTION(bm_task_sizes, eval_queries, 100, 1, 1000000, BM_LOG, "those that a score is taken over"),
};

const bm_options bm_task_sizes_options = BM_OPTIONS(size_rows, bm_task_sizes);

/* Of the option, or else what holds where it is 0 or not there. */
static int size_of(const bm_tasks *tasks, const char *key, int otherwise) {
    const double size = bm_options_number(&tasks->type->options, tasks->config, key);
    return size > 0 ? (int)size : otherwise;
}

bm_status bm_tasks_create(bm_tasks **created, const bm_tasks_type *type, const void *config, const bm_int_list *hidden,
                          const bm_activation *activation, bm_error *error) {
    bm_tasks *tasks = *created = calloc(1, sizeof *tasks);
    if (!tasks) {
        return bm_fail(error, "not enough memory for %s", type->name);
    }
    tasks->type = type;
    tasks->config = config;
    tasks->shots = size_of(tasks, "shots", 0);
    tasks->train_shots = size_of(tasks, "train_shots", tasks->shots);
    tasks->queries = size_of(tasks, "queries", tasks->train_shots);
    tasks->eval_queries = size_of(tasks, "eval_queries", 0);
    BM_TRY(type->methods->create(tasks, hidden, activation, error));
    tasks->head = tasks->net.layer[tasks->net.layers - 1].offset;
    return bm_arena_check(&tasks->arena, type->name, error);
}

void bm_tasks_destroy(bm_tasks *tasks) {
    if (tasks) {
        bm_arena_free(&tasks->arena);
        free(tasks);
    }
}

bm_status bm_task_room_open(bm_task_room *room, const bm_tasks *tasks, int inner_steps, int minibatch, bool test,
                            bm_error *error) {
    *room = (bm_task_room){.tasks = tasks, .test = test, .inner_steps = inner_steps, .minibatch = minibatch};
    room->self = bm_arena_alloc(&room->arena, 1, tasks->type->methods->room_bytes);
    BM_TRY(bm_arena_check(&room->arena, tasks->type->name, error));
    return tasks->type->methods->open(room, error);
}

void bm_task_room_close(bm_task_room *room) {
    if (room->self && room->tasks->type->methods->close) {
        room->tasks->type->methods->close(room);
    }
    bm_arena_free(&room->arena);
}

bool bm_all_finite(const bm_real *x, size_t n) {
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        finite &= isfinite(x[i]) != 0;
    }
    return finite;
}

/* ---- registry ---- */

#define TASKS(name) extern const bm_tasks_type bm_tasks_##name;
#include "meta/tasks_list.h"
#undef TASKS

#define TASKS(name) &bm_tasks_##name,
const bm_tasks_type *const bm_tasks_types[] = {
#include "meta/tasks_list.h"
    NULL};
#undef TASKS

enum { TYPES = sizeof bm_tasks_types / sizeof bm_tasks_types[0] - 1 };

const char *bm_tasks_name(int i) {
    return i < TYPES ? bm_tasks_types[i]->name : bm_env_types[i - TYPES] ? bm_env_types[i - TYPES]->id : NULL;
}

bm_status bm_tasks_lookup(const char *name, const bm_tasks_type **type, bm_error *error) {
    const int i = bm_find_name("family of tasks", name, bm_tasks_name, " (see bellman list tasks)", error);
    *type = i < TYPES ? bm_tasks_types[i < 0 ? TYPES : i] : &bm_tasks_episodes;
    return i < 0 ? BM_INVALID : BM_OK;
}
