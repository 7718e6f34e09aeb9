#ifndef BM_CLI_STAGE_H
#define BM_CLI_STAGE_H

/* Where frames go and keys come from: a window, the text terminal, or nowhere. */
#include <stdbool.h>

#include "core/error.h"
#include "draw/raster.h"
#include "render/render.h"

typedef enum { BM_STAGE_WINDOW, BM_STAGE_TERMINAL, BM_STAGE_NONE } bm_stage_kind;

typedef struct bm_stage bm_stage;

/* title: of a window; width, height: its size. */
bm_status bm_stage_open(bm_stage **stage, bm_stage_kind kind, const char *title, int width, int height,
                        bm_error *error);
void bm_stage_close(bm_stage *stage); /* NULL is fine */

bm_stage_kind bm_stage_kind_of(const bm_stage *stage);
bool bm_stage_interactive(const bm_stage *stage);             /* somebody sees it and can press keys */
void bm_stage_size(bm_stage *stage, int *width, int *height); /* of the frames it wants, in pixels */

/* Makes the frame that size, white, and begins a drawing on it. */
bm_status bm_stage_begin(bm_stage *stage, bm_raster *frame, bm_canvas *canvas, bm_error *error);

/* Shows a frame of that size; text: two lines below it, where the stage is a terminal. */
bm_status bm_stage_show(bm_stage *stage, const bm_raster *frame, const char *const text[2], bm_error *error);
/* The next event, waiting for one at most timeout_ms; false: none. */
bool bm_stage_event(bm_stage *stage, int timeout_ms, bm_event *event);

#endif
