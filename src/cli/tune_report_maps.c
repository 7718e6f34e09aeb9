/* The report's maps: two parameters from above, and all of them beside each other. */
#include <math.h>
#include <string.h>

#include "cli/tune_report.h"
#include "draw/contour.h"

enum { GRID = 60, LEVELS = 12, MAP_WIDTH = 800, MAP_HEIGHT = 540, LINES = 300, AXES = 12, PARALLEL_HEIGHT = 470 };

/* Colours of bad and good that show on paper and in the dark. */
static bm_color color_of_rank(double share) {
    const bm_color bad = 0xff9aa5b1u, middle = 0xffe69f00u, good = 0xffd55e00u;
    const double turn = 0.6;
    return share < turn ? bm_color_mix(bad, middle, share / turn)
                        : bm_color_mix(middle, good, (share - turn) / (1 - turn));
}

/* ---- two parameters --------------------------------------------------------------------------------------------- */

typedef struct {
    const bm_report *report;
    int x, y; /* parameters */
    bm_field field, doubtful;
    bm_contour contour, doubt; /* over them, what is blank: nothing is known there */
} map;

/* The two most important numbers; false: there are none. */
static bool choose_two(const bm_report *report, int *x, int *y) {
    int found = 0;
    for (int i = 0; i < report->space.count && found < 2; i++) {
        const int which = report->order[i];
        if (report->space.parameter[which].kind != BM_PARAMETER_CATEGORICAL) {
            *(found++ ? y : x) = which;
        }
    }
    return found == 2;
}

/* A mean of the ranks of trials nearby, weighted by a Gaussian (Nadaraya 1964, Watson 1964), 0 the best; and how much
 * there is to say so: 1 is a trial in its own place. */
static double smooth(const map *m, double x, double y, double *weights) {
    const double reach = 0.07; /* of an axis */
    const bm_report *report = m->report;
    double sum = 0;
    *weights = 0;
    for (int i = 0; i < report->complete + report->pruned; i++) {
        const bm_trial *trial = report->ranked[i].trial;
        const double at_x = trial->param[m->x], at_y = trial->param[m->y];
        if (isnan(at_x) || isnan(at_y)) {
            continue;
        }
        const double dx = (bm_report_place(&report->space.parameter[m->x], at_x) - x) / reach;
        const double dy = (bm_report_place(&report->space.parameter[m->y], at_y) - y) / reach;
        const double weight = exp(-0.5 * (dx * dx + dy * dy)) + 1e-100; /* far from all: the mean of all */
        sum += weight * (1 - bm_report_rank(report, i));
        *weights += weight;
    }
    return sum / *weights;
}

/* Traces heights, and where too little is known of them. */
static bm_status survey(map *m, bm_arena *arena, bm_error *error) {
    const double least = 0.3;
    double *height = BM_NEW(arena, double, GRID *GRID), *doubt = BM_NEW(arena, double, GRID *GRID);
    bm_status status = bm_arena_check(arena, "the report", error);
    for (int i = 0; i < GRID * GRID && status == BM_OK; i++) {
        height[i] = smooth(m, (double)(i % GRID) / (GRID - 1), (double)(i / GRID) / (GRID - 1), &doubt[i]);
        doubt[i] = -log(doubt[i]);
    }
    m->field = (bm_field){.columns = GRID, .rows = GRID, .low = {0, 0}, .high = {1, 1}, .value = height};
    m->doubtful = m->field;
    m->doubtful.value = doubt;
    if (status == BM_OK && bm_field_rank(&m->field, arena)) {
        bm_contour_trace(&m->contour, &m->field, LEVELS, arena);
        m->doubt = (bm_contour){.levels = 1, .level = {-log(least)}};
        bm_contour_trace_levels(&m->doubt, &m->doubtful, arena);
    }
    return bm_arena_check(arena, "the report", error);
}

static void draw_blank(const map *m, bm_canvas *canvas) {
    bm_region region = m->doubt.above[1];
    region.y = canvas->bottom - canvas->top;
    region.stretch_x = (canvas->right - canvas->left) / (GRID - 1);
    region.stretch_y = -region.y / (GRID - 1);
    bm_draw_region(canvas, &region, BM_PAPER);
}

static void draw_map(void *context, bm_canvas *canvas) {
    const map *m = context;
    const bm_report *report = m->report;
    const bm_parameter *px = &report->space.parameter[m->x], *py = &report->space.parameter[m->y];
    const double text = 13, left = 5 * text, top = 32, edge = 26, bottom = 50; /* whole pixels: edges are sharp */
    const double width = MAP_WIDTH - left - edge, height = MAP_HEIGHT - top - bottom;
    bm_report_tick ticks[BM_REPORT_TICKS];
    bm_report_fitting(canvas, left, 0.8 * text, text, width, BM_ALIGN_LEFT, BM_GRAY, py->name);
    int count = bm_report_ticks(px, 8, ticks);
    bm_report_axis(canvas, left, left + width, top + height, text, ticks, count);
    bm_draw_text(canvas, left + width / 2, top + height + 2.9 * text, text, BM_ALIGN_CENTER, BM_GRAY, px->name);
    count = bm_report_ticks(py, 8, ticks);
    bm_draw_line(canvas, left, top, left, top + height, 1, BM_GRAY);
    for (int i = 0; i < count; i++) {
        const double y = top + height * (1 - ticks[i].unit);
        bm_draw_line(canvas, left - 0.35 * text, y, left, y, 1, BM_GRAY);
        bm_draw_text(canvas, left - 0.6 * text, y, text, BM_ALIGN_RIGHT, BM_GRAY, ticks[i].text);
    }
    bm_canvas_viewport(canvas, left, top, width, height);
    bm_contour_draw(&m->contour, canvas);
    draw_blank(m, canvas);
    bm_canvas_viewport(canvas, 0, 0, MAP_WIDTH, MAP_HEIGHT);
    for (int i = report->complete + report->pruned - 1; i >= -1; i--) {
        const int which = i < 0 ? report->chosen : i;
        const bm_report_trial *r = which < 0 ? NULL : &report->ranked[which];
        if (!r || isnan(r->trial->param[m->x]) || isnan(r->trial->param[m->y])) {
            continue;
        }
        const double x = left + width * bm_report_place(px, r->trial->param[m->x]);
        const double y = top + height * (1 - bm_report_place(py, r->trial->param[m->y]));
        const double radius = i < 0 ? 6 : r->trial->state == BM_TRIAL_COMPLETE ? 3.6 : 2.2;
        bm_draw_circle(canvas, x, y, radius + 1.2, i < 0 ? 0xff20262cu : 0xfffdfefeu);
        bm_draw_circle(canvas, x, y, radius, color_of_rank(bm_report_rank(report, which)));
    }
}

bm_status bm_report_put_contour(bm_report *report, bm_markup *page, bm_error *error) {
    map m = {.report = report};
    if (report->complete + report->pruned < BM_IMPORTANCE_LEAST || !choose_two(report, &m.x, &m.y)) {
        return BM_OK;
    }
    const bm_status status = survey(&m, &report->arena, error);
    if (status != BM_OK) {
        return status;
    }
    bm_markup_put(page,
                  "<h2>The two most important numbers</h2>\n<p class=\"quiet\">Paler: better, the rank smoothed over "
                  "the trials nearby; blank: none is near. Points are trials, from gray, the worst by rank, to red, "
                  "the best; small ones were pruned; ringed: the best configuration.</p>\n");
    return bm_report_figure(page, MAP_WIDTH, MAP_HEIGHT, draw_map, &m, error);
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

typedef struct {
    double left, step, top, bottom, none; /* none: where a parameter stands that does not exist */
    int axes;                             /* parameters and the value, which is the first */
    bool conditional;
} lanes;

static bm_point place_on(const bm_report *report, const lanes *l, int axis, const bm_report_trial *r) {
    double unit = bm_report_unit(report, r->value);
    if (axis > 0) {
        const int which = report->order[axis - 1];
        const double value = r->trial->param[which];
        if (isnan(value)) {
            return (bm_point){l->left + axis * l->step, l->none};
        }
        unit = bm_report_place(&report->space.parameter[which], value);
    }
    return (bm_point){l->left + axis * l->step, l->bottom + unit * (l->top - l->bottom)};
}

static void draw_line_of(const bm_report *report, const lanes *l, int ranked, double width, bm_color color,
                         bm_canvas *canvas) {
    bm_point point[AXES + 1];
    for (int axis = 0; axis < l->axes; axis++) {
        point[axis] = place_on(report, l, axis, &report->ranked[ranked]);
    }
    bm_draw_polyline(canvas, point, l->axes, width, color);
}

static void draw_lane(const bm_report *report, const lanes *l, int axis, bm_canvas *canvas) {
    const double text = 12, x = l->left + axis * l->step;
    const char *name = axis ? report->space.parameter[report->order[axis - 1]].name : bm_report_what(report);
    bm_report_tick ticks[BM_REPORT_TICKS];
    const int count = axis ? bm_report_ticks(&report->space.parameter[report->order[axis - 1]], 7, ticks)
                           : bm_report_value_ticks(report, 7, ticks);
    bm_draw_line(canvas, x, l->top, x, l->bottom, 1, BM_GRAY);
    const double wider = 1.7; /* names stand in two rows by turns */
    bm_report_fitting(canvas, axis ? x : 0, l->top - (axis % 2 ? 1.3 : 2.7) * text, text, wider * l->step,
                      axis ? BM_ALIGN_CENTER : BM_ALIGN_LEFT, BM_INK, name);
    for (int i = 0; i < count; i++) {
        const double y = l->bottom + ticks[i].unit * (l->top - l->bottom);
        const double wide = fmin(bm_text_width(canvas, 0.9 * text, ticks[i].text), 0.6 * l->step);
        bm_draw_line(canvas, x - 3, y, x + 3, y, 1, BM_GRAY);
        bm_draw_rectangle(canvas, x + 5, y - 0.6 * text, x + 9 + wide, y + 0.6 * text, bm_color_fade(BM_PAPER, 0.8));
        bm_report_fitting(canvas, x + 7, y, 0.9 * text, 0.6 * l->step, BM_ALIGN_LEFT, BM_INK, ticks[i].text);
    }
}

static void draw_parallel(void *context, bm_canvas *canvas) {
    const bm_report *report = context;
    lanes l = {.left = 50, .top = 56, .axes = 1 + (report->space.count < AXES ? report->space.count : AXES)};
    for (int axis = 1; axis < l.axes; axis++) {
        l.conditional |= report->space.parameter[report->order[axis - 1]].parent >= 0;
    }
    l.step = (BM_REPORT_WIDTH - l.left - 90) / fmax(1, l.axes - 1);
    l.bottom = PARALLEL_HEIGHT - (l.conditional ? 52 : 20);
    l.none = PARALLEL_HEIGHT - 16;
    const int judged = report->complete + report->pruned, stride = (judged + LINES - 1) / LINES;
    for (int i = judged - 1; i >= 0; i--) {
        if (i != report->chosen && i % stride == 0 && !isnan(report->ranked[i].value)) {
            const double share = bm_report_rank(report, i);
            draw_line_of(report, &l, i, 1 + 0.8 * share, bm_color_fade(color_of_rank(share), 0.3 + 0.5 * share),
                         canvas);
        }
    }
    if (report->chosen >= 0) {
        draw_line_of(report, &l, report->chosen, 3.5, BM_INK, canvas);
    }
    if (l.conditional) {
        bm_draw_text(canvas, 0, l.none, 11, BM_ALIGN_LEFT, BM_GRAY, "absent");
    }
    for (int axis = 0; axis < l.axes; axis++) {
        draw_lane(report, &l, axis, canvas);
    }
}

bm_status bm_report_put_parallel(bm_report *report, bm_markup *page, bm_error *error) {
    const int judged = report->complete + report->pruned;
    if (judged == 0 || report->space.count < 2) {
        return BM_OK;
    }
    bm_markup_put(page,
                  "<h2>All parameters together</h2>\n<p class=\"quiet\">One line a trial, from gray, the worst by "
                  "rank, to red, the best; thick: the best configuration.");
    if (report->space.count > AXES) {
        bm_markup_putf(page, " The %d most important of %d parameters.", AXES, report->space.count);
    }
    bm_markup_put(page, "</p>\n");
    return bm_report_figure(page, BM_REPORT_WIDTH, PARALLEL_HEIGHT, draw_parallel, report, error);
}
