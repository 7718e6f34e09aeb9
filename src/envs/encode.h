#ifndef BM_ENVS_ENCODE_H
#define BM_ENVS_ENCODE_H

#include "core/real.h"
#include "envs/env.h"

/* Observations as network inputs: boxes are converted to bm_real, integers become one-hot.
 * observation [n, space bytes]; features [n, bm_space_features(space)]. Cannot fail. */
void bm_encode(const bm_space *space, int n, const void *observation, bm_real *features);

#endif
