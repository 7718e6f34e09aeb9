#ifndef BM_CORE_STATE_H
#define BM_CORE_STATE_H

/* State is described once: what an object must remember is a list of named arrays. Checkpoints, exact resume,
 * hashes and copies are loops over that list; what is not on it does not survive. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef enum { BM_F32, BM_F64, BM_U8, BM_I32, BM_I64, BM_U64 } bm_dtype;

size_t bm_dtype_bytes(bm_dtype dtype);
const char *bm_dtype_name(bm_dtype dtype); /* the safetensors name: "F32", "F64", "U8", "I32", "I64", "U64" */
/* Number index of an array of dtype, as a double; setting rounds as a C conversion does, and wants a value that the
 * type can hold. */
double bm_dtype_get(bm_dtype dtype, const void *data, size_t index);
void bm_dtype_set(bm_dtype dtype, void *data, size_t index, double value);

enum { BM_STATE_NAME = 96, BM_STATE_DIMS = 4, BM_STATE_DEPTH = 12 };

typedef struct {
    char name[BM_STATE_NAME]; /* dotted, unique within a list: "agent.q.dense0.kernel" */
    bm_dtype dtype;
    int dims;
    size_t shape[BM_STATE_DIMS];
    void *data;       /* belongs to the object described; row-major */
    bool bounded;     /* a number is wrong unless it lies within [low, high]; NAN never does */
    double low, high; /* may be infinite */
} bm_array;

/* Starts as {0}. */
typedef struct {
    bm_array *items;
    size_t count, capacity;
    char prefix[BM_STATE_NAME];   /* goes before the name of what is added */
    size_t outer[BM_STATE_DEPTH]; /* length of the prefix before each enter that is still open */
    size_t depth;                 /* of open enters */
    bm_status status;             /* of the first addition that failed; bm_state_check tells */
    bm_error error;
} bm_state;

/* Adds one array of the given shape; dims is 0 (one number) to 4, the shape's lengths follow as size_t. */
void bm_state_add(bm_state *state, const char *name, bm_dtype dtype, void *data, int dims, const size_t *shape);
void bm_state_scalar(bm_state *state, const char *name, bm_dtype dtype, void *data);
void bm_state_vector(bm_state *state, const char *name, bm_dtype dtype, void *data, size_t n);
void bm_state_matrix(bm_state *state, const char *name, bm_dtype dtype, void *data, size_t rows, size_t columns);
void bm_state_count(bm_state *state, const char *name, int64_t *count); /* a scalar that is never below 0 */
/* Bounds of the array added last: bm_safetensors_restore refuses what lies outside. */
void bm_state_bound(bm_state *state, double low, double high);

/* Names between enter and leave get "name." in front; the two nest. */
void bm_state_enter(bm_state *state, const char *name);
void bm_state_leave(bm_state *state);

/* Once a list is complete: BM_FAILED when memory ran out; BM_INVALID for a name too long or given twice, enters too
 * deep or still open, an array without data or with an impossible shape. */
bm_status bm_state_check(const bm_state *state, bm_error *error);
const bm_array *bm_state_find(const bm_state *state, const char *name); /* NULL: no such array */
size_t bm_array_bytes(const bm_array *array);
/* Whether data, numbers like those of array, keep to its bounds; else *value is the first that does not. */
bool bm_array_within(const bm_array *array, const void *data, double *value);

/* 64-bit hash over names, types, shapes and bytes, in list order; seed it with another list's hash to chain. Meant to
 * find accidents, not forgeries. Numbers are hashed as they lie in memory: the same on all little-endian machines. */
uint64_t bm_state_hash(const bm_state *state, uint64_t seed);
uint64_t bm_hash_bytes(const void *data, size_t bytes, uint64_t seed);

void bm_state_free(bm_state *state); /* frees the list, never the arrays described */

#endif
