/* Multilayer perceptrons over flat buffers; layout.h says what lies where in the workspace. */
#include "nets/net.h"

#include <stdio.h>

#include "nets/layout.h"

enum { MOST_UNITS = 65536 };

static bm_status check_width(const char *what, int width, bm_error *error) {
    if (width >= 1 && width <= MOST_UNITS) {
        return BM_OK;
    }
    return bm_invalid(error, "%s of %d units outside 1..%d", what, width, MOST_UNITS);
}

bm_status bm_net_mlp(bm_net *net, int inputs, int hidden_count, const int *hidden, int outputs,
                     const bm_activation *activation, const bm_activation *output_activation, bm_error *error) {
    if (hidden_count < 0 || hidden_count >= BM_NET_LAYERS) {
        return bm_invalid(error, "%d hidden layers outside 0..%d", hidden_count, BM_NET_LAYERS - 1);
    }
    if (check_width("input", inputs, error) != BM_OK || check_width("output layer", outputs, error) != BM_OK) {
        return BM_INVALID;
    }
    bm_kernels kernels;
    const bm_status status = bm_kernels_choose(&kernels, error);
    if (status != BM_OK) {
        return status;
    }
    *net = (bm_net){.inputs = inputs, .outputs = outputs, .layers = hidden_count + 1};
    int width = inputs;
    for (int i = 0; i < net->layers; i++) {
        const bool last = i == hidden_count;
        if (!last && check_width("hidden layer", hidden[i], error) != BM_OK) {
            return BM_INVALID;
        }
        const bm_activation *after = last ? output_activation : activation;
        bm_layer *layer = &net->layer[i];
        *layer = (bm_layer){
            .type = &bm_layer_dense,
            .activation = after ? after : &bm_activation_identity,
            .kernels = kernels,
            .inputs = width,
            .outputs = last ? outputs : hidden[i],
            .offset = net->parameters,
        };
        layer->parameters = ((size_t)layer->inputs + 1) * (size_t)layer->outputs;
        net->parameters += layer->parameters;
        width = layer->outputs;
    }
    return BM_OK;
}

size_t bm_net_workspace(const bm_net *net, int batch) {
    size_t n = 2 * layout_padded(batch, layout_widest(net));
    for (int i = 0; i < net->layers; i++) {
        n += layout_padded(batch, net->layer[i].outputs) * (net->layer[i].activation->keeps_input ? 2 : 1);
    }
    return n;
}

bm_real *bm_net_forward(const bm_net *net, const bm_real *params, bm_real *workspace, int batch, const bm_real *input) {
    const bm_real *in = input;
    bm_real *before = workspace, *out = NULL;
    for (int i = 0; i < net->layers; i++) {
        const bm_layer *layer = &net->layer[i];
        const layer_buffers at = layout_layer(layer, batch, before);
        layer->type->forward(layer, params + layer->offset, batch, in, at.pre);
        if (!layer->activation->rectifies) {
            layer->activation->forward(layer->activation->parameter, (size_t)batch * (size_t)layer->outputs, at.pre,
                                       at.out);
        }
        in = out = at.out;
        before = at.end;
    }
    return out;
}

void bm_net_backward(const bm_net *net, const bm_real *params, bm_real *workspace, int batch, const bm_real *input,
                     bm_real *grad_output, bm_real *grad_params, bm_real *grad_input) {
    const net_layout at = layout_net(net, batch, workspace);
    bm_real *grad_out = grad_output;
    for (int i = net->layers - 1; i >= 0; i--) {
        const bm_layer *layer = &net->layer[i];
        layer->activation->backward(layer->activation->parameter, (size_t)batch * (size_t)layer->outputs,
                                    at.layer[i].pre, at.layer[i].out, grad_out);
        bm_real *grad_in = i > 0 ? at.gradient[i % 2] : grad_input;
        layer->type->backward(layer, params + layer->offset, batch, i > 0 ? at.layer[i - 1].out : input, grad_out,
                              grad_params + layer->offset, grad_in);
        grad_out = grad_in;
    }
}

void bm_net_state(const bm_net *net, bm_real *params, bm_state *state) {
    for (int i = 0; i < net->layers; i++) {
        const bm_layer *layer = &net->layer[i];
        char name[32];
        snprintf(name, sizeof name, "%s%d", layer->type->name, i);
        bm_state_enter(state, name);
        layer->type->state(layer, params + layer->offset, state);
        bm_state_leave(state);
    }
}
