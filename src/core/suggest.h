#ifndef BM_CORE_SUGGEST_H
#define BM_CORE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* Whether word [length] names the same thing as name: equal, except that '-' may stand for '_'. */
bool bm_same_name(const char *name, const char *word, size_t length);

/* The candidate nearest to name by edit distance (optimal string alignment, ignoring case, '-' equal to '_'), the first
 * of equals; NULL when none is near enough to be what was meant: a distance above a third of the longer word (above 1
 * for words of up to five letters), or two words that share nothing. candidates [n]. */
const char *bm_suggest(const char *name, const char *const *candidates, size_t n);

typedef struct {
    char text[96];
} bm_hint;

/* How a message about an unknown name ends: "; did you mean NEAREST?", or with otherwise where none is near. */
bm_hint bm_did_you_mean(const char *name, const char *const *candidates, size_t n, const char *otherwise);

/* Finds name among candidate(0), candidate(1), ... up to the first NULL; the index, or -1 with a sentence that says
 * what it is no name of ("unknown WHAT NAME"), with the nearest or with otherwise. */
int bm_find_name(const char *what, const char *name, const char *(*candidate)(int i), const char *otherwise,
                 bm_error *error);

#endif
