/* Model-agnostic meta-learning: Finn, Abbeel and Levine 2017. The outer loss is that of parameters after inner steps of
 * gradient descent on a task, theta_{k+1} = theta_k - alpha g_k, and its gradient goes back through them:
 *
 *     v_K = d loss / d theta_K,    v_k = v_{k+1} - H_k (alpha v_{k+1}),    H_k the Hessian of the inner loss at theta_k
 *
 * maml     exactly this, by Hessian-vector products (nets/hvp.h)
 * fomaml   first order: v_K alone (section 5.2 there)
 * anil     inner steps on the last layer only, with everything learned in the outer loop (Raghu et al. 2020)
 * metasgd  learns a rate for every parameter beside them (Li et al. 2017): d loss / d alpha = -sum_k g_k v_{k+1}
 *
 * Without inner steps all four train one model on all tasks together: the pre-training that the paper compares with. */
#include <math.h>
#include <string.h>

#include "meta/learner.h"

typedef struct {
    double inner_lr;
    int inner_steps;
} maml_config;

#define ROWS(lr_help)                                                                                                  \
    {BM_ROW(maml_config, inner_lr, 0.01, 0, 100, BM_LOG, lr_help), .tune = "log(1e-3,0.5)"}, {                         \
        BM_ROW(maml_config, inner_steps, 1, 0, 100, BM_LINEAR,                                                         \
               "steps of adaptation in training; 0: pre-training on all tasks"),                                       \
            .tune = "int(1,5)"                                                                                         \
    }

static const bm_option rows[] = {ROWS("step size of adaptation")};
static const bm_option metasgd_rows[] = {ROWS("what the learned step sizes start from")};

/* ---- the way back ----------------------------------------------------------------------------------------------- */

static double first_order(const bm_learner *learner, bm_learner_room *room, const bm_real *outer, bm_real *grad) {
    (void)outer;
    const bm_real *adapted = room->params + (size_t)learner->inner_steps * learner->tasks->parameters;
    return learner->tasks->type->methods->outer(&room->task, adapted, grad);
}

/* grad goes from v_K to v_0. */
static double second_order(const bm_learner *learner, bm_learner_room *room, const bm_real *outer, bm_real *grad) {
    const size_t n = learner->tasks->parameters;
    const double loss = first_order(learner, room, outer, grad);
    const bm_real lr = (bm_real)learner->inner_lr, *rate = learner->type->learns_rates ? outer + n : NULL;
    bm_real *rate_grad = grad + n, *direction = room->direction;
    memset(direction, 0, learner->moved_from * sizeof *direction);
    memset(rate_grad, 0, (learner->parameters - n) * sizeof *rate_grad);
    for (int k = learner->inner_steps - 1; k >= 0 && isfinite(loss); k--) {
        const bm_real *params = room->params + (size_t)k * n, *inner = room->grad + (size_t)k * n;
        for (size_t i = 0; rate && i < n; i++) {
            rate_grad[i] -= inner[i] * grad[i];
            direction[i] = rate[i] * grad[i];
        }
        for (size_t i = learner->moved_from; !rate && i < n; i++) {
            direction[i] = lr * grad[i];
        }
        learner->tasks->type->methods->curvature(&room->task, k, params, direction, room->product);
        for (size_t i = 0; i < n; i++) {
            grad[i] -= room->product[i];
        }
    }
    return loss;
}

const bm_learner_type bm_learner_maml = {
    .name = "maml",
    .summary = "parameters from which few gradient steps go far, with exact second derivatives",
    .source = "Finn, Abbeel and Levine 2017",
    .options = BM_OPTIONS(rows, maml_config),
    .second_order = true,
    .contribute = second_order,
};

const bm_learner_type bm_learner_fomaml = {
    .name = "fomaml",
    .summary = "MAML without second derivatives",
    .source = "Finn, Abbeel and Levine 2017",
    .options = BM_OPTIONS(rows, maml_config),
    .contribute = first_order,
};

const bm_learner_type bm_learner_anil = {
    .name = "anil",
    .summary = "MAML that adapts the last layer only",
    .source = "Raghu, Raghu, Bengio and Vinyals 2020",
    .options = BM_OPTIONS(rows, maml_config),
    .second_order = true,
    .head_only = true,
    .contribute = second_order,
};

const bm_learner_type bm_learner_metasgd = {
    .name = "metasgd",
    .summary = "MAML that learns a step size for every parameter too",
    .source = "Li, Zhou, Chen and Li 2017",
    .options = BM_OPTIONS(metasgd_rows, maml_config),
    .second_order = true,
    .learns_rates = true,
    .contribute = second_order,
};
