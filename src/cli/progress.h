#ifndef BM_CLI_PROGRESS_H
#define BM_CLI_PROGRESS_H

/* The progress line: steps, share, speed, return and time left; redrawn in place on a terminal, a line every tenth of
 * the way elsewhere. One display serves several runs at once. */
#include <stdbool.h>

#include "train/run.h"

typedef struct bm_display bm_display;

/* runs: how many train at once or in turn. To standard error. */
bm_display *bm_display_create(const char *title, int runs, bool quiet);
/* What steps, the return in training and that of evaluations are called, in place of these words; must last as long. */
void bm_display_words(bm_display *display, const char *steps, const char *train, const char *eval);
/* A visitor's context for run number `index` of them. */
void *bm_display_slot(bm_display *display, int index);
void bm_display_visit(void *slot, const bm_progress *progress); /* bm_progress_visitor; any thread */
/* Before anything is drawn: how far a run is, of how many steps in all. Runs of which nothing is known count as long as
 * others. */
void bm_display_expect(bm_display *display, int index, int64_t step, int64_t total);
void bm_display_end(bm_display *display, int index); /* nothing more comes from that run; any thread */
void bm_display_destroy(bm_display *display);        /* ends the line */

#endif
