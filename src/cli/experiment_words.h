#ifndef BM_CLI_EXPERIMENT_WORDS_H
#define BM_CLI_EXPERIMENT_WORDS_H

/* From the words AGENT ENV and their flags to an experiment: what train, tune and sweep share. The verb's flags must have config, no-preset,
 * set and env-set. */
#include "cli/cli.h"
#include "train/experiment.h"

/* A flag's value, looked for before the real parse; NULL: it is not given. */
const char *bm_words_early(int argc, char **argv, const char *name);
/* What help shows and flags may set: where an agent is named, what it would use, which is the preset's values where there is one.
 * shown->agent stays NULL where none is named. heading: of its hyperparameters. */
bm_status bm_words_shown(const bm_flag *flags, int argc, char **argv, bm_experiment *shown, char *heading, size_t bytes,
                         bm_error *error);
/* The experiment that is wanted: defaults, preset, file, flags. */
bm_status bm_words_experiment(bm_experiment *experiment, const bm_arguments *arguments, bm_error *error);
/* What the experiment remembers of the command line, for people. */
void bm_words_note(char command[BM_COMMAND_BYTES], int argc, char **argv);
/* Whether --name can be a folder's. */
bm_status bm_words_check_name(const char *name, bm_error *error);

#endif
