/* One side of the comparison in gemm.py: for every line on standard input, "WHO WHAT IN OUT BATCH", multiplies for a
 * layer of small agents about half a millisecond long, and prints GFLOP/s of one thread in CPU time and the core's peak
 * of fused multiply-adds, which a loop that touches registers only measures before and after. "check" prints OpenBLAS's
 * largest error beside a sum in double.
 *
 * WHO: base, v3, v4 (our kernels, those that run here; "best") or openblas. WHAT: forward, Y = relu(X W + b), of which
 * OpenBLAS does X W alone; weights, dW = X^T dY; input, dX = dY W^T. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "core/peak.h"
#include "nets/kernels.h"

enum { SIZE = 1024 * 1024 };

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

/* The kernels of that name; exits where there are none. */
static bm_kernels find(const char *who) {
    bm_kernels kernels = *bm_kernels_usable()[0];
    bm_error error = {"no such kernels"};
    bool found = strcmp(who, "best") == 0;
    if (strcmp(who, "openblas") == 0) {
        kernels.gemm_rows = found = bm_linalg_gemm(&kernels.gemm, &error) == BM_OK;
    }
    for (const bm_kernels *const *usable = bm_kernels_usable(); !found && *usable; usable++) {
        kernels = **usable;
        found = strcmp(kernels.name, who) == 0;
    }
    if (!found) {
        fprintf(stderr, "%s: %s\n", who, error.text);
        exit(1);
    }
    return kernels;
}

/* The product of a layer in -> out; a, b and c are large enough for any. */
static bm_product product_of(const char *what, size_t in, size_t out, int batch) {
    bm_product p = {.m = batch, .n = (int)out, .k = (int)in, .a_row = in, .a_col = 1};
    if (strcmp(what, "weights") == 0) {
        p = (bm_product){.m = (int)in, .n = (int)out, .k = batch, .a_row = 1, .a_col = in};
    } else if (strcmp(what, "input") == 0) {
        p = (bm_product){.m = batch, .n = (int)in, .k = (int)out, .a_row = out, .a_col = 1, .b_transposed = true};
    }
    return p;
}

/* GFLOP/s of the loop that touches registers only. */
static double peak(void) {
    const bm_peak_loop *loop = &bm_peak_base;
#if defined(__x86_64__)
    const char *isa = bm_kernels_usable()[0]->name;
    loop = strcmp(isa, "v4") == 0 ? &bm_peak_v4 : strcmp(isa, "v3") == 0 ? &bm_peak_v3 : loop;
#endif
    float sink;
    const double start = bm_machine_cpu_seconds(), operations = loop->spin(100000, &sink);
    return operations / (bm_machine_cpu_seconds() - start) * 1e-9;
}

static double rate(const bm_kernels *kernels, const bm_product *p) {
    const double work = 2.0 * p->m * p->n * p->k;
    const int calls = 1 + (int)(4e7 / (work + 2000));
    const double start = bm_machine_cpu_seconds();
    for (int call = 0; call < calls; call++) {
        bm_multiply(kernels, p);
    }
    return work * calls / (bm_machine_cpu_seconds() - start) * 1e-9;
}

/* The largest error of an element, of products of all kinds. */
static double check(float *a, float *b, float *c) {
    static const char *const kinds[] = {"forward", "weights", "input"};
    static const size_t sides[] = {1, 2, 4, 17, 64, 84, 120, 256};
    enum { SIDES = sizeof sides / sizeof sides[0] };
    const bm_kernels kernels = find("openblas");
    double worst = 0;
    for (int i = 0; i < 3 * SIDES * SIDES * SIDES; i++) {
        const size_t in = sides[i / 3 % SIDES], out = sides[i / 3 / SIDES % SIDES];
        bm_product p = product_of(kinds[i % 3], in, out, (int)sides[i / 3 / SIDES / SIDES]);
        p.a = a;
        p.b = b;
        p.c = c;
        bm_multiply(&kernels, &p);
        for (size_t e = 0; e < (size_t)p.m * (size_t)p.n; e += 1 + e / 7) {
            const size_t row = e / (size_t)p.n, column = e % (size_t)p.n;
            double sum = 0;
            for (size_t l = 0; l < (size_t)p.k; l++) {
                const size_t at = p.b_transposed ? column * (size_t)p.k + l : l * (size_t)p.n + column;
                sum += (double)a[row * p.a_row + l * p.a_col] * (double)b[at];
            }
            const double error = fabs((double)c[e] - sum);
            worst = error <= worst ? worst : error; /* NaN is the worst */
        }
    }
    return worst;
}

int main(void) {
    char line[128], who[16], what[16];
    size_t in, out;
    int batch;
    float *a = filled(SIZE), *b = filled(SIZE), *c = filled(SIZE), *bias = filled(SIZE);
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "check\n") == 0) {
            printf("%g\n", check(a, b, c));
        } else if (sscanf(line, "%15s %15s %zu %zu %d", who, what, &in, &out, &batch) == 5 && in <= 1024 &&
                   out <= 1024 && batch <= 1024) {
            const bm_kernels kernels = find(who);
            bm_product p = product_of(what, in, out, batch);
            p.a = a;
            p.b = b;
            p.c = c;
            p.relu = strcmp(what, "forward") == 0 && !kernels.gemm;
            p.bias = p.relu ? bias : NULL;
            bm_multiply(&kernels, &p);
            const double before = peak(), gflops = rate(&kernels, &p);
            printf("%g %g\n", gflops, (before + peak()) / 2);
        } else {
            return 2;
        }
        fflush(stdout);
    }
    free(a);
    free(b);
    free(c);
    free(bias);
    return 0;
}
