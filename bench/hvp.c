/* The gradient of a net and its Hessian times a vector (nets/hvp.h), in CPU time of one thread: microseconds, GFLOP/s
 * of the matrix products, and their share of the core's peak of fused multiply-adds, which a loop that touches
 * registers only measures in the same run. Medians of interleaved blocks, and the best. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "core/peak.h"
#include "nets/hvp.h"
#include "nets/init.h"

enum { BLOCKS = 21 };

typedef struct {
    bm_net net;
    int batch;
    bm_real *params, *direction, *workspace, *input, *target, *grad_output, *grad, *product;
} problem;

static const bm_loss *const loss = &bm_loss_kind_mse;

/* ---- what is measured ---- */

static void gradient(const problem *p) {
    const bm_real *result = bm_net_forward(&p->net, p->params, p->workspace, p->batch, p->input);
    loss->gradient((size_t)p->batch, p->net.outputs, result, p->target, p->grad_output);
    bm_net_backward(&p->net, p->params, p->workspace, p->batch, p->input, p->grad_output, p->grad, NULL);
}

static void product(const problem *p) {
    bm_net_hvp(&p->net, loss, p->params, p->direction, p->workspace, p->batch, p->input, p->target, NULL, p->product);
}

/* Multiplications and additions of products with first_layer's kernel and with the other layers' kernels so often. */
static double operations(const problem *p, int first_layer, int others) {
    double sum = 0;
    for (int i = 0; i < p->net.layers; i++) {
        const bm_layer *layer = &p->net.layer[i];
        sum += 2.0 * p->batch * layer->inputs * layer->outputs * (i ? others : first_layer);
    }
    return sum;
}

/* GFLOP/s of the loop that touches registers only. */
static double peak(void) {
    const char *isa = bm_kernels_usable()[0]->name;
    const bm_peak_loop *loop = &bm_peak_base;
#if defined(__x86_64__)
    loop = strcmp(isa, "v4") == 0 ? &bm_peak_v4 : strcmp(isa, "v3") == 0 ? &bm_peak_v3 : loop;
#endif
    float sink;
    const double start = bm_machine_cpu_seconds(), done = loop->spin(100000, &sink);
    return done / (bm_machine_cpu_seconds() - start) * 1e-9;
}

/* ---- measuring ---- */

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double microseconds(void (*run)(const problem *), const problem *p, int calls) {
    const double start = bm_machine_cpu_seconds();
    for (int call = 0; call < calls; call++) {
        run(p);
    }
    return (bm_machine_cpu_seconds() - start) / calls * 1e6;
}

/* The clock moves with the neighbours' load, so the share of the peak is taken block by block. */
static void measure(const char *what, void (*run)(const problem *), const problem *p, double work) {
    const int calls = 1 + (int)(1e8 / (work + 1e5));
    double time[BLOCKS], share[BLOCKS];
    microseconds(run, p, 1 + calls / 4);
    for (int block = 0; block < BLOCKS; block++) {
        const double before = peak();
        time[block] = microseconds(run, p, calls);
        share[block] = 100 * work / time[block] * 1e-3 / ((before + peak()) / 2);
    }
    qsort(time, BLOCKS, sizeof time[0], ascending);
    qsort(share, BLOCKS, sizeof share[0], ascending);
    printf(" | %-8s %7.2f (%7.2f) %6.1f %3.0f%%", what, time[0], time[BLOCKS / 2], work / time[0] * 1e-3,
           share[BLOCKS / 2]);
}

static bm_real *filled(size_t n, bm_rng *rng) {
    bm_real *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    if (!x) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = (bm_real)bm_rng_normal(rng);
    }
    return x;
}

static void compare(int inputs, int width, int outputs, int batch) {
    const int hidden[] = {width, width};
    problem p = {.batch = batch};
    bm_rng rng = bm_rng_seeded(1);
    if (bm_net_mlp(&p.net, inputs, 2, hidden, outputs, &bm_activation_relu, NULL, NULL) != BM_OK) {
        fprintf(stderr, "impossible net\n");
        exit(1);
    }
    const size_t n = p.net.parameters, results = (size_t)(batch * outputs);
    bm_real **const buffers[] = {&p.params, &p.direction, &p.workspace,   &p.input,
                                 &p.target, &p.grad,      &p.grad_output, &p.product};
    const size_t sizes[] = {n, n, bm_net_r_workspace(&p.net, batch), (size_t)(batch * inputs), results, n, results, n};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        *buffers[i] = filled(sizes[i], &rng);
    }
    if (bm_init_net(BM_INIT_TORCH, 1, &p.net, p.params, &rng, NULL) != BM_OK) {
        fprintf(stderr, "no initial weights\n");
        exit(1);
    }
    char name[32];
    snprintf(name, sizeof name, "%d-%d-%d-%d", inputs, width, width, outputs);
    printf("%-10s %5d", name, batch);
    /* Y, dW, dX; the first layer has no dX */
    measure("gradient", gradient, &p, operations(&p, 2, 3));
    /* Y, two terms of its R, two of R{dW}, dX and two of its R; the input does not move */
    measure("product", product, &p, operations(&p, 3, 8));
    printf("\n");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        free(*buffers[i]);
    }
}

int main(void) {
    printf("kernels %s; best (median) microseconds, best GFLOP/s, median share of the peak at that moment\n",
           bm_kernels_usable()[0]->name);
    printf("%-10s %5s\n", "net", "batch");
    compare(1, 40, 1, 5);
    compare(1, 40, 1, 10);
    compare(4, 64, 2, 64);
    return 0;
}
