/* Pictures and recordings: drawn apart from the window, in a size of their own. */
#include <stdio.h>

#include "cli/show_state.h"
#include "core/io.h"
#include "watch/module.h"

static void draw_on(const bm_show_state *s, bm_raster *raster) {
    bm_canvas canvas;
    bm_scene scene = s->scene;
    scene.recording = false;
    bm_raster_begin(raster, BM_PAPER, &canvas);
    bm_scene_draw(&scene, &canvas);
}

/* FOLDER/KIND/ENV-N.ENDING, the first that is free. */
static bm_status free_name(const bm_show_state *s, const char *kind, const char *ending, char *path, size_t bytes,
                           bm_error *error) {
    char folder[1100];
    snprintf(folder, sizeof folder, "%s/%s", s->setup->folder, kind);
    const bm_status status = bm_make_folders(folder, error);
    for (int n = 1; status == BM_OK && n < 100000; n++) {
        snprintf(path, bytes, "%s/%s-%d.%s", folder, s->setup->player->env->type->id, n, ending);
        if (!bm_path_exists(path)) {
            break;
        }
    }
    return status;
}

static bm_status write_picture(const bm_show_state *s, const char *path, bm_error *error) {
    const bm_render_module *module;
    bm_raster *picture = NULL;
    const int width = s->setup->width, height = s->setup->height;
    bm_status status = bm_render_png_module(&module, error);
    if (status == BM_OK) {
        status = bm_raster_create(&picture, width, height, error);
    }
    if (status == BM_OK) {
        draw_on(s, picture);
        status = module->png_write(path, bm_raster_pixels(picture), width, height, error);
    }
    bm_raster_destroy(picture);
    return status;
}

void bm_show_take_picture(bm_show_state *s) {
    char path[1200];
    bm_error error;
    bm_status status = free_name(s, "pictures", "png", path, sizeof path, &error);
    if (status == BM_OK) {
        status = write_picture(s, path, &error);
    }
    bm_show_notify(s, "%s%s", status == BM_OK ? "picture " : "", status == BM_OK ? path : error.text);
}

bm_status bm_show_start_recording(bm_show_state *s, const char *path, double fps, bm_error *error) {
    const int width = s->setup->width, height = s->setup->height;
    bm_status status = s->record_frame ? BM_OK : bm_raster_create(&s->record_frame, width, height, error);
    if (status == BM_OK) {
        status = bm_recorder_open(&s->recorder, path, width, height, fps, error);
    }
    if (status == BM_OK) {
        snprintf(s->record_path, sizeof s->record_path, "%s", path);
        s->record_fps = fps;
        s->next_record = s->now;
        s->scene.recording = true;
    }
    return status;
}

bm_status bm_show_stop_recording(bm_show_state *s, int64_t *bytes, bm_error *error) {
    bm_recorder *recorder = s->recorder;
    s->recorder = NULL;
    s->scene.recording = false;
    return bm_recorder_close(recorder, bytes, error);
}

/* The same picture more than once when the clock has run ahead of it. */
bm_status bm_show_record(bm_show_state *s, bm_error *error) {
    enum { MOST_AT_ONCE = 100 };
    static const double rounding = 1e-9; /* of times that are sums of frames */
    if (!s->recorder || s->now + rounding < s->next_record) {
        return BM_OK;
    }
    draw_on(s, s->record_frame);
    bm_status status = BM_OK;
    for (int n = 0; status == BM_OK && s->now + rounding >= s->next_record && n < MOST_AT_ONCE; n++) {
        status = bm_recorder_frame(s->recorder, bm_raster_pixels(s->record_frame), error);
        s->next_record += 1 / s->record_fps;
    }
    return status;
}

void bm_show_toggle_recording(bm_show_state *s) {
    enum { FPS = 25 };
    char path[1200];
    bm_error error;
    bm_status status;
    const bool stops = s->recorder != NULL;
    if (stops) {
        snprintf(path, sizeof path, "%s", s->record_path);
        status = bm_show_stop_recording(s, NULL, &error);
    } else {
        status = free_name(s, "recordings", "gif", path, sizeof path, &error);
        if (status == BM_OK) {
            status = bm_show_start_recording(s, path, FPS, &error);
        }
    }
    if (status != BM_OK) {
        bm_show_notify(s, "%s", error.text);
    } else {
        bm_show_notify(s, stops ? "recorded %s" : "recording %s; r stops", path);
    }
}
