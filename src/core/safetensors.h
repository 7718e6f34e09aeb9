#ifndef BM_CORE_SAFETENSORS_H
#define BM_CORE_SAFETENSORS_H

/* The safetensors format (Hugging Face): 8 bytes of little-endian header length, a JSON header, the tensors. The
 * header's __metadata__ holds strings only. Ours begins with two checksums of 8 hexadecimal digits, so that no changed
 * bit goes unnoticed: the text of the header is
 *     {"__metadata__":{"header_crc32c":"xxxxxxxx","crc32c":"xxxxxxxx", other metadata},"NAME":{...}, ...}
 * with "crc32c" over all bytes after the header, and "header_crc32c" over the header's own bytes, padding included,
 * with the digits of header_crc32c itself taken as 00000000. */
#include <cjson/cJSON.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/state.h"

enum { BM_SAFETENSORS_HEADER_MAX = 1 << 20 };

/* Writes every array of state with metadata (a flat JSON object of strings, may be NULL; checksums in it are replaced)
 * through a bm_writer: whole or not at all. The JSON header is padded with spaces so that tensors start 64-byte
 * aligned. */
bm_status bm_safetensors_save(const char *path, const bm_state *state, const cJSON *metadata, bm_error *error);

typedef struct {
    cJSON *metadata; /* object of strings, the checksums among them; owned */
    bm_state state;  /* in the order of the data; arrays are aligned for their type and live in the arena */
    bm_arena arena;
} bm_safetensors;

/* Reads and checks everything: file length, JSON, names, types, shapes, offsets (all bytes after the header belong to
 * exactly one tensor), both checksums. BM_FAILED with what is wrong; file is then empty. foreign allows files made
 * elsewhere, without our checksums; where one is present it must be right all the same. */
bm_status bm_safetensors_load(const char *path, bool foreign, bm_safetensors *file, bm_error *error);
void bm_safetensors_free(bm_safetensors *file);

/* Copies every array of target from file, by name; type and shape must be equal, and numbers within target's bounds.
 * BM_FAILED names the first that is missing, differs or holds a wrong number, before anything is copied. */
bm_status bm_safetensors_restore(const bm_safetensors *file, const bm_state *target, bm_error *error);

#endif
