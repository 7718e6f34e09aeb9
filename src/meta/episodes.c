/* Tasks whose problem is to act: an environment whose options are drawn for every task (the reinforcement learning of
 * Finn, Abbeel and Levine 2017, section 5.3; Point2D-v0 with its goal drawn is their navigation). A policy
 * (agents/policy.h) is adapted by REINFORCE: every step plays shots episodes with the parameters it starts from, and
 * descends
 *
 *     loss = -mean_t( A_t log pi(a_t | s_t) ),    A the advantages (meta/episode_player.c), normalised over the rows
 *
 * The outer loss has the same gradient over queries fresh episodes of the adapted policy; what is reported as the loss
 * is minus their mean undiscounted return. curvature is the Hessian of the loss above for the episodes as they were
 * played, as in the authors' code; that other parameters would have met other episodes is not in it (Foerster et al.
 * 2018 and Rothfuss et al. 2019 have estimates of that part).
 *
 * A policy that has just found out what its task is needs smaller steps from then on: the paper halves them in its
 * evaluation. later_step_scale multiplies the loss of all steps but the first, and with it their gradient and
 * curvature.
 *
 * Every step, the outer loss and the score draw from children of the task's seed of their own, so that a task is the
 * same however often and by whichever thread it is looked at. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/linalg.h"
#include "core/suggest.h"
#include "envs/encode.h"
#include "meta/episode_player.h"
#include "meta/policy_curvature.h"
#include "meta/task_range.h"
#include "meta/tasks.h"
#include "nets/hvp.h"

typedef struct {
    bm_text env, task_range, env_set;
    bm_task_sizes sizes;
    int baseline;
    double gamma, gae_lambda, later_step_scale, log_std_init;
    bool normalize, show_task;
} episode_config;

enum { BASELINE_LINEAR, BASELINE_NONE };
static const char *const baselines[] = {"linear", "none", NULL};

#define ROWS(env_, task_range_, log_std_init_)                                                                         \
    BM_OPTION_STRING(episode_config, env, env_, 0, 0, "the environment's id"),                                         \
        BM_OPTION_STRING(episode_config, task_range, task_range_, 0, 0,                                                \
                         "what differs between tasks: KEY=LOW:HIGH or KEY={A,B}, separated by commas"),                \
        BM_OPTION_STRING(episode_config, env_set, "", 0, 0, "its other options: KEY=VALUE, separated by commas"),      \
        BM_OPTION_GROUP(episode_config, sizes, "", &bm_task_sizes_options, "shots=20 queries=20 eval_queries=20"),     \
        BM_OPTION(episode_config, gamma, 0.99, 0, 1, BM_LINEAR, "discount per step"),                                  \
        BM_OPTION(episode_config, gae_lambda, 1, 0, 1, BM_LINEAR,                                                      \
                  "1: returns minus the baseline; less leans on the baseline's estimates"),                            \
        BM_OPTION_CHOICE(episode_config, baseline, "linear", baselines, "what returns are measured from"),             \
        BM_OPTION_STRING(episode_config, normalize, "true", 0, 1,                                                      \
                         "subtract the mean of a step's advantages, divide by their deviation"),                       \
        BM_OPTION(episode_config, later_step_scale, 1, 0, 1, BM_LINEAR,                                                \
                  "weight of the loss of steps of adaptation after the first"),                                        \
        BM_OPTION(episode_config, log_std_init, log_std_init_, -5, 2, BM_LINEAR,                                       \
                  "log of the first standard deviation, in half widths of the action box; box actions only"),          \
        BM_OPTION_STRING(episode_config, show_task, "false", 0, 1,                                                     \
                         "show the policy what was drawn for the task, behind the observation")

static const bm_option rows[] = {ROWS("", "", 0)};
static const bm_option point2d_rows[] = {ROWS("Point2D-v0", "goal_x=-0.5:0.5, goal_y=-0.5:0.5", 0)};

/* The family. */
typedef struct {
    const bm_env_type *env;
    void *base; /* env's options, but for those drawn */
    bm_task_range range;
    bm_space observation_space, action_space; /* of every task; without bounds */
    bool masked;                              /* some task forbids actions */
    bm_policy_net policy;
    int shown;     /* numbers behind the observation */
    int max_steps; /* of an episode of any task */
} episode_tasks;

/* ---- the family ------------------------------------------------------------------------------------------------- */

static bm_status needs_range(const bm_env_type *type, bm_error *error) {
    char names[256];
    bm_options_list(&type->options, NULL, false, names, sizeof names);
    return bm_invalid(error,
                      "task_range must say which options differ between tasks of %s, as in KEY=LOW:HIGH; it has %s",
                      type->id, names);
}

/* A limit drawn below 1 would be none, or the environment's own: neither is between the ends. */
static bm_status check_limits(const episode_tasks *self, bm_error *error) {
    static const char key[] = "max_episode_steps";
    for (int i = 0; i < self->range.count; i++) {
        const bm_task_parameter *parameter = &self->range.parameter[i];
        const bool limits = bm_same_name(key, parameter->key, strlen(parameter->key));
        if (limits && parameter->values == 0 && parameter->low < 1) {
            return bm_invalid(error, "task_range: %s=%g:%g must begin at 1 or above", key, parameter->low,
                              parameter->high);
        }
    }
    return BM_OK;
}

/* The options of all tasks, before anything is drawn, and the distribution of the rest. */
static bm_status read_settings(bm_tasks *tasks, bm_error *error) {
    const episode_config *config = tasks->config;
    episode_tasks *self = tasks->self;
    bm_arena *arena = &tasks->arena;
    if (!*config->env.text) {
        return bm_invalid(error, "env must name an environment (see bellman list envs)");
    }
    BM_TRY(bm_env_lookup(config->env.text, &self->env, error));
    const bm_options *options = &self->env->options;
    self->base = bm_arena_alloc(arena, 1, options->config_bytes);
    BM_TRY(bm_arena_check(arena, tasks->type->name, error));
    bm_options_defaults(options, self->base);
    BM_TRY(bm_task_settings(options, config->env_set.text, self->base, arena, error));
    BM_TRY(bm_task_range_parse(&self->range, options, self->base, config->task_range.text, arena, error));
    return self->range.count == 0 ? needs_range(self->env, error) : check_limits(self, error);
}

static bool same_space(const bm_space *a, const bm_space *b) {
    return a->kind == b->kind && a->dtype == b->dtype && a->size == b->size && a->n == b->n;
}

/* A task's environment, of the first task looked at or one that must be like it. most_steps: that there is room for. */
static bm_status check_env(const episode_tasks *self, const bm_env_batch *env, int most_steps, bm_error *error) {
    if (env->max_episode_steps < 1) {
        return bm_invalid(error, "episodes of %s have no limit; give env_set max_episode_steps=1000", self->env->id);
    }
    if (self->max_steps > 0 && (!same_space(&self->observation_space, &env->observation_space) ||
                                !same_space(&self->action_space, &env->action_space))) {
        return bm_invalid(error,
                          "task_range: tasks of %s differ in what is seen or can be done; one policy must fit all",
                          self->env->id);
    }
    if (env->max_episode_steps > most_steps) {
        return bm_invalid(error, "task_range: a task of %s has episodes of %d steps, where %d were the most",
                          self->env->id, env->max_episode_steps, most_steps);
    }
    return BM_OK;
}

static bm_status create_env(const episode_tasks *self, const void *config, int lanes, int most_steps,
                            bm_env_batch **env, bm_error *error) {
    BM_TRY(bm_env_create(env, self->env, config, lanes, error));
    const bm_status status = check_env(self, *env, most_steps, error);
    if (status != BM_OK) {
        bm_env_destroy(*env);
        *env = NULL;
    }
    return status;
}

enum { MOST_CORNERS = 1024 };

static bm_status look_at(episode_tasks *self, const void *config, bm_error *error) {
    bm_env_batch *env;
    BM_TRY(create_env(self, config, 1, INT_MAX, &env, error));
    self->observation_space = env->observation_space;
    self->action_space = env->action_space;
    self->observation_space.low = self->observation_space.high = NULL; /* they go with the environment */
    self->action_space.low = self->action_space.high = NULL;
    self->masked |= env->action_mask != NULL;
    self->max_steps = bm_larger(self->max_steps, env->max_episode_steps);
    bm_env_destroy(env);
    return BM_OK;
}

/* Tries tasks at the edge of what can be drawn, and takes down what they have in common. Of more corners than can be
 * tried the first, then every end and value at least once. */
static bm_status look_around(bm_tasks *tasks, bm_error *error) {
    episode_tasks *self = tasks->self;
    const size_t bytes = self->env->options.config_bytes;
    void *config = bm_arena_alloc(&tasks->arena, 1, bytes);
    BM_TRY(bm_arena_check(&tasks->arena, tasks->type->name, error));
    memcpy(config, self->base, bytes);
    bool more;
    for (int corner = 0; (more = bm_task_range_corner(&self->range, corner, config)) && corner < MOST_CORNERS;
         corner++) {
        BM_TRY(look_at(self, config, error));
    }
    for (int edge = 0; more && bm_task_range_edge(&self->range, edge, config); edge++) {
        BM_TRY(look_at(self, config, error));
    }
    return BM_OK;
}

static bm_status create_policy(bm_tasks *tasks, const bm_int_list *hidden, const bm_activation *activation,
                               bm_error *error) {
    const episode_config *config = tasks->config;
    episode_tasks *self = tasks->self;
    self->shown = config->show_task ? bm_task_range_numbers(&self->range) : 0;
    const bm_space input = {.kind = BM_BOX,
                            .size = bm_space_features(&self->observation_space, BM_ONE_HOT) + self->shown};
    const bm_status status =
        bm_policy_net_create(&self->policy, &input, &self->action_space, hidden, activation, error);
    tasks->net = self->policy.net;
    tasks->inputs = tasks->net.inputs;
    tasks->outputs = tasks->net.outputs;
    tasks->parameters = self->policy.parameters;
    return status;
}

static bm_status create(bm_tasks *tasks, const bm_int_list *hidden, const bm_activation *activation, bm_error *error) {
    tasks->self = BM_NEW(&tasks->arena, episode_tasks, 1);
    BM_TRY(bm_arena_check(&tasks->arena, tasks->type->name, error));
    BM_TRY(read_settings(tasks, error));
    BM_TRY(look_around(tasks, error));
    if (((const episode_config *)tasks->config)->baseline == BASELINE_LINEAR) {
        BM_TRY(bm_linalg_open(error));
    }
    return create_policy(tasks, hidden, activation, error);
}

static bm_status init(const bm_tasks *tasks, bm_init scheme, bm_real *params, bm_rng *rng, bm_error *error) {
    const episode_config *config = tasks->config;
    const episode_tasks *self = tasks->self;
    for (size_t i = self->policy.net.parameters; i < self->policy.parameters; i++) {
        params[i] = (bm_real)config->log_std_init;
    }
    return bm_init_net(scheme, bm_policy_output_gain, &self->policy.net, params, rng, error);
}

/* ---- a thread's room -------------------------------------------------------------------------------------------- */

typedef struct {
    int shots, queries;
    bm_seed seed;      /* of the task */
    void *config;      /* of its environment */
    bm_env_batch *env; /* a lane for every episode; NULL: see begin */
    bm_episodes *step; /* [inner_steps] what curvature looks back on */
    bm_episodes fresh;
    bm_episode_player player;
    bm_real *r_workspace;
} episode_room;

static void allocate(bm_task_room *room, int lanes) {
    const episode_tasks *family = room->tasks->self;
    const bm_policy_net *policy = &family->policy;
    episode_room *self = room->self;
    bm_arena *arena = &room->arena;
    const size_t steps = (size_t)family->max_steps, step_rows = (size_t)self->shots * steps;
    self->config = bm_arena_alloc(arena, 1, family->env->options.config_bytes);
    self->step = BM_NEW(arena, bm_episodes, room->inner_steps);
    for (int k = 0; k < room->inner_steps && self->step; k++) {
        bm_episodes_create(&self->step[k], policy, family->masked, step_rows, arena);
    }
    bm_episodes_create(&self->fresh, policy, family->masked, (size_t)self->queries * steps, arena);
    bm_episode_player_create(&self->player, policy, family->shown, lanes, (size_t)lanes * steps, arena);
    self->r_workspace = BM_NEW(arena, bm_real, bm_net_r_workspace(&policy->net, (int)step_rows));
}

static bm_status open_room(bm_task_room *room, bm_error *error) {
    const bm_tasks *tasks = room->tasks;
    const episode_tasks *family = tasks->self;
    episode_room *self = room->self;
    const int shots = room->test ? tasks->shots : tasks->train_shots;
    self->shots = room->minibatch > 0 && room->minibatch < shots ? room->minibatch : shots;
    self->queries = room->test ? tasks->eval_queries : tasks->queries;
    const int lanes = bm_larger(self->shots, self->queries);
    if ((int64_t)lanes * family->max_steps > 1 << 28) {
        return bm_invalid(error, "%d episodes of up to %d steps are too many to be kept", lanes, family->max_steps);
    }
    allocate(room, lanes);
    return bm_arena_check(&room->arena, tasks->type->name, error);
}

static void close_room(bm_task_room *room) {
    bm_env_destroy(((episode_room *)room->self)->env);
}

/* Children of a task's seed. */
enum { DRAW, OUTER, SCORE, FIRST_STEP };

/* There is no environment where there was no memory for it, where it refused options that no task looked at has, or is
 * not like those: then nothing that is asked about the task is finite. */
static void begin(bm_task_room *room, const bm_seed *seed) {
    const episode_tasks *family = room->tasks->self;
    episode_room *self = room->self;
    const bm_seed draw = bm_seed_child(seed, DRAW);
    bm_rng rng = bm_rng_from(&draw);
    self->seed = *seed;
    memcpy(self->config, family->base, family->env->options.config_bytes);
    bm_task_range_draw(&family->range, &rng, self->config, family->shown ? self->player.shown : NULL);
    bm_env_destroy(self->env);
    (void)create_env(family, self->config, bm_larger(self->shots, self->queries), family->max_steps, &self->env, NULL);
}

/* ---- what learners ask ------------------------------------------------------------------------------------------ */

/* The mean undiscounted return; NAN where there is no environment, or where it failed. */
static double play(bm_task_room *room, uint32_t purpose, int count, const bm_real *params, bm_episodes *played) {
    episode_room *self = room->self;
    const bm_seed seed = bm_seed_child(&self->seed, purpose);
    if (!self->env) {
        return NAN;
    }
    const double mean_return = bm_episode_player_play(&self->player, self->env, &seed, count, params, played);
    if (!room->fault.text[0]) {
        (void)bm_env_check(self->env, &room->fault);
    }
    return mean_return;
}

/* Of episodes just played: their loss times scale. */
static double loss_gradient(bm_task_room *room, double scale, bm_episodes *played, const bm_real *params,
                            bm_real *grad) {
    const episode_config *config = room->tasks->config;
    const episode_tasks *family = room->tasks->self;
    episode_room *self = room->self;
    const bm_advantages advantages = {.gamma = config->gamma,
                                      .gae_lambda = config->gae_lambda,
                                      .baseline = config->baseline == BASELINE_LINEAR,
                                      .normalize = config->normalize,
                                      .scale = scale};
    bm_episode_player_weigh(&self->player, &advantages, played);
    const bm_policy_rows rows_played = bm_episodes_rows(played);
    return bm_policy_net_gradient(&family->policy, params, self->player.workspace, &rows_played, played->rows, 0, grad)
        .policy;
}

static double gradient(bm_task_room *room, int step, const bm_real *params, bm_real *grad) {
    const episode_config *config = room->tasks->config;
    episode_room *self = room->self;
    bm_episodes *played = &self->step[step];
    const double mean_return = play(room, FIRST_STEP + (uint32_t)step, self->shots, params, played);
    const double scale = step > 0 ? config->later_step_scale : 1;
    return isfinite(mean_return) ? loss_gradient(room, scale, played, params, grad) : NAN;
}

static void curvature(bm_task_room *room, int step, const bm_real *params, const bm_real *direction, bm_real *product) {
    const episode_tasks *family = room->tasks->self;
    const episode_room *self = room->self;
    const bm_policy_rows played = bm_episodes_rows(&self->step[step]);
    bm_policy_curvature(&family->policy, params, direction, self->r_workspace, &played, product);
}

static double outer(bm_task_room *room, const bm_real *params, bm_real *grad) {
    episode_room *self = room->self;
    const double mean_return = play(room, OUTER, self->queries, params, &self->fresh);
    return isfinite(mean_return) && isfinite(loss_gradient(room, 1, &self->fresh, params, grad)) ? -mean_return : NAN;
}

static void score(bm_task_room *room, const bm_real *params, double *scores) {
    episode_room *self = room->self;
    /* parameters that are not finite still choose actions, where those are discrete */
    const bool finite = bm_all_finite(params, room->tasks->parameters);
    scores[0] = finite ? play(room, SCORE, self->queries, params, &self->fresh) : (double)NAN;
}

/* ---- to be looked at -------------------------------------------------------------------------------------------- */

static void say(const bm_task_room *room, const bm_task_parameter *parameter, char *words, size_t bytes) {
    const episode_tasks *family = room->tasks->self;
    const episode_room *self = room->self;
    char value[BM_OPTION_TEXT_BYTES];
    const void *field;
    const bm_option *row = bm_options_find(&family->env->options, self->config, parameter->key, &field);
    bm_option_format(row, field, value, sizeof value);
    if (row->type == BM_REAL) {
        const double number = *(const double *)field;
        snprintf(value, sizeof value, "%s%.2f", number < 0 ? "−" : "", fabs(number));
    }
    snprintf(words, bytes, "%s %s", parameter->key, value);
}

static void view(const bm_task_room *room, bm_task_view *seen) {
    const episode_tasks *family = room->tasks->self;
    const episode_room *self = room->self;
    size_t used = 0;
    *seen = (bm_task_view){.env = family->env, .env_config = self->config};
    for (int i = 0; i < family->range.count && used < BM_TASK_WORDS - 2; i++) {
        used += (size_t)snprintf(seen->words + used, BM_TASK_WORDS - used, "%s", i ? ", " : "");
        say(room, &family->range.parameter[i], seen->words + used, BM_TASK_WORDS - used);
        used = strlen(seen->words);
    }
}

/* One lane after another: env may have more of them than there is room for. */
static void act(bm_task_room *room, const bm_real *params, bm_env_batch *env, bm_rng *rng) {
    episode_room *self = room->self;
    self->fresh.rows = 0;
    for (int32_t lane = 0; lane < env->lanes; lane++) {
        bm_episode_player_act(&self->player, env, 1, &lane, params, rng, &self->fresh);
    }
}

const bm_task_methods bm_episode_methods = {
    .create = create,
    .init = init,
    .room_bytes = sizeof(episode_room),
    .open = open_room,
    .close = close_room,
    .begin = begin,
    .gradient = gradient,
    .curvature = curvature,
    .outer = outer,
    .score = score,
    .view = view,
    .act = act,
};

const bm_tasks_type bm_tasks_episodes = {
    .name = "episodes",
    .summary = "act in an environment whose options differ from task to task; its id is a name for it",
    .source = "Finn, Abbeel and Levine 2017, section 5.3",
    .options = BM_OPTIONS(rows, episode_config),
    .methods = &bm_episode_methods,
    .score_names = {"return"},
    .larger_is_better = true,
};

const bm_tasks_type bm_tasks_point2d = {
    .name = "point2d",
    .summary = "find a goal in the plane that is not seen and differs from task to task",
    .source = "Finn, Abbeel and Levine 2017, section 5.3, and the authors' code",
    .options = BM_OPTIONS(point2d_rows, episode_config),
    .methods = &bm_episode_methods,
    .score_names = {"return"},
    .larger_is_better = true,
};
