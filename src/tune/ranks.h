#ifndef BM_TUNE_RANKS_H
#define BM_TUNE_RANKS_H

/* Processes that mpirun or srun started together, on one machine or several: rank 0 owns the study, the others work for
 * it. This is all that the library knows of MPI, and it is MPI only where the program was built with it (make MPI=1).
 * Without, and where only one process was started, there is one rank, and nothing is set up. */
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum {
    BM_RANKS_PAUSE_MS = 1,            /* between two looks for messages: MPI has no way to sleep until one comes */
    BM_RANKS_BUFFER_BYTES = 12 << 20, /* holds all that rank 0 has under way */
};

typedef enum {
    BM_RANK_END, /* from rank 0: there is nothing more to do; it stays the last message, however often it is received */
    BM_RANK_JOB,
    BM_RANK_ANSWER,
    BM_RANK_CLEAR,   /* from rank 0: end what is running */
    BM_RANK_CLEARED, /* and the reply */
    BM_RANK_EVENT
} bm_rank_message;

/* Joins the ranks, if several were started. From then on exit() of rank 0 ends the others; exit() of another that was
 * not told to end ends them all. Forked children must leave by _exit. Fails where several were started that cannot find
 * each other. */
bm_status bm_ranks_begin(bm_error *error);
int bm_ranks_count(void);
int bm_ranks_own(void); /* as the launcher says, also where bm_ranks_begin failed */
/* Waits for the first word of rank 0; false: it is that there is nothing to do. */
bool bm_ranks_called(void);
/* Messages come whole and, from one rank, in order. Rank 0 never waits for the others to receive. */
void bm_ranks_send(int to, bm_rank_message kind, const void *message, size_t bytes);
/* The next message, if one has come; it must fit. */
bool bm_ranks_receive(int *from, bm_rank_message *kind, void *message, size_t bytes);

#endif
