/* Nothing is allocated in act, step, observe or update: the linker sends every allocation through the counters here. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "train/actor.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **memory, size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t bytes);

/* volatile: the compiler knows that the real malloc changes no variable of ours, and would not read this one again. */
static volatile long allocations;

void *__wrap_malloc(size_t bytes) {
    allocations++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes) {
    allocations++;
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes) {
    allocations++;
    return __real_realloc(memory, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
    allocations++;
    return __real_aligned_alloc(alignment, bytes);
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t bytes) {
    allocations++;
    return __real_posix_memalign(memory, alignment, bytes);
}

enum { STEPS = 5000, LANES = 3 };

static bm_env_batch *new_env(const bm_env_type *type) {
    bm_env_batch *env;
    bm_error error;
    ck_assert_msg(bm_env_create(&env, type, NULL, LANES, &error) == BM_OK, "%s", error.text);
    bm_env_seed(env, 1);
    bm_env_reset(env);
    return env;
}

static long allocations_while_training(const bm_agent_type *type, const char *const (*settings)[2]) {
    bm_env_batch *env = new_env(bm_env_find("CartPole-v1"));
    _Alignas(16) unsigned char config[4096];
    bm_error error;
    bm_agent *agent;
    ck_assert_uint_le(type->options.config_bytes, sizeof config);
    bm_options_defaults(&type->options, config);
    for (; (*settings)[0]; settings++) {
        ck_assert_msg(bm_options_set(&type->options, config, (*settings)[0], (*settings)[1], &error) == BM_OK, "%s",
                      error.text);
    }
    const bm_agent_setup setup = {
        .type = type, .config = config, .batch = env, .total_steps = LANES * STEPS, .seed = bm_seed_of(1)};
    ck_assert_msg(bm_agent_create(&agent, &setup, &error) == BM_OK, "%s", error.text);
    bm_arena arena = {0};
    bm_actor actor;
    ck_assert(bm_actor_create(&actor, agent, env, &arena, NULL) == BM_OK);
    const long start = allocations;
    for (int i = 0; i < STEPS; i++) {
        bm_actor_train(&actor);
    }
    const long count = allocations - start;
    ck_assert_int_gt(agent->updates, 10);
    bm_arena_free(&arena);
    bm_agent_destroy(agent);
    bm_env_destroy(env);
    return count;
}

START_TEST(the_counters_count) {
    const long start = allocations;
    void *volatile memory = malloc(1); /* volatile: or the compiler leaves both calls out */
    free(memory);
    ck_assert_int_eq(allocations - start, 1);
}
END_TEST

START_TEST(dqn_allocates_nothing_while_training) {
    static const char *const settings[][2] = {
        {"learning_starts", "100"}, {"buffer_size", "1000"}, {"policy_average", "0.99"}, {NULL, NULL}};
    const bm_agent_type *type;
    ck_assert(bm_agent_lookup("dqn", &type, NULL) == BM_OK);
    ck_assert_int_eq(allocations_while_training(type, settings), 0);
}
END_TEST

START_TEST(reinforce_allocates_nothing_while_training) {
    static const char *const settings[][2] = {{"baseline", "true"}, {"max_batch_steps", "300"}, {NULL, NULL}};
    const bm_agent_type *type;
    ck_assert(bm_agent_lookup("reinforce", &type, NULL) == BM_OK);
    ck_assert_int_eq(allocations_while_training(type, settings), 0);
}
END_TEST

START_TEST(environments_allocate_nothing_while_stepping) {
    for (const bm_env_type *const *type = bm_env_types; *type; type++) {
        bm_env_batch *env = new_env(*type);
        bm_rng rng = bm_rng_seeded(2);
        const long start = allocations;
        for (int i = 0; i < STEPS; i++) {
            bm_env_sample_actions(env, &rng);
            bm_env_step(env);
        }
        ck_assert_int_eq(allocations - start, 0);
        bm_env_destroy(env);
    }
}
END_TEST

TEST_MAIN("allocation", 60, the_counters_count, dqn_allocates_nothing_while_training,
          reinforce_allocates_nothing_while_training, environments_allocate_nothing_while_stepping)
