#ifndef BM_META_TASKS_H
#define BM_META_TASKS_H

/* Families of tasks: distributions over small problems that one set of parameters is to adapt to. What a task is,
 * examples to fit or an environment to act in, is its family's own; learners (meta/learner.h) see gradients, curvature
 * and scores. */
#include "core/arena.h"
#include "core/option.h"
#include "core/real.h"
#include "core/rng.h"
#include "envs/env.h"
#include "nets/init.h"
#include "nets/loss.h"
#include "nets/net.h"

typedef struct bm_tasks bm_tasks;
typedef struct bm_task_room bm_task_room;

/* A room's task, to be looked at. What it points to stays as it is until the next begin. */
enum { BM_TASK_WORDS = 96 };
typedef struct {
    char words[BM_TASK_WORDS]; /* which one it is: "amplitude 2.31, phase 0.52" */
    /* of examples: their rows, those to adapt with first */
    int support, queries;
    const bm_real *input;
    const void *target, *task;
    /* of episodes: where it is acted in; NULL elsewhere */
    const bm_env_type *env;
    const void *env_config;
} bm_task_view;

/* How problems of one sort are worked on: examples (meta/supervised.c), episodes (meta/episodes.c). */
typedef struct {
    bm_status (*create)(bm_tasks *tasks, const bm_int_list *hidden, const bm_activation *activation, bm_error *error);
    /* Initial params [parameters]; BM_FAILED: no memory for the scheme. */
    bm_status (*init)(const bm_tasks *tasks, bm_init scheme, bm_real *params, bm_rng *rng, bm_error *error);
    size_t room_bytes;                                      /* of what room->self points to */
    bm_status (*open)(bm_task_room *room, bm_error *error); /* allocates from room->arena, and checks it */
    void (*close)(bm_task_room *room); /* frees what lies outside of the arena; NULL: nothing does */
    void (*begin)(bm_task_room *room, const bm_seed *seed); /* draws the task */
    /* Loss and gradient of inner step 0, 1, ... at params [parameters]; what it was computed from is kept until the
     * next begin. */
    double (*gradient)(bm_task_room *room, int step, const bm_real *params, bm_real *grad);
    /* The Hessian of that step's loss at params, which must be those that gradient got, times direction. */
    void (*curvature)(bm_task_room *room, int step, const bm_real *params, const bm_real *direction, bm_real *product);
    /* Loss and gradient of what adaptation is for, at adapted parameters: fresh examples, fresh episodes. */
    double (*outer)(bm_task_room *room, const bm_real *params, bm_real *grad);
    /* How good parameters are on the task: bm_tasks_type.score_names. */
    void (*score)(bm_task_room *room, const bm_real *params, double *score);
    void (*view)(const bm_task_room *room, bm_task_view *view);
    /* Draws an action for every lane of env, an environment as view has it. NULL: there is nothing to act in. */
    void (*act)(bm_task_room *room, const bm_real *params, bm_env_batch *env, bm_rng *rng);
} bm_task_methods;

enum { BM_TASK_SCORES = 2 };

/* Where the problems of a supervised family come from. */
typedef struct {
    const bm_loss *loss;
    /* Sets inputs and outputs, and prepares data; numbers of rows are there, as the options have them. */
    bm_status (*create)(bm_tasks *tasks, bm_error *error);
    size_t task_bytes;
    void (*draw)(const bm_tasks *tasks, bool test, bm_rng *rng, void *task); /* task [task_bytes] */
    /* Examples of one task, those to adapt with first: input [shots + queries, inputs]; target as the loss reads it.
     * Both parts come from one call, so that a family without repetition can keep them apart. rng NULL, of curves:
     * evenly over where examples lie. */
    void (*examples)(const bm_tasks *tasks, const void *task, bm_rng *rng, int shots, int queries, bm_real *input,
                     void *target);
    /* For pictures: which task it is, in words. */
    void (*describe)(const bm_tasks *tasks, const void *task, char words[BM_TASK_WORDS]);
    bool is_curve;  /* targets are a function of the first input */
    int image_side; /* inputs are the pixels of a square image, 0 black to 1 white; 0: they are not */
} bm_examples;

typedef struct {
    const char *name, *summary, *source;
    bm_options options;
    const bm_task_methods *methods;
    const bm_examples *examples;                 /* of a supervised family, else NULL */
    const char *score_names[BM_TASK_SCORES + 1]; /* "mse"; the first is the one that is reported; NULL at the end */
    bool larger_is_better;                       /* of the first score */
} bm_tasks_type;

/* A family with its settings, its data and the network that its tasks share. Threads share it, and only read it. */
struct bm_tasks {
    const bm_tasks_type *type;
    const void *config; /* of type's options */
    int inputs, outputs;
    /* Rows (or episodes) to adapt with, in training and in a test; to learn from after adaptation; to score with. */
    int train_shots, shots, queries, eval_queries;
    bm_net net;
    size_t parameters; /* the net's, then what a policy has beside them */
    size_t head;       /* where the last layer's begin */
    void *self;
    bm_arena arena;
};

/* Options that families share: a group of theirs, whose numbers bm_tasks_create takes over. */
typedef struct {
    int shots, train_shots, queries, eval_queries;
} bm_task_sizes;
extern const bm_options bm_task_sizes_options;

/* config must outlive the tasks. Destroy them also after failure. */
bm_status bm_tasks_create(bm_tasks **created, const bm_tasks_type *type, const void *config, const bm_int_list *hidden,
                          const bm_activation *activation, bm_error *error);
void bm_tasks_destroy(bm_tasks *tasks); /* NULL is fine */

/* What one thread needs to work on a task. */
struct bm_task_room {
    const bm_tasks *tasks;
    bool test;       /* tasks that training never sees, where the family keeps some apart; scores over eval_queries */
    int inner_steps; /* most that are made */
    int minibatch;   /* rows of a step's gradient, in turn; 0, or no fewer than there are: all */
    bm_error fault;  /* how the environment of a task failed (bm_env_check); text[0] 0: it did not */
    void *self;
    bm_arena arena;
};

/* Close it also after failure. */
bm_status bm_task_room_open(bm_task_room *room, const bm_tasks *tasks, int inner_steps, int minibatch, bool test,
                            bm_error *error);
void bm_task_room_close(bm_task_room *room);

bool bm_all_finite(const bm_real *x, size_t n);
static inline int bm_larger(int a, int b) {
    return a > b ? a : b;
}

/* The registry: tasks_list.h. The id of an environment is a name for the family "episodes", whose option env is then to
 * be set to it. */
extern const bm_tasks_type *const bm_tasks_types[]; /* NULL at the end */
const char *bm_tasks_name(int i);                   /* of the families, then of the environments; NULL: no more */
bm_status bm_tasks_lookup(const char *name, const bm_tasks_type **type, bm_error *error); /* with a suggestion */

extern const bm_task_methods bm_supervised_methods, bm_episode_methods;

#endif
