/* Matrix kernels against OpenBLAS and against the core, for the layers of small agents: GFLOP/s of one thread in CPU
 * time, median and best of interleaved blocks, and the share of the core's peak of fused multiply-adds, which a loop
 * that touches registers only measures in the same run.
 *
 *   gemm [base|v3|v4]
 *
 * forward: Y = relu(X W + b), where OpenBLAS does X W alone; weights: dW = X^T dY; input: dX = dY W^T. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "core/peak.h"
#include "nets/kernels.h"

enum { BLOCKS = 9, SIZE = 1024 * 1024 };

typedef struct {
    const bm_kernels *kernels;
    int batch, in, out;
    float *x, *w, *bias, *y, *dw, *dx;
} layer;

/* ---- what is measured ---- */

static void forward_ours(const layer *l) {
    l->kernels->multiply(&(bm_product){
        .m = l->batch,
        .n = l->out,
        .k = l->in,
        .a = l->x,
        .a_row = (size_t)l->in,
        .a_col = 1,
        .b = l->w,
        .c = l->y,
        .bias = l->bias,
        .relu = true,
    });
}

static void forward_openblas(const layer *l) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, l->batch, l->out, l->in, 1, l->x, l->in, l->w, l->out, 0,
                l->y, l->out);
}

static void weights_ours(const layer *l) {
    l->kernels->multiply(&(bm_product){
        .m = l->in,
        .n = l->out,
        .k = l->batch,
        .a = l->x,
        .a_row = 1,
        .a_col = (size_t)l->in,
        .b = l->y,
        .c = l->dw,
    });
}

static void weights_openblas(const layer *l) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, l->in, l->out, l->batch, 1, l->x, l->in, l->y, l->out, 0,
                l->dw, l->out);
}

static void input_ours(const layer *l) {
    l->kernels->multiply(&(bm_product){
        .m = l->batch,
        .n = l->in,
        .k = l->out,
        .a = l->y,
        .a_row = (size_t)l->out,
        .a_col = 1,
        .b = l->w,
        .b_transposed = true,
        .c = l->dx,
    });
}

static void input_openblas(const layer *l) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, l->batch, l->in, l->out, 1, l->y, l->out, l->w, l->out, 0,
                l->dx, l->in);
}

/* GFLOP/s of the loop that touches registers only. */
static double peak(const char *isa) {
    const bm_peak_loop *loop = &bm_peak_base;
#if defined(__x86_64__)
    loop = strcmp(isa, "v4") == 0 ? &bm_peak_v4 : strcmp(isa, "v3") == 0 ? &bm_peak_v3 : loop;
#endif
    float sink;
    const double start = bm_machine_cpu_seconds(), operations = loop->spin(100000, &sink);
    return operations / (bm_machine_cpu_seconds() - start) * 1e-9;
}

/* ---- measuring ---- */

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rate_of_block(void (*run)(const layer *), const layer *l, int calls) {
    const double start = bm_machine_cpu_seconds();
    for (int call = 0; call < calls; call++) {
        run(l);
    }
    return 2.0 * l->batch * l->in * l->out * calls / (bm_machine_cpu_seconds() - start) * 1e-9;
}

static double median(double values[BLOCKS]) {
    qsort(values, BLOCKS, sizeof values[0], ascending);
    return values[BLOCKS / 2];
}

/* The clock moves with the neighbours' load, so the share of the peak is taken block by block. */
static void compare(void (*run_ours)(const layer *), void (*run_openblas)(const layer *), const layer *l) {
    const double work = 2.0 * l->batch * l->in * l->out;
    const int calls = 1 + (int)(4e7 / (work + 2000)); /* about half a millisecond */
    double ours[BLOCKS], openblas[BLOCKS], share[BLOCKS];
    rate_of_block(run_ours, l, 1 + calls / 4);
    rate_of_block(run_openblas, l, 1 + calls / 4);
    for (int block = 0; block < BLOCKS; block++) {
        const double before = peak(l->kernels->name);
        ours[block] = rate_of_block(run_ours, l, calls);
        const double after = peak(l->kernels->name);
        openblas[block] = rate_of_block(run_openblas, l, calls);
        share[block] = 200 * ours[block] / (before + after);
    }
    const double ours_median = median(ours), openblas_median = median(openblas);
    printf(" | %5.1f (%5.1f) %3.0f%% %5.1f (%5.1f)", ours[BLOCKS - 1], ours_median, median(share), openblas[BLOCKS - 1],
           openblas_median);
}

static float *filled(size_t n) {
    float *x = aligned_alloc(64, n * sizeof *x);
    if (!x) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(i * 2654435761u % 2048) / 1024.0f - 1.0f;
    }
    return x;
}

int main(int argc, char **argv) {
    static const int shapes[][2] = {{4, 64}, {64, 64},   {64, 2},    {4, 120},    {120, 84},
                                    {84, 2}, {256, 256}, {512, 512}, {1024, 1024}};
    static const int batches[] = {1, 32, 64, 128};
    const bm_kernels *kernels = bm_kernels_best();
    for (const bm_kernels *const *k = bm_kernels_usable(); argc > 1 && *k; k++) {
        kernels = strcmp((*k)->name, argv[1]) == 0 ? *k : kernels;
    }
    openblas_set_num_threads(1);
    layer l = {kernels, 1, 0, 0, filled(SIZE), filled(SIZE), filled(SIZE), filled(SIZE), filled(SIZE), filled(SIZE)};
    double machine = 0;
    for (int block = 0; block < 1000; block++) {
        const double rate = peak(kernels->name);
        machine = rate > machine ? rate : machine;
    }
    printf("kernels %s, peak of fused multiply-add %.1f GFLOP/s\n", kernels->name, machine);
    printf("best (median) GFLOP/s, median share of the peak at that moment; OpenBLAS best (median)\n");
    printf("%-9s %5s | %-18s %-13s | %-18s %-13s | %-18s %-13s\n", "layer", "batch", "forward", "OpenBLAS", "weights",
           "OpenBLAS", "input", "OpenBLAS");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        for (size_t m = 0; m < sizeof batches / sizeof batches[0]; m++) {
            l.in = shapes[s][0];
            l.out = shapes[s][1];
            l.batch = batches[m];
            printf("%4dx%-4d %5d", l.in, l.out, l.batch);
            compare(forward_ours, forward_openblas, &l);
            compare(weights_ours, weights_openblas, &l);
            compare(input_ours, input_openblas, &l);
            printf("\n");
            fflush(stdout);
        }
    }
    float *const all[] = {l.x, l.w, l.bias, l.y, l.dw, l.dx};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
    return 0;
}
