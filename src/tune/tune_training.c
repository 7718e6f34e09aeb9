/* A study's objective that trains agents. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "train/run.h"
#include "tune/tune_objective.h"

/* A copy of the base with the settings applied: first those that choose, then those of what was chosen. */
static bm_status apply(const bm_tune_objective *objective, const bm_setting *settings, int count, uint64_t seed,
                       bm_experiment *experiment, bm_error *error) {
    const bm_experiment *base = objective->self;
    *experiment = (bm_experiment){0};
    cJSON *metadata = bm_experiment_metadata(base);
    if (!metadata) {
        return bm_fail(error, "not enough memory for the experiment");
    }
    bm_status status = bm_experiment_from_metadata(experiment, metadata, error);
    cJSON_Delete(metadata);
    for (int dotted = 0; dotted < 2; dotted++) {
        for (int i = 0; i < count && status == BM_OK; i++) {
            if ((strchr(settings[i].key, '.') != NULL) == dotted) {
                status = bm_experiment_set(experiment, settings[i].key, settings[i].value, error);
            }
        }
    }
    experiment->run.seed = (int)seed;
    return status;
}

static bm_status check(const bm_tune_objective *objective, const bm_setting *settings, int count, bm_error *error) {
    bm_experiment experiment;
    const bm_status status = apply(objective, settings, count, 1, &experiment, error);
    bm_experiment_free(&experiment);
    return status;
}

typedef struct {
    bm_tune_visitor *visit;
    void *context;
    atomic_int stop;
} watcher;

static void look(void *context, const bm_progress *progress) {
    watcher *w = context;
    if (!w->visit(w->context, progress->step, progress->evaluated ? progress->eval_return : NAN)) {
        atomic_store(&w->stop, 1);
    }
}

static bm_status evaluate(const bm_tune_objective *objective, const bm_setting *settings, int count, uint64_t seed,
                          bm_tune_visitor *visit, void *context, double *value, bm_error *error) {
    bm_experiment experiment;
    bm_run *run = NULL;
    bm_run_result result;
    watcher w = {.visit = visit, .context = context};
    *value = NAN;
    bm_status status = apply(objective, settings, count, seed, &experiment, error);
    if (status == BM_OK) {
        bm_experiment_settle(&experiment);
        status = bm_run_create(&run, &experiment, NULL, NULL, NULL, NULL, error);
    }
    if (status == BM_OK) {
        const bm_run_watch watch = {.stop = &w.stop, .visit = look, .context = &w};
        status = bm_run_train(run, &watch, &result, error);
    }
    if (status == BM_OK && result.eval.episodes > 0) {
        *value = result.eval.mean_return;
    }
    bm_run_destroy(run);
    bm_experiment_free(&experiment);
    return status;
}

bm_tune_objective bm_tune_training(const bm_experiment *experiment) {
    return (bm_tune_objective){
        .maximize = true, .steps = experiment->run.steps, .check = check, .evaluate = evaluate, .self = experiment};
}
