/* Deep Q-learning: Mnih et al. 2015, "Human-level control through deep reinforcement learning", algorithm 1.
 *
 *     y = r + gamma (1 - terminated) max_a' Q_target(s', a')     (n_steps: r_0 + ... + gamma^(n-1) r_(n-1) + gamma^n max ...)
 *     loss = mean Huber(Q(s, a) - y)
 *
 * Option names, meanings and order of events are those of Stable-Baselines3 2.9: counts are environment steps, the target
 * network moves on those counts too (so it stands still during a block of gradient steps), learning begins after
 * learning_starts, and a truncated step bootstraps. One thing is ours: policy_average, see the option. */
#include <math.h>
#include <string.h>

#include "agents/agent.h"
#include "agents/td.h"
#include "envs/encode.h"
#include "nets/init.h"
#include "nets/net.h"

typedef struct {
    bm_schedule learning_rate;
    int buffer_size, learning_starts, batch_size, train_freq, gradient_steps, target_update_interval, n_steps;
    double tau, gamma;
    double exploration_fraction, exploration_initial_eps, exploration_final_eps;
    double max_grad_norm, policy_average;
    bool double_q;
    int loss, activation, init;
    bm_int_list net_arch;
    bm_variant optimizer, lr_schedule;
} dqn_config;

enum { LOSS_HUBER, LOSS_MSE };
static const char *const losses[] = {"huber", "mse", NULL};

static const bm_option rows[] = {
    {BM_ROW(dqn_config, learning_rate, 0.0001, 1e-8, 1, BM_LOG, "step size of the optimizer; lin_X falls from X to 0"),
     .live = true, .tune = "log(1e-5,1e-2)"},
    {BM_ROW(dqn_config, buffer_size, 1000000, 1, 10000000, BM_LOG, "transitions the replay buffer holds"),
     .tune = "{10000,50000,100000,200000}"},
    BM_OPTION(dqn_config, learning_starts, 100, 0, 100000000, BM_LINEAR, "steps of random actions before learning"),
    {BM_ROW(dqn_config, batch_size, 32, 1, 65536, BM_LOG, "transitions per gradient step"),
     .tune = "{16,32,64,128,256}"},
    BM_OPTION_LIVE(dqn_config, tau, 1.0, 0, 1, BM_LINEAR,
                   "share of the online network blended into the target; 1 copies"),
    {BM_ROW(dqn_config, gamma, 0.99, 0, 1, BM_LINEAR, "discount per step"), .live = true,
     .tune = "{0.9,0.95,0.98,0.99,0.995,0.999}"},
    {BM_ROW(dqn_config, n_steps, 1, 1, 1000, BM_LOG, "steps of reward before the target network's value"),
     .tune = "{1,3,5,10}"},
    {BM_ROW(dqn_config, train_freq, 4, 1, 1000000, BM_LOG, "steps (of every lane) between blocks of gradient steps"),
     .live = true, .tune = "{4,8,16,32}"},
    BM_OPTION_LIVE(dqn_config, gradient_steps, 1, -1, 1000000, BM_LINEAR,
                   "gradient steps in a block; -1: as many as new steps"),
    {BM_ROW(dqn_config, target_update_interval, 10000, 1, 100000000, BM_LOG,
            "steps between updates of the target network"),
     .live = true, .tune = "int_log(50,10000)"},
    {BM_ROW(dqn_config, exploration_fraction, 0.1, 0, 1, BM_LINEAR, "share of training over which epsilon falls"),
     .live = true, .tune = "uniform(0.02,0.5)"},
    BM_OPTION_LIVE(dqn_config, exploration_initial_eps, 1.0, 0, 1, BM_LINEAR,
                   "epsilon, the chance of a random action, at first"),
    {BM_ROW(dqn_config, exploration_final_eps, 0.05, 0, 1, BM_LINEAR, "epsilon once it has fallen"), .live = true,
     .tune = "uniform(0.01,0.2)"},
    BM_OPTION_LIVE(dqn_config, max_grad_norm, 10, 0, 1e9, BM_LINEAR,
                   "longer gradients are scaled to this norm; 0: never"),
    BM_OPTION(dqn_config, policy_average, 0, 0, 0.99999, BM_LINEAR,
              "decay of an average of the weights, which then is the deterministic policy; 0: the last weights"),
    {BM_ROW_STRING(dqn_config, double_q, "false", 0, 1,
                   "the online network chooses the next action, the target network values it"),
     .tune = "{false,true}"},
    {BM_ROW_CHOICE(dqn_config, loss, "huber", losses, "of the temporal-difference error"), .tune = "{huber,mse}"},
    {BM_ROW_STRING(dqn_config, net_arch, "[64, 64]", 1, 65536, "widths of the hidden layers"),
     .tune = "{[64,64],[128,128],[256,256]}"},
    BM_OPTION_CHOICE(dqn_config, activation, "relu", bm_activation_names, "of the hidden layers"),
    BM_OPTION_CHOICE(dqn_config, init, "torch", bm_init_names, "initial weights"),
    BM_OPTION_VARIANT(dqn_config, optimizer, "adam", bm_optim_kinds, "with settings of its own"),
    {BM_ROW_VARIANT(dqn_config, lr_schedule, "constant", bm_lr_schedule_kinds,
                    "in place of lin_X: learning_rate over the run, in hundredths of it"),
     .tune = "{constant,cosine}"},
};

enum { EXPLORATION_RATE, LEARNING_RATE, LOSS, Q_MEAN, GRAD_NORM, N_UPDATES };
static const char *const metric_names[] = {
    "rollout/exploration_rate", "train/learning_rate", "train/loss", "train/q_mean",
    "train/grad_norm",          "train/n_updates",     NULL,
};

typedef struct {
    bm_net net;
    int actions, features;
    bm_real *online, *target, *average, *grad; /* [net.parameters]; average only with policy_average */
    bm_optim optim;
    bm_replay replay;
    bm_replay_batch batch;
    bm_real *input;              /* [rows, features] */
    bm_real *workspace;          /* of the net, for `rows` rows */
    bm_real *q_next_online;      /* [batch_size, actions]; only with double_q */
    bm_real *td_target, *grad_q; /* [batch_size], [batch_size, actions] */
} dqn;

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status create_learner(bm_agent *agent, bm_error *error) {
    const dqn_config *config = agent->config;
    dqn *self = agent->self;
    bm_arena *arena = &agent->arena;
    const size_t n = self->net.parameters, batch = (size_t)config->batch_size;
    self->grad = BM_NEW(arena, bm_real, n);
    self->q_next_online = config->double_q ? BM_NEW(arena, bm_real, batch * (size_t)self->actions) : NULL;
    self->td_target = BM_NEW(arena, bm_real, batch);
    self->grad_q = BM_NEW(arena, bm_real, batch * (size_t)self->actions);
    bm_status status = bm_optim_create(&self->optim, &config->optimizer, BM_REAL_DTYPE, n, arena, error);
    if (status == BM_OK) {
        status = bm_lr_schedule_check(&config->lr_schedule, self->optim.type, error);
    }
    if (status == BM_OK) {
        status = bm_replay_create(&self->replay, &agent->observation_space, &agent->action_space, config->buffer_size,
                                  arena, error);
    }
    if (status == BM_OK) {
        bm_replay_batch_create(&self->batch, &self->replay, config->batch_size, arena);
    }
    return status;
}

static bm_status create(bm_agent *agent, bm_error *error) {
    const dqn_config *config = agent->config;
    bm_arena *arena = &agent->arena;
    if (agent->action_space.kind != BM_DISCRETE || agent->action_space.size != 1) {
        return bm_invalid(
            error, "dqn needs one discrete action per step; this environment's actions are continuous or several");
    }
    dqn *self = BM_NEW(arena, dqn, 1);
    if (!self) {
        return bm_arena_check(arena, "dqn", error);
    }
    agent->self = self;
    self->actions = agent->action_space.n;
    self->features = bm_space_features(&agent->observation_space);
    bm_status status = bm_net_mlp(&self->net, self->features, config->net_arch.count, config->net_arch.value,
                                  self->actions, bm_activations[config->activation], NULL, error);
    if (status != BM_OK) {
        return status;
    }
    const int rows_most = config->batch_size > agent->max_rows ? config->batch_size : agent->max_rows;
    const size_t n = self->net.parameters;
    self->online = BM_NEW(arena, bm_real, n);
    self->target = BM_NEW(arena, bm_real, n);
    self->average = config->policy_average > 0 ? BM_NEW(arena, bm_real, n) : NULL;
    self->input = BM_NEW(arena, bm_real, (size_t)rows_most * (size_t)self->features);
    self->workspace = BM_NEW(arena, bm_real, bm_net_workspace(&self->net, rows_most));
    if (!agent->acts_only && (status = create_learner(agent, error)) != BM_OK) {
        return status;
    }
    if ((status = bm_arena_check(arena, "dqn's networks and buffers", error)) != BM_OK) {
        return status;
    }
    status = bm_init_net((bm_init)config->init, 1.0, &self->net, self->online, &agent->init_rng, error);
    memcpy(self->target, self->online, n * sizeof(bm_real));
    if (self->average) {
        memcpy(self->average, self->online, n * sizeof(bm_real));
    }
    return status;
}

/* ---- acting ----------------------------------------------------------------------------------------------------- */

static double epsilon(const bm_agent *agent) {
    const dqn_config *config = agent->config;
    const double done = 1.0 - bm_agent_remaining(agent);
    if (done >= config->exploration_fraction) {
        return config->exploration_final_eps;
    }
    const double fall = config->exploration_initial_eps - config->exploration_final_eps;
    return config->exploration_initial_eps - fall * done / config->exploration_fraction;
}

static const bm_real *deterministic_q(bm_agent *agent, int n, const void *observation) {
    dqn *self = agent->self;
    bm_encode(&agent->observation_space, n, observation, self->input);
    const bm_real *params = self->average ? self->average : self->online;
    return bm_net_forward(&self->net, params, self->workspace, n, self->input);
}

static void act_greedily(bm_agent *agent, int n, const void *observation, int32_t *index) {
    const dqn *self = agent->self;
    const bm_real *q = deterministic_q(agent, n, observation);
    for (int i = 0; i < n; i++) {
        index[i] = bm_argmax(self->actions, q + (size_t)i * (size_t)self->actions);
    }
}

static void act(bm_agent *agent, int n, const void *observation, bool explore, int32_t *index, float *action) {
    (void)action;
    const dqn_config *config = agent->config;
    dqn *self = agent->self;
    if (!explore) {
        act_greedily(agent, n, observation, index);
        return;
    }
    const double rate = agent->steps < config->learning_starts ? 1.0 : epsilon(agent);
    int random = 0;
    for (int i = 0; i < n; i++) {
        const bool explores = bm_rng_double(&agent->explore_rng) < rate;
        index[i] = explores ? (int32_t)bm_rng_integers(&agent->explore_rng, 0, self->actions) : -1;
        random += explores;
    }
    if (random == n) {
        return;
    }
    bm_encode(&agent->observation_space, n, observation, self->input);
    const bm_real *q = bm_net_forward(&self->net, self->online, self->workspace, n, self->input);
    for (int i = 0; i < n; i++) {
        index[i] = index[i] >= 0 ? index[i] : bm_argmax(self->actions, q + (size_t)i * (size_t)self->actions);
    }
}

static void inspect(bm_agent *agent, int n, const void *observation, bm_real *preference, bm_real *value) {
    const dqn *self = agent->self;
    const size_t actions = (size_t)self->actions;
    memcpy(preference, deterministic_q(agent, n, observation), (size_t)n * actions * sizeof(bm_real));
    for (int i = 0; i < n; i++) {
        const bm_real *q = preference + (size_t)i * actions;
        value[i] = q[bm_argmax(self->actions, q)];
    }
}

static void observe(bm_agent *agent, const void *observation, const bm_env_batch *batch) {
    dqn *self = agent->self;
    const size_t bytes = self->replay.observation_bytes;
    const unsigned char *before = observation, *after = batch->observation, *final = batch->final_observation;
    for (int i = 0; i < batch->lanes; i++) {
        const size_t at = (size_t)i * bytes;
        const bm_ending ending = batch->terminated[i]  ? BM_TERMINATED
                                 : batch->truncated[i] ? BM_TRUNCATED
                                                       : BM_CONTINUES;
        bm_replay_add(&self->replay, before + at, &batch->action_index[i], (bm_real)batch->reward[i],
                      (ending ? final : after) + at, ending);
    }
}

/* ---- learning --------------------------------------------------------------------------------------------------- */

/* to += share (from - to) */
static void blend(size_t n, bm_real share, const bm_real *restrict from, bm_real *restrict to) {
    for (size_t i = 0; i < n; i++) {
        to[i] += share * (from[i] - to[i]);
    }
}

static void update_target(bm_agent *agent) {
    const dqn_config *config = agent->config;
    dqn *self = agent->self;
    if (config->tau >= 1.0) {
        memcpy(self->target, self->online, self->net.parameters * sizeof(bm_real));
    } else {
        blend(self->net.parameters, (bm_real)config->tau, self->online, self->target);
    }
}

static void gradient_step(bm_agent *agent, double learning_rate) {
    const dqn_config *config = agent->config;
    dqn *self = agent->self;
    const int n = config->batch_size;
    bm_replay_batch *batch = &self->batch;
    bm_replay_sample(&self->replay, &agent->sample_rng, config->gamma, config->n_steps, agent->lanes, batch);
    bm_encode(&agent->observation_space, n, batch->next_observation, self->input);
    if (self->q_next_online) {
        const bm_real *q = bm_net_forward(&self->net, self->online, self->workspace, n, self->input);
        memcpy(self->q_next_online, q, (size_t)n * (size_t)self->actions * sizeof(bm_real));
    }
    const bm_real *q_next = bm_net_forward(&self->net, self->target, self->workspace, n, self->input);
    bm_td_target(n, self->actions, batch->reward, batch->discount, q_next, self->q_next_online, self->td_target);

    bm_encode(&agent->observation_space, n, batch->observation, self->input);
    const bm_real *q = bm_net_forward(&self->net, self->online, self->workspace, n, self->input);
    const double loss =
        config->loss == LOSS_HUBER
            ? bm_td_loss_huber(n, self->actions, 1.0, q, batch->action, self->td_target, NULL, self->grad_q)
            : bm_td_loss_mse(n, self->actions, q, batch->action, self->td_target, NULL, self->grad_q);
    double q_sum = 0;
    for (int i = 0; i < n; i++) {
        q_sum += (double)q[i * self->actions + batch->action[i]];
    }
    bm_net_backward(&self->net, self->online, self->workspace, n, self->input, self->grad_q, self->grad, NULL);
    double norm = NAN;
    const double scale =
        bm_clip_norm_scale(BM_REAL_DTYPE, self->net.parameters, self->grad, 2, config->max_grad_norm, &norm);
    bm_optim_step(&self->optim, learning_rate, scale, self->online, self->grad);
    if (self->average) {
        /* a short memory at first: the average forgets the initial weights as the network does */
        const double t = (double)agent->updates, decay = fmin(config->policy_average, (1 + t) / (10 + t));
        blend(self->net.parameters, (bm_real)(1 - decay), self->online, self->average);
    }
    agent->updates++;
    agent->diverged |= !isfinite(loss) || !isfinite(norm);
    agent->metric[LOSS] = loss;
    agent->metric[Q_MEAN] = q_sum / n;
    agent->metric[GRAD_NORM] = norm;
}

static void update(bm_agent *agent) {
    const dqn_config *config = agent->config;
    dqn *self = agent->self;
    const int64_t turn = agent->steps / agent->lanes; /* steps of every lane */
    const int64_t interval = config->target_update_interval / agent->lanes;
    agent->metric[EXPLORATION_RATE] = epsilon(agent);
    if (turn % (interval > 0 ? interval : 1) == 0) {
        update_target(agent);
    }
    if (turn % config->train_freq != 0 || agent->steps <= config->learning_starts) {
        return;
    }
    const double learning_rate =
        bm_agent_learning_rate(agent, config->learning_rate, &config->lr_schedule, &self->optim);
    const int64_t steps =
        config->gradient_steps >= 0 ? config->gradient_steps : (int64_t)config->train_freq * agent->lanes;
    for (int64_t i = 0; i < steps; i++) {
        gradient_step(agent, learning_rate);
    }
    agent->metric[LEARNING_RATE] = learning_rate;
    agent->metric[N_UPDATES] = (double)agent->updates;
}

/* ---- state ------------------------------------------------------------------------------------------------------ */

static void list_net(const dqn *self, const char *name, bm_real *params, bm_state *state) {
    bm_state_enter(state, name);
    bm_net_state(&self->net, params, state);
    bm_state_leave(state);
}

static void state(bm_agent *agent, bm_state *list) {
    dqn *self = agent->self;
    bm_state_enter(list, "nets");
    list_net(self, "q", self->online, list);
    list_net(self, "target", self->target, list);
    if (self->average) {
        list_net(self, "average", self->average, list);
    }
    bm_state_leave(list);
    if (agent->acts_only) {
        return;
    }
    bm_state_enter(list, "optimizer");
    bm_optim_state(&self->optim, list);
    bm_state_leave(list);
}

static bm_replay *replay(bm_agent *agent) {
    return &((dqn *)agent->self)->replay;
}

const bm_agent_type bm_agent_dqn = {
    .name = "dqn",
    .summary = "deep Q-learning with a replay buffer and a target network, for discrete actions",
    .source = "Mnih et al. 2015; options as Stable-Baselines3 2.9",
    .options = BM_OPTIONS(rows, dqn_config),
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
