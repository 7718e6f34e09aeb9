/* Expressions that users type: what binds tighter, exact derivatives, and errors that point at the character. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "optim/expression.h"
#include "support.h"

typedef struct {
    bm_expression expression;
    bm_arena arena;
} typed;

static void read_text(typed *it, const char *text, int dims) {
    bm_error error = {""};
    *it = (typed){0};
    ck_assert_msg(bm_expression_parse(&it->expression, text, &it->arena, &error) == BM_OK, "%s", error.text);
    bm_expression_prepare(&it->expression, dims ? dims : it->expression.dims, &it->arena);
}

static double value_of(const char *text, double x, double y) {
    typed it;
    read_text(&it, text, 4);
    const double value = bm_expression_value(&it.expression, (double[]){x, y, 5, 7});
    bm_arena_free(&it.arena);
    return value;
}

/* ---- values */

/* At x = 2, y = 3, z = 5, w = 7. */
START_TEST(operators_bind_as_in_mathematics) {
    const struct {
        const char *text;
        double value;
    } cases[] = {
        {"x+y*z", 17},
        {"(x+y)*z", 25},
        {"x-y-z", -6},
        {"x-(y-z)", 4},
        {"w/x/y", 7.0 / 2 / 3},
        {"w/(x/y)", 10.5},
        {"x*y/z*w", 8.4},
        {"-x^2", -4},
        {"(-x)^2", 4},
        {"x^-1", 0.5},
        {"x^-y^2", 1.0 / 512},
        {"x^y^x", 512},
        {"(x^y)^x", 64},
        {"x**y", 8},
        {"x**y**x", 512},
        {"-x**2*y", -12},
        {"x*-y", -6},
        {"x--y", 5},
        {"x-+-y", 5},
        {"--x", 2},
        {"x+-y^2", -7},
        {"2^-x", 0.25},
        {"x*2^y", 16},
        {"1.5e1*x", 30},
        {".5*x", 1},
        {"2.*x", 4},
        {"1E-1*x", 0.2},
        {" x\t+ y ", 5},
        {"x0+x1^x0", 11},
        {"x3", 7},
        {"min(x,y)*max(x, y)", 6},
        {"pow(x, y)", 8},
        {"abs(x-y)", 1},
        {"sqrt(x*x)", 2},
        {"log10(x*50)", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_near(value_of(cases[i].text, 2, 3), cases[i].value, 1e-15, cases[i].text);
    }
}
END_TEST

START_TEST(functions_and_constants_are_those_of_the_c_library) {
    const double x = 0.3;
    const struct {
        const char *text;
        double value;
    } cases[] = {
        {"sin(x)", sin(x)},     {"cos(x)", cos(x)},   {"tan(x)", tan(x)},   {"asin(x)", asin(x)},
        {"acos(x)", acos(x)},   {"atan(x)", atan(x)}, {"sinh(x)", sinh(x)}, {"cosh(x)", cosh(x)},
        {"tanh(x)", tanh(x)},   {"exp(x)", exp(x)},   {"log(x)", log(x)},   {"log10(x)", log10(x)},
        {"sqrt(x)", sqrt(x)},   {"abs(-x)", x},       {"e*x", exp(1) * x},  {"x*pi", 4 * atan(1) * x},
        {"x^2.5", pow(x, 2.5)}, {"x^7", pow(x, 7)},   {"1/x", 1 / x},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_near(value_of(cases[i].text, x, 0), cases[i].value, 1e-15, cases[i].text);
    }
}
END_TEST

START_TEST(constants_are_folded_before_the_first_evaluation) {
    typed it;
    read_text(&it, "x^(3-1) * sin(2*pi/4) + -1", 0);
    ck_assert_int_eq(it.expression.count, 6); /* x, ^2, 1, *, -1, + */
    bm_arena_free(&it.arena);
}
END_TEST

/* ---- derivatives */

static void assert_slopes(const char *text, const double *x) {
    enum { N = 3 };
    const double h = 1e-5;
    typed it;
    read_text(&it, text, N);
    const bm_expression *expression = &it.expression;
    double gradient[N], hessian[N * N], above[N], below[N], at[N] = {x[0], x[1], x[2]};
    bm_expression_gradient(expression, x, gradient);
    bm_expression_hessian(expression, x, hessian);
    for (int i = 0; i < N; i++) {
        at[i] = x[i] + h;
        const double value_above = bm_expression_value(expression, at);
        bm_expression_gradient(expression, at, above);
        at[i] = x[i] - h;
        const double value_below = bm_expression_value(expression, at);
        bm_expression_gradient(expression, at, below);
        at[i] = x[i];
        assert_near(gradient[i], (value_above - value_below) / (2 * h), 2e-8, text);
        for (int j = 0; j < N; j++) {
            assert_near(hessian[i * N + j], (above[j] - below[j]) / (2 * h), 2e-8, text);
            ck_assert_double_eq(hessian[i * N + j], hessian[j * N + i]);
        }
    }
    bm_arena_free(&it.arena);
}

START_TEST(derivatives_of_every_operation_are_the_slopes_of_its_values) {
    const char *const texts[] = {
        "x+y*z",
        "x-y*z",
        "x*y*z",
        "x*y/z",
        "z/(x*y)",
        "-(x*y)",
        "(x*y)^2",
        "(x*y)^3",
        "(x*y)^7",
        "(x*y)^-2",
        "(x*y)^1.5",
        "(x*y)^z",
        "2^(x*y)",
        "pow(x*y, y*z)",
        "(x*y)^1",
        "(x*y)^0",
        "sin(x*y)",
        "cos(x*y)",
        "tan(x*y)",
        "asin(x*y)",
        "acos(x*y)",
        "atan(x*y)",
        "sinh(x*y)",
        "cosh(x*y)",
        "tanh(x*y)",
        "exp(x*y)",
        "log(x*y)",
        "log10(x*y)",
        "sqrt(x*y)",
        "abs(x*y)",
        "abs(-x*y)",
        "min(x*y, z)",
        "max(x*y, z*z)",
        "min(z, x*y)",
        "max(x*y, z)",
        "exp(-x^2-y^2)*sin(z/x)",
        "(x+y)^(y-z)/(1+x*z)^2",
        "log(x+sqrt(y+z*z))",
    };
    bm_rng rng = bm_rng_seeded(5);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int k = 0; k < 10; k++) {
            const double x[3] = {bm_rng_uniform(&rng, 0.4, 0.9), bm_rng_uniform(&rng, 0.5, 0.95),
                                 bm_rng_uniform(&rng, 0.96, 1.5)};
            assert_slopes(texts[i], x);
        }
    }
}
END_TEST

/* gradient (x, y) and hessian (xx, xy, yy), worked by hand. */
START_TEST(derivatives_hold_where_formulas_with_logarithms_would_not) {
    const struct {
        const char *text;
        double at[2], gradient[2], hessian[3];
    } cases[] = {
        {"x^2*y", {-3, 2}, {-12, 9}, {4, -6, 0}},
        {"x^2+y^3", {0, 0}, {0, 0}, {2, 0, 0}},
        {"x^1+y^0", {0, 0}, {1, 0}, {0, 0, 0}},
        {"pow(x, 4)+y", {-1, 0}, {-4, 1}, {12, 0, 0}},
        {"x^-1*y", {-2, 8}, {-2, -0.5}, {-2, -0.25, 0}},
        {"x**2+y**2", {-1, -2}, {-2, -4}, {2, 0, 2}},
        {"abs(x)+abs(y)", {0, -2}, {0, -1}, {0, 0, 0}},
        {"max(x,y)", {2, 1}, {1, 0}, {0, 0, 0}},
        {"max(x,y)", {1, 1}, {0.5, 0.5}, {0, 0, 0}},
        {"min(x^2,y)", {3, 1}, {0, 1}, {0, 0, 0}},
        {"max(x,0)+y*0", {0, 1}, {0.5, 0}, {0, 0, 0}},
        {"0^x+y", {2, 1}, {0, 1}, {0, 0, 0}},
        {"x^y", {0, 2}, {0, 0}, {2, 0, 0}},
        {"sqrt(x)+y", {0, 1}, {INFINITY, 1}, {-INFINITY, 0, 0}},
        {"sqrt(x^2+y^2)", {0, 0}, {0, 0}, {INFINITY, 0, INFINITY}},
        {"max(sqrt(x), y)", {0, 1}, {0, 1}, {0, 0, 0}},
        {"y*log(y)+x", {1, 1}, {1, 1}, {0, 0, 1}},
        {"x^2/y^0", {3, 0}, {6, 0}, {2, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        typed it;
        double gradient[2], hessian[4];
        read_text(&it, cases[i].text, 2);
        bm_expression_gradient(&it.expression, cases[i].at, gradient);
        bm_expression_hessian(&it.expression, cases[i].at, hessian);
        const double got[] = {gradient[0], gradient[1], hessian[0], hessian[1], hessian[3]};
        const double want[] = {cases[i].gradient[0], cases[i].gradient[1], cases[i].hessian[0], cases[i].hessian[1],
                               cases[i].hessian[2]};
        for (size_t k = 0; k < 5; k++) {
            ck_assert_msg(got[k] == want[k] || fabs(got[k] - want[k]) < 1e-14, "%s: %zu is %.17g, not %.17g",
                          cases[i].text, k, got[k], want[k]);
        }
        bm_arena_free(&it.arena);
    }
}
END_TEST

START_TEST(coordinates_that_are_not_named_have_no_slope) {
    typed it;
    double gradient[64], x[64] = {0};
    read_text(&it, "(x1-1)^2", 64);
    bm_expression_gradient(&it.expression, x, gradient);
    for (int i = 0; i < 64; i++) {
        ck_assert_double_eq(gradient[i], i == 1 ? -2 : 0);
    }
    bm_arena_free(&it.arena);
}
END_TEST

/* ---- errors */

START_TEST(errors_point_at_the_character) {
    const struct {
        const char *text, *message;
    } cases[] = {
        {"x^^2", "unexpected '^' at character 3"},
        {"x+", "it ends too early, at character 3"},
        {"x + ", "it ends too early, at character 5"},
        {"x***2", "unexpected '*' at character 4"},
        {"x*/2", "unexpected '/' at character 3"},
        {"*x", "unexpected '*' at character 1"},
        {"x)", "unexpected ')' at character 2"},
        {"()", "unexpected ')' at character 2"},
        {"x+(y", "the bracket at character 3 is never closed"},
        {"sin(x+(y)", "the bracket at character 4 is never closed"},
        {"x = 2", "unexpected '=' at character 3"},
        {"x, y", "unexpected ',' at character 2"},
        {"(x,y)", "unexpected ',' at character 3"},
        {"x%2", "unexpected '%' at character 2"},
        {"|x|", "unexpected '|' at character 1"},
        {".", "unexpected '.' at character 1"},
        {"1.2.3*x", "a second point in a number, at character 4"},
        {"1e999*x", "1e999 at character 1 is too large a number"},
        {"2x", "a * is missing before 'x' at character 2"},
        {"x y", "a * is missing before 'y' at character 3"},
        {"x(1+y)", "a * is missing before '(' at character 2"},
        {"(x)(y)", "a * is missing before '(' at character 4"},
        {"(x)2.5", "a * is missing before '2.5' at character 4"},
        {"2pi*x", "a * is missing before 'pi' at character 2"},
        {"sin(x)cos(x)", "a * is missing before 'cos' at character 7"},
        {"0x10+x", "a * is missing before 'x10' at character 2"},
        {"sin x", "sin at character 1 needs its argument in brackets: sin(...)"},
        {"x+sin", "sin at character 3 needs its argument in brackets: sin(...)"},
        {"sin()", "unexpected ')' at character 5"},
        {"sin(x, y)", "too many arguments for sin at character 1: it takes 1"},
        {"1+pow(x)", "too few arguments for pow at character 3: it takes 2"},
        {"max(x, y, 2)", "too many arguments for max at character 1: it takes 2"},
        {"x+foo(y)", "unknown name 'foo' at character 3; variables are x, y, z, w or x0, x1, ..."},
        {"sinn(x)", "unknown name 'sinn' at character 1; did you mean sin?"},
        {"x+X", "unknown name 'X' at character 3; did you mean x?"},
        {"x_1", "unknown name 'x_1' at character 1; variables are x, y, z, w or x0, x1, ..."},
        {"x+x1", "x1 at character 3 is of another kind than x before it; use x, y, z, w or x0, x1, ..."},
        {"x1+x2*y", "y at character 7 is of another kind than x1 before it; use x, y, z, w or x0, x1, ..."},
        {"x64", "x64 at character 1 is beyond x63, the last that an expression may name"},
        {"2^3", "it names no variable; use x, y, z, w or x0, x1, ..."},
        {"x\xc2\xb2+1", "unexpected '\xc2\xb2' at character 2"},
        {"\xcf\x80*x+?", "unexpected '\xcf\x80' at character 1"},
        {"x*\xe2\x88\x9a", "unexpected '\xe2\x88\x9a' at character 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_expression expression;
        bm_arena arena = {0};
        bm_error error = {""};
        char want[256];
        snprintf(want, sizeof want, "%s: %s", cases[i].text, cases[i].message);
        ck_assert_int_eq(bm_expression_parse(&expression, cases[i].text, &arena, &error), BM_INVALID);
        ck_assert_str_eq(error.text, want);
        bm_arena_free(&arena);
    }
}
END_TEST

static bm_status parse_repeated(const char *head, int times, const char *tail, bm_error *error) {
    static const size_t room = 5000;
    char *text = calloc(room, 1);
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < times; i++) {
        strncat(text, head, room - strlen(text) - 1);
    }
    strncat(text, tail, room - strlen(text) - 1);
    bm_expression expression;
    bm_arena arena = {0};
    const bm_status status = bm_expression_parse(&expression, text, &arena, error);
    bm_arena_free(&arena);
    free(text);
    return status;
}

START_TEST(nesting_and_length_have_limits_that_are_named) {
    bm_error error = {""};
    ck_assert_int_eq(parse_repeated("-", 99, "x", &error), BM_OK);
    ck_assert_int_eq(parse_repeated("-", 100, "x", &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "---...: nested more than 100 deep at character 101"));
    ck_assert_int_eq(parse_repeated("x^", 3000, "x", &error), BM_INVALID);
    ck_assert_int_eq(parse_repeated("(", 4000, "x", &error), BM_INVALID);
    ck_assert_int_eq(parse_repeated("x+", 1999, "x", &error), BM_OK);
    ck_assert_int_eq(parse_repeated("x+", 2000, "x", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "an expression of 4001 characters is too long; 4000 fit");
    ck_assert_int_eq(parse_repeated("", 0, "", &error), BM_INVALID);
    ck_assert_str_eq(error.text, "the expression is empty; write one in x and y, or in x0, x1, ...");
    ck_assert_int_eq(parse_repeated("1", 64, "*x", &error), BM_INVALID);
}
END_TEST

/* Words that often fit together, so that many texts parse; the sanitizers look on. */
START_TEST(random_texts_are_read_or_refused_with_a_reason) {
    static const char *const words[] = {"x",  "y",  "z",   "x0",   "x1",       "2",     "0",    ".5",   "1e3",  "pi",
                                        "e",  "+",  "-",   "*",    "/",        "^",     "**",   "(",    ")",    "(",
                                        ")",  ",",  " ",   "sin(", "log(",     "sqrt(", "max(", "abs(", "pow(", "x+",
                                        "y*", "-x", "tan", ".",    "\xc2\xb2", "\x80",  "\xff", "#",    "x99"};
    bm_rng rng = bm_rng_seeded(2024);
    int parsed = 0;
    for (int k = 0; k < 60000; k++) {
        char text[96] = "";
        for (int64_t n = bm_rng_integers(&rng, 0, 12); n > 0; n--) {
            strncat(text, words[bm_rng_integers(&rng, 0, sizeof words / sizeof words[0])],
                    sizeof text - strlen(text) - 1);
        }
        typed it = {0};
        bm_error error = {""};
        if (bm_expression_parse(&it.expression, text, &it.arena, &error) == BM_OK) {
            const int n = it.expression.dims;
            double gradient[BM_EXPRESSION_DIMS], *hessian = calloc((size_t)(n * n), sizeof *hessian);
            const double x[BM_EXPRESSION_DIMS] = {bm_rng_uniform(&rng, -2, 2), bm_rng_uniform(&rng, -2, 2)};
            ck_assert_ptr_nonnull(hessian);
            bm_expression_prepare(&it.expression, n, &it.arena);
            const double value = bm_expression_value(&it.expression, x);
            bm_expression_gradient(&it.expression, x, gradient);
            bm_expression_hessian(&it.expression, x, hessian);
            const double again = bm_expression_value(&it.expression, x);
            ck_assert_msg(again == value || (isnan(again) && isnan(value)), "%s", text);
            free(hessian);
            parsed++;
        } else {
            ck_assert_msg(strlen(error.text) > 10, "%s has no message", text);
        }
        bm_arena_free(&it.arena);
    }
    ck_assert_int_gt(parsed, 1000);
}
END_TEST

TEST_MAIN("expression", 60, operators_bind_as_in_mathematics, functions_and_constants_are_those_of_the_c_library,
          constants_are_folded_before_the_first_evaluation, derivatives_of_every_operation_are_the_slopes_of_its_values,
          derivatives_hold_where_formulas_with_logarithms_would_not, coordinates_that_are_not_named_have_no_slope,
          errors_point_at_the_character, nesting_and_length_have_limits_that_are_named,
          random_texts_are_read_or_refused_with_a_reason)
