#ifndef BM_ENVS_ENCODE_H
#define BM_ENVS_ENCODE_H

#include "core/real.h"
#include "envs/env.h"

/* How a network takes the integers of a discrete space: one-hot, a block of its count for each, or as they are, for
 * embeddings. */
typedef enum { BM_ONE_HOT, BM_INDEX } bm_integers;

/* Inputs a network needs: of a box its size, of a discrete space n (one-hot) or size (index). */
int bm_space_features(const bm_space *space, bm_integers integers);

/* Observations as network inputs: numbers of a box become bm_real, bytes times the space's scale; integers as said
 * above. observation [n, space bytes]; features [n, bm_space_features(space, integers)]. Cannot fail. */
void bm_encode(const bm_space *space, bm_integers integers, int n, const void *observation, bm_real *features);

/* A policy's actions as the environment takes them: action [n, size] of the space's dtype. Of a discrete space, chosen
 * is int32_t [n, size] and is copied. Of a box, it is bm_real [n, size] in units of the box: a number within finite
 * bounds becomes middle + half_width * clip(chosen, -1, 1), one without stays as it is. NAN stays NAN. Cannot fail. */
void bm_decode_actions(const bm_space *space, int n, const void *chosen, void *action);

#endif
