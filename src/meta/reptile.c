/* Reptile: Nichol, Achiam and Schulman 2018. Plain gradient descent on a task leads from theta to phi; the parameters
 * move a part of the way, theta += epsilon (phi - theta). As a gradient, theta - phi, it serves any outer optimizer;
 * with sgd, outer_lr is epsilon.
 *
 * batched  the mean of phi over the batch, all from the same theta (their section 3)
 * serial   task after task: p_t = theta + epsilon (phi_t - theta), where phi_t is reached from p_{t-1} and theta is
 *          what the batch began with. The step that is taken is that of the last task, p_T; the tasks before it only
 *          say where it starts. Since the p_t are steps of plain gradient descent, it takes sgd as outer optimizer and
 *          no max_grad_norm; batches of one task are their algorithm 1 */
#include "meta/learner.h"

typedef struct {
    double inner_lr;
    int inner_steps, inner_batch;
    bool serial;
} reptile_config;

static const bm_option rows[] = {
    {BM_ROW(reptile_config, inner_lr, 0.02, 0, 100, BM_LOG, "step size of adaptation"), .tune = "log(1e-3,0.5)"},
    {BM_ROW(reptile_config, inner_steps, 5, 1, 1000, BM_LOG, "steps of adaptation in training"), .tune = "int(2,32)"},
    BM_OPTION(reptile_config, inner_batch, 0, 0, 100000, BM_LINEAR,
              "rows of a step in training, taken in turn from train_shots; 0: all of them"),
    BM_OPTION_STRING(reptile_config, serial, "false", 0, 1, "tasks of a batch one after another, on one thread"),
};

/* The loss after adaptation is looked at, not learned from. */
static double contribute(const bm_learner *learner, bm_learner_room *room, const bm_real *outer, bm_real *grad) {
    const size_t n = learner->tasks->parameters;
    const bm_real *adapted = room->params + (size_t)learner->inner_steps * n;
    for (size_t i = 0; i < n; i++) {
        grad[i] = outer[i] - adapted[i];
    }
    return learner->tasks->type->methods->outer(&room->task, adapted, room->product);
}

const bm_learner_type bm_learner_reptile = {
    .name = "reptile",
    .summary = "moves towards where plain training on single tasks leads",
    .source = "Nichol, Achiam and Schulman 2018",
    .options = BM_OPTIONS(rows, reptile_config),
    .contribute = contribute,
};
