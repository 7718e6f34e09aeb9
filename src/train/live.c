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

/* One array of the networks: the run's, and the watcher's. */
typedef struct {
    const void *trained;
    void *watched, *between; /* between: the copy on its way */
    size_t bytes;
} array_pair;

struct bm_live {
    bm_run *run;
    bm_agent *agent;
    array_pair *arrays;
    int array_count;
    void *config; /* the run's agent's, on its way */
    int64_t steps, updates;

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

/* Pairs every array of the watcher's networks with the run's of the same name. */
static bm_status pair_arrays(bm_live *live, bm_error *error) {
    static const char prefix[] = "agent.nets.";
    bm_state own = {0};
    bm_state_enter(&own, "agent");
    bm_agent_state(live->agent, &own);
    bm_state_leave(&own);
    bm_status status = bm_state_check(&own, error);
    live->arrays = status == BM_OK ? BM_NEW(&live->arena, array_pair, own.count) : NULL;
    for (size_t i = 0; live->arrays && i < own.count; i++) {
        const bm_array *trained = bm_state_find(&live->run->state, own.items[i].name);
        if (trained && strncmp(own.items[i].name, prefix, sizeof prefix - 1) == 0) {
            const size_t bytes = bm_array_bytes(trained);
            live->arrays[live->array_count++] =
                (array_pair){trained->data, own.items[i].data, bm_arena_alloc(&live->arena, bytes, 1), bytes};
        }
    }
    bm_state_free(&own);
    return status == BM_OK ? bm_arena_check(&live->arena, "the copy of the networks", error) : status;
}

bm_status bm_live_create(bm_live **result, bm_run *run, bm_error *error) {
    bm_live *live = calloc(1, sizeof *live);
    if (!live) {
        return bm_fail(error, "not enough memory to watch the run");
    }
    const bm_agent_setup setup = {
        .type = run->experiment->agent,
        .config = run->agent->config,
        .batch = run->env,
        .max_rows = BM_EVAL_LANES,
        .total_steps = run->experiment->run.steps,
        .seed = bm_seed_of(0),
        .acts_only = true,
    };
    live->run = run;
    pthread_mutex_init(&live->lock, NULL);
    live->config = bm_arena_alloc(&live->arena, 1, run->experiment->agent->options.config_bytes);
    bm_status status = bm_agent_create(&live->agent, &setup, error);
    if (status == BM_OK) {
        status = pair_arrays(live, error);
    }
    if (status != BM_OK) {
        bm_live_destroy(live);
        return status;
    }
    bm_live_finish(live);
    bm_live_refresh(live);
    *result = live;
    return BM_OK;
}

void bm_live_destroy(bm_live *live) {
    if (live) {
        bm_agent_destroy(live->agent);
        pthread_mutex_destroy(&live->lock);
        bm_arena_free(&live->arena);
        free(live);
    }
}

/* ---- the watcher ------------------------------------------------------------------------------------------------ */

bm_agent *bm_live_agent(bm_live *live) {
    return live->agent;
}

bool bm_live_refresh(bm_live *live) {
    const double now = bm_clock();
    pthread_mutex_lock(&live->lock);
    const bool there = live->copy_there;
    if (there) {
        for (int i = 0; i < live->array_count; i++) {
            memcpy(live->arrays[i].watched, live->arrays[i].between, live->arrays[i].bytes);
        }
        memcpy(live->agent->config, live->config, live->agent->type->options.config_bytes);
        for (int i = 0; i < live->wish_count; i++) { /* asked for after the copy was made */
            bm_agent_set(live->agent, live->wishes[i].option, live->wishes[i].value, NULL);
        }
        live->agent->steps = live->steps;
        live->agent->updates = live->updates;
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

/* The watcher's agent has the value at once, so that the next turn of the knob begins there. */
void bm_live_change(bm_live *live, const char *option, const char *value) {
    bm_error error;
    pthread_mutex_lock(&live->lock);
    if (bm_agent_set(live->agent, option, value, &error) != BM_OK) {
        snprintf(live->message, sizeof live->message, "%.255s", error.text);
        pthread_mutex_unlock(&live->lock);
        return;
    }
    int at = 0;
    while (at < live->wish_count && strcmp(live->wishes[at].option, option) != 0) {
        at++;
    }
    if (at < WISHES) {
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

bool bm_live_wanted(const bm_live *live) {
    return atomic_load_explicit(&live->wanted, memory_order_relaxed);
}

static void copy(bm_live *live) {
    const double start = bm_clock();
    for (int i = 0; i < live->array_count; i++) {
        memcpy(live->arrays[i].between, live->arrays[i].trained, live->arrays[i].bytes);
    }
    const bm_agent *agent = live->run->agent;
    memcpy(live->config, agent->config, agent->type->options.config_bytes);
    live->steps = agent->steps;
    live->updates = agent->updates;
    live->copy_there = true;
    live->copy_wanted = false;
    live->copy_seconds = bm_clock() - start;
}

static void make_changes(bm_live *live) {
    bm_run *run = live->run;
    char path[BM_PATH_MAX + 16];
    bool failed = false;
    bm_run_changes_path(run, path, sizeof path);
    for (int i = 0; i < live->wish_count; i++) {
        bm_change *wish = &live->wishes[i];
        bm_error error;
        wish->step = run->counters.step;
        const bm_status status = bm_changes_make(&run->changes, wish, path, run->agent, &error);
        if (failed) { /* which is what the message tells */
            continue;
        }
        failed = status != BM_OK;
        if (status == BM_OK) {
            snprintf(live->message, sizeof live->message, "%s = %s from step %" PRId64, wish->option, wish->value,
                     wish->step);
        } else {
            snprintf(live->message, sizeof live->message, "%.255s", error.text);
        }
    }
    live->wish_count = 0;
    memcpy(live->config, run->agent->config, run->agent->type->options.config_bytes);
}

/* Not under the lock: the disk may take its time. */
static void save(bm_live *live) {
    bm_error error;
    const bm_status status = bm_run_save_last(live->run, &error);
    pthread_mutex_lock(&live->lock);
    if (status == BM_OK) {
        snprintf(live->message, sizeof live->message, "saved at step %" PRId64, live->run->counters.step);
    } else {
        snprintf(live->message, sizeof live->message, "%.255s", error.text);
    }
    pthread_mutex_unlock(&live->lock);
}

void bm_live_serve(bm_live *live) {
    if (pthread_mutex_trylock(&live->lock) != 0) {
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
