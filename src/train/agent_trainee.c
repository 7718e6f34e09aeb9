/* Environment, agent and evaluator of a run that trains an agent; see agent_trainee.h. */
#include "train/agent_trainee.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/statistics.h"

enum { STREAM_LANES, STREAM_AGENT }; /* children of the run's seed, before those of train/trainee.h */

static const bm_option rows[] = {
    {BM_ROW_NAMED("steps", bm_agent_run, common.total, "100000", 1, INT_MAX, BM_LOG,
                  "environment steps to train for, over all lanes")},
    BM_OPTION(bm_agent_run, num_envs, 1, 1, 65536, BM_LOG, "environments stepped at once"),
    BM_OPTION(bm_agent_run, eval_episodes, 100, 1, 100000, BM_LOG, "episodes of an evaluation"),
    BM_OPTION(bm_agent_run, stop_at_return, inf, -INFINITY, INFINITY, BM_LINEAR,
              "end early once an evaluation reaches this mean return"),
    BM_OPTION_GROUP(bm_agent_run, common, "", &bm_run_settings_options, ""),
};

static const bm_options run_options = BM_OPTIONS(rows, bm_agent_run);

static const char *const shared_metrics[] = {
    "rollout/ep_rew_mean",  "rollout/ep_len_mean", "eval/mean_reward", "eval/mean_ep_length", "time/fps",
    "time/total_timesteps",
};
enum { SHARED_METRICS = sizeof shared_metrics / sizeof shared_metrics[0] };

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status lookup(bm_experiment *experiment, const char *learner, const char *problem, bm_error *error) {
    const bm_agent_type *agent;
    const bm_env_type *env;
    BM_TRY(bm_agent_lookup(learner, &agent, error));
    BM_TRY(bm_env_lookup(problem, &env, error));
    experiment->learner = (bm_subject){.name = agent->name, .type = agent, .options = &agent->options};
    experiment->problem = (bm_subject){.name = env->id, .type = env, .options = &env->options};
    return BM_OK;
}

static bm_status create_agent(bm_agent_trainee *trainee, bm_error *error) {
    const bm_experiment *experiment = trainee->common.experiment;
    const int episodes = bm_agent_run_of(experiment)->eval_episodes;
    const bm_agent_setup setup = {
        .type = experiment->learner.type,
        .config = experiment->learner.config,
        .batch = trainee->env,
        .max_rows = trainee->common.acts_only || episodes > BM_EVAL_LANES ? BM_EVAL_LANES : episodes,
        .total_steps = experiment->run->total,
        .seed = bm_seed_child(&trainee->common.seed, STREAM_AGENT),
        .acts_only = trainee->common.acts_only,
    };
    return bm_agent_create(&trainee->agent, &setup, error);
}

static void name_metrics(bm_agent_trainee *trainee) {
    bm_trainee *common = &trainee->common;
    common->metrics = SHARED_METRICS + trainee->agent->metrics;
    common->metric_name = BM_NEW(&common->arena, const char *, common->metrics);
    for (int i = 0; common->metric_name && i < common->metrics; i++) {
        common->metric_name[i] =
            i < SHARED_METRICS ? shared_metrics[i] : trainee->agent->type->metric_names[i - SHARED_METRICS];
    }
}

static bm_status create(bm_trainee *common, bm_error *error) {
    bm_agent_trainee *trainee = bm_agent_trainee_of(common);
    const bm_experiment *experiment = common->experiment;
    const bm_agent_run *run = bm_agent_run_of(experiment);
    const bm_subject *problem = &experiment->problem;
    const int lanes = common->acts_only ? 1 : run->num_envs;
    BM_TRY(bm_env_create(&trainee->env, problem->type, problem->config, lanes, error));
    BM_TRY(create_agent(trainee, error));
    common->live = (bm_preset_target){experiment->learner.options, trainee->agent->config};
    if (common->acts_only) {
        return BM_OK;
    }
    common->stride = lanes;
    common->replay = bm_agent_replay(trainee->agent);
    common->goal = run->stop_at_return;
    common->evaluation = &trainee->evaluation;
    BM_TRY(bm_actor_create(&trainee->actor, trainee->agent, trainee->env, &common->arena, error));
    name_metrics(trainee);
    return bm_evaluator_create(&trainee->evaluator, trainee->agent, problem->type, problem->config, run->eval_episodes,
                               error);
}

static void destroy(bm_trainee *common) {
    bm_agent_trainee *trainee = bm_agent_trainee_of(common);
    bm_evaluator_free(&trainee->evaluator);
    bm_agent_destroy(trainee->agent);
    bm_env_destroy(trainee->env);
}

static void list_state(bm_trainee *common, bm_state *state) {
    bm_agent_trainee *trainee = bm_agent_trainee_of(common);
    if (!common->acts_only) {
        bm_state_enter(state, "rollout");
        bm_state_count(state, "episodes", &trainee->episodes);
        bm_state_vector(state, "window_return", BM_F64, trainee->window_return, BM_EPISODE_WINDOW);
        bm_state_vector(state, "window_length", BM_F64, trainee->window_length, BM_EPISODE_WINDOW);
        bm_state_leave(state);
        bm_state_enter(state, "env");
        bm_env_state(trainee->env, state);
        bm_state_leave(state);
    }
    bm_state_enter(state, "agent");
    bm_agent_state(trainee->agent, state);
    if (!common->acts_only) {
        bm_actor_state(&trainee->actor, state);
    }
    bm_state_leave(state);
}

static bm_status restored(const bm_trainee *common, bm_error *error) {
    return bm_env_check_restored(bm_agent_trainee_of(common)->env, error);
}

/* ---- training --------------------------------------------------------------------------------------------------- */

/* Every lane's first episode. */
static bm_status begin(bm_trainee *common, bm_error *error) {
    const bm_seed lanes = bm_seed_child(&common->seed, STREAM_LANES);
    bm_env_seed_children(bm_agent_trainee_of(common)->env, &lanes);
    bm_env_reset(bm_agent_trainee_of(common)->env);
    return bm_env_check(bm_agent_trainee_of(common)->env, error);
}

static double window_mean(const bm_agent_trainee *trainee, const double *window) {
    return bm_mean(window, (size_t)(trainee->episodes < BM_EPISODE_WINDOW ? trainee->episodes : BM_EPISODE_WINDOW));
}

static void count_episodes(bm_agent_trainee *trainee) {
    const bm_env_batch *env = trainee->env;
    const double seconds = bm_folder_seconds(trainee->common.folder);
    for (int e = 0; e < env->ended_count; e++) {
        const int lane = env->ended[e];
        const uint64_t slot = (uint64_t)trainee->episodes++ % BM_EPISODE_WINDOW;
        trainee->window_return[slot] = env->final_return[lane];
        trainee->window_length[slot] = env->final_length[lane];
        bm_metrics_episode(trainee->common.folder->metrics, env->final_return[lane], env->final_length[lane], seconds);
    }
    trainee->common.training = window_mean(trainee, trainee->window_return);
}

static bm_status advance(bm_trainee *common, bm_error *error) {
    bm_agent_trainee *trainee = bm_agent_trainee_of(common);
    bm_actor_train(&trainee->actor);
    common->count += common->stride;
    if (trainee->env->ended_count > 0) {
        count_episodes(trainee);
    }
    BM_TRY(bm_env_check(trainee->env, error));
    return !trainee->agent->diverged ? BM_OK
                                     : bm_fail(error,
                                               "training diverged at step %" PRId64
                                               ": the loss is not finite; try a lower learning rate or a max_grad_norm",
                                               common->count);
}

/* On episodes that nothing else uses; every selection has its own. */
static bm_status evaluate(bm_trainee *common, int64_t selection, const atomic_int *stop, bm_error *error) {
    bm_agent_trainee *trainee = bm_agent_trainee_of(common);
    const bool final = selection == BM_FINAL_EVALUATION;
    const bm_seed stream = bm_seed_child(&common->seed, final ? BM_STREAM_EVALUATION : BM_STREAM_SELECTION);
    const bm_seed seeds = final ? stream : bm_seed_child(&stream, (uint32_t)selection);
    const int episodes = bm_agent_run_of(common->experiment)->eval_episodes;
    trainee->evaluator.stop = stop;
    trainee->evaluation = bm_evaluate(&trainee->evaluator, episodes, &seeds, 0, false);
    common->score = trainee->evaluation.mean_return;
    common->scored = trainee->evaluation.episodes > 0;
    return bm_env_check(trainee->evaluator.env, error);
}

static void measure(bm_trainee *common, bool evaluated, double fps, double *values) {
    const bm_agent_trainee *trainee = bm_agent_trainee_of(common);
    const double shared[SHARED_METRICS] = {
        common->training,
        window_mean(trainee, trainee->window_length),
        evaluated ? trainee->evaluation.mean_return : (double)NAN,
        evaluated ? trainee->evaluation.mean_length : (double)NAN,
        fps,
        (double)common->count,
    };
    memcpy(values, shared, sizeof shared);
    memcpy(values + SHARED_METRICS, trainee->agent->metric, (size_t)trainee->agent->metrics * sizeof *values);
}

const bm_trainee_type bm_agent_trainee_type = {
    .verb = "train",
    .learner_word = "agent",
    .unit = "steps",
    .total_name = "steps",
    .weights = "agent.nets.",
    .clock_every = 64,
    .bytes = sizeof(bm_agent_trainee),
    .run_options = &run_options,
    .learner_name = bm_agent_name,
    .problem_name = bm_env_name,
    .lookup = lookup,
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .advance = advance,
    .evaluate = evaluate,
    .measure = measure,
    .restored = restored,
    .state = list_state,
};
