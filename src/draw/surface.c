/* A function of two coordinates as a block with a relief on top, seen in parallel projection: its facets are painted
 * from the back to the front, so that what is nearer covers what is behind. Heights follow the field's scale, as
 * colours do, more than the values: of a function that grows a thousandfold beside its valley, the valley would else be
 * flat. (A square stays a bowl: its share of the window grows as the square of the distance too.) */
#include <math.h>
#include <stddef.h>

#include "draw/chart.h"
#include "draw/contour.h"

enum { CELLS = 72 }; /* facets on a side, at most */

static const double height = 0.95,
                    base = -0.14;   /* of the relief, and where the block ends; the sides reach from -1 to 1 */
static const double straight = 0.4; /* of the height, how much follows the values themselves */
static const double overlap = 0.4;  /* pixels that facets grow: no background between them */

typedef struct {
    double x, y, z, share; /* share: on the scale, for the colour of a point of the relief */
} point3;

typedef struct {
    const bm_field *field;
    bm_canvas *canvas;
    double turn_cos, turn_sin, tilt_cos, tilt_sin;
    double scale, center_x, center_y;
} camera;

/* ---- projection ------------------------------------------------------------------------------------------------- */

/* The scale is that of the widest and highest turn, so that nothing jumps while the block is turned. */
static camera point_camera(const bm_field *field, bm_surface_view view, double text, const bm_canvas *canvas) {
    const double width = canvas->right - canvas->left, tall = canvas->bottom - canvas->top;
    camera c = {.field = field,
                .turn_cos = cos(view.turn),
                .turn_sin = sin(view.turn),
                .tilt_cos = cos(view.tilt),
                .tilt_sin = sin(view.tilt),
                .center_x = width / 2};
    const double diagonal = 2 * sqrt(2), margin = 1.5 * text + 4;
    const double fits_width = (width - 2 * margin) / diagonal;
    const double fits_height = (tall - 2.2 * margin) / (diagonal * c.tilt_sin + (height - base) * c.tilt_cos);
    c.scale = fmax(1, fmin(fits_width, fits_height));
    c.center_y = tall / 2 - 0.3 * margin + c.scale * (height + base) / 2 * c.tilt_cos;
    return c;
}

static bm_point project(const camera *c, point3 p) {
    const double away = p.x * c->turn_sin + p.y * c->turn_cos;
    return (bm_point){c->center_x + c->scale * (p.x * c->turn_cos - p.y * c->turn_sin),
                      c->center_y - c->scale * (away * c->tilt_sin + p.z * c->tilt_cos)};
}

static double relief(const bm_field *field, double value) {
    const double share = bm_field_share(field, value);
    const double low = field->scale[0] / 2,
                 high = field->scale[BM_FIELD_SHARES] / 2; /* halves: the difference is finite */
    const double linear = high > low ? fmax(0, fmin((value / 2 - low) / (high - low), 1)) : 0;
    return height * (straight * linear + (1 - straight) * share * share);
}

static double across(const bm_field *field, int axis, double coordinate) {
    return 2 * (coordinate - field->low[axis]) / (field->high[axis] - field->low[axis]) - 1;
}

bm_point bm_surface_place(const bm_field *field, bm_surface_view view, double text, const bm_canvas *canvas, double x,
                          double y, double value) {
    const camera c = point_camera(field, view, text, canvas);
    return project(&c, (point3){across(field, 0, x), across(field, 1, y), relief(field, value), 0});
}

bool bm_surface_hides(const bm_field *field, bm_surface_view view, double x, double y) {
    const double step = 0.035, clear = 0.015, rise = tan(view.tilt); /* towards the viewer, in halves of a side */
    const double half_x = (field->high[0] - field->low[0]) / 2, half_y = (field->high[1] - field->low[1]) / 2;
    const double start = relief(field, bm_field_at(field, x, y)) + clear;
    for (double nearer = step; start + nearer * rise < height; nearer += step) {
        const double there =
            bm_field_at(field, x - nearer * half_x * sin(view.turn), y - nearer * half_y * cos(view.turn));
        if (isnan(there)) {
            return false;
        }
        if (relief(field, there) > start + nearer * rise) {
            return true;
        }
    }
    return false;
}

/* ---- facets ----------------------------------------------------------------------------------------------------- */

static point3 minus(point3 a, point3 b) {
    return (point3){.x = a.x - b.x, .y = a.y - b.y, .z = a.z - b.z};
}

/* Light comes from the upper left, a little from the front, wherever the viewer stands. */
static bm_color shade(const camera *c, const point3 corner[4], double share) {
    const point3 a = minus(corner[2], corner[0]), b = minus(corner[3], corner[1]);
    const point3 n = {.x = a.y * b.z - a.z * b.y, .y = a.z * b.x - a.x * b.z, .z = a.x * b.y - a.y * b.x};
    const double right = n.x * c->turn_cos - n.y * c->turn_sin, away = n.x * c->turn_sin + n.y * c->turn_cos;
    const double length = sqrt(n.x * n.x + n.y * n.y + n.z * n.z);
    const double light = fmax(0, (-0.48 * right - 0.36 * away + 0.8 * n.z) / fmax(length, 1e-12));
    return bm_color_mix(bm_color_mix(bm_field_color(share), 0xff2f4a63u, 0.62), bm_field_color(share), 0.15 + light);
}

static void draw_facet(const camera *c, const point3 corner[4]) {
    bm_point seen[4], middle = {0, 0};
    double share = 0;
    for (int i = 0; i < 4; i++) {
        if (isnan(corner[i].z)) {
            return;
        }
        seen[i] = project(c, corner[i]);
        middle.x += seen[i].x / 4;
        middle.y += seen[i].y / 4;
        share += corner[i].share / 4;
    }
    const double facing =
        (seen[2].x - seen[0].x) * (seen[3].y - seen[1].y) - (seen[2].y - seen[0].y) * (seen[3].x - seen[1].x);
    if (facing > 0) {
        return; /* seen from behind: the block itself is before it */
    }
    for (int i = 0; i < 4; i++) {
        const double x = seen[i].x - middle.x, y = seen[i].y - middle.y, length = sqrt(x * x + y * y);
        const double grown = length > 0 ? 1 + overlap * 1.4 / length : 1;
        seen[i] = (bm_point){middle.x + grown * x, middle.y + grown * y};
    }
    const int end = 4;
    const bm_region facet = {.points = seen, .ends = &end, .contours = 1, .stretch_x = 1, .stretch_y = 1};
    bm_draw_region(c->canvas, &facet, shade(c, corner, share)); /* in SVG shorter than a polygon */
}

/* Facets take points of the grid, evenly chosen where there are more than enough. */
typedef struct {
    int columns, rows; /* of facets */
} mesh;

static point3 vertex(const camera *c, mesh m, int column, int row) {
    const bm_field *field = c->field;
    const int x = (int)((long)column * (field->columns - 1) / m.columns);
    const int y = (int)((long)row * (field->rows - 1) / m.rows);
    const double value = field->value[y * field->columns + x];
    return (point3){2.0 * x / (field->columns - 1) - 1, 2.0 * y / (field->rows - 1) - 1,
                    isfinite(value) ? relief(field, value) : NAN, bm_field_share(field, value)};
}

static void fill_row(const camera *c, mesh m, int row, point3 points[CELLS + 1]) {
    for (int i = 0; i <= m.columns; i++) {
        points[i] = vertex(c, m, i, row);
    }
}

static void draw_relief(const camera *c, mesh m) {
    point3 rows[2][CELLS + 1];
    const bool y_away = c->turn_cos > 0, x_away = c->turn_sin > 0;
    fill_row(c, m, y_away ? m.rows : 0, rows[0]);
    for (int k = 0; k < m.rows; k++) {
        const point3 *behind = rows[k % 2], *before = rows[(k + 1) % 2];
        fill_row(c, m, y_away ? m.rows - 1 - k : k + 1, rows[(k + 1) % 2]);
        const point3 *low = y_away ? before : behind, *high = y_away ? behind : before;
        for (int j = 0; j < m.columns; j++) {
            const int i = x_away ? m.columns - 1 - j : j;
            draw_facet(c, (const point3[4]){low[i], low[i + 1], high[i + 1], high[i]});
        }
    }
}

/* A wall from the edge of the relief down to the base, in pieces where values are missing. */
static void draw_wall(const camera *c, mesh m, bool along_x, int at, bm_color color) {
    bm_point outline[2 * (CELLS + 1)], top[CELLS + 1];
    const int steps = along_x ? m.columns : m.rows;
    int count = 0;
    for (int i = 0; i <= steps + 1; i++) {
        point3 p = {0, 0, NAN, 0};
        if (i <= steps) {
            p = along_x ? vertex(c, m, i, at) : vertex(c, m, at, i);
        }
        if (!isnan(p.z)) {
            top[count] = project(c, p);
            outline[count++] = project(c, (point3){p.x, p.y, base, 0});
            continue;
        }
        for (int k = 0; k < count; k++) {
            outline[count + k] = top[count - 1 - k];
        }
        bm_draw_polygon(c->canvas, outline, count > 1 ? 2 * count : 0, color);
        bm_draw_polyline(c->canvas, top, count, 1, 0xff5f7d97u);
        count = 0;
    }
}

/* ---- axes ------------------------------------------------------------------------------------------------------- */

/* Numbers along the lower edge that faces the viewer, beside the base. */
static void draw_axis(const camera *c, int axis, const char *name, double text) {
    enum { TICKS = 6 };
    double ticks[TICKS];
    const double side = axis == 0 ? (c->turn_cos > 0 ? -1 : 1) : (c->turn_sin > 0 ? -1 : 1);
    const bm_point from = project(c, axis == 0 ? (point3){-1, side, base, 0} : (point3){side, -1, base, 0});
    const bm_point to = project(c, axis == 0 ? (point3){1, side, base, 0} : (point3){side, 1, base, 0});
    const bm_point middle = project(c, (point3){0, 0, base, 0});
    const double x = to.x - from.x, y = to.y - from.y, length = sqrt(x * x + y * y);
    if (!(text > 0) || fabs(x) < 5 * text) {
        return;
    }
    /* Away from the block, at a right angle to the edge. */
    const double sign = (middle.x - from.x) * -y + (middle.y - from.y) * x > 0 ? -1 : 1;
    const double out_x = sign * -y / length, out_y = sign * x / length;
    const int wanted = (int)fmax(2, fmin(TICKS, fabs(x) / (4.5 * text)));
    const int count = bm_chart_ticks(c->field->low[axis], c->field->high[axis], wanted, ticks);
    const double meeting = c->turn_cos > 0 ? 0 : 1; /* where the two edges do, the first one's number is enough */
    for (int i = 0; i < count; i++) {
        char number[32];
        const double share = (across(c->field, axis, ticks[i]) + 1) / 2;
        if (axis == 1 && fabs(share - meeting) < 0.04) {
            continue;
        }
        const bm_point at = {from.x + share * x, from.y + share * y};
        bm_draw_line(c->canvas, at.x, at.y, at.x + 4 * out_x, at.y + 4 * out_y, 1, BM_GRAY);
        bm_chart_number(ticks[i], count > 1 ? ticks[1] - ticks[0] : 0, number, sizeof number);
        bm_draw_text(c->canvas, at.x + 1.25 * text * out_x, at.y + 1.15 * text * out_y, text, BM_ALIGN_CENTER, BM_GRAY,
                     number);
    }
    bm_draw_text(c->canvas, from.x + x / 2 + 2.9 * text * out_x, from.y + y / 2 + 2.5 * text * out_y, 1.1 * text,
                 BM_ALIGN_CENTER, BM_INK, name);
}

void bm_surface_draw(const bm_field *field, bm_surface_view view, const char *const names[2], double text,
                     bm_canvas *canvas) {
    camera c = point_camera(field, view, text, canvas);
    c.canvas = canvas;
    const mesh m = {field->columns - 1 < CELLS ? field->columns - 1 : CELLS,
                    field->rows - 1 < CELLS ? field->rows - 1 : CELLS};
    const bool y_away = c.turn_cos > 0, x_away = c.turn_sin > 0;
    draw_relief(&c, m);
    const double to_left = y_away == x_away ? 0 : 0.06; /* the wall that the light reaches less is darker */
    draw_wall(&c, m, true, y_away ? 0 : m.rows, bm_color_mix(0xffb9cad8u, BM_INK, to_left));
    draw_wall(&c, m, false, x_away ? 0 : m.columns, bm_color_mix(0xffb9cad8u, BM_INK, 0.06 - to_left));
    draw_axis(&c, 0, names[0], text);
    draw_axis(&c, 1, names[1], text);
}
