#ifndef BM_TUNE_IMPORTANCE_H
#define BM_TUNE_IMPORTANCE_H

/* How much of the spread of a study's scores each parameter explains by itself: functional analysis of variance over a
 * random forest (fANOVA, Hutter, Hoos and Leyton-Brown 2014, "An Efficient Approach for Assessing Hyperparameter
 * Importance"). The forest stands for the score as a function over the whole space, each parameter uniform on its own
 * scale, so that it does not matter where the sampler looked most. */
#include "tune/search_space.h"

enum { BM_IMPORTANCE_TREES = 64, BM_IMPORTANCE_SAMPLES = 1000, BM_IMPORTANCE_LEAST = 8 };

typedef struct {
    bool known;                  /* false: fewer than BM_IMPORTANCE_LEAST scores, or all the same */
    double share[BM_PARAMETERS]; /* of the variance, by the parameter alone: 0 .. 1 */
    double together;             /* the rest: what parameters do to one another */
} bm_importance;

/* value: [n][space->count], NAN where a parameter does not exist, which counts as the middle of its range; score: [n],
 * finite. Of more than BM_IMPORTANCE_SAMPLES each tree sees so many. The same seed gives the same answer. BM_FAILED:
 * memory. */
bm_status bm_importance_find(bm_importance *importance, const bm_search_space *space, int n, const double *const *value,
                             const double *score, uint64_t seed, bm_error *error);

#endif
