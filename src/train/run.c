/* The one training loop. Step by step: act, step the environment, observe, update; then whatever falls due at this step,
 * in a fixed order: evaluation, a row of metrics, a checkpoint. All that decides how the run goes on is on the state list. */
#include "train/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/io.h"
#include "core/metrics.h"
#include "train/checkpoint.h"
#include "train/folder.h"

enum { WINDOW = 100, METRICS_MAX = 6 + BM_AGENT_METRICS };

/* Children of the run's seed, by purpose. Numbers are part of what "same seed, same run" means: never reuse one. */
enum { STREAM_LANES, STREAM_AGENT, STREAM_SELECTION, STREAM_EVALUATION };

/* Metrics that every run has, before the agent's own. */
enum { EP_REW_MEAN, EP_LEN_MEAN, EVAL_MEAN_REWARD, EVAL_MEAN_EP_LENGTH, FPS, TOTAL_TIMESTEPS, SHARED_METRICS };
static const char *const shared_metric_names[SHARED_METRICS] = {
    "rollout/ep_rew_mean",  "rollout/ep_len_mean", "eval/mean_reward", "eval/mean_ep_length", "time/fps",
    "time/total_timesteps",
};

typedef struct {
    int64_t step, episodes, evaluations;
    double window_return[WINDOW], window_length[WINDOW]; /* of the last episodes; a ring by episodes % WINDOW */
    double best, latest;                                 /* mean returns of selection evaluations */
} counters;

struct bm_run {
    const bm_experiment *experiment;
    char folder[BM_PATH_MAX], checkpoints[BM_PATH_MAX + 16];
    bm_seed seed;
    bm_env_batch *env;
    bm_agent *agent;
    bm_evaluator evaluator;
    unsigned char *acted_on; /* [lanes, observation bytes] the observation before the step */
    counters counters;
    bm_state state;
    bm_metrics *metrics;
    const char *metric_names[METRICS_MAX];
    int metric_count;
    bm_replay_file replay_file;
    double started;               /* seconds since 1970 */
    double seconds, eval_seconds; /* before this process's start of training; spent in evaluations */
    double clock_start;
    double log_seconds; /* at the last row, for time/fps */
    int64_t log_step;
    int lock; /* descriptor that holds the lock on the folder; -1: none */
    bm_arena arena;
};

static double clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double seconds_so_far(const bm_run *run) {
    return run->seconds + clock_now() - run->clock_start;
}

/* ---- creation --------------------------------------------------------------------------------------------------- */

static void list_state(bm_run *run) {
    counters *c = &run->counters;
    bm_state *state = &run->state;
    bm_state_enter(state, "run");
    bm_state_scalar(state, "step", BM_I64, &c->step);
    bm_state_scalar(state, "episodes", BM_I64, &c->episodes);
    bm_state_scalar(state, "evaluations", BM_I64, &c->evaluations);
    bm_state_vector(state, "window_return", BM_F64, c->window_return, WINDOW);
    bm_state_vector(state, "window_length", BM_F64, c->window_length, WINDOW);
    bm_state_scalar(state, "best", BM_F64, &c->best);
    bm_state_scalar(state, "latest", BM_F64, &c->latest);
    bm_state_leave(state);
    bm_state_enter(state, "env");
    bm_env_state(run->env, state);
    bm_state_leave(state);
    bm_state_enter(state, "agent");
    bm_agent_state(run->agent, state);
    bm_state_leave(state);
}

static bm_status create_objects(bm_run *run, bm_error *error) {
    const bm_experiment *experiment = run->experiment;
    const bm_run_config *config = &experiment->run;
    bm_status status = bm_env_create(&run->env, experiment->env, experiment->env_config, config->num_envs, error);
    if (status != BM_OK) {
        return status;
    }
    const bm_agent_setup setup = {
        .type = experiment->agent,
        .config = experiment->agent_config,
        .batch = run->env,
        .max_rows = config->eval_episodes < BM_EVAL_LANES ? config->eval_episodes : BM_EVAL_LANES,
        .total_steps = config->steps,
        .seed = bm_seed_child(&run->seed, STREAM_AGENT),
    };
    if ((status = bm_agent_create(&run->agent, &setup, error)) != BM_OK) {
        return status;
    }
    status = bm_evaluator_create(&run->evaluator, run->agent, experiment->env, experiment->env_config,
                                 config->eval_episodes, error);
    if (status != BM_OK) {
        return status;
    }
    run->acted_on =
        BM_NEW(&run->arena, unsigned char, (size_t)run->env->lanes *bm_space_bytes(&run->env->observation_space));
    for (int i = 0; i < SHARED_METRICS; i++) {
        run->metric_names[run->metric_count++] = shared_metric_names[i];
    }
    for (int i = 0; i < BM_AGENT_METRICS && experiment->agent->metric_names[i]; i++) {
        run->metric_names[run->metric_count++] = experiment->agent->metric_names[i];
    }
    list_state(run);
    if ((status = bm_arena_check(&run->arena, "the run", error)) == BM_OK) {
        status = bm_state_check(&run->state, error);
    }
    return status;
}

static bm_status new_run(bm_run **result, const bm_experiment *experiment, bm_error *error) {
    bm_run *run = calloc(1, sizeof *run);
    if (!run) {
        return bm_fail(error, "not enough memory for the run");
    }
    *result = run;
    run->experiment = experiment;
    run->lock = -1;
    run->seed = bm_seed_of((uint64_t)experiment->run.seed);
    run->counters.best = -INFINITY;
    run->counters.latest = NAN;
    run->clock_start = clock_now();
    return create_objects(run, error);
}

static bm_status open_metrics(bm_run *run, const bm_metrics_length *length, bm_error *error) {
    return bm_metrics_open(&run->metrics, run->folder, run->metric_names, run->metric_count, run->experiment->env->id,
                           run->started, length, error);
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------ */

static void put_number(cJSON *metadata, const char *key, double number) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", number);
    cJSON_AddStringToObject(metadata, key, text);
}

static bm_status save(bm_run *run, const char *name, bool with_replay, bm_error *error) {
    bm_metrics_length length;
    bm_status status = bm_metrics_flush(run->metrics, &length, error);
    if (status != BM_OK) {
        return status;
    }
    cJSON *metadata = bm_experiment_metadata(run->experiment);
    if (!metadata) {
        return bm_fail(error, "not enough memory for the checkpoint's metadata");
    }
    put_number(metadata, "step", (double)run->counters.step);
    put_number(metadata, "episodes", (double)run->counters.episodes);
    put_number(metadata, "updates", (double)run->agent->updates);
    put_number(metadata, "started", run->started);
    put_number(metadata, "seconds", seconds_so_far(run));
    put_number(metadata, "eval_seconds", run->eval_seconds);
    put_number(metadata, "length.progress", (double)length.progress);
    put_number(metadata, "length.monitor", (double)length.monitor);
    put_number(metadata, "length.events", (double)length.events);
    bm_replay_file none = {.name = ""};
    status = bm_checkpoint_save(run->checkpoints, name, &run->state, metadata,
                                with_replay ? bm_agent_replay(run->agent) : NULL,
                                with_replay ? &run->replay_file : &none, error);
    cJSON_Delete(metadata);
    return status;
}

static void numbered_name(char *name, size_t bytes, int64_t step) {
    snprintf(name, bytes, "step-%09" PRId64, step);
}

/* Removes the oldest numbered checkpoints beyond the newest `keep`. */
static void prune(const bm_run *run) {
    const int keep = run->experiment->run.keep;
    for (;;) {
        char oldest[64] = "";
        int count = 0;
        DIR *folder = opendir(run->checkpoints);
        if (!folder) {
            return;
        }
        for (const struct dirent *entry; (entry = readdir(folder));) {
            if (strncmp(entry->d_name, "step-", 5) != 0 || strlen(entry->d_name) >= sizeof oldest) {
                continue;
            }
            count++;
            if (!oldest[0] || strcmp(entry->d_name, oldest) < 0) {
                snprintf(oldest, sizeof oldest, "%s", entry->d_name);
            }
        }
        closedir(folder);
        char path[BM_PATH_MAX + 96];
        snprintf(path, sizeof path, "%s/%s", run->checkpoints, oldest);
        if (count <= keep || unlink(path) != 0) {
            return;
        }
    }
}

/* The checkpoint to continue from, and, with --keep, a numbered one in place of the oldest kept. */
static bm_status save_last(bm_run *run, bm_error *error) {
    bm_status status = save(run, "last", true, error);
    if (status == BM_OK && run->experiment->run.keep > 0 && run->counters.step > 0) {
        char name[32];
        numbered_name(name, sizeof name, run->counters.step);
        status = save(run, name, false, error);
        prune(run);
    }
    return status;
}

/* Copies the networks' weights ("agent.nets.*") of another run; what it does not have (an average, a baseline) starts fresh. */
static bm_status take_weights(bm_run *run, const char *other, bm_error *error) {
    char folder[BM_PATH_MAX + 16];
    if (!bm_path_exists(other)) {
        return bm_fail(error, "no run folder %s", other);
    }
    snprintf(folder, sizeof folder, "%s/checkpoint", other);
    bm_safetensors checkpoint;
    bm_status status = bm_checkpoint_open(folder, "last", &checkpoint, error);
    if (status != BM_OK) {
        return status;
    }
    static const char prefix[] = "agent.nets.";
    bm_state weights = {0};
    for (size_t i = 0; i < run->state.count; i++) {
        const bm_array *array = &run->state.items[i];
        const bool theirs = bm_state_find(&checkpoint.state, array->name) != NULL;
        if (theirs && strncmp(array->name, prefix, sizeof prefix - 1) == 0) {
            bm_state_add(&weights, array->name, array->dtype, array->data, array->dims, array->shape);
        }
    }
    status = weights.count ? bm_state_check(&weights, error)
                           : bm_fail(error, "%s has no network that %s has", other, run->experiment->agent->name);
    if (status == BM_OK) {
        status = bm_safetensors_restore(&checkpoint, &weights, error);
    }
    bm_state_free(&weights);
    bm_safetensors_free(&checkpoint);
    return status;
}

/* Two processes never write to one folder. The lock ends with the process, however it ends. */
static bm_status lock_folder(bm_run *run, bm_error *error) {
    char path[BM_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/lock", run->checkpoints);
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (run->lock < 0) {
        return bm_fail(error, "cannot open %s: %s", path, strerror(errno));
    }
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(run->lock, F_SETLK, &whole) != 0 && (errno == EACCES || errno == EAGAIN)) {
        return bm_fail(error, "%s is being trained by another process", run->folder);
    }
    return BM_OK; /* file systems without locks are used without */
}

/* The run begins: every lane's first episode, and files that say so. */
static bm_status begin(bm_run *run, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    const bm_seed lanes = bm_seed_child(&run->seed, STREAM_LANES);
    bm_env_seed_children(run->env, &lanes);
    bm_env_reset(run->env);
    run->started = (double)time(NULL);
    snprintf(run->checkpoints, sizeof run->checkpoints, "%s/checkpoint", run->folder);
    snprintf(path, sizeof path, "%s/config.yaml", run->folder);
    bm_status status = lock_folder(run, error);
    if (status == BM_OK) {
        status = bm_experiment_write(run->experiment, path, error);
    }
    if (status == BM_OK) {
        status = open_metrics(run, NULL, error);
    }
    return status == BM_OK ? save_last(run, error) : status;
}

bm_status bm_run_create(bm_run **result, const bm_experiment *experiment, const char *runs, const char *name,
                        const char *init_from, bm_error *error) {
    bm_run *run = NULL;
    bm_status status = new_run(&run, experiment, error);
    if (status == BM_OK && init_from) {
        status = take_weights(run, init_from, error);
    }
    if (status == BM_OK) {
        status = bm_run_folder_create(experiment, runs, name, run->folder, sizeof run->folder, error);
    }
    if (status == BM_OK) {
        status = begin(run, error);
    }
    if (status != BM_OK) {
        bm_run_destroy(run);
        return status;
    }
    *result = run;
    return BM_OK;
}

static bm_status restore(bm_run *run, const bm_safetensors *checkpoint, bm_error *error) {
    bm_status status = bm_checkpoint_restore(checkpoint, run->checkpoints, &run->state, bm_agent_replay(run->agent),
                                             &run->replay_file, error);
    double progress, monitor, events;
    if (status != BM_OK || (status = bm_checkpoint_number(checkpoint, "started", &run->started, error)) != BM_OK ||
        (status = bm_checkpoint_number(checkpoint, "seconds", &run->seconds, error)) != BM_OK ||
        (status = bm_checkpoint_number(checkpoint, "eval_seconds", &run->eval_seconds, error)) != BM_OK ||
        (status = bm_checkpoint_number(checkpoint, "length.progress", &progress, error)) != BM_OK ||
        (status = bm_checkpoint_number(checkpoint, "length.monitor", &monitor, error)) != BM_OK ||
        (status = bm_checkpoint_number(checkpoint, "length.events", &events, error)) != BM_OK) {
        return status;
    }
    if (run->counters.step < 0 || run->counters.episodes < 0 || run->counters.evaluations < 0) {
        return bm_fail(error, "the checkpoint in %s counts below zero: it is damaged", run->checkpoints);
    }
    const bm_metrics_length length = {(int64_t)progress, (int64_t)monitor, (int64_t)events};
    run->log_seconds = run->seconds;
    run->log_step = run->counters.step;
    return open_metrics(run, &length, error);
}

bm_status bm_run_resume(bm_run **result, const bm_experiment *experiment, const char *folder, bm_error *error) {
    bm_run *run = NULL;
    bm_safetensors checkpoint;
    bm_status status = new_run(&run, experiment, error);
    if (status == BM_OK && snprintf(run->folder, sizeof run->folder, "%s", folder) >= (int)sizeof run->folder) {
        status = bm_invalid(error, "the run folder's name is too long: %.80s...", folder);
    }
    if (status == BM_OK) {
        snprintf(run->checkpoints, sizeof run->checkpoints, "%s/checkpoint", run->folder);
        status = lock_folder(run, error);
    }
    if (status == BM_OK) {
        status = bm_checkpoint_open(run->checkpoints, "last", &checkpoint, error);
        if (status == BM_OK) {
            status = restore(run, &checkpoint, error);
            bm_safetensors_free(&checkpoint);
        }
    }
    if (status != BM_OK) {
        bm_run_destroy(run);
        return status;
    }
    *result = run;
    return BM_OK;
}

const char *bm_run_folder(const bm_run *run) {
    return run->folder;
}

const bm_replay *bm_run_replay(const bm_run *run) {
    return bm_agent_replay(run->agent);
}

const bm_space *bm_run_observation_space(const bm_run *run) {
    return &run->env->observation_space;
}

const bm_space *bm_run_action_space(const bm_run *run) {
    return &run->env->action_space;
}

void bm_run_destroy(bm_run *run) {
    if (run) {
        bm_metrics_close(run->metrics, NULL);
        if (run->lock >= 0) {
            close(run->lock);
        }
        bm_evaluator_free(&run->evaluator);
        bm_agent_destroy(run->agent);
        bm_env_destroy(run->env);
        bm_state_free(&run->state);
        bm_arena_free(&run->arena);
        free(run);
    }
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static double window_mean(const counters *c, const double *window) {
    const int64_t n = c->episodes < WINDOW ? c->episodes : WINDOW;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += window[i];
    }
    return n ? sum / (double)n : NAN;
}

static void count_episodes(bm_run *run) {
    const bm_env_batch *env = run->env;
    counters *c = &run->counters;
    if (env->ended_count == 0) {
        return;
    }
    const double seconds = seconds_so_far(run);
    for (int e = 0; e < env->ended_count; e++) {
        const int lane = env->ended[e];
        const int64_t slot = c->episodes++ % WINDOW;
        c->window_return[slot] = env->final_return[lane];
        c->window_length[slot] = env->final_length[lane];
        bm_metrics_episode(run->metrics, env->final_return[lane], env->final_length[lane], seconds);
    }
}

static void step(bm_run *run) {
    bm_env_batch *env = run->env;
    bm_agent *agent = run->agent;
    bm_agent_act(agent, env->lanes, env->observation, true, env->action_index, env->action);
    memcpy(run->acted_on, env->observation, (size_t)env->lanes * bm_space_bytes(&env->observation_space));
    bm_env_step(env);
    run->counters.step += env->lanes;
    bm_agent_observe(agent, run->acted_on, env);
    bm_agent_update(agent);
    count_episodes(run);
}

/* Whether a multiple of every was reached or passed by the last step of all lanes. */
static bool due(const bm_run *run, int every) {
    const int64_t now = run->counters.step, before = now - run->env->lanes;
    return now / every != before / every;
}

/* Chooses the best policy on episodes that nothing else uses; the k-th selection has its own. */
static bm_status select_best(bm_run *run, bm_evaluation *evaluation, bm_error *error) {
    counters *c = &run->counters;
    const double start = clock_now();
    const bm_seed stream = bm_seed_child(&run->seed, STREAM_SELECTION);
    const int64_t number = c->step / run->experiment->run.eval_every;
    const bm_seed seeds = bm_seed_child(&stream, (uint32_t)number);
    *evaluation = bm_evaluate(&run->evaluator, run->experiment->run.eval_episodes, &seeds, 0, false);
    if (evaluation->episodes == 0) {
        return BM_OK; /* stopped: a resumed run does it again */
    }
    c->evaluations = number; /* more than one may have fallen due at this step */
    c->latest = evaluation->mean_return;
    run->eval_seconds += clock_now() - start;
    if (evaluation->mean_return > c->best) {
        c->best = evaluation->mean_return;
        return save(run, "best", false, error);
    }
    return BM_OK;
}

static void write_row(bm_run *run, const bm_evaluation *evaluation) {
    double values[METRICS_MAX];
    const counters *c = &run->counters;
    const double seconds = seconds_so_far(run), elapsed = seconds - run->log_seconds;
    values[EP_REW_MEAN] = window_mean(c, c->window_return);
    values[EP_LEN_MEAN] = window_mean(c, c->window_length);
    values[EVAL_MEAN_REWARD] = evaluation->episodes ? evaluation->mean_return : NAN;
    values[EVAL_MEAN_EP_LENGTH] = evaluation->episodes ? evaluation->mean_length : NAN;
    values[FPS] = elapsed > 0 ? (double)(c->step - run->log_step) / elapsed : NAN;
    values[TOTAL_TIMESTEPS] = (double)c->step;
    memcpy(values + SHARED_METRICS, run->agent->metric, sizeof run->agent->metric);
    run->log_seconds = seconds;
    run->log_step = c->step;
    bm_metrics_row(run->metrics, c->step, seconds, values);
}

static double speed(const bm_run *run, double seconds) {
    const double training = seconds - run->eval_seconds;
    return training > 0 ? (double)run->counters.step / training : NAN;
}

static void show(const bm_run *run, bm_progress_visitor *visit, void *context) {
    const double seconds = seconds_so_far(run);
    const bm_progress progress = {
        .step = run->counters.step,
        .total = run->experiment->run.steps,
        .seconds = seconds,
        .steps_per_second = speed(run, seconds),
        .train_return = window_mean(&run->counters, run->counters.window_return),
        .eval_return = run->counters.latest,
    };
    visit(context, &progress);
}

/* An evaluation is due and has not been made: a signal came in between. */
static bool owes_evaluation(const bm_run *run) {
    return run->counters.evaluations < run->counters.step / run->experiment->run.eval_every;
}

static bool reached_goal(const bm_run *run) {
    return run->counters.latest >= run->experiment->run.stop_at_return;
}

/* What falls due at this step. */
static bm_status observe_run(bm_run *run, bm_error *error) {
    const bm_run_config *config = &run->experiment->run;
    bm_evaluation evaluation = {0};
    bm_status status = BM_OK;
    const bool evaluate = owes_evaluation(run);
    if (evaluate) {
        status = select_best(run, &evaluation, error);
        if (status != BM_OK || evaluation.episodes == 0) {
            return status;
        }
    }
    if (evaluate || due(run, config->log_every)) {
        write_row(run, &evaluation);
    }
    if (due(run, config->checkpoint_every) || run->counters.step >= config->steps || reached_goal(run)) {
        status = save_last(run, error);
    }
    return status;
}

static bm_status diverged(const bm_run *run, bm_error *error) {
    return bm_fail(error,
                   "training diverged at step %" PRId64 ": the loss is not finite; try a lower learning rate or a "
                   "max_grad_norm (the checkpoints in %s are from before)",
                   run->counters.step, run->folder);
}

static bm_status loop(bm_run *run, const atomic_int *stop, bm_progress_visitor *visit, void *context, bm_error *error) {
    enum { LOOK_AT_CLOCK = 64 };
    const bm_run_config *config = &run->experiment->run;
    double shown = 0;
    bm_status status = owes_evaluation(run) ? observe_run(run, error) : BM_OK;
    for (int64_t turn = 0; status == BM_OK && run->counters.step < config->steps && !reached_goal(run); turn++) {
        if (stop && atomic_load_explicit(stop, memory_order_relaxed)) {
            return save_last(run, error);
        }
        step(run);
        if (run->agent->diverged) {
            return diverged(run, error);
        }
        status = observe_run(run, error);
        if (turn % LOOK_AT_CLOCK == 0) {
            const double now = clock_now();
            if (visit && now - shown > 0.1) {
                show(run, visit, context);
                shown = now;
            }
            if (status == BM_OK && seconds_so_far(run) >= config->max_seconds) {
                return save_last(run, error);
            }
        }
    }
    /* a signal during the last evaluation that was due: nothing has been saved since */
    return status == BM_OK && owes_evaluation(run) ? save_last(run, error) : status;
}

bm_status bm_run_train(bm_run *run, const atomic_int *stop, bm_progress_visitor *visit, void *context,
                       bm_run_result *result, bm_error *error) {
    run->clock_start = clock_now();
    run->evaluator.stop = stop;
    bm_status status = loop(run, stop, visit, context, error);
    memset(result, 0, sizeof *result);
    result->seconds = seconds_so_far(run);
    result->steps_per_second = speed(run, result->seconds);
    result->steps = run->counters.step;
    result->episodes = run->counters.episodes;
    result->updates = run->agent->updates;
    result->train_return = window_mean(&run->counters, run->counters.window_return);
    result->hash = bm_state_hash(&run->state, 0);
    const bm_replay *replay = bm_agent_replay(run->agent);
    if (replay) {
        result->hash = bm_replay_hash(replay, result->hash);
    }
    const bm_run_config *config = &run->experiment->run;
    if (status == BM_OK && !(stop && atomic_load(stop))) {
        const bm_seed seeds = bm_seed_child(&run->seed, STREAM_EVALUATION);
        result->eval = bm_evaluate(&run->evaluator, config->eval_episodes, &seeds, 0, false);
    }
    result->interrupted = result->eval.episodes == 0 && stop ? atomic_load(stop) : 0;
    bm_error ignored;
    const bm_status closed = bm_metrics_flush(run->metrics, NULL, status == BM_OK ? error : &ignored);
    if (visit) {
        show(run, visit, context);
    }
    return status == BM_OK ? closed : status;
}
