/* Time is the clock's where somebody looks, and counted in frames where only a file is written: then the same command
 * writes the same file. */
#include "cli/show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/show_state.h"
#include "core/clock.h"
#include "train/agent_trainee.h"

static const double hold_seconds = 0.75;     /* how long an episode's last state shows, at natural speed */
static const double last_look_seconds = 1.5; /* after a person's last episode */
static const double survey_seconds = 0.2;    /* between looks at the whole map */
static const double full_speed_share = 0.6;  /* of a frame's time, spent on steps */
static const double longest_wait = 0.1;      /* seconds */
static const double farewell_seconds = 3;    /* the window stays after training, unless a key is pressed */

/* ---- playing ---------------------------------------------------------------------------------------------------- */

static double natural_rate(const bm_show_state *s) {
    return s->setup->player->env->type->steps_per_second;
}

/* Steps of time that the next event is away: 1 or, where an episode has ended, a little more. */
static double next_due(const bm_show_state *s) {
    return s->setup->player->at_end ? fmax(1, hold_seconds * natural_rate(s)) : 1;
}

/* Where nobody can end it, one episode is enough; an environment that failed plays no more. */
static bool enough(const bm_show_state *s) {
    if (bm_env_check(s->setup->player->env, NULL) != BM_OK) {
        return true;
    }
    const int wanted = s->setup->episodes > 0 ? s->setup->episodes : s->setup->live || s->picture.interactive ? 0 : 1;
    return wanted > 0 && s->setup->player->ended >= wanted;
}

static void step_player(bm_show_state *s) {
    bm_player *player = s->setup->player;
    if (!s->setup->person) {
        bm_player_step(player);
    } else if (!player->at_end) {
        bm_player_take(player, bm_show_held_action(s));
    }
    s->picture.changed = true;
}

/* A person who has not begun, who has ended an episode, or who thinks about his turn, is waited for. */
static bool waits(const bm_show_state *s) {
    const bm_player *player = s->setup->player;
    return s->setup->person && (!s->started || player->env->type->turn_based || player->at_end);
}

static void play(bm_show_state *s, double elapsed) {
    if (enough(s) && s->full_speed) {
        s->picture.closed = true;
        return;
    }
    if (enough(s) && s->setup->person) { /* who wants to see how it ended */
        s->owed += elapsed;
        s->picture.closed = s->owed >= last_look_seconds;
        return;
    }
    if (s->scene.paused || waits(s)) {
        s->owed = 0;
        return;
    }
    if (s->full_speed) {
        const double end = bm_clock() + full_speed_share / s->picture.fps;
        do {
            step_player(s);
        } while (!enough(s) && (s->picture.follows_clock ? bm_clock() < end : !s->setup->player->at_end));
        return;
    }
    const double latest = s->picture.follows_clock ? bm_clock() + longest_wait : INFINITY;
    s->owed += elapsed * natural_rate(s) * s->speed;
    while (s->owed + 1e-9 >= next_due(s)) {
        if (enough(s) && s->setup->player->at_end) {
            s->picture.closed = true; /* the last state has been held for its time */
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
        bm_live_picture_notify(&s->picture, "%s", message);
    }
    s->picture.changed |= bm_curve_store_read(setup->curves, &s->curves);
    if (bm_live_refresh(setup->live)) {
        s->scene.knob_count = bm_scene_list_knobs(bm_agent_trainee_of(bm_live_trainee(setup->live))->agent, s->knobs);
        bm_player_think(setup->player);
        if (s->picture.now - s->surveyed > survey_seconds || s->scene.trained) {
            bm_player_survey(setup->player);
            s->surveyed = s->picture.now;
        }
        s->picture.changed = true;
    }
    const int ended = s->scene.trained ? 0 : atomic_load(setup->trained);
    if (ended) {
        s->scene.trained = true;
        s->farewell = s->picture.now + (s->picture.interactive ? farewell_seconds : 0);
        if (ended == BM_SHOW_FAILED) {
            bm_live_picture_notify(&s->picture, "training failed: %s", setup->failure->text);
        } else if (s->picture.interactive) {
            bm_live_picture_notify(&s->picture, "training has ended; any key keeps this open");
        }
    }
    s->picture.closed |= s->scene.trained && s->picture.now >= s->farewell;
}

/* ---- showing ---------------------------------------------------------------------------------------------------- */

static const char *words_for_person(const bm_show_state *s) {
    return !s->started                ? "press a key to begin (h: keys)"
           : s->setup->player->at_end ? "over; press a key for the next"
                                      : "";
}

static void draw_frame(void *context, bm_canvas *canvas) {
    bm_show_state *s = context;
    s->scene.notice = s->picture.notice;
    s->scene.help = s->picture.help;
    s->scene.recording = s->picture.recorder != NULL;
    if (bm_stage_kind_of(s->picture.stage) == BM_STAGE_WINDOW) {
        bm_scene_draw(&s->scene, canvas);
    } else {
        bm_scene_draw_environment(&s->scene, canvas);
    }
}

static void draw_still(void *context, bm_canvas *canvas) {
    const bm_show_state *s = context;
    bm_scene still = s->scene;
    still.notice = s->picture.notice;
    still.help = s->picture.help;
    still.recording = false;
    bm_scene_draw(&still, canvas);
}

/* How it stands, and how the training stands. */
static void text_lines(void *context, char first[BM_SCENE_LINE], char second[BM_SCENE_LINE]) {
    const bm_show_state *s = context;
    bm_scene_status(&s->scene, first);
    bm_scene_training(&s->scene, second);
}

static void handle(void *context, const bm_event *event) {
    bm_show_state *s = context;
    if (event->down) {
        s->farewell = INFINITY;
    }
    bm_show_key(s, event);
}

static bool interrupted(const bm_show_state *s) {
    return s->setup->stop && atomic_load(s->setup->stop);
}

static bm_status loop(bm_show_state *s, bm_error *error) {
    bm_status status = BM_OK;
    double before = s->picture.now;
    while (status == BM_OK && !s->picture.closed && !interrupted(s)) {
        follow_training(s);
        play(s, s->picture.now - before);
        before = s->picture.now;
        if ((status = bm_env_check(s->setup->player->env, error)) != BM_OK) {
            break;
        }
        if (bm_live_picture_due(&s->picture)) {
            s->scene.speed = s->full_speed ? INFINITY : s->speed;
            s->scene.person = s->setup->person ? words_for_person(s) : NULL;
            status = bm_live_picture_draw(&s->picture, error);
        }
        s->picture.closed |= s->setup->person && !s->picture.interactive;
        bm_live_picture_wait(&s->picture);
    }
    return status;
}

/* ---- from start to end ------------------------------------------------------------------------------------------ */

/* Frames of a recording: as many as there are steps, at most 50 a second. */
double bm_show_record_fps(const bm_env_type *env, double speed) {
    return fmin(fmax(env->steps_per_second * speed, 1), 50);
}

static double frames_a_second(const bm_show_setup *setup) {
    if (!setup->stage) {
        return setup->recorder ? setup->record_fps : 50;
    }
    const double usual = bm_stage_kind_of(setup->stage) == BM_STAGE_TERMINAL ? 30 : 60;
    return setup->fps > 0 ? setup->fps : usual;
}

static bm_status begin(bm_show_state *s, bm_error *error) {
    const bm_show_setup *setup = s->setup;
    s->picture = (bm_live_picture){
        .stage = setup->stage,
        .width = setup->width,
        .height = setup->height,
        .fps = frames_a_second(setup),
        .follows_clock = setup->stage || setup->live,
        .asked = setup->record,
        .recorder = setup->recorder,
        .record_fps = setup->record_fps,
        .folder = setup->folder,
        .stem = setup->player->env->type->id,
        .context = s,
        .draw = draw_frame,
        .still = draw_still,
        .lines = text_lines,
        .handle = handle,
    };
    const bm_status status = bm_live_picture_begin(&s->picture, error);
    if (s->picture.interactive && !setup->person) {
        bm_live_picture_notify(&s->picture, "h: keys");
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
    result->record_bytes = s->picture.record_bytes;
    snprintf(result->recorded, sizeof result->recorded, "%s", s->picture.recorded);
}

bm_status bm_show(const bm_show_setup *setup, bm_show_result *result, bm_error *error) {
    bm_show_state *s = bm_cli_alloc(1, sizeof *s);
    *result = (bm_show_result){0};
    s->setup = setup;
    s->speed = setup->speed;
    s->held = -1;
    s->farewell = INFINITY;
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
    status = bm_live_picture_end(&s->picture, status, error);
    sum_up(s, result);
    free(s);
    return status;
}
