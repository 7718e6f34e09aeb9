#ifndef BM_NETS_NET_H
#define BM_NETS_NET_H

/* A net is a description. Parameters, gradients and workspace are flat buffers that belong to the caller: a target
 * network is a second parameter buffer, a copy of a net is a memcpy. Parameters lie layer by layer; a dense layer has
 * kernel [in, out], row-major (Flax's layout, PyTorch's weight transposed), then bias [out]. */
#include "core/error.h"
#include "core/real.h"
#include "core/rng.h"
#include "core/state.h"
#include "nets/kernels.h"

/* Elementwise; the functions get the activation's own parameter. out may be in. backward turns grad (with respect to
 * out) into grad with respect to in, in place. */
typedef struct {
    const char *name;
    void (*forward)(bm_real parameter, size_t n, const bm_real *in, bm_real *out);
    /* in: what forward read, valid only when keeps_input; out: what forward wrote */
    void (*backward)(bm_real parameter, size_t n, const bm_real *in, const bm_real *out, bm_real *grad);
    /* backward together with its R (hvp.h), R{out} being backward of R{in}: grad and r_grad, with respect to out,
     * become those with respect to in, in place; r_grad = f'(in) r_grad + f''(in) R{in} grad. r: R{in} when
     * keeps_input, else R{out}. */
    void (*r_backward)(bm_real parameter, size_t n, const bm_real *in, const bm_real *out, const bm_real *r,
                       bm_real *grad, bm_real *r_grad);
    bool keeps_input;  /* backward needs in, so it may not be overwritten */
    bool rectifies;    /* relu, which layers apply themselves while the result is in registers */
    bm_real parameter; /* leaky_relu's slope (0.01), elu's alpha (1) */
    double gain;       /* torch.nn.init.calculate_gain; 1 where torch defines none */
} bm_activation;

#define ACTIVATION(name) extern const bm_activation bm_activation_##name;
#include "nets/activation_list.h"
#undef ACTIVATION

/* The same with another slope or alpha, at least 0. */
bm_activation bm_activation_with(const bm_activation *activation, double parameter);

extern const bm_activation *const bm_activations[]; /* activation_list.h, NULL at the end */
extern const char *const bm_activation_names[];     /* the same order: choices of an option */

typedef struct bm_layer bm_layer;

/* Kinds of layers: layer_list.h. params and grad_params are the layer's own part of the flat buffer; batch rows
 * each. */
typedef struct {
    const char *name; /* "dense" */
    /* out [batch, outputs] is the pre-activation, or its relu where the activation rectifies. A row of it depends on
     * that row of in [batch, inputs] alone. */
    void (*forward)(const bm_layer *layer, const bm_real *params, int batch, const bm_real *in, bm_real *out);
    /* grad_out [batch, outputs] is with respect to the layer's pre-activation; grad_params is overwritten, grad_in
     * [batch, inputs] too unless NULL. */
    void (*backward)(const bm_layer *layer, const bm_real *params, int batch, const bm_real *in,
                     const bm_real *grad_out, bm_real *grad_params, bm_real *grad_in);
    /* Both together with their R when params move along direction (hvp.h); both NULL: the layer has none. A value lies
     * before its R and a gradient behind it: in [in_rows, inputs] is X and R{X}, or X alone with in_rows = batch where
     * X stands still; out [2 batch, outputs] is Y, whose R is that of the pre-activation; r_grad_out [2 batch, outputs]
     * is R{dY} and dY, r_grad_in [2 batch, inputs] or NULL R{dX} and dX. grad_params may be NULL. */
    void (*r_forward)(const bm_layer *layer, const bm_real *params, const bm_real *direction, int batch, int in_rows,
                      const bm_real *in, bm_real *out);
    void (*r_backward)(const bm_layer *layer, const bm_real *params, const bm_real *direction, int batch, int in_rows,
                       const bm_real *in, const bm_real *r_grad_out, bm_real *grad_params, bm_real *r_grad_params,
                       bm_real *r_grad_in);
    void (*state)(const bm_layer *layer, bm_real *params, bm_state *state); /* names its arrays */
} bm_layer_type;

#define LAYER(name) extern const bm_layer_type bm_layer_##name;
#include "nets/layer_list.h"
#undef LAYER

struct bm_layer {
    const bm_layer_type *type;
    const bm_activation *activation; /* after the layer; never NULL (identity) */
    bm_kernels kernels;              /* matrix products for this processor */
    int inputs, outputs;
    size_t offset, parameters; /* into the flat buffer; count */
};

enum { BM_NET_LAYERS = 12 };

typedef struct {
    int inputs, outputs, layers;
    bm_layer layer[BM_NET_LAYERS];
    size_t parameters;
} bm_net;

/* inputs - hidden[0] - ... - outputs, the hidden layers with activation, the last with output_activation (NULL:
 * identity). BM_INVALID: widths outside 1..65536 or too many layers. */
bm_status bm_net_mlp(bm_net *net, int inputs, int hidden_count, const int *hidden, int outputs,
                     const bm_activation *activation, const bm_activation *output_activation, bm_error *error);

/* Reals of workspace for batches up to batch rows. */
size_t bm_net_workspace(const bm_net *net, int batch);

/* input [batch, inputs] -> the result [batch, outputs], which lies in workspace and stays until the next forward. A
 * row's result depends on that row alone: it is the same bits in any batch. */
bm_real *bm_net_forward(const bm_net *net, const bm_real *params, bm_real *workspace, int batch, const bm_real *input);

/* After bm_net_forward with the same arguments. grad_output [batch, outputs], d loss / d result; may be used as
 * scratch. grad_params (flat, overwritten) is the sum over rows, in a fixed order. grad_input [batch, inputs] or
 * NULL. */
void bm_net_backward(const bm_net *net, const bm_real *params, bm_real *workspace, int batch, const bm_real *input,
                     bm_real *grad_output, bm_real *grad_params, bm_real *grad_input);

/* Names every layer's arrays: "dense0.kernel", "dense0.bias", ... */
void bm_net_state(const bm_net *net, bm_real *params, bm_state *state);

#endif
