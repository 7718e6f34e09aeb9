/* bellman watch RUN|ENV: plays a trained policy, or random actions, in a window, a terminal, or into a file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/meta_watch.h"
#include "cli/show_flags.h"
#include "cli/signals.h"
#include "core/io.h"
#include "train/agent_trainee.h"

static const bm_flag flags[] = {
    {"episodes", "N", "how many (default: until the window is closed; 1 where there is none)"},
    {"checkpoint", "WHICH", "last, best or a step number (default: last)"},
    {"seed", "S", "the first episode's seed; the next ones follow (default: 1000000, as eval has)"},
    {"stochastic", NULL, "act as in training, with exploration"},
    BM_SHOW_FLAGS,
    {"headless", NULL, "no window: for recordings, or only to play"},
    {"env-set", "KEY=VALUE", "set an option of the environment (of watch ENV); may be repeated"},
    {"quiet", NULL, "say nothing but errors"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {NULL, NULL, NULL},
};

enum { FIRST_SEED = 1000000, PLAYER_TITLE = 160 };

typedef struct {
    const char *name; /* RUN or ENV */
    bool is_run;
    const char *checkpoint;
    long long first_seed;
    bm_trained policy; /* of a run */
    bm_agent *agent;   /* its; NULL: none */
    const bm_env_type *type;
    void *config;
    char title[PLAYER_TITLE], folder[BM_PATH_MAX];
} subject;

static bm_status open_run(subject *it, const bm_arguments *arguments, bm_error *error) {
    const char *checkpoint = bm_cli_value(arguments, "checkpoint");
    it->checkpoint = checkpoint ? checkpoint : "last";
    if (bm_cli_has(arguments, "env-set")) {
        return bm_invalid(error, "--env-set is for watch ENV; a run's environment is as it was trained in");
    }
    bm_status status = bm_cli_run_folder(it->name, it->folder, sizeof it->folder, error);
    if (status == BM_OK) {
        status = bm_trained_load(&it->policy, &bm_agent_trainee_type, it->folder, it->checkpoint, error);
    }
    if (status == BM_OK) {
        const bm_experiment *experiment = &it->policy.experiment;
        it->type = experiment->problem.type;
        it->config = experiment->problem.config;
        it->agent = bm_agent_trainee_of(it->policy.trainee)->agent;
        snprintf(it->title, sizeof it->title, "%s on %s", experiment->learner.name, it->type->id);
        it->agent->explore_rng = bm_rng_seeded((uint64_t)it->first_seed);
    }
    return status;
}

static bm_status open_env(subject *it, const bm_arguments *arguments, bm_error *error) {
    bm_error reason;
    if (bm_cli_has(arguments, "checkpoint") || bm_cli_has(arguments, "stochastic")) {
        return bm_invalid(error, "%s is no run folder; --checkpoint and --stochastic are about a trained policy",
                          it->name);
    }
    if (strchr(it->name, '/')) {
        return bm_fail(error, "no run folder %s", it->name);
    }
    if (bm_env_lookup(it->name, &it->type, &reason) != BM_OK) {
        return bm_invalid(error, "there is no run folder %s, and %.300s", it->name, reason.text);
    }
    it->config = bm_cli_alloc(1, it->type->options.config_bytes);
    bm_options_defaults(&it->type->options, it->config);
    snprintf(it->title, sizeof it->title, "%s", it->type->id);
    snprintf(it->folder, sizeof it->folder, ".");
    return bm_cli_env_settings(arguments, it->type, it->config, error);
}

static void report(const bm_arguments *arguments, const subject *it, const bm_show_result *result) {
    if (!bm_cli_has(arguments, "quiet")) {
        bm_show_report(result);
        if (result->episodes > 0 && !bm_cli_has(arguments, "json")) {
            printf("%lld episode%s: return %.2f ± %.2f\n", (long long)result->episodes,
                   result->episodes == 1 ? "" : "s", result->mean_return, result->std_return);
        }
    }
    if (bm_cli_has(arguments, "json")) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, it->is_run ? "run" : "env", it->is_run ? it->folder : it->name);
        if (it->is_run) {
            cJSON_AddStringToObject(object, "checkpoint", it->checkpoint);
        }
        cJSON_AddNumberToObject(object, "first_seed", (double)it->first_seed);
        bm_show_json(result, object);
        bm_cli_json_print(object);
    }
}

static int watch(const bm_arguments *arguments) {
    subject *it = bm_cli_alloc(1, sizeof *it);
    bm_error error;
    bm_show_result result = {0};
    bm_player *player = NULL;
    it->name = arguments->positional[0];
    it->is_run = bm_env_find(it->name) == NULL && bm_path_exists(it->name);
    bm_show_setup setup = {.title = it->title, .folder = it->folder, .width = 600, .height = 460};
    bm_show_read_flags(arguments, &setup);
    setup.episodes = (int)bm_cli_integer(arguments, "episodes", 0, 1, 1000000);
    it->first_seed = bm_cli_integer(arguments, "seed", FIRST_SEED, 0, 1LL << 53);
    bm_status status = it->is_run ? open_run(it, arguments, &error) : open_env(it, arguments, &error);
    if (status == BM_OK) {
        status = bm_player_create(&player, it->type, it->config, it->agent, (uint64_t)it->first_seed, &error);
    }
    if (status == BM_OK) {
        player->explore = bm_cli_has(arguments, "stochastic");
        setup.player = player;
        setup.stop = bm_cli_catch_signals();
        status = bm_show_in_stage(arguments, "--headless needs no display, --terminal draws as text", &setup, &result,
                                  &error);
    }
    int code = status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
    if (status == BM_OK) {
        report(arguments, it, &result);
        code = *setup.stop ? 128 + *setup.stop : BM_EXIT_OK;
    }
    bm_player_destroy(player);
    if (it->is_run) {
        bm_trained_free(&it->policy);
    } else {
        free(it->config);
    }
    free(it);
    return code;
}

static int run(int argc, char **argv) {
    char help[8192];
    bm_cli_examples("  bellman watch RUN\n"
                    "  bellman watch RUN --terminal\n"
                    "  bellman watch RUN --episodes 1 --headless --record episode.gif\n"
                    "  bellman watch GridWorld-v0 --env-set map=maze\n",
                    flags, argc, argv, help, sizeof help);
    const bm_command command = {
        .verb = "watch",
        .arguments = "RUN|ENV",
        .summary =
            "Plays episodes with the policy of a run folder, or an environment with random actions, in a window. "
            "In the window, h shows the keys.",
        .examples = help,
        .flags = flags,
    };
    bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
    bm_cli_parse(&command, argc, argv, arguments);
    if (arguments->positionals != 1) {
        bm_cli_usage("watch wants one run folder or one environment, for example: bellman watch CartPole-v1");
    }
    const bool meta = bm_meta_watch_wants(arguments->positional[0]);
    const int code = meta ? bm_meta_watch_run(arguments) : watch(arguments);
    bm_cli_free(arguments);
    free(arguments);
    return code;
}

const bm_verb bm_verb_watch = {"watch", "see a trained policy play, in a window, a terminal or a file", run};
