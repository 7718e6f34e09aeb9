#ifndef BM_TRAIN_FOLDER_H
#define BM_TRAIN_FOLDER_H

#include "train/experiment.h"

/* Creates the folder of a new run and checkpoint/ in it; its name is as bm_run_create says. */
bm_status bm_run_folder_create(const bm_experiment *experiment, const char *runs, const char *name, char *folder,
                               size_t bytes, bm_error *error);

#endif
