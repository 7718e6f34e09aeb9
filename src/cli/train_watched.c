/* See train_watched.h. Whatever happens to the window, the training thread is waited for. */
#include "cli/train_watched.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cli/show_flags.h"
#include "cli/signals.h"
#include "train/live.h"

typedef struct {
    bm_run *run;
    const bm_run_watch *outer; /* who else is told of progress */
    bm_live *live;
    bm_curve_store curves;
    bm_player *player;
    atomic_int ended;
    bm_run_result *result;
    bm_status status;
    bm_error *error;
} watched;

static void visit(void *context, const bm_progress *progress) {
    watched *w = context;
    bm_curve_store_add(&w->curves, progress);
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

void bm_train_view_close(bm_train_view *view) {
    bm_recorder_close(view->setup.recorder, NULL, NULL);
    bm_stage_close(view->setup.stage);
    view->setup.recorder = NULL;
    view->setup.stage = NULL;
}

int bm_train_view_report(const bm_train_view *view, int code) {
    if (view->status != BM_OK) {
        return bm_cli_report(view->status, &view->error);
    }
    if (!view->quiet) {
        bm_show_report(&view->result);
    }
    return code;
}

static bm_status show_training(watched *w, bm_train_view *view, bm_error *error) {
    pthread_t thread;
    const int failed = pthread_create(&thread, NULL, train, w);
    if (failed) {
        return bm_fail(error, "cannot start a thread for training: %s", strerror(failed));
    }
    const bool in_terminal = view->setup.stage && bm_stage_kind_of(view->setup.stage) == BM_STAGE_TERMINAL;
    view->status = bm_show(&view->setup, &view->result, &view->error);
    view->setup.recorder = NULL; /* bm_show has closed it */
    bm_train_view_close(view);
    if (view->result.stop_training) {
        bm_cli_request_stop();
    } else if (in_terminal && !view->quiet && !atomic_load(&w->ended)) {
        fprintf(stderr, "training goes on in %s\n", bm_run_folder(w->run));
    }
    pthread_join(thread, NULL);
    return w->status;
}

/* The curves of a resumed run begin where the run did. */
static void recall(watched *w, const bm_experiment *experiment) {
    bm_history history = {0};
    if (bm_history_read(&history, bm_run_folder(w->run), NULL) == BM_OK) {
        bm_curve_store_recall(&w->curves, experiment->agent, &history);
    }
    bm_history_free(&history);
}

bm_status bm_train_watched(bm_run *run, const bm_experiment *experiment, const bm_run_watch *watch, bm_train_view *view,
                           bm_run_result *result, bm_error *error) {
    watched w = {.run = run, .outer = watch, .result = result, .error = error};
    char title[128];
    snprintf(title, sizeof title, "%s on %s", experiment->agent->name, experiment->env->id);
    bm_curve_store_init(&w.curves, experiment->agent);
    recall(&w, experiment);
    bm_status status = bm_live_create(&w.live, run, error);
    if (status == BM_OK) {
        /* episodes to look at have seeds that neither training nor an evaluation uses */
        status = bm_player_create(&w.player, experiment->env, experiment->env_config, bm_live_agent(w.live),
                                  UINT64_C(2000000) + (uint64_t)experiment->run.seed, error);
    }
    if (status == BM_OK) {
        bm_show_setup *show = &view->setup;
        show->title = title;
        show->player = w.player;
        show->folder = bm_run_folder(run);
        show->stop = watch->stop;
        show->live = w.live;
        show->curves = &w.curves;
        show->trained = &w.ended;
        show->failure = error;
        status = show_training(&w, view, error);
    }
    bm_train_view_close(view);
    bm_player_destroy(w.player);
    bm_live_destroy(w.live);
    bm_curve_store_free(&w.curves);
    return status;
}
