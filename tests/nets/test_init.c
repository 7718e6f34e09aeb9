/* Initial weights: orthogonality, signs, gains layer by layer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/init.h"
#include "support.h"

enum { MOST = 256 * 512 };

static bm_real kernel[MOST];
static double scratch[MOST];

START_TEST(orthogonal_kernels_are) {
    static const int shapes[][2] = {{1, 1}, {1, 7}, {7, 1}, {5, 5}, {64, 64}, {4, 120}, {120, 84}, {256, 64}};
    const double gain = 1.5, tolerance = sizeof(bm_real) == 4 ? 1e-6 : 1e-12;
    bm_rng rng = bm_rng_seeded(4);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int in = shapes[s][0], out = shapes[s][1], count = in < out ? in : out, n = in < out ? out : in;
        bm_init_kernel(BM_INIT_ORTHOGONAL, gain, in, out, kernel, &rng, scratch);
        const int next = in < out ? out : 1, along = in < out ? 1 : out; /* of the vectors, within a vector */
        double worst = 0;
        for (int i = 0; i < count; i++) {
            for (int j = 0; j <= i; j++) {
                double dot = 0;
                for (int k = 0; k < n; k++) {
                    dot += (double)kernel[i * next + k * along] * (double)kernel[j * next + k * along];
                }
                worst = fmax(worst, fabs(dot - (i == j ? gain * gain : 0)));
            }
        }
        ck_assert_msg(worst < tolerance, "%d x %d: off by %g", in, out, worst);
    }
}
END_TEST

/* With R's diagonal positive the signs are uniform (Mezzadri 2007); Householder's own signs are not. */
START_TEST(orthogonal_kernels_have_no_preferred_sign) {
    bm_rng rng = bm_rng_seeded(5);
    int positive = 0;
    for (int i = 0; i < 1000; i++) {
        bm_init_kernel(BM_INIT_ORTHOGONAL, 1, 2, 2, kernel, &rng, scratch);
        positive += kernel[0] > 0;
    }
    ck_assert_int_lt(abs(positive - 500), 80); /* five standard deviations */
}
END_TEST

START_TEST(nets_use_the_gain_of_each_layer) {
    static const int hidden[] = {64, 64};
    bm_net net;
    ck_assert_int_eq(bm_net_mlp(&net, 4, 2, hidden, 2, &bm_activation_tanh, NULL, NULL), BM_OK);
    bm_rng rng = bm_rng_seeded(6);
    ck_assert_int_eq(bm_init_net(BM_INIT_ORTHOGONAL, 0.01, &net, kernel, &rng, NULL), BM_OK);
    static const double gains[] = {5.0 / 3, 5.0 / 3, 0.01};
    for (int i = 0; i < net.layers; i++) {
        const bm_layer *layer = &net.layer[i];
        const int in = layer->inputs, out = layer->outputs, count = in < out ? in : out;
        double squares = 0;
        for (int k = 0; k < in * out; k++) {
            squares += (double)kernel[layer->offset + (size_t)k] * (double)kernel[layer->offset + (size_t)k];
        }
        assert_near(sqrt(squares / count), gains[i], 1e-6, "gain");
        for (int j = 0; j < out; j++) {
            ck_assert(kernel[layer->offset + (size_t)(in * out + j)] == 0);
        }
    }
}
END_TEST

START_TEST(torch_draws_biases_within_one_over_root_inputs) {
    bm_net net;
    ck_assert_int_eq(bm_net_mlp(&net, 16, 0, NULL, 1000, NULL, NULL, NULL), BM_OK);
    bm_rng rng = bm_rng_seeded(7);
    ck_assert_int_eq(bm_init_net(BM_INIT_TORCH, 1, &net, kernel, &rng, NULL), BM_OK);
    double largest = 0;
    for (int j = 0; j < 1000; j++) {
        largest = fmax(largest, fabs((double)kernel[16 * 1000 + j]));
    }
    ck_assert(largest <= 0.25 && largest > 0.24);
}
END_TEST

START_TEST(the_same_generator_gives_the_same_weights) {
    static const int hidden[] = {8};
    bm_net net;
    ck_assert_int_eq(bm_net_mlp(&net, 4, 1, hidden, 2, NULL, NULL, NULL), BM_OK);
    for (int scheme = 0; bm_init_names[scheme]; scheme++) {
        bm_real other[100];
        bm_rng first = bm_rng_seeded(8), second = first;
        ck_assert_int_eq(bm_init_net((bm_init)scheme, 1, &net, kernel, &first, NULL), BM_OK);
        ck_assert_int_eq(bm_init_net((bm_init)scheme, 1, &net, other, &second, NULL), BM_OK);
        ck_assert(memcmp(kernel, other, net.parameters * sizeof *other) == 0);
    }
}
END_TEST

#ifdef BM_DOUBLE
#define NAME "init_double"
#else
#define NAME "init"
#endif
TEST_MAIN(NAME, 60, orthogonal_kernels_are, orthogonal_kernels_have_no_preferred_sign, nets_use_the_gain_of_each_layer,
          torch_draws_biases_within_one_over_root_inputs, the_same_generator_gives_the_same_weights)
