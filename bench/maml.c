/* One side of the comparison in maml.py: for every line on standard input, "LEARNER INNER_STEPS ITERATIONS", that many
 * meta-iterations on the sinusoid of Finn et al. 2017 (net 1-40-40-1, relu, 5 shots, 5 queries, 25 tasks drawn anew
 * each time, Adam), and prints CPU microseconds of one and the share of the core's peak flops that its matrix products
 * amount to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "meta/learner.h"
#include "optim/optim.h"

enum { BATCH = 25, ROWS = 5, CONFIG_BYTES = 512 };

static void check(bm_status status, const bm_error *error) {
    if (status != BM_OK) {
        fprintf(stderr, "%s\n", error->text);
        exit(1);
    }
}

/* Multiply-adds of one task: a gradient is a forward pass, weight gradients, and input gradients of all layers but the
 * first; a Hessian-vector product carries two numbers for each of those, and what mixes them, in every product but the
 * first layer's. */
static double task_flops(const bm_tasks *tasks, bool second_order, int inner_steps) {
    double weights = 0;
    for (int l = 0; l < tasks->net.layers; l++) {
        weights += (double)tasks->net.layer[l].inputs * tasks->net.layer[l].outputs;
    }
    const double first = (double)tasks->net.layer[0].inputs * tasks->net.layer[0].outputs;
    const double gradient = 3 * weights - first, product = 8 * weights - 4 * first;
    return 2.0 * ROWS * ((inner_steps + 1) * gradient + (second_order ? inner_steps * product : 0));
}

static void measure(const char *name, const char *inner_steps, int iterations, double peak) {
    static const bm_int_list hidden = {.count = 2, .value = {40, 40}};
    _Alignas(16) unsigned char learner_config[CONFIG_BYTES], tasks_config[CONFIG_BYTES];
    const bm_learner_type *type;
    const bm_tasks_type *family;
    bm_tasks *tasks;
    bm_learner *learner;
    bm_pool *pool;
    bm_optim optim;
    bm_arena arena = {0};
    bm_error error;
    const bm_seed seed = bm_seed_of(1);
    bm_rng rng = bm_rng_seeded(1);
    check(bm_learner_lookup(name, &type, &error), &error);
    check(bm_tasks_lookup("sinusoid", &family, &error), &error);
    bm_options_defaults(&type->options, learner_config);
    bm_options_defaults(&family->options, tasks_config);
    check(bm_options_set(&type->options, learner_config, "inner_steps", inner_steps, &error), &error);
    check(bm_tasks_create(&tasks, family, tasks_config, &hidden, &bm_activation_relu, &error), &error);
    check(bm_pool_create(&pool, 1, &error), &error);
    check(bm_learner_create(&learner, type, learner_config, tasks, BATCH, pool, &error), &error);
    bm_variant adam = {0};
    while (strcmp(bm_optim_kinds[adam.kind].name, "adam") != 0) {
        adam.kind++;
    }
    bm_options_defaults(bm_optim_kinds[adam.kind].options, adam.config);
    check(bm_optim_create(&optim, &adam, BM_REAL_DTYPE, learner->parameters, &arena, &error), &error);
    bm_real *outer = BM_NEW(&arena, bm_real, learner->parameters), *grad = BM_NEW(&arena, bm_real, learner->parameters);
    check(bm_arena_check(&arena, "the bench", &error), &error);
    check(bm_learner_init(learner, BM_INIT_XAVIER_UNIFORM, outer, &rng, &error), &error);
    double start = 0;
    for (int i = -10; i < iterations; i++) { /* ten to warm up */
        const bm_seed own = bm_seed_child(&seed, (uint32_t)(i + 10));
        start = i == 0 ? bm_machine_cpu_seconds() : start;
        bm_learner_gradient(learner, &own, 1e-3, outer, grad);
        bm_optim_step(&optim, 1e-3, 1, outer, grad);
    }
    const double seconds = (bm_machine_cpu_seconds() - start) / iterations;
    const double flops = BATCH * task_flops(tasks, type->second_order, learner->inner_steps);
    printf("%.3f %.4f\n", seconds * 1e6, flops / seconds / peak);
    fflush(stdout);
    bm_arena_free(&arena);
    bm_learner_destroy(learner);
    bm_tasks_destroy(tasks);
    bm_pool_destroy(pool);
}

int main(void) {
    char line[128], name[64], inner_steps[16];
    int iterations;
    const double peak = bm_machine_peak_flops(0.2);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%63s %15s %d", name, inner_steps, &iterations) != 3) {
            return 2;
        }
        measure(name, inner_steps, iterations, peak);
    }
    return 0;
}
