#ifndef BM_NETS_DIST_H
#define BM_NETS_DIST_H

/* Distributions that a network's outputs stand for. A row does not depend on the others. */
#include "core/real.h"
#include "core/rng.h"

/* The categorical distribution over logits. Stable: the row's largest logit is subtracted first, so that logits of
 * +-1e4 give finite results. */

/* logits [n, classes] -> probability or log-probability, same shape; out may be in. */
void bm_softmax(size_t n, int classes, const bm_real *logits, bm_real *probability);
void bm_log_softmax(size_t n, int classes, const bm_real *logits, bm_real *log_prob);
/* Entropy of each row in nats, from log-probabilities [n, classes]; a probability of 0 counts 0. */
void bm_categorical_entropy(size_t n, int classes, const bm_real *log_prob, bm_real *entropy);
/* One draw from one row of log-probabilities [classes]: inverse of the cumulative sum, one uniform double. */
int bm_categorical_sample(int classes, const bm_real *log_prob, bm_rng *rng);

/* The Gaussian of independent numbers: mean [n, size], and log_std [size], the logarithms of the standard deviations,
 * for every row the same. */

/* The density's logarithm at action [n, size], summed over the numbers of a row, into log_prob [n]. */
void bm_gaussian_log_prob(size_t n, int size, const bm_real *mean, const bm_real *log_std, const bm_real *action,
                          bm_real *log_prob);
/* In nats, of any row: it does not depend on the mean. */
bm_real bm_gaussian_entropy(int size, const bm_real *log_std);
/* One draw from one row: a standard normal for every number, in order. action [size] may be mean. */
void bm_gaussian_sample(int size, const bm_real *mean, const bm_real *log_std, bm_rng *rng, bm_real *action);

#endif
