/* Hessian-vector products against values worked by hand, differences of gradients, and what holds for every Hessian. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/hvp.h"
#include "nets/init.h"
#include "nets/layout.h"
#include "support.h"

/* Sums of some hundred rounded terms. */
static const double tolerance = sizeof(bm_real) == 4 ? 1e-4 : 1e-12;

static const bm_loss *const losses[] = {&bm_loss_kind_mse, &bm_loss_kind_huber, &bm_loss_kind_bce_logits,
                                        &bm_loss_kind_cross_entropy};

enum { LOSSES = sizeof losses / sizeof losses[0] };

static bm_real *reals(size_t n) {
    bm_real *x = malloc((n + !n) * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)NAN; /* whatever is read before it is written shows */
    }
    return x;
}

static bm_real *normals(size_t n, double scale, bm_rng *rng) {
    bm_real *x = reals(n);
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)(scale * bm_rng_normal(rng));
    }
    return x;
}

static double dot(size_t n, const bm_real *x, const bm_real *y) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i] * (double)y[i];
    }
    return sum;
}

/* x + step y */
static bm_real *moved(size_t n, const bm_real *x, double step, const bm_real *y) {
    bm_real *sum = reals(n);
    for (size_t i = 0; i < n; i++) {
        sum[i] = (bm_real)((double)x[i] + step * (double)y[i]);
    }
    return sum;
}

/* ---- by hand ---- */

static void check_product(const bm_net *net, const bm_real *params, const bm_real *direction, int batch,
                          const bm_real *input, const bm_real *target, double loss, const double *want) {
    bm_real *workspace = reals(bm_net_r_workspace(net, batch)), *product = reals(net->parameters);
    assert_near(bm_net_hvp(net, &bm_loss_kind_mse, params, direction, workspace, batch, input, target, NULL, product),
                loss, tolerance, "loss");
    for (size_t i = 0; i < net->parameters; i++) {
        assert_near((double)product[i], want[i], tolerance, "product");
    }
    free(workspace);
    free(product);
}

/* y = w x + b at x = 1, 3: the Hessian is 2 / 2 times {{1 + 9, 1 + 3}, {1 + 3, 2}}, wherever params are. */
START_TEST(least_squares_has_the_hessian_of_its_normal_equations) {
    bm_net net;
    ck_assert_int_eq(bm_net_mlp(&net, 1, 0, NULL, 1, NULL, NULL, NULL), BM_OK);
    const bm_real params[] = {2, -1}, direction[] = {3, -2}, input[] = {1, 3}, target[] = {0, 2};
    check_product(&net, params, direction, 2, input, target, (1.0 + 9.0) / 2, (double[]){22, 8});
}
END_TEST

/* y = w2 h(w1 x + b1) + b2 at x = 1 with h = softplus at 0: h = log 2, h' = 1/2, h'' = 1/4. With w2 = 2 the gradient of
 * y is (1, 1, log 2, 1), its Hessian 1/2 between w1, b1 and both with w2, w1, b1 themselves, else 0. The target makes
 * the difference e = 1, so that the loss e^2 has 2 (grad y grad y^T + Hessian of y). */
START_TEST(one_softplus_unit_has_the_hessian_worked_by_hand) {
    const int hidden[] = {1};
    const double l = log(2);
    bm_net net;
    ck_assert_int_eq(bm_net_mlp(&net, 1, 1, hidden, 1, &bm_activation_softplus, NULL, NULL), BM_OK);
    const bm_real params[] = {1, -1, 2, 0}, input[] = {1}, target[] = {(bm_real)(2 * l - 1)};
    check_product(&net, params, (bm_real[]){1, 0, 0, 0}, 1, input, target, 1, (double[]){3, 3, 2 * l + 1, 2});
    check_product(&net, params, (bm_real[]){0, 1, 0, 0}, 1, input, target, 1, (double[]){3, 3, 2 * l + 1, 2});
    check_product(&net, params, (bm_real[]){0, 0, 1, 0}, 1, input, target, 1,
                  (double[]){2 * l + 1, 2 * l + 1, 2 * l * l, 2 * l});
    check_product(&net, params, (bm_real[]){0, 0, 0, 1}, 1, input, target, 1, (double[]){2, 2, 2 * l, 2});
}
END_TEST

/* ---- activations ---- */

/* f'' from the definitions, in double. */
static double second_derivative(const bm_activation *activation, double x) {
    const double density = exp(-0.5 * x * x) / sqrt(2 * acos(-1)), s = 1 / (1 + exp(-x)), t = tanh(x);
    const double root = sqrt(2 / acos(-1)), g = tanh(root * (x + 0.044715 * x * x * x));
    const double inner = root * (1 + 3 * 0.044715 * x * x), outer = root * 6 * 0.044715 * x;
    return activation == &bm_activation_tanh        ? -2 * t * (1 - t * t)
           : activation == &bm_activation_sigmoid   ? s * (1 - s) * (1 - 2 * s)
           : activation == &bm_activation_elu       ? (x < 0 ? exp(x) : 0)
           : activation == &bm_activation_gelu      ? 2 * density - x * x * density
           : activation == &bm_activation_gelu_tanh ? (1 - g * g) * (inner + x / 2 * outer - x * g * inner * inner)
           : activation == &bm_activation_softplus  ? s * (1 - s)
           : activation == &bm_activation_silu      ? s * (1 - s) * (2 + x * (1 - 2 * s))
                                                    : 0;
}

/* With R{in} = 3, grad = 5 and r_grad = 7: f' 7 + f'' 15, and the gradient as backward has it. */
START_TEST(activations_have_their_second_derivatives) {
    enum { POINTS = 48 };
    for (const bm_activation *const *a = bm_activations; *a; a++) {
        bm_real x[POINTS], y[POINTS], first[POINTS], r[POINTS], grad[POINTS], wanted[POINTS], r_grad[POINTS];
        for (int i = 0; i < POINTS; i++) {
            x[i] = (bm_real)(0.25 * (i - POINTS / 2) + 0.05);
            first[i] = 1;
            r[i] = 3;
            grad[i] = wanted[i] = 5;
            r_grad[i] = 7;
        }
        (*a)->forward((*a)->parameter, POINTS, x, y);
        (*a)->backward((*a)->parameter, POINTS, x, y, first);
        (*a)->backward((*a)->parameter, POINTS, x, y, wanted);
        if (!(*a)->keeps_input) {
            (*a)->backward((*a)->parameter, POINTS, x, y, r);
        }
        (*a)->r_backward((*a)->parameter, POINTS, x, y, r, grad, r_grad);
        for (int i = 0; i < POINTS; i++) {
            assert_near((double)r_grad[i], 7 * (double)first[i] + 15 * second_derivative(*a, (double)x[i]),
                        sizeof(bm_real) == 4 ? 1e-4 : 1e-11, (*a)->name);
            assert_near((double)grad[i], (double)wanted[i], 0, (*a)->name);
        }
    }
}
END_TEST

/* Where the square of x is not finite. */
START_TEST(activations_are_straight_far_out) {
    const double far_out = sizeof(bm_real) == 4 ? 1e30 : 1e200;
    for (const bm_activation *const *a = bm_activations; *a; a++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            bm_real x = (bm_real)(sign * far_out), y, r = 0, grad = 2, want = 3, r_grad = 3;
            (*a)->forward((*a)->parameter, 1, &x, &y);
            (*a)->backward((*a)->parameter, 1, &x, &y, &want);
            (*a)->r_backward((*a)->parameter, 1, &x, &y, &r, &grad, &r_grad);
            assert_near((double)r_grad, (double)want, 0, (*a)->name);
        }
    }
}
END_TEST

/* ---- random nets ---- */

typedef struct {
    bm_net net;
    const bm_loss *loss;
    int batch;
    bm_real *params, *workspace, *input, *target;
    int32_t *label;
} problem;

static const bm_activation *random_activation(bm_rng *rng) {
    int count = 0;
    while (bm_activations[count]) {
        count++;
    }
    return bm_activations[bm_rng_integers(rng, 0, count)];
}

/* hidden layers with activation, or any where it is NULL */
static problem random_problem(const bm_loss *loss, const bm_activation *activation, bm_rng *rng) {
    problem p = {.loss = loss, .batch = (int)bm_rng_integers(rng, 1, 18)};
    int hidden[4];
    const int depth = (int)bm_rng_integers(rng, 0, 5);
    for (int i = 0; i < depth; i++) {
        hidden[i] = (int)bm_rng_integers(rng, 1, 41);
    }
    const int inputs = (int)bm_rng_integers(rng, 1, 7), outputs = (int)bm_rng_integers(rng, 1, 7);
    const bm_activation *after = bm_rng_integers(rng, 0, 2) ? random_activation(rng) : NULL;
    ck_assert_int_eq(bm_net_mlp(&p.net, inputs, depth, hidden, outputs,
                                activation ? activation : random_activation(rng), after, NULL),
                     BM_OK);
    ck_assert_int_eq(bm_net_r_check(&p.net, NULL), BM_OK);
    p.params = reals(p.net.parameters);
    ck_assert_int_eq(bm_init_net(BM_INIT_TORCH, 1, &p.net, p.params, rng, NULL), BM_OK);
    for (size_t i = 0; i < p.net.parameters; i++) {
        p.params[i] *= 2;
    }
    p.workspace = reals(bm_net_r_workspace(&p.net, p.batch));
    p.input = normals((size_t)(p.batch * inputs), 1, rng);
    p.target = normals((size_t)(p.batch * outputs), 1, rng);
    p.label = malloc((size_t)p.batch * sizeof *p.label);
    ck_assert_ptr_nonnull(p.label);
    for (int i = 0; i < p.batch; i++) {
        p.label[i] = (int32_t)bm_rng_integers(rng, 0, outputs);
    }
    return p;
}

static void release(problem *p) {
    free(p->params);
    free(p->workspace);
    free(p->input);
    free(p->target);
    free(p->label);
}

static const void *target_of(const problem *p) {
    return p->loss->takes_labels ? (const void *)p->label : p->target;
}

static bm_real *product_of(const problem *p, const bm_real *direction, bm_real *grad) {
    bm_real *product = reals(p->net.parameters);
    bm_net_hvp(&p->net, p->loss, p->params, direction, p->workspace, p->batch, p->input, target_of(p), grad, product);
    return product;
}

static bm_real *gradient_at(const problem *p, const bm_real *params, double *loss) {
    bm_real *grad = reals(p->net.parameters), *grad_output = reals((size_t)(p->batch * p->net.outputs));
    const bm_real *result = bm_net_forward(&p->net, params, p->workspace, p->batch, p->input);
    *loss = p->loss->gradient((size_t)p->batch, p->net.outputs, result, target_of(p), grad_output);
    bm_net_backward(&p->net, params, p->workspace, p->batch, p->input, grad_output, grad, NULL);
    free(grad_output);
    return grad;
}

#ifdef BM_DOUBLE

/* On which side of its kink every unit is, and every output of huber's delta: a checksum of the bits. */
static uint64_t sides(const problem *p, const bm_real *params) {
    uint64_t sum = 14695981039346656037u;
    const bm_real *result = bm_net_forward(&p->net, params, p->workspace, p->batch, p->input);
    const net_layout at = layout_net(&p->net, p->batch, p->workspace);
    for (int l = 0; l < p->net.layers; l++) {
        for (int i = 0; i < p->batch * p->net.layer[l].outputs; i++) {
            sum = (sum ^ (at.layer[l].out[i] > 0)) * 1099511628211u;
        }
    }
    for (int i = 0; i < p->batch * p->net.outputs; i++) {
        sum = (sum ^ (fabs(result[i] - p->target[i]) < 1)) * 1099511628211u;
    }
    return sum;
}

/* Relative to the product; 1e-10 is what differences of rounded gradients leave of one that is 0. */
START_TEST(products_are_differences_of_gradients) {
    enum { NETS = 120 };
    const double step = 2e-5;
    bm_rng rng = bm_rng_seeded(6);
    int compared = 0;
    for (int attempt = 0; compared < NETS; attempt++) {
        ck_assert_int_lt(attempt, NETS + 30);
        problem p = random_problem(losses[compared % LOSSES], bm_activations[compared % 10], &rng);
        const size_t n = p.net.parameters;
        bm_real *v = normals(n, 1 / sqrt((double)n), &rng);
        bm_real *above = moved(n, p.params, step, v), *below = moved(n, p.params, -step, v);
        if (sides(&p, above) == sides(&p, p.params) && sides(&p, below) == sides(&p, p.params)) {
            double ignored;
            bm_real *product = product_of(&p, v, NULL);
            bm_real *high = gradient_at(&p, above, &ignored), *low = gradient_at(&p, below, &ignored);
            double error = 0;
            for (size_t i = 0; i < n; i++) {
                error += pow(product[i] - (high[i] - low[i]) / (2 * step), 2);
            }
            ck_assert_msg(sqrt(error) <= 1e-6 * sqrt(dot(n, product, product)) + 1e-10,
                          "net %d (%s, %s): error %.3g of %.3g", compared, p.net.layer[0].activation->name,
                          p.loss->name, sqrt(error), sqrt(dot(n, product, product)));
            free(product);
            free(high);
            free(low);
            compared++;
        }
        free(v);
        free(above);
        free(below);
        release(&p);
    }
}
END_TEST

#endif

START_TEST(hessians_are_symmetric_and_linear) {
    bm_rng rng = bm_rng_seeded(7);
    for (int i = 0; i < 100; i++) {
        problem p = random_problem(losses[i % LOSSES], NULL, &rng);
        const size_t n = p.net.parameters;
        bm_real *u = normals(n, 1, &rng), *v = normals(n, 1, &rng), *sum = moved(n, u, -2, v);
        bm_real *of_u = product_of(&p, u, NULL), *of_v = product_of(&p, v, NULL), *of_sum = product_of(&p, sum, NULL);
        const double scale = sqrt(dot(n, of_u, of_u) * dot(n, v, v)) + sqrt(dot(n, of_v, of_v) * dot(n, u, u));
        ck_assert_msg(fabs(dot(n, u, of_v) - dot(n, v, of_u)) <= tolerance * scale, "net %d: u.Hv %.17g, v.Hu %.17g", i,
                      dot(n, u, of_v), dot(n, v, of_u));
        bm_real *want = moved(n, of_u, -2, of_v);
        const double size = sqrt(dot(n, of_u, of_u)) + sqrt(dot(n, of_v, of_v));
        for (size_t k = 0; k < n; k++) {
            ck_assert_msg(fabs((double)(of_sum[k] - want[k])) <= tolerance * size,
                          "net %d: H(u - 2 v) %.17g, not %.17g", i, (double)of_sum[k], (double)want[k]);
        }
        bm_real *const all[] = {u, v, sum, of_u, of_v, of_sum, want};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
            free(all[k]);
        }
        release(&p);
    }
}
END_TEST

/* The very bits of the result and, unless the doubled batch alone reaches BM_FEW_ROWS or gradients are OpenBLAS's
 * (kernels.h), of the gradient. */
START_TEST(results_losses_and_gradients_are_those_of_the_plain_net) {
    bm_rng rng = bm_rng_seeded(8);
    for (int i = 0; i < 100; i++) {
        problem p = random_problem(losses[i % LOSSES], NULL, &rng);
        const size_t n = p.net.parameters, outputs = (size_t)(p.batch * p.net.outputs);
        bm_real *v = normals(n, 1, &rng), *grad = reals(n), *product = product_of(&p, v, grad);
        double loss;
        bm_real *want = gradient_at(&p, p.params, &loss), *alone = product_of(&p, v, NULL);
        const bool same_bits = !p.net.layer[0].kernels.gemm && (p.batch >= BM_FEW_ROWS || 2 * p.batch < BM_FEW_ROWS);
        for (size_t k = 0; k < n; k++) {
            ck_assert_msg(
                fabs((double)(grad[k] - want[k])) <= (same_bits ? 0 : tolerance * (1 + fabs((double)want[k]))),
                "net %d of batch %d: gradient %.17g, not %.17g", i, p.batch, (double)grad[k], (double)want[k]);
        }
        ck_assert_int_eq(memcmp(product, alone, n * sizeof *alone), 0);
        ck_assert_double_eq(
            bm_net_hvp(&p.net, p.loss, p.params, v, p.workspace, p.batch, p.input, target_of(&p), NULL, alone), loss);
        bm_real *plain = reals(bm_net_workspace(&p.net, p.batch));
        ck_assert_int_eq(memcmp(bm_net_forward(&p.net, p.params, plain, p.batch, p.input),
                                bm_net_r_forward(&p.net, p.params, v, p.workspace, p.batch, p.input),
                                outputs * sizeof *plain),
                         0);
        bm_real *const all[] = {v, grad, product, want, alone, plain};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
            free(all[k]);
        }
        release(&p);
    }
}
END_TEST

START_TEST(products_have_the_same_bits_on_every_instruction_set_that_fuses) {
    bm_rng rng = bm_rng_seeded(9);
    const bm_kernels *const *kernels = bm_kernels_usable();
    for (int i = 0; i < 40; i++) {
        problem p = random_problem(losses[i % LOSSES], NULL, &rng);
        bm_real *v = normals(p.net.parameters, 1, &rng), *first = NULL;
        for (int k = 0; kernels[k] && (k == 0 || strcmp(kernels[k]->name, "base") != 0); k++) {
            for (int l = 0; l < p.net.layers; l++) {
                p.net.layer[l].kernels = *kernels[k];
            }
            bm_real *product = product_of(&p, v, NULL);
            ck_assert(!first || memcmp(product, first, p.net.parameters * sizeof *first) == 0);
            free(first);
            first = product;
        }
        free(v);
        free(first);
        release(&p);
    }
}
END_TEST

/* ---- what has none ---- */

START_TEST(what_has_no_r_operator_is_named) {
    static const bm_layer_type conv2d = {.name = "conv2d"};
    static const bm_activation step = {.name = "step"};
    const int hidden[] = {3, 3};
    bm_net net;
    bm_error error;
    ck_assert_int_eq(bm_net_mlp(&net, 2, 2, hidden, 1, &bm_activation_relu, NULL, &error), BM_OK);
    ck_assert_int_eq(bm_net_r_check(&net, &error), BM_OK);
    net.layer[1].activation = &step;
    ck_assert_int_eq(bm_net_r_check(&net, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "the activation of layer 1 (step) has no R-operator");
    net.layer[1].activation = &bm_activation_relu;
    net.layer[2].type = &conv2d;
    ck_assert_int_eq(bm_net_r_check(&net, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "layer 2 (conv2d) has no R-operator");
}
END_TEST

#define EVERYWHERE                                                                                                     \
    least_squares_has_the_hessian_of_its_normal_equations, one_softplus_unit_has_the_hessian_worked_by_hand,           \
        activations_have_their_second_derivatives, activations_are_straight_far_out,                                   \
        hessians_are_symmetric_and_linear, results_losses_and_gradients_are_those_of_the_plain_net,                    \
        products_have_the_same_bits_on_every_instruction_set_that_fuses, what_has_no_r_operator_is_named

#ifdef BM_DOUBLE
TEST_MAIN("hvp_double", 120, EVERYWHERE, products_are_differences_of_gradients)
#else
TEST_MAIN("hvp", 120, EVERYWHERE)
#endif
