/* Jacobi's method, cyclic. */
#include "tune/eigen.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MOST_SWEEPS = 60 };

/* a = vector^T matrix vector, one column at a time. */
static void transform(int n, const double *matrix, const double *vector, double *a, double *column) {
    for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
            column[k] = 0;
            for (int l = 0; l < n; l++) {
                column[k] += matrix[k * n + l] * vector[l * n + j];
            }
        }
        for (int i = 0; i <= j; i++) {
            double sum = 0;
            for (int k = 0; k < n; k++) {
                sum += vector[k * n + i] * column[k];
            }
            a[i * n + j] = a[j * n + i] = sum;
        }
    }
}

/* Turns axes p and q of a so that a[p, q] = 0; vector turns with it. */
static void rotate(int n, double *a, double *vector, int p, int q) {
    const double tau = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
    const double t = (tau >= 0 ? 1 : -1) / (fabs(tau) + sqrt(1 + tau * tau));
    const double c = 1 / sqrt(1 + t * t), s = t * c;
    for (int k = 0; k < n; k++) {
        const double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (int k = 0; k < n; k++) {
        const double pk = a[p * n + k], qk = a[q * n + k], kp = vector[k * n + p], kq = vector[k * n + q];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
        vector[k * n + p] = c * kp - s * kq;
        vector[k * n + q] = s * kp + c * kq;
    }
}

void bm_eigen(int n, const double *matrix, double *value, double *vector, double *scratch) {
    static const double negligible = 1e-14; /* beside the two of the diagonal */
    double *a = scratch;
    transform(n, matrix, vector, a, value);
    bool turned = true;
    for (int sweep = 0; turned && sweep < MOST_SWEEPS; sweep++) {
        turned = false;
        for (int p = 0; p < n; p++) {
            for (int q = p + 1; q < n; q++) {
                if (fabs(a[p * n + q]) > negligible * sqrt(fabs(a[p * n + p] * a[q * n + q]))) {
                    rotate(n, a, vector, p, q);
                    turned = true;
                }
            }
        }
    }
    for (int i = 0; i < n; i++) {
        value[i] = a[i * n + i];
    }
}
