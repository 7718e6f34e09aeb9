/* bellman bench WHAT: throughput of each part of the loop on one core, beside the machine's limit measured in the same
 * call: bytes moved against memory bandwidth, floating-point operations against the peak of fused multiply-adds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "core/machine.h"
#include "core/suggest.h"
#include "nets/init.h"
#include "nets/loss.h"
#include "optim/clones.h"
#include "optim/optim.h"
#include "train/agent_trainee.h"

static const bm_flag flags[] = {
    {"seconds", "S", "CPU seconds for each row (default: 1)"},
    {"lanes", "N", "env: lanes of the batch (default: 1024)"},
    {"batch", "N", "net, replay: rows of a batch (default: 64)"},
    {"net-arch", "N,N", "net: widths from input to output (default: three usual nets)"},
    {"env-set", "KEY=VALUE", "env, replay, train: an option of the environment; may be repeated"},
    {"seed", "N", "of everything random (default: 1)"},
    {"quiet", NULL, "no table, for use with --json"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {NULL, NULL, NULL},
};

typedef struct {
    const bm_arguments *arguments;
    double seconds;
    int batch;
    uint64_t seed;
    cJSON *rows;
    bool quiet;
} session;

/* One row: what, its rate, and the limit it is held against (0: none known), both in the limit's unit a second. */
static void report(session *bench, const char *what, const char *unit, double items, double seconds, double used,
                   double limit, const char *limit_name) {
    const double rate = items / seconds;
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "what", what);
    cJSON_AddStringToObject(row, "unit", unit);
    cJSON_AddNumberToObject(row, "items_per_second", rate);
    cJSON_AddNumberToObject(row, "seconds", seconds);
    if (limit > 0) {
        cJSON_AddNumberToObject(row, "share_of_limit", used * rate / limit);
        cJSON_AddStringToObject(row, "limit", limit_name);
    } else {
        cJSON_AddNullToObject(row, "share_of_limit");
    }
    cJSON_AddItemToArray(bench->rows, row);
    if (bench->quiet) {
        return;
    }
    printf("%-44s %10.4g %s/s  %9.3f us each", what, rate, unit, 1e6 / rate);
    if (limit > 0) {
        printf("  %5.1f %% of %s", 100 * used * rate / limit, limit_name);
    }
    putchar('\n');
}

typedef double measured(void *context); /* does some work; how many items it was */

/* Works in blocks until the time is up, and takes the best block: other work may share the core. */
static double best_rate(session *bench, measured *work, void *context, double *seconds) {
    enum { BLOCKS = 20 };
    work(context); /* warm-up */
    double best = 0;
    *seconds = 0;
    for (int block = 0; block < BLOCKS; block++) {
        const double start = bm_machine_cpu_seconds();
        double items = 0, spent = 0;
        while (spent < bench->seconds / BLOCKS) {
            items += work(context);
            spent = bm_machine_cpu_seconds() - start;
        }
        *seconds += spent;
        best = fmax(best, items / spent);
    }
    return best;
}

static void measure(session *bench, const char *what, const char *unit, measured *work, void *context, double used,
                    double limit, const char *limit_name) {
    double seconds;
    const double rate = best_rate(bench, work, context, &seconds);
    report(bench, what, unit, rate * seconds, seconds, used, limit, limit_name);
}

/* Ends the program where an environment has failed: what was measured was no stepping. */
static void check_env(const bm_env_batch *batch) {
    bm_error error;
    if (bm_env_check(batch, &error) != BM_OK) {
        exit(bm_cli_report(BM_FAILED, &error));
    }
}

static bm_env_batch *new_env(const session *bench, const char *id, int lanes) {
    const bm_env_type *type;
    bm_env_batch *batch;
    bm_error error;
    if (bm_env_lookup(id, &type, &error) != BM_OK) {
        exit(bm_cli_report(BM_INVALID, &error));
    }
    void *config = bm_cli_alloc(1, type->options.config_bytes);
    bm_options_defaults(&type->options, config);
    bm_status status = bm_cli_env_settings(bench->arguments, type, config, &error);
    if (status == BM_OK) {
        status = bm_env_create(&batch, type, config, lanes, &error);
    }
    if (status != BM_OK) {
        exit(bm_cli_report(status, &error));
    }
    free(config);
    bm_env_seed(batch, bench->seed);
    bm_env_reset(batch);
    check_env(batch);
    return batch;
}

/* ---- env -------------------------------------------------------------------------------------------------------- */

typedef struct {
    bm_env_batch *batch;
    bm_rng rng;
} env_work;

static double step_env(void *context) {
    env_work *work = context;
    enum { STEPS = 64 };
    for (int i = 0; i < STEPS; i++) {
        bm_env_sample_actions(work->batch, &work->rng);
        bm_env_step(work->batch);
    }
    return (double)STEPS * work->batch->lanes;
}

static void bench_env(session *bench) {
    const bm_arguments *arguments = bench->arguments;
    const int lanes = (int)bm_cli_integer(arguments, "lanes", 1024, 1, 1 << 20);
    const double bandwidth = bm_machine_bandwidth(4096, 0.1);
    for (int i = 0; i < (arguments->positionals > 1 ? arguments->positionals - 1 : 1000); i++) {
        const char *id = arguments->positionals > 1 ? arguments->positional[i + 1] : NULL;
        if (!id && !bm_env_types[i]) {
            break;
        }
        bm_env_batch *batch = new_env(bench, id ? id : bm_env_types[i]->id, lanes);
        env_work work = {batch, bm_rng_seeded(bench->seed)};
        char what[96];
        snprintf(what, sizeof what, "%s, %d lanes, random actions", batch->type->id, lanes);
        /* What a step must move at least: observation, reward and flags out, action in. */
        const double bytes = (double)bm_space_bytes(&batch->observation_space) + 8 + 2 + 4;
        measure(bench, what, "steps", step_env, &work, bytes, bandwidth, "cache bandwidth");
        check_env(batch);
        bm_env_destroy(batch);
    }
}

/* ---- net -------------------------------------------------------------------------------------------------------- */

typedef struct {
    bm_net net;
    int batch;
    bm_real *params, *grad, *workspace, *input, *target, *grad_output;
} net_work;

static double forward(void *context) {
    net_work *w = context;
    bm_net_forward(&w->net, w->params, w->workspace, w->batch, w->input);
    return 1;
}

static double forward_backward(void *context) {
    net_work *w = context;
    const bm_real *y = bm_net_forward(&w->net, w->params, w->workspace, w->batch, w->input);
    bm_loss_mse((size_t)(w->batch * w->net.outputs), y, w->target, w->grad_output);
    bm_net_backward(&w->net, w->params, w->workspace, w->batch, w->input, w->grad_output, w->grad, NULL);
    return 1;
}

static void bench_one_net(session *bench, const bm_int_list *widths, double peak) {
    bm_arena arena = {0};
    bm_error error;
    net_work work = {.batch = bench->batch};
    char what[96];
    size_t at = 0;
    for (int i = 0; i < widths->count; i++) {
        at += (size_t)snprintf(what + at, sizeof what - at, i ? "-%d" : "%d", widths->value[i]);
    }
    const int last = widths->count - 1;
    bm_status status = bm_net_mlp(&work.net, widths->value[0], last - 1, widths->value + 1, widths->value[last],
                                  bm_activations[1], NULL, &error);
    if (status == BM_OK) {
        bm_rng rng = bm_rng_seeded(bench->seed);
        const size_t rows = (size_t)bench->batch;
        work.params = BM_NEW(&arena, bm_real, work.net.parameters);
        work.grad = BM_NEW(&arena, bm_real, work.net.parameters);
        work.workspace = BM_NEW(&arena, bm_real, bm_net_workspace(&work.net, bench->batch));
        work.input = BM_NEW(&arena, bm_real, rows * (size_t)widths->value[0]);
        work.target = BM_NEW(&arena, bm_real, rows * (size_t)widths->value[last]);
        work.grad_output = BM_NEW(&arena, bm_real, rows * (size_t)widths->value[last]);
        status = bm_arena_check(&arena, "the net", &error);
        if (status == BM_OK) {
            status = bm_init_net(BM_INIT_TORCH, 1, &work.net, work.params, &rng, &error);
        }
        for (size_t i = 0; status == BM_OK && i < rows * (size_t)widths->value[0]; i++) {
            work.input[i] = (bm_real)bm_rng_normal(&rng);
        }
    }
    if (status != BM_OK) {
        exit(bm_cli_report(status, &error));
    }
    double weights = 0;
    for (int i = 0; i < last; i++) {
        weights += (double)widths->value[i] * widths->value[i + 1];
    }
    const double first = (double)widths->value[0] * widths->value[1];
    snprintf(what + at, sizeof what - at, ", batch %d, forward", bench->batch);
    measure(bench, what, "passes", forward, &work, 2 * weights * bench->batch, peak, "peak flops");
    snprintf(what + at, sizeof what - at, ", batch %d, forward+backward", bench->batch);
    measure(bench, what, "passes", forward_backward, &work, (6 * weights - 2 * first) * bench->batch, peak,
            "peak flops");
    bm_arena_free(&arena);
}

typedef struct {
    bm_int_list net_arch;
} net_option;

static void bench_net(session *bench) {
    static const bm_int_list usual[] = {
        {4, {4, 64, 64, 2}}, {4, {4, 120, 84, 2}}, {4, {4, 256, 256, 2}}, {4, {64, 512, 512, 8}}};
    const double peak = bm_machine_peak_flops(0.2);
    const char *arch = bm_cli_value(bench->arguments, "net-arch");
    if (!arch) {
        for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
            bench_one_net(bench, &usual[i], peak);
        }
        return;
    }
    static const bm_option row[] = {BM_OPTION_STRING(net_option, net_arch, "[4,64,2]", 1, 65536, "widths")};
    static const bm_options options = BM_OPTIONS(row, net_option);
    net_option chosen;
    bm_error error;
    bm_options_defaults(&options, &chosen);
    if (bm_options_set(&options, &chosen, "net_arch", arch, &error) != BM_OK) {
        exit(bm_cli_report(BM_INVALID, &error));
    }
    if (chosen.net_arch.count < 2) {
        bm_cli_usage("--net-arch wants at least two widths, input and output");
    }
    bench_one_net(bench, &chosen.net_arch, peak);
}

/* ---- optim ------------------------------------------------------------------------------------------------------ */

typedef struct {
    bm_optim optim;
    bm_real *param, *grad;
    int steps; /* between two looks at the clock */
} optim_work;

static double optimize(void *context) {
    optim_work *w = context;
    for (int i = 0; i < w->steps; i++) {
        bm_optim_step(&w->optim, 1e-4, 1, w->param, w->grad);
    }
    return w->steps;
}

/* Arrays may be NULL, which a loop made for that case knows when it is compiled. */
BM_ALWAYS_INLINE void add_loop(size_t n, bm_real *restrict param, const bm_real *restrict grad, bm_real *restrict first,
                               bm_real *restrict second, bm_real *restrict third) {
    for (size_t i = 0; i < n; i++) {
        param[i] += grad[i];
        if (first) {
            first[i] += grad[i];
        }
        if (second) {
            second[i] += grad[i];
        }
        if (third) {
            third[i] += grad[i];
        }
    }
}

BM_CLONES
static void add(size_t n, bm_real *param, const bm_real *grad, bm_real *const array[BM_OPTIM_SLOTS], int arrays) {
    if (arrays == 0) {
        add_loop(n, param, grad, NULL, NULL, NULL);
    } else if (arrays == 1) {
        add_loop(n, param, grad, array[0], NULL, NULL);
    } else if (arrays == 2) {
        add_loop(n, param, grad, array[0], array[1], NULL);
    } else {
        add_loop(n, param, grad, array[0], array[1], array[2]);
    }
}

/* The limit: reads the gradient, reads and writes the parameters and every slot, and does no more than add. */
static double stream(void *context) {
    optim_work *w = context;
    bm_real *array[BM_OPTIM_SLOTS] = {NULL};
    int arrays = 0;
    for (int i = 0; i < BM_OPTIM_SLOTS; i++) {
        if (w->optim.slot[i]) {
            array[arrays++] = w->optim.slot[i];
        }
    }
    for (int i = 0; i < w->steps; i++) {
        add(w->optim.n, w->param, w->grad, array, arrays);
    }
    return w->steps;
}

static void bench_one_optim(session *bench, int kind, size_t n) {
    bm_arena arena = {0};
    bm_error error;
    bm_variant choice = {.kind = kind};
    bm_options_defaults(&bm_optim_types[kind]->options, choice.config);
    /* without it sgd would not touch its one slot */
    const bool momentum =
        bm_options_set(&bm_optim_types[kind]->options, choice.config, "momentum", "0.9", &error) == BM_OK;
    optim_work work = {.param = BM_NEW(&arena, bm_real, n),
                       .grad = BM_NEW(&arena, bm_real, n),
                       .steps = n < 1000000 ? (int)(1000000 / n) : 1};
    if (bm_optim_create(&work.optim, &choice, BM_REAL_DTYPE, n, &arena, &error) != BM_OK ||
        bm_arena_check(&arena, "the bench", &error) != BM_OK) {
        exit(bm_cli_report(BM_FAILED, &error));
    }
    memset(work.grad, 0, n * sizeof *work.grad); /* or all its pages would be the one page of zeros */
    session brief = *bench;
    brief.seconds = fmin(bench->seconds, 0.2);
    double seconds;
    const double limit = best_rate(&brief, stream, &work, &seconds); /* of zeros: the slots stay zero */
    bm_rng rng = bm_rng_seeded(bench->seed);
    for (size_t i = 0; i < n; i++) {
        work.grad[i] = (bm_real)bm_rng_uniform(&rng, -1, 1);
    }
    char what[96], count[32];
    snprintf(what, sizeof what, "%s%s, %s parameters", bm_optim_types[kind]->name, momentum ? " with momentum" : "",
             bm_cli_thousands((long long)n, count, sizeof count));
    measure(bench, what, "steps", optimize, &work, 1, limit, "streaming the same arrays");
    bm_arena_free(&arena);
}

static void bench_optim(session *bench) {
    static const size_t sizes[] = {4610, 10934, 67586, 10000000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (int kind = 0; bm_optim_types[kind]; kind++) {
            bench_one_optim(bench, kind, sizes[s]);
        }
    }
}

/* ---- replay ----------------------------------------------------------------------------------------------------- */

typedef struct {
    bm_env_batch *env;
    bm_replay replay;
    bm_replay_batch batch;
    bm_rng rng;
} replay_work;

static double add_transitions(void *context) {
    replay_work *w = context;
    const bm_env_batch *env = w->env;
    bm_replay_add_step(&w->replay, env->observation, env->action_mask, env);
    return env->lanes;
}

static double sample_batch(void *context) {
    replay_work *w = context;
    bm_replay_sample(&w->replay, &w->rng, 0.99, 1, 1, &w->batch);
    return 1;
}

static void bench_replay(session *bench) {
    enum { CAPACITY = 1000000 };
    const char *id = bench->arguments->positionals > 1 ? bench->arguments->positional[1] : "CartPole-v1";
    bm_arena arena = {0};
    bm_error error;
    replay_work work = {.env = new_env(bench, id, 1024), .rng = bm_rng_seeded(bench->seed)};
    const bm_status status = bm_replay_create(&work.replay, &work.env->observation_space, &work.env->action_space,
                                              work.env->masked, CAPACITY, &arena, &error);
    if (status != BM_OK) {
        exit(bm_cli_report(status, &error));
    }
    bm_replay_batch_create(&work.batch, &work.replay, bench->batch, &arena);
    if (bm_arena_check(&arena, "the bench", &error) != BM_OK) {
        exit(bm_cli_report(BM_FAILED, &error));
    }
    while (work.replay.added < CAPACITY) {
        add_transitions(&work);
    }
    const double bandwidth = bm_machine_bandwidth(10000000, 0.3);
    const double bytes = (double)bm_replay_bytes(&work.replay) / CAPACITY;
    char what[96];
    snprintf(what, sizeof what, "%s, 10^6 transitions, add", id);
    measure(bench, what, "transitions", add_transitions, &work, bytes, bandwidth, "memory bandwidth");
    snprintf(what, sizeof what, "%s, 10^6 transitions, sample %d", id, bench->batch);
    measure(bench, what, "batches", sample_batch, &work, 2 * bytes * bench->batch, bandwidth, "memory bandwidth");
    bm_env_destroy(work.env);
    bm_arena_free(&arena);
}

/* ---- train ------------------------------------------------------------------------------------------------------ */

static double train_steps(void *context) {
    bm_actor *actor = context;
    enum { STEPS = 256 };
    for (int i = 0; i < STEPS; i++) {
        bm_actor_train(actor);
    }
    return (double)STEPS * actor->env->lanes;
}

static void bench_train(session *bench) {
    const bm_arguments *arguments = bench->arguments;
    const char *only = arguments->positionals > 1 ? arguments->positional[1] : NULL;
    const char *id = arguments->positionals > 2 ? arguments->positional[2] : "CartPole-v1";
    for (int i = 0; bm_agent_types[i]; i++) {
        bm_experiment experiment;
        bm_error error;
        bool found;
        if (only && i > 0) {
            break;
        }
        bm_status status = bm_experiment_create(&experiment, &bm_agent_trainee_type,
                                                only ? only : bm_agent_types[i]->name, id, &error);
        if (status == BM_OK) {
            status = bm_experiment_preset(&experiment, &found, &error);
        }
        if (status != BM_OK) {
            exit(bm_cli_report(status, &error));
        }
        bm_env_batch *env = new_env(bench, id, bm_agent_run_of(&experiment)->num_envs);
        bm_agent *agent;
        bm_actor actor;
        bm_arena arena = {0};
        const bm_agent_setup setup = {
            .type = experiment.learner.type,
            .config = experiment.learner.config,
            .batch = env,
            .total_steps = experiment.run->total,
            .seed = bm_seed_of(bench->seed),
        };
        status = bm_agent_create(&agent, &setup, &error);
        if (status == BM_OK) {
            status = bm_actor_create(&actor, agent, env, &arena, &error);
        }
        if (status != BM_OK) {
            exit(bm_cli_report(status, &error));
        }
        while (agent->updates == 0) { /* past the steps before learning starts */
            train_steps(&actor);
        }
        char what[96];
        snprintf(what, sizeof what, "%s %s with its preset", experiment.learner.name, id);
        measure(bench, what, "steps", train_steps, &actor, 0, 0, NULL);
        check_env(env);
        bm_arena_free(&arena);
        bm_agent_destroy(agent);
        bm_env_destroy(env);
        bm_experiment_free(&experiment);
    }
}

/* ---- the verb --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*run)(session *bench);
} subjects[] = {
    {"env", bench_env}, {"net", bench_net}, {"optim", bench_optim}, {"replay", bench_replay}, {"train", bench_train},
};

enum { SUBJECTS = sizeof subjects / sizeof subjects[0] };

static int run(int argc, char **argv) {
    const bm_command command = {
        .verb = "bench",
        .arguments = "env [ENV...]\nnet\noptim\nreplay [ENV]\ntrain [AGENT [ENV]]",
        .summary = "Measures throughput on one core in CPU time, best of 20 blocks, beside the machine's limit.",
        .flags = flags,
    };
    bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
    bm_cli_parse(&command, argc, argv, arguments);
    const char *names[SUBJECTS];
    for (size_t i = 0; i < SUBJECTS; i++) {
        names[i] = subjects[i].name;
    }
    if (arguments->positionals == 0) {
        bm_cli_usage("bench wants one of env, net, optim, replay or train");
    }
    const char *what = arguments->positional[0];
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (strcmp(what, names[i]) != 0) {
            continue;
        }
        const char *seconds = bm_cli_value(arguments, "seconds");
        char *end = NULL;
        session bench = {
            .arguments = arguments,
            .seconds = seconds ? strtod(seconds, &end) : 1.0,
            .batch = (int)bm_cli_integer(arguments, "batch", 64, 1, 65536),
            .seed = (uint64_t)bm_cli_integer(arguments, "seed", 1, 0, 1LL << 53),
            .rows = cJSON_CreateArray(),
            .quiet = bm_cli_has(arguments, "quiet"),
        };
        if (seconds && (end == seconds || *end || !(bench.seconds >= 0.01 && bench.seconds <= 3600))) {
            bm_cli_usage("--seconds=%s is not a number from 0.01 to 3600", seconds);
        }
        subjects[i].run(&bench);
        if (bm_cli_has(arguments, "json")) {
            cJSON *object = cJSON_CreateObject();
            cJSON_AddItemToObject(object, "rows", bench.rows);
            bm_cli_json_print(object);
        } else {
            cJSON_Delete(bench.rows);
        }
        bm_cli_free(arguments);
        free(arguments);
        return BM_EXIT_OK;
    }
    bm_cli_usage("cannot bench %s%s", what,
                 bm_did_you_mean(what, names, SUBJECTS, "; it can env, net, optim, replay and train").text);
}

const bm_verb bm_verb_bench = {"bench", "measure speed beside the machine's limits", run};
