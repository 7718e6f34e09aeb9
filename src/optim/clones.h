#ifndef BM_OPTIM_CLONES_H
#define BM_OPTIM_CLONES_H

/* BM_CLONES before a function compiles it for several instruction sets, and the loader picks the widest vectors this
 * processor has. Without contraction all give the same bits, only sooner. It rests on the indirect functions of glibc;
 * elsewhere there is one version. */
#include <stdint.h> /* brings __GLIBC__ */

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_THREAD__) /* which cannot run so early */
#define BM_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BM_CLONES
#endif

/* A part of several such functions: it becomes part of each version. */
#define BM_ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
