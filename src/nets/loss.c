/* Losses and their gradients; see loss.h. */
#include "nets/loss.h"

#include <math.h>

double bm_loss_mse(size_t n, const bm_real *prediction, const bm_real *target, bm_real *grad) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = (double)prediction[i] - (double)target[i];
        sum += difference * difference;
        if (grad) {
            grad[i] = (bm_real)(2 * difference / (double)n);
        }
    }
    return sum / (double)n;
}

/* Quadratic within width, linear with the given slope outside: width = slope = delta is Huber's loss; smooth_l1 divides
 * it by beta = width. */
static double huber(size_t n, double width, double scale, const bm_real *prediction, const bm_real *target,
                    bm_real *grad) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = (double)prediction[i] - (double)target[i], distance = fabs(difference);
        sum += distance < width ? 0.5 * difference * difference : width * (distance - 0.5 * width);
        if (grad) {
            const double clipped = distance < width ? difference : copysign(width, difference);
            grad[i] = (bm_real)(scale * clipped / (double)n);
        }
    }
    return scale * sum / (double)n;
}

double bm_loss_huber(size_t n, double delta, const bm_real *prediction, const bm_real *target, bm_real *grad) {
    return huber(n, delta, 1, prediction, target, grad);
}

double bm_loss_smooth_l1(size_t n, double beta, const bm_real *prediction, const bm_real *target, bm_real *grad) {
    return huber(n, beta, 1 / beta, prediction, target, grad);
}

/* max(x, 0) - x t + log(1 + exp(-|x|)): no exponential overflows. */
double bm_loss_bce_logits(size_t n, const bm_real *logit, const bm_real *target, bm_real *grad) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = (double)logit[i], t = (double)target[i], e = exp(-fabs(x));
        sum += (x > 0 ? x : 0) - x * t + log1p(e);
        if (grad) {
            const double probability = x < 0 ? e / (1 + e) : 1 / (1 + e);
            grad[i] = (bm_real)((probability - t) / (double)n);
        }
    }
    return sum / (double)n;
}

double bm_loss_cross_entropy(size_t n, int classes, const bm_real *logits, const int32_t *label, bm_real *grad) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const bm_real *row = logits + i * (size_t)classes;
        double largest = (double)row[0], total = 0;
        for (int c = 1; c < classes; c++) {
            largest = (double)row[c] > largest ? (double)row[c] : largest;
        }
        for (int c = 0; c < classes; c++) {
            total += exp((double)row[c] - largest);
        }
        sum += log(total) - ((double)row[label[i]] - largest);
        for (int c = 0; grad && c < classes; c++) {
            const double probability = exp((double)row[c] - largest) / total;
            grad[i * (size_t)classes + (size_t)c] = (bm_real)((probability - (c == label[i])) / (double)n);
        }
    }
    return sum / (double)n;
}
