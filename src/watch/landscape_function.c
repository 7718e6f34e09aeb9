/* The function in its panel: contours or a curve with axes around them, or a surface; over it paths, and over these the
 * marks. */
#include <math.h>
#include <stddef.h>

#include "draw/chart.h"
#include "watch/landscape_parts.h"

static bool is_surface(const bm_landscape *landscape) {
    return landscape->surface && landscape->dims == 2;
}

static void view(bm_canvas *canvas, bm_box box) {
    bm_canvas_viewport(canvas, box.left, box.top, box.width, box.height);
}

/* ---- axes ------------------------------------------------------------------------------------------------------- */

static double share_of(const bm_landscape_layout *l, int axis, double value) {
    return (value - l->low[axis]) / (l->high[axis] - l->low[axis]);
}

/* In pixels of the picture, around the plot. */
static void draw_axes(const bm_landscape *landscape, const bm_landscape_layout *l, bm_canvas *canvas) {
    const double text = l->text, base = l->plot.top + l->plot.height;
    char number[32];
    for (int axis = 0; axis < 2; axis++) {
        const double step = l->ticks[axis] > 1 ? l->tick[axis][1] - l->tick[axis][0] : 0;
        for (int i = 0; i < l->ticks[axis]; i++) {
            const double share = share_of(l, axis, l->tick[axis][i]);
            bm_chart_number(l->tick[axis][i], step, number, sizeof number);
            if (axis == 0) {
                const double x = floor(l->plot.left + share * l->plot.width) + 0.5;
                bm_draw_line(canvas, x, base, x, base + 0.35 * text, 1, BM_GRAY);
                bm_draw_text(canvas, x, base + 1.05 * text, text, BM_ALIGN_CENTER, BM_GRAY, number);
            } else {
                const double y = floor(base - share * l->plot.height) + 0.5;
                bm_draw_line(canvas, l->plot.left - 0.3 * text, y, l->plot.left, y, 1, BM_GRAY);
                bm_draw_text(canvas, l->plot.left - 0.55 * text, y, text, BM_ALIGN_RIGHT, BM_GRAY, number);
            }
        }
    }
    const double middle = l->plot.left + l->plot.width / 2;
    bm_draw_text(canvas, middle, base + 2.5 * text, text, BM_ALIGN_CENTER, BM_GRAY, landscape->variables[0]);
    if (landscape->dims == 2) {
        bm_draw_text(canvas, l->plot.left, l->panel.top + 1.1 * text, 1.2 * text, BM_ALIGN_LEFT, BM_INK,
                     landscape->variables[1]);
    } else {
        bm_draw_textf(canvas, l->panel.left + 0.5 * text, l->panel.top + 1.1 * text, 1.2 * text, BM_ALIGN_LEFT, BM_INK,
                      "f(%s)", landscape->variables[0]);
    }
}

static void draw_frame(const bm_landscape_layout *l, bm_canvas *canvas) {
    const double right = l->plot.left + l->plot.width, bottom = l->plot.top + l->plot.height;
    if (l->text > 0) {
        bm_draw_outline(canvas, l->plot.left - 0.5, l->plot.top - 0.5, right + 0.5, bottom + 0.5, 1, BM_GRAY);
    }
}

/* ---- the function ----------------------------------------------------------------------------------------------- */

static void draw_curve(const bm_landscape_stage *stage) {
    enum { PIECE = 256 };
    const bm_field *field = stage->landscape->field;
    const bm_landscape_layout *l = stage->layout;
    bm_point point[PIECE];
    int count = 0;
    for (int i = 0; i < l->ticks[1]; i++) {
        const double y = floor(l->plot.height * (1 - share_of(l, 1, l->tick[1][i]))) + 0.5;
        bm_draw_line(stage->canvas, 0, y, l->plot.width, y, 1, BM_RULE);
    }
    for (int i = 0; i <= field->columns; i++) {
        const bool there = i < field->columns && isfinite(field->value[i]);
        if (count > 0 && (!there || count == PIECE)) {
            bm_draw_polyline(stage->canvas, point, count, 2.5 * l->marks, 0xff7d9bb5u);
            point[0] = point[count - 1];
            count = there ? 1 : 0;
        }
        if (there) {
            point[count++] = (bm_point){l->plot.width * i / (field->columns - 1),
                                        l->plot.height * (1 - share_of(l, 1, field->value[i]))};
        }
    }
}

static bool is_empty(const bm_landscape *landscape) {
    for (int i = 0; landscape->dims == 1 && i < landscape->field->columns; i++) {
        if (isfinite(landscape->field->value[i])) {
            return false;
        }
    }
    return !landscape->contour;
}

static void draw_ground(const bm_landscape_stage *stage) {
    const bm_landscape *landscape = stage->landscape;
    const bm_landscape_layout *l = stage->layout;
    if (is_empty(landscape)) {
        bm_draw_text(stage->canvas, l->plot.width / 2, l->plot.height / 2, l->text, BM_ALIGN_CENTER, BM_GRAY,
                     "no finite value in this window");
    } else if (landscape->dims == 1) {
        draw_curve(stage);
    } else if (landscape->surface) {
        const char *const names[2] = {landscape->variables[0], landscape->variables[1]};
        bm_surface_draw(landscape->field, landscape->view, names, l->text, stage->canvas);
    } else {
        bm_contour_draw(landscape->contour, stage->canvas);
    }
}

void bm_landscape_function(const bm_landscape *landscape, const bm_landscape_layout *layout, bm_canvas *canvas) {
    const bm_landscape_stage stage = {landscape, layout, canvas};
    const bool framed = !is_surface(landscape);
    if (!(layout->plot.width > 0 && layout->plot.height > 0)) {
        return;
    }
    view(canvas, (bm_box){0, 0, canvas->width, canvas->height});
    if (framed && layout->text > 0) {
        draw_axes(landscape, layout, canvas);
    }
    view(canvas, layout->plot);
    draw_ground(&stage);
    for (int i = 0; i < landscape->path_count; i++) {
        bm_landscape_trail(&stage, &landscape->paths[i]);
    }
    if (landscape->start) {
        bm_landscape_mark(&stage, landscape->start, bm_landscape_draw_start);
    }
    for (int i = 0; i < landscape->path_count; i++) {
        bm_landscape_position(&stage, &landscape->paths[i]);
    }
    for (int i = 0; i < landscape->minima; i++) {
        bm_landscape_mark(&stage, landscape->minimum + (long)i * landscape->dims, bm_landscape_draw_minimum);
    }
    view(canvas, (bm_box){0, 0, canvas->width, canvas->height});
    if (framed) {
        draw_frame(layout, canvas);
    }
}
