/* Frames as escape sequences (ECMA-48, xterm's ctlseqs), few bytes each:
 *  - colours are reduced to 5 bits a channel, or to the entry of the 256-colour palette that is as near, which is half
 *    as long;
 *  - a cell is sent once its difference from what the screen shows, plus what it gains by waiting, reaches a threshold;
 *    and a cell that changed a lot may be off by less than that at first. The smooth edges of a moving thing thus are a
 *    shade off for some frames rather than exact and resent in each, and whatever is at rest becomes exact;
 *  - of the ways to show a cell in half blocks, and to move the cursor, the shortest is taken; colours stay set across
 *    cells;
 *  - a frame that would exceed the limit raises the threshold until it fits. */
#include "draw/terminal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "draw/columns.h"
#include "draw/palette.h"

#define SYNC_BEGIN "\033[?2026h" /* the terminal shows the frame at once; those that do not know it ignore it */
#define SYNC_END   "\033[?2026l"

const char bm_terminal_enter[] = "\033[?1049h\033[?25l\033[?7l\033[m\033[2J\033[H";
const char bm_terminal_leave[] = SYNC_END "\033[m\033[?7h\033[?25h\033[?1049l";

enum {
    TOLERANCE = 20, /* the threshold: a difference of so much in a channel, of 255, is sent at once */
    PATIENCE = 2,   /* what a difference gains by each frame it waits */
    URGENT = 255 + PATIENCE * 255,
    CELL_BYTES = 64 /* a cell never takes more: a move, two colours and a block are 49 */
};

/* Colours are 0xRRGGBB; this is the terminal's own. */
#define DEFAULT 0xffffffffu

typedef struct {
    uint32_t upper, lower;
} cell;

/* How far the frame is written, and what the terminal's state is then. */
typedef struct {
    size_t used;
    int row, column; /* of the cursor; row -1: unknown */
    uint32_t foreground, background;
} output;

struct bm_terminal {
    int columns, rows;
    bm_terminal_colors colors;
    size_t limit;
    bool forgotten;
    cell *shown, *wanted; /* [rows, columns] */
    cell *next;           /* [rows, columns] what is sent for wanted */
    uint8_t *waited;      /* [rows, columns] frames since shown and wanted differ */
    uint16_t *urgency;    /* [rows, columns] difference and waiting together, 0 .. URGENT */
    uint32_t *text;       /* [BM_TERMINAL_LINES, columns] what the lines show (columns.h) */
    uint32_t *line;       /* [columns] the one to be shown */
    char *bytes;
    output out;
    bm_arena memory;
};

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

/* ESC [ number letter; 1 is what a missing number means. */
static char *write_control(char *at, int number, char letter) {
    *at++ = '\033';
    *at++ = '[';
    if (number != 1) {
        at = bm_palette_number(at, number);
    }
    *at++ = letter;
    return at;
}

static char *end_of(const bm_terminal *terminal) {
    return terminal->bytes + terminal->out.used;
}

static void put(bm_terminal *terminal, const char *bytes, size_t count) {
    memcpy(end_of(terminal), bytes, count);
    terminal->out.used += count;
}

static void put_text(bm_terminal *terminal, const char *text) {
    put(terminal, text, strlen(text));
}

/* Writing in the last column leaves the cursor where terminals disagree. */
static void advance(bm_terminal *terminal) {
    if (++terminal->out.column == terminal->columns) {
        terminal->out.row = -1;
    }
}

static void move(bm_terminal *terminal, int row, int column) {
    output *out = &terminal->out;
    char absolute[16], relative[32];
    char *absolute_end = write_control(absolute, row + 1, ';'), *relative_end = relative;
    absolute_end = bm_palette_number(absolute_end, column + 1);
    *absolute_end++ = 'H';
    const int down = row - out->row, right = column - out->column;
    if (down == 1 || down == -1) {
        *relative_end++ = '\033';
        *relative_end++ =
            down == 1 ? 'D' : 'M'; /* index and reverse index: no mode of the tty turns them into others */
    } else if (down) {
        relative_end = write_control(relative_end, abs(down), down > 0 ? 'B' : 'A');
    }
    if (right < 0 && column == 0) {
        *relative_end++ = '\r';
    } else if (right < 0 && right > -4) {
        memset(relative_end, '\b', (size_t)-right);
        relative_end -= right;
    } else if (right) {
        relative_end = write_control(relative_end, abs(right), right > 0 ? 'C' : 'D');
    }
    if (out->row < 0 || absolute_end - absolute < relative_end - relative) {
        put(terminal, absolute, (size_t)(absolute_end - absolute));
    } else {
        put(terminal, relative, (size_t)(relative_end - relative));
    }
    out->row = row;
    out->column = column;
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

/* What shows a cell in the colours that are set, or NULL. */
static const char *block(const output *out, cell c) {
    const uint32_t foreground = out->foreground, background = out->background;
    if (c.upper == background && c.lower == background) {
        return " ";
    }
    if (c.upper == foreground && c.lower == foreground) {
        return "\u2588"; /* full */
    }
    if (c.upper == foreground && c.lower == background) {
        return "\u2580"; /* upper half */
    }
    if (c.upper == background && c.lower == foreground) {
        return "\u2584"; /* lower half */
    }
    return NULL;
}

static size_t color_bytes(uint32_t color, uint32_t current) {
    char text[BM_PALETTE_BYTES];
    return color == current ? 0 : (size_t)(bm_palette_write(text, 38, color) - text);
}

static void set_colors(bm_terminal *terminal, uint32_t foreground, uint32_t background) {
    output *out = &terminal->out;
    char *at = end_of(terminal);
    *at++ = '\033';
    *at++ = '[';
    if (foreground != out->foreground) {
        at = bm_palette_write(at, 38, foreground);
    }
    if (background != out->background) {
        if (foreground != out->foreground) {
            *at++ = ';';
        }
        at = bm_palette_write(at, 48, background);
    }
    *at++ = 'm';
    out->used = (size_t)(at - terminal->bytes);
    out->foreground = foreground;
    out->background = background;
}

static void put_cell(bm_terminal *terminal, cell c) {
    output *out = &terminal->out;
    if (!block(out, c)) {
        const size_t as_upper = color_bytes(c.upper, out->foreground) + color_bytes(c.lower, out->background);
        const size_t as_lower = color_bytes(c.lower, out->foreground) + color_bytes(c.upper, out->background);
        if (c.upper == c.lower) {
            set_colors(terminal, out->foreground, c.upper);
        } else if (as_upper <= as_lower) {
            set_colors(terminal, c.upper, c.lower);
        } else {
            set_colors(terminal, c.lower, c.upper);
        }
    }
    put_text(terminal, block(out, c));
    advance(terminal);
}

/* To a cell further right in the row by writing what already stands between, where the colours happen to be right and
 * that is shorter than moving. */
static bool rewrite(bm_terminal *terminal, int row, int column) {
    const output before = terminal->out;
    const int gap = column - before.column;
    if (before.row != row || gap < 1 || gap > 5) {
        return false;
    }
    const size_t move_bytes = gap == 1 ? 3 : 4;
    for (int i = before.column; i < column; i++) {
        const char *same = block(&before, terminal->shown[row * terminal->columns + i]);
        if (!same || terminal->out.used + strlen(same) > before.used + move_bytes) {
            terminal->out = before;
            return false;
        }
        put_text(terminal, same);
        advance(terminal);
    }
    return true;
}

/* Writes the cells of at least this urgency, as far as they fit; returns the index of the first one that did not, or
 * their number. */
static int encode(bm_terminal *terminal, int threshold, size_t limit) {
    const int cells = terminal->rows * terminal->columns;
    for (int i = 0; i < cells; i++) {
        if (terminal->urgency[i] < threshold) {
            continue;
        }
        const output before = terminal->out;
        const int row = i / terminal->columns, column = i % terminal->columns;
        if ((before.row != row || before.column != column) && !rewrite(terminal, row, column)) {
            move(terminal, row, column);
        }
        put_cell(terminal, terminal->next[i]);
        if (terminal->out.used > limit) {
            terminal->out = before;
            return i;
        }
    }
    return cells;
}

/* What encode wrote, up to a cell, is shown from now on. */
static void commit(bm_terminal *terminal, int threshold, int end) {
    for (int i = 0; i < end; i++) {
        if (terminal->urgency[i] >= threshold) {
            terminal->shown[i] = terminal->next[i];
            terminal->urgency[i] = 0;
            terminal->waited[i] = 0;
        }
    }
}

static uint32_t reduce(bm_terminal_colors colors, uint32_t color) {
    uint32_t looks;
    if (colors == BM_COLORS_TRUE) {
        return bm_palette_reduce(color);
    }
    bm_palette_nearest(color, &looks);
    return looks;
}

/* For what has just changed a palette entry within the tolerance will do. */
static cell rough(cell exact) {
    cell result;
    bm_palette_nearest(exact.upper, &result.upper);
    bm_palette_nearest(exact.lower, &result.lower);
    if (bm_palette_difference(exact.upper, result.upper) >= TOLERANCE) {
        result.upper = exact.upper;
    }
    if (bm_palette_difference(exact.lower, result.lower) >= TOLERANCE) {
        result.lower = exact.lower;
    }
    return result;
}

/* What is wanted now, and how urgently. */
static void look(bm_terminal *terminal, const uint32_t *pixels) {
    const int columns = terminal->columns;
    uint32_t last = 0, last_reduced = 0;
    for (int y = 0; y < 2 * terminal->rows; y++) {
        for (int x = 0; x < columns; x++) {
            const uint32_t color = pixels[y * columns + x] & 0xffffffu;
            if (color != last) {
                last = color;
                last_reduced = reduce(terminal->colors, color);
            }
            cell *wanted = &terminal->wanted[y / 2 * columns + x];
            *(y % 2 ? &wanted->lower : &wanted->upper) = last_reduced;
        }
    }
    for (int i = 0; i < terminal->rows * columns; i++) {
        const cell wanted = terminal->wanted[i], shown = terminal->shown[i];
        const int upper = bm_palette_difference(wanted.upper, shown.upper);
        const int lower = bm_palette_difference(wanted.lower, shown.lower);
        const int most = upper > lower ? upper : lower;
        terminal->next[i] = most < TOLERANCE || terminal->forgotten ? wanted : rough(wanted);
        terminal->urgency[i] = (uint16_t)(most ? most + PATIENCE * terminal->waited[i] : 0);
        terminal->waited[i] = (uint8_t)(most == 0 ? 0 : terminal->waited[i] < 255 ? terminal->waited[i] + 1 : 255);
    }
}

static void draw_picture(bm_terminal *terminal, size_t limit) {
    const output before = terminal->out;
    const int cells = terminal->rows * terminal->columns;
    int none = TOLERANCE, all = URGENT + 1; /* thresholds: with this not everything fits, with that it does */
    if (encode(terminal, TOLERANCE, limit) == cells) {
        commit(terminal, TOLERANCE, cells);
        return;
    }
    while (all - none > 1) {
        const int middle = (none + all) / 2;
        terminal->out = before;
        *(encode(terminal, middle, limit) == cells ? &all : &none) = middle;
    }
    terminal->out = before;
    commit(terminal, all, encode(terminal, all, limit));
    commit(terminal, none, encode(terminal, none, limit));
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static void put_character(bm_terminal *terminal, uint32_t character) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (character >> shift) {
            put(terminal, &(const char){(char)(character >> shift & 0xff)}, 1);
        }
    }
    terminal->out.column += bm_columns_wide(character);
    advance(terminal);
}

static void move_in_text(bm_terminal *terminal, int row, int column) {
    output *out = &terminal->out;
    if (out->foreground != DEFAULT || out->background != DEFAULT) {
        put_text(terminal, "\033[m");
        out->foreground = out->background = DEFAULT;
    }
    if (out->row == row && column > out->column && column - out->column < 4) { /* shorter to write again */
        while (out->column < column) {
            put_character(terminal, terminal->line[out->column]);
        }
    } else if (out->row != row || out->column != column) {
        move(terminal, row, column);
    }
}

/* Sends what changed in a line, as far as it fits. */
static void draw_line(bm_terminal *terminal, int number, size_t limit) {
    uint32_t *shown = terminal->text + (size_t)number * (size_t)terminal->columns;
    const int row = terminal->rows + number;
    int end = terminal->columns; /* of the text, before trailing blanks */
    while (end > 0 && terminal->line[end - 1] == ' ') {
        end--;
    }
    for (int i = 0; i < terminal->columns; i++) {
        const output before = terminal->out;
        if (terminal->line[i] == shown[i] || terminal->line[i] == 0) {
            shown[i] = terminal->line[i];
            continue;
        }
        move_in_text(terminal, row, i);
        const int written = i < end ? i + 1 : terminal->columns; /* blanks are cleared all at once */
        if (i < end) {
            put_character(terminal, terminal->line[i]);
        } else {
            put_text(terminal, "\033[K");
        }
        if (terminal->out.used > limit) {
            terminal->out = before;
            return;
        }
        memcpy(shown + i, terminal->line + i, (size_t)(written - i) * sizeof *shown);
    }
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

static void start_anew(bm_terminal *terminal) {
    put_text(terminal, "\033[m\033[2J");
    terminal->out.row = -1;
    terminal->out.foreground = terminal->out.background = DEFAULT;
    for (int i = 0; i < BM_TERMINAL_LINES * terminal->columns; i++) {
        terminal->text[i] = ' ';
    }
    for (int i = 0; i < terminal->rows * terminal->columns; i++) {
        terminal->urgency[i] = URGENT;
    }
}

void bm_terminal_frame(bm_terminal *terminal, const uint32_t *pixels, const char *const *text, int text_lines,
                       const char **bytes, size_t *count) {
    const bool bounded = terminal->limit && !terminal->forgotten;
    const size_t limit = bounded ? terminal->limit - strlen(SYNC_END) : SIZE_MAX;
    terminal->out.used = 0;
    put_text(terminal, SYNC_BEGIN);
    look(terminal, pixels);
    if (terminal->forgotten) {
        start_anew(terminal);
        terminal->forgotten = false;
    }
    for (int i = 0; i < BM_TERMINAL_LINES; i++) {
        bm_columns_fill(i < text_lines ? text[i] : "", terminal->line, terminal->columns);
        draw_line(terminal, i, limit);
    }
    draw_picture(terminal, limit);
    if (terminal->out.used == strlen(SYNC_BEGIN)) {
        terminal->out.used = 0;
    } else {
        put_text(terminal, SYNC_END);
    }
    *bytes = terminal->bytes;
    *count = terminal->out.used;
}

void bm_terminal_forget(bm_terminal *terminal) {
    terminal->forgotten = true;
}

void bm_terminal_limit(bm_terminal *terminal, size_t bytes) {
    terminal->limit = bytes && bytes < BM_TERMINAL_LIMIT ? BM_TERMINAL_LIMIT : bytes;
}

bm_status bm_terminal_create(bm_terminal **terminal, int columns, int rows, bm_terminal_colors colors,
                             bm_error *error) {
    if (columns < 1 || rows < 1 || columns > BM_TERMINAL_SIDE || rows > BM_TERMINAL_SIDE) {
        return bm_invalid(error, "a terminal picture of %d x %d cells: each side is 1 to %d", columns, rows,
                          BM_TERMINAL_SIDE);
    }
    bm_arena memory = {0};
    const int cells = columns * rows;
    bm_terminal *new = BM_NEW(&memory, bm_terminal, 1);
    cell *shown = BM_NEW(&memory, cell, cells), *wanted = BM_NEW(&memory, cell, cells);
    cell *next = BM_NEW(&memory, cell, cells);
    uint8_t *waited = BM_NEW(&memory, uint8_t, cells);
    uint16_t *urgency = BM_NEW(&memory, uint16_t, cells);
    uint32_t *text = BM_NEW(&memory, uint32_t, BM_TERMINAL_LINES * columns), *line = BM_NEW(&memory, uint32_t, columns);
    char *bytes = BM_NEW(&memory, char, (cells + (BM_TERMINAL_LINES + 1) * columns) * CELL_BYTES);
    if (bm_arena_check(&memory, "the terminal's picture", error) != BM_OK) {
        bm_arena_free(&memory);
        return BM_FAILED;
    }
    *new = (bm_terminal){.columns = columns,
                         .rows = rows,
                         .colors = colors,
                         .forgotten = true,
                         .shown = shown,
                         .wanted = wanted,
                         .next = next,
                         .waited = waited,
                         .urgency = urgency,
                         .text = text,
                         .line = line,
                         .bytes = bytes,
                         .memory = memory};
    *terminal = new;
    return BM_OK;
}

void bm_terminal_destroy(bm_terminal *terminal) {
    if (terminal) {
        bm_arena memory = terminal->memory;
        bm_arena_free(&memory);
    }
}
