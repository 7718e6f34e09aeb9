#ifndef BM_TUNE_OWNER_H
#define BM_TUNE_OWNER_H

/* Who works on a trial: a process, as JSON text (BM_STORE_OWNER in the store). Its machine, its number there and when
 * it began name it for good, for numbers are given again. */
enum { BM_OWNER_BYTES = 160 };

typedef enum {
    BM_OWNER_SELF,
    BM_OWNER_LIVES,
    BM_OWNER_GONE,
    BM_OWNER_UNKNOWN /* on another machine, or no process at all */
} bm_owner_state;

void bm_owner_self(char owner[BM_OWNER_BYTES]);
bm_owner_state bm_owner_find(const char *owner);

#endif
