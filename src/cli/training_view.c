/* See training_view.h. Whatever happens to the window, the training thread is waited for. */
#include "cli/training_view.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/meta_watch.h"
#include "cli/signals.h"
#include "train/agent_trainee.h"

/* ---- the flags -------------------------------------------------------------------------------------------------- */

bool bm_training_view_wanted(const bm_arguments *arguments) {
    return bm_cli_has(arguments, "render") || bm_cli_has(arguments, "terminal") || bm_cli_has(arguments, "headless");
}

void bm_training_view_check(const bm_arguments *arguments, const char *verb) {
    static const char *const of_pictures[] = {"speed", "fps", "size", "record"};
    const bool wanted = bm_training_view_wanted(arguments);
    for (size_t i = 0; !wanted && i < sizeof of_pictures / sizeof of_pictures[0]; i++) {
        if (bm_cli_has(arguments, of_pictures[i])) {
            bm_cli_usage("--%s is about the picture: give --render, --terminal or --headless too", of_pictures[i]);
        }
    }
    if (bm_cli_has(arguments, "headless") && !bm_cli_has(arguments, "record")) {
        bm_cli_usage("--headless opens no window, which is for --record FILE; without either, %s shows nothing anyway",
                     verb);
    }
    if (wanted && bm_cli_has(arguments, "seeds")) {
        bm_cli_usage("one run can be watched at a time: --seeds trains several");
    }
}

bm_status bm_training_view_open(bm_training_view *view, const bm_training_picture *picture,
                                const bm_arguments *arguments, const bm_experiment *experiment, const char *title,
                                bm_error *error) {
    view->picture = picture;
    view->quiet = bm_cli_has(arguments, "quiet");
    view->setup = (bm_show_setup){.title = title, .width = 1040, .height = 660};
    bm_show_read_flags(arguments, &view->setup);
    if (picture->speed > 0 && !bm_cli_has(arguments, "speed")) {
        view->setup.speed = picture->speed;
    }
    return bm_show_open(arguments, "--terminal draws as text, --headless --record FILE only records",
                        picture->record_fps(experiment, view->setup.speed), &view->setup, error);
}

void bm_training_view_close(bm_training_view *view) {
    bm_recorder_close(view->setup.recorder, NULL, NULL);
    bm_stage_close(view->setup.stage);
    view->setup.recorder = NULL;
    view->setup.stage = NULL;
}

int bm_training_view_report(const bm_training_view *view, int code) {
    if (view->status != BM_OK) {
        return bm_cli_report(view->status, &view->error);
    }
    if (!view->quiet) {
        bm_show_report(&view->result);
    }
    return code;
}

/* ---- two threads ------------------------------------------------------------------------------------------------ */

typedef struct {
    bm_training_view *view;
    void *self; /* the picture's */
    bm_run *run;
    const bm_run_watch *outer; /* who else is told of progress */
    bm_live *live;
    atomic_int ended;
    bm_run_result *result;
    bm_status status;
    bm_error *error;
} watched;

static void visit(void *context, const bm_progress *progress) {
    const watched *w = context;
    w->view->picture->visit(w->self, progress);
    if (w->outer->visit) {
        w->outer->visit(w->outer->context, progress);
    }
}

static void *train(void *context) {
    watched *w = context;
    const bm_run_watch watch = {.stop = w->outer->stop, .visit = visit, .context = w, .live = w->live};
    w->status = bm_run_train(w->run, &watch, w->result, w->error);
    atomic_store(&w->ended, w->status == BM_OK ? BM_SHOW_TRAINED : BM_SHOW_FAILED);
    return NULL;
}

static bm_status show_training(watched *w, bm_error *error) {
    bm_training_view *view = w->view;
    pthread_t thread;
    const int failed = pthread_create(&thread, NULL, train, w);
    if (failed) {
        return bm_fail(error, "cannot start a thread for training: %s", strerror(failed));
    }
    const bool in_terminal = view->setup.stage && bm_stage_kind_of(view->setup.stage) == BM_STAGE_TERMINAL;
    view->status = view->picture->show(w->self, &view->setup, &view->result, &view->error);
    view->setup.recorder = NULL; /* the show has closed it */
    bm_training_view_close(view);
    if (view->result.stop_training) {
        bm_cli_request_stop();
    } else if (in_terminal && !view->quiet && !atomic_load(&w->ended)) {
        fprintf(stderr, "training goes on in %s\n", bm_run_folder(w->run));
    }
    pthread_join(thread, NULL);
    return w->status;
}

bm_status bm_training_view_train(bm_training_view *view, bm_run *run, const bm_run_watch *watch, bm_run_result *result,
                                 bm_error *error) {
    const bm_experiment *experiment = bm_run_trainee(run)->experiment;
    bm_show_setup *setup = &view->setup;
    watched w = {.view = view, .run = run, .outer = watch, .result = result, .error = error};
    char title[160];
    w.self = bm_cli_alloc(1, view->picture->bytes);
    snprintf(title, sizeof title, "%s on %s", experiment->learner.name, experiment->problem.name);
    bm_status status = bm_live_create(&w.live, run, error);
    setup->title = title;
    setup->folder = bm_run_folder(run);
    setup->stop = watch->stop;
    setup->live = w.live;
    setup->trained = &w.ended;
    setup->failure = error;
    if (status == BM_OK) {
        status = view->picture->create(w.self, run, setup, error);
        if (status == BM_OK) {
            status = show_training(&w, error);
        }
        view->picture->destroy(w.self);
    }
    bm_training_view_close(view);
    bm_live_destroy(w.live);
    free(w.self);
    return status;
}

/* Episodes, or tasks, to look at have a seed that neither training nor an evaluation uses. */
static uint64_t seed_to_show(const bm_run *run) {
    return UINT64_C(2000000) + (uint64_t)bm_run_trainee(run)->experiment->run->seed;
}

/* ---- episodes of an agent that trains --------------------------------------------------------------------------- */

typedef struct {
    bm_curve_store curves;
    bm_player *player;
} episodes;

static double episodes_fps(const bm_experiment *experiment, double speed) {
    return bm_show_record_fps(experiment->problem.type, speed);
}

/* The curves of a resumed run begin where the run did. */
static bm_status create_episodes(void *self, bm_run *run, bm_show_setup *setup, bm_error *error) {
    episodes *it = self;
    bm_agent *agent = bm_agent_trainee_of(bm_live_trainee(setup->live))->agent;
    const bm_subject *env = &bm_run_trainee(run)->experiment->problem;
    bm_history history = {0};
    bm_curve_store_init(&it->curves, agent->type);
    if (bm_history_read(&history, bm_run_folder(run), NULL) == BM_OK) {
        bm_curve_store_recall(&it->curves, agent->type, &history);
    }
    bm_history_free(&history);
    BM_TRY(bm_player_create(&it->player, env->type, env->config, agent, seed_to_show(run), error));
    setup->player = it->player;
    setup->curves = &it->curves;
    return BM_OK;
}

static void destroy_episodes(void *self) {
    episodes *it = self;
    bm_player_destroy(it->player);
    bm_curve_store_free(&it->curves);
}

static void visit_episodes(void *self, const bm_progress *progress) {
    bm_curve_store_add(&((episodes *)self)->curves, progress);
}

static bm_status show_episodes(void *self, const bm_show_setup *setup, bm_show_result *result, bm_error *error) {
    (void)self;
    return bm_show(setup, result, error);
}

const bm_training_picture bm_training_episodes = {
    .bytes = sizeof(episodes),
    .record_fps = episodes_fps,
    .create = create_episodes,
    .destroy = destroy_episodes,
    .visit = visit_episodes,
    .show = show_episodes,
};

/* ---- adaptation to new tasks, with what a meta-learner has learned so far
 * ----------------------------------------- */

typedef struct {
    bm_adapt_feed feed;
    bm_adapt *adapt;
    const char *tasks;
} adaptation;

static double adaptation_fps(const bm_experiment *experiment, double speed) {
    (void)experiment;
    (void)speed;
    return BM_META_FILE_FPS;
}

static bm_status create_adaptation(void *self, bm_run *run, bm_show_setup *setup, bm_error *error) {
    adaptation *it = self;
    const bm_trainee *shown = bm_live_trainee(setup->live);
    const bm_meta_trainee *trainee = bm_meta_trainee_of(shown);
    it->tasks = shown->experiment->problem.name;
    bm_adapt_feed_init(&it->feed, run);
    return bm_adapt_create(&it->adapt, trainee->learner, (bm_init)trainee->run->init,
                           bm_meta_shown_steps(&trainee->run->eval_adapt_steps), seed_to_show(run), trainee->outer,
                           shown->count, error);
}

static void destroy_adaptation(void *self) {
    adaptation *it = self;
    bm_adapt_destroy(it->adapt);
    bm_adapt_feed_free(&it->feed);
}

static void visit_adaptation(void *self, const bm_progress *progress) {
    bm_adapt_feed_visit(&((adaptation *)self)->feed, progress);
}

static bm_status show_adaptation(void *self, const bm_show_setup *setup, bm_show_result *result, bm_error *error) {
    adaptation *it = self;
    return bm_meta_show(setup, it->adapt, &it->feed, it->tasks, result, error);
}

const bm_training_picture bm_training_adaptation = {
    .bytes = sizeof(adaptation),
    .speed = 2, /* what is learned changes quickly */
    .record_fps = adaptation_fps,
    .create = create_adaptation,
    .destroy = destroy_adaptation,
    .visit = visit_adaptation,
    .show = show_adaptation,
};
