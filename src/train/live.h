#ifndef BM_TRAIN_LIVE_H
#define BM_TRAIN_LIVE_H

/* Between a run that trains in one thread and somebody who watches it in another. The trainer looks at one flag between
 * two steps and never waits; the watcher gets copies of the networks, and wishes that are granted between two
 * updates. */
#include <stdbool.h>

#include "train/run.h"

/* run must outlive the live, which is passed to bm_run_train. Destroy the live also after failure. */
bm_status bm_live_create(bm_live **live, bm_run *run, bm_error *error);
void bm_live_destroy(bm_live *live); /* NULL is fine */

/* ---- for the watcher ---- */

/* The watcher's own trainee: acts as the run's did at the last refresh, and has its count and live options. */
bm_trainee *bm_live_trainee(bm_live *live);
/* Takes over the newest copy; true when there was one. Asks for the next one at most some fifteen times a second, and
 * less often where copying takes the trainer more than about a fiftieth of its time. */
bool bm_live_refresh(bm_live *live);
void bm_live_change(bm_live *live, const char *option,
                    const char *value); /* the last of several wishes for one option */
void bm_live_save(bm_live *live);
/* What became of a wish, or of the training, once each; false: nothing new. */
bool bm_live_message(bm_live *live, char *text, size_t bytes);

/* ---- for the trainer ---- */

void bm_live_serve(bm_live *live);  /* grants what is wanted, if anything, unless the watcher is just reading */
void bm_live_finish(bm_live *live); /* a last copy, after training */

#endif
