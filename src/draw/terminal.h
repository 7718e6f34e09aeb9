#ifndef BM_DRAW_TERMINAL_H
#define BM_DRAW_TERMINAL_H

/* Pictures in a text terminal: every character cell shows two pixels, one above the other, as a half block in two
 * colours. Only what changed since the last frame is sent. This turns frames into bytes; who owns the terminal writes
 * them (cli/tty.h). */
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef enum { BM_COLORS_TRUE, BM_COLORS_256 } bm_terminal_colors;

enum { BM_TERMINAL_SIDE = 1000, BM_TERMINAL_LINES = 32, BM_TERMINAL_LIMIT = 128 };

typedef struct bm_terminal bm_terminal;

/* columns x rows character cells for the picture, each 1 .. BM_TERMINAL_SIDE, else BM_INVALID; the lines of text below
 * it are extra. Another size is another terminal. */
bm_status bm_terminal_create(bm_terminal **terminal, int columns, int rows, bm_terminal_colors colors, bm_error *error);
void bm_terminal_destroy(bm_terminal *terminal); /* NULL is fine */

/* No frame has more bytes than this (at least BM_TERMINAL_LIMIT), except those that draw everything; 0, as created: no
 * limit. What does not fit comes with the next frames, what differs most and waits longest first. */
void bm_terminal_limit(bm_terminal *terminal, size_t bytes);

/* The escape sequences that show pixels [2 * rows, columns] (0xffRRGGBB) and, below, text_lines (up to
 * BM_TERMINAL_LINES) lines of UTF-8 text, cut to the width. The first frame, and one after bm_terminal_forget, draws
 * everything; the others may be a shade off where things move, and a picture at rest is exact within moments. The bytes
 * are valid until the next call and must all reach the terminal: to drop a frame, do not call this. count 0: nothing to
 * send. */
void bm_terminal_frame(bm_terminal *terminal, const uint32_t *pixels, const char *const *text, int text_lines,
                       const char **bytes, size_t *count);
void bm_terminal_forget(bm_terminal *terminal); /* the screen shows something else by now */

/* What a program sends before the first and after the last frame: alternate screen, no cursor, no wrapping; and
 * back. */
extern const char bm_terminal_enter[], bm_terminal_leave[];

#endif
