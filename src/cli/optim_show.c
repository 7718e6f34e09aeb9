#include "cli/optim.h"

bm_status bm_optim_show(const bm_arguments *arguments, bm_race *race, int64_t steps, const atomic_int *stop,
                        bm_error *error) {
    (void)arguments, (void)race, (void)steps, (void)stop;
    return bm_fail(error, "not yet");
}
