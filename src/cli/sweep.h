#ifndef BM_CLI_SWEEP_H
#define BM_CLI_SWEEP_H

/* bellman sweep: every combination of the values that options are given, trained with several seeds. sweep_grid.c makes
 * the combinations of the words, sweep_folder.c finds out what of them is trained already, sweep_report.c tells what
 * came out. */
#include "cli/cli.h"
#include "cli/run_finder.h"
#include "train/experiment.h"
#include "tune/search_space.h"

/* One combination of values. */
typedef struct {
    bm_experiment experiment; /* with the first seed, settled */
    const char **value;       /* [grid.count] as the option writes it */
    const char *name;         /* "learning_rate=0.001,gamma=0.9" as its runs' folders begin; for file systems */
    char *label;              /* for people, without what all settings have in common */
    int ended;                /* runs; the numbers below are over these */
    double mean, std, least;  /* of the evaluations of the last policies; NAN: none */
    double steps_per_second;
} bm_sweep_setting;

typedef enum { BM_SWEEP_NEW, BM_SWEEP_BEGUN, BM_SWEEP_ENDED, BM_SWEEP_FAILED } bm_sweep_state;

typedef struct {
    int setting, seed;
    bm_sweep_state state;
    cJSON *result;  /* as in its result.json; NULL unless it has ended */
    bm_error error; /* why it failed */
} bm_sweep_run;

typedef struct {
    bm_search_space grid;      /* the options that vary, as categories; those of the environment are called env.NAME */
    bm_sweep_setting *setting; /* [settings] the last option's values change first */
    int settings, seeds;
    int jobs;          /* runs at a time */
    bm_sweep_run *run; /* [runs] all settings with the first seed, then with the second: an early stop is fair to all */
    int runs;
    const char *root;         /* --runs */
    char name[BM_PATH_MAX];   /* of the sweep's folder */
    char folder[BM_PATH_MAX]; /* ROOT/ENV/AGENT/NAME */
    int lock;                 /* its descriptor; -1: none */
    bm_arena arena;
} bm_sweep;

/* Memory that lasts as long as the sweep; exits 1 when there is none. */
void *bm_sweep_alloc(bm_sweep *sweep, size_t count, size_t size);

/* From the words to settings and runs. All settings are known to be trainable then; nothing is written. The texts of
 * arguments are changed. */
bm_status bm_sweep_read(bm_sweep *sweep, bm_arguments *arguments, int argc, char **argv, bm_error *error);
void bm_sweep_free(bm_sweep *sweep);

void bm_sweep_run_name(const bm_sweep *sweep, const bm_sweep_run *run, char *name, size_t bytes);
/* Its settings, with its seed; free them also after failure. */
bm_status bm_sweep_experiment(const bm_sweep *sweep, const bm_sweep_run *run, bm_experiment *experiment,
                              bm_error *error);
void bm_sweep_run_folder(const bm_sweep *sweep, const bm_sweep_run *run, char *folder, size_t bytes);

/* Makes the sweep's folder, keeps other processes out of it, and looks which runs have begun or ended. BM_INVALID: one
 * was made with other settings. */
bm_status bm_sweep_open(bm_sweep *sweep, bm_error *error);
/* Removes what a run left that was killed before it had a checkpoint; fine if there is nothing. */
bm_status bm_sweep_clear(const char *folder, bm_error *error);

/* The settings' numbers, from the runs that have ended. Returns the index of the best setting; -1: none has ended. */
int bm_sweep_score(bm_sweep *sweep);
void bm_sweep_print(const bm_sweep *sweep, int best);
void bm_sweep_json(const bm_sweep *sweep, int best, const char *picture);
/* Curves of the settings that have ended, of the best ones where there are many. *drawn: whether there were any to
 * draw. */
bm_status bm_sweep_plot(bm_sweep *sweep, const char *path, bool *drawn, bm_error *error);

#endif
