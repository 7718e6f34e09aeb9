/* Presets: RL Zoo's files as they are, the rules of precedence inside one file, and every refusal with its line. */
#include "core/preset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/yaml.h"
#include "support.h"

typedef struct {
    double beta1, eps;
} adam_config;

static const bm_option adam_rows[] = {
    BM_OPTION(adam_config, beta1, 0.9, 0, 1, BM_LINEAR, "decay of the mean"),
    BM_OPTION(adam_config, eps, 1e-8, 0, 1, BM_LOG, "added to the root"),
};
static const bm_options adam = BM_OPTIONS(adam_rows, adam_config);

typedef struct {
    double momentum;
} sgd_config;

static const bm_option sgd_rows[] = {BM_OPTION(sgd_config, momentum, 0, 0, 1, BM_LINEAR, "share of the last step")};
static const bm_options sgd = BM_OPTIONS(sgd_rows, sgd_config);
static const bm_variant_kind optimizers[] = {{"adam", &adam}, {"sgd", &sgd}, {NULL, NULL}};
static const char *const activations[] = {"relu", "tanh", "leaky_relu", NULL};
static const char *const noises[] = {"none", "normal", "ornstein_uhlenbeck", NULL};

/* One agent that has every option of RL Zoo's files for dqn, qrdqn, ppo, a2c, sac and td3. */
typedef struct {
    int batch_size, buffer_size, learning_starts, target_update_interval, train_freq, gradient_steps, n_quantiles;
    int n_steps, n_epochs, sde_sample_freq, activation, noise_type;
    double gamma, exploration_fraction, exploration_final_eps, gae_lambda, vf_coef, max_grad_norm, log_std_init, tau;
    double noise_std;
    bool use_sde, normalize, normalize_advantage, use_rms_prop, ortho_init;
    bm_schedule learning_rate, clip_range;
    bm_int_list net_arch;
    bm_text ent_coef;
    bm_variant optimizer;
} agent_config;

#define INTEGER(field)         BM_OPTION(agent_config, field, 1, -1, 10000000, BM_LINEAR, "")
#define REAL(field)            BM_OPTION(agent_config, field, 0.5, -10, 10, BM_LINEAR, "")
#define SWITCH(field, initial) BM_OPTION_STRING(agent_config, field, initial, 0, 0, "")
static const bm_option agent_rows[] = {
    INTEGER(batch_size),
    INTEGER(buffer_size),
    INTEGER(learning_starts),
    INTEGER(target_update_interval),
    INTEGER(train_freq),
    INTEGER(gradient_steps),
    INTEGER(n_quantiles),
    INTEGER(n_steps),
    INTEGER(n_epochs),
    INTEGER(sde_sample_freq),
    REAL(gamma),
    REAL(exploration_fraction),
    REAL(exploration_final_eps),
    REAL(gae_lambda),
    REAL(vf_coef),
    REAL(max_grad_norm),
    REAL(log_std_init),
    REAL(tau),
    REAL(noise_std),
    SWITCH(use_sde, "false"),
    SWITCH(normalize, "false"),
    SWITCH(normalize_advantage, "true"),
    SWITCH(use_rms_prop, "false"),
    SWITCH(ortho_init, "true"),
    BM_OPTION(agent_config, learning_rate, 0.0003, 0, 1, BM_LOG, ""),
    BM_OPTION(agent_config, clip_range, 0.3, 0, 1, BM_LINEAR, ""),
    BM_OPTION_STRING(agent_config, net_arch, "[64, 64]", 1, 4096, ""),
    BM_OPTION_STRING(agent_config, ent_coef, "0.01", 0, 0, ""),
    BM_OPTION_CHOICE(agent_config, activation, "relu", activations, ""),
    BM_OPTION_CHOICE(agent_config, noise_type, "none", noises, ""),
    BM_OPTION_VARIANT(agent_config, optimizer, "adam", optimizers, ""),
};
static const bm_options agent_options = BM_OPTIONS(agent_rows, agent_config);

typedef struct {
    int steps, num_envs;
} run_config;

static const bm_option run_rows[] = {
    BM_OPTION(run_config, steps, 1000, 1, 1000000000, BM_LOG, ""),
    BM_OPTION(run_config, num_envs, 1, 1, 4096, BM_LOG, ""),
};
static const bm_options run_options = BM_OPTIONS(run_rows, run_config);

typedef struct {
    double goal_velocity;
} env_config;

static const bm_option env_rows[] = {BM_OPTION(env_config, goal_velocity, 0, 0, 1, BM_LINEAR, "")};
static const bm_options env_options = BM_OPTIONS(env_rows, env_config);

typedef struct {
    agent_config agent;
    run_config run;
    env_config env;
} configs;

static void defaults(configs *c) {
    memset(c, 0, sizeof *c);
    bm_options_defaults(&agent_options, &c->agent);
    bm_options_defaults(&run_options, &c->run);
    bm_options_defaults(&env_options, &c->env);
}

static bm_status apply(configs *c, const char *text, size_t bytes, const char *env_id, bool *found, bm_error *error) {
    const bm_preset_targets targets = {{&agent_options, &c->agent}, {&run_options, &c->run}, {&env_options, &c->env}};
    return bm_preset_apply("p.yaml", text, bytes, env_id, &targets, found, error);
}

/* Applies over the defaults, for CartPole-v1, which text must be about. */
static configs accept(const char *text) {
    configs c;
    defaults(&c);
    bool found = false;
    bm_error error = {""};
    const bm_status status = apply(&c, text, strlen(text), "CartPole-v1", &found, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
    ck_assert(found);
    return c;
}

static void refuse(const char *text, const char *message) {
    configs c, before;
    defaults(&c);
    defaults(&before);
    bool found;
    bm_error error = {""};
    ck_assert_int_eq(apply(&c, text, strlen(text), "CartPole-v1", &found, &error), BM_INVALID);
    ck_assert_str_eq(error.text, message);
    ck_assert_mem_eq(&c, &before, sizeof c);
}

static void assert_layers(const configs *c, int first, int second) {
    ck_assert_int_eq(c->agent.net_arch.count, 2);
    ck_assert_int_eq(c->agent.net_arch.value[0], first);
    ck_assert_int_eq(c->agent.net_arch.value[1], second);
}

static char *read_golden(const char *name, size_t *bytes) {
    char path[128];
    snprintf(path, sizeof path, "tests/golden/yaml/%s", name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s (run the tests from the repository's root)", path);
    char *text = malloc(1 << 16);
    ck_assert_ptr_nonnull(text);
    *bytes = fread(text, 1, 1 << 16, file);
    fclose(file);
    ck_assert_uint_lt(*bytes, 1 << 16);
    return text;
}

static configs accept_golden(const char *file, const char *env_id) {
    size_t bytes;
    char *text = read_golden(file, &bytes);
    configs c;
    defaults(&c);
    bool found = false;
    bm_error error = {""};
    const bm_status status = apply(&c, text, bytes, env_id, &found, &error);
    ck_assert_msg(status == BM_OK && found, "%s %s: %s", file, env_id, error.text);
    free(text);
    return c;
}

/* ---- RL Zoo's files */

START_TEST(every_section_of_rl_zoo_applies) {
    static const struct {
        const char *file;
        size_t sections;
    } files[] = {{"rl_zoo_dqn.yaml", 4}, {"rl_zoo_qrdqn.yaml", 4}, {"rl_zoo_ppo.yaml", 7},
                 {"rl_zoo_a2c.yaml", 7}, {"rl_zoo_sac.yaml", 3},   {"rl_zoo_td3.yaml", 3}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t bytes, count;
        char *text = read_golden(files[i].file, &bytes);
        bm_arena arena = {0};
        const char **environments;
        ck_assert_int_eq(bm_preset_environments(files[i].file, text, bytes, &arena, &environments, &count, NULL),
                         BM_OK);
        ck_assert_uint_eq(count, files[i].sections);
        for (size_t k = 0; k < count; k++) {
            const configs c = accept_golden(files[i].file, environments[k]);
            ck_assert_int_ge(c.run.steps, 20000); /* each sets n_timesteps */
        }
        bm_arena_free(&arena);
        free(text);
    }
}
END_TEST

START_TEST(dqn_cartpole_of_rl_zoo_means_what_it_says) {
    const configs c = accept_golden("rl_zoo_dqn.yaml", "CartPole-v1");
    configs want;
    defaults(&want);
    want.run.steps = 50000;
    want.agent.learning_rate = (bm_schedule){0.0023, false};
    want.agent.batch_size = 64;
    want.agent.buffer_size = 100000;
    want.agent.learning_starts = 1000;
    want.agent.gamma = 0.99;
    want.agent.target_update_interval = 10;
    want.agent.train_freq = 256;
    want.agent.gradient_steps = 128;
    want.agent.exploration_fraction = 0.16;
    want.agent.exploration_final_eps = 0.04;
    want.agent.net_arch = (bm_int_list){2, {256, 256}};
    ck_assert(c.agent.learning_rate.initial == 0.0023 && !c.agent.learning_rate.linear);
    want.agent.learning_rate = c.agent.learning_rate; /* compared; its padding may differ */
    ck_assert_mem_eq(&c, &want, sizeof c);
}
END_TEST

START_TEST(schedules_switches_and_policy_arguments_of_rl_zoo) {
    configs c = accept_golden("rl_zoo_ppo.yaml", "CartPole-v1");
    ck_assert_int_eq(c.run.num_envs, 8);
    ck_assert(c.agent.learning_rate.linear && c.agent.learning_rate.initial == 0.001);
    ck_assert(c.agent.clip_range.linear && c.agent.clip_range.initial == 0.2);
    c = accept_golden("rl_zoo_ppo.yaml", "MountainCarContinuous-v0");
    ck_assert(c.agent.normalize && c.agent.use_sde && !c.agent.ortho_init && c.agent.log_std_init == -3.29);
    c = accept_golden("rl_zoo_qrdqn.yaml", "LunarLander-v3");
    ck_assert_int_eq(c.agent.n_quantiles, 170);
    assert_layers(&c, 256, 256);
    c = accept_golden("rl_zoo_sac.yaml", "LunarLanderContinuous-v3");
    ck_assert_str_eq(c.agent.ent_coef.text, "auto");
    assert_layers(&c, 400, 300);
    c = accept_golden("rl_zoo_td3.yaml", "MountainCarContinuous-v0");
    ck_assert_int_eq(c.agent.noise_type, 2);
}
END_TEST

/* ---- sections or options */

START_TEST(a_file_without_a_section_for_the_environment_is_not_found_and_changes_nothing) {
    configs c, before;
    defaults(&c);
    defaults(&before);
    bool found = true;
    const char *text = "Pendulum-v1: {gamma: 0.9}\n_shared: {gamma: 0.8}\n";
    ck_assert_int_eq(apply(&c, text, strlen(text), "CartPole-v1", &found, NULL), BM_OK);
    ck_assert(!found);
    ck_assert_mem_eq(&c, &before, sizeof c);
}
END_TEST

START_TEST(other_sections_are_not_looked_at) {
    const configs c = accept("Pendulum-v1: {nonsense: 1}\nCartPole-v1: {gamma: 0.9}\n");
    ck_assert(c.agent.gamma == 0.9);
}
END_TEST

START_TEST(a_file_of_options_needs_no_section) {
    configs c = accept("gamma: 0.9\nsteps: 5e4\nnet_arch: [8, 16]\noptimizer: {name: sgd}\n");
    ck_assert(c.agent.gamma == 0.9 && c.run.steps == 50000 && c.agent.optimizer.kind == 1);
    assert_layers(&c, 8, 16);
    c = accept("optimizer: {name: sgd}\n"); /* its only value is a map, yet its key is an option */
    ck_assert_int_eq(c.agent.optimizer.kind, 1);
    c = accept("env: {goal_velocity: 0.5}\n");
    ck_assert(c.env.goal_velocity == 0.5);
}
END_TEST

START_TEST(empty_files_and_empty_sections_are_fine) {
    accept("");
    accept("CartPole-v1:\nPendulum-v1: {}\n");
}
END_TEST

START_TEST(sections_merge_what_they_share) {
    const configs c = accept("_shared: &shared {gamma: 0.9, tau: 0.1}\nCartPole-v1: {<<: *shared, tau: 0.2}\n");
    ck_assert(c.agent.gamma == 0.9 && c.agent.tau == 0.2);
}
END_TEST

START_TEST(sections_are_listed_without_those_for_merging) {
    static const char text[] = "_shared: &s {gamma: 1}\nA-v1: {<<: *s}\nB-v0: {}\nnote: hello\n";
    bm_arena arena = {0};
    const char **environments;
    size_t count;
    ck_assert_int_eq(bm_preset_environments("p", text, sizeof text - 1, &arena, &environments, &count, NULL), BM_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(environments[0], "A-v1");
    ck_assert_str_eq(environments[1], "B-v0");
    bm_arena_free(&arena);
}
END_TEST

/* ---- keys */

START_TEST(a_variant_is_set_as_a_map_a_name_or_dotted) {
    static const char *const texts[] = {
        "optimizer: {name: sgd, momentum: 0.9}",
        "optimizer: {momentum: 0.9, name: sgd}",
        "optimizer: sgd\noptimizer.momentum: 0.9",
        "optimizer.momentum: 0.9\noptimizer: sgd",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const configs c = accept(texts[i]);
        ck_assert_int_eq(c.agent.optimizer.kind, 1);
        ck_assert(((const sgd_config *)c.agent.optimizer.config)->momentum == 0.9);
    }
    const configs c = accept("optimizer: {eps: 0.5}"); /* no name: the kind stays */
    ck_assert(((const adam_config *)c.agent.optimizer.config)->eps == 0.5);
    ck_assert(((const adam_config *)c.agent.optimizer.config)->beta1 == 0.9);
}
END_TEST

START_TEST(environment_options_go_to_the_environment) {
    configs c = accept("CartPole-v1: {gamma: 0.9, env: {goal_velocity: 0.07}}");
    ck_assert(c.env.goal_velocity == 0.07);
    c = accept("CartPole-v1: {env_kwargs: {goal_velocity: 0.07}}");
    ck_assert(c.env.goal_velocity == 0.07);

    defaults(&c);
    bool found;
    const char *text = "{gamma: 0.9, env: {anything: 1}}"; /* not asked for, so not looked at */
    const bm_preset_targets targets = {.agent = {&agent_options, &c.agent}};
    ck_assert_int_eq(bm_preset_apply("p", text, strlen(text), "CartPole-v1", &targets, &found, NULL), BM_OK);
    ck_assert(c.agent.gamma == 0.9);
}
END_TEST

START_TEST(policy_arguments_are_options) {
    configs c = accept("policy_kwargs: \"dict(net_arch=dict(pi=[32, 16], vf=[32,16]), activation_fn=nn.Tanh)\"");
    assert_layers(&c, 32, 16);
    ck_assert_int_eq(c.agent.activation, 1);
    c = accept("policy_kwargs: 'dict( activation_fn = torch.nn.LeakyReLU , n_quantiles = 7, )'");
    ck_assert_int_eq(c.agent.activation, 2);
    ck_assert_int_eq(c.agent.n_quantiles, 7);
    c = accept("policy_kwargs: \"dict(activation='tanh', ortho_init=False)\"");
    ck_assert(c.agent.activation == 1 && !c.agent.ortho_init);
    c = accept("policy_kwargs: {net_arch: [32, 16]}");
    assert_layers(&c, 32, 16);
    accept("policy_kwargs: dict()");
}
END_TEST

START_TEST(the_agent_comes_before_the_run_and_known_names_are_not_translated) {
    typedef struct {
        int n_envs, steps;
    } own_config;
    static const bm_option own_rows[] = {
        BM_OPTION(own_config, n_envs, 1, 1, 100, BM_LINEAR, ""),
        BM_OPTION(own_config, steps, 1, 1, 100, BM_LINEAR, ""),
    };
    static const bm_options own_options = BM_OPTIONS(own_rows, own_config);
    own_config own;
    run_config run;
    bm_options_defaults(&own_options, &own);
    bm_options_defaults(&run_options, &run);
    bool found;
    const char *text = "n_envs: 5\nsteps: 7\nnum_envs: 9\n";
    const bm_preset_targets targets = {.agent = {&own_options, &own}, .run = {&run_options, &run}};
    ck_assert_int_eq(bm_preset_apply("p", text, strlen(text), "x", &targets, &found, NULL), BM_OK);
    ck_assert(own.n_envs == 5 && own.steps == 7 && run.num_envs == 9 && run.steps == 1000);
}
END_TEST

START_TEST(refusals_name_file_line_and_key) {
    refuse("CartPole-v1:\n  gamma: 0.9\n  batchsize: 64\n",
           "p.yaml:3: unknown option batchsize; did you mean batch_size?");
    refuse("CartPole-v1:\n  n_timestep: 64\n", "p.yaml:2: unknown option n_timestep; did you mean n_timesteps?");
    refuse("gamma: 0.9\nframe_stack: 4\n", "p.yaml:2: unknown option frame_stack");
    refuse("gamma: 0.9\nCartPole-v1: {gamma: 1}\n", "p.yaml:2: unknown option CartPole-v1");
    refuse("steps: 0\n", "p.yaml:1: steps=0 outside [1, 1000000000]");
    refuse("batch_size: many\n", "p.yaml:1: batch_size=many is not a whole number (-1..10000000)");
    refuse("gamma: {a: 1}\n", "p.yaml:1: gamma takes a value, not a map");
    refuse("gamma: 0.5\nnet_arch: [64, [64]]\n", "p.yaml:2: net_arch takes a list of up to 8 plain values");
    refuse("gamma:\n", "p.yaml:1: gamma= is not a number (-10..10)");
    refuse("CartPole-v1: 5\nPendulum-v1: {}\n", "p.yaml:1: CartPole-v1 takes a map of options");
    refuse("- gamma\n", "p.yaml:1: the file takes a map of options");
    refuse("optimizer: {name: sgd,\n  beta1: 0.5}\n", "p.yaml:2: unknown option optimizer.beta1 of sgd");
    refuse("optimizer.beta3: 0.5\n", "p.yaml:1: unknown option optimizer.beta3 of adam; did you mean optimizer.beta1?");
    refuse("env: {goal_speed: 1}\n", "p.yaml:1: unknown option goal_speed");
    refuse("gamma: 0.1\ngamma: 0.2\n", "p.yaml:2: duplicate key gamma");
}
END_TEST

START_TEST(policies_that_are_no_mlp_are_refused) {
    accept("policy: MlpPolicy\n");
    refuse("policy: CnnPolicy\n", "p.yaml:1: policy=CnnPolicy is not supported; MlpPolicy is, shaped by net_arch");
    refuse("gamma: 0.5\npolicy_kwargs: \"dict(features_dim=5)\"\n", "p.yaml:2: unknown option features_dim");
    refuse("policy_kwargs: \"dict(net_arch=dict(pi=[64], vf=[32]))\"\n",
           "p.yaml:1: net_arch must give every network the same layers");
    refuse("policy_kwargs: \"dict(64)\"\n", "p.yaml:1: policy_kwargs has 64 where name=value belongs");
    refuse("policy_kwargs: \"[64, 64]\"\n",
           "p.yaml:1: policy_kwargs=[64, 64] is not of the form dict(name=value, ...)");
    refuse("policy_kwargs: \"dict(activation_fn=nn.Softsign)\"\n",
           "p.yaml:1: activation=softsign is not one of relu, tanh, leaky_relu");
}
END_TEST

/* ---- embedding */

/* Runs the script and collects every number between braces of its first array. */
static size_t embedded_bytes(const char *arguments, unsigned char *bytes, size_t capacity, char *rest,
                             size_t rest_bytes) {
    char command[256];
    snprintf(command, sizeof command, "tools/embed_presets.sh %s", arguments);
    FILE *output = popen(command, "r");
    ck_assert_ptr_nonnull(output);
    char line[512];
    size_t n = 0;
    rest[0] = '\0';
    while (fgets(line, sizeof line, output)) {
        char *c = line;
        unsigned long value;
        for (char *end; (value = strtoul(c, &end, 10), end != c); c = *end == ',' ? end + 1 : end) {
            ck_assert(value < 256 && n < capacity);
            bytes[n++] = (unsigned char)value;
        }
        if (c == line) {
            snprintf(rest + strlen(rest), rest_bytes - strlen(rest), "%s", line);
        }
    }
    ck_assert_int_eq(pclose(output), 0);
    return n;
}

START_TEST(the_embedding_script_keeps_every_byte) {
    static unsigned char bytes[1 << 14];
    char rest[1024];
    size_t want_bytes;
    char *want = read_golden("rl_zoo_dqn.yaml", &want_bytes);
    const size_t n = embedded_bytes("tests/golden/yaml/rl_zoo_dqn.yaml", bytes, sizeof bytes, rest, sizeof rest);
    ck_assert_uint_eq(n, want_bytes + 1); /* and a zero */
    ck_assert_mem_eq(bytes, want, want_bytes);
    ck_assert_int_eq(bytes[want_bytes], 0);
    ck_assert_ptr_nonnull(strstr(rest, "{\"rl_zoo_dqn\", preset_0, sizeof preset_0 - 1},"));
    free(want);
}
END_TEST

START_TEST(the_embedding_script_accepts_no_files) {
    unsigned char bytes[1];
    char rest[1024];
    ck_assert_uint_eq(embedded_bytes("", bytes, sizeof bytes, rest, sizeof rest), 0);
    ck_assert_ptr_nonnull(strstr(rest, "bm_embedded_presets[] = {\n    {NULL, NULL, 0},\n};"));
}
END_TEST

START_TEST(embedded_presets_are_found_by_agent_and_are_yaml) {
    for (const bm_embedded_preset *preset = bm_embedded_presets; preset->name; preset++) {
        ck_assert_ptr_eq(bm_preset_find(preset->name), preset);
        bm_arena arena = {0};
        const char **environments;
        size_t count;
        bm_error error = {""};
        const bm_status status = bm_preset_environments(preset->name, (const char *)preset->text, preset->bytes, &arena,
                                                        &environments, &count, &error);
        ck_assert_msg(status == BM_OK, "%s", error.text);
        ck_assert_uint_gt(count, 0);
        bm_arena_free(&arena);
    }
    ck_assert_ptr_null(bm_preset_find("no such agent"));
}
END_TEST

TEST_MAIN("preset", 20, every_section_of_rl_zoo_applies, dqn_cartpole_of_rl_zoo_means_what_it_says,
          schedules_switches_and_policy_arguments_of_rl_zoo,
          a_file_without_a_section_for_the_environment_is_not_found_and_changes_nothing,
          other_sections_are_not_looked_at, a_file_of_options_needs_no_section, empty_files_and_empty_sections_are_fine,
          sections_merge_what_they_share, sections_are_listed_without_those_for_merging,
          a_variant_is_set_as_a_map_a_name_or_dotted, environment_options_go_to_the_environment,
          policy_arguments_are_options, the_agent_comes_before_the_run_and_known_names_are_not_translated,
          refusals_name_file_line_and_key, policies_that_are_no_mlp_are_refused, the_embedding_script_keeps_every_byte,
          the_embedding_script_accepts_no_files, embedded_presets_are_found_by_agent_and_are_yaml)
