/* SVG 1.1 (W3C recommendation, second edition, 2011), as much as shapes and text need. A part of the picture that is
 * clipped to becomes an inner <svg>, which clips what it holds: no identifiers, so that several drawings may stand in
 * one HTML page. Colours are attributes, which a page's style sheet may override. */
#include "draw/svg.h"

#include <math.h>
#include <stdlib.h>

#include "draw/font.h"
#include "draw/markup.h"

typedef struct {
    double left, top, right, bottom;
} rectangle;

struct bm_svg {
    double width, height;
    bm_markup text;
    rectangle clip, open; /* what shapes are clipped to; the inner <svg> that is open, where inside */
    bool inside, ended;
};

/* ---- the painter ------------------------------------------------------------------------------------------------ */

static void set_clip(void *self, double left, double top, double right, double bottom) {
    bm_svg *svg = self;
    svg->clip = (rectangle){fmax(left, 0), fmax(top, 0), fmin(right, svg->width), fmin(bottom, svg->height)};
}

static void attribute(bm_svg *svg, const char *name, double number) {
    bm_markup_putf(&svg->text, " %s=\"", name);
    bm_markup_number(&svg->text, number);
    bm_markup_put(&svg->text, "\"");
}

static void close_clip(bm_svg *svg) {
    bm_markup_put(&svg->text, svg->inside ? "</svg>\n" : "");
    svg->inside = false;
}

/* Opens and closes inner drawings only when a shape comes, so that views without any leave no trace. False: nothing of
 * this shape could be seen. */
static bool visible(bm_svg *svg, bm_color color) {
    const rectangle clip = svg->clip, open = svg->open;
    const bool whole = clip.left <= 0 && clip.top <= 0 && clip.right >= svg->width && clip.bottom >= svg->height;
    if (color >> 24 == 0 || clip.right <= clip.left || clip.bottom <= clip.top || svg->ended) {
        return false;
    }
    const bool same =
        clip.left == open.left && clip.top == open.top && clip.right == open.right && clip.bottom == open.bottom;
    if (svg->inside && (whole || !same)) {
        close_clip(svg);
    }
    if (!svg->inside && !whole) {
        const double width = clip.right - clip.left, height = clip.bottom - clip.top;
        bm_markup_put(&svg->text, "<svg");
        attribute(svg, "x", clip.left);
        attribute(svg, "y", clip.top);
        attribute(svg, "width", width);
        attribute(svg, "height", height);
        bm_markup_put(&svg->text, " viewBox=\"");
        const double box[4] = {clip.left, clip.top, width, height};
        for (int i = 0; i < 4; i++) {
            bm_markup_put(&svg->text, i ? " " : "");
            bm_markup_number(&svg->text, box[i]);
        }
        bm_markup_put(&svg->text, "\">\n");
        svg->open = clip;
        svg->inside = true;
    }
    return true;
}

/* kind: "fill" or "stroke" */
static void paint(bm_svg *svg, const char *kind, bm_color color) {
    bm_markup_putf(&svg->text, " %s=\"#%06x\"", kind, (unsigned)(color & 0xffffffu));
    if (color >> 24 != 0xff) {
        bm_markup_putf(&svg->text, " %s-opacity=\"%.3g\"", kind, (color >> 24) / 255.0);
    }
}

static void put_points(bm_svg *svg, const char *shape, const bm_point *points, int count) {
    bm_markup_putf(&svg->text, "<%s points=\"", shape);
    for (int i = 0; i < count; i++) {
        bm_markup_put(&svg->text, i ? " " : "");
        bm_markup_number(&svg->text, points[i].x);
        bm_markup_put(&svg->text, ",");
        bm_markup_number(&svg->text, points[i].y);
    }
    bm_markup_put(&svg->text, "\"");
}

static void polygon(void *self, const bm_point *points, int count, bm_color color) {
    bm_svg *svg = self;
    if (count > 2 && visible(svg, color)) {
        put_points(svg, "polygon", points, count);
        paint(svg, "fill", color);
        bm_markup_put(&svg->text, "/>\n");
    }
}

/* Steps from point to point, which take few bytes; each is rounded so that the errors do not add up. */
static void put_contour(bm_svg *svg, const bm_region *shape, int begin, int end) {
    const double unit = 0.01, far = 1e7; /* pixels */
    double at_x = 0, at_y = 0;
    for (int i = begin; i < end; i++) {
        const double x = shape->x + shape->stretch_x * shape->points[i].x;
        const double y = shape->y + shape->stretch_y * shape->points[i].y;
        const double to_x = isfinite(x) ? unit * round(fmax(-far, fmin(x, far)) / unit) : at_x;
        const double to_y = isfinite(y) ? unit * round(fmax(-far, fmin(y, far)) / unit) : at_y;
        bm_markup_put(&svg->text, i == begin ? "M" : i == begin + 1 ? "l" : to_x - at_x <= -unit / 2 ? "" : " ");
        bm_markup_number(&svg->text, to_x - at_x);
        bm_markup_put(&svg->text, to_y - at_y <= -unit / 2 ? "" : " ");
        bm_markup_number(&svg->text, to_y - at_y);
        at_x = to_x;
        at_y = to_y;
    }
    bm_markup_put(&svg->text, "z");
}

static void region(void *self, const bm_region *shape, bm_color color) {
    bm_svg *svg = self;
    if (shape->contours > 0 && visible(svg, color)) {
        bm_markup_put(&svg->text, "<path d=\"");
        for (int i = 0, begin = 0; i < shape->contours; begin = shape->ends[i++]) {
            put_contour(svg, shape, begin, shape->ends[i]);
        }
        bm_markup_put(&svg->text, "\"");
        paint(svg, "fill", color);
        bm_markup_put(&svg->text, "/>\n");
    }
}

static void circle(void *self, bm_point center, double radius, bm_color color) {
    bm_svg *svg = self;
    if (visible(svg, color)) {
        bm_markup_put(&svg->text, "<circle");
        attribute(svg, "cx", center.x);
        attribute(svg, "cy", center.y);
        attribute(svg, "r", radius);
        paint(svg, "fill", color);
        bm_markup_put(&svg->text, "/>\n");
    }
}

static void polyline(void *self, const bm_point *points, int count, double width, bm_color color) {
    bm_svg *svg = self;
    if (count == 1) {
        circle(self, points[0], width / 2, color); /* a point has no line, but round ends */
    } else if (count > 1 && visible(svg, color)) {
        put_points(svg, "polyline", points, count);
        paint(svg, "stroke", color);
        attribute(svg, "stroke-width", width);
        bm_markup_put(&svg->text, " fill=\"none\"/>\n");
    }
}

static void text(void *self, bm_point at, double size, bm_align align, bm_color color, const char *words) {
    bm_svg *svg = self;
    if (!*words || !visible(svg, color)) {
        return;
    }
    bm_markup_put(&svg->text, "<text");
    attribute(svg, "x", at.x);
    attribute(svg, "y", at.y + bm_font_capital(size) / 2);
    attribute(svg, "font-size", size);
    paint(svg, "fill", color);
    if (align != BM_ALIGN_LEFT) {
        bm_markup_putf(&svg->text, " text-anchor=\"%s\"", align == BM_ALIGN_CENTER ? "middle" : "end");
    }
    bm_markup_put(&svg->text, ">");
    bm_markup_escape(&svg->text, words);
    bm_markup_put(&svg->text, "</text>\n");
}

static double text_width(void *self, double size, const char *words) {
    (void)self;
    return bm_font_width(size, words);
}

static const bm_painter painter = {
    .clip = set_clip,
    .polygon = polygon,
    .polyline = polyline,
    .circle = circle,
    .text = text,
    .text_width = text_width,
    .region = region,
};

/* ---- the document ----------------------------------------------------------------------------------------------- */

bm_status bm_svg_create(bm_svg **result, double width, double height, bm_error *error) {
    if (!(width > 0 && width <= 1e6 && height > 0 && height <= 1e6)) {
        return bm_invalid(error, "a drawing of %gx%g is outside [1x1, 1000000x1000000]", width, height);
    }
    bm_svg *svg = calloc(1, sizeof *svg);
    if (!svg) {
        return bm_fail(error, "not enough memory for the drawing");
    }
    svg->width = width;
    svg->height = height;
    *result = svg;
    return BM_OK;
}

void bm_svg_destroy(bm_svg *svg) {
    if (svg) {
        bm_markup_free(&svg->text);
        free(svg);
    }
}

void bm_svg_begin(bm_svg *svg, bm_color background, bm_canvas *canvas) {
    bm_markup_clear(&svg->text);
    svg->inside = svg->ended = false;
    bm_markup_put(&svg->text, "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\"");
    attribute(svg, "width", svg->width);
    attribute(svg, "height", svg->height);
    bm_markup_put(&svg->text, " viewBox=\"0 0 ");
    bm_markup_number(&svg->text, svg->width);
    bm_markup_put(&svg->text, " ");
    bm_markup_number(&svg->text, svg->height);
    bm_markup_put(&svg->text, "\" font-family=\"'DejaVu Sans', Verdana, sans-serif\" stroke-linecap=\"round\""
                              " stroke-linejoin=\"round\" xml:space=\"preserve\">\n");
    bm_canvas_begin(canvas, &painter, svg, svg->width, svg->height);
    if (background >> 24) {
        bm_markup_put(&svg->text, "<rect width=\"100%\" height=\"100%\"");
        paint(svg, "fill", background);
        bm_markup_put(&svg->text, "/>\n");
    }
}

bm_status bm_svg_text(bm_svg *svg, const char **document, size_t *bytes, bm_error *error) {
    if (!svg->ended) {
        close_clip(svg);
        bm_markup_put(&svg->text, "</svg>\n");
        svg->ended = true;
    }
    if (svg->text.failed || !svg->text.text) {
        return bm_fail(error, "not enough memory for the drawing");
    }
    *document = svg->text.text;
    *bytes = svg->text.bytes;
    return BM_OK;
}
