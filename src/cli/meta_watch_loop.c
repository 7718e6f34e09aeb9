/* Adaptation, live. Time is the clock's where somebody looks or a run trains, and counted in frames where only a file is written: then
 * the same command writes the same file. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/meta_watch.h"
#include "cli/picture.h"
#include "core/clock.h"
#include "watch/adapt_scene.h"

enum { WINDOW_FPS = 30, TRAINING_FPS = 15, FILE_FPS = 25, PATH_BYTES = 1200, HELP_ROWS = 16 };

static const double notice_seconds = 3, longest_wait = 0.1;
static const double farewell_seconds = 3;   /* the window stays after training, unless a key is pressed */
static const double last_task_seconds = 10; /* at most, of the last task of a recording */
static const double curve_seconds = 0.5;    /* between pictures in which nothing but the training's curve is new */
static const double work_share = 0.6;       /* of a frame's time, spent on moves */

typedef struct {
    const bm_show_setup *setup;
    bm_adapt *adapt;
    bm_adapt_feed *feed;
    const char *stem;
    bm_stage *stage; /* NULL: nobody looks */
    bm_raster *frame, *record_frame;
    bm_recorder *recorder; /* NULL: not recording */
    char record_path[PATH_BYTES], notice[BM_ADAPT_LINE];
    bm_adapt_scene scene;
    bm_adapt_training training;
    bm_overlay_key help[HELP_ROWS];
    bm_show_result *result;
    double now, next_frame, next_record, notice_until, curve_shown, farewell; /* moments, in seconds */
    double fps, record_fps, speed, owed; /* owed: seconds of the natural speed that have not been used up */
    int64_t ended_before;                /* tasks, before training ended */
    bool interactive, full_speed, changed, answered, closed, trained;
} show;

__attribute__((format(printf, 2, 3))) static void notify(show *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->notice, sizeof s->notice, format, arguments);
    va_end(arguments);
    s->notice_until = s->now + notice_seconds;
    s->scene.notice = s->notice;
    s->changed = true;
}

static bool follows_clock(const show *s) {
    return s->stage || s->feed;
}

/* ---- time goes on ----------------------------------------------------------------------------------------------- */

/* Where nobody can end it, one task is enough. */
static bool enough(const show *s) {
    const int64_t ended = s->adapt->ended_tasks + s->adapt->diverged_tasks;
    if (s->feed) {
        return s->trained && !s->interactive && ended > s->ended_before && bm_adapt_at_end(s->adapt);
    }
    const int wanted = s->setup->episodes > 0 ? s->setup->episodes : s->interactive ? 0 : 1;
    return wanted > 0 && ended >= wanted && bm_adapt_at_end(s->adapt);
}

static bm_status go_on(show *s, double elapsed, bm_error *error) {
    const double latest = follows_clock(s) ? bm_clock() + work_share / s->fps : INFINITY;
    bm_status status = BM_OK;
    s->owed = s->scene.paused ? 0 : s->owed + elapsed * s->speed;
    while (status == BM_OK && !s->scene.paused && (s->full_speed || s->owed + 1e-9 >= bm_adapt_wait(s->adapt))) {
        if (enough(s)) {
            s->closed = true; /* the end has been seen for its time */
            break;
        }
        s->owed = fmax(0, s->owed - bm_adapt_wait(s->adapt));
        status = bm_adapt_move(s->adapt, error);
        s->changed = true;
        if (bm_clock() > latest) {
            s->owed = 0; /* the machine slept, or cannot keep up */
            break;
        }
    }
    return status;
}

/* Where nobody can go on looking, one more task is adapted to, with what the run has learned in the end. */
static bm_status say_farewell(show *s, int ended, bm_error *error) {
    s->trained = s->changed = true;
    s->farewell = s->now + (s->interactive ? farewell_seconds : last_task_seconds);
    if (ended == BM_SHOW_FAILED) {
        s->farewell = s->now + farewell_seconds;
        notify(s, "training failed: %s", s->setup->failure->text);
    } else if (s->interactive) {
        notify(s, "training has ended; any key keeps this open");
    } else {
        s->ended_before = s->adapt->ended_tasks + s->adapt->diverged_tasks;
        return bm_adapt_next_task(s->adapt, error);
    }
    return BM_OK;
}

static bm_status follow_training(show *s, bm_error *error) {
    if (!s->feed) {
        return BM_OK;
    }
    const int ended = s->trained ? 0 : atomic_load(s->setup->trained); /* before what it left is read */
    if (bm_adapt_feed_read(s->feed, &s->training, s->adapt) && s->now - s->curve_shown >= curve_seconds) {
        s->curve_shown = s->now;
        s->changed = true;
    }
    const bm_status status = ended ? say_farewell(s, ended, error) : BM_OK;
    s->closed |= s->trained && s->now >= s->farewell;
    return status;
}

/* ---- pictures --------------------------------------------------------------------------------------------------- */

/* Without what is said to the viewer. */
static void draw_still(void *context, bm_canvas *canvas) {
    const show *s = context;
    bm_adapt_scene still = s->scene;
    still.notice = NULL;
    still.help = NULL;
    still.recording = false;
    bm_adapt_scene_draw(&still, canvas);
}

static void terminal_lines(const show *s, char first[BM_ADAPT_LINE], char second[BM_ADAPT_LINE]) {
    int keys = 0;
    while (s->help[keys].key) {
        keys++;
    }
    bm_adapt_scene_status(&s->scene, first);
    bm_adapt_scene_training(&s->scene, second);
    if (s->scene.help) {
        bm_overlay_keys_line(s->help, keys / 2, first, BM_ADAPT_LINE);
        bm_overlay_keys_line(s->help + keys / 2, keys - keys / 2, second, BM_ADAPT_LINE);
    } else if (s->scene.notice) {
        snprintf(second, BM_ADAPT_LINE, "%s", s->scene.notice);
    } else if (!second[0]) {
        bm_overlay_keys_line(s->help, keys, second, BM_ADAPT_LINE);
    }
}

static bm_status show_frame(show *s, bm_error *error) {
    char first[BM_ADAPT_LINE], second[BM_ADAPT_LINE];
    bm_canvas canvas;
    const bm_status status = bm_stage_begin(s->stage, s->frame, &canvas, error);
    if (status != BM_OK) {
        return status;
    }
    if (bm_stage_kind_of(s->stage) == BM_STAGE_TERMINAL) {
        bm_adapt_scene_draw_task(&s->scene, &canvas);
    } else {
        bm_adapt_scene_draw(&s->scene, &canvas);
    }
    terminal_lines(s, first, second);
    return bm_stage_show(s->stage, s->frame, (const char *const[2]){first, second}, error);
}

static bm_status stop_recording(show *s, bm_error *error) {
    bm_recorder *recorder = s->recorder;
    s->recorder = NULL;
    s->scene.recording = false;
    const bm_status status = bm_recorder_close(recorder, &s->result->record_bytes, error);
    if (status == BM_OK) {
        snprintf(s->result->recorded, sizeof s->result->recorded, "%s", s->record_path);
    }
    return status;
}

static void start_recording(show *s, bm_recorder *recorder, const char *path, double fps) {
    s->recorder = recorder;
    s->scene.recording = true;
    s->record_fps = fps;
    s->next_record = s->now;
    if (path != s->record_path) {
        snprintf(s->record_path, sizeof s->record_path, "%s", path);
    }
}

static bool was_asked_for(const show *s) { /* by --record, not with a key */
    return s->setup->record && strcmp(s->record_path, s->setup->record) == 0;
}

/* The pictures that are due; the same more than once where the clock has run ahead. */
static bm_status record_frames(show *s, bm_error *error) {
    enum { MOST_AT_ONCE = 100 };
    static const double rounding = 1e-9;
    bm_status status = BM_OK;
    bm_canvas canvas;
    if (!s->recorder || s->now + rounding < s->next_record) {
        return BM_OK;
    }
    bm_raster_begin(s->record_frame, BM_PAPER, &canvas);
    draw_still(s, &canvas);
    for (int n = 0; status == BM_OK && s->now + rounding >= s->next_record && n < MOST_AT_ONCE; n++) {
        status = bm_recorder_frame(s->recorder, bm_raster_pixels(s->record_frame), error);
        s->next_record += 1 / s->record_fps;
    }
    if (status != BM_OK && !was_asked_for(s)) { /* no reason to close the window */
        stop_recording(s, NULL);
        notify(s, "%s", error->text);
        return BM_OK;
    }
    return status;
}

static bm_status draw(show *s, bm_error *error) {
    s->scene.speed = s->full_speed ? INFINITY : s->speed;
    if (s->scene.notice && s->now >= s->notice_until) {
        s->scene.notice = NULL;
        s->changed = true;
    }
    bm_status status = BM_OK;
    /* a terminal shows what moves in shades at first: it needs frames until the picture is exact */
    if (s->stage && (s->changed || bm_stage_kind_of(s->stage) == BM_STAGE_TERMINAL)) {
        status = show_frame(s, error);
        s->changed = false;
    }
    return status == BM_OK ? record_frames(s, error) : status;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void keep(show *s, bm_status status, const bm_error *error) {
    if (status != BM_OK) {
        notify(s, "%s", error->text);
    }
    s->owed = 0;
}

static void press_pause(show *s) {
    s->scene.paused = !s->scene.paused;
}

static void press_step(show *s) {
    bm_error error;
    s->scene.paused = true;
    keep(s, bm_adapt_next_step(s->adapt, &error), &error);
}

static void press_next(show *s) {
    bm_error error;
    keep(s, bm_adapt_next_task(s->adapt, &error), &error);
}

static void press_faster(show *s) {
    s->speed = fmin(s->speed * 2, 64);
}

static void press_slower(show *s) {
    s->full_speed = false;
    s->speed = fmax(s->speed / 2, 1.0 / 16);
}

static void press_full_speed(show *s) {
    s->full_speed = !s->full_speed;
    s->owed = 0;
}

static void press_picture(show *s) {
    const bm_show_setup *setup = s->setup;
    char path[PATH_BYTES];
    bm_error error;
    bm_status status = bm_show_free_name(setup->folder, "pictures", s->stem, "png", path, sizeof path, &error);
    if (status == BM_OK) {
        status = bm_picture_write(path, setup->width, setup->height, draw_still, s, &error);
    }
    notify(s, "%s%s", status == BM_OK ? "picture " : "", status == BM_OK ? path : error.text);
}

static bm_status begin_recording(show *s, bm_error *error) {
    bm_recorder *recorder;
    bm_status status =
        bm_show_free_name(s->setup->folder, "recordings", s->stem, "gif", s->record_path, sizeof s->record_path, error);
    if (status == BM_OK) {
        status = bm_recorder_open(&recorder, s->record_path, s->setup->width, s->setup->height, FILE_FPS, error);
    }
    if (status == BM_OK) {
        start_recording(s, recorder, s->record_path, FILE_FPS);
    }
    return status;
}

static void press_record(show *s) {
    bm_error error;
    const bool stops = s->recorder != NULL;
    if (stops && was_asked_for(s)) {
        notify(s, "%s is recorded to the end", s->setup->record);
        return;
    }
    const bm_status status = stops ? stop_recording(s, &error) : begin_recording(s, &error);
    if (status != BM_OK) {
        notify(s, "%s", error.text);
    } else {
        notify(s, stops ? "recorded %s" : "recording %s; r stops", s->record_path);
    }
}

static void press_help(show *s) {
    s->scene.help = s->scene.help ? NULL : s->help;
}

static void press_close(show *s) {
    s->closed = true;
}

static void press_stop(show *s) {
    s->closed = s->result->stop_training = true;
}

enum { WATCHES = 1, TRAINS = 2, BOTH = 3 };

typedef struct {
    int modes;
    const char *key, *label, *help; /* label NULL: not in the list by itself */
    void (*press)(show *s);
} key_row;

static const key_row rows[] = {
    {BOTH, "space", "space", "pause and go on", press_pause},
    {BOTH, ".", ".", "one step of adaptation", press_step},
    {BOTH, "+", "+  −", "faster, slower", press_faster},
    {BOTH, "=", NULL, NULL, press_faster},
    {BOTH, "-", NULL, NULL, press_slower},
    {BOTH, "f", "f", "full speed, and back", press_full_speed},
    {BOTH, "n", "n", "next task", press_next},
    {BOTH, "p", "p", "save a picture", press_picture},
    {BOTH, "r", "r", "start or stop recording", press_record},
    {BOTH, "h", "h", "show or hide these keys", press_help},
    {TRAINS, "q", "q", "close; training goes on", press_close},
    {TRAINS, "escape", "Esc", "stop training; it is saved", press_stop},
    {WATCHES, "q", "q", "quit", press_close},
    {WATCHES, "escape", NULL, NULL, press_close},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static bool counts(const show *s, const key_row *row) {
    return row->modes & (s->feed ? TRAINS : WATCHES);
}

static void list_keys(show *s) {
    int count = 0;
    for (int i = 0; i < ROWS && count < HELP_ROWS - 1; i++) {
        if (counts(s, &rows[i]) && rows[i].label) {
            s->help[count++] = (bm_overlay_key){rows[i].label, rows[i].help};
        }
    }
    s->help[count] = (bm_overlay_key){NULL, NULL};
}

static void handle(show *s, const bm_event *event) {
    if (event->kind == BM_EVENT_CLOSE) {
        s->closed = true;
    } else if (event->kind == BM_EVENT_REDRAW) {
        s->changed = true;
    }
    for (int i = 0; i < ROWS && event->kind == BM_EVENT_KEY && event->down; i++) {
        if (counts(s, &rows[i]) && strcmp(rows[i].key, event->key) == 0) {
            s->farewell = INFINITY;
            s->changed = true;
            rows[i].press(s);
        }
    }
}

/* ---- from start to end ------------------------------------------------------------------------------------------ */

/* Sleeps until the next frame is due, or until something happens, which is answered at once. */
static void wait_and_listen(show *s) {
    const double left = fmax(0, fmin(s->next_frame - bm_clock(), longest_wait));
    bm_event event;
    if (!s->stage) {
        bm_sleep(left);
        return;
    }
    for (bool more = bm_stage_event(s->stage, (int)ceil(left * 1000), &event); more && !s->closed;
         more = bm_stage_event(s->stage, 0, &event)) {
        s->now = bm_clock();
        handle(s, &event);
        s->answered = true;
    }
}

static bool interrupted(const show *s) {
    return s->setup->stop && atomic_load(s->setup->stop);
}

static bm_status loop(show *s, bm_error *error) {
    bm_status status = BM_OK;
    double before = s->now;
    while (status == BM_OK && !s->closed && !interrupted(s)) {
        status = follow_training(s, error);
        status = status == BM_OK ? go_on(s, s->now - before, error) : status;
        before = s->now;
        if (status == BM_OK && (s->now >= s->next_frame || s->answered)) {
            status = draw(s, error);
        }
        s->answered = false;
        if (follows_clock(s)) {
            s->next_frame = s->now >= s->next_frame ? fmax(s->next_frame + 1 / s->fps, s->now) : s->next_frame;
            wait_and_listen(s);
            s->now = bm_clock();
        } else {
            s->now = s->next_frame += 1 / s->fps;
        }
    }
    return status;
}

bm_status bm_meta_show_open(const bm_arguments *arguments, const char *instead, bm_show_setup *setup, bm_error *error) {
    bm_status status = BM_OK;
    setup->record_fps = setup->fps > 0 ? setup->fps : FILE_FPS;
    if (setup->record) {
        status =
            bm_recorder_open(&setup->recorder, setup->record, setup->width, setup->height, setup->record_fps, error);
    }
    if (status == BM_OK && (status = bm_show_open_stage(arguments, instead, setup, error)) != BM_OK) {
        bm_recorder_close(setup->recorder, NULL, NULL);
        setup->recorder = NULL;
    }
    return status;
}

static bm_status begin(show *s, bm_error *error) {
    const bm_show_setup *setup = s->setup;
    bm_status status = bm_raster_create(&s->record_frame, setup->width, setup->height, error);
    s->stage = setup->stage;
    if (s->stage && status == BM_OK) {
        status = bm_raster_create(&s->frame, setup->width, setup->height, error);
        s->interactive = bm_stage_interactive(s->stage);
    }
    s->fps = setup->fps > 0 ? setup->fps : s->feed ? TRAINING_FPS : s->stage ? WINDOW_FPS : FILE_FPS;
    s->now = s->next_frame = follows_clock(s) ? bm_clock() : 0;
    if (setup->recorder) {
        start_recording(s, setup->recorder, setup->record, setup->record_fps);
    }
    list_keys(s);
    if (s->interactive) {
        notify(s, "h: keys");
    }
    return status;
}

bm_status bm_meta_show(const bm_show_setup *setup, bm_adapt *adapt, bm_adapt_feed *feed, const char *stem,
                       bm_show_result *result, bm_error *error) {
    show *s = bm_cli_alloc(1, sizeof *s);
    *result = (bm_show_result){0};
    s->setup = setup;
    s->adapt = adapt;
    s->feed = feed;
    s->stem = stem;
    s->result = result;
    s->speed = setup->speed;
    s->farewell = INFINITY;
    s->changed = true;
    s->scene = (bm_adapt_scene){.title = setup->title, .adapt = adapt, .training = feed ? &s->training : NULL};
    bm_status status = begin(s, error);
    if (status == BM_OK) {
        status = loop(s, error);
    }
    if (s->recorder) {
        bm_error second;
        const bm_status closed = stop_recording(s, status == BM_OK ? error : &second);
        status = status == BM_OK ? closed : status;
    }
    bm_raster_destroy(s->frame);
    bm_raster_destroy(s->record_frame);
    free(s);
    return status;
}
