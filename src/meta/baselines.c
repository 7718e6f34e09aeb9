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
    const void *field;
    const bm_option *row = bm_options_find(learner->options, learner->config, "inner_steps", &field);
    char fewest[32];
    if (!row || *(const int *)field <= (int)row->min) {
        return false;
    }
    snprintf(fewest, sizeof fewest, "%d", (int)row->min);
    return bm_options_set(learner->options, learner->config, row->name, fewest, NULL) == BM_OK;
}

/* False: the tasks cannot be told, or are already. */
static bool show_task(const bm_subject *tasks) {
    const void *field;
    const bm_option *row = bm_options_find(tasks->options, tasks->config, "show_task", &field);
    return row && !*(const bool *)field &&
           bm_options_set(tasks->options, tasks->config, row->name, "true", NULL) == BM_OK;
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
    bm_status status = bm_folder_checkpoint(run, "last", &last, error);
    if (status == BM_OK) {
        status = bm_checkpoint_number(&last, "step", &made, error);
        bm_safetensors_free(&last);
    }
    if (status == BM_OK) {
        experiment->run->total = made > 1 ? (int)made : 1; /* no run makes none */
    }
    return status;
}

/* ---- what is kept ----------------------------------------------------------------------------------------------- */

/* Whether a setting says what is computed, and not for how long, when it is saved, or by which version. */
static bool matters(const char *key) {
    static const char *const others[] = {
        "version", "command", "run.meta_iterations", "run.max_seconds", "run.checkpoint_every", "run.keep",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(key, others[i]) == 0) {
            return false;
        }
    }
    return true;
}

static bool same_settings(const cJSON *wanted, const cJSON *kept) {
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted) {
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(kept, item->string));
        if (matters(item->string) && (!value || strcmp(value, item->valuestring) != 0)) {
            return false;
        }
    }
    return true;
}

typedef enum { BEGIN_ANEW, CONTINUE, COMPLETE } kept_state;

static bm_status compare(const bm_experiment *baseline, const bm_safetensors *kept, kept_state *state,
                         bm_error *error) {
    double iteration, planned;
    bm_status status = bm_checkpoint_number(kept, "step", &iteration, error);
    if (status == BM_OK) {
        status = bm_checkpoint_number(kept, "run.meta_iterations", &planned, error);
    }
    if (status != BM_OK) {
        return status;
    }
    cJSON *wanted = bm_experiment_metadata(baseline);
    if (!wanted) {
        return bm_fail(error, "not enough memory to compare settings");
    }
    const int iterations = baseline->run->total;
    const bool same = same_settings(wanted, kept->metadata) && planned <= iterations;
    cJSON_Delete(wanted);
    *state = !same ? BEGIN_ANEW : iteration < iterations ? CONTINUE : COMPLETE;
    return BM_OK;
}

/* A folder without a checkpoint is one whose run was killed before it had begun. */
static bm_status look_at(const bm_experiment *baseline, const char *folder, kept_state *state, bm_error *error) {
    char checkpoints[BM_PATH_MAX + 16], path[BM_PATH_MAX + 80];
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoint", folder);
    bm_checkpoint_path(checkpoints, "last", path, sizeof path);
    *state = BEGIN_ANEW;
    if (!bm_path_exists(path)) {
        return BM_OK;
    }
    bm_safetensors kept;
    bm_status status = bm_checkpoint_open(checkpoints, "last", &kept, error);
    if (status == BM_OK) {
        status = compare(baseline, &kept, state, error);
        bm_safetensors_free(&kept);
    }
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
