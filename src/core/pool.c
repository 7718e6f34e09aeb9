/* A persistent pool: workers sleep on a condition variable until a run offers tickets, one for each worker that could
 * be of use. Items are handed out one by one through an atomic counter, so uneven items balance themselves. The caller
 * takes items too and, when none is left, withdraws the tickets nobody has come for: a run never waits for a worker to
 * wake up only to find nothing to do. */
#include "core/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct bm_pool {
    int threads, started; /* the caller counted; workers running */
    pthread_t *workers;   /* [threads - 1] */
    pthread_mutex_t lock; /* guards everything below but next_item */
    pthread_cond_t offer; /* tickets are there, or stop */
    pthread_cond_t idle;  /* active has become 0 */
    int tickets, active;  /* workers that may still join this run; that have joined and not finished */
    bool stop;
    bm_pool_task *task; /* the run's own; changes only while active is 0 */
    void *context;
    int items;
    atomic_llong next_item; /* wide: every thread steps past the last item once */
};

static void work(bm_pool *pool) {
    for (;;) {
        /* Relaxed is enough: the counter only divides the items; the lock orders the memory around a run. */
        const long long item = atomic_fetch_add_explicit(&pool->next_item, 1, memory_order_relaxed);
        if (item >= pool->items) {
            return;
        }
        pool->task(pool->context, (int)item);
    }
}

static void *worker(void *argument) {
    bm_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->tickets == 0 && !pool->stop) {
            pthread_cond_wait(&pool->offer, &pool->lock);
        }
        if (pool->stop) {
            break;
        }
        pool->tickets--;
        pool->active++;
        pthread_mutex_unlock(&pool->lock);
        work(pool);
        pthread_mutex_lock(&pool->lock);
        if (--pool->active == 0) {
            pthread_cond_signal(&pool->idle);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

void bm_pool_run(bm_pool *pool, int items, bm_pool_task *task, void *context) {
    const int helpers = items - 1 < pool->threads - 1 ? items - 1 : pool->threads - 1;
    if (helpers <= 0) {
        for (int i = 0; i < items; i++) {
            task(context, i);
        }
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->context = context;
    pool->items = items;
    atomic_store_explicit(&pool->next_item, 0, memory_order_relaxed);
    pool->tickets = helpers;
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < helpers; i++) {
        pthread_cond_signal(&pool->offer);
    }
    work(pool);
    pthread_mutex_lock(&pool->lock);
    pool->tickets = 0;
    while (pool->active > 0) {
        pthread_cond_wait(&pool->idle, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

int bm_pool_threads(const bm_pool *pool) {
    return pool->threads;
}

void bm_pool_destroy(bm_pool *pool) {
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->offer);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++) {
        pthread_join(pool->workers[i], NULL);
    }
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->offer);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

static bm_status start_workers(bm_pool *pool, bm_error *error) {
    for (; pool->started < pool->threads - 1; pool->started++) {
        const int reason = pthread_create(&pool->workers[pool->started], NULL, worker, pool);
        if (reason != 0) {
            char text[128] = "";
            (void)strerror_r(reason, text, sizeof text);
            return bm_fail(error, "cannot start thread %d of %d: %s; ask for fewer threads", pool->started + 2,
                           pool->threads, text);
        }
    }
    return BM_OK;
}

bm_status bm_pool_create(bm_pool **result, int threads, bm_error *error) {
    *result = NULL;
    if (threads < 1) {
        return bm_invalid(error, "threads=%d: at least 1 is needed, the caller's own", threads);
    }
    bm_pool *pool = calloc(1, sizeof *pool);
    pthread_t *workers = calloc((size_t)threads, sizeof *workers);
    if (!pool || !workers) {
        free(pool);
        free(workers);
        return bm_fail(error, "not enough memory for a pool of %d threads", threads);
    }
    pool->threads = threads;
    pool->workers = workers;
    atomic_init(&pool->next_item, 0);
    if (pthread_mutex_init(&pool->lock, NULL) != 0 || pthread_cond_init(&pool->offer, NULL) != 0 ||
        pthread_cond_init(&pool->idle, NULL) != 0) {
        free(pool);
        free(workers);
        return bm_fail(error, "the system has no lock left for a pool of %d threads", threads);
    }
    const bm_status status = start_workers(pool, error);
    if (status != BM_OK) {
        bm_pool_destroy(pool);
        return status;
    }
    *result = pool;
    return BM_OK;
}
