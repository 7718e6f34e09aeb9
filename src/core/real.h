#ifndef BM_CORE_REAL_H
#define BM_CORE_REAL_H

/* The number type of networks, losses and agents: float in use; double where the library is built with -DBM_DOUBLE,
 * which the tests do to check the very same text against double references. */
#include "core/state.h"

#ifdef BM_DOUBLE
typedef double bm_real;
#define BM_REAL_DTYPE BM_F64
#else
typedef float bm_real;
#define BM_REAL_DTYPE BM_F32
#endif

#endif
