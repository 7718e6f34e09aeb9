/* The tree-structured Parzen estimator, multivariate. The trials so far fall into the few good ones and the rest; each
 * part becomes a density, l and g, a mixture with one product of kernels for every trial; of some candidates drawn from
 * l the one with the largest l/g is tried next, since that has the largest expected improvement.
 *
 * Bergstra, Bardenet, Bengio and Kégl 2011, "Algorithms for Hyper-Parameter Optimization"; Falkner, Klein and Hutter
 * 2018, "BOHB", for kernels over all parameters at once; the settings are those of Optuna 3.1's
 * TPESampler(multivariate=True, group=True):
 *
 *  - good are the best tenth, rounded up, and no more than 25. Pruned trials count, behind the complete ones
 *    (bm_trial_compare).
 *  - numbers, in [0, 1], have truncated normal kernels of width bandwidth n^(-1/(d+4)), Scott's rule; where there are
 *    steps, a value's mass is that of its cell. Categories have a 1 at the trial's choice, and a share of the prior
 *    each.
 *  - the prior is one more kernel, in the middle and as wide as the range, with the weight of one trial.
 *  - of more than 25 trials the older ones weigh less, down to 1/n.
 *  - parameters that exist under the same condition are a group with mixtures of its own, over the trials that have
 *    them. A group with fewer than n_startup_trials of these is drawn at random.
 *
 * Two things differ. Optuna takes 0.2 for bandwidth and keeps kernels of few trials wider still ("magic clip"), but its
 * densities lack each kernel's 1/width, which favours the narrow ones' centres as narrower kernels would. With complete
 * densities, 0.1 and no clip are what does at least as well (bench/samplers.py; Watanabe 2023, "Tree-Structured Parzen
 * Estimator", on narrow kernels). And trials that still run count among the rest, wherever they are: several workers
 * then try different things. */
#include <math.h>

#include "tune/sampler.h"

typedef struct {
    int n_startup_trials, n_ei_candidates;
    double bandwidth;
} tpe_config;

static const bm_option options[] = {
    BM_OPTION(tpe_config, n_startup_trials, 10, 1, 1000000, BM_LOG, "finished trials before results guide it"),
    BM_OPTION(tpe_config, n_ei_candidates, 24, 1, 100000, BM_LOG, "candidates from which the best is taken"),
    BM_OPTION(tpe_config, bandwidth, 0.1, 0.001, 1, BM_LOG, "width of one trial's kernel, as a share of each range"),
};

enum { MOST_GOOD = 25, MOST_EQUAL = 25 };

/* ---- the parameters that exist together ---- */

typedef struct {
    const bm_parameter *parameter;
    int index;   /* in the space */
    double half; /* of a cell of [0, 1]; 0: a continuum */
} dimension;

typedef struct {
    int dims;
    dimension dimension[BM_PARAMETERS];
} group;

static bool together(const bm_parameter *a, const bm_parameter *b) {
    return a->parent == b->parent && a->when == b->when;
}

static group group_of(const bm_search_space *space, int first) {
    group members = {0};
    for (int i = first; i < space->count; i++) {
        const bm_parameter *parameter = &space->parameter[i];
        if (together(parameter, &space->parameter[first])) {
            const bool cells = parameter->step > 0 && !parameter->log;
            members.dimension[members.dims++] = (dimension){
                .parameter = parameter, .index = i, .half = cells ? 0.5 / (double)bm_parameter_values(parameter) : 0};
        }
    }
    return members;
}

/* Whether the group of parameter i was met before it. */
static bool is_first(const bm_search_space *space, int i) {
    for (int earlier = 0; earlier < i; earlier++) {
        if (together(&space->parameter[earlier], &space->parameter[i])) {
            return false;
        }
    }
    return true;
}

/* A category as it is, a number in [0, 1]. */
static double to_coordinate(const dimension *d, double value) {
    return d->parameter->kind == BM_PARAMETER_CATEGORICAL ? value : bm_parameter_to_unit(d->parameter, value);
}

static double to_value(const dimension *d, double coordinate) {
    return d->parameter->kind == BM_PARAMETER_CATEGORICAL ? coordinate
                                                          : bm_parameter_from_unit(d->parameter, coordinate);
}

/* ---- mixtures of kernels ---- */

typedef struct {
    const group *members;
    int kernels;       /* trials, and the prior as the last */
    double *centre;    /* [kernels, dims]; of the prior's categories: -1 */
    double *weight;    /* [kernels], sums to 1 */
    double *log_scale; /* [kernels]: log of the weight and of what makes each kernel's mass 1 */
    double width;      /* of the trials' kernels */
} mixture;

/* As wide as half a cell at least, so that the values beside a trial's keep a part of its mass. */
static double width_of(const mixture *m, int k, int d) {
    return k == m->kernels - 1 ? 1 : fmax(m->width, m->members->dimension[d].half);
}

/* The mass of a standard normal between a and b, a <= b; by the side on which it keeps its digits. */
static double normal_mass(double a, double b) {
    static const double root_half = 0.70710678118654752440;
    return a > 0 ? 0.5 * (erfc(a * root_half) - erfc(b * root_half))
                 : 0.5 * (erfc(-b * root_half) - erfc(-a * root_half));
}

/* As the weights of n trials, the oldest first: 1 for the last 25, before them rising from 1/n. */
static double age_weight(int i, int n) {
    const int ramp = n - MOST_EQUAL;
    if (i >= ramp) {
        return 1;
    }
    return ramp > 1 ? 1.0 / n + (1 - 1.0 / n) * i / (ramp - 1) : 1.0 / n;
}

static void set_weights(mixture *m) {
    const int trials = m->kernels - 1;
    double sum = 1; /* of the prior */
    for (int k = 0; k < trials; k++) {
        sum += m->weight[k] = age_weight(k, trials);
    }
    m->weight[trials] = 1;
    for (int k = 0; k < m->kernels; k++) {
        m->weight[k] /= sum;
    }
}

static void set_scales(mixture *m) {
    const int dims = m->members->dims;
    for (int k = 0; k < m->kernels; k++) {
        m->log_scale[k] = log(m->weight[k]);
        for (int d = 0; d < dims; d++) {
            if (m->members->dimension[d].parameter->kind != BM_PARAMETER_CATEGORICAL) {
                const double centre = m->centre[k * dims + d], width = width_of(m, k, d);
                m->log_scale[k] -= log(normal_mass(-centre / width, (1 - centre) / width));
                m->log_scale[k] -= m->members->dimension[d].half > 0 ? 0 : log(width);
            }
        }
    }
}

/* The mixture over those of trial [trials] that are as good says. */
static mixture mixture_of(const group *members, double bandwidth, const bm_trial *const *trial, const bool *is_good,
                          int trials, bool good, bm_arena *arena) {
    mixture m = {.members = members, .kernels = 1};
    for (int i = 0; i < trials; i++) {
        m.kernels += is_good[i] == good;
    }
    const int dims = members->dims, n = m.kernels - 1;
    m.centre = BM_NEW(arena, double, (size_t)m.kernels *(size_t)dims);
    m.weight = BM_NEW(arena, double, m.kernels);
    m.log_scale = BM_NEW(arena, double, m.kernels);
    if (arena->refused) {
        return m;
    }
    m.width = bandwidth * pow(n > 1 ? n : 1, -1.0 / (dims + 4));
    double *centre = m.centre;
    for (int i = 0; i < trials; i++) {
        for (int d = 0; d < dims && is_good[i] == good; d++) {
            *centre++ = to_coordinate(&members->dimension[d], trial[i]->param[members->dimension[d].index]);
        }
    }
    for (int d = 0; d < dims; d++) {
        *centre++ = members->dimension[d].parameter->kind == BM_PARAMETER_CATEGORICAL ? -1 : 0.5;
    }
    set_weights(&m);
    set_scales(&m);
    return m;
}

/* The prior's weight, 1, is shared by all kernels, and by the choices of each. */
static double category_mass(const mixture *m, int choices, double centre, double choice) {
    const double prior = 1.0 / m->kernels;
    return (prior + (centre == choice ? 1 : 0)) / (prior * choices + (centre >= 0 ? 1 : 0));
}

/* But for a constant that all mixtures of the group share. */
static double log_kernel(const mixture *m, int k, const double *x) {
    const int dims = m->members->dims;
    const double *centre = m->centre + k * dims;
    double exponent = 0, masses = 0;
    for (int d = 0; d < dims; d++) {
        const dimension *dim = &m->members->dimension[d];
        const double width = width_of(m, k, d), distance = (x[d] - centre[d]) / width, half = dim->half / width;
        if (dim->parameter->kind == BM_PARAMETER_CATEGORICAL) {
            masses += log(category_mass(m, dim->parameter->choices, centre[d], x[d]));
        } else if (half > 0) {
            masses += log(normal_mass(distance - half, distance + half) + 1e-300);
        } else {
            exponent += distance * distance;
        }
    }
    return m->log_scale[k] + masses - 0.5 * exponent;
}

/* log of the sum, scaled by the largest so far, over all kernels. */
static double log_density(const mixture *m, const double *x) {
    double largest = -HUGE_VAL, sum = 0;
    for (int k = 0; k < m->kernels; k++) {
        const double log_mass = log_kernel(m, k, x);
        if (log_mass > largest) {
            sum *= exp(largest - log_mass);
            largest = log_mass;
        }
        sum += exp(log_mass - largest);
    }
    return largest + log(sum);
}

static double draw_category(const mixture *m, int choices, double centre, bm_rng *rng) {
    double left = bm_rng_double(rng);
    int choice = 0;
    while (choice < choices - 1 && left >= category_mass(m, choices, centre, choice)) {
        left -= category_mass(m, choices, centre, choice++);
    }
    return choice;
}

/* Truncated by drawing again: the centre lies in [0, 1] and the width is at most 1, so one of three draws does. */
static double draw_number(double centre, double width, bm_rng *rng) {
    double x;
    do {
        x = centre + width * bm_rng_normal(rng);
    } while (x < 0 || x >= 1);
    return x;
}

static void draw(const mixture *m, bm_rng *rng, double *x) {
    const int k = (int)bm_rng_choice(rng, (size_t)m->kernels, m->weight);
    for (int d = 0; d < m->members->dims; d++) {
        const dimension *dim = &m->members->dimension[d];
        const double centre = m->centre[k * m->members->dims + d];
        if (dim->parameter->kind == BM_PARAMETER_CATEGORICAL) {
            x[d] = draw_category(m, dim->parameter->choices, centre, rng);
        } else {
            x[d] = to_coordinate(dim, to_value(dim, draw_number(centre, width_of(m, k, d), rng)));
        }
    }
}

/* ---- a group's next values ---- */

static bool has_group(const group *members, const bm_trial *trial) {
    for (int d = 0; d < members->dims; d++) {
        if (isnan(trial->param[members->dimension[d].index])) {
            return false;
        }
    }
    return true;
}

/* The trials before number that have the group, by number: the judged ones and those that run. Returns how many of them
 * are judged. */
static int gather(const group *members, const bm_trials *trials, int64_t number, const bm_trial **trial, int *count) {
    int judged = 0;
    *count = 0;
    for (int i = 0; i < trials->count; i++) {
        const bm_trial *candidate = &trials->trial[i];
        const bool is_judged = bm_trial_judged(candidate), runs = candidate->state == BM_TRIAL_RUNNING;
        if (candidate->number < number && (is_judged || runs) && has_group(members, candidate)) {
            trial[(*count)++] = candidate;
            judged += is_judged;
        }
    }
    return judged;
}

/* Marks the best tenth of the judged ones. */
static void mark_good(const bm_trials *trials, const bm_trial *const *trial, int count, int judged, bool *is_good) {
    const int tenth = (judged + 9) / 10, goods = tenth < MOST_GOOD ? tenth : MOST_GOOD;
    for (int found = 0; found < goods; found++) {
        int best = -1;
        for (int i = 0; i < count; i++) {
            if (!is_good[i] && bm_trial_judged(trial[i]) &&
                (best < 0 || bm_trial_compare(trials, trial[i], trial[best]) < 0)) {
                best = i;
            }
        }
        is_good[best] = true;
    }
}

static void choose(const tpe_config *config, const mixture *good, const mixture *rest, bm_rng *rng, double *value) {
    const group *members = good->members;
    double best = -HUGE_VAL, x[BM_PARAMETERS];
    for (int candidate = 0; candidate < config->n_ei_candidates; candidate++) {
        draw(good, rng, x);
        const double improvement = log_density(good, x) - log_density(rest, x);
        if (candidate == 0 || improvement > best) {
            best = improvement;
            for (int d = 0; d < members->dims; d++) {
                value[members->dimension[d].index] = to_value(&members->dimension[d], x[d]);
            }
        }
    }
}

/* Leaves the values as they are where there are too few trials, or no memory. */
static void sample_group(const bm_sampler *sampler, const group *members, const bm_trials *trials, int64_t number,
                         bm_rng *rng, double *value) {
    const tpe_config *config = sampler->config;
    bm_arena arena = {0};
    const bm_trial **trial = BM_NEW(&arena, const bm_trial *, trials->count);
    bool *is_good = BM_NEW(&arena, bool, trials->count);
    int count;
    const int judged = arena.refused ? 0 : gather(members, trials, number, trial, &count);
    if (judged >= config->n_startup_trials) {
        mark_good(trials, trial, count, judged, is_good);
        const mixture good = mixture_of(members, config->bandwidth, trial, is_good, count, true, &arena);
        const mixture rest = mixture_of(members, config->bandwidth, trial, is_good, count, false, &arena);
        if (!arena.refused) {
            choose(config, &good, &rest, rng, value);
        }
    }
    bm_arena_free(&arena);
}

static void sample(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value) {
    const bm_search_space *space = sampler->space;
    bm_rng rng = bm_sampler_trial_rng(sampler, number);
    for (int i = 0; i < space->count; i++) {
        value[i] = bm_parameter_from_unit(&space->parameter[i], bm_rng_double(&rng));
    }
    for (int i = 0; i < space->count; i++) {
        if (is_first(space, i) && bm_parameter_exists(space, i, value)) {
            const group members = group_of(space, i);
            sample_group(sampler, &members, trials, number, &rng, value);
        }
    }
}

const bm_sampler_type bm_sampler_tpe = {
    .name = "tpe",
    .summary = "draws near the good trials and far from the rest; categories, conditions, any number of trials",
    .source = "Bergstra et al. 2011; Falkner et al. 2018",
    .options = BM_OPTIONS(options, tpe_config),
    .looks = true,
    .sample = sample,
};
