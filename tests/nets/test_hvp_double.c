/* Hessian-vector products in double: the same tests at 1e-12, and differences of gradients. */
#include "test_hvp.c"
