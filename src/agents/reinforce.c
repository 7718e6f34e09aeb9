/* REINFORCE: Williams 1992; the policy gradient of whole episodes.
 *
 *     loss = -mean_t( w_t log pi(a_t | s_t) ) - ent_coef * mean_t( H(pi(. | s_t)) )
 *
 * w is the discounted return from t on, normalised over the batch; with baseline, the return minus a learned V(s), which is
 * fitted to the returns by value_steps gradient steps of a network of its own. A batch is at least batch_episodes episodes, and
 * one of every lane: otherwise many lanes would fill it with their shortest.
 * Where an episode is cut, by the time limit or because the batch is full, a baseline stands in for the rewards that
 * would have followed (Spinning Up's finish_path); without one there is nothing to bootstrap from: an episode cut by the
 * time limit counts as it is, one cut by the end of the batch is left out. */
#include <math.h>
#include <string.h>

#include "agents/agent.h"
#include "agents/policy_loss.h"
#include "agents/returns.h"
#include "agents/td.h"
#include "envs/encode.h"
#include "nets/dist.h"
#include "nets/init.h"
#include "nets/loss.h"
#include "nets/net.h"
#include "replay/rollout.h"

typedef struct {
    bm_schedule learning_rate, value_learning_rate, ent_coef;
    double gamma, max_grad_norm;
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

/* A network with all it needs to learn. */
typedef struct {
    bm_net net;
    bm_real *params, *grad; /* [net.parameters] */
    bm_real *workspace;
    bm_optim optim;
} learning_net;

typedef struct {
    learning_net policy, value; /* value only with baseline */
    bm_rollout rollout;
    int64_t episodes;    /* ended in the rollout */
    int32_t lanes_ended; /* how many lanes ended one */
    uint8_t *ended;      /* [lanes] which */
    int actions, features;
    bm_real *input;                    /* [rows, features] */
    bm_real *log_prob;                 /* [max_rows, actions] */
    bm_real *grad_logits, *grad_value; /* [rows, actions], [rows] */
    bm_real *weight, *target;          /* [rows] the loss's weights; discounted returns */
    bm_real *bootstrap;                /* [rows] V of the true successor where an episode was cut, else 0 */
    int32_t *action;                   /* [rows] */
    unsigned char *latest;             /* [lanes, observation bytes] what follows the rollout's last step */
    int *whole;                        /* [lanes] steps of the lane that count in the batch being worked on */
} reinforce;

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status create_learner(bm_agent *agent, learning_net *learner, int outputs, double output_gain, int rows_most,
                                bm_error *error) {
    const reinforce_config *config = agent->config;
    const reinforce *self = agent->self;
    bm_status status = bm_net_mlp(&learner->net, self->features, config->net_arch.count, config->net_arch.value,
                                  outputs, bm_activations[config->activation], NULL, error);
    if (status != BM_OK) {
        return status;
    }
    learner->params = BM_NEW(&agent->arena, bm_real, learner->net.parameters);
    learner->grad = BM_NEW(&agent->arena, bm_real, learner->net.parameters);
    learner->workspace = BM_NEW(&agent->arena, bm_real, bm_net_workspace(&learner->net, rows_most));
    if (!agent->acts_only) {
        status = bm_optim_create(&learner->optim, &config->optimizer, BM_REAL_DTYPE, learner->net.parameters,
                                 &agent->arena, error);
        status = status == BM_OK ? bm_lr_schedule_check(&config->lr_schedule, learner->optim.type, error) : status;
    }
    status = status == BM_OK ? bm_arena_check(&agent->arena, "reinforce's networks", error) : status;
    return status == BM_OK ? bm_init_net((bm_init)config->init, output_gain, &learner->net, learner->params,
                                         &agent->init_rng, error)
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
    const size_t n = (size_t)*rows_most, actions = (size_t)self->actions;
    bm_rollout_create(&self->rollout, &agent->observation_space, &agent->action_space, (int)capacity, agent->lanes,
                      arena);
    self->grad_logits = BM_NEW(arena, bm_real, n * actions);
    self->grad_value = BM_NEW(arena, bm_real, n);
    self->weight = BM_NEW(arena, bm_real, n);
    self->target = BM_NEW(arena, bm_real, n);
    self->bootstrap = BM_NEW(arena, bm_real, n);
    self->action = BM_NEW(arena, int32_t, n);
    self->latest = BM_NEW(arena, unsigned char, (size_t)agent->lanes *bm_space_bytes(&agent->observation_space));
    self->whole = BM_NEW(arena, int, agent->lanes);
    self->ended = BM_NEW(arena, uint8_t, agent->lanes);
    return BM_OK;
}

static bm_status create(bm_agent *agent, bm_error *error) {
    const reinforce_config *config = agent->config;
    bm_arena *arena = &agent->arena;
    if (agent->action_space.kind != BM_DISCRETE || agent->action_space.size != 1) {
        return bm_invalid(
            error,
            "reinforce needs one discrete action per step; this environment's actions are continuous or several");
    }
    reinforce *self = BM_NEW(arena, reinforce, 1);
    if (!self) {
        return bm_arena_check(arena, "reinforce", error);
    }
    agent->self = self;
    self->actions = agent->action_space.n;
    self->features = bm_space_features(&agent->observation_space);
    int rows_most = agent->max_rows;
    bm_status status = agent->acts_only ? BM_OK : create_buffers(agent, &rows_most, error);
    if (status != BM_OK) {
        return status;
    }
    self->input = BM_NEW(arena, bm_real, (size_t)rows_most * (size_t)self->features);
    self->log_prob = BM_NEW(arena, bm_real, (size_t)agent->max_rows * (size_t)self->actions);
    status = create_learner(agent, &self->policy, self->actions, 0.01, rows_most, error);
    if (status == BM_OK && config->baseline) {
        status = create_learner(agent, &self->value, 1, 1.0, rows_most, error);
    }
    return status;
}

/* ---- acting ----------------------------------------------------------------------------------------------------- */

static void act(bm_agent *agent, int n, const void *observation, bool explore, int32_t *index, float *action) {
    (void)action;
    reinforce *self = agent->self;
    bm_encode(&agent->observation_space, n, observation, self->input);
    const bm_real *logits =
        bm_net_forward(&self->policy.net, self->policy.params, self->policy.workspace, n, self->input);
    if (explore) {
        bm_log_softmax((size_t)n, self->actions, logits, self->log_prob);
    }
    for (int i = 0; i < n; i++) {
        const size_t row = (size_t)i * (size_t)self->actions;
        index[i] = explore ? bm_categorical_sample(self->actions, self->log_prob + row, &agent->explore_rng)
                           : bm_argmax(self->actions, logits + row);
    }
}

static void inspect(bm_agent *agent, int n, const void *observation, bm_real *preference, bm_real *value) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_encode(&agent->observation_space, n, observation, self->input);
    const bm_real *logits =
        bm_net_forward(&self->policy.net, self->policy.params, self->policy.workspace, n, self->input);
    bm_softmax((size_t)n, self->actions, logits, preference);
    const bm_real *estimate =
        config->baseline ? bm_net_forward(&self->value.net, self->value.params, self->value.workspace, n, self->input)
                         : NULL;
    for (int i = 0; i < n; i++) {
        value[i] = estimate ? estimate[i] : (bm_real)NAN;
    }
}

static void observe(bm_agent *agent, const void *observation, const bm_env_batch *batch) {
    reinforce *self = agent->self;
    bm_rollout_add(&self->rollout, observation, batch);
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
                bm_encode(&agent->observation_space, 1, successor, self->input);
                self->bootstrap[row] =
                    *bm_net_forward(&self->value.net, self->value.params, self->value.workspace, 1, self->input);
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
    const size_t features = (size_t)self->features;
    bm_encode(&agent->observation_space, rollout->steps * rollout->lanes, rollout->observation, self->input);
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
            self->action[count] = rollout->action[row];
            self->target[count++] = self->target[row];
        }
    }
    return count;
}

static void descend(bm_agent *agent, learning_net *learner, int n, bm_real *grad_output, double learning_rate) {
    const reinforce_config *config = agent->config;
    const reinforce *self = agent->self;
    bm_net_backward(&learner->net, learner->params, learner->workspace, n, self->input, grad_output, learner->grad,
                    NULL);
    const double scale =
        bm_clip_norm_scale(BM_REAL_DTYPE, learner->net.parameters, learner->grad, 2, config->max_grad_norm, NULL);
    bm_optim_step(&learner->optim, learning_rate, scale, learner->params, learner->grad);
}

static void fit_value(bm_agent *agent, int n) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    const double learning_rate =
        bm_agent_learning_rate(agent, config->value_learning_rate, &config->lr_schedule, &self->value.optim);
    for (int i = 0; i < config->value_steps; i++) {
        const bm_real *value =
            bm_net_forward(&self->value.net, self->value.params, self->value.workspace, n, self->input);
        const double loss = bm_loss_mse((size_t)n, value, self->target, self->grad_value);
        agent->metric[VALUE_LOSS] = i ? agent->metric[VALUE_LOSS] : loss;
        descend(agent, &self->value, n, self->grad_value, learning_rate);
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
        const bm_real *value =
            bm_net_forward(&self->value.net, self->value.params, self->value.workspace, n, self->input);
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
    const bm_real *logits =
        bm_net_forward(&self->policy.net, self->policy.params, self->policy.workspace, n, self->input);
    const bm_policy_loss loss =
        bm_reinforce_loss(n, self->actions, logits, self->action, self->weight, ent_coef, self->grad_logits);
    descend(agent, &self->policy, n, self->grad_logits, learning_rate);
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

static void list_learner(learning_net *learner, const char *name, bm_state *state, bool nets) {
    bm_state_enter(state, name);
    if (nets) {
        bm_net_state(&learner->net, learner->params, state);
    } else {
        bm_optim_state(&learner->optim, state);
    }
    bm_state_leave(state);
}

static void state(bm_agent *agent, bm_state *list) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_state_enter(list, "nets");
    list_learner(&self->policy, "policy", list, true);
    if (config->baseline) {
        list_learner(&self->value, "value", list, true);
    }
    bm_state_leave(list);
    if (agent->acts_only) {
        return;
    }
    bm_state_enter(list, "optimizer");
    list_learner(&self->policy, "policy", list, false);
    if (config->baseline) {
        list_learner(&self->value, "value", list, false);
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
    .summary = "the policy gradient of whole episodes, with or without a learned baseline, for discrete actions",
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
