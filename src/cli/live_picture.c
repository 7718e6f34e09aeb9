/* See live_picture.h. Pictures and recordings are drawn apart from the stage, in a size of their own. */
#include "cli/live_picture.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/io.h"

static const double notice_seconds = 3;
static const double longest_wait = 0.1; /* seconds */

void bm_live_picture_notify(bm_live_picture *p, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->notice_text, sizeof p->notice_text, format, arguments);
    va_end(arguments);
    p->notice_until = p->now + notice_seconds;
    p->notice = p->notice_text;
    p->changed = true;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* FOLDER/KIND/STEM-N.ENDING, the first that is free; the folder is made. */
static bm_status free_name(const bm_live_picture *p, const char *kind, const char *ending,
                           char path[BM_LIVE_PICTURE_PATH], bm_error *error) {
    char folder[1100];
    snprintf(folder, sizeof folder, "%s/%s", p->folder, kind);
    const bm_status status = bm_make_folders(folder, error);
    for (int n = 1; status == BM_OK && n < 100000; n++) {
        snprintf(path, BM_LIVE_PICTURE_PATH, "%s/%s-%d.%s", folder, p->stem, n, ending);
        if (!bm_path_exists(path)) {
            break;
        }
    }
    return status;
}

void bm_live_picture_save(bm_live_picture *p) {
    char path[BM_LIVE_PICTURE_PATH];
    bm_error error;
    bm_status status = free_name(p, "pictures", "png", path, &error);
    if (status == BM_OK) {
        status = bm_picture_write(path, p->width, p->height, p->still, p->context, &error);
    }
    bm_live_picture_notify(p, "%s%s", status == BM_OK ? "picture " : "", status == BM_OK ? path : error.text);
}

static bm_status start_recording(bm_live_picture *p, bm_error *error) {
    enum { FPS = 25 };
    bm_status status = free_name(p, "recordings", "gif", p->record_path, error);
    if (status == BM_OK) {
        status = bm_recorder_open(&p->recorder, p->record_path, p->width, p->height, FPS, error);
    }
    p->record_fps = FPS;
    p->next_record = p->now;
    return status;
}

static bm_status stop_recording(bm_live_picture *p, bm_error *error) {
    bm_recorder *recorder = p->recorder;
    p->recorder = NULL;
    const bm_status status = bm_recorder_close(recorder, &p->record_bytes, error);
    if (status == BM_OK) {
        snprintf(p->recorded, sizeof p->recorded, "%s", p->record_path);
    }
    return status;
}

void bm_live_picture_toggle_recording(bm_live_picture *p, const char *before, const char *after) {
    if (p->asked) {
        bm_live_picture_notify(p, "%s is recorded to the end", p->asked);
        return;
    }
    bm_error error;
    const bool stops = p->recorder != NULL;
    const bm_status status = stops ? stop_recording(p, &error) : start_recording(p, &error);
    if (status != BM_OK) {
        bm_live_picture_notify(p, "%s", error.text);
    } else {
        bm_live_picture_notify(p, "%s%s%s", stops ? "recorded " : before, p->record_path, stops ? "" : after);
    }
}

/* The pictures that are due: the same more than once when the clock has run ahead of it. */
static bm_status record_frames(bm_live_picture *p, bm_error *error) {
    enum { MOST_AT_ONCE = 100 };
    static const double rounding = 1e-9; /* of times that are sums of frames */
    if (!p->recorder || p->now + rounding < p->next_record) {
        return BM_OK;
    }
    bm_status status = BM_OK;
    if (!p->record_frame) {
        status = bm_raster_create(&p->record_frame, p->width, p->height, error);
    }
    if (status == BM_OK) {
        bm_canvas canvas;
        bm_raster_begin(p->record_frame, BM_PAPER, &canvas);
        p->still(p->context, &canvas);
    }
    for (int n = 0; status == BM_OK && p->now + rounding >= p->next_record && n < MOST_AT_ONCE; n++) {
        status = bm_recorder_frame(p->recorder, bm_raster_pixels(p->record_frame), error);
        p->next_record += 1 / p->record_fps;
    }
    if (status != BM_OK && !p->asked) { /* made with a key: no reason to close the window */
        stop_recording(p, NULL);
        bm_live_picture_notify(p, "%s", error->text);
        return BM_OK;
    }
    return status;
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

void bm_live_picture_toggle_help(bm_live_picture *p) {
    p->help = p->help ? NULL : p->keys;
}

/* How it stands and what has just been said; or all keys. */
static void text_lines(const bm_live_picture *p, char first[BM_LIVE_PICTURE_LINE], char second[BM_LIVE_PICTURE_LINE]) {
    int count = 0;
    while (p->keys[count].key) {
        count++;
    }
    p->lines(p->context, first, second);
    if (p->help) {
        bm_overlay_keys_line(p->keys, count / 2, first, BM_LIVE_PICTURE_LINE);
        bm_overlay_keys_line(p->keys + count / 2, count - count / 2, second, BM_LIVE_PICTURE_LINE);
    } else if (p->notice) {
        snprintf(second, BM_LIVE_PICTURE_LINE, "%s", p->notice);
    } else if (!second[0]) {
        bm_overlay_keys_line(p->keys, count, second, BM_LIVE_PICTURE_LINE);
    }
}

static bm_status show_frame(bm_live_picture *p, bm_error *error) {
    char first[BM_LIVE_PICTURE_LINE], second[BM_LIVE_PICTURE_LINE];
    bm_canvas canvas;
    const bm_status status = bm_stage_begin(p->stage, p->frame, &canvas, error);
    if (status != BM_OK) {
        return status;
    }
    p->draw(p->context, &canvas);
    text_lines(p, first, second);
    return bm_stage_show(p->stage, p->frame, (const char *const[2]){first, second}, error);
}

bm_status bm_live_picture_draw(bm_live_picture *p, bm_error *error) {
    if (p->notice && p->now >= p->notice_until) {
        p->notice = NULL;
        p->changed = true;
    }
    bm_status status = BM_OK;
    /* a terminal shows what moves in shades at first: it needs frames until the picture is exact */
    if (p->stage && (p->changed || bm_stage_kind_of(p->stage) == BM_STAGE_TERMINAL)) {
        status = show_frame(p, error);
        p->changed = false;
    }
    return status == BM_OK ? record_frames(p, error) : status;
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

bool bm_live_picture_due(const bm_live_picture *p) {
    return p->now >= p->next_frame || p->answered;
}

static void handle(bm_live_picture *p, const bm_event *event) {
    if (event->kind == BM_EVENT_CLOSE) {
        p->closed = true;
    } else if (event->kind == BM_EVENT_REDRAW) {
        p->changed = true;
    } else {
        p->handle(p->context, event);
    }
}

static void listen(bm_live_picture *p) {
    bm_event event;
    const double left = fmax(0, fmin(p->next_frame - bm_clock(), longest_wait));
    if (!p->stage) {
        bm_sleep(left);
        return;
    }
    for (bool more = bm_stage_event(p->stage, (int)ceil(left * 1000), &event); more && !p->closed;
         more = bm_stage_event(p->stage, 0, &event)) {
        handle(p, &event);
        p->answered = true;
    }
}

void bm_live_picture_wait(bm_live_picture *p) {
    p->answered = false;
    if (!p->follows_clock) {
        p->now = p->next_frame += 1 / p->fps;
        return;
    }
    if (p->now >= p->next_frame) {
        p->next_frame = fmax(p->next_frame + 1 / p->fps, p->now);
    }
    listen(p);
    p->now = bm_clock();
}

/* ---- from start to end ------------------------------------------------------------------------------------------ */

bm_status bm_live_picture_begin(bm_live_picture *p, bm_error *error) {
    p->now = p->next_frame = p->next_record = p->follows_clock ? bm_clock() : 0;
    p->changed = true;
    if (p->asked) {
        snprintf(p->record_path, sizeof p->record_path, "%s", p->asked);
    }
    p->interactive = p->stage && bm_stage_interactive(p->stage);
    return p->stage ? bm_raster_create(&p->frame, p->width, p->height, error) : BM_OK;
}

bm_status bm_live_picture_end(bm_live_picture *p, bm_status status, bm_error *error) {
    if (p->recorder) {
        bm_error second;
        const bm_status completed = stop_recording(p, status == BM_OK ? error : &second);
        status = status == BM_OK ? completed : status;
    }
    bm_raster_destroy(p->frame);
    bm_raster_destroy(p->record_frame);
    return status;
}
