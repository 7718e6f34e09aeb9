/* The keys of the window and of the terminal: one row each, from which help is written too. */
#include <math.h>
#include <string.h>

#include "cli/show_state.h"

static const double tap_seconds = 0.15; /* a terminal says when a key goes down, not when it comes up */

static void press_pause(bm_show_state *s) {
    s->scene.paused = !s->scene.paused;
    s->owed = 0;
}

static void press_step(bm_show_state *s) {
    s->scene.paused = true;
    bm_player_step(s->setup->player);
}

static void press_faster(bm_show_state *s) {
    s->speed = fmin(s->speed * 2, 64);
}

static void press_slower(bm_show_state *s) {
    s->full_speed = false;
    s->speed = fmax(s->speed / 2, 1.0 / 16);
}

static void press_full_speed(bm_show_state *s) {
    s->full_speed = !s->full_speed;
    s->owed = 0;
}

static void press_explore(bm_show_state *s) {
    if (s->setup->player->agent) {
        s->setup->player->explore = !s->setup->player->explore;
    } else {
        bm_live_picture_notify(&s->picture, "there is no policy: actions are random");
    }
}

static void press_next(bm_show_state *s) {
    bm_player_next(s->setup->player);
    s->owed = 0;
}

static void choose(bm_show_state *s, int direction) {
    const int count = s->scene.knob_count;
    s->scene.knob = count ? (s->scene.knob + direction + count) % count : 0;
    if (count && bm_stage_kind_of(s->picture.stage) == BM_STAGE_TERMINAL) { /* which has no room for the list */
        bm_live_picture_notify(&s->picture, "%s = %s   ← → change it", s->knobs[s->scene.knob].key,
                               s->knobs[s->scene.knob].value);
    }
}

static void press_up(bm_show_state *s) {
    choose(s, -1);
}

static void press_down(bm_show_state *s) {
    choose(s, 1);
}

static void turn(bm_show_state *s, int direction) {
    if (s->scene.trained || s->scene.knob_count == 0) {
        bm_live_picture_notify(&s->picture, "training has ended: there is nothing left to change");
        return;
    }
    const bm_preset_target *live = &bm_live_trainee(s->setup->live)->live;
    const char *key = s->knobs[s->scene.knob].key;
    char before[BM_OPTION_TEXT_BYTES], text[BM_OPTION_TEXT_BYTES];
    const void *field;
    const bm_option *row = bm_options_find(live->options, live->config, key, &field);
    if (!row || !bm_option_nudge(row, field, direction, text, sizeof text)) {
        return;
    }
    bm_option_format(row, field, before, sizeof before);
    if (strcmp(before, text) == 0) {
        bm_live_picture_notify(&s->picture, "%s=%s is as %s as it goes", key, text, direction > 0 ? "high" : "low");
    } else {
        bm_live_change(s->setup->live, key, text);
    }
}

static void press_left(bm_show_state *s) {
    turn(s, -1);
}

static void press_right(bm_show_state *s) {
    turn(s, 1);
}

static void press_save(bm_show_state *s) {
    if (s->scene.trained) {
        bm_live_picture_notify(&s->picture, "training has ended and is saved");
    } else {
        bm_live_save(s->setup->live);
    }
}

static void press_picture(bm_show_state *s) {
    bm_live_picture_save(&s->picture);
}

static void press_record(bm_show_state *s) {
    bm_live_picture_toggle_recording(&s->picture, "recording ", "; r stops");
}

static void press_help(bm_show_state *s) {
    bm_live_picture_toggle_help(&s->picture);
}

static void press_close(bm_show_state *s) {
    s->picture.closed = true;
}

static void press_stop(bm_show_state *s) {
    s->picture.closed = s->stop_training = true;
}

enum { W = BM_SHOW_WATCHES, T = BM_SHOW_TRAINS, P = BM_SHOW_PLAYS };

typedef struct {
    unsigned modes;
    const char *key, *label; /* label: how help names it; NULL: not by itself */
    const char *help;
    void (*press)(bm_show_state *s);
} key_row;

static const key_row rows[] = {
    {W | T | P, "space", "space", "pause and go on", press_pause},
    {W | T, ".", ".", "one step", press_step},
    {W | T | P, "+", "+  −", "faster, slower", press_faster},
    {W | T | P, "=", NULL, NULL, press_faster},
    {W | T | P, "-", NULL, NULL, press_slower},
    {W | T, "f", "f", "full speed, and back", press_full_speed},
    {W | T, "e", "e", "greedy or exploring", press_explore},
    {W | T | P, "n", "n", "next episode", press_next},
    {T, "up", "↑  ↓", "choose a hyperparameter", press_up},
    {T, "down", NULL, NULL, press_down},
    {T, "left", "←  →", "change it while it trains", press_left},
    {T, "right", NULL, NULL, press_right},
    {T, "s", "s", "save a checkpoint", press_save},
    {W | T | P, "p", "p", "save a picture", press_picture},
    {W | T | P, "r", "r", "start or stop recording", press_record},
    {W | T | P, "h", "h", "show or hide these keys", press_help},
    {T, "q", "q", "close; training goes on", press_close},
    {T, "escape", "Esc", "stop training; it is saved", press_stop},
    {W | P, "q", "q", "quit", press_close},
    {W | P, "escape", NULL, NULL, press_close},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static int action_of(const bm_show_state *s, const char *key) {
    const bm_env_type *type = s->setup->player->env->type;
    for (int a = 0; s->setup->person && type->actions && type->actions[a].name; a++) {
        if (strcmp(type->actions[a].key, key) == 0) {
            return a;
        }
    }
    return -1;
}

static const char *label_of(const char *key) {
    static const char *const labels[][2] = {{"left", "←"}, {"right", "→"}, {"up", "↑"}, {"down", "↓"}};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (strcmp(key, labels[i][0]) == 0) {
            return labels[i][1];
        }
    }
    return key;
}

void bm_show_list_keys(bm_show_state *s) {
    const bm_env_type *type = s->setup->player->env->type;
    bm_overlay_key *keys = s->picture.keys;
    int count = 0;
    for (int a = 0; s->setup->person && type->actions && type->actions[a].name && count < BM_LIVE_PICTURE_KEYS / 2;
         a++) {
        keys[count++] = (bm_overlay_key){label_of(type->actions[a].key), type->actions[a].name};
    }
    for (int i = 0; i < ROWS && count < BM_LIVE_PICTURE_KEYS - 1; i++) {
        if (rows[i].modes & s->mode && rows[i].label && action_of(s, rows[i].key) < 0) {
            keys[count++] = (bm_overlay_key){rows[i].label, rows[i].help};
        }
    }
    keys[count] = (bm_overlay_key){NULL, NULL};
}

/* A person's key: in a turn-based environment the turn, otherwise what is done until it comes up again. */
static void take(bm_show_state *s, int action, const bm_event *event) {
    bm_player *player = s->setup->player;
    if (!event->down) {
        s->held = s->held == action ? -1 : s->held;
        return;
    }
    s->started = true;
    if (event->repeat && player->at_end) {
        return; /* held since before the end: the next episode wants a key of its own */
    }
    if (player->at_end) {
        bm_player_next(player);
        s->started = false;
    } else if (player->env->type->turn_based) {
        bm_player_take(player, action);
    }
    s->held = action;
    s->tapped = true;
    s->held_until = bm_stage_kind_of(s->picture.stage) == BM_STAGE_TERMINAL ? s->picture.now + tap_seconds : INFINITY;
}

void bm_show_key(bm_show_state *s, const bm_event *event) {
    if (event->kind != BM_EVENT_KEY) { /* the mouse has no part here */
        return;
    }
    const int action = action_of(s, event->key);
    if (action >= 0) {
        take(s, action, event);
        s->picture.changed = true;
        return;
    }
    for (int i = 0; event->down && i < ROWS; i++) {
        if (rows[i].modes & s->mode && strcmp(rows[i].key, event->key) == 0) {
            rows[i].press(s);
            s->picture.changed = true;
            return;
        }
    }
}

/* With no key down the actions take turns, which in an environment of pushes is none at all. */
int bm_show_held_action(bm_show_state *s) {
    if (s->held >= 0 && (s->tapped || s->picture.now < s->held_until)) {
        s->tapped = false;
        return s->held;
    }
    s->held = s->picture.now >= s->held_until ? -1 : s->held;
    s->alternate = (s->alternate + 1) % s->setup->player->env->action_space.n;
    return s->alternate;
}
