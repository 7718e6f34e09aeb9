#ifndef BM_CLI_TRAINING_H
#define BM_CLI_TRAINING_H

/* What bellman train and bellman meta have in common: from the words to one run or several side by side, watched or
 * not, and what is told of them. */
#include <cjson/cJSON.h>

#include "cli/training_view.h"

/* What differs. */
typedef struct {
    const bm_trainee_type *type;
    const char *arguments, *summary; /* of the help */
    const char *heading;             /* of the run's options */
    const char *wanted;              /* what is said where words are missing */
    const char *problem_word;        /* "environment" */
    const char *const *may_change;   /* options of a resumed run; NULL at the end */
    const char *training_word;       /* on the progress line */
    bool threads;                    /* there is a flag for them */
    const bm_training_picture *picture;
    /* What evaluations are called on the progress line; its text lasts as long as score. */
    const char *(*score_word)(const bm_experiment *experiment, char score[64]);
    void (*announce)(const bm_run *run); /* goes on with what is said of the folder; NULL: nothing to add */
    /* How a run ended, as an object: what --json prints about it, and what stands in its result.json. */
    cJSON *(*result)(const bm_run *run, const char *folder, const bm_run_result *result);
    void (*print)(const cJSON *result, const bm_experiment *experiment);
    /* all: an object with the array "runs" of results, to which is added what they say together; that, printed. */
    void (*sum_up)(cJSON *all, const bm_experiment *experiment);
    void (*print_sum)(const cJSON *all);
    const char *afterwards; /* what to do with a run, printed before its folder; NULL: nothing is said */
} bm_training_verb;

/* clang-format off */
#define BM_TRAINING_FLAGS                                                                                              \
    {"runs", "DIR", "where run folders go (default: runs)"},                                                           \
    {"name", "NAME", "the run folder's name (default: seedS-DATE-TIME)"},                                              \
    {"config", "FILE.yaml", "options from a file, over the preset's; RL Zoo's files are understood"},                  \
    {"no-preset", NULL, "start from the defaults, not from the tuned preset"},                                         \
    {"set", "KEY=VALUE", "set any option; may be repeated"},                                                           \
    {"seeds", "K", "train K runs with seeds S, S+1, ..."},                                                             \
    {"jobs", "J", "of which J at a time (default: 1)"},                                                                \
    {"resume", "RUN", "continue a run from its last checkpoint; a longer run stretches its schedules"},                \
    {"init-from", "RUN", "start from the networks' weights of another run"},                                           \
    {"changes", "FILE", "hyperparameters that change while it trains, as a run's changes.csv has them"},               \
    {"headless", NULL, "with --record: no window"},                                                                    \
    {"quiet", NULL, "no progress line"},                                                                               \
    {"json", NULL, "the last line of the output is one JSON object"}
/* clang-format on */

/* The whole verb; returns the exit code. */
int bm_training_run(const bm_training_verb *verb, const bm_flag *flags, const char *examples, int argc, char **argv);

#endif
