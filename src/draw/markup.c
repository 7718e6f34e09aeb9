/* See markup.h. */
#include "draw/markup.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(bm_markup *markup, const char *text, size_t bytes) {
    if (markup->failed) {
        return;
    }
    if (markup->capacity - markup->bytes <= bytes) {
        const size_t capacity = 2 * (markup->bytes + bytes) + 4096;
        char *grown = realloc(markup->text, capacity);
        if (!grown) {
            markup->failed = true;
            return;
        }
        markup->text = grown;
        markup->capacity = capacity;
    }
    memcpy(markup->text + markup->bytes, text, bytes);
    markup->bytes += bytes;
    markup->text[markup->bytes] = '\0';
}

void bm_markup_put(bm_markup *markup, const char *text) {
    append(markup, text, strlen(text));
}

void bm_markup_putf(bm_markup *markup, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    bm_markup_put(markup, text);
}

/* Bytes of the UTF-8 character that text begins with, 0 where it is none: RFC 3629, table 3-7 of the Unicode
 * standard. */
static size_t character_bytes(const unsigned char *text) {
    const unsigned char first = text[0];
    if (first < 0x80) {
        return 1;
    }
    const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0xc2 || first > 0xf4 || text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < bytes; i++) {
        if ((text[i] & 0xc0) != 0x80) { /* the 0 byte at the end too */
            return 0;
        }
    }
    return bytes;
}

static const char *entity(char character) {
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void bm_markup_escape(bm_markup *markup, const char *text) {
    while (*text) {
        const size_t bytes = character_bytes((const unsigned char *)text);
        const char *special = entity(*text);
        if (special) {
            bm_markup_put(markup, special);
        } else if (bytes == 0) {
            bm_markup_put(markup, "\xef\xbf\xbd");
        } else if (bytes > 1 || ((unsigned char)*text >= ' ' && *text != 0x7f) || *text == '\n' || *text == '\t') {
            append(markup, text, bytes);
        }
        text += bytes ? bytes : 1;
    }
}

void bm_markup_number(bm_markup *markup, double number) {
    char text[64];
    const double bounded = isfinite(number) ? fmax(-1e7, fmin(number, 1e7)) : 0;
    int length = snprintf(text, sizeof text, "%.2f", bounded);
    while (text[length - 1] == '0') {
        length--;
    }
    length -= text[length - 1] == '.';
    text[length] = '\0';
    bm_markup_put(markup, strcmp(text, "-0") == 0 ? "0" : text);
}

void bm_markup_clear(bm_markup *markup) {
    markup->bytes = 0;
    markup->failed = false;
    if (markup->text) {
        markup->text[0] = '\0';
    }
}

void bm_markup_free(bm_markup *markup) {
    free(markup->text);
    *markup = (bm_markup){0};
}
