/* Text becomes contours: UTF-8 to characters, characters to glyphs, curves to lines. */
#include "draw/font.h"

#include <math.h>
#include <stdbool.h>

#include "draw/font_data.h"

enum { PIECES = 16 };               /* of a curve, at most */
static const double FLATNESS = 0.1; /* how far a line may be off its curve */

/* ---- UTF-8 ------------------------------------------------------------------------------------------------------ */

/* The next character, and text moved past it. A byte that is not part of a well-formed sequence (RFC 3629) comes back
 * as 0, which is also the character of the empty box. */
static uint32_t next_character(const char **text) {
    const unsigned char *byte = (const unsigned char *)*text;
    const int more = byte[0] < 0x80   ? 0
                     : byte[0] < 0xc2 ? -1
                     : byte[0] < 0xe0 ? 1
                     : byte[0] < 0xf0 ? 2
                     : byte[0] < 0xf5 ? 3
                                      : -1;
    *text += 1;
    if (more <= 0) {
        return more ? 0 : byte[0];
    }
    uint32_t character = byte[0] & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            return 0;
        }
        character = character << 6 | (byte[i] & 0x3fu);
    }
    const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character < 0xe000;
    if (character < smallest[more] || surrogate || character > 0x10ffff) {
        return 0;
    }
    *text += more;
    return character;
}

static const bm_glyph *glyph_of(uint32_t character) {
    int low = 0, high = bm_font_glyphs;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (bm_font_glyph[middle].character <= character) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &bm_font_glyph[bm_font_glyph[low].character == character ? low : 0];
}

double bm_font_width(double size, const char *text) {
    double units = 0;
    while (*text) {
        units += glyph_of(next_character(&text))->advance;
    }
    return units * size / BM_FONT_EM;
}

double bm_font_capital(double size) {
    return size * BM_FONT_CAPITAL / BM_FONT_EM;
}

/* ---- outlines --------------------------------------------------------------------------------------------------- */

typedef struct {
    double left, scale;
    int count;
    bm_point points[BM_FONT_CONTOUR * PIECES];
} bm_flat; /* one contour */

static bm_point place(const bm_flat *flat, int point) {
    const int x = bm_font_point[2 * point] >> 2, y = bm_font_point[2 * point + 1];
    return (bm_point){flat->left + x * flat->scale, -y * flat->scale};
}

static bool on_curve(int point) {
    return bm_font_point[2 * point] & BM_FONT_ON_CURVE;
}

static bool is_last(int point) {
    return bm_font_point[2 * point] & BM_FONT_LAST;
}

/* n equal steps leave an error of |a - 2 b + c| / (4 n^2). */
static void add_curve(bm_flat *flat, bm_point a, bm_point b, bm_point c) {
    const double dx = a.x - 2 * b.x + c.x, dy = a.y - 2 * b.y + c.y;
    const double steps = sqrt(sqrt(dx * dx + dy * dy) / (4 * FLATNESS));
    const int n = steps < PIECES - 1 ? (int)steps + 1 : PIECES;
    for (int i = 1; i < n; i++) {
        const double t = (double)i / n, u = 1 - t;
        flat->points[flat->count++] =
            (bm_point){u * u * a.x + 2 * u * t * b.x + t * t * c.x, u * u * a.y + 2 * u * t * b.y + t * t * c.y};
    }
    flat->points[flat->count++] = c;
}

/* The contour that begins with this point, which is on the curve; returns its last point. */
static int flatten(bm_flat *flat, int first) {
    bm_point from = place(flat, first);
    int last = first;
    while (!is_last(last)) {
        last++;
    }
    flat->count = 0;
    for (int i = first + 1; i <= last + 1; i++) {
        const int point = i <= last ? i : first;
        bm_point to = place(flat, point);
        if (on_curve(point)) {
            flat->points[flat->count++] = to;
        } else {
            const bm_point control = to;
            const int next = i < last ? i + 1 : first;
            to = place(flat, next);
            if (on_curve(next)) {
                i++;
            } else {
                to = (bm_point){(control.x + to.x) / 2, (control.y + to.y) / 2};
            }
            add_curve(flat, from, control, to);
        }
        from = to;
    }
    return last;
}

void bm_font_outline(double size, const char *text, bm_contour_visitor *visit, void *context) {
    bm_flat flat = {.scale = size / BM_FONT_EM, .left = 0};
    while (*text) {
        const bm_glyph *glyph = glyph_of(next_character(&text));
        for (int point = glyph[0].first_point; point < glyph[1].first_point; point++) {
            point = flatten(&flat, point);
            visit(context, flat.points, flat.count);
        }
        flat.left += glyph->advance * flat.scale;
    }
}
