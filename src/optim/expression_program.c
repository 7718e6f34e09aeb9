/* Programs of expressions and their exact derivatives, by forward differentiation (Griewank and Walther 2008,
 * "Evaluating Derivatives", 3 and 13): every number on the stack carries its gradient g and, where asked for, its
 * Hessian H, and for v = f(a, b)
 *
 *     g_v = f_a g_a + f_b g_b
 *     H_v = f_a H_a + f_b H_b + f_aa g_a g_a' + f_ab (g_a g_b' + g_b g_a') + f_bb g_b g_b'
 *
 * so that an operation only has to know the derivatives by its own arguments. */
#include "optim/expression_program.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const double log_of_10 = 2.30258509299404568402;

/* ---- operations, each with its derivatives: in terms of a, b, value = f(a, b), and slope = f_a */

#define OF_TWO(name, formula, by_a, by_b, by_aa, by_ab, by_bb)                                                         \
    static double name##_value(double a, double b) {                                                                   \
        return formula;                                                                                                \
    }                                                                                                                  \
    static void name##_slopes(double a, double b, double value, bm_slopes *slopes) {                                   \
        (void)a, (void)b, (void)value;                                                                                 \
        const double slope = (by_a);                                                                                   \
        *slopes = (bm_slopes){slope, (by_b), (by_aa), (by_ab), (by_bb)};                                               \
    }

/* b is the instruction's constant. */
#define OF_ONE(name, formula, by_a, by_aa)                                                                             \
    static double name##_value(double a, double b) {                                                                   \
        (void)b;                                                                                                       \
        return formula;                                                                                                \
    }                                                                                                                  \
    static void name##_slopes(double a, double b, double value, bm_slopes *slopes) {                                   \
        (void)a, (void)b, (void)value;                                                                                 \
        const double slope = (by_a);                                                                                   \
        *slopes = (bm_slopes){.a = slope, .aa = (by_aa)};                                                              \
    }

/* At a = 0, a power of it does not change with the exponent. */
static double log_for_power(double a) {
    return a == 0 ? 0 : log(a);
}

/* What is typed most are squares and cubes, and pow takes ten times as long. */
static double raised(double a, double b) {
    return b == 2 ? a * a : b == 1 ? a : b == 3 ? a * a * a : pow(a, b);
}

/* What does not move adds nothing, however steep: sqrt(x) + y has the slope 1 along y at x = 0 too. Nor does what is
 * not chosen: max(sqrt(x), y) there. */
static double times(double slope, double change) {
    return slope == 0 || change == 0 ? 0 : slope * change;
}

/* 1 where a is chosen, 0 where b is, half of both where they are equal. */
static double share(bool a, bool b) {
    return a ? 1 : b ? 0 : 0.5;
}

/* clang-format off */
OF_TWO(add,      a + b, 1, 1, 0, 0, 0)
OF_TWO(subtract, a - b, 1, -1, 0, 0, 0)
OF_TWO(multiply, a * b, b, a, 0, 1, 0)
OF_TWO(divide,   a / b, 1 / b, -value / b, 0, -1 / (b * b), 2 * value / (b * b))
OF_TWO(power,    pow(a, b), times(pow(a, b - 1), b), value * log_for_power(a), times(pow(a, b - 2), b * (b - 1)),
                 pow(a, b - 1) * (1 + b * log_for_power(a)), value * log_for_power(a) * log_for_power(a))
OF_TWO(min,      b < a || isnan(b) ? b : a, share(a < b, b < a), 1 - slope, 0, 0, 0)
OF_TWO(max,      b > a || isnan(b) ? b : a, share(a > b, b > a), 1 - slope, 0, 0, 0)
OF_ONE(negate,   -a, -1, 0)
OF_ONE(raise,    raised(a, b), times(raised(a, b - 1), b), times(raised(a, b - 2), b * (b - 1)))
OF_ONE(sin,      sin(a), cos(a), -value)
OF_ONE(cos,      cos(a), -sin(a), -value)
OF_ONE(tan,      tan(a), 1 + value * value, 2 * value * slope)
OF_ONE(asin,     asin(a), 1 / sqrt((1 - a) * (1 + a)), a * slope * slope * slope)
OF_ONE(acos,     acos(a), -1 / sqrt((1 - a) * (1 + a)), a * slope * slope * slope)
OF_ONE(atan,     atan(a), 1 / (1 + a * a), -2 * a * slope * slope)
OF_ONE(sinh,     sinh(a), cosh(a), value)
OF_ONE(cosh,     cosh(a), sinh(a), value)
OF_ONE(tanh,     tanh(a), 1 / cosh(a) / cosh(a), -2 * value * slope)
OF_ONE(exp,      exp(a), value, value)
OF_ONE(log,      log(a), 1 / a, -slope * slope)
OF_ONE(log10,    log10(a), 1 / (a * log_of_10), -slope / a)
OF_ONE(sqrt,     sqrt(a), 0.5 / value, -0.5 * slope / a)
OF_ONE(abs,      fabs(a), (a > 0) - (a < 0), 0)
/* clang-format on */

/* ---- running a program */

/* Second derivatives of an operation's result, over those of a; b_gradient and b_hessian are not read where there is no
 * b. */
static void chain_hessian(int n, const bm_slopes *slopes, const double *gradient, const double *b_gradient,
                          double *hessian, const double *b_hessian) {
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double sum = times(slopes->a, hessian[i * n + j]) + times(slopes->aa, gradient[i] * gradient[j]);
            if (b_gradient) {
                sum += times(slopes->b, b_hessian[i * n + j]) + times(slopes->bb, b_gradient[i] * b_gradient[j]) +
                       times(slopes->ab, gradient[i] * b_gradient[j] + b_gradient[i] * gradient[j]);
            }
            hessian[i * n + j] = sum;
        }
    }
}

static void chain_gradient(int n, const bm_slopes *slopes, double *gradient, const double *b_gradient) {
    for (int i = 0; i < n; i++) {
        const double along_b = b_gradient ? times(slopes->b, b_gradient[i]) : 0;
        gradient[i] = times(slopes->a, gradient[i]) + along_b;
    }
}

static void push(const bm_expression *expression, const bm_instruction *instruction, const double *x, int top,
                 int order) {
    const int variable = instruction->variable;
    const size_t n = (size_t)expression->dims, slot = (size_t)top;
    expression->value[top] = variable < 0 ? instruction->constant : x[variable];
    if (order > 0) {
        memset(expression->gradient + slot * n, 0, n * sizeof(double));
    }
    if (order > 0 && variable >= 0) {
        expression->gradient[slot * n + (size_t)variable] = 1;
    }
    if (order > 1) {
        memset(expression->hessian + slot * n * n, 0, n * n * sizeof(double));
    }
}

/* The result takes the place of a, in slot top. */
static void apply(const bm_expression *expression, const bm_instruction *instruction, int top, int order) {
    const bm_operation *operation = instruction->operation;
    const size_t n = (size_t)expression->dims, slot = (size_t)top;
    const bool two = operation->arguments == 2;
    const double a = expression->value[top], b = two ? expression->value[top + 1] : instruction->constant;
    expression->value[top] = operation->value(a, b);
    if (order == 0) {
        return;
    }
    bm_slopes slopes;
    operation->slopes(a, b, expression->value[top], &slopes);
    double *gradient = expression->gradient + slot * n;
    const double *b_gradient = two ? gradient + n : NULL;
    if (order > 1) {
        double *hessian = expression->hessian + slot * n * n;
        chain_hessian((int)n, &slopes, gradient, b_gradient, hessian, two ? hessian + n * n : NULL);
    }
    chain_gradient((int)n, &slopes, gradient, b_gradient);
}

/* order: of the highest derivatives wanted. The result lies in slot 0. */
static void run(const bm_expression *expression, const double *x, int order) {
    int top = -1;
    for (int i = 0; i < expression->count; i++) {
        const bm_instruction *instruction = &expression->program[i];
        if (!instruction->operation) {
            push(expression, instruction, x, ++top, order);
        } else {
            top -= instruction->operation->arguments - 1;
            apply(expression, instruction, top, order);
        }
    }
}

void bm_expression_prepare(bm_expression *expression, int dims, bm_arena *arena) {
    const size_t depth = (size_t)expression->depth, slopes = depth * (size_t)dims, curvatures = slopes * (size_t)dims;
    expression->dims = dims;
    expression->value = BM_NEW(arena, double, depth);
    expression->gradient = BM_NEW(arena, double, slopes);
    expression->hessian = BM_NEW(arena, double, curvatures);
}

double bm_expression_value(const bm_expression *expression, const double *x) {
    run(expression, x, 0);
    return expression->value[0];
}

void bm_expression_gradient(const bm_expression *expression, const double *x, double *gradient) {
    run(expression, x, 1);
    memcpy(gradient, expression->gradient, (size_t)expression->dims * sizeof *gradient);
}

void bm_expression_hessian(const bm_expression *expression, const double *x, double *hessian) {
    const size_t n = (size_t)expression->dims;
    run(expression, x, 2);
    memcpy(hessian, expression->hessian, n * n * sizeof *hessian);
}

/* ---- the tables */

#define OPERATION(symbol, arguments_, name)                                                                            \
    { symbol, arguments_, name##_value, name##_slopes }

const bm_operation bm_operation_add = OPERATION("+", 2, add);
const bm_operation bm_operation_subtract = OPERATION("-", 2, subtract);
const bm_operation bm_operation_multiply = OPERATION("*", 2, multiply);
const bm_operation bm_operation_divide = OPERATION("/", 2, divide);
const bm_operation bm_operation_power = OPERATION("^", 2, power);
const bm_operation bm_operation_negate = OPERATION("-", 1, negate);
const bm_operation bm_operation_raise = OPERATION("^", 1, raise);

const bm_operation bm_operation_functions[] = {
    OPERATION("sin", 1, sin),
    OPERATION("cos", 1, cos),
    OPERATION("tan", 1, tan),
    OPERATION("asin", 1, asin),
    OPERATION("acos", 1, acos),
    OPERATION("atan", 1, atan),
    OPERATION("sinh", 1, sinh),
    OPERATION("cosh", 1, cosh),
    OPERATION("tanh", 1, tanh),
    OPERATION("exp", 1, exp),
    OPERATION("log10", 1, log10),
    OPERATION("log", 1, log),
    OPERATION("ln", 1, log),
    OPERATION("sqrt", 1, sqrt),
    OPERATION("abs", 1, abs),
    OPERATION("min", 2, min),
    OPERATION("max", 2, max),
    OPERATION("pow", 2, power),
    {.name = NULL},
};
