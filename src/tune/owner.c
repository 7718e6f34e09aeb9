/* Processes as /proc shows them. */
#include "tune/owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOST_BYTES = 64 };

/* When a process began, in clock ticks since the machine did; 0: there is none, or it has ended and nobody has asked
 * how. */
static unsigned long long start_of(long pid) {
    enum { STATE = 3, START = 22 }; /* fields of /proc/PID/stat */
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    const size_t bytes = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) {
        fclose(file);
    }
    text[bytes] = '\0';
    const char *at = strrchr(text, ')'); /* a name may hold spaces */
    for (int field = 2; at && field < START; field++) {
        at = strchr(at + 1, ' ');
        if (at && field + 1 == STATE && strchr("ZX", at[1])) {
            return 0;
        }
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

void bm_owner_self(char owner[BM_OWNER_BYTES]) {
    char host[HOST_BYTES] = "";
    gethostname(host, sizeof host - 1);
    snprintf(owner, BM_OWNER_BYTES, "\"%s %ld %llu\"", host, (long)getpid(), start_of((long)getpid()));
}

bm_owner_state bm_owner_find(const char *owner) {
    char self[BM_OWNER_BYTES], host[HOST_BYTES] = "", theirs[HOST_BYTES];
    long pid;
    unsigned long long start;
    bm_owner_self(self);
    if (strcmp(owner, self) == 0) {
        return BM_OWNER_SELF;
    }
    gethostname(host, sizeof host - 1);
    if (sscanf(owner, "\"%63s %ld %llu\"", theirs, &pid, &start) != 3 || strcmp(host, theirs) != 0 || start == 0) {
        return BM_OWNER_UNKNOWN;
    }
    return start_of(pid) == start ? BM_OWNER_LIVES : BM_OWNER_GONE;
}
