/* Compiles an update for float and for double from one text. The optimizer's file defines BM_OPTIM_TEXT as its own name
 * and includes this; its part for `#ifdef REAL` is then read twice. No include guard. REAL is the number type,
 * REAL_SQRT and REAL_ABS its square root and absolute value; STEP(adam) names the function adam_f32 or adam_f64, for
 * clang 14 wants names of cloned functions to be unique in the whole program, static or not. PASS(name) begins a pass
 * over the memory. */
#include "optim/clones.h"

#define PASS(name)                                                                                                     \
    BM_CLONES static void STEP(name)(const void *plan, size_t n, REAL *restrict param, const REAL *restrict grad,      \
                                     REAL *const slot[BM_OPTIM_SLOTS])

#define REAL       float
#define REAL_SQRT  sqrtf
#define REAL_ABS   fabsf
#define STEP(name) name##_f32
#include BM_OPTIM_TEXT
#undef REAL
#undef REAL_SQRT
#undef REAL_ABS
#undef STEP

#define REAL       double
#define REAL_SQRT  sqrt
#define REAL_ABS   fabs
#define STEP(name) name##_f64
#include BM_OPTIM_TEXT
#undef REAL
#undef REAL_SQRT
#undef REAL_ABS
#undef STEP
#undef PASS
