/* Where some values are settled, as those of trials that Optuna enqueues, every sampler adds what then exists, and
 * nothing else. */
#include <math.h>
#include <string.h>

#include "support.h"
#include "tune/sampler.h"

enum { KIND, MOMENTUM, RATE, SIZE };

static const double settled[][SIZE] = {{NAN, NAN, NAN}, {0, NAN, NAN},  {1, NAN, NAN},
                                       {1, 0.25, NAN},  {0, 0.25, NAN}, {NAN, NAN, 0.5}};

static void check_sampler(int kind, const bm_search_space *space) {
    bm_variant choice = {.kind = kind};
    bm_sampler sampler;
    bm_error error;
    const bm_trials none = {0};
    bm_options_defaults(bm_sampler_kinds[kind].options, choice.config);
    ck_assert_int_eq(bm_sampler_create(&sampler, &choice, space, 3, &error), BM_OK);
    for (int i = 0; i < 20 * (int)(sizeof settled / sizeof settled[0]); i++) {
        const double *given = settled[i / 20];
        double value[BM_PARAMETERS], free_value[BM_PARAMETERS];
        bm_sampler_sample(&sampler, &none, i % 20, free_value);
        bm_sampler_complete(&sampler, &none, i % 20, given, value);
        ck_assert_msg(value[KIND] == (isnan(given[KIND]) ? free_value[KIND] : given[KIND]), "%s: kind %g",
                      sampler.type->name, value[KIND]);
        ck_assert_msg(value[RATE] == (isnan(given[RATE]) ? free_value[RATE] : given[RATE]), "%s: rate %g",
                      sampler.type->name, value[RATE]);
        ck_assert_msg(isnan(value[MOMENTUM]) == (value[KIND] == 0), "%s: momentum %g of kind %g", sampler.type->name,
                      value[MOMENTUM], value[KIND]);
        if (value[KIND] == 1) {
            ck_assert(isnan(given[MOMENTUM]) || value[MOMENTUM] == given[MOMENTUM]);
            ck_assert(value[MOMENTUM] >= 0 && value[MOMENTUM] <= 0.9);
        }
    }
    bm_sampler_free(&sampler);
}

START_TEST(what_is_settled_decides_what_exists) {
    bm_search_space space = {0};
    bm_error error;
    ck_assert_int_eq(bm_search_space_parse(
                         &space, "kind={adam,sgd}, momentum=uniform(0,0.9) if kind=sgd, rate=uniform(0,1)", &error),
                     BM_OK);
    for (int i = 0; bm_sampler_types[i]; i++) {
        check_sampler(i, &space);
    }
    bm_search_space_free(&space);
}
END_TEST

TEST_MAIN("sampler_complete", 20, what_is_settled_decides_what_exists)
