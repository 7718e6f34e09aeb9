#ifndef BM_OPTIM_EXPRESSION_H
#define BM_OPTIM_EXPRESSION_H

/* What a user types, as a function with exact first and second derivatives.
 *
 *     sum      = product { ("+" | "-") product }
 *     product  = signed { ("*" | "/") signed }
 *     signed   = ("-" | "+") signed | power
 *     power    = atom [ ("^" | "**") signed ]            so that -x^2 is -(x^2), and x^y^z is x^(y^z)
 *     atom     = number | constant | variable | function "(" sum { "," sum } ")" | "(" sum ")"
 *
 * Variables are x, y, z, w (the coordinates 0 to 3) or x0, x1, ... x63; not both in one expression. Constants: pi, e.
 * Functions: sin cos tan asin acos atan sinh cosh tanh exp log (ln) log10 sqrt abs, and min max pow of two
 * arguments. */
#include <stdbool.h>

#include "core/arena.h"
#include "core/error.h"

enum {
    BM_EXPRESSION_DIMS = 64,
    BM_EXPRESSION_BYTES = 4000,  /* of the longest text */
    BM_EXPRESSION_NESTING = 100, /* of brackets, signs and powers in one another */
};

/* One step of a program in postfix order; how it runs is in expression_program.c. */
typedef struct bm_operation bm_operation;

typedef struct {
    const bm_operation *operation; /* NULL: pushes a variable or, where variable is -1, the constant */
    double constant;
    int variable;
} bm_instruction;

/* Works on a stack of numbers with their derivatives; it lies in the arena, so that one thread at a time may use an
 * expression. */
typedef struct {
    int dims;     /* coordinates named, at least 1; bm_expression_prepare may raise it */
    bool letters; /* the variables are x, y, z, w */
    int count, depth;
    bm_instruction *program; /* [count] */
    double *value;           /* [depth] */
    double *gradient;        /* [depth, dims] */
    double *hessian;         /* [depth, dims, dims] */
} bm_expression;

/* BM_INVALID names the 1-based position of the character that could not be read, and what stands there. */
bm_status bm_expression_parse(bm_expression *expression, const char *text, bm_arena *arena, bm_error *error);
/* Once, before the first evaluation: dims coordinates, at least as many as it names and at most BM_EXPRESSION_DIMS.
 * Check the arena. */
void bm_expression_prepare(bm_expression *expression, int dims, bm_arena *arena);

/* Where a derivative does not exist, it is one that a neighbour has: of abs at 0 the mean of both sides, of min and max
 * between equals too; infinite, or NAN, where the function itself is. */
double bm_expression_value(const bm_expression *expression, const double *x);
void bm_expression_gradient(const bm_expression *expression, const double *x, double *gradient); /* [dims] */
void bm_expression_hessian(const bm_expression *expression, const double *x, double *hessian);   /* [dims, dims] */

#endif
