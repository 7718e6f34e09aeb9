/* bellman list WHAT: what there is, one line each, straight from the registries. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agents/agent.h"
#include "cli/cli.h"
#include "core/preset.h"
#include "core/suggest.h"
#include "envs/env.h"
#include "meta/learner.h"
#include "meta/tasks.h"
#include "nets/net.h"
#include "optim/lr_schedule.h"
#include "optim/objective.h"
#include "optim/optim.h"
#include "optim/solver.h"

static const bm_flag flags[] = {
    {"json", NULL, "one JSON object instead of a table"},
    {"quiet", NULL, "accepted, as everywhere; lists show no progress"},
    {NULL, NULL, NULL},
};

/* Each list is built as JSON first, an array of objects; the table is one way to print it. */
typedef struct {
    const char *name, *summary;
    bm_status (*collect)(cJSON *array, bm_error *error);
    void (*print)(const cJSON *array);
} list;

static cJSON *add_item(cJSON *array, const char *name, const char *summary) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(array, item);
    cJSON_AddStringToObject(item, "name", name);
    if (summary) {
        cJSON_AddStringToObject(item, "summary", summary);
    }
    return item;
}

static const char *text_of(const cJSON *item, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
    return text ? text : "";
}

/* A number, or what stands in its place when there is none. */
static const char *number_of(const cJSON *item, const char *key, const char *none, char *text, size_t bytes) {
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, key);
    if (!cJSON_IsNumber(number)) {
        return none;
    }
    snprintf(text, bytes, "%g", number->valuedouble);
    return text;
}

/* The longest text under key, or under heading. */
static int width_of(const cJSON *array, const char *key, const char *heading) {
    size_t width = strlen(heading);
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        const size_t length = strlen(text_of(item, key));
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_summaries(const cJSON *array) {
    const int width = width_of(array, "name", "");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        printf("%-*s  %s\n", width, text_of(item, "name"), text_of(item, "summary"));
    }
}

/* ---- environments ----------------------------------------------------------------------------------------------- */

/* "4 numbers", "10x10x4 bytes", "0..15", "0..2 and 0..9" */
static void describe_space(const bm_space *space, char *text, size_t bytes) {
    size_t used = 0;
    if (space->kind == BM_DISCRETE) {
        for (int i = 0; i < space->size && used < bytes; i++) {
            used +=
                (size_t)snprintf(text + used, bytes - used, "%s0..%d", i ? " and " : "", bm_space_count(space, i) - 1);
        }
        return;
    }
    for (int i = 0; i < space->dims && used < bytes; i++) {
        used += (size_t)snprintf(text + used, bytes - used, "%s%d", i ? "x" : "", space->shape[i]);
    }
    if (used < bytes) {
        const bool one = space->size == 1;
        snprintf(text + used, bytes - used, " %s%s", space->dtype == BM_U8 ? "byte" : "number", one ? "" : "s");
    }
}

static bm_status collect_envs(cJSON *array, bm_error *error) {
    for (const bm_env_type *const *type = bm_env_types; *type; type++) {
        bm_env_batch *env;
        const bm_status status = bm_env_create(&env, *type, NULL, 1, error);
        if (status != BM_OK) {
            return status;
        }
        char text[96];
        cJSON *item = add_item(array, (*type)->id, (*type)->summary);
        describe_space(&env->observation_space, text, sizeof text);
        cJSON_AddStringToObject(item, "observation", text);
        describe_space(&env->action_space, text, sizeof text);
        cJSON_AddStringToObject(item, "action", text);
        if (env->max_episode_steps) {
            cJSON_AddNumberToObject(item, "max_episode_steps", env->max_episode_steps);
        } else {
            cJSON_AddNullToObject(item, "max_episode_steps");
        }
        if (isnan((*type)->reward_threshold)) {
            cJSON_AddNullToObject(item, "reward_threshold");
        } else {
            cJSON_AddNumberToObject(item, "reward_threshold", (*type)->reward_threshold);
        }
        bm_env_destroy(env);
    }
    return BM_OK;
}

static void print_envs(const cJSON *array) {
    const int name = width_of(array, "name", "environment"), action = width_of(array, "action", "action");
    const int observation = width_of(array, "observation", "observation");
    printf("%-*s  %-*s  %-*s  %6s  %6s  %s\n", name, "environment", observation, "observation", action, "action",
           "steps", "solved", "summary");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        char steps[32], solved[32];
        printf("%-*s  %-*s  %-*s  %6s  %6s  %s\n", name, text_of(item, "name"), observation,
               text_of(item, "observation"), action, text_of(item, "action"),
               number_of(item, "max_episode_steps", "-", steps, sizeof steps),
               number_of(item, "reward_threshold", "-", solved, sizeof solved), text_of(item, "summary"));
    }
}

/* ---- the others ------------------------------------------------------------------------------------------------- */

static bm_status collect_agents(cJSON *array, bm_error *error) {
    (void)error;
    for (const bm_agent_type *const *type = bm_agent_types; *type; type++) {
        cJSON_AddStringToObject(add_item(array, (*type)->name, (*type)->summary), "source", (*type)->source);
    }
    return BM_OK;
}

static bm_status collect_learners(cJSON *array, bm_error *error) {
    (void)error;
    for (const bm_learner_type *const *type = bm_learner_types; *type; type++) {
        cJSON_AddStringToObject(add_item(array, (*type)->name, (*type)->summary), "source", (*type)->source);
    }
    return BM_OK;
}

static bm_status collect_tasks(cJSON *array, bm_error *error) {
    (void)error;
    for (const bm_tasks_type *const *type = bm_tasks_types; *type; type++) {
        cJSON *item = add_item(array, (*type)->name, (*type)->summary);
        cJSON_AddStringToObject(item, "source", (*type)->source);
        cJSON *scores = cJSON_AddArrayToObject(item, "scores");
        for (int i = 0; (*type)->score_names[i]; i++) {
            cJSON_AddItemToArray(scores, cJSON_CreateString((*type)->score_names[i]));
        }
    }
    return BM_OK;
}

static void add_option(void *names, const char *key, const bm_option *row, const void *field) {
    (void)row;
    (void)field;
    cJSON_AddItemToArray(names, cJSON_CreateString(key));
}

static void add_options(cJSON *item, const bm_options *options) {
    bm_options_each(options, NULL, add_option, cJSON_AddArrayToObject(item, "options"));
}

/* Those of networks first, then those of plain functions only. */
static bm_status collect_optimizers(cJSON *array, bm_error *error) {
    (void)error;
    for (const bm_optim_type *const *type = bm_optim_types; *type; type++) {
        cJSON *item = add_item(array, (*type)->name, (*type)->summary);
        cJSON_AddNumberToObject(item, "default_lr", (*type)->default_lr);
        cJSON_AddBoolToObject(item, "trains_networks", true);
        add_options(item, &(*type)->options);
    }
    for (const bm_solver_type *const *type = bm_solver_types; *type; type++) {
        cJSON *item = add_item(array, (*type)->name, (*type)->summary);
        cJSON_AddNumberToObject(item, "default_lr", (*type)->default_lr);
        cJSON_AddBoolToObject(item, "trains_networks", false);
        add_options(item, &(*type)->options);
    }
    return BM_OK;
}

/* "options: step_size gamma", on a line of its own; nothing without any. */
static void print_options(const cJSON *item, int indent) {
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(item, "options"), *name;
    if (cJSON_GetArraySize(options) == 0) {
        return;
    }
    printf("%*soptions:", indent, "");
    cJSON_ArrayForEach(name, options) {
        printf(" %s", cJSON_GetStringValue(name));
    }
    putchar('\n');
}

static void print_optimizers(const cJSON *array) {
    const int width = width_of(array, "name", "optimizer");
    printf("%-*s  %6s  %s\n", width, "optimizer", "lr", "");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        char lr[32];
        const bool plain = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(item, "trains_networks"));
        printf("%-*s  %6s  %s%s\n", width, text_of(item, "name"), number_of(item, "default_lr", "", lr, sizeof lr),
               text_of(item, "summary"), plain ? "; for bellman optim only" : "");
    }
}

static bm_status collect_functions(cJSON *array, bm_error *error) {
    (void)error;
    for (const bm_objective_type *const *type = bm_objective_types; *type; type++) {
        cJSON *item = add_item(array, (*type)->name, (*type)->summary);
        cJSON_AddStringToObject(item, "formula", (*type)->formula);
        cJSON_AddStringToObject(item, "source", (*type)->source);
        if ((*type)->dims) {
            cJSON_AddNumberToObject(item, "dims", (*type)->dims);
        } else {
            cJSON_AddNullToObject(item, "dims");
        }
        add_options(item, &(*type)->options);
    }
    return BM_OK;
}

static void print_functions(const cJSON *array) {
    const int width = width_of(array, "name", "function");
    printf("%-*s  %4s  %s\n", width, "function", "dims", "");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        char dims[32];
        printf("%-*s  %4s  %s\n%*s%s\n", width, text_of(item, "name"),
               number_of(item, "dims", "any", dims, sizeof dims), text_of(item, "summary"), width + 8, "",
               text_of(item, "formula"));
        print_options(item, width + 8);
    }
}

static void print_schedules(const cJSON *array) {
    const int width = width_of(array, "name", "");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        printf("%-*s  %s\n", width, text_of(item, "name"), text_of(item, "summary"));
        print_options(item, width + 2);
    }
}

static bm_status collect_schedules(cJSON *array, bm_error *error) {
    (void)error;
    for (const bm_lr_schedule_type *const *type = bm_lr_schedule_types; *type; type++) {
        add_options(add_item(array, (*type)->name, (*type)->summary), &(*type)->options);
    }
    return BM_OK;
}

static bm_status collect_activations(cJSON *array, bm_error *error) {
    (void)error;
    for (const bm_activation *const *type = bm_activations; *type; type++) {
        cJSON_AddNumberToObject(add_item(array, (*type)->name, NULL), "gain", (*type)->gain);
    }
    return BM_OK;
}

static void print_activations(const cJSON *array) {
    const int width = width_of(array, "name", "activation");
    printf("%-*s  %s\n", width, "activation", "gain of initial weights");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        char gain[32];
        printf("%-*s  %s\n", width, text_of(item, "name"), number_of(item, "gain", "", gain, sizeof gain));
    }
}

static bm_status collect_presets(cJSON *array, bm_error *error) {
    bm_status status = BM_OK;
    bm_arena arena = {0};
    for (const bm_embedded_preset *preset = bm_embedded_presets; preset->name && status == BM_OK; preset++) {
        const char **environments;
        size_t count;
        status = bm_preset_environments(preset->name, (const char *)preset->text, preset->bytes, &arena, &environments,
                                        &count, error);
        if (status == BM_OK) {
            cJSON *ids = cJSON_AddArrayToObject(add_item(array, preset->name, NULL), "envs");
            for (size_t i = 0; i < count; i++) {
                cJSON_AddItemToArray(ids, cJSON_CreateString(environments[i]));
            }
        }
    }
    bm_arena_free(&arena);
    return status;
}

static void print_presets(const cJSON *array) {
    const int width = width_of(array, "name", "agent");
    printf("%-*s  %s\n", width, "agent", "environments");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        printf("%-*s ", width, text_of(item, "name"));
        const cJSON *id;
        cJSON_ArrayForEach(id, cJSON_GetObjectItemCaseSensitive(item, "envs")) {
            printf(" %s", cJSON_GetStringValue(id));
        }
        putchar('\n');
    }
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static const list lists[] = {
    {"envs", "environments: spaces, time limit, and the return that counts as solved", collect_envs, print_envs},
    {"agents", "learning algorithms", collect_agents, print_summaries},
    {"learners", "meta-learning algorithms: who bellman meta trains", collect_learners, print_summaries},
    {"tasks", "families of tasks that bellman meta adapts to", collect_tasks, print_summaries},
    {"optimizers", "what --optimizer takes, and the learning rate each has by default", collect_optimizers,
     print_optimizers},
    {"schedules", "learning rates over time: what --lr-schedule and bellman optim --schedule take", collect_schedules,
     print_schedules},
    {"functions", "what bellman optim runs optimizers on", collect_functions, print_functions},
    {"presets", "tuned hyperparameters: which agent or meta-learner has them for what", collect_presets, print_presets},
    {"activations", "what --activation takes", collect_activations, print_activations},
};

enum { LISTS = sizeof lists / sizeof lists[0] };

/* Without WHAT: the lists themselves. */
static int list_lists(bool json) {
    cJSON *object = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(object, "lists");
    for (int i = 0; i < LISTS; i++) {
        add_item(array, lists[i].name, lists[i].summary);
    }
    if (json) {
        bm_cli_json_print(object);
        return BM_EXIT_OK;
    }
    puts("bellman list WHAT, where WHAT is one of");
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        printf("  %-11s  %s\n", text_of(item, "name"), text_of(item, "summary"));
    }
    cJSON_Delete(object);
    return BM_EXIT_OK;
}

static int show(const list *what, bool json) {
    bm_error error;
    cJSON *object = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(object, what->name);
    const bm_status status = what->collect(array, &error);
    if (status != BM_OK) {
        cJSON_Delete(object);
        return bm_cli_report(status, &error);
    }
    if (json) {
        bm_cli_json_print(object);
    } else {
        what->print(array);
        cJSON_Delete(object);
    }
    return BM_EXIT_OK;
}

__attribute__((noreturn)) static void unknown_list(const char *word) {
    const char *names[LISTS];
    for (int i = 0; i < LISTS; i++) {
        names[i] = lists[i].name;
    }
    bm_cli_usage("nothing to list under %s%s", word,
                 bm_did_you_mean(word, names, LISTS, " (bellman list shows what there is)").text);
}

static int run(int argc, char **argv) {
    const bm_command command = {
        .verb = "list",
        .arguments = "[envs|agents|learners|tasks|optimizers|schedules|functions|presets|activations]",
        .summary = "Lists what there is, one line each; without a word, what can be listed.",
        .examples = "  bellman list envs\n  bellman list agents --json",
        .flags = flags,
    };
    bm_arguments arguments;
    bm_cli_parse(&command, argc, argv, &arguments);
    const bool json = bm_cli_has(&arguments, "json");
    const char *word = arguments.positionals ? arguments.positional[0] : NULL;
    if (arguments.positionals > 1) {
        bm_cli_usage("list takes one word, not %s as well", arguments.positional[1]);
    }
    const list *chosen = NULL;
    for (int i = 0; word && i < LISTS; i++) {
        chosen = strcmp(lists[i].name, word) == 0 ? &lists[i] : chosen;
    }
    if (word && !chosen) {
        unknown_list(word);
    }
    const int code = chosen ? show(chosen, json) : list_lists(json);
    bm_cli_free(&arguments);
    return code;
}

const bm_verb bm_verb_list = {"list", "environments, agents, optimizers, functions, presets, ...", run};
