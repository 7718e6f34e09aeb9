#ifndef BM_WATCH_ADAPT_PARTS_H
#define BM_WATCH_ADAPT_PARTS_H

/* What a task looks like, in the whole viewport; part of adapt_scene.c. text: size of ordinary text in pixels; 0: there
 * is no room for any. */
#include "core/canvas.h"
#include "watch/adapt.h"

/* Of the prediction, or the episodes, after so many steps: deeper with every one. */
bm_color bm_adapt_color(const bm_adapt *adapt, int step);

void bm_adapt_draw_curve(const bm_adapt *adapt, double text, bm_canvas *canvas);
void bm_adapt_draw_images(const bm_adapt *adapt, double text, bm_canvas *canvas);
void bm_adapt_draw_paths(const bm_adapt *adapt, bm_canvas *canvas);

#endif
