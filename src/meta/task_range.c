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

/* The next item of a list with commas, without the spaces around it; commas in braces separate nothing. NULL: no more. */
static char *next_item(char **rest) {
    char *item = *rest;
    int depth = 0;
    if (!item) {
        return NULL;
    }
    char *end = item;
    for (; *end && (*end != ',' || depth > 0); end++) {
        depth += (*end == '{') - (*end == '}');
    }
    *rest = *end ? end + 1 : NULL;
    *end = '\0';
    return trimmed(item);
}

/* Cuts KEY=VALUE in two; NULL: it is not of that form. */
static char *value_of(char *item) {
    char *equals = strchr(item, '=');
    if (!equals) {
        return NULL;
    }
    *equals = '\0';
    char *value = trimmed(equals + 1);
    return *trimmed(item) && *value ? value : NULL;
}

static char *copied(const char *text, bm_arena *arena) {
    const size_t bytes = strlen(text) + 1;
    char *copy = BM_NEW(arena, char, bytes);
    if (copy) {
        memcpy(copy, text, bytes);
    }
    return copy;
}

/* Sets an option of config, and says whose option that was to be. */
static bm_status set(const bm_options *options, void *config, const char *whose, const char *key, const char *value,
                     bm_error *error) {
    bm_error why;
    if (bm_options_set(options, config, key, value, &why) != BM_OK) {
        return bm_invalid(error, "%s: %s", whose, why.text);
    }
    return BM_OK;
}

static bm_status empty_item(const char *whose, bm_error *error) {
    return bm_invalid(error, "%s has an empty item: a comma with nothing before or after it", whose);
}

bm_status bm_task_settings(const bm_options *options, const char *text, void *config, bm_arena *arena,
                           bm_error *error) {
    char *rest = copied(text, arena), *item;
    BM_TRY(bm_arena_check(arena, "env_set", error));
    while (*text && (item = next_item(&rest))) {
        if (!*item) {
            return empty_item("env_set", error);
        }
        const char *value = value_of(item);
        if (!value) {
            return bm_invalid(error, "env_set: %s is not KEY=VALUE", item);
        }
        BM_TRY(set(options, config, "env_set", trimmed(item), value, error));
    }
    return BM_OK;
}

/* ---- one parameter ---------------------------------------------------------------------------------------------- */

/* value: "LOW:HIGH". */
static bm_status parse_range(const bm_options *options, const bm_option *row, bm_task_parameter *parameter, char *value,
                             void *config, bm_error *error) {
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
        BM_TRY(set(options, config, "task_range", parameter->key, text[i], error));
        *end[i] = bm_options_number(options, config, parameter->key);
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
static bm_status parse_values(const bm_options *options, bm_task_parameter *parameter, char *list, void *config,
                              bm_error *error) {
    const size_t length = strlen(list);
    if (length == 0 || list[length - 1] != '}') {
        return bm_invalid(error, "task_range: %s={%s has no closing brace", parameter->key, list);
    }
    list[length - 1] = '\0';
    if (!*trimmed(list)) {
        return bm_invalid(error, "task_range: %s={} has no values", parameter->key);
    }
    char *rest = list, *value;
    while ((value = next_item(&rest))) {
        if (parameter->values == BM_TASK_VALUES) {
            return bm_invalid(error, "task_range: more than %d values of %s", BM_TASK_VALUES, parameter->key);
        }
        BM_TRY(set(options, config, "task_range", parameter->key, value, error));
        parameter->value[parameter->values++] = value;
    }
    return BM_OK;
}

static bm_status parse_parameter(bm_task_range *range, char *item, void *config, bm_error *error) {
    const bm_options *options = range->options;
    if (!*item) {
        return empty_item("task_range", error);
    }
    char *value = value_of(item);
    if (!value) {
        return bm_invalid(error, "task_range: %s is neither KEY=LOW:HIGH nor KEY={A,B}", item);
    }
    const void *field = NULL;
    const char *key = trimmed(item);
    const bm_option *row = bm_options_find(options, config, key, &field);
    if (!row) {
        return set(options, config, "task_range", key, value, error); /* suggests another */
    }
    bm_task_parameter parameter = {.key = key, .offset = (size_t)((const char *)field - (const char *)config)};
    for (int i = 0; i < range->count; i++) {
        if (range->parameter[i].offset == parameter.offset) {
            return bm_invalid(error, "task_range: %s is given twice", row->name);
        }
    }
    if (range->count == BM_TASK_PARAMETERS) {
        return bm_invalid(error, "task_range: more than %d options", BM_TASK_PARAMETERS);
    }
    BM_TRY(*value == '{' ? parse_values(options, &parameter, value + 1, config, error)
                         : parse_range(options, row, &parameter, value, config, error));
    range->parameter[range->count++] = parameter;
    return BM_OK;
}

bm_status bm_task_range_parse(bm_task_range *range, const bm_options *options, const void *base, const char *text,
                              bm_arena *arena, bm_error *error) {
    *range = (bm_task_range){.options = options};
    char *rest = copied(text, arena), *item;
    void *config = bm_arena_alloc(arena, 1, options->config_bytes);
    BM_TRY(bm_arena_check(arena, "task_range", error));
    memcpy(config, base, options->config_bytes);
    while (*text && (item = next_item(&rest))) {
        BM_TRY(parse_parameter(range, item, config, error));
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

static void put_number(const bm_task_parameter *parameter, double number, void *config) {
    char *field = (char *)config + parameter->offset;
    if (parameter->whole) {
        *(int *)(void *)field = (int)number;
    } else {
        *(double *)(void *)field = number;
    }
}

static void put_value(const bm_task_range *range, const bm_task_parameter *parameter, int which, void *config) {
    (void)bm_options_set(range->options, config, parameter->key, parameter->value[which], NULL); /* parsed before */
}

static double draw_number(const bm_task_parameter *parameter, bm_rng *rng) {
    return parameter->whole ? (double)bm_rng_integers(rng, (int64_t)parameter->low, (int64_t)parameter->high + 1)
                            : bm_rng_uniform(rng, parameter->low, parameter->high);
}

void bm_task_range_draw(const bm_task_range *range, bm_rng *rng, void *config, bm_real *numbers) {
    for (int i = 0; i < range->count; i++) {
        const bm_task_parameter *parameter = &range->parameter[i];
        if (parameter->values == 0) {
            const double number = draw_number(parameter, rng);
            put_number(parameter, number, config);
            if (numbers) {
                *numbers++ = (bm_real)number;
            }
            continue;
        }
        const int which = (int)bm_rng_integers(rng, 0, parameter->values);
        put_value(range, parameter, which, config);
        for (int k = 0; numbers && k < parameter->values; k++) {
            *numbers++ = k == which;
        }
    }
}

static int choices_of(const bm_task_parameter *parameter) {
    return parameter->values > 0 ? parameter->values : 2;
}

/* A value or, of a range, an end. */
static void put_choice(const bm_task_range *range, const bm_task_parameter *parameter, int which, void *config) {
    if (parameter->values > 0) {
        put_value(range, parameter, which, config);
    } else {
        put_number(parameter, which ? parameter->high : parameter->low, config);
    }
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
