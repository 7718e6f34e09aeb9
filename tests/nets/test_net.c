/* Whole nets, row by row and in batches, and their gradients against differences of the loss. */
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "kernels_under_test.h"
#include "nets/init.h"
#include "nets/net.h"

static const double tolerance = sizeof(bm_real) == 4 ? 2e-6 : 1e-10;

static bm_real *reals(size_t n) {
    bm_real *x = aligned_alloc(64, (n + 16) / 16 * 16 * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)NAN; /* whatever is read before it is written shows */
    }
    return x;
}

/* ---- batches ---- */

static void use_kernels(bm_net *net, const bm_kernels *kernels) {
    for (int i = 0; i < net->layers; i++) {
        net->layer[i].kernels = *kernels;
    }
}

typedef struct {
    bm_net net;
    int batch;
    bm_real *params, *grad, *workspace, *input, *grad_input, *grad_output;
} fixture;

static fixture random_net(int inputs, int hidden_count, const int *hidden, int outputs, const bm_activation *activation,
                          const bm_activation *output_activation, int batch) {
    fixture f = {.batch = batch};
    ck_assert_int_eq(bm_net_mlp(&f.net, inputs, hidden_count, hidden, outputs, activation, output_activation, NULL),
                     BM_OK);
    f.params = reals(f.net.parameters);
    f.grad = reals(f.net.parameters);
    f.workspace = reals(bm_net_workspace(&f.net, batch));
    f.input = reals((size_t)(batch * inputs));
    f.grad_input = reals((size_t)(batch * inputs));
    f.grad_output = reals((size_t)(batch * outputs));
    bm_rng rng = bm_rng_seeded(11);
    ck_assert_int_eq(bm_init_net(BM_INIT_TORCH, 1, &f.net, f.params, &rng, NULL), BM_OK);
    for (int i = 0; i < batch * inputs; i++) {
        f.input[i] = (bm_real)bm_rng_normal(&rng);
    }
    for (int i = 0; i < batch * outputs; i++) {
        f.grad_output[i] = (bm_real)bm_rng_normal(&rng);
    }
    return f;
}

static void release(fixture *f) {
    bm_real *const all[] = {f->params, f->grad, f->workspace, f->input, f->grad_input, f->grad_output};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

START_TEST(a_row_has_the_same_bits_in_any_batch) {
    static const int hidden[][2] = {{64, 64}, {120, 84}, {17, 33}};
    for (const bm_kernels *kernels = kernels_under_test(); kernels->name && !kernels->gemm_rows; kernels++) {
        for (size_t h = 0; h < 3; h++) {
            for (const bm_activation *const *a = bm_activations; *a; a++) {
                fixture f = random_net(4, 2, hidden[h], 2, *a, &bm_activation_tanh, 64);
                use_kernels(&f.net, kernels);
                bm_real *single = reals(bm_net_workspace(&f.net, 1));
                const bm_real *all = bm_net_forward(&f.net, f.params, f.workspace, f.batch, f.input);
                for (int row = 0; row < f.batch; row++) {
                    const bm_real *one = bm_net_forward(&f.net, f.params, single, 1, f.input + 4 * row);
                    ck_assert_msg(memcmp(one, all + 2 * row, 2 * sizeof *one) == 0, "%s, %s, row %d", kernels->name,
                                  (*a)->name, row);
                }
                free(single);
                release(&f);
            }
        }
    }
}
END_TEST

/* x86-64-v3 and -v4; the base kernels round twice where these round once. */
START_TEST(gradients_have_the_same_bits_on_every_instruction_set_that_fuses) {
    static const int hidden[] = {64, 33};
    fixture f = random_net(5, 2, hidden, 3, &bm_activation_relu, NULL, 37);
    bm_real *first = reals(f.net.parameters);
    const bm_kernels *const *kernels = bm_kernels_usable();
    for (int i = 0; kernels[i] && strcmp(kernels[i]->name, "base") != 0; i++) {
        use_kernels(&f.net, kernels[i]);
        bm_net_forward(&f.net, f.params, f.workspace, f.batch, f.input);
        bm_net_backward(&f.net, f.params, f.workspace, f.batch, f.input, f.grad_output, i ? f.grad : first,
                        f.grad_input);
        ck_assert(i == 0 || memcmp(f.grad, first, f.net.parameters * sizeof *first) == 0);
    }
    free(first);
    release(&f);
}
END_TEST

/* OpenBLAS allocates in its first product. */
START_TEST(forward_and_backward_allocate_nothing) {
    static const int hidden[] = {120, 84};
    fixture f = random_net(4, 2, hidden, 2, &bm_activation_gelu, &bm_activation_tanh, 128);
    struct mallinfo2 before = {0};
    for (int i = 0; i < 4; i++) {
        bm_net_forward(&f.net, f.params, f.workspace, f.batch, f.input);
        bm_net_backward(&f.net, f.params, f.workspace, f.batch, f.input, f.grad_output, f.grad, f.grad_input);
        before = i == 0 ? mallinfo2() : before;
    }
    const struct mallinfo2 after = mallinfo2();
    ck_assert_uint_eq(before.uordblks, after.uordblks);
    ck_assert_uint_eq(before.hblkhd, after.hblkhd);
    release(&f);
}
END_TEST

/* ---- description ---- */

START_TEST(a_net_without_hidden_layers_is_linear) {
    fixture f = random_net(3, 0, NULL, 2, NULL, NULL, 2);
    const bm_real *y = bm_net_forward(&f.net, f.params, f.workspace, 2, f.input);
    for (int i = 0; i < 4; i++) {
        const bm_real *x = f.input + i / 2 * 3, *w = f.params + i % 2;
        assert_near((double)y[i], (double)(x[0] * w[0] + x[1] * w[2] + x[2] * w[4] + f.params[6 + i % 2]), tolerance,
                    "y");
    }
    release(&f);
}
END_TEST

START_TEST(impossible_nets_are_refused_with_a_reason) {
    bm_net net;
    bm_error error;
    static const int many[BM_NET_LAYERS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, zero[] = {64, 0}, wide[] = {65537};
    ck_assert_int_eq(bm_net_mlp(&net, 4, 2, zero, 2, NULL, NULL, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "hidden layer of 0 units outside 1..65536");
    ck_assert_int_eq(bm_net_mlp(&net, 4, 1, wide, 2, NULL, NULL, &error), BM_INVALID);
    ck_assert_int_eq(bm_net_mlp(&net, 0, 0, NULL, 2, NULL, NULL, &error), BM_INVALID);
    ck_assert_int_eq(bm_net_mlp(&net, 4, 0, NULL, -1, NULL, NULL, &error), BM_INVALID);
    ck_assert_int_eq(bm_net_mlp(&net, 4, BM_NET_LAYERS, many, 2, NULL, NULL, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "12 hidden layers outside 0..11");
    ck_assert_int_eq(bm_net_mlp(&net, 4, BM_NET_LAYERS - 1, many, 2, NULL, NULL, &error), BM_OK);
}
END_TEST

START_TEST(state_names_every_parameter_once) {
    static const int hidden[] = {7, 5};
    fixture f = random_net(4, 2, hidden, 2, NULL, NULL, 1);
    bm_state state = {0};
    bm_net_state(&f.net, f.params, &state);
    ck_assert_int_eq(bm_state_check(&state, NULL), BM_OK);
    static const char *const names[] = {"dense0.kernel", "dense0.bias",   "dense1.kernel",
                                        "dense1.bias",   "dense2.kernel", "dense2.bias"};
    ck_assert_uint_eq(state.count, 6);
    bm_real *next = f.params;
    for (size_t i = 0; i < state.count; i++) {
        ck_assert_str_eq(state.items[i].name, names[i]);
        ck_assert_ptr_eq(state.items[i].data, next);
        next += bm_array_bytes(&state.items[i]) / sizeof *next;
    }
    ck_assert_ptr_eq(next, f.params + f.net.parameters);
    bm_state_free(&state);
    release(&f);
}
END_TEST

#ifdef BM_DOUBLE

/* The loss is sum(weight * output); every parameter and input is moved up and down. */
static double weighted_output(fixture *f, const double *weight) {
    const double *y = bm_net_forward(&f->net, f->params, f->workspace, f->batch, f->input);
    double sum = 0;
    for (int i = 0; i < f->batch * f->net.outputs; i++) {
        sum += weight[i] * y[i];
    }
    return sum;
}

static void check_slopes(fixture *f, const double *weight, size_t n, double *x, const double *grad, const char *what) {
    const double h = 1e-5;
    for (size_t i = 0; i < n; i += 1 + n / 200) {
        const double at = x[i];
        x[i] = at + h;
        const double above = weighted_output(f, weight);
        x[i] = at - h;
        const double below = weighted_output(f, weight);
        x[i] = at;
        assert_near(grad[i], (above - below) / (2 * h), 1e-6, what);
    }
}

START_TEST(gradients_are_slopes) {
    static const int widths[] = {1, 2, 3, 5, 7, 17, 33, 84, 120};
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        for (const bm_activation *const *a = bm_activations; *a; a++) {
            const int hidden[] = {widths[w], widths[(w + 4) % 9]};
            const int inputs = widths[(w + 2) % 6], outputs = widths[(w + 3) % 6];
            fixture f = random_net(inputs, 2, hidden, outputs, *a, w % 2 ? *a : NULL, 1 + (int)w * 3 % 7);
            double weight[120];
            memcpy(weight, f.grad_output, (size_t)(f.batch * outputs) * sizeof *weight);
            weighted_output(&f, weight);
            bm_net_backward(&f.net, f.params, f.workspace, f.batch, f.input, f.grad_output, f.grad, f.grad_input);
            check_slopes(&f, weight, f.net.parameters, f.params, f.grad, (*a)->name);
            check_slopes(&f, weight, (size_t)(f.batch * inputs), f.input, f.grad_input, (*a)->name);
            release(&f);
        }
    }
}
END_TEST

TEST_MAIN("net_double", 120, a_row_has_the_same_bits_in_any_batch,
          gradients_have_the_same_bits_on_every_instruction_set_that_fuses, forward_and_backward_allocate_nothing,
          a_net_without_hidden_layers_is_linear, impossible_nets_are_refused_with_a_reason,
          state_names_every_parameter_once, gradients_are_slopes)

#else

TEST_MAIN("net", 120, a_row_has_the_same_bits_in_any_batch,
          gradients_have_the_same_bits_on_every_instruction_set_that_fuses, forward_and_backward_allocate_nothing,
          a_net_without_hidden_layers_is_linear, impossible_nets_are_refused_with_a_reason,
          state_names_every_parameter_once)

#endif
