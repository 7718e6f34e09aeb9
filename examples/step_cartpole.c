/* Four CartPoles, a hundred random steps. After make install:
 * cc step_cartpole.c -I/usr/local/include/bellman -L/usr/local/lib -lbellman -lyaml -lcjson -lm -lpthread */
#include <bellman.h>
#include <stdio.h>

int main(void) {
    bm_env_batch *env;
    bm_error error;
    if (bm_env_create(&env, bm_env_find("CartPole-v1"), NULL, 4, &error) != BM_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    bm_rng rng = bm_rng_seeded(42);
    bm_env_seed(env, 42);
    bm_env_reset(env);
    for (int step = 0; step < 100; step++) {
        bm_env_sample_actions(env, &rng); /* or write env->action yourself: int32_t [4] */
        bm_env_step(env);
        for (int i = 0; i < env->ended_count; i++) {
            printf("lane %d: return %g\n", env->ended[i], env->final_return[env->ended[i]]);
        }
    }
    bm_env_destroy(env);
    return 0;
}
