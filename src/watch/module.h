#ifndef BM_WATCH_MODULE_H
#define BM_WATCH_MODULE_H

/* Finds and loads bellman-render.so. It is looked for in the file that the environment variable BELLMAN_RENDER names,
 * if it is set; else beside the running program (build/), else in ../lib/bellman/ from there (make install). Once
 * loaded it stays: ask as often as you like, it costs little. BM_FAILED says what is missing. */
#include "core/error.h"
#include "render/render.h"

bm_status bm_render_load(const bm_render_module **module, bm_error *error);

/* The same, and BM_FAILED where the module was built without what a window, a PNG or a GIF needs. */
bm_status bm_render_window_module(const bm_render_module **module, bm_error *error);
bm_status bm_render_png_module(const bm_render_module **module, bm_error *error);
bm_status bm_render_gif_module(const bm_render_module **module, bm_error *error);

#endif
