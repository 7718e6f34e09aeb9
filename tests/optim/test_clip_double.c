/* The tests of clipping once more, on the library built in double. */
#include "optim/test_clip.c"
