/* Episodes side by side: lane i of a chunk plays one episode and then idles until the chunk's last has ended. Rows of a
 * policy do not depend on each other, so an episode is the same in any chunk. */
#include "train/eval.h"

#include <math.h>
#include <string.h>

bm_status bm_evaluator_create(bm_evaluator *evaluator, bm_agent *agent, const bm_env_type *type, const void *config,
                              int episodes, bm_error *error) {
    const int lanes = episodes < BM_EVAL_LANES ? episodes : BM_EVAL_LANES;
    *evaluator = (bm_evaluator){.env = NULL};
    BM_TRY(bm_env_create(&evaluator->env, type, config, lanes, error));
    const bm_status status = bm_actor_create(&evaluator->actor, agent, evaluator->env, &evaluator->env->arena, error);
    if (status != BM_OK) {
        bm_evaluator_free(evaluator);
    }
    return status;
}

void bm_evaluator_free(bm_evaluator *evaluator) {
    bm_env_destroy(evaluator->env);
}

/* Until all are added, std_return sums squared deviations, after Welford 1962, and mean_length sums lengths. */
static void add_episode(bm_evaluation *total, double episode_return, double length) {
    const double deviation = episode_return - total->mean_return;
    total->mean_return += deviation / ++total->episodes;
    total->std_return += deviation * (episode_return - total->mean_return);
    total->mean_length += length;
    total->min = fmin(total->min, episode_return);
    total->max = fmax(total->max, episode_return);
}

/* By a signal, or because the environment failed. */
static bool stopped(const bm_evaluator *evaluator) {
    return (evaluator->stop && atomic_load_explicit(evaluator->stop, memory_order_relaxed)) ||
           bm_env_check(evaluator->env, NULL) != BM_OK;
}

/* Plays one episode in each of the first `open` lanes. */
static void play_chunk(bm_evaluator *evaluator, int open, bool explore, bm_evaluation *total) {
    bm_env_batch *env = evaluator->env;
    uint8_t finished[BM_EVAL_LANES] = {0};
    bm_env_reset(env);
    int running = open;
    for (int step = 0; running > 0 && step < BM_EVAL_STEPS_MAX && !stopped(evaluator); step++) {
        bm_actor_act(&evaluator->actor, explore);
        bm_env_step(env);
        for (int e = 0; e < env->ended_count; e++) {
            const int lane = env->ended[e];
            if (lane < open && !finished[lane]) {
                finished[lane] = 1;
                running--;
                add_episode(total, env->final_return[lane], env->final_length[lane]);
            }
        }
    }
    for (int lane = 0; running > 0 && lane < open; lane++) {
        if (!finished[lane]) {
            add_episode(total, env->episode_return[lane], env->elapsed[lane]);
        }
    }
}

bm_evaluation bm_evaluate(bm_evaluator *evaluator, int episodes, const bm_seed *seeds, uint64_t first_seed,
                          bool explore) {
    bm_env_batch *env = evaluator->env;
    bm_evaluation total = {.min = INFINITY, .max = -INFINITY};
    for (int first = 0; first < episodes; first += env->lanes) {
        for (int lane = 0; lane < env->lanes; lane++) {
            const bm_seed seed = seeds ? bm_seed_child(seeds, (uint32_t)(first + lane))
                                       : bm_seed_of(first_seed + (uint64_t)(first + lane));
            env->rng[lane] = bm_rng_from(&seed);
        }
        const int left = episodes - first;
        play_chunk(evaluator, left < env->lanes ? left : env->lanes, explore, &total);
        if (stopped(evaluator)) {
            return (bm_evaluation){.episodes = 0};
        }
    }
    total.std_return = sqrt(total.std_return / episodes);
    total.mean_length /= episodes;
    return total;
}
