/* Pictures and recordings: drawn apart from the window, in a size of their own. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/picture.h"
#include "cli/show_state.h"
#include "core/io.h"

static void draw_scene(void *context, bm_canvas *canvas) {
    const bm_show_state *s = context;
    bm_scene scene = s->scene;
    scene.recording = false;
    bm_scene_draw(&scene, canvas);
}

bm_status bm_show_free_name(const char *parent, const char *kind, const char *stem, const char *ending, char *path,
                            size_t bytes, bm_error *error) {
    char folder[1100];
    snprintf(folder, sizeof folder, "%s/%s", parent, kind);
    const bm_status status = bm_make_folders(folder, error);
    for (int n = 1; status == BM_OK && n < 100000; n++) {
        snprintf(path, bytes, "%s/%s-%d.%s", folder, stem, n, ending);
        if (!bm_path_exists(path)) {
            break;
        }
    }
    return status;
}

static bm_status free_name(const bm_show_state *s, const char *kind, const char *ending, char *path, size_t bytes,
                           bm_error *error) {
    return bm_show_free_name(s->setup->folder, kind, s->setup->player->env->type->id, ending, path, bytes, error);
}

void bm_show_take_picture(bm_show_state *s) {
    char path[1200];
    bm_error error;
    bm_status status = free_name(s, "pictures", "png", path, sizeof path, &error);
    if (status == BM_OK) {
        status = bm_picture_write(path, s->setup->width, s->setup->height, draw_scene, s, &error);
    }
    bm_show_notify(s, "%s%s", status == BM_OK ? "picture " : "", status == BM_OK ? path : error.text);
}

/* Frames of a recording: as many as there are steps, at most 50 a second. */
bm_status bm_show_open_recorder(bm_show_setup *setup, const bm_env_type *env, bm_error *error) {
    if (!setup->record) {
        return BM_OK;
    }
    setup->record_fps = setup->fps > 0 ? setup->fps : fmin(fmax(env->steps_per_second * setup->speed, 1), 50);
    return bm_recorder_open(&setup->recorder, setup->record, setup->width, setup->height, setup->record_fps, error);
}

void bm_show_take_recorder(bm_show_state *s, bm_recorder *recorder, const char *path, double fps) {
    s->recorder = recorder;
    snprintf(s->record_path, sizeof s->record_path, "%s", path);
    s->record_fps = fps;
    s->next_record = s->now;
    s->scene.recording = true;
}

bm_status bm_show_stop_recording(bm_show_state *s, bm_error *error) {
    bm_recorder *recorder = s->recorder;
    s->recorder = NULL;
    s->scene.recording = false;
    const bm_status status = bm_recorder_close(recorder, &s->record_bytes, error);
    if (status == BM_OK) {
        snprintf(s->recorded, sizeof s->recorded, "%s", s->record_path);
    }
    return status;
}

/* By --record, not with a key. */
static bool was_asked_for(const bm_show_state *s) {
    return s->setup->record && strcmp(s->record_path, s->setup->record) == 0;
}

/* The same picture more than once when the clock has run ahead of it. */
bm_status bm_show_record(bm_show_state *s, bm_error *error) {
    enum { MOST_AT_ONCE = 100 };
    static const double rounding = 1e-9; /* of times that are sums of frames */
    if (!s->recorder || s->now + rounding < s->next_record) {
        return BM_OK;
    }
    bm_status status = BM_OK;
    if (!s->record_frame) {
        status = bm_raster_create(&s->record_frame, s->setup->width, s->setup->height, error);
    }
    if (status == BM_OK) {
        bm_canvas canvas;
        bm_raster_begin(s->record_frame, BM_PAPER, &canvas);
        draw_scene(s, &canvas);
    }
    for (int n = 0; status == BM_OK && s->now + rounding >= s->next_record && n < MOST_AT_ONCE; n++) {
        status = bm_recorder_frame(s->recorder, bm_raster_pixels(s->record_frame), error);
        s->next_record += 1 / s->record_fps;
    }
    if (status != BM_OK && !was_asked_for(s)) { /* no reason to close the window */
        bm_show_stop_recording(s, NULL);
        bm_show_notify(s, "%s", error->text);
        return BM_OK;
    }
    return status;
}

static bm_status start_recording(bm_show_state *s, bm_error *error) {
    enum { FPS = 25 };
    char path[1200];
    bm_recorder *recorder;
    bm_status status = free_name(s, "recordings", "gif", path, sizeof path, error);
    if (status == BM_OK) {
        status = bm_recorder_open(&recorder, path, s->setup->width, s->setup->height, FPS, error);
    }
    if (status == BM_OK) {
        bm_show_take_recorder(s, recorder, path, FPS);
    }
    return status;
}

void bm_show_toggle_recording(bm_show_state *s) {
    bm_error error;
    const bool stops = s->recorder != NULL;
    if (stops && was_asked_for(s)) {
        bm_show_notify(s, "%s is recorded to the end", s->setup->record);
        return;
    }
    const bm_status status = stops ? bm_show_stop_recording(s, &error) : start_recording(s, &error);
    if (status != BM_OK) {
        bm_show_notify(s, "%s", error.text);
    } else {
        bm_show_notify(s, stops ? "recorded %s" : "recording %s; r stops", s->record_path);
    }
}
