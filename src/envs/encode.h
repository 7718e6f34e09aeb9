#ifndef BM_ENVS_ENCODE_H
#define BM_ENVS_ENCODE_H

#include "core/real.h"
#include "envs/env.h"

/* Observations as network inputs: boxes are converted to bm_real, integers become one-hot.
 * observation [n, space bytes]; features [n, bm_space_features(space)]. Cannot fail. */
void bm_encode(const bm_space *space, int n, const void *observation, bm_real *features);

/* A policy's actions as the environment takes them. Of a discrete space, chosen is int32_t [n, size] and goes to index as it is. Of a
 * box, it is bm_real [n, size] in units of the box: a number within finite bounds becomes middle + half_width * clip(chosen, -1, 1),
 * one without goes to action as it is. NAN stays NAN. Cannot fail. */
void bm_decode_actions(const bm_space *space, int n, const void *chosen, int32_t *index, float *action);

#endif
