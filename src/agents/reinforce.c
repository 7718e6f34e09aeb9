/* REINFORCE: Williams 1992; the policy gradient of whole episodes.
 *
 *     loss = -mean_t( w_t log pi(a_t | s_t) ) - ent_coef * mean_t( H(pi(. | s_t)) )
 *
 * w is the discounted return from t on, normalised over the batch; with baseline, the return minus a learned V(s), which is
 * fitted to the returns by value_steps gradient steps of a network of its own. A batch is at least batch_episodes episodes, and
 * one of every lane: otherwise many lanes would fill it with their shortest.
 * Where an episode is cut, by the time limit or because the batch is full, a baseline stands in for the rewards that
 * would have followed (Spinning Up's finish_path); without one there is nothing to bootstrap from: an episode cut by the
 * time limit counts as it is, one cut by the end of the batch is left out.
 * Discrete actions are drawn from a softmax; numbers of a box from a Gaussian whose deviation does not depend on the state. */
#include <math.h>
#include <string.h>

#include "agents/agent.h"
#include "agents/policy.h"
#include "agents/returns.h"
#include "envs/encode.h"
#include "nets/init.h"
#include "nets/loss.h"
#include "nets/net.h"
#include "replay/rollout.h"

typedef struct {
    bm_schedule learning_rate, value_learning_rate, ent_coef;
    double gamma, max_grad_norm, log_std_init;
    int batch_episodes, max_batch_steps, value_steps;
    bool normalize, baseline;
    int activation, init;
    bm_int_list net_arch;
    bm_variant optimizer, lr_schedule;
} reinforce_config;

static const bm_option rows[] = {
    {BM_ROW(reinforce_config, learning_rate, 0.003, 1e-8, 1, BM_LOG,
            "step size of the policy's optimizer; lin_X falls to 0"),
     .live = true, .tune = "log(1e-4,3e-2)"},
    {BM_ROW(reinforce_config, gamma, 0.99, 0, 1, BM_LINEAR, "discount per step"), .live = true,
     .tune = "{0.9,0.95,0.98,0.99,0.995,0.999}"},
    {BM_ROW(reinforce_config, batch_episodes, 8, 1, 10000, BM_LOG, "episodes per update"), .tune = "int_log(1,64)"},
    BM_OPTION(reinforce_config, max_batch_steps, 8192, 1, 10000000, BM_LOG,
              "steps of each lane after which a batch is cut"),
    {BM_ROW_STRING(reinforce_config, normalize, "true", 0, 1,
                   "subtract the batch's mean weight, divide by its deviation"),
     .tune = "{false,true}"},
    {BM_ROW(reinforce_config, ent_coef, 0.0, 0, 10, BM_LINEAR, "weight of the entropy bonus; lin_X falls to 0"),
     .live = true, .tune = "log(1e-5,0.1)"},
    BM_OPTION(reinforce_config, log_std_init, 0, -5, 2, BM_LINEAR,
              "log of the first standard deviation, in half widths of the action box; box actions only"),
    {BM_ROW_STRING(reinforce_config, baseline, "false", 0, 1, "learn V(s) and subtract it from the returns"),
     .tune = "{false,true}"},
    {BM_ROW(reinforce_config, value_learning_rate, 0.001, 1e-8, 1, BM_LOG, "step size of the baseline's optimizer"),
     .live = true, .tune = "log(1e-4,1e-2) if baseline=true"},
    BM_OPTION_LIVE(reinforce_config, value_steps, 20, 1, 10000, BM_LOG, "gradient steps of the baseline per update"),
    BM_OPTION_LIVE(reinforce_config, max_grad_norm, 0, 0, 1e9, BM_LINEAR,
                   "longer gradients are scaled to this norm; 0: never"),
    {BM_ROW_STRING(reinforce_config, net_arch, "[64, 64]", 1, 65536, "widths of the hidden layers"),
     .tune = "{[32],[64,64],[128,128]}"},
    {BM_ROW_CHOICE(reinforce_config, activation, "tanh", bm_activation_names, "of the hidden layers"),
     .tune = "{tanh,relu}"},
    BM_OPTION_CHOICE(reinforce_config, init, "orthogonal", bm_init_names, "initial weights"),
    BM_OPTION_VARIANT(reinforce_config, optimizer, "adam", bm_optim_kinds, "with settings of its own"),
    {BM_ROW_VARIANT(reinforce_config, lr_schedule, "constant", bm_lr_schedule_kinds,
                    "in place of lin_X: both learning rates over the run, in hundredths of it"),
     .tune = "{constant,cosine}"},
};

enum { LEARNING_RATE, POLICY_LOSS, VALUE_LOSS, ENTROPY_LOSS, BATCH_STEPS, N_UPDATES };
static const char *const metric_names[] = {
    "train/learning_rate",
    "train/policy_gradient_loss",
    "train/value_loss",
    "train/entropy_loss",
    "train/batch_steps",
    "train/n_updates",
    NULL,
};

/* What a network needs to learn. */
typedef struct {
    size_t parameters;
    bm_real *params, *grad; /* [parameters] */
    bm_real *workspace;
    bm_optim optim;
} learner;

typedef struct {
    bm_policy_net policy_net;
    bm_net value_net;
    learner policy, value; /* value_net and value only with baseline */
    bm_rollout rollout;
    int64_t episodes;    /* ended in the rollout */
    int32_t lanes_ended; /* how many lanes ended one */
    uint8_t *ended;      /* [lanes] which */
    int features;
    bm_real *input;           /* [rows, features] */
    bm_real *grad_value;      /* [rows] */
    bm_real *weight, *target; /* [rows] the loss's weights; discounted returns */
    bm_real *bootstrap;       /* [rows] V of the true successor where an episode was cut, else 0 */
    unsigned char *action;    /* [rows, action_bytes] */
    void *chosen;             /* [max_rows, action_bytes] what act chose last */
    unsigned char *latest;    /* [lanes, observation bytes] what follows the rollout's last step */
    int *whole;               /* [lanes] steps of the lane that count in the batch being worked on */
} reinforce;

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status create_learner(bm_agent *agent, learner *created, size_t parameters, size_t workspace,
                                bm_error *error) {
    const reinforce_config *config = agent->config;
    created->parameters = parameters;
    created->params = BM_NEW(&agent->arena, bm_real, parameters);
    created->grad = BM_NEW(&agent->arena, bm_real, parameters);
    created->workspace = BM_NEW(&agent->arena, bm_real, workspace);
    bm_status status = BM_OK;
    if (!agent->acts_only) {
        status = bm_optim_create(&created->optim, &config->optimizer, BM_REAL_DTYPE, parameters, &agent->arena, error);
        status = status == BM_OK ? bm_lr_schedule_check(&config->lr_schedule, created->optim.type, error) : status;
    }
    return status == BM_OK ? bm_arena_check(&agent->arena, "reinforce's networks", error) : status;
}

static bm_status create_policy(bm_agent *agent, int rows_most, bm_error *error) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    const bm_policy_net *net = &self->policy_net;
    const bm_status status =
        create_learner(agent, &self->policy, net->parameters, bm_policy_net_workspace(net, rows_most), error);
    return status == BM_OK ? bm_policy_net_init(net, (bm_init)config->init, config->log_std_init, self->policy.params,
                                                &agent->init_rng, error)
                           : status;
}

static bm_status create_value(bm_agent *agent, int rows_most, bm_error *error) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_net *net = &self->value_net;
    bm_status status = bm_net_mlp(net, self->features, config->net_arch.count, config->net_arch.value, 1,
                                  bm_activations[config->activation], NULL, error);
    if (status == BM_OK) {
        status = create_learner(agent, &self->value, net->parameters, bm_net_workspace(net, rows_most), error);
    }
    return status == BM_OK ? bm_init_net((bm_init)config->init, 1.0, net, self->value.params, &agent->init_rng, error)
                           : status;
}

/* What learning needs; *rows_most becomes the most rows a network is asked for at once. */
static bm_status create_buffers(bm_agent *agent, int *rows_most, bm_error *error) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_arena *arena = &agent->arena;
    int64_t capacity = config->max_batch_steps;
    if (agent->max_episode_steps > 0 && (int64_t)config->batch_episodes * agent->max_episode_steps < capacity) {
        capacity = (int64_t)config->batch_episodes * agent->max_episode_steps;
    }
    const int64_t batch = capacity * agent->lanes;
    if (batch > 1 << 28) {
        return bm_invalid(error, "max_batch_steps=%d with %d lanes is too large a batch", config->max_batch_steps,
                          agent->lanes);
    }
    *rows_most = batch > agent->max_rows ? (int)batch : agent->max_rows;
    const size_t n = (size_t)*rows_most;
    bm_rollout_create(&self->rollout, &agent->observation_space, &agent->action_space, (int)capacity, agent->lanes,
                      arena);
    self->grad_value = BM_NEW(arena, bm_real, n);
    self->weight = BM_NEW(arena, bm_real, n);
    self->target = BM_NEW(arena, bm_real, n);
    self->bootstrap = BM_NEW(arena, bm_real, n);
    self->action = bm_arena_alloc(arena, n, self->policy_net.action_bytes);
    self->latest = BM_NEW(arena, unsigned char, (size_t)agent->lanes *bm_space_bytes(&agent->observation_space));
    self->whole = BM_NEW(arena, int, agent->lanes);
    self->ended = BM_NEW(arena, uint8_t, agent->lanes);
    return BM_OK;
}

static bm_status create(bm_agent *agent, bm_error *error) {
    const reinforce_config *config = agent->config;
    bm_arena *arena = &agent->arena;
    reinforce *self = BM_NEW(arena, reinforce, 1);
    if (!self) {
        return bm_arena_check(arena, "reinforce", error);
    }
    agent->self = self;
    self->features = bm_space_features(&agent->observation_space, BM_ONE_HOT);
    bm_status status =
        bm_policy_net_create(&self->policy_net, &agent->observation_space, &agent->action_space, config->net_arch.count,
                             config->net_arch.value, bm_activations[config->activation], error);
    int rows_most = agent->max_rows;
    if (status == BM_OK && !agent->acts_only) {
        status = create_buffers(agent, &rows_most, error);
    }
    if (status != BM_OK) {
        return status;
    }
    self->input = BM_NEW(arena, bm_real, (size_t)rows_most * (size_t)self->features);
    self->chosen = bm_arena_alloc(arena, (size_t)agent->max_rows, self->policy_net.action_bytes);
    status = create_policy(agent, rows_most, error);
    return status == BM_OK && config->baseline ? create_value(agent, rows_most, error) : status;
}

/* ---- acting ----------------------------------------------------------------------------------------------------- */

static void act(bm_agent *agent, int n, const void *observation, bool explore, int32_t *index, float *action) {
    reinforce *self = agent->self;
    bm_encode(&agent->observation_space, BM_ONE_HOT, n, observation, self->input);
    bm_policy_net_act(&self->policy_net, self->policy.params, self->policy.workspace, n, self->input,
                      explore ? &agent->explore_rng : NULL, self->chosen);
    bm_decode_actions(&agent->action_space, n, self->chosen, index ? (void *)index : action);
}

static const bm_real *estimate(const reinforce *self, int n) {
    return bm_net_forward(&self->value_net, self->value.params, self->value.workspace, n, self->input);
}

static void inspect(bm_agent *agent, int n, const void *observation, bm_real *preference, bm_real *value) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_encode(&agent->observation_space, BM_ONE_HOT, n, observation, self->input);
    if (!self->policy_net.gaussian) {
        bm_policy_net_probabilities(&self->policy_net, self->policy.params, self->policy.workspace, n, self->input,
                                    preference);
    }
    const bm_real *estimated = config->baseline ? estimate(self, n) : NULL;
    for (int i = 0; i < n; i++) {
        value[i] = estimated ? estimated[i] : (bm_real)NAN;
    }
}

static void observe(bm_agent *agent, const void *observation, const bm_env_batch *batch) {
    reinforce *self = agent->self;
    /* the density is that of what was drawn, not of what the box made of it */
    const void *action = self->policy_net.gaussian ? self->chosen : batch->action;
    bm_rollout_add(&self->rollout, observation, action, batch);
    self->episodes += batch->ended_count;
    for (int e = 0; e < batch->ended_count; e++) {
        self->lanes_ended += !self->ended[batch->ended[e]];
        self->ended[batch->ended[e]] = 1;
    }
    memcpy(self->latest, batch->observation, (size_t)batch->lanes * self->rollout.observation_bytes);
}

/* ---- learning --------------------------------------------------------------------------------------------------- */

/* V of the true successor wherever an episode was cut: at the time limit, and at the end of the batch. */
static void bootstrap(bm_agent *agent) {
    reinforce *self = agent->self;
    const bm_rollout *rollout = &self->rollout;
    const size_t bytes = rollout->observation_bytes;
    const int last = rollout->steps - 1;
    for (int t = 0; t <= last; t++) {
        for (int lane = 0; lane < rollout->lanes; lane++) {
            const size_t row = (size_t)t * (size_t)rollout->lanes + (size_t)lane;
            const bool ended = rollout->terminated[row] || rollout->truncated[row];
            const unsigned char *successor =
                ended ? rollout->final_observation + row * bytes : self->latest + (size_t)lane * bytes;
            self->bootstrap[row] = 0;
            if (!rollout->terminated[row] && (rollout->truncated[row] || t == last)) {
                bm_encode(&agent->observation_space, BM_ONE_HOT, 1, successor, self->input);
                self->bootstrap[row] = *estimate(self, 1);
            }
        }
    }
}

/* Lists the rows that count, and gathers their inputs, actions and returns to the front. Without a baseline the steps after
 * a lane's last episode end are left out: what would follow them is not known. */
static int gather(bm_agent *agent) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    const bm_rollout *rollout = &self->rollout;
    const size_t features = (size_t)self->features, action_bytes = self->policy_net.action_bytes;
    bm_encode(&agent->observation_space, BM_ONE_HOT, rollout->steps * rollout->lanes, rollout->observation,
              self->input);
    for (int lane = 0; lane < rollout->lanes; lane++) {
        self->whole[lane] = config->baseline ? rollout->steps : 0;
        for (int t = 0; t < rollout->steps && !config->baseline; t++) {
            const size_t row = (size_t)t * (size_t)rollout->lanes + (size_t)lane;
            self->whole[lane] = rollout->terminated[row] || rollout->truncated[row] ? t + 1 : self->whole[lane];
        }
    }
    int count = 0;
    for (int t = 0; t < rollout->steps; t++) {
        for (int lane = 0; lane < rollout->lanes; lane++) {
            const size_t row = (size_t)t * (size_t)rollout->lanes + (size_t)lane;
            if (t >= self->whole[lane]) {
                continue;
            }
            memmove(self->input + (size_t)count * features, self->input + row * features, features * sizeof(bm_real));
            memcpy(self->action + (size_t)count * action_bytes, rollout->action + row * action_bytes, action_bytes);
            self->target[count++] = self->target[row];
        }
    }
    return count;
}

/* grad is in place. */
static void descend(bm_agent *agent, learner *descending, double learning_rate) {
    const reinforce_config *config = agent->config;
    const double scale =
        bm_clip_norm_scale(BM_REAL_DTYPE, descending->parameters, descending->grad, 2, config->max_grad_norm, NULL);
    bm_optim_step(&descending->optim, learning_rate, scale, descending->params, descending->grad);
}

static void fit_value(bm_agent *agent, int n) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    const double learning_rate =
        bm_agent_learning_rate(agent, config->value_learning_rate, &config->lr_schedule, &self->value.optim);
    for (int i = 0; i < config->value_steps; i++) {
        const double loss = bm_loss_mse((size_t)n, estimate(self, n), self->target, self->grad_value);
        agent->metric[VALUE_LOSS] = i ? agent->metric[VALUE_LOSS] : loss;
        bm_net_backward(&self->value_net, self->value.params, self->value.workspace, n, self->input, self->grad_value,
                        self->value.grad, NULL);
        descend(agent, &self->value, learning_rate);
    }
}

static void learn(bm_agent *agent) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    const bm_rollout *rollout = &self->rollout;
    if (config->baseline) {
        bootstrap(agent);
    }
    bm_discounted_returns(rollout->steps, rollout->lanes, config->gamma, rollout->reward, rollout->terminated,
                          rollout->truncated, config->baseline ? self->bootstrap : NULL, self->target);
    const int n = gather(agent);
    if (n == 0) {
        return;
    }
    memcpy(self->weight, self->target, (size_t)n * sizeof(bm_real));
    if (config->baseline) {
        const bm_real *value = estimate(self, n);
        for (int i = 0; i < n; i++) {
            self->weight[i] -= value[i];
        }
    }
    if (config->normalize) {
        bm_normalize((size_t)n, self->weight);
    }
    const double learning_rate =
        bm_agent_learning_rate(agent, config->learning_rate, &config->lr_schedule, &self->policy.optim);
    const double ent_coef = bm_schedule_at(config->ent_coef, bm_agent_remaining(agent));
    const bm_policy_loss loss =
        bm_policy_net_gradient(&self->policy_net, self->policy.params, self->policy.workspace, n, self->input,
                               self->action, self->weight, ent_coef, self->policy.grad);
    descend(agent, &self->policy, learning_rate);
    if (config->baseline) {
        fit_value(agent, n);
    }
    agent->updates++;
    agent->diverged |= !isfinite(loss.policy) || (config->baseline && !isfinite(agent->metric[VALUE_LOSS]));
    agent->metric[LEARNING_RATE] = learning_rate;
    agent->metric[POLICY_LOSS] = loss.policy;
    agent->metric[ENTROPY_LOSS] = -loss.entropy;
    agent->metric[BATCH_STEPS] = n;
    agent->metric[N_UPDATES] = (double)agent->updates;
}

static void update(bm_agent *agent) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    if ((self->episodes >= config->batch_episodes && self->lanes_ended == agent->lanes) ||
        self->rollout.steps == self->rollout.capacity) {
        learn(agent);
        bm_rollout_clear(&self->rollout);
        self->episodes = 0;
        self->lanes_ended = 0;
        memset(self->ended, 0, (size_t)agent->lanes);
    }
}

/* ---- state ------------------------------------------------------------------------------------------------------ */

static void list_optimizer(learner *listed, const char *name, bm_state *list) {
    bm_state_enter(list, name);
    bm_optim_state(&listed->optim, list);
    bm_state_leave(list);
}

static void state(bm_agent *agent, bm_state *list) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_state_enter(list, "nets");
    bm_state_enter(list, "policy");
    bm_policy_net_state(&self->policy_net, self->policy.params, list);
    bm_state_leave(list);
    if (config->baseline) {
        bm_state_enter(list, "value");
        bm_net_state(&self->value_net, self->value.params, list);
        bm_state_leave(list);
    }
    bm_state_leave(list);
    if (agent->acts_only) {
        return;
    }
    bm_state_enter(list, "optimizer");
    list_optimizer(&self->policy, "policy", list);
    if (config->baseline) {
        list_optimizer(&self->value, "value", list);
    }
    bm_state_leave(list);
    bm_state_enter(list, "rollout");
    bm_rollout_state(&self->rollout, list);
    bm_state_scalar(list, "episodes", BM_I64, &self->episodes);
    bm_state_scalar(list, "lanes_ended", BM_I32, &self->lanes_ended);
    bm_state_vector(list, "ended", BM_U8, self->ended, (size_t)agent->lanes);
    bm_state_matrix(list, "latest", BM_U8, self->latest, (size_t)agent->lanes, self->rollout.observation_bytes);
    bm_state_leave(list);
}

const bm_agent_type bm_agent_reinforce = {
    .name = "reinforce",
    .summary = "the policy gradient of whole episodes, with or without a learned baseline",
    .source = "Williams 1992; Spinning Up's treatment of cut episodes",
    .options = BM_OPTIONS(rows, reinforce_config),
    .metric_names = metric_names,
    .create = create,
    .act = act,
    .observe = observe,
    .update = update,
    .state = state,
    .inspect = inspect,
    .preference_name = "probability",
};
