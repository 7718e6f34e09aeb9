#ifndef BM_TESTS_ENVS_TRACE_H
#define BM_TESTS_ENVS_TRACE_H

/* Free-running episodes recorded from Gymnasium (golden/trace/), to be reproduced number for number. */
#include <stdio.h>

#include "build.h"

static void assert_observed(const golden_table *trace, int row, const bm_env_batch *batch, const void *observation) {
    const bm_space *space = &batch->observation_space;
    for (int i = 0; i < space->size; i++) {
        char column[32];
        snprintf(column, sizeof column, "observation%d", i);
        const double want = golden_number(trace, row, column);
        const double got = space->dtype == BM_F32 ? (double)((const float *)observation)[i]
                                                  : (double)((const int32_t *)observation)[i];
        ck_assert_msg(got == (space->dtype == BM_F32 ? (double)(float)want : want), "row %d, %s: %.9g instead of %.9g",
                      row, column, got, want);
    }
}

/* Runs a batch of one lane, discrete actions, seeded as the trace was. Actions are sampled from the same seed and must
 * be the recorded ones, unless given is true: then the recorded ones are taken. */
static void assert_follows_trace(bm_env_batch *batch, const char *path, uint64_t seed, bool given) {
    golden_table trace = golden_read(path);
    bm_rng rng = bm_rng_seeded(seed);
    bm_env_seed(batch, seed);
    bm_env_reset(batch);
    for (int row = 0; row < trace.rows; row++) {
        if (golden_number(&trace, row, "step") == 0) {
            assert_observed(&trace, row, batch, batch->observation);
            continue;
        }
        bm_env_sample_actions(batch, &rng);
        const int recorded = (int)golden_number(&trace, row, "action0");
        *choices(batch) = given ? recorded : *choices(batch);
        ck_assert_int_eq(*choices(batch), recorded);
        bm_env_step(batch);
        ck_assert(batch->reward[0] == golden_number(&trace, row, "reward"));
        ck_assert_int_eq(batch->terminated[0], (int)golden_number(&trace, row, "terminated"));
        ck_assert_int_eq(batch->truncated[0], (int)golden_number(&trace, row, "truncated"));
        assert_observed(&trace, row, batch, batch->ended_count ? batch->final_observation : batch->observation);
    }
    golden_free(&trace);
}

#endif
