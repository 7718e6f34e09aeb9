/* Search spaces as people write them: "name=distribution if parent=choice, ...", or a YAML file of "name:
 * distribution". */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io.h"
#include "core/suggest.h"
#include "core/yaml.h"
#include "tune/search_space.h"

enum { LARGEST_FILE = 1 << 20, NUMBER_BYTES = 64, MOST_ARGUMENTS = 3 };

/* ---- pieces of text: whatever stands in brackets or quotes stays in one piece ---- */

typedef struct {
    const char *start;
    size_t length;
} piece;

static piece trimmed(piece p) {
    while (p.length && isspace((unsigned char)p.start[0])) {
        p.start++;
        p.length--;
    }
    while (p.length && isspace((unsigned char)p.start[p.length - 1])) {
        p.length--;
    }
    return p;
}

static piece between(piece whole, size_t from, size_t to) {
    return trimmed((piece){whole.start + from, to - from});
}

/* Where separator first stands outside of brackets and quotes; the length of the text where it does not. Closed:
 * whether every bracket and quote that opens before that place closes there. */
static size_t find_outside(piece p, const char *separator, bool *closed) {
    const size_t length = strlen(separator);
    int depth = 0;
    char quote = '\0';
    for (size_t i = 0; i < p.length; i++) {
        const char c = p.start[i];
        if (quote) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (depth == 0 && i + length <= p.length && memcmp(p.start + i, separator, length) == 0) {
            *closed = true;
            return i;
        } else {
            depth += (strchr("([{", c) != NULL) - (strchr(")]}", c) != NULL);
        }
    }
    *closed = depth == 0 && !quote;
    return p.length;
}

/* Takes the part of *rest before the next separator; false: nothing is left. */
static bool take(piece *rest, const char *separator, piece *part) {
    if (!rest->start) {
        return false;
    }
    bool closed;
    const size_t at = find_outside(*rest, separator, &closed), next = at + strlen(separator);
    *part = between(*rest, 0, at);
    *rest = next <= rest->length ? (piece){rest->start + next, rest->length - next} : (piece){NULL, 0};
    return true;
}

static bool enclosed(piece p, char open, char close, piece *inside) {
    if (p.length < 2 || p.start[0] != open || p.start[p.length - 1] != close) {
        return false;
    }
    *inside = between(p, 1, p.length - 1);
    return true;
}

static piece unquoted(piece p) {
    piece inside;
    return enclosed(p, '"', '"', &inside) || enclosed(p, '\'', '\'', &inside) ? inside : p;
}

static bool is(piece p, const char *word) {
    return p.length == strlen(word) && memcmp(p.start, word, p.length) == 0;
}

static piece piece_of(const char *text) {
    return trimmed((piece){text, strlen(text)});
}

/* For messages: as much of it as is worth showing. */
#define SHOWN(p) (int)((p).length < 64 ? (p).length : 64), (p).start

/* ---- choices ---- */

static const char *copy(bm_search_space *space, piece p) {
    char *text = BM_NEW(&space->arena, char, p.length + 1);
    if (text) {
        memcpy(text, p.start, p.length);
    }
    return text;
}

static bm_status add_choice(bm_search_space *space, bm_parameter *parameter, piece choice, bm_error *error) {
    if (!choice.length || choice.length >= BM_TEXT_BYTES) {
        return bm_invalid(error, "%s: a choice has 1 to %d characters", parameter->name, BM_TEXT_BYTES - 1);
    }
    if (parameter->choices == BM_PARAMETER_CHOICES) {
        return bm_invalid(error, "%s: more than %d choices", parameter->name, BM_PARAMETER_CHOICES);
    }
    for (int i = 0; i < parameter->choices; i++) {
        if (is(choice, parameter->choice[i])) {
            return bm_invalid(error, "%s: the choice %.*s is there twice", parameter->name, SHOWN(choice));
        }
    }
    parameter->choice[parameter->choices] = copy(space, choice);
    parameter->high = parameter->choices++;
    return bm_arena_check(&space->arena, "a search space", error);
}

static bm_status begin_choices(bm_search_space *space, bm_parameter *parameter, bm_error *error) {
    parameter->kind = BM_PARAMETER_CATEGORICAL;
    parameter->step = 1;
    parameter->choice = BM_NEW(&space->arena, const char *, BM_PARAMETER_CHOICES);
    return bm_arena_check(&space->arena, "a search space", error);
}

static bm_status read_choices(bm_search_space *space, bm_parameter *parameter, piece list, bm_error *error) {
    bm_status status = begin_choices(space, parameter, error);
    for (piece choice; status == BM_OK && take(&list, ",", &choice);) {
        status = add_choice(space, parameter, unquoted(choice), error);
    }
    return status;
}

/* ---- ranges ---- */

typedef struct {
    const char *name, *form;
    bm_parameter_kind kind;
    bool log;
} distribution;

static const distribution distributions[] = {
    {"uniform", "uniform(a,b) or uniform(a,b,step)", BM_PARAMETER_FLOAT, false},
    {"log", "log(a,b)", BM_PARAMETER_FLOAT, true},
    {"int", "int(a,b) or int(a,b,step)", BM_PARAMETER_INT, false},
    {"int_log", "int_log(a,b)", BM_PARAMETER_INT, true},
};
enum { DISTRIBUTIONS = sizeof distributions / sizeof distributions[0] };

static bm_status unknown_distribution(const char *name, piece text, piece word, bm_error *error) {
    const char *words[DISTRIBUTIONS];
    for (int i = 0; i < DISTRIBUTIONS; i++) {
        words[i] = distributions[i].name;
    }
    char spelt[NUMBER_BYTES];
    snprintf(spelt, sizeof spelt, "%.*s", SHOWN(word));
    const bm_hint hint = bm_did_you_mean(spelt, words, DISTRIBUTIONS,
                                         "; there are uniform(a,b), uniform(a,b,step), log(a,b), int(a,b), "
                                         "int(a,b,step), int_log(a,b) and {one,two,...}");
    return bm_invalid(error, "%s: %.*s is no distribution%s", name, SHOWN(text), hint.text);
}

static bool read_number(piece p, double *number) {
    static const bm_option row = {.type = BM_REAL, .min = -HUGE_VAL, .max = HUGE_VAL};
    char text[NUMBER_BYTES];
    if (p.length >= sizeof text) {
        return false;
    }
    snprintf(text, sizeof text, "%.*s", (int)p.length, p.start);
    return bm_option_parse(&row, "", text, number, NULL) == BM_OK && isfinite(*number);
}

static bm_status read_numbers(const bm_parameter *parameter, const distribution *form, piece arguments, double *number,
                              int *count, bm_error *error) {
    *count = 0;
    for (piece argument; take(&arguments, ",", &argument); (*count)++) {
        if (*count == MOST_ARGUMENTS || !read_number(argument, &number[*count])) {
            return bm_invalid(error, "%s: %.*s is not a number; write %s", parameter->name, SHOWN(argument),
                              form->form);
        }
        if (form->kind == BM_PARAMETER_INT && floor(number[*count]) != number[*count]) {
            return bm_invalid(error, "%s: %.*s is not a whole number", parameter->name, SHOWN(argument));
        }
    }
    const int most = form->log ? 2 : MOST_ARGUMENTS;
    if (*count < 2 || *count > most) {
        return bm_invalid(error, "%s: %s needs two ends%s; write %s", parameter->name, form->name,
                          most > 2 ? ", or two ends and a step" : "", form->form);
    }
    return BM_OK;
}

static bm_status check_range(const bm_parameter *p, bm_error *error) {
    if (p->low > p->high) {
        return bm_invalid(error, "%s: the range %g..%g is reversed; the lower end comes first", p->name, p->low,
                          p->high);
    }
    if (p->low == p->high) {
        return bm_invalid(error, "%s: the range %g..%g is empty; to hold it at one value write {%g}", p->name, p->low,
                          p->high, p->low);
    }
    if (p->log && p->low <= 0) {
        return bm_invalid(error, "%s: the range %g..%g of a logarithm must lie above 0", p->name, p->low, p->high);
    }
    static const double whole = 9007199254740992; /* 2^53: beyond it not every integer is a double */
    if (p->kind == BM_PARAMETER_INT && (p->low < -whole || p->high > whole)) {
        return bm_invalid(error, "%s: integers beyond 2^53", p->name);
    }
    return BM_OK;
}

static bm_status set_step(bm_parameter *p, double step, bm_error *error) {
    if (!(step > 0 && step <= p->high - p->low)) {
        return bm_invalid(error, "%s: the step %g must lie above 0 and within the range's length %g", p->name, step,
                          p->high - p->low);
    }
    static const double slack = 1e-8; /* of a step, so that 0..0.3 has four values in steps of 0.1 */
    p->step = step;
    p->high = fmin(p->high, p->low + floor((p->high - p->low) / step + slack) * step);
    return BM_OK;
}

static bm_status read_range(bm_parameter *parameter, piece text, bm_error *error) {
    bool closed;
    const size_t open = find_outside(text, "(", &closed);
    const piece word = between(text, 0, open), rest = between(text, open, text.length);
    const distribution *form = distributions;
    while (form < distributions + DISTRIBUTIONS && !is(word, form->name)) {
        form++;
    }
    piece arguments;
    if (form == distributions + DISTRIBUTIONS || !enclosed(rest, '(', ')', &arguments)) {
        return unknown_distribution(parameter->name, text, word, error);
    }
    double number[MOST_ARGUMENTS];
    int count;
    bm_status status = read_numbers(parameter, form, arguments, number, &count, error);
    if (status != BM_OK) {
        return status;
    }
    parameter->kind = form->kind;
    parameter->log = form->log;
    parameter->low = number[0];
    parameter->high = number[1];
    status = check_range(parameter, error);
    const bool steps = form->kind == BM_PARAMETER_INT || count == MOST_ARGUMENTS;
    return status == BM_OK && steps ? set_step(parameter, count == MOST_ARGUMENTS ? number[2] : 1, error) : status;
}

/* ---- conditions ---- */

static bm_status unknown_parent(const bm_search_space *space, const char *name, piece parent, bm_error *error) {
    const char *names[BM_PARAMETERS];
    for (int i = 0; i < space->count; i++) {
        names[i] = space->parameter[i].name;
    }
    char spelt[BM_OPTION_KEY_BYTES];
    snprintf(spelt, sizeof spelt, "%.*s", SHOWN(parent));
    const bm_hint hint = bm_did_you_mean(spelt, names, (size_t)space->count, "; name it before");
    return bm_invalid(error, "%s: its condition needs %s, which is not in the space%s", name, spelt, hint.text);
}

static bm_status read_condition(const bm_search_space *space, bm_parameter *parameter, piece condition,
                                bm_error *error) {
    bool closed;
    const size_t equals = find_outside(condition, "=", &closed);
    if (equals == condition.length) {
        return bm_invalid(error, "%s: a condition reads 'if parameter=choice', not 'if %.*s'", parameter->name,
                          SHOWN(condition));
    }
    const piece parent = between(condition, 0, equals);
    piece choices = between(condition, equals + 1, condition.length);
    (void)enclosed(choices, '{', '}', &choices);
    parameter->parent = space->count - 1;
    while (parameter->parent >= 0 && !is(parent, space->parameter[parameter->parent].name)) {
        parameter->parent--;
    }
    if (parameter->parent < 0 || is(parent, parameter->name)) {
        return unknown_parent(space, parameter->name, parent, error);
    }
    const bm_parameter *decides = &space->parameter[parameter->parent];
    if (decides->kind != BM_PARAMETER_CATEGORICAL) {
        return bm_invalid(error, "%s: its condition needs %s to have choices, {one,two,...}", parameter->name,
                          decides->name);
    }
    for (piece choice; take(&choices, ",", &choice);) {
        char spelt[BM_TEXT_BYTES];
        double index;
        snprintf(spelt, sizeof spelt, "%.*s", SHOWN(unquoted(choice)));
        if (!bm_parameter_parse(decides, spelt, &index)) {
            const bm_hint hint = bm_did_you_mean(spelt, decides->choice, (size_t)decides->choices, "");
            return bm_invalid(error, "%s: %s is never %s%s", parameter->name, decides->name, spelt, hint.text);
        }
        parameter->when |= (uint64_t)1 << (int)index;
    }
    return BM_OK;
}

/* ---- one parameter, a text of them, a file of them ---- */

static bm_status begin_parameter(bm_parameter *parameter, piece name, bm_error *error) {
    *parameter = (bm_parameter){.parent = -1};
    if (!name.length || name.length >= sizeof parameter->name) {
        return bm_invalid(error, "a parameter's name has 1 to %d characters", BM_OPTION_KEY_BYTES - 1);
    }
    for (size_t i = 0; i < name.length; i++) {
        const char c = name.start[i];
        if (!isalnum((unsigned char)c) && !strchr("_.-", c)) {
            return bm_invalid(error, "%.*s is no name of a parameter: letters, digits, '_' and '.'", SHOWN(name));
        }
        parameter->name[i] = c == '-' ? '_' : c; /* as options are written */
    }
    return BM_OK;
}

static bm_status add(bm_search_space *space, piece name, piece text, bm_error *error) {
    bm_parameter parameter;
    bm_status status = begin_parameter(&parameter, name, error);
    if (status != BM_OK) {
        return status;
    }
    bool closed;
    const size_t condition = find_outside(text, " if ", &closed);
    if (!closed) {
        return bm_invalid(error, "%s: a bracket or quote does not close in %.*s", parameter.name, SHOWN(text));
    }
    const piece values = between(text, 0, condition);
    piece choices;
    status = enclosed(values, '{', '}', &choices) ? read_choices(space, &parameter, choices, error)
                                                  : read_range(&parameter, values, error);
    if (status == BM_OK && condition < text.length) {
        status = read_condition(space, &parameter, between(text, condition + strlen(" if "), text.length), error);
    }
    return status == BM_OK ? bm_search_space_put(space, &parameter, error) : status;
}

bm_status bm_search_space_add(bm_search_space *space, const char *name, const char *text, bm_error *error) {
    return add(space, piece_of(name), piece_of(text), error);
}

bm_status bm_search_space_parse(bm_search_space *space, const char *text, bm_error *error) {
    piece rest = piece_of(text);
    bm_status status = BM_OK;
    for (piece part; status == BM_OK && take(&rest, ",", &part);) {
        bool closed;
        const size_t equals = find_outside(part, "=", &closed);
        if (!part.length && !rest.start) {
            break; /* nothing, or a comma at the end */
        }
        status =
            equals < part.length
                ? add(space, between(part, 0, equals), between(part, equals + 1, part.length), error)
                : bm_invalid(error, "a space reads 'name=distribution, ...'; there is no = in '%.*s'", SHOWN(part));
    }
    return status;
}

/* [64, 64] as one choice, the way option lists are written. */
static bm_status add_list_choice(bm_search_space *space, bm_parameter *parameter, const bm_yaml *list,
                                 bm_error *error) {
    char text[BM_TEXT_BYTES] = "[";
    size_t used = 1;
    for (size_t i = 0; i < list->count; i++) {
        if (list->kind != BM_YAML_LIST || list->items[i]->kind != BM_YAML_SCALAR) {
            return bm_invalid(error, "%s: a choice is a word, a number, or a list of these", parameter->name);
        }
        const int length = snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", list->items[i]->text);
        used += length > 0 ? (size_t)length : 0;
        if (used + sizeof "]" > sizeof text) {
            return bm_invalid(error, "%s: a choice has 1 to %d characters", parameter->name, BM_TEXT_BYTES - 1);
        }
    }
    snprintf(text + used, sizeof text - used, "]");
    return add_choice(space, parameter, piece_of(text), error);
}

/* A list, or {0.95, 0.99}, which YAML takes for a map of keys without values. */
static bm_status add_yaml_choices(bm_search_space *space, const bm_yaml *choices, bm_error *error) {
    bm_parameter parameter;
    bm_status status = begin_parameter(&parameter, piece_of(choices->key), error);
    if (status == BM_OK) {
        status = begin_choices(space, &parameter, error);
    }
    for (size_t i = 0; status == BM_OK && i < choices->count; i++) {
        const bm_yaml *item = choices->items[i];
        const bool bare_key = choices->kind == BM_YAML_MAP && item->kind == BM_YAML_SCALAR && !*item->text;
        if (choices->kind == BM_YAML_MAP && !bare_key) {
            status = bm_invalid(error, "%s: choices are a list, [one, two]", parameter.name);
        } else if (item->kind != BM_YAML_SCALAR) {
            status = add_list_choice(space, &parameter, item, error);
        } else {
            status = add_choice(space, &parameter, piece_of(bare_key ? item->key : item->text), error);
        }
    }
    if (status == BM_OK && !parameter.choices) {
        status = bm_invalid(error, "%s: a list without choices", parameter.name);
    }
    return status == BM_OK ? bm_search_space_put(space, &parameter, error) : status;
}

static bm_status add_yaml(bm_search_space *space, const char *path, const bm_yaml *root, bm_error *error) {
    if (root->kind != BM_YAML_MAP) {
        return bm_invalid(error, "%s: a search space has lines of 'name: distribution'", path);
    }
    for (size_t i = 0; i < root->count; i++) {
        const bm_yaml *item = root->items[i];
        bm_error reason;
        const bm_status status = item->kind == BM_YAML_SCALAR
                                     ? add(space, piece_of(item->key), piece_of(item->text), &reason)
                                     : add_yaml_choices(space, item, &reason);
        if (status != BM_OK) {
            bm_status (*const fail)(bm_error *, const char *, ...) = status == BM_INVALID ? bm_invalid : bm_fail;
            return fail(error, "%s:%d: %s", path, item->line, reason.text);
        }
    }
    return BM_OK;
}

bm_status bm_search_space_file(bm_search_space *space, const char *path, bm_error *error) {
    bm_arena arena = {0};
    char *text;
    size_t bytes;
    bm_yaml *root;
    bm_status status = bm_read_file(path, LARGEST_FILE, &arena, &text, &bytes, error);
    if (status == BM_OK) {
        status = bm_yaml_parse(path, text, bytes, &arena, &root, error);
    }
    if (status == BM_OK) {
        status = add_yaml(space, path, root, error);
    }
    bm_arena_free(&arena);
    return status;
}
