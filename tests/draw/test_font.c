/* The typeface: widths and areas as fontTools reads them from DejaVu Sans 2.37, UTF-8 and what is not. */
#include "draw/font.h"

#include <math.h>
#include <string.h>

#include "draw/font_data.h"
#include "support.h"

typedef struct {
    int contours, points;
    double area; /* signed, y down */
    double left, top, right, bottom;
    bool finite;
} outline;

static void measure(void *context, const bm_point *points, int count) {
    outline *o = context;
    o->contours++;
    o->points += count;
    for (int i = 0; i < count; i++) {
        const bm_point a = points[i], b = points[i + 1 < count ? i + 1 : 0];
        o->area += (a.x * b.y - a.y * b.x) / 2;
        o->left = fmin(o->left, a.x);
        o->right = fmax(o->right, a.x);
        o->top = fmin(o->top, a.y);
        o->bottom = fmax(o->bottom, a.y);
        o->finite = o->finite && isfinite(a.x) && isfinite(a.y);
    }
}

static outline outline_of(double size, const char *text) {
    outline o = {.left = INFINITY, .top = INFINITY, .right = -INFINITY, .bottom = -INFINITY, .finite = true};
    bm_font_outline(size, text, measure, &o);
    return o;
}

START_TEST(glyphs_have_the_widths_areas_and_bounds_of_the_font) {
    const struct {
        const char *text;
        int contours;
        double advance, area, left, bottom, right, top; /* in 1 / 2048 of the em, y up */
    } glyphs[] = {
        {"H", 1, 1540, 727952, 201, 0, 1339, 1493},           {".", 1, 651, 53594, 219, 0, 430, 254},
        {"o", 2, 1253, 538210.25, 113, -29, 1141, 1147},      {"O", 2, 1612, 785709.58, 115, -29, 1497, 1520},
        {"8", 3, 1303, 770151.75, 139, -29, 1163, 1520},      {"@", 2, 2048, 1116253.83, 135, -356, 1905, 1442},
        {"\u00e9", 3, 1260, 635586.75, 113, -29, 1151, 1638}, /* e with acute: two glyphs of the font as one */
        {"\u2192", 1, 1716, 393870, 117, 204, 1616, 1080},
    };
    for (size_t i = 0; i < sizeof glyphs / sizeof glyphs[0]; i++) {
        const char *text = glyphs[i].text;
        ck_assert(bm_font_width(2048, text) == glyphs[i].advance);
        const outline o = outline_of(2048, text);
        ck_assert_int_eq(o.contours, glyphs[i].contours);
        assert_near(o.area / glyphs[i].area, 1, 2e-3, text); /* holes wind the other way, else they would add */
        assert_near(o.left, glyphs[i].left, 0.005, text);
        assert_near(o.right, glyphs[i].right, 0.005, text);
        assert_near(o.top, -glyphs[i].top, 0.005, text);
        assert_near(o.bottom, -glyphs[i].bottom, 0.1, text);
    }
    ck_assert(bm_font_capital(2048) == 1493);
}
END_TEST

START_TEST(curves_are_as_fine_as_the_size_needs) {
    const outline small = outline_of(12, "O"), large = outline_of(200, "O");
    ck_assert_int_lt(small.points, large.points);
    ck_assert_int_lt(small.points, 60);
    assert_near(small.area / (785709.58 * 144 / (2048.0 * 2048)), 1, 0.03, "area at 12 pixels");
    assert_near(large.area / (785709.58 * 40000 / (2048.0 * 2048)), 1, 0.003, "area at 200 pixels");
    for (double size = 1e-3; size < 1e6; size *= 7) {
        ck_assert(outline_of(size, "@8&g").finite);
    }
}
END_TEST

START_TEST(widths_add_up_and_grow_with_the_size) {
    const char *const parts[] = {"", "W", "return ", "0.95", "\u03b5", "\u65e5", "\xff"};
    char text[64] = "";
    double sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t used = strlen(text);
        memcpy(text + used, parts[i], strlen(parts[i]) + 1);
        sum += bm_font_width(13, parts[i]);
        assert_near(bm_font_width(13, text), sum, 1e-12, text);
    }
    assert_near(bm_font_width(26, text), 2 * sum, 1e-12, "twice the size");
    ck_assert(bm_font_width(13, "") == 0);
    ck_assert(bm_font_width(13, "0123456789") == 10 * bm_font_width(13, "7")); /* numbers do not dance */
}
END_TEST

START_TEST(a_text_is_its_characters_side_by_side) {
    const outline e = outline_of(20, "e"), x = outline_of(20, "x"), both = outline_of(20, "e x");
    ck_assert_int_eq(both.contours, e.contours + x.contours);
    assert_near(both.area, e.area + x.area, 1e-12, "area");
    assert_near(both.right, bm_font_width(20, "e ") + x.right, 1e-12, "right end");
    ck_assert_int_eq(outline_of(20, " ").contours, 0);
    ck_assert_int_eq(outline_of(20, "").contours, 0);
}
END_TEST

/* A box is a frame: two rectangles. */
static void assert_boxes(const char *text, int boxes) {
    const outline o = outline_of(2048, text);
    const outline box = outline_of(2048, "\x01");
    ck_assert_int_eq(box.contours, 2);
    ck_assert_msg(o.contours == 2 * boxes, "%d contours", o.contours);
    assert_near(o.area, boxes * box.area, 1e-9, "area of the boxes");
    ck_assert(bm_font_width(2048, text) == boxes * bm_font_width(2048, "\x01"));
}

START_TEST(unknown_characters_are_empty_boxes) {
    assert_boxes("\u65e5\u672c", 2);
    assert_boxes("\U0001f600", 1);
    assert_boxes("\t\n", 2);
    const outline box = outline_of(2048, "\u65e5");
    ck_assert(box.area > 0 && box.area < 0.5 * (box.right - box.left) * (box.bottom - box.top));
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_a_box_each) {
    assert_boxes("\xff", 1);
    assert_boxes("\x80\xbf", 2); /* continuations of nothing */
    assert_boxes("\xc3", 1);     /* cut off by the end */
    assert_boxes("\xe2\x82", 2); /* cut off later */
    assert_boxes("\xf0\x9f\x98", 3);
    assert_boxes("\xc0\xaf", 2);             /* overlong / */
    assert_boxes("\xe0\x80\xaf", 3);         /* overlong / */
    assert_boxes("\xf0\x80\x80\xaf", 4);     /* overlong / */
    assert_boxes("\xed\xa0\x80", 3);         /* a surrogate */
    assert_boxes("\xf4\x90\x80\x80", 4);     /* beyond U+10FFFF */
    assert_boxes("\xf8\x88\x80\x80\x80", 5); /* five bytes are none */
    const outline letter = outline_of(2048, "A"), after = outline_of(2048, "\xe2"
                                                                           "A"); /* the A is not swallowed */
    ck_assert_int_eq(after.contours, 2 + letter.contours);
}
END_TEST

START_TEST(the_signs_of_the_field_are_there) {
    const char *const signs[] = {"\u2013", "\u2014", "\u2026", "\u00b1", "\u00d7", "\u00b7", "\u00b0", "\u00b5",
                                 "\u2264", "\u2265", "\u2248", "\u2190", "\u2191", "\u2192", "\u2193", "\u2194",
                                 "\u25b6", "\u25cf", "\u25cb", "\u25a0", "\u03b1", "\u03b2", "\u03b3", "\u03b5",
                                 "\u03bb", "\u03c0", "\u03c3", "\u03c4", "\u03b8", "\u03bc", "\u0394", "\u221e",
                                 "\u221a", "\u2011", "\u2212", "\u00e4", "\u00df", "\u00f1", "\u00c5"};
    const outline box = outline_of(2048, "\x01");
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const outline o = outline_of(2048, signs[i]);
        ck_assert_msg(o.contours > 0 && fabs(o.area - box.area) > 1, "U+ number %zu is a box", i);
    }
    for (char character[2] = "!"; character[0] < 127; character[0]++) {
        const outline o = outline_of(2048, character);
        ck_assert_msg(o.contours > 0 && fabs(o.area - box.area) > 1, "%s is a box", character);
    }
}
END_TEST

START_TEST(the_tables_are_in_order) {
    for (int i = 0; i < bm_font_glyphs; i++) {
        const bm_glyph *glyph = &bm_font_glyph[i];
        ck_assert_int_lt(glyph[0].character, glyph[1].character);
        ck_assert_int_le(glyph[0].first_point, glyph[1].first_point);
        int length = 0;
        bool first = true;
        for (int point = glyph[0].first_point; point < glyph[1].first_point; point++) {
            const int flags = bm_font_point[2 * point] & (BM_FONT_FLAGS - 1);
            ck_assert(!first || (flags & BM_FONT_ON_CURVE));
            ck_assert_int_le(++length, BM_FONT_CONTOUR);
            first = (flags & BM_FONT_LAST) != 0;
            length = first ? 0 : length;
        }
        ck_assert_int_eq(length, 0); /* the last contour ends with the glyph */
    }
}
END_TEST

TEST_MAIN("font", 20, glyphs_have_the_widths_areas_and_bounds_of_the_font, curves_are_as_fine_as_the_size_needs,
          widths_add_up_and_grow_with_the_size, a_text_is_its_characters_side_by_side,
          unknown_characters_are_empty_boxes, bytes_that_are_not_utf8_are_a_box_each, the_signs_of_the_field_are_there,
          the_tables_are_in_order)
