/* "Did you mean ...?": optimal string alignment distance, which counts an insertion, a deletion, a substitution and a
 * transposition of neighbours as one edit each. Damerau 1964; the recurrence is Wagner and Fischer's 1974 with the
 * transposition added:
 *     d[i][j] = min(d[i-1][j] + 1, d[i][j-1] + 1, d[i-1][j-1] + (a[i] != b[j]),
 *                   d[i-2][j-2] + 1 when a[i-1] a[i] are b[j] b[j-1]) */
#include "core/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 }; /* longer words are nobody's typing error */

static int folded(char letter) {
    return letter == '-' ? '_' : tolower((unsigned char)letter);
}

bool bm_same_name(const char *name, const char *word, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (!name[i] ||
            (name[i] != word[i] && !(name[i] == '_' && word[i] == '-') && !(name[i] == '-' && word[i] == '_'))) {
            return false;
        }
    }
    return name[length] == '\0';
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Three rows of d suffice: this one, the last and, for transpositions, the one before it. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *const oldest = before;
        before = last;
        last = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            const int x = folded(a[i - 1]), y = folded(b[j - 1]);
            row[j] = smaller(smaller(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2])) {
                row[j] = smaller(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b_length];
}

const char *bm_suggest(const char *name, const char *const *candidates, size_t n) {
    const size_t length = strlen(name);
    const char *nearest = NULL;
    size_t nearest_distance = LONGEST + 1;
    for (size_t i = 0; i < n && length <= LONGEST; i++) {
        const size_t other = strlen(candidates[i]);
        const size_t longer = other > length ? other : length;
        if (longer > LONGEST) {
            continue;
        }
        const size_t limit = longer < 6 ? 1 : longer / 3;
        const size_t d = distance(name, length, candidates[i], other);
        if (d <= limit && d < longer && d < nearest_distance) {
            nearest = candidates[i];
            nearest_distance = d;
        }
    }
    return nearest;
}

bm_hint bm_did_you_mean(const char *name, const char *const *candidates, size_t n, const char *otherwise) {
    bm_hint hint;
    const char *nearest = bm_suggest(name, candidates, n);
    snprintf(hint.text, sizeof hint.text, nearest ? "; did you mean %s?" : "%s", nearest ? nearest : otherwise);
    return hint;
}

int bm_find_name(const char *what, const char *name, const char *(*candidate)(int i), const char *otherwise,
                 bm_error *error) {
    enum { MOST = 256 };
    const char *names[MOST];
    int count = 0;
    for (const char *other; count < MOST && (other = candidate(count)); count++) {
        names[count] = other;
        if (bm_same_name(other, name, strlen(name))) {
            return count;
        }
    }
    (void)bm_invalid(error, "unknown %s %s%s", what, name, bm_did_you_mean(name, names, (size_t)count, otherwise).text);
    return -1;
}
