/* Ranks over MPI. Nothing of this is kept in objects of our own: which rank this is, and whether it was told to end,
 * MPI knows. */
#include "tune/ranks.h"

#include <stdlib.h>

#ifdef BM_MPI
#include <mpi.h>
#include <signal.h>

#include "core/clock.h"
#endif

/* What launchers tell their processes: Open MPI's mpirun, those that speak PMI (MPICH, Intel, srun --mpi=pmi2), and
 * srun. */
static int told(const char *const name[3], int otherwise) {
    for (int i = 0; i < 3; i++) {
        const char *text = getenv(name[i]);
        if (text && *text >= '0' && *text <= '9') {
            return (int)strtol(text, NULL, 10);
        }
    }
    return otherwise;
}

static int launched(void) {
    return told((const char *const[]){"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}, 1);
}

int bm_ranks_own(void) {
    return launched() > 1 ? told((const char *const[]){"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"}, 0) : 0;
}

#ifndef BM_MPI

bm_status bm_ranks_begin(bm_error *error) {
    return launched() > 1 ? bm_fail(error,
                                    "started as %d processes, but built without MPI: build with make MPI=1, or start "
                                    "one process with --jobs %d",
                                    launched(), launched())
                          : BM_OK;
}

int bm_ranks_count(void) {
    return 1;
}

bool bm_ranks_called(void) {
    return false;
}

void bm_ranks_send(int to, bm_rank_message kind, const void *message, size_t bytes) {
    (void)to, (void)kind, (void)message, (void)bytes;
}

bool bm_ranks_receive(int *from, bm_rank_message *kind, void *message, size_t bytes) {
    (void)from, (void)kind, (void)message, (void)bytes;
    return false;
}

#else

static bool joined(void) {
    int begun = 0, ended = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&ended);
    return begun && !ended;
}

int bm_ranks_count(void) {
    int count = 1;
    if (joined()) {
        MPI_Comm_size(MPI_COMM_WORLD, &count);
    }
    return count;
}

/* At exit, whoever calls it. */
static void leave(void) {
    void *buffer;
    int bytes, there = 0;
    if (!joined()) {
        return;
    }
    if (bm_ranks_own() == 0) {
        for (int rank = 1; rank < bm_ranks_count(); rank++) {
            bm_ranks_send(rank, BM_RANK_END, NULL, 0);
        }
        MPI_Buffer_detach(&buffer, &bytes); /* waits until all has been received */
        free(buffer);
    } else {
        MPI_Iprobe(0, BM_RANK_END, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
        if (!there) {
            MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
        }
        MPI_Recv(NULL, 0, MPI_BYTE, 0, BM_RANK_END, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    MPI_Finalize();
}

/* Open MPI would print a page for every trial that crashes: crashes go where they went before. */
static int initialize(void) {
    static const int crash[] = {SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    enum { CRASHES = sizeof crash / sizeof crash[0] };
    struct sigaction before[CRASHES];
    for (int i = 0; i < CRASHES; i++) {
        sigaction(crash[i], NULL, &before[i]);
    }
    const int status = MPI_Init(NULL, NULL);
    for (int i = 0; i < CRASHES; i++) {
        sigaction(crash[i], &before[i], NULL);
    }
    return status;
}

static bm_status not_connected(bm_error *error) {
    return bm_fail(error,
                   "started as %d processes that do not find each other: start them with mpirun, or with srun "
                   "--mpi=pmix",
                   launched());
}

bm_status bm_ranks_begin(bm_error *error) {
    if (launched() <= 1 || joined()) {
        return BM_OK;
    }
    /* What srun starts without --mpi would end in MPI_Init, with a page from every rank. */
    if (told((const char *const[]){"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}, -1) < 0) {
        return not_connected(error);
    }
    if (initialize() != MPI_SUCCESS) {
        return bm_fail(error, "cannot join the other ranks: MPI refused");
    }
    if (bm_ranks_count() != launched()) {
        MPI_Finalize();
        return not_connected(error);
    }
    void *buffer = malloc(BM_RANKS_BUFFER_BYTES);
    if (!buffer || MPI_Buffer_attach(buffer, BM_RANKS_BUFFER_BYTES) != MPI_SUCCESS || atexit(leave) != 0) {
        free(buffer);
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
        return bm_fail(error, "not enough memory for messages between ranks");
    }
    return BM_OK;
}

bool bm_ranks_called(void) {
    MPI_Status status;
    int there = 0;
    while (!there) {
        bm_sleep(1e-3 * BM_RANKS_PAUSE_MS);
        MPI_Iprobe(0, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
    }
    return status.MPI_TAG != BM_RANK_END;
}

void bm_ranks_send(int to, bm_rank_message kind, const void *message, size_t bytes) {
    if (bm_ranks_own() == 0) {
        MPI_Bsend(message, (int)bytes, MPI_BYTE, to, (int)kind, MPI_COMM_WORLD);
    } else {
        MPI_Send(message, (int)bytes, MPI_BYTE, to, (int)kind, MPI_COMM_WORLD);
    }
}

bool bm_ranks_receive(int *from, bm_rank_message *kind, void *message, size_t bytes) {
    MPI_Status status;
    int there = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
    if (there) {
        *from = status.MPI_SOURCE;
        *kind = (bm_rank_message)status.MPI_TAG;
        if (*kind != BM_RANK_END) {
            MPI_Recv(message, (int)bytes, MPI_BYTE, *from, status.MPI_TAG, MPI_COMM_WORLD, &status);
        }
    }
    return there;
}

#endif
