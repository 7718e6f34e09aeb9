/* The dense layer: Y = X W + b, with W [in, out] row-major and b [out] behind it.
 *
 *   dW = X^T dY,   db = column sums of dY,   dX = dY W^T */
#include "nets/net.h"

static const bm_real *bias_of(const bm_layer *layer, const bm_real *params) {
    return params + (size_t)layer->inputs * (size_t)layer->outputs;
}

static void forward(const bm_layer *layer, const bm_real *params, int batch, const bm_real *in, bm_real *out) {
    layer->kernels->multiply(&(bm_product){
        .m = batch,
        .n = layer->outputs,
        .k = layer->inputs,
        .a = in,
        .a_row = (size_t)layer->inputs,
        .a_col = 1,
        .b = params,
        .c = out,
        .bias = bias_of(layer, params),
        .relu = layer->activation->rectifies,
    });
}

static void backward(const bm_layer *layer, const bm_real *params, int batch, const bm_real *in,
                     const bm_real *grad_out, bm_real *grad_params, bm_real *grad_in) {
    static const bm_real one = 1;
    const int inputs = layer->inputs, outputs = layer->outputs;
    layer->kernels->multiply(&(bm_product){
        .m = inputs,
        .n = outputs,
        .k = batch,
        .a = in,
        .a_row = 1,
        .a_col = (size_t)inputs,
        .b = grad_out,
        .c = grad_params,
    });
    layer->kernels->multiply(&(bm_product){
        /* a row of ones, without the row: both strides are 0 */
        .m = 1,
        .n = outputs,
        .k = batch,
        .a = &one,
        .b = grad_out,
        .c = grad_params + (size_t)inputs * (size_t)outputs,
    });
    if (grad_in) {
        layer->kernels->multiply(&(bm_product){
            .m = batch,
            .n = inputs,
            .k = outputs,
            .a = grad_out,
            .a_row = (size_t)outputs,
            .a_col = 1,
            .b = params,
            .b_transposed = true,
            .c = grad_in,
        });
    }
}

static void state(const bm_layer *layer, bm_real *params, bm_state *list) {
    const size_t inputs = (size_t)layer->inputs, outputs = (size_t)layer->outputs;
    bm_state_matrix(list, "kernel", BM_REAL_DTYPE, params, inputs, outputs);
    bm_state_vector(list, "bias", BM_REAL_DTYPE, params + inputs * outputs, outputs);
}

const bm_layer_type bm_layer_dense = {.name = "dense", .forward = forward, .backward = backward, .state = state};
