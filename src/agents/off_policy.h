#ifndef BM_AGENTS_OFF_POLICY_H
#define BM_AGENTS_OFF_POLICY_H

/* What off-policy agents share: a replay buffer, when to learn from it, when to move target networks, and
 * epsilon-greedy exploration. Names, meanings and the order of events are those of Stable-Baselines3 2.9: counts are
 * environment steps over all lanes, learning begins after learning_starts, the target moves on those counts too (so it
 * stands still during a block of gradient steps), and a truncated step bootstraps. */
#include "agents/agent.h"
#include "replay/replay.h"

typedef struct {
    int buffer_size, learning_starts, batch_size, train_freq, gradient_steps, n_steps, target_update_interval;
    double tau;
} bm_off_policy_config;
extern const bm_options bm_off_policy_options;

typedef struct {
    double exploration_fraction, exploration_initial_eps, exploration_final_eps;
} bm_epsilon_config;
extern const bm_options bm_epsilon_options;

typedef struct {
    const bm_off_policy_config *config;
    bm_replay replay;
    bm_replay_batch batch; /* the sample being learned from */
} bm_off_policy;

bm_status bm_off_policy_create(bm_off_policy *off, bm_agent *agent, const bm_off_policy_config *config,
                               bm_error *error);
void bm_off_policy_observe(bm_off_policy *off, const bm_agent_step *step);
/* After a step: whether target networks move now, and how many gradient steps follow. */
bool bm_off_policy_target_moves(const bm_off_policy *off, const bm_agent *agent);
int64_t bm_off_policy_gradient_steps(const bm_off_policy *off, const bm_agent *agent);
void bm_off_policy_sample(bm_off_policy *off, bm_agent *agent, double gamma);

/* The chance of a random action now: falls linearly from its first to its last value over a share of the training. */
double bm_epsilon(const bm_agent *agent, const bm_epsilon_config *config);
/* Draws, with chance epsilon each, actions of the rows at random among those allowed: action [n], -1 where the row is
 * not random. Returns how many are. */
int bm_epsilon_draw(bm_agent *agent, double epsilon, const bm_agent_input *input, int32_t *action);

#endif
