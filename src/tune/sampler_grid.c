/* Grid search: every combination once. Categories and ranges with steps take each of their values; a range without
 * steps, or in the logarithm, takes as many levels as it is told to, spread evenly from end to end. A parameter that
 * exists only under a condition multiplies the points under that condition alone. The order is a permutation drawn from
 * the seed, so that a study that stops early has seen a fair sample of the grid; it is computed, not stored. */
#include "tune/sampler.h"

#include <limits.h>
#include <math.h>

typedef struct {
    bm_int_list levels;
    int most_points;
} grid_config;

static const bm_option options[] = {
    BM_OPTION_STRING(grid_config, levels, "5", 1, 1000000,
                     "values of each range without steps, in the space's order; the last holds for the rest"),
    BM_OPTION(grid_config, most_points, 1000000, 0, INT_MAX, BM_LOG, "a grid of more points is refused; 0: none is"),
};

/* The forest of conditions, and how many points each tree has. A point of a tree is a value of its root and, for each
 * parameter that exists under that value, a point of its tree. */
typedef struct {
    int64_t count[BM_PARAMETERS];                        /* values that a parameter takes */
    double *value[BM_PARAMETERS];                        /* [count]; NULL: all it has, by from_unit */
    uint64_t below[BM_PARAMETERS][BM_PARAMETER_CHOICES]; /* points under a choice; 1 where nothing depends on it */
    uint64_t points[BM_PARAMETERS];                      /* of the tree below a parameter, it included */
    uint64_t all;
} grid;

/* Beyond what can be counted is all the same: it is refused. */
static const uint64_t countless = (uint64_t)1 << 62;

static uint64_t times(uint64_t a, uint64_t b) {
    return a > countless / b ? countless : a * b;
}

static uint64_t plus(uint64_t a, uint64_t b) {
    return a + b > countless ? countless : a + b;
}

/* ---- the levels of one parameter ---- */

/* Evenly from low to high, of one level the middle; of integers, each once. */
static void spread(grid *g, int i, const bm_parameter *parameter, int levels, bm_arena *arena) {
    g->value[i] = BM_NEW(arena, double, levels);
    for (int k = 0; k < levels && g->value[i]; k++) {
        const double unit = levels > 1 ? k / (levels - 1.0) : 0.5;
        const double value = bm_parameter_from_unit(parameter, unit);
        if (!g->count[i] || value > g->value[i][g->count[i] - 1]) {
            g->value[i][g->count[i]++] = value;
        }
    }
}

static void choose_levels(grid *g, const bm_search_space *space, const bm_int_list *levels, bm_arena *arena) {
    int range = 0;
    for (int i = 0; i < space->count; i++) {
        const bm_parameter *parameter = &space->parameter[i];
        if (parameter->step > 0 && !parameter->log) {
            g->count[i] = bm_parameter_values(parameter);
        } else {
            const int place = range < levels->count ? range : levels->count - 1;
            spread(g, i, parameter, levels->value[place], arena);
            range++;
        }
    }
}

/* ---- counting points, and finding one by its number ---- */

static void count_points(grid *g, const bm_search_space *space) {
    for (int i = 0; i < space->count; i++) {
        for (int choice = 0; choice < BM_PARAMETER_CHOICES; choice++) {
            g->below[i][choice] = 1;
        }
    }
    g->all = 1;
    for (int i = space->count - 1; i >= 0; i--) { /* a parent comes before what depends on it */
        const bm_parameter *parameter = &space->parameter[i];
        g->points[i] = (uint64_t)g->count[i];
        if (parameter->kind == BM_PARAMETER_CATEGORICAL) {
            g->points[i] = 0;
            for (int choice = 0; choice < parameter->choices; choice++) {
                g->points[i] = plus(g->points[i], g->below[i][choice]);
            }
        }
        if (parameter->parent < 0) {
            g->all = times(g->all, g->points[i]);
            continue;
        }
        for (int choice = 0; choice < BM_PARAMETER_CHOICES; choice++) {
            if (parameter->when >> choice & 1) {
                uint64_t *below = &g->below[parameter->parent][choice];
                *below = times(*below, g->points[i]);
            }
        }
    }
}

/* The value of parameter i at a point of its tree; *point becomes the point among those under that value. */
static double value_at(const grid *g, const bm_search_space *space, int i, uint64_t *point) {
    const bm_parameter *parameter = &space->parameter[i];
    if (parameter->kind == BM_PARAMETER_CATEGORICAL) {
        int choice = 0;
        while (*point >= g->below[i][choice]) {
            *point -= g->below[i][choice++];
        }
        return choice;
    }
    const double k = (double)*point;
    *point = 0;
    return g->value[i] ? g->value[i][(int64_t)k] : bm_parameter_from_unit(parameter, (k + 0.5) / (double)g->count[i]);
}

/* Parameters of one level share a point's number as digits share a number's. */
static void find_point(const grid *g, const bm_search_space *space, uint64_t number, double *value) {
    uint64_t left[BM_PARAMETERS]; /* of the number, for those that exist under the parameter's value */
    for (int i = 0; i < space->count; i++) {
        const int parent = space->parameter[i].parent;
        value[i] = NAN;
        if (bm_parameter_exists(space, i, value)) {
            uint64_t *from = parent < 0 ? &number : &left[parent];
            left[i] = *from % g->points[i];
            *from /= g->points[i];
            value[i] = value_at(g, space, i, &left[i]);
        }
    }
}

/* ---- the order ---- */

/* SplitMix64's finaliser (Steele et al. 2014). */
static uint64_t mixed(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* A permutation of 0 .. n - 1 without a table: a Feistel network permutes the next power of four (Luby and Rackoff
 * 1988), and is walked on while it leads out of the range (Black and Rogaway 2002), four times in the worst mean. */
static uint64_t permuted(bm_rng rng, uint64_t n, uint64_t x) {
    enum { ROUNDS = 8 };
    unsigned half = 1;
    while (half < 31 && (uint64_t)1 << 2 * half < n) {
        half++;
    }
    const uint64_t mask = ((uint64_t)1 << half) - 1;
    uint64_t key[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        key[round] = bm_rng_uint64(&rng);
    }
    do {
        for (int round = 0; round < ROUNDS; round++) {
            const uint64_t left = x >> half, right = x & mask;
            x = right << half | (left ^ (mixed(right + key[round]) & mask));
        }
    } while (x >= n);
    return x;
}

/* ---- the sampler ---- */

static bm_status create(bm_sampler *sampler, bm_error *error) {
    const grid_config *config = sampler->config;
    grid *g = sampler->self = BM_NEW(&sampler->arena, grid, 1);
    if (g) {
        choose_levels(g, sampler->space, &config->levels, &sampler->arena);
    }
    const bm_status status = bm_arena_check(&sampler->arena, "the grid", error);
    if (status != BM_OK) {
        return status;
    }
    count_points(g, sampler->space);
    if (g->all == countless) {
        return bm_invalid(error,
                          "the grid has more than 4e18 points: give ranges fewer levels, or take another sampler");
    }
    if (config->most_points && g->all > (uint64_t)config->most_points) {
        return bm_invalid(error,
                          "the grid has %llu points, more than %d: give ranges fewer levels, or say with --trials how "
                          "many of them to try",
                          (unsigned long long)g->all, config->most_points);
    }
    return BM_OK;
}

static int64_t points(const bm_sampler *sampler) {
    const grid *g = sampler->self;
    return (int64_t)g->all;
}

static void sample(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value) {
    (void)trials;
    const grid *g = sampler->self;
    const uint64_t round = (uint64_t)number % g->all;
    find_point(g, sampler->space, permuted(bm_sampler_table_rng(sampler, 0), g->all, round), value);
}

const bm_sampler_type bm_sampler_grid = {
    .name = "grid",
    .summary = "every combination once, in an order shuffled by the seed",
    .source = "the classic; permuted as in Black and Rogaway 2002",
    .options = BM_OPTIONS(options, grid_config),
    .create = create,
    .points = points,
    .sample = sample,
};
