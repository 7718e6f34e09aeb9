/* One side of the comparison in dqn_update.py: for every line on standard input, "HIDDEN,HIDDEN BATCH UPDATES", does
 * that many DQN updates (sampling a batch from the replay buffer, two forward passes, Huber loss, backward pass, Adam)
 * through the agent itself, and prints CPU microseconds per update and the share of the core's peak flops. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/agent.h"
#include "core/machine.h"

enum { TRANSITIONS = 10000 };

static void set(const bm_agent_type *type, void *config, const char *key, const char *value) {
    bm_error error;
    if (bm_options_set(&type->options, config, key, value, &error) != BM_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(2);
    }
}

static void fill(bm_replay *replay) {
    bm_rng rng = bm_rng_seeded(1);
    for (int i = 0; i < TRANSITIONS; i++) {
        float before[4], after[4];
        for (int j = 0; j < 4; j++) {
            before[j] = (float)bm_rng_normal(&rng);
            after[j] = (float)bm_rng_normal(&rng);
        }
        const int32_t action = (int32_t)bm_rng_integers(&rng, 0, 2);
        bm_replay_add(replay, &(bm_transition){.observation = before,
                                               .action = &action,
                                               .reward = 1.0f,
                                               .next_observation = after,
                                               .ending = bm_rng_double(&rng) < 0.05 ? BM_TERMINATED : BM_CONTINUES});
    }
}

static void measure(const char *hidden, const char *batch_size, const char *updates, double peak) {
    const bm_agent_type *type;
    bm_error error;
    bm_env_batch *env = NULL;
    bm_agent *agent = NULL;
    unsigned char config[4096];
    if (bm_agent_lookup("dqn", &type, &error) != BM_OK || type->options.config_bytes > sizeof config ||
        bm_env_create(&env, bm_env_find("CartPole-v1"), NULL, 1, &error) != BM_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    bm_options_defaults(&type->options, config);
    set(type, config, "net_arch", hidden);
    set(type, config, "batch_size", batch_size);
    set(type, config, "gradient_steps", updates);
    set(type, config, "buffer_size", "10000");
    set(type, config, "train_freq", "1");
    set(type, config, "learning_starts", "0");
    set(type, config, "max_grad_norm", "0");
    const bm_agent_setup setup = {
        .type = type, .config = config, .batch = env, .total_steps = 1000000, .seed = bm_seed_of(1)};
    if (bm_agent_create(&agent, &setup, &error) != BM_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    fill(bm_agent_replay(agent));
    agent->steps = 1;
    bm_agent_update(agent); /* warm-up: every page touched */
    const double start = bm_machine_cpu_seconds();
    bm_agent_update(agent);
    const double seconds = (bm_machine_cpu_seconds() - start) / strtod(updates, NULL);
    int first = 0, second = 0;
    if (sscanf(hidden, "%d,%d", &first, &second) != 2) {
        exit(2);
    }
    /* target forward, forward, weight gradients, and input gradients of all layers but the first */
    const double weights = 4.0 * first + (double)first * second + 2.0 * second;
    const double flops = 2.0 * strtod(batch_size, NULL) * (4.0 * weights - 4.0 * first);
    printf("%.3f %.4f\n", seconds * 1e6, flops / seconds / peak);
    fflush(stdout);
    bm_agent_destroy(agent);
    bm_env_destroy(env);
}

int main(void) {
    char hidden[32], batch_size[16], updates[16];
    const double peak = bm_machine_peak_flops(0.5);
    while (scanf("%31s %15s %15s", hidden, batch_size, updates) == 3) {
        measure(hidden, batch_size, updates, peak);
    }
    return 0;
}
