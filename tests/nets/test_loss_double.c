/* Losses in double: the same tests at 1e-10. */
#include "test_loss.c"
