/* What cmaes keeps of a study between two samples changes nothing: a sampler that has gone along with it chooses, bit
 * for bit, what one does that sees it for the first time. */
#include <math.h>
#include <string.h>

#include "support.h"
#include "tune/sampler.h"

enum { TRIALS = 400, AT_ONCE = 7 };

typedef struct {
    bm_trial trial[TRIALS];
    double param[TRIALS][BM_PARAMETERS];
    int64_t step[TRIALS];
    double report[TRIALS];
} study;

static bm_variant cmaes(const char *population) {
    bm_variant choice = {0};
    bm_error error;
    while (strcmp(bm_sampler_types[choice.kind]->name, "cmaes") != 0) {
        choice.kind++;
    }
    bm_options_defaults(bm_sampler_kinds[choice.kind].options, choice.config);
    ck_assert_int_eq(
        bm_options_set(bm_sampler_kinds[choice.kind].options, choice.config, "population", population, &error), BM_OK);
    return choice;
}

static void assert_chooses_as_a_new_one(const bm_sampler *old, const bm_trials *trials, int64_t number, double *value) {
    const bm_variant choice = cmaes("0");
    bm_variant same = choice;
    double other[BM_PARAMETERS];
    bm_sampler new;
    bm_error error;
    memcpy(same.config, old->config, sizeof same.config);
    ck_assert_int_eq(bm_sampler_create(&new, &same, old->space, old->seed, &error), BM_OK);
    bm_sampler_sample(old, trials, number, value);
    bm_sampler_sample(&new, trials, number, other);
    bm_sampler_free(&new);
    ck_assert_msg(memcmp(value, other, sizeof *value * (size_t)old->space->count) == 0,
                  "trial %lld: %.17g instead of %.17g", (long long)number, value[0], other[0]);
}

/* Ends trial i: most are complete, some pruned, some fail. */
static void end(study *s, int i) {
    const double *x = s->param[i];
    bm_trial *trial = &s->trial[i];
    s->step[i] = i % 4;
    s->report[i] = x[0] * x[0] + x[1];
    trial->step = &s->step[i];
    trial->report = &s->report[i];
    trial->reports = 1;
    trial->state = i % 11 == 5 ? BM_TRIAL_PRUNED : i % 13 == 6 ? BM_TRIAL_FAIL : BM_TRIAL_COMPLETE;
    trial->value = trial->state == BM_TRIAL_COMPLETE ? x[0] * x[0] + x[1] * x[1] + 0.1 * x[2] : NAN;
}

/* Each number waits for the one before the seven last: they end in another order than they began. */
static void run_beside(const char *population) {
    static study s;
    bm_search_space space = {0};
    bm_sampler old;
    bm_error error;
    const bm_variant choice = cmaes(population);
    memset(&s, 0, sizeof s);
    ck_assert_int_eq(bm_search_space_parse(&space, "x=uniform(-1,1), y=uniform(-1,1), k={a,b,c}, n=int(1,9)", &error),
                     BM_OK);
    ck_assert_int_eq(bm_sampler_create(&old, &choice, &space, 7, &error), BM_OK);
    for (int i = 0; i < TRIALS; i++) {
        const bm_trials trials = {.count = i, .trial = s.trial};
        assert_chooses_as_a_new_one(&old, &trials, i, s.param[i]);
        s.trial[i] = (bm_trial){.number = i, .state = BM_TRIAL_RUNNING, .value = NAN, .param = s.param[i]};
        const int ends = i - (i * 5 % AT_ONCE);
        for (int k = ends < 0 ? 0 : ends; k >= 0 && k > i - AT_ONCE - 1; k--) {
            if (s.trial[k].state == BM_TRIAL_RUNNING && (k % 3 || k < i - AT_ONCE + 1) && k != 2) {
                end(&s, k);
            }
        }
    }
    ck_assert_int_eq(s.trial[2].state, BM_TRIAL_RUNNING); /* its process died long ago */
    double value[BM_PARAMETERS];
    bm_trials trials = {.count = TRIALS, .trial = s.trial};
    end(&s, 2); /* and was mourned too early */
    assert_chooses_as_a_new_one(&old, &trials, TRIALS, value);
    s.trial[40].value += 1; /* another study */
    assert_chooses_as_a_new_one(&old, &trials, TRIALS, value);
    assert_chooses_as_a_new_one(&old, &trials, 100, value);
    trials.maximize = true;
    assert_chooses_as_a_new_one(&old, &trials, 100, value);
    trials.count = 0;
    assert_chooses_as_a_new_one(&old, &trials, 100, value);
    bm_sampler_free(&old);
    bm_search_space_free(&space);
}

START_TEST(what_is_kept_changes_no_bit) {
    run_beside("0");
    run_beside("4"); /* soon spent: with starts again, and other populations */
}
END_TEST

TEST_MAIN("sampler_cmaes", 60, what_is_kept_changes_no_bit)
