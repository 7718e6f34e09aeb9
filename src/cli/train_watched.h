#ifndef BM_CLI_TRAIN_WATCHED_H
#define BM_CLI_TRAIN_WATCHED_H

/* train --render: the run trains in a thread of its own while this one shows it. */
#include "cli/show.h"
#include "train/run.h"

/* What is shown of a run, and what became of that: a picture that fails is no failure of the training. */
typedef struct {
    bm_show_setup setup; /* the flags' part is filled, stage and recorder are open */
    bool wanted, quiet;  /* quiet: do not say that training goes on */
    bm_show_result result;
    bm_status status;
    bm_error error;
} bm_train_view;

/* watch: as bm_run_train takes it, without live. When the viewer closes the window, training goes on. */
bm_status bm_train_watched(bm_run *run, const bm_experiment *experiment, const bm_run_watch *watch, bm_train_view *view,
                           bm_run_result *result, bm_error *error);
/* Stage and recorder, where they are still open. */
void bm_train_view_close(bm_train_view *view);
/* Says what became of the picture; the exit code of one that failed, else `code`. */
int bm_train_view_report(const bm_train_view *view, int code);

#endif
