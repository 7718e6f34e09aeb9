/* The off-policy skeleton; see off_policy.h. */
#include "agents/off_policy.h"

static const bm_option rows[] = {
    {BM_ROW(bm_off_policy_config, buffer_size, 1000000, 1, 10000000, BM_LOG, "transitions the replay buffer holds"),
     .tune = "{10000,50000,100000,200000}"},
    BM_OPTION(bm_off_policy_config, learning_starts, 100, 0, 100000000, BM_LINEAR,
              "steps of random actions before learning"),
    {BM_ROW(bm_off_policy_config, batch_size, 32, 1, 65536, BM_LOG, "transitions per gradient step"),
     .tune = "{16,32,64,128,256}"},
    BM_OPTION_LIVE(bm_off_policy_config, tau, 1.0, 0, 1, BM_LINEAR,
                   "share of the online network blended into the target; 1 copies"),
    {BM_ROW(bm_off_policy_config, n_steps, 1, 1, 1000, BM_LOG,
            "n-step return: steps of reward before the target network's value"),
     .tune = "{1,3,5,10}"},
    {BM_ROW(bm_off_policy_config, train_freq, 4, 1, 1000000, BM_LOG,
            "steps (of every lane) between blocks of gradient steps"),
     .live = true, .tune = "{4,8,16,32}"},
    BM_OPTION_LIVE(bm_off_policy_config, gradient_steps, 1, -1, 1000000, BM_LINEAR,
                   "gradient steps in a block; -1: as many as new steps"),
    {BM_ROW(bm_off_policy_config, target_update_interval, 10000, 1, 100000000, BM_LOG,
            "steps between updates of the target network"),
     .live = true, .tune = "int_log(50,10000)"},
};
const bm_options bm_off_policy_options = BM_OPTIONS(rows, bm_off_policy_config);

static const bm_option epsilon_rows[] = {
    {BM_ROW(bm_epsilon_config, exploration_fraction, 0.1, 0, 1, BM_LINEAR,
            "share of training over which epsilon falls"),
     .live = true, .tune = "uniform(0.02,0.5)"},
    BM_OPTION_LIVE(bm_epsilon_config, exploration_initial_eps, 1.0, 0, 1, BM_LINEAR,
                   "epsilon, the chance of a random action, at first"),
    {BM_ROW(bm_epsilon_config, exploration_final_eps, 0.05, 0, 1, BM_LINEAR, "epsilon once it has fallen"),
     .live = true, .tune = "uniform(0.01,0.2)"},
};
const bm_options bm_epsilon_options = BM_OPTIONS(epsilon_rows, bm_epsilon_config);

bm_status bm_off_policy_create(bm_off_policy *off, bm_agent *agent, const bm_off_policy_config *config,
                               bm_error *error) {
    off->config = config;
    BM_TRY(bm_replay_create(&off->replay, &agent->observation_space, &agent->action_space, agent->masked,
                            config->buffer_size, &agent->arena, error));
    bm_replay_batch_create(&off->batch, &off->replay, config->batch_size, &agent->arena);
    return BM_OK;
}

void bm_off_policy_observe(bm_off_policy *off, const bm_agent_step *step) {
    bm_replay_add_step(&off->replay, step->input.observation, step->input.action_mask, step->env);
}

static int64_t turn(const bm_agent *agent) {
    return agent->steps / agent->lanes; /* steps of every lane */
}

bool bm_off_policy_target_moves(const bm_off_policy *off, const bm_agent *agent) {
    const int64_t interval = off->config->target_update_interval / agent->lanes;
    return turn(agent) % (interval > 0 ? interval : 1) == 0;
}

int64_t bm_off_policy_gradient_steps(const bm_off_policy *off, const bm_agent *agent) {
    const bm_off_policy_config *config = off->config;
    if (turn(agent) % config->train_freq != 0 || agent->steps <= config->learning_starts) {
        return 0;
    }
    return config->gradient_steps >= 0 ? config->gradient_steps : (int64_t)config->train_freq * agent->lanes;
}

void bm_off_policy_sample(bm_off_policy *off, bm_agent *agent, double gamma) {
    bm_replay_sample(&off->replay, &agent->sample_rng, gamma, off->config->n_steps, agent->lanes, &off->batch);
}

double bm_epsilon(const bm_agent *agent, const bm_epsilon_config *config) {
    const double done = 1.0 - bm_agent_remaining(agent);
    if (done >= config->exploration_fraction) {
        return config->exploration_final_eps;
    }
    const double fall = config->exploration_initial_eps - config->exploration_final_eps;
    return config->exploration_initial_eps - fall * done / config->exploration_fraction;
}

int bm_epsilon_draw(bm_agent *agent, double epsilon, const bm_agent_input *input, int32_t *action) {
    const int actions = agent->action_space.n;
    int random = 0;
    for (int i = 0; i < input->n; i++) {
        const bool explores = bm_rng_double(&agent->explore_rng) < epsilon;
        const uint8_t *mask = input->action_mask ? input->action_mask + (size_t)i * (size_t)actions : NULL;
        action[i] = explores ? bm_env_sample_choice(&agent->explore_rng, actions, mask) : -1;
        random += explores;
    }
    return random;
}
