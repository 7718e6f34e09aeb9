/* Deep Q-learning: Mnih et al. 2015, "Human-level control through deep reinforcement learning", algorithm 1.
 *
 *     y = r + gamma (1 - terminated) max_a' Q_target(s', a')   (n_steps: r_0 + ... + gamma^n (1 - terminated) max ...)
 *     loss = mean Huber(Q(s, a) - y)
 *
 * The maximum is over the allowed actions; off_policy.h says when what happens; policy_average is ours, see there. */
#include <math.h>
#include <string.h>

#include "agents/losses.h"
#include "agents/off_policy.h"
#include "agents/trainable.h"
#include "envs/encode.h"

typedef struct {
    bm_learning_config learning;
    bm_off_policy_config off_policy;
    bm_epsilon_config epsilon;
    bm_network_config network;
    double policy_average;
    bool double_q;
    int loss;
} dqn_config;

enum { LOSS_HUBER, LOSS_MSE };
static const char *const losses[] = {"huber", "mse", NULL};

static const bm_option rows[] = {
    BM_OPTION_GROUP(dqn_config, learning, "", &bm_learning_options, "learning_rate=0.0001 max_grad_norm=10"),
    BM_OPTION_GROUP(dqn_config, off_policy, "", &bm_off_policy_options, ""),
    BM_OPTION_GROUP(dqn_config, epsilon, "", &bm_epsilon_options, ""),
    BM_OPTION(dqn_config, policy_average, 0, 0, 0.99999, BM_LINEAR,
              "decay of an average of the weights, which then is the deterministic policy; 0: the last weights"),
    {BM_ROW_STRING(dqn_config, double_q, "false", 0, 1,
                   "the online network chooses the next action, the target network values it"),
     .tune = "{false,true}"},
    {BM_ROW_CHOICE(dqn_config, loss, "huber", losses, "of the temporal-difference error"), .tune = "{huber,mse}"},
    BM_OPTION_GROUP(dqn_config, network, "", &bm_network_options, ""),
};

enum { EXPLORATION_RATE, LEARNING_RATE, LOSS, Q_MEAN, GRAD_NORM, N_UPDATES };
static const char *const metric_names[] = {
    "rollout/exploration_rate", "train/learning_rate", "train/loss", "train/q_mean",
    "train/grad_norm",          "train/n_updates",     NULL,
};

typedef struct {
    bm_trainable q;
    bm_off_policy off_policy;
    int actions;
    bm_real *input;         /* [rows, features] */
    bm_real *q_next_online; /* [batch_size, actions]; only with double_q */
    bm_real *td_target;     /* [batch_size] */
} dqn;

static bm_status create(bm_agent *agent, bm_error *error) {
    const dqn_config *config = agent->config;
    bm_arena *arena = &agent->arena;
    if (agent->action_space.kind != BM_DISCRETE || agent->action_space.size != 1) {
        return bm_invalid(
            error, "dqn needs one discrete action per step; this environment's actions are continuous or several");
    }
    dqn *self = agent->self;
    self->actions = agent->action_space.n;
    const int batch_size = config->off_policy.batch_size,
              features = bm_space_features(&agent->observation_space, BM_ONE_HOT);
    const int most_rows = batch_size > agent->max_rows && !agent->acts_only ? batch_size : agent->max_rows;
    bm_net net;
    BM_TRY(bm_network_create(&net, &config->network, features, self->actions, error));
    self->input = BM_NEW(arena, bm_real, (size_t)most_rows * (size_t)features);
    const bm_trainable_setup setup = {
        .net = &net,
        .network = &config->network,
        .target = true,
        .average = config->policy_average > 0,
        .rows = most_rows,
        .learning = &config->learning,
    };
    BM_TRY(bm_trainable_create(&self->q, agent, &setup, error));
    if (agent->acts_only) {
        return BM_OK;
    }
    self->q_next_online = config->double_q ? BM_NEW(arena, bm_real, (size_t)batch_size * (size_t)self->actions) : NULL;
    self->td_target = BM_NEW(arena, bm_real, batch_size);
    return bm_off_policy_create(&self->off_policy, agent, &config->off_policy, error);
}

/* ---- acting ----------------------------------------------------------------------------------------------------- */

/* Action values of rows, those of forbidden actions at minus infinity. */
static bm_real *values(bm_agent *agent, const bm_real *params, int n, const void *observation, const uint8_t *mask) {
    dqn *self = agent->self;
    bm_encode(&agent->observation_space, BM_ONE_HOT, n, observation, self->input);
    bm_real *q = bm_trainable_forward(&self->q, params, n, self->input);
    bm_mask_values(n, self->actions, mask, q);
    return q;
}

static const bm_real *deterministic(const dqn *self) {
    return self->q.average ? self->q.average : self->q.params;
}

static void act(bm_agent *agent, const bm_agent_input *input, void *action, void *computed) {
    (void)computed;
    const dqn_config *config = agent->config;
    const dqn *self = agent->self;
    const bool explore = input->explore, learns = agent->steps >= config->off_policy.learning_starts;
    int32_t *choice = action;
    if (explore &&
        bm_epsilon_draw(agent, learns ? bm_epsilon(agent, &config->epsilon) : 1, input, choice) == input->n) {
        return;
    }
    const bm_real *q =
        values(agent, explore ? self->q.params : deterministic(self), input->n, input->observation, input->action_mask);
    for (int i = 0; i < input->n; i++, q += self->actions) {
        choice[i] = explore && choice[i] >= 0 ? choice[i] : bm_argmax(self->actions, q);
    }
}

static void inspect(bm_agent *agent, const bm_agent_input *input, bm_real *preference, bm_real *value) {
    const dqn *self = agent->self;
    const int actions = self->actions;
    const bm_real *q = values(agent, deterministic(self), input->n, input->observation, input->action_mask);
    for (int i = 0; i < input->n; i++, q += actions, preference += actions) {
        for (int a = 0; a < actions; a++) {
            preference[a] = isinf(q[a]) ? (bm_real)NAN : q[a];
        }
        value[i] = preference[bm_argmax(actions, q)];
    }
}

static void observe(bm_agent *agent, const bm_agent_step *step) {
    bm_off_policy_observe(&((dqn *)agent->self)->off_policy, step);
}

/* ---- learning --------------------------------------------------------------------------------------------------- */

static void find_targets(bm_agent *agent, const bm_replay_batch *batch) {
    dqn *self = agent->self;
    const int n = batch->size;
    const bm_real *q_next = NULL;
    if (self->q_next_online) {
        q_next = values(agent, self->q.params, n, batch->next_observation, batch->next_action_mask);
        memcpy(self->q_next_online, q_next, (size_t)n * (size_t)self->actions * sizeof(bm_real));
    }
    q_next = values(agent, self->q.target, n, batch->next_observation, batch->next_action_mask);
    bm_td_target(n, self->actions, batch->reward, batch->discount, q_next, self->q_next_online, self->td_target);
}

static void gradient_step(bm_agent *agent) {
    const dqn_config *config = agent->config;
    dqn *self = agent->self;
    bm_trainable *net = &self->q;
    const bm_replay_batch *batch = &self->off_policy.batch;
    const int n = batch->size;
    bm_off_policy_sample(&self->off_policy, agent, config->learning.gamma);
    find_targets(agent, batch);
    const bm_real *q = values(agent, net->params, n, batch->observation, NULL);
    const double delta = config->loss == LOSS_HUBER ? 1 : INFINITY;
    const double loss = bm_td_loss(n, self->actions, delta, q, batch->action, self->td_target, NULL, net->grad_output);
    double q_sum = 0, norm = NAN;
    for (int i = 0; i < n; i++) {
        q_sum += (double)q[i * self->actions + batch->action[i]];
    }
    bm_trainable_backward(net, n, self->input, net->grad);
    agent->metric[LEARNING_RATE] = bm_trainable_step(net, agent, &norm);
    /* a short memory at first: the average forgets the initial weights as the network does */
    const double t = (double)agent->updates, decay = fmin(config->policy_average, (1 + t) / (10 + t));
    bm_trainable_blend(net, 1 - decay, net->average);
    agent->updates++;
    agent->diverged |= !isfinite(loss) || !isfinite(norm);
    agent->metric[LOSS] = loss;
    agent->metric[Q_MEAN] = q_sum / n;
    agent->metric[GRAD_NORM] = norm;
    agent->metric[N_UPDATES] = (double)agent->updates;
}

static void update(bm_agent *agent) {
    const dqn_config *config = agent->config;
    dqn *self = agent->self;
    agent->metric[EXPLORATION_RATE] = bm_epsilon(agent, &config->epsilon);
    if (bm_off_policy_target_moves(&self->off_policy, agent)) {
        bm_trainable_blend(&self->q, config->off_policy.tau, self->q.target);
    }
    for (int64_t left = bm_off_policy_gradient_steps(&self->off_policy, agent); left > 0; left--) {
        gradient_step(agent);
    }
}

/* ---- state ------------------------------------------------------------------------------------------------------ */

static void state(bm_agent *agent, bm_state *list) {
    bm_trainable_state(&((dqn *)agent->self)->q, agent, "q", list);
}

static bm_replay *replay(bm_agent *agent) {
    return &((dqn *)agent->self)->off_policy.replay;
}

const bm_agent_type bm_agent_dqn = {
    .name = "dqn",
    .summary = "deep Q-learning with a replay buffer and a target network, for discrete actions",
    .source = "Mnih et al. 2015; options as Stable-Baselines3 2.9",
    .options = BM_OPTIONS(rows, dqn_config),
    .self_bytes = sizeof(dqn),
    .metric_names = metric_names,
    .create = create,
    .act = act,
    .observe = observe,
    .update = update,
    .state = state,
    .replay = replay,
    .inspect = inspect,
    .preference_name = "Q-value",
};
