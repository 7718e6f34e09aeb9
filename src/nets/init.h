#ifndef BM_NETS_INIT_H
#define BM_NETS_INIT_H

/* Initial weights as torch.nn.init defines them (PyTorch 1.13), and PyTorch's default for linear layers. */
#include "core/rng.h"
#include "nets/net.h"

typedef enum {
    BM_INIT_TORCH,          /* nn.Linear's own: kaiming_uniform(a = sqrt 5), bias U(-1/sqrt in, 1/sqrt in) */
    BM_INIT_ORTHOGONAL,     /* Saxe et al. 2014; biases 0 */
    BM_INIT_XAVIER_UNIFORM, /* Glorot and Bengio 2010; biases 0, here and below */
    BM_INIT_XAVIER_NORMAL,
    BM_INIT_KAIMING_UNIFORM, /* He et al. 2015, fan_in, the activation's gain */
    BM_INIT_KAIMING_NORMAL,
} bm_init;

extern const char *const bm_init_names[]; /* in the order of the enum, NULL at the end */

/* A matrix kernel [in, out] with the given gain (orthogonal: columns or rows orthonormal times gain). Draws from rng in
 * double. scratch: in * out doubles for BM_INIT_ORTHOGONAL, else unused. */
void bm_init_kernel(bm_init scheme, double gain, int in, int out, bm_real *kernel, bm_rng *rng, double *scratch);

/* Whole net. Hidden layers use their activation's gain, the last layer output_gain where the scheme has a gain. */
bm_status bm_init_net(bm_init scheme, double output_gain, const bm_net *net, bm_real *params, bm_rng *rng,
                      bm_error *error);

#endif
