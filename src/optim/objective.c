/* The registry of test functions, and how an objective comes from text: a name with options, or an expression. */
#include "optim/objective.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "optim/expression.h"

#define OBJECTIVE(name) extern const bm_objective_type bm_objective_##name;
#include "optim/objective_list.h"
#undef OBJECTIVE

const bm_objective_type *const bm_objective_types[] = {
#define OBJECTIVE(name) &bm_objective_##name,
#include "optim/objective_list.h"
#undef OBJECTIVE
    NULL,
};

enum {
    TYPES = sizeof bm_objective_types / sizeof bm_objective_types[0] - 1,
    VARIABLE_BYTES = 24, /* x and any number */
    SETTING_BYTES = 320, /* the longest key=value */
};

static const char letters[][2] = {"x", "y", "z", "w"};

enum { LETTERS = sizeof letters / sizeof letters[0] };

/* ---- expressions as a type of their own */

static double expression_value(const bm_objective *objective, const double *x) {
    return bm_expression_value(objective->program, x);
}

static void expression_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient) {
    (void)rng;
    bm_expression_gradient(objective->program, x, gradient);
}

static void expression_hessian(const bm_objective *objective, const double *x, double *hessian) {
    bm_expression_hessian(objective->program, x, hessian);
}

/* Finite, and not level: an optimizer that starts there has somewhere to go. */
static bool can_start(const bm_objective *objective, const double *x, double *gradient) {
    double steepest = 0;
    expression_gradient(objective, x, NULL, gradient);
    for (int i = 0; i < objective->dims; i++) {
        if (!isfinite(gradient[i])) {
            return false;
        }
        steepest = fmax(steepest, fabs(gradient[i]));
    }
    return isfinite(expression_value(objective, x)) && steepest > 0;
}

static void expression_describe(bm_objective *objective) {
    static const double pair[][2] = {{-1.5, 2}, {1.5, 0.5}, {0.5, 0.5}};
    enum { PAIRS = sizeof pair / sizeof pair[0] };
    const int n = objective->dims;
    const int numbers = PAIRS * n;
    double *start = BM_NEW(&objective->arena, double, numbers);
    double *gradient = BM_NEW(&objective->arena, double, n);
    for (int i = 0; i < (n < 2 ? n : 2); i++) {
        objective->window_low[i] = -5;
        objective->window_high[i] = 5;
    }
    objective->minimum_value = NAN;
    objective->start = start;
    for (int k = 0; start && gradient && k < PAIRS; k++) {
        double *x = start + objective->starts * n;
        for (int i = 0; i < n; i++) {
            x[i] = pair[k][i % 2];
        }
        objective->starts += can_start(objective, x, gradient);
    }
    if (start && objective->starts == 0) { /* then the last of them stands there */
        objective->starts = 1;
    }
}

static const bm_objective_type expression_type = {
    .name = "expression",
    .summary = "whatever a user types",
    .describe = expression_describe,
    .value = expression_value,
    .gradient = expression_gradient,
    .hessian = expression_hessian,
};

/* ---- from text */

static size_t word_length(const char *text) {
    size_t n = 0;
    while (isalpha((unsigned char)text[n]) || text[n] == '_' || (n > 0 && isdigit((unsigned char)text[n]))) {
        n++;
    }
    return n;
}

static const bm_objective_type *find_type(const char *word, size_t length) {
    for (size_t i = 0; i < TYPES; i++) {
        if (bm_same_name(bm_objective_types[i]->name, word, length)) {
            return bm_objective_types[i];
        }
    }
    return NULL;
}

/* One word alone, or with options, is the name of a function; but x, or x3, is the shortest of expressions. */
static bool is_name(const char *text) {
    const size_t length = word_length(text);
    if (length == 0 || (text[length] != '\0' && text[length] != ':')) {
        return false;
    }
    const bool letter = length == 1 && strchr("xyzw", text[0]);
    const bool indexed = length > 1 && text[0] == 'x' && strspn(text + 1, "0123456789") == length - 1;
    return text[length] == ':' || !(letter || indexed);
}

static bm_status unknown_function(const char *text, bm_error *error) {
    char word[SETTING_BYTES];
    const char *names[TYPES];
    for (size_t i = 0; i < TYPES; i++) {
        names[i] = bm_objective_types[i]->name;
    }
    snprintf(word, sizeof word, "%.*s", (int)(word_length(text) < 64 ? word_length(text) : 64), text);
    return bm_invalid(error, "unknown function %s%s", word,
                      bm_did_you_mean(word, names, TYPES, " (see bellman list functions)").text);
}

static bm_status set_option(const bm_objective_type *type, void *config, const char *key, const char *value,
                            bm_error *error) {
    bm_error inner;
    if (type->options.count == 0) {
        return bm_invalid(error, "%s has no options; it was given %.64s", type->name, key);
    }
    if (bm_options_set(&type->options, config, key, value, &inner) != BM_OK) {
        return bm_invalid(error, "%s: %s", type->name, inner.text);
    }
    return BM_OK;
}

/* settings: ":key=value:key=value", or nothing. */
static bm_status set_options(const bm_objective_type *type, void *config, const char *settings, bm_error *error) {
    while (*settings == ':') {
        char setting[SETTING_BYTES];
        const char *start = settings + 1;
        const size_t length = strcspn(start, ":");
        const char *equals = memchr(start, '=', length);
        if (!equals || equals == start || length >= sizeof setting) {
            return bm_invalid(error, "%s: options are written as :key=value, not ':%.*s'", type->name,
                              (int)(length < 64 ? length : 64), start);
        }
        memcpy(setting, start, length);
        setting[length] = '\0';
        setting[equals - start] = '\0';
        const bm_status status = set_option(type, config, setting, setting + (equals - start) + 1, error);
        if (status != BM_OK) {
            return status;
        }
        settings = start + length;
    }
    return BM_OK;
}

static bm_status wrong_dims(const char *text, int has, int wanted, bm_error *error) {
    return bm_invalid(error, "%.96s has %d coordinate%s, not %d", text, has, has == 1 ? "" : "s", wanted);
}

/* How many coordinates the caller wants is the first of the options, so that the text may only agree. */
static bm_status read_name(bm_objective *objective, int dims, bm_error *error) {
    const bm_objective_type *type = find_type(objective->text, word_length(objective->text));
    if (!type) {
        return unknown_function(objective->text, error);
    }
    void *config = bm_arena_alloc(&objective->arena, 1, type->options.config_bytes);
    if (!config) {
        return BM_OK; /* whoever checks the arena says so */
    }
    bm_options_defaults(&type->options, config);
    objective->type = type;
    objective->config = config;
    bm_status status = BM_OK;
    if (dims > 0 && type->dims == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", dims);
        status = set_option(type, config, "dims", number, error);
    }
    if (status == BM_OK) {
        status = set_options(type, config, objective->text + word_length(objective->text), error);
    }
    if (status != BM_OK) {
        return status;
    }
    const void *chosen;
    objective->dims = type->dims;
    if (type->dims == 0 && bm_options_find(&type->options, config, "dims", &chosen)) {
        objective->dims = *(const int *)chosen;
    }
    return dims == 0 || dims == objective->dims ? BM_OK : wrong_dims(objective->text, objective->dims, dims, error);
}

static bm_status read_expression(bm_objective *objective, int dims, bm_error *error) {
    bm_expression *expression = BM_NEW(&objective->arena, bm_expression, 1);
    if (!expression) {
        return BM_OK;
    }
    const bm_status status = bm_expression_parse(expression, objective->text, &objective->arena, error);
    if (status != BM_OK) {
        return status;
    }
    if (dims > 0 && dims != expression->dims) {
        return wrong_dims(objective->text, expression->dims, dims, error);
    }
    bm_expression_prepare(expression, expression->dims, &objective->arena);
    objective->type = &expression_type;
    objective->dims = expression->dims;
    objective->program = expression;
    return BM_OK;
}

/* Letters where the text has them or, of a named function, where they suffice; else x0, x1... */
static void name_variables(bm_objective *objective) {
    const size_t n = (size_t)objective->dims;
    const bm_expression *expression = objective->program;
    const bool in_letters = expression ? expression->letters : n <= LETTERS;
    const char **variables = BM_NEW(&objective->arena, const char *, n);
    char *names = bm_arena_alloc(&objective->arena, n, VARIABLE_BYTES);
    for (size_t i = 0; variables && names && i < n; i++) {
        if (in_letters && i < LETTERS) {
            variables[i] = letters[i];
            continue;
        }
        snprintf(names + i * VARIABLE_BYTES, VARIABLE_BYTES, "x%zu", i);
        variables[i] = names + i * VARIABLE_BYTES;
    }
    objective->variables = variables;
}

static bm_status fill(bm_objective *objective, const char *text, int dims, bm_error *error) {
    if (dims < 0 || dims > BM_OBJECTIVE_DIMS) {
        return bm_invalid(error, "%d coordinates outside [1, %d]", dims, BM_OBJECTIVE_DIMS);
    }
    char *copy = BM_NEW(&objective->arena, char, strlen(text) + 1);
    bm_status status = bm_arena_check(&objective->arena, "a function", error);
    if (status != BM_OK) {
        return status;
    }
    memcpy(copy, text, strlen(text));
    objective->text = copy;
    status = is_name(copy) ? read_name(objective, dims, error) : read_expression(objective, dims, error);
    if (status == BM_OK) {
        status = bm_arena_check(&objective->arena, "a function", error);
    }
    if (status != BM_OK) {
        return status;
    }
    name_variables(objective);
    objective->type->describe(objective);
    return bm_arena_check(&objective->arena, "a function", error);
}

bm_status bm_objective_create(bm_objective **objective, const char *text, int dims, bm_error *error) {
    *objective = NULL;
    bm_objective *created = calloc(1, sizeof *created);
    if (!created) {
        return bm_fail(error, "not enough memory for a function");
    }
    const bm_status status = fill(created, text, dims, error);
    if (status != BM_OK) {
        bm_objective_destroy(created);
        return status;
    }
    *objective = created;
    return BM_OK;
}

void bm_objective_destroy(bm_objective *objective) {
    if (objective) {
        bm_arena_free(&objective->arena);
        free(objective);
    }
}

/* ---- evaluation */

double bm_objective_value(const bm_objective *objective, const double *x) {
    return objective->type->value(objective, x);
}

void bm_objective_gradient(const bm_objective *objective, const double *x, bm_rng *rng, double *gradient) {
    objective->type->gradient(objective, x, rng, gradient);
}

bool bm_objective_hessian(const bm_objective *objective, const double *x, double *hessian) {
    if (!objective->type->hessian) {
        return false;
    }
    objective->type->hessian(objective, x, hessian);
    return true;
}
