#ifndef BM_CLI_PICTURE_H
#define BM_CLI_PICTURE_H

/* One drawing as a file: NAME.svg, or NAME.png by the render module. */
#include "core/canvas.h"
#include "core/error.h"

typedef void bm_picture_draw(void *context, bm_canvas *canvas);

/* Whether it will be possible: BM_INVALID for another ending, BM_FAILED without libpng or a folder that can be written
 * to. */
bm_status bm_picture_check(const char *path, bm_error *error);
bm_status bm_picture_write(const char *path, int width, int height, bm_picture_draw *draw, void *context,
                           bm_error *error);
/* --size WxH, each side from least on; left alone without the flag. Exits 2. */
void bm_picture_size(const char *text, int least, int *width, int *height);

#endif
