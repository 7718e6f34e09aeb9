/* Normal equations, solved by Cholesky's decomposition: (X'X + R) w = X'y. */
#include "meta/linear_baseline.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"

/* Added to the diagonal: what the authors' code adds, and a share of it, so that rounding makes no pivot negative. */
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

void bm_linear_baseline_fit(bm_linear_baseline *baseline, const bm_baseline_rows *rows, const double *target) {
    const size_t n = (size_t)baseline->features;
    add_up(baseline, rows, target);
    for (size_t i = 0; i < n; i++) {
        double *diagonal = &baseline->gram[i * n + i];
        *diagonal += ridge + relative_ridge * *diagonal;
    }
    if (bm_linalg_solve_positive(baseline->features, baseline->gram, baseline->weight, NULL) != BM_OK) {
        for (size_t i = 0; i < n; i++) {
            baseline->weight[i] = NAN;
        }
    }
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
