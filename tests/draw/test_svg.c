/* SVG documents, letter by letter. */
#include "draw/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/font.h"
#include "draw/markup.h"
#include "support.h"

static bm_error error;
static bm_svg *svg;
static bm_canvas canvas;

static void begin(double width, double height, bm_color background) {
    ck_assert_int_eq(bm_svg_create(&svg, width, height, &error), BM_OK);
    bm_svg_begin(svg, background, &canvas);
}

static const char *document(void) {
    const char *text;
    size_t bytes;
    ck_assert_int_eq(bm_svg_text(svg, &text, &bytes, &error), BM_OK);
    ck_assert_uint_eq(strlen(text), bytes);
    return text;
}

/* What stands between the first line, the <svg ...> of the document, and its end. */
static void assert_body(const char *wanted) {
    char body[4096];
    const char *text = strchr(document(), '\n') + 1;
    const size_t length = strlen(text), end = strlen("</svg>\n");
    ck_assert_str_eq(text + length - end, "</svg>\n");
    snprintf(body, sizeof body, "%.*s", (int)(length - end), text);
    ck_assert_str_eq(body, wanted);
    bm_svg_destroy(svg);
}

START_TEST(a_document_says_its_size_and_has_a_background) {
    begin(300, 150.5, BM_PAPER);
    ck_assert_str_eq(document(),
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"300\" height=\"150.5\" "
                     "viewBox=\"0 0 300 150.5\" font-family=\"'DejaVu Sans', Verdana, sans-serif\" "
                     "stroke-linecap=\"round\" stroke-linejoin=\"round\" xml:space=\"preserve\">\n"
                     "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n</svg>\n");
    bm_svg_destroy(svg);
    begin(10, 10, 0);
    assert_body("");
}
END_TEST

/* A square with a hole, in steps that are exact where the points are not. */
START_TEST(a_region_is_one_path_of_all_its_contours) {
    static const bm_point points[8] = {{0, 0}, {3, 0}, {3, 3}, {0, 3}, {1, 1}, {1, 2}, {2, 2}, {2, 1}};
    static const int ends[2] = {4, 8};
    const bm_region frame = {points, ends, 2, .x = 10, .y = 20, .stretch_x = 1.0 / 3, .stretch_y = -2};
    begin(30, 30, 0);
    bm_draw_region(&canvas, &frame, bm_color_fade(BM_INK, 0.5));
    bm_draw_region(&canvas, &(bm_region){.contours = 0}, BM_INK); /* nothing */
    assert_body("<path d=\"M10 20l1 0 0-6-1 0zM10.33 18l0-2 0.34 0 0 2z\" fill=\"#1d2329\" fill-opacity=\"0.502\"/>\n");
}
END_TEST

START_TEST(a_region_of_no_numbers_has_none_in_its_path) {
    static const bm_point points[4] = {{NAN, 0}, {1, INFINITY}, {1e300, 2}, {3, 4}};
    static const int ends[1] = {4};
    begin(30, 30, 0);
    bm_draw_region(&canvas, &(bm_region){points, ends, 1, .stretch_x = 1, .stretch_y = 1}, BM_INK);
    const char *text = document();
    ck_assert(!strstr(text, "nan") && !strstr(text, "inf"));
    bm_svg_destroy(svg);
}
END_TEST

START_TEST(shapes_have_their_points_and_colours) {
    begin(100, 100, 0);
    bm_draw_polygon(&canvas, (const bm_point[]){{1, 2}, {3.5, 4.25}, {5, 6.125}}, 3, BM_BLUE);
    bm_draw_line(&canvas, -1, 0, 50, 1.0 / 3, 2, bm_color_fade(BM_ORANGE, 0.2));
    bm_draw_circle(&canvas, 10, 20, 3, BM_GREEN);
    bm_draw_circle(&canvas, 10, 20, 3, 0x00123456); /* cannot be seen */
    bm_draw_polyline(&canvas, (const bm_point[]){{7, 8}}, 1, 4, BM_INK);
    assert_body("<polygon points=\"1,2 3.5,4.25 5,6.12\" fill=\"#0072b2\"/>\n"
                "<polyline points=\"-1,0 50,0.33\" stroke=\"#e69f00\" stroke-opacity=\"0.2\" stroke-width=\"2\" "
                "fill=\"none\"/>\n"
                "<circle cx=\"10\" cy=\"20\" r=\"3\" fill=\"#009e73\"/>\n"
                "<circle cx=\"7\" cy=\"8\" r=\"2\" fill=\"#1d2329\"/>\n");
}
END_TEST

START_TEST(text_hangs_on_half_its_capitals_and_is_escaped) {
    char wanted[512];
    begin(100, 100, 0);
    bm_draw_text(&canvas, 5, 50, 10, BM_ALIGN_LEFT, BM_INK, "a<b & \"c\">'\x01\n");
    bm_draw_text(&canvas, 5, 50, 10, BM_ALIGN_CENTER, BM_INK, "\xc3\xa9 \xff \xe2\x82");
    bm_draw_text(&canvas, 5, 50, 10, BM_ALIGN_RIGHT, BM_INK, "x");
    bm_draw_text(&canvas, 5, 50, 10, BM_ALIGN_RIGHT, BM_INK, "");
    bm_markup y = {0};
    bm_markup_number(&y, 50 + bm_font_capital(10) / 2);
    snprintf(wanted, sizeof wanted,
             "<text x=\"5\" y=\"%s\" font-size=\"10\" fill=\"#1d2329\">a&lt;b &amp; &quot;c&quot;&gt;&#39;\n</text>\n"
             "<text x=\"5\" y=\"%s\" font-size=\"10\" fill=\"#1d2329\" text-anchor=\"middle\">\xc3\xa9 \xef\xbf\xbd "
             "\xef\xbf\xbd\xef\xbf\xbd</text>\n"
             "<text x=\"5\" y=\"%s\" font-size=\"10\" fill=\"#1d2329\" text-anchor=\"end\">x</text>\n",
             y.text, y.text, y.text);
    bm_markup_free(&y);
    assert_body(wanted);
}
END_TEST

START_TEST(parts_are_clipped_by_drawings_inside) {
    begin(100, 100, 0);
    bm_canvas_viewport(&canvas, 10, 20, 30, 40);
    bm_draw_circle(&canvas, 1, 2, 3, BM_BLUE);
    bm_canvas_viewport(&canvas, 10, 20, 30, 40); /* the same part again */
    bm_draw_circle(&canvas, 4, 4, 3, BM_BLUE);
    bm_canvas_viewport(&canvas, 50, 0, 100, 10); /* nothing is drawn here */
    bm_canvas_viewport(&canvas, 90, 0, 100, 10); /* cut at the edge of the picture */
    bm_draw_circle(&canvas, 0, 0, 1, BM_BLUE);
    bm_canvas_viewport(&canvas, 120, 0, 100, 10); /* outside of it */
    bm_draw_circle(&canvas, 0, 0, 1, BM_BLUE);
    bm_canvas_viewport(&canvas, 0, 0, 100, 100);
    bm_draw_circle(&canvas, 0, 0, 1, BM_BLUE);
    assert_body("<svg x=\"10\" y=\"20\" width=\"30\" height=\"40\" viewBox=\"10 20 30 40\">\n"
                "<circle cx=\"11\" cy=\"22\" r=\"3\" fill=\"#0072b2\"/>\n"
                "<circle cx=\"14\" cy=\"24\" r=\"3\" fill=\"#0072b2\"/>\n"
                "</svg>\n"
                "<svg x=\"90\" y=\"0\" width=\"10\" height=\"10\" viewBox=\"90 0 10 10\">\n"
                "<circle cx=\"90\" cy=\"0\" r=\"1\" fill=\"#0072b2\"/>\n"
                "</svg>\n"
                "<circle cx=\"0\" cy=\"0\" r=\"1\" fill=\"#0072b2\"/>\n");
}
END_TEST

START_TEST(a_second_drawing_begins_anew) {
    begin(50, 50, 0);
    bm_canvas_viewport(&canvas, 10, 10, 10, 10);
    bm_draw_circle(&canvas, 1, 1, 1, BM_BLUE);
    document();
    document(); /* asked twice, ended once */
    bm_svg_begin(svg, 0, &canvas);
    bm_draw_circle(&canvas, 1, 1, 1, BM_BLUE);
    assert_body("<circle cx=\"1\" cy=\"1\" r=\"1\" fill=\"#0072b2\"/>\n");
}
END_TEST

START_TEST(numbers_that_are_none_do_no_harm) {
    begin(50, 50, 0);
    bm_draw_circle(&canvas, NAN, INFINITY, -0.001, BM_BLUE);
    bm_draw_circle(&canvas, 1e300, -1e300, 1, BM_BLUE);
    assert_body("<circle cx=\"0\" cy=\"0\" r=\"0\" fill=\"#0072b2\"/>\n"
                "<circle cx=\"10000000\" cy=\"-10000000\" r=\"1\" fill=\"#0072b2\"/>\n");
}
END_TEST

START_TEST(sizes_that_are_none_are_refused) {
    ck_assert_int_eq(bm_svg_create(&svg, 0, 10, &error), BM_INVALID);
    ck_assert_int_eq(bm_svg_create(&svg, 10, NAN, &error), BM_INVALID);
    ck_assert_int_eq(bm_svg_create(&svg, 10, 1e9, &error), BM_INVALID);
    bm_svg_destroy(NULL);
}
END_TEST

/* Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF. */
START_TEST(what_is_not_utf8_is_replaced) {
    static const char *const cases[][2] = {
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xed\x9f\xbf", "\xed\x9f\xbf"},
        {"\xc0\xaf", "??"},
        {"\xe0\x80\xaf", "???"},
        {"\xed\xa0\x80", "???"},
        {"\xf4\x90\x80\x80", "????"},
        {"\xf0\x9f\x98", "???"},
        {"\x80z", "?z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_markup got = {0}, wanted = {0};
        bm_markup_escape(&got, cases[i][0]);
        for (const char *c = cases[i][1]; *c; c++) {
            bm_markup_put(&wanted, *c == '?' ? "\xef\xbf\xbd" : (const char[]){*c, '\0'});
        }
        ck_assert_str_eq(got.text, wanted.text);
        bm_markup_free(&got);
        bm_markup_free(&wanted);
    }
}
END_TEST

TEST_MAIN("svg", 10, a_document_says_its_size_and_has_a_background, a_region_is_one_path_of_all_its_contours,
          a_region_of_no_numbers_has_none_in_its_path, shapes_have_their_points_and_colours,
          text_hangs_on_half_its_capitals_and_is_escaped, parts_are_clipped_by_drawings_inside,
          a_second_drawing_begins_anew, numbers_that_are_none_do_no_harm, sizes_that_are_none_are_refused,
          what_is_not_utf8_is_replaced)
