/* The matrix kernels in double: the same tests of the same text. */
#include "test_gemm.c"
