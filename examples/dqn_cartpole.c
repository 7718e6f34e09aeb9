/* Deep Q-learning (Mnih et al. 2015) on CartPole-v1 over the library, from top to bottom: an environment, a network
 * with a target copy, an optimizer, a replay buffer, and the loss. It ends when the mean return reaches 475, which is
 * what CartPole-v1 asks for. The program's `bellman train dqn CartPole-v1` does the same, with everything around it.
 * After make install:
 * cc dqn_cartpole.c -I/usr/local/include/bellman -L/usr/local/lib -lbellman -lyaml -lcjson -lm -lpthread */
#include <bellman.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACTIONS = 2, FEATURES = 4, BATCH = 128, STEPS = 200000 };
enum { LEARN_AFTER = 1000, TRAIN_FREQ = 10, TARGET_EVERY = 250 };

static bm_error error;

static void check(bm_status status) {
    if (status != BM_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    bm_rng rng = bm_rng_seeded(seed);
    bm_arena arena = {0};

    /* one CartPole */
    bm_env_batch *env;
    check(bm_env_create(&env, bm_env_find("CartPole-v1"), NULL, 1, &error));
    bm_env_seed(env, seed);
    bm_env_reset(env);

    /* Q(s, .) is a network 4 - 120 - 84 - 2 with relu between; parameters and gradients are flat arrays */
    bm_net net;
    check(bm_net_mlp(&net, FEATURES, 2, (int[]){120, 84}, ACTIONS, &bm_activation_relu, NULL, &error));
    bm_real *params = BM_NEW(&arena, bm_real, net.parameters), *grad = BM_NEW(&arena, bm_real, net.parameters);
    bm_real *target_params = BM_NEW(&arena, bm_real, net.parameters);
    bm_real *workspace = BM_NEW(&arena, bm_real, bm_net_workspace(&net, BATCH));
    bm_real *input = BM_NEW(&arena, bm_real, BATCH * FEATURES);
    bm_real *target = BM_NEW(&arena, bm_real, BATCH), *grad_q = BM_NEW(&arena, bm_real, BATCH * ACTIONS);
    check(bm_arena_check(&arena, "the network", &error));
    check(bm_init_net(BM_INIT_TORCH, 1, &net, params, &rng, &error));

    bm_method adam;
    bm_optim optim;
    check(bm_method_find(&adam, "adam", &error));
    check(bm_optim_create(&optim, &adam.choice, BM_REAL_DTYPE, net.parameters, &arena, &error));
    bm_replay replay;
    bm_replay_batch batch;
    check(bm_replay_create(&replay, &env->observation_space, &env->action_space, false, STEPS, &arena, &error));
    bm_replay_batch_create(&batch, &replay, BATCH, &arena);
    check(bm_arena_check(&arena, "the replay buffer", &error));

    double mean_return = 0; /* of the last hundred episodes or so */
    for (int step = 1, episodes = 0; step <= STEPS && mean_return < 475; step++) {
        /* act: at random with a chance that falls from 1 to 0.05 in the first fifth, else what has the largest Q */
        const double done = (double)step / STEPS, epsilon = fmax(0.05, 1 - 0.95 * done / 0.2);
        float observation[FEATURES];
        memcpy(observation, env->observation, sizeof observation);
        bm_encode(&env->observation_space, BM_ONE_HOT, 1, observation, input);
        *(int32_t *)env->action = bm_rng_double(&rng) < epsilon
                                      ? (int32_t)bm_rng_integers(&rng, 0, ACTIONS)
                                      : bm_argmax(ACTIONS, bm_net_forward(&net, params, workspace, 1, input));
        bm_env_step(env);
        bm_replay_add_step(&replay, observation, NULL, env);
        if (env->ended_count > 0) {
            mean_return += (env->final_return[0] - mean_return) / (++episodes < 100 ? episodes : 100);
            if (episodes % 100 == 0) {
                printf("step %6d, episode %4d: mean return %.1f\n", step, episodes, mean_return);
            }
        }
        if (step % TARGET_EVERY == 0) {
            memcpy(target_params, params, net.parameters * sizeof *params);
        }
        if (step > LEARN_AFTER && step % TRAIN_FREQ == 0) {
            /* learn: y = ten steps of reward and gamma^10 max Q_target(s', .); descend mean (Q(s, a) - y)^2 */
            bm_replay_sample(&replay, &rng, 0.99, 10, 1, &batch);
            bm_encode(&env->observation_space, BM_ONE_HOT, BATCH, batch.next_observation, input);
            const bm_real *q_next = bm_net_forward(&net, target_params, workspace, BATCH, input);
            bm_td_target(BATCH, ACTIONS, batch.reward, batch.discount, q_next, NULL, target);
            bm_encode(&env->observation_space, BM_ONE_HOT, BATCH, batch.observation, input);
            const bm_real *q = bm_net_forward(&net, params, workspace, BATCH, input);
            bm_td_loss(BATCH, ACTIONS, INFINITY, q, batch.action, target, NULL, grad_q);
            bm_net_backward(&net, params, workspace, BATCH, input, grad_q, grad, NULL);
            bm_optim_step(&optim, 0.002 * (1 - done), 1, params, grad);
        }
    }
    printf("mean return %.1f\n", mean_return);
    bm_arena_free(&arena);
    bm_env_destroy(env);
    return mean_return < 475;
}
