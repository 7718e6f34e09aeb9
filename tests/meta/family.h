#ifndef BM_TESTS_META_FAMILY_H
#define BM_TESTS_META_FAMILY_H

/* A family of tasks with options given as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/option.h"
#include "meta/tasks.h"
#include "support.h"

typedef struct {
    bm_tasks *tasks;
    void *config;
} family;

/* options: "shots=3;ways=4", of the family called name. hidden: one layer of so many tanh units; 0: none. */
static inline bm_status family_try(family *made, const char *name, const char *options, int hidden, bm_error *error) {
    const bm_tasks_type *type;
    ck_assert_int_eq(bm_tasks_lookup(name, &type, error), BM_OK);
    *made = (family){.config = malloc(type->options.config_bytes)};
    ck_assert_ptr_nonnull(made->config);
    bm_options_defaults(&type->options, made->config);
    while (*options) {
        char key[32], value[32];
        int length = 0;
        ck_assert_int_eq(sscanf(options, "%31[^=]=%31[^;]%n", key, value, &length), 2);
        ck_assert_msg(bm_options_set(&type->options, made->config, key, value, error) == BM_OK, "%s", error->text);
        options += length;
        options += *options == ';';
    }
    const bm_int_list layers = {.count = hidden > 0, .value = {hidden}};
    return bm_tasks_create(&made->tasks, type, made->config, &layers, &bm_activation_tanh, error);
}

static inline family family_make(const char *name, const char *options, int hidden) {
    family made;
    bm_error error = {""};
    ck_assert_msg(family_try(&made, name, options, hidden, &error) == BM_OK, "%s", error.text);
    return made;
}

static inline void family_free(family *made) {
    bm_tasks_destroy(made->tasks);
    free(made->config);
}

static inline bm_task_room room_open(const family *from, int minibatch, bool test) {
    bm_task_room room;
    bm_error error = {""};
    ck_assert_msg(bm_task_room_open(&room, from->tasks, 1, minibatch, test, &error) == BM_OK, "%s", error.text);
    return room;
}

static inline void room_begin(bm_task_room *room, uint64_t entropy) {
    const bm_seed seed = bm_seed_of(entropy);
    room->tasks->type->methods->begin(room, &seed);
}

static inline bm_real *reals(size_t n) {
    bm_real *x = calloc(n, sizeof *x);
    ck_assert_ptr_nonnull(x);
    return x;
}

#endif
