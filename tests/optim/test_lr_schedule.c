/* Learning-rate schedules against PyTorch's step-by-step definitions, written out here, and past their ends. */
#include <math.h>
#include <string.h>

#include "optim/lr_schedule.h"
#include "support.h"

static const double pi = 3.14159265358979323846;

/* settings: pairs of key and text, NULL at the end. */
static bm_variant schedule(const char *name, const char *const *settings) {
    bm_variant choice = {.kind = -1};
    for (int i = 0; bm_lr_schedule_kinds[i].name; i++) {
        choice.kind = strcmp(bm_lr_schedule_kinds[i].name, name) == 0 ? i : choice.kind;
    }
    ck_assert_msg(choice.kind >= 0, "no schedule %s", name);
    const bm_options *options = bm_lr_schedule_kinds[choice.kind].options;
    bm_options_defaults(options, choice.config);
    bm_error error;
    for (; settings && settings[0]; settings += 2) {
        ck_assert_msg(bm_options_set(options, choice.config, settings[0], settings[1], &error) == BM_OK, "%s",
                      error.text);
    }
    return choice;
}

static double rate(const bm_variant *choice, double lr, int step, int total) {
    double momentum = 0;
    const double result = bm_lr_schedule_at(choice, lr, step, total, &momentum);
    ck_assert(isnan(momentum)); /* one_cycle alone has a wish */
    return result;
}

static void assert_rate(double got, double want, const char *what) {
    ck_assert_msg(fabs(got - want) <= 1e-12 * fabs(want), "%s: %.17g instead of %.17g", what, got, want);
}

/* Each schedule as PyTorch documents it: the next rate from the last. */
START_TEST(closed_forms_equal_the_recursive_definitions) {
    static const char *const step_settings[] = {"step_size", "7", "gamma", "0.3", NULL};
    static const char *const exponential_settings[] = {"gamma", "0.99", NULL};
    static const char *const cosine_settings[] = {"T_max", "60", "eta_min", "0.02", NULL};
    static const char *const linear_settings[] = {"start_factor", "0.25", "end_factor", "0.75",
                                                  "total_iters",  "13",   NULL};
    const bm_variant step = schedule("step", step_settings),
                     exponential = schedule("exponential", exponential_settings),
                     cosine = schedule("cosine", cosine_settings), linear = schedule("linear", linear_settings);
    double step_lr = 0.5, exponential_lr = 0.5, cosine_lr = 0.5, linear_lr = 0.5 * 0.25;
    for (int k = 0; k < 59; k++) {
        assert_rate(rate(&step, 0.5, k, 1000), step_lr, "step");
        assert_rate(rate(&exponential, 0.5, k, 1000), exponential_lr, "exponential");
        assert_rate(rate(&cosine, 0.5, k, 1000), cosine_lr, "cosine");
        assert_rate(rate(&linear, 0.5, k, 1000), linear_lr, "linear");
        step_lr *= (k + 1) % 7 == 0 ? 0.3 : 1;
        exponential_lr *= 0.99;
        cosine_lr = (1 + cos(pi * (k + 1) / 60)) / (1 + cos(pi * k / 60)) * (cosine_lr - 0.02) + 0.02;
        linear_lr += k < 13 ? 0.5 * (0.75 - 0.25) / 13 : 0;
    }
}
END_TEST

START_TEST(constant_stays) {
    const bm_variant choice = schedule("constant", NULL);
    ck_assert(rate(&choice, 0.3, 0, 10) == 0.3);
    ck_assert(rate(&choice, 0.3, 1000000000, 10) == 0.3);
    ck_assert_int_eq(choice.kind, 0); /* what a zeroed variant means */
}
END_TEST

/* 0 stands for the whole run: the middle of the wave, the middle of the line, the last step of the cycle. */
START_TEST(lengths_left_out_are_the_length_of_the_run) {
    static const char *const whole_run[] = {"start_factor", "1", "end_factor", "0", "total_iters", "0", NULL};
    const bm_variant cosine = schedule("cosine", NULL), linear = schedule("linear", whole_run),
                     one_cycle = schedule("one_cycle", NULL);
    double momentum;
    assert_rate(rate(&cosine, 0.4, 100, 200), 0.2, "cosine");
    assert_rate(rate(&linear, 0.4, 50, 200), 0.3, "linear, as lin_0.4");
    /* 100 steps: up in 0.3 * 100 - 1; the rate that is set is the highest. */
    assert_rate(bm_lr_schedule_at(&one_cycle, 0.4, 0, 100, &momentum), 0.4 / 25, "one_cycle, first");
    assert_rate(momentum, 0.95, "momentum, first");
    assert_rate(bm_lr_schedule_at(&one_cycle, 0.4, 29, 100, &momentum), 0.4, "one_cycle, highest");
    assert_rate(momentum, 0.85, "momentum, highest");
    assert_rate(bm_lr_schedule_at(&one_cycle, 0.4, 99, 100, &momentum), 0.4 / 25 / 1e4, "one_cycle, last");
}
END_TEST

START_TEST(defaults_are_pytorch_s) {
    const bm_variant linear = schedule("linear", NULL), step = schedule("step", NULL);
    assert_rate(rate(&linear, 0.3, 0, 100), 0.1, "a third at first");
    assert_rate(rate(&linear, 0.3, 5, 100), 0.3, "warm after 5");
    assert_rate(rate(&step, 0.3, 29, 100), 0.3, "before 30");
    assert_rate(rate(&step, 0.3, 30, 100), 0.03, "a tenth after 30");
}
END_TEST

/* The cosine's wave goes on, as PyTorch's does; the cycle and the line keep their last values. */
START_TEST(schedules_go_on_beyond_their_ends) {
    static const char *const ten[] = {"T_max", "10", NULL}, *const short_cycle[] = {"total_steps", "50", NULL};
    const bm_variant cosine = schedule("cosine", ten), linear = schedule("linear", NULL),
                     one_cycle = schedule("one_cycle", short_cycle);
    double momentum;
    ck_assert(fabs(rate(&cosine, 1, 10, 100)) < 1e-15);
    assert_rate(rate(&cosine, 1, 15, 100), 0.5, "half way up again");
    assert_rate(rate(&cosine, 1, 20, 100), 1, "all the way");
    assert_rate(rate(&linear, 1, 6, 100), 1, "linear");
    assert_rate(bm_lr_schedule_at(&one_cycle, 1, 50, 100, &momentum), 1 / 25.0 / 1e4, "one_cycle");
    assert_rate(bm_lr_schedule_at(&one_cycle, 1, 99, 100, &momentum), 1 / 25.0 / 1e4, "one_cycle");
    assert_rate(momentum, 0.95, "momentum");
}
END_TEST

/* Phases of no length, runs of one step or none, and steps far out: a rate between 0 and the highest, whatever it
 * is. */
START_TEST(odd_lengths_give_numbers) {
    static const char *const shares[] = {"0", "0.1", "0.5", "0.7", "1"}, *const phases[] = {"true", "false"};
    for (int share = 0; share < 5; share++) {
        for (int phase = 0; phase < 2; phase++) {
            const char *settings[] = {"pct_start", shares[share], "three_phase", phases[phase], NULL};
            const bm_variant one_cycle = schedule("one_cycle", settings);
            for (int total = 0; total <= 20; total++) {
                for (int step = 0; step <= total + 1; step++) {
                    double momentum;
                    const double got = bm_lr_schedule_at(&one_cycle, 1, step, total, &momentum);
                    ck_assert_msg(got > 0 && got <= 1 + 1e-12, "%g at %d of %d", got, step, total);
                    ck_assert(momentum >= 0.85 - 1e-12 && momentum <= 0.95 + 1e-12);
                }
            }
        }
    }
    for (int i = 0; bm_lr_schedule_types[i]; i++) {
        const bm_variant choice = schedule(bm_lr_schedule_types[i]->name, NULL);
        double momentum;
        for (int64_t step = 0; step < INT64_C(1000000000000); step = step * 3 + 1) {
            const double got = bm_lr_schedule_at(&choice, 1, step, step / 2, &momentum);
            ck_assert_msg(got >= 0 && got <= 1, "%s: %g", bm_lr_schedule_types[i]->name, got);
        }
    }
}
END_TEST

START_TEST(no_wish_for_momentum_unless_it_cycles) {
    static const char *const settings[] = {"cycle_momentum", "false", NULL};
    const bm_variant choice = schedule("one_cycle", settings);
    assert_rate(rate(&choice, 1, 29, 100), 1, "the rate all the same");
}
END_TEST

START_TEST(registry_rows_are_complete) {
    ck_assert_str_eq(bm_lr_schedule_types[0]->name, "constant");
    int count = 0;
    for (; bm_lr_schedule_types[count]; count++) {
        ck_assert_str_eq(bm_lr_schedule_types[count]->name, bm_lr_schedule_kinds[count].name);
        ck_assert(bm_lr_schedule_types[count]->summary && bm_lr_schedule_types[count]->at);
        ck_assert(bm_lr_schedule_kinds[count].options->config_bytes <= BM_VARIANT_BYTES);
    }
    ck_assert(!bm_lr_schedule_kinds[count].name);
}
END_TEST

TEST_MAIN("lr_schedule", 30, closed_forms_equal_the_recursive_definitions, constant_stays,
          lengths_left_out_are_the_length_of_the_run, defaults_are_pytorch_s, schedules_go_on_beyond_their_ends,
          odd_lengths_give_numbers, no_wish_for_momentum_unless_it_cycles, registry_rows_are_complete)
