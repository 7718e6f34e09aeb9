#ifndef BM_DRAW_COLUMNS_H
#define BM_DRAW_COLUMNS_H

/* UTF-8 text as a terminal's columns: in each a character, as its UTF-8 with the first byte highest, or 0 behind one
 * that is two columns wide. */
#include <stdbool.h>
#include <stdint.h>

/* As much of the text as fits, then spaces. What could steer the terminal becomes a space, what is no UTF-8 a question
 * mark, and marks without a column of their own are left out. */
void bm_columns_fill(const char *text, uint32_t *line, int columns);

bool bm_columns_wide(uint32_t character);

#endif
