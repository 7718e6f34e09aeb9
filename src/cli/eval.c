/* bellman eval RUN: plays a trained policy and says how well it does. Every episode has a seed of its own, so the same
 * command gives the same numbers. With --exact, where the environment is a finite table, what no sampling can say
 * better. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "envs/exact.h"
#include "train/agent_trainee.h"

static const bm_flag flags[] = {
    {"episodes", "N", "episodes to play (default: 100)"},
    {"seed", "S", "episode i is seeded S + i (default: 1000000)"},
    {"checkpoint", "last|best|N",
     "which checkpoint of the run; N: the one of step N, kept by train --keep (default: last)"},
    {"stochastic", NULL, "act as in training, with exploration, instead of with the deterministic policy"},
    {"exact", NULL, "also the exact value of the policy beside the optimal and the random one (finite environments)"},
    {"json", NULL, "one JSON object instead of a table"},
    {"quiet", NULL, "accepted, as everywhere; an evaluation shows no progress"},
    {NULL, NULL, NULL},
};

enum { MOST_EPISODES = 10000000 };

/* Expected return from the start distribution over the environment's time limit, undiscounted. */
typedef struct {
    double policy, optimal, random;
} exact_values;

typedef struct {
    char folder[BM_PATH_MAX];
    const char *checkpoint;
    int64_t first_seed;
    bool stochastic, exact;
    bm_trained policy;
    bm_evaluation result;
    exact_values values;
} evaluation;

/* The deterministic policy as a table: the action in every state of env's model, a lane's worth of states at a time. */
static void tabulate(const bm_evaluator *evaluator, int states, int32_t *action) {
    bm_env_batch *env = evaluator->env;
    bm_agent_input input = evaluator->actor.input;
    input.explore = false;
    memset(env->episode_start, 1, (size_t)env->lanes);
    for (int first = 0; first < states; first += env->lanes) {
        const int count = states - first < env->lanes ? states - first : env->lanes;
        for (int lane = 0; lane < count; lane++) {
            env->type->model->place(env, lane, first + lane);
        }
        bm_env_observe(env, 0, count);
        input.n = count;
        bm_agent_act(evaluator->actor.agent, &input, action + first, NULL);
    }
}

static bm_status evaluate_exactly(const bm_evaluator *evaluator, exact_values *values, bm_error *error) {
    const bm_env_batch *env = evaluator->env;
    const int states = env->type->model->states(env), horizon = env->max_episode_steps;
    int32_t *action = bm_cli_alloc((size_t)states, sizeof *action);
    tabulate(evaluator, states, action);
    bm_status status = bm_exact_policy(env, action, 1, horizon, &values->policy, NULL, error);
    if (status == BM_OK) {
        status = bm_exact_policy(env, NULL, 1, horizon, &values->random, NULL, error);
    }
    if (status == BM_OK) {
        status = bm_exact_optimal(env, 1, horizon, &values->optimal, NULL, error);
    }
    free(action);
    return status;
}

/* What the policy misses, as a share of what there is to learn; NAN where every policy is as good. */
static double gap_of(const exact_values *values) {
    const double range = values->optimal - values->random;
    return range > 0 ? (values->optimal - values->policy) / range : NAN;
}

static bm_status evaluate(evaluation *e, int episodes, bm_error *error) {
    const bm_subject *problem = &e->policy.experiment.problem;
    const bm_env_type *env = problem->type;
    bm_agent *agent = bm_agent_trainee_of(e->policy.trainee)->agent;
    if (e->exact && !env->model) {
        return bm_invalid(error, "%s is not a finite table of states, so --exact has nothing to compute", env->id);
    }
    bm_evaluator evaluator;
    BM_TRY(bm_evaluator_create(&evaluator, agent, env, problem->config, episodes, error));
    /* Exploration follows from --seed too, and not from where training stopped: other seeds are independent samples. */
    const bm_seed seed = bm_seed_of((uint64_t)e->first_seed), explore = bm_seed_child(&seed, 0);
    agent->explore_rng = bm_rng_from(&explore);
    e->result = bm_evaluate(&evaluator, episodes, NULL, (uint64_t)e->first_seed, e->stochastic);
    bm_status status = bm_env_check(evaluator.env, error);
    if (status == BM_OK && e->exact) {
        status = evaluate_exactly(&evaluator, &e->values, error);
    }
    bm_evaluator_free(&evaluator);
    return status;
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

static void print_json(const evaluation *e) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "run", e->folder);
    cJSON_AddStringToObject(object, "checkpoint", e->checkpoint);
    cJSON_AddNumberToObject(object, "first_seed", (double)e->first_seed);
    cJSON_AddNumberToObject(object, "episodes", e->result.episodes);
    bm_cli_json_number(object, "mean_return", e->result.mean_return);
    bm_cli_json_number(object, "std_return", e->result.std_return);
    bm_cli_json_number(object, "mean_length", e->result.mean_length);
    bm_cli_json_number(object, "min", e->result.min);
    bm_cli_json_number(object, "max", e->result.max);
    if (e->exact) {
        cJSON *exact = cJSON_AddObjectToObject(object, "exact");
        bm_cli_json_number(exact, "policy", e->values.policy);
        bm_cli_json_number(exact, "optimal", e->values.optimal);
        bm_cli_json_number(exact, "random", e->values.random);
        bm_cli_json_number(exact, "gap", gap_of(&e->values));
    }
    bm_cli_json_print(object);
}

static void print_exact(const evaluation *e) {
    const exact_values *values = &e->values;
    const double gap = gap_of(values);
    const int limit = bm_agent_trainee_of(e->policy.trainee)->env->max_episode_steps;
    printf("\nexact return of the deterministic policy, ");
    if (limit) {
        printf("over at most %d steps\n", limit);
    } else {
        puts("without a time limit");
    }
    printf("  policy   %.6g\n  optimal  %.6g\n  random   %.6g\n", values->policy, values->optimal, values->random);
    if (isfinite(gap)) {
        printf("  gap      %.3g%% of what lies between random and optimal\n", 100 * gap);
    } else {
        puts("  gap      none: every policy is as good");
    }
}

static void print_table(const evaluation *e) {
    const bm_experiment *experiment = &e->policy.experiment;
    const bm_evaluation *result = &e->result;
    char steps[32];
    printf("%s: %s on %s, checkpoint %s, trained for %s steps\n\n", e->folder, experiment->learner.name,
           experiment->problem.name, e->checkpoint, bm_cli_thousands(e->policy.trainee->count, steps, sizeof steps));
    printf("  return    %.2f ± %.2f   min %.6g   max %.6g\n", result->mean_return, result->std_return, result->min,
           result->max);
    printf("  length    %.1f steps\n", result->mean_length);
    printf("  episodes  %d, seeds %" PRId64 " to %" PRId64 ", %s\n", result->episodes, e->first_seed,
           e->first_seed + result->episodes - 1, e->stochastic ? "exploring as in training" : "deterministic policy");
    if (e->exact) {
        print_exact(e);
    }
}

static int run(int argc, char **argv) {
    const bm_command command = {
        .verb = "eval",
        .arguments = "RUN",
        .summary =
            "Plays episodes with the policy of a run folder and prints the mean return, its standard deviation over "
            "episodes, the smallest and the largest. The same command gives the same numbers.",
        .examples = "  bellman eval runs/CartPole-v1/dqn/seed1-20260101-120000\n"
                    "  bellman eval RUN --checkpoint best --episodes 1000 --json",
        .flags = flags,
    };
    bm_arguments arguments;
    bm_cli_parse(&command, argc, argv, &arguments);
    if (arguments.positionals != 1) {
        bm_cli_usage(arguments.positionals ? "eval takes one run folder at a time"
                                           : "eval wants a run folder; bellman runs lists those there are");
    }
    const char *checkpoint = bm_cli_value(&arguments, "checkpoint");
    evaluation e = {
        .checkpoint = checkpoint ? checkpoint : "last",
        .first_seed = bm_cli_integer(&arguments, "seed", 1000000, 0, 1LL << 53),
        .stochastic = bm_cli_has(&arguments, "stochastic"),
        .exact = bm_cli_has(&arguments, "exact"),
    };
    if (e.stochastic && e.exact) {
        bm_cli_usage("--exact is about the deterministic policy; leave --stochastic out");
    }
    const int episodes = (int)bm_cli_integer(&arguments, "episodes", 100, 1, MOST_EPISODES);
    bm_error error;
    bm_status status = bm_cli_run_folder(arguments.positional[0], e.folder, sizeof e.folder, &error);
    if (status == BM_OK) {
        status = bm_trained_load(&e.policy, &bm_agent_trainee_type, e.folder, e.checkpoint, &error);
    }
    if (status == BM_OK) {
        status = evaluate(&e, episodes, &error);
    }
    if (status == BM_OK && bm_cli_has(&arguments, "json")) {
        print_json(&e);
    } else if (status == BM_OK) {
        print_table(&e);
    }
    bm_trained_free(&e.policy);
    bm_cli_free(&arguments);
    return status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
}

const bm_verb bm_verb_eval = {"eval", "play a trained policy and print its return", run};
