/* Rebuilding an experiment and its trained policy from a run folder. */
#include <stdio.h>
#include <string.h>

#include "core/io.h"
#include "train/run.h"

bm_status bm_run_experiment(const char *folder, const char *checkpoint, bm_experiment *experiment, bm_error *error) {
    memset(experiment, 0, sizeof *experiment);
    bm_safetensors file;
    bm_status status = bm_folder_checkpoint(folder, checkpoint, &file, error);
    if (status == BM_OK) {
        status = bm_experiment_from_metadata(experiment, file.metadata, error);
        bm_safetensors_free(&file);
    }
    return status;
}

static bm_status restore_agent(bm_policy *policy, const bm_safetensors *file, bm_error *error) {
    bm_state state = {0};
    bm_state_enter(&state, "agent");
    bm_agent_state(policy->agent, &state);
    bm_state_leave(&state);
    bm_status status = bm_state_check(&state, error);
    if (status == BM_OK) {
        status = bm_safetensors_restore(file, &state, error);
    }
    bm_state_free(&state);
    return status;
}

/* Hyperparameters changed while it trained, up to the checkpoint: exploration may be among them. */
static bm_status change_agent(bm_policy *policy, const char *folder, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    bm_changes changes = {0};
    snprintf(path, sizeof path, "%s/changes.csv", folder);
    bm_status status = bm_path_exists(path) ? bm_changes_read(&changes, path, error) : BM_OK;
    if (status == BM_OK) {
        status = bm_changes_apply(&changes, policy->step, policy->agent, error);
    }
    bm_changes_free(&changes);
    return status;
}

static bm_status build(bm_policy *policy, const char *folder, const bm_safetensors *file, bm_error *error) {
    bm_experiment *experiment = &policy->experiment;
    bm_status status = bm_experiment_from_metadata(experiment, file->metadata, error);
    if (status != BM_OK) {
        return status;
    }
    if ((status = bm_env_create(&policy->env, experiment->env, experiment->env_config, 1, error)) != BM_OK) {
        return status;
    }
    const bm_agent_setup setup = {
        .type = experiment->agent,
        .config = experiment->agent_config,
        .batch = policy->env,
        .max_rows = BM_EVAL_LANES,
        .total_steps = experiment->run.steps,
        .seed = bm_seed_of(0),
        .acts_only = true,
    };
    if ((status = bm_agent_create(&policy->agent, &setup, error)) != BM_OK) {
        return status;
    }
    double step;
    if ((status = bm_checkpoint_number(file, "step", &step, error)) != BM_OK) {
        return status;
    }
    policy->step = (int64_t)step;
    status = restore_agent(policy, file, error);
    return status == BM_OK ? change_agent(policy, folder, error) : status;
}

bm_status bm_policy_load(bm_policy *policy, const char *folder, const char *checkpoint, bm_error *error) {
    memset(policy, 0, sizeof *policy);
    bm_safetensors file;
    bm_status status = bm_folder_checkpoint(folder, checkpoint, &file, error);
    if (status != BM_OK) {
        return status;
    }
    status = build(policy, folder, &file, error);
    bm_safetensors_free(&file);
    if (status != BM_OK) {
        bm_policy_free(policy);
    }
    return status;
}

void bm_policy_free(bm_policy *policy) {
    bm_agent_destroy(policy->agent);
    bm_env_destroy(policy->env);
    bm_experiment_free(&policy->experiment);
    policy->agent = NULL;
    policy->env = NULL;
}
