/* Whole nets in double: the same tests at 1e-10, and numeric gradients. */
#include "test_net.c"
