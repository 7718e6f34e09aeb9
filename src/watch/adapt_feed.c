/* See adapt_feed.h. */
#include "watch/adapt_feed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Evaluations come as a change of the latest score, which a progress carries from then on. */
static void add(bm_adapt_feed *feed, const bm_meta_progress *progress) {
    static const double share = 0.1; /* of the newest loss in the running mean */
    bm_adapt_training *training = &feed->training;
    const double x = (double)progress->iteration, before = training->progress.score;
    if (isfinite(progress->loss)) {
        feed->running += share * (feed->sign * progress->loss - feed->running);
        feed->weight += share * (1 - feed->weight);
        bm_curve_add(&training->batches, x, feed->running / feed->weight);
    }
    if (feed->same_unit && isfinite(progress->score) && progress->score != before) {
        bm_curve_add(&training->tests, x, progress->score);
    }
    training->progress = *progress;
}

static void copy_parameters(bm_adapt_feed *feed) {
    memcpy(feed->outer, feed->model->outer, feed->model->learner->parameters * sizeof(bm_real));
    feed->newer = true;
}

void bm_adapt_feed_visit(void *context, const bm_meta_progress *progress) {
    bm_adapt_feed *feed = context;
    if (pthread_mutex_trylock(&feed->lock) != 0) {
        return; /* the next visit is not far */
    }
    add(feed, progress);
    copy_parameters(feed);
    pthread_mutex_unlock(&feed->lock);
}

bool bm_adapt_feed_read(bm_adapt_feed *feed, bm_adapt_training *training, bm_adapt *adapt) {
    pthread_mutex_lock(&feed->lock);
    const bool newer = feed->newer;
    if (newer) {
        *training = feed->training;
        bm_adapt_learn(adapt, feed->outer, feed->training.progress.iteration);
        feed->newer = false;
    }
    pthread_mutex_unlock(&feed->lock);
    return newer;
}

static void recall(bm_curve *curve, const bm_history *history, const char *column, double sign) {
    const double *values = bm_history_column(history, column);
    for (int i = 0; values && i < history->rows; i++) {
        bm_curve_add(curve, history->step[i], sign * values[i]);
    }
}

/* The curves of a resumed run begin where the run did. */
static void recall_all(bm_adapt_feed *feed, const bm_meta_run *run, const bm_meta_experiment *experiment) {
    const bm_int_list *steps = &experiment->run.eval_adapt_steps;
    char column[BM_SCORE_COLUMN];
    bm_history history = {0};
    bm_meta_score_column(experiment->tasks->score_names[0], steps->value[steps->count - 1], column);
    if (bm_history_read(&history, bm_meta_run_folder(run), NULL) == BM_OK) {
        recall(&feed->training.batches, &history, "train/loss", feed->sign);
        if (feed->same_unit) {
            recall(&feed->training.tests, &history, column, 1);
        }
    }
    bm_history_free(&history);
}

bm_status bm_adapt_feed_create(bm_adapt_feed *feed, const bm_meta_run *run, const bm_meta_experiment *experiment,
                               bm_error *error) {
    const bm_examples *examples = experiment->tasks->examples;
    memset(feed, 0, sizeof *feed);
    pthread_mutex_init(&feed->lock, NULL);
    feed->model = bm_meta_run_model(run);
    feed->sign = examples ? 1 : -1;
    feed->same_unit = !examples || !examples->loss->takes_labels;
    feed->training.title = examples ? "loss after adaptation" : "return after adaptation";
    feed->training.progress = (bm_meta_progress){.iteration = bm_meta_run_iteration(run),
                                                 .total = experiment->run.meta_iterations,
                                                 .loss = NAN,
                                                 .score = NAN,
                                                 .iterations_per_second = NAN};
    const bm_int_list *steps = &experiment->run.eval_adapt_steps;
    const int most = steps->value[steps->count - 1];
    snprintf(feed->training.tests_name, sizeof feed->training.tests_name, "tests, after %d step%s", most,
             most == 1 ? "" : "s");
    feed->outer = BM_NEW(&feed->arena, bm_real, feed->model->learner->parameters);
    const bm_status status = bm_arena_check(&feed->arena, "the copy of the parameters", error);
    if (status == BM_OK) {
        recall_all(feed, run, experiment);
        copy_parameters(feed);
    }
    return status;
}

void bm_adapt_feed_free(bm_adapt_feed *feed) {
    pthread_mutex_destroy(&feed->lock);
    bm_arena_free(&feed->arena);
}
