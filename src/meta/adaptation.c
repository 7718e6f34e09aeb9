/* The inner loop of a test, task by task; see adaptation.h. */
#include "meta/adaptation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/subnormal.h"

typedef struct {
    bm_task_room task;
    bm_real *params, *grad;      /* [parameters of a task] */
    bm_adaptation_result result; /* of the tasks worked on in it */
} adaptation_room;

struct bm_adaptation {
    const bm_learner *learner;
    bm_int_list steps;
    int rates;    /* 0: all steps are the learner's own */
    double *rate; /* [rates] in place of its inner_lr; the last stays */
    int rooms;    /* one for each of the pool's threads */
    adaptation_room *room;
    bm_arena arena;
};

bm_status bm_adaptation_check_steps(const char *name, const bm_int_list *steps, bm_error *error) {
    if (steps->count == 0) {
        return bm_invalid(error, "%s is empty; 0,1,5 scores before adaptation, after 1 step and after 5", name);
    }
    for (int i = 1; i < steps->count; i++) {
        if (steps->value[i] <= steps->value[i - 1]) {
            return bm_invalid(error, "%s must rise, and %d follows %d", name, steps->value[i], steps->value[i - 1]);
        }
    }
    return BM_OK;
}

static bm_status open_rooms(bm_adaptation *adaptation, bm_error *error) {
    const bm_tasks *tasks = adaptation->learner->tasks;
    const bm_int_list *steps = &adaptation->steps;
    bm_arena *arena = &adaptation->arena;
    adaptation->rooms = bm_pool_threads(adaptation->learner->pool);
    adaptation->room = BM_NEW(arena, adaptation_room, adaptation->rooms);
    for (int i = 0; i < adaptation->rooms && adaptation->room; i++) {
        adaptation_room *room = &adaptation->room[i];
        room->params = BM_NEW(arena, bm_real, tasks->parameters);
        room->grad = BM_NEW(arena, bm_real, tasks->parameters);
        BM_TRY(bm_task_room_open(&room->task, tasks, steps->value[steps->count - 1], 0, true, error));
    }
    return bm_arena_check(arena, "evaluations", error);
}

bm_status bm_adaptation_create(bm_adaptation **result, const bm_learner *learner, const bm_int_list *steps,
                               bm_error *error) {
    bm_adaptation *adaptation = *result = calloc(1, sizeof *adaptation);
    if (!adaptation) {
        return bm_fail(error, "not enough memory for evaluations");
    }
    adaptation->learner = learner;
    adaptation->steps = *steps;
    return open_rooms(adaptation, error);
}

void bm_adaptation_destroy(bm_adaptation *adaptation) {
    if (adaptation) {
        for (int i = 0; i < adaptation->rooms && adaptation->room; i++) {
            bm_task_room_close(&adaptation->room[i].task);
        }
        bm_arena_free(&adaptation->arena);
        free(adaptation);
    }
}

bm_status bm_adaptation_rates(bm_adaptation *adaptation, int count, const double *rate, bm_error *error) {
    const bm_learner *learner = adaptation->learner;
    const bm_option *row = bm_options_find(&learner->type->options, learner->config, "inner_lr", NULL);
    if (learner->parameters != learner->tasks->parameters) {
        return bm_invalid(error, "%s has learned a step size for every parameter and takes no others",
                          learner->type->name);
    }
    adaptation->rate = BM_NEW(&adaptation->arena, double, count);
    BM_TRY(bm_arena_check(&adaptation->arena, "evaluations", error));
    for (int i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.17g", rate[i]);
        BM_TRY(bm_option_parse(row, row->name, text, &adaptation->rate[i], error));
    }
    adaptation->rates = count;
    return BM_OK;
}

/* ---- one task --------------------------------------------------------------------------------------------------- */

/* What adaptation is to lower; 0 for tasks that have no rows to take a loss over. */
static double query_loss(const bm_learner *learner, adaptation_room *room) {
    const bm_tasks_type *type = learner->tasks->type;
    return type->examples ? type->methods->outer(&room->task, room->params, room->grad) : 0;
}

/* False: the task has diverged. */
static bool take_score(const bm_learner *learner, adaptation_room *room, double loss_before, double *score) {
    static const double factor = 1000;
    const bm_tasks_type *type = learner->tasks->type;
    double taken[BM_TASK_SCORES] = {0};
    bool fine = query_loss(learner, room) <= factor * loss_before; /* false where it is NAN */
    type->methods->score(&room->task, room->params, taken);
    for (int which = 0; type->score_names[which]; which++) {
        fine &= isfinite(taken[which]) != 0;
    }
    if (fine) {
        memcpy(score, taken, sizeof taken);
    }
    return fine;
}

/* False: the loss is not finite, and no step was made. */
static bool make_step(const bm_adaptation *adaptation, adaptation_room *room, int step, const bm_real *outer) {
    const bm_learner *learner = adaptation->learner;
    const int last = adaptation->rates - 1;
    const double rate = last < 0 ? learner->inner_lr : adaptation->rate[step < last ? step : last];
    if (!isfinite(learner->tasks->type->methods->gradient(&room->task, step, room->params, room->grad))) {
        return false;
    }
    bm_learner_descend(learner, rate, outer, room->grad, room->params);
    return true;
}

/* Fills score [steps, BM_TASK_SCORES]. Returns the number of steps after which the task had diverged, or -1. */
static int adapt(const bm_adaptation *adaptation, adaptation_room *room, const bm_real *outer, double *score) {
    const bm_learner *learner = adaptation->learner;
    const bm_int_list *steps = &adaptation->steps;
    int made = 0;
    for (int i = 0; i < steps->count * BM_TASK_SCORES; i++) {
        score[i] = NAN;
    }
    memcpy(room->params, outer, learner->tasks->parameters * sizeof *outer);
    const double loss_before = query_loss(learner, room);
    for (int at = 0; at < steps->count; at++) {
        for (; made < steps->value[at]; made++) {
            if (!make_step(adaptation, room, made, outer)) {
                return made;
            }
        }
        if (!take_score(learner, room, loss_before, score + at * BM_TASK_SCORES)) {
            return made;
        }
    }
    return -1;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

typedef struct {
    bm_adaptation *adaptation;
    const bm_seed *seed;
    const bm_real *outer;
    int tasks;
    const atomic_int *stop;
    double *score;
} evaluation;

static const bm_adaptation_result none = {.first_task = -1, .first_after = -1};

/* Every thread has a room, and works in it on every so-manieth task. */
static void work_in_room(void *context, int item) {
    const evaluation *e = context;
    const bm_adaptation *adaptation = e->adaptation;
    adaptation_room *room = &adaptation->room[item];
    const size_t row = (size_t)adaptation->steps.count * BM_TASK_SCORES;
    const unsigned before = bm_flush_subnormals();
    room->result = none;
    for (int task = item; task < e->tasks && !room->result.stopped; task += adaptation->rooms) {
        const bm_seed own = bm_seed_child(e->seed, (uint32_t)task);
        adaptation->learner->tasks->type->methods->begin(&room->task, &own);
        const int failed_after = adapt(adaptation, room, e->outer, e->score + (size_t)task * row);
        if (failed_after >= 0 && room->result.diverged++ == 0) {
            room->result.first_task = task;
            room->result.first_after = failed_after;
        }
        room->result.stopped = e->stop && atomic_load_explicit(e->stop, memory_order_relaxed);
    }
    room->result.fault = room->task.fault.text[0] ? &room->task.fault : NULL;
    bm_restore_subnormals(before);
}

bm_adaptation_result bm_adaptation_run(bm_adaptation *adaptation, const bm_seed *seed, const bm_real *outer, int tasks,
                                       const atomic_int *stop, double *score) {
    evaluation e = {adaptation, seed, outer, tasks, stop, score};
    bm_adaptation_result result = none;
    bm_pool_run(adaptation->learner->pool, adaptation->rooms, work_in_room, &e);
    for (int i = 0; i < adaptation->rooms; i++) {
        const bm_adaptation_result *part = &adaptation->room[i].result;
        result.stopped |= part->stopped;
        result.diverged += part->diverged;
        result.fault = result.fault ? result.fault : part->fault;
        if (part->diverged && (result.first_task < 0 || part->first_task < result.first_task)) {
            result.first_task = part->first_task;
            result.first_after = part->first_after;
        }
    }
    return result;
}

bm_adaptation_mean bm_adaptation_summary(const double *score, int tasks, int steps, int at, int which) {
    const double *one = score + at * BM_TASK_SCORES + which;
    double mean = 0, squares = 0;
    int count = 0;
    for (int task = 0; task < tasks; task++) {
        const double x = one[(size_t)task * (size_t)steps * BM_TASK_SCORES], deviation = x - mean;
        if (isfinite(x)) {
            mean += deviation / ++count;
            squares += deviation * (x - mean);
        }
    }
    const double std = count > 1 ? sqrt(squares / (count - 1)) : NAN;
    return (bm_adaptation_mean){
        .tasks = count,
        .mean = count ? mean : NAN,
        .std = std,
        .half_width = 1.96 * std / sqrt(count),
    };
}
