/* bellman meta --render: the run trains in a thread of its own while this one shows it. Whatever happens to the window, the training thread
 * is waited for. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cli/meta_watch.h"
#include "cli/signals.h"

enum { WIDTH = 1040, HEIGHT = 660 };

static const double usual_speed = 2; /* what is learned changes quickly */

/* ---- the flags -------------------------------------------------------------------------------------------------- */

bool bm_meta_view_wanted(const bm_arguments *arguments) {
    return bm_cli_has(arguments, "render") || bm_cli_has(arguments, "terminal") || bm_cli_has(arguments, "headless");
}

void bm_meta_view_check(const bm_arguments *arguments) {
    static const char *const of_pictures[] = {"speed", "fps", "size", "record"};
    const bool wanted = bm_meta_view_wanted(arguments);
    for (size_t i = 0; !wanted && i < sizeof of_pictures / sizeof of_pictures[0]; i++) {
        if (bm_cli_has(arguments, of_pictures[i])) {
            bm_cli_usage("--%s is about the picture: give --render, --terminal or --headless too", of_pictures[i]);
        }
    }
    if (bm_cli_has(arguments, "headless") && !bm_cli_has(arguments, "record")) {
        bm_cli_usage(
            "--headless opens no window, which is for --record FILE; without either, meta shows nothing anyway");
    }
    if (wanted && bm_cli_has(arguments, "seeds")) {
        bm_cli_usage("one run can be watched at a time: --seeds trains several");
    }
}

bm_status bm_meta_view_open(bm_train_view *view, const bm_arguments *arguments, const char *title, bm_error *error) {
    view->quiet = bm_cli_has(arguments, "quiet");
    view->setup = (bm_show_setup){.title = title, .width = WIDTH, .height = HEIGHT};
    bm_show_read_flags(arguments, &view->setup);
    view->setup.speed = bm_cli_has(arguments, "speed") ? view->setup.speed : usual_speed;
    return bm_meta_show_open(arguments, "--terminal draws as text, --headless --record FILE only records", &view->setup,
                             error);
}

/* ---- training --------------------------------------------------------------------------------------------------- */

typedef struct {
    bm_meta_run *run;
    const bm_meta_watch *outer; /* who else is told of progress */
    bm_adapt_feed feed;
    atomic_int ended;
    bm_meta_result *result;
    bm_status status;
    bm_error *error;
} watched;

static void visit(void *context, const bm_meta_progress *progress) {
    watched *w = context;
    bm_adapt_feed_visit(&w->feed, progress);
    if (w->outer->visit) {
        w->outer->visit(w->outer->context, progress);
    }
}

static void *train(void *context) {
    watched *w = context;
    const bm_meta_watch watch = {.stop = w->outer->stop, .visit = visit, .context = w};
    w->status = bm_meta_run_train(w->run, &watch, w->result, w->error);
    atomic_store(&w->ended, w->status == BM_OK ? BM_SHOW_TRAINED : BM_SHOW_FAILED);
    return NULL;
}

static bm_status show_training(watched *w, bm_train_view *view, bm_adapt *adapt, const char *stem, bm_error *error) {
    pthread_t thread;
    const int failed = pthread_create(&thread, NULL, train, w);
    if (failed) {
        return bm_fail(error, "cannot start a thread for training: %s", strerror(failed));
    }
    const bool in_terminal = view->setup.stage && bm_stage_kind_of(view->setup.stage) == BM_STAGE_TERMINAL;
    view->status = bm_meta_show(&view->setup, adapt, &w->feed, stem, &view->result, &view->error);
    view->setup.recorder = NULL; /* bm_meta_show has closed it */
    bm_train_view_close(view);
    if (view->result.stop_training) {
        bm_cli_request_stop();
    } else if (in_terminal && !view->quiet && !atomic_load(&w->ended)) {
        fprintf(stderr, "training goes on in %s\n", bm_meta_run_folder(w->run));
    }
    pthread_join(thread, NULL);
    return w->status;
}

bm_status bm_meta_train_watched(bm_meta_run *run, const bm_meta_experiment *experiment, const bm_meta_watch *watch,
                                bm_train_view *view, bm_meta_result *result, bm_error *error) {
    /* tasks to look at have a seed that neither training nor an evaluation uses */
    const uint64_t seed = UINT64_C(2000000) + (uint64_t)experiment->run.seed;
    const bm_int_list *steps = &experiment->run.eval_adapt_steps;
    const bm_meta_model *model = bm_meta_run_model(run);
    watched w = {.run = run, .outer = watch, .result = result, .error = error};
    bm_adapt *adapt = NULL;
    char title[128];
    snprintf(title, sizeof title, "%s on %s", experiment->learner->name, experiment->tasks_name);
    bm_status status = bm_adapt_feed_create(&w.feed, run, experiment, error);
    if (status == BM_OK) {
        status = bm_adapt_create(&adapt, model->learner, (bm_init)experiment->run.init, bm_meta_shown_steps(steps),
                                 seed, model->outer, bm_meta_run_iteration(run), error);
    }
    if (status == BM_OK) {
        bm_show_setup *show = &view->setup;
        show->title = title;
        show->folder = bm_meta_run_folder(run);
        show->stop = watch->stop;
        show->trained = &w.ended;
        show->failure = error;
        status = show_training(&w, view, adapt, experiment->tasks_name, error);
    }
    bm_train_view_close(view);
    bm_adapt_destroy(adapt);
    bm_adapt_feed_free(&w.feed);
    return status;
}
