#ifndef BM_TESTS_GOLDEN_ENV_H
#define BM_TESTS_GOLDEN_ENV_H

/* Gymnasium's environments by their ids, and the few places where comparisons touch a batch of them. */
#include "envs/env.h"

bool golden_env_exists(const char *id); /* also as another environment with certain options */
/* One lane of it. options as in envs/build.h, "" for Gymnasium's. */
bm_env_batch *golden_env_build(const char *id, const char *options);

void golden_env_place(bm_env_batch *batch, const double *state, int elapsed);
void golden_env_act(bm_env_batch *batch, const double *action);
double golden_env_action(const bm_env_batch *batch, int i); /* what lane 0 does */
const void *golden_env_shown(const bm_env_batch *batch);    /* what a step led to, also where it ended the episode */
double golden_env_number(const bm_env_batch *batch, const void *observation, int i);

#endif
