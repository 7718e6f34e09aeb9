#ifndef BM_WATCH_OVERLAY_H
#define BM_WATCH_OVERLAY_H

/* What lies over a picture in a window for a while: messages, and the keys that can be pressed. The canvas is in pixels
 * of the whole picture. */
#include <stddef.h>

#include "core/canvas.h"

enum { BM_OVERLAY_HEADER = 34 }; /* height of the strip at the top that says what is shown */

typedef struct {
    const char *key, *help;
} bm_overlay_key;

/* On a dark strip, in the middle of a part of that width. Of what does not fit the end is kept: of a path it says
 * more. */
void bm_overlay_message(bm_canvas *canvas, double width, double y, const char *text);
/* A list that ends with a NULL key, in the middle of the picture, which fades. */
void bm_overlay_keys(bm_canvas *canvas, const bm_overlay_key *keys);
/* Some of the keys in one line of text, for where there is no room for a list. */
void bm_overlay_keys_line(const bm_overlay_key *keys, int count, char *line, size_t bytes);

#endif
