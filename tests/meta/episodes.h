#ifndef BM_TESTS_META_EPISODES_H
#define BM_TESTS_META_EPISODES_H

/* Families of environments with options given as pairs of texts, and rooms to work on them. */
#include <stdlib.h>
#include <string.h>

#include "core/option.h"
#include "meta/learner.h"
#include "support.h"

typedef struct {
    const char *key, *value;
} setting;

typedef struct {
    bm_tasks *tasks;
    void *config;
} acting;

/* settings end with a NULL key. hidden: one layer of so many tanh units; 0: none. */
static inline bm_status acting_try(acting *made, const char *name, const setting *settings, int hidden,
                                   bm_error *error) {
    const bm_tasks_type *type;
    ck_assert_int_eq(bm_tasks_lookup(name, &type, error), BM_OK);
    *made = (acting){.config = malloc(type->options.config_bytes)};
    ck_assert_ptr_nonnull(made->config);
    bm_options_defaults(&type->options, made->config);
    for (; settings->key; settings++) {
        ck_assert_msg(bm_options_set(&type->options, made->config, settings->key, settings->value, error) == BM_OK,
                      "%s", error->text);
    }
    const bm_int_list layers = {.count = hidden > 0, .value = {hidden}};
    return bm_tasks_create(&made->tasks, type, made->config, &layers, &bm_activation_tanh, error);
}

static inline acting acting_make(const char *name, const setting *settings, int hidden) {
    acting made;
    bm_error error = {""};
    ck_assert_msg(acting_try(&made, name, settings, hidden, &error) == BM_OK, "%s", error.text);
    return made;
}

static inline void acting_free(acting *made) {
    bm_tasks_destroy(made->tasks);
    free(made->config);
}

static inline bm_task_room acting_room(const acting *from, int inner_steps, int minibatch, bool test) {
    bm_task_room room;
    bm_error error = {""};
    ck_assert_msg(bm_task_room_open(&room, from->tasks, inner_steps, minibatch, test, &error) == BM_OK, "%s",
                  error.text);
    return room;
}

static inline void acting_begin(bm_task_room *room, uint64_t entropy) {
    const bm_seed seed = bm_seed_of(entropy);
    room->tasks->type->methods->begin(room, &seed);
}

static inline bm_real *numbers(size_t n) {
    bm_real *x = calloc(n, sizeof *x);
    ck_assert_ptr_nonnull(x);
    return x;
}

#endif
