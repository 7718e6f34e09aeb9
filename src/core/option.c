/* Option tables: finding the row that a key reaches, setting it, and the loops over rows. What the values of each type
 * look like as text is in option_text.c. */
#include "core/option.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"

/* Where the walk along a dotted key ends: at the row of its last word, or at the first word that leads nowhere. */
typedef struct {
    const bm_options *options;   /* the table in which word was looked up */
    const void *config;          /* what that table describes */
    const bm_variant_kind *kind; /* whose table it is; NULL: the outermost */
    const char *word;            /* the rest of the key from there, up to the next dot or the end */
    size_t length;
    const bm_option *row; /* NULL: no such name */
    const void *field;    /* of row */
    const char *leaf;     /* word without the prefixes of the groups that row is in */
} place;

static void find_row(const bm_options *options, const void *config, const char *word, size_t length, place *at) {
    for (size_t i = 0; i < options->count && !at->row; i++) {
        const bm_option *row = &options->rows[i];
        const void *field = (const unsigned char *)config + row->offset;
        const size_t prefix = row->type == BM_GROUP ? strlen(row->name) : 0;
        if (row->type == BM_GROUP && prefix < length && bm_same_name(row->name, word, prefix)) {
            find_row(row->group, field, word + prefix, length - prefix, at);
        } else if (row->type != BM_GROUP && bm_same_name(row->name, word, length)) {
            at->row = row;
            at->field = field;
            at->leaf = word;
        }
    }
}

static place walk(const bm_options *options, const void *config, const char *key) {
    place at = {.options = options, .config = config, .word = key};
    for (;;) {
        at.length = strcspn(at.word, ".");
        at.row = NULL;
        find_row(at.options, at.config, at.word, at.length, &at);
        if (!at.row || at.word[at.length] == '\0' || at.row->type != BM_VARIANT) {
            return at;
        }
        const bm_variant *variant = at.field;
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
        *field = at.field;
    }
    return at.row;
}

static bm_status unknown(const place *at, const char *key, bm_error *error) {
    if (at->row) {
        return bm_invalid(error, "unknown option %.64s: %s has no options of its own", key, at->row->name);
    }
    bm_option_names names;
    names.count = 0;
    bm_option_names_add(&names, at->options, NULL);
    const char *nearest = bm_suggest(at->word, names.name, names.count);
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
    snprintf(name, sizeof name, "%.*s%s", (int)(at.leaf - key), key, at.row->name);
    for (char *c = name; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    const ptrdiff_t offset = (const unsigned char *)at.field - (const unsigned char *)config;
    return bm_option_parse(at.row, name, text, (unsigned char *)config + offset, error);
}

/* ---- defaults --------------------------------------------------------------------------------------------------- */

/* Sets "key=value key=value" of a group's row in its struct. */
static bm_status override_defaults(const bm_option *row, void *field, bm_error *error) {
    for (const char *word = row->initial; *word;) {
        char key[BM_OPTION_KEY_BYTES], value[BM_OPTION_TEXT_BYTES];
        const size_t length = strcspn(word, " "), name = strcspn(word, "=");
        if (name >= length || name >= sizeof key || length - name > sizeof value) {
            return bm_invalid(error, "the default %.64s of a group of options is not key=value", word);
        }
        snprintf(key, sizeof key, "%.*s", (int)name, word);
        snprintf(value, sizeof value, "%.*s", (int)(length - name - 1), word + name + 1);
        if (bm_options_set(row->group, field, key, value, error) != BM_OK) {
            return BM_INVALID;
        }
        word += length + (word[length] == ' ');
    }
    return BM_OK;
}

/* All defaults, in the order of the rows, into a config of zeros. */
static bm_status set_defaults(const bm_options *options, void *config, bm_error *error) {
    bm_status status = BM_OK;
    for (size_t i = 0; i < options->count && status == BM_OK; i++) {
        const bm_option *row = &options->rows[i];
        void *field = (unsigned char *)config + row->offset;
        if (row->type != BM_GROUP) {
            status = bm_option_parse(row, row->name, row->initial, field, error);
        } else if ((status = set_defaults(row->group, field, error)) == BM_OK) {
            status = override_defaults(row, field, error);
        }
    }
    return status;
}

void bm_options_defaults(const bm_options *options, void *config) {
    memset(config, 0, options->config_bytes);
    (void)set_defaults(options, config, NULL);
}

bm_status bm_options_check(const bm_options *options, bm_error *error) {
    bm_option_names names;
    names.count = 0;
    bm_option_names_add(&names, options, NULL);
    for (size_t i = 0; i < names.count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(names.name[i], names.name[k]) == 0) {
                return bm_invalid(error, "two rows of one option table are called %s; give a group a prefix",
                                  names.name[i]);
            }
        }
    }
    if (names.count == BM_OPTION_NAMES) {
        return bm_invalid(error, "an option table has %d rows or more", BM_OPTION_NAMES);
    }
    void *config = calloc(1, options->config_bytes ? options->config_bytes : 1);
    if (!config) {
        return bm_fail(error, "not enough memory for the options");
    }
    const bm_status status = set_defaults(options, config, error);
    free(config);
    return status;
}

/* ---- loops over all rows ---------------------------------------------------------------------------------------- */

static void each(const bm_options *options, const void *config, const char *prefix, bm_option_visitor *visit,
                 void *context) {
    for (size_t i = 0; i < options->count; i++) {
        const bm_option *row = &options->rows[i];
        const void *field = config ? (const unsigned char *)config + row->offset : NULL;
        char key[BM_OPTION_KEY_BYTES];
        snprintf(key, sizeof key, "%s%s", prefix, row->name);
        if (row->type == BM_GROUP) {
            each(row->group, field, key, visit, context);
            continue;
        }
        visit(context, key, row, field);
        if (row->type == BM_VARIANT && field) {
            const bm_variant *variant = field;
            snprintf(key, sizeof key, "%s%s.", prefix, row->name);
            each(row->kinds[variant->kind].options, variant->config, key, visit, context);
        }
    }
}

void bm_options_each(const bm_options *options, const void *config, bm_option_visitor *visit, void *context) {
    each(options, config, "", visit, context);
}

static void add_name(void *context, const char *key, const bm_option *row, const void *field) {
    (void)row;
    (void)field;
    bm_option_names *names = context;
    if (names->count < BM_OPTION_NAMES) {
        snprintf(names->text[names->count], sizeof names->text[0], "%s", key);
        names->name[names->count] = names->text[names->count];
        names->count++;
    }
}

void bm_option_names_add(bm_option_names *names, const bm_options *options, const void *config) {
    bm_options_each(options, config, add_name, names);
}

typedef struct {
    bool live;
    char *text;
    size_t used, bytes;
} name_list;

static void list_name(void *context, const char *key, const bm_option *row, const void *field) {
    (void)field;
    name_list *list = context;
    if ((row->live || !list->live) && list->used + strlen(key) + 3 < list->bytes) {
        list->used +=
            (size_t)snprintf(list->text + list->used, list->bytes - list->used, "%s%s", list->used ? ", " : "", key);
    }
}

void bm_options_list(const bm_options *options, const void *config, bool live, char *text, size_t bytes) {
    name_list list = {live, text, 0, bytes};
    *text = '\0';
    bm_options_each(options, config, list_name, &list);
}

bm_status bm_options_set_live(const bm_options *options, void *config, const char *key, const char *text,
                              bm_error *error) {
    const bm_option *row = bm_options_find(options, config, key, NULL);
    if (row && !row->live) {
        char names[400];
        bm_options_list(options, config, true, names, sizeof names);
        return bm_invalid(error, "%s cannot change while training; these can: %s", key, names);
    }
    return bm_options_set(options, config, key, text, error);
}

double bm_options_number(const bm_options *options, const void *config, const char *key) {
    const void *field;
    const bm_option *row = bm_options_find(options, config, key, &field);
    if (!row || (row->type != BM_INTEGER && row->type != BM_REAL && row->type != BM_SWITCH)) {
        return NAN;
    }
    return row->type == BM_INTEGER ? *(const int *)field
           : row->type == BM_REAL  ? *(const double *)field
                                   : *(const bool *)field;
}
