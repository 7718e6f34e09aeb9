#ifndef BM_TUNE_STORE_DISTRIBUTION_H
#define BM_TUNE_STORE_DISTRIBUTION_H

/* Parameters as Optuna writes their distributions, and a whole space as JSON.
 *
 * Our choices are texts, Optuna's have types: a text that JSON would read as a number, true, false or null is written
 * as that, so that a user of Optuna meets 64 and not "64"; all else is written as a string. */
#include <cjson/cJSON.h>

#include "tune/search_space.h"

/* {"name": "FloatDistribution", "attributes": {...}}, letter for letter as Python writes it; NULL: no memory. */
const char *bm_distribution_json(const bm_parameter *parameter, bm_arena *arena);
/* Fills all of parameter but name and condition; choices in the arena. BM_FAILED: no distribution, or one that is not
 * known. */
bm_status bm_distribution_read(const char *json, bm_parameter *parameter, bm_arena *arena, bm_error *error);
/* Whether two have the same values, with the same density. Choices that are numbers are compared as such. */
bool bm_distribution_same(const bm_parameter *a, const bm_parameter *b);
/* A value as Optuna writes it for people (0.001, "adam") as the parameter has it; NAN: not one of its values. */
double bm_distribution_value(const bm_parameter *parameter, const cJSON *item);
/* Index of a choice in the parameter; NAN: none of them. */
double bm_distribution_choice(const bm_parameter *parameter, const char *choice);

/* With what distributions cannot say: which parameters exist only where, and choices letter for letter. */
const char *bm_space_json(const bm_search_space *space, bm_arena *arena); /* NULL: no memory */
/* space is empty and fills; on failure it is empty again. */
bm_status bm_space_read(const char *json, bm_search_space *space, bm_error *error);

#endif
