/* Hyperparameters from YAML. A section's keys are option names; RL Zoo's own names and its Python expressions in
 * policy_kwargs are translated on the way. All is applied to copies of the configs, which replace the configs when
 * everything was right. */
#include "core/preset.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/suggest.h"
#include "core/yaml.h"

typedef struct {
    const char *name;     /* of the file */
    bm_preset_targets to; /* the configs are copies */
    bm_arena *arena;
    bm_error *error;
} applier;

/* RL Zoo's name, ours. */
static const char *const translations[][2] = {
    {"n_timesteps", "steps"},
    {"n_envs", "num_envs"},
    {"env_kwargs", "env"},
    {"activation_fn", "activation"},
};
/* Keys that are no options of a table. */
static const char *const own_keys[] = {"policy", "policy_kwargs", "env"};
enum {
    TRANSLATIONS = sizeof translations / sizeof translations[0],
    OWN_KEYS = sizeof own_keys / sizeof own_keys[0],
};

/* ---- which option a key means */

static bool knows(const bm_preset_target *target, const char *key) {
    char first[BM_OPTION_KEY_BYTES]; /* up to a dot */
    const size_t length = strcspn(key, ".");
    snprintf(first, sizeof first, "%.*s", (int)length, key);
    return length < sizeof first && target->options && bm_options_find(target->options, target->config, first, NULL);
}

static const bm_preset_target *target_of(const applier *a, const char *key) {
    return knows(&a->to.agent, key) ? &a->to.agent : knows(&a->to.run, key) ? &a->to.run : NULL;
}

/* A name that the tables know themselves is not translated: an agent's own option comes first. */
static const char *translate(const applier *a, const char *key) {
    for (size_t i = 0; i < TRANSLATIONS && !target_of(a, key); i++) {
        if (strcmp(key, translations[i][0]) == 0) {
            return translations[i][1];
        }
    }
    return key;
}

static bm_status unknown_key(const applier *a, int line, const char *key) {
    bm_option_names names;
    names.count = 0;
    for (size_t i = 0; i < TRANSLATIONS; i++) {
        names.name[names.count++] = translations[i][0];
    }
    for (size_t i = 0; i < OWN_KEYS; i++) {
        names.name[names.count++] = own_keys[i];
    }
    const bm_preset_target *const target[] = {&a->to.agent, &a->to.run};
    for (size_t i = 0; i < sizeof target / sizeof target[0]; i++) {
        if (target[i]->options) {
            bm_option_names_add(&names, target[i]->options, NULL);
        }
    }
    return bm_invalid(a->error, "%s:%d: unknown option %.64s%s", a->name, line, key,
                      bm_did_you_mean(key, names.name, names.count, "").text);
}

/* ---- setting options */

static bm_status set(const applier *a, const bm_preset_target *target, int line, const char *key, const char *text) {
    bm_error inner;
    if (bm_options_set(target->options, target->config, key, text, &inner) != BM_OK) {
        return bm_invalid(a->error, "%s:%d: %s", a->name, line, inner.text);
    }
    return BM_OK;
}

/* first + second + third, in the arena; NULL when memory is short. */
static char *joined(bm_arena *arena, const char *first, const char *second, const char *third) {
    const size_t lengths[] = {strlen(first), strlen(second), strlen(third)};
    char *text = BM_NEW(arena, char, lengths[0] + lengths[1] + lengths[2] + 1);
    if (text) {
        memcpy(text, first, lengths[0]);
        memcpy(text + lengths[0], second, lengths[1]);
        memcpy(text + lengths[0] + lengths[1], third, lengths[2]);
    }
    return text;
}

/* The text an option table would parse: a scalar's own, a list's as "[64, 64]". */
static bm_status text_of(const applier *a, const bm_yaml *item, const char **text) {
    if (item->kind == BM_YAML_MAP) {
        return bm_invalid(a->error, "%s:%d: %.64s takes a value, not a map", a->name, item->line, item->key);
    }
    *text = item->text;
    if (item->kind == BM_YAML_LIST) {
        const char *list = "[";
        for (size_t i = 0; i < item->count && list; i++) {
            const bm_yaml *entry = item->items[i];
            if (entry->kind != BM_YAML_SCALAR || i == BM_LIST_MAX) {
                return bm_invalid(a->error, "%s:%d: %.64s takes a list of up to %d plain values", a->name, item->line,
                                  item->key, BM_LIST_MAX);
            }
            list = joined(a->arena, list, i ? ", " : "", entry->text);
        }
        *text = list ? joined(a->arena, list, "]", "") : NULL;
    }
    return bm_arena_check(a->arena, a->name, a->error);
}

/* optimizer: {name: adam, beta1: 0.9}; without a name the variant's present kind stays. */
static bm_status set_variant(const applier *a, const bm_preset_target *target, const bm_yaml *item) {
    const bm_yaml *kind = bm_yaml_get(item, "name");
    const char *text;
    bm_status status = kind ? text_of(a, kind, &text) : BM_OK;
    if (kind && status == BM_OK) {
        status = set(a, target, kind->line, item->key, text);
    }
    for (size_t i = 0; i < item->count && status == BM_OK; i++) {
        const bm_yaml *child = item->items[i];
        if (child == kind) {
            continue;
        }
        const char *key = joined(a->arena, item->key, ".", child->key);
        status = key ? text_of(a, child, &text) : bm_arena_check(a->arena, a->name, a->error);
        if (status == BM_OK) {
            status = set(a, target, child->line, key, text);
        }
    }
    return status;
}

/* key is item's, perhaps translated. */
static bm_status set_item(const applier *a, const bm_preset_target *target, const char *key, const bm_yaml *item) {
    const bm_option *row = bm_options_find(target->options, target->config, key, NULL);
    if (row && row->type == BM_VARIANT && item->kind == BM_YAML_MAP) {
        return set_variant(a, target, item);
    }
    const char *text;
    const bm_status status = text_of(a, item, &text);
    return status == BM_OK ? set(a, target, item->line, key, text) : status;
}

/* ---- policy_kwargs: "dict(net_arch=[256, 256], log_std_init=-2)" */

static char *trim(char *text) {
    text += strspn(text, " \t\n");
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

/* The arguments between "dict(" and ")", or NULL. */
static char *inside_dict(char *text) {
    text = trim(text);
    const size_t length = strlen(text);
    if (strncmp(text, "dict(", 5) != 0 || text[length - 1] != ')') {
        return NULL;
    }
    text[length - 1] = '\0';
    return text + 5;
}

/* Cuts the next argument off *rest, at a comma outside brackets and quotes; *rest becomes NULL after the last. */
static char *next_argument(char **rest) {
    char *begin = *rest, *c = begin, quote = '\0';
    int depth = 0;
    for (; *c && (*c != ',' || depth > 0 || quote); c++) {
        if (quote) {
            quote = *c == quote ? '\0' : quote;
        } else if (*c == '\'' || *c == '"') {
            quote = *c;
        } else if (strchr("([{", *c)) {
            depth++;
        } else if (strchr(")]}", *c)) {
            depth--;
        }
    }
    *rest = *c ? c + 1 : NULL;
    *c = '\0';
    return trim(begin);
}

/* Cuts "name = value" in two; the value, or NULL when there is no '='. */
static char *cut_value(char *argument) {
    char *equals = strchr(argument, '=');
    if (!equals) {
        return NULL;
    }
    *equals = '\0';
    trim(argument);
    return trim(equals + 1);
}

static void remove_spaces(char *text) {
    char *kept = text;
    for (const char *c = text; *c; c++) {
        if (!isspace((unsigned char)*c)) {
            *kept++ = *c;
        }
    }
    *kept = '\0';
}

/* dict(pi=[64, 64], vf=[64, 64]) stands for one list when all are the same; NULL when they differ. */
static char *common_layers(char *rest) {
    char *common = NULL;
    while (rest) {
        char *layers = cut_value(next_argument(&rest));
        if (!layers) {
            return NULL;
        }
        remove_spaces(layers);
        if (common && strcmp(layers, common) != 0) {
            return NULL;
        }
        common = layers;
    }
    return common;
}

/* nn.Tanh, th.nn.ReLU, torch.nn.LeakyReLU: torch's class names in our spelling. */
static char *activation_name(bm_arena *arena, char *class_name) {
    char *word = strrchr(class_name, '.');
    word = word ? word + 1 : class_name;
    for (char *c = word; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return strcmp(word, "leakyrelu") == 0 ? joined(arena, "leaky_relu", "", "") : word;
}

static bm_status set_argument(const applier *a, int line, const char *name, char *value) {
    const size_t length = strlen(value);
    if (length >= 2 && (value[0] == '\'' || value[0] == '"') && value[length - 1] == value[0]) {
        value[length - 1] = '\0';
        value++;
    }
    char *per_network = strcmp(name, "net_arch") == 0 ? inside_dict(value) : NULL;
    if (per_network) {
        value = common_layers(per_network);
        if (!value) {
            return bm_invalid(a->error, "%s:%d: net_arch must give every network the same layers", a->name, line);
        }
    }
    if (strcmp(name, "activation_fn") == 0) {
        value = activation_name(a->arena, value);
    }
    const char *key = translate(a, name);
    const bm_preset_target *target = target_of(a, key);
    if (!target) {
        return unknown_key(a, line, name);
    }
    return value ? set(a, target, line, key, value) : bm_arena_check(a->arena, a->name, a->error);
}

static bm_status set_arguments(const applier *a, const bm_yaml *item) {
    char *copy = joined(a->arena, item->text, "", "");
    if (!copy) {
        return bm_arena_check(a->arena, a->name, a->error);
    }
    char *rest = inside_dict(copy);
    if (!rest) {
        return bm_invalid(a->error, "%s:%d: policy_kwargs=%.64s is not of the form dict(name=value, ...)", a->name,
                          item->line, item->text);
    }
    bm_status status = BM_OK;
    while (rest && status == BM_OK) {
        char *argument = next_argument(&rest);
        if (*argument == '\0') {
            continue; /* dict(), or a comma before the closing bracket */
        }
        char *value = cut_value(argument);
        status = value ? set_argument(a, item->line, argument, value)
                       : bm_invalid(a->error, "%s:%d: policy_kwargs has %.64s where name=value belongs", a->name,
                                    item->line, argument);
    }
    return status;
}

/* ---- sections */

static bm_status check_policy(const applier *a, const bm_yaml *item) {
    if (item->kind == BM_YAML_SCALAR && strcmp(item->text, "MlpPolicy") == 0) {
        return BM_OK;
    }
    return bm_invalid(a->error, "%s:%d: policy=%.64s is not supported; MlpPolicy is, shaped by net_arch", a->name,
                      item->line, item->text ? item->text : "...");
}

static bm_status apply_env(const applier *a, const bm_yaml *section) {
    bm_status status = BM_OK;
    for (size_t i = 0; a->to.env.options && i < section->count && status == BM_OK; i++) {
        status = set_item(a, &a->to.env, section->items[i]->key, section->items[i]);
    }
    return status;
}

static bm_status apply_map(const applier *a, const bm_yaml *section);

static bm_status apply_item(const applier *a, const bm_yaml *item) {
    const char *key = translate(a, item->key);
    if (strcmp(key, "policy") == 0) {
        return check_policy(a, item);
    }
    if (strcmp(key, "policy_kwargs") == 0 && item->kind != BM_YAML_LIST) {
        return item->kind == BM_YAML_MAP ? apply_map(a, item) : set_arguments(a, item);
    }
    if (strcmp(key, "env") == 0 && item->kind == BM_YAML_MAP) {
        return apply_env(a, item);
    }
    const bm_preset_target *target = target_of(a, key);
    return target ? set_item(a, target, key, item) : unknown_key(a, item->line, item->key);
}

/* Twice over the keys: optimizer: adam resets what optimizer.beta1 sets, wherever the two stand. */
static bm_status apply_map(const applier *a, const bm_yaml *section) {
    bm_status status = BM_OK;
    for (int dotted = 0; dotted < 2; dotted++) {
        for (size_t i = 0; i < section->count && status == BM_OK; i++) {
            const bm_yaml *item = section->items[i];
            if ((strchr(item->key, '.') != NULL) == dotted) {
                status = apply_item(a, item);
            }
        }
    }
    return status;
}

/* Options or sections? One known option at the top makes it a map of options, in which a misspelt key is an error;
 * without any, one map at the top makes it a map of sections, for no section looks like an option. What has neither is
 * taken for options, so that its first key is reported. */
static bool has_sections(const applier *a, const bm_yaml *root) {
    bool maps = false;
    for (size_t i = 0; root->kind == BM_YAML_MAP && i < root->count; i++) {
        const char *key = translate(a, root->items[i]->key);
        if (target_of(a, key)) {
            return false;
        }
        for (size_t own = 0; own < OWN_KEYS; own++) {
            if (strcmp(key, own_keys[own]) == 0) {
                return false;
            }
        }
        maps = maps || root->items[i]->kind == BM_YAML_MAP;
    }
    return maps;
}

static bm_status apply_root(const applier *a, const bm_yaml *root, const char *env_id, bool *found) {
    const bm_yaml *section = has_sections(a, root) ? bm_yaml_get(root, env_id) : root;
    const bool empty = section && section->kind == BM_YAML_SCALAR && section->text[0] == '\0'; /* "CartPole-v1:" */
    *found = section != NULL;
    if (!section || empty) {
        return BM_OK;
    }
    if (section->kind != BM_YAML_MAP) {
        return bm_invalid(a->error, "%s:%d: %.64s takes a map of options", a->name, section->line,
                          section->key ? section->key : "the file");
    }
    return apply_map(a, section);
}

/* ---- the callers' side */

static bm_preset_target copy_of(bm_arena *arena, const bm_preset_target *target) {
    bm_preset_target copy = *target;
    if (target->options) {
        copy.config = bm_arena_alloc(arena, 1, target->options->config_bytes);
        if (copy.config) {
            memcpy(copy.config, target->config, target->options->config_bytes);
        }
    }
    return copy;
}

static void copy_back(const bm_preset_target *target, const bm_preset_target *copy) {
    if (target->options) {
        memcpy(target->config, copy->config, target->options->config_bytes);
    }
}

static bm_status apply(const char *name, const char *text, size_t bytes, const char *env_id,
                       const bm_preset_targets *targets, bool *found, bm_arena *arena, bm_error *error) {
    const applier a = {
        .name = name,
        .to = {copy_of(arena, &targets->agent), copy_of(arena, &targets->run), copy_of(arena, &targets->env)},
        .arena = arena,
        .error = error,
    };
    bm_yaml *root = NULL;
    bm_status status = bm_arena_check(arena, name, error);
    if (status == BM_OK) {
        status = bm_yaml_parse(name, text, bytes, arena, &root, error);
    }
    if (status == BM_OK) {
        status = apply_root(&a, root, env_id, found);
    }
    if (status == BM_OK) {
        copy_back(&targets->agent, &a.to.agent);
        copy_back(&targets->run, &a.to.run);
        copy_back(&targets->env, &a.to.env);
    }
    return status;
}

bm_status bm_preset_apply(const char *name, const char *text, size_t bytes, const char *env_id,
                          const bm_preset_targets *targets, bool *found, bm_error *error) {
    bm_arena arena = {0};
    *found = false;
    const bm_status status = apply(name, text, bytes, env_id, targets, found, &arena, error);
    bm_arena_free(&arena);
    return status;
}

bm_status bm_preset_environments(const char *name, const char *text, size_t bytes, bm_arena *arena,
                                 const char ***environments, size_t *count, bm_error *error) {
    bm_yaml *root;
    bm_status status = bm_yaml_parse(name, text, bytes, arena, &root, error);
    if (status != BM_OK) {
        return status;
    }
    *count = 0;
    *environments = BM_NEW(arena, const char *, root->count);
    for (size_t i = 0; *environments && root->kind == BM_YAML_MAP && i < root->count; i++) {
        const bm_yaml *section = root->items[i];
        if (section->kind == BM_YAML_MAP && section->key[0] != '_') {
            (*environments)[(*count)++] = section->key;
        }
    }
    return bm_arena_check(arena, name, error);
}

const bm_embedded_preset *bm_preset_find(const char *agent) {
    for (const bm_embedded_preset *preset = bm_embedded_presets; preset->name; preset++) {
        if (strcmp(preset->name, agent) == 0) {
            return preset;
        }
    }
    return NULL;
}
