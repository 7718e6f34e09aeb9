#ifndef BM_TUNE_WORKERS_H
#define BM_TUNE_WORKERS_H

/* Evaluations in processes of their own, so that one that crashes is a failed trial and not a dead study. Workers end
 * with the process that started them, however it ends. Where there are several ranks (ranks.h), each has its share of
 * the places, and rank 0 gives all of them work; it makes no difference to who uses them. */
#include "tune/tune_objective.h"

enum { BM_WORKERS = 256, BM_JOB_SETTINGS = 64, BM_JOB_SEEDS = 64 };

/* Settings evaluated with several seeds, one after another: the folds. Texts must live until the job has been
 * started. */
typedef struct {
    int64_t id; /* the caller's */
    const bm_setting *settings;
    int count, seeds;
    const uint64_t *seed; /* [seeds] */
} bm_job;

typedef enum {
    BM_WORKER_PROGRESS, /* step: of all folds together */
    BM_WORKER_REPORT,   /* value: the mean over folds so far, the one at work counted as it stands; answer it */
    BM_WORKER_FOLD,     /* fold has ended with value */
    BM_WORKER_DONE,     /* all folds have; value: their mean */
    BM_WORKER_STOPPED,  /* as the answer to a report wanted it */
    BM_WORKER_FAILED    /* text says why */
} bm_worker_kind;

typedef struct {
    bm_worker_kind kind;
    int64_t job, step;
    int fold;
    double value;
    char text[512];
} bm_worker_event;

typedef struct bm_workers bm_workers;

/* jobs: places in all, over the ranks there are. */
bm_status bm_workers_create(bm_workers **workers, const bm_tune_objective *objective, int jobs, bm_error *error);
void bm_workers_destroy(bm_workers *workers); /* ends what is running; NULL is fine */
int bm_workers_free_places(const bm_workers *workers);
int bm_workers_running(const bm_workers *workers);
/* Starts a job where a place is free. BM_FAILED: the system refused a process. */
bm_status bm_workers_start(bm_workers *workers, const bm_job *job, bm_error *error);
/* The next event, waiting at most timeout_ms for one; false: none. After DONE, STOPPED and FAILED the place is free. */
bool bm_workers_event(bm_workers *workers, int timeout_ms, bm_worker_event *event);
/* What a report's worker waits for: whether to go on. */
void bm_workers_answer(bm_workers *workers, int64_t job, bool go_on);

/* What the other ranks do: evaluate what rank 0 sends to its places of so many jobs, until it ends. */
bm_status bm_workers_serve(const bm_tune_objective *objective, int jobs, bm_error *error);

#endif
