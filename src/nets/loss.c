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

static double logistic(double x, double e) { /* e = exp(-|x|): no exponential overflows */
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/* max(x, 0) - x t + log(1 + exp(-|x|)) */
double bm_loss_bce_logits(size_t n, const bm_real *logit, const bm_real *target, bm_real *grad) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = (double)logit[i], t = (double)target[i], e = exp(-fabs(x));
        sum += (x > 0 ? x : 0) - x * t + log1p(e);
        if (grad) {
            grad[i] = (bm_real)((logistic(x, e) - t) / (double)n);
        }
    }
    return sum / (double)n;
}

/* The softmax of a row is exp(row - largest) / total. */
typedef struct {
    double largest, total;
} scale;

static scale scale_of(int classes, const bm_real *row) {
    scale s = {(double)row[0], 0};
    for (int c = 1; c < classes; c++) {
        s.largest = (double)row[c] > s.largest ? (double)row[c] : s.largest;
    }
    for (int c = 0; c < classes; c++) {
        s.total += exp((double)row[c] - s.largest);
    }
    return s;
}

double bm_loss_cross_entropy(size_t n, int classes, const bm_real *logits, const int32_t *label, bm_real *grad) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const bm_real *row = logits + i * (size_t)classes;
        const scale s = scale_of(classes, row);
        sum += log(s.total) - ((double)row[label[i]] - s.largest);
        for (int c = 0; grad && c < classes; c++) {
            const double probability = exp((double)row[c] - s.largest) / s.total;
            grad[i * (size_t)classes + (size_t)c] = (bm_real)((probability - (c == label[i])) / (double)n);
        }
    }
    return sum / (double)n;
}

/* ---- by name, with curvature ---- */

#define GRADIENT(name)                                                                                                 \
    static double name##_gradient(size_t n, int outputs, const bm_real *prediction, const void *target, bm_real *grad)
#define CURVATURE(name)                                                                                                \
    static void name##_curvature(size_t n, int outputs, const bm_real *prediction, const void *target,                 \
                                 const bm_real *r_prediction, bm_real *r_grad)

GRADIENT(mse) {
    return bm_loss_mse(n * (size_t)outputs, prediction, target, grad);
}

CURVATURE(mse) {
    (void)prediction, (void)target;
    const size_t count = n * (size_t)outputs;
    for (size_t i = 0; i < count; i++) {
        r_grad[i] = (bm_real)(2 * (double)r_prediction[i] / (double)count);
    }
}

static const double huber_delta = 1;

GRADIENT(huber) {
    return bm_loss_huber(n * (size_t)outputs, huber_delta, prediction, target, grad);
}

CURVATURE(huber) {
    const bm_real *wanted = target;
    const size_t count = n * (size_t)outputs;
    for (size_t i = 0; i < count; i++) {
        const bool inside = fabs((double)prediction[i] - (double)wanted[i]) < huber_delta;
        r_grad[i] = inside ? (bm_real)((double)r_prediction[i] / (double)count) : 0;
    }
}

GRADIENT(bce_logits) {
    return bm_loss_bce_logits(n * (size_t)outputs, prediction, target, grad);
}

/* p (1 - p) */
CURVATURE(bce_logits) {
    (void)target;
    const size_t count = n * (size_t)outputs;
    for (size_t i = 0; i < count; i++) {
        const double e = exp(-fabs((double)prediction[i])), slope = e / ((1 + e) * (1 + e));
        r_grad[i] = (bm_real)(slope * (double)r_prediction[i] / (double)count);
    }
}

GRADIENT(cross_entropy) {
    return bm_loss_cross_entropy(n, outputs, prediction, target, grad);
}

/* Of a row: (diag p - p p^T) r, p the softmax. */
CURVATURE(cross_entropy) {
    (void)target;
    for (size_t i = 0; i < n; i++) {
        const bm_real *row = prediction + i * (size_t)outputs, *r = r_prediction + i * (size_t)outputs;
        const scale s = scale_of(outputs, row);
        double mean = 0;
        for (int c = 0; c < outputs; c++) {
            mean += exp((double)row[c] - s.largest) / s.total * (double)r[c];
        }
        for (int c = 0; c < outputs; c++) {
            const double probability = exp((double)row[c] - s.largest) / s.total;
            r_grad[i * (size_t)outputs + (size_t)c] = (bm_real)(probability * ((double)r[c] - mean) / (double)n);
        }
    }
}

#define FUNCTIONS(loss) .name = #loss, .gradient = loss##_gradient, .curvature = loss##_curvature

const bm_loss bm_loss_kind_mse = {FUNCTIONS(mse)};
const bm_loss bm_loss_kind_huber = {FUNCTIONS(huber)};
const bm_loss bm_loss_kind_bce_logits = {FUNCTIONS(bce_logits)};
const bm_loss bm_loss_kind_cross_entropy = {FUNCTIONS(cross_entropy), .takes_labels = true};
