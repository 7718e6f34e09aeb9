#ifndef BM_DRAW_MARKUP_H
#define BM_DRAW_MARKUP_H

/* Text that grows, for SVG and HTML. Starts as {0}. When memory runs out the rest is dropped and failed says so, for
 * the writer to look at once, at the end. */
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *text; /* [bytes], and a 0 byte after them; NULL while empty */
    size_t bytes, capacity;
    bool failed;
} bm_markup;

void bm_markup_put(bm_markup *markup, const char *text);
__attribute__((format(printf, 2, 3))) void bm_markup_putf(bm_markup *markup, const char *format, ...); /* < 1 kB */
/* Text from outside, such that it stands for itself between tags and inside quotes: & < > " ' escaped, control
 * characters left out, bytes that are no UTF-8 replaced by U+FFFD. */
void bm_markup_escape(bm_markup *markup, const char *text);
void bm_markup_number(bm_markup *markup, double number); /* at most two decimals; not finite: 0 */
void bm_markup_clear(bm_markup *markup);                 /* empty, and keeps its memory */
void bm_markup_free(bm_markup *markup);

#endif
