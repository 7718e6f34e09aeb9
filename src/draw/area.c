/* Exact coverage from signed areas.
 *
 * An edge that crosses a row of pixels adds, to the pixel where it stands, how much of this pixel's area lies to the
 * right of it, signed by its direction, and to the next pixel the rest of the height it crosses; the running sum along
 * the row is then the area covered in each pixel (R. Levien, "Inside the fastest font renderer in the world", 2016; S.
 * Barrett, "How the stb_truetype anti-aliased rasterizer v2 works", 2014). The sums are integers and heights multiples
 * of one unit, so that beyond a closed contour they return to zero and inside it they are exactly full.
 *
 * Contours that overlap add up, and more than full is full: so a line may cross itself without being painted twice. */
#include "draw/area.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { FULL_BITS = 14, FULL = 1 << FULL_BITS }; /* a pixel's area, and its height */

/* ---- edges ------------------------------------------------------------------------------------------------------ */

/* A part of an edge within one row: it crosses height (of FULL) while it goes from x = low to high, or back. */
static void add_to_row(uint32_t *cells, double low, double high, double height, int32_t sign) {
    const int first = (int)low, last = (int)high;
    const int32_t whole = (int32_t)height;
    if (first == last) {
        const int32_t covered = (int32_t)(height * (1 - ((low + high) / 2 - first)) + 0.5);
        cells[first] += (uint32_t)(sign * covered);
        cells[first + 1] += (uint32_t)(sign * (whole - covered));
        return;
    }
    const double per_pixel = height / (high - low);
    int32_t before = (int32_t)(per_pixel / 2 * (first + 1 - low) * (first + 1 - low) + 0.5);
    cells[first] += (uint32_t)(sign * before);
    for (int x = first + 1; x < last; x++) {
        const int32_t covered = (int32_t)(per_pixel * (x + 0.5 - low) + 0.5);
        cells[x] += (uint32_t)(sign * (covered - before));
        before = covered;
    }
    const int32_t covered = (int32_t)(height - per_pixel / 2 * (high - last) * (high - last) + 0.5);
    cells[last] += (uint32_t)(sign * (covered - before));
    cells[last + 1] += (uint32_t)(sign * (whole - covered));
}

/* A downward edge within the clip. */
static void add_rows(bm_area *area, bm_point a, bm_point b, int32_t sign) {
    const double slope = (b.x - a.x) / (b.y - a.y);
    const double low = a.x < b.x ? a.x : b.x, high = a.x < b.x ? b.x : a.x;
    double x = a.x, y = a.y;
    int row = (int)y;
    area->first_row = row < area->first_row ? row : area->first_row;
    for (; y < b.y; row++) {
        const double next_y = row + 1 < b.y ? row + 1 : b.y;
        const double next_x = bm_clamp(a.x + slope * (next_y - a.y), low, high);
        const double left = x < next_x ? x : next_x, right = x < next_x ? next_x : x;
        add_to_row(area->cells + (ptrdiff_t)row * (area->width + 2), left, right, (next_y - y) * FULL, sign);
        const int first = (int)left, last = (int)right + 1;
        area->first[row] = first < area->first[row] ? first : area->first[row];
        area->last[row] = last > area->last[row] ? last : area->last[row];
        x = next_x;
        y = next_y;
    }
    area->last_row = row - 1 > area->last_row ? row - 1 : area->last_row;
}

/* To a multiple of 1 / FULL: above this summand the spacing of doubles. */
static double on_grid(double y) {
    const double summand = 6755399441055744.0 / FULL; /* 1.5 * 2^52 / FULL */
    return (y + summand) - summand;
}

static bool between(double x, double a, double b) {
    return (a < x && x < b) || (b < x && x < a);
}

/* A downward edge within the rows of the clip. Left and right of the clip it becomes an upright one on the border. */
static void add_columns(bm_area *area, bm_point a, bm_point b, int32_t sign) {
    const double left = area->left, right = area->right;
    if (between(left, a.x, b.x) || between(right, a.x, b.x)) {
        const double border = between(left, a.x, b.x) ? left : right;
        const double y = on_grid(a.y + (b.y - a.y) * ((border - a.x) / (b.x - a.x)));
        const bm_point crossing = {border, bm_clamp(y, a.y, b.y)};
        add_columns(area, a, crossing, sign);
        add_columns(area, crossing, b, sign);
        return;
    }
    if (a.y < b.y) {
        a.x = bm_clamp(a.x, left, right);
        b.x = bm_clamp(b.x, left, right);
        add_rows(area, a, b, sign);
    }
}

void bm_area_add(bm_area *area, bm_point from, bm_point to) {
    from.y = on_grid(from.y);
    to.y = on_grid(to.y);
    const bool down = from.y < to.y;
    bm_point a = down ? from : to, b = down ? to : from;
    const double top = area->top, bottom = area->bottom;
    if (a.y == b.y || b.y <= top || a.y >= bottom) {
        return;
    }
    const double slope = (b.x - a.x) / (b.y - a.y);
    if (b.y > bottom) {
        b = (bm_point){a.x + slope * (bottom - a.y), bottom};
    }
    if (a.y < top) {
        a = (bm_point){a.x + slope * (top - a.y), top};
    }
    add_columns(area, a, b, down ? 1 : -1);
}

/* ---- painting --------------------------------------------------------------------------------------------------- */

static void forget_row(bm_area *area, int row) {
    area->first[row] = area->width + 2;
    area->last[row] = -1;
}

static void forget_rows(bm_area *area) {
    area->first_row = area->height;
    area->last_row = -1;
}

/* Between two edges pixels are covered alike, and inside of a large shape hardly any cell has an edge: runs are filled
 * at once. */
static void paint_row(const uint32_t *cells, uint32_t *line, int first, int end, bm_color color, uint32_t opacity) {
    uint32_t sum = 0;
    for (int x = first, next; x < end; x = next) {
        sum += cells[x];
        for (next = x + 1; next < end && cells[next] == 0; next++) {
        }
        const uint32_t size = sum >> 31 ? 0 - sum : sum;
        const uint32_t covered = size < FULL ? size : FULL, share = (covered * opacity + FULL / 2) >> FULL_BITS;
        if (share == BM_OPAQUE) {
            for (int i = x; i < next; i++) {
                line[i] = color | 0xff000000u;
            }
        } else if (share > 0) {
            for (int i = x; i < next; i++) {
                line[i] = bm_blend(line[i], color, share);
            }
        }
    }
}

void bm_area_paint(bm_area *area, uint32_t *pixels, bm_color color, uint32_t opacity) {
    for (int row = area->first_row; row <= area->last_row; row++) {
        uint32_t *cells = area->cells + (ptrdiff_t)row * (area->width + 2);
        const int first = area->first[row], last = area->last[row];
        const int end = last < area->right ? last + 1 : area->right;
        paint_row(cells, pixels + (ptrdiff_t)row * area->width, first, end, color, opacity);
        for (int x = first; x <= last; x++) {
            cells[x] = 0;
        }
        forget_row(area, row);
    }
    forget_rows(area);
}

/* ---- the picture's size ------------------------------------------------------------------------------------------ */

static int to_border(double x, int side) {
    return (int)(bm_clamp(x, 0, side) + 0.5);
}

void bm_area_clip(bm_area *area, double left, double top, double right, double bottom) {
    area->left = to_border(left, area->width);
    area->top = to_border(top, area->height);
    area->right = to_border(right, area->width);
    area->bottom = to_border(bottom, area->height);
    area->right = area->right > area->left ? area->right : area->left;
    area->bottom = area->bottom > area->top ? area->bottom : area->top;
}

void bm_area_create(bm_area *area, bm_arena *arena, int width, int height) {
    *area = (bm_area){.width = width, .height = height, .right = width, .bottom = height};
    area->cells = BM_NEW(arena, uint32_t, (width + 2) * height);
    area->first = BM_NEW(arena, int, height);
    area->last = BM_NEW(arena, int, height);
    for (int row = 0; area->first && area->last && row < height; row++) {
        forget_row(area, row);
    }
    forget_rows(area);
}
