#ifndef BM_CLI_TRAIN_WATCHED_H
#define BM_CLI_TRAIN_WATCHED_H

/* train --render: the run trains in a thread of its own while this one shows it. */
#include "cli/show.h"
#include "train/run.h"

/* watch: as bm_run_train takes it, without live. show: what read_flags filled; its stage is open, and closed by the time this
 * returns: when the viewer closes it, training goes on. */
bm_status bm_train_watched(bm_run *run, const bm_experiment *experiment, const bm_run_watch *watch, bm_show_setup *show,
                           bm_run_result *result, bm_error *error);

#endif
