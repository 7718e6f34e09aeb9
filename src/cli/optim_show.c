/* bellman optim --render, --terminal and --record: the race as it goes on, in a window, in the terminal or only in a
 * file. All take the same number of steps; time is the clock's where somebody looks, and counted in frames where only a
 * file is written. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/live_picture.h"
#include "cli/optim.h"
#include "cli/show_flags.h"
#include "core/clock.h"

enum { WIDTH = 1000, HEIGHT = 600, SIDE_LEAST = 120, WINDOW_FPS = 30, FILE_FPS = 25 };

static const double usual_seconds = 10; /* that a race takes, unless --speed says otherwise */
static const double last_look_seconds = 2;
static const double work_share = 0.6; /* of a frame's time, spent on steps */
static const double turn_by_key = 0.1, turn_by_pixel = 0.01, zoom = 0.8;

typedef struct {
    bm_race *race;
    int64_t steps, made; /* all there are to make, and those made, the same of every racer */
    bm_live_picture picture;
    char where[64], status[128];
    bm_landscape landscape;
    double ended, speed, owed;        /* a moment; steps a second; steps that time has made due */
    double home_low[2], home_high[2]; /* the window it began with */
    bm_point mouse;                   /* where it was last */
    bool paused, full_speed, pressed;
} show;

/* ---- racing ----------------------------------------------------------------------------------------------------- */

static void step_all(show *s) {
    for (int i = 0; i < s->race->racers; i++) {
        bm_race_step(s->race, i);
    }
    s->made++;
    s->picture.changed = true;
}

static bool at_end(const show *s) {
    bool all_over = true;
    for (int i = 0; i < s->race->racers; i++) {
        all_over &= s->race->racer[i].over;
    }
    return s->made >= s->steps || all_over;
}

static void go_on(show *s, double elapsed) {
    if (s->paused || at_end(s)) {
        s->owed = 0;
        return;
    }
    const double latest = s->picture.stage ? bm_clock() + work_share / s->picture.fps : INFINITY;
    s->owed += s->full_speed ? (double)s->steps : elapsed * s->speed;
    while (s->owed >= 1 && !at_end(s)) {
        if (bm_clock() > latest) {
            s->owed = 0; /* the machine cannot keep up */
            break;
        }
        step_all(s);
        s->owed -= 1;
    }
    s->ended = s->picture.now;
}

static void start_again(show *s, const double *start) {
    bm_error error;
    if (bm_race_restart(s->race, start, &error) != BM_OK) {
        bm_live_picture_notify(&s->picture, "%s", error.text);
        return;
    }
    s->made = 0;
    s->owed = 0;
    s->full_speed = false;
    s->ended = s->picture.now;
    s->picture.changed = true;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void compose(show *s) {
    char steps[32], made[32], speed[32];
    bm_race_landscape(s->race, &s->landscape);
    if (s->speed < 1000) {
        snprintf(speed, sizeof speed, "%.3g", s->speed);
    } else {
        bm_cli_thousands((long long)s->speed, speed, sizeof speed);
    }
    snprintf(s->where, sizeof s->where, "step %s of %s", bm_cli_thousands(s->made, made, sizeof made),
             bm_cli_thousands(s->steps, steps, sizeof steps));
    snprintf(s->status, sizeof s->status, "%s   %s%s", s->where, s->full_speed ? "full speed" : speed,
             s->full_speed ? "" : " steps/s");
    s->landscape.status = s->status;
    s->landscape.paused = s->paused;
}

/* Without what is said to the viewer; of a recording the step stays. */
static void draw_still(void *context, bm_canvas *canvas) {
    show *s = context;
    bm_landscape still = s->landscape;
    still.status = s->picture.recorder ? s->where : NULL;
    still.notice = NULL;
    still.help = NULL;
    still.paused = still.recording = false;
    bm_landscape_draw(&still, canvas);
}

static void draw_frame(void *context, bm_canvas *canvas) {
    show *s = context;
    if (bm_stage_kind_of(s->picture.stage) == BM_STAGE_TERMINAL) {
        draw_still(s, canvas);
        return;
    }
    s->landscape.notice = s->picture.notice;
    s->landscape.help = s->picture.help;
    s->landscape.recording = s->picture.recorder != NULL;
    bm_landscape_draw(&s->landscape, canvas);
}

/* The step, and the value that every racer is at. */
static void text_lines(void *context, char first[BM_LIVE_PICTURE_LINE], char second[BM_LIVE_PICTURE_LINE]) {
    const show *s = context;
    snprintf(first, BM_LIVE_PICTURE_LINE, "%s%s", s->status, s->paused ? "   paused" : "");
    size_t used = 0;
    second[0] = '\0';
    for (int i = 0; i < s->race->racers && used < BM_LIVE_PICTURE_LINE; i++) {
        const bm_racer *r = &s->race->racer[i];
        used += (size_t)snprintf(second + used, BM_LIVE_PICTURE_LINE - used, "%s %.4g%s   ", r->label,
                                 r->descent->value, r->over ? " (diverged)" : "");
    }
}

/* ---- keys and mouse --------------------------------------------------------------------------------------------- */

static void press_pause(show *s) {
    s->paused = !s->paused;
}

static void press_step(show *s) {
    s->paused = true;
    if (!at_end(s)) {
        step_all(s);
    }
}

static void press_faster(show *s) {
    s->speed = fmin(s->speed * 2, 1e7);
}

static void press_slower(show *s) {
    s->full_speed = false;
    s->speed = fmax(s->speed / 2, 0.25);
}

static void press_full_speed(show *s) {
    s->full_speed = !s->full_speed;
}

static void press_again(show *s) {
    start_again(s, s->race->start);
}

static void press_surface(show *s) {
    if (s->race->dims == 2) {
        s->landscape.surface = !s->landscape.surface;
    } else {
        bm_live_picture_notify(&s->picture, "a surface takes two coordinates");
    }
}

static void turn(show *s, double by_turn, double by_tilt) {
    s->landscape.view.turn = fmod(s->landscape.view.turn + by_turn, 2 * acos(-1));
    s->landscape.view.tilt = fmax(0.05, fmin(s->landscape.view.tilt + by_tilt, 1.55));
    s->picture.changed = true;
}

static void press_left(show *s) {
    turn(s, turn_by_key, 0);
}

static void press_right(show *s) {
    turn(s, -turn_by_key, 0);
}

static void press_up(show *s) {
    turn(s, 0, turn_by_key);
}

static void press_down(show *s) {
    turn(s, 0, -turn_by_key);
}

static void survey(show *s) {
    bm_error error;
    if (bm_race_survey(s->race, &error) != BM_OK) {
        bm_live_picture_notify(&s->picture, "%s", error.text);
    }
    s->picture.changed = true;
}

static void press_home(show *s) {
    memcpy(s->race->low, s->home_low, sizeof s->home_low);
    memcpy(s->race->high, s->home_high, sizeof s->home_high);
    s->landscape.view = bm_race_view;
    survey(s);
}

static void press_picture(show *s) {
    bm_live_picture_save(&s->picture);
}

static void press_record(show *s) {
    bm_live_picture_toggle_recording(&s->picture, "recording; r stops: ", "");
}

static void press_help(show *s) {
    bm_live_picture_toggle_help(&s->picture);
}

static void press_close(show *s) {
    s->picture.closed = true;
}

typedef struct {
    const char *key, *label, *help; /* label NULL: not in the list by itself */
    void (*press)(show *s);
} key_row;

static const key_row rows[] = {
    {"space", "space", "pause and go on", press_pause},
    {".", ".", "one step", press_step},
    {"+", "+  −", "faster, slower", press_faster},
    {"=", NULL, NULL, press_faster},
    {"-", NULL, NULL, press_slower},
    {"f", "f", "full speed, and back", press_full_speed},
    {"n", "n", "start again", press_again},
    {"tab", "tab", "contours or surface", press_surface},
    {"left", "← → ↑ ↓", "turn the surface", press_left},
    {"right", NULL, NULL, press_right},
    {"up", NULL, NULL, press_up},
    {"down", NULL, NULL, press_down},
    {"0", "0", "the view as it was", press_home},
    {"p", "p", "save a picture", press_picture},
    {"r", "r", "start or stop recording", press_record},
    {"h", "h", "show or hide these keys", press_help},
    {"q", "q", "quit", press_close},
    {"escape", NULL, NULL, press_close},
};

enum { ROWS = sizeof rows / sizeof rows[0], MOUSE_ROWS = 3 };

static const bm_overlay_key mouse[MOUSE_ROWS] = {
    {"click", "start there"}, {"drag", "turn the surface"}, {"wheel", "look closer, or at more"}};

static void list_keys(show *s) {
    int count = 0;
    for (int i = 0; i < MOUSE_ROWS && bm_stage_kind_of(s->picture.stage) == BM_STAGE_WINDOW; i++) {
        s->picture.keys[count++] = mouse[i];
    }
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].label) {
            s->picture.keys[count++] = (bm_overlay_key){rows[i].label, rows[i].help};
        }
    }
    s->picture.keys[count] = (bm_overlay_key){NULL, NULL};
}

/* Where a mouse event lies in the function's plane. */
static bool place_of(show *s, const bm_event *event, double xy[2]) {
    int width, height;
    bm_stage_size(s->picture.stage, &width, &height);
    return s->race->dims <= 2 && bm_landscape_at(&s->landscape, width, height, event->x, event->y, xy);
}

static void look_closer(show *s, const bm_event *event) {
    double xy[2] = {(s->race->low[0] + s->race->high[0]) / 2, (s->race->low[1] + s->race->high[1]) / 2};
    if (s->race->dims > 2 || (!s->landscape.surface && !place_of(s, event, xy))) {
        return;
    }
    const double factor = pow(zoom, event->wheel);
    for (int axis = 0; axis < s->race->dims; axis++) {
        const double low = xy[axis] + (s->race->low[axis] - xy[axis]) * factor;
        const double high = xy[axis] + (s->race->high[axis] - xy[axis]) * factor;
        if (high - low > 1e-9 * (1 + fabs(low)) && high - low < 1e9) {
            s->race->low[axis] = low;
            s->race->high[axis] = high;
        }
    }
    survey(s);
}

static void handle_mouse(show *s, const bm_event *event) {
    double xy[2];
    if (event->kind == BM_EVENT_PRESS && event->button == 1 && !s->landscape.surface && place_of(s, event, xy)) {
        start_again(s, xy);
        s->pressed = false;
    } else if (event->kind == BM_EVENT_PRESS && event->button == 1) {
        s->pressed = true;
    } else if (event->kind == BM_EVENT_RELEASE && s->pressed && s->landscape.surface) { /* and not dragged */
        bm_live_picture_notify(&s->picture, "a click starts the race elsewhere among the contours: Tab shows them");
    } else if (event->kind == BM_EVENT_MOTION && event->button == 1 && s->landscape.surface) {
        s->pressed = false;
        turn(s, (event->x - s->mouse.x) * turn_by_pixel, (event->y - s->mouse.y) * turn_by_pixel);
    } else if (event->kind == BM_EVENT_WHEEL) {
        look_closer(s, event);
    }
    s->mouse = (bm_point){event->x, event->y};
}

static void handle(void *context, const bm_event *event) {
    show *s = context;
    s->picture.now = bm_clock();
    if (event->kind != BM_EVENT_KEY) {
        handle_mouse(s, event);
    }
    for (int i = 0; i < ROWS && event->kind == BM_EVENT_KEY && event->down; i++) {
        if (strcmp(rows[i].key, event->key) == 0) {
            rows[i].press(s);
            s->picture.changed = true;
        }
    }
}

/* ---- from start to end ------------------------------------------------------------------------------------------ */

static bm_status loop(show *s, const atomic_int *stop, bm_error *error) {
    bm_status status = BM_OK;
    double before = s->picture.now;
    while (status == BM_OK && !s->picture.closed && !atomic_load(stop)) {
        go_on(s, s->picture.now - before);
        before = s->picture.now;
        if (bm_live_picture_due(&s->picture)) {
            compose(s);
            status = bm_live_picture_draw(&s->picture, error);
        }
        s->picture.closed |= !s->picture.interactive && at_end(s) && s->picture.now - s->ended >= last_look_seconds;
        bm_live_picture_wait(&s->picture);
    }
    return status;
}

static bm_status open_all(show *s, const bm_arguments *arguments, bm_error *error) {
    const bool terminal = bm_cli_has(arguments, "terminal"), window = bm_cli_has(arguments, "render");
    bm_live_picture *picture = &s->picture;
    bm_status status = bm_race_survey(s->race, error);
    if (status == BM_OK && picture->asked) {
        status = bm_recorder_open(&picture->recorder, picture->asked, picture->width, picture->height, FILE_FPS, error);
    }
    if (status == BM_OK && (terminal || window)) {
        char title[BM_LIVE_PICTURE_LINE];
        bm_error reason;
        snprintf(title, sizeof title, "%s - bellman", s->landscape.title);
        if (bm_stage_open(&picture->stage, terminal ? BM_STAGE_TERMINAL : BM_STAGE_WINDOW, title, picture->width,
                          picture->height, &reason) != BM_OK) {
            return bm_fail(error, "%.300s; --record FILE and --plot FILE need no display", reason.text);
        }
    }
    if (status == BM_OK) {
        picture->fps = picture->stage ? WINDOW_FPS : FILE_FPS;
        picture->follows_clock = picture->stage != NULL;
        status = bm_live_picture_begin(picture, error);
    }
    return status;
}

bm_status bm_optim_show(const bm_arguments *arguments, bm_race *race, int64_t steps, const atomic_int *stop,
                        bm_error *error) {
    const char *title = bm_cli_value(arguments, "title");
    show *s = bm_cli_alloc(1, sizeof *s);
    *s = (show){
        .race = race,
        .steps = steps,
        .picture = {.width = WIDTH,
                    .height = HEIGHT,
                    .asked = bm_cli_value(arguments, "record"),
                    .record_fps = FILE_FPS,
                    .folder = ".",
                    .stem = race->objective->type->name,
                    .context = s,
                    .draw = draw_frame,
                    .still = draw_still,
                    .lines = text_lines,
                    .handle = handle},
        .speed = bm_cli_positive(arguments, "speed", fmax(1, (double)steps / usual_seconds), 1e7),
        .landscape = {.title = title ? title : race->objective->text,
                      .surface = bm_cli_has(arguments, "surface") && race->dims == 2,
                      .view = bm_race_view},
    };
    memcpy(s->home_low, race->low, sizeof s->home_low);
    memcpy(s->home_high, race->high, sizeof s->home_high);
    bm_picture_size(bm_cli_value(arguments, "size"), SIDE_LEAST, &s->picture.width, &s->picture.height);
    bm_status status = open_all(s, arguments, error);
    if (status == BM_OK) {
        s->ended = s->picture.now;
        if (s->picture.stage) {
            list_keys(s);
        }
        if (s->picture.interactive) {
            const bool clicks = bm_stage_kind_of(s->picture.stage) == BM_STAGE_WINDOW && race->dims <= 2;
            bm_live_picture_notify(&s->picture, clicks ? "h: keys; click for another start" : "h: keys");
        }
        status = loop(s, stop, error);
    }
    status = bm_live_picture_end(&s->picture, status, error);
    bm_stage_close(s->picture.stage);
    free(s);
    return status;
}
