/* See overlay.h. */
#include "watch/overlay.h"

#include <math.h>
#include <stdio.h>

enum { LINE = 256 };

/* Without its beginning, if need be: of a path the end says more. */
static void shorten(bm_canvas *canvas, double size, const char *text, double room, char line[LINE]) {
    snprintf(line, LINE, "%s", text);
    for (const char *from = text; *from && bm_text_width(canvas, size, line) > room;) {
        do {
            from++;
        } while ((*from & 0xc0) == 0x80); /* inside a character */
        snprintf(line, LINE, "…%s", from);
    }
}

void bm_overlay_message(bm_canvas *canvas, double width, double y, const char *text) {
    char line[LINE];
    const double size = bm_text_width(canvas, 14, text) > width - 40 ? 11 : 14, center = width / 2;
    shorten(canvas, size, text, width - 40, line);
    const double half = bm_text_width(canvas, size, line) / 2 + 16;
    bm_draw_rectangle(canvas, center - half, y - 15, center + half, y + 15, bm_color_fade(BM_INK, 0.88));
    bm_draw_text(canvas, center, y, size, BM_ALIGN_CENTER, BM_PAPER, line);
}

void bm_overlay_keys(bm_canvas *canvas, const bm_overlay_key *keys) {
    int rows = 0;
    while (keys[rows].key) {
        rows++;
    }
    double row = fmin(22, (canvas->height - 44) / fmax(rows, 1)), size = 13 * row / 22;
    double names = 0, words = 0;
    for (int i = 0; i < rows; i++) {
        names = fmax(names, bm_text_width(canvas, size, keys[i].key));
        words = fmax(words, bm_text_width(canvas, size, keys[i].help));
    }
    const double shrink = fmin(1, (canvas->width - 80) / fmax(names + words, 1)); /* in a narrow window */
    names *= shrink;
    words *= shrink;
    size *= shrink;
    row *= fmin(1, 0.5 + 0.5 * shrink);
    const double width = names + words + 72, height = row * rows + 36;
    const double left = (canvas->width - width) / 2, top = (canvas->height - height) / 2;
    if (row <= 0 || shrink <= 0) {
        return;
    }
    bm_draw_rectangle(canvas, 0, 0, canvas->width, canvas->height, bm_color_fade(BM_PAPER, 0.6));
    bm_draw_rectangle(canvas, left, top, left + width, top + height, BM_PAPER);
    bm_draw_outline(canvas, left, top, left + width, top + height, 1, BM_GRAY);
    for (int i = 0; i < rows; i++) {
        const double y = top + 18 + row * (i + 0.5);
        bm_draw_text(canvas, left + 24, y, size, BM_ALIGN_LEFT, BM_BLUE, keys[i].key);
        bm_draw_text(canvas, left + 48 + names, y, size, BM_ALIGN_LEFT, BM_INK, keys[i].help);
    }
}

void bm_overlay_keys_line(const bm_overlay_key *keys, int count, char *line, size_t bytes) {
    size_t used = 0;
    line[0] = '\0';
    for (; count > 0 && used < bytes; keys++, count--) {
        used += (size_t)snprintf(line + used, bytes - used, "%s %s   ", keys->key, keys->help);
    }
}
