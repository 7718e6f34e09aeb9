/* Settings and folders of baselines; see baselines.h. */
#include "meta/baselines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io.h"

const char *bm_baseline_name(bm_baseline which) {
    static const char *const name[BM_BASELINES] = {"pretrained", "oracle"};
    return name[which];
}

bm_status bm_baseline_folder(bm_baseline which, const char *run, char folder[BM_PATH_MAX], bm_error *error) {
    const int n = snprintf(folder, BM_PATH_MAX, "%s/baselines/%s", run, bm_baseline_name(which));
    return n < BM_PATH_MAX ? BM_OK : bm_invalid(error, "the run folder's name is too long: %.80s...", run);
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

/* False: there are no fewer than the run has. */
static bool fewest_inner_steps(const bm_subject *learner) {
    const bm_option *row = bm_options_find(learner->options, learner->config, "inner_steps", NULL);
    char fewest[32];
    if (!row || bm_options_number(learner->options, learner->config, row->name) <= row->min) {
        return false;
    }
    snprintf(fewest, sizeof fewest, "%.0f", row->min);
    return bm_options_set(learner->options, learner->config, row->name, fewest, NULL) == BM_OK;
}

/* False: the tasks cannot be told, or are already. */
static bool show_task(const bm_subject *tasks) {
    static const char key[] = "show_task";
    return bm_options_number(tasks->options, tasks->config, key) == 0 &&
           bm_options_set(tasks->options, tasks->config, key, "true", NULL) == BM_OK;
}

bool bm_baseline_of(bm_baseline which, bm_experiment *experiment) {
    const bool fewer = fewest_inner_steps(&experiment->learner);
    experiment->run->max_seconds = INFINITY;
    experiment->run->keep = 0;
    if (which == BM_BASELINE_ORACLE) {
        bm_meta_run_of(experiment)->eval_adapt_steps = (bm_int_list){.count = 1, .value = {0}};
        return show_task(&experiment->problem);
    }
    return fewer;
}

bm_status bm_baseline_length(const char *run, bm_experiment *experiment, bm_error *error) {
    bm_safetensors last;
    double made;
    BM_TRY(bm_folder_checkpoint(run, "last", &last, error));
    const bm_status status = bm_checkpoint_number(&last, "step", &made, error);
    bm_safetensors_free(&last);
    BM_TRY(status);
    experiment->run->total = made > 1 ? (int)made : 1; /* no run makes none */
    return BM_OK;
}

/* ---- what is kept ----------------------------------------------------------------------------------------------- */

typedef enum { BEGIN_ANEW, CONTINUE, COMPLETE } kept_state;

/* Whether what the two compute is the same, given its length; changes settings of kept that say nothing about that. */
static bool same_settings(const bm_experiment *wanted, bm_experiment *kept) {
    kept->run->total = wanted->run->total;
    kept->run->max_seconds = wanted->run->max_seconds;
    kept->run->checkpoint_every = wanted->run->checkpoint_every;
    kept->run->keep = wanted->run->keep;
    memcpy(kept->command, wanted->command, sizeof kept->command);
    cJSON *ours = bm_experiment_metadata(wanted), *theirs = bm_experiment_metadata(kept);
    const bool same = ours && theirs && cJSON_Compare(ours, theirs, true);
    cJSON_Delete(ours);
    cJSON_Delete(theirs);
    return same;
}

/* Without a checkpoint, a run was killed before it had begun; settings that cannot be read are others. */
static bm_status look_at(const bm_experiment *baseline, const char *folder, kept_state *state, bm_error *error) {
    char path[BM_PATH_MAX + 80];
    bm_safetensors file;
    bm_experiment kept;
    double iteration;
    snprintf(path, sizeof path, "%s/checkpoint/last.safetensors", folder);
    *state = BEGIN_ANEW;
    if (!bm_path_exists(path)) {
        return BM_OK;
    }
    BM_TRY(bm_folder_checkpoint(folder, "last", &file, error));
    const bm_status status = bm_checkpoint_number(&file, "step", &iteration, error);
    const int total = baseline->run->total;
    if (bm_experiment_from_metadata(&kept, baseline->type, file.metadata, NULL) == BM_OK && kept.run->total <= total &&
        same_settings(baseline, &kept)) {
        *state = iteration < total ? CONTINUE : COMPLETE;
    }
    bm_experiment_free(&kept);
    bm_safetensors_free(&file);
    return status;
}

bm_status bm_baseline_open(bm_run **run, const bm_experiment *baseline, const char *folder, bm_error *error) {
    kept_state state;
    *run = NULL;
    BM_TRY(look_at(baseline, folder, &state, error));
    return state == COMPLETE   ? BM_OK
           : state == CONTINUE ? bm_run_resume(run, baseline, folder, error)
                               : bm_run_create(run, baseline, &(bm_run_start){.folder = folder}, error);
}
