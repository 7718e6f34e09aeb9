#ifndef BM_CLI_EXPERIMENT_WORDS_H
#define BM_CLI_EXPERIMENT_WORDS_H

/* From the words LEARNER PROBLEM (AGENT ENV) and their flags to an experiment: what train, meta, tune and sweep share.
 * The verb's flags must have config, no-preset and set, and env-set where the problem's options are no flags. */
#include "cli/cli.h"
#include "train/run.h"

/* A flag's value, looked for before the real parse; NULL: it is not given. */
const char *bm_words_early(int argc, char **argv, const char *name);

/* What help shows and flags may set: the run of --resume or, where a learner is named, what it would use, which is the
 * preset's values where there is one. Starts as {0}; free its experiment. */
typedef struct {
    bm_experiment experiment; /* where nothing is named, of the first learner and problem there are */
    bool learner, problem;    /* whether these were named */
    char heading[2][160];     /* of their options */
} bm_words_shown;
bm_status bm_words_show(bm_words_shown *shown, const bm_trainee_type *type, const bm_flag *flags, int argc, char **argv,
                        bm_error *error);
/* Shows it in the verb's help: groups [BM_GROUPS] get the tables whose options are flags, the run's under `heading`;
 * `after` gets what follows them, with the options of --env-set. */
void bm_words_help(const bm_words_shown *shown, const char *heading, bm_flag_group *groups, const char *examples,
                   char *after, size_t bytes);

/* The experiment that is wanted: defaults, preset, file, flags. */
bm_status bm_words_experiment(bm_experiment *experiment, const bm_trainee_type *type, const bm_arguments *arguments,
                              bm_error *error);
/* That of a run to resume, settled, with the flags that may change: their names, NULL at the end. */
bm_status bm_words_resumed(bm_experiment *experiment, const bm_trainee_type *type, const char *folder,
                           const bm_arguments *arguments, const char *const *may_change, bm_error *error);
/* What the experiment remembers of the command line, for people. */
void bm_words_note(char command[BM_COMMAND_BYTES], int argc, char **argv);
/* Whether --name can be a folder's. */
bm_status bm_words_check_name(const char *name, bm_error *error);

#endif
