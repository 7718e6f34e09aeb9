/* YAML from libyaml's documents to a tree of maps, lists and texts. libyaml resolves anchors; what is added here are
 * merges (yaml.org/type/merge.html), and the limits that keep any input harmless: each node of the document is
 * converted once, however many aliases lead to it. */
#include "core/yaml.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { DEEPEST = 64, MOST_KEYS = 1024, MOST_ITEMS = 1 << 20 };
enum { UNSEEN = 0, IN_PROGRESS = -1 }; /* in height */

typedef struct {
    const char *name;
    yaml_document_t *document;
    bm_arena *arena;
    bm_error *error;
    bm_yaml **converted; /* [nodes], by the document's index */
    int *height;         /* [nodes], of the tree below: a scalar has 1 */
    size_t items;        /* handed out so far */
} reader;

static int line_of(const yaml_node_t *node) {
    return (int)node->start_mark.line + 1;
}

static bm_status wrong(const reader *r, const yaml_node_t *node, const char *what) {
    return bm_invalid(r->error, "%s:%d: %s", r->name, line_of(node), what);
}

static bm_status copy_scalar(const reader *r, const yaml_node_t *node, const char **text) {
    const char *value = (const char *)node->data.scalar.value;
    const size_t length = node->data.scalar.length;
    if (memchr(value, '\0', length)) {
        return wrong(r, node, "a zero byte inside a text");
    }
    char *copy = BM_NEW(r->arena, char, length + 1);
    if (copy) {
        memcpy(copy, value, length);
    }
    *text = copy;
    return bm_arena_check(r->arena, r->name, r->error);
}

/* ---- maps */

static bool is_merge(const yaml_node_t *key) {
    return key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

static bool has_key(bm_yaml *const *items, size_t count, const char *key) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i]->key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* A map while it grows: merges are bounded by MOST_KEYS, so the items fit on the stack until their number is known. */
typedef struct {
    bm_yaml *items[MOST_KEYS];
    size_t count;
} growing_map;

static bm_status add(const reader *r, const yaml_node_t *node, growing_map *map, bm_yaml *item) {
    if (map->count == MOST_KEYS) {
        return bm_invalid(r->error, "%s:%d: a map of more than %d keys", r->name, line_of(node), MOST_KEYS);
    }
    map->items[map->count++] = item;
    return BM_OK;
}

static bm_status add_pair(reader *r, const yaml_node_pair_t *pair, growing_map *map) {
    const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
    if (key->type != YAML_SCALAR_NODE) {
        return wrong(r, key, "a key must be a plain word");
    }
    bm_yaml *item = BM_NEW(r->arena, bm_yaml, 1);
    if (!item) {
        return bm_arena_check(r->arena, r->name, r->error);
    }
    *item = *r->converted[pair->value - 1]; /* a copy, for the value may be shared and the key is not */
    item->line = line_of(key);
    const bm_status status = copy_scalar(r, key, &item->key);
    if (status != BM_OK) {
        return status;
    }
    if (has_key(map->items, map->count, item->key)) {
        return bm_invalid(r->error, "%s:%d: duplicate key %.64s", r->name, item->line, item->key);
    }
    return add(r, key, map, item);
}

static bm_status merge_one(const reader *r, const yaml_node_t *at, const bm_yaml *source, growing_map *map) {
    if (source->kind != BM_YAML_MAP) {
        return wrong(r, at, "<< merges a map or a list of maps, nothing else");
    }
    bm_status status = BM_OK;
    for (size_t i = 0; i < source->count && status == BM_OK; i++) {
        if (!has_key(map->items, map->count, source->items[i]->key)) {
            status = add(r, at, map, source->items[i]);
        }
    }
    return status;
}

static bm_status merge(const reader *r, const yaml_node_t *at, const bm_yaml *source, growing_map *map) {
    if (source->kind != BM_YAML_LIST) {
        return merge_one(r, at, source, map);
    }
    bm_status status = BM_OK;
    for (size_t i = 0; i < source->count && status == BM_OK; i++) {
        status = merge_one(r, at, source->items[i], map);
    }
    return status;
}

static bm_status keep_items(reader *r, const yaml_node_t *node, bm_yaml *const *items, size_t count, bm_yaml *parent) {
    r->items += count;
    if (r->items > MOST_ITEMS) {
        return wrong(r, node, "more than a million items");
    }
    parent->count = count;
    parent->items = BM_NEW(r->arena, bm_yaml *, count);
    if (parent->items && count) {
        memcpy(parent->items, items, count * sizeof *items);
    }
    return bm_arena_check(r->arena, r->name, r->error);
}

/* Own keys first, wherever the merge stands, so that they win. */
static bm_status fill_map(reader *r, const yaml_node_t *node, bm_yaml *parent) {
    const yaml_node_pair_t *begin = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;
    growing_map map = {.count = 0};
    bm_status status = BM_OK;
    for (const yaml_node_pair_t *pair = begin; pair < end && status == BM_OK; pair++) {
        if (!is_merge(yaml_document_get_node(r->document, pair->key))) {
            status = add_pair(r, pair, &map);
        }
    }
    for (const yaml_node_pair_t *pair = begin; pair < end && status == BM_OK; pair++) {
        const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
        if (is_merge(key)) {
            status = merge(r, key, r->converted[pair->value - 1], &map);
        }
    }
    return status == BM_OK ? keep_items(r, node, map.items, map.count, parent) : status;
}

static bm_status fill_list(reader *r, const yaml_node_t *node, bm_yaml *parent) {
    const yaml_node_item_t *begin = node->data.sequence.items.start;
    const size_t count = (size_t)(node->data.sequence.items.top - begin);
    bm_yaml **items = BM_NEW(r->arena, bm_yaml *, count);
    for (size_t i = 0; items && i < count; i++) {
        items[i] = r->converted[begin[i] - 1];
    }
    return items ? keep_items(r, node, items, count, parent) : bm_arena_check(r->arena, r->name, r->error);
}

/* ---- the tree */

static bm_status convert(reader *r, int index, int depth);

/* Converts one child and raises *height to the tallest seen. */
static bm_status convert_child(reader *r, int index, int depth, int *height) {
    const bm_status status = convert(r, index, depth + 1);
    if (status == BM_OK && r->height[index - 1] > *height) {
        *height = r->height[index - 1];
    }
    return status;
}

static bm_status convert_children(reader *r, const yaml_node_t *node, int depth, int *height) {
    bm_status status = BM_OK;
    if (node->type == YAML_SEQUENCE_NODE) {
        const yaml_node_item_t *end = node->data.sequence.items.top;
        for (const yaml_node_item_t *item = node->data.sequence.items.start; item < end && status == BM_OK; item++) {
            status = convert_child(r, *item, depth, height);
        }
    } else if (node->type == YAML_MAPPING_NODE) {
        const yaml_node_pair_t *end = node->data.mapping.pairs.top;
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < end && status == BM_OK; pair++) {
            status = convert_child(r, pair->value, depth, height);
        }
    }
    return status;
}

static bm_status convert_new(reader *r, const yaml_node_t *node, int depth, int *height, bm_yaml **converted) {
    int tallest = 0;
    *height = IN_PROGRESS;
    bm_status status = convert_children(r, node, depth, &tallest);
    if (status != BM_OK) {
        return status;
    }
    bm_yaml *result = BM_NEW(r->arena, bm_yaml, 1);
    if (!result) {
        return bm_arena_check(r->arena, r->name, r->error);
    }
    result->line = line_of(node);
    if (node->type == YAML_MAPPING_NODE) {
        result->kind = BM_YAML_MAP;
        status = fill_map(r, node, result);
    } else if (node->type == YAML_SEQUENCE_NODE) {
        result->kind = BM_YAML_LIST;
        status = fill_list(r, node, result);
    } else {
        result->kind = BM_YAML_SCALAR;
        status = copy_scalar(r, node, &result->text);
    }
    *height = tallest + 1;
    *converted = result;
    return status;
}

/* index counts from 1, as libyaml's do. Children are converted before their parent, so that maps merge finished
 * ones. */
static bm_status convert(reader *r, int index, int depth) {
    const yaml_node_t *node = yaml_document_get_node(r->document, index);
    int *height = &r->height[index - 1];
    if (*height == IN_PROGRESS) {
        return wrong(r, node, "an alias inside its own anchor");
    }
    if (depth > DEEPEST || depth + *height - 1 > DEEPEST) {
        return bm_invalid(r->error, "%s:%d: nested more than %d deep", r->name, line_of(node), DEEPEST);
    }
    return *height == UNSEEN ? convert_new(r, node, depth, height, &r->converted[index - 1]) : BM_OK;
}

static bm_status convert_document(reader *r, bm_yaml **root) {
    const yaml_document_t *document = r->document;
    const size_t nodes = (size_t)(document->nodes.top - document->nodes.start);
    r->converted = BM_NEW(r->arena, bm_yaml *, nodes);
    r->height = BM_NEW(r->arena, int, nodes);
    bm_status status = bm_arena_check(r->arena, r->name, r->error);
    if (status == BM_OK) {
        status = convert(r, 1, 1);
    }
    if (status == BM_OK) {
        *root = r->converted[0];
    }
    return status;
}

/* ---- libyaml */

static bm_status parser_failed(const char *name, const yaml_parser_t *parser, bm_error *error) {
    if (parser->error == YAML_MEMORY_ERROR) {
        return bm_fail(error, "not enough memory for %s", name);
    }
    size_t line = parser->problem_mark.line + 1;
    if (parser->error == YAML_READER_ERROR) { /* a bad byte, found before lines are counted */
        line = 1;
        for (size_t i = 0; i < parser->problem_offset; i++) {
            line += parser->input.string.start[i] == '\n';
        }
    }
    const char *context = parser->context ? parser->context : "", *comma = parser->context ? ", " : "";
    const char *problem = parser->problem ? parser->problem : "not YAML";
    return bm_invalid(error, "%s:%zu: %s%s%s", name, line, context, comma, problem);
}

/* Loads the next document; the caller deletes it after BM_OK. It has no root when the text is at its end. */
static bm_status load(const char *name, yaml_parser_t *parser, yaml_document_t *document, bm_error *error) {
    return yaml_parser_load(parser, document) ? BM_OK : parser_failed(name, parser, error);
}

static bm_status parse_all(const char *name, yaml_parser_t *parser, bm_arena *arena, bm_yaml **root, bm_error *error) {
    yaml_document_t document;
    bm_status status = load(name, parser, &document, error);
    if (status != BM_OK) {
        return status;
    }
    if (!yaml_document_get_root_node(&document)) {
        yaml_document_delete(&document);
        *root = BM_NEW(arena, bm_yaml, 1);
        if (*root) {
            **root = (bm_yaml){.kind = BM_YAML_MAP, .line = 1};
        }
        return bm_arena_check(arena, name, error);
    }
    reader r = {.name = name, .document = &document, .arena = arena, .error = error};
    status = convert_document(&r, root);
    yaml_document_delete(&document);
    if (status == BM_OK) {
        status = load(name, parser, &document, error);
        if (status == BM_OK) {
            const yaml_node_t *second = yaml_document_get_root_node(&document);
            status = second ? wrong(&r, second, "a second document; one is expected") : BM_OK;
            yaml_document_delete(&document);
        }
    }
    return status;
}

bm_status bm_yaml_parse(const char *name, const char *text, size_t bytes, bm_arena *arena, bm_yaml **root,
                        bm_error *error) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return bm_fail(error, "not enough memory for %s", name);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
    const bm_status status = parse_all(name, &parser, arena, root, error);
    yaml_parser_delete(&parser);
    return status;
}

const bm_yaml *bm_yaml_get(const bm_yaml *map, const char *key) {
    for (size_t i = 0; map->kind == BM_YAML_MAP && i < map->count; i++) {
        if (strcmp(map->items[i]->key, key) == 0) {
            return map->items[i];
        }
    }
    return NULL;
}

/* ---- writing */

/* The code point at text and, in *length, its bytes; a byte that is no UTF-8 counts as one '?'. RFC 3629. */
static uint32_t decode_utf8(const char *text, size_t *length) {
    const unsigned char *byte = (const unsigned char *)text;
    const size_t n = byte[0] < 0x80 ? 1 : byte[0] >> 5 == 6 ? 2 : byte[0] >> 4 == 14 ? 3 : byte[0] >> 3 == 30 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* shorter forms are the only right ones */
    uint32_t code = n < 2 ? byte[0] : byte[0] & (0xffu >> (n + 1));
    *length = 1;
    for (size_t i = 1; i < n; i++) {
        if (byte[i] >> 6 != 2) {
            return '?';
        }
        code = code << 6 | (byte[i] & 0x3f);
    }
    if (n == 0 || code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return '?';
    }
    *length = n;
    return code;
}

/* Numbers, names and paths: nothing in them can mean anything to YAML. */
static bool is_plain(const char *text) {
    static const char inner[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-";
    const char *first = *text == '-' || *text == '+' ? text + 1 : text;
    return isalnum((unsigned char)*first) && text[strspn(text, inner)] == '\0';
}

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t bytes, const char *format, ...) {
    const size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, bytes - used, format, arguments);
    va_end(arguments);
}

void bm_yaml_quote(const char *text, char *quoted, size_t bytes) {
    quoted[0] = '\0';
    if (is_plain(text)) {
        append(quoted, bytes, "%s", text);
        return;
    }
    append(quoted, bytes, "\"");
    size_t length;
    for (const char *c = text; *c; c += length) {
        const uint32_t code = decode_utf8(c, &length);
        if (code == '"' || code == '\\') {
            append(quoted, bytes, "\\%c", (int)code);
        } else if (code >= 0x20 && code < 0x7f) {
            append(quoted, bytes, "%c", (int)code);
        } else if (code <= 0xff) {
            append(quoted, bytes, "\\x%02x", (unsigned)code);
        } else if (code <= 0xffff) {
            append(quoted, bytes, "\\u%04x", (unsigned)code);
        } else {
            append(quoted, bytes, "\\U%08x", (unsigned)code);
        }
    }
    append(quoted, bytes, "\"");
}
