/* Normal equations, solved by Cholesky's decomposition: (X'X + R) w = X'y. */
#include "meta/linear_baseline.h"

#include <math.h>
#include <string.h>

/* On the diagonal: what the authors' code adds, and a share of what stands there, so that rounding never makes a pivot negative. */
static const double ridge = 1e-5, relative_ridge = 1e-10;

enum { BESIDE_OBSERVATION = 4 }; /* three powers of the time, and 1 */

void bm_linear_baseline_create(bm_linear_baseline *baseline, int size, bm_arena *arena) {
    const size_t features = 2 * (size_t)size + BESIDE_OBSERVATION;
    *baseline = (bm_linear_baseline){.size = size, .features = (int)features};
    baseline->row = BM_NEW(arena, double, features);
    baseline->gram = BM_NEW(arena, double, features *features);
    baseline->weight = BM_NEW(arena, double, features);
}

static void fill_row(const bm_linear_baseline *baseline, const bm_baseline_rows *rows, int i) {
    const bm_real *observation = rows->observation + (size_t)i * rows->stride;
    const double t = rows->step[i] / 100.0;
    double *row = baseline->row;
    for (int k = 0; k < baseline->size; k++) {
        const double o = (double)observation[k];
        row[k] = o;
        row[baseline->size + k] = o * o;
    }
    row += 2 * baseline->size;
    row[0] = t;
    row[1] = t * t;
    row[2] = t * t * t;
    row[3] = 1;
}

/* weight becomes X'y. */
static void add_up(bm_linear_baseline *baseline, const bm_baseline_rows *rows, const double *target) {
    const size_t n = (size_t)baseline->features;
    memset(baseline->gram, 0, n * n * sizeof *baseline->gram);
    memset(baseline->weight, 0, n * sizeof *baseline->weight);
    for (int r = 0; r < rows->n; r++) {
        fill_row(baseline, rows, r);
        for (size_t i = 0; i < n; i++) {
            const double x = baseline->row[i];
            if (x == 0) { /* most of a one-hot observation */
                continue;
            }
            baseline->weight[i] += x * target[r];
            for (size_t j = 0; j <= i; j++) {
                baseline->gram[i * n + j] += x * baseline->row[j];
            }
        }
    }
}

/* gram = L L', L in its place. A pivot that is not finite makes all that follows so. */
static void decompose(double *gram, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = gram[i * n + j];
            for (size_t k = 0; k < j; k++) {
                sum -= gram[i * n + k] * gram[j * n + k];
            }
            gram[i * n + j] = i == j ? sqrt(sum) : sum / gram[j * n + j];
        }
    }
}

/* L L' x = x, forwards and back. */
static void solve(const double *factor, size_t n, double *x) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            x[i] -= factor[i * n + k] * x[k];
        }
        x[i] /= factor[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) {
            x[i] -= factor[k * n + i] * x[k];
        }
        x[i] /= factor[i * n + i];
    }
}

void bm_linear_baseline_fit(bm_linear_baseline *baseline, const bm_baseline_rows *rows, const double *target) {
    const size_t n = (size_t)baseline->features;
    add_up(baseline, rows, target);
    for (size_t i = 0; i < n; i++) {
        double *diagonal = &baseline->gram[i * n + i];
        *diagonal += ridge + relative_ridge * *diagonal;
    }
    decompose(baseline->gram, n);
    solve(baseline->gram, n, baseline->weight);
}

void bm_linear_baseline_expect(const bm_linear_baseline *baseline, const bm_baseline_rows *rows, double *expected) {
    for (int r = 0; r < rows->n; r++) {
        double sum = 0;
        fill_row(baseline, rows, r);
        for (int i = 0; i < baseline->features; i++) {
            sum += baseline->weight[i] * baseline->row[i];
        }
        expected[r] = sum;
    }
}
