/* See curves.h. */
#include "watch/curves.h"

#include <math.h>
#include <string.h>

#include "train/agent_trainee.h"

static void halve(bm_curve *curve) {
    for (int i = 0; 2 * i < curve->count; i++) {
        curve->x[i] = curve->x[2 * i];
        curve->y[i] = curve->y[2 * i];
    }
    curve->count = (curve->count + 1) / 2;
    curve->stride *= 2;
}

void bm_curve_add(bm_curve *curve, double x, double y) {
    if (isnan(y)) {
        return;
    }
    curve->stride = curve->stride > 0 ? curve->stride : 1;
    if (++curve->skipped < curve->stride) {
        return;
    }
    curve->skipped = 0;
    if (curve->count == BM_CURVE_POINTS) {
        halve(curve);
    }
    curve->x[curve->count] = x;
    curve->y[curve->count++] = y;
}

static int find(const bm_agent_type *agent, const char *name) {
    for (int i = 0; agent->metric_names[i]; i++) {
        if (strcmp(agent->metric_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

void bm_curve_store_init(bm_curve_store *store, const bm_agent_type *agent) {
    static const char *const losses[] = {"train/loss", "train/policy_gradient_loss", "train/actor_loss", NULL};
    memset(store, 0, sizeof *store);
    pthread_mutex_init(&store->lock, NULL);
    store->curves.progress.score = store->curves.progress.training = NAN;
    store->loss_metric = -1;
    for (int i = 0; losses[i] && store->loss_metric < 0; i++) {
        store->loss_metric = find(agent, losses[i]);
    }
    store->curves.loss_name = store->loss_metric >= 0 ? "loss" : NULL;
    store->exploration_sign = 1;
    store->exploration_metric = find(agent, "rollout/exploration_rate");
    store->curves.exploration_name = store->exploration_metric >= 0 ? "exploration rate" : NULL;
    if (store->exploration_metric < 0 && (store->exploration_metric = find(agent, "train/entropy_loss")) >= 0) {
        store->exploration_sign = -1;
        store->curves.exploration_name = "policy entropy (nats)";
    }
}

void bm_curve_store_free(bm_curve_store *store) {
    pthread_mutex_destroy(&store->lock);
}

static void recall(bm_curve *curve, const bm_history *history, const char *name, double sign) {
    const double *values = bm_history_column(history, name);
    for (int i = 0; values && i < history->rows; i++) {
        bm_curve_add(curve, history->step[i], sign * values[i]);
    }
}

void bm_curve_store_recall(bm_curve_store *store, const bm_agent_type *agent, const bm_history *history) {
    bm_curves *curves = &store->curves;
    recall(&curves->episode_return, history, "rollout/ep_rew_mean", 1);
    recall(&curves->evaluation, history, "eval/mean_reward", 1);
    if (store->loss_metric >= 0) {
        recall(&curves->loss, history, agent->metric_names[store->loss_metric], 1);
    }
    if (store->exploration_metric >= 0) {
        recall(&curves->exploration, history, agent->metric_names[store->exploration_metric], store->exploration_sign);
    }
    curves->version++;
}

/* One mark a step; of more than there is room for, the latest. */
static void mark_changes(bm_curves *curves, const bm_changes *changes) {
    int at = BM_CURVE_MARKS;
    for (int i = changes->next - 1; i >= 0 && at > 0; i--) {
        const double step = (double)changes->items[i].step;
        if (at == BM_CURVE_MARKS || curves->marks[at] != step) {
            curves->marks[--at] = step;
        }
    }
    curves->mark_count = BM_CURVE_MARKS - at;
    memmove(curves->marks, curves->marks + at, (size_t)curves->mark_count * sizeof *curves->marks);
}

void bm_curve_store_add(bm_curve_store *store, const bm_progress *progress) {
    bm_curves *curves = &store->curves;
    const double step = (double)progress->step;
    const double *metric = bm_agent_trainee_of(progress->trainee)->agent->metric;
    pthread_mutex_lock(&store->lock);
    if (progress->evaluated) {
        bm_curve_add(&curves->evaluation, step, progress->score);
    } else {
        bm_curve_add(&curves->episode_return, step, progress->training);
        if (store->loss_metric >= 0) {
            bm_curve_add(&curves->loss, step, metric[store->loss_metric]);
        }
        if (store->exploration_metric >= 0) {
            bm_curve_add(&curves->exploration, step, store->exploration_sign * metric[store->exploration_metric]);
        }
    }
    mark_changes(curves, progress->changes);
    curves->progress = *progress;
    curves->progress.trainee = NULL;
    curves->progress.changes = NULL;
    curves->version++;
    pthread_mutex_unlock(&store->lock);
}

bool bm_curve_store_read(bm_curve_store *store, bm_curves *copy) {
    pthread_mutex_lock(&store->lock);
    const bool newer = copy->version != store->curves.version;
    if (newer) {
        *copy = store->curves;
    }
    pthread_mutex_unlock(&store->lock);
    return newer;
}
