/* The dense layer: Y = X W + b, with W [in, out] row-major and b [out] behind it.
 *
 *   dW = X^T dY,   db = column sums of dY,   dX = dY W^T
 *
 * Along a direction V of the kernel and v of the bias the product rule gives (Pearlmutter 1994)
 *
 *   R{Y} = R{X} W + X V + v,   R{dW} = X^T R{dY} + R{X}^T dY,   R{db} = column sums of R{dY},
 *   R{dX} = R{dY} W^T + dY V^T */
#include "nets/net.h"

static const bm_real *bias_of(const bm_layer *layer, const bm_real *params) {
    return params + (size_t)layer->inputs * (size_t)layer->outputs;
}

static void forward(const bm_layer *layer, const bm_real *params, int batch, const bm_real *in, bm_real *out) {
    const bm_product product = {
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
    };
    bm_multiply(&layer->kernels, &product);
}

/* dW [inputs, outputs] = X^T dY over rows of both, and db behind it over the first bias_rows of dY. */
static void gradient(const bm_layer *layer, int rows, const bm_real *in, const bm_real *grad_out, int bias_rows,
                     bm_real *grad_params) {
    static const bm_real one = 1;
    const int inputs = layer->inputs, outputs = layer->outputs;
    const bm_product weights = {
        .m = inputs,
        .n = outputs,
        .k = rows,
        .a = in,
        .a_row = 1,
        .a_col = (size_t)inputs,
        .b = grad_out,
        .c = grad_params,
    };
    const bm_product bias = {
        .m = 1,
        .n = outputs,
        .k = bias_rows,
        .a = &one, /* a row of ones, without the row: both strides are 0 */
        .b = grad_out,
        .c = grad_params + (size_t)inputs * (size_t)outputs,
    };
    bm_multiply(&layer->kernels, &weights);
    bm_multiply(&layer->kernels, &bias);
}

/* dX = start + dY W^T; start [rows, inputs] may be dX, or NULL: 0. */
static void input_gradient(const bm_layer *layer, const bm_real *kernel, int rows, const bm_real *grad_out,
                           const bm_real *start, bm_real *grad_in) {
    const bm_product product = {
        .m = rows,
        .n = layer->inputs,
        .k = layer->outputs,
        .a = grad_out,
        .a_row = (size_t)layer->outputs,
        .a_col = 1,
        .b = kernel,
        .b_transposed = true,
        .c = grad_in,
        .bias = start,
        .bias_row = (size_t)layer->inputs,
    };
    bm_multiply(&layer->kernels, &product);
}

static void backward(const bm_layer *layer, const bm_real *params, int batch, const bm_real *in,
                     const bm_real *grad_out, bm_real *grad_params, bm_real *grad_in) {
    gradient(layer, batch, in, grad_out, batch, grad_params);
    if (grad_in) {
        input_gradient(layer, params, batch, grad_out, NULL, grad_in);
    }
}

static void r_forward(const bm_layer *layer, const bm_real *params, const bm_real *direction, int batch, int in_rows,
                      const bm_real *in, bm_real *out) {
    const size_t inputs = (size_t)layer->inputs, outputs = (size_t)layer->outputs;
    bm_real *r_out = out + (size_t)batch * outputs;
    forward(layer, params, batch, in, out);
    bm_product product = {
        .m = batch,
        .n = layer->outputs,
        .k = layer->inputs,
        .a = in,
        .a_row = inputs,
        .a_col = 1,
        .b = direction,
        .c = r_out,
        .bias = bias_of(layer, direction),
    };
    bm_multiply(&layer->kernels, &product);
    if (in_rows > batch) {
        product.a = in + (size_t)batch * inputs;
        product.b = params;
        product.bias = r_out;
        product.bias_row = outputs;
        bm_multiply(&layer->kernels, &product);
    }
}

static void r_backward(const bm_layer *layer, const bm_real *params, const bm_real *direction, int batch, int in_rows,
                       const bm_real *in, const bm_real *r_grad_out, bm_real *grad_params, bm_real *r_grad_params,
                       bm_real *r_grad_in) {
    const bm_real *grad_out = r_grad_out + (size_t)batch * (size_t)layer->outputs;
    if (grad_params) {
        gradient(layer, batch, in, grad_out, batch, grad_params);
    }
    /* one product, twice as deep: rows X, R{X} face rows R{dY}, dY */
    gradient(layer, in_rows, in, r_grad_out, batch, r_grad_params);
    if (r_grad_in) {
        input_gradient(layer, params, 2 * batch, r_grad_out, NULL, r_grad_in);
        input_gradient(layer, direction, batch, grad_out, r_grad_in, r_grad_in);
    }
}

static void state(const bm_layer *layer, bm_real *params, bm_state *list) {
    const size_t inputs = (size_t)layer->inputs, outputs = (size_t)layer->outputs;
    bm_state_matrix(list, "kernel", BM_REAL_DTYPE, params, inputs, outputs);
    bm_state_vector(list, "bias", BM_REAL_DTYPE, params + inputs * outputs, outputs);
}

const bm_layer_type bm_layer_dense = {.name = "dense",
                                      .forward = forward,
                                      .backward = backward,
                                      .r_forward = r_forward,
                                      .r_backward = r_backward,
                                      .state = state};
