#ifndef BM_CLI_RESULT_H
#define BM_CLI_RESULT_H

/* How a run ended, as an object: what train --json prints about it, and what stands in its result.json. */
#include <cjson/cJSON.h>

#include "train/run.h"

cJSON *bm_result_json(const bm_experiment *experiment, const char *folder, const bm_run_result *result);
/* FOLDER/result.json, replaced in one step. */
bm_status bm_result_write(const cJSON *object, const char *folder, bm_error *error);
/* What stands there; NULL: nothing, or nothing that can be read. */
cJSON *bm_result_read(const char *folder);
/* A member that is a number; NAN where it is not. */
double bm_result_number(const cJSON *object, const char *name);

/* Decimals that a mean return is shown with: where rewards are about 1, the second and third count. */
int bm_result_decimals(double mean);

#endif
