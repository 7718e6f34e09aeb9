#ifndef BM_CLI_META_WORDS_H
#define BM_CLI_META_WORDS_H

/* From the words LEARNER TASKS and their flags to an experiment. The verb's flags must have config, no-preset, set and resume. */
#include "cli/cli.h"
#include "meta/meta_run.h"

enum { BM_META_HEADING = 160 };

/* What help shows and flags may set: the run to resume or, where a learner is named, what it would use, which is the preset's values
 * where there is one. */
typedef struct {
    bm_meta_experiment experiment; /* .learner NULL: none is named */
    bm_meta_config defaults;
    char heading[2][BM_META_HEADING]; /* of the learner's options and of the tasks' */
} bm_meta_shown;

/* groups [BM_GROUPS]: the tables whose options are flags. Free it with bm_meta_experiment_free, also after failure. */
bm_status bm_meta_words_shown(const bm_flag *flags, int argc, char **argv, bm_meta_shown *shown, bm_flag_group *groups,
                              bm_error *error);
/* The experiment that is wanted: defaults, preset, file, flags; settled. */
bm_status bm_meta_words_experiment(bm_meta_experiment *experiment, const bm_arguments *arguments, bm_error *error);
/* That of a run to resume, with the flags that may change; settled. */
bm_status bm_meta_words_resumed(bm_meta_experiment *experiment, const char *folder, const bm_arguments *arguments,
                                bm_error *error);

/* Shows an iteration as a step on a display; slot: of it (cli/progress.h). A bm_meta_visitor. */
void bm_meta_words_progress(void *slot, const bm_meta_progress *progress);

#endif
