/* The thread pool: every item once, on as many threads as asked for, with the same result on any number of them. */
#include "core/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/rng.h"
#include "support.h"

static bm_pool *new_pool(int threads) {
    bm_pool *pool;
    bm_error error;
    ck_assert_msg(bm_pool_create(&pool, threads, &error) == BM_OK, "%s", error.text);
    return pool;
}

enum { ITEMS = 500 };

/* Uneven work, so that threads finish in another order than they began. */
static void sum_normals(void *context, int item) {
    double *sum = context;
    const bm_seed root = bm_seed_of(5), seed = bm_seed_child(&root, (uint32_t)item);
    bm_rng rng = bm_rng_from(&seed);
    for (int i = 0; i < item % 37 * 20; i++) {
        sum[item] += bm_rng_normal(&rng);
    }
}

START_TEST(results_do_not_depend_on_the_number_of_threads) {
    double alone[ITEMS] = {0};
    for (int i = 0; i < ITEMS; i++) {
        sum_normals(alone, i);
    }
    for (int threads = 1; threads <= 8; threads++) {
        bm_pool *pool = new_pool(threads);
        ck_assert_int_eq(bm_pool_threads(pool), threads);
        double sum[ITEMS] = {0};
        bm_pool_run(pool, ITEMS, sum_normals, sum);
        ck_assert_mem_eq(sum, alone, sizeof alone);
        bm_pool_destroy(pool);
    }
}
END_TEST

static void count(void *context, int item) {
    ((int *)context)[item]++;
}

START_TEST(each_item_of_many_small_runs_is_done_exactly_once) {
    bm_pool *pool = new_pool(4);
    int done[10] = {0}, wanted[10] = {0};
    for (int run = 0; run < 5000; run++) {
        const int items = run % 11; /* 0 items, fewer than threads, more than threads */
        bm_pool_run(pool, items, count, done);
        for (int i = 0; i < items; i++) {
            wanted[i]++;
        }
        ck_assert_mem_eq(done, wanted, sizeof wanted);
    }
    bm_pool_destroy(pool);
}
END_TEST

START_TEST(without_items_the_task_is_never_called) {
    for (int threads = 1; threads <= 3; threads++) {
        bm_pool *pool = new_pool(threads);
        bm_pool_run(pool, 0, count, NULL);
        bm_pool_destroy(pool);
    }
}
END_TEST

static void meet(void *context, int item) {
    (void)item;
    pthread_barrier_wait(context);
}

START_TEST(all_threads_work_at_once_and_the_caller_is_one_of_them) {
    enum { THREADS = 5 };
    pthread_barrier_t everyone;
    ck_assert_int_eq(pthread_barrier_init(&everyone, NULL, THREADS), 0);
    bm_pool *pool = new_pool(THREADS);
    for (int run = 0; run < 100; run++) {
        bm_pool_run(pool, THREADS, meet, &everyone); /* hangs with fewer threads */
    }
    bm_pool_destroy(pool);
    pthread_barrier_destroy(&everyone);
}
END_TEST

static void note_thread(void *context, int item) {
    ((pthread_t *)context)[item] = pthread_self();
}

START_TEST(one_thread_means_the_caller_itself) {
    bm_pool *pool = new_pool(1);
    pthread_t thread[6];
    bm_pool_run(pool, 6, note_thread, thread);
    for (int i = 0; i < 6; i++) {
        ck_assert(pthread_equal(thread[i], pthread_self()));
    }
    bm_pool_destroy(pool);
}
END_TEST

static void add_items(void *context, int item) {
    atomic_fetch_add((atomic_int *)context, item);
}

static void run_own_pool(void *context, int item) {
    bm_pool *pool = new_pool(1 + item % 3);
    bm_pool_run(pool, 10, add_items, context);
    bm_pool_destroy(pool);
}

START_TEST(a_task_may_own_a_pool) {
    bm_pool *pool = new_pool(3);
    atomic_int sum = 0;
    bm_pool_run(pool, 50, run_own_pool, &sum);
    ck_assert_int_eq(atomic_load(&sum), 50 * 45);
    bm_pool_destroy(pool);
}
END_TEST

START_TEST(a_pool_that_never_ran_is_destroyed) {
    bm_pool_destroy(new_pool(8));
    bm_pool_destroy(NULL);
}
END_TEST

START_TEST(fewer_than_one_thread_is_refused) {
    bm_pool *pool;
    bm_error error;
    ck_assert_int_eq(bm_pool_create(&pool, 0, &error), BM_INVALID);
    ck_assert_ptr_null(pool);
    ck_assert_msg(strstr(error.text, "threads=0") != NULL, "%s", error.text);
}
END_TEST

TEST_MAIN("pool", 60, results_do_not_depend_on_the_number_of_threads, each_item_of_many_small_runs_is_done_exactly_once,
          without_items_the_task_is_never_called, all_threads_work_at_once_and_the_caller_is_one_of_them,
          one_thread_means_the_caller_itself, a_task_may_own_a_pool, a_pool_that_never_ran_is_destroyed,
          fewer_than_one_thread_is_refused)
