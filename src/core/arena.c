/* Bump allocation in blocks of at least 64 KiB; large requests get a block of their own from calloc, whose pages
 * the kernel zeroes only when they are touched. */
#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, BLOCK_BYTES = 1 << 16 };

struct bm_arena_block {
    bm_arena_block *next;
    size_t used, capacity; /* bytes from the aligned start */
    unsigned char *start;  /* aligned; inside this very allocation */
};

static bm_arena_block *new_block(size_t capacity) {
    if (capacity > SIZE_MAX - sizeof(bm_arena_block) - ALIGNMENT) {
        return NULL;
    }
    bm_arena_block *block = calloc(1, sizeof *block + ALIGNMENT + capacity);
    if (!block) {
        return NULL;
    }
    const uintptr_t raw = (uintptr_t)(block + 1);
    const size_t skip = (ALIGNMENT - raw % ALIGNMENT) % ALIGNMENT;
    block->start = (unsigned char *)(block + 1) + skip;
    block->capacity = capacity;
    return block;
}

void *bm_arena_alloc(bm_arena *arena, size_t count, size_t size) {
    size_t bytes = SIZE_MAX;
    if (size == 0 || count <= (SIZE_MAX - ALIGNMENT) / size) {
        bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    bm_arena_block *block = arena->blocks;
    if (!block || block->capacity - block->used < bytes) {
        block = bytes == SIZE_MAX ? NULL : new_block(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
        if (!block) {
            arena->refused = arena->refused ? arena->refused : bytes;
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *result = block->start + block->used;
    block->used += bytes;
    arena->bytes += bytes;
    return result;
}

bm_status bm_arena_check(const bm_arena *arena, const char *what, bm_error *error) {
    if (!arena->refused) {
        return BM_OK;
    }
    return bm_fail(error, "not enough memory for %s (%zu bytes refused)", what, arena->refused);
}

void bm_arena_free(bm_arena *arena) {
    while (arena->blocks) {
        bm_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    memset(arena, 0, sizeof *arena);
}
