/* trace/: free-running episodes of Gymnasium, number for number, from the seed in the file's name; observations to
 * 1e-6, since the last digit of a sine is the C library's. Actions are sampled from the same seed and must be those
 * recorded, unless a file ENV_seedS.actions lies beside the trace: then the recorded ones are taken. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "golden_files/golden.h"
#include "golden_files/golden_env.h"

static bool exists(const char *const *word) {
    return golden_env_exists(word[0]);
}

/* What a row says of a step: how it went, and what was seen after it. */
static void compare_step(const golden_case *file, const golden_table *trace, int row, const bm_env_batch *batch,
                         double reward, int terminated, int truncated, const void *observation) {
    golden_near(reward, golden_number(trace, row, "reward"), 0, "row %d: reward", row + 1);
    golden_near(terminated, golden_number(trace, row, "terminated"), 0, "row %d: terminated", row + 1);
    golden_near(truncated, golden_number(trace, row, "truncated"), 0, "row %d: truncated", row + 1);
    for (int i = 0; i < batch->observation_space.size; i++) {
        char column[32];
        snprintf(column, sizeof column, "observation%d", i);
        const double want = golden_number(trace, row, column);
        golden_near(golden_env_number(batch, observation, i),
                    batch->observation_space.dtype == BM_F32 ? (double)(float)want : want, file->tolerance,
                    "row %d: %s", row + 1, column);
    }
}

/* Takes an action, sampled or given. */
static void act(const golden_table *trace, int row, bm_env_batch *batch, bm_rng *rng, bool given) {
    enum { ACTION_MOST = 16 };
    double recorded[ACTION_MOST];
    ck_assert_int_le(batch->action_space.size, ACTION_MOST);
    bm_env_sample_actions(batch, rng);
    for (int i = 0; i < batch->action_space.size; i++) {
        char column[32];
        snprintf(column, sizeof column, "action%d", i);
        recorded[i] = golden_number(trace, row, column);
        if (!given) {
            golden_near(golden_env_action(batch, i), recorded[i], 0, "row %d: %s", row + 1, column);
        }
    }
    golden_env_act(batch, recorded);
    bm_env_step(batch);
}

static void compare(const golden_case *file) {
    const golden_table trace = golden_read(file->path, file->arena);
    char *end, actions[256];
    const unsigned long long seed = strtoull(file->word[1], &end, 10);
    ck_assert_msg(!*end, "%s is no seed", file->word[1]);
    snprintf(actions, sizeof actions, "%s_seed%s.actions", file->word[0], file->word[1]);
    const bool given = access(golden_beside(file, actions), F_OK) == 0;
    bm_env_batch *batch = golden_env_build(file->word[0], "");
    bm_rng rng = bm_rng_seeded(seed);
    bm_env_seed(batch, seed);
    bm_env_reset(batch);
    for (int row = 0, episode = -1, step = 0; row < trace.rows; row++, step++) {
        if (row == 0 || batch->ended_count) { /* an episode begins: a row with its first observation */
            episode++;
            step = 0;
            compare_step(file, &trace, row, batch, 0, 0, 0, batch->observation);
            batch->ended_count = 0;
        } else {
            act(&trace, row, batch, &rng, given);
            compare_step(file, &trace, row, batch, batch->reward[0], batch->terminated[0], batch->truncated[0],
                         golden_env_shown(batch));
        }
        golden_near(episode, golden_number(&trace, row, "episode"), 0, "row %d: episode", row + 1);
        golden_near(step, golden_number(&trace, row, "step"), 0, "row %d: step", row + 1);
    }
    bm_env_destroy(batch);
}

const golden_family golden_trace_families[] = {{"trace/*_seed*.csv", compare, 1e-6, 0, exists}, {0}};
