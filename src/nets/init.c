/* Initial weights; see init.h. With torch's gain g and our kernels [in, out]:
 *
 *   kaiming (He et al. 2015)          std = g / sqrt(in)
 *   xavier  (Glorot and Bengio 2010)  std = g sqrt(2 / (in + out))
 *   uniform                           U(-b, b) with b = sqrt(3) std
 *   orthogonal (Saxe et al. 2014)     g Q of a normal matrix's QR, where R's diagonal is positive */
#include "nets/init.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const bm_init_names[] = {
    "torch", "orthogonal", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", NULL};

static void fill_uniform(size_t n, double bound, bm_real *x, bm_rng *rng) {
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)bm_rng_uniform(rng, -bound, bound);
    }
}

static void fill_normal(size_t n, double std, bm_real *x, bm_rng *rng) {
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)(std * bm_rng_normal(rng));
    }
}

static double dot(size_t n, const double *x, const double *y) {
    double sum[4] = {0}; /* four chains of additions run four times as fast as one */
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (size_t j = 0; j < 4; j++) {
            sum[j] += x[i + j] * y[i + j];
        }
    }
    for (; i < n; i++) {
        sum[0] += x[i] * y[i];
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Gram-Schmidt, each vector against those before it, twice (Giraud et al. 2005: twice is enough). Dividing by the
 * length is what makes R's diagonal positive. */
static void orthonormalise(size_t count, size_t n, double *vectors) {
    for (size_t i = 0; i < count; i++) {
        double *x = vectors + i * n;
        for (int pass = 0; pass < 2; pass++) {
            for (size_t j = 0; j < i; j++) {
                const double *y = vectors + j * n, projection = dot(n, x, y);
                for (size_t k = 0; k < n; k++) {
                    x[k] -= projection * y[k];
                }
            }
        }
        const double length = sqrt(dot(n, x, x));
        for (size_t k = 0; k < n; k++) {
            x[k] /= length;
        }
    }
}

/* The shorter side's vectors become orthonormal: columns of a tall kernel, rows of a wide one. */
static void fill_orthogonal(double gain, size_t in, size_t out, bm_real *kernel, bm_rng *rng, double *vectors) {
    const bool tall = in >= out;
    const size_t count = tall ? out : in, n = tall ? in : out;
    for (size_t i = 0; i < count * n; i++) {
        vectors[i] = bm_rng_normal(rng);
    }
    orthonormalise(count, n, vectors);
    for (size_t i = 0; i < in; i++) {
        for (size_t j = 0; j < out; j++) {
            kernel[i * out + j] = (bm_real)(gain * (tall ? vectors[j * n + i] : vectors[i * n + j]));
        }
    }
}

void bm_init_kernel(bm_init scheme, double gain, int in, int out, bm_real *kernel, bm_rng *rng, double *scratch) {
    const size_t n = (size_t)in * (size_t)out;
    const double xavier = gain * sqrt(2 / ((double)in + out)), kaiming = gain / sqrt(in);
    switch (scheme) {
    case BM_INIT_TORCH:
        fill_uniform(n, 1 / sqrt(in), kernel, rng); /* the gain for a = sqrt 5 is sqrt(1/3) */
        break;
    case BM_INIT_ORTHOGONAL:
        fill_orthogonal(gain, (size_t)in, (size_t)out, kernel, rng, scratch);
        break;
    case BM_INIT_XAVIER_UNIFORM:
        fill_uniform(n, sqrt(3) * xavier, kernel, rng);
        break;
    case BM_INIT_XAVIER_NORMAL:
        fill_normal(n, xavier, kernel, rng);
        break;
    case BM_INIT_KAIMING_UNIFORM:
        fill_uniform(n, sqrt(3) * kaiming, kernel, rng);
        break;
    case BM_INIT_KAIMING_NORMAL:
        fill_normal(n, kaiming, kernel, rng);
        break;
    }
}

/* For the largest kernel, where the scheme needs any. */
static bm_status allocate_scratch(bm_init scheme, const bm_net *net, double **scratch, bm_error *error) {
    *scratch = NULL;
    if (scheme != BM_INIT_ORTHOGONAL) {
        return BM_OK;
    }
    size_t largest = 0;
    for (int i = 0; i < net->layers; i++) {
        const size_t n = (size_t)net->layer[i].inputs * (size_t)net->layer[i].outputs;
        largest = n > largest ? n : largest;
    }
    *scratch = malloc(largest * sizeof **scratch);
    return *scratch ? BM_OK
                    : bm_fail(error, "no memory for orthogonal initial weights; use init=torch or smaller layers");
}

bm_status bm_init_net(bm_init scheme, double output_gain, const bm_net *net, bm_real *params, bm_rng *rng,
                      bm_error *error) {
    double *scratch = NULL;
    if (allocate_scratch(scheme, net, &scratch, error) != BM_OK) {
        return BM_FAILED;
    }
    for (int i = 0; i < net->layers; i++) {
        const bm_layer *layer = &net->layer[i];
        const double gain = i + 1 < net->layers ? layer->activation->gain : output_gain;
        bm_real *kernel = params + layer->offset, *bias = kernel + (size_t)layer->inputs * (size_t)layer->outputs;
        bm_init_kernel(scheme, gain, layer->inputs, layer->outputs, kernel, rng, scratch);
        if (scheme == BM_INIT_TORCH) {
            fill_uniform((size_t)layer->outputs, 1 / sqrt(layer->inputs), bias, rng);
        } else {
            memset(bias, 0, (size_t)layer->outputs * sizeof *bias);
        }
    }
    free(scratch);
    return BM_OK;
}
