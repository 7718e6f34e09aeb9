#ifndef BM_RENDER_RENDER_H
#define BM_RENDER_RENDER_H

/* The render module, bellman-render.so: all that needs SDL2, libpng or giflib, opened with dlopen when a window or a
 * picture is asked for (watch/module.h), so that the program itself runs without them. Pixels are [height, width]
 * 0xffRRGGBB. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { BM_RENDER_VERSION = 2, BM_KEY_NAME = 16 };

typedef enum {
    BM_EVENT_KEY,     /* a key went down (again while it is held) or up */
    BM_EVENT_PRESS,   /* a button of the mouse went down in the window */
    BM_EVENT_RELEASE, /* and up, wherever: none is lost */
    BM_EVENT_MOTION,  /* it moved; outside too while a button is down; the newest place of several that wait */
    BM_EVENT_WHEEL,   /* the mouse's wheel turned */
    BM_EVENT_CLOSE,   /* the window's close button */
    BM_EVENT_REDRAW   /* the size changed, or what was shown is lost */
} bm_event_kind;

typedef struct {
    bm_event_kind kind;
    bool down, repeat; /* of keys; repeat: held down */
    /* What the key types ("h", "+", "."; lower case), or "space" "escape" "return" "tab" "backspace" "left" "right"
     * "up" "down" "pageup" "pagedown" "home" "end" "f1" .. "f12". */
    char key[BM_KEY_NAME];
    int x, y;   /* of the mouse: the picture's pixel, 0 at the top left; outside of it below 0 or beyond its size */
    int button; /* 1 left, 2 middle, 3 right; of a motion: the lowest that is down, 0: none */
    int wheel;  /* steps, away from the person above 0 */
} bm_event;

typedef struct bm_window bm_window;
typedef struct bm_gif bm_gif;

typedef struct {
    int version; /* BM_RENDER_VERSION */

    /* NULL where the module was built without SDL. BM_FAILED: no display, with SDL's reason. One window at a time; all
     * calls from one thread. SDL's signal handlers stay off. */
    bm_status (*window_open)(bm_window **window, const char *title, int width, int height, bm_error *error);
    void (*window_close)(bm_window *window); /* NULL is fine */
    void (*window_title)(bm_window *window, const char *title);
    void (*window_size)(bm_window *window, int *width, int *height);
    bool (*window_interactive)(const bm_window *window); /* false: SDL's dummy or offscreen driver, nobody sees it */
    /* Shows pixels; a picture of another size than the window's is shown from the top left corner. */
    bm_status (*window_show)(bm_window *window, const uint32_t *pixels, int width, int height, bm_error *error);
    /* The next event, waiting at most timeout_ms for one; false: none came. */
    bool (*window_event)(bm_window *window, int timeout_ms, bm_event *event);

    /* NULL where built without libpng. Writes the file whole or not at all. */
    bm_status (*png_write)(const char *path, const uint32_t *pixels, int width, int height, bm_error *error);

    /* NULL where built without giflib. Every frame is as large as the first; delay: how long it is shown, in hundredths
     * of a second. Frames equal to the last only lengthen it. The file appears when it is closed. */
    bm_status (*gif_open)(bm_gif **gif, const char *path, int width, int height, bm_error *error);
    bm_status (*gif_frame)(bm_gif *gif, const uint32_t *pixels, int delay, bm_error *error);
    bm_status (*gif_close)(bm_gif *gif, bm_error *error); /* also after a failed frame: then the file does not appear */
} bm_render_module;

/* The module's one symbol. */
#define BM_RENDER_SYMBOL "bm_render"

#endif
