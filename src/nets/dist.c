/* The categorical distribution over logits, and the Gaussian; see dist.h. */
#include "nets/dist.h"

#include <math.h>
#include <tgmath.h>

static const double half_log_two_pi = 0.91893853320467274178; /* log(2 pi) / 2 */

static bm_real largest_of(int classes, const bm_real *row) {
    bm_real largest = row[0];
    for (int c = 1; c < classes; c++) {
        largest = row[c] > largest ? row[c] : largest;
    }
    return largest;
}

void bm_softmax(size_t n, int classes, const bm_real *logits, bm_real *probability) {
    for (size_t i = 0; i < n; i++, logits += classes, probability += classes) {
        const bm_real largest = largest_of(classes, logits);
        double total = 0;
        for (int c = 0; c < classes; c++) {
            probability[c] = exp(logits[c] - largest);
            total += (double)probability[c];
        }
        for (int c = 0; c < classes; c++) {
            probability[c] = (bm_real)((double)probability[c] / total);
        }
    }
}

void bm_log_softmax(size_t n, int classes, const bm_real *logits, bm_real *log_prob) {
    for (size_t i = 0; i < n; i++, logits += classes, log_prob += classes) {
        const bm_real largest = largest_of(classes, logits);
        double total = 0;
        for (int c = 0; c < classes; c++) {
            total += (double)exp(logits[c] - largest);
        }
        const double log_total = log(total);
        for (int c = 0; c < classes; c++) {
            log_prob[c] = (bm_real)((double)(logits[c] - largest) - log_total);
        }
    }
}

void bm_categorical_entropy(size_t n, int classes, const bm_real *log_prob, bm_real *entropy) {
    for (size_t i = 0; i < n; i++, log_prob += classes) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            const double probability = (double)exp(log_prob[c]);
            sum -= probability > 0 ? probability * (double)log_prob[c] : 0;
        }
        entropy[i] = (bm_real)sum;
    }
}

int bm_categorical_sample(int classes, const bm_real *log_prob, bm_rng *rng) {
    const double u = bm_rng_double(rng);
    double sum = 0;
    int drawn = 0;
    for (int c = 0; c < classes; c++) {
        const double probability = (double)exp(log_prob[c]);
        if (probability > 0) { /* rounding may leave the sum below u: then the last possible class */
            drawn = c;
        }
        sum += probability;
        if (u < sum) {
            break;
        }
    }
    return drawn;
}

void bm_gaussian_log_prob(size_t n, int size, const bm_real *mean, const bm_real *log_std, const bm_real *action,
                          bm_real *log_prob) {
    for (size_t i = 0; i < n; i++, mean += size, action += size) {
        double sum = 0;
        for (int k = 0; k < size; k++) {
            const double z = ((double)action[k] - (double)mean[k]) * exp(-(double)log_std[k]);
            sum -= 0.5 * z * z + (double)log_std[k] + half_log_two_pi;
        }
        log_prob[i] = (bm_real)sum;
    }
}

bm_real bm_gaussian_entropy(int size, const bm_real *log_std) {
    double sum = 0;
    for (int k = 0; k < size; k++) {
        sum += (double)log_std[k] + half_log_two_pi + 0.5;
    }
    return (bm_real)sum;
}

void bm_gaussian_sample(int size, const bm_real *mean, const bm_real *log_std, bm_rng *rng, bm_real *action) {
    for (int k = 0; k < size; k++) {
        action[k] = (bm_real)((double)mean[k] + exp((double)log_std[k]) * bm_rng_normal(rng));
    }
}
