/* Owners of trials: what can be told of a process, and what cannot. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "tune/owner.h"

/* A process that tells its name, and then waits to be killed or, where it is to end, ends. */
static pid_t start_process(bool ends, char owner[BM_OWNER_BYTES]) {
    int end[2];
    ck_assert_int_eq(pipe(end), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bm_owner_self(owner);
        const bool told = write(end[1], owner, BM_OWNER_BYTES) == BM_OWNER_BYTES;
        while (told && !ends) {
            pause();
        }
        _exit(0);
    }
    ck_assert_int_eq(read(end[0], owner, BM_OWNER_BYTES), BM_OWNER_BYTES);
    close(end[0]);
    close(end[1]);
    return child;
}

START_TEST(a_process_lives_until_it_has_ended) {
    char owner[BM_OWNER_BYTES];
    pid_t child = start_process(false, owner);
    ck_assert_int_eq(bm_owner_find(owner), BM_OWNER_LIVES);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(bm_owner_find(owner), BM_OWNER_GONE);

    child = start_process(true, owner);
    siginfo_t how;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &how, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(bm_owner_find(owner), BM_OWNER_GONE); /* though nobody has asked how it ended */
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(a_number_that_was_given_again_is_another_process) {
    char self[BM_OWNER_BYTES], before[BM_OWNER_BYTES], host[64] = "";
    bm_owner_self(self);
    ck_assert_int_eq(bm_owner_find(self), BM_OWNER_SELF);
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    snprintf(before, sizeof before, "\"%s %ld 12345\"", host, (long)getpid());
    ck_assert_int_eq(bm_owner_find(before), BM_OWNER_GONE);
    snprintf(before, sizeof before, "\"another-machine %ld 12345\"", (long)getpid());
    ck_assert_int_eq(bm_owner_find(before), BM_OWNER_UNKNOWN);
    ck_assert_int_eq(bm_owner_find("{\"host\": 1}"), BM_OWNER_UNKNOWN);
    ck_assert_int_eq(bm_owner_find(""), BM_OWNER_UNKNOWN);
}
END_TEST

TEST_MAIN("owner", 20, a_process_lives_until_it_has_ended, a_number_that_was_given_again_is_another_process)
