/* Compiles an update for float and for double from one text. The optimizer's file defines BM_OPTIM_TEXT as its own
 * name and includes this; its part for `#ifdef REAL` is then read twice. No include guard.
 * REAL is the number type and REAL_SQRT its square root; STEP(adam) names the function adam_f32 or adam_f64, for
 * clang 14 wants names of cloned functions to be unique in the whole program, static or not. */
#define REAL       float
#define REAL_SQRT  sqrtf
#define STEP(name) name##_f32
#include BM_OPTIM_TEXT
#undef REAL
#undef REAL_SQRT
#undef STEP

#define REAL       double
#define REAL_SQRT  sqrt
#define STEP(name) name##_f64
#include BM_OPTIM_TEXT
#undef REAL
#undef REAL_SQRT
#undef STEP
