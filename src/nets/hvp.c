/* Pearlmutter's R-operator over the layers of a net; see hvp.h. The workspace is that of twice the batch, in which
 * every buffer holds values and their R, one directly behind the other, and behind it the gradient of the loss with its
 * R. */
#include "nets/hvp.h"

#include <string.h>

#include "nets/layout.h"

bm_status bm_net_r_check(const bm_net *net, bm_error *error) {
    for (int i = 0; i < net->layers; i++) {
        const bm_layer *layer = &net->layer[i];
        if (!layer->type->r_forward) {
            return bm_invalid(error, "layer %d (%s) has no R-operator", i, layer->type->name);
        }
        if (!layer->activation->r_backward) {
            return bm_invalid(error, "the activation of layer %d (%s) has no R-operator", i, layer->activation->name);
        }
    }
    return BM_OK;
}

size_t bm_net_r_workspace(const bm_net *net, int batch) {
    return bm_net_workspace(net, 2 * batch) + layout_padded(2 * batch, net->outputs);
}

bm_real *bm_net_r_forward(const bm_net *net, const bm_real *params, const bm_real *direction, bm_real *workspace,
                          int batch, const bm_real *input) {
    const bm_real *in = input;
    bm_real *before = workspace, *out = NULL;
    for (int i = 0; i < net->layers; i++) {
        const bm_layer *layer = &net->layer[i];
        const bm_activation *activation = layer->activation;
        const layer_buffers at = layout_layer(layer, 2 * batch, before);
        const size_t n = (size_t)batch * (size_t)layer->outputs;
        layer->type->r_forward(layer, params + layer->offset, direction + layer->offset, batch,
                               i > 0 ? 2 * batch : batch, in, at.pre);
        if (!activation->rectifies) {
            activation->forward(activation->parameter, n, at.pre, at.out);
        }
        if (activation->keeps_input) {
            memcpy(at.out + n, at.pre + n, n * sizeof *at.out);
        }
        activation->backward(activation->parameter, n, at.pre, at.out, at.out + n);
        in = out = at.out;
        before = at.end;
    }
    return out;
}

void bm_net_r_backward(const bm_net *net, const bm_real *params, const bm_real *direction, bm_real *workspace,
                       int batch, const bm_real *input, bm_real *r_grad_output, bm_real *grad_params,
                       bm_real *r_grad_params) {
    const net_layout at = layout_net(net, 2 * batch, workspace);
    bm_real *r_grad_out = r_grad_output;
    for (int i = net->layers - 1; i >= 0; i--) {
        const bm_layer *layer = &net->layer[i];
        const layer_buffers *own = &at.layer[i];
        const size_t n = (size_t)batch * (size_t)layer->outputs;
        layer->activation->r_backward(layer->activation->parameter, n, own->pre, own->out, own->pre + n, r_grad_out + n,
                                      r_grad_out);
        bm_real *r_grad_in = i > 0 ? at.gradient[i % 2] : NULL;
        layer->type->r_backward(layer, params + layer->offset, direction + layer->offset, batch,
                                i > 0 ? 2 * batch : batch, i > 0 ? at.layer[i - 1].out : input, r_grad_out,
                                grad_params ? grad_params + layer->offset : NULL, r_grad_params + layer->offset,
                                r_grad_in);
        r_grad_out = r_grad_in;
    }
}

double bm_net_hvp(const bm_net *net, const bm_loss *loss, const bm_real *params, const bm_real *direction,
                  bm_real *workspace, int batch, const bm_real *input, const void *target, bm_real *grad,
                  bm_real *product) {
    const size_t rows = (size_t)batch, n = rows * (size_t)net->outputs;
    const bm_real *result = bm_net_r_forward(net, params, direction, workspace, batch, input);
    bm_real *r_grad_output = workspace + bm_net_workspace(net, 2 * batch);
    const double value = loss->gradient(rows, net->outputs, result, target, r_grad_output + n);
    loss->curvature(rows, net->outputs, result, target, result + n, r_grad_output);
    bm_net_r_backward(net, params, direction, workspace, batch, input, r_grad_output, grad, product);
    return value;
}
