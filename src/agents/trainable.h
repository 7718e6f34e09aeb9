#ifndef BM_AGENTS_TRAINABLE_H
#define BM_AGENTS_TRAINABLE_H

/* A network that learns, as one object: parameters and gradient, target copy, running average, optimizer with schedule
 * and clipping, workspace, and all of that as state. And the options that agents with such networks share. */
#include "agents/agent.h"
#include "nets/init.h"
#include "nets/net.h"
#include "optim/lr_schedule.h"
#include "optim/optim.h"

/* What a network looks like. */
typedef struct {
    bm_int_list net_arch;
    int activation, init;
} bm_network_config;
extern const bm_options bm_network_options;

/* How parameters follow their gradient, and what the future counts. */
typedef struct {
    bm_schedule learning_rate;
    double gamma, max_grad_norm;
    bm_variant optimizer, lr_schedule;
} bm_learning_config;
extern const bm_options bm_learning_options;

typedef struct {
    bm_net net;
    size_t more;               /* parameters behind the net's, such as a policy's deviations */
    const char *more_name;     /* what they are called in the state */
    bm_real *params, *grad;    /* [net.parameters + more] */
    bm_real *part;             /* the same of one minibatch; NULL: not wanted */
    bm_real *target, *average; /* copies of params; NULL: not wanted */
    bm_real *workspace;        /* of the net, and behind it room for what follows */
    bm_real *grad_output;      /* [rows, net.outputs] of a loss */
    bm_optim optim;
    const bm_learning_config *learning;
    const bm_schedule *rate;
} bm_trainable;

typedef struct {
    const bm_net *net;
    const bm_network_config *network; /* what net was made from */
    double output_gain;               /* of the last layer's initial weights, where the scheme has one; 0: 1 */
    size_t more;
    const char *more_name;
    double more_initial;
    bool target, average, parts;
    int rows;                           /* most rows of a forward pass */
    const bm_learning_config *learning; /* these two are read whenever they are needed: live changes reach them */
    const bm_schedule *rate;            /* NULL: learning's */
} bm_trainable_setup;

/* The network of the shape that config says. BM_INVALID: widths out of range. */
bm_status bm_network_create(bm_net *net, const bm_network_config *config, int inputs, int outputs, bm_error *error);

/* With initial parameters drawn from agent->init_rng. For an agent that only acts, without gradient and optimizer.
 * BM_INVALID: settings that do not go together. */
bm_status bm_trainable_create(bm_trainable *trainable, bm_agent *agent, const bm_trainable_setup *setup,
                              bm_error *error);
/* The net's result [n, outputs] at params, which may be any of the copies; it stays until the next forward. */
bm_real *bm_trainable_forward(bm_trainable *trainable, const bm_real *params, int n, const bm_real *input);
/* After that forward at trainable->params, from trainable->grad_output, which becomes scratch: grad [parameters],
 * overwritten. */
void bm_trainable_backward(bm_trainable *trainable, int n, const bm_real *input, bm_real *grad);
/* grad += part, for gradients that are added up from minibatches; a step sets grad to zero again. */
void bm_trainable_add_part(bm_trainable *trainable);
/* One step of the optimizer along grad, clipped, with the learning rate and momentum of this moment of the agent's
 * training. norm: NULL, or gets the gradient's length before. Returns the learning rate. */
double bm_trainable_step(bm_trainable *trainable, const bm_agent *agent, double *norm);
/* copy (target or average) += share * (params - copy); 1 copies. */
void bm_trainable_blend(const bm_trainable *trainable, double share, bm_real *copy);

/* Lists the parameters as "nets.NAME", copies of them as "nets.NAME_target" and "nets.NAME_average", and, unless the
 * agent only acts, what the optimizer remembers as "optimizer.NAME". */
void bm_trainable_state(bm_trainable *trainable, const bm_agent *agent, const char *name, bm_state *state);

#endif
