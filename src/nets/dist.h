#ifndef BM_NETS_DIST_H
#define BM_NETS_DIST_H

/* The categorical distribution over logits. Stable: the row's largest logit is subtracted first, so that logits of
 * +-1e4 give finite results. */
#include "core/real.h"
#include "core/rng.h"

/* logits [n, classes] -> probability or log-probability, same shape; out may be in. */
void bm_softmax(size_t n, int classes, const bm_real *logits, bm_real *probability);
void bm_log_softmax(size_t n, int classes, const bm_real *logits, bm_real *log_prob);
/* Entropy of each row in nats, from log-probabilities [n, classes]; a probability of 0 counts 0. */
void bm_categorical_entropy(size_t n, int classes, const bm_real *log_prob, bm_real *entropy);
/* One draw from one row of log-probabilities [classes]: inverse of the cumulative sum, one uniform double. */
int bm_categorical_sample(int classes, const bm_real *log_prob, bm_rng *rng);

#endif
