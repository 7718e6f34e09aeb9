/* Adaptation, live. Time is the clock's where somebody looks or a run trains, and counted in frames where only a file
 * is written: then the same command writes the same file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/live_picture.h"
#include "cli/meta_watch.h"
#include "core/clock.h"
#include "watch/adapt_scene.h"

enum { WINDOW_FPS = 30, TRAINING_FPS = 15 };

static const double farewell_seconds = 3;   /* the window stays after training, unless a key is pressed */
static const double last_task_seconds = 10; /* at most, of the last task of a recording */
static const double curve_seconds = 0.5;    /* between pictures in which nothing but the training's curve is new */
static const double work_share = 0.6;       /* of a frame's time, spent on moves */

typedef struct {
    const bm_show_setup *setup;
    bm_adapt *adapt;
    bm_adapt_feed *feed;
    bm_live_picture picture;
    bm_adapt_scene scene;
    bm_adapt_training training;
    bm_show_result *result;
    double curve_shown, farewell; /* moments of picture.now */
    double speed, owed;           /* owed: seconds of the natural speed that have not been used up */
    int64_t ended_before;         /* tasks, before training ended */
    bool full_speed, trained;
} show;

/* ---- time goes on ----------------------------------------------------------------------------------------------- */

/* Where nobody can end it, one task is enough. */
static bool enough(const show *s) {
    const int64_t ended = s->adapt->ended_tasks + s->adapt->diverged_tasks;
    if (s->feed) {
        return s->trained && !s->picture.interactive && ended > s->ended_before && bm_adapt_at_end(s->adapt);
    }
    const int wanted = s->setup->episodes > 0 ? s->setup->episodes : s->picture.interactive ? 0 : 1;
    return wanted > 0 && ended >= wanted && bm_adapt_at_end(s->adapt);
}

static bm_status go_on(show *s, double elapsed, bm_error *error) {
    const double latest = s->picture.follows_clock ? bm_clock() + work_share / s->picture.fps : INFINITY;
    bm_status status = BM_OK;
    s->owed = s->scene.paused ? 0 : s->owed + elapsed * s->speed;
    while (status == BM_OK && !s->scene.paused && (s->full_speed || s->owed + 1e-9 >= bm_adapt_wait(s->adapt))) {
        if (enough(s)) {
            s->picture.closed = true; /* the end has been seen for its time */
            break;
        }
        s->owed = fmax(0, s->owed - bm_adapt_wait(s->adapt));
        status = bm_adapt_move(s->adapt, error);
        s->picture.changed = true;
        if (bm_clock() > latest) {
            s->owed = 0; /* the machine slept, or cannot keep up */
            break;
        }
    }
    return status;
}

/* Where nobody can go on looking, one more task is adapted to, with what the run has learned in the end. */
static bm_status say_farewell(show *s, int ended, bm_error *error) {
    s->trained = s->picture.changed = true;
    s->farewell = s->picture.now + (s->picture.interactive ? farewell_seconds : last_task_seconds);
    if (ended == BM_SHOW_FAILED) {
        s->farewell = s->picture.now + farewell_seconds;
        bm_live_picture_notify(&s->picture, "training failed: %s", s->setup->failure->text);
    } else if (s->picture.interactive) {
        bm_live_picture_notify(&s->picture, "training has ended; any key keeps this open");
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
    if (bm_live_refresh(s->setup->live)) {
        const bm_trainee *trainee = bm_live_trainee(s->setup->live);
        bm_adapt_learn(s->adapt, bm_meta_trainee_of(trainee)->outer, trainee->count);
    }
    if (bm_adapt_feed_read(s->feed, &s->training) && s->picture.now - s->curve_shown >= curve_seconds) {
        s->curve_shown = s->picture.now;
        s->picture.changed = true;
    }
    const bm_status status = ended ? say_farewell(s, ended, error) : BM_OK;
    s->picture.closed |= s->trained && s->picture.now >= s->farewell;
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

static void draw_frame(void *context, bm_canvas *canvas) {
    show *s = context;
    s->scene.notice = s->picture.notice;
    s->scene.help = s->picture.help;
    s->scene.recording = s->picture.recorder != NULL;
    if (bm_stage_kind_of(s->picture.stage) == BM_STAGE_TERMINAL) {
        bm_adapt_scene_draw_task(&s->scene, canvas);
    } else {
        bm_adapt_scene_draw(&s->scene, canvas);
    }
}

static void text_lines(void *context, char first[BM_ADAPT_LINE], char second[BM_ADAPT_LINE]) {
    const show *s = context;
    bm_adapt_scene_status(&s->scene, first);
    bm_adapt_scene_training(&s->scene, second);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void keep(show *s, bm_status status, const bm_error *error) {
    if (status != BM_OK) {
        bm_live_picture_notify(&s->picture, "%s", error->text);
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
    bm_live_picture_save(&s->picture);
}

static void press_record(show *s) {
    bm_live_picture_toggle_recording(&s->picture, "recording ", "; r stops");
}

static void press_help(show *s) {
    bm_live_picture_toggle_help(&s->picture);
}

static void press_close(show *s) {
    s->picture.closed = true;
}

static void press_stop(show *s) {
    s->picture.closed = s->result->stop_training = true;
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
    for (int i = 0; i < ROWS && count < BM_LIVE_PICTURE_KEYS - 1; i++) {
        if (counts(s, &rows[i]) && rows[i].label) {
            s->picture.keys[count++] = (bm_overlay_key){rows[i].label, rows[i].help};
        }
    }
    s->picture.keys[count] = (bm_overlay_key){NULL, NULL};
}

static void handle(void *context, const bm_event *event) {
    show *s = context;
    s->picture.now = bm_clock();
    for (int i = 0; i < ROWS && event->kind == BM_EVENT_KEY && event->down; i++) {
        if (counts(s, &rows[i]) && strcmp(rows[i].key, event->key) == 0) {
            s->farewell = INFINITY;
            s->picture.changed = true;
            rows[i].press(s);
        }
    }
}

/* ---- from start to end ------------------------------------------------------------------------------------------ */

static bool interrupted(const show *s) {
    return s->setup->stop && atomic_load(s->setup->stop);
}

static bm_status loop(show *s, bm_error *error) {
    bm_status status = BM_OK;
    double before = s->picture.now;
    while (status == BM_OK && !s->picture.closed && !interrupted(s)) {
        status = follow_training(s, error);
        status = status == BM_OK ? go_on(s, s->picture.now - before, error) : status;
        before = s->picture.now;
        if (status == BM_OK && bm_live_picture_due(&s->picture)) {
            s->scene.speed = s->full_speed ? INFINITY : s->speed;
            status = bm_live_picture_draw(&s->picture, error);
        }
        bm_live_picture_wait(&s->picture);
    }
    return status;
}

static bm_status begin(show *s, const char *stem, bm_error *error) {
    const bm_show_setup *setup = s->setup;
    const int usual = s->feed ? TRAINING_FPS : setup->stage ? WINDOW_FPS : BM_META_FILE_FPS;
    s->picture = (bm_live_picture){
        .stage = setup->stage,
        .width = setup->width,
        .height = setup->height,
        .fps = setup->fps > 0 ? setup->fps : usual,
        .follows_clock = setup->stage || s->feed,
        .asked = setup->record,
        .recorder = setup->recorder,
        .record_fps = setup->record_fps,
        .folder = setup->folder,
        .stem = stem,
        .context = s,
        .draw = draw_frame,
        .still = draw_still,
        .lines = text_lines,
        .handle = handle,
    };
    const bm_status status = bm_live_picture_begin(&s->picture, error);
    list_keys(s);
    if (s->picture.interactive) {
        bm_live_picture_notify(&s->picture, "h: keys");
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
    s->result = result;
    s->speed = setup->speed;
    s->farewell = INFINITY;
    s->scene = (bm_adapt_scene){.title = setup->title, .adapt = adapt, .training = feed ? &s->training : NULL};
    bm_status status = begin(s, stem, error);
    if (status == BM_OK) {
        status = loop(s, error);
    }
    status = bm_live_picture_end(&s->picture, status, error);
    snprintf(result->recorded, sizeof result->recorded, "%s", s->picture.recorded);
    result->record_bytes = s->picture.record_bytes;
    free(s);
    return status;
}
