/* Samplers: their distributions against the ones asked for, grids counted by hand, and what holds for every sampler of
 * the registry. Those that look at results must do better than random search; bench/samplers.py has the long version,
 * beside Optuna. */
#include "tune/sampler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { DRAWS = 100000, MOST_TRIALS = 1600 };

/* ---- a sampler on a space, and a study that it guides ---- */

typedef struct {
    bm_search_space space;
    bm_variant choice;
    bm_sampler sampler;
} bench;

static bm_variant find(const char *name, const char *const *settings) {
    bm_variant choice = {0};
    while (bm_sampler_types[choice.kind] && strcmp(bm_sampler_types[choice.kind]->name, name) != 0) {
        choice.kind++;
    }
    ck_assert_msg(bm_sampler_types[choice.kind] != NULL, "no sampler %s", name);
    const bm_options *options = &bm_sampler_types[choice.kind]->options;
    bm_options_defaults(options, choice.config);
    for (; settings && *settings; settings += 2) {
        bm_error error;
        ck_assert_msg(bm_options_set(options, choice.config, settings[0], settings[1], &error) == BM_OK, "%s",
                      error.text);
    }
    return choice;
}

static bm_status try_open(bench *b, const char *name, const char *space, uint64_t seed, const char *const *settings,
                          bm_error *error) {
    *b = (bench){.choice = find(name, settings)};
    ck_assert_msg(bm_search_space_parse(&b->space, space, error) == BM_OK, "%s", error->text);
    return bm_sampler_create(&b->sampler, &b->choice, &b->space, seed, error);
}

static void open_bench(bench *b, const char *name, const char *space, uint64_t seed, const char *const *settings) {
    bm_error error;
    ck_assert_msg(try_open(b, name, space, seed, settings, &error) == BM_OK, "%s", error.text);
}
#define OPEN_WITH(b, name, space, seed, ...)                                                                           \
    open_bench((b), (name), (space), (seed), (const char *const[]){__VA_ARGS__, NULL})

#define OPEN(b, name, space, seed) open_bench((b), (name), (space), (seed), NULL)

static void close_bench(bench *b) {
    bm_sampler_free(&b->sampler);
    bm_search_space_free(&b->space);
}

typedef struct {
    bm_trial trial[MOST_TRIALS];
    double param[MOST_TRIALS][BM_PARAMETERS];
    bm_trials trials;
} study;

typedef double objective(const double *value);

/* The study's next trial, complete. */
static void run_trial(const bench *b, study *s, objective *f) {
    const int i = s->trials.count;
    s->trials.trial = s->trial;
    bm_sampler_sample(&b->sampler, &s->trials, i, s->param[i]);
    s->trial[i] = (bm_trial){.number = i, .state = BM_TRIAL_COMPLETE, .value = f(s->param[i]), .param = s->param[i]};
    s->trials.count++;
}

static study *run_study(const bench *b, objective *f, int trials) {
    study *s = calloc(1, sizeof *s);
    ck_assert_ptr_nonnull(s);
    for (int i = 0; i < trials; i++) {
        run_trial(b, s, f);
    }
    return s;
}

static const bm_trials no_trials = {0};

/* ---- distributions ---- */

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: the largest distance between the draws' and the true distribution, times sqrt(n), exceeds
 * 1.95 once in a thousand times. u [n]: the true distribution at each draw. */
static void assert_uniform(double *u, const char *what) {
    qsort(u, DRAWS, sizeof *u, by_value);
    double largest = 0;
    for (int i = 0; i < DRAWS; i++) {
        largest = fmax(largest, fmax(fabs(u[i] - (double)i / DRAWS), fabs(u[i] - (i + 1.0) / DRAWS)));
    }
    ck_assert_msg(largest * sqrt(DRAWS) < 1.95, "%s: distance %g", what, largest * sqrt(DRAWS));
}

/* Pearson: beyond this with so many degrees of freedom once in a thousand times (Wilson and Hilferty 1931). */
static double chi_square_limit(int freedom) {
    const double nine = 2.0 / (9.0 * freedom);
    return freedom * pow(1 - nine + 3.09 * sqrt(nine), 3);
}

static void assert_frequencies(const double *value, double first, double step, int cells, const double *probability,
                               const char *what) {
    double *count = calloc((size_t)cells, sizeof *count), chi_square = 0;
    ck_assert_ptr_nonnull(count);
    for (int i = 0; i < DRAWS; i++) {
        const double cell = floor((value[i] - first) / step + 0.5);
        ck_assert_msg(cell >= 0 && cell < cells && fabs(first + cell * step - value[i]) < 1e-12, "%s: %g", what,
                      value[i]);
        count[(int)cell]++;
    }
    for (int i = 0; i < cells; i++) {
        const double expected = DRAWS * (probability ? probability[i] : 1.0 / cells);
        chi_square += pow(count[i] - expected, 2) / expected;
    }
    free(count);
    ck_assert_msg(chi_square < chi_square_limit(cells - 1), "%s: chi-square %g", what, chi_square);
}

static void check_distributions(const char *name) {
    bench b;
    OPEN(&b, name,
         "u=uniform(-2,3), l=log(1e-5,1e-2), s=uniform(0,1,0.25), i=int(-3,9), j=int(2,20,3), k=int_log(1,16), "
         "c={a,b,c,d,e,f,g}",
         11);
    enum { U, L, S, I, J, K, C, PARAMETERS };
    double *value = calloc((size_t)DRAWS * PARAMETERS, sizeof *value), draw[BM_PARAMETERS];
    ck_assert_ptr_nonnull(value);
    for (int i = 0; i < DRAWS; i++) {
        bm_sampler_sample(&b.sampler, &no_trials, i, draw);
        for (int p = 0; p < PARAMETERS; p++) {
            value[p * DRAWS + i] = draw[p];
        }
        value[U * DRAWS + i] = (draw[U] + 2) / 5;
        value[L * DRAWS + i] = log(draw[L] / 1e-5) / log(1e3);
    }
    double k_probability[16];
    for (int k = 1; k <= 16; k++) {
        k_probability[k - 1] = log((k + 0.5) / (k - 0.5)) / log(16.5 / 0.5);
    }
    assert_uniform(value + U * DRAWS, "uniform");
    assert_uniform(value + L * DRAWS, "log");
    assert_frequencies(value + S * DRAWS, 0, 0.25, 5, NULL, "uniform in steps");
    assert_frequencies(value + I * DRAWS, -3, 1, 13, NULL, "int");
    assert_frequencies(value + J * DRAWS, 2, 3, 7, NULL, "int in steps");
    assert_frequencies(value + K * DRAWS, 1, 1, 16, k_probability, "int_log");
    assert_frequencies(value + C * DRAWS, 0, 1, 7, NULL, "choices");
    free(value);
    close_bench(&b);
}

START_TEST(random_draws_have_the_distributions_asked_for) {
    check_distributions("random");
}
END_TEST

START_TEST(halton_points_have_the_distributions_asked_for) {
    check_distributions("halton");
}
END_TEST

START_TEST(halton_points_visit_every_cell_before_any_twice) {
    bench b;
    OPEN(&b, "halton", "x=uniform(0,1), y=uniform(0,1), z=uniform(0,1)", 5);
    const int cells[] = {64, 81, 125}; /* powers of 2, 3 and 5 */
    for (int d = 0; d < 3; d++) {
        bool visited[125] = {false};
        for (int i = 0; i < cells[d]; i++) {
            double value[BM_PARAMETERS];
            bm_sampler_sample(&b.sampler, &no_trials, cells[d] + i, value);
            const int cell = (int)(value[d] * cells[d]);
            ck_assert(!visited[cell]);
            visited[cell] = true;
        }
    }
    close_bench(&b);
}
END_TEST

/* ---- grids ---- */

/* Visits the whole grid; asserts that no point comes twice. */
static void assert_each_once(const bench *b, int64_t points) {
    ck_assert_int_eq(bm_sampler_points(&b->sampler), points);
    const size_t bytes = sizeof(double) * (size_t)b->space.count;
    double *value = calloc((size_t)points, bytes);
    ck_assert_ptr_nonnull(value);
    for (int64_t i = 0; i < points; i++) {
        double *at = value + i * b->space.count;
        bm_sampler_sample(&b->sampler, &no_trials, i, at);
        for (int p = 0; p < b->space.count; p++) {
            at[p] = isnan(at[p]) ? -1e9 : at[p]; /* so that bytes can be compared */
        }
        for (int64_t j = 0; j < i; j++) {
            ck_assert_msg(memcmp(value + j * b->space.count, at, bytes) != 0, "point %d again", (int)i);
        }
    }
    free(value);
}

static double himmelblau(const double *x) {
    return pow(x[0] * x[0] + x[1] - 11, 2) + pow(x[0] + x[1] * x[1] - 7, 2);
}

START_TEST(a_grid_visits_each_point_once_and_finds_the_best) {
    bench b;
    OPEN(&b, "grid", "x=int(-5,5), y=uniform(-5,5,0.5)", 3);
    assert_each_once(&b, 11 * 21);
    study *s = run_study(&b, himmelblau, 11 * 21);
    const bm_trial *best = bm_trials_best(&s->trials);
    ck_assert_double_eq(best->value, 0);
    ck_assert_double_eq(best->param[0], 3);
    ck_assert_double_eq(best->param[1], 2);
    free(s);
    close_bench(&b);
}
END_TEST

START_TEST(a_grid_has_as_many_levels_of_each_range_as_it_is_told) {
    bench b;
    OPEN_WITH(&b, "grid", "lr=log(1e-4,1), tau=uniform(0,1), n=int_log(1,4), c={a,b}", 1, "levels", "5,3");
    assert_each_once(&b, 5 * 3 * 3 * 2);
    const double lr[] = {1e-4, 1e-3, 1e-2, 1e-1, 1}, tau[] = {0, 0.5, 1}, n[] = {1, 2, 4};
    int lr_seen[5] = {0}, tau_seen[3] = {0}, n_seen[3] = {0};
    for (int i = 0; i < 90; i++) {
        double value[BM_PARAMETERS];
        bm_sampler_sample(&b.sampler, &no_trials, i, value);
        for (int level = 0; level < 5; level++) {
            lr_seen[level] += fabs(value[0] / lr[level] - 1) < 1e-12;
        }
        for (int level = 0; level < 3; level++) {
            tau_seen[level] += value[1] == tau[level];
            n_seen[level] += value[2] == n[level];
        }
    }
    for (int level = 0; level < 5; level++) {
        ck_assert_int_eq(lr_seen[level], 18);
    }
    for (int level = 0; level < 3; level++) {
        ck_assert_int_eq(tau_seen[level], 30);
        ck_assert_int_eq(n_seen[level], 30); /* 1..4 has no five values in the logarithm: each once */
    }
    close_bench(&b);
}
END_TEST

START_TEST(a_grid_counts_conditional_parameters_under_their_condition_alone) {
    bench b;
    /* adam: 2; sgd: 3 x (no: 1, yes: 4) = 15; plain: 1; each with 2 batch sizes. */
    OPEN(&b, "grid",
         "optimizer={adam,sgd,plain}, beta={x,y} if optimizer=adam, momentum={p,q,r} if optimizer=sgd, "
         "nesterov={no,yes} if optimizer=sgd, depth=int(1,4) if nesterov=yes, batch={32,64}",
         2);
    assert_each_once(&b, 2 * (2 + 3 * (1 + 4) + 1));
    close_bench(&b);
}
END_TEST

START_TEST(the_seed_shuffles_a_grid) {
    bench one, other;
    OPEN(&one, "grid", "x=int(0,99), y=int(0,9)", 1);
    OPEN(&other, "grid", "x=int(0,99), y=int(0,9)", 2);
    int same = 0;
    double low = 0;
    for (int i = 0; i < 1000; i++) {
        double a[BM_PARAMETERS], b[BM_PARAMETERS];
        bm_sampler_sample(&one.sampler, &no_trials, i, a);
        bm_sampler_sample(&other.sampler, &no_trials, i, b);
        same += a[0] == b[0] && a[1] == b[1];
        low += i < 200 && a[0] < 50;
    }
    ck_assert_int_lt(same, 10);                  /* one in a thousand by chance */
    ck_assert(low > 100 - 25 && low < 100 + 25); /* an early stop is fair: half of 200, sd 6 */
    close_bench(&one);
    close_bench(&other);
}
END_TEST

START_TEST(grids_of_any_size_are_permutations) {
    for (int n = 2; n <= 70; n++) {
        char space[32];
        snprintf(space, sizeof space, "x=int(1,%d)", n);
        bench b;
        OPEN(&b, "grid", space, (uint64_t)n);
        assert_each_once(&b, n);
        close_bench(&b);
    }
}
END_TEST

START_TEST(a_grid_of_more_than_a_million_points_is_refused_with_their_number) {
    bench b;
    bm_error error;
    const char *const space = "a=int(1,1000), b=int(1,1000), c={x,y,z}";
    ck_assert_int_eq(try_open(&b, "grid", space, 1, NULL, &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "3000000 points"));
    ck_assert_ptr_nonnull(strstr(error.text, "--trials"));
    close_bench(&b);
    OPEN_WITH(&b, "grid", space, 1, "most_points", "0");
    ck_assert_int_eq(bm_sampler_points(&b.sampler), 3000000);
    close_bench(&b);
    ck_assert_int_eq(try_open(&b, "grid", "a=int(1,1e9), b=int(1,1e9), c=int(1,1e9)", 1,
                              (const char *const[]){"most_points", "0", NULL}, &error),
                     BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "more than 4e18 points"));
    close_bench(&b);
}
END_TEST

/* ---- every sampler ---- */

static const char *const mixed =
    "lr=log(1e-5,1e-1), tau=uniform(0,1), n=int(1,6), batch=int_log(8,64), share=uniform(0,1,0.2), "
    "optimizer={adam,sgd}, beta=uniform(0.8,1) if optimizer=adam, "
    "momentum=uniform(0,1) if optimizer=sgd, nesterov={no,yes} if optimizer=sgd";
enum { LR, TAU, N, BATCH, SHARE, OPTIMIZER, BETA, MOMENTUM, NESTEROV, MIXED };

/* Best with sgd, its momentum near 0.9, n = 5 and a small learning rate. */
static double mixed_objective(const double *x) {
    const double common = fabs(log10(x[LR]) + 3) + fabs(x[N] - 5) + fabs(x[SHARE] - 0.6);
    return x[OPTIMIZER] == 1 ? common + 3 * fabs(x[MOMENTUM] - 0.9) : common + 2 + x[BETA];
}

/* Complete, pruned, failed and running trials of a random search. */
static study *mixed_study(int trials) {
    bench b;
    OPEN(&b, "random", mixed, 21);
    study *s = run_study(&b, mixed_objective, trials);
    static int64_t step[] = {10};
    for (int i = 0; i < trials; i++) {
        static const bm_trial_state states[] = {BM_TRIAL_COMPLETE, BM_TRIAL_PRUNED,  BM_TRIAL_COMPLETE,
                                                BM_TRIAL_FAIL,     BM_TRIAL_RUNNING, BM_TRIAL_PRUNED};
        bm_trial *trial = &s->trial[i];
        trial->state = states[i % 6];
        if (trial->state == BM_TRIAL_PRUNED && i % 6 == 1) {
            trial->reports = 1; /* the others were pruned without a report */
            trial->step = step;
            trial->report = &trial->value;
        }
    }
    close_bench(&b);
    return s;
}

static void assert_in_space(const bm_search_space *space, const double *value) {
    for (int i = 0; i < space->count; i++) {
        const bm_parameter *p = &space->parameter[i];
        ck_assert_int_eq(isnan(value[i]), !bm_parameter_exists(space, i, value));
        if (!isnan(value[i])) {
            char text[64];
            double again;
            bm_parameter_format(p, value[i], text, sizeof text);
            ck_assert_msg(bm_parameter_parse(p, text, &again), "%s=%s", p->name, text);
            ck_assert_double_eq(again, value[i]);
        }
    }
}

START_TEST(every_sampler_stays_in_the_space_and_its_conditions) {
    study *s = mixed_study(200);
    for (int kind = 0; bm_sampler_types[kind]; kind++) {
        bench b;
        OPEN(&b, bm_sampler_types[kind]->name, mixed, 4);
        for (int number = 0; number < 200; number++) {
            double value[BM_PARAMETERS];
            bm_sampler_sample(&b.sampler, &s->trials, number, value);
            assert_in_space(&b.space, value);
        }
        close_bench(&b);
    }
    free(s);
}
END_TEST

START_TEST(what_is_sampled_depends_on_seed_number_and_earlier_trials_alone) {
    study *s = mixed_study(120);
    const bm_trials earlier = {.count = 60, .trial = s->trial};
    for (int kind = 0; bm_sampler_types[kind]; kind++) {
        const bm_sampler_type *type = bm_sampler_types[kind];
        bench b, again, reseeded;
        OPEN(&b, type->name, mixed, 4);
        OPEN(&again, type->name, mixed, 4);
        OPEN(&reseeded, type->name, mixed, 5);
        int differs = 0;
        for (int number = 59; number >= 0; number -= 7) {
            double value[BM_PARAMETERS], other[BM_PARAMETERS];
            bm_sampler_sample(&b.sampler, &s->trials, number, value);
            bm_sampler_sample(&again.sampler, type->looks ? &earlier : &no_trials, number, other);
            for (int i = 0; i < MIXED; i++) {
                ck_assert(value[i] == other[i] || (isnan(value[i]) && isnan(other[i])));
            }
            bm_sampler_sample(&reseeded.sampler, &s->trials, number, other);
            differs += memcmp(value, other, sizeof *value * MIXED) != 0;
        }
        ck_assert_int_eq(differs, 9);
        close_bench(&b);
        close_bench(&again);
        close_bench(&reseeded);
    }
    free(s);
}
END_TEST

START_TEST(a_space_of_nothing_or_of_one_choice_is_no_trouble) {
    for (int kind = 0; bm_sampler_types[kind]; kind++) {
        bench b;
        OPEN(&b, bm_sampler_types[kind]->name, "", 4);
        double value[BM_PARAMETERS];
        bm_sampler_sample(&b.sampler, &no_trials, 0, value);
        close_bench(&b);
        OPEN(&b, bm_sampler_types[kind]->name, "a={only}, x=uniform(-1,1) if a=only", 4);
        bm_sampler_sample(&b.sampler, &no_trials, 0, value);
        ck_assert_double_eq(value[0], 0);
        ck_assert(fabs(value[1]) <= 1);
        close_bench(&b);
    }
}
END_TEST

/* ---- those that look at results ---- */

/* Rosenbrock's valley, in four coordinates. */
static double rosenbrock(const double *x) {
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        sum += 100 * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
    }
    return sum;
}

static double best_of(const char *name, const char *space, objective *f, int trials, uint64_t seed) {
    bench b;
    OPEN(&b, name, space, seed);
    study *s = run_study(&b, f, trials);
    const double best = bm_trials_best(&s->trials)->value;
    free(s);
    close_bench(&b);
    return best;
}

static const char *const four = "a=uniform(-5,10), b=uniform(-5,10), c=uniform(-5,10), d=uniform(-5,10)";

/* All eight of eight: by chance once in 256 times. */
static void assert_better_than_random(const char *name, const char *space, objective *f) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        const double ours = best_of(name, space, f, 100, seed), random = best_of("random", space, f, 100, seed);
        ck_assert_msg(ours < random, "%s: %g, and random %g", name, ours, random);
    }
}

START_TEST(tpe_is_better_than_random) {
    assert_better_than_random("tpe", four, rosenbrock);
    assert_better_than_random("tpe", mixed, mixed_objective);
}
END_TEST

START_TEST(cmaes_is_better_than_random) {
    assert_better_than_random("cmaes", four, rosenbrock);
}
END_TEST

START_TEST(cmaes_finds_the_bottom_of_a_valley) {
    for (uint64_t seed = 0; seed < 4; seed++) {
        ck_assert_double_lt(best_of("cmaes", "a=uniform(-2,2), b=uniform(-2,2), c=uniform(-2,2), d=uniform(-2,2)",
                                    rosenbrock, MOST_TRIALS, seed),
                            1e-6); /* random: about 1 */
    }
}
END_TEST

static double two_choices(const double *x) {
    return pow(x[0] - 0.3, 2) + (x[1] == 2 ? 0 : 0.5) + pow(x[2] - 17, 2) / 100;
}

START_TEST(tpe_and_cmaes_learn_choices_and_integers) {
    static const char *const names[] = {"tpe", "cmaes"};
    for (int k = 0; k < 2; k++) {
        bench b;
        OPEN(&b, names[k], "x=uniform(0,1), c={p,q,r,s}, n=int(0,40)", 9);
        study *s = run_study(&b, two_choices, 200);
        int right = 0, near = 0;
        for (int i = 100; i < 200; i++) {
            right += s->param[i][1] == 2;
            near += fabs(s->param[i][2] - 17) <= 3;
        }
        ck_assert_msg(right > 60 && near > 60, "%s: %d, %d", names[k], right, near); /* random: 25, 17 */
        ck_assert_double_lt(bm_trials_best(&s->trials)->value, 0.01);
        free(s);
        close_bench(&b);
    }
}
END_TEST

START_TEST(pruned_trials_guide_as_well) {
    static const char *const names[] = {"tpe", "cmaes"};
    for (int k = 0; k < 2; k++) {
        bench b;
        OPEN(&b, names[k], "x=uniform(0,1)", 3);
        study s = {.trials.trial = s.trial};
        static int64_t step[] = {1};
        static double report[MOST_TRIALS];
        int near = 0;
        for (int i = 0; i < 120; i++) {
            bm_sampler_sample(&b.sampler, &s.trials, i, s.param[i]);
            report[i] = fabs(s.param[i][0] - 0.8);
            s.trial[i] = (bm_trial){.number = i,
                                    .state = BM_TRIAL_PRUNED,
                                    .value = NAN,
                                    .param = s.param[i],
                                    .reports = 1,
                                    .step = step,
                                    .report = &report[i]};
            s.trials.count++;
            near += i >= 60 && report[i] < 0.1;
        }
        ck_assert_msg(near > 36, "%s: %d", names[k], near); /* random: 12 */
        close_bench(&b);
    }
}
END_TEST

static double hill(const double *x) {
    return -pow(x[0] - 0.8, 2);
}

START_TEST(the_best_is_the_largest_where_a_study_maximizes) {
    static const char *const names[] = {"tpe", "cmaes"};
    for (int k = 0; k < 2; k++) {
        bench b;
        OPEN(&b, names[k], "x=uniform(0,1)", 3);
        study s = {.trials.maximize = true};
        for (int i = 0; i < 100; i++) {
            run_trial(&b, &s, hill);
        }
        assert_near(bm_trials_best(&s.trials)->param[0], 0.8, 0.02, names[k]);
        close_bench(&b);
    }
}
END_TEST

START_TEST(tpe_keeps_away_from_running_trials) {
    bench b;
    OPEN(&b, "tpe", "x=uniform(0,1)", 3);
    study *s = run_study(&b, hill, 20);
    bm_trials trials = s->trials;
    double alone[BM_PARAMETERS], beside[BM_PARAMETERS];
    bm_sampler_sample(&b.sampler, &trials, 40, alone);
    for (int i = 20; i < 40; i++) { /* twenty workers where it would go */
        s->param[i][0] = alone[0];
        s->trial[i] = (bm_trial){.number = i, .state = BM_TRIAL_RUNNING, .value = NAN, .param = s->param[i]};
    }
    trials.count = 40;
    bm_sampler_sample(&b.sampler, &trials, 40, beside);
    ck_assert_double_gt(fabs(beside[0] - alone[0]), 0.01);
    free(s);
    close_bench(&b);
}
END_TEST

static double flat_bottom(const double *x) {
    return floor(fabs(x[0] - 0.5) * 20); /* many equal points: sigma falls where the best are met by chance */
}

START_TEST(cmaes_starts_again_where_it_has_shrunk_to_a_point) {
    bench b;
    OPEN_WITH(&b, "cmaes", "x=uniform(0,1)", 6, "sigma", "0.00001");
    study *s = run_study(&b, flat_bottom, MOST_TRIALS);
    double low = 1, high = 0;
    for (int i = MOST_TRIALS / 2; i < MOST_TRIALS; i++) {
        low = fmin(low, s->param[i][0]);
        high = fmax(high, s->param[i][0]);
    }
    ck_assert_double_gt(high - low, 1e-6); /* still searching */
    free(s);
    close_bench(&b);
}
END_TEST

TEST_MAIN("samplers", 60, random_draws_have_the_distributions_asked_for, halton_points_have_the_distributions_asked_for,
          halton_points_visit_every_cell_before_any_twice, a_grid_visits_each_point_once_and_finds_the_best,
          a_grid_has_as_many_levels_of_each_range_as_it_is_told,
          a_grid_counts_conditional_parameters_under_their_condition_alone, the_seed_shuffles_a_grid,
          grids_of_any_size_are_permutations, a_grid_of_more_than_a_million_points_is_refused_with_their_number,
          every_sampler_stays_in_the_space_and_its_conditions,
          what_is_sampled_depends_on_seed_number_and_earlier_trials_alone,
          a_space_of_nothing_or_of_one_choice_is_no_trouble, tpe_is_better_than_random, cmaes_is_better_than_random,
          cmaes_finds_the_bottom_of_a_valley, tpe_and_cmaes_learn_choices_and_integers, pruned_trials_guide_as_well,
          the_best_is_the_largest_where_a_study_maximizes, tpe_keeps_away_from_running_trials,
          cmaes_starts_again_where_it_has_shrunk_to_a_point)
