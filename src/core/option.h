#ifndef BM_CORE_OPTION_H
#define BM_CORE_OPTION_H

/* Options are described once. Each config struct has one table of rows; defaults, --flags, YAML, --help, range errors
 * and checkpoint metadata are loops over the rows. What several tables share is a group: a struct with a table of its
 * own, embedded in theirs.
 *
 *     typedef struct { double gamma; int batch_size; bm_schedule learning_rate; } dqn_config;
 *     static const bm_option rows[] = {
 *         BM_OPTION(dqn_config, gamma,      0.99, 0, 1,     BM_LINEAR, "discount per step"),
 *         BM_OPTION(dqn_config, batch_size, 128,  1, 65536, BM_LOG,    "transitions per update"),
 *     };
 *     ... .options = BM_OPTIONS(rows, dqn_config),
 */
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/schedule.h"

typedef enum {
    BM_INTEGER,  /* int; accepts 5e4 and 100_000 too, when whole */
    BM_REAL,     /* double */
    BM_SWITCH,   /* bool: true/false, yes/no, on/off, 1/0 */
    BM_SCHEDULE, /* bm_schedule: 0.001 or lin_0.001; the range holds for the initial value */
    BM_CHOICE,   /* int: index into choices */
    BM_TEXT,     /* bm_text */
    BM_INT_LIST, /* bm_int_list: [64, 64], or 64,64; the range holds for each */
    BM_VARIANT,  /* bm_variant: one of several kinds, each with rows of its own, reached by a dotted key */
    BM_GROUP,    /* an embedded struct with rows of its own, which stand in this table as if they were its rows */
} bm_option_type;

typedef enum { BM_LINEAR, BM_LOG } bm_scale; /* how a tuner should sample the range */

enum {
    BM_TEXT_BYTES = 256,
    BM_LIST_MAX = 8,
    BM_VARIANT_BYTES = 128,
    BM_OPTION_TEXT_BYTES = 320, /* holds any value, or range, as text */
    BM_OPTION_KEY_BYTES = 96,   /* holds any dotted key */
};

typedef struct {
    char text[BM_TEXT_BYTES];
} bm_text;

typedef struct {
    int count;
    int value[BM_LIST_MAX];
} bm_int_list;

typedef struct bm_options bm_options;

/* One kind of a variant ("adam"), with the rows of its own config. Arrays of these end with a NULL name. */
typedef struct {
    const char *name;
    const bm_options *options;
} bm_variant_kind;

typedef struct {
    int kind;                                            /* index into the row's kinds */
    _Alignas(16) unsigned char config[BM_VARIANT_BYTES]; /* that kind's config struct */
} bm_variant;

typedef struct {
    const char *name; /* BM_GROUP: what goes before the names of its rows, "" or "critic_" */
    bm_option_type type;
    size_t offset;
    /* The default, as a user would write it. BM_GROUP: defaults in place of the group's own, "learning_rate=0.003
     * net_arch=64,64", separated by one space. */
    const char *initial;
    double min, max; /* inclusive; numbers only */
    bm_scale scale;
    const char *help;             /* one line, lower case, no full stop */
    const char *const *choices;   /* BM_CHOICE: names, NULL at the end */
    const bm_variant_kind *kinds; /* BM_VARIANT */
    const bm_options *group;      /* BM_GROUP */
    bool live;                    /* may change while an agent trains */
    const char *tune;             /* where a study searches by default (tune/search_space.h); NULL: it does not */
} bm_option;

struct bm_options {
    const bm_option *rows;
    size_t count;
    size_t config_bytes;
};

/* clang-format off */
#define BM_OPTION_TYPE(field)                                                                                          \
    _Generic((field), int: BM_INTEGER, double: BM_REAL, bool: BM_SWITCH, bm_schedule: BM_SCHEDULE, bm_text: BM_TEXT,   \
             bm_int_list: BM_INT_LIST)
/* clang-format on */
/* What stands in a row; in braces of its own, with .tune = "log(1e-5,1e-2)" behind it, where a study should search by
 * default. */
#define BM_ROW(config, field, initial_, min_, max_, scale_, help_)                                                     \
    BM_ROW_NAMED(#field, config, field, #initial_, min_, max_, scale_, help_)
/* Where users call it otherwise than the struct does. */
#define BM_ROW_NAMED(name_, config, field, initial_, min_, max_, scale_, help_)                                        \
    .name = (name_), .type = BM_OPTION_TYPE(((config *)0)->field), .offset = offsetof(config, field),                  \
    .initial = (initial_), .min = (min_), .max = (max_), .scale = (scale_), .help = (help_)
#define BM_OPTION(config, field, initial_, min_, max_, scale_, help_)                                                  \
    { BM_ROW(config, field, initial_, min_, max_, scale_, help_) }
/* The same for one that may change while an agent trains: it is read where it is used, and nothing was sized by it. */
#define BM_OPTION_LIVE(config, field, initial_, min_, max_, scale_, help_)                                             \
    { BM_ROW(config, field, initial_, min_, max_, scale_, help_), .live = true }
/* Texts, switches, lists and falling schedules: the default as a string ("", "true", "[64,64]", "lin_0.001"). */
#define BM_ROW_STRING(config, field, initial_, min_, max_, help_)                                                      \
    .name = #field, .type = BM_OPTION_TYPE(((config *)0)->field), .offset = offsetof(config, field),                   \
    .initial = (initial_), .min = (min_), .max = (max_), .help = (help_)
#define BM_OPTION_STRING(config, field, initial_, min_, max_, help_)                                                   \
    { BM_ROW_STRING(config, field, initial_, min_, max_, help_) }
#define BM_ROW_CHOICE(config, field, initial_, choices_, help_)                                                        \
    .name = #field, .type = BM_CHOICE, .offset = offsetof(config, field), .initial = (initial_), .help = (help_),      \
    .choices = (choices_)
#define BM_OPTION_CHOICE(config, field, initial_, choices_, help_)                                                     \
    { BM_ROW_CHOICE(config, field, initial_, choices_, help_) }
#define BM_ROW_VARIANT(config, field, initial_, kinds_, help_)                                                         \
    .name = #field, .type = BM_VARIANT, .offset = offsetof(config, field), .initial = (initial_), .help = (help_),     \
    .kinds = (kinds_)
#define BM_OPTION_VARIANT(config, field, initial_, kinds_, help_)                                                      \
    { BM_ROW_VARIANT(config, field, initial_, kinds_, help_) }
/* The rows of the struct that field is, described by group_. */
#define BM_OPTION_GROUP(config, field, prefix_, group_, initial_)                                                      \
    { .name = (prefix_), .type = BM_GROUP, .offset = offsetof(config, field), .initial = (initial_), .group = (group_) }
#define BM_OPTIONS(rows_, config)                                                                                      \
    { .rows = (rows_), .count = sizeof(rows_) / sizeof((rows_)[0]), .config_bytes = sizeof(config) }

/* Whether the table makes sense: no two rows, groups opened, have one name, and every default is a value. BM_INVALID
 * names the row. */
bm_status bm_options_check(const bm_options *options, bm_error *error);

/* Fills config (config_bytes, zeroed first) with the defaults. Cannot fail where bm_options_check passes. */
void bm_options_defaults(const bm_options *options, void *config);

/* Sets one option from text. key may use '-' for '_', and dots to reach into a variant ("optimizer.beta1"); setting
 * the variant itself resets its rows to that kind's defaults. On error nothing changes, BM_INVALID, and the message
 * names option, value and range, or suggests the nearest name. */
bm_status bm_options_set(const bm_options *options, void *config, const char *key, const char *text, bm_error *error);

/* The same for what may change while something trains. BM_INVALID for other options names those that may. */
bm_status bm_options_set_live(const bm_options *options, void *config, const char *key, const char *text,
                              bm_error *error);

/* The same for one row alone: name is what messages call it, field the address of its value. */
bm_status bm_option_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error);

/* The value of an option that is a number or a switch (0 or 1); NAN: there is no such option. */
double bm_options_number(const bm_options *options, const void *config, const char *key);
/* Writes their names, or of live ones alone: "gamma, tau"; what does not fit is left out. */
void bm_options_list(const bm_options *options, const void *config, bool live, char *text, size_t bytes);

/* The row a key reaches given the config (variants chosen there), or NULL. *field, if not NULL, becomes its address. */
const bm_option *bm_options_find(const bm_options *options, const void *config, const char *key, const void **field);

/* Writes the option's value as bm_options_set reads it, shortest text that parses back to the same value. */
void bm_option_format(const bm_option *row, const void *field, char *text, size_t bytes);

/* The value a little further up (direction 1) or down (-1), as text within the range: what a person who turns a knob
 * expects. Reals and integers move by about a quarter or, between 0 and 1, by 0.01; a switch flips, a choice moves on.
 * False, and no text, where there is nothing to turn. */
bool bm_option_nudge(const bm_option *row, const void *field, int direction, char *text, size_t bytes);

/* Writes a range for people: "0..1", "one of huber, mse", "true or false", "64,64 with each 1..4096", "any text". */
void bm_option_range(const bm_option *row, char *text, size_t bytes);

/* Calls visit for every option: a group's rows in its place, a variant's own rows after it with dotted keys. config
 * NULL: without variants' rows, field is NULL. */
typedef void bm_option_visitor(void *context, const char *key, const bm_option *row, const void *field);
void bm_options_each(const bm_options *options, const void *config, bm_option_visitor *visit, void *context);

/* Names of options, as bm_suggest takes them. Starts with count 0; names beyond the room are left out. */
enum { BM_OPTION_NAMES = 256 };
typedef struct {
    size_t count;
    const char *name[BM_OPTION_NAMES];
    char text[BM_OPTION_NAMES][BM_OPTION_KEY_BYTES];
} bm_option_names;

void bm_option_names_add(bm_option_names *names, const bm_options *options, const void *config);

#endif
