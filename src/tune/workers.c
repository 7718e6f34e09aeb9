/* Each worker is a forked process at the other end of a socket that keeps messages whole. */
#include "tune/workers.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    pid_t pid; /* 0: a free place */
    int socket;
    int64_t job;
} place;

struct bm_workers {
    const bm_tune_objective *objective;
    int jobs, next; /* next: whose turn it is to be listened to */
    place place[BM_WORKERS];
};

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

/* Ctrl-C is for the process in front; a worker ends when that one does. */
__attribute__((noreturn)) static void be_worker(const bm_workers *workers, const bm_job *job, int socket,
                                                pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
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

/* ---- the other side --------------------------------------------------------------------------------------------- */

bm_status bm_workers_create(bm_workers **result, const bm_tune_objective *objective, int jobs, bm_error *error) {
    *result = calloc(1, sizeof **result);
    if (!*result) {
        return bm_fail(error, "not enough memory for workers");
    }
    (*result)->objective = objective;
    (*result)->jobs = jobs < BM_WORKERS ? jobs : BM_WORKERS;
    return BM_OK;
}

/* Waits for its end; returns how it ended. */
static int clear(place *p) {
    int how = 0;
    close(p->socket);
    while (waitpid(p->pid, &how, 0) < 0 && errno == EINTR) {
    }
    *p = (place){0};
    return how;
}

void bm_workers_destroy(bm_workers *workers) {
    if (workers) {
        for (int i = 0; i < workers->jobs; i++) {
            if (workers->place[i].pid) {
                kill(workers->place[i].pid, SIGKILL);
                clear(&workers->place[i]);
            }
        }
        free(workers);
    }
}

int bm_workers_running(const bm_workers *workers) {
    int running = 0;
    for (int i = 0; i < workers->jobs; i++) {
        running += workers->place[i].pid != 0;
    }
    return running;
}

int bm_workers_free_places(const bm_workers *workers) {
    return workers->jobs - bm_workers_running(workers);
}

bm_status bm_workers_start(bm_workers *workers, const bm_job *job, bm_error *error) {
    int socket[2], at = 0;
    while (at < workers->jobs && workers->place[at].pid) {
        at++;
    }
    if (at == workers->jobs || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socket) != 0) {
        return bm_fail(error, "cannot start a worker: %s",
                       at == workers->jobs ? "all places are taken" : strerror(errno));
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
    workers->place[at] = (place){.pid = pid, .socket = socket[0], .job = job->id};
    return BM_OK;
}

static void describe_end(int how, bm_worker_event *event) {
    if (WIFSIGNALED(how)) {
        snprintf(event->text, sizeof event->text, "the worker was ended by signal %d", WTERMSIG(how));
    } else {
        snprintf(event->text, sizeof event->text, "the worker ended without a word");
    }
}

/* A message, or the end without one. */
static bool receive(place *p, bm_worker_event *event) {
    ssize_t got;
    while ((got = recv(p->socket, event, sizeof *event, 0)) < 0 && errno == EINTR) {
    }
    if (got != (ssize_t)sizeof *event) {
        *event = (bm_worker_event){.kind = BM_WORKER_FAILED, .job = p->job};
        describe_end(clear(p), event);
    } else if (event->kind >= BM_WORKER_DONE) {
        clear(p);
    }
    return true;
}

bool bm_workers_event(bm_workers *workers, int timeout_ms, bm_worker_event *event) {
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
            return receive(&workers->place[index[i]], event);
        }
    }
    return false;
}

void bm_workers_answer(bm_workers *workers, int64_t job, bool go_on) {
    const char answer = go_on;
    for (int i = 0; i < workers->jobs; i++) {
        if (workers->place[i].pid && workers->place[i].job == job) {
            while (send(workers->place[i].socket, &answer, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
            }
        }
    }
}
