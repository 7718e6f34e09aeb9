#ifndef BM_OPTIM_EXPRESSION_PROGRAM_H
#define BM_OPTIM_EXPRESSION_PROGRAM_H

/* What the parser of expressions knows of the operations that it writes down. */
#include "optim/expression.h"

/* First and second derivatives by the arguments a and b. */
typedef struct {
    double a, b, aa, ab, bb;
} bm_slopes;

struct bm_operation {
    const char *name; /* "+", "sin" */
    int arguments;    /* 1 or 2; of one, b is the instruction's constant */
    double (*value)(double a, double b);
    void (*slopes)(double a, double b, double value, bm_slopes *slopes); /* value: at a, b */
};

extern const bm_operation bm_operation_add, bm_operation_subtract, bm_operation_multiply, bm_operation_divide;
extern const bm_operation bm_operation_negate;
extern const bm_operation bm_operation_power;       /* a^b */
extern const bm_operation bm_operation_raise;       /* a^constant, also of a below 0 */
extern const bm_operation bm_operation_functions[]; /* what is called by name; ends with a NULL name */

#endif
