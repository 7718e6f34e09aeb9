/* Evolution strategy with covariance matrix adaptation: the search distribution is a normal one whose mean, size and
 * shape follow the better half of each generation. N. Hansen 2016, "The CMA Evolution Strategy: A Tutorial"
 * (arXiv:1604.00772), figure 6 and table 1, with negative weights for the worse half; the names are the tutorial's.
 *
 * Numbers are searched in the unit cube, from its middle. A draw outside of the cube is made again, and after 100 times
 * put on its face. Beyond the tutorial:
 *
 *  - the state is a function of the judged trials, by number, `population` of them a generation; that after the older
 *    generations is kept, and made again where they turn out to be others than they were. Where workers overlap, a
 *    trial may meet a distribution that it was not drawn from; as with any injected solution (Hansen 2011), its
 *    distance from the mean is then cut to what a draw could have. A trial that lacks a parameter says nothing about
 *    it: 0 from the mean.
 *  - steps and integers: the search goes on between the values, and keeps a spread of a quarter of a cell there, so
 *    that they do not freeze (a simple margin; compare Hamano et al. 2022).
 *  - categories: probabilities of their own, which move towards those of the better half, and keep a margin (as Hamano
 *    et al. 2024).
 *  - where the distribution has shrunk to a point it starts again, elsewhere, with twice the population (Auger and
 *    Hansen 2005). */
#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "tune/sampler.h"

typedef struct {
    int population;
    double sigma;
} cmaes_config;

static const bm_option options[] = {
    BM_OPTION(cmaes_config, population, 0, 0, 10000, BM_LOG, "trials of a generation; 0: 4 + 3 ln(parameters)"),
    BM_OPTION(cmaes_config, sigma, 0.167, 1e-6, 1, BM_LOG, "first standard deviation, as a share of each range"),
};

/* Ours, not the tutorial's. */
static const double choice_rate = 0.3, choice_margin = 0.1; /* margin: shared by all choices */
static const double smallest_sigma = 1e-9, largest_condition = 1e14;
enum { MOST_DRAWS = 100, MOST_POPULATION = 100000, LONG_AGO = 256 /* trials */ };

typedef struct {
    const bm_search_space *space;
    int n;                              /* numbers */
    int number[BM_PARAMETERS];          /* [n], their indices in the space */
    double *mean, *p_sigma, *p_c;       /* [n] */
    double sigma, *C, *B, *D;           /* C = B^T diag(D^2) B; [n, n], rows of B are axes; D [n] */
    double *probability[BM_PARAMETERS]; /* [choices]; NULL: a number */
    int64_t generation, restarts;       /* generation: since the last start */
    int population, mu;                 /* lambda, and how many of these are the better half */
    double *weight;                     /* [population] */
    double mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, expected_length;
    double *y, *z, *mean_step; /* [population, n], [n], [n] */
    bm_arena arena;
} search;

/* ---- the constants of a population: table 1 ---- */

static double sum_of(const double *x, int from, int to, int power) {
    double sum = 0;
    for (int i = from; i < to; i++) {
        sum += power == 2 ? x[i] * x[i] : x[i];
    }
    return sum;
}

static void set_weights(search *s) {
    const int lambda = s->population, n = s->n > 0 ? s->n : 1;
    double *w = s->weight;
    for (int i = 0; i < lambda; i++) {
        w[i] = log((lambda + 1) / 2.0) - log(i + 1.0);
    }
    s->mu = lambda / 2;
    const double better = sum_of(w, 0, s->mu, 1), worse = sum_of(w, s->mu, lambda, 1);
    s->mu_eff = better * better / sum_of(w, 0, s->mu, 2);
    const double mu_eff = s->mu_eff, mu_eff_worse = worse * worse / sum_of(w, s->mu, lambda, 2);
    s->c_sigma = (mu_eff + 2) / (n + mu_eff + 5);
    s->d_sigma = 1 + 2 * fmax(0, sqrt((mu_eff - 1) / (n + 1)) - 1) + s->c_sigma;
    s->c_c = (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n);
    s->c_1 = 2 / ((n + 1.3) * (n + 1.3) + mu_eff);
    s->c_mu = fmin(1 - s->c_1, 2 * (0.25 + mu_eff + 1 / mu_eff - 2) / ((n + 2.0) * (n + 2.0) + mu_eff));
    const double most =
        fmin(fmin(1 + s->c_1 / s->c_mu, 1 + 2 * mu_eff_worse / (mu_eff + 2)), (1 - s->c_1 - s->c_mu) / (n * s->c_mu));
    for (int i = 0; i < lambda; i++) {
        w[i] *= i < s->mu ? 1 / better : most / -worse;
    }
    s->expected_length = sqrt(n) * (1 - 1.0 / (4 * n) + 1.0 / (21.0 * n * n));
}

/* ---- a start, and a start again ---- */

static int first_population(const cmaes_config *config, int parameters) {
    const int chosen =
        config->population ? config->population : 4 + (int)floor(3 * log(parameters > 1 ? parameters : 1));
    return chosen > 2 ? chosen : 2;
}

static void start(search *s, const bm_sampler *sampler, int population) {
    const cmaes_config *config = sampler->config;
    const int n = s->n;
    bm_rng rng = bm_sampler_table_rng(sampler, (uint32_t)s->restarts);
    s->population = population;
    s->weight = BM_NEW(&s->arena, double, population);
    s->y = BM_NEW(&s->arena, double, (size_t)population *(size_t)n);
    s->sigma = config->sigma;
    s->generation = 0;
    if (s->arena.refused) {
        return;
    }
    set_weights(s);
    memset(s->C, 0, sizeof *s->C * (size_t)n * (size_t)n);
    memset(s->B, 0, sizeof *s->B * (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++) {
        s->mean[i] = s->restarts ? bm_rng_double(&rng) : 0.5;
        s->C[i * n + i] = s->B[i * n + i] = s->D[i] = 1;
        s->p_sigma[i] = s->p_c[i] = 0;
    }
    for (int i = 0; i < s->space->count; i++) {
        const int choices = s->space->parameter[i].choices;
        for (int choice = 0; s->probability[i] && choice < choices; choice++) {
            s->probability[i][choice] = 1.0 / choices;
        }
    }
}

static void begin(search *s, const bm_sampler *sampler) {
    *s = (search){.space = sampler->space};
    for (int i = 0; i < s->space->count; i++) {
        if (s->space->parameter[i].kind == BM_PARAMETER_CATEGORICAL) {
            s->probability[i] = BM_NEW(&s->arena, double, s->space->parameter[i].choices);
        } else {
            s->number[s->n++] = i;
        }
    }
    const size_t n = (size_t)s->n;
    s->mean = BM_NEW(&s->arena, double, n);
    s->p_sigma = BM_NEW(&s->arena, double, n);
    s->p_c = BM_NEW(&s->arena, double, n);
    s->D = BM_NEW(&s->arena, double, n);
    s->z = BM_NEW(&s->arena, double, n);
    s->mean_step = BM_NEW(&s->arena, double, n);
    s->C = BM_NEW(&s->arena, double, n *n);
    s->B = BM_NEW(&s->arena, double, n *n);
    start(s, sampler, first_population(sampler->config, s->space->count));
}

/* ---- a generation: figure 6 ---- */

/* result = C^(power/2) y = B^T D^power B y, power 1 or -1: unlike B, the same on every processor but for rounding. */
static void transform(const search *s, int power, const double *y, double *result) {
    const int n = s->n;
    memset(result, 0, sizeof *result * (size_t)n);
    for (int j = 0; j < n; j++) {
        const double *axis = s->B + j * n;
        double along = 0;
        for (int i = 0; i < n; i++) {
            along += axis[i] * y[i];
        }
        along = power < 0 ? along / s->D[j] : along * s->D[j];
        for (int i = 0; i < n; i++) {
            result[i] += axis[i] * along;
        }
    }
}

static double length_of(const double *x, int n) {
    return sqrt(sum_of(x, 0, n, 2));
}

/* y of a trial: its distance from the mean in steps of sigma, no longer than a draw's. */
static void measure(search *s, const bm_trial *trial, double *y) {
    const int n = s->n;
    for (int i = 0; i < n; i++) {
        const double value = trial->param[s->number[i]];
        const double x = bm_parameter_to_unit(&s->space->parameter[s->number[i]], value);
        y[i] = isnan(value) ? 0 : (x - s->mean[i]) / s->sigma;
    }
    transform(s, -1, y, s->z);
    const double length = length_of(s->z, n), longest = sqrt(n) + 2.0 * n / (n + 2.0);
    for (int i = 0; i < n && length > longest; i++) {
        y[i] *= longest / length;
    }
}

static void move_mean(search *s) {
    const int n = s->n;
    memset(s->mean_step, 0, sizeof *s->mean_step * (size_t)n);
    for (int k = 0; k < s->mu; k++) {
        for (int i = 0; i < n; i++) {
            s->mean_step[i] += s->weight[k] * s->y[k * n + i];
        }
    }
    for (int i = 0; i < n; i++) {
        s->mean[i] += s->sigma * s->mean_step[i];
    }
}

/* Both evolution paths; returns whether the one of C may move on (h_sigma): not while sigma grows fast. */
static bool move_paths(search *s) {
    const int n = s->n;
    transform(s, -1, s->mean_step, s->z);
    for (int i = 0; i < n; i++) {
        s->p_sigma[i] = (1 - s->c_sigma) * s->p_sigma[i] + sqrt(s->c_sigma * (2 - s->c_sigma) * s->mu_eff) * s->z[i];
    }
    const double settled = sqrt(1 - pow(1 - s->c_sigma, 2.0 * (double)(s->generation + 1)));
    const bool moves = length_of(s->p_sigma, n) / settled < (1.4 + 2.0 / (n + 1)) * s->expected_length;
    for (int i = 0; i < n; i++) {
        s->p_c[i] *= 1 - s->c_c;
        s->p_c[i] += moves ? sqrt(s->c_c * (2 - s->c_c) * s->mu_eff) * s->mean_step[i] : 0;
    }
    return moves;
}

static void move_shape(search *s, bool path_moved) {
    const int n = s->n;
    const double lost = path_moved ? 0 : s->c_c * (2 - s->c_c); /* variance that p_c now lacks */
    const double kept = 1 + s->c_1 * lost - s->c_1 - s->c_mu * sum_of(s->weight, 0, s->population, 1);
    for (int i = 0; i < n * n; i++) {
        s->C[i] = kept * s->C[i] + s->c_1 * s->p_c[i / n] * s->p_c[i % n];
    }
    for (int k = 0; k < s->population; k++) {
        const double *y = s->y + k * n;
        double weight = s->weight[k];
        if (weight < 0) { /* as if all of the worse half were equally far away, so that C stays positive */
            transform(s, -1, y, s->z);
            weight *= n / (sum_of(s->z, 0, n, 2) + 1e-300);
        }
        for (int i = 0; i < n * n; i++) {
            s->C[i] += s->c_mu * weight * y[i / n] * y[i % n];
        }
    }
}

static void move_probabilities(search *s, const bm_trial *const *ranked) {
    for (int i = 0; i < s->space->count; i++) {
        const int choices = s->space->parameter[i].choices;
        for (int k = 0; s->probability[i] && k < s->mu; k++) {
            const double chosen = ranked[k]->param[i];
            for (int choice = 0; choice < choices && !isnan(chosen); choice++) {
                const double target = (1 - choice_margin) * (chosen == choice) + choice_margin / choices;
                s->probability[i][choice] += choice_rate * s->weight[k] * (target - s->probability[i][choice]);
            }
        }
    }
}

/* D becomes 0, and the search spent, where C has no finite eigenvalues. */
static void decompose(search *s) {
    const size_t n = (size_t)s->n;
    memcpy(s->B, s->C, n * n * sizeof *s->B);
    const bool found = bm_linalg_eigen(s->n, s->B, s->D, NULL) == BM_OK;
    for (size_t i = 0; i < n; i++) {
        s->D[i] = found ? sqrt(fmax(s->D[i], 0)) : 0;
    }
}

static bool is_spent(const search *s) {
    double smallest = HUGE_VAL, largest = 0;
    for (int i = 0; i < s->n; i++) {
        smallest = fmin(smallest, s->D[i]);
        largest = fmax(largest, s->D[i]);
    }
    return s->n > 0 &&
           !(s->sigma * largest > smallest_sigma && largest * largest < largest_condition * smallest * smallest);
}

/* ranked [population], the best first. */
static void update(search *s, const bm_sampler *sampler, const bm_trial *const *ranked) {
    for (int k = 0; k < s->population && s->n; k++) {
        measure(s, ranked[k], s->y + k * s->n);
    }
    move_probabilities(s, ranked);
    if (s->n) {
        move_mean(s);
        move_shape(s, move_paths(s));
        decompose(s);
        s->sigma *= exp(s->c_sigma / s->d_sigma * (length_of(s->p_sigma, s->n) / s->expected_length - 1));
    }
    s->generation++;
    if (is_spent(s) && s->population <= MOST_POPULATION) {
        s->restarts++;
        start(s, sampler, 2 * s->population);
    }
}

/* ---- the trials so far, and the next one ---- */

static void rank(const bm_trials *trials, const bm_trial **trial, int count) {
    for (int i = 1; i < count; i++) {
        const bm_trial *moving = trial[i];
        int place = i;
        for (; place > 0 && bm_trial_compare(trials, moving, trial[place - 1]) < 0; place--) {
            trial[place] = trial[place - 1];
        }
        trial[place] = moving;
    }
}

/* The state after generations that are not expected to change any more. */
typedef struct {
    int trials; /* that made it */
    uint64_t hash;
    int population;
    int64_t generation, restarts;
    double sigma;
    double *number; /* mean, p_sigma, p_c, D [n] each, C and B [n, n] each, then the probabilities [choices] each */
} memory;

/* What of a trial a generation depends on, mixed into the hash of those before it. */
static uint64_t hash_trial(uint64_t hash, const bm_search_space *space, const bm_trial *trial) {
    const bool reported = trial->reports > 0;
    const double told[] = {(double)trial->number, (double)trial->state, trial->value,
                           reported ? (double)trial->step[trial->reports - 1] : -1,
                           reported ? trial->report[trial->reports - 1] : 0};
    enum { TOLD = sizeof told / sizeof told[0] };
    for (int i = 0; i < TOLD + space->count; i++) {
        uint64_t word;
        memcpy(&word, i < TOLD ? &told[i] : &trial->param[i - TOLD], sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return hash;
}

/* Copies what stands in memory->number to the search, or from it. */
static void exchange(const search *s, double *number, bool recall) {
    const size_t n = (size_t)s->n;
    double *const part[] = {s->mean, s->p_sigma, s->p_c, s->D, s->C, s->B};
    enum { VECTORS = 4, PARTS = sizeof part / sizeof part[0] };
    for (int i = 0; i < PARTS + s->space->count; i++) {
        double *const of = i < PARTS ? part[i] : s->probability[i - PARTS];
        const size_t count = i < VECTORS ? n
                             : i < PARTS ? n * n
                             : of        ? (size_t)s->space->parameter[i - PARTS].choices
                                         : 0;
        if (count) {
            memcpy(recall ? of : number, recall ? number : of, count * sizeof *number);
        }
        number += count;
    }
}

static void keep(memory *kept, const search *s, int trials, uint64_t hash) {
    kept->trials = trials;
    kept->hash = hash;
    kept->population = s->population;
    kept->generation = s->generation;
    kept->restarts = s->restarts;
    kept->sigma = s->sigma;
    exchange(s, kept->number, false);
}

/* Goes on from what is kept, where these trials made it; how many of them did. hash: of none of them, and then of
 * those. */
static int recall(search *s, const bm_sampler *sampler, const bm_trial *const *trial, int count, uint64_t *hash) {
    const memory *kept = sampler->self;
    uint64_t found = *hash;
    for (int i = 0; i < kept->trials && kept->trials <= count; i++) {
        found = hash_trial(found, s->space, trial[i]);
    }
    if (kept->trials == 0 || kept->trials > count || found != kept->hash) {
        return 0;
    }
    start(s, sampler, kept->population);
    if (!s->arena.refused) {
        exchange(s, kept->number, true);
    }
    s->generation = kept->generation;
    s->restarts = kept->restarts;
    s->sigma = kept->sigma;
    *hash = found;
    return kept->trials;
}

/* The judged trials before number, in order; *settled: how many of them none is expected to come between, but for
 * trials that have been left running long ago. */
static int gather(const bm_trials *trials, int64_t number, const bm_trial **trial, int *settled) {
    int count = 0;
    *settled = -1;
    for (int i = 0; i < trials->count && trials->trial[i].number < number; i++) {
        const bm_trial *candidate = &trials->trial[i];
        const bool open = candidate->state == BM_TRIAL_RUNNING || candidate->state == BM_TRIAL_WAITING;
        if (bm_trial_judged(candidate)) {
            trial[count++] = candidate;
        } else if (open && *settled < 0 && number - candidate->number <= LONG_AGO) {
            *settled = count;
        }
    }
    *settled = *settled < 0 ? count : *settled;
    return count;
}

static void replay(search *s, const bm_sampler *sampler, const bm_trials *trials, int64_t number) {
    const bm_trial **trial = BM_NEW(&s->arena, const bm_trial *, trials->count);
    const bm_trial **ranked = BM_NEW(&s->arena, const bm_trial *, trials->count);
    uint64_t hash = trials->maximize;
    int settled = 0;
    const int count = s->arena.refused ? 0 : gather(trials, number, trial, &settled);
    int used = count ? recall(s, sampler, trial, count, &hash) : 0;
    while (!s->arena.refused && used + s->population <= count) {
        const int population = s->population; /* it may be another after this */
        for (int i = 0; i < population; i++) {
            ranked[i] = trial[used + i];
            hash = hash_trial(hash, s->space, ranked[i]);
        }
        rank(trials, ranked, population);
        update(s, sampler, ranked);
        used += population;
        if (used <= settled && !s->arena.refused) {
            keep(sampler->self, s, used, hash);
        }
    }
}

/* Where a parameter has steps: what its spread lacks to a quarter of a cell, as the standard deviation of a further
 * draw. */
static double margin(const search *s, int i) {
    const bm_parameter *parameter = &s->space->parameter[s->number[i]];
    if (!(parameter->step > 0)) {
        return 0;
    }
    const double least = 0.25 / (double)bm_parameter_values(parameter);
    return sqrt(fmax(0, least * least - s->sigma * s->sigma * s->C[i * s->n + i]));
}

/* x [n] from the distribution, with C^(1/2) z for the tutorial's B D z, which is distributed alike; whether it lies in
 * the cube. */
static bool draw(const search *s, bm_rng *rng, double *x) {
    const int n = s->n;
    bool inside = true;
    for (int j = 0; j < n; j++) {
        s->z[j] = bm_rng_normal(rng);
    }
    transform(s, 1, s->z, s->y);
    for (int i = 0; i < n; i++) {
        x[i] = s->mean[i] + s->sigma * s->y[i] + margin(s, i) * bm_rng_normal(rng);
        inside = inside && x[i] >= 0 && x[i] <= 1;
    }
    return inside;
}

static void sample_from(const search *s, bm_rng *rng, double *value) {
    double x[BM_PARAMETERS];
    for (int draws = 0; !draw(s, rng, x) && draws < MOST_DRAWS; draws++) {
    }
    for (int i = 0; i < s->n; i++) {
        value[s->number[i]] = bm_parameter_from_unit(&s->space->parameter[s->number[i]], fmin(fmax(x[i], 0), 1));
    }
    for (int i = 0; i < s->space->count; i++) {
        if (s->probability[i]) {
            value[i] = (double)bm_rng_choice(rng, (size_t)s->space->parameter[i].choices, s->probability[i]);
        }
    }
}

static bm_status create(bm_sampler *sampler, bm_error *error) {
    size_t numbers = 0, choices = 0;
    for (int i = 0; i < sampler->space->count; i++) {
        numbers += sampler->space->parameter[i].kind != BM_PARAMETER_CATEGORICAL;
        choices += (size_t)sampler->space->parameter[i].choices;
    }
    memory *kept = sampler->self = BM_NEW(&sampler->arena, memory, 1);
    if (kept) {
        *kept = (memory){.number = BM_NEW(&sampler->arena, double, 4 * numbers + 2 * numbers * numbers + choices)};
    }
    return bm_linalg_open(error);
}

static void sample(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value) {
    search s;
    bm_rng rng = bm_sampler_trial_rng(sampler, number);
    for (int i = 0; i < sampler->space->count; i++) { /* what it is without memory */
        value[i] = bm_parameter_from_unit(&sampler->space->parameter[i], bm_rng_double(&rng));
    }
    begin(&s, sampler);
    if (!s.arena.refused) {
        replay(&s, sampler, trials, number);
    }
    if (!s.arena.refused) {
        sample_from(&s, &rng, value);
    }
    bm_arena_free(&s.arena);
}

const bm_sampler_type bm_sampler_cmaes = {
    .name = "cmaes",
    .summary = "a normal distribution that follows the better half of each generation; best for numbers that interact",
    .source = "Hansen 2016",
    .options = BM_OPTIONS(options, cmaes_config),
    .looks = true,
    .create = create,
    .sample = sample,
};
