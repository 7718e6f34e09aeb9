/* bellman play ENV: a person plays with the keyboard. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/show_flags.h"
#include "cli/signals.h"

static const bm_flag flags[] = {
    {"episodes", "N", "how many (default: until it is closed)"},
    {"seed", "S", "the first episode's seed; the next ones follow (default: 1)"},
    BM_SHOW_FLAGS,
    {"env-set", "KEY=VALUE", "set an option of the environment; may be repeated"},
    {"quiet", NULL, "say nothing but errors"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {NULL, NULL, NULL},
};

static bm_status check(const bm_env_type *type, bm_error *error) {
    return type->actions ? BM_OK : bm_invalid(error, "%s has no keys: its actions are not single choices", type->id);
}

static void report(const bm_arguments *arguments, const bm_env_type *type, const bm_show_result *result) {
    if (!bm_cli_has(arguments, "quiet")) {
        bm_show_report(result);
    }
    if (bm_cli_has(arguments, "json")) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "env", type->id);
        bm_show_json(result, object);
        bm_cli_json_print(object);
    } else if (result->episodes > 0 && !bm_cli_has(arguments, "quiet")) {
        printf("%lld episode%s: return %.2f on average, %.2f at best\n", (long long)result->episodes,
               result->episodes == 1 ? "" : "s", result->mean_return, result->max);
    }
}

static int play(const bm_arguments *arguments) {
    const bm_env_type *type;
    bm_error error;
    bm_player *player = NULL;
    void *config = NULL;
    char title[96] = "";
    bm_show_setup setup = {.title = title, .person = true, .folder = ".", .width = 600, .height = 460};
    bm_show_read_flags(arguments, &setup);
    setup.episodes = (int)bm_cli_integer(arguments, "episodes", 0, 1, 1000000);
    bm_status status = bm_env_lookup(arguments->positional[0], &type, &error);
    if (status == BM_OK) {
        status = check(type, &error);
    }
    if (status == BM_OK) {
        config = bm_cli_alloc(1, type->options.config_bytes);
        bm_options_defaults(&type->options, config);
        snprintf(title, sizeof title, "%s", type->id);
        status = bm_cli_env_settings(arguments, type, config, &error);
    }
    if (status == BM_OK) {
        status = bm_player_create(&player, type, config, NULL,
                                  (uint64_t)bm_cli_integer(arguments, "seed", 1, 0, 1LL << 53), &error);
    }
    int code = BM_EXIT_OK;
    if (status == BM_OK) {
        /* what an agent sees fifty times a second is too fast for a hand */
        setup.speed = bm_cli_has(arguments, "speed") || type->turn_based ? setup.speed : 0.5;
        setup.player = player;
        setup.stop = bm_cli_catch_signals();
        bm_show_result result;
        status = bm_show_in_stage(arguments, "--terminal draws as text (and watch --headless only records)", &setup,
                                  &result, &error);
        if (status == BM_OK) {
            report(arguments, type, &result);
            code = *setup.stop ? 128 + *setup.stop : BM_EXIT_OK;
        }
    }
    bm_player_destroy(player);
    free(config);
    return status == BM_OK ? code : bm_cli_report(status, &error);
}

static int run(int argc, char **argv) {
    char help[8192];
    bm_cli_examples("  bellman play CartPole-v1\n"
                    "  bellman play GridWorld-v0 --env-set map=maze --terminal\n",
                    flags, argc, argv, help, sizeof help);
    const bm_command command = {
        .verb = "play",
        .arguments = "ENV",
        .summary =
            "You play, with the keyboard; h shows the keys. It begins with your first key. Where time goes on by "
            "itself it does so at half the natural speed, unless --speed says otherwise.",
        .examples = help,
        .flags = flags,
    };
    bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
    bm_cli_parse(&command, argc, argv, arguments);
    if (arguments->positionals != 1) {
        bm_cli_usage("play wants one environment, for example: bellman play GridWorld-v0");
    }
    const int code = play(arguments);
    bm_cli_free(arguments);
    free(arguments);
    return code;
}

const bm_verb bm_verb_play = {"play", "play an environment yourself, with the keyboard", run};
