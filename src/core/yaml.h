#ifndef BM_CORE_YAML_H
#define BM_CORE_YAML_H

/* YAML through libyaml, as much as hyperparameter files use: mappings, sequences, scalars, anchors, aliases and `<<`
 * merges; tags such as !!float are accepted and the scalar's text is kept, for the option table to parse. */
#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"

typedef enum { BM_YAML_SCALAR, BM_YAML_LIST, BM_YAML_MAP } bm_yaml_kind;

typedef struct bm_yaml bm_yaml;
struct bm_yaml {
    bm_yaml_kind kind;
    const char *key;  /* inside a map; else NULL */
    const char *text; /* of a scalar, quotes and tag taken off; "" for a key without a value */
    int line;         /* from 1; inside a map the line of the key */
    size_t count;
    bm_yaml **items; /* [count], of lists and maps; a map's own keys in their order, then the merged ones */
};

/* Parses text [bytes]; name (a file's, say) goes into messages with the line. Everything lives in the arena; aliases
 * share what they stand for. An empty text gives an empty map. A map's own keys win over merged ones, and earlier maps
 * of a merge list over later ones. BM_INVALID: syntax, a second document, a duplicate key, a key that is no scalar, an
 * unknown alias or one inside its own anchor, a merge of something else than maps, nesting beyond 64, a map of more
 * than 1024 keys, more than a million items after merging. */
bm_status bm_yaml_parse(const char *name, const char *text, size_t bytes, bm_arena *arena, bm_yaml **root,
                        bm_error *error);

const bm_yaml *bm_yaml_get(const bm_yaml *map, const char *key); /* NULL: absent, or not a map */

/* text as a YAML scalar that reads back as this very text, for writing config.yaml: numbers, names and paths as they
 * are, all else in double quotes, with what is not ASCII escaped. 4 * strlen(text) + 3 bytes always suffice; less
 * cuts. */
void bm_yaml_quote(const char *text, char *quoted, size_t bytes);

#endif
