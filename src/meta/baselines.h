#ifndef BM_META_BASELINES_H
#define BM_META_BASELINES_H

/* What a learner must beat: the same network, trained on the same tasks by the same outer loop for as many iterations,
 * but on all tasks together, without learning to adapt (Finn, Abbeel and Levine 2017, section 5.1). They are runs of
 * meta-training in folders of their own within the run's, and as such can be stopped and continued. */
#include "meta/meta_trainee.h"
#include "train/run.h"

typedef enum {
    BM_BASELINE_PRETRAINED, /* one model for all tasks, which is then adapted as the learner's is */
    BM_BASELINE_ORACLE,     /* the same, told which task it is: nothing is left to adapt to */
    BM_BASELINES
} bm_baseline;

const char *bm_baseline_name(bm_baseline which); /* "pretrained" */
/* RUN/baselines/NAME. BM_INVALID: too long a name. */
bm_status bm_baseline_folder(bm_baseline which, const char *run, char folder[BM_PATH_MAX], bm_error *error);

/* Turns the settings of a run into those of its baseline: as few inner steps as its learner can do with, which is none
 * for MAML and its kin, and one, plain training on whatever task it is, for Reptile (Nichol et al. 2018, section 3),
 * and no end but that by iterations. False: there is no such baseline, because the family cannot tell its task or the
 * run is what the baseline would be. */
bool bm_baseline_of(bm_baseline which, bm_experiment *experiment);

/* Makes the baseline as long as the run is by now: shorter than was planned, if it was stopped or had max_seconds. */
bm_status bm_baseline_length(const char *run, bm_experiment *experiment, bm_error *error);

/* Ready to be trained: begun anew where the folder holds nothing or something of other settings, else continued, also
 * to more iterations. *run NULL: what the folder holds is complete. */
bm_status bm_baseline_open(bm_run **run, const bm_experiment *baseline, const char *folder, bm_error *error);

#endif
