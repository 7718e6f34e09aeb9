/* Option values as text: for each type how it is read, written, and what its range is called. Reading writes the field
 * only when the whole text made sense. */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/option.h"
#include "core/suggest.h"

enum { MOST_NAMES = 64, NUMBER_BYTES = 64 };

/* ---- numbers */

/* What strtod reads, with '_' allowed between digits as in Python and YAML; nothing before it, nothing after. */
static bool parse_number(const char *text, double *number) {
    char plain[NUMBER_BYTES];
    size_t n = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '_' && c > text && isdigit((unsigned char)c[-1]) && isdigit((unsigned char)c[1])) {
            continue;
        }
        if (isspace((unsigned char)*c) || n + 1 == sizeof plain) {
            return false;
        }
        plain[n++] = *c;
    }
    plain[n] = '\0';
    char *end;
    *number = strtod(plain, &end);
    return end != plain && *end == '\0';
}

static bool parse_whole(const char *text, double *number) {
    return parse_number(text, number) && floor(*number) == *number; /* false for nan */
}

/* The fewest digits that read back as the same double; 17 always do. */
static void format_number(double number, char *text, size_t bytes) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, bytes, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            return;
        }
    }
}

static bool in_range(const bm_option *row, double number) {
    return number >= row->min && number <= row->max; /* false for nan */
}

static bool fits_int(const bm_option *row, double number) {
    return in_range(row, number) && number >= INT_MIN && number <= INT_MAX;
}

static bm_status outside(const bm_option *row, const char *name, const char *text, bm_error *error) {
    char low[NUMBER_BYTES], high[NUMBER_BYTES];
    format_number(row->min, low, sizeof low);
    format_number(row->max, high, sizeof high);
    return bm_invalid(error, "%s=%.64s outside [%s, %s]", name, text, low, high);
}

static bm_status not_a(const char *what, const bm_option *row, const char *name, const char *text, bm_error *error) {
    char range[BM_OPTION_TEXT_BYTES];
    bm_option_range(row, range, sizeof range);
    return bm_invalid(error, "%s=%.64s is not %s (%s)", name, text, what, range);
}

static void number_range(const bm_option *row, char *text, size_t bytes) {
    char low[NUMBER_BYTES], high[NUMBER_BYTES];
    format_number(row->min, low, sizeof low);
    format_number(row->max, high, sizeof high);
    snprintf(text, bytes, "%s..%s", low, high);
}

static bm_status integer_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    double number;
    if (!parse_whole(text, &number)) {
        return not_a("a whole number", row, name, text, error);
    }
    if (!fits_int(row, number)) {
        return outside(row, name, text, error);
    }
    *(int *)field = (int)number;
    return BM_OK;
}

static void integer_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    (void)row;
    snprintf(text, bytes, "%d", *(const int *)field);
}

static bm_status real_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    double number;
    if (!parse_number(text, &number)) {
        return not_a("a number", row, name, text, error);
    }
    if (!in_range(row, number)) {
        return outside(row, name, text, error);
    }
    *(double *)field = number;
    return BM_OK;
}

static void real_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    (void)row;
    format_number(*(const double *)field, text, bytes);
}

/* ---- schedules */

static bm_status schedule_parse(const bm_option *row, const char *name, const char *text, void *field,
                                bm_error *error) {
    const bool linear = strncmp(text, "lin_", 4) == 0;
    double initial;
    if (!parse_number(linear ? text + 4 : text, &initial)) {
        return not_a("a number, or lin_ and a number", row, name, text, error);
    }
    if (!in_range(row, initial)) {
        return outside(row, name, text, error);
    }
    bm_schedule *schedule = field;
    schedule->initial = initial;
    schedule->linear = linear;
    return BM_OK;
}

static void schedule_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    (void)row;
    const bm_schedule *schedule = field;
    char number[NUMBER_BYTES];
    format_number(schedule->initial, number, sizeof number);
    snprintf(text, bytes, "%s%s", schedule->linear ? "lin_" : "", number);
}

static void schedule_range(const bm_option *row, char *text, size_t bytes) {
    char initial[BM_OPTION_TEXT_BYTES];
    number_range(row, initial, sizeof initial);
    snprintf(text, bytes, "%s, or lin_X, falling from X to 0", initial);
}

/* ---- switches and texts */

static bm_status switch_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    static const char *const words[][2] = {{"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int value = 0; value < 2; value++) {
            if (strcasecmp(text, words[i][value]) == 0) {
                *(bool *)field = value != 0;
                return BM_OK;
            }
        }
    }
    return not_a("a switch", row, name, text, error);
}

static void switch_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    (void)row;
    snprintf(text, bytes, "%s", *(const bool *)field ? "true" : "false");
}

static void switch_range(const bm_option *row, char *text, size_t bytes) {
    (void)row;
    snprintf(text, bytes, "true or false");
}

static bm_status text_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    (void)row;
    const size_t length = strlen(text);
    if (length >= BM_TEXT_BYTES) {
        return bm_invalid(error, "%s is %zu bytes long; at most %d are kept", name, length, BM_TEXT_BYTES - 1);
    }
    memset(field, 0, sizeof(bm_text)); /* no remains of the old text: equal configs are equal bytes */
    memcpy(((bm_text *)field)->text, text, length);
    return BM_OK;
}

static void text_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    (void)row;
    snprintf(text, bytes, "%s", ((const bm_text *)field)->text);
}

static void text_range(const bm_option *row, char *text, size_t bytes) {
    (void)row;
    snprintf(text, bytes, "any text");
}

/* ---- lists */

/* The next item of a comma-separated list without the spaces around it; *rest moves behind the comma, to NULL after the
 * last. An item too long for a number comes out empty, which is no number either. */
static void next_item(const char **rest, char item[NUMBER_BYTES]) {
    const char *begin = *rest, *end = begin + strcspn(begin, ",");
    *rest = *end ? end + 1 : NULL;
    while (isspace((unsigned char)*begin) && begin < end) {
        begin++;
    }
    while (end > begin && isspace((unsigned char)end[-1])) {
        end--;
    }
    const size_t length = end - begin < NUMBER_BYTES ? (size_t)(end - begin) : 0;
    memcpy(item, begin, length);
    item[length] = '\0';
}

static bm_status list_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    static const char what[] = "a list of whole numbers";
    char inside[BM_OPTION_TEXT_BYTES];
    const size_t length = strlen(text);
    const bool brackets = text[0] == '[';
    if (length >= sizeof inside || (brackets && (length < 2 || text[length - 1] != ']'))) {
        return not_a(what, row, name, text, error);
    }
    snprintf(inside, sizeof inside, "%.*s", (int)(brackets ? length - 2 : length), brackets ? text + 1 : text);

    bm_int_list list = {0};
    const bool empty = brackets && inside[strspn(inside, " ")] == '\0';
    for (const char *rest = empty ? NULL : inside; rest;) {
        char item[NUMBER_BYTES];
        double number;
        next_item(&rest, item);
        if (!parse_whole(item, &number)) {
            return not_a(what, row, name, text, error);
        }
        if (!fits_int(row, number)) {
            return outside(row, name, text, error);
        }
        if (list.count == BM_LIST_MAX) {
            return bm_invalid(error, "%s=%.64s has more than %d items", name, text, BM_LIST_MAX);
        }
        list.value[list.count++] = (int)number;
    }
    *(bm_int_list *)field = list;
    return BM_OK;
}

static void append(char *text, size_t bytes, const char *more) {
    const size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s", more);
}

static void list_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    (void)row;
    const bm_int_list *list = field;
    snprintf(text, bytes, "[");
    for (int i = 0; i < list->count; i++) {
        char item[NUMBER_BYTES];
        snprintf(item, sizeof item, "%s%d", i ? ", " : "", list->value[i]);
        append(text, bytes, item);
    }
    append(text, bytes, "]");
}

static void list_range(const bm_option *row, char *text, size_t bytes) {
    char each[BM_OPTION_TEXT_BYTES];
    number_range(row, each, sizeof each);
    snprintf(text, bytes, "64,64 with each %s", each);
}

/* ---- one of several names: choices and variants */

static size_t names_of(const bm_option *row, const char *names[MOST_NAMES]) {
    size_t n = 0;
    if (row->type == BM_CHOICE) {
        for (; n < MOST_NAMES && row->choices[n]; n++) {
            names[n] = row->choices[n];
        }
    } else {
        for (; n < MOST_NAMES && row->kinds[n].name; n++) {
            names[n] = row->kinds[n].name;
        }
    }
    return n;
}

static void names_range(const bm_option *row, char *text, size_t bytes) {
    const char *names[MOST_NAMES];
    const size_t n = names_of(row, names);
    snprintf(text, bytes, "one of ");
    for (size_t i = 0; i < n; i++) {
        append(text, bytes, i ? ", " : "");
        append(text, bytes, names[i]);
    }
}

static bm_status name_parse(const bm_option *row, const char *name, const char *text, int *index, bm_error *error) {
    const char *names[MOST_NAMES];
    const size_t n = names_of(row, names), length = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if (bm_same_name(names[i], text, length)) {
            *index = (int)i;
            return BM_OK;
        }
    }
    char range[BM_OPTION_TEXT_BYTES];
    names_range(row, range, sizeof range);
    return bm_invalid(error, "%s=%.64s is not %s%s", name, text, range, bm_did_you_mean(text, names, n, "").text);
}

static bm_status choice_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    return name_parse(row, name, text, field, error);
}

static void choice_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    snprintf(text, bytes, "%s", row->choices[*(const int *)field]);
}

static bm_status variant_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    int kind;
    const bm_status status = name_parse(row, name, text, &kind, error);
    if (status != BM_OK) {
        return status;
    }
    const bm_options *options = row->kinds[kind].options;
    if (options->config_bytes > BM_VARIANT_BYTES) {
        return bm_invalid(error, "%s=%s needs %zu bytes of settings; BM_VARIANT_BYTES is %d", name, text,
                          options->config_bytes, BM_VARIANT_BYTES);
    }
    bm_variant *variant = field;
    memset(variant, 0, sizeof *variant);
    variant->kind = kind;
    bm_options_defaults(options, variant->config);
    return BM_OK;
}

static void variant_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    snprintf(text, bytes, "%s", row->kinds[((const bm_variant *)field)->kind].name);
}

/* ---- the types */

static const struct {
    bm_status (*parse)(const bm_option *row, const char *name, const char *text, void *field, bm_error *error);
    void (*format)(const bm_option *row, const void *field, char *text, size_t bytes);
    void (*range)(const bm_option *row, char *text, size_t bytes);
} types[] = {
    [BM_INTEGER] = {integer_parse, integer_format, number_range},
    [BM_REAL] = {real_parse, real_format, number_range},
    [BM_SWITCH] = {switch_parse, switch_format, switch_range},
    [BM_SCHEDULE] = {schedule_parse, schedule_format, schedule_range},
    [BM_CHOICE] = {choice_parse, choice_format, names_range},
    [BM_TEXT] = {text_parse, text_format, text_range},
    [BM_INT_LIST] = {list_parse, list_format, list_range},
    [BM_VARIANT] = {variant_parse, variant_format, names_range},
};

bm_status bm_option_parse(const bm_option *row, const char *name, const char *text, void *field, bm_error *error) {
    return types[row->type].parse(row, name, text, field, error);
}

void bm_option_format(const bm_option *row, const void *field, char *text, size_t bytes) {
    types[row->type].format(row, field, text, bytes);
}

void bm_option_range(const bm_option *row, char *text, size_t bytes) {
    types[row->type].range(row, text, bytes);
}
