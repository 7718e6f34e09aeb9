/* bellman optim --render, --terminal and --record: the race as it goes on, in a window, in the terminal or only in a file. All take
 * the same number of steps; time is the clock's where somebody looks, and counted in frames where only a file is written. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/optim.h"
#include "cli/picture.h"
#include "cli/show_flags.h"
#include "core/clock.h"

enum { WIDTH = 1000, HEIGHT = 600, SIDE_LEAST = 120, WINDOW_FPS = 30, FILE_FPS = 25, LINE = 256, HELP_ROWS = 24 };

static const double usual_seconds = 10; /* that a race takes, unless --speed says otherwise */
static const double last_look_seconds = 2;
static const double notice_seconds = 3;
static const double longest_wait = 0.1;
static const double work_share = 0.6; /* of a frame's time, spent on steps */
static const double turn_by_key = 0.1, turn_by_pixel = 0.01, zoom = 0.8;

typedef struct {
    bm_race *race;
    int64_t steps, made; /* all there are to make, and those made, the same of every racer */
    bm_stage *stage;     /* NULL: nobody looks */
    bm_raster *frame, *record_frame;
    int width, height;
    bm_recorder *recorder;
    const char *record; /* the file asked for, or NULL */
    char record_path[1200], where[LINE / 4], status[LINE / 2], notice[LINE];
    bm_landscape landscape;
    bm_overlay_key help[HELP_ROWS];
    double now, next_frame, next_record, notice_until, ended;
    double fps, speed, owed;          /* speed: steps a second; owed: steps that time has made due */
    double home_low[2], home_high[2]; /* the window it began with */
    bool paused, full_speed, changed, closed, pressed;
} show;

__attribute__((format(printf, 2, 3))) static void notify(show *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->notice, sizeof s->notice, format, arguments);
    va_end(arguments);
    s->notice_until = s->now + notice_seconds;
    s->landscape.notice = s->notice;
    s->changed = true;
}

/* ---- racing ----------------------------------------------------------------------------------------------------- */

static void step_all(show *s) {
    for (int i = 0; i < s->race->racers; i++) {
        bm_race_step(s->race, i);
    }
    s->made++;
    s->changed = true;
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
    const double latest = s->stage ? bm_clock() + work_share / s->fps : INFINITY;
    s->owed += s->full_speed ? (double)s->steps : elapsed * s->speed;
    while (s->owed >= 1 && !at_end(s)) {
        if (bm_clock() > latest) {
            s->owed = 0; /* the machine cannot keep up */
            break;
        }
        step_all(s);
        s->owed -= 1;
    }
    s->ended = s->now;
}

static void start_again(show *s, const double *start) {
    bm_error error;
    if (bm_race_restart(s->race, start, &error) != BM_OK) {
        notify(s, "%s", error.text);
        return;
    }
    s->made = 0;
    s->owed = 0;
    s->full_speed = false;
    s->ended = s->now;
    s->changed = true;
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
    s->landscape.recording = s->recorder != NULL;
}

/* Without what is said to the viewer; of a recording the step stays. */
static void draw_still(void *context, bm_canvas *canvas) {
    show *s = context;
    bm_landscape still = s->landscape;
    still.status = s->recorder ? s->where : NULL;
    still.notice = NULL;
    still.help = NULL;
    still.paused = still.recording = false;
    bm_landscape_draw(&still, canvas);
}

static void terminal_lines(const show *s, char first[LINE], char second[LINE]) {
    int keys = 0;
    while (s->help[keys].key) {
        keys++;
    }
    if (s->landscape.help) {
        bm_overlay_keys_line(s->help, keys / 2, first, LINE);
        bm_overlay_keys_line(s->help + keys / 2, keys - keys / 2, second, LINE);
        return;
    }
    snprintf(first, LINE, "%s%s", s->status, s->paused ? "   paused" : "");
    if (s->landscape.notice) {
        snprintf(second, LINE, "%s", s->landscape.notice);
        return;
    }
    size_t used = 0;
    second[0] = '\0';
    for (int i = 0; i < s->race->racers && used < LINE; i++) {
        const bm_racer *r = &s->race->racer[i];
        used += (size_t)snprintf(second + used, LINE - used, "%s %.4g%s   ", r->label, r->descent->value,
                                 r->over ? " (diverged)" : "");
    }
}

static bm_status show_frame(show *s, bm_error *error) {
    char first[LINE], second[LINE];
    bm_canvas canvas;
    const bm_status status = bm_stage_begin(s->stage, s->frame, &canvas, error);
    if (status != BM_OK) {
        return status;
    }
    if (bm_stage_kind_of(s->stage) == BM_STAGE_TERMINAL) {
        draw_still(s, &canvas);
    } else {
        bm_landscape_draw(&s->landscape, &canvas);
    }
    terminal_lines(s, first, second);
    return bm_stage_show(s->stage, s->frame, (const char *const[2]){first, second}, error);
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
        s->next_record += 1.0 / FILE_FPS;
    }
    if (status != BM_OK && !s->record) { /* made with a key: no reason to close */
        bm_recorder_close(s->recorder, NULL, NULL);
        s->recorder = NULL;
        notify(s, "%s", error->text);
        return BM_OK;
    }
    return status;
}

static bm_status draw(show *s, bm_error *error) {
    if (s->landscape.notice && s->now >= s->notice_until) {
        s->landscape.notice = NULL;
        s->changed = true;
    }
    bm_status status = BM_OK;
    compose(s);
    if (s->stage && (s->changed || bm_stage_kind_of(s->stage) == BM_STAGE_TERMINAL)) {
        status = show_frame(s, error);
        s->changed = false;
    }
    return status == BM_OK ? record_frames(s, error) : status;
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
        notify(s, "a surface takes two coordinates");
    }
}

static void turn(show *s, double by_turn, double by_tilt) {
    s->landscape.view.turn = fmod(s->landscape.view.turn + by_turn, 2 * acos(-1));
    s->landscape.view.tilt = fmax(0.05, fmin(s->landscape.view.tilt + by_tilt, 1.55));
    s->changed = true;
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
        notify(s, "%s", error.text);
    }
    s->changed = true;
}

static void press_home(show *s) {
    memcpy(s->race->low, s->home_low, sizeof s->home_low);
    memcpy(s->race->high, s->home_high, sizeof s->home_high);
    s->landscape.view = bm_race_view;
    survey(s);
}

static void press_picture(show *s) {
    char path[1200];
    bm_error error;
    bm_status status =
        bm_show_free_name(".", "pictures", s->race->objective->type->name, "png", path, sizeof path, &error);
    if (status == BM_OK) {
        status = bm_picture_write(path, s->width, s->height, draw_still, s, &error);
    }
    notify(s, "%s%s", status == BM_OK ? "picture " : "", status == BM_OK ? path : error.text);
}

static void press_record(show *s) {
    bm_error error;
    bm_status status;
    if (s->record) {
        notify(s, "%s is recorded to the end", s->record);
    } else if (s->recorder) {
        status = bm_recorder_close(s->recorder, NULL, &error);
        s->recorder = NULL;
        notify(s, "%s%s", status == BM_OK ? "recorded " : "", status == BM_OK ? s->record_path : error.text);
    } else {
        status = bm_show_free_name(".", "recordings", s->race->objective->type->name, "gif", s->record_path,
                                   sizeof s->record_path, &error);
        if (status == BM_OK) {
            status = bm_recorder_open(&s->recorder, s->record_path, s->width, s->height, FILE_FPS, &error);
        }
        s->next_record = s->now;
        notify(s, "%s%s", status == BM_OK ? "recording; r stops: " : "", status == BM_OK ? s->record_path : error.text);
    }
}

static void press_help(show *s);

static void press_close(show *s) {
    s->closed = true;
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
    for (int i = 0; i < MOUSE_ROWS && bm_stage_kind_of(s->stage) == BM_STAGE_WINDOW; i++) {
        s->help[count++] = mouse[i];
    }
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].label) {
            s->help[count++] = (bm_overlay_key){rows[i].label, rows[i].help};
        }
    }
    s->help[count] = (bm_overlay_key){NULL, NULL};
}

static void press_help(show *s) {
    s->landscape.help = s->landscape.help ? NULL : s->help;
}

/* Where a mouse event lies in the function's plane. */
static bool place_of(show *s, const bm_event *event, double xy[2]) {
    int width, height;
    bm_stage_size(s->stage, &width, &height);
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

static void handle_mouse(show *s, const bm_event *event, bm_point *last) {
    double xy[2];
    if (event->kind == BM_EVENT_PRESS && event->button == 1 && !s->landscape.surface && place_of(s, event, xy)) {
        start_again(s, xy);
        s->pressed = false;
    } else if (event->kind == BM_EVENT_PRESS && event->button == 1) {
        s->pressed = true;
    } else if (event->kind == BM_EVENT_RELEASE && s->pressed && s->landscape.surface) { /* and not dragged */
        notify(s, "a click starts the race elsewhere among the contours: Tab shows them");
    } else if (event->kind == BM_EVENT_MOTION && event->button == 1 && s->landscape.surface) {
        s->pressed = false;
        turn(s, (event->x - last->x) * turn_by_pixel, (event->y - last->y) * turn_by_pixel);
    } else if (event->kind == BM_EVENT_WHEEL) {
        look_closer(s, event);
    }
    *last = (bm_point){event->x, event->y};
}

static void handle(show *s, const bm_event *event, bm_point *last) {
    if (event->kind == BM_EVENT_CLOSE) {
        s->closed = true;
    } else if (event->kind == BM_EVENT_REDRAW) {
        s->changed = true;
    } else if (event->kind != BM_EVENT_KEY) {
        handle_mouse(s, event, last);
    }
    for (int i = 0; i < ROWS && event->kind == BM_EVENT_KEY && event->down; i++) {
        if (strcmp(rows[i].key, event->key) == 0) {
            rows[i].press(s);
            s->changed = true;
        }
    }
}

/* ---- from start to end ------------------------------------------------------------------------------------------ */

/* Sleeps until the next frame is due or something happens; true: that was answered, and wants to be seen. */
static bool wait_and_listen(show *s, bm_point *last) {
    bm_event event;
    const double left = fmax(0, fmin(s->next_frame - bm_clock(), longest_wait));
    bool answered = false;
    for (bool more = bm_stage_event(s->stage, (int)ceil(left * 1000), &event); more && !s->closed;
         more = bm_stage_event(s->stage, 0, &event)) {
        s->now = bm_clock();
        handle(s, &event, last);
        answered = true;
    }
    return answered;
}

static bm_status loop(show *s, const atomic_int *stop, bm_error *error) {
    const bool stays = s->stage && bm_stage_interactive(s->stage);
    bm_status status = BM_OK;
    bm_point last = {0, 0};
    bool answered = true;
    double before = s->now;
    while (status == BM_OK && !s->closed && !atomic_load(stop)) {
        go_on(s, s->now - before);
        before = s->now;
        if (answered || s->now >= s->next_frame) {
            status = draw(s, error);
        }
        s->closed |= !stays && at_end(s) && s->now - s->ended >= last_look_seconds;
        if (s->stage) {
            s->next_frame = s->now >= s->next_frame ? fmax(s->next_frame + 1 / s->fps, s->now) : s->next_frame;
            answered = wait_and_listen(s, &last);
            s->now = bm_clock();
        } else {
            s->now = s->next_frame += 1 / s->fps;
        }
    }
    return status;
}

static bm_status open_all(show *s, const bm_arguments *arguments, bm_error *error) {
    const bool terminal = bm_cli_has(arguments, "terminal"), window = bm_cli_has(arguments, "render");
    bm_status status = bm_race_survey(s->race, error);
    if (status == BM_OK && s->record) {
        status = bm_recorder_open(&s->recorder, s->record, s->width, s->height, FILE_FPS, error);
    }
    if (status == BM_OK && (terminal || window)) {
        char title[LINE];
        bm_error reason;
        snprintf(title, sizeof title, "%s - bellman", s->landscape.title);
        if (bm_stage_open(&s->stage, terminal ? BM_STAGE_TERMINAL : BM_STAGE_WINDOW, title, s->width, s->height,
                          &reason) != BM_OK) {
            return bm_fail(error, "%.300s; --record FILE and --plot FILE need no display", reason.text);
        }
    }
    if (status == BM_OK) {
        status = bm_raster_create(&s->frame, s->width, s->height, error);
    }
    return status == BM_OK ? bm_raster_create(&s->record_frame, s->width, s->height, error) : status;
}

bm_status bm_optim_show(const bm_arguments *arguments, bm_race *race, int64_t steps, const atomic_int *stop,
                        bm_error *error) {
    const char *title = bm_cli_value(arguments, "title");
    show *s = bm_cli_alloc(1, sizeof *s);
    *s = (show){
        .race = race,
        .steps = steps,
        .width = WIDTH,
        .height = HEIGHT,
        .record = bm_cli_value(arguments, "record"),
        .speed = bm_cli_positive(arguments, "speed", fmax(1, (double)steps / usual_seconds), 1e7),
        .changed = true,
        .landscape = {.title = title ? title : race->objective->text,
                      .surface = bm_cli_has(arguments, "surface") && race->dims == 2,
                      .view = bm_race_view},
    };
    memcpy(s->home_low, race->low, sizeof s->home_low);
    memcpy(s->home_high, race->high, sizeof s->home_high);
    bm_picture_size(bm_cli_value(arguments, "size"), SIDE_LEAST, &s->width, &s->height);
    bm_status status = open_all(s, arguments, error);
    if (status == BM_OK) {
        s->fps = s->stage ? WINDOW_FPS : FILE_FPS;
        s->now = s->next_frame = s->next_record = s->ended = s->stage ? bm_clock() : 0;
        if (s->stage) {
            list_keys(s);
        }
        if (s->stage && bm_stage_interactive(s->stage)) {
            const bool clicks = bm_stage_kind_of(s->stage) == BM_STAGE_WINDOW && race->dims <= 2;
            notify(s, clicks ? "h: keys; click for another start" : "h: keys");
        }
        status = loop(s, stop, error);
    }
    if (s->recorder) {
        bm_error second;
        const bm_status closed = bm_recorder_close(s->recorder, NULL, status == BM_OK ? error : &second);
        status = status == BM_OK ? closed : status;
    }
    bm_stage_close(s->stage);
    bm_raster_destroy(s->frame);
    bm_raster_destroy(s->record_frame);
    free(s);
    return status;
}
