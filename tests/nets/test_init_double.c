/* Initial weights in double: orthogonal to 1e-12. */
#include "test_init.c"
