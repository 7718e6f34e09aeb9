/* The painter on pixels: what contours a shape consists of. draw/area.h finds what they cover. */
#include "draw/raster.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "draw/area.h"
#include "draw/font.h"

static const double FAR = 1e9;       /* coordinates beyond are moved here: slopes stay finite */
static const double FLATNESS = 0.04; /* pixels that a polygon may be off the arc it stands for */
static const double CRISP_TEXT = 40; /* text up to this size stands on a whole pixel */

struct bm_raster {
    int width, height;
    uint32_t *pixels; /* [height, width] */
    bm_area area;
    bm_arena arena;
};

/* ---- filling ---------------------------------------------------------------------------------------------------- */

/* share: 0 .. BM_OPAQUE. */
static void fill(uint32_t *pixels, int count, bm_color color, double share) {
    const uint32_t whole = (uint32_t)(share + 0.5);
    if (whole >= BM_OPAQUE) {
        const uint32_t opaque = color | 0xff000000u;
        for (int i = 0; i < count; i++) {
            pixels[i] = opaque;
        }
        return;
    }
    for (int i = 0; i < count; i++) {
        pixels[i] = bm_blend(pixels[i], color, whole);
    }
}

static uint32_t alpha(bm_color color) {
    const uint32_t byte = color >> 24;
    return byte + (byte >> 7);
}

/* ---- shapes ----------------------------------------------------------------------------------------------------- */

/* Takes over the next point that is a point, from index i on, with both coordinates within reach; returns the index
 * after it, or 0 when there is none. */
static int next_point(const bm_point *points, int i, int count, bm_point *point) {
    for (; i < count; i++) {
        if (!isnan(points[i].x) && !isnan(points[i].y)) {
            *point = (bm_point){bm_clamp(points[i].x, -FAR, FAR), bm_clamp(points[i].y, -FAR, FAR)};
            return i + 1;
        }
    }
    return 0;
}

static void add_contour(bm_area *area, const bm_point *points, int count) {
    bm_point start, from, to;
    int i = next_point(points, 0, count, &start);
    if (!i) {
        return;
    }
    for (from = start; (i = next_point(points, i, count, &to)) != 0; from = to) {
        bm_area_add(area, from, to);
    }
    bm_area_add(area, from, start);
}

/* Opposite corners, if these are the four corners of an upright rectangle. */
static bool is_rectangle(const bm_point *points, int count) {
    return count == 4 && ((points[0].x == points[1].x && points[1].y == points[2].y && points[2].x == points[3].x &&
                           points[3].y == points[0].y) ||
                          (points[0].y == points[1].y && points[1].x == points[2].x && points[2].y == points[3].y &&
                           points[3].x == points[0].x));
}

static void paint_rectangle(bm_raster *raster, bm_point a, bm_point b, bm_color color) {
    const bm_area *clip_to = &raster->area;
    const double left = fmax(fmin(a.x, b.x), clip_to->left), right = fmin(fmax(a.x, b.x), clip_to->right);
    const double top = fmax(fmin(a.y, b.y), clip_to->top), bottom = fmin(fmax(a.y, b.y), clip_to->bottom);
    if (left >= right || top >= bottom) {
        return;
    }
    const int inner_left = (int)ceil(left), inner_right = (int)right;
    for (int row = (int)top; row < bottom; row++) {
        uint32_t *pixels = raster->pixels + (ptrdiff_t)row * raster->width;
        const double share = alpha(color) * (fmin(bottom, row + 1) - fmax(top, row));
        if (inner_left > inner_right) { /* within one pixel */
            fill(pixels + inner_right, 1, color, share * (right - left));
            continue;
        }
        if (left < inner_left) {
            fill(pixels + inner_left - 1, 1, color, share * (inner_left - left));
        }
        fill(pixels + inner_left, inner_right - inner_left, color, share);
        if (right > inner_right) {
            fill(pixels + inner_right, 1, color, share * (right - inner_right));
        }
    }
}

static void polygon(void *self, const bm_point *points, int count, bm_color color) {
    bm_raster *raster = self;
    if (is_rectangle(points, count)) {
        paint_rectangle(raster, points[0], points[2], color);
        return;
    }
    add_contour(&raster->area, points, count);
    bm_area_paint(&raster->area, raster->pixels, color, alpha(color));
}

static void add_region_contour(bm_area *area, const bm_region *shape, int begin, int end) {
    bm_point start = {0, 0}, from = {0, 0}, to;
    bool begun = false;
    for (int i = begin; i < end; i++) {
        const bm_point p = shape->points[i];
        const bm_point at = {shape->x + shape->stretch_x * p.x, shape->y + shape->stretch_y * p.y};
        if (!next_point(&at, 0, 1, &to)) {
            continue;
        }
        if (begun) {
            bm_area_add(area, from, to);
        } else {
            start = to;
        }
        begun = true;
        from = to;
    }
    bm_area_add(area, from, start);
}

static void region(void *self, const bm_region *shape, bm_color color) {
    bm_raster *raster = self;
    for (int i = 0, begin = 0; i < shape->contours; begin = shape->ends[i++]) {
        add_region_contour(&raster->area, shape, begin, shape->ends[i]);
    }
    bm_area_paint(&raster->area, raster->pixels, color, alpha(color));
}

/* The angle between neighbouring corners that keeps a polygon near an arc. */
static double arc_step(double radius) {
    return bm_clamp(sqrt(8 * FLATNESS / radius), 0, 1);
}

static bm_point turn(bm_point v, double cosine, double sine) {
    return (bm_point){v.x * cosine - v.y * sine, v.x * sine + v.y * cosine};
}

static bm_point offset(bm_point p, bm_point by, double times) {
    return (bm_point){p.x + times * by.x, p.y + times * by.y};
}

/* A polygon with as many corners as it takes and the circle's area. */
static void add_disc(bm_area *area, bm_point center, double radius) {
    const double pi = 3.14159265358979323846;
    const int corners = (int)bm_clamp(ceil(2 * pi / arc_step(radius)), 3, 1024);
    const double angle = 2 * pi / corners, cosine = cos(angle), sine = sin(angle);
    bm_point spoke = {radius * sqrt(angle / sine), 0};
    const bm_point start = offset(center, spoke, 1);
    bm_point from = start;
    for (int i = 1; i < corners; i++) {
        spoke = turn(spoke, cosine, sine);
        const bm_point to = offset(center, spoke, 1);
        bm_area_add(area, from, to);
        from = to;
    }
    bm_area_add(area, from, start);
}

static void circle(void *self, bm_point center, double radius, bm_color color) {
    bm_raster *raster = self;
    if (next_point(&center, 0, 1, &center) && radius > 0) {
        add_disc(&raster->area, center, bm_clamp(radius, 0, FAR));
        bm_area_paint(&raster->area, raster->pixels, color, alpha(color));
    }
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* A line's contour is the sum of a rectangle for each segment and, where two meet, a sector of a disc on the outer side
 * of the bend; where their sides coincide they cancel, and what is left is the outline, which is what we add. At a
 * gentle bend the rectangles are mitred instead. Every part runs in the same sense, so that none is subtracted from
 * another. */
typedef struct {
    bm_area *area;
    double radius, cosine, sine; /* half the width; one step along an arc */
    bm_point left, right;        /* where the outline has got to on either side */
} bm_pen;

static void move_left(bm_pen *pen, bm_point to) {
    bm_area_add(pen->area, pen->left, to);
    pen->left = to;
}

/* The right side runs back. */
static void move_right(bm_pen *pen, bm_point to) {
    bm_area_add(pen->area, to, pen->right);
    pen->right = to;
}

static double dot(bm_point a, bm_point b) {
    return a.x * b.x + a.y * b.y;
}

static double cross(bm_point a, bm_point b) {
    return a.x * b.y - a.y * b.x;
}

/* From center + a to center + b by at most half a turn; sine: of one step. */
static void add_arc(bm_pen *pen, bm_point center, bm_point a, bm_point b, double sine,
                    void (*move)(bm_pen *pen, bm_point to)) {
    while (dot(a, b) < pen->cosine * pen->radius * pen->radius) {
        a = turn(a, pen->cosine, sine);
        move(pen, offset(center, a, 1));
    }
    move(pen, offset(center, b, 1));
}

/* a and b: the normals, to the left, of the segments that meet at p; shorter: the length of the shorter one. */
static void add_join(bm_pen *pen, bm_point p, bm_point a, bm_point b, double shorter) {
    const double along = pen->radius * pen->radius + dot(a, b), across = cross(a, b);
    const bool gentle = dot(a, b) >= pen->cosine * pen->radius * pen->radius;
    const bool fits = 2 * pen->radius * fabs(across) <= shorter * along; /* takes no more than half of a side */
    if (gentle && fits) {
        const double scale = pen->radius * pen->radius / along;
        const bm_point mitre = {(a.x + b.x) * scale, (a.y + b.y) * scale};
        move_left(pen, offset(p, mitre, 1));
        move_right(pen, offset(p, mitre, -1));
        return;
    }
    move_left(pen, offset(p, a, 1));
    move_right(pen, offset(p, a, -1));
    const bm_point minus_a = {-a.x, -a.y}, minus_b = {-b.x, -b.y};
    if (across < 0) {
        add_arc(pen, p, a, b, -pen->sine, move_left);
        move_right(pen, p);
        move_right(pen, offset(p, minus_b, 1));
    } else {
        add_arc(pen, p, minus_a, minus_b, pen->sine, move_right);
        move_left(pen, p);
        move_left(pen, offset(p, b, 1));
    }
}

static void add_line(bm_pen *pen, const bm_point *points, int count) {
    bm_point start, from, to, first = {0, 0}, normal = {0, 0};
    double before = 0;
    int i = next_point(points, 0, count, &start);
    if (!i) {
        return;
    }
    for (from = start; (i = next_point(points, i, count, &to)) != 0;) {
        const double dx = to.x - from.x, dy = to.y - from.y, length = sqrt(dx * dx + dy * dy);
        if (length < 1e-3) {
            continue;
        }
        const bm_point next = {-dy * (pen->radius / length), dx * (pen->radius / length)};
        if (before > 0) {
            add_join(pen, from, normal, next, before < length ? before : length);
        } else {
            first = next;
            pen->left = offset(start, next, 1);
            pen->right = offset(start, next, -1);
        }
        before = length;
        normal = next;
        from = to;
    }
    if (!(before > 0)) {
        add_disc(pen->area, start, pen->radius);
    } else if (from.x == start.x && from.y == start.y) {
        add_join(pen, from, normal, first, 0);
    } else {
        const bm_point minus_first = {-first.x, -first.y};
        move_left(pen, offset(from, normal, 1));
        add_arc(pen, from, normal, (bm_point){-normal.x, -normal.y}, -pen->sine, move_left);
        bm_area_add(pen->area, pen->left, pen->right);
        pen->left = offset(start, minus_first, 1);
        add_arc(pen, start, minus_first, first, -pen->sine, move_left);
    }
}

static void polyline(void *self, const bm_point *points, int count, double width, bm_color color) {
    bm_raster *raster = self;
    if (!(width > 0)) {
        return;
    }
    const double radius = bm_clamp(width, 1, 4 * BM_RASTER_SIDE) / 2;
    const double step = arc_step(radius);
    bm_pen pen = {.area = &raster->area, .radius = radius, .cosine = cos(step), .sine = sin(step)};
    add_line(&pen, points, count);
    const double share = alpha(color) * bm_clamp(width, 0, 1); /* hair lines fade */
    bm_area_paint(&raster->area, raster->pixels, color, (uint32_t)(share + 0.5));
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

typedef struct {
    bm_area *area;
    double x, y;
} bm_baseline;

static void add_glyph_contour(void *context, const bm_point *points, int count) {
    const bm_baseline *baseline = context;
    const bm_point origin = {baseline->x, baseline->y};
    for (int i = 0; i < count; i++) {
        bm_area_add(baseline->area, offset(points[i], origin, 1), offset(points[i + 1 < count ? i + 1 : 0], origin, 1));
    }
}

static void text(void *self, bm_point at, double size, bm_align align, bm_color color, const char *string) {
    bm_raster *raster = self;
    const double width = bm_font_width(size, string);
    if (!(size > 0 && size <= 4 * BM_RASTER_SIDE) || !next_point(&at, 0, 1, &at)) {
        return;
    }
    const double left = at.x - width * (align == BM_ALIGN_CENTER ? 0.5 : align == BM_ALIGN_RIGHT ? 1 : 0);
    const double y = at.y + bm_font_capital(size) / 2;
    bm_area *area = &raster->area;
    if (left > area->right || left + width < area->left || y - 2 * size > area->bottom || y + size < area->top) {
        return;
    }
    bm_baseline baseline = {area, left, size <= CRISP_TEXT ? floor(y + 0.5) : y};
    bm_font_outline(size, string, add_glyph_contour, &baseline);
    bm_area_paint(area, raster->pixels, color, alpha(color));
}

static double text_width(void *self, double size, const char *string) {
    (void)self;
    return bm_font_width(size, string);
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

static void clip(void *self, double left, double top, double right, double bottom) {
    bm_raster *raster = self;
    bm_area_clip(&raster->area, left, top, right, bottom);
}

static const bm_painter painter = {
    .clip = clip,
    .polygon = polygon,
    .polyline = polyline,
    .circle = circle,
    .text = text,
    .text_width = text_width,
    .region = region,
};

bm_status bm_raster_create(bm_raster **raster, int width, int height, bm_error *error) {
    *raster = calloc(1, sizeof **raster);
    if (!*raster) {
        return bm_fail(error, "not enough memory for a picture");
    }
    const bm_status status = bm_raster_resize(*raster, width, height, error);
    if (status != BM_OK) {
        bm_raster_destroy(*raster);
        *raster = NULL;
    }
    return status;
}

void bm_raster_destroy(bm_raster *raster) {
    if (raster) {
        bm_arena_free(&raster->arena);
        free(raster);
    }
}

bm_status bm_raster_resize(bm_raster *raster, int width, int height, bm_error *error) {
    if (width < 1 || height < 1 || width > BM_RASTER_SIDE || height > BM_RASTER_SIDE) {
        return bm_invalid(error, "a picture of %d x %d pixels: both sides must be in [1, %d]", width, height,
                          BM_RASTER_SIDE);
    }
    bm_raster next = {.width = width, .height = height};
    next.pixels = BM_NEW(&next.arena, uint32_t, width * height);
    bm_area_create(&next.area, &next.arena, width, height);
    const bm_status status = bm_arena_check(&next.arena, "a picture", error);
    if (status != BM_OK) {
        bm_arena_free(&next.arena);
        return status;
    }
    fill(next.pixels, width * height, BM_PAPER, BM_OPAQUE);
    bm_arena_free(&raster->arena);
    *raster = next;
    return BM_OK;
}

int bm_raster_width(const bm_raster *raster) {
    return raster->width;
}

int bm_raster_height(const bm_raster *raster) {
    return raster->height;
}

const uint32_t *bm_raster_pixels(const bm_raster *raster) {
    return raster->pixels;
}

void bm_raster_begin(bm_raster *raster, bm_color background, bm_canvas *canvas) {
    fill(raster->pixels, raster->width * raster->height, background, BM_OPAQUE);
    bm_canvas_begin(canvas, &painter, raster, raster->width, raster->height);
}
