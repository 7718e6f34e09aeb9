/* See stage.h. */
#include "cli/stage.h"

#include <stdlib.h>

#include "cli/tty.h"
#include "draw/terminal.h"
#include "watch/module.h"

enum {
    TEXT_LINES = 2,
    TERMINAL_FPS = 30,
    TERMINAL_BYTES = 64000 / TERMINAL_FPS
}; /* a frame; people watch through ssh */

struct bm_stage {
    bm_stage_kind kind;
    const bm_render_module *module;
    bm_window *window;
    bm_terminal *terminal;
    int columns, rows; /* of the picture in the terminal */
};

static bm_status open_window(bm_stage *stage, const char *title, int width, int height, bm_error *error) {
    const bm_status status = bm_render_window_module(&stage->module, error);
    return status == BM_OK ? stage->module->window_open(&stage->window, title, width, height, error) : status;
}

/* A terminal as large as the screen is now, with room for the text. */
static bm_status fit_terminal(bm_stage *stage, bm_error *error) {
    int columns, rows;
    bm_tty_size(&columns, &rows);
    rows = rows > TEXT_LINES ? rows - TEXT_LINES : 1;
    columns = columns < BM_TERMINAL_SIDE ? columns : BM_TERMINAL_SIDE;
    rows = rows < BM_TERMINAL_SIDE ? rows : BM_TERMINAL_SIDE;
    if (stage->terminal && columns == stage->columns && rows == stage->rows) {
        return BM_OK;
    }
    bm_terminal *fresh;
    const bm_status status = bm_terminal_create(&fresh, columns, rows, bm_tty_colors(), error);
    if (status == BM_OK) {
        bm_terminal_destroy(stage->terminal);
        bm_terminal_limit(fresh, TERMINAL_BYTES);
        stage->terminal = fresh;
        stage->columns = columns;
        stage->rows = rows;
    }
    return status;
}

bm_status bm_stage_open(bm_stage **result, bm_stage_kind kind, const char *title, int width, int height,
                        bm_error *error) {
    bm_stage *stage = calloc(1, sizeof *stage);
    if (!stage) {
        return bm_fail(error, "not enough memory for a picture");
    }
    stage->kind = kind;
    bm_status status;
    if (kind == BM_STAGE_WINDOW) {
        status = open_window(stage, title, width, height, error);
    } else {
        status = bm_tty_open(error);
        status = status == BM_OK ? fit_terminal(stage, error) : status;
    }
    if (status != BM_OK) {
        bm_stage_close(stage);
        return status;
    }
    *result = stage;
    return BM_OK;
}

void bm_stage_close(bm_stage *stage) {
    if (stage) {
        if (stage->kind == BM_STAGE_TERMINAL) {
            bm_tty_close();
        } else if (stage->window) {
            stage->module->window_close(stage->window);
        }
        bm_terminal_destroy(stage->terminal);
        free(stage);
    }
}

bm_stage_kind bm_stage_kind_of(const bm_stage *stage) {
    return stage->kind;
}

bool bm_stage_interactive(const bm_stage *stage) {
    return stage->kind == BM_STAGE_TERMINAL || stage->module->window_interactive(stage->window);
}

void bm_stage_size(bm_stage *stage, int *width, int *height) {
    if (stage->kind == BM_STAGE_WINDOW) {
        stage->module->window_size(stage->window, width, height);
    } else {
        fit_terminal(stage, NULL); /* without memory the old size stays */
        *width = stage->columns;
        *height = 2 * stage->rows;
    }
}

bm_status bm_stage_begin(bm_stage *stage, bm_raster *frame, bm_canvas *canvas, bm_error *error) {
    int width, height;
    bm_stage_size(stage, &width, &height);
    if (width != bm_raster_width(frame) || height != bm_raster_height(frame)) {
        const bm_status status = bm_raster_resize(frame, width, height, error);
        if (status != BM_OK) {
            return status;
        }
    }
    bm_raster_begin(frame, BM_PAPER, canvas);
    return BM_OK;
}

bm_status bm_stage_show(bm_stage *stage, const bm_raster *frame, const char *const text[2], bm_error *error) {
    const uint32_t *pixels = bm_raster_pixels(frame);
    if (stage->kind == BM_STAGE_WINDOW) {
        return stage->module->window_show(stage->window, pixels, bm_raster_width(frame), bm_raster_height(frame),
                                          error);
    }
    if (!bm_tty_ready(0)) {
        return BM_OK; /* the line is slow: the next frame shows what this one would have */
    }
    const char *bytes;
    size_t count;
    bm_terminal_frame(stage->terminal, pixels, text, TEXT_LINES, &bytes, &count);
    bm_tty_write(bytes, count);
    return BM_OK;
}

bool bm_stage_event(bm_stage *stage, int timeout_ms, bm_event *event) {
    if (stage->kind == BM_STAGE_WINDOW) {
        return stage->module->window_event(stage->window, timeout_ms, event);
    }
    const bool there = bm_tty_event(timeout_ms, event);
    if (there && event->kind == BM_EVENT_REDRAW) {
        bm_terminal_forget(stage->terminal);
    }
    return there;
}
