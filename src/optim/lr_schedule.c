/* The schedules. Where PyTorch has no default (StepLR's step_size, ExponentialLR's gamma, CosineAnnealingLR's T_max,
 * OneCycleLR's max_lr and total_steps) ours is said at the row. PyTorch computes most of them step by step; these are
 * its closed forms, equal but for rounding. */
#include "optim/lr_schedule.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* The number of steps that a 0 in the options stands for: the whole run's. */
static double steps_or_total(int steps, int64_t total) {
    const int64_t chosen = steps ? steps : total;
    return chosen > 1 ? (double)chosen : 1;
}

/* From start to end, share (0 to 1) of the way: straight, or half a wave of the cosine. */
static double straight(double start, double end, double share) {
    return start + (end - start) * share;
}

static double half_wave(double start, double end, double share) {
    return end + (start - end) * (1 + cos(pi * share)) / 2;
}

/* constant: lr. */
static double constant_at(const void *config, double lr, int64_t step, int64_t total, double *momentum) {
    (void)config;
    (void)step;
    (void)total;
    (void)momentum;
    return lr;
}

static const bm_lr_schedule_type constant_schedule = {
    .name = "constant",
    .summary = "the learning rate as it is set",
    .at = constant_at,
};

/* StepLR: lr gamma^floor(k / step_size). */
typedef struct {
    int step_size;
    double gamma;
} step_config;

static const bm_option step_rows[] = {
    /* The step_size of the example in PyTorch's documentation. */
    BM_OPTION(step_config, step_size, 30, 1, 2147483647, BM_LOG, "steps between two falls"),
    BM_OPTION(step_config, gamma, 0.1, 0, 10, BM_LINEAR, "factor of each fall"),
};

static double step_at(const void *config, double lr, int64_t step, int64_t total, double *momentum) {
    const step_config *c = config;
    (void)total;
    (void)momentum;
    return lr * pow(c->gamma, (double)(step / c->step_size));
}

static const bm_lr_schedule_type step_schedule = {
    .name = "step",
    .summary = "falls by a factor every so many steps (StepLR)",
    .options = BM_OPTIONS(step_rows, step_config),
    .at = step_at,
};

/* ExponentialLR: lr gamma^k. */
typedef struct {
    double gamma;
} exponential_config;

static const bm_option exponential_rows[] = {
    BM_OPTION(exponential_config, gamma, 0.95, 0, 10, BM_LINEAR, "factor of every step"),
};

static double exponential_at(const void *config, double lr, int64_t step, int64_t total, double *momentum) {
    const exponential_config *c = config;
    (void)total;
    (void)momentum;
    return lr * pow(c->gamma, (double)step);
}

static const bm_lr_schedule_type exponential_schedule = {
    .name = "exponential",
    .summary = "falls by a factor every step (ExponentialLR)",
    .options = BM_OPTIONS(exponential_rows, exponential_config),
    .at = exponential_at,
};

/* CosineAnnealingLR (Loshchilov and Hutter 2017, without restarts): half a wave of the cosine from lr to eta_min in
 * T_max steps; beyond T_max the wave goes on, up again. */
typedef struct {
    int T_max;
    double eta_min;
} cosine_config;

static const bm_option cosine_rows[] = {
    BM_OPTION(cosine_config, T_max, 0, 0, 2147483647, BM_LOG, "steps down to eta_min; 0: the whole run"),
    BM_OPTION(cosine_config, eta_min, 0, 0, 1000, BM_LINEAR, "learning rate at the bottom"),
};

static double cosine_at(const void *config, double lr, int64_t step, int64_t total, double *momentum) {
    const cosine_config *c = config;
    (void)momentum;
    return half_wave(lr, c->eta_min, (double)step / steps_or_total(c->T_max, total));
}

static const bm_lr_schedule_type cosine_schedule = {
    .name = "cosine",
    .summary = "half a wave of the cosine down (CosineAnnealingLR)",
    .options = BM_OPTIONS(cosine_rows, cosine_config),
    .at = cosine_at,
};

/* OneCycleLR (Smith and Topin 2018): up from max_lr / div_factor to max_lr while momentum falls, then both back, the
 * rate down to 1 / final_div_factor of where it began. three_phase: back at the start's values first, as fast as up,
 * and down from there. Here max_lr may be left out: then the learning rate that is set is the highest, as in fastai's
 * fit_one_cycle. PyTorch refuses steps beyond total_steps; here the last values stay. */
typedef struct {
    double max_lr;
    int total_steps;
    double pct_start;
    int anneal_strategy;
    double div_factor, final_div_factor;
    bool three_phase, cycle_momentum;
    double base_momentum, max_momentum;
} one_cycle_config;

enum { COS, LINEAR };
static const char *const strategies[] = {"cos", "linear", NULL};

static const bm_option one_cycle_rows[] = {
    BM_OPTION(one_cycle_config, max_lr, 0, 0, 1000, BM_LINEAR, "highest learning rate; 0: the one that is set"),
    BM_OPTION(one_cycle_config, total_steps, 0, 0, 2147483647, BM_LOG, "steps of the cycle; 0: the whole run"),
    BM_OPTION(one_cycle_config, pct_start, 0.3, 0, 1, BM_LINEAR, "share of the cycle spent going up"),
    BM_OPTION_CHOICE(one_cycle_config, anneal_strategy, "cos", strategies, "shape of the ways up and down"),
    BM_OPTION(one_cycle_config, div_factor, 25, 1, 1e9, BM_LOG, "highest learning rate over the first"),
    BM_OPTION(one_cycle_config, final_div_factor, 1e4, 1, 1e12, BM_LOG, "first learning rate over the last"),
    BM_OPTION_STRING(one_cycle_config, three_phase, "false", 0, 0,
                     "down in two phases, the first as long as the way up"),
    BM_OPTION_STRING(one_cycle_config, cycle_momentum, "true", 0, 0, "momentum (or beta1) falls while the rate rises"),
    BM_OPTION(one_cycle_config, base_momentum, 0.85, 0, 0.99999, BM_LINEAR, "momentum at the highest learning rate"),
    BM_OPTION(one_cycle_config, max_momentum, 0.95, 0, 0.99999, BM_LINEAR, "momentum at the ends"),
};

/* Where a phase ends, and what holds there. */
typedef struct {
    double step, lr, momentum;
} milestone;

static double one_cycle_at(const void *config, double lr, int64_t step, int64_t total, double *momentum) {
    const one_cycle_config *c = config;
    const double length = steps_or_total(c->total_steps, total), now = fmin((double)step, length - 1);
    const double highest = c->max_lr > 0 ? c->max_lr : lr;
    const double first = highest / c->div_factor, last = first / c->final_div_factor;
    const milestone start = {0, first, c->max_momentum}, end = {length - 1, last, c->max_momentum};
    const milestone top = {c->pct_start * length - 1, highest, c->base_momentum};
    const milestone middle = {2 * c->pct_start * length - 2, first, c->max_momentum};

    milestone from = start, to = top;
    if (now > top.step) {
        from = top;
        to = c->three_phase ? middle : end;
    }
    if (c->three_phase && now > top.step && now > middle.step) {
        from = middle;
        to = end;
    }
    const double share = to.step > from.step ? (now - from.step) / (to.step - from.step) : 1;
    double (*const between)(double, double, double) = c->anneal_strategy == COS ? half_wave : straight;
    if (c->cycle_momentum) {
        *momentum = between(from.momentum, to.momentum, share);
    }
    return between(from.lr, to.lr, share);
}

static const bm_lr_schedule_type one_cycle_schedule = {
    .name = "one_cycle",
    .summary = "up to the highest learning rate, then down for good (OneCycleLR)",
    .options = BM_OPTIONS(one_cycle_rows, one_cycle_config),
    .at = one_cycle_at,
};

/* LinearLR: from lr start_factor to lr end_factor in total_iters steps, and on at that. As it stands it warms up; 1 to
 * 0 over the whole run is RL Zoo's lin_X. */
typedef struct {
    double start_factor, end_factor;
    int total_iters;
} linear_config;

static const bm_option linear_rows[] = {
    BM_OPTION(linear_config, start_factor, 0.3333333333333333, 0, 1, BM_LINEAR, "share of the learning rate at first"),
    BM_OPTION(linear_config, end_factor, 1, 0, 1, BM_LINEAR, "share of the learning rate at last"),
    BM_OPTION(linear_config, total_iters, 5, 0, 2147483647, BM_LOG, "steps from first to last; 0: the whole run"),
};

static double linear_at(const void *config, double lr, int64_t step, int64_t total, double *momentum) {
    const linear_config *c = config;
    (void)momentum;
    const double share = fmin(1, (double)step / steps_or_total(c->total_iters, total));
    return lr * straight(c->start_factor, c->end_factor, share);
}

static const bm_lr_schedule_type linear_schedule = {
    .name = "linear",
    .summary = "a straight line to a value that stays: linear warm-up (LinearLR)",
    .options = BM_OPTIONS(linear_rows, linear_config),
    .at = linear_at,
};

const bm_lr_schedule_type *const bm_lr_schedule_types[] = {
#define SCHEDULE(name) &name##_schedule,
#include "optim/lr_schedule_list.h"
#undef SCHEDULE
    NULL,
};

const bm_variant_kind bm_lr_schedule_kinds[] = {
#define SCHEDULE(name) {#name, &name##_schedule.options},
#include "optim/lr_schedule_list.h"
#undef SCHEDULE
    {NULL, NULL},
};

double bm_lr_schedule_at(const bm_variant *choice, double lr, int64_t step, int64_t total, double *momentum) {
    *momentum = NAN;
    return bm_lr_schedule_types[choice->kind]->at(choice->config, lr, step, total, momentum);
}

double bm_lr_schedule_rate(const bm_variant *choice, bm_schedule rate, double remaining, bm_optim *optim) {
    enum { HUNDREDTHS = 100, CONSTANT = 0 };
    if (choice->kind == CONSTANT) {
        return bm_schedule_at(rate, remaining);
    }
    const int64_t hundredth = (int64_t)(HUNDREDTHS * (1 - remaining));
    return bm_lr_schedule_at(choice, rate.initial, hundredth, HUNDREDTHS, &optim->momentum);
}

bm_status bm_lr_schedule_check(const bm_variant *choice, const bm_optim_type *optim, bm_error *error) {
    double momentum;
    bm_lr_schedule_at(choice, 1, 0, 1, &momentum);
    if (!isnan(momentum) && !optim->momentum) {
        return bm_invalid(error, "%s has no momentum for %s to turn; cycle_momentum=false leaves it alone", optim->name,
                          bm_lr_schedule_types[choice->kind]->name);
    }
    return BM_OK;
}
