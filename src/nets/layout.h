#ifndef BM_NETS_LAYOUT_H
#define BM_NETS_LAYOUT_H

/* Where a net's buffers lie in the workspace; for net.c and hvp.c alone. Layer by layer what backward reads again,
 *
 *   pre-activation [rows, outputs]   only where the activation's backward needs it
 *   output         [rows, outputs]
 *
 * then two gradients [rows, widest hidden layer], between which backward goes to and fro. rows is the batch, or twice
 * the batch where every value has its R beside it. */
#include "nets/net.h"

enum { LAYOUT_LINE = 64 / (int)sizeof(bm_real) };

typedef struct {
    bm_real *pre, *out, *end; /* pre is out where the activation works in place */
} layer_buffers;

typedef struct {
    layer_buffers layer[BM_NET_LAYERS];
    bm_real *gradient[2], *end;
} net_layout;

/* Reals of a buffer [rows, width], so that the next one starts on a cache line when this one does. */
static inline size_t layout_padded(int rows, int width) {
    const size_t n = (size_t)rows * (size_t)width;
    return (n + LAYOUT_LINE - 1) / LAYOUT_LINE * LAYOUT_LINE;
}

static inline int layout_widest(const bm_net *net) {
    int width = 0;
    for (int i = 0; i + 1 < net->layers; i++) {
        width = net->layer[i].outputs > width ? net->layer[i].outputs : width;
    }
    return width;
}

/* before is the layer's first real. */
static inline layer_buffers layout_layer(const bm_layer *layer, int rows, bm_real *before) {
    const size_t n = layout_padded(rows, layer->outputs);
    bm_real *out = layer->activation->keeps_input ? before + n : before;
    return (layer_buffers){before, out, out + n};
}

static inline net_layout layout_net(const bm_net *net, int rows, bm_real *workspace) {
    net_layout at;
    bm_real *before = workspace;
    for (int i = 0; i < net->layers; i++) {
        at.layer[i] = layout_layer(&net->layer[i], rows, before);
        before = at.layer[i].end;
    }
    const size_t n = layout_padded(rows, layout_widest(net));
    at.gradient[0] = before;
    at.gradient[1] = before + n;
    at.end = before + 2 * n;
    return at;
}

#endif
