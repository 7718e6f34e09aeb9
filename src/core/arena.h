#ifndef BM_CORE_ARENA_H
#define BM_CORE_ARENA_H

/* One arena per object: everything an object needs is allocated while it is created, zeroed and 64-byte aligned,
 * and freed at once. A refused allocation returns NULL and is remembered, so that a constructor may allocate
 * all its arrays and check once with bm_arena_check. */
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct bm_arena_block bm_arena_block;

typedef struct {
    bm_arena_block *blocks; /* newest first */
    size_t bytes;           /* handed out so far */
    size_t refused;         /* bytes of the first allocation that could not be had; 0: none */
} bm_arena;

/* count * size bytes, zeroed; the product is checked for overflow. NULL when refused. count 0 gives a valid pointer. */
void *bm_arena_alloc(bm_arena *arena, size_t count, size_t size);
#define BM_NEW(arena, type, count) ((type *)bm_arena_alloc((arena), (size_t)(count), sizeof(type)))

/* BM_FAILED with "not enough memory for WHAT (N bytes)" when any allocation was refused. */
bm_status bm_arena_check(const bm_arena *arena, const char *what, bm_error *error);

/* Frees everything; the arena is empty and usable again. */
void bm_arena_free(bm_arena *arena);

#endif
