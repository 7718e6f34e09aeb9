/* Each worker is a forked process at the other end of a socket that keeps messages whole. Another rank's is one of that
 * rank's, which passes on what both sides say. */
#include "tune/workers.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tune/ranks.h"

typedef struct {
    bool taken;
    int rank; /* 0: this one, also where it serves another */
    int64_t job;
    pid_t pid; /* of this rank: the process, and our end of its socket */
    int socket;
} place;

struct bm_workers {
    const bm_tune_objective *objective;
    int jobs, ranks;
    int next;          /* the place here whose turn it is to be listened to */
    bool listens_here; /* whether it is the turn of those here, or of the other ranks */
    place place[BM_WORKERS];
};

/* A job on its way to another rank. */
typedef struct {
    int64_t id;
    int count, seeds;
    uint64_t seed[BM_JOB_SEEDS];
    char text[BM_JOB_SETTINGS * (BM_OPTION_KEY_BYTES + BM_OPTION_TEXT_BYTES)]; /* "key\0value\0" by setting */
} job_message;

typedef struct {
    int64_t job;
    bool go_on;
} answer_message;

/* A place has one job or one answer under way, and a rank a word to end besides. */
_Static_assert((sizeof(job_message) + 1024) * BM_WORKERS <= BM_RANKS_BUFFER_BYTES, "rank 0 could have to wait");

/* ---- the worker's side ------------------------------------------------------------------------------------------ */

typedef struct {
    int socket, fold;
    int64_t job, steps; /* steps: of a fold */
    double sum;         /* of the folds that have ended */
    bool stopped;
} worker;

static void send_event(int socket, const bm_worker_event *event) {
    while (send(socket, event, sizeof *event, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

static bool visit(void *context, int64_t step, double value) {
    worker *w = context;
    bm_worker_event event = {
        .kind = isnan(value) ? BM_WORKER_PROGRESS : BM_WORKER_REPORT,
        .job = w->job,
        .fold = w->fold,
        .step = w->fold * w->steps + step,
        .value = (w->sum + value) / (w->fold + 1),
    };
    char answer = 0;
    send_event(w->socket, &event);
    if (event.kind == BM_WORKER_REPORT) {
        ssize_t got;
        while ((got = recv(w->socket, &answer, 1, 0)) < 0 && errno == EINTR) {
        }
        w->stopped |= got != 1 || !answer;
    }
    return !w->stopped;
}

static void work(const bm_tune_objective *objective, const bm_job *job, int socket) {
    worker w = {.socket = socket, .job = job->id, .steps = objective->steps};
    bm_worker_event event = {.job = job->id};
    bm_status status = BM_OK;
    bm_error error = {.text = ""};
    for (; w.fold < job->seeds && status == BM_OK && !w.stopped; w.fold++) {
        double value;
        status =
            objective->evaluate(objective, job->settings, job->count, job->seed[w.fold], visit, &w, &value, &error);
        if (status == BM_OK && !w.stopped) {
            event.kind = BM_WORKER_FOLD;
            event.fold = w.fold;
            event.step = (w.fold + 1) * objective->steps;
            event.value = value;
            send_event(socket, &event);
            w.sum += value;
        }
    }
    event.kind = status != BM_OK ? BM_WORKER_FAILED : w.stopped ? BM_WORKER_STOPPED : BM_WORKER_DONE;
    event.value = w.sum / job->seeds;
    memcpy(event.text, error.text, sizeof event.text);
    send_event(socket, &event);
}

/* Ctrl-C and what ends a whole group or job are for the process in front; a worker ends when that one does. */
__attribute__((noreturn)) static void be_worker(const bm_workers *workers, const bm_job *job, int socket,
                                                pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    for (int i = 0; i < workers->jobs; i++) {
        if (workers->place[i].pid) {
            close(workers->place[i].socket);
        }
    }
    if (getppid() == parent) {
        work(workers->objective, job, socket);
    }
    _exit(0);
}

/* ---- places of this rank ---------------------------------------------------------------------------------------- */

static void leave(place *p) {
    *p = (place){.rank = p->rank};
}

/* Waits for the end of its process; returns how it ended. */
static int clear(place *p) {
    int how = 0;
    close(p->socket);
    while (waitpid(p->pid, &how, 0) < 0 && errno == EINTR) {
    }
    leave(p);
    return how;
}

static void clear_all(bm_workers *workers) {
    for (int i = 0; i < workers->jobs; i++) {
        if (workers->place[i].pid) {
            kill(workers->place[i].pid, SIGKILL);
            clear(&workers->place[i]);
        }
    }
}

static bm_status fork_worker(const bm_workers *workers, place *p, const bm_job *job, bm_error *error) {
    int socket[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socket) != 0) {
        return bm_fail(error, "cannot start a worker: %s", strerror(errno));
    }
    const pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        const int failure = errno;
        close(socket[0]);
        close(socket[1]);
        return bm_fail(error, "cannot start a worker: %s", strerror(failure));
    }
    if (pid == 0) {
        close(socket[0]);
        be_worker(workers, job, socket[1], parent);
    }
    close(socket[1]);
    p->pid = pid;
    p->socket = socket[0];
    return BM_OK;
}

static void describe_end(int how, bm_worker_event *event) {
    if (WIFSIGNALED(how)) {
        snprintf(event->text, sizeof event->text, "the worker was ended by signal %d (%s)", WTERMSIG(how),
                 strsignal(WTERMSIG(how)));
    } else {
        snprintf(event->text, sizeof event->text, "the worker ended without a word");
    }
}

/* A message, or the end without one. */
static void receive(place *p, bm_worker_event *event) {
    ssize_t got;
    while ((got = recv(p->socket, event, sizeof *event, 0)) < 0 && errno == EINTR) {
    }
    if (got != (ssize_t)sizeof *event) {
        *event = (bm_worker_event){.kind = BM_WORKER_FAILED, .job = p->job};
        describe_end(clear(p), event);
    } else if (event->kind >= BM_WORKER_DONE) {
        clear(p);
    }
}

static bool listen_here(bm_workers *workers, int timeout_ms, bm_worker_event *event) {
    struct pollfd wait[BM_WORKERS];
    int index[BM_WORKERS], count = 0;
    for (int i = 0; i < workers->jobs; i++) {
        const int at = (workers->next + i) % workers->jobs;
        if (workers->place[at].pid) {
            index[count] = at;
            wait[count++] = (struct pollfd){.fd = workers->place[at].socket, .events = POLLIN};
        }
    }
    if (poll(wait, (nfds_t)count, timeout_ms) <= 0) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (wait[i].revents) {
            workers->next = (index[i] + 1) % workers->jobs;
            receive(&workers->place[index[i]], event);
            return true;
        }
    }
    return false;
}

/* ---- places of other ranks, as rank 0 sees them ----------------------------------------------------------------- */

static bm_status send_job(int rank, const bm_job *job, bm_error *error) {
    job_message message = {.id = job->id, .count = job->count, .seeds = job->seeds};
    size_t used = 0;
    memcpy(message.seed, job->seed, sizeof message.seed[0] * (size_t)job->seeds);
    for (int i = 0; i < 2 * job->count; i++) {
        const char *text = i % 2 ? job->settings[i / 2].value : job->settings[i / 2].key;
        const size_t bytes = strlen(text) + 1;
        if (bytes > sizeof message.text - used) {
            return bm_fail(error, "the settings of a trial are too long to be sent to another rank");
        }
        memcpy(message.text + used, text, bytes);
        used += bytes;
    }
    bm_ranks_send(rank, BM_RANK_JOB, &message, offsetof(job_message, text) + used);
    return BM_OK;
}

static bool listen_to_ranks(bm_workers *workers, bm_worker_event *event) {
    bm_rank_message kind;
    int from;
    if (workers->ranks == 1 || !bm_ranks_receive(&from, &kind, event, sizeof *event)) {
        return false;
    }
    for (int i = 0; i < workers->jobs && event->kind >= BM_WORKER_DONE; i++) {
        if (workers->place[i].rank == from && workers->place[i].job == event->job) {
            leave(&workers->place[i]);
        }
    }
    return true;
}

/* What they still had to say is not wanted. */
static void clear_ranks(bm_workers *workers) {
    int waiting = 0;
    for (int rank = 1; rank < workers->ranks; rank++) {
        bm_ranks_send(rank, BM_RANK_CLEAR, NULL, 0);
        waiting++;
    }
    while (waiting > 0) {
        bm_worker_event event;
        bm_rank_message kind;
        int from;
        if (!bm_ranks_receive(&from, &kind, &event, sizeof event)) {
            bm_sleep(1e-3 * BM_RANKS_PAUSE_MS);
        } else if (kind == BM_RANK_CLEARED) {
            waiting--;
        }
    }
}

/* ---- all places ------------------------------------------------------------------------------------------------- */

static bm_status create(bm_workers **result, const bm_tune_objective *objective, int jobs, int ranks, bm_error *error) {
    *result = calloc(1, sizeof **result);
    if (!*result) {
        return bm_fail(error, "not enough memory for workers");
    }
    (*result)->objective = objective;
    (*result)->jobs = jobs < BM_WORKERS ? jobs : BM_WORKERS;
    (*result)->ranks = ranks;
    for (int i = 0; i < (*result)->jobs; i++) {
        (*result)->place[i].rank = i % ranks;
    }
    return BM_OK;
}

bm_status bm_workers_create(bm_workers **result, const bm_tune_objective *objective, int jobs, bm_error *error) {
    return create(result, objective, jobs, bm_ranks_count(), error);
}

void bm_workers_destroy(bm_workers *workers) {
    if (workers) {
        clear_all(workers);
        clear_ranks(workers);
        free(workers);
    }
}

int bm_workers_running(const bm_workers *workers) {
    int running = 0;
    for (int i = 0; i < workers->jobs; i++) {
        running += workers->place[i].taken;
    }
    return running;
}

int bm_workers_free_places(const bm_workers *workers) {
    return workers->jobs - bm_workers_running(workers);
}

bm_status bm_workers_start(bm_workers *workers, const bm_job *job, bm_error *error) {
    int at = 0;
    while (at < workers->jobs && workers->place[at].taken) {
        at++;
    }
    if (at == workers->jobs) {
        return bm_fail(error, "cannot start a worker: all places are taken");
    }
    place *p = &workers->place[at];
    const bm_status status = p->rank ? send_job(p->rank, job, error) : fork_worker(workers, p, job, error);
    p->taken = status == BM_OK;
    p->job = job->id;
    return status;
}

/* Those here and the other ranks are heard in turn, so that none of them can keep the others waiting. */
bool bm_workers_event(bm_workers *workers, int timeout_ms, bm_worker_event *event) {
    if (workers->ranks == 1) {
        return listen_here(workers, timeout_ms, event);
    }
    workers->listens_here = !workers->listens_here;
    if (workers->listens_here && listen_here(workers, 0, event)) {
        return true;
    }
    for (int left = timeout_ms;; left -= BM_RANKS_PAUSE_MS) {
        const int pause = left < BM_RANKS_PAUSE_MS ? left : BM_RANKS_PAUSE_MS;
        if (listen_to_ranks(workers, event) || listen_here(workers, pause, event)) {
            return true;
        }
        if (left <= 0) {
            return false;
        }
    }
}

void bm_workers_answer(bm_workers *workers, int64_t job, bool go_on) {
    const char answer = go_on;
    for (int i = 0; i < workers->jobs; i++) {
        const place *p = &workers->place[i];
        if (!p->taken || p->job != job) {
            continue;
        }
        if (p->rank) {
            bm_ranks_send(p->rank, BM_RANK_ANSWER, &(answer_message){job, go_on}, sizeof(answer_message));
            continue;
        }
        while (send(p->socket, &answer, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
        }
    }
}

/* ---- another rank's side ---------------------------------------------------------------------------------------- */

static void start_sent(bm_workers *workers, const job_message *message) {
    bm_setting settings[BM_JOB_SETTINGS];
    const char *at = message->text;
    for (int i = 0; i < message->count; i++) {
        settings[i].key = at;
        settings[i].value = at + strlen(at) + 1;
        at = settings[i].value + strlen(settings[i].value) + 1;
    }
    const bm_job job = {message->id, settings, message->count, message->seeds, message->seed};
    bm_error error = {.text = ""};
    if (bm_workers_start(workers, &job, &error) != BM_OK) {
        bm_worker_event event = {.kind = BM_WORKER_FAILED, .job = job.id};
        memcpy(event.text, error.text, sizeof event.text);
        bm_ranks_send(0, BM_RANK_EVENT, &event, sizeof event);
    }
}

bm_status bm_workers_serve(const bm_tune_objective *objective, int jobs, bm_error *error) {
    const int ranks = bm_ranks_count();
    bm_workers *workers;
    bm_rank_message kind = BM_RANK_CLEAR;
    union {
        job_message job;
        answer_message answer;
    } message;
    bm_worker_event event;
    int from;
    const bm_status status = create(&workers, objective, (jobs + ranks - 1) / ranks, 1, error);
    while (status == BM_OK && kind != BM_RANK_END) {
        if (listen_here(workers, BM_RANKS_PAUSE_MS, &event)) {
            bm_ranks_send(0, BM_RANK_EVENT, &event, sizeof event);
        }
        if (!bm_ranks_receive(&from, &kind, &message, sizeof message)) {
            continue;
        }
        if (kind == BM_RANK_JOB) {
            start_sent(workers, &message.job);
        } else if (kind == BM_RANK_ANSWER) {
            bm_workers_answer(workers, message.answer.job, message.answer.go_on);
        } else if (kind == BM_RANK_CLEAR) {
            clear_all(workers);
            bm_ranks_send(0, BM_RANK_CLEARED, NULL, 0);
        }
    }
    bm_workers_destroy(workers);
    return status;
}
