/* The outer parameters and what they are parameters of; see meta_model.h. */
#include "meta/meta_model.h"

#include <string.h>

bm_status bm_meta_model_create(bm_meta_model *model, const bm_meta_experiment *experiment, int threads,
                               bm_error *error) {
    const bm_meta_config *run = &experiment->run;
    bm_status status = bm_pool_create(&model->pool, threads, error);
    if (status == BM_OK) {
        status = bm_tasks_create(&model->tasks, experiment->tasks, experiment->tasks_config, &run->net,
                                 bm_activations[run->activation], error);
    }
    if (status == BM_OK) {
        status = bm_learner_create(&model->learner, experiment->learner, experiment->learner_config, model->tasks,
                                   run->meta_batch_size, model->pool, error);
    }
    if (status == BM_OK) {
        model->outer = BM_NEW(&model->arena, bm_real, model->learner->parameters);
        status = bm_arena_check(&model->arena, "the outer parameters", error);
    }
    return status;
}

static void name_rest(bm_state *state, const char *name, bm_real *from, size_t n) {
    if (n > 0) {
        bm_state_vector(state, name, BM_REAL_DTYPE, from, n);
    }
}

void bm_meta_model_state(const bm_meta_model *model, bm_state *state) {
    const size_t of_net = model->tasks->net.parameters, of_task = model->tasks->parameters;
    bm_state_enter(state, "nets");
    bm_net_state(&model->tasks->net, model->outer, state);
    bm_state_leave(state);
    name_rest(state, "policy", model->outer + of_net, of_task - of_net);
    name_rest(state, "learner", model->outer + of_task, model->learner->parameters - of_task);
}

void bm_meta_model_free(bm_meta_model *model) {
    bm_learner_destroy(model->learner);
    bm_tasks_destroy(model->tasks);
    bm_pool_destroy(model->pool);
    bm_arena_free(&model->arena);
}

/* ---- from a checkpoint ------------------------------------------------------------------------------------------ */

static bm_status restore(bm_meta_learned *learned, const bm_safetensors *file, bm_error *error) {
    double iteration;
    bm_state state = {0};
    bm_state_enter(&state, "meta");
    bm_meta_model_state(&learned->model, &state);
    bm_state_leave(&state);
    bm_status status = bm_state_check(&state, error);
    if (status == BM_OK) {
        status = bm_safetensors_restore(file, &state, error);
    }
    bm_state_free(&state);
    if (status == BM_OK && (status = bm_checkpoint_number(file, "step", &iteration, error)) == BM_OK) {
        learned->iteration = (int64_t)iteration;
    }
    return status;
}

bm_status bm_meta_learned_load(bm_meta_learned *learned, const char *folder, const char *checkpoint, int threads,
                               bm_error *error) {
    memset(learned, 0, sizeof *learned);
    bm_safetensors file;
    bm_status status = bm_folder_checkpoint(folder, checkpoint, &file, error);
    if (status != BM_OK) {
        return status;
    }
    status = bm_meta_experiment_from_metadata(&learned->experiment, file.metadata, error);
    if (status == BM_OK) {
        status = bm_meta_model_create(&learned->model, &learned->experiment, threads, error);
    }
    if (status == BM_OK) {
        status = restore(learned, &file, error);
    }
    bm_safetensors_free(&file);
    return status;
}

void bm_meta_learned_free(bm_meta_learned *learned) {
    bm_meta_model_free(&learned->model);
    bm_meta_experiment_free(&learned->experiment);
}
