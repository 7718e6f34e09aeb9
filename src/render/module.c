/* What the module offers, by what it was built with. */
#include "render/render.h"

#include "render/parts.h"

__attribute__((visibility("default"))) extern const bm_render_module bm_render;

const bm_render_module bm_render = {
    .version = BM_RENDER_VERSION,
#ifdef BM_SDL
    .window_open = bm_window_open,
    .window_close = bm_window_close,
    .window_title = bm_window_title,
    .window_size = bm_window_size,
    .window_interactive = bm_window_interactive,
    .window_show = bm_window_show,
    .window_event = bm_window_event,
#endif
#ifdef BM_PNG
    .png_write = bm_png_write,
#endif
#ifdef BM_GIF
    .gif_open = bm_gif_open,
    .gif_frame = bm_gif_frame,
    .gif_close = bm_gif_close,
#endif
};
