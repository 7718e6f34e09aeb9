/* Activations in double: the same tests at 1e-10, and numeric derivatives. */
#include "test_activations.c"
