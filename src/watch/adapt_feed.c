/* See adapt_feed.h. */
#include "watch/adapt_feed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Evaluations come as a change of the latest score, which a progress carries from then on. */
static void add(bm_adapt_feed *feed, const bm_progress *progress) {
    static const double share = 0.1; /* of the newest loss in the running mean */
    bm_adapt_training *training = &feed->training;
    const double x = (double)progress->step, before = training->progress.score;
    if (isfinite(progress->training)) {
        feed->running += share * (feed->sign * progress->training - feed->running);
        feed->weight += share * (1 - feed->weight);
        bm_curve_add(&training->batches, x, feed->running / feed->weight);
    }
    if (feed->same_unit && isfinite(progress->score) && progress->score != before) {
        bm_curve_add(&training->tests, x, progress->score);
    }
    training->progress = *progress;
}

void bm_adapt_feed_visit(void *context, const bm_progress *progress) {
    bm_adapt_feed *feed = context;
    if (pthread_mutex_trylock(&feed->lock) != 0) {
        return; /* the next visit is not far */
    }
    add(feed, progress);
    feed->newer = true;
    pthread_mutex_unlock(&feed->lock);
}

bool bm_adapt_feed_read(bm_adapt_feed *feed, bm_adapt_training *training) {
    pthread_mutex_lock(&feed->lock);
    const bool newer = feed->newer;
    if (newer) {
        *training = feed->training;
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

/* The curves of a resumed run begin where the run did. column: of the first score after most steps. */
static void recall_all(bm_adapt_feed *feed, const bm_run *run, const char *column) {
    bm_history history = {0};
    if (bm_history_read(&history, bm_run_folder(run), NULL) == BM_OK) {
        recall(&feed->training.batches, &history, "train/loss", feed->sign);
        if (feed->same_unit) {
            recall(&feed->training.tests, &history, column, 1);
        }
    }
    bm_history_free(&history);
}

void bm_adapt_feed_init(bm_adapt_feed *feed, const bm_run *run) {
    const bm_meta_trainee *trainee = bm_meta_trainee_of(bm_run_trainee(run));
    const bm_examples *examples = trainee->tasks->type->examples;
    const bm_int_list *steps = &trainee->run->eval_adapt_steps;
    const int most = steps->value[steps->count - 1];
    memset(feed, 0, sizeof *feed);
    pthread_mutex_init(&feed->lock, NULL);
    feed->sign = examples ? 1 : -1;
    feed->same_unit = !examples || !examples->loss->takes_labels;
    feed->training.title = examples ? "loss after adaptation" : "return after adaptation";
    feed->training.progress = (bm_progress){.step = trainee->common.count,
                                            .total = trainee->run->common.total,
                                            .training = NAN,
                                            .score = NAN,
                                            .steps_per_second = NAN};
    snprintf(feed->training.tests_name, sizeof feed->training.tests_name, "tests, after %d step%s", most,
             most == 1 ? "" : "s");
    recall_all(feed, run, trainee->column[steps->count - 1]);
    feed->newer = true;
}

void bm_adapt_feed_free(bm_adapt_feed *feed) {
    pthread_mutex_destroy(&feed->lock);
}
