/* See live.h. The copy is made under a lock that the trainer only tries for. */
#include "train/live.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "train/run_state.h"

enum { WISHES = 16 };

static const double copy_interval = 1.0 / 15; /* seconds */
static const double copy_share = 0.02;        /* of the trainer's time, at most */

/* One array of what acts: the run's, and the watcher's. */
typedef struct {
    const void *trained;
    void *watched, *between; /* between: the copy on its way */
    size_t bytes;
} array_pair;

struct bm_live {
    bm_run *run;
    bm_trainee *trainee; /* the watcher's */
    array_pair *arrays;
    int array_count;

    atomic_bool wanted; /* a wish below */
    pthread_mutex_t lock;
    bool copy_wanted, copy_there, save_wanted;
    bm_change wishes[WISHES];
    int wish_count;
    char message[256];
    double copy_seconds; /* that the last copy took */
    double last_asked;
    bm_arena arena;
};

/* ---- creation --------------------------------------------------------------------------------------------------- */

static void add_pair(bm_live *live, const void *trained, void *watched, size_t bytes) {
    live->arrays[live->array_count++] = (array_pair){trained, watched, bm_arena_alloc(&live->arena, bytes, 1), bytes};
}

/* Pairs every array of the watcher's trainee with the run's of the same name; then live options. */
static bm_status pair_arrays(bm_live *live, bm_error *error) {
    const bm_trainee *own = live->trainee, *trained = live->run->trainee;
    live->arrays = BM_NEW(&live->arena, array_pair, own->state.count + 1);
    for (size_t i = 0; live->arrays && i < own->state.count; i++) {
        const bm_array *theirs = bm_state_find(&trained->state, own->state.items[i].name);
        if (theirs) {
            add_pair(live, theirs->data, own->state.items[i].data, bm_array_bytes(theirs));
        }
    }
    if (live->arrays) {
        add_pair(live, trained->live.config, own->live.config, own->live.options->config_bytes);
    }
    return bm_arena_check(&live->arena, "the copy of what is trained", error);
}

bm_status bm_live_create(bm_live **result, bm_run *run, bm_error *error) {
    bm_live *live = *result = calloc(1, sizeof *live);
    if (!live) {
        return bm_fail(error, "not enough memory to watch the run");
    }
    live->run = run;
    pthread_mutex_init(&live->lock, NULL);
    BM_TRY(bm_trainee_create(&live->trainee, run->experiment, true, error));
    BM_TRY(pair_arrays(live, error));
    bm_live_finish(live);
    bm_live_refresh(live);
    return BM_OK;
}

void bm_live_destroy(bm_live *live) {
    if (live) {
        bm_trainee_destroy(live->trainee);
        pthread_mutex_destroy(&live->lock);
        bm_arena_free(&live->arena);
        free(live);
    }
}

/* ---- the watcher ------------------------------------------------------------------------------------------------ */

bm_trainee *bm_live_trainee(bm_live *live) {
    return live->trainee;
}

static bm_status set(bm_live *live, const char *option, const char *value, bm_error *error) {
    const bm_preset_target *own = &live->trainee->live;
    return bm_options_set_live(own->options, own->config, option, value, error);
}

bool bm_live_refresh(bm_live *live) {
    const double now = bm_clock();
    pthread_mutex_lock(&live->lock);
    const bool there = live->copy_there;
    if (there) {
        for (int i = 0; i < live->array_count; i++) {
            memcpy(live->arrays[i].watched, live->arrays[i].between, live->arrays[i].bytes);
        }
        for (int i = 0; i < live->wish_count; i++) { /* asked for after the copy was made */
            set(live, live->wishes[i].option, live->wishes[i].value, NULL);
        }
        live->copy_there = false;
    }
    const double wait = live->copy_seconds / copy_share;
    if (now - live->last_asked >= (wait > copy_interval ? wait : copy_interval)) {
        live->last_asked = now;
        live->copy_wanted = true;
        atomic_store_explicit(&live->wanted, true, memory_order_release);
    }
    pthread_mutex_unlock(&live->lock);
    return there;
}

/* The watcher's trainee has the value at once, so that the next turn of the knob begins there. */
void bm_live_change(bm_live *live, const char *option, const char *value) {
    bm_error error;
    int at = 0;
    pthread_mutex_lock(&live->lock);
    while (at < live->wish_count && strcmp(live->wishes[at].option, option) != 0) {
        at++;
    }
    if (set(live, option, value, &error) != BM_OK) {
        snprintf(live->message, sizeof live->message, "%.255s", error.text);
    } else if (at < WISHES) {
        snprintf(live->wishes[at].option, sizeof live->wishes[at].option, "%s", option);
        snprintf(live->wishes[at].value, sizeof live->wishes[at].value, "%s", value);
        live->wish_count += at == live->wish_count;
        atomic_store_explicit(&live->wanted, true, memory_order_release);
    }
    pthread_mutex_unlock(&live->lock);
}

void bm_live_save(bm_live *live) {
    pthread_mutex_lock(&live->lock);
    live->save_wanted = true;
    atomic_store_explicit(&live->wanted, true, memory_order_release);
    pthread_mutex_unlock(&live->lock);
}

bool bm_live_message(bm_live *live, char *text, size_t bytes) {
    pthread_mutex_lock(&live->lock);
    const bool there = live->message[0] != '\0';
    if (there) {
        snprintf(text, bytes, "%s", live->message);
        live->message[0] = '\0';
    }
    pthread_mutex_unlock(&live->lock);
    return there;
}

/* ---- the trainer ------------------------------------------------------------------------------------------------ */

static void copy(bm_live *live) {
    const double start = bm_clock();
    for (int i = 0; i < live->array_count; i++) {
        memcpy(live->arrays[i].between, live->arrays[i].trained, live->arrays[i].bytes);
    }
    live->copy_there = true;
    live->copy_wanted = false;
    live->copy_seconds = bm_clock() - start;
}

/* What became of a wish: the sentence of a failure, or that what is done from, or at, a step. */
static void say(bm_live *live, bm_status status, const bm_error *error, const char *what) {
    if (status == BM_OK) {
        snprintf(live->message, sizeof live->message, "%s step %" PRId64, what, live->run->trainee->count);
    } else {
        snprintf(live->message, sizeof live->message, "%.255s", error->text);
    }
}

static void make_changes(bm_live *live) {
    bm_run *run = live->run;
    bm_status status = BM_OK;
    for (int i = 0; i < live->wish_count; i++) {
        bm_change *wish = &live->wishes[i];
        char what[sizeof wish->option + sizeof wish->value + 16];
        bm_error error;
        wish->step = run->trainee->count;
        const bm_status made = bm_changes_make(&run->changes, wish, run->folder.path, &run->trainee->live, &error);
        if (status == BM_OK) { /* a failure is what the message tells */
            snprintf(what, sizeof what, "%s = %s from", wish->option, wish->value);
            say(live, made, &error, what);
            status = made;
        }
    }
    live->wish_count = 0;
    live->copy_wanted = true; /* with what the options are now */
}

/* Not under the lock: the disk may take its time. */
static void save(bm_live *live) {
    bm_error error;
    const bm_status status = bm_run_save_last(live->run, &error);
    pthread_mutex_lock(&live->lock);
    say(live, status, &error, "saved at");
    pthread_mutex_unlock(&live->lock);
}

void bm_live_serve(bm_live *live) {
    if (!atomic_load_explicit(&live->wanted, memory_order_relaxed) || pthread_mutex_trylock(&live->lock) != 0) {
        return;
    }
    atomic_store_explicit(&live->wanted, false, memory_order_relaxed);
    if (live->wish_count > 0) {
        make_changes(live);
    }
    if (live->copy_wanted) {
        copy(live);
    }
    const bool save_wanted = live->save_wanted;
    live->save_wanted = false;
    pthread_mutex_unlock(&live->lock);
    if (save_wanted) {
        save(live);
    }
}

void bm_live_finish(bm_live *live) {
    pthread_mutex_lock(&live->lock);
    copy(live);
    pthread_mutex_unlock(&live->lock);
}
