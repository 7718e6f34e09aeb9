#ifndef BM_WATCH_ADAPT_H
#define BM_WATCH_ADAPT_H

/* Adaptation to be looked at: tasks of a test, one after another and step by step, with what is seen after every step
 * kept for a picture (watch/adapt_scene.h). The inner loop and its scores are those of meta/adaptation.h, bit for bit;
 * beside the learned parameters random ones are adapted to the same task. Of an environment episodes of the adapted
 * policy are played after every step. */
#include "meta/learner.h"

enum {
    BM_ADAPT_STEPS = 1000,  /* most steps of adaptation */
    BM_ADAPT_GRID = 161,    /* points of a curve */
    BM_ADAPT_LATEST = 20,   /* tasks that the mean is taken over */
    BM_ADAPT_EPISODES = 6,  /* played side by side, where they are lines on a map */
    BM_ADAPT_POINTS = 2048, /* of such a line; what is longer ends there */
};

/* What a task looks like. */
typedef enum {
    BM_ADAPT_SCORES, /* nothing but its scores */
    BM_ADAPT_CURVE,
    BM_ADAPT_IMAGES,
    BM_ADAPT_PATHS, /* episodes as lines on a map */
    BM_ADAPT_PLAY,  /* an episode as its environment draws itself */
} bm_adapt_kind;

/* How one start fares with the task. */
typedef struct {
    bm_real *outer, *params; /* what it starts from, and has adapted to */
    double *score;           /* [steps + 1] the first one, after every step made; NAN: it has diverged */
    double loss_before;
    bool diverged;
} bm_adapt_start;

/* Episodes after a number of steps, as the environment names its state. */
typedef struct {
    double *state; /* [lanes, points, numbers]; NULL: not played */
    int *count;    /* [lanes] points so far */
} bm_adapt_path;

typedef struct {
    const bm_learner *learner;
    bm_adapt_kind kind;
    int steps;         /* of adaptation, for every task */
    int64_t task;      /* the one adapted to, from 0: child of the seed with that number */
    int made;          /* steps so far */
    int64_t iteration; /* of training, that the learned parameters are from */
    bm_task_view view;
    bm_adapt_start learned, random;

    double *x, *truth;  /* [GRID] a curve to fit */
    double *prediction; /* [steps + 1, GRID] what was made of it after every step */
    int32_t *predicted; /* [queries] labels of images, now */

    bm_env_batch *env; /* of episodes: a lane for each */
    bool over;         /* all of them have ended */
    bool ended[BM_ADAPT_EPISODES];
    bm_adapt_path *path; /* [steps + 1] */
    int points, numbers; /* room of a line; of a state */

    /* Of tasks adapted to to the end without diverging: */
    int64_t ended_tasks, diverged_tasks;
    double *sum;    /* [steps + 1] of the scores */
    double *latest; /* [LATEST, steps + 1] */
    double *mean;   /* [steps + 1] of the latest; nothing while ended_tasks is 0 */
    double *number; /* [steps + 1] 0, 1, ... steps: what scores are drawn over */

    bm_task_room room;
    bm_seed seed, task_seed;
    bm_rng rng;
    bm_init scheme;
    bm_real *next_outer; /* what is learned meanwhile */
    int64_t next_iteration;
    bm_real *grad, *workspace, *grid_input, *grid_target;
    bm_arena arena, task_arena;
} bm_adapt;

/* Begins with the first task. learner must outlive it; outer [learner->parameters] is copied; scheme: of random
 * weights. */
bm_status bm_adapt_create(bm_adapt **adapt, const bm_learner *learner, bm_init scheme, int steps, uint64_t seed,
                          const bm_real *outer, int64_t iteration, bm_error *error);
void bm_adapt_destroy(bm_adapt *adapt); /* NULL is fine */
/* Newer parameters, from the next task on. */
void bm_adapt_learn(bm_adapt *adapt, const bm_real *outer, int64_t iteration);

/* Seconds until the next move looks due. */
double bm_adapt_wait(const bm_adapt *adapt);
/* A step of the episodes; when they are over, a step of adaptation; after the last, the next task. BM_FAILED: not
 * enough memory. */
bm_status bm_adapt_move(bm_adapt *adapt, bm_error *error);
bm_status bm_adapt_next_step(bm_adapt *adapt, bm_error *error); /* gives the episodes up */
bm_status bm_adapt_next_task(bm_adapt *adapt, bm_error *error); /* gives the task up */

bool bm_adapt_at_end(const bm_adapt *adapt); /* nothing is left to be done with this task */

#endif
