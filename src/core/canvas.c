/* From the caller's units to a painter's pixels, and the shapes that are made of others. */
#include "core/canvas.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

const bm_color bm_series_colors[BM_SERIES_COLORS] = {
    BM_BLUE, BM_VERMILLION, BM_GREEN, BM_ORANGE, BM_PURPLE, BM_SKY, BM_INK, BM_YELLOW,
};

/* ---- colours ---------------------------------------------------------------------------------------------------- */

bm_color bm_color_mix(bm_color from, bm_color to, double share) {
    const double t = share > 0 ? fmin(share, 1) : 0; /* NAN: 0 */
    bm_color mixed = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        const double a = from >> shift & 0xff, b = to >> shift & 0xff;
        mixed |= (bm_color)lround(a + (b - a) * t) << shift;
    }
    return mixed;
}

bm_color bm_color_fade(bm_color color, double alpha) {
    return (color & 0xffffffu) | (bm_color)lround(255 * fmax(0, fmin(alpha, 1))) << 24;
}

bm_color bm_color_of_value(double t) {
    return bm_color_mix(0xfff2f7fbu, 0xff3f8fc4u, t);
}

/* ---- views ------------------------------------------------------------------------------------------------------ */

void bm_canvas_begin(bm_canvas *canvas, const bm_painter *painter, void *self, double width, double height) {
    *canvas = (bm_canvas){.painter = painter, .self = self, .width = width, .height = height};
    bm_canvas_viewport(canvas, 0, 0, width, height);
}

void bm_canvas_viewport(bm_canvas *canvas, double left, double top, double width, double height) {
    canvas->left = canvas->origin_x = left;
    canvas->top = canvas->origin_y = top;
    canvas->right = left + width;
    canvas->bottom = top + height;
    canvas->scale = canvas->flip = 1;
    canvas->painter->clip(canvas->self, left, top, left + width, top + height);
}

void bm_canvas_fit(bm_canvas *canvas, double left, double bottom, double right, double top) {
    const double width = canvas->right - canvas->left, height = canvas->bottom - canvas->top;
    canvas->scale = fmin(width / (right - left), height / (top - bottom));
    canvas->flip = -1;
    canvas->origin_x = (canvas->left + canvas->right) / 2 - canvas->scale * (left + right) / 2;
    canvas->origin_y = (canvas->top + canvas->bottom) / 2 + canvas->scale * (bottom + top) / 2;
}

double bm_canvas_pixels(const bm_canvas *canvas, double pixels) {
    return pixels / canvas->scale;
}

static bm_point pixel(const bm_canvas *canvas, double x, double y) {
    return (bm_point){canvas->origin_x + canvas->scale * x, canvas->origin_y + canvas->scale * canvas->flip * y};
}

/* ---- shapes ----------------------------------------------------------------------------------------------------- */

void bm_draw_polygon(bm_canvas *canvas, const bm_point *points, int count, bm_color color) {
    bm_point moved[BM_POLYGON_POINTS];
    const int n = count < BM_POLYGON_POINTS ? count : BM_POLYGON_POINTS;
    for (int i = 0; i < n; i++) {
        moved[i] = pixel(canvas, points[i].x, points[i].y);
    }
    canvas->painter->polygon(canvas->self, moved, n, color);
}

void bm_draw_region(bm_canvas *canvas, const bm_region *region, bm_color color) {
    const bm_point origin = pixel(canvas, region->x, region->y);
    bm_region moved = *region;
    moved.x = origin.x;
    moved.y = origin.y;
    moved.stretch_x *= canvas->scale;
    moved.stretch_y *= canvas->scale * canvas->flip;
    canvas->painter->region(canvas->self, &moved, color);
}

void bm_draw_rectangle(bm_canvas *canvas, double x0, double y0, double x1, double y1, bm_color color) {
    const bm_point corners[4] = {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
    bm_draw_polygon(canvas, corners, 4, color);
}

/* Long lines go to the painter in pieces that share a point. */
void bm_draw_polyline(bm_canvas *canvas, const bm_point *points, int count, double width, bm_color color) {
    bm_point moved[BM_POLYGON_POINTS];
    for (int first = 0; first < count - 1 || (first == 0 && count == 1); first += BM_POLYGON_POINTS - 1) {
        const int n = count - first < BM_POLYGON_POINTS ? count - first : BM_POLYGON_POINTS;
        for (int i = 0; i < n; i++) {
            moved[i] = pixel(canvas, points[first + i].x, points[first + i].y);
        }
        canvas->painter->polyline(canvas->self, moved, n, width * canvas->scale, color);
    }
}

void bm_draw_line(bm_canvas *canvas, double x0, double y0, double x1, double y1, double width, bm_color color) {
    bm_draw_polyline(canvas, (const bm_point[2]){{x0, y0}, {x1, y1}}, 2, width, color);
}

void bm_draw_outline(bm_canvas *canvas, double x0, double y0, double x1, double y1, double width, bm_color color) {
    bm_draw_polyline(canvas, (const bm_point[5]){{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}, 5, width, color);
}

void bm_draw_circle(bm_canvas *canvas, double x, double y, double radius, bm_color color) {
    canvas->painter->circle(canvas->self, pixel(canvas, x, y), radius * canvas->scale, color);
}

void bm_draw_arc(bm_canvas *canvas, double x, double y, double radius, double from, double to, double width,
                 bm_color color) {
    enum { PIECES = 48 };
    bm_point points[PIECES + 1];
    for (int i = 0; i <= PIECES; i++) {
        const double angle = from + (to - from) * i / PIECES;
        points[i] = (bm_point){x + radius * cos(angle), y - canvas->flip * radius * sin(angle)};
    }
    bm_draw_polyline(canvas, points, PIECES + 1, width, color);
}

void bm_draw_arrow(bm_canvas *canvas, double x0, double y0, double x1, double y1, double width, bm_color color) {
    const double length = hypot(x1 - x0, y1 - y0);
    if (length <= 0) {
        return;
    }
    const double dx = (x1 - x0) / length, dy = (y1 - y0) / length;
    const double head = fmin(3.2 * width, length), half = 0.55 * head;
    const double neck_x = x1 - head * dx, neck_y = y1 - head * dy;
    if (length > head) {
        bm_draw_line(canvas, x0, y0, neck_x, neck_y, width, color);
    }
    const bm_point tip[3] = {
        {x1, y1}, {neck_x - half * dy, neck_y + half * dx}, {neck_x + half * dy, neck_y - half * dx}};
    bm_draw_polygon(canvas, tip, 3, color);
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

void bm_draw_text(bm_canvas *canvas, double x, double y, double size, bm_align align, bm_color color,
                  const char *text) {
    canvas->painter->text(canvas->self, pixel(canvas, x, y), size * canvas->scale, align, color, text);
}

void bm_draw_textf(bm_canvas *canvas, double x, double y, double size, bm_align align, bm_color color,
                   const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    bm_draw_text(canvas, x, y, size, align, color, text);
}

double bm_text_width(bm_canvas *canvas, double size, const char *text) {
    return canvas->painter->text_width(canvas->self, size * canvas->scale, text) / canvas->scale;
}
