/* Dynamic programming over an environment's finite model (Bellman 1957; Sutton and Barto 2018, chapter 4). */
#include "envs/exact.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/linalg.h"

enum { SWEEPS_MAX = 200000, EQUATIONS_MAX = 1024 /* more are slower to solve than to sweep */ };

/* The model as a flat table, and the values of the current and the next sweep. */
typedef struct {
    int states, actions;
    bm_outcome *outcome;   /* [total], by state and action */
    int32_t *first;        /* [states * actions + 1] */
    double *value, *next;  /* [states] */
    const int32_t *policy; /* [states]; NULL: uniform, unless optimal */
    bool optimal;
    double gamma;
    bm_arena arena;
} table;

static bm_status refuse(const bm_env_batch *batch, const int32_t *policy, double gamma, int horizon, bm_error *error) {
    const bm_env_model *model = batch->type->model;
    if (!model) {
        return bm_invalid(error, "%s is not a finite table of states, so it has no exact values", batch->type->id);
    }
    if (!(gamma >= 0 && gamma <= 1)) {
        return bm_invalid(error, "gamma=%g outside [0, 1]", gamma);
    }
    if (horizon < 0) {
        return bm_invalid(error, "horizon=%d is negative; 0 means without end", horizon);
    }
    const int states = policy ? model->states(batch) : 0;
    for (int s = 0; s < states; s++) {
        if (policy[s] < 0 || policy[s] >= batch->action_space.n) {
            return bm_invalid(error, "action %d of state %d outside [0, %d]", policy[s], s, batch->action_space.n - 1);
        }
    }
    return BM_OK;
}

static bm_status tabulate(table *t, const bm_env_batch *batch, bm_error *error) {
    const bm_env_model *model = batch->type->model;
    bm_outcome outcome[BM_OUTCOMES_MAX];
    t->states = model->states(batch);
    t->actions = batch->action_space.n;
    const int pairs = t->states * t->actions;
    t->first = BM_NEW(&t->arena, int32_t, pairs + 1);
    t->value = BM_NEW(&t->arena, double, t->states);
    t->next = BM_NEW(&t->arena, double, t->states);
    size_t total = 0;
    for (int i = 0; i < pairs; i++) {
        total += (size_t)model->outcomes(batch, i / t->actions, i % t->actions, outcome);
    }
    t->outcome = BM_NEW(&t->arena, bm_outcome, total);
    const bm_status status = bm_arena_check(&t->arena, "exact values", error);
    if (status != BM_OK) {
        return status;
    }
    for (int i = 0; i < pairs; i++) {
        const int count = model->outcomes(batch, i / t->actions, i % t->actions, outcome);
        memcpy(t->outcome + t->first[i], outcome, (size_t)count * sizeof *outcome);
        t->first[i + 1] = t->first[i] + count;
    }
    return BM_OK;
}

/* Expected reward and what follows it by value: q(state, action) */
static double action_value(const table *t, int state, int action) {
    const int pair = state * t->actions + action;
    double sum = 0;
    for (int32_t i = t->first[pair]; i < t->first[pair + 1]; i++) {
        const bm_outcome *o = &t->outcome[i];
        sum += o->probability * (o->terminated ? o->reward : o->reward + t->gamma * t->value[o->next]);
    }
    return sum;
}

static double state_value(const table *t, int state) {
    if (t->policy) {
        return action_value(t, state, t->policy[state]);
    }
    double best = -INFINITY, sum = 0;
    for (int a = 0; a < t->actions; a++) {
        const double q = action_value(t, state, a);
        best = fmax(best, q);
        sum += q;
    }
    return t->optimal ? best : sum / t->actions;
}

/* One sweep over all states; the largest change relative to the largest value. */
static double sweep(table *t) {
    double change = 0, largest = 1;
    for (int s = 0; s < t->states; s++) {
        t->next[s] = state_value(t, s);
        change = fmax(change, fabs(t->next[s] - t->value[s]));
        largest = fmax(largest, fabs(t->next[s]));
    }
    double *swap = t->value;
    t->value = t->next;
    t->next = swap;
    return change / largest;
}

/* A change of r in one sweep leaves an error of at most r gamma / (1 - gamma). */
static bm_status iterate(table *t, int horizon, bm_error *error) {
    if (horizon > 0) {
        for (int left = 0; left < horizon; left++) {
            sweep(t);
        }
        return BM_OK;
    }
    const double enough = fmax(4 * DBL_EPSILON, 1e-12 * (1 - t->gamma));
    for (int i = 0; i < SWEEPS_MAX; i++) {
        if (sweep(t) <= enough) {
            return BM_OK;
        }
    }
    return bm_fail(error, "values without a horizon do not settle at gamma=%g; choose a smaller gamma or a horizon",
                   t->gamma);
}

/* (I - gamma P) value = reward, of a policy without a horizon. Singular where gamma is 1 and an episode need not end:
 * sweeps then settle if nothing is paid on such a way. */
static bm_status solve_policy(table *t, bm_error *error) {
    const size_t n = (size_t)t->states;
    double *matrix = BM_NEW(&t->arena, double, n *n);
    bm_status status = bm_arena_check(&t->arena, "exact values", error);
    if (status == BM_OK) {
        status = bm_linalg_open(error);
    }
    for (int pair = 0; status == BM_OK && pair < t->states * t->actions; pair++) {
        const int state = pair / t->actions, action = pair % t->actions;
        const double share = t->policy ? t->policy[state] == action : 1.0 / t->actions;
        double *row = matrix + (size_t)state * n;
        row[state] += share;
        for (int32_t i = t->first[pair]; i < t->first[pair + 1]; i++) {
            const bm_outcome *o = &t->outcome[i];
            t->value[state] += share * o->probability * o->reward;
            row[o->next] -= o->terminated ? 0 : share * o->probability * t->gamma;
        }
    }
    if (status != BM_OK || bm_linalg_solve(t->states, matrix, t->value, NULL) == BM_OK) {
        return status;
    }
    memset(t->value, 0, n * sizeof *t->value);
    return iterate(t, 0, error);
}

static bm_status solve(table *t, const bm_env_batch *batch, int horizon, double *start, double *value,
                       bm_error *error) {
    bm_status status = tabulate(t, batch, error);
    if (status == BM_OK) {
        const bool equations = horizon == 0 && !t->optimal && t->states <= EQUATIONS_MAX;
        status = equations ? solve_policy(t, error) : iterate(t, horizon, error);
    }
    if (status == BM_OK) {
        *start = 0;
        for (int s = 0; s < t->states; s++) {
            *start += batch->type->model->start(batch, s) * t->value[s];
        }
        if (value) {
            memcpy(value, t->value, (size_t)t->states * sizeof *value);
        }
    }
    bm_arena_free(&t->arena);
    return status;
}

bm_status bm_exact_optimal(const bm_env_batch *batch, double gamma, int horizon, double *start, double *value,
                           bm_error *error) {
    const bm_status status = refuse(batch, NULL, gamma, horizon, error);
    table t = {.optimal = true, .gamma = gamma};
    return status == BM_OK ? solve(&t, batch, horizon, start, value, error) : status;
}

bm_status bm_exact_policy(const bm_env_batch *batch, const int32_t *policy, double gamma, int horizon, double *start,
                          double *value, bm_error *error) {
    const bm_status status = refuse(batch, policy, gamma, horizon, error);
    table t = {.policy = policy, .gamma = gamma};
    return status == BM_OK ? solve(&t, batch, horizon, start, value, error) : status;
}
