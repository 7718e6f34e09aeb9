/* progress.csv read back, whole, half-written and damaged. */
#include "train/history.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io.h"
#include "core/metrics.h"
#include "support.h"

static bm_error error;

typedef struct {
    char folder[SCRATCH_BYTES], path[128];
    bm_history history;
} scratch;

/* A folder with this progress.csv; NULL: none. */
static scratch scratch_new(const char *text) {
    scratch s;
    scratch_make(s.folder);
    snprintf(s.path, sizeof s.path, "%s/progress.csv", s.folder);
    if (text) {
        ck_assert_int_eq(bm_write_file(s.path, text, strlen(text), &error), BM_OK);
    }
    return s;
}

static void scratch_end(scratch *s) {
    bm_history_free(&s->history);
    scratch_remove(s->folder, NULL);
}

START_TEST(columns_are_found_by_name_and_empty_cells_are_unknown) {
    scratch s = scratch_new("step,seconds,eval/mean_reward,rollout/ep_rew_mean\n"
                            "250,0.5,,21.25\n"
                            "500,1,435.53,-1e-3\n"
                            "750,1.5,,\n");
    ck_assert_msg(bm_history_read(&s.history, s.folder, &error) == BM_OK, "%s", error.text);
    ck_assert_int_eq(s.history.rows, 3);
    ck_assert_int_eq(s.history.columns, 4);
    const double *reward = bm_history_column(&s.history, "rollout/ep_rew_mean");
    const double *evaluation = bm_history_column(&s.history, "eval/mean_reward");
    ck_assert_double_eq(s.history.step[2], 750);
    ck_assert_double_eq(s.history.seconds[0], 0.5);
    ck_assert_double_eq(reward[0], 21.25);
    ck_assert_double_eq(reward[1], -0.001);
    ck_assert(isnan(reward[2]) && isnan(evaluation[0]) && isnan(evaluation[2]));
    ck_assert_double_eq(evaluation[1], 435.53);
    ck_assert_ptr_null(bm_history_column(&s.history, "eval/mean"));
    ck_assert_double_eq(bm_history_last(&s.history, "rollout/ep_rew_mean"), -0.001); /* the last that is known */
    ck_assert(isnan(bm_history_last(&s.history, "train/loss")));
    scratch_end(&s);
}
END_TEST

/* What core/metrics.c writes comes back, to the nine digits it writes. */
START_TEST(what_a_run_logs_comes_back) {
    static const char *const names[] = {"train/loss", "time/fps"};
    scratch s = scratch_new(NULL);
    bm_metrics *metrics;
    ck_assert_int_eq(bm_metrics_open(&metrics, s.folder, names, 2, "e", 1.7e9, NULL, &error), BM_OK);
    for (int i = 0; i < 1000; i++) {
        bm_metrics_row(metrics, 100 * i, 0.25 * i, (const double[]){i % 2 ? 1.0 / (i + 1) : NAN, INFINITY});
    }
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    ck_assert_int_eq(bm_history_read(&s.history, s.folder, &error), BM_OK);
    ck_assert_int_eq(s.history.rows, 1000);
    const double *loss = bm_history_column(&s.history, "train/loss");
    for (int i = 0; i < 1000; i++) {
        ck_assert_double_eq(s.history.step[i], 100 * i);
        ck_assert(i % 2 ? fabs(loss[i] * (i + 1) - 1) < 1e-8 : isnan(loss[i]));
    }
    ck_assert(isinf(bm_history_last(&s.history, "time/fps")));
    scratch_end(&s);
}
END_TEST

START_TEST(half_a_line_at_the_end_is_left_out) {
    static const char *const texts[] = {
        "step,seconds,a\n1,1,5\n2,2,6", /* the 6 may be the beginning of 60 */
        "step,seconds,a\n1,1,5\n2,",
        "step,seconds,a\n1,1,5\n",
        "step,seconds,a\r\n1,1,5\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        scratch s = scratch_new(texts[i]);
        ck_assert_msg(bm_history_read(&s.history, s.folder, &error) == BM_OK, "%s", error.text);
        ck_assert_int_eq(s.history.rows, 1);
        ck_assert_double_eq(bm_history_last(&s.history, "a"), 5);
        scratch_end(&s);
    }
}
END_TEST

START_TEST(a_run_that_just_began_has_no_rows) {
    scratch s = scratch_new("step,seconds,a\n");
    ck_assert_int_eq(bm_history_read(&s.history, s.folder, &error), BM_OK);
    ck_assert_int_eq(s.history.rows, 0);
    ck_assert(isnan(bm_history_last(&s.history, "a")));
    scratch_end(&s);
}
END_TEST

START_TEST(damage_is_told_with_its_line) {
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "its first line does not begin with step,seconds"},
        {"step,seconds", "its first line"},
        {"r,l,t\n1,2,3\n", "its first line"},
        {"step,secondsy,a\n1,2,3\n", "its first line"},
        {"step,seconds,a\n1,1,5\n2,2\n3,3,7\n", "line 3 is not a row of 3 numbers"},
        {"step,seconds,a\n1,1,5,6\n", "line 2 is not a row of 3 numbers"},
        {"step,seconds,a\n1,1,five\n", "line 2 is not a row of 3 numbers"},
        {"step,seconds,a\n1,1,5x\n", "line 2 is not a row of 3 numbers"},
        {"step,seconds,a\n1,1,5\n\n", "line 3 is not a row of 3 numbers"},
        {"step,seconds,a\n2,1,5\n1,2,5\n", "line 3 does not go on"},
        {"step,seconds,a\n1,2,5\n2,1,5\n", "line 3 does not go on"},
        {"step,seconds,a\n,1,5\n", "line 2 does not go on"},
        {"step,seconds,a\n1,,5\n", "line 2 does not go on"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scratch s = scratch_new(cases[i].text);
        ck_assert_int_eq(bm_history_read(&s.history, s.folder, &error), BM_FAILED);
        ck_assert_msg(strstr(error.text, cases[i].says) && strstr(error.text, s.path), "'%s'", error.text);
        ck_assert_int_eq(s.history.rows, 0);
        scratch_end(&s);
    }
}
END_TEST

START_TEST(folders_that_are_no_run_are_told) {
    bm_history history;
    char wanted[256];
    ck_assert_int_eq(bm_history_read(&history, "/nonexistent/run", &error), BM_FAILED);
    ck_assert_str_eq(error.text, "there is no run folder /nonexistent/run");
    scratch s = scratch_new(NULL);
    ck_assert_int_eq(bm_history_read(&s.history, s.folder, &error), BM_FAILED);
    snprintf(wanted, sizeof wanted, "%s is no run folder: there is no progress.csv in it", s.folder);
    ck_assert_str_eq(error.text, wanted);
    ck_assert_int_eq(bm_history_read(&s.history, s.folder, NULL), BM_FAILED); /* without a message */
    scratch_end(&s);
}
END_TEST

TEST_MAIN("history", 20, columns_are_found_by_name_and_empty_cells_are_unknown, what_a_run_logs_comes_back,
          half_a_line_at_the_end_is_left_out, a_run_that_just_began_has_no_rows, damage_is_told_with_its_line,
          folders_that_are_no_run_are_told)
