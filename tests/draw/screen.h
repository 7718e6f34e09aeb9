#ifndef BM_TESTS_SCREEN_H
#define BM_TESTS_SCREEN_H

/* A small terminal: knows the sequences that draw/terminal.c uses, fails on any other, and tells what its screen
 * shows. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "draw/palette.h"
#include "support.h"

enum { SIDE = 160, PAPER = 0xabcdef /* the terminal's own background: no picture here has it */ };

typedef struct {
    uint32_t glyph, foreground, background; /* glyph 0: right half of a wide one */
} screen_cell;

typedef struct {
    int columns, rows, row, column; /* column == columns: waiting to wrap, where no relative move may start */
    uint32_t foreground, background;
    int frames; /* that were begun and ended */
    bool inside;
    screen_cell cells[SIDE][SIDE];
} screen;

/* xterm's table, by its definition. */
static uint32_t entry_color(int entry) {
    static const uint32_t levels[6] = {0, 95, 135, 175, 215, 255};
    ck_assert_int_ge(entry, 16);
    ck_assert_int_le(entry, 255);
    if (entry >= 232) {
        return (uint32_t)(8 + 10 * (entry - 232)) * 0x010101u;
    }
    const int cube = entry - 16;
    return levels[cube / 36] << 16 | levels[cube / 6 % 6] << 8 | levels[cube % 6];
}

static void clear(screen *s, int row, int from) {
    for (int column = from; column < s->columns; column++) {
        s->cells[row][column] = (screen_cell){' ', s->foreground, s->background};
    }
}

static void start(screen *s, int columns, int rows) {
    memset(s, 0, sizeof *s);
    s->columns = columns;
    s->rows = rows;
    s->foreground = s->background = PAPER;
}

static void set_rendition(screen *s, const int *numbers, int count) {
    for (int i = 0; i < count;) {
        if (numbers[i] == 0) {
            s->foreground = s->background = PAPER;
            i++;
            continue;
        }
        ck_assert(numbers[i] == 38 || numbers[i] == 48);
        uint32_t *layer = numbers[i] == 38 ? &s->foreground : &s->background;
        if (numbers[i + 1] == 5) {
            *layer = entry_color(numbers[i + 2]);
            i += 3;
        } else {
            ck_assert_int_eq(numbers[i + 1], 2);
            *layer = (uint32_t)(numbers[i + 2] << 16 | numbers[i + 3] << 8 | numbers[i + 4]);
            i += 5;
        }
    }
}

static const char *control(screen *s, const char *at) {
    int numbers[16] = {0}, count = 1;
    const bool private = *at == '?';
    for (at += private; (*at >= '0' && *at <= '9') || *at == ';'; at++) {
        if (*at == ';') {
            ck_assert_int_lt(count, 10);
            count++;
        } else {
            numbers[count - 1] = numbers[count - 1] * 10 + *at - '0';
        }
    }
    const int by = numbers[0] ? numbers[0] : 1;
    if (strchr("ABCD", *at)) {
        ck_assert_msg(s->column < s->columns, "a relative move from behind the last column");
    }
    switch (*at) {
    case 'A':
        s->row -= by;
        break;
    case 'B':
        s->row += by;
        break;
    case 'C':
        s->column += by;
        break;
    case 'D':
        s->column -= by;
        break;
    case 'H':
        s->row = by - 1;
        s->column = numbers[1] ? numbers[1] - 1 : 0;
        break;
    case 'K':
        ck_assert_int_eq(numbers[0], 0);
        clear(s, s->row, s->column);
        break;
    case 'J':
        ck_assert_int_eq(numbers[0], 2);
        for (int row = 0; row < s->rows; row++) {
            clear(s, row, 0);
        }
        break;
    case 'm':
        set_rendition(s, numbers, count);
        break;
    case 'h':
    case 'l':
        ck_assert(private && numbers[0] == 2026);
        ck_assert(s->inside == (*at == 'l'));
        s->inside = *at == 'h';
        s->frames += *at == 'l';
        break;
    default:
        ck_abort_msg("unknown sequence ESC [ ... %c", *at);
    }
    return at + 1;
}

static void type(screen *s, uint32_t glyph) {
    ck_assert_msg(s->column < s->columns, "writing behind the last column of row %d", s->row);
    s->cells[s->row][s->column++] = (screen_cell){glyph, s->foreground, s->background};
    if (glyph >= 0x2e80) {
        ck_assert_int_lt(s->column, s->columns);
        s->cells[s->row][s->column++] = (screen_cell){0, s->foreground, s->background};
    }
}

static void receive(screen *s, const char *bytes, size_t count) {
    for (const char *at = bytes, *end = bytes + count; at < end;) {
        const unsigned char first = (unsigned char)*at++;
        if (first == '\033') {
            const char kind = *at++;
            ck_assert(kind == '[' || kind == 'D' || kind == 'M');
            if (kind == '[') {
                at = control(s, at);
            } else {
                s->row += kind == 'D' ? 1 : -1;
            }
        } else if (first == '\r') {
            s->column = 0;
        } else if (first == '\b') {
            ck_assert_int_lt(s->column--, s->columns);
        } else {
            ck_assert_int_ge(first, ' ');
            const int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
            uint32_t glyph = more == 0 ? first : first & (0x3fu >> more);
            for (int i = 0; i < more; i++) {
                glyph = glyph << 6 | ((unsigned char)*at++ & 0x3fu);
            }
            type(s, glyph);
        }
        ck_assert(s->row >= 0 && s->row < s->rows && s->column >= 0 && s->column <= s->columns);
    }
    ck_assert(!s->inside);
}

/* The pixel that the screen shows. */
static uint32_t pixel_of(const screen *s, int x, int y) {
    const screen_cell c = s->cells[y / 2][x];
    switch (c.glyph) {
    case ' ':
        return c.background;
    case 0x2588:
        return c.foreground;
    case 0x2580:
        return y % 2 ? c.background : c.foreground;
    case 0x2584:
        return y % 2 ? c.foreground : c.background;
    default:
        ck_abort_msg("U+%04X in the picture", c.glyph);
    }
}

static int worst(const screen *s, const uint32_t *pixels, int columns, int rows) {
    int most = 0;
    for (int y = 0; y < 2 * rows; y++) {
        for (int x = 0; x < columns; x++) {
            const int d = bm_palette_difference(pixel_of(s, x, y), pixels[y * columns + x] & 0xffffffu);
            most = d > most ? d : most;
        }
    }
    return most;
}

/* What stands in a line, without the blanks at its end. */
static const char *line_of(const screen *s, int row, char *text) {
    int end = s->columns, used = 0;
    while (end > 0 && s->cells[row][end - 1].glyph == ' ') {
        end--;
    }
    for (int column = 0; column < end; column++) {
        const screen_cell c = s->cells[row][column];
        ck_assert(c.foreground == PAPER && c.background == PAPER);
        for (int shift = 18, begun = 0; c.glyph >= 0x80 && shift >= 0; shift -= 6) {
            const int length = c.glyph < 0x800 ? 2 : c.glyph < 0x10000 ? 3 : 4;
            if (shift / 6 < length) {
                text[used++] = (char)((begun ? 0x80u : 0xf00u >> length) | (c.glyph >> shift & 0x3f));
                begun = 1;
            }
        }
        if (c.glyph && c.glyph < 0x80) {
            text[used++] = (char)c.glyph;
        }
    }
    text[used] = '\0';
    return text;
}

#endif
