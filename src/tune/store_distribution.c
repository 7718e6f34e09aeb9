/* The JSON of optuna.distributions (Optuna 3.1): FloatDistribution, IntDistribution, CategoricalDistribution. */
#include "tune/store_distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 40 };

/* ---- numbers */

/* Python's repr of a float: the fewest digits that read back as the same double; a point where an exponent is not
 * needed. */
static void format_float(double value, char text[NUMBER_BYTES]) {
    int digits = 1;
    do {
        snprintf(text, NUMBER_BYTES, "%.*e", digits - 1, value);
    } while (strtod(text, NULL) != value && ++digits <= 17);
    const char *mark = strchr(text, 'e');
    const int exponent = mark ? (int)strtol(mark + 1, NULL, 10) : 0;
    if (mark && exponent >= -4 && exponent < 16) {
        const int decimals = digits - 1 - exponent;
        snprintf(text, NUMBER_BYTES, "%.*f", decimals > 1 ? decimals : 1, value);
    }
}

static size_t digits_at(const char *text) {
    return strspn(text, "0123456789");
}

/* Whether JSON reads the whole text as a number: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_number(const char *text) {
    text += *text == '-';
    const size_t whole = digits_at(text);
    if (whole == 0 || (whole > 1 && *text == '0')) {
        return false;
    }
    text += whole;
    if (*text == '.') {
        const size_t decimals = digits_at(text + 1);
        text += decimals ? 1 + decimals : 0;
    }
    if (*text == 'e' || *text == 'E') {
        const size_t sign = text[1] == '+' || text[1] == '-';
        const size_t digits = digits_at(text + 1 + sign);
        text += digits ? 1 + sign + digits : 0;
    }
    return *text == '\0';
}

/* A finite number; inf and such stay texts, for JSON has no word for them. */
static bool read_number(const char *text, double *value) {
    *value = is_number(text) ? strtod(text, NULL) : INFINITY;
    return isfinite(*value);
}

/* The largest value that the steps from low reach. Optuna wants it to be high, and compares in decimals. */
static double last_value(const bm_parameter *p) {
    if (p->kind == BM_PARAMETER_CATEGORICAL || p->step <= 0) {
        return p->high;
    }
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, "%.15g", p->low + floor((p->high - p->low) / p->step + 1e-9) * p->step);
    return strtod(text, NULL);
}

/* ---- writing */

static void write_string(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            fprintf(out, "\\%c", *c);
        } else if (*c < 0x20) {
            fprintf(out, "\\u%04x", *c);
        } else {
            fputc(*c, out);
        }
    }
    fputc('"', out);
}

static void write_float(FILE *out, double value) {
    char text[NUMBER_BYTES];
    format_float(value, text);
    fputs(text, out);
}

static void write_choice(FILE *out, const char *choice) {
    double value;
    if (!read_number(choice, &value)) {
        const bool word = strcmp(choice, "true") == 0 || strcmp(choice, "false") == 0 || strcmp(choice, "null") == 0;
        word ? (void)fputs(choice, out) : write_string(out, choice);
    } else if (strpbrk(choice, ".eE")) {
        write_float(out, value);
    } else {
        fputs(choice, out);
    }
}

static const char *truth(bool value) {
    return value ? "true" : "false";
}

static void write_distribution(FILE *out, const bm_parameter *p) {
    if (p->kind == BM_PARAMETER_CATEGORICAL) {
        fputs("{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [", out);
        for (int i = 0; i < p->choices; i++) {
            fputs(i ? ", " : "", out);
            write_choice(out, p->choice[i]);
        }
        fputs("]}}", out);
    } else if (p->kind == BM_PARAMETER_INT) {
        fprintf(out,
                "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": %s, \"step\": %.0f, \"low\": %.0f, "
                "\"high\": %.0f}}",
                truth(p->log), p->step > 1 ? p->step : 1.0, p->low, last_value(p));
    } else {
        fputs("{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": ", out);
        p->step > 0 ? write_float(out, p->step) : (void)fputs("null", out);
        fputs(", \"low\": ", out);
        write_float(out, p->low);
        fputs(", \"high\": ", out);
        write_float(out, last_value(p));
        fprintf(out, ", \"log\": %s}}", truth(p->log));
    }
}

static void write_condition(FILE *out, const bm_search_space *space, const bm_parameter *p) {
    fputs(", \"parent\": ", out);
    write_string(out, space->parameter[p->parent].name);
    fputs(", \"when\": [", out);
    const char *comma = "";
    for (int i = 0; i < space->parameter[p->parent].choices; i++) {
        if (p->when >> i & 1) {
            fprintf(out, "%s%d", comma, i);
            comma = ", ";
        }
    }
    fputc(']', out);
}

static void write_space(FILE *out, const bm_search_space *space) {
    fputc('[', out);
    for (int i = 0; i < space->count; i++) {
        const bm_parameter *p = &space->parameter[i];
        const int choices = p->kind == BM_PARAMETER_CATEGORICAL ? p->choices : 0;
        fputs(i ? ", {\"name\": " : "{\"name\": ", out);
        write_string(out, p->name);
        fputs(", \"distribution\": ", out);
        write_distribution(out, p);
        for (int k = 0; k < choices; k++) {
            fputs(k ? ", " : ", \"texts\": [", out);
            write_string(out, p->choice[k]);
        }
        fputs(choices ? "]" : "", out);
        if (p->parent >= 0) {
            write_condition(out, space, p);
        }
        fputc('}', out);
    }
    fputc(']', out);
}

/* What was written to a stream in memory, moved to the arena. */
static const char *finish(FILE *out, char **text, const size_t *bytes, bm_arena *arena) {
    const bool failed = !out || ferror(out);
    char *copy = NULL;
    if (out && fclose(out) == 0 && !failed) {
        copy = BM_NEW(arena, char, *bytes + 1);
    }
    if (copy) {
        memcpy(copy, *text, *bytes);
    }
    free(*text);
    return copy;
}

const char *bm_distribution_json(const bm_parameter *parameter, bm_arena *arena) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (out) {
        write_distribution(out, parameter);
    }
    return finish(out, &text, &bytes, arena);
}

const char *bm_space_json(const bm_search_space *space, bm_arena *arena) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (out) {
        write_space(out, space);
    }
    return finish(out, &text, &bytes, arena);
}

/* ---- reading */

static const char *keep(const char *text, bm_arena *arena) {
    const size_t bytes = strlen(text) + 1;
    char *copy = BM_NEW(arena, char, bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

/* A choice as a text, in the arena; NULL: no memory. */
static const char *choice_text(const cJSON *item, bm_arena *arena) {
    if (cJSON_IsString(item)) {
        return keep(item->valuestring, arena);
    }
    char number[NUMBER_BYTES];
    const double value = item->valuedouble;
    if (!cJSON_IsNumber(item)) {
        char *printed = cJSON_PrintUnformatted(item); /* true, false, null */
        const char *text = printed ? keep(printed, arena) : NULL;
        cJSON_free(printed);
        return text;
    }
    if (fabs(value) < 1e15 && floor(value) == value) {
        snprintf(number, sizeof number, "%.0f", value);
    } else {
        format_float(value, number);
    }
    return keep(number, arena);
}

static bool same_choice(const char *a, const char *b) {
    double x, y;
    return strcmp(a, b) == 0 || (read_number(a, &x) && read_number(b, &y) && x == y);
}

double bm_distribution_choice(const bm_parameter *parameter, const char *choice) {
    for (int i = 0; i < parameter->choices; i++) {
        if (same_choice(parameter->choice[i], choice)) {
            return i;
        }
    }
    return NAN;
}

double bm_distribution_value(const bm_parameter *parameter, const cJSON *item) {
    if (parameter->kind != BM_PARAMETER_CATEGORICAL) {
        const double value = cJSON_GetNumberValue(item); /* NAN: no number */
        const bool whole = parameter->kind == BM_PARAMETER_FLOAT || floor(value) == value;
        return whole && value >= parameter->low && value <= parameter->high ? value : NAN;
    }
    bm_arena scratch = {0};
    const char *text = item ? choice_text(item, &scratch) : NULL;
    const double value = text ? bm_distribution_choice(parameter, text) : NAN;
    bm_arena_free(&scratch);
    return value;
}

static bool read_choices(const cJSON *list, bm_parameter *p, bm_arena *arena) {
    const int count = cJSON_GetArraySize(list);
    if (!cJSON_IsArray(list) || count < 1 || count > BM_PARAMETER_CHOICES) {
        return false;
    }
    p->choice = BM_NEW(arena, const char *, count);
    for (const cJSON *item = list->child; item && p->choice; item = item->next) {
        const char *text = choice_text(item, arena);
        if (text) {
            p->choice[p->choices++] = text;
        }
    }
    p->high = count - 1;
    return p->choices == count;
}

static bool read_attributes(const char *name, const cJSON *attributes, bm_parameter *p, bm_arena *arena) {
    if (strcmp(name, "CategoricalDistribution") == 0) {
        p->kind = BM_PARAMETER_CATEGORICAL;
        return read_choices(cJSON_GetObjectItemCaseSensitive(attributes, "choices"), p, arena);
    }
    const cJSON *low = cJSON_GetObjectItemCaseSensitive(attributes, "low");
    const cJSON *high = cJSON_GetObjectItemCaseSensitive(attributes, "high");
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(attributes, "step");
    if (!cJSON_IsNumber(low) || !cJSON_IsNumber(high) || !(low->valuedouble <= high->valuedouble)) {
        return false;
    }
    p->kind = strcmp(name, "IntDistribution") == 0 ? BM_PARAMETER_INT : BM_PARAMETER_FLOAT;
    p->low = low->valuedouble;
    p->high = high->valuedouble;
    p->step = cJSON_IsNumber(step) ? step->valuedouble : 0;
    p->log = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(attributes, "log"));
    return (p->kind == BM_PARAMETER_INT || strcmp(name, "FloatDistribution") == 0) && (!p->log || p->low > 0) &&
           p->step >= 0;
}

/* One distribution, of which all but name and condition goes to *p. */
static bool read_distribution(const cJSON *distribution, bm_parameter *p, bm_arena *arena) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(distribution, "name"));
    bm_parameter read = {.parent = -1};
    if (!name || !read_attributes(name, cJSON_GetObjectItemCaseSensitive(distribution, "attributes"), &read, arena)) {
        return false;
    }
    memcpy(read.name, p->name, sizeof read.name);
    *p = read;
    return true;
}

bm_status bm_distribution_read(const char *json, bm_parameter *parameter, bm_arena *arena, bm_error *error) {
    cJSON *distribution = cJSON_Parse(json);
    const bool read = read_distribution(distribution, parameter, arena);
    cJSON_Delete(distribution);
    return read ? BM_OK : bm_fail(error, "%.80s has a distribution that is not known: %.200s", parameter->name, json);
}

/* Integers may come with step 0 or 1: the same. */
static double step_of(const bm_parameter *p) {
    return p->kind == BM_PARAMETER_INT && p->step < 1 ? 1 : p->step;
}

bool bm_distribution_same(const bm_parameter *a, const bm_parameter *b) {
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind != BM_PARAMETER_CATEGORICAL) {
        return a->low == b->low && last_value(a) == last_value(b) && step_of(a) == step_of(b) && a->log == b->log;
    }
    for (int i = 0; i < a->choices && i < b->choices; i++) {
        if (!same_choice(a->choice[i], b->choice[i])) {
            return false;
        }
    }
    return a->choices == b->choices;
}

/* ---- spaces */

static bool read_name(const cJSON *entry, bm_parameter *p) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "name"));
    const size_t bytes = name ? strlen(name) + 1 : 0;
    if (bytes < 2 || bytes > sizeof p->name) {
        return false;
    }
    memcpy(p->name, name, bytes);
    return true;
}

/* The choices as they were written: 1e-3 where the distribution says 0.001. */
static bool read_texts(const cJSON *texts, bm_parameter *p, bm_arena *arena) {
    const int choices = p->choices;
    if (p->kind != BM_PARAMETER_CATEGORICAL) {
        return true;
    }
    p->choices = 0;
    return read_choices(texts, p, arena) && p->choices == choices;
}

static bool read_condition(const cJSON *entry, bm_search_space *space, bm_parameter *p) {
    const cJSON *parent = cJSON_GetObjectItemCaseSensitive(entry, "parent");
    if (!parent) {
        return true;
    }
    p->parent = cJSON_IsString(parent) ? bm_search_space_find(space, parent->valuestring) : -1;
    if (p->parent < 0) {
        return false;
    }
    const cJSON *choice;
    cJSON_ArrayForEach(choice, cJSON_GetObjectItemCaseSensitive(entry, "when")) {
        if (!cJSON_IsNumber(choice) || choice->valueint < 0 || choice->valueint >= BM_PARAMETER_CHOICES) {
            return false;
        }
        p->when |= UINT64_C(1) << choice->valueint;
    }
    return true;
}

static bool read_entry(const cJSON *entry, bm_search_space *space) {
    if (space->count == BM_PARAMETERS) {
        return false;
    }
    bm_parameter *p = &space->parameter[space->count];
    if (!read_name(entry, p) ||
        !read_distribution(cJSON_GetObjectItemCaseSensitive(entry, "distribution"), p, &space->arena) ||
        !read_texts(cJSON_GetObjectItemCaseSensitive(entry, "texts"), p, &space->arena) ||
        !read_condition(entry, space, p)) {
        return false;
    }
    space->count++;
    return true;
}

bm_status bm_space_read(const char *json, bm_search_space *space, bm_error *error) {
    memset(space, 0, sizeof *space);
    cJSON *entries = cJSON_Parse(json);
    bool read = cJSON_IsArray(entries);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, entries) {
        read = read && read_entry(entry, space);
    }
    cJSON_Delete(entries);
    if (!read) {
        bm_arena_free(&space->arena);
        memset(space, 0, sizeof *space);
        return bm_fail(error, "the study carries a search space that cannot be read: %.200s", json);
    }
    return BM_OK;
}
