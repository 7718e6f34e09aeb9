/* The text of a distribution over tasks, and draws from it; see task_range.h. */
#include "meta/task_range.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- text ------------------------------------------------------------------------------------------------------- */

static char *trimmed(char *word) {
    word += strspn(word, " \t");
    size_t length = strlen(word);
    while (length > 0 && isspace((unsigned char)word[length - 1])) {
        word[--length] = '\0';
    }
    return word;
}

/* Cuts off the next item at a comma that is not in braces, and the spaces around it. *rest: NULL after the last. */
static char *next_item(char **rest) {
    char *item = *rest;
    int depth = 0;
    char *end = item;
    for (; *end && (*end != ',' || depth > 0); end++) {
        depth += (*end == '{') - (*end == '}');
    }
    *rest = *end ? end + 1 : NULL;
    *end = '\0';
    return trimmed(item);
}

static char *copied(const char *text, bm_arena *arena) {
    const size_t bytes = strlen(text) + 1;
    char *copy = BM_NEW(arena, char, bytes);
    if (copy) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

/* A list of settings that is read, and the config that they go to. */
typedef struct {
    const char *whose, *form; /* the option that has the list; what an item must be */
    char *rest;               /* NULL: no more */
    const bm_options *options;
    void *config;
} reader;

/* Cuts the next item, KEY=VALUE, in two. */
static bm_status next_setting(reader *r, char **key, char **value, bm_error *error) {
    char *item = next_item(&r->rest), *behind = item + strcspn(item, "=");
    if (!*item) {
        return bm_invalid(error, "%s has an empty item: a comma with nothing before or after it", r->whose);
    }
    if (*behind) {
        *behind++ = '\0';
    }
    *key = trimmed(item);
    *value = trimmed(behind);
    return **key && **value ? BM_OK : bm_invalid(error, "%s: %s is %s", r->whose, *key, r->form);
}

static bm_status set(const reader *r, const char *key, const char *value, bm_error *error) {
    bm_error why;
    return bm_options_set(r->options, r->config, key, value, &why) == BM_OK
               ? BM_OK
               : bm_invalid(error, "%s: %s", r->whose, why.text);
}

bm_status bm_task_settings(const bm_options *options, const char *text, void *config, bm_arena *arena,
                           bm_error *error) {
    reader r = {"env_set", "not KEY=VALUE", copied(text, arena), options, config};
    BM_TRY(bm_arena_check(arena, r.whose, error));
    for (char *key, *value; *text && r.rest;) {
        BM_TRY(next_setting(&r, &key, &value, error));
        BM_TRY(set(&r, key, value, error));
    }
    return BM_OK;
}

/* ---- one parameter ---------------------------------------------------------------------------------------------- */

/* value: "LOW:HIGH". */
static bm_status parse_range(const reader *r, const bm_option *row, bm_task_parameter *parameter, char *value,
                             bm_error *error) {
    char *colon = strchr(value, ':');
    if (row->type != BM_INTEGER && row->type != BM_REAL) {
        return bm_invalid(error, "task_range: %s has no range of numbers; give %s={A,B}", row->name, row->name);
    }
    if (!colon) {
        return bm_invalid(error, "task_range: %s=%s is no range; give LOW:HIGH or {A,B}, or fix it with env_set",
                          row->name, value);
    }
    *colon = '\0';
    double *const end[] = {&parameter->low, &parameter->high};
    const char *const text[] = {trimmed(value), trimmed(colon + 1)};
    for (int i = 0; i < 2; i++) {
        BM_TRY(set(r, parameter->key, text[i], error));
        *end[i] = bm_options_number(r->options, r->config, parameter->key);
    }
    if (parameter->low > parameter->high) {
        return bm_invalid(error, "task_range: %s=%s:%s has its ends the wrong way round", row->name, text[0], text[1]);
    }
    if (!isfinite(parameter->low) || !isfinite(parameter->high)) {
        return bm_invalid(error, "task_range: %s=%s:%s has no end", row->name, text[0], text[1]);
    }
    parameter->whole = row->type == BM_INTEGER;
    return BM_OK;
}

/* list: "A,B}". */
static bm_status parse_values(const reader *r, bm_task_parameter *parameter, char *list, bm_error *error) {
    const size_t length = strlen(list);
    if (length == 0 || list[length - 1] != '}') {
        return bm_invalid(error, "task_range: %s={%s has no closing brace", parameter->key, list);
    }
    list[length - 1] = '\0';
    if (!*trimmed(list)) {
        return bm_invalid(error, "task_range: %s={} has no values", parameter->key);
    }
    char *rest = list;
    while (rest) {
        if (parameter->values == BM_TASK_VALUES) {
            return bm_invalid(error, "task_range: more than %d values of %s", BM_TASK_VALUES, parameter->key);
        }
        const char *value = next_item(&rest);
        BM_TRY(set(r, parameter->key, value, error));
        parameter->value[parameter->values++] = value;
    }
    parameter->whole = true;
    parameter->high = parameter->values - 1;
    return BM_OK;
}

static bm_status parse_parameter(bm_task_range *range, reader *r, bm_error *error) {
    char *key, *value;
    const void *field;
    BM_TRY(next_setting(r, &key, &value, error));
    const bm_option *row = bm_options_find(r->options, r->config, key, &field);
    if (!row) {
        return set(r, key, value, error); /* suggests another */
    }
    bm_task_parameter parameter = {.key = key, .offset = (size_t)((const char *)field - (const char *)r->config)};
    for (int i = 0; i < range->count; i++) {
        if (range->parameter[i].offset == parameter.offset) {
            return bm_invalid(error, "task_range: %s is given twice", row->name);
        }
    }
    if (range->count == BM_TASK_PARAMETERS) {
        return bm_invalid(error, "task_range: more than %d options", BM_TASK_PARAMETERS);
    }
    BM_TRY(*value == '{' ? parse_values(r, &parameter, value + 1, error)
                         : parse_range(r, row, &parameter, value, error));
    range->parameter[range->count++] = parameter;
    return BM_OK;
}

bm_status bm_task_range_parse(bm_task_range *range, const bm_options *options, const void *base, const char *text,
                              bm_arena *arena, bm_error *error) {
    reader r = {"task_range", "neither KEY=LOW:HIGH nor KEY={A,B}", copied(text, arena), options,
                bm_arena_alloc(arena, 1, options->config_bytes)};
    *range = (bm_task_range){.options = options};
    BM_TRY(bm_arena_check(arena, r.whose, error));
    memcpy(r.config, base, options->config_bytes);
    while (*text && r.rest) {
        BM_TRY(parse_parameter(range, &r, error));
    }
    return BM_OK;
}

/* ---- tasks ------------------------------------------------------------------------------------------------------ */

int bm_task_range_numbers(const bm_task_range *range) {
    int numbers = 0;
    for (int i = 0; i < range->count; i++) {
        numbers += range->parameter[i].values > 0 ? range->parameter[i].values : 1;
    }
    return numbers;
}

/* number: of a range, or which of the values. */
static void put(const bm_task_range *range, const bm_task_parameter *parameter, double number, void *config) {
    if (parameter->values > 0) {
        const char *value = parameter->value[(int)number];
        (void)bm_options_set(range->options, config, parameter->key, value, NULL); /* parsed before */
    } else {
        bm_dtype_set(parameter->whole ? BM_I32 : BM_F64, (char *)config + parameter->offset, 0, number);
    }
}

void bm_task_range_draw(const bm_task_range *range, bm_rng *rng, void *config, bm_real *numbers) {
    for (int i = 0; i < range->count; i++) {
        const bm_task_parameter *p = &range->parameter[i];
        const double number = p->whole ? (double)bm_rng_integers(rng, (int64_t)p->low, (int64_t)p->high + 1)
                                       : bm_rng_uniform(rng, p->low, p->high);
        put(range, p, number, config);
        if (numbers && p->values == 0) {
            *numbers++ = (bm_real)number;
        }
        for (int k = 0; numbers && k < p->values; k++) {
            *numbers++ = k == (int)number;
        }
    }
}

static int choices_of(const bm_task_parameter *parameter) {
    return parameter->values > 0 ? parameter->values : 2;
}

/* A value or, of a range, an end. */
static void put_choice(const bm_task_range *range, const bm_task_parameter *parameter, int which, void *config) {
    const bool last = which == choices_of(parameter) - 1;
    put(range, parameter, last ? parameter->high : parameter->low + which, config);
}

bool bm_task_range_corner(const bm_task_range *range, int corner, void *config) {
    for (int i = 0; i < range->count; i++) {
        const int choices = choices_of(&range->parameter[i]);
        put_choice(range, &range->parameter[i], corner % choices, config);
        corner /= choices;
    }
    return corner == 0;
}

bool bm_task_range_edge(const bm_task_range *range, int edge, void *config) {
    bool found = false;
    for (int i = 0; i < range->count; i++) {
        const int choices = choices_of(&range->parameter[i]);
        const bool here = edge >= 0 && edge < choices;
        put_choice(range, &range->parameter[i], here ? edge : 0, config);
        found |= here;
        edge -= choices;
    }
    return found;
}
