#ifndef BM_TESTS_ENVS_BUILD_H
#define BM_TESTS_ENVS_BUILD_H

/* Batches with options set, written "key=value;key=value". */
#include <stdlib.h>
#include <string.h>

#include "envs/env.h"
#include "support.h"

static bm_status try_build(bm_env_batch **batch, const char *id, int lanes, const char *options, bm_error *error) {
    const bm_env_type *type = bm_env_find(id);
    ck_assert_msg(type != NULL, "no environment %s", id);
    void *config = calloc(1, type->options.config_bytes);
    char *copy = malloc(strlen(options) + 1);
    ck_assert(config && copy);
    bm_options_defaults(&type->options, config);
    memcpy(copy, options, strlen(options) + 1);
    char *rest = copy;
    for (char *key; (key = strtok_r(rest, ";", &rest)) != NULL;) {
        char *value = strchr(key, '=');
        ck_assert_ptr_nonnull(value);
        *value = '\0';
        ck_assert_msg(bm_options_set(&type->options, config, key, value + 1, error) == BM_OK, "%s", error->text);
    }
    const bm_status status = bm_env_create(batch, type, config, lanes, error);
    free(copy);
    free(config);
    return status;
}

/* Seeded and reset too. */
static bm_env_batch *build(const char *id, int lanes, const char *options, uint64_t seed) {
    bm_env_batch *batch;
    bm_error error;
    ck_assert_msg(try_build(&batch, id, lanes, options, &error) == BM_OK, "%s: %s", id, error.text);
    bm_env_seed(batch, seed);
    bm_env_reset(batch);
    return batch;
}

static inline void set_state(bm_env_batch *batch, int lane, const double *values) {
    bm_error error;
    ck_assert_msg(bm_env_set_state(batch, lane, values, &error) == BM_OK, "%s", error.text);
}

/* The batch's discrete actions. */
static inline int32_t *choices(const bm_env_batch *batch) {
    return batch->action;
}

#endif
