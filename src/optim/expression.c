/* The parser of expressions, by recursive descent: it writes a program in postfix order, with constants already folded.
 * What an operation means and how a program runs is in expression_program.c. */
#include "optim/expression.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "optim/expression_program.h"

enum { NUMBER_BYTES = 64, QUOTE_BYTES = 96, MOST_NAMES = 64, LETTERS = 4 };

static const char letters[LETTERS + 1] = "xyzw";

static const struct {
    const char *name;
    double value;
} constants[] = {{"pi", 3.14159265358979323846}, {"e", 2.71828182845904523536}};

enum { CONSTANTS = sizeof constants / sizeof constants[0] };

typedef struct {
    bm_expression *expression;
    const char *text, *at; /* all of it, and the character that is next */
    int nesting;
    int stack;                /* numbers on the stack after what is written so far */
    const char *first_letter; /* the first x, y, z, w and the first x0, x1... in the text; NULL: none yet */
    const char *first_indexed;
    bm_error *error;
} parser;

static bool parse_sum(parser *p);
static bool parse_signed(parser *p);

/* ---- errors: TEXT: what is wrong at which character */

typedef struct {
    char text[QUOTE_BYTES];
} quote;

static bool continues_character(char byte) {
    return ((unsigned char)byte & 0xc0) == 0x80; /* of UTF-8 */
}

/* The first bytes of a text for a message: whole characters, without those that move the cursor. */
static quote quoted(const char *text, size_t bytes) {
    quote result = {""};
    const size_t room = QUOTE_BYTES - sizeof "...";
    size_t n = bytes < room ? bytes : room;
    while (n > 0 && n < bytes && continues_character(text[n])) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        result.text[i] = text[i];
        if (iscntrl((unsigned char)text[i])) {
            result.text[i] = '?';
        }
    }
    memcpy(result.text + n, "...", n < bytes ? 3 : 0);
    return result;
}

static int position(const parser *p, const char *at) {
    int characters = 1;
    for (const char *c = p->text; c < at; c++) {
        characters += !continues_character(*c);
    }
    return characters;
}

/* Always false, so that a caller can return it. */
__attribute__((format(printf, 2, 3))) static bool complain(parser *p, const char *format, ...) {
    char what[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    (void)bm_invalid(p->error, "%s: %s", quoted(p->text, strlen(p->text)).text, what);
    return false;
}

static bool starts_name(char c) {
    return isalpha((unsigned char)c) || c == '_';
}

static size_t name_length(const char *at) {
    size_t n = 0;
    while (starts_name(at[n]) || (n > 0 && isdigit((unsigned char)at[n]))) {
        n++;
    }
    return n;
}

/* Digits with at most one point, then perhaps an exponent; 0: no number stands here. */
static size_t number_length(const char *at) {
    size_t n = strspn(at, "0123456789");
    const size_t whole = n;
    n += at[n] == '.';
    const size_t fraction = strspn(at + n, "0123456789");
    if (whole + fraction == 0) {
        return 0;
    }
    n += fraction;
    if (at[n] == 'e' || at[n] == 'E') {
        const size_t sign = at[n + 1] == '+' || at[n + 1] == '-';
        const size_t digits = strspn(at + n + 1 + sign, "0123456789");
        n += digits ? 1 + sign + digits : 0;
    }
    return n;
}

/* What a message calls the thing that stands here: a name, a number or one character, whole. */
static quote thing_at(const char *at) {
    size_t n = name_length(at);
    n = n ? n : number_length(at);
    if (n == 0) {
        for (n = 1; continues_character(at[n]); n++) {
        }
    }
    return quoted(at, n);
}

static bool unexpected(parser *p) {
    if (!*p->at) {
        return complain(p, "it ends too early, at character %d", position(p, p->at));
    }
    return complain(p, "unexpected '%s' at character %d", thing_at(p->at).text, position(p, p->at));
}

/* ---- what is read */

static void skip_space(parser *p) {
    while (isspace((unsigned char)*p->at)) {
        p->at++;
    }
}

static bool accept(parser *p, char c) {
    skip_space(p);
    if (*p->at != c) {
        return false;
    }
    p->at++;
    return true;
}

static bool accept_closing(parser *p, const char *bracket) {
    if (accept(p, ')')) {
        return true;
    }
    return *p->at ? unexpected(p) : complain(p, "the bracket at character %d is never closed", position(p, bracket));
}

static bool accept_power(parser *p) {
    skip_space(p);
    const size_t n = p->at[0] == '^' ? 1 : p->at[0] == '*' && p->at[1] == '*' ? 2 : 0;
    p->at += n;
    return n > 0;
}

static bool accept_times(parser *p) {
    skip_space(p);
    return p->at[0] == '*' && p->at[1] != '*' && accept(p, '*');
}

/* ---- what is written */

static void write_number(parser *p, int variable, double constant) {
    bm_expression *expression = p->expression;
    expression->program[expression->count++] = (bm_instruction){.variable = variable, .constant = constant};
    p->stack++;
    expression->depth = p->stack > expression->depth ? p->stack : expression->depth;
}

static bool is_constant(const bm_instruction *instruction) {
    return !instruction->operation && instruction->variable < 0;
}

static void write_operation(parser *p, const bm_operation *operation) {
    bm_expression *expression = p->expression;
    bm_instruction *end = expression->program + expression->count;
    const int arguments = operation->arguments;
    p->stack -= arguments - 1;
    if (is_constant(end - 1) && (arguments == 1 || is_constant(end - 2))) {
        end[-arguments].constant = operation->value(end[-arguments].constant, end[-1].constant);
        expression->count -= arguments - 1;
        return;
    }
    if (operation->value == bm_operation_power.value && is_constant(end - 1)) {
        end[-1].operation = &bm_operation_raise; /* keeps the exponent as its constant */
        return;
    }
    *end = (bm_instruction){.operation = operation};
    expression->count++;
}

/* ---- atoms */

static bool parse_number(parser *p) {
    char digits[NUMBER_BYTES];
    const char *start = p->at;
    const size_t n = number_length(start);
    if (start[n] == '.') {
        return complain(p, "a second point in a number, at character %d", position(p, start + n));
    }
    if (n >= sizeof digits) {
        return complain(p, "a number of more than %d digits at character %d", NUMBER_BYTES - 1, position(p, start));
    }
    memcpy(digits, start, n);
    digits[n] = '\0';
    const double value = strtod(digits, NULL);
    if (!isfinite(value)) {
        return complain(p, "%s at character %d is too large a number", digits, position(p, start));
    }
    p->at += n;
    write_number(p, -1, value);
    return true;
}

static bool same(const char *name, const char *word, size_t length) {
    return strncmp(name, word, length) == 0 && name[length] == '\0';
}

static const bm_operation *find_function(const char *word, size_t length) {
    for (const bm_operation *function = bm_operation_functions; function->name; function++) {
        if (same(function->name, word, length)) {
            return function;
        }
    }
    return NULL;
}

static bool parse_call(parser *p, const bm_operation *function) {
    const char *start = p->at;
    p->at += strlen(function->name);
    skip_space(p);
    const char *bracket = p->at;
    if (!accept(p, '(')) {
        return complain(p, "%s at character %d needs its argument in brackets: %s(...)", function->name,
                        position(p, start), function->name);
    }
    int arguments = 0;
    do {
        if (!parse_sum(p)) {
            return false;
        }
        arguments++;
    } while (accept(p, ',') && arguments < function->arguments);
    if (p->at[-1] == ',') {
        return complain(p, "too many arguments for %s at character %d: it takes %d", function->name, position(p, start),
                        function->arguments);
    }
    if (!accept_closing(p, bracket)) {
        return false;
    }
    if (arguments < function->arguments) {
        return complain(p, "too few arguments for %s at character %d: it takes %d", function->name, position(p, start),
                        function->arguments);
    }
    write_operation(p, function);
    return true;
}

/* The coordinate that x, y, z, w or x0, x1... means; -1: none. One that is too high is BM_EXPRESSION_DIMS. */
static int coordinate_of(const char *word, size_t length) {
    const char *letter = length == 1 ? memchr(letters, word[0], LETTERS) : NULL;
    if (letter) {
        return (int)(letter - letters);
    }
    if (length < 2 || word[0] != 'x' || strspn(word + 1, "0123456789") + 1 < length) {
        return -1;
    }
    const long index = strtol(word + 1, NULL, 10); /* LONG_MAX, when too long */
    return index < BM_EXPRESSION_DIMS ? (int)index : BM_EXPRESSION_DIMS;
}

static bool parse_variable(parser *p, int coordinate, size_t length) {
    bm_expression *expression = p->expression;
    if (coordinate >= BM_EXPRESSION_DIMS) {
        return complain(p, "%s at character %d is beyond x%d, the last that an expression may name",
                        quoted(p->at, length).text, position(p, p->at), BM_EXPRESSION_DIMS - 1);
    }
    const char **first = length == 1 ? &p->first_letter : &p->first_indexed;
    *first = *first ? *first : p->at;
    if (p->first_letter && p->first_indexed) {
        return complain(p, "%s at character %d is of another kind than %s before it; use x, y, z, w or x0, x1, ...",
                        quoted(p->at, length).text, position(p, p->at),
                        thing_at(length == 1 ? p->first_indexed : p->first_letter).text);
    }
    expression->dims = coordinate + 1 > expression->dims ? coordinate + 1 : expression->dims;
    p->at += length;
    write_number(p, coordinate, 0);
    return true;
}

static bool unknown_name(parser *p, size_t length) {
    const char *names[MOST_NAMES] = {"x", "y", "z", "w"};
    size_t n = LETTERS;
    for (size_t i = 0; i < CONSTANTS; i++) {
        names[n++] = constants[i].name;
    }
    for (const bm_operation *function = bm_operation_functions; function->name && n < MOST_NAMES; function++) {
        names[n++] = function->name;
    }
    const quote word = quoted(p->at, length);
    return complain(p, "unknown name '%s' at character %d%s", word.text, position(p, p->at),
                    bm_did_you_mean(word.text, names, n, "; variables are x, y, z, w or x0, x1, ...").text);
}

static bool parse_name(parser *p) {
    const size_t length = name_length(p->at);
    const bm_operation *function = find_function(p->at, length);
    if (function) {
        return parse_call(p, function);
    }
    const int coordinate = coordinate_of(p->at, length);
    if (coordinate >= 0) {
        return parse_variable(p, coordinate, length);
    }
    for (size_t i = 0; i < CONSTANTS; i++) {
        if (same(constants[i].name, p->at, length)) {
            p->at += length;
            write_number(p, -1, constants[i].value);
            return true;
        }
    }
    return unknown_name(p, length);
}

static bool parse_bracket(parser *p) {
    const char *bracket = p->at++;
    return parse_sum(p) && accept_closing(p, bracket);
}

/* Whether an operand could start here; after a whole one it means that a sign is missing. */
static bool starts_operand(const char *at) {
    return starts_name(*at) || number_length(at) > 0 || *at == '(';
}

static bool parse_atom(parser *p) {
    skip_space(p);
    if (!starts_operand(p->at)) {
        return unexpected(p);
    }
    const bool read = *p->at == '(' ? parse_bracket(p) : starts_name(*p->at) ? parse_name(p) : parse_number(p);
    if (!read) {
        return false;
    }
    skip_space(p);
    if (starts_operand(p->at)) {
        return complain(p, "a * is missing before '%s' at character %d", thing_at(p->at).text, position(p, p->at));
    }
    return true;
}

/* ---- operators, from the tightest to the loosest */

static bool parse_power(parser *p) {
    if (!parse_atom(p)) {
        return false;
    }
    if (accept_power(p)) {
        if (!parse_signed(p)) {
            return false;
        }
        write_operation(p, &bm_operation_power);
    }
    return true;
}

static bool parse_signed(parser *p) {
    skip_space(p);
    if (++p->nesting > BM_EXPRESSION_NESTING) {
        return complain(p, "nested more than %d deep at character %d", BM_EXPRESSION_NESTING, position(p, p->at));
    }
    const bool minus = accept(p, '-');
    const bool sign = minus || accept(p, '+');
    if (!(sign ? parse_signed(p) : parse_power(p))) {
        return false;
    }
    if (minus) {
        write_operation(p, &bm_operation_negate);
    }
    p->nesting--;
    return true;
}

static bool parse_product(parser *p) {
    if (!parse_signed(p)) {
        return false;
    }
    for (;;) {
        const bm_operation *operation = accept_times(p)  ? &bm_operation_multiply
                                        : accept(p, '/') ? &bm_operation_divide
                                                         : NULL;
        if (!operation) {
            return true;
        }
        if (!parse_signed(p)) {
            return false;
        }
        write_operation(p, operation);
    }
}

static bool parse_sum(parser *p) {
    if (!parse_product(p)) {
        return false;
    }
    for (;;) {
        const bm_operation *operation = accept(p, '+')   ? &bm_operation_add
                                        : accept(p, '-') ? &bm_operation_subtract
                                                         : NULL;
        if (!operation) {
            return true;
        }
        if (!parse_product(p)) {
            return false;
        }
        write_operation(p, operation);
    }
}

bm_status bm_expression_parse(bm_expression *expression, const char *text, bm_arena *arena, bm_error *error) {
    const size_t bytes = strlen(text);
    *expression = (bm_expression){0};
    parser p = {.expression = expression, .text = text, .at = text, .error = error};
    if (bytes > BM_EXPRESSION_BYTES) {
        return bm_invalid(error, "an expression of %zu characters is too long; %d fit", bytes, BM_EXPRESSION_BYTES);
    }
    expression->program = BM_NEW(arena, bm_instruction, bytes + 1); /* no character writes more than one */
    if (!expression->program) {
        return bm_arena_check(arena, "an expression", error);
    }
    skip_space(&p);
    if (!*p.at) {
        return bm_invalid(error, "the expression is empty; write one in x and y, or in x0, x1, ...");
    }
    if (!parse_sum(&p) || (*p.at && !unexpected(&p))) {
        return BM_INVALID;
    }
    if (expression->dims == 0) {
        (void)complain(&p, "it names no variable; use x, y, z, w or x0, x1, ...");
        return BM_INVALID;
    }
    expression->letters = p.first_letter != NULL;
    return BM_OK;
}
