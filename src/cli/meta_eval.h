#ifndef BM_CLI_META_EVAL_H
#define BM_CLI_META_EVAL_H

/* bellman meta eval: meta_eval.c reads what is asked for and makes it, meta_eval_show.c says what came out. */
#include <cjson/cJSON.h>

#include "meta/meta_eval.h"

/* What evaluations are called on a progress line: "mse after 10". */
const char *bm_meta_score_word(const bm_experiment *experiment, char score[64]);

/* argv[0] is "eval"; returns the exit code. */
int bm_meta_eval_command(int argc, char **argv);

/* What was evaluated, for people: where from, and all methods in a table. */
void bm_meta_eval_print(const bm_meta_eval *eval, const char *folder, const char *checkpoint);
cJSON *bm_meta_eval_json(const bm_meta_eval *eval, const char *folder, const char *checkpoint);
/* Rows of method, number of steps and score; of every task. path "-": standard output. */
bm_status bm_meta_eval_write(const bm_meta_eval *eval, const char *path, bm_error *error);
bm_status bm_meta_eval_write_tasks(const bm_meta_eval *eval, const char *path, bm_error *error);

#endif
