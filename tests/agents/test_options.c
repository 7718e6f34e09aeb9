/* Options across agents: what is shared means the same everywhere, and where users of Stable-Baselines3 mean two things
 * by one name, help says which. */
#include <string.h>

#include "agents/agent.h"
#include "support.h"

/* Names that mean different things in different agents; the only ones that may differ. */
static const struct {
    const char *agent, *option, *words;
} meanings[] = {
#define MEANING(agent, option, words) {#agent, #option, words},
#include "agents/meanings.h"
#undef MEANING
};
enum { MEANINGS = sizeof meanings / sizeof meanings[0] };

static bool is_listed(const char *agent, const char *option) {
    for (int i = 0; i < MEANINGS; i++) {
        if (strcmp(meanings[i].agent, agent) == 0 && strcmp(meanings[i].option, option) == 0) {
            return true;
        }
    }
    return false;
}

typedef struct {
    const bm_agent_type *one, *other;
} two_agents;

/* The very same row, unless the name is listed for both. */
static void compare_row(void *context, const char *key, const bm_option *row, const void *field) {
    (void)field;
    const two_agents *agents = context;
    _Alignas(16) unsigned char config[8192];
    ck_assert_uint_le(agents->other->options.config_bytes, sizeof config);
    bm_options_defaults(&agents->other->options, config);
    const bm_option *theirs = bm_options_find(&agents->other->options, config, key, NULL);
    if (theirs && theirs != row) {
        ck_assert_msg(is_listed(agents->one->name, key) && is_listed(agents->other->name, key),
                      "%s is one option in %s and another in %s: share a group, or list what each means", key,
                      agents->one->name, agents->other->name);
    }
}

START_TEST(a_name_means_the_same_in_all_agents_unless_it_is_listed) {
    for (const bm_agent_type *const *one = bm_agent_types; *one; one++) {
        for (const bm_agent_type *const *other = bm_agent_types; *other; other++) {
            two_agents agents = {*one, *other};
            bm_options_each(&(*one)->options, NULL, compare_row, &agents);
        }
    }
}
END_TEST

START_TEST(help_says_what_a_listed_name_means) {
    for (int i = 0; i < MEANINGS; i++) {
        const bm_agent_type *type;
        _Alignas(16) unsigned char config[8192];
        ck_assert(bm_agent_lookup(meanings[i].agent, &type, NULL) == BM_OK);
        bm_options_defaults(&type->options, config);
        const bm_option *row = bm_options_find(&type->options, config, meanings[i].option, NULL);
        ck_assert_msg(row != NULL, "%s has no %s", meanings[i].agent, meanings[i].option);
        ck_assert_msg(strstr(row->help, meanings[i].words) != NULL, "the help of %s's %s does not say \"%s\"",
                      meanings[i].agent, meanings[i].option, meanings[i].words);
    }
}
END_TEST

START_TEST(every_table_makes_sense) {
    bm_error error = {""};
    for (const bm_agent_type *const *type = bm_agent_types; *type; type++) {
        ck_assert_msg(bm_options_check(&(*type)->options, &error) == BM_OK, "%s: %s", (*type)->name, error.text);
    }
    for (const bm_env_type *const *type = bm_env_types; *type; type++) {
        ck_assert_msg(bm_options_check(&(*type)->options, &error) == BM_OK, "%s: %s", (*type)->id, error.text);
    }
}
END_TEST

TEST_MAIN("options of agents", 30, a_name_means_the_same_in_all_agents_unless_it_is_listed,
          help_says_what_a_listed_name_means, every_table_makes_sense)
