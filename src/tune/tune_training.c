/* A study's objective that trains agents. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "train/agent_trainee.h"
#include "train/run.h"
#include "tune/tune_objective.h"

/* A copy of the base with the settings applied: first those that choose, then those of what was chosen. */
static bm_status apply(const bm_tune_objective *objective, const bm_setting *settings, int count, uint64_t seed,
                       bm_experiment *experiment, bm_error *error) {
    BM_TRY(bm_experiment_copy(experiment, objective->self, error));
    for (int dotted = 0; dotted < 2; dotted++) {
        for (int i = 0; i < count; i++) {
            if ((strchr(settings[i].key, '.') != NULL) == dotted) {
                BM_TRY(bm_experiment_set(experiment, settings[i].key, settings[i].value, error));
            }
        }
    }
    experiment->run->seed = (int)seed;
    return BM_OK;
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
    if (!w->visit(w->context, progress->step, progress->evaluated ? progress->score : NAN)) {
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
        status = bm_experiment_settle(&experiment, error);
    }
    if (status == BM_OK) {
        status = bm_run_create(&run, &experiment, &(bm_run_start){0}, error);
    }
    if (status == BM_OK) {
        const bm_run_watch watch = {.stop = &w.stop, .visit = look, .context = &w};
        status = bm_run_train(run, &watch, &result, error);
    }
    if (status == BM_OK) {
        *value = result.score;
    }
    bm_run_destroy(run);
    bm_experiment_free(&experiment);
    return status;
}

bm_tune_objective bm_tune_training(const bm_experiment *experiment) {
    return (bm_tune_objective){
        .maximize = true, .steps = experiment->run->total, .check = check, .evaluate = evaluate, .self = experiment};
}
