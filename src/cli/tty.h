#ifndef BM_CLI_TTY_H
#define BM_CLI_TTY_H

/* The user's terminal while pictures are shown in it: on its alternate screen, keys come unechoed, one by one. There is
 * one, so no handle is passed. Ctrl-C keeps raising SIGINT. Whatever ends the program with exit, SIGINT, SIGTERM,
 * SIGHUP or SIGQUIT leaves the terminal as it was. All calls from one thread. */
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "draw/terminal.h"
#include "render/render.h"

/* BM_FAILED: standard input or output is no terminal, or one that cannot move its cursor (TERM). After
 * bm_cli_catch_signals, whose handlers stay in force: the first SIGINT or SIGTERM only sets the flag. */
bm_status bm_tty_open(bm_error *error);
void bm_tty_close(void); /* also when it is not open; before anything is printed */

void bm_tty_size(int *columns, int *rows);
bm_terminal_colors bm_tty_colors(void); /* from COLORTERM and TERM */

/* Waits at most timeout_ms until all that was written is on its way and the terminal takes more. Write a frame only
 * after true: on a slow line frames are left out, not queued. */
bool bm_tty_ready(int timeout_ms);
void bm_tty_write(const char *bytes,
                  size_t count); /* never waits; what is not taken at once is kept for bm_tty_ready */

/* The next event, waiting at most timeout_ms (or 0.1 s, if that is less) for one; false: none came, or a signal did.
 * BM_EVENT_KEY: down is always true, there is no key up. BM_EVENT_REDRAW: the size changed, or the program was
 * suspended (Ctrl-Z) and goes on: forget what was drawn. BM_EVENT_CLOSE: the terminal is gone; told once. */
bool bm_tty_event(int timeout_ms, bm_event *event);

#endif
