/* Meta-gradients in double: the same tests to 1e-9, and derivatives by central differences. */
#include "test_maml.c"
