/* See adapt.h. */
#include "watch/adapt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agents/losses.h"
#include "core/subnormal.h"

static const double step_seconds = 0.5;     /* between steps of adaptation */
static const double all_steps_seconds = 10; /* for all of them, at most */
static const double last_seconds = 2;       /* the end of a task shows */
static const double episode_seconds = 0.6;  /* the end of an episode shows */
static const double walk_rate = 50;         /* steps a second, of lines on a map */

/* Children of a task's seed; its family numbers its own from 0. */
static const uint32_t shown_episodes = UINT32_MAX, random_weights = UINT32_MAX - 1;

static const bm_tasks *tasks_of(const bm_adapt *adapt) {
    return adapt->learner->tasks;
}

static const bm_task_methods *methods_of(const bm_adapt *adapt) {
    return tasks_of(adapt)->type->methods;
}

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_adapt_kind kind_of(const bm_tasks_type *type, const bm_task_view *view) {
    if (view->env) {
        return view->env->draw_paths ? BM_ADAPT_PATHS : BM_ADAPT_PLAY;
    }
    return type->examples->is_curve ? BM_ADAPT_CURVE : type->examples->image_side ? BM_ADAPT_IMAGES : BM_ADAPT_SCORES;
}

static void create_start(bm_adapt *adapt, bm_adapt_start *start) {
    start->outer = BM_NEW(&adapt->arena, bm_real, adapt->learner->parameters);
    start->params = BM_NEW(&adapt->arena, bm_real, tasks_of(adapt)->parameters);
    start->score = BM_NEW(&adapt->arena, double, adapt->steps + 1);
}

static void create_examples(bm_adapt *adapt) {
    const bm_tasks *tasks = tasks_of(adapt);
    bm_arena *arena = &adapt->arena;
    const size_t grid = BM_ADAPT_GRID;
    const int rows = adapt->kind == BM_ADAPT_CURVE ? BM_ADAPT_GRID : adapt->view.queries;
    adapt->workspace = BM_NEW(arena, bm_real, bm_net_workspace(&tasks->net, rows));
    if (adapt->kind == BM_ADAPT_CURVE) {
        adapt->x = BM_NEW(arena, double, grid);
        adapt->truth = BM_NEW(arena, double, grid);
        adapt->prediction = BM_NEW(arena, double, grid *(size_t)(adapt->steps + 1));
        adapt->grid_input = BM_NEW(arena, bm_real, grid * (size_t)tasks->inputs);
        adapt->grid_target = BM_NEW(arena, bm_real, grid);
    } else {
        adapt->predicted = BM_NEW(arena, int32_t, rows);
    }
}

static void create_episodes(bm_adapt *adapt) {
    adapt->path = BM_NEW(&adapt->arena, bm_adapt_path, adapt->steps + 1);
    adapt->numbers = adapt->view.env->fields.count;
}

/* The first task decides what there is to see: a family's tasks do not differ in that. */
static void look_first(bm_adapt *adapt) {
    const bm_seed seed = bm_seed_child(&adapt->seed, 0);
    methods_of(adapt)->begin(&adapt->room, &seed);
    methods_of(adapt)->view(&adapt->room, &adapt->view);
    adapt->kind = kind_of(tasks_of(adapt)->type, &adapt->view);
}

static bm_status create(bm_adapt *adapt, bm_error *error) {
    const size_t scores = (size_t)adapt->steps + 1;
    bm_arena *arena = &adapt->arena;
    bm_status status = bm_task_room_open(&adapt->room, tasks_of(adapt), adapt->steps, 0, true, error);
    if (status != BM_OK) {
        return status;
    }
    look_first(adapt);
    create_start(adapt, &adapt->learned);
    create_start(adapt, &adapt->random);
    adapt->next_outer = BM_NEW(arena, bm_real, adapt->learner->parameters);
    adapt->grad = BM_NEW(arena, bm_real, tasks_of(adapt)->parameters);
    adapt->sum = BM_NEW(arena, double, scores);
    adapt->mean = BM_NEW(arena, double, scores);
    adapt->latest = BM_NEW(arena, double, BM_ADAPT_LATEST *scores);
    adapt->number = BM_NEW(arena, double, scores);
    for (size_t k = 0; adapt->number && k < scores; k++) {
        adapt->number[k] = (double)k;
    }
    if (adapt->view.env) {
        create_episodes(adapt);
    } else if (adapt->kind != BM_ADAPT_SCORES) {
        create_examples(adapt);
    }
    return bm_arena_check(arena, "adaptation to be watched", error);
}

/* ---- episodes --------------------------------------------------------------------------------------------------- */

static void note_place(bm_adapt *adapt, int lane) {
    bm_adapt_path *path = &adapt->path[adapt->made];
    if (path->count[lane] < adapt->points) {
        const size_t at = (size_t)lane * (size_t)adapt->points + (size_t)path->count[lane]++;
        bm_env_get_state(adapt->env, lane, path->state + at * (size_t)adapt->numbers);
    }
}

static bm_status open_path(bm_adapt *adapt, bm_error *error) {
    const size_t lanes = (size_t)adapt->env->lanes, states = lanes * (size_t)adapt->points;
    bm_adapt_path *path = &adapt->path[adapt->made];
    path->state = BM_NEW(&adapt->task_arena, double, states *(size_t)adapt->numbers);
    path->count = BM_NEW(&adapt->task_arena, int, lanes);
    return bm_arena_check(&adapt->task_arena, "the paths of episodes", error);
}

static void note_places(bm_adapt *adapt) {
    for (int lane = 0; adapt->kind == BM_ADAPT_PATHS && lane < adapt->env->lanes; lane++) {
        if (!adapt->ended[lane]) {
            note_place(adapt, lane);
        }
    }
}

/* The same chances after every step, so that what differs is what was learned. */
static bm_status begin_episodes(bm_adapt *adapt, bm_error *error) {
    const bm_seed seed = bm_seed_child(&adapt->task_seed, shown_episodes);
    const bm_seed of_lanes = bm_seed_child(&seed, 0), of_actions = bm_seed_child(&seed, 1);
    const bm_status status = adapt->kind == BM_ADAPT_PATHS ? open_path(adapt, error) : BM_OK;
    if (status == BM_OK) {
        adapt->rng = bm_rng_from(&of_actions);
        bm_env_seed_children(adapt->env, &of_lanes);
        bm_env_reset(adapt->env);
        memset(adapt->ended, 0, sizeof adapt->ended);
        note_places(adapt);
        adapt->over = false;
    }
    return status == BM_OK ? bm_env_check(adapt->env, error) : status;
}

static bm_status step_episodes(bm_adapt *adapt, bm_error *error) {
    bm_env_batch *env = adapt->env;
    methods_of(adapt)->act(&adapt->room, adapt->learned.params, env, &adapt->rng);
    bm_env_advance(env);
    note_places(adapt);
    adapt->over = true;
    for (int lane = 0; lane < env->lanes; lane++) {
        adapt->ended[lane] |= env->terminated[lane] | env->truncated[lane];
        adapt->over &= adapt->ended[lane];
    }
    return bm_env_check(env, error);
}

static bm_status create_env(bm_adapt *adapt, bm_error *error) {
    const int lanes = adapt->kind == BM_ADAPT_PATHS ? BM_ADAPT_EPISODES : 1;
    bm_env_destroy(adapt->env);
    adapt->env = NULL;
    const bm_status status = bm_env_create(&adapt->env, adapt->view.env, adapt->view.env_config, lanes, error);
    if (status == BM_OK) {
        const int longest = adapt->env->max_episode_steps;
        adapt->points = longest < BM_ADAPT_POINTS ? longest + 1 : BM_ADAPT_POINTS;
        memset(adapt->path, 0, ((size_t)adapt->steps + 1) * sizeof *adapt->path);
    }
    return status;
}

/* ---- what is seen after a step ---------------------------------------------------------------------------------- */

/* Diverged as in meta/adaptation.h. */
static void take_score(bm_adapt *adapt, bm_adapt_start *start) {
    static const double factor = 1000;
    double score[BM_TASK_SCORES];
    const bool examples = tasks_of(adapt)->type->examples != NULL;
    const double loss = examples ? methods_of(adapt)->outer(&adapt->room, start->params, adapt->grad) : 0;
    start->loss_before = adapt->made == 0 ? loss : start->loss_before;
    methods_of(adapt)->score(&adapt->room, start->params, score);
    start->diverged |= !isfinite(score[0]) || !(loss <= factor * start->loss_before);
    start->score[adapt->made] = start->diverged ? (double)NAN : score[0];
}

static void predict_curve(bm_adapt *adapt) {
    const bm_tasks *tasks = tasks_of(adapt);
    double *prediction = adapt->prediction + (size_t)adapt->made * BM_ADAPT_GRID;
    const bm_real *output =
        bm_net_forward(&tasks->net, adapt->learned.params, adapt->workspace, BM_ADAPT_GRID, adapt->grid_input);
    for (int i = 0; i < BM_ADAPT_GRID; i++, output += tasks->outputs) {
        prediction[i] = (double)*output;
    }
}

static void predict_labels(bm_adapt *adapt) {
    const bm_tasks *tasks = tasks_of(adapt);
    const bm_real *input = adapt->view.input + (size_t)adapt->view.support * (size_t)tasks->inputs;
    const bm_real *output =
        bm_net_forward(&tasks->net, adapt->learned.params, adapt->workspace, adapt->view.queries, input);
    for (int i = 0; i < adapt->view.queries; i++, output += tasks->outputs) {
        adapt->predicted[i] = bm_argmax(tasks->outputs, output);
    }
}

/* The task has been seen to its end. */
static void sum_up(bm_adapt *adapt) {
    const int scores = adapt->steps + 1;
    if (adapt->learned.diverged) {
        adapt->diverged_tasks++;
        return;
    }
    memcpy(adapt->latest + adapt->ended_tasks % BM_ADAPT_LATEST * scores, adapt->learned.score,
           (size_t)scores * sizeof(double));
    adapt->ended_tasks++;
    const int64_t count = adapt->ended_tasks < BM_ADAPT_LATEST ? adapt->ended_tasks : BM_ADAPT_LATEST;
    for (int k = 0; k < scores; k++) {
        adapt->sum[k] += adapt->learned.score[k];
        adapt->mean[k] = 0;
        for (int64_t i = 0; i < count; i++) {
            adapt->mean[k] += adapt->latest[i * scores + k] / (double)count;
        }
    }
}

static bm_status look(bm_adapt *adapt, bm_error *error) {
    take_score(adapt, &adapt->learned);
    take_score(adapt, &adapt->random);
    if (adapt->made == adapt->steps || adapt->learned.diverged) {
        sum_up(adapt);
    }
    if (adapt->kind == BM_ADAPT_CURVE) {
        predict_curve(adapt);
    } else if (adapt->kind == BM_ADAPT_IMAGES) {
        predict_labels(adapt);
    } else if (adapt->room.fault.text[0]) {
        return bm_fail(error, "%s", adapt->room.fault.text);
    } else if (adapt->env && !adapt->learned.diverged) {
        return begin_episodes(adapt, error);
    }
    return BM_OK;
}

/* ---- a task ----------------------------------------------------------------------------------------------------- */

static void prepare_curve(bm_adapt *adapt) {
    const bm_tasks *tasks = tasks_of(adapt);
    tasks->type->examples->examples(tasks, adapt->view.task, NULL, BM_ADAPT_GRID, 0, adapt->grid_input,
                                    adapt->grid_target);
    for (int i = 0; i < BM_ADAPT_GRID; i++) {
        adapt->x[i] = (double)adapt->grid_input[(size_t)i * (size_t)tasks->inputs];
        adapt->truth[i] = (double)adapt->grid_target[i];
    }
}

static bm_status prepare_starts(bm_adapt *adapt, bm_error *error) {
    const bm_learner *learner = adapt->learner;
    const bm_seed seed = bm_seed_child(&adapt->task_seed, random_weights);
    bm_rng rng = bm_rng_from(&seed);
    memcpy(adapt->learned.outer, adapt->next_outer, learner->parameters * sizeof(bm_real));
    adapt->iteration = adapt->next_iteration;
    const bm_status status = bm_learner_init(learner, adapt->scheme, adapt->random.outer, &rng, error);
    bm_adapt_start *const starts[] = {&adapt->learned, &adapt->random};
    for (int i = 0; i < 2; i++) {
        memcpy(starts[i]->params, starts[i]->outer, tasks_of(adapt)->parameters * sizeof(bm_real));
        starts[i]->diverged = false;
    }
    return status;
}

static bm_status begin_task(bm_adapt *adapt, bm_error *error) {
    adapt->task_seed = bm_seed_child(&adapt->seed, (uint32_t)adapt->task);
    adapt->made = 0;
    adapt->over = true; /* until its first episodes begin */
    bm_arena_free(&adapt->task_arena);
    methods_of(adapt)->begin(&adapt->room, &adapt->task_seed);
    methods_of(adapt)->view(&adapt->room, &adapt->view);
    bm_status status = prepare_starts(adapt, error);
    if (status == BM_OK && adapt->view.env) {
        status = create_env(adapt, error);
    } else if (status == BM_OK && adapt->kind == BM_ADAPT_CURVE) {
        prepare_curve(adapt);
    }
    return status == BM_OK ? look(adapt, error) : status;
}

static void make_step(bm_adapt *adapt, bm_adapt_start *start) {
    const double loss = methods_of(adapt)->gradient(&adapt->room, adapt->made, start->params, adapt->grad);
    if (isfinite(loss)) {
        bm_learner_descend(adapt->learner, adapt->learner->inner_lr, start->outer, adapt->grad, start->params);
    } else {
        start->diverged = true;
    }
}

/* ---- for the viewer --------------------------------------------------------------------------------------------- */

static bool plays(const bm_adapt *adapt) {
    return adapt->env && !adapt->over;
}

bool bm_adapt_at_end(const bm_adapt *adapt) {
    return !plays(adapt) && (adapt->made == adapt->steps || adapt->learned.diverged);
}

double bm_adapt_wait(const bm_adapt *adapt) {
    if (bm_adapt_at_end(adapt)) {
        return last_seconds;
    }
    if (plays(adapt)) {
        return 1 / (adapt->kind == BM_ADAPT_PATHS ? walk_rate : adapt->env->type->steps_per_second);
    }
    return adapt->env ? episode_seconds : fmin(step_seconds, all_steps_seconds / adapt->steps);
}

bm_status bm_adapt_next_task(bm_adapt *adapt, bm_error *error) {
    const unsigned mode = bm_flush_subnormals();
    adapt->task++;
    const bm_status status = begin_task(adapt, error);
    bm_restore_subnormals(mode);
    return status;
}

bm_status bm_adapt_next_step(bm_adapt *adapt, bm_error *error) {
    adapt->over = true;
    if (bm_adapt_at_end(adapt)) {
        return bm_adapt_next_task(adapt, error);
    }
    const unsigned mode = bm_flush_subnormals();
    make_step(adapt, &adapt->learned);
    make_step(adapt, &adapt->random);
    adapt->made++;
    const bm_status status = look(adapt, error);
    bm_restore_subnormals(mode);
    return status;
}

bm_status bm_adapt_move(bm_adapt *adapt, bm_error *error) {
    if (!plays(adapt)) {
        return bm_adapt_next_step(adapt, error);
    }
    const unsigned mode = bm_flush_subnormals();
    const bm_status status = step_episodes(adapt, error);
    bm_restore_subnormals(mode);
    return status;
}

void bm_adapt_learn(bm_adapt *adapt, const bm_real *outer, int64_t iteration) {
    memcpy(adapt->next_outer, outer, adapt->learner->parameters * sizeof *outer);
    adapt->next_iteration = iteration;
}

/* ---- from start to end ------------------------------------------------------------------------------------------ */

bm_status bm_adapt_create(bm_adapt **result, const bm_learner *learner, bm_init scheme, int steps, uint64_t seed,
                          const bm_real *outer, int64_t iteration, bm_error *error) {
    bm_adapt *adapt = calloc(1, sizeof *adapt);
    if (!adapt) {
        return bm_fail(error, "not enough memory to watch adaptation");
    }
    adapt->learner = learner;
    adapt->scheme = scheme;
    adapt->steps = steps;
    adapt->seed = bm_seed_of(seed);
    adapt->task = -1;
    bm_status status = create(adapt, error);
    if (status == BM_OK) {
        bm_adapt_learn(adapt, outer, iteration);
        status = bm_adapt_next_task(adapt, error);
    }
    if (status != BM_OK) {
        bm_adapt_destroy(adapt);
        return status;
    }
    *result = adapt;
    return BM_OK;
}

void bm_adapt_destroy(bm_adapt *adapt) {
    if (adapt) {
        bm_env_destroy(adapt->env);
        bm_task_room_close(&adapt->room);
        bm_arena_free(&adapt->arena);
        bm_arena_free(&adapt->task_arena);
        free(adapt);
    }
}
