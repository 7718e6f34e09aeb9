#ifndef BM_CLI_EXPERIMENT_WORDS_H
#define BM_CLI_EXPERIMENT_WORDS_H

/* From the words AGENT ENV and their flags to an experiment: what train, tune and sweep share. The verb's flags must have config, no-preset,
 * set and env-set. */
#include "cli/cli.h"
#include "train/experiment.h"

/* A flag's value, looked for before the real parse; NULL: it is not given. */
const char *bm_words_early(int argc, char **argv, const char *name);
/* Chooses the kinds of variants that the words name, as in --optimizer sgd, so that help shows the options of these kinds. */
void bm_words_variants(const bm_options *options, void *config, int argc, char **argv);
/* What help shows and flags may set: where an agent is named, what it would use, which is the preset's values where there is one.
 * shown->agent stays NULL where none is named. heading: of its hyperparameters. */
bm_status bm_words_shown(const bm_flag *flags, int argc, char **argv, bm_experiment *shown, char *heading, size_t bytes,
                         bm_error *error);
/* Shows it in the verb's help: groups[0] are the run's options, groups[1] becomes the agent's, and those of the environment follow the
 * examples, all in `after`. */
void bm_words_help(bm_command *command, const bm_experiment *shown, const char *heading, const char *examples,
                   char *after, size_t bytes);
/* The experiment that is wanted: defaults, preset, file, flags. */
bm_status bm_words_experiment(bm_experiment *experiment, const bm_arguments *arguments, bm_error *error);
/* What the experiment remembers of the command line, for people. */
void bm_words_note(char command[BM_COMMAND_BYTES], int argc, char **argv);
/* Whether --name can be a folder's. */
bm_status bm_words_check_name(const char *name, bm_error *error);
/* What --name calls a run: one of several of --seeds has its seed too. NULL: nothing. */
const char *bm_words_run_name(const bm_arguments *arguments, int seed, char *name, size_t bytes);
/* The seed of run i of so many, from that of the first. */
bm_status bm_words_next_seed(int *seed, int i, int count, bm_error *error);
/* Exits 2 where --resume comes with a flag that only a new run can have; fresh_only: NULL at the end. */
void bm_words_check_resume(const bm_arguments *arguments, const char *const *fresh_only);

#endif
