/* Observations as network inputs, and what a policy chose as actions. */
#include "envs/encode.h"

#include <math.h>
#include <string.h>

int bm_space_features(const bm_space *space, bm_integers integers) {
    return space->kind == BM_DISCRETE && integers == BM_ONE_HOT ? space->n : space->size;
}

static void encode_one_hot(const bm_space *space, int n, const int32_t *value, bm_real *features) {
    memset(features, 0, (size_t)n * (size_t)space->n * sizeof *features);
    for (int row = 0; row < n; row++) {
        for (int i = 0; i < space->size; i++) {
            features[*value++] = 1;
            features += bm_space_count(space, i);
        }
    }
}

#define CONVERT(type, scale)                                                                                           \
    do {                                                                                                               \
        const type *value = observation;                                                                               \
        for (size_t i = 0; i < count; i++) {                                                                           \
            features[i] = (bm_real)value[i] * (scale);                                                                 \
        }                                                                                                              \
    } while (0)

void bm_encode(const bm_space *space, bm_integers integers, int n, const void *observation, bm_real *features) {
    const size_t count = (size_t)n * (size_t)space->size;
    if (space->kind == BM_DISCRETE && integers == BM_ONE_HOT) {
        encode_one_hot(space, n, observation, features);
    } else if (space->dtype == BM_F32) {
        CONVERT(float, 1);
    } else if (space->dtype == BM_U8) {
        const bm_real scale = space->scale != 0 ? (bm_real)space->scale : 1;
        CONVERT(uint8_t, scale);
    } else {
        CONVERT(int32_t, 1);
    }
}

static double clip(double x) {
    return x < -1 ? -1 : x > 1 ? 1 : x;
}

static float decode_number(const bm_space *space, int k, double chosen) {
    const double low = space->low[k], high = space->high[k];
    return (float)(isfinite(low) && isfinite(high) ? (low + high) / 2 + (high - low) / 2 * clip(chosen) : chosen);
}

void bm_decode_actions(const bm_space *space, int n, const void *chosen, void *action) {
    const size_t size = (size_t)space->size, count = (size_t)n * size;
    if (space->kind == BM_DISCRETE) {
        memcpy(action, chosen, count * sizeof(int32_t));
        return;
    }
    const bm_real *units = chosen;
    float *number = action;
    for (size_t i = 0; i < count; i++) {
        number[i] = decode_number(space, (int)(i % size), (double)units[i]);
    }
}
