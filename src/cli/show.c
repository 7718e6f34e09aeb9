/* Time is the clock's where somebody looks, and counted in frames where only a file is written: then the same command writes the
 * same file. */
#include "cli/show.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/show_state.h"
#include "core/clock.h"

static const double notice_seconds = 3;
static const double hold_seconds = 0.75;     /* how long an episode's last state shows, at natural speed */
static const double last_look_seconds = 1.5; /* after a person's last episode */
static const double survey_seconds = 0.2;    /* between looks at the whole map */
static const double full_speed_share = 0.6;  /* of a frame's time, spent on steps */
static const double longest_wait = 0.1;      /* seconds */
static const double farewell_seconds = 3;    /* the window stays after training, unless a key is pressed */

void bm_show_notify(bm_show_state *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->notice, sizeof s->notice, format, arguments);
    va_end(arguments);
    s->notice_until = s->now + notice_seconds;
    s->scene.notice = s->notice;
    s->changed = true;
}

/* Where nobody looks at episodes of a policy that stands still, time is free. */
static bool follows_clock(const bm_show_state *s) {
    return s->stage || s->setup->live;
}

/* ---- playing ---------------------------------------------------------------------------------------------------- */

static double natural_rate(const bm_show_state *s) {
    return s->setup->player->env->type->steps_per_second;
}

/* Steps of time that the next event is away: 1 or, where an episode has ended, a little more. */
static double next_due(const bm_show_state *s) {
    return s->setup->player->at_end ? fmax(1, hold_seconds * natural_rate(s)) : 1;
}

/* Where nobody can end it, one episode is enough. */
static bool enough(const bm_show_state *s) {
    const int wanted = s->setup->episodes > 0 ? s->setup->episodes : s->setup->live || s->interactive ? 0 : 1;
    return wanted > 0 && s->setup->player->ended >= wanted;
}

static void step_player(bm_show_state *s) {
    bm_player *player = s->setup->player;
    if (!s->setup->person) {
        bm_player_step(player);
    } else if (!player->at_end) {
        bm_player_take(player, bm_show_held_action(s));
    }
    s->changed = true;
}

/* A person who has not begun, who has ended an episode, or who thinks about his turn, is waited for. */
static bool waits(const bm_show_state *s) {
    const bm_player *player = s->setup->player;
    return s->setup->person && (!s->started || player->env->type->turn_based || player->at_end);
}

static void play(bm_show_state *s, double elapsed) {
    if (enough(s) && s->full_speed) {
        s->closed = true;
        return;
    }
    if (enough(s) && s->setup->person) { /* who wants to see how it ended */
        s->owed += elapsed;
        s->closed = s->owed >= last_look_seconds;
        return;
    }
    if (s->scene.paused || waits(s)) {
        s->owed = 0;
        return;
    }
    if (s->full_speed) {
        const double end = bm_clock() + full_speed_share / s->fps;
        do {
            step_player(s);
        } while (!enough(s) && (follows_clock(s) ? bm_clock() < end : !s->setup->player->at_end));
        return;
    }
    const double latest = follows_clock(s) ? bm_clock() + longest_wait : INFINITY;
    s->owed += elapsed * natural_rate(s) * s->speed;
    while (s->owed + 1e-9 >= next_due(s)) {
        if (enough(s) && s->setup->player->at_end) {
            s->closed = true; /* the last state has been held for its time */
            return;
        }
        s->owed -= next_due(s);
        if (bm_clock() > latest) {
            s->owed = 0; /* the machine slept, or cannot keep up */
        }
        step_player(s);
    }
}

/* ---- the run that trains ---------------------------------------------------------------------------------------- */

static void follow_training(bm_show_state *s) {
    const bm_show_setup *setup = s->setup;
    if (!setup->live) {
        return;
    }
    char message[256];
    if (bm_live_message(setup->live, message, sizeof message)) {
        bm_show_notify(s, "%s", message);
    }
    s->changed |= bm_curve_store_read(setup->curves, &s->curves);
    if (bm_live_refresh(setup->live)) {
        s->scene.knob_count = bm_scene_list_knobs(bm_live_agent(setup->live), s->knobs);
        bm_player_think(setup->player);
        if (s->now - s->surveyed > survey_seconds || s->scene.trained) {
            bm_player_survey(setup->player);
            s->surveyed = s->now;
        }
        s->changed = true;
    }
    const int ended = s->scene.trained ? 0 : atomic_load(setup->trained);
    if (ended) {
        s->scene.trained = true;
        s->farewell = s->now + (s->interactive ? farewell_seconds : 0);
        if (ended == BM_SHOW_FAILED) {
            bm_show_notify(s, "training failed: %s", setup->failure->text);
        } else if (s->interactive) {
            bm_show_notify(s, "training has ended; any key keeps this open");
        }
    }
    s->closed |= s->scene.trained && s->now >= s->farewell;
}

/* ---- showing ---------------------------------------------------------------------------------------------------- */

static const char *words_for_person(const bm_show_state *s) {
    return !s->started                ? "press a key to begin (h: keys)"
           : s->setup->player->at_end ? "over; press a key for the next"
                                      : "";
}

/* The two lines below a picture in the terminal: how it stands, and what has just been said, or how the training stands; or all
 * keys. */
static void text_lines(const bm_show_state *s, char first[BM_SCENE_LINE], char second[BM_SCENE_LINE]) {
    int count = 0;
    while (s->help[count].key) {
        count++;
    }
    bm_scene_status(&s->scene, first);
    bm_scene_training(&s->scene, second);
    if (s->scene.help) {
        bm_overlay_keys_line(s->help, count / 2, first, BM_SCENE_LINE);
        bm_overlay_keys_line(s->help + count / 2, count - count / 2, second, BM_SCENE_LINE);
    } else if (s->scene.notice) {
        snprintf(second, BM_SCENE_LINE, "%s", s->scene.notice);
    } else if (!second[0]) {
        bm_overlay_keys_line(s->help, count, second, BM_SCENE_LINE);
    }
}

static bm_status show_frame(bm_show_state *s, bm_error *error) {
    char first[BM_SCENE_LINE], second[BM_SCENE_LINE];
    bm_canvas canvas;
    const bm_status status = bm_stage_begin(s->stage, s->frame, &canvas, error);
    if (status != BM_OK) {
        return status;
    }
    if (bm_stage_kind_of(s->stage) == BM_STAGE_WINDOW) {
        bm_scene_draw(&s->scene, &canvas);
    } else {
        bm_scene_draw_environment(&s->scene, &canvas);
    }
    text_lines(s, first, second);
    return bm_stage_show(s->stage, s->frame, (const char *const[2]){first, second}, error);
}

static bm_status draw(bm_show_state *s, bm_error *error) {
    s->scene.speed = s->full_speed ? INFINITY : s->speed;
    s->scene.person = s->setup->person ? words_for_person(s) : NULL;
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
    return status == BM_OK ? bm_show_record(s, error) : status;
}

static void handle(bm_show_state *s, const bm_event *event) {
    if (event->kind == BM_EVENT_CLOSE) {
        s->closed = true;
    } else if (event->kind == BM_EVENT_REDRAW) {
        s->changed = true;
    } else {
        if (event->down) {
            s->farewell = INFINITY;
        }
        bm_show_key(s, event);
    }
}

/* Sleeps until the next frame is due, or until something happens, which is answered at once; never long, because signals and the
 * end of training come unannounced. */
static void wait_and_listen(bm_show_state *s) {
    bm_event event;
    const double left = fmax(0, fmin(s->next_frame - bm_clock(), longest_wait));
    if (!s->stage) {
        bm_sleep(left);
        return;
    }
    bool more = bm_stage_event(s->stage, (int)ceil(left * 1000), &event);
    while (more && !s->closed) {
        handle(s, &event);
        s->answer = true;
        more = bm_stage_event(s->stage, 0, &event);
    }
}

static bool interrupted(const bm_show_state *s) {
    return s->setup->stop && atomic_load(s->setup->stop);
}

static bm_status loop(bm_show_state *s, bm_error *error) {
    bm_status status = BM_OK;
    double before = s->now;
    while (status == BM_OK && !s->closed && !interrupted(s)) {
        follow_training(s);
        play(s, s->now - before);
        before = s->now;
        if (s->now >= s->next_frame || s->answer) {
            status = draw(s, error);
        }
        s->closed |= s->setup->person && !s->interactive;
        s->answer = false;
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

/* ---- from start to end ------------------------------------------------------------------------------------------ */

static bm_status begin(bm_show_state *s, bm_error *error) {
    const bm_show_setup *setup = s->setup;
    bm_status status = BM_OK;
    s->stage = setup->stage;
    if (s->stage) {
        const double usual = bm_stage_kind_of(s->stage) == BM_STAGE_TERMINAL ? 30 : 60;
        status = bm_raster_create(&s->frame, setup->width, setup->height, error);
        s->fps = setup->fps > 0 ? setup->fps : usual;
        s->interactive = bm_stage_interactive(s->stage);
    } else {
        s->fps = setup->recorder ? setup->record_fps : 50;
    }
    s->now = s->next_frame = follows_clock(s) ? bm_clock() : 0;
    if (setup->recorder) {
        bm_show_take_recorder(s, setup->recorder, setup->record, setup->record_fps);
    }
    if (s->interactive && !setup->person) {
        bm_show_notify(s, "h: keys");
    }
    s->mode = setup->person ? BM_SHOW_PLAYS : setup->live ? BM_SHOW_TRAINS : BM_SHOW_WATCHES;
    bm_show_list_keys(s);
    return status;
}

static void sum_up(const bm_show_state *s, bm_show_result *result) {
    const bm_player *player = s->setup->player;
    result->episodes = player->ended;
    const double n = (double)player->ended, mean = n > 0 ? player->returns / n : NAN;
    result->mean_return = mean;
    result->std_return = n > 0 ? sqrt(fmax(0, player->squares / n - mean * mean)) : NAN;
    result->mean_length = n > 0 ? player->lengths / n : NAN;
    result->min = player->least;
    result->max = player->best;
    result->stop_training = s->stop_training;
    result->record_bytes = s->record_bytes;
    snprintf(result->recorded, sizeof result->recorded, "%s", s->recorded);
}

bm_status bm_show(const bm_show_setup *setup, bm_show_result *result, bm_error *error) {
    bm_show_state *s = bm_cli_alloc(1, sizeof *s);
    *result = (bm_show_result){0};
    s->setup = setup;
    s->speed = setup->speed;
    s->held = -1;
    s->farewell = INFINITY;
    s->changed = true;
    s->scene = (bm_scene){
        .title = setup->title,
        .player = setup->player,
        .curves = setup->curves ? &s->curves : NULL,
        .knobs = s->knobs,
    };
    bm_status status = begin(s, error);
    if (status == BM_OK) {
        status = loop(s, error);
    }
    if (s->recorder) {
        bm_error second;
        const bm_status closed = bm_show_stop_recording(s, status == BM_OK ? error : &second);
        status = status == BM_OK ? closed : status;
    }
    sum_up(s, result);
    bm_raster_destroy(s->frame);
    bm_raster_destroy(s->record_frame);
    free(s);
    return status;
}
