/* Filled contours by marching squares (W. Lorensen and H. Cline 1987, in two dimensions).
 *
 * For each level, the region of values that reach it is traced and filled over the regions of all lower levels:
 * neighbouring bands share no edge, so no seam shows between them. A region's border is made of links between nodes:
 * within a cell from the side where a walk around it (counterclockwise) leaves the region to the side where it enters
 * again; and, along sides that no other cell lies behind, of the parts that are inside. The region is always on the
 * left of a link, so outlines run counterclockwise (y up) and holes clockwise. */
#include "draw/contour.h"

#include <math.h>
#include <stdint.h>

static const double tolerance = 0.02; /* of a cell: how far a contour may be off its traced points */

/* A node is a point of the grid, or where the level crosses the side from there to the right or up. Each is left by one
 * link at most, except a point where two regions touch, by two. */
enum { AT_POINT, AT_POINT_AGAIN, TO_RIGHT, TO_TOP, KINDS };

typedef struct {
    const bm_field *field;
    bool *valued;    /* [rows, columns] of the cell to the right and up: all its corners have values */
    double level;    /* -INFINITY: all that has a value */
    int32_t *next;   /* [rows, columns, KINDS] node that the link from here leads to; -1: none */
    bm_point *point; /* [as many] traced */
    int *end;        /* [as many] */
    int points, contours;
} tracer;

/* ---- links ------------------------------------------------------------------------------------------------------ */

static bool has_value(const tracer *t, int column, int row) {
    const bool within = column >= 0 && row >= 0 && column < t->field->columns - 1 && row < t->field->rows - 1;
    return within && t->valued[row * t->field->columns + column];
}

static void find_values(tracer *t) {
    const int columns = t->field->columns;
    for (int row = 0; row < t->field->rows - 1; row++) {
        for (int column = 0; column < columns - 1; column++) {
            const double *value = t->field->value + row * columns + column;
            t->valued[row * columns + column] =
                isfinite(value[0]) && isfinite(value[1]) && isfinite(value[columns]) && isfinite(value[columns + 1]);
        }
    }
}

static int32_t node(const tracer *t, int column, int row, int kind) {
    return (int32_t)((row * t->field->columns + column) * KINDS + kind);
}

static void link_nodes(tracer *t, int32_t from, int32_t to) {
    if (from % KINDS == AT_POINT && t->next[from] >= 0) {
        from += AT_POINT_AGAIN - AT_POINT;
    }
    t->next[from] = to;
}

/* Sides are numbered as the corners that they begin at, counterclockwise from the lower left. */
static void add_cell(tracer *t, int column, int row) {
    const int32_t corner[4] = {node(t, column, row, AT_POINT), node(t, column + 1, row, AT_POINT),
                               node(t, column + 1, row + 1, AT_POINT), node(t, column, row + 1, AT_POINT)};
    const int32_t side[4] = {node(t, column, row, TO_RIGHT), node(t, column + 1, row, TO_TOP),
                             node(t, column, row + 1, TO_RIGHT), node(t, column, row, TO_TOP)};
    static const int beyond_x[4] = {0, 1, 0, -1}, beyond_y[4] = {-1, 0, 1, 0};
    double sum = 0;
    bool inside[4];
    int count = 0;
    for (int i = 0; i < 4; i++) {
        const double value = t->field->value[corner[i] / KINDS];
        inside[i] = value >= t->level;
        count += inside[i];
        sum += value / 4;
    }
    if (count == 0) {
        return;
    }
    const bool saddle = count == 2 && inside[0] == inside[2];
    for (int i = 0; i < 4; i++) {
        const bool from = inside[i], to = inside[(i + 1) % 4];
        if (from && !to) {
            int entry = (i + 1) % 4;
            if (saddle && sum < t->level) { /* two corners apart, not joined through the centre */
                entry = (i + 3) % 4;
            }
            while (inside[entry] || !inside[(entry + 1) % 4]) {
                entry = (entry + 1) % 4;
            }
            link_nodes(t, side[i], side[entry]);
        }
        if ((from || to) && !has_value(t, column + beyond_x[i], row + beyond_y[i])) {
            link_nodes(t, from ? corner[i] : side[i], to ? corner[(i + 1) % 4] : side[i]);
        }
    }
}

/* ---- contours --------------------------------------------------------------------------------------------------- */

static bm_point place_node(const tracer *t, int32_t which) {
    const int columns = t->field->columns, at = which / KINDS, kind = which % KINDS;
    const bm_point corner = {at % columns, at / columns};
    if (kind == AT_POINT || kind == AT_POINT_AGAIN) {
        return corner;
    }
    const double from = t->field->value[at] / 2, to = t->field->value[at + (kind == TO_RIGHT ? 1 : columns)] / 2;
    const double share = fmax(0, fmin((t->level / 2 - from) / (to - from), 1)); /* halves: the difference is finite */
    return kind == TO_RIGHT ? (bm_point){corner.x + share, corner.y} : (bm_point){corner.x, corner.y + share};
}

/* Leaves out points that lie near the line between those kept: as long as the directions to all of them, give or take
 * the tolerance, have one in common (K. Reumann and A. Witkam 1974). Returns how many stay. */
static int simplify(bm_point *point, int count) {
    int kept = 1;
    double left = INFINITY, right = -INFINITY, axis_x = 1, axis_y = 0; /* slopes allowed, against the axis */
    for (int i = 1; i < count; i++) {
        const bm_point from = point[kept - 1], to = point[i];
        const double x = to.x - from.x, y = to.y - from.y, length = sqrt(x * x + y * y);
        if (length < tolerance) {
            continue;
        }
        if (isinf(left)) {
            axis_x = x / length;
            axis_y = y / length;
        }
        const double along = x * axis_x + y * axis_y, across = y * axis_x - x * axis_y;
        if (along <= 0 || across > left * along || across < right * along) {
            point[kept++] = point[i - 1]; /* the last one that was in line */
            left = INFINITY;
            right = -INFINITY;
            i--;
            continue;
        }
        left = fmin(left, (across + tolerance) / along);
        right = fmax(right, (across - tolerance) / along);
    }
    if (kept < count && count > 1) {
        point[kept++] = point[count - 1];
    }
    return kept;
}

static void follow(tracer *t, int32_t start) {
    const int begin = t->points;
    int count = 0;
    int32_t at = start;
    do {
        t->point[begin + count++] = place_node(t, at);
        const bool again = at % KINDS == AT_POINT && t->next[at] < 0;
        const int32_t from = again ? at + AT_POINT_AGAIN - AT_POINT : at;
        at = t->next[from];
        t->next[from] = -1;
    } while (at >= 0 && at != start);
    count = simplify(t->point + begin, count);
    if (count > 2) {
        t->points += count;
        t->end[t->contours++] = t->points;
    }
}

static void trace(tracer *t, double level) {
    const int columns = t->field->columns, rows = t->field->rows, nodes = columns * rows * KINDS;
    t->level = level;
    t->points = t->contours = 0;
    for (int i = 0; i < nodes; i++) {
        t->next[i] = -1;
    }
    for (int row = 0; row < rows - 1; row++) {
        for (int column = 0; column < columns - 1; column++) {
            if (has_value(t, column, row)) {
                add_cell(t, column, row);
            }
        }
    }
    for (int32_t start = 0; start < nodes; start++) {
        if (t->next[start] >= 0) {
            follow(t, start % KINDS == AT_POINT_AGAIN ? start + AT_POINT - AT_POINT_AGAIN : start);
        }
    }
}

static bm_region keep(const tracer *t, bm_arena *arena) {
    bm_point *points = BM_NEW(arena, bm_point, t->points);
    int *ends = BM_NEW(arena, int, t->contours);
    if (!points || !ends) {
        return (bm_region){.contours = 0};
    }
    for (int i = 0; i < t->points; i++) {
        points[i] = t->point[i];
    }
    for (int i = 0; i < t->contours; i++) {
        ends[i] = t->end[i];
    }
    return (bm_region){.points = points, .ends = ends, .contours = t->contours};
}

void bm_contour_trace_levels(bm_contour *contour, const bm_field *field, bm_arena *arena) {
    bm_arena scratch = {0};
    const int nodes = field->columns * field->rows * KINDS;
    tracer t = {.field = field};
    t.next = BM_NEW(&scratch, int32_t, nodes);
    t.point = BM_NEW(&scratch, bm_point, nodes);
    t.end = BM_NEW(&scratch, int, nodes);
    t.valued = BM_NEW(&scratch, bool, nodes / KINDS);
    if (!scratch.refused) {
        find_values(&t);
    }
    contour->field = field;
    for (int k = 0; k <= contour->levels; k++) {
        contour->above[k] = (bm_region){.contours = 0};
        if (!scratch.refused) {
            trace(&t, k ? contour->level[k - 1] : -INFINITY);
            contour->above[k] = keep(&t, arena);
        }
    }
    arena->refused = arena->refused ? arena->refused : scratch.refused;
    bm_arena_free(&scratch);
}

void bm_contour_trace(bm_contour *contour, const bm_field *field, int levels, bm_arena *arena) {
    const int wanted = levels < BM_CONTOUR_LEVELS ? levels : BM_CONTOUR_LEVELS;
    contour->levels = 0;
    for (int k = 1; k <= wanted; k++) {
        const double at = (double)k * BM_FIELD_SHARES / (wanted + 1), share = at - floor(at);
        const double level = field->scale[(int)at] * (1 - share) + field->scale[(int)at + 1] * share;
        const double last = contour->levels ? contour->level[contour->levels - 1] : field->scale[0];
        if (level > last) {
            contour->level[contour->levels++] = level;
        }
    }
    bm_contour_trace_levels(contour, field, arena);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

void bm_contour_draw(const bm_contour *contour, bm_canvas *canvas) {
    const double width = canvas->right - canvas->left, height = canvas->bottom - canvas->top;
    for (int k = 0; k <= contour->levels; k++) {
        bm_region region = contour->above[k];
        region.y = height;
        region.stretch_x = width / (contour->field->columns - 1);
        region.stretch_y = -height / (contour->field->rows - 1);
        bm_draw_region(canvas, &region, bm_field_color((double)k / (contour->levels ? contour->levels : 1)));
    }
}

bm_point bm_contour_place(const bm_field *field, const bm_canvas *canvas, double x, double y) {
    const double width = canvas->right - canvas->left, height = canvas->bottom - canvas->top;
    return (bm_point){width * (x - field->low[0]) / (field->high[0] - field->low[0]),
                      height * (field->high[1] - y) / (field->high[1] - field->low[1])};
}
