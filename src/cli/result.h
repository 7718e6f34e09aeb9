#ifndef BM_CLI_RESULT_H
#define BM_CLI_RESULT_H

/* How a run ended, as an object: what train --json prints about it, and what stands in its result.json. */
#include <cjson/cJSON.h>

#include "train/run.h"

cJSON *bm_result_of_agent(const bm_run *run, const char *folder, const bm_run_result *result);
cJSON *bm_result_of_meta(const bm_run *run, const char *folder, const bm_run_result *result);
/* Names a member of an array after the numbers of steps of adaptation, and adds a number, null where it is not
 * finite. */
void bm_result_add_steps(cJSON *object, const bm_int_list *steps);
void bm_result_add_number(cJSON *array, double value);
/* FOLDER/result.json, replaced in one step. */
bm_status bm_result_write(const cJSON *object, const char *folder, bm_error *error);
/* What stands there; NULL: nothing, or nothing that can be read. */
cJSON *bm_result_read(const char *folder);
/* A member that is a number; NAN where it is not. */
double bm_result_number(const cJSON *object, const char *name);

/* Decimals that a mean return is shown with: where rewards are about 1, the second and third count. */
int bm_result_decimals(double mean);

#endif
