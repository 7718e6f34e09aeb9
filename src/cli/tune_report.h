#ifndef BM_CLI_TUNE_REPORT_H
#define BM_CLI_TUNE_REPORT_H

/* The page of a study (bm_tune_report), from what the store knows: tune_report.c reads and puts the page together,
 * tune_report_tables.c writes tables and the best configuration, tune_report_charts.c draws values over trials, steps
 * and single parameters, tune_report_maps.c over two parameters and over all. */
#include "cli/tune.h"
#include "core/canvas.h"
#include "draw/markup.h"
#include "tune/importance.h"

typedef struct {
    int seeds;        /* 0: none */
    double mean, std; /* of the population */
} bm_report_score;

/* Best first: complete ones, pruned ones, the others. */
typedef struct {
    const bm_trial *trial;
    double value; /* of one that was pruned: its last; NAN: none */
    bm_report_score folds, validation, test;
} bm_report_trial;

typedef struct {
    const char *name, *storage;
    bm_search_space space;
    bm_store *store;
    bm_trials trials;
    cJSON *objective;        /* what was tuned; NULL: the study was not made here */
    bm_report_trial *ranked; /* [trials.count] */
    int complete, pruned, failed, running, finalists;
    int chosen; /* of ranked: tested, else best validated, else best; -1: none is complete */
    bm_importance importance;
    int order[BM_PARAMETERS]; /* parameters, the most important first */
    /* The scale that values are drawn on. Single values far off on the bad side stand at its edge. */
    double low, high;
    bool log;
    int beyond; /* how many those are */
    bm_arena arena;
} bm_report;

/* 0 at the bad or low end .. 1; clamped. */
double bm_report_unit(const bm_report *report, double value);
/* 0: the worst .. 1: the best of those that came to an end, by rank. */
double bm_report_rank(const bm_report *report, int ranked);
const char *bm_report_what(const bm_report *report); /* what values are: "mean return", "least value" */

/* ---- the sections ---- */

void bm_report_put_result(const bm_report *report, bm_markup *page);
void bm_report_put_importance(const bm_report *report, bm_markup *page);
bm_status bm_report_put_trials(const bm_report *report, bm_markup *page, bm_error *error);
/* BM_FAILED: memory. Sections that have nothing to show are left out. */
bm_status bm_report_put_history(bm_report *report, bm_markup *page, bm_error *error);
bm_status bm_report_put_slices(bm_report *report, bm_markup *page, bm_error *error);
bm_status bm_report_put_curves(bm_report *report, bm_markup *page, bm_error *error);
bm_status bm_report_put_contour(bm_report *report, bm_markup *page, bm_error *error);
bm_status bm_report_put_parallel(bm_report *report, bm_markup *page, bm_error *error);

/* ---- what drawings share ---- */

enum { BM_REPORT_WIDTH = 1160, BM_REPORT_TICKS = BM_PARAMETER_CHOICES };

typedef void bm_report_draw(void *context, bm_canvas *canvas);
bm_status bm_report_figure(bm_markup *page, double width, double height, bm_report_draw *draw, void *context,
                           bm_error *error);

typedef struct {
    double unit; /* where: 0 .. 1 */
    char text[48];
} bm_report_tick;

/* Where a value stands on its parameter's axis, 0 .. 1: categories side by side. */
double bm_report_place(const bm_parameter *parameter, double value);
int bm_report_ticks(const bm_parameter *parameter, int most, bm_report_tick ticks[BM_REPORT_TICKS]);
int bm_report_value_ticks(const bm_report *report, int most, bm_report_tick ticks[BM_REPORT_TICKS]);
/* Ticks with their numbers below a line from left to right; what does not fit is left out. */
void bm_report_axis(bm_canvas *canvas, double left, double right, double y, double text, const bm_report_tick *ticks,
                    int count);
/* Text that is made smaller where it is wider than there is room. */
void bm_report_fitting(bm_canvas *canvas, double x, double y, double size, double room, bm_align align, bm_color color,
                       const char *words);

#endif
