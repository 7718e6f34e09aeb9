/* REINFORCE: Williams 1992; the policy gradient of whole episodes.
 *
 *     loss = -mean_t( w_t log pi(a_t | s_t) ) - ent_coef * mean_t( H(pi(. | s_t)) )
 *
 * w is the discounted return from t on, normalised over the batch; with baseline, the return minus a learned V(s),
 * which is fitted to the returns by value_steps gradient steps of a network of its own. A batch is at least
 * batch_episodes episodes, and one of every lane: otherwise many lanes would fill it with their shortest. Where an
 * episode is cut, by the time limit or because the batch is full, a baseline stands in for the rewards that would have
 * followed (Spinning Up's finish_path); without one there is nothing to bootstrap from: an episode cut by the time
 * limit counts as it is, one cut by the end of the batch is left out. Discrete actions are drawn from a softmax over
 * the allowed ones; numbers of a box from a Gaussian whose deviation does not depend on the state. */
#include <math.h>
#include <string.h>

#include "agents/actor_critic.h"
#include "agents/on_policy.h"
#include "agents/returns.h"
#include "nets/loss.h"

typedef struct {
    bm_learning_config learning;
    bm_network_config network;
    bm_schedule value_learning_rate, ent_coef;
    double log_std_init;
    int batch_episodes, max_batch_steps, value_steps;
    bool normalize, baseline;
} reinforce_config;

static const bm_option rows[] = {
    BM_OPTION_GROUP(reinforce_config, learning, "", &bm_learning_options, "learning_rate=0.003"),
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
    BM_OPTION_GROUP(reinforce_config, network, "", &bm_network_options, "activation=tanh init=orthogonal"),
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

enum { MINIBATCH = 4096 }; /* rows whose gradients are worked out at once */

typedef struct {
    bm_actor_critic networks;
    bm_on_policy on_policy;
    int64_t episodes;    /* ended in the rollout */
    int32_t lanes_ended; /* how many lanes ended one */
    uint8_t *ended;      /* [lanes] which */
} reinforce;

static bm_status create(bm_agent *agent, bm_error *error) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    const bm_actor_critic_setup setup = {
        .network = &config->network,
        .learning = &config->learning,
        .value_rate = config->baseline ? &config->value_learning_rate : NULL,
        .log_std_init = config->log_std_init,
        .rows = MINIBATCH,
    };
    BM_TRY(bm_actor_critic_create(&self->networks, agent, &setup, error));
    if (agent->acts_only) {
        return BM_OK;
    }
    const int64_t episodes = (int64_t)config->batch_episodes * agent->max_episode_steps; /* 0: without limit */
    const int capacity = episodes > 0 && episodes < config->max_batch_steps ? (int)episodes : config->max_batch_steps;
    self->ended = BM_NEW(&agent->arena, uint8_t, agent->lanes);
    return bm_on_policy_create(&self->on_policy, agent, capacity, MINIBATCH, error);
}

static void act(bm_agent *agent, const bm_agent_input *input, void *action, void *computed) {
    bm_actor_critic_act(&((reinforce *)agent->self)->networks, agent, input, action, computed);
}

static void inspect(bm_agent *agent, const bm_agent_input *input, bm_real *preference, bm_real *value) {
    bm_actor_critic_inspect(&((reinforce *)agent->self)->networks, agent, input, preference, value);
}

static void observe(bm_agent *agent, const bm_agent_step *step) {
    reinforce *self = agent->self;
    const bm_env_batch *env = step->env;
    bm_on_policy_observe(&self->on_policy, agent, step, self->networks.critic);
    self->episodes += env->ended_count;
    for (int e = 0; e < env->ended_count; e++) {
        self->lanes_ended += !self->ended[env->ended[e]];
        self->ended[env->ended[e]] = 1;
    }
}

/* ---- learning --------------------------------------------------------------------------------------------------- */

/* The rows that count. Without a baseline the steps after a lane's last episode end are left out: what would follow is
 * not known. */
static void list_rows(bm_on_policy *on, bool all) {
    const bm_rollout *rollout = &on->rollout;
    const int lanes = rollout->lanes, most = rollout->steps * lanes;
    on->rows = 0;
    for (int lane = 0; lane < lanes; lane++) {
        int end = all ? most : 0;
        for (int row = lane; !all && row < most; row += lanes) {
            end = rollout->terminated[row] || rollout->truncated[row] ? row + 1 : end;
        }
        for (int row = lane; row < end; row += lanes) {
            on->row[on->rows++] = row;
        }
    }
}

static bm_policy_loss improve_policy(bm_agent *agent) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_on_policy *on = &self->on_policy;
    bm_trainable *policy = &self->networks.policy;
    bm_policy_loss loss = {0};
    const double ent_coef = bm_schedule_at(config->ent_coef, bm_agent_remaining(agent));
    for (int first = 0; first < on->rows;) {
        first = bm_on_policy_take(on, agent, first);
        const bm_policy_rows taken = {on->n, on->input, on->action_mask, on->computed, on->weight};
        const bm_policy_loss part = bm_policy_net_gradient(&self->networks.net, policy->params, policy->workspace,
                                                           &taken, on->rows, ent_coef, policy->part);
        bm_trainable_add_part(policy);
        loss.policy += part.policy;
        loss.entropy += part.entropy;
    }
    agent->metric[LEARNING_RATE] = bm_trainable_step(policy, agent, NULL);
    return loss;
}

/* One gradient step over all listed rows. Returns the mean squared error before. */
static double fit_value(bm_on_policy *on, const bm_agent *agent, bm_trainable *critic) {
    double loss = 0;
    for (int first = 0; first < on->rows;) {
        first = bm_on_policy_take(on, agent, first);
        const double share = (double)on->n / on->rows;
        const bm_real *estimated = bm_trainable_forward(critic, critic->params, on->n, on->input);
        loss += share * bm_loss_mse((size_t)on->n, estimated, on->wanted, critic->grad_output);
        for (int i = 0; i < on->n; i++) {
            critic->grad_output[i] *= (bm_real)share;
        }
        bm_trainable_backward(critic, on->n, on->input, critic->part);
        bm_trainable_add_part(critic);
    }
    bm_trainable_step(critic, agent, NULL);
    return loss;
}

static void learn(bm_agent *agent) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_on_policy *on = &self->on_policy;
    bm_trainable *critic = self->networks.critic;
    bm_on_policy_weigh(on, agent, critic, config->learning.gamma, 1);
    list_rows(on, critic != NULL);
    if (on->rows == 0) {
        return;
    }
    if (config->normalize) {
        bm_normalize((size_t)on->rows, on->row, on->advantage);
    }
    const bm_policy_loss loss = improve_policy(agent);
    for (int i = 0; critic && i < config->value_steps; i++) {
        const double error = fit_value(on, agent, critic);
        agent->metric[VALUE_LOSS] = i ? agent->metric[VALUE_LOSS] : error;
    }
    agent->updates++;
    agent->diverged |= !isfinite(loss.policy) || (critic && !isfinite(agent->metric[VALUE_LOSS]));
    agent->metric[POLICY_LOSS] = loss.policy;
    agent->metric[ENTROPY_LOSS] = -loss.entropy;
    agent->metric[BATCH_STEPS] = on->rows;
    agent->metric[N_UPDATES] = (double)agent->updates;
}

static void update(bm_agent *agent) {
    const reinforce_config *config = agent->config;
    reinforce *self = agent->self;
    bm_rollout *rollout = &self->on_policy.rollout;
    if ((self->episodes >= config->batch_episodes && self->lanes_ended == agent->lanes) ||
        rollout->steps == rollout->capacity) {
        learn(agent);
        bm_rollout_clear(rollout);
        self->episodes = 0;
        self->lanes_ended = 0;
        memset(self->ended, 0, (size_t)agent->lanes);
    }
}

static void state(bm_agent *agent, bm_state *list) {
    reinforce *self = agent->self;
    const bm_rollout *rollout = &self->on_policy.rollout;
    bm_actor_critic_state(&self->networks, agent, list);
    if (agent->acts_only) {
        return;
    }
    bm_state_enter(list, "rollout");
    bm_on_policy_state(&self->on_policy, list);
    bm_space_state(&self->networks.net.chosen, list, "action", rollout->computed,
                   (size_t)rollout->capacity * (size_t)rollout->lanes);
    bm_state_count(list, "episodes", &self->episodes);
    bm_state_scalar(list, "lanes_ended", BM_I32, &self->lanes_ended);
    bm_state_bound(list, 0, agent->lanes);
    bm_state_vector(list, "ended", BM_U8, self->ended, (size_t)agent->lanes);
    bm_state_leave(list);
}

const bm_agent_type bm_agent_reinforce = {
    .name = "reinforce",
    .summary = "the policy gradient of whole episodes, with or without a learned baseline",
    .source = "Williams 1992; Spinning Up's treatment of cut episodes",
    .options = BM_OPTIONS(rows, reinforce_config),
    .self_bytes = sizeof(reinforce),
    .metric_names = metric_names,
    .create = create,
    .act = act,
    .observe = observe,
    .update = update,
    .state = state,
    .inspect = inspect,
    .preference_name = "probability",
};
