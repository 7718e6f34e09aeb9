/* The tests of returns once more, on the library built in double. */
#include "agents/test_returns.c"
