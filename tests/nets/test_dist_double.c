/* The distributions in double: the same tests at 1e-10. */
#include "test_dist.c"
