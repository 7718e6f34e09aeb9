#ifndef BM_CORE_POOL_H
#define BM_CORE_POOL_H

/* A persistent pool of POSIX threads. Work is a number of independent items; which thread runs an item is not
 * determined, so an item may write only what is its own, and results never depend on the number of threads. */
#include "core/error.h"

typedef struct bm_pool bm_pool;
typedef void bm_pool_task(void *context, int item);

/* threads >= 1 counts the caller, which works too: 1 starts no thread at all. BM_FAILED: the system refused one. */
bm_status bm_pool_create(bm_pool **pool, int threads, bm_error *error);

/* Calls task for items 0 to items - 1 and returns when all are done; what they wrote is then visible to the caller. One
 * run at a time: a task may run another pool, not its own. */
void bm_pool_run(bm_pool *pool, int items, bm_pool_task *task, void *context);
int bm_pool_threads(const bm_pool *pool);
void bm_pool_destroy(bm_pool *pool); /* NULL is fine */

#endif
