/* Initial weights against PyTorch's bounds and moments. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/init.h"
#include "support.h"

enum { MOST = 256 * 512 };

static bm_real kernel[MOST];
static double scratch[MOST];

/* Golden rows, and what they are here. */
static const struct {
    const char *name;
    bm_init scheme;
    double gain;
} rows[] = {
    {"xavier_uniform_gain1", BM_INIT_XAVIER_UNIFORM, 1},
    {"xavier_normal_gain1", BM_INIT_XAVIER_NORMAL, 1},
    {"xavier_uniform_gain_tanh", BM_INIT_XAVIER_UNIFORM, 5.0 / 3},
    {"xavier_normal_gain_tanh", BM_INIT_XAVIER_NORMAL, 5.0 / 3},
    {"xavier_uniform_gain_relu", BM_INIT_XAVIER_UNIFORM, 1.4142135623730951},
    {"xavier_normal_gain_relu", BM_INIT_XAVIER_NORMAL, 1.4142135623730951},
    {"kaiming_uniform_relu_fan_in", BM_INIT_KAIMING_UNIFORM, 1.4142135623730951},
    {"kaiming_normal_relu_fan_in", BM_INIT_KAIMING_NORMAL, 1.4142135623730951},
    {"torch_linear_default_weight(kaiming_uniform a=sqrt5)", BM_INIT_TORCH, 1},
    {"orthogonal_gain1", BM_INIT_ORTHOGONAL, 1},
    {"orthogonal_gain_sqrt2", BM_INIT_ORTHOGONAL, 1.4142135623730951},
    {"orthogonal_gain0.01", BM_INIT_ORTHOGONAL, 0.01},
};

/* Bounds never exceeded, mean within 5 std / sqrt(n), std within 5 / sqrt(2 n) relative. */
static void check_moments(const golden_table *table, int row, size_t n) {
    const char *name = golden_text(table, row, "init");
    const double want = golden_number(table, row, "true_std");
    double sum = 0, squares = 0, low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = (double)kernel[i];
        sum += x;
        squares += x * x;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    const double mean = sum / (double)n, std = sqrt(squares / (double)n - mean * mean);
    ck_assert_msg(fabs(mean) < 5 * want / sqrt((double)n), "%s: mean %g", name, mean);
    ck_assert_msg(fabs(std / want - 1) < 5 / sqrt(2 * (double)n), "%s: std %g instead of %g", name, std, want);
    const double rounding = 1 + 1e-7;
    ck_assert_msg(low >= golden_number(table, row, "bound_low") * rounding, "%s: %g", name, low);
    ck_assert_msg(high <= golden_number(table, row, "bound_high") * rounding, "%s: %g", name, high);
    if (strcmp(golden_text(table, row, "distribution"), "uniform") == 0) {
        ck_assert_msg(high > 0.999 * golden_number(table, row, "bound_high"), "%s: only up to %g", name, high);
    }
}

/* torch's shape is [out, in]. */
START_TEST(moments_and_bounds_are_torch_s) {
    golden_table table = golden_read("tests/golden/nets/init_statistics.csv");
    bm_rng rng = bm_rng_seeded(3);
    int checked = 0;
    for (int row = 0; row < table.rows; row++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (strcmp(golden_text(&table, row, "init"), rows[i].name) == 0) {
                char *in;
                const int out = (int)strtol(golden_text(&table, row, "shape"), &in, 10);
                const int inputs = (int)strtol(in + 1, NULL, 10);
                bm_init_kernel(rows[i].scheme, rows[i].gain, inputs, out, kernel, &rng, scratch);
                check_moments(&table, row, (size_t)inputs * (size_t)out);
                checked++;
            }
        }
    }
    ck_assert_int_eq(checked, 24); /* two shapes; fan_out is not offered */
    golden_free(&table);
}
END_TEST

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
TEST_MAIN(NAME, 60, moments_and_bounds_are_torch_s, orthogonal_kernels_are, orthogonal_kernels_have_no_preferred_sign,
          nets_use_the_gain_of_each_layer, torch_draws_biases_within_one_over_root_inputs,
          the_same_generator_gives_the_same_weights)
