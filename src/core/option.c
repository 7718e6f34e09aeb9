/* Option tables: finding the row that a key reaches, setting it, and the loops over rows. What the values of each type
 * look like as text is in option_text.c. */
#include "core/option.h"

#include <stdio.h>
#include <string.h>

#include "core/suggest.h"

enum { MOST_ROWS = 256 }; /* considered for "did you mean" */

void bm_options_defaults(const bm_options *options, void *config) {
    memset(config, 0, options->config_bytes);
    for (size_t i = 0; i < options->count; i++) {
        const bm_option *row = &options->rows[i];
        (void)bm_option_parse(row, row->name, row->initial, (unsigned char *)config + row->offset, NULL);
    }
}

/* Where the walk along a dotted key ends: at the row of its last word, or at the first word that leads nowhere. */
typedef struct {
    const bm_options *options;   /* the table in which word was looked up */
    const void *config;          /* what that table describes */
    const bm_variant_kind *kind; /* whose table it is; NULL: the outermost */
    const char *word;            /* the rest of the key from there, up to the next dot or the end */
    size_t length;
    const bm_option *row; /* NULL: no such name */
} place;

static const bm_option *find_row(const bm_options *options, const char *word, size_t length) {
    for (size_t i = 0; i < options->count; i++) {
        if (bm_same_name(options->rows[i].name, word, length)) {
            return &options->rows[i];
        }
    }
    return NULL;
}

static const void *field_of(const place *at) {
    return (const unsigned char *)at->config + at->row->offset;
}

static place walk(const bm_options *options, const void *config, const char *key) {
    place at = {.options = options, .config = config, .word = key};
    for (;;) {
        at.length = strcspn(at.word, ".");
        at.row = find_row(at.options, at.word, at.length);
        if (!at.row || at.word[at.length] == '\0' || at.row->type != BM_VARIANT) {
            return at;
        }
        const bm_variant *variant = field_of(&at);
        at.kind = &at.row->kinds[variant->kind];
        at.options = at.kind->options;
        at.config = variant->config;
        at.word += at.length + 1;
    }
}

static bool reached(const place *at) {
    return at->row && at->word[at->length] == '\0';
}

const bm_option *bm_options_find(const bm_options *options, const void *config, const char *key, const void **field) {
    const place at = walk(options, config, key);
    if (!reached(&at)) {
        return NULL;
    }
    if (field) {
        *field = field_of(&at);
    }
    return at.row;
}

static bm_status unknown(const place *at, const char *key, bm_error *error) {
    if (at->row) {
        return bm_invalid(error, "unknown option %.64s: %s has no options of its own", key, at->row->name);
    }
    const char *names[MOST_ROWS];
    size_t n = 0;
    for (; n < at->options->count && n < MOST_ROWS; n++) {
        names[n] = at->options->rows[n].name;
    }
    const char *nearest = bm_suggest(at->word, names, n);
    const int prefix = (int)(at->word - key); /* "optimizer." */
    const char *opening = at->kind ? " of " : "", *owner = at->kind ? at->kind->name : "";
    if (!nearest) {
        return bm_invalid(error, "unknown option %.64s%s%s", key, opening, owner);
    }
    return bm_invalid(error, "unknown option %.64s%s%s; did you mean %.*s%s?", key, opening, owner, prefix, key,
                      nearest);
}

bm_status bm_options_set(const bm_options *options, void *config, const char *key, const char *text, bm_error *error) {
    const place at = walk(options, config, key);
    if (!reached(&at)) {
        return unknown(&at, key, error);
    }
    char name[BM_OPTION_KEY_BYTES]; /* the key as the tables spell it */
    snprintf(name, sizeof name, "%.*s%s", (int)(at.word - key), key, at.row->name);
    for (char *c = name; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    const ptrdiff_t offset = (const unsigned char *)field_of(&at) - (const unsigned char *)config;
    return bm_option_parse(at.row, name, text, (unsigned char *)config + offset, error);
}

static void each(const bm_options *options, const void *config, const char *prefix, bm_option_visitor *visit,
                 void *context) {
    for (size_t i = 0; i < options->count; i++) {
        const bm_option *row = &options->rows[i];
        const void *field = (const unsigned char *)config + row->offset;
        char key[BM_OPTION_KEY_BYTES];
        snprintf(key, sizeof key, "%s%s", prefix, row->name);
        visit(context, key, row, field);
        if (row->type == BM_VARIANT) {
            const bm_variant *variant = field;
            snprintf(key, sizeof key, "%s%s.", prefix, row->name);
            each(row->kinds[variant->kind].options, variant->config, key, visit, context);
        }
    }
}

void bm_options_each(const bm_options *options, const void *config, bm_option_visitor *visit, void *context) {
    each(options, config, "", visit, context);
}
