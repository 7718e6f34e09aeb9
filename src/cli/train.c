/* bellman train AGENT ENV: an agent learns in an environment (cli/training.h). */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/result.h"
#include "cli/training.h"
#include "core/statistics.h"
#include "train/agent_trainee.h"

static const bm_flag flags[] = {
    BM_TRAINING_FLAGS,
    {"env-set", "KEY=VALUE", "set an option of the environment; may be repeated"},
    {"render", NULL, "watch it train, in a window: episodes of the policy so far, curves, hyperparameters to turn"},
    BM_SHOW_FLAGS,
    {NULL, NULL, NULL},
};

static void announce(const bm_run *run) {
    const bm_replay *replay = bm_run_trainee(run)->replay;
    if (replay) {
        char count[32];
        fprintf(stderr, "; replay buffer of %s transitions, %.1f MB",
                bm_cli_thousands(replay->capacity, count, sizeof count), (double)bm_replay_bytes(replay) / 1e6);
    }
}

static const char *score_word(const bm_experiment *experiment, char score[64]) {
    (void)experiment;
    (void)score;
    return "eval";
}

static void print(const cJSON *result, const bm_experiment *experiment) {
    const double mean = bm_result_number(result, "eval_return");
    char steps[32], speed[32];
    printf("seed %.0f: %s steps in %.1f s (%s steps/s); last policy: %.*f ± %.*f over %d evaluation episodes\n",
           bm_result_number(result, "seed"),
           bm_cli_thousands((long long)bm_result_number(result, "steps"), steps, sizeof steps),
           bm_result_number(result, "seconds"),
           bm_cli_thousands((long long)bm_result_number(result, "steps_per_second"), speed, sizeof speed),
           bm_result_decimals(mean), mean, bm_result_decimals(mean), bm_result_number(result, "eval_std"),
           bm_agent_run_of(experiment)->eval_episodes);
}

/* Mean and population standard deviation of the evaluation means of the runs that ended. */
static void sum_up(cJSON *all, const bm_experiment *experiment) {
    (void)experiment;
    const cJSON *runs = cJSON_GetObjectItemCaseSensitive(all, "runs"), *run;
    double *x = bm_cli_alloc((size_t)cJSON_GetArraySize(runs) + 1, sizeof *x);
    size_t n = 0;
    cJSON_ArrayForEach(run, runs) {
        x[n++] = bm_result_number(run, "eval_return");
    }
    bm_cli_json_number(all, "eval_return_mean", bm_mean(x, n));
    bm_cli_json_number(all, "eval_return_std", bm_standard_deviation(x, n));
    free(x);
}

static void print_sum(const cJSON *all) {
    const double mean = bm_result_number(all, "eval_return_mean"), std = bm_result_number(all, "eval_return_std");
    printf("%d seeds: %.*f ± %.*f\n", cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(all, "runs")),
           bm_result_decimals(mean), mean, bm_result_decimals(mean), std);
}

static const char *const may_change[] = {"steps", "stop_at_return", "max_seconds", "checkpoint_every", "keep", NULL};

static const char examples[] =
    "Precedence: defaults < preset < --config < flags. What is marked live can be turned while it\n"
    "trains, in the window of --render; the run folder's changes.csv then replays it (--changes).\n\n"
    "  bellman train dqn CartPole-v1\n"
    "  bellman train dqn CartPole-v1 --render\n"
    "  bellman train reinforce CartPole-v1 --seeds 10 --jobs 2\n"
    "  bellman train dqn GridWorld-v0 --env-set map=maze --learning-rate lin_0.001\n\n";

static int run(int argc, char **argv) {
    static const bm_training_verb verb = {
        .type = &bm_agent_trainee_type,
        .arguments = "AGENT ENV",
        .summary =
            "Trains an agent, with its tuned preset for the environment where there is one, and writes a run folder. "
            "See bellman list agents and bellman list envs; name an agent here to see its hyperparameters.",
        .heading = "The run:",
        .wanted = "train wants an agent and an environment, for example: bellman train dqn CartPole-v1",
        .problem_word = "environment",
        .may_change = may_change,
        .training_word = "return",
        .picture = &bm_training_episodes,
        .score_word = score_word,
        .announce = announce,
        .result = bm_result_of_agent,
        .print = print,
        .sum_up = sum_up,
        .print_sum = print_sum,
        .afterwards = "see it play: bellman watch",
    };
    return bm_training_run(&verb, flags, examples, argc, argv);
}

const bm_verb bm_verb_train = {"train", "train an agent and write a run folder", run};
