#ifndef BM_RENDER_PARTS_H
#define BM_RENDER_PARTS_H

/* The functions module.c offers, each file's behind its own library's macro; what they do stands in render.h. */
#include "render/render.h"

/* window.c, BM_SDL */
bm_status bm_window_open(bm_window **window, const char *title, int width, int height, bm_error *error);
void bm_window_close(bm_window *window);
void bm_window_title(bm_window *window, const char *title);
void bm_window_size(bm_window *window, int *width, int *height);
bool bm_window_interactive(const bm_window *window);
bm_status bm_window_show(bm_window *window, const uint32_t *pixels, int width, int height, bm_error *error);
bool bm_window_event(bm_window *window, int timeout_ms, bm_event *event);

/* png.c, BM_PNG */
bm_status bm_png_write(const char *path, const uint32_t *pixels, int width, int height, bm_error *error);

/* gif.c, BM_GIF */
bm_status bm_gif_open(bm_gif **gif, const char *path, int width, int height, bm_error *error);
bm_status bm_gif_frame(bm_gif *gif, const uint32_t *pixels, int delay, bm_error *error);
bm_status bm_gif_close(bm_gif *gif, bm_error *error);

#endif
