/* bellman meta watch RUN: adapts what a run has learned to new tasks, step by step, in a window, a terminal, or into a
 * file. */
#include "cli/meta_watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/signals.h"
#include "core/io.h"
#include "train/run.h"

static const bm_flag flags[] = {
    {"tasks", "N", "how many (default: until the window is closed; 1 where there is none)"},
    {"adapt-steps", "K", "steps of adaptation to each (default: the most that the run evaluates)"},
    {"checkpoint", "WHICH", "last, best or an iteration (default: last)"},
    {"seed", "S", "which tasks (default: 1000000)"},
    BM_META_SHOW_FLAGS("1"),
    {"headless", NULL, "no window: for recordings"},
    {"quiet", NULL, "say nothing but errors"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {NULL, NULL, NULL},
};

enum { FIRST_SEED = 1000000, WIDTH = 1000, HEIGHT = 560 };

typedef struct {
    char folder[BM_PATH_MAX], title[160];
    const char *checkpoint;
    long long seed;
    bm_trained learned;
    bm_adapt *adapt;
} subject;

int bm_meta_shown_steps(const bm_int_list *evaluated) {
    const int most = evaluated->value[evaluated->count - 1];
    return most < 1 ? 1 : most < BM_ADAPT_STEPS ? most : BM_ADAPT_STEPS;
}

bool bm_meta_watch_wants(const char *path) {
    char folder[BM_PATH_MAX];
    bm_experiment experiment = {0};
    bm_error ignored; /* bellman watch finds the same fault */
    if (!bm_path_exists(path) || bm_cli_run_folder(path, folder, sizeof folder, &ignored) != BM_OK) {
        return false;
    }
    const bool wants = bm_run_experiment(&experiment, &bm_meta_trainee_type, folder, "last", &ignored) == BM_OK;
    bm_experiment_free(&experiment);
    return wants;
}

/* ---- what came of it -------------------------------------------------------------------------------------------- */

static double mean_after(const bm_adapt *adapt, int step) {
    return adapt->ended_tasks > 0 ? adapt->sum[step] / (double)adapt->ended_tasks : (double)NAN;
}

static void print_json(const subject *it, const bm_show_result *result) {
    const bm_adapt *adapt = it->adapt;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "run", it->folder);
    cJSON_AddStringToObject(object, "checkpoint", it->checkpoint);
    cJSON_AddNumberToObject(object, "seed", (double)it->seed);
    cJSON_AddNumberToObject(object, "tasks", (double)adapt->ended_tasks);
    cJSON_AddNumberToObject(object, "diverged_tasks", (double)adapt->diverged_tasks);
    cJSON_AddStringToObject(object, "score", adapt->learner->tasks->type->score_names[0]);
    cJSON *mean = cJSON_AddArrayToObject(object, "mean");
    for (int k = 0; k <= adapt->steps && adapt->ended_tasks > 0; k++) {
        cJSON_AddItemToArray(mean, cJSON_CreateNumber(mean_after(adapt, k)));
    }
    if (result->recorded[0]) {
        cJSON_AddStringToObject(object, "recorded", result->recorded);
    }
    bm_cli_json_print(object);
}

static void print_summary(const bm_adapt *adapt) {
    if (adapt->ended_tasks > 0) {
        printf("%lld task%s: %s %.3g before adaptation, %.3g after %d step%s\n", (long long)adapt->ended_tasks,
               adapt->ended_tasks == 1 ? "" : "s", adapt->learner->tasks->type->score_names[0], mean_after(adapt, 0),
               mean_after(adapt, adapt->steps), adapt->steps, adapt->steps == 1 ? "" : "s");
    }
    if (adapt->diverged_tasks > 0) {
        printf("left out: %lld that diverged\n", (long long)adapt->diverged_tasks);
    }
}

static void report(const bm_arguments *arguments, const subject *it, const bm_show_result *result) {
    const bool json = bm_cli_has(arguments, "json");
    if (!bm_cli_has(arguments, "quiet")) {
        bm_show_report(result);
        if (!json) {
            print_summary(it->adapt);
        }
    }
    if (json) {
        print_json(it, result);
    }
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static bm_status open_run(subject *it, const bm_arguments *arguments, bm_error *error) {
    bm_status status = bm_cli_run_folder(arguments->positional[0], it->folder, sizeof it->folder, error);
    if (status == BM_OK) {
        status = bm_trained_load(&it->learned, &bm_meta_trainee_type, it->folder, it->checkpoint, error);
    }
    if (status != BM_OK) {
        return status;
    }
    const bm_experiment *experiment = &it->learned.experiment;
    const bm_meta_trainee *trainee = bm_meta_trainee_of(it->learned.trainee);
    const int usual = bm_meta_shown_steps(&trainee->run->eval_adapt_steps);
    const int steps = (int)bm_cli_integer(arguments, "adapt-steps", usual, 1, BM_ADAPT_STEPS);
    snprintf(it->title, sizeof it->title, "%s on %s", experiment->learner.name, experiment->problem.name);
    return bm_adapt_create(&it->adapt, trainee->learner, (bm_init)trainee->run->init, steps, (uint64_t)it->seed,
                           trainee->outer, trainee->common.count, error);
}

int bm_meta_watch_run(const bm_arguments *arguments) {
    static const char instead[] = "--headless needs no display, --terminal draws as text";
    static const char *const of_agents[] = {"stochastic", "env-set"};
    for (size_t i = 0; i < sizeof of_agents / sizeof of_agents[0]; i++) {
        if (bm_cli_has(arguments, of_agents[i])) {
            bm_cli_usage("--%s does not go with a run of meta-training, which is watched as it adapts to tasks",
                         of_agents[i]);
        }
    }
    subject *it = bm_cli_alloc(1, sizeof *it);
    bm_error error;
    bm_show_result result = {0};
    const char *checkpoint = bm_cli_value(arguments, "checkpoint");
    const char *count = bm_cli_has(arguments, "tasks") ? "tasks" : "episodes";
    it->checkpoint = checkpoint ? checkpoint : "last";
    it->seed = bm_cli_integer(arguments, "seed", FIRST_SEED, 0, 1LL << 53);
    bm_show_setup setup = {.title = it->title, .folder = it->folder, .width = WIDTH, .height = HEIGHT};
    bm_show_read_flags(arguments, &setup);
    setup.episodes = (int)bm_cli_integer(arguments, count, 0, 1, 1000000);
    bm_status status = open_run(it, arguments, &error);
    if (status == BM_OK && (status = bm_show_open(arguments, instead, BM_META_FILE_FPS, &setup, &error)) == BM_OK) {
        setup.stop = bm_cli_catch_signals();
        status = bm_meta_show(&setup, it->adapt, NULL, it->learned.experiment.problem.name, &result, &error);
        bm_stage_close(setup.stage);
    }
    int code = status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
    if (status == BM_OK) {
        report(arguments, it, &result);
        code = *setup.stop ? 128 + *setup.stop : BM_EXIT_OK;
    }
    bm_adapt_destroy(it->adapt);
    bm_trained_free(&it->learned);
    free(it);
    return code;
}

int bm_meta_watch_command(int argc, char **argv) {
    const bm_command command = {
        .verb = "meta watch",
        .arguments = "RUN",
        .summary =
            "Adapts what a run of meta-training has learned to new tasks, step by step, in a window. In the window, h "
            "shows the keys.",
        .examples = "  bellman meta watch RUN\n"
                    "  bellman meta watch RUN --adapt-steps 3 --terminal\n"
                    "  bellman meta watch RUN --tasks 3 --headless --record adaptation.gif\n",
        .flags = flags,
    };
    bm_arguments *arguments = bm_cli_alloc(1, sizeof *arguments);
    bm_cli_parse(&command, argc, argv, arguments);
    if (arguments->positionals != 1) {
        bm_cli_usage("meta watch wants one run folder, for example: bellman meta watch runs/sinusoid/maml/NAME");
    }
    const int code = bm_meta_watch_run(arguments);
    bm_cli_free(arguments);
    free(arguments);
    return code;
}
