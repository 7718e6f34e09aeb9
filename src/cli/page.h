#ifndef BM_CLI_PAGE_H
#define BM_CLI_PAGE_H

/* What our pages share: one file without scripts and without anything from elsewhere, in light and dark as the reader's
 * system is set. Colours of drawings that have names (core/canvas.h) follow. */
#include <stdint.h>

#include "draw/markup.h"

void bm_page_begin(bm_markup *page, const char *title); /* to the heading */
void bm_page_end(bm_markup *page);

void bm_page_cell(bm_markup *page, const char *text);
void bm_page_number_cell(bm_markup *page, double value, const char *format); /* not finite: a dash */
void bm_page_count_cell(bm_markup *page, int64_t count);

#endif
