/* A mutable object at file scope, because a signal handler has nowhere else to write to (cli/tty.c has the other). */
#include "cli/signals.h"

#include <signal.h>
#include <string.h>

static atomic_int received;

static void remember(int number) {
    atomic_store(&received, number);
    struct sigaction fatal;
    memset(&fatal, 0, sizeof fatal);
    fatal.sa_handler = SIG_DFL;
    sigaction(number, &fatal, NULL);
}

const atomic_int *bm_cli_catch_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = remember;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &received;
}

void bm_cli_request_stop(void) {
    atomic_store(&received, SIGINT);
}
