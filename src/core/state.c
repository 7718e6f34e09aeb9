/* The list of named arrays, and the hash over it. A failed addition is remembered and told by bm_state_check, so that a
 * description is a plain sequence of calls. */
#include "core/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EACH_DTYPE(ROW)                                                                                                \
    ROW(F32, float) ROW(F64, double) ROW(U8, uint8_t) ROW(I32, int32_t) ROW(I64, int64_t) ROW(U64, uint64_t)

#define NAME_AND_BYTES(name, type) [BM_##name] = {#name, sizeof(type)},
static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {EACH_DTYPE(NAME_AND_BYTES)};

size_t bm_dtype_bytes(bm_dtype dtype) {
    return dtypes[dtype].bytes;
}

const char *bm_dtype_name(bm_dtype dtype) {
    return dtypes[dtype].name;
}

double bm_dtype_get(bm_dtype dtype, const void *data, size_t index) {
    switch (dtype) {
#define GET(name, type)                                                                                                \
    case BM_##name:                                                                                                    \
        return (double)((const type *)data)[index];
        EACH_DTYPE(GET)
    }
    return NAN;
}

void bm_dtype_set(bm_dtype dtype, void *data, size_t index, double value) {
    switch (dtype) {
#define SET(name, type)                                                                                                \
    case BM_##name:                                                                                                    \
        ((type *)data)[index] = (type)value;                                                                           \
        break;
        EACH_DTYPE(SET)
    }
}

size_t bm_array_bytes(const bm_array *array) {
    size_t bytes = dtypes[array->dtype].bytes;
    for (int i = 0; i < array->dims; i++) {
        bytes *= array->shape[i];
    }
    return bytes;
}

bool bm_array_within(const bm_array *array, const void *data, double *value) {
    const size_t count = array->bounded ? bm_array_bytes(array) / dtypes[array->dtype].bytes : 0;
    for (size_t i = 0; i < count; i++) {
        *value = bm_dtype_get(array->dtype, data, i);
        if (!(*value >= array->low && *value <= array->high)) {
            return false;
        }
    }
    return true;
}

/* ---- building the list ---- */

static void grow(bm_state *state) {
    const size_t capacity = state->capacity ? 2 * state->capacity : 16;
    bm_array *items = NULL;
    if (capacity <= SIZE_MAX / sizeof *items) {
        items = realloc(state->items, capacity * sizeof *items);
    }
    if (!items) {
        state->status = bm_fail(&state->error, "not enough memory for a list of %zu state arrays", capacity);
        return;
    }
    state->items = items;
    state->capacity = capacity;
}

/* Whether the array's size in bytes fits size_t. A length of 0 makes no other length acceptable. */
static bool shape_fits(bm_dtype dtype, int dims, const size_t *shape) {
    size_t limit = SIZE_MAX / dtypes[dtype].bytes;
    for (int i = 0; i < dims; i++) {
        if (shape[i] > limit) {
            return false;
        }
        limit /= shape[i] ? shape[i] : 1;
    }
    return true;
}

void bm_state_add(bm_state *state, const char *name, bm_dtype dtype, void *data, int dims, const size_t *shape) {
    if (state->status == BM_OK && state->count == state->capacity) {
        grow(state);
    }
    if (state->status != BM_OK) {
        return;
    }
    const size_t prefix = strlen(state->prefix), length = strlen(name);
    if (prefix + length >= BM_STATE_NAME) {
        state->status = bm_invalid(&state->error, "state name '%s%s' is longer than %d characters", state->prefix, name,
                                   BM_STATE_NAME - 1);
        return;
    }
    if (dims < 0 || dims > BM_STATE_DIMS || !shape_fits(dtype, dims, shape)) {
        state->status = bm_invalid(&state->error, "state array '%s%s' has an impossible shape", state->prefix, name);
        return;
    }
    bm_array *array = &state->items[state->count];
    *array = (bm_array){.dtype = dtype, .dims = dims, .data = data};
    memcpy(array->name, state->prefix, prefix);
    memcpy(array->name + prefix, name, length);
    for (int i = 0; i < dims; i++) {
        array->shape[i] = shape[i];
    }
    if (!data && bm_array_bytes(array) > 0) {
        state->status = bm_invalid(&state->error, "state array '%s' has no data", array->name);
        return;
    }
    state->count++;
}

void bm_state_scalar(bm_state *state, const char *name, bm_dtype dtype, void *data) {
    bm_state_add(state, name, dtype, data, 0, NULL);
}

void bm_state_vector(bm_state *state, const char *name, bm_dtype dtype, void *data, size_t n) {
    bm_state_add(state, name, dtype, data, 1, &n);
}

void bm_state_matrix(bm_state *state, const char *name, bm_dtype dtype, void *data, size_t rows, size_t columns) {
    bm_state_add(state, name, dtype, data, 2, (const size_t[]){rows, columns});
}

void bm_state_count(bm_state *state, const char *name, int64_t *count) {
    bm_state_scalar(state, name, BM_I64, count);
    bm_state_bound(state, 0, (double)INT64_MAX);
}

void bm_state_bound(bm_state *state, double low, double high) {
    if (state->status == BM_OK && state->count > 0) {
        bm_array *array = &state->items[state->count - 1];
        array->bounded = true;
        array->low = low;
        array->high = high;
    }
}

void bm_state_enter(bm_state *state, const char *name) {
    const size_t prefix = strlen(state->prefix), length = strlen(name);
    const size_t depth = state->depth++; /* counted even when it fails: leave comes all the same */
    if (depth >= BM_STATE_DEPTH) {
        if (state->status == BM_OK) {
            state->status =
                bm_invalid(&state->error, "state '%s%s' is nested deeper than %d", state->prefix, name, BM_STATE_DEPTH);
        }
        return;
    }
    state->outer[depth] = prefix;
    if (prefix + length + 1 >= BM_STATE_NAME) {
        if (state->status == BM_OK) {
            state->status = bm_invalid(&state->error, "state name '%s%s.' is longer than %d characters", state->prefix,
                                       name, BM_STATE_NAME - 1);
        }
        return;
    }
    memcpy(state->prefix + prefix, name, length);
    memcpy(state->prefix + prefix + length, ".", 2);
}

void bm_state_leave(bm_state *state) {
    if (state->depth > 0 && --state->depth < BM_STATE_DEPTH) {
        state->prefix[state->outer[state->depth]] = '\0';
    }
}

bm_status bm_state_check(const bm_state *state, bm_error *error) {
    if (state->status == BM_FAILED) {
        return bm_fail(error, "%s", state->error.text);
    }
    if (state->status == BM_INVALID) {
        return bm_invalid(error, "%s", state->error.text);
    }
    if (state->depth > 0) {
        return bm_invalid(error, "state '%s' was entered and not left", state->prefix);
    }
    for (size_t i = 0; i < state->count; i++) {
        if (bm_state_find(state, state->items[i].name) != &state->items[i]) {
            return bm_invalid(error, "state name '%s' is given twice", state->items[i].name);
        }
    }
    return BM_OK;
}

const bm_array *bm_state_find(const bm_state *state, const char *name) {
    for (size_t i = 0; i < state->count; i++) {
        if (strcmp(state->items[i].name, name) == 0) {
            return &state->items[i];
        }
    }
    return NULL;
}

void bm_state_free(bm_state *state) {
    free(state->items);
    memset(state, 0, sizeof *state);
}

/* ---- the hash ----
 * Four lanes take one 8-byte word each, so that their multiplications overlap. A step is fold(lane ^ word): the 64x64
 * product's high half, which every lower bit has reached, xor its low half, in which every bit has a place. Words are
 * multiplied by constants, never by another word: none can hide its neighbour by being 0. */

__extension__ typedef unsigned __int128 uint128;

/* Fractional parts of the square roots of 3, 5, 7, 11 and 13: odd, and as patternless as any. */
static const uint64_t multiplier[5] = {0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
                                       0x9b05688c2b3e6c1f};

static inline uint64_t fold(uint64_t word, uint64_t constant) {
    const uint128 product = (uint128)word * constant;
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static inline uint64_t load(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

uint64_t bm_hash_bytes(const void *data, size_t bytes, uint64_t seed) {
    uint64_t lane[4];
    for (int i = 0; i < 4; i++) {
        lane[i] = seed + multiplier[i + 1];
    }
    const unsigned char *cursor = data;
    size_t left = bytes;
    for (; left >= 32; left -= 32, cursor += 32) {
        for (int i = 0; i < 4; i++) {
            lane[i] = fold(lane[i] ^ load(cursor + 8 * i), multiplier[i]);
        }
    }
    unsigned char tail[32] = {0}; /* the length tells padding from zeros */
    if (left > 0) {
        memcpy(tail, cursor, left);
    }
    uint64_t hash = fold(seed ^ bytes, multiplier[4]);
    for (int i = 0; i < 4; i++) {
        lane[i] = fold(lane[i] ^ load(tail + 8 * i), multiplier[i]);
        hash = fold(hash ^ lane[i], multiplier[4]);
    }
    return fold(hash ^ multiplier[0], multiplier[1]);
}

uint64_t bm_state_hash(const bm_state *state, uint64_t seed) {
    uint64_t hash = seed;
    for (size_t i = 0; i < state->count; i++) {
        const bm_array *array = &state->items[i];
        uint64_t kind[2 + BM_STATE_DIMS] = {(uint64_t)array->dtype, (uint64_t)array->dims};
        for (int j = 0; j < array->dims; j++) {
            kind[2 + j] = array->shape[j];
        }
        hash = bm_hash_bytes(array->name, strlen(array->name), hash);
        hash = bm_hash_bytes(kind, sizeof kind, hash);
        hash = bm_hash_bytes(array->data, bm_array_bytes(array), hash);
    }
    return hash;
}
