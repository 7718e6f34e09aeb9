/* Observations as network inputs, and what a policy chose as actions. */
#include "envs/encode.h"

#include <math.h>
#include <string.h>

static void encode_integers(const bm_space *space, size_t count, const int32_t *value, bm_real *features) {
    memset(features, 0, count * (size_t)space->n * sizeof *features);
    for (size_t i = 0; i < count; i++) {
        features[i * (size_t)space->n + (size_t)value[i]] = 1;
    }
}

#define CONVERT(type)                                                                                                  \
    do {                                                                                                               \
        const type *value = observation;                                                                               \
        for (size_t i = 0; i < count; i++) {                                                                           \
            features[i] = (bm_real)value[i];                                                                           \
        }                                                                                                              \
    } while (0)

void bm_encode(const bm_space *space, int n, const void *observation, bm_real *features) {
    const size_t count = (size_t)n * (size_t)space->size;
    if (space->kind == BM_DISCRETE) {
        encode_integers(space, count, observation, features);
    } else if (space->dtype == BM_F32) {
        CONVERT(float);
    } else if (space->dtype == BM_U8) {
        CONVERT(uint8_t);
    } else {
        CONVERT(int32_t);
    }
}

static double clip(double x) {
    return x < -1 ? -1 : x > 1 ? 1 : x;
}

static float decode_number(const bm_space *space, int k, double chosen) {
    const double low = space->low[k], high = space->high[k];
    return (float)(isfinite(low) && isfinite(high) ? (low + high) / 2 + (high - low) / 2 * clip(chosen) : chosen);
}

void bm_decode_actions(const bm_space *space, int n, const void *chosen, int32_t *index, float *action) {
    const size_t size = (size_t)space->size, count = (size_t)n * size;
    if (space->kind == BM_DISCRETE) {
        memcpy(index, chosen, count * sizeof *index);
        return;
    }
    const bm_real *units = chosen;
    for (size_t i = 0; i < count; i++) {
        action[i] = decode_number(space, (int)(i % size), (double)units[i]);
    }
}
