#ifndef BM_CLI_TRAINING_VIEW_H
#define BM_CLI_TRAINING_VIEW_H

/* train and meta with --render, --terminal or --headless --record: the run trains in a thread of its own while this one
 * shows it. */
#include "cli/show_flags.h"
#include "train/run.h"

/* What is shown of a kind of runs. self: [bytes], zeroed. */
typedef struct {
    size_t bytes;
    double speed;                                                                        /* unless --speed says */
    double (*record_fps)(const bm_experiment *experiment, double speed);                 /* unless --fps says */
    bm_status (*create)(void *self, bm_run *run, bm_show_setup *setup, bm_error *error); /* setup->live is there */
    void (*destroy)(void *self);                                                         /* also after failure */
    void (*visit)(void *self, const bm_progress *progress);                              /* in the training thread */
    bm_status (*show)(void *self, const bm_show_setup *setup, bm_show_result *result, bm_error *error);
} bm_training_picture;

extern const bm_training_picture bm_training_episodes, bm_training_adaptation;

/* What became of the picture: one that fails is no failure of the training. */
typedef struct {
    const bm_training_picture *picture; /* NULL: none is wanted */
    bm_show_setup setup;
    bool quiet; /* do not say that training goes on */
    bm_show_result result;
    bm_status status;
    bm_error error;
} bm_training_view;

bool bm_training_view_wanted(const bm_arguments *arguments);
void bm_training_view_check(const bm_arguments *arguments, const char *verb); /* exits 2 on what does not go together */
/* Opens the file of --record and the stage, before anything is trained: what cannot be shown or written is no run
 * either. title must last. */
bm_status bm_training_view_open(bm_training_view *view, const bm_training_picture *picture,
                                const bm_arguments *arguments, const bm_experiment *experiment, const char *title,
                                bm_error *error);
void bm_training_view_close(bm_training_view *view); /* both, where they are still open */
/* As bm_run_train, with the picture. When the viewer closes the window, training goes on. */
bm_status bm_training_view_train(bm_training_view *view, bm_run *run, const bm_run_watch *watch, bm_run_result *result,
                                 bm_error *error);
/* Says what became of the picture; the exit code of one that failed, else `code`. */
int bm_training_view_report(const bm_training_view *view, int code);

#endif
