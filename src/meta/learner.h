#ifndef BM_META_LEARNER_H
#define BM_META_LEARNER_H

/* Meta-learners turn what adaptation to single tasks taught into one gradient of what is learned across tasks (the
 * outer parameters), for any optimizer. Tasks of a batch are independent: any number of threads gives the same bits. */
#include "core/pool.h"
#include "meta/tasks.h"

typedef struct bm_learner bm_learner;

/* A thread's room for one task at a time. */
typedef struct {
    bm_task_room task;
    bm_real *params; /* [inner_steps + 1, parameters of a task] before the first inner step, after it, ... */
    bm_real *grad;   /* [inner_steps, parameters of a task] of each step's loss */
    bm_real *direction, *product; /* [parameters of a task] scratch */
} bm_learner_room;

typedef struct {
    const char *name, *summary, *source;
    /* The learner reads inner_lr and inner_steps and, where they are, inner_batch (rows of an inner step; 0: all) and
     * serial (tasks one after another, each from where the one before led). */
    bm_options options;
    bool second_order; /* needs the tasks' curvature */
    bool head_only;    /* inner steps move the last layer alone */
    bool learns_rates; /* outer parameters are those of a task, then for each the rate of its inner steps */
    /* What one task has to say, after its adaptation in the room: grad [outer parameters]. Returns the loss there. */
    double (*contribute)(const bm_learner *learner, bm_learner_room *room, const bm_real *outer, bm_real *grad);
} bm_learner_type;

struct bm_learner {
    const bm_learner_type *type;
    const void *config; /* of type's options */
    const bm_tasks *tasks;
    int inner_steps;
    double inner_lr;
    bool serial;
    size_t parameters; /* outer ones */
    size_t moved_from; /* the first parameter of a task that inner steps move */
    int batch;         /* tasks of an iteration */
    bm_pool *pool;
    int rooms; /* one for each of the pool's threads; one where serial */
    bm_learner_room *room;
    bm_real *contribution; /* [batch, parameters] */
    double *loss;          /* [batch] */
    int *failed_step;      /* [batch] whose loss was not finite; inner_steps: none */
    bm_arena arena;
};

/* Destroy it also after failure. BM_INVALID: options that do not go together, or a network without R-operator
 * (nets/hvp.h) where the learner needs it. config, tasks and pool must outlive it. */
bm_status bm_learner_create(bm_learner **created, const bm_learner_type *type, const void *config,
                            const bm_tasks *tasks, int batch, bm_pool *pool, bm_error *error);
void bm_learner_destroy(bm_learner *learner); /* NULL is fine */

/* Initial outer parameters. BM_FAILED: not enough memory. */
bm_status bm_learner_init(const bm_learner *learner, bm_init scheme, bm_real *outer, bm_rng *rng, bm_error *error);

/* One inner step of the learner; rate: in place of its inner_lr, unless the learner has learned its own. */
void bm_learner_descend(const bm_learner *learner, double rate, const bm_real *outer, const bm_real *grad,
                        bm_real *params);
/* The inner loop: gradients and parameters of all inner steps into the room, from room->params[0] on. Returns the step
 * whose loss was not finite; -1: none. */
int bm_learner_adapt(const bm_learner *learner, bm_learner_room *room, const bm_real *outer);

/* How an iteration went. */
typedef struct {
    double loss;           /* mean over tasks, after adaptation */
    int failed_task;       /* the first whose numbers were not finite; -1: none */
    int failed_step;       /* at which inner step; inner_steps: after the last */
    const bm_error *fault; /* how its environment failed; NULL: it did not */
} bm_learner_result;

/* The gradient [parameters] of an iteration's batch: task i is child i of seed. rate: of the outer step, which serial
 * learners take between two tasks. */
bm_learner_result bm_learner_gradient(bm_learner *learner, const bm_seed *seed, double rate, const bm_real *outer,
                                      bm_real *grad);

/* The registry: learner_list.h. */
extern const bm_learner_type *const bm_learner_types[];                                       /* NULL at the end */
const char *bm_learner_name(int i);                                                           /* NULL: no more */
bm_status bm_learner_lookup(const char *name, const bm_learner_type **type, bm_error *error); /* with a suggestion */

#endif
