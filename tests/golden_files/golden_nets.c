/* nets/: activations, losses, initial weights and whole networks against PyTorch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/losses.h"
#include "golden_files/golden.h"
#include "golden_files/golden_nets.h"
#include "nets/dist.h"
#include "nets/init.h"
#include "nets/kernels_under_test.h"
#include "nets/loss.h"

/* ---- activations ------------------------------------------------------------------------------------------------ */

static const bm_activation *find_activation(const char *name) {
    for (const bm_activation *const *a = bm_activations; *a; a++) {
        if (strcmp((*a)->name, name) == 0) {
            return *a;
        }
    }
    return NULL;
}

/* The activation with a parameter, in memory of the file's arena; one without has 0. */
static const bm_activation *with_parameter(const bm_activation *activation, double parameter, bm_arena *arena) {
    const bool has_one = activation == &bm_activation_leaky_relu || activation == &bm_activation_elu;
    ck_assert_msg(has_one || parameter == 0, "%s has no parameter %g", activation->name, parameter);
    bm_activation *changed = GOLDEN_NEW(arena, bm_activation, 1);
    *changed = has_one ? bm_activation_with(activation, parameter) : *activation;
    return changed;
}

/* "tanh", or with a parameter, "leaky_relu_0.01". */
static const bm_activation *activation_of_column(const char *column, bm_arena *arena) {
    const bm_activation *activation = find_activation(column);
    char name[64];
    snprintf(name, sizeof name, "%s", column);
    char *last = strrchr(name, '_');
    if (!activation && last) {
        *last = '\0';
        activation = find_activation(name);
        activation = activation ? with_parameter(activation, strtod(last + 1, NULL), arena) : NULL;
    }
    ck_assert_msg(activation != NULL, "there is no activation %s", column);
    return activation;
}

static void compare_activations(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const size_t n = (size_t)table.rows;
    bm_real *x = GOLDEN_NEW(file->arena, bm_real, n), *y = GOLDEN_NEW(file->arena, bm_real, n);
    bm_real *grad = GOLDEN_NEW(file->arena, bm_real, n);
    for (int column = 0; column < table.columns; column++) {
        const char *name = table.header[column];
        const bool is_derivative = strncmp(name, "d_", 2) == 0;
        ck_assert_msg(!is_derivative || golden_has(&table, name + 2), "there is no column %s", name + 2);
        if (is_derivative || strcmp(name, "x") == 0) {
            continue;
        }
        const bm_activation *activation = activation_of_column(name, file->arena);
        char derivative[64];
        snprintf(derivative, sizeof derivative, "d_%s", name);
        for (int i = 0; i < table.rows; i++) {
            x[i] = (bm_real)golden_number(&table, i, "x");
            grad[i] = 1;
        }
        activation->forward(activation->parameter, n, x, y);
        activation->backward(activation->parameter, n, x, y, grad);
        for (int i = 0; i < table.rows; i++) {
            golden_near((double)y[i], golden_number(&table, i, name), file->tolerance, "%s, row %d", name, i + 1);
            golden_near((double)grad[i], golden_number(&table, i, derivative), file->tolerance, "%s, row %d",
                        derivative, i + 1);
        }
    }
}

/* Those of the activations there are. */
static void compare_gains(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    for (int row = 0; row < table.rows; row++) {
        const char *name = golden_text(&table, row, "nonlinearity");
        const bm_activation *activation = find_activation(strcmp(name, "linear") == 0 ? "identity" : name);
        const double parameter = golden_number(&table, row, "param");
        if (activation) {
            const double gain = isnan(parameter) ? activation->gain : bm_activation_with(activation, parameter).gain;
            golden_near(gain, golden_number(&table, row, "gain"), 1e-15, "gain of %s", name);
        }
    }
}

/* ---- initial weights -------------------------------------------------------------------------------------------- */

/* By the beginning of a row's name; what follows is the gain. */
static const struct {
    const char *beginning;
    bm_init scheme;
} schemes[] = {
    {"xavier_uniform_", BM_INIT_XAVIER_UNIFORM},   {"xavier_normal_", BM_INIT_XAVIER_NORMAL},
    {"kaiming_uniform_", BM_INIT_KAIMING_UNIFORM}, {"kaiming_normal_", BM_INIT_KAIMING_NORMAL},
    {"orthogonal_", BM_INIT_ORTHOGONAL},           {"torch_linear_default_weight", BM_INIT_TORCH},
};

enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

/* "gain0.5", "gain_sqrt2", "gain_tanh", "relu_fan_in", or nothing that counts. */
static double gain_of(const char *text) {
    char name[64];
    if (strncmp(text, "gain", 4) == 0 && text[4] != '_') {
        return strtod(text + 4, NULL);
    }
    snprintf(name, sizeof name, "%s", strncmp(text, "gain_", 5) == 0 ? text + 5 : text);
    char *fan = strstr(name, "_fan_in");
    if (fan) {
        *fan = '\0';
    }
    const bm_activation *activation = find_activation(name);
    return activation ? activation->gain : strcmp(name, "sqrt2") == 0 ? sqrt(2) : 1;
}

/* Columns or rows, whichever there are fewer of, are orthogonal and as long as the gain. */
static void compare_orthogonality(const char *name, double gain, int in, int out, const bm_real *kernel) {
    const int count = in < out ? in : out, n = in < out ? out : in;
    const int next = in < out ? out : 1, along = in < out ? 1 : out; /* of the vectors, within a vector */
    for (int i = 0; i < count; i++) {
        for (int j = 0; j <= i; j++) {
            double dot = 0;
            for (int k = 0; k < n; k++) {
                dot += (double)kernel[i * next + k * along] * (double)kernel[j * next + k * along];
            }
            golden_near(dot, i == j ? gain * gain : 0, sizeof(bm_real) == 4 ? 2e-6 : 1e-12, "%s %d %d", name, i, j);
        }
    }
}

/* Bounds never exceeded, mean within 5 std / sqrt(n), std within 5 / sqrt(2 n) relative. */
static void compare_moments(const golden_table *table, int row, size_t n, const bm_real *kernel) {
    const char *name = golden_text(table, row, "init");
    const double want = golden_number(table, row, "true_std"), rounding = 1 + 1e-7;
    double sum = 0, squares = 0, low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = (double)kernel[i];
        sum += x;
        squares += x * x;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    const double mean = sum / (double)n, std = sqrt(squares / (double)n - mean * mean);
    const double bound_low = golden_number(table, row, "bound_low") * rounding;
    const double bound_high = golden_number(table, row, "bound_high") * rounding;
    golden_within(fabs(mean - golden_number(table, row, "true_mean")), 5 * want / sqrt((double)n), "%s: mean %g", name,
                  mean);
    golden_within(fabs(std / want - 1), 5 / sqrt(2 * (double)n), "%s: std %g instead of %g", name, std, want);
    golden_within(fmax(0, fmax(bound_low - low, high - bound_high)), 0, "%s: from %g to %g", name, low, high);
    if (strcmp(golden_text(table, row, "distribution"), "uniform") == 0) {
        /* the largest of n draws is further below its bound with a probability of exp(-20) */
        golden_within(bound_high - high, 40 * bound_high / (double)n, "%s: only up to %g", name, high);
    }
}

/* torch's shape is [out, in]; fan_out is not offered. */
static void compare_init(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_rng rng = bm_rng_seeded(3);
    for (int row = 0; row < table.rows; row++) {
        const char *name = golden_text(&table, row, "init");
        int scheme = 0;
        while (scheme < SCHEMES && strncmp(name, schemes[scheme].beginning, strlen(schemes[scheme].beginning)) != 0) {
            scheme++;
        }
        ck_assert_msg(scheme < SCHEMES, "there is no scheme %s", name);
        if (strstr(name, "fan_out")) {
            continue;
        }
        char *end;
        const int out = (int)strtol(golden_text(&table, row, "shape"), &end, 10);
        const int in = *end == 'x' ? (int)strtol(end + 1, &end, 10) : 0;
        ck_assert_msg(out > 0 && in > 0 && out < 1 << 14 && in < 1 << 14 && !*end, "%s has a bad shape", name);
        const size_t n = (size_t)in * (size_t)out;
        const double gain = gain_of(name + strlen(schemes[scheme].beginning));
        bm_real *kernel = GOLDEN_NEW(file->arena, bm_real, n);
        bm_init_kernel(schemes[scheme].scheme, gain, in, out, kernel, &rng, GOLDEN_NEW(file->arena, double, n));
        compare_moments(&table, row, n, kernel);
        if (schemes[scheme].scheme == BM_INIT_ORTHOGONAL) {
            compare_orthogonality(name, gain, in, out, kernel);
        }
    }
}

/* ---- losses ----------------------------------------------------------------------------------------------------- */

typedef struct {
    size_t rows;
    int outputs;
    const bm_real *prediction, *target, *bits; /* [rows, outputs] */
    const int32_t *label;                      /* [rows] */
} loss_data;

typedef double named_loss(const loss_data *d, double width, bm_real *grad);

static double mse(const loss_data *d, double width, bm_real *grad) {
    (void)width;
    return bm_loss_mse(d->rows * (size_t)d->outputs, d->prediction, d->target, grad);
}

static double huber(const loss_data *d, double width, bm_real *grad) {
    return bm_loss_huber(d->rows * (size_t)d->outputs, width, d->prediction, d->target, grad);
}

static double smooth_l1(const loss_data *d, double width, bm_real *grad) {
    return bm_loss_smooth_l1(d->rows * (size_t)d->outputs, width, d->prediction, d->target, grad);
}

/* The limit of smooth_l1: no difference lies within this width. */
static double l1(const loss_data *d, double width, bm_real *grad) {
    (void)width;
    return bm_loss_smooth_l1(d->rows * (size_t)d->outputs, 1e-30, d->prediction, d->target, grad);
}

static double bce_logits(const loss_data *d, double width, bm_real *grad) {
    (void)width;
    return bm_loss_bce_logits(d->rows * (size_t)d->outputs, d->prediction, d->bits, grad);
}

static double cross_entropy(const loss_data *d, double width, bm_real *grad) {
    (void)width;
    return bm_loss_cross_entropy(d->rows, d->outputs, d->prediction, d->label, grad);
}

/* Mean over rows: the bonus of a policy's loss whose weights are 0. */
static double entropy(const loss_data *d, double width, bm_real *grad) {
    (void)width;
    bm_arena arena = {0};
    const bm_real *nothing = GOLDEN_NEW(&arena, bm_real, d->rows);
    const int32_t *first = GOLDEN_NEW(&arena, int32_t, d->rows);
    const double mean =
        bm_reinforce_loss((int)d->rows, (int)d->rows, d->outputs, d->prediction, first, nothing, 1, grad).entropy;
    for (size_t i = 0; i < d->rows * (size_t)d->outputs; i++) {
        grad[i] = -grad[i];
    }
    bm_arena_free(&arena);
    return mean;
}

static const struct {
    const char *name;
    named_loss *loss;
} losses[] = {
    {"mse", mse},         {"huber", huber},           {"smooth_l1", smooth_l1},
    {"l1", l1},           {"bce_logits", bce_logits}, {"cross_entropy", cross_entropy},
    {"entropy", entropy},
};

enum { LOSSES = sizeof losses / sizeof losses[0] };

/* "mse_sum", "huber_delta0.5": the loss, its width, and whether it is a sum; NULL: that names no loss. */
static named_loss *loss_of_tensor(const char *name, double *width, bool *is_sum) {
    for (int i = 0; i < LOSSES; i++) {
        const size_t length = strlen(losses[i].name);
        if (strncmp(name, losses[i].name, length) == 0 && name[length] == '_') {
            const char *rest = name + length + 1, *number = rest + strcspn(rest, "0123456789");
            *is_sum = strstr(rest, "sum") != NULL;
            *width = *number ? strtod(number, NULL) : 1;
            return losses[i].loss;
        }
    }
    return NULL;
}

static void compare_distribution(const golden_case *file, const golden_table *table, const loss_data *d) {
    const size_t n = d->rows * (size_t)d->outputs;
    bm_real *probability = GOLDEN_NEW(file->arena, bm_real, n), *log_prob = GOLDEN_NEW(file->arena, bm_real, n);
    bm_real *of_rows = GOLDEN_NEW(file->arena, bm_real, d->rows);
    bm_softmax(d->rows, d->outputs, d->prediction, probability);
    bm_log_softmax(d->rows, d->outputs, d->prediction, log_prob);
    golden_near_tensor(table, n, probability, "softmax");
    golden_near_tensor(table, n, log_prob, "log_softmax");
    bm_categorical_entropy(d->rows, d->outputs, log_prob, of_rows);
    golden_near_tensor(table, d->rows, of_rows, "entropy");
    for (size_t i = 0; i < d->rows; i++) {
        of_rows[i] = d->prediction[i * (size_t)d->outputs] - log_prob[i * (size_t)d->outputs];
    }
    golden_near_tensor(table, d->rows, of_rows, "logsumexp");
}

static void compare_losses(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    const golden_tensor prediction = golden_get(&table, "pred");
    ck_assert_msg(prediction.dims == 2, "pred is no matrix");
    const size_t n = prediction.n, rows = (size_t)prediction.shape[0];
    const loss_data d = {rows,
                         prediction.shape[1],
                         golden_reals(&table, n, "pred"),
                         golden_reals(&table, n, "target"),
                         golden_reals(&table, n, "bits"),
                         golden_integers(&table, rows, prediction.shape[1], "labels")};
    bm_real *grad = GOLDEN_NEW(file->arena, bm_real, n);
    for (int row = 0; row < table.rows; row++) {
        const char *derivative = golden_text(&table, row, "name"), *name = derivative + 2;
        double width;
        bool is_sum;
        if (strncmp(derivative, "d_", 2) != 0) {
            ck_assert_msg(!loss_of_tensor(derivative, &width, &is_sum) || golden_has_tensor(&table, "d_%s", derivative),
                          "there is no d_%s", derivative);
            continue;
        }
        named_loss *loss = loss_of_tensor(name, &width, &is_sum);
        ck_assert_msg(loss != NULL, "there is no loss %s", name);
        const size_t terms = loss == cross_entropy ? rows : n;
        const double scale = is_sum ? (double)terms : 1;
        const double value = loss(&d, width, grad);
        for (size_t i = 0; i < n; i++) {
            grad[i] *= (bm_real)scale;
        }
        golden_near_scalar(&table, value * scale, "%s", name);
        golden_near_tensor(&table, n, grad, "%s", derivative);
    }
    compare_distribution(file, &table, &d);
}

/* ---- networks --------------------------------------------------------------------------------------------------- */

int golden_net_layers(const golden_table *table) {
    const int layers = golden_highest(table, "W");
    ck_assert_msg(layers >= 1 && layers <= BM_NET_LAYERS, "%s has %d layers", table->path, layers);
    return layers;
}

bm_net golden_net(const golden_table *table, int layers, const bm_activation *activation) {
    int width[BM_NET_LAYERS + 1];
    for (int i = 0; i < layers; i++) {
        const golden_tensor w = golden_get(table, "W%d", i + 1);
        ck_assert_msg(w.dims == 2 && (i == 0 || w.shape[1] == width[i]), "W%d does not fit", i + 1);
        width[i] = w.shape[1];
        width[i + 1] = w.shape[0];
    }
    bm_net net;
    bm_error error;
    ck_assert_msg(bm_net_mlp(&net, width[0], layers - 1, width + 1, width[layers], activation, NULL, &error) == BM_OK,
                  "%s", error.text);
    return net;
}

size_t golden_net_place(const bm_net *net, size_t place) {
    const bm_layer *layer = net->layer;
    while (place >= layer->offset + layer->parameters) {
        layer++;
    }
    const size_t in = (size_t)layer->inputs, out = (size_t)layer->outputs, k = place - layer->offset;
    return layer->offset + (k < in * out ? k % in * out + k / in : k);
}

/* Calls nothing: the numbers of prefixW1, prefixb1, prefixW2..., in the file's order. */
static double *read_flat(const golden_table *table, const bm_net *net, const char *prefix) {
    double *flat = GOLDEN_NEW(table->arena, double, net->parameters);
    for (int i = 0; i < net->layers; i++) {
        const bm_layer *layer = &net->layer[i];
        const size_t kernel = (size_t)layer->inputs * (size_t)layer->outputs;
        const golden_tensor w = golden_get(table, "%sW%d", prefix, i + 1),
                            b = golden_get(table, "%sb%d", prefix, i + 1);
        ck_assert_msg(w.n == kernel && b.n == (size_t)layer->outputs, "%sW%d and %sb%d do not fit", prefix, i + 1,
                      prefix, i + 1);
        memcpy(flat + layer->offset, w.value, w.n * sizeof *flat);
        memcpy(flat + layer->offset + kernel, b.value, b.n * sizeof *flat);
    }
    return flat;
}

bm_real *golden_net_params(const golden_table *table, const bm_net *net) {
    const double *flat = read_flat(table, net, "");
    bm_real *params = GOLDEN_NEW(table->arena, bm_real, net->parameters);
    for (size_t i = 0; i < net->parameters; i++) {
        params[golden_net_place(net, i)] = (bm_real)flat[i];
    }
    return params;
}

static named_loss *loss_named(const char *name) {
    for (int i = 0; i < LOSSES; i++) {
        if (strcmp(losses[i].name, name) == 0) {
            return losses[i].loss;
        }
    }
    return NULL;
}

/* "leaky_relu_smooth_l1": wherever it can be cut into an activation and a loss. */
static const bm_activation *split_name(const char *text, named_loss **loss) {
    char name[64];
    for (const char *cut = strchr(text, '_'); cut; cut = strchr(cut + 1, '_')) {
        snprintf(name, sizeof name, "%.*s", (int)(cut - text), text);
        if (find_activation(name) && loss_named(cut + 1)) {
            *loss = loss_named(cut + 1);
            return find_activation(name);
        }
    }
    ck_abort_msg("%s is not the name of an activation and that of a loss", text);
    return NULL;
}

static void use_kernels(bm_net *net, const bm_kernels *kernels) {
    for (int i = 0; i < net->layers; i++) {
        net->layer[i].kernels = *kernels;
    }
}

/* The first layers alone give every pre-activation; all of them, the loss and the gradients. */
static void compare_net(const golden_case *file, const golden_table *table, const bm_kernels *kernels) {
    named_loss *loss;
    const bm_activation *activation =
        with_parameter(split_name(file->word[0], &loss), golden_scalar(table, "act_param"), file->arena);
    const int layers = golden_net_layers(table);
    const golden_tensor x = golden_get(table, "x");
    const int batch = x.shape[0];
    const size_t rows = (size_t)batch;
    const bm_real *input = golden_reals(table, rows * (size_t)golden_net(table, 1, activation).inputs, "x");
    bm_real *workspace = NULL, *output = NULL, *params = NULL;
    bm_net net = {0};
    for (int i = 1; i <= layers; i++) {
        net = golden_net(table, i, activation);
        use_kernels(&net, kernels);
        params = golden_net_params(table, &net);
        workspace = GOLDEN_NEW(file->arena, bm_real, bm_net_workspace(&net, batch));
        output = bm_net_forward(&net, params, workspace, batch, input);
        golden_near_tensor(table, rows * (size_t)net.outputs, output, "z%d", i);
    }
    const size_t n = rows * (size_t)net.outputs;
    const bool labels = loss == cross_entropy;
    const bm_real *target = golden_reals(table, labels ? rows : n, "target");
    const loss_data d = {rows,   net.outputs, output,
                         target, target,      labels ? golden_integers(table, rows, net.outputs, "target") : NULL};
    bm_real *grad_output = GOLDEN_NEW(file->arena, bm_real, n), *grad_input = GOLDEN_NEW(file->arena, bm_real, x.n);
    bm_real *grad = GOLDEN_NEW(file->arena, bm_real, net.parameters);
    golden_near_scalar(table, loss(&d, golden_scalar(table, "loss_param"), grad_output), "loss");
    golden_near_tensor(table, n, grad_output, "dout");
    bm_net_backward(&net, params, workspace, batch, input, grad_output, grad, grad_input);
    golden_near_tensor(table, x.n, grad_input, "dx");
    golden_near_tensor(table, n, output, "z%d", layers); /* stays until the next forward */
    const double *want = read_flat(table, &net, "d");
    for (size_t i = 0; i < net.parameters; i++) {
        golden_near((double)grad[golden_net_place(&net, i)], want[i], file->tolerance, "gradient of parameter %zu", i);
    }
}

static void compare_mlp(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    for (const bm_kernels *kernels = kernels_under_test(); kernels->name; kernels++) {
        compare_net(file, &table, kernels);
    }
}

const golden_family golden_nets_families[] = {
    {"nets/activations.csv", compare_activations, 1e-10, 2e-6, NULL},
    {"nets/losses.csv", compare_losses, 1e-10, 2e-6, NULL},
    {"nets/init_gains.csv", compare_gains, 1e-15, 0, NULL},
    {"nets/init_statistics.csv", compare_init, 1e-12, 2e-6, NULL},
    {"nets/mlp_*.csv", compare_mlp, 1e-10, 2e-6, NULL},
    {0},
};
