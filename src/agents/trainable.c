/* A network that learns; see trainable.h. */
#include "agents/trainable.h"

#include <stdio.h>
#include <string.h>

static const bm_option network_rows[] = {
    {BM_ROW_STRING(bm_network_config, net_arch, "[64, 64]", 1, 65536, "widths of the hidden layers"),
     .tune = "{[32],[64,64],[128,128],[256,256]}"},
    {BM_ROW_CHOICE(bm_network_config, activation, "relu", bm_activation_names, "of the hidden layers"),
     .tune = "{tanh,relu}"},
    BM_OPTION_CHOICE(bm_network_config, init, "torch", bm_init_names, "initial weights"),
};
const bm_options bm_network_options = BM_OPTIONS(network_rows, bm_network_config);

static const bm_option learning_rows[] = {
    {BM_ROW(bm_learning_config, learning_rate, 0.001, 1e-8, 1, BM_LOG,
            "step size of the optimizer; lin_X falls from X to 0"),
     .live = true, .tune = "log(1e-5,3e-2)"},
    {BM_ROW(bm_learning_config, gamma, 0.99, 0, 1, BM_LINEAR, "discount per step"), .live = true,
     .tune = "{0.9,0.95,0.98,0.99,0.995,0.999}"},
    BM_OPTION_LIVE(bm_learning_config, max_grad_norm, 0, 0, 1e9, BM_LINEAR,
                   "longer gradients are scaled to this norm; 0: never"),
    BM_OPTION_VARIANT(bm_learning_config, optimizer, "adam", bm_optim_kinds, "with settings of its own"),
    {BM_ROW_VARIANT(bm_learning_config, lr_schedule, "constant", bm_lr_schedule_kinds,
                    "in place of lin_X: learning rates over the run, in hundredths of it"),
     .tune = "{constant,cosine}"},
};
const bm_options bm_learning_options = BM_OPTIONS(learning_rows, bm_learning_config);

bm_status bm_network_create(bm_net *net, const bm_network_config *config, int inputs, int outputs, bm_error *error) {
    return bm_net_mlp(net, inputs, config->net_arch.count, config->net_arch.value, outputs,
                      bm_activations[config->activation], NULL, error);
}

static size_t parameters(const bm_trainable *trainable) {
    return trainable->net.parameters + trainable->more;
}

bm_status bm_trainable_create(bm_trainable *trainable, bm_agent *agent, const bm_trainable_setup *setup,
                              bm_error *error) {
    bm_arena *arena = &agent->arena;
    *trainable = (bm_trainable){
        .net = *setup->net,
        .more = setup->more,
        .more_name = setup->more_name,
        .learning = setup->learning,
        .rate = setup->rate ? setup->rate : &setup->learning->learning_rate,
    };
    const size_t n = parameters(trainable);
    trainable->params = BM_NEW(arena, bm_real, n);
    trainable->target = setup->target ? BM_NEW(arena, bm_real, n) : NULL;
    trainable->average = setup->average ? BM_NEW(arena, bm_real, n) : NULL;
    const size_t workspace = bm_net_workspace(setup->net, setup->rows);
    trainable->workspace = BM_NEW(arena, bm_real, workspace + (size_t)setup->rows * (size_t)setup->net->outputs);
    if (!agent->acts_only) {
        const bm_learning_config *learning = setup->learning;
        trainable->grad = BM_NEW(arena, bm_real, n);
        trainable->part = setup->parts ? BM_NEW(arena, bm_real, n) : NULL;
        BM_TRY(bm_optim_create(&trainable->optim, &learning->optimizer, BM_REAL_DTYPE, n, arena, error));
        BM_TRY(bm_lr_schedule_check(&learning->lr_schedule, trainable->optim.type, error));
    }
    BM_TRY(bm_arena_check(arena, "the agent's networks", error));
    trainable->grad_output = trainable->workspace + workspace;
    for (size_t i = setup->net->parameters; i < n; i++) {
        trainable->params[i] = (bm_real)setup->more_initial;
    }
    BM_TRY(bm_init_net((bm_init)setup->network->init, setup->output_gain > 0 ? setup->output_gain : 1, setup->net,
                       trainable->params, &agent->init_rng, error));
    bm_trainable_blend(trainable, 1, trainable->target);
    bm_trainable_blend(trainable, 1, trainable->average);
    return BM_OK;
}

bm_real *bm_trainable_forward(bm_trainable *trainable, const bm_real *params, int n, const bm_real *input) {
    return bm_net_forward(&trainable->net, params, trainable->workspace, n, input);
}

void bm_trainable_backward(bm_trainable *trainable, int n, const bm_real *input, bm_real *grad) {
    bm_net_backward(&trainable->net, trainable->params, trainable->workspace, n, input, trainable->grad_output, grad,
                    NULL);
}

void bm_trainable_add_part(bm_trainable *trainable) {
    bm_real *restrict grad = trainable->grad;
    const bm_real *restrict part = trainable->part;
    for (size_t i = 0; i < parameters(trainable); i++) {
        grad[i] += part[i];
    }
}

double bm_trainable_step(bm_trainable *trainable, const bm_agent *agent, double *norm) {
    const bm_learning_config *learning = trainable->learning;
    const size_t n = parameters(trainable);
    const double scale = bm_clip_norm_scale(BM_REAL_DTYPE, n, trainable->grad, 2, learning->max_grad_norm, norm);
    const double rate =
        bm_lr_schedule_rate(&learning->lr_schedule, *trainable->rate, bm_agent_remaining(agent), &trainable->optim);
    bm_optim_step(&trainable->optim, rate, scale, trainable->params, trainable->grad);
    if (trainable->part) {
        memset(trainable->grad, 0, n * sizeof *trainable->grad);
    }
    return rate;
}

static void blend(size_t n, bm_real share, const bm_real *restrict from, bm_real *restrict to) {
    for (size_t i = 0; i < n; i++) {
        to[i] += share * (from[i] - to[i]);
    }
}

void bm_trainable_blend(const bm_trainable *trainable, double share, bm_real *copy) {
    if (copy && share >= 1) {
        memcpy(copy, trainable->params, parameters(trainable) * sizeof *copy);
    } else if (copy) {
        blend(parameters(trainable), (bm_real)share, trainable->params, copy);
    }
}

static void list_copy(const bm_trainable *trainable, const char *name, const char *which, bm_real *params,
                      bm_state *state) {
    char full[BM_STATE_NAME];
    if (!params) {
        return;
    }
    snprintf(full, sizeof full, "%s%s", name, which);
    bm_state_enter(state, full);
    bm_net_state(&trainable->net, params, state);
    if (trainable->more > 0) {
        bm_state_vector(state, trainable->more_name, BM_REAL_DTYPE, params + trainable->net.parameters,
                        trainable->more);
    }
    bm_state_leave(state);
}

void bm_trainable_state(bm_trainable *trainable, const bm_agent *agent, const char *name, bm_state *state) {
    bm_state_enter(state, "nets");
    list_copy(trainable, name, "", trainable->params, state);
    list_copy(trainable, name, "_target", trainable->target, state);
    list_copy(trainable, name, "_average", trainable->average, state);
    bm_state_leave(state);
    if (!agent->acts_only) {
        bm_state_enter(state, "optimizer");
        bm_state_enter(state, name);
        bm_optim_state(&trainable->optim, state);
        bm_state_leave(state);
        bm_state_leave(state);
    }
}
